/** What the search says when it finds nothing. */

import { suggestions, unknownColumns } from "../state/suggest";
import { line } from "../text/safe";
import { tr } from "../text/words";
import type { App } from "./app";
import { button, h } from "./dom";

export function suggestionBar(app: App): HTMLElement | null {
  const { query } = app.state;
  if (query.trim() === "" || app.rows().length > 0) return null;
  const [column] = unknownColumns(query, app.columns);
  if (column !== undefined) {
    const [near] = suggestions(column, app.columns.map((c) => c.key), 1);
    return h("span", { class: "suggest", role: "status" },
      tr("There is no column '{name}'; there are {names}.", { name: column, names: app.columns.map((c) => line(c.key, 30)).slice(0, 12).join(", ") }),
      near === undefined ? null : button({ class: "quiet" }, query.replace(column, near), () => app.store.set({ query: query.replace(column, near) })));
  }
  const groups = app.columns.filter((c) => c.kind === "category").flatMap((c) => c.categories);
  const found = suggestions(query, [...app.names, ...groups]);
  if (found.length === 0) return h("span", { class: "suggest", role: "status" }, tr("No name is like it."));
  return h("span", { class: "suggest", role: "status" }, tr("Did you mean"), ...found.map((name) =>
    button({ class: "quiet" }, line(name, 60), () => app.store.set({ query: `"${name.replaceAll('"', "")}"` }))));
}
