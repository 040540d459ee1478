// Screenshots for looking at: node e2e/shots.mjs DOCUMENTS OUT [name...]
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { browser } from "./browser.mjs";
import { serve } from "./serve.mjs";

const [documents, out, ...only] = process.argv.slice(2);
mkdirSync(out, { recursive: true });
const { server, address } = await serve(documents);
const chromium = await browser();
const SHOTS = {
  "wide-light": [1440, 900, "light", "#/"],
  "overview-dark": [1440, 900, "dark", "#/"],
  "card-light": [1440, 900, "light", "#/?active=9"],
  "card-dark": [1440, 900, "dark", "#/?active=9"],
  "phone-card": [375, 812, "light", "#/?active=9"],
  "facing-light": [1240, 760, "light", "#/declared", ".facing"],
  "wide-dark": [1440, 900, "dark", "#/?layout=radial"],
  "wide-selected": [1440, 900, "light", "#/?layout=unrooted&colour=size&sel=20-60&of=1000&only=selected"],
  "middle-light": [1024, 768, "light", "#/?map=umap&colour=organisation"],
  "phone-light": [375, 812, "light", "#/"],
  "phone-dark-tree": [375, 812, "dark", "#/?view=tree&layout=radial"],
  "phone-model": [375, 812, "light", "#/model/9"],
  "model-light": [1440, 900, "light", "#/model/9"],
  "model-dark": [1024, 768, "dark", "#/model/9"],
  "pair-light": [1440, 900, "light", "#/pair/9/2"],
  "declared-light": [1440, 900, "light", "#/declared"],
  "declared-dark": [1024, 768, "dark", "#/declared"],
  "unrooted-open": [1440, 900, "light", "#/?view=tree&layout=unrooted&fold=0"],
  "unrooted-folded": [1440, 900, "light", "#/?view=tree&layout=unrooted"],
  "radial-open": [1440, 900, "dark", "#/?view=tree&layout=radial&fold=0"],
  "tree-light": [1440, 900, "light", "#/?view=tree"],
  "map-dark": [1440, 900, "dark", "#/?view=map&colour=date"],
};
for (const [name, [width, height, scheme, hash, at]] of Object.entries(SHOTS)) {
  if (only.length > 0 && !only.includes(name)) continue;
  const context = await chromium.newContext({ viewport: { width, height }, colorScheme: scheme, isMobile: width < 500, hasTouch: width < 500, deviceScaleFactor: width < 500 ? 2 : 1 });
  const page = await context.newPage();
  page.on("console", (m) => console.log(name, m.type(), m.text().slice(0, 300)));
  page.on("pageerror", (e) => console.log(name, "error", String(e.stack).slice(0, 500)));
  await page.goto(address + hash);
  await page.waitForTimeout(1200);
  // A part of a long page is shown from there on.
  if (at) await page.evaluate((s) => scrollTo(0, document.querySelector(s).getBoundingClientRect().top + scrollY - 80), at);
  await page.screenshot({ path: join(out, `${name}.png`), fullPage: !at && !/^phone-card/.test(name) && (width < 500 || /model|pair|declared/.test(name)) });
  await context.close();
}
await chromium.close();
server.close();
