// Has the page do what only a server can: ask an endpoint, write a report; saves views, opens a clade.
// node e2e/asker.mjs ADDRESS TOKEN BASE_URL. Prints what was seen as JSON; the tests that start it judge.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { browser } from "./browser.mjs";

const [address, token, base] = process.argv.slice(2);
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const facts = { axe: {}, errors: [] };
const chromium = await browser();
const context = await chromium.newContext({ viewport: { width: 1440, height: 900 } });
context.setDefaultTimeout(90_000);

async function open(where) {
  const page = await context.newPage();
  page.on("pageerror", (e) => facts.errors.push(String(e.stack ?? e)));
  page.on("console", (m) => m.type() === "error" && facts.errors.push(m.text()));
  await page.goto(address + where);
  await page.waitForFunction(() => performance.getEntriesByName("cladist-first-view").length > 0);
  return page;
}
async function audit(name, page) {
  await page.evaluate(AXE);
  facts.axe[name] = await page.evaluate(async () => (await globalThis.axe.run(document)).violations.map((v) => `${v.id}: ${v.nodes.slice(0, 2).map((n) => n.html.slice(0, 160)).join(" | ")}`));
}
const text = (page, selector) => page.locator(selector).first().textContent();

// Without the token nobody is asked.
const bare = await open("");
await bare.click(".placer > .tool");
facts.bare = await text(bare, "dialog.place");
await bare.close();

// The token leaves the address at once; the dialog asks, the card follows.
const page = await open(`#ask=${token}`);
facts.hash = await page.evaluate(() => location.href.includes("ask="));
await page.click(".placer > .tool");
await page.waitForSelector("dialog.place[open] .ask-form");
await audit("place", page);
const form = page.locator(".ask-form");
const fill = (name, value) => form.locator(`[name=${name}]`).fill(value);
await fill("model", "m");
await fill("base_url", base);
await fill("key_env", "sk-not-a-name");
await form.locator("button[type=submit]").click();
await page.waitForSelector(".ask-form .failed:not([hidden])");
facts.refused = await text(page, ".ask-form .failed");
await fill("key_env", "");
await form.locator("[name=interface]").selectOption("chat");
await fill("name", "asked <b>model</b>");
await form.locator("button[type=submit]").click();
await page.waitForSelector(".asking progress");
facts.stop = await page.locator(".asking button").count();
await page.waitForSelector(".model-card .nearest .verdict");
facts.asked = { name: await text(page, ".model-card h2"), nearest: await text(page, ".nearest .model-link"), kin: await page.locator(".model-card .kin li").count(), told: await text(page, ".model-card .card-body > .hint") };
await audit("asked", page);

// A view is saved, changed, and brought back by its name.
await page.fill(".search input", "base");
await page.press(".search input", "Enter");
await page.click(".menu.drop > summary");
await page.fill(".save-view input", "bases alone");
await page.click(".save-view button");
await page.waitForSelector(".views a");
await audit("views", page);
await page.keyboard.press("Escape");
await page.fill(".search input", "");
await page.waitForTimeout(400);
const all = await text(page, ".count-all");
await page.click(".menu.drop > summary");
await page.click(".views a");
await page.waitForFunction((before) => document.querySelector(".count-all").textContent !== before, all);
facts.view = { query: await page.inputValue(".search input"), hash: await page.evaluate(() => location.hash) };
await page.click(".menu.drop > summary");
await page.click(".views .quiet");
await page.waitForFunction(() => document.querySelector(".views a") === null);
await page.close();

// A clade, and what is nearest outside of it.
const clade = await open("#/clade/1");
await clade.waitForSelector(".members");
facts.clade = { heading: await text(clade, ".page h1"), members: await clade.locator(".members li").count() };
const near = clade.locator(".page .card .tool");
if (await near.count()) {
  await near.first().click();
  await clade.waitForSelector(".outside li, .page .card .hint");
}
await audit("clade", clade);
await clade.goto(`${address}#/clade/99999`);
await clade.waitForSelector(".page .empty");
facts.nowhere = await text(clade, ".page .empty");
await clade.close();

// The report as a file.
const model = await open("#/model/12");
await model.waitForSelector("[data-report]");
const file = model.waitForEvent("download", { timeout: 180_000 });
const refused = model.waitForSelector("[data-report].failed", { timeout: 180_000 }).then((b) => b.getAttribute("title"));
await model.click("[data-report]");
facts.busy = await model.getAttribute("[data-report]", "aria-busy");
const made = await Promise.race([file, refused]);
facts.report = typeof made === "string" ? { refused: made } : { name: made.suggestedFilename(), head: readFileSync(await made.path()).subarray(0, 5).toString("latin1") };
for (const left of [file, refused]) left.catch(() => undefined);
await chromium.close();
console.log(JSON.stringify(facts));
