/** The first page: what is seen in a sentence, legend, map, tree, the card of a model, the table. */

import { line } from "../text/safe";
import { share, tr } from "../text/words";
import type { View } from "../state/store";
import { MOST_COMPARED } from "../state/url";
import type { App } from "./app";
import { Card } from "./card";
import { columnChooser, csv } from "./columnchooser";
import { button, download, h, replace } from "./dom";
import { legendPanel, without } from "./legend";
import { MapView } from "./mapview";
import { suggestionBar } from "./suggestions";
import { TableView, counted } from "./table";
import { timePanel } from "./timeline";
import { TreeView } from "./treeview";

const VIEWS = (): readonly (readonly [View, string])[] => [
  ["all", tr("All")],
  ["map", tr("Map")],
  ["tree", tr("Tree")],
  ["table", tr("Table")],
];

export class Overview {
  readonly element: HTMLElement;
  readonly map: MapView;
  readonly tree: TreeView;
  readonly table: TableView;
  readonly card: Card;
  private readonly bar = h("div", { class: "bar-line" });
  private readonly chooser: HTMLElement;

  constructor(private readonly app: App) {
    this.chooser = columnChooser(app);
    this.map = new MapView(app);
    this.tree = new TreeView(app);
    this.table = new TableView(app);
    const views = h("div", { class: "segments", role: "group", "aria-label": tr("What to show") },
      ...VIEWS().map(([view, label]) =>
        button({ "data-view": view, "aria-pressed": "false" }, label, () => app.store.set({ view })),
      ),
    );
    const stage = h("div", { class: "stage" }, this.map.element, this.tree.element);
    this.card = new Card(app);
    this.element = h(
      "div",
      { class: "overview" },
      h("p", { class: "headline" }, ...headline(app)),
      h("div", { class: "rail-column" }, legendPanel(app), timePanel(app)),
      stage,
      h("div", { class: "below" }, h("div", { class: "bar-row" }, views, this.bar), this.table.element),
    );
    stage.append(this.card.element);
    if (!this.card.element.hidden) stage.classList.add("with-card");
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
      query.trim() === "" ? null : chip(`“${line(query, 30)}”`, tr("Clear the search"), () => app.store.set({ query: "" })),
      suggestionBar(app),
      ...Object.entries(filters).map(([key, filter]) => {
        const column = app.column(key);
        const label = column === null ? line(key, 30) : app.columnLabel(column);
        const values = filter.kind === "in"
          ? filter.values.map((v) => (v === "" ? tr("not known") : line(v, 24))).slice(0, 3).join(", ") + (filter.values.length > 3 ? ` +${filter.values.length - 3}` : "")
          : tr("{a} to {b}", { a: bound(column?.kind, filter.low), b: bound(column?.kind, filter.high) });
        return chip(`${label}: ${values}`, tr("Remove the filter on {name}", { name: label }), () => app.store.set({ filters: without(filters, key) }));
      }),
      app.filtering() ? button({ class: "quiet", title: tr("Select all models that pass") }, tr("Select these"), () => app.select(app.rows())) : null,
      h("span", { class: "spacer" }),
      selection.length === 0
        ? h("span", { class: "hint" }, tr("Nothing selected"))
        : h("span", { class: "chosen", "data-count": selection.length }, tr("{n} model selected|{n} models selected", { n: selection.length })),
      a !== undefined && selection.length === 1
        ? button({ class: "tool" }, tr("Open"), () => app.go({ page: "model", index: a, other: null })) : null,
      a !== undefined && b !== undefined && selection.length === 2
        ? button({ class: "tool strong" }, tr("Compare the two"), () => app.go({ page: "pair", a, b })) : null,
      selection.length > 2 && selection.length <= MOST_COMPARED
        ? button({ class: "tool strong" }, tr("Compare the {n}", { n: selection.length }), () => app.go({ page: "compare", models: [...selection] })) : null,
      selection.length > MOST_COMPARED
        ? h("span", { class: "hint" }, tr("up to {n} can be compared", { n: MOST_COMPARED })) : null,
      selection.length > 0 || onlySelected
        ? button({ class: "tool", "aria-pressed": String(onlySelected), title: tr("The table shows selected models only") }, tr("Only these"), () =>
            app.store.set({ onlySelected: !onlySelected })) : null,
      this.chooser,
      button({ class: "tool", title: selection.length > 0 ? tr("Save the selected rows as CSV") : tr("Save the rows of the table as CSV") }, "CSV", () =>
        download("cladist-models.csv", "text/csv", csv(app, selection.length > 0 ? selection : app.rows()))),
      selection.length > 0
        ? button({ class: "tool", title: tr("Clear the selection (Escape)") }, tr("Clear"), () => app.store.set({ selection: new Int32Array(0), onlySelected: false })) : null,
    );
  }
}

function bound(kind: string | undefined, value: number | null): string {
  if (value === null) return "…";
  return kind === "date" ? new Date(value).toISOString().slice(0, 10) : String(value);
}

/** What is seen, in a sentence: how many models and families, the map's faith, the declared steps. */
function headline(app: App): (Node | string)[] {
  const { families, maps, declared } = app.atlas;
  const measured = families.column === "cluster";
  const parts: (Node | string)[] = [
    measured
      ? tr("{models} in {clusters} by what they answer, as no families are known", { models: tr("{n} model|{n} models", { n: app.count }), clusters: tr("{n} cluster|{n} clusters", { n: families.count }) })
      : tr("{models}, {families} {origin}", {
          models: tr("{n} model|{n} models", { n: app.count }),
          families: tr("{n} family|{n} families", { n: families.count }),
          origin: families.origin === "labels" ? tr("by the labels given") : families.origin === "metadata" ? tr("by the metadata") : tr("by the table of known models"),
        }),
  ];
  const rest = app.count - families.models;
  if (!measured && rest > 0) parts.push(" ", tr("({n} without a known family)", { n: rest }));
  if (app.family()?.key === "group" && !measured) parts.push(", ", tr("coloured by maker, as families are too many for a colour each"));
  const map = maps[0];
  if (map !== undefined) parts.push("; ", tr("the map keeps {share} of each model's ten nearest", { share: share(map.kept) }));
  if (declared !== null) {
    const count = (v: string) => declared.edges.filter((e) => e.verdict === v).length;
    const [bad, all, untested] = [count("contradicted"), declared.edges.length, count("not tested") + count("not measured")];
    parts.push("; ", button({ class: "quiet" }, bad > 0 ? tr("{n} declared step is contradicted|{n} declared steps are contradicted", { n: bad }) : tr("no declared step is contradicted"), () => app.go({ page: "declared" })),
      " ", untested > 0 ? tr("(of {all}; {n} could not be tested)", { all, n: untested }) : tr("(of {all})", { all }));
  }
  parts.push(".");
  return parts;
}
