// Looks at twelve views at three widths in both themes and measures what a reader would trip over:
// node e2e/views.mjs ADDRESS [FOLDER]. Prints what was seen as JSON; the tests that start it judge.
// With FOLDER the pictures are kept there, for people to look at.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { browser } from "./browser.mjs";

const [address, folder] = process.argv.slice(2);
if (folder) mkdirSync(folder, { recursive: true });
const VIEWS = {
  overview: "#/", radial: "#/?layout=radial", unrooted: "#/?layout=unrooted", tree: "#/?view=tree", map: "#/?view=map", table: "#/?view=table",
  card: "#/?active=12", model: "#/model/12", pair: "#/pair/12/13", compare: "#/compare/12,13,14,15", clade: "#/clade/1", declared: "#/declared",
};
const READY = { card: ".model-card .nearest", model: ".page .kin, .page .empty", pair: ".fact-row, .page .failed", compare: ".matrix, .page .failed", clade: ".page .members", declared: ".tangle, .page .empty" };
const WIDTHS = { 1440: 900, 1024: 768, 390: 844 };

/** Runs in the page: what sticks out, what is hidden, and which texts lie upon each other. */
function measure() {
  const seen = (e) => {
    const box = e.getBoundingClientRect();
    return e.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true }) && box.width > 0 && box.height > 0;
  };
  const inside = (e) => {
    const box = e.getBoundingClientRect();
    return box.left >= -1 && box.right <= innerWidth + 1 && box.top >= -1 && box.bottom <= innerHeight + 1;
  };
  const within = (e) => {
    // What scrolls within a box of its own may be wider than the page.
    for (let at = e.parentElement; at !== null; at = at.parentElement)
      if (/auto|scroll|hidden|clip/.test(getComputedStyle(at).overflowX)) return true;
    return false;
  };
  const buttons = [...document.querySelectorAll("button, a[href], select, summary")].filter(seen);
  return {
    wide: document.documentElement.scrollWidth - innerWidth,
    out: buttons.filter((e) => !within(e) && (e.getBoundingClientRect().right > innerWidth + 1 || e.getBoundingClientRect().left < -1)).map((e) => e.textContent.slice(0, 40)),
    // Links within a sentence are as high as its lines.
    small: buttons.filter((e) => e.tagName !== "A" && e.closest(".headline") === null && e.getBoundingClientRect().height < 20).map((e) => e.textContent.slice(0, 40)),
    verdict: [...document.querySelectorAll(".conclusion .verdict, .fact .verdict")].filter(seen).map(inside)[0] ?? null,
    heading: [...document.querySelectorAll("h1:not(.sr), .headline, .panel-head h2")].filter(seen).some(inside),
  };
}


const facts = {};
const chromium = await browser();
for (const [width, height] of Object.entries(WIDTHS))
  for (const theme of ["light", "dark"]) {
    const narrow = Number(width) < 500;
    const context = await chromium.newContext({ viewport: { width: Number(width), height }, colorScheme: theme, reducedMotion: "reduce", isMobile: narrow, hasTouch: narrow });
    context.setDefaultTimeout(60_000);
    const page = await context.newPage();
    let errors = [];
    page.on("console", (m) => m.type() === "error" && errors.push(m.text()));
    page.on("pageerror", (e) => errors.push(String(e.stack ?? e)));
    await page.goto(address);
    await page.waitForFunction(() => performance.getEntriesByName("cladist-first-view").length > 0);
    for (const [view, where] of Object.entries(VIEWS)) {
      errors = [];
      await page.evaluate((hash) => (location.hash = hash), where);
      if (READY[view]) await page.waitForSelector(READY[view]);
      await page.waitForTimeout(200);
      facts[`${view} ${width} ${theme}`] = { ...(await page.evaluate(measure)), errors };
      if (folder) await page.screenshot({ path: join(folder, `${view}-${width}-${theme}.png`) });
    }
    await context.close();
  }
await chromium.close();
console.log(JSON.stringify(facts));
