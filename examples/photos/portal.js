{
  // A port cannot cross contextBridge; to the page it goes as a message of the window.
  const { ipcRenderer } = require('oriel');
  ipcRenderer.on('photos:port', (event) => { window.postMessage('photos:port', location.origin, event.ports); });
}
