/** The table: every model a row, only those in view made into elements. */

import { shown } from "../data/columns";
import type { Column } from "../data/columns";
import { css } from "../colour/scale";
import { line } from "../text/safe";
import { tr } from "../text/words";
import type { App } from "./app";
import { h, replace } from "./dom";
import { markIcon, name } from "./marks";

const HEIGHT = 27;
const SPARE = 6;

export class TableView {
  readonly element: HTMLElement;
  private readonly head = h("div", { class: "t-head", role: "row", "aria-rowindex": 1 });
  private readonly space = h("div", { class: "t-space", role: "presentation" });
  private readonly scroller: HTMLElement;
  private readonly grid: HTMLElement;
  private readonly summary = h("div", { class: "summary", role: "gridcell" });
  private readonly none = h("div", { role: "row" }, this.summary);
  private readonly rows = new Map<number, HTMLElement>();
  private drawnFor: unknown[] = [];
  private anchor: number | null = null;

  constructor(private readonly app: App) {
    this.grid = h(
      "div",
      {
        class: "grid", role: "grid", tabindex: 0, "aria-multiselectable": "true", "aria-label": tr("Models"),
      },
      h("div", { role: "rowgroup", class: "t-headgroup" }, this.head),
      h("div", { role: "rowgroup" }, this.space),
    );
    this.scroller = h("div", { class: "t-scroll" }, this.grid);
    this.element = h(
      "section",
      { class: "panel table-panel", "aria-label": tr("Table of models") },
      this.scroller,
    );
    this.showHead();
    this.scroller.addEventListener("scroll", () => this.draw(), { passive: true });
    new ResizeObserver(() => this.draw()).observe(this.scroller);
    this.grid.addEventListener("keydown", (event) => {
      if (this.key(event)) event.preventDefault();
    });
    this.space.addEventListener("click", (event) => this.click(event));
    this.space.addEventListener("dblclick", (event) => {
      const row = this.rowOf(event);
      if (row !== null) app.go({ page: "model", index: row, other: null });
    });
    this.space.addEventListener("pointerover", (event) => {
      if (event.pointerType !== "touch") app.setHover(this.rowOf(event));
    });
    this.space.addEventListener("pointerleave", () => app.setHover(null));
    app.store.subscribe((_, changed) => {
      if (changed.has("sort") || changed.has("colour") || changed.has("hidden")) this.showHead();
      if (changed.has("hidden")) this.draw(true);
      const keys = ["sort", "query", "filters", "onlySelected", "selection", "active", "colour", "route", "view"] as const;
      if (keys.some((k) => changed.has(k))) this.draw();
      if (changed.has("active") && !this.grid.contains(document.activeElement)) this.reveal();
    });
    app.onHover((index) => {
      for (const [row, element] of this.rows) element.classList.toggle("hover", row === index);
    });
    app.onTheme(() => this.draw(true));
  }

  focus(): void {
    this.grid.focus();
  }

  /** Scrolls so that the active model can be seen. */
  reveal(): void {
    const { active } = this.app.state;
    const at = active === null ? -1 : this.app.rows().indexOf(active);
    if (at < 0) return;
    const { scrollTop, clientHeight } = this.scroller;
    const top = at * HEIGHT;
    const room = clientHeight - HEIGHT - 8;
    if (top < scrollTop) this.scroller.scrollTop = top;
    else if (top + HEIGHT > scrollTop + room) this.scroller.scrollTop = top + HEIGHT - room;
    this.draw();
  }

  private showHead(): void {
    const { app } = this;
    const { sort } = app.state;
    const columns = app.shownColumns();
    this.grid.style.setProperty("--columns", template(columns));
    this.grid.setAttribute("aria-colcount", String(columns.length + 2));
    const cell = (key: string, label: string, index: number, numeric: boolean) => {
      const on = sort?.key === key;
      const arrow = on ? (sort.descending ? "↓" : "↑") : "";
      const sorter = h("button", { type: "button", tabindex: -1, title: tr("Sort by {name}", { name: label }) },
        h("span", {}, label), h("span", { class: "arrow", "aria-hidden": "true" }, arrow));
      sorter.addEventListener("click", () => {
        // Ascending, descending, and back to the order of the data.
        const next = !on ? { key, descending: false } : sort.descending ? null : { key, descending: true };
        app.store.set({ sort: next });
        app.say(next === null ? tr("Order of the data") : next.descending ? tr("Sorted by {name}, descending", { name: label }) : tr("Sorted by {name}, ascending", { name: label }));
      });
      return h("div", {
        role: "columnheader", class: numeric ? "num" : null, "aria-colindex": index,
        "aria-sort": on ? (sort.descending ? "descending" : "ascending") : "none",
      }, sorter);
    };
    replace(
      this.head,
      h("div", { role: "columnheader", class: "c-mark", "aria-colindex": 1 }, h("span", { class: "sr" }, tr("Selected"))),
      cell("name", tr("Name"), 2, false),
      ...columns.map((c, k) => cell(c.key, app.columnLabel(c), k + 3, c.kind === "number")),
    );
  }

  private draw(force = false): void {
    const { app } = this;
    if (this.scroller.clientHeight === 0) return;
    const rows = app.rows();
    const { selection, active } = app.state;
    const from = Math.max(0, Math.floor(this.scroller.scrollTop / HEIGHT) - SPARE);
    const to = Math.min(rows.length, Math.ceil((this.scroller.scrollTop + this.scroller.clientHeight) / HEIGHT) + SPARE);
    const key = [rows, selection, active, app.painting(), from, to];
    if (!force && key.every((k, i) => k === this.drawnFor[i])) return;
    const fresh = force || this.drawnFor[3] !== key[3];
    this.drawnFor = key;
    this.space.style.setProperty("block-size", `${rows.length * HEIGHT}px`);
    this.grid.setAttribute("aria-rowcount", String(rows.length + 1));
    const wanted = new Set(rows.subarray(from, to));
    for (const [row, element] of this.rows)
      if (fresh || !wanted.has(row)) {
        element.remove();
        this.rows.delete(row);
      }
    const selected = app.selected();
    for (let at = from; at < to; at++) {
      const row = rows[at] ?? 0;
      let element = this.rows.get(row);
      if (element === undefined) {
        element = this.make(row);
        this.rows.set(row, element);
        this.space.append(element);
      }
      element.style.setProperty("transform", `translateY(${at * HEIGHT}px)`);
      element.setAttribute("aria-rowindex", String(at + 2));
      element.setAttribute("aria-selected", selected[row] ? "true" : "false");
      element.classList.toggle("active", row === active);
    }
    const current = active === null ? undefined : this.rows.get(active);
    if (current === undefined) this.grid.removeAttribute("aria-activedescendant");
    else this.grid.setAttribute("aria-activedescendant", current.id);
    if (rows.length > 0) this.none.remove();
    else if (!this.none.isConnected) this.space.append(this.none);
    this.summary.textContent = rows.length === 0 ? tr("No model passes the search and the filters.") : "";
  }

  private make(row: number): HTMLElement {
    const { app } = this;
    const painting = app.painting();
    const colour = css([painting.rgb[3 * row] ?? 0, painting.rgb[3 * row + 1] ?? 0, painting.rgb[3 * row + 2] ?? 0]);
    const title = app.label(row);
    return h(
      "div",
      { class: "t-row", role: "row", id: `row-${row}`, "data-row": row },
      h("div", { role: "gridcell", class: "c-mark", "aria-colindex": 1 },
        markIcon(colour, painting.shape[row] ?? 0, painting.missing[row] === 1)),
      h("div", { role: "gridcell", class: "c-name", "aria-colindex": 2, title }, name(title)),
      ...app.shownColumns().map((c, k) => {
        const text = shown(c, row);
        return h("div", {
          role: "gridcell", class: c.kind === "number" ? "num" : null, "aria-colindex": k + 3,
          title: c.kind === "number" ? line(String(c.values[row] ?? ""), 40) : text.length > 14 ? text : null,
        }, text === "" ? h("span", { class: "gap", "aria-label": tr("not known"), role: "img" }, "–") : h("bdi", {}, text));
      }),
    );
  }

  private rowOf(event: Event): number | null {
    const element = (event.target as Element | null)?.closest<HTMLElement>("[data-row]");
    return element ? Number(element.dataset["row"]) : null;
  }

  private click(event: MouseEvent): void {
    const row = this.rowOf(event);
    if (row === null) return;
    const { app } = this;
    if (event.shiftKey && this.anchor !== null) app.select(this.between(this.anchor, row), "add");
    else {
      app.select([row], event.ctrlKey || event.metaKey ? "toggle" : "replace");
      this.anchor = row;
    }
    app.store.set({ active: row });
  }

  private between(a: number, b: number): number[] {
    const rows = this.app.rows();
    const [x, y] = [rows.indexOf(a), rows.indexOf(b)];
    return x < 0 || y < 0 ? [b] : [...rows.subarray(Math.min(x, y), Math.max(x, y) + 1)];
  }

  private key(event: KeyboardEvent): boolean {
    const { app } = this;
    const rows = app.rows();
    if (rows.length === 0 || event.altKey) return false;
    const { active } = app.state;
    const at = active === null ? -1 : rows.indexOf(active);
    const page = Math.max(1, Math.floor(this.scroller.clientHeight / HEIGHT) - 2);
    const steps: Record<string, number> = {
      ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + page, PageUp: at - page,
      Home: 0, End: rows.length - 1,
    };
    const target = Object.hasOwn(steps, event.key) ? steps[event.key] : undefined;
    if (target !== undefined) {
      const next = rows[Math.max(0, Math.min(rows.length - 1, target))] ?? 0;
      if (event.shiftKey && active !== null) app.select(this.between(active, next), "add");
      app.store.set({ active: next });
      this.reveal();
      if (!event.shiftKey) app.say(tr("{name}, row {a} of {b}", { name: app.label(next), a: Math.max(0, Math.min(rows.length - 1, target)) + 1, b: rows.length }));
      return true;
    }
    if ((event.ctrlKey || event.metaKey) && event.key === "a") {
      app.select(rows);
      return true;
    }
    if (event.ctrlKey || event.metaKey || active === null) return false;
    if (event.key === " ") app.select([active], "toggle");
    else if (event.key === "Enter") app.go({ page: "model", index: active, other: null });
    else return false;
    return true;
  }
}

function template(columns: readonly Column[]): string {
  const widths = columns.map((c) => {
    if (c.kind === "date") return "92px";
    if (c.kind === "number") return "minmax(76px, 0.6fr)";
    return "minmax(96px, 1fr)";
  });
  return ["30px", "minmax(170px, 2.2fr)", ...widths].join(" ");
}

/** "3 of 12 models", for the bar above the table. */
export function counted(app: App): string {
  const rows = app.rows().length;
  return rows === app.count ? tr("{n} model|{n} models", { n: app.count }) : tr("{a} of {n} model|{a} of {n} models", { a: rows, n: app.count });
}
