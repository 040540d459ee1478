/** The list of keys, and who listens to them. */

import { remark } from "../text/remarks";
import { line } from "../text/safe";
import { tr } from "../text/words";
import type { App } from "./app";
import { button, h } from "./dom";
import type { Overview } from "./overview";

const KEYS = (): readonly (readonly [string, string])[] => [
  ["/", tr("Search")],
  ["?", tr("This page")],
  ["1  2  3  4", tr("Everything, map, tree, table")],
  ["T", tr("To the table; there ↑ ↓ walk, Space selects, Enter opens, Shift extends, Ctrl A takes all")],
  ["M", tr("To the map; there arrows move, + − zoom, 0 shows all")],
  ["B", tr("To the tree (branches); there arrows walk, Enter opens, Space selects, C collapses, R roots, + − zoom, 0 shows all")],
  ["L", tr("Lasso on the map; Shift and drag does the same on map and tree")],
  ["F", tr("Zoom to the selection")],
  ["P", tr("Next projection of the map")],
  ["Y", tr("Next layout of the tree")],
  ["O", tr("Only selected models in the table")],
  ["D", tr("Dark or light")],
  ["Esc", tr("Back, or close the card and clear the selection")],
];

const IDEAS = (): readonly (readonly [string, string])[] => [
  [tr("Distance"), tr("How differently two models answer the same prompts. Small is alike. It is evidence and no verdict.")],
  [tr("Verdict"), tr("Related, unrelated, inconclusive or not tested: one rule decides, the same here, on the command line and in reports. Inconclusive is not 'no'.")],
  ["p", tr("How often unrelated models come as near. In a list it is adjusted for the number listed.")],
  [tr("False-positive rate"), tr("How many of unrelated pairs may be called related. It is chosen before anything is seen.")],
  [tr("Family"), tr("The pretrained model that others were made from, as labels or a table say. 'Not excluded' names all families that the model may be of, at the stated share of models.")],
  [tr("Measured cluster"), tr("Models that answer alike beyond chance, named by their most central one. No lineage is claimed.")],
  [tr("Map"), tr("Near points answer alike. Distances across the map mean little; the line below says how many neighbours it keeps.")],
  [tr("Tree"), tr("Who joins whom by what they answer. A name on a clade says that all models of known family in it are of that one.")],
  [tr("Support"), tr("How often a branch comes back when prompts are drawn anew.")],
  [tr("Contradicted"), tr("A declared parent is contradicted only where a calibrated test says that the two are unrelated.")],
];

export function helpDialog(app: App): HTMLDialogElement {
  const { assay } = app.atlas;
  const dialog = h(
    "dialog",
    { class: "help", "aria-label": tr("Help") },
    h("header", {}, h("h2", {}, tr("What is seen here")), button({ class: "tool close", "aria-label": tr("Close") }, "×", () => dialog.close())),
    h("dl", { class: "ideas" }, ...IDEAS().flatMap(([word, what]) => [h("dt", {}, word), h("dd", {}, what)])),
    h("h2", {}, tr("Keys")),
    h("dl", { class: "keys" }, ...KEYS().flatMap(([key, what]) => [
      h("dt", {}, ...key.split("  ").map((k) => h("kbd", {}, k))), h("dd", {}, what),
    ])),
    h("h2", {}, tr("Pointer")),
    h("p", {}, tr("A click on a model opens its card; a click on a closed clade opens the clade. Drag moves, the wheel zooms (in the rectangular tree the rows; with Shift the depth). Ctrl and click selects one more or less. A click in the legend shows one group alone.")),
    h("h2", {}, tr("Search")),
    h("p", {}, tr("Words look in names and groups. family:llama looks in a column, size>7 compares, -word turns it round, quotes hold words together. What is misspelt gets suggestions.")),
    h("h2", {}, tr("These data")),
    h("p", {}, `${line(app.atlas.generated_by, 80)} · assay ${line(assay.name, 80)} (${line(assay.digest, 16)}) · ${tr("{n} prompt|{n} prompts", { n: assay.probes })} · ${line(assay.metric, 40)}`),
    h("p", {}, line(assay.description, 600)),
    ...(app.atlas.remarks ?? []).map((r) => h("p", { class: "remark" }, h("bdi", {}, line(remark(r), 600)))),
  );
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  return dialog;
}

export interface Actions {
  readonly help: () => void;
  readonly theme: () => void;
  readonly search: HTMLInputElement;
}

/** Keys that work anywhere outside of text fields. */
export function listenKeys(app: App, overview: Overview, actions: Actions): void {
  const { store } = app;
  const views = ["all", "map", "tree", "table"] as const;
  const go = (view: "map" | "tree" | "table", focus: () => void) => () => {
    store.set({ route: { page: "overview" } });
    if (store.state.view !== "all" && store.state.view !== view) store.set({ view });
    focus();
  };
  const keys: Record<string, () => void> = {
    "/": () => actions.search.focus(),
    "?": actions.help,
    t: go("table", () => overview.table.focus()),
    m: go("map", () => overview.map.plot.surface.focus()),
    b: go("tree", () => overview.tree.plot.surface.focus()),
    l: go("map", () => overview.map.toggleLasso()),
    f: () => {
      overview.map.fit();
      overview.tree.fit();
    },
    p: () => nextMap(app),
    y: () => overview.tree.nextLayout(),
    o: () => store.set({ onlySelected: !store.state.onlySelected }),
    d: actions.theme,
    Escape: () => {
      if (store.state.route.page !== "overview") app.go({ page: "overview" });
      else if (app.kin !== null || store.state.active !== null) {
        overview.card.close();
        store.set({ selection: new Int32Array(0), onlySelected: false });
      } else if (store.state.selection.length > 0) store.set({ selection: new Int32Array(0), onlySelected: false });
      else store.set({ query: "", filters: {} });
    },
  };
  document.addEventListener("keydown", (event) => {
    const target = event.target as HTMLElement | null;
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.querySelector("dialog[open]") !== null) return;
    if (target?.closest("input, textarea, select") != null) {
      if (event.key === "Escape") target.blur();
      return;
    }
    const view = views[Number(event.key) - 1];
    const action = view !== undefined ? () => store.set({ view, route: { page: "overview" } })
      : Object.hasOwn(keys, event.key) ? keys[event.key] : undefined;
    if (action === undefined) return;
    event.preventDefault();
    action();
  });
}

function nextMap(app: App): void {
  const { maps } = app.atlas;
  const at = maps.findIndex((m) => m.key === app.state.map);
  const next = maps[(at + 1) % Math.max(1, maps.length)];
  if (next === undefined) return;
  app.store.set({ map: next.key, mapCamera: null });
  app.say(tr("Map: {name}", { name: line(next.label, 60) }));
}
