// Uses the page as a person would, in the system's Chromium, and prints what was seen as JSON:
// node e2e/driver.mjs ADDRESS [short]. Nothing is judged here; the tests that start it do that.
// ADDRESS 'sample:COUNT' serves made-up models of its own.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { browser } from "./browser.mjs";
import { serve } from "./serve.mjs";
import { sample, write } from "../sample/generate.mjs";

const [target, kind] = process.argv.slice(2);
const facts = { requests: [], errors: [], violations: [], dialogs: 0 };

async function main(address) {
  const chromium = await browser();
  const context = await chromium.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: "light" });
  context.setDefaultTimeout(60_000);
  await context.addInitScript(() => {
    globalThis.violations = [];
    addEventListener("securitypolicyviolation", (e) => globalThis.violations.push(`${e.violatedDirective} ${e.blockedURI}`));
  });
  const watch = (page) => {
    page.on("request", (r) => facts.requests.push(r.url()));
    page.on("console", (m) => m.type() === "error" && facts.errors.push(m.text()));
    page.on("pageerror", (e) => facts.errors.push(String(e.stack ?? e)));
    page.on("dialog", (d) => {
      facts.dialogs++;
      void d.dismiss();
    });
    return page;
  };
  const open = async (where) => {
    const page = watch(await context.newPage());
    await page.goto(where);
    await page.waitForFunction(() => performance.getEntriesByName("cladist-first-view").length > 0);
    return page;
  };
  const page = await open(address);
  facts.title = await page.title();
  facts.source = await page.evaluate(() => document.documentElement.dataset.source);
  facts.count = await text(page, ".count-all");
  facts.scene = await page.evaluate(() => document.querySelector(".scene").getContext("webgl2") !== null);
  facts.mapInk = await ink(page, ".map-panel");
  facts.foldedInk = await ink(page, ".tree-panel");
  const leaves = await open(`${address}#/?fold=0`);
  facts.treeInk = await ink(leaves, ".tree-panel");
  await leaves.close();
  facts.rowsMade = await page.locator(".t-row").count();
  facts.named = await unnamed(page);

  // A lasso on the map: table, tree and address follow.
  let [map, tree] = [await picture(page, ".map-panel"), await picture(page, ".tree-panel")];
  await lasso(page);
  await page.waitForSelector(".chosen");
  await changed(page, ".tree-panel", tree);
  facts.lasso = { selected: await chosen(page), mapChanged: (await picture(page, ".map-panel")) !== map, treeChanged: (await picture(page, ".tree-panel")) !== tree };
  await page.keyboard.press("o");
  facts.lasso.rows = Number(await page.getAttribute(".grid", "aria-rowcount")) - 1;
  facts.lasso.live = await text(page, "#live");
  await page.keyboard.press("o");

  // The address brings it back.
  await page.waitForFunction(() => location.hash.includes("sel="));
  await page.keyboard.press("y");
  await page.waitForFunction(() => location.hash.includes("layout=radial"));
  const again = await open(address + (await page.evaluate(() => location.hash)));
  facts.restored = { selected: await chosen(again), layout: await again.inputValue(".tree-panel select") };
  await again.close();
  await page.keyboard.press("Escape");

  // Search.
  await page.keyboard.press("/");
  await page.keyboard.type(kind === "short" ? "oak -base" : "fam001");
  await page.waitForFunction((all) => document.querySelector(".count-all").textContent !== all, facts.count);
  facts.search = { said: await text(page, ".count-all"), names: (await page.locator(".t-row .c-name").allTextContents()).slice(0, 8) };
  await page.keyboard.press("Enter");
  facts.search.focus = await page.evaluate(() => document.activeElement?.getAttribute("role"));
  await page.keyboard.press("Escape");

  // A clade of the tree by keys: map and table follow.
  map = await picture(page, ".map-panel");
  await page.keyboard.press("b");
  // The first key goes to the root, the second to its first child; leaves are passed by.
  for (const key of ["ArrowRight", "ArrowRight"]) await page.keyboard.press(key);
  if (!/\d models/.test(await text(page, ".clade-bar .what"))) await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Space");
  await page.waitForSelector(".chosen");
  await changed(page, ".map-panel", map);
  facts.clade = { selected: await chosen(page), bar: await text(page, ".clade-bar .what"), mapChanged: (await picture(page, ".map-panel")) !== map };
  facts.newick = await saved(page, ".clade-bar .tool.save:has-text('Newick')");
  facts.svg = await saved(page, ".clade-bar .tool.save:has-text('SVG')");
  if (kind !== "short") await pages(page, address, context);
  facts.violations.push(...(await page.evaluate(() => globalThis.violations)));
  await chromium.close();
}

async function pages(page, address, context) {
  await page.keyboard.press("Escape");
  await page.keyboard.press("t");
  for (let k = 0; k < 14; k++) await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Space");
  facts.tableSelected = await chosen(page);
  await page.keyboard.press("Enter");
  await page.click(".page details.card > summary");
  await page.waitForSelector(".probe");
  facts.model = {
    hash: await page.evaluate(() => location.hash), heading: await text(page, ".page h1"),
    relatives: await page.locator(".page .kin li").count(), verdicts: await page.locator(".page .kin .verdict").allTextContents(),
    probes: await page.locator(".probe").count(), marks: await page.locator(".answer-text mark").count(),
    facts: await page.locator(".facts dt").count(),
  };
  await page.click(".page .kin li:first-child button");
  await page.waitForSelector(".probes .probe");
  facts.pair = {
    hash: await page.evaluate(() => location.hash), heading: await text(page, ".page h1"),
    verdict: await page.locator(".fact .verdict").allTextContents(), probes: await page.locator(".probe").count(),
    answers: await page.locator(".answer-text").count(), marks: await page.locator(".answer-text mark").count(),
  };
  await page.goBack();
  await page.waitForFunction(() => location.hash.startsWith("#/model/"));
  await page.goBack();
  await page.waitForSelector(".overview", { state: "visible" });
  facts.backSelected = await chosen(page);
  await page.keyboard.press("?");
  facts.help = await page.locator("dialog[open] kbd").count();
  await page.keyboard.press("Escape");
  await page.keyboard.press("d");
  facts.theme = await page.evaluate(() => document.documentElement.dataset.theme);

  // Hostile names: their pages, and what became of them.
  facts.hostile = [];
  for (let index = 0; index < 11; index++) {
    await page.goto(`${address}#/model/${index}`);
    await page.waitForSelector(".page .facts");
    await page.waitForFunction((i) => location.hash.startsWith(`#/model/${i}`) && document.querySelector(".page .kin") !== null, index);
    facts.hostile.push(await text(page, ".page h1"));
  }
  facts.markup = await page.evaluate(() => document.querySelectorAll("img, iframe, object, script:not([src]), [onerror], [style*=url]").length);
  await page.goto(`${address}#/declared`);
  await page.waitForSelector(".tangle");
  facts.declared = { filters: await page.locator(".segments.wrap button").allTextContents(), rows: await page.locator(".page .steps tbody tr.above").count(), why: await page.locator(".page .steps tr.why td").allTextContents(), tips: await page.locator(".tangle .tip-name").count(), links: await page.locator(".tangle .link").count() };
  facts.violations.push(...(await page.evaluate(() => globalThis.violations)));

  // A phone.
  await page.setViewportSize({ width: 375, height: 812 });
  facts.phone = {};
  for (const where of ["#/", "#/?view=tree", "#/?view=table", "#/model/12", "#/declared"]) {
    await page.goto(address + where);
    await page.waitForTimeout(100);
    facts.phone[where] = await page.evaluate(() => document.documentElement.scrollWidth);
  }
  await page.setViewportSize({ width: 1440, height: 900 });
  const bad = await context.newPage();
  await bad.goto(`${address}#/model/999999999`);
  await bad.waitForSelector(".overview");
  facts.nonsense = await bad.locator(".overview").isVisible();
  await bad.close();
}

const text = (page, selector) => page.locator(selector).first().textContent();
const chosen = async (page) => Number((await page.locator(".chosen").count()) === 0 ? 0 : await page.getAttribute(".chosen", "data-count"));
const picture = (page, panel) => page.evaluate((p) => document.querySelector(`${p} .scene`).toDataURL(), panel);
const changed = (page, panel, before) => page.waitForFunction(([p, b]) => document.querySelector(`${p} .scene`).toDataURL() !== b, [panel, before]);

/** Share of pixels drawn upon. */
const ink = (page, panel) =>
  page.evaluate((p) => {
    const scene = document.querySelector(`${p} .scene`);
    const copy = Object.assign(document.createElement("canvas"), { width: scene.width, height: scene.height });
    const context = copy.getContext("2d");
    context.drawImage(scene, 0, 0);
    const { data } = context.getImageData(0, 0, copy.width, copy.height);
    let drawn = 0;
    for (let k = 3; k < data.length; k += 4) drawn += data[k] > 20 ? 1 : 0;
    return drawn / (data.length / 4);
  }, panel);

/** Controls that a screen reader could not name. */
const unnamed = (page) =>
  page.evaluate(() =>
    [...document.querySelectorAll("button, select, input, canvas[tabindex], [role=grid], dialog")]
      .filter((e) => !(e.getAttribute("aria-label") ?? e.closest("label")?.textContent ?? e.textContent ?? "").trim() && !e.textContent.trim())
      .map((e) => e.outerHTML.slice(0, 120)));

async function lasso(page) {
  const box = await page.locator(".map-panel .overlay").boundingBox();
  const corners = [[0.02, 0.02], [0.6, 0.02], [0.6, 0.98], [0.02, 0.98], [0.02, 0.1]].map(([x, y]) => [box.x + x * box.width, box.y + y * box.height]);
  await page.keyboard.down("Shift");
  await page.mouse.move(...corners[0]);
  await page.mouse.down();
  for (const corner of corners.slice(1)) await page.mouse.move(...corner, { steps: 3 });
  await page.mouse.up();
  await page.keyboard.up("Shift");
}

async function saved(page, selector) {
  const [file] = await Promise.all([page.waitForEvent("download"), page.click(selector)]);
  return { name: file.suggestedFilename(), text: readFileSync(await file.path(), "utf8").slice(0, 400_000) };
}

if (target.startsWith("sample:")) {
  const folder = mkdtempSync(join(tmpdir(), "cladist-sample-"));
  write(folder, sample(Number(target.slice(7))));
  const { server, address } = await serve(folder);
  await main(address);
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
} else await main(target);
console.log(JSON.stringify(facts));
