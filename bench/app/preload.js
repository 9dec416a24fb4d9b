// What the bench page may do: the shortest road to Go, messages from Go, and calls that go no further than this world.
'use strict';

const { contextBridge, ipcRenderer } = require('oriel');

contextBridge.exposeInMainWorld('bench', {
  echo: (bytes) => ipcRenderer.invoke('echo', bytes),
  records: (list) => ipcRenderer.invoke('records', list),
  push: (count, size, each) => {
    ipcRenderer.removeAllListeners('pushed');
    ipcRenderer.on('pushed', (event, bytes) => { each(bytes); });
    return ipcRenderer.invoke('push', count, size);
  },
  empty: () => {},
  object: (value) => {},
  callback: (call) => { call(); },
});
