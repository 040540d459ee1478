// Uses the page as somebody would who wants an answer, and has axe-core look at every view:
// node e2e/reader.mjs ADDRESS NAME. Prints what was seen as JSON; the tests that start it judge.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { browser } from "./browser.mjs";

const [address, wanted] = process.argv.slice(2);
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const facts = { axe: {}, errors: [], violations: [] };
const chromium = await browser();

async function open(where, options = {}) {
  const context = await chromium.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  context.setDefaultTimeout(60_000);
  await context.addInitScript(() => {
    globalThis.violations = [];
    addEventListener("securitypolicyviolation", (e) => globalThis.violations.push(`${e.violatedDirective} ${e.blockedURI}`));
  });
  const page = await context.newPage();
  page.on("console", (m) => m.type() === "error" && facts.errors.push(m.text()));
  page.on("pageerror", (e) => facts.errors.push(String(e.stack ?? e)));
  await page.goto(address + where);
  await page.waitForFunction(() => performance.getEntriesByName("cladist-first-view").length > 0);
  return page;
}

/** What axe-core finds wrong in what is seen. */
async function audit(name, page) {
  await page.evaluate(AXE);
  const found = await page.evaluate(async () => (await globalThis.axe.run(document)).violations.map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160)).join(" | ")}`));
  facts.axe[name] = found;
}

const text = (page, selector) => page.locator(selector).first().textContent();
const close = async (page) => {
  facts.violations.push(...(await page.evaluate(() => globalThis.violations)));
  await page.context().close();
};
/** Whether an element lies in the window as it is. */
const onScreen = (page, selector) =>
  page.evaluate((s) => {
    const box = document.querySelector(s)?.getBoundingClientRect();
    return box !== undefined && box.top >= 0 && box.left >= 0 && box.bottom <= innerHeight && box.right <= innerWidth;
  }, selector);
const VERDICT = ".model-card .nearest .verdict";

async function find(page) {
  await page.fill(".search input", wanted);
  await page.press(".search input", "Enter");
  await page.waitForSelector(VERDICT);
}

// Two actions from the first view: type a name, press Enter.
let page = await open("");
facts.count = await text(page, ".count-all");
facts.headline = await text(page, ".headline");
facts.colour = await page.inputValue(".rail select");
facts.legend = await page.locator(".legend-row .name").allTextContents();
await audit("overview", page);
await find(page);
facts.card = {
  name: await text(page, ".model-card h2"), nearest: await text(page, ".nearest .model-link"), verdict: await text(page, VERDICT),
  set: await text(page, ".conclusion .set bdi"), kin: await page.locator(".model-card .kin li").count(),
  folded: await page.locator(".model-card .probe").count(), seen: await onScreen(page, VERDICT),
};
await page.click(".evidence-fold summary");
await page.waitForSelector(".model-card .probe");
facts.card.probes = await page.locator(".model-card .probe").count();
facts.card.prompts = await page.locator(".model-card .prompt").allTextContents();
await audit("card", page);
const chosen = await page.evaluate(() => Number(new URLSearchParams(location.hash.split("?")[1]).get("active")));

// The keyboard alone: from the table through the card and back.
await page.focus(".model-card .kin a");
await page.keyboard.press("Enter");
await page.waitForSelector(".page .kin");
facts.keyboard = await page.evaluate(() => location.hash.split("?")[0]);
await page.keyboard.press("Escape");
await page.waitForSelector(".overview", { state: "visible" });

// A search that finds nothing explains itself.
await page.fill(".search input", "familyy:x");
await page.waitForSelector(".suggest");
facts.unknown = await text(page, ".suggest");
await page.fill(".search input", wanted.toUpperCase().replace(/[-_/]/g, " ").replace(/(.)(.)$/, "$2$1"));
await page.waitForSelector(".suggest:has-text('Did you mean') button");
await page.click(".suggest button");
await page.waitForFunction(() => document.querySelectorAll(".t-row").length > 0);
facts.corrected = await page.locator(".t-row .c-name").first().textContent();
await page.keyboard.press("Escape");
await page.fill(".search input", "");
await page.waitForFunction((all) => document.querySelector(".count-all").textContent === all, facts.count);

// Columns, pictures, dates.
await page.click(".menu:not(.drop) > summary");
const columns = await page.locator(".t-head [role=columnheader]").count();
await page.locator("fieldset.menu-body input").first().click();
facts.columns = columns - (await page.locator(".t-head [role=columnheader]").count());
const save = async (selector) => {
  const [file] = await Promise.all([page.waitForEvent("download"), page.click(selector)]);
  const raw = readFileSync(await file.path());
  return { name: file.suggestedFilename(), head: raw.subarray(1, 4).toString("latin1"), text: raw.toString("utf8").slice(0, 200_000) };
};
facts.png = { ...(await save(".map-panel .save:has-text('PNG')")), text: "" };
facts.svg = (await save(".map-panel .save:has-text('SVG')")).text;
facts.csv = (await save(".bar-line .tool:has-text('CSV')")).text;
if (await page.locator(".range-row .tool").count()) {
  const all = await text(page, ".count-all");
  await page.click(".range-row .tool");
  await page.waitForFunction((before) => document.querySelector(".count-all").textContent !== before, all);
  facts.played = await text(page, ".count-all");
}
await close(page);

// Pages.
for (const [name, where] of [["model", `#/model/${chosen}`], ["pair", `#/pair/${chosen}/${chosen === 0 ? 1 : 0}`], ["declared", "#/declared"], ["compare", "#/compare/12,13,14,15"]]) {
  page = await open(where, { colorScheme: name === "pair" ? "dark" : "light" });
  await page.waitForSelector(name === "declared" ? ".tangle" : name === "compare" ? ".matrix" : name === "pair" ? ".fact-row" : ".page .kin");
  await page.waitForTimeout(300);
  if (name === "compare") facts.compared = { pairs: await page.locator(".matrix td.pair").count(), sign: await page.locator(".matrix td.pair button").first().textContent() };
  await audit(name, page);
  if (name === "declared") facts.contradicted = await page.locator(".rows .verdict.no").count();
  await close(page);
}
page = await open("", { colorScheme: "dark" });
await page.keyboard.press("?");
await page.waitForSelector("dialog[open]");
facts.ideas = await page.locator("dialog .ideas dt").count();
await audit("help, dark", page);
await close(page);

// Small screens: the verdict is on the screen, and nothing is wider than it.
facts.small = {};
for (const [width, height] of [[1024, 768], [390, 844]]) {
  page = await open("", { viewport: { width, height }, isMobile: width < 500, hasTouch: width < 500 });
  await find(page);
  await page.waitForTimeout(400);
  facts.small[width] = { seen: await onScreen(page, VERDICT), wide: await page.evaluate(() => document.documentElement.scrollWidth) };
  await audit(`${width}`, page);
  await close(page);
}

// Names that have no room are counted; zooming gives them room.
facts.room = {};
for (const layout of ["rectangular", "radial", "unrooted"]) {
  page = await open(`#/?view=tree&fold=0&layout=${layout}`);
  const told = async () => ((await page.locator(".no-room:not([hidden])").count()) === 0 ? 0 : parseInt(await text(page, ".no-room"), 10));
  await page.waitForTimeout(300);
  const counts = [await told()];
  await page.focus(".tree-panel .overlay");
  for (let k = 0; k < 8; k++) {
    await page.keyboard.press("+");
    await page.keyboard.press("+");
    await page.waitForTimeout(120);
    counts.push(await told());
  }
  facts.room[layout] = counts;
  await close(page);
}

// Other ways to read: forced colours, less motion, Chinese, 200 per cent.
page = await open("", { forcedColors: "active", reducedMotion: "reduce" });
await find(page);
facts.forced = await page.evaluate((s) => getComputedStyle(document.querySelector(s)).borderTopStyle, VERDICT);
facts.still = await page.evaluate(() => [...document.getAnimations()].length);
await close(page);
page = await open("", { locale: "zh-CN", viewport: { width: 720, height: 450 } });
await find(page);
facts.chinese = { lang: await page.evaluate(() => document.documentElement.lang), caption: await text(page, ".conclusion .caption"), verdict: await text(page, VERDICT), wide: await page.evaluate(() => document.documentElement.scrollWidth) };
await close(page);

// A file of answers is placed by the server: those of a model that is here.
page = await open("");
facts.placer = await page.locator("[data-place]").count();
if (facts.placer > 0) {
  const [said, probes] = await page.evaluate(async (i) => Promise.all([`answers/${i}`, "probes"].map(async (n) => (await fetch(`api/v1/documents/${n}.json`)).json())), chosen);
  const lines = said.text.map((t, k) => JSON.stringify({ prompt: probes.text[k], response: t }));
  await page.setInputFiles("[data-place]", { name: "newcomer.jsonl", mimeType: "application/json", buffer: Buffer.from(lines.join("\n")) });
  await page.waitForSelector(VERDICT);
  facts.placed = { name: await text(page, ".model-card h2"), nearest: await text(page, ".nearest .model-link"), told: await text(page, ".model-card > .card-body > .hint") };
  await page.setInputFiles("[data-place]", { name: "bad.csv", mimeType: "text/csv", buffer: Buffer.from("a,b\n1,2\n") });
  await page.waitForSelector(".model-card .failed");
  facts.refused = await text(page, ".model-card .failed");
}
await close(page);
await chromium.close();
console.log(JSON.stringify(facts));
