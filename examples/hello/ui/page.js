const $ = (id) => document.getElementById(id);

$('form').addEventListener('submit', async (event) => {
  event.preventDefault();
  const name = $('name').value.trim() || 'stranger';
  $('greeting').textContent = await window.hello.greet(name);
  window.hello.log(`greeted ${name}`);
});

window.hello.onTime((time) => {
  $('clock').textContent = time.toLocaleTimeString('en-GB');
});

$('foot').textContent = `Chromium ${navigator.userAgent.match(/Chrome\/(\d+)/)?.[1]}, Go behind it`;
