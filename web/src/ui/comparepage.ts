/** Up to ten models held against each other: verdicts of all pairs, kin in common, answers. */

import type { AnswersDocument, ComparedDocument, ModelDocument, ProbesDocument, Relative, Verdict } from "../data/types";
import { ask } from "../data/load";
import { csvCell } from "../text/cells";
import { chance, figure, line, safe, sharedBeginning } from "../text/safe";
import { tr } from "../text/words";
import type { App } from "./app";
import { button, download, h, replace } from "./dom";
import { meaning, name, sign, verdict } from "./marks";
import { failed, modelLink, waiting } from "./parts";

interface Cell {
  readonly verdict: Verdict;
  readonly distance: number;
  readonly p: number | null;
}

const SHOWN = 12;
const ALIKE = 4;

export async function comparePage(app: App, host: HTMLElement, models: readonly number[], current: () => boolean): Promise<void> {
  const title = h("h1", { tabindex: -1 }, tr("{n} models compared", { n: models.length }));
  const [matrix, kin, probes] = [h("section", { class: "card" }, waiting()), h("section", { class: "card" }), h("section", { class: "card" })];
  replace(host,
    h("header", { class: "page-head" }, button({ class: "tool back" }, tr("← Overview"), () => app.go({ page: "overview" })), title,
      h("span", { class: "spacer" }),
      button({ class: "tool" }, tr("Show in the overview"), () => {
        app.select(models);
        app.go({ page: "overview" });
      })),
    h("div", { class: "page-body single" }, matrix, kin, probes));
  title.focus({ preventScroll: true });
  const [cells, pages] = await Promise.allSettled([judged(app, models), Promise.all(models.map((m) => app.load<ModelDocument>(`model/${m}`)))]);
  if (!current()) return;
  replace(matrix, h("h2", {}, tr("All pairs")), ...(cells.status === "fulfilled" ? table(app, models, cells.value) : [failed(cells.reason)]));
  replace(kin, h("h2", {}, tr("Nearest models in common")), ...(pages.status === "fulfilled" ? shared(app, models, pages.value) : [failed(pages.reason)]));
  await prompts(app, probes, models, current);
}

/** From the server all pairs tested together; in a folder what the lists of nearest models hold. */
async function judged(app: App, models: readonly number[]): Promise<Map<string, Cell>> {
  const found = new Map<string, Cell>();
  const put = (a: number, b: number, cell: Cell) => found.set(key(a, b), cell);
  if (document.documentElement.dataset["source"] !== "static") {
    const told = await ask<ComparedDocument>(`compare?models=${models.join(",")}`);
    for (const p of told.pairs) put(p.a, p.b, p);
    return found;
  }
  if (!app.atlas.documents.models) return found;
  const pages = await Promise.all(models.map((m) => app.load<ModelDocument>(`model/${m}`)));
  const chosen = new Set(models);
  for (const page of pages)
    for (const r of page.relatives) if (chosen.has(r.index) && !found.has(key(page.index, r.index))) put(page.index, r.index, r satisfies Relative);
  return found;
}

function key(a: number, b: number): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}

function table(app: App, models: readonly number[], cells: ReadonlyMap<string, Cell>): Node[] {
  const used = new Set([...cells.values()].map((c) => c.verdict));
  const cell = (a: number, b: number) => {
    if (a === b) return h("td", { class: "self" }, "·");
    const found = cells.get(key(a, b));
    if (found === undefined) return h("td", { title: tr("not in this folder") }, "–");
    return h("td", { class: `pair ${found.verdict.replace(" ", "-")}` },
      button({ title: `${tr(found.verdict)}, p ${chance(found.p)}` },
        [h("span", { "aria-hidden": "true" }, `${sign(found.verdict)} `), figure(found.distance), h("span", { class: "sr" }, ` ${app.label(a)}, ${app.label(b)}: ${tr(found.verdict)}`)], () => app.go({ page: "pair", a, b })));
  };
  const save = () => {
    const rows = models.flatMap((a, i) => models.slice(i + 1).map((b) => {
      const c = cells.get(key(a, b));
      return [csvCell(app.names[a] ?? ""), csvCell(app.names[b] ?? ""), c?.verdict ?? "", c?.p ?? "", c?.distance ?? ""].join(",");
    }));
    download("cladist-pairs.csv", "text/csv", ["a,b,verdict,p,distance", ...rows].join("\n").concat("\n"));
  };
  const partial = cells.size < (models.length * (models.length - 1)) / 2;
  return [
    h("div", { class: "scroll-x", tabindex: 0, role: "group", "aria-label": tr("All pairs") }, h("table", { class: "matrix" },
      h("thead", {}, h("tr", {}, h("td", {}), ...models.map((_, k) => h("th", { scope: "col" }, k + 1)))),
      h("tbody", {}, ...models.map((a, k) => h("tr", {}, h("th", { scope: "row" }, `${k + 1} `, modelLink(app, a)), ...models.map((b) => cell(a, b))))))),
    h("div", { class: "meanings" }, ...[...used].map((v) => h("p", {}, verdict(v), " ", h("span", {}, meaning(v))))),
    h("p", { class: "hint" }, partial ? tr("This folder holds verdicts on nearest models alone; the server (cladist map serve) tests all pairs.")
      : tr("Figures are distances. p is adjusted for the {n} pairs, as they were asked about together.", { n: cells.size })),
    button({ class: "tool" }, "CSV", save),
  ];
}

function shared(app: App, models: readonly number[], pages: readonly ModelDocument[]): Node[] {
  const count = new Map<number, number>();
  for (const page of pages) for (const r of page.relatives) count.set(r.index, (count.get(r.index) ?? 0) + 1);
  const rows = [...count].filter(([, n]) => n > 1).sort((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, SHOWN);
  if (rows.length === 0) return [h("p", { class: "hint" }, tr("No model is among the nearest of two of them."))];
  return [h("ul", { class: "outside" }, ...rows.map(([m, n]) => h("li", {}, modelLink(app, m), h("span", { class: "hint" }, tr("near {a} of {b}", { a: n, b: models.length })))))];
}

async function prompts(app: App, host: HTMLElement, models: readonly number[], current: () => boolean): Promise<void> {
  if (!app.atlas.documents.answers) {
    replace(host, h("p", { class: "hint" }, tr("This folder was made without the answers.")));
    return;
  }
  try {
    const [probes, ...answers] = await Promise.all([
      app.load<ProbesDocument>("probes"), ...models.map((m) => app.load<AnswersDocument>(`answers/${m}`)),
    ]);
    if (!current()) return;
    const alike = (p: number) => largest(answers.map((a) => a.text[p] ?? null));
    const order = probes.id.map((_, p) => [alike(p), p] as const).sort((a, b) => b[0] - a[0] || a[1] - b[1]).slice(0, SHOWN);
    replace(host, h("h2", {}, tr("Prompts that most of them answer alike")), ...order.map(([n, p]) =>
      h("details", { class: "probe" },
        h("summary", {}, h("bdi", {}, line(probes.text[p] || probes.id[p] || "", 90)), h("span", { class: "hint" }, ` ${tr("{a} of {b} begin alike", { a: n, b: models.length })}`)),
        h("dl", { class: "facts" }, ...models.flatMap((m, k) => [h("dt", {}, name(app.label(m))), h("dd", { dir: "auto" }, h("bdi", {}, safe(answers[k]?.text[p] ?? "–", 300)))])))));
  } catch (error) {
    if (current()) replace(host, failed(error));
  }
}

/** How many of the answers begin alike with one of them. */
function largest(texts: readonly (string | null)[]): number {
  let most = 0;
  for (const a of texts) {
    if (a === null || a === "") continue;
    most = Math.max(most, texts.filter((b) => b !== null && sharedBeginning(a, b) >= Math.min(ALIKE, a.length) && b !== "").length);
  }
  return most;
}
