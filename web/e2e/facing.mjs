// Looks at two collapsed trees face to face and opens rows, by a click and by keys:
// node e2e/facing.mjs ADDRESS. Prints what was seen as JSON; the tests that start it judge.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { browser } from "./browser.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const facts = { errors: [] };
const chromium = await browser();
const page = await (await chromium.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
page.on("console", (m) => m.type() === "error" && facts.errors.push(m.text()));
page.on("pageerror", (e) => facts.errors.push(String(e.stack ?? e)));

const look = async () => ({
  said: await page.locator(".facing > .hint").textContent(),
  wedges: await page.locator(".tangle .row-name").count(),
  rows: await page.locator(".tangle .row-name, .tangle .tip-name").count(),
  lines: await page.locator(".tangle .link").count(),
  names: await page.locator(".tangle .row-name").evaluateAll((all) => all.map((e) => e.firstChild.textContent)),
});
await page.goto(`${process.argv[2]}#/declared`);
await page.waitForSelector(".tangle");
facts.closed = await look();
facts.doubted = await page.locator(".tangle .row-name .bad").allTextContents();
await page.click(".facing summary");
facts.collapsed = await page.locator(".facing details p").allTextContents();
await page.evaluate(AXE);
facts.axe = await page.evaluate(async () => (await globalThis.axe.run(document, { preload: false })).violations.map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160)).join(" | ")}`));
await page.locator(".tangle .row-name").first().click();
facts.clicked = await look();
await page.click(".facing-tools .tool:has-text('Collapse again')");
facts.again = await look();
await page.locator(".tangle .row-name").last().focus();
await page.keyboard.press("Enter");
facts.keyed = await look();
if (await page.locator(".facing-tools .tool:has-text('contradicted')").count()) {
  await page.click(".facing-tools .tool:has-text('contradicted')");
  facts.open = { ...(await look()), bad: await page.locator(".tangle .tip-name.bad").count(), folded: await page.locator(".tangle .row-name .bad").count() };
}
await page.locator(".tangle .tip-name").first().click();
facts.hash = await page.evaluate(() => location.hash);
await chromium.close();
console.log(JSON.stringify(facts));
