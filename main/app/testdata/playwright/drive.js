// drive.js PORT: drives a running app as a test of that app would, and prints what it sees as JSON.
const { chromium } = require('playwright-core');

(async () => {
  const browser = await chromium.connectOverCDP(`http://127.0.0.1:${process.argv[2]}`);
  const page = browser.contexts().flatMap(context => context.pages()).find(page => page.url().startsWith('app://'));
  await page.getByRole('textbox').fill('Oriel');
  await page.getByRole('button', { name: 'Greet' }).click();
  const greeting = await page.getByTestId('greeting').textContent({ timeout: 10000 });
  const answer = await page.evaluate(() => api.invoke('double', 21));
  const picture = await page.screenshot();
  console.log(JSON.stringify({ title: await page.title(), greeting, answer, picture: picture.length }));
  await browser.close(); // ends the connection, not the app
})().catch(error => {
  console.error(error);
  process.exit(1);
});
