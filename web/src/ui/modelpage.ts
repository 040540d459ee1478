/** The page of one model: who its relatives are, and why. */

import type { ModelDocument } from "../data/types";
import { noFamilies } from "../text/families";
import { remark } from "../text/remarks";
import { line, safe } from "../text/safe";
import { share, tr } from "../text/words";
import type { App } from "./app";
import { button, h, replace } from "./dom";
import { conclusion, kinList, parents } from "./card";
import { facts, provenance } from "./facts";
import { bar, meaning, name, verdict } from "./marks";
import { reportButton } from "./report";
import { sideBySide } from "./side";
import type { Sides } from "./side";
import type { AnswersDocument, ProbesDocument } from "../data/types";
import { failed, waiting } from "./parts";

/** Fills `host` with the page; `current` says whether it is still wanted when data arrive. */
export async function modelPage(app: App, host: HTMLElement, index: number, other: number | null, current: () => boolean): Promise<void> {
  const title = h("h1", { tabindex: -1 }, name(app.label(index)));
  const body = h("div", { class: "page-body" }, waiting());
  replace(
    host,
    h("header", { class: "page-head" },
      button({ class: "tool back" }, tr("← Overview"), () => app.go({ page: "overview" })),
      title,
      h("span", { class: "spacer" }),
      reportButton(app, index),
      button({ class: "tool", title: tr("Select it in map, tree and table") }, tr("Show in the overview"), () => {
        app.select([index]);
        app.store.set({ active: index, route: { page: "overview" } });
      })),
    body,
  );
  title.focus({ preventScroll: true });
  if (!app.atlas.documents.models) {
    replace(body, said(app, index, null), h("p", { class: "empty" }, tr("This folder was made without the pages of models.")));
    return;
  }
  let document: ModelDocument;
  try {
    document = await app.load<ModelDocument>(`model/${index}`);
  } catch (error) {
    if (current()) replace(body, said(app, index, null), failed(error));
    return;
  }
  if (!current()) return;
  const chosen = other ?? document.evidence[0]?.other ?? null;
  const evidence = h("details", { class: "card" });
  replace(
    body,
    h("div", { class: "column" },
      h("section", { class: "card" }, conclusion(app, document.relatives, document.set, parents(app, document), noFamilies(document.foundation))),
      h("section", { class: "card" }, kinList(app, document.relatives, index, "h2"), meanings(document)),
      evidence),
    h("div", { class: "column" }, likely(document), said(app, index, document),
      h("section", { class: "card" }, h("h2", {}, tr("How its DNA was taken")), provenance(document))),
  );
  await showEvidence(app, evidence, document, chosen, current);
}

function likely(document: ModelDocument): HTMLElement {
  const { foundation } = document;
  return h("section", { class: "card" },
    h("h2", {}, tr("Families by probability")),
    foundation === null || foundation.candidates.length === 0
      ? h("p", { class: "hint" }, h("bdi", {}, noFamilies(foundation)))
      : h("ul", { class: "shares" }, ...foundation.candidates.slice(0, 6).map((c) =>
          h("li", {}, name(c.name === "none of these" ? tr("none of these") : line(c.name, 80)), bar(c.probability, "wide"), h("span", { class: "num" }, share(c.probability))))),
    foundation !== null && foundation.candidates.length > 0 && foundation.note !== "" ? h("p", { class: "hint" }, h("bdi", {}, safe(remark(foundation.note), 400))) : null);
}

function meanings(document: ModelDocument): HTMLElement {
  const used = new Set(document.relatives.map((r) => r.verdict));
  return h("div", { class: "meanings" }, ...[...used].map((v) => h("p", {}, verdict(v), " ", h("span", {}, meaning(v)))));
}

function said(app: App, index: number, document: ModelDocument | null): HTMLElement {
  return h("section", { class: "card" }, h("h2", {}, tr("What is said of it")), facts(app, index, document));
}

async function showEvidence(app: App, host: HTMLElement, document: ModelDocument, chosen: number | null, current: () => boolean): Promise<void> {
  const entry = document.evidence.find((e) => e.other === chosen) ?? document.evidence[0];
  if (entry === undefined) {
    host.remove();
    return;
  }
  const tabs = h("div", { class: "segments wrap", role: "group", "aria-label": tr("Relative") },
    ...document.evidence.slice(0, 8).map((e) =>
      button({ "aria-pressed": String(e === entry) }, name(line(app.label(e.other), 40)), () =>
        void showEvidence(app, host, document, e.other, current)),
    ));
  const body = h("div", {}, waiting());
  replace(host, h("summary", {}, h("h2", {}, tr("Evidence: prompts that speak most for and against kinship"))), tabs, body);
  if (!app.atlas.documents.answers) {
    replace(body, h("p", { class: "empty" }, tr("This folder was made without the answers.")));
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
        h("h3", {}, title, h("span", { class: "hint" }, ` · ${tr("{n} prompt|{n} prompts", { n: weighed.length })}`)),
        ...(weighed.length === 0 ? [h("p", { class: "hint" }, tr("None."))] : weighed.map((w) => sideBySide(sides, w.probe, sign * Math.abs(w.weight)))));
    replace(body,
      h("p", { class: "hint" }, tr("Marked is what both answers begin with. Sharing what few models say weighs most.")),
      h("div", { class: "evidence" }, list(tr("For kinship"), entry.for, 1), list(tr("Against kinship"), entry.against, -1)),
      button({ class: "tool" }, tr("All prompts of this pair"), () => app.go({ page: "pair", a: document.index, b: entry.other })));
  } catch (error) {
    if (current()) replace(body, failed(error));
  }
}
