const { contextBridge, ipcRenderer } = require('oriel');

contextBridge.exposeInMainWorld('hello', {
  greet: (name) => ipcRenderer.invoke('greet', name),
  log: (line) => ipcRenderer.send('log', line),
  onTime: (listener) => ipcRenderer.on('time', (_event, time) => listener(time)),
});
