// Looks at twelve views at three widths in both themes and measures what a reader would trip over:
// node e2e/views.mjs ADDRESS [FOLDER [LOOK]]. Prints what was seen as JSON; the tests that start it judge.
// With FOLDER the pictures are kept there, for people to look at. With LOOK, CSS in place of the
// fonts of the page, as another machine has others.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { browser } from "./browser.mjs";

const [address, folder, look] = process.argv.slice(2);
if (folder) mkdirSync(folder, { recursive: true });
const VIEWS = {
  overview: "#/", radial: "#/?view=tree&layout=radial", unrooted: "#/?view=tree&layout=unrooted", tree: "#/?view=tree", map: "#/?view=map", table: "#/?view=table",
  card: "#/?active=12", model: "#/model/12", pair: "#/pair/12/13", compare: "#/compare/12,13,14,15", clade: "#/clade/1", declared: "#/declared",
};
const READY = { card: ".model-card .nearest", model: ".page .kin, .page .empty", pair: ".fact-row, .page .failed", compare: ".matrix, .page .failed", clade: ".page .members", declared: ".tangle, .page .empty" };
/** Parts of the page whose places are told: where they are, and how large, in hundredths of the window. */
const PARTS = {
  head: ".top", headline: ".headline", rail: ".rail-column", map: ".map-panel", tree: ".tree-panel", table: ".table-panel", card: ".model-card",
  title: ".page h1", first: ".page .card:first-of-type", matrix: ".matrix", list: ".page .kin, .page .members", tangle: ".tangle",
};
/** Pixels of a cell of the coarse picture: larger than letters, smaller than panels. */
const CELL = 36;
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
    // Of rows of a table nothing is beyond the edge, in a box that scrolls or not.
    cut: [...document.querySelectorAll(".page .rows button, .page .rows .verdict, .page .rows .num")].filter((e) => e.checkVisibility() && (e.getBoundingClientRect().right > innerWidth + 1 || e.getBoundingClientRect().left < -1)).map((e) => e.textContent.slice(0, 40)),
    // Links within a sentence are as high as its lines.
    small: buttons.filter((e) => e.tagName !== "A" && e.closest(".headline") === null && e.getBoundingClientRect().height < 20).map((e) => e.textContent.slice(0, 40)),
    verdict: [...document.querySelectorAll(".conclusion .verdict, .fact .verdict")].filter(seen).map(inside)[0] ?? null,
    heading: [...document.querySelectorAll("h1:not(.sr), .headline, .panel-head h2")].filter(seen).some(inside),
  };
}

/** Runs in the page: places of its parts. */
const places = (parts) =>
  Object.fromEntries(Object.entries(parts).flatMap(([name, selector]) => {
    const box = [...document.querySelectorAll(selector)].find((e) => e.checkVisibility())?.getBoundingClientRect();
    const part = (v, of) => Math.round((100 * v) / of);
    return box === undefined || box.width === 0 ? [] : [[name, [part(box.left, innerWidth), part(box.top, innerHeight), part(box.width, innerWidth), part(Math.min(box.height, 4 * innerHeight), innerHeight)]]];
  }));

/** Runs in an empty page: a picture as means of cells, three bytes each from the top left. */
async function coarse([png, cell]) {
  const image = new Image();
  image.src = `data:image/png;base64,${png}`;
  await image.decode();
  const [across, down] = [Math.ceil(image.width / cell), Math.ceil(image.height / cell)];
  const canvas = Object.assign(document.createElement("canvas"), { width: image.width, height: image.height });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(image, 0, 0);
  const bytes = [];
  for (let row = 0; row < down; row++)
    for (let column = 0; column < across; column++) {
      const [x, y] = [column * cell, row * cell];
      const { data } = context.getImageData(x, y, Math.min(cell, image.width - x), Math.min(cell, image.height - y));
      const sum = [0, 0, 0];
      for (let k = 0; k < data.length; k += 4) for (const c of [0, 1, 2]) sum[c] += data[k + c];
      bytes.push(...sum.map((v) => Math.round((4 * v) / data.length)));
    }
  return { across, cells: btoa(String.fromCharCode(...bytes)) };
}

const facts = {};
const chromium = await browser();
const empty = await (await chromium.newContext()).newPage();
for (const [width, height] of Object.entries(WIDTHS))
  for (const theme of ["light", "dark"]) {
    const narrow = Number(width) < 500;
    const context = await chromium.newContext({ viewport: { width: Number(width), height }, colorScheme: theme, reducedMotion: "reduce", isMobile: narrow, hasTouch: narrow });
    context.setDefaultTimeout(60_000);
    if (look) await context.route("**/app.css", async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ response: answer, body: `${await answer.text()}\n${look}` });
    });
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
      // Plots measure themselves, and draw, in the frame after a change.
      await page.evaluate(async () => { for (let k = 0; k < 3; k++) await new Promise(requestAnimationFrame); });
      const png = await page.screenshot({ scale: "css", ...(folder ? { path: join(folder, `${view}-${width}-${theme}.png`) } : {}) });
      facts[`${view} ${width} ${theme}`] = {
        ...(await page.evaluate(measure)), errors,
        places: await page.evaluate(places, PARTS), picture: await empty.evaluate(coarse, [png.toString("base64"), CELL]),
      };
    }
    await context.close();
  }
await chromium.close();
console.log(JSON.stringify(facts));
