/** Which columns the table shows, and the table as a file. */

import { shown } from "../data/columns";
import { csvCell } from "../text/cells";
import { tr } from "../text/words";
import type { App } from "./app";
import { h } from "./dom";

export function columnChooser(app: App): HTMLElement {
  const { hidden } = app.state;
  return h("details", { class: "menu" },
    h("summary", { class: "tool" }, tr("Columns")),
    h("fieldset", { class: "menu-body" }, h("legend", { class: "sr" }, tr("Columns of the table")),
      ...app.columns.map((c) => {
        const box = h("input", { type: "checkbox" });
        box.checked = !hidden.includes(c.key);
        box.addEventListener("change", () => {
          const now = app.state.hidden;
          app.store.set({ hidden: box.checked ? now.filter((k) => k !== c.key) : [...now, c.key] });
        });
        return h("label", {}, box, h("bdi", {}, app.columnLabel(c)));
      })));
}

/** Rows as CSV; what a spreadsheet would take for a formula is led by an apostrophe. */
export function csv(app: App, rows: Iterable<number>): string {
  const columns = app.shownColumns();
  const head = ["name", ...columns.map((c) => c.key)];
  const lines = [...rows].map((i) => [app.names[i] ?? "", ...columns.map((c) => (c.kind === "category" ? String(c.values[i] ?? "") : shown(c, i)))]);
  return [head, ...lines].map((r) => r.map(csvCell).join(",")).join("\n").concat("\n");
}
