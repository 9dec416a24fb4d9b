// What the bench page may do: the shortest road to Go, and a call that goes no further than this world.
'use strict';

const { contextBridge, ipcRenderer } = require('oriel');

contextBridge.exposeInMainWorld('bench', {
  echo: (bytes) => ipcRenderer.invoke('echo', bytes),
  empty: () => {},
});
