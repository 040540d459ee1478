/** The page of one model: who its relatives are, and why. */

import type { ModelDocument, Relative } from "../data/types";
import { shown } from "../data/columns";
import { chance, figure, line, plural, safe } from "../text/safe";
import type { App } from "./app";
import { button, h, replace } from "./dom";
import { MEANINGS, bar, name, verdict } from "./marks";
import { sideBySide } from "./side";
import type { Sides } from "./side";
import type { AnswersDocument, ProbesDocument } from "../data/types";
import { failed, modelLink, waiting } from "./parts";

/** Fills `host` with the page; `current` says whether it is still wanted when data arrive. */
export async function modelPage(app: App, host: HTMLElement, index: number, other: number | null, current: () => boolean): Promise<void> {
  const title = h("h1", { tabindex: -1 }, name(app.label(index)));
  const body = h("div", { class: "page-body" }, waiting());
  replace(
    host,
    h("header", { class: "page-head" },
      button({ class: "tool back" }, "← Overview", () => app.go({ page: "overview" })),
      title,
      h("span", { class: "spacer" }),
      button({ class: "tool", title: "Select it in map, tree and table" }, "Show in the overview", () => {
        app.select([index]);
        app.store.set({ active: index, route: { page: "overview" } });
      })),
    body,
  );
  title.focus({ preventScroll: true });
  if (!app.atlas.documents.models) {
    replace(body, facts(app, index, null), h("p", { class: "empty" }, "This bundle was made without the pages of models."));
    return;
  }
  let document: ModelDocument;
  try {
    document = await app.load<ModelDocument>(`model/${index}`);
  } catch (error) {
    if (current()) replace(body, facts(app, index, null), failed(error));
    return;
  }
  if (!current()) return;
  const chosen = other ?? document.evidence[0]?.other ?? null;
  const evidence = h("section", { class: "card" });
  replace(
    body,
    h("div", { class: "column" }, relatives(app, document), evidence),
    h("div", { class: "column" }, descent(app, document), facts(app, index, document), provenance(document)),
  );
  await showEvidence(app, evidence, document, chosen, current);
}

function relatives(app: App, document: ModelDocument): HTMLElement {
  const most = Math.max(1e-12, ...document.relatives.map((r) => r.distance));
  const similar = document.relatives.some((r) => r.similarity !== null);
  const used = new Set(document.relatives.map((r) => r.verdict));
  const row = (r: Relative, k: number) =>
    h("tr", {},
      h("td", { class: "num rank" }, k + 1),
      h("td", { class: "grow" }, modelLink(app, r.index)),
      h("td", { class: "num" }, figure(r.distance)),
      h("td", { class: "bar-cell" }, bar(r.distance / most)),
      similar ? h("td", { class: "num" }, r.similarity === null ? "–" : figure(r.similarity)) : null,
      h("td", {}, verdict(r.verdict)),
      h("td", { class: "num", title: r.rate === null ? null : `Among unrelated pairs, ${chance(r.rate)} would be called related` }, chance(r.p)),
      h("td", {}, button({ class: "quiet", "aria-label": `Compare with ${app.label(r.index)}` }, "compare", () => app.go({ page: "pair", a: document.index, b: r.index }))),
    );
  const rate = document.relatives.find((r) => r.rate !== null)?.rate ?? null;
  const notes = [...new Set(document.relatives.map((r) => r.note).filter((n) => n !== ""))].slice(0, 4);
  return h("section", { class: "card" },
    h("h2", {}, "Nearest relatives"),
    document.relatives.length === 0
      ? h("p", { class: "empty" }, "There is no other model to compare with.")
      : h("div", { class: "scroll-x" }, h("table", { class: "rows" },
          h("thead", {}, h("tr", {},
            h("th", { scope: "col", class: "num" }, h("span", { class: "sr" }, "Rank")), h("th", { scope: "col" }, "Model"),
            h("th", { scope: "col", class: "num" }, "Distance"), h("th", {}, ""),
            similar ? h("th", { scope: "col", class: "num" }, "Similarity") : null,
            h("th", { scope: "col" }, "Verdict"), h("th", { scope: "col", class: "num", title: "Chance that unrelated models look at least this much alike" }, "p"), h("th", {}, ""))),
          h("tbody", {}, ...document.relatives.map(row)))),
    h("div", { class: "meanings" },
      ...[...used].map((v) => h("p", {}, verdict(v), " ", h("span", {}, Object.hasOwn(MEANINGS, v) ? MEANINGS[v] : ""))),
      rate === null ? null : h("p", { class: "hint" }, `Stated rate of false accusation: ${chance(rate)} of unrelated pairs.`),
      ...notes.map((n) => h("p", { class: "hint" }, h("bdi", {}, safe(n, 400))))));
}

function descent(app: App, document: ModelDocument): HTMLElement {
  const { foundation, parents } = document;
  return h("section", { class: "card" },
    h("h2", {}, "Likely descent"),
    h("h3", {}, "Foundation"),
    foundation === null || foundation.candidates.length === 0
      ? h("p", { class: "hint" }, "No known family stands out.")
      : h("ul", { class: "shares" }, ...foundation.candidates.slice(0, 6).map((c) =>
          h("li", {}, name(line(c.name, 80)), bar(c.probability, "wide"), h("span", { class: "num" }, `${Math.round(c.probability * 100)} %`)))),
    foundation?.note ? h("p", { class: "hint" }, h("bdi", {}, safe(foundation.note, 400))) : null,
    h("h3", {}, "Parents"),
    parents.length === 0
      ? h("p", { class: "hint" }, "No likely parent among these models.")
      : h("ul", { class: "shares" }, ...parents.map((p) =>
          h("li", { title: line(p.note, 200) }, modelLink(app, p.index), bar(p.confidence, "wide"), h("span", { class: "num" }, `${Math.round(p.confidence * 100)} %`)))),
    ...[...new Set(parents.map((p) => p.note))].filter((n) => n !== "").slice(0, 3).map((n) => h("p", { class: "hint" }, h("bdi", {}, safe(n, 300)))));
}

function facts(app: App, index: number, document: ModelDocument | null): HTMLElement {
  const rows: [string, string][] = app.columns
    .map((c): [string, string] => [line(c.label, 60), shown(c, index)])
    .filter(([, v]) => v !== "");
  const known = new Set(rows.map(([k]) => k.toLowerCase()));
  if (document !== null) {
    for (const [key, value] of Object.entries(document.metadata))
      if (!known.has(key.toLowerCase())) rows.push([line(key, 60), safe(value, 400)]);
    rows.push(["Address", safe(document.uri, 400)], ["Fingerprint", safe(document.fingerprint, 200)]);
  }
  return h("section", { class: "card" }, h("h2", {}, "What is said of it"),
    h("dl", { class: "facts" }, ...rows.flatMap(([k, v]) => [h("dt", {}, h("bdi", {}, k)), h("dd", {}, h("bdi", {}, v))])));
}

function provenance(document: ModelDocument): HTMLElement {
  const { provenance: p } = document;
  const states = Object.entries(p.states).map(([state, count]) => `${line(state, 30)} ${count}`).join(", ");
  const rows: [string, string][] = [
    ["Usable answers", `${p.usable} of ${p.probes}`],
    ["States", states || "–"],
    ["Encoders", p.encoders.map((e) => line(e, 80)).join(", ") || "–"],
    ["Digest", line(p.digest, 80) || "–"],
  ];
  return h("section", { class: "card" }, h("h2", {}, "How its DNA was taken"),
    h("dl", { class: "facts" }, ...rows.flatMap(([k, v]) => [h("dt", {}, k), h("dd", {}, h("bdi", {}, v))])),
    bar(p.usable / Math.max(1, p.probes), "wide"),
    ...p.notes.slice(0, 8).map((n) => h("p", { class: "hint" }, h("bdi", {}, safe(n, 300)))));
}

async function showEvidence(app: App, host: HTMLElement, document: ModelDocument, chosen: number | null, current: () => boolean): Promise<void> {
  const entry = document.evidence.find((e) => e.other === chosen) ?? document.evidence[0];
  if (entry === undefined) {
    host.remove();
    return;
  }
  const tabs = h("div", { class: "segments wrap", role: "group", "aria-label": "Relative" },
    ...document.evidence.slice(0, 8).map((e) =>
      button({ "aria-pressed": String(e === entry) }, name(line(app.label(e.other), 40)), () =>
        void showEvidence(app, host, document, e.other, current)),
    ));
  const body = h("div", {}, waiting());
  replace(host, h("h2", {}, "Probes that speak most for and against kinship"), tabs, body);
  if (!app.atlas.documents.answers) {
    replace(body, h("p", { class: "empty" }, "This bundle was made without the answers."));
    return;
  }
  try {
    const [probes, a, b] = await Promise.all([
      app.load<ProbesDocument>("probes"),
      app.load<AnswersDocument>(`answers/${document.index}`),
      app.load<AnswersDocument>(`answers/${entry.other}`),
    ]);
    if (!current()) return;
    const sides: Sides = { probes, a, b, labels: [app.label(document.index), app.label(entry.other)] };
    const list = (title: string, weighed: typeof entry.for, sign: number) =>
      h("section", {},
        h("h3", {}, title, h("span", { class: "hint" }, ` · ${plural(weighed.length, "probe")}`)),
        ...(weighed.length === 0 ? [h("p", { class: "hint" }, "None.")] : weighed.map((w) => sideBySide(sides, w.probe, sign * Math.abs(w.weight)))));
    replace(body,
      h("p", { class: "hint" }, h("mark", {}, "marked"), " is what both answers share at their beginning; sharing what few models say weighs most."),
      h("div", { class: "evidence" }, list("For kinship", entry.for, 1), list("Against kinship", entry.against, -1)),
      button({ class: "tool" }, "All probes of this pair", () => app.go({ page: "pair", a: document.index, b: entry.other })));
  } catch (error) {
    if (current()) replace(body, failed(error));
  }
}
