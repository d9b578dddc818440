// How soon Chromium paints a page, and how soon its script is ready: node first_paint.mjs PAGE.html
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Chromium, findChromium } from './chromium.mjs';

const browser = new Chromium(findChromium() ?? 'chromium');
for (let i = 0; i < 5; ++i) {
  const page = await browser.open();
  await page.load(pathToFileURL(resolve(process.argv[2])).href);
  await page.until("document.getElementById('explorer')?.dataset.ready === 'yes'");
  const [paint, ready] = await page.value("[performance.getEntriesByName('first-contentful-paint')[0].startTime, performance.now()]");
  console.log(`first paint ${(paint / 1000).toFixed(2)} s, ready ${(ready / 1000).toFixed(2)} s`);
  await browser.closePages();
}
await browser.close();
