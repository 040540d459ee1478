/** The page of a clade: who is in it, of which families, how sure it is, and what is nearest outside. */

import { shown } from "../data/columns";
import type { ModelDocument, Relative } from "../data/types";
import { line } from "../text/safe";
import { share, tr } from "../text/words";
import { beside, span } from "../tree/clade";
import { contents } from "../tree/fold";
import { has, models } from "../tree/tree";
import type { Tree } from "../tree/tree";
import type { App } from "./app";
import { files } from "./cladebar";
import { csv } from "./columnchooser";
import { button, download, h, replace } from "./dom";
import { bar, name, verdict } from "./marks";
import { modelLink, waiting } from "./parts";
import { figure } from "../text/safe";
import { cladeName } from "./treelabels";

/** Members whose relatives are asked for when the nearest outside are looked for. */
const ASKED = 40;
const LISTED = 200;
const OUTSIDE = 10;

export function cladePage(app: App, host: HTMLElement, node: number): void {
  const tree = app.tree();
  const back = button({ class: "tool back" }, tr("← Overview"), () => app.go({ page: "overview" }));
  if (tree === null || !has(tree, node) || (tree.children[node]?.length ?? 0) === 0) {
    replace(host, h("header", { class: "page-head" }, back), h("p", { class: "empty" }, tr("There is no such clade in this tree.")));
    return;
  }
  const members = models(tree, node).sort((a, b) => a - b);
  const title = h("h1", { tabindex: -1 }, cladeName(app, tree, node));
  replace(host,
    h("header", { class: "page-head" }, back, title, h("span", { class: "spacer" }),
      button({ class: "tool", title: tr("Select all models of this clade (Space)") }, tr("Show in the overview"), () => {
        app.select(members);
        app.store.set({ route: { page: "overview" } });
      }),
      button({ class: "tool", title: tr("Draw this clade alone") }, tr("Only this"), () => app.store.set({ clade: node, treeCamera: null, route: { page: "overview" } })),
      ...files(app, () => node),
      button({ class: "tool save" }, "CSV", () => download("cladist-clade.csv", "text/csv", csv(app, members)))),
    h("div", { class: "page-body" },
      h("div", { class: "column" }, about(app, tree, node, members), outside(app, tree, node, members)),
      h("div", { class: "column" }, memberList(app, members))));
  title.focus({ preventScroll: true });
}

function about(app: App, tree: Tree, node: number, members: readonly number[]): HTMLElement {
  const value = tree.support[node] ?? Number.NaN;
  const told: [string, string][] = [[tr("Models"), String(members.length)]];
  if (!Number.isNaN(value)) told.push([tr("Support"), share(value)]);
  for (const c of app.columns) {
    if (c.kind !== "date") continue;
    const found = span(members.map((m) => c.number[m] ?? Number.NaN));
    const at = (v: number) => shown(c, members.find((m) => c.number[m] === v) ?? 0);
    if (found !== null) told.push([app.columnLabel(c), found.low === found.high ? at(found.low) : `${at(found.low)} – ${at(found.high)} (${tr("{n} dated", { n: found.count })})`]);
  }
  const column = app.family();
  const families = contents(tree, node, (m) => app.familyRank(m));
  const known = families.reduce((sum, f) => sum + f.count, 0);
  return h("section", { class: "card" },
    h("h2", {}, tr("What it holds")),
    h("dl", { class: "facts" }, ...told.flatMap(([k, v]) => [h("dt", {}, k), h("dd", {}, v)])),
    h("ul", { class: "shares" }, ...families.slice(0, 12).map((f) =>
      h("li", {}, name(app.brief(column, f.rank)), bar(f.count / members.length, "wide"), h("span", { class: "num" }, f.count)))),
    families.length > 12 ? h("p", { class: "hint" }, tr("{n} other|{n} others", { n: families.length - 12 })) : null,
    known < members.length ? h("p", { class: "hint" }, tr("{n} model without a known family|{n} models without a known family", { n: members.length - known })) : null);
}

function outside(app: App, tree: Tree, node: number, members: readonly number[]): HTMLElement {
  const near = beside(tree, node);
  const body = h("div", {});
  const asked = members.slice(0, ASKED);
  const look = button({ class: "tool" }, tr("Nearest outside, with verdicts"), () => {
    look.disabled = true;
    void nearest(app, new Set(members), asked, body);
  });
  return h("section", { class: "card" },
    h("h2", {}, tr("Beside it")),
    near.length === 0 ? h("p", { class: "hint" }, tr("The whole tree is in it."))
      : h("p", {}, tr("Next on the tree: {n} model|Next on the tree: {n} models", { n: near.length }), ": ",
          ...near.slice(0, 6).flatMap((m, k) => [k > 0 ? tr(", ") : null, modelLink(app, m)]), near.length > 6 ? " …" : null),
    near.length > 0 && app.atlas.documents.models ? look : null, body);
}

async function nearest(app: App, own: ReadonlySet<number>, asked: readonly number[], body: HTMLElement): Promise<void> {
  const best = new Map<number, { from: number; relative: Relative }>();
  replace(body, waiting());
  let failures = 0;
  for (const [k, m] of asked.entries()) {
    if (!body.isConnected) return;
    try {
      for (const r of (await app.load<ModelDocument>(`model/${m}`)).relatives) {
        const known = best.get(r.index);
        if (!own.has(r.index) && (known === undefined || r.distance < known.relative.distance)) best.set(r.index, { from: m, relative: r });
      }
    } catch {
      failures++;
    }
    replace(body, h("progress", { max: asked.length, value: k + 1, "aria-label": tr("Models read") }));
  }
  const found = [...best.values()].sort((a, b) => a.relative.distance - b.relative.distance).slice(0, OUTSIDE);
  replace(body,
    found.length === 0 ? h("p", { class: "hint" }, tr("No model outside is among the nearest of its members."))
      : h("ul", { class: "outside" }, ...found.map(({ from, relative }) => h("li", {},
          modelLink(app, relative.index), verdict(relative.verdict), h("span", { class: "num" }, figure(relative.distance)),
          h("span", { class: "hint" }, tr("from {name}", { name: app.label(from) }))))),
    asked.length < own.size ? h("p", { class: "hint" }, tr("Of {n} members the first {most} were asked.", { n: own.size, most: asked.length })) : null,
    failures > 0 ? h("p", { class: "failed" }, tr("{n} model could not be read.|{n} models could not be read.", { n: failures })) : null);
}

function memberList(app: App, members: readonly number[]): HTMLElement {
  const column = app.family();
  return h("section", { class: "card" },
    h("h2", {}, tr("Members")),
    h("ul", { class: "members" }, ...members.slice(0, LISTED).map((m) => {
      const rank = app.familyRank(m);
      return h("li", {}, modelLink(app, m), h("span", { class: "hint" }, Number.isNaN(rank) ? "" : line(app.brief(column, rank), 40)));
    })),
    members.length > LISTED ? h("p", { class: "hint" }, tr("{n} more; the CSV has all.", { n: members.length - LISTED })) : null);
}
