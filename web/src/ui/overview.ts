/** The first page: legend, map, tree, table, and the bar of the selection between them. */

import { line, plural } from "../text/safe";
import { shown } from "../data/columns";
import type { View } from "../state/store";
import type { App } from "./app";
import { button, download, h, replace } from "./dom";
import { legendPanel, without } from "./legend";
import { MapView } from "./mapview";
import { TableView, counted } from "./table";
import { TreeView } from "./treeview";

const VIEWS: readonly (readonly [View, string])[] = [
  ["all", "All"],
  ["map", "Map"],
  ["tree", "Tree"],
  ["table", "Table"],
];

export class Overview {
  readonly element: HTMLElement;
  readonly map: MapView;
  readonly tree: TreeView;
  readonly table: TableView;
  private readonly bar = h("div", { class: "bar-line" });

  constructor(private readonly app: App) {
    this.map = new MapView(app);
    this.tree = new TreeView(app);
    this.table = new TableView(app);
    const views = h("div", { class: "segments", role: "group", "aria-label": "What to show" },
      ...VIEWS.map(([view, label]) =>
        button({ "data-view": view, "aria-pressed": "false" }, label, () => app.store.set({ view })),
      ),
    );
    this.element = h(
      "div",
      { class: "overview" },
      legendPanel(app),
      h("div", { class: "stage" }, this.map.element, this.tree.element),
      h("div", { class: "below" }, h("div", { class: "bar-row" }, views, this.bar), this.table.element),
    );
    const arrange = () => {
      const { view } = app.state;
      this.element.dataset["view"] = view;
      for (const element of views.children)
        element.setAttribute("aria-pressed", String((element as HTMLElement).dataset["view"] === view));
    };
    app.store.subscribe((_, changed) => {
      if (changed.has("view")) arrange();
      if ((["selection", "query", "filters", "onlySelected"] as const).some((k) => changed.has(k))) this.showBar();
    });
    arrange();
    this.showBar();
  }

  private showBar(): void {
    const { app } = this;
    const { selection, filters, onlySelected, query } = app.state;
    const chip = (text: string, title: string, action: () => void) =>
      h("span", { class: "chip" }, h("bdi", {}, text), button({ "aria-label": title, title }, "×", action));
    const [a, b] = selection;
    replace(
      this.bar,
      h("span", { class: "count-all" }, counted(app)),
      query.trim() === "" ? null : chip(`“${line(query, 30)}”`, "Clear the search", () => app.store.set({ query: "" })),
      ...Object.entries(filters).map(([key, filter]) => {
        const label = line(app.column(key)?.label ?? key, 30);
        const values = filter.kind === "in"
          ? filter.values.map((v) => (v === "" ? "not known" : line(v, 24))).slice(0, 3).join(", ") + (filter.values.length > 3 ? ` +${filter.values.length - 3}` : "")
          : `${filter.low ?? "…"} to ${filter.high ?? "…"}`;
        return chip(`${label}: ${values}`, `Remove the filter on ${label}`, () => app.store.set({ filters: without(filters, key) }));
      }),
      app.filtering() ? button({ class: "quiet", title: "Select all models that pass" }, "Select these", () => app.select(app.rows())) : null,
      h("span", { class: "spacer" }),
      selection.length === 0
        ? h("span", { class: "hint" }, "Nothing selected")
        : h("span", { class: "chosen", "data-count": selection.length }, `${plural(selection.length, "model")} selected`),
      a !== undefined && selection.length === 1
        ? button({ class: "tool" }, "Open", () => app.go({ page: "model", index: a, other: null })) : null,
      a !== undefined && b !== undefined && selection.length === 2
        ? button({ class: "tool strong" }, "Compare the two", () => app.go({ page: "pair", a, b })) : null,
      selection.length > 0 || onlySelected
        ? button({ class: "tool", "aria-pressed": String(onlySelected), title: "The table shows selected models only" }, "Only these", () =>
            app.store.set({ onlySelected: !onlySelected })) : null,
      selection.length > 0
        ? button({ class: "tool", title: "Save the selected rows as CSV" }, "CSV", () => download("cladist-selection.csv", "text/csv", csv(app))) : null,
      selection.length > 0
        ? button({ class: "tool", title: "Clear the selection (Escape)" }, "Clear", () => app.store.set({ selection: new Int32Array(0), onlySelected: false })) : null,
    );
  }
}

/** Selected rows; what a spreadsheet would take for a formula is led by an apostrophe. */
function csv(app: App): string {
  const cell = (text: string) => {
    const tame = /^[=+\-@\t\r]/.test(text) && !/^-?\d/.test(text) ? `'${text}` : text;
    return /[",\n\r]/.test(tame) ? `"${tame.replaceAll('"', '""')}"` : tame;
  };
  const head = ["name", ...app.columns.map((c) => c.key)];
  const rows = [...app.state.selection].map((i) => [app.names[i] ?? "", ...app.columns.map((c) => (c.kind === "category" ? String(c.values[i] ?? "") : shown(c, i)))]);
  return [head, ...rows].map((r) => r.map(cell).join(",")).join("\n").concat("\n");
}
