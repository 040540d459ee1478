import { browser } from "./browser.mjs";
const [address, out, ...specs] = process.argv.slice(2);
const c = await browser();
for (const spec of specs) {
  const [name, width, theme, lang, hash, click] = spec.split("|");
  const narrow = Number(width) < 500;
  const x = await c.newContext({ viewport: { width: Number(width), height: narrow ? 844 : 900 }, colorScheme: theme, locale: lang, isMobile: narrow, hasTouch: narrow });
  const p = await x.newPage();
  p.on("pageerror", (e) => console.log(name, "error", String(e.stack).slice(0, 400)));
  p.on("console", (m) => m.type() === "error" && console.log(name, m.text().slice(0, 300)));
  await p.goto(address + hash);
  await p.waitForTimeout(3500);
  if (click) for (const one of click.split(";")) { await p.locator(one).first().click(); await p.waitForTimeout(1500); }
  await p.screenshot({ path: `${out}/${name}.png`, fullPage: false });
  if (lang === "zh") console.log(name, JSON.stringify((await p.evaluate(() => [...document.querySelectorAll("body *")].filter((e) => e.checkVisibility() && [...e.childNodes].some((n) => n.nodeType === 3 && /[A-Za-z]{3}/.test(n.textContent))).map((e) => `${e.tagName}.${e.className}: ${e.textContent.slice(0, 90)}`))).filter((t, k, a) => a.indexOf(t) === k).slice(0, 60), null, 1));
  await x.close();
}
await c.close();
