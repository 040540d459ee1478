// Opens an installed reference from the page and places a model in it:
// node e2e/chooser.mjs ADDRESS TOKEN REFERENCE MODEL. Prints what was seen as JSON; the tests that start it judge.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { browser } from "./browser.mjs";

const [address, token, reference, model] = process.argv.slice(2);
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const facts = { axe: {}, errors: [], violations: [] };
const chromium = await browser();
const context = await chromium.newContext({ viewport: { width: 1440, height: 900 } });
context.setDefaultTimeout(90_000);
await context.addInitScript(() => {
  globalThis.violations = [];
  addEventListener("securitypolicyviolation", (e) => globalThis.violations.push(`${e.violatedDirective} ${e.blockedURI}`));
});

const ready = (page) => page.waitForFunction(() => performance.getEntriesByName("cladist-first-view").length > 0);
async function open(where) {
  const page = await context.newPage();
  page.on("pageerror", (e) => facts.errors.push(String(e.stack ?? e)));
  page.on("console", (m) => m.type() === "error" && facts.errors.push(m.text()));
  await page.goto(address + where);
  await ready(page);
  return page;
}
async function audit(name, page) {
  await page.evaluate(AXE);
  facts.axe[name] = await page.evaluate(async () => (await globalThis.axe.run(document)).violations.map((v) => `${v.id}: ${v.nodes.slice(0, 2).map((n) => n.html.slice(0, 160)).join(" | ")}`));
}
const text = (page, selector) => page.locator(selector).first().textContent();
const BODY = "dialog.references[open] .reference-body";
const choose = async (page) => {
  await page.click(".chooser");
  await page.waitForSelector(`${BODY} h3, ${BODY} .hint`);
};

// Without the token nothing is told of what is installed.
const bare = await open("");
await choose(bare);
facts.bare = await text(bare, BODY);
await bare.close();

const page = await open(`#token=${token}`);
facts.hash = await page.evaluate(() => location.href.includes("token="));
await choose(page);
await page.waitForSelector("[data-reference]");
await audit("references", page);
facts.listed = await page.locator("[data-reference]").evaluateAll((all) => all.map((e) => e.dataset.reference));
facts.row = await text(page, ".references-list li");
facts.broken = await text(page, `${BODY} > .hint`);
await page.click(`[data-reference="${reference}"]`);
await page.waitForSelector(".making progress");
facts.bar = await page.locator(".making progress").count();
await page.waitForFunction(() => (document.querySelector(".making [role=status]")?.textContent ?? "") !== "");
facts.words = await text(page, ".making [role=status]");
await audit("making", page);
await page.waitForFunction(() => location.pathname.startsWith("/opened/"));
await ready(page);
facts.path = await page.evaluate(() => location.pathname);
facts.title = await text(page, ".title strong");
facts.markup = await page.locator(".title b, .references b").count();

// A model of the first atlas is placed in the reference, where it is too.
const [said, probes] = await page.evaluate(async (name) => {
  const get = async (path) => (await fetch(path)).json();
  const index = (await get("api/v1/documents/atlas.json")).models.name.indexOf(name);
  return Promise.all([`answers/${index}`, "probes"].map((n) => get(`/api/v1/documents/${n}.json`)));
}, model);
const lines = said.text.map((t, k) => JSON.stringify({ prompt: probes.text[k], response: t }));
await page.setInputFiles("[data-place]", { name: "newcomer.jsonl", mimeType: "application/json", buffer: Buffer.from(lines.join("\n")) });
await page.waitForSelector(".model-card .nearest .verdict");
facts.placed = { name: await text(page, ".model-card h2"), nearest: await text(page, ".nearest .model-link") };
await audit("placed in a reference", page);
await page.click(".placer > .tool");
facts.ask = await text(page, "dialog.place");
await page.click("dialog.place section:last-of-type .tool");
await page.waitForSelector(".references-list li");
facts.now = await text(page, ".references-list li > .hint");
await page.click(`${BODY} > p .tool`);
await page.waitForFunction(() => location.pathname === "/");
await ready(page);
facts.back = await page.evaluate(() => location.pathname);
facts.violations.push(...(await page.evaluate(() => globalThis.violations)));

// What cannot be: a reference that is gone since it was listed, and an atlas that is closed.
await page.route("**/api/v1/references", (route) =>
  route.request().method() === "POST"
    ? route.fulfill({ status: 422, contentType: "application/json", body: JSON.stringify({ error: { status: 422, message: `no reference '${reference}' is installed; see 'cladist reference list'` } }) })
    : route.fulfill({ contentType: "application/json", body: JSON.stringify({ references: [{ name: reference, title: reference, models: 1, prompts: 1, labelled: 0, licence: "", address: "javascript:alert(1)" }], broken: [], making: null }) }));
await choose(page);
await page.click(`[data-reference="${reference}"]`);
await page.waitForSelector(".making .failed");
facts.gone = await text(page, ".making .failed");
await page.close();
const closed = await context.newPage();
await closed.goto(`${address}opened/${"x".repeat(24)}/`);
facts.closed = await closed.evaluate(() => document.body.textContent);
await chromium.close();
console.log(JSON.stringify(facts));
