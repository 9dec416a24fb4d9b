const { contextBridge, ipcRenderer } = require('oriel');

contextBridge.exposeInMainWorld('notes', {
  list: (query) => ipcRenderer.invoke('notes:list', query),
  read: (id) => ipcRenderer.invoke('notes:read', id),
  save: (note) => ipcRenderer.invoke('notes:save', note),
  delete: (id) => ipcRenderer.invoke('notes:delete', id),
  import: (name, bytes) => ipcRenderer.invoke('notes:import', name, bytes),
  openWindow: (id) => ipcRenderer.invoke('notes:window', id),
  onChanged: (listener) => {
    const hear = (_event, id) => listener(id);
    ipcRenderer.on('notes:changed', hear);
    return () => ipcRenderer.off('notes:changed', hear);
  },
});
