/** The list of keys, and who listens to them. */

import { line } from "../text/safe";
import type { App } from "./app";
import { button, h } from "./dom";
import type { Overview } from "./overview";

const KEYS: readonly (readonly [string, string])[] = [
  ["/", "Search"],
  ["?", "This list"],
  ["1  2  3  4", "Everything, map, tree, table"],
  ["T", "To the table; there ↑ ↓ walk, Space selects, Enter opens, Shift extends, Ctrl A takes all"],
  ["M", "To the map; there arrows move, + − zoom, 0 shows all"],
  ["B", "To the tree (branches); there arrows walk, Enter selects, C collapses, R roots, + − zoom, 0 shows all"],
  ["L", "Lasso on the map; Shift and drag does the same on map and tree"],
  ["F", "Zoom to the selection"],
  ["P", "Next projection of the map"],
  ["Y", "Next layout of the tree"],
  ["O", "Only selected models in the table"],
  ["D", "Dark or light"],
  ["Esc", "Back, or clear the selection"],
];

export function helpDialog(app: App): HTMLDialogElement {
  const { assay } = app.atlas;
  const dialog = h(
    "dialog",
    { class: "help", "aria-label": "Help" },
    h("header", {}, h("h2", {}, "Keys"), button({ class: "tool close", "aria-label": "Close" }, "×", () => dialog.close())),
    h("dl", { class: "keys" }, ...KEYS.flatMap(([key, what]) => [
      h("dt", {}, ...key.split("  ").map((k) => h("kbd", {}, k))), h("dd", {}, what),
    ])),
    h("h2", {}, "Pointer"),
    h("p", {}, "Drag moves, the wheel zooms (in the rectangular tree the rows; with Shift the depth). Click selects, with Ctrl one more or less; double click opens. Click in the legend shows one group alone."),
    h("h2", {}, "Search"),
    h("p", {}, "Words look in names and groups. ", h("code", {}, "family:llama"), " looks in a column, ", h("code", {}, "size>7"), " compares, ", h("code", {}, "-word"), " turns it round, quotes hold words together."),
    h("h2", {}, "These data"),
    h("p", {}, `${line(app.atlas.generated_by, 80)} · assay ${line(assay.name, 80)} (${line(assay.digest, 16)}) · ${assay.probes} probes, ${assay.samples} samples · ${assay.dimension} dimensions · ${line(assay.metric, 40)}`),
    h("p", {}, line(assay.description, 600)),
    ...(app.atlas.remarks ?? []).map((r) => h("p", { class: "remark" }, h("bdi", {}, line(r, 600)))),
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
      else if (store.state.selection.length > 0) store.set({ selection: new Int32Array(0), onlySelected: false });
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
  app.say(`Map: ${line(next.label, 60)}`);
}
