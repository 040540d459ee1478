// Screenshots of a static bundle opened as a file: node e2e/file-shots.mjs FOLDER OUT name=WxH:scheme:hash...
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { browser } from "./browser.mjs";

const [folder, out, ...shots] = process.argv.slice(2);
mkdirSync(out, { recursive: true });
const chromium = await browser();
for (const shot of shots) {
  const [, name, width, height, scheme, hash] = /^(.+?)=(\d+)x(\d+):(\w+):(.*)$/.exec(shot);
  const phone = Number(width) < 500;
  const context = await chromium.newContext({ viewport: { width: Number(width), height: Number(height) }, colorScheme: scheme, isMobile: phone, hasTouch: phone, deviceScaleFactor: phone ? 2 : 1 });
  const page = await context.newPage();
  page.on("console", (m) => console.log(name, m.type(), m.text().slice(0, 300)));
  page.on("pageerror", (e) => console.log(name, "error", String(e.stack).slice(0, 500)));
  await page.goto(pathToFileURL(resolve(folder, "index.html")) + hash);
  await page.waitForTimeout(1500);
  await page.screenshot({ path: join(out, `${name}.png`), fullPage: phone || /model|pair|declared/.test(hash) });
  await context.close();
}
await chromium.close();
