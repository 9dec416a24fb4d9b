// What the bench page may do: the shortest road to Go, messages from Go, and calls that go no further than this world. closure has the same
// calls by functions of this world's, which contextBridge copies arguments and results for; lent has messages whose bytes are lent.
'use strict';

const { contextBridge, ipcRenderer } = require('oriel');

const pushed = (each) => {
  const call = (event, bytes) => { each(bytes); };
  ipcRenderer.on('pushed', call);
  return () => { ipcRenderer.off('pushed', call); };
};

contextBridge.exposeInMainWorld('bench', {
  echo: ipcRenderer.invoker('echo'),
  records: ipcRenderer.invoker('records'),
  push: ipcRenderer.invoker('push'),
  onPushed: ipcRenderer.subscriber('pushed'),
  closure: {
    echo: (bytes) => ipcRenderer.invoke('echo', bytes),
    records: (list) => ipcRenderer.invoke('records', list),
    push: (count, size) => ipcRenderer.invoke('push', count, size),
    onPushed: pushed,
  },
  lent: { push: ipcRenderer.invoker('push'), onPushed: ipcRenderer.subscriber('pushed', { lend: true }) },
  register: (count) => {
    for (let i = 0; i < count; i++) ipcRenderer.on(`many:${i}`, () => {});
    return ipcRenderer.invoke('register', count);
  },
  ask: (number, bytes) => ipcRenderer.invoke(`many:${number}`, bytes),
  empty: () => {},
  object: (value) => {},
  callback: (call) => { call(); },
});
