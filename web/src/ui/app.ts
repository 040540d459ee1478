/** What all parts of the page share: the data, the state and what follows from both. */

import { columns } from "../data/columns";
import type { Column } from "../data/columns";
import type { Load } from "../data/load";
import type { AtlasDocument } from "../data/types";
import { paint } from "../colour/scale";
import type { Painting } from "../colour/scale";
import type { Theme } from "../colour/palette";
import { matching, ordered } from "../state/query";
import { combined, mask } from "../state/selection";
import type { Combine } from "../state/selection";
import type { Route, State, Store } from "../state/store";
import { line, plural } from "../text/safe";
import { rerooted } from "../tree/tree";
import type { Tree } from "../tree/tree";
import { parsed } from "../tree/newick";

export class App {
  readonly columns: readonly Column[];
  readonly count: number;
  readonly names: readonly string[];
  readonly labels: readonly string[];
  private hovered: number | null = null;
  private readonly hoverListeners = new Set<(index: number | null) => void>();
  private readonly themeListeners = new Set<() => void>();

  constructor(
    readonly atlas: AtlasDocument,
    readonly store: Store,
    readonly load: Load,
    readonly say: (text: string) => void,
    private themed: Theme,
  ) {
    this.columns = columns(atlas);
    this.names = atlas.models.name;
    this.labels = this.names.map((name) => line(name, 160));
    this.count = this.names.length;
  }

  get state(): State {
    return this.store.state;
  }

  get theme(): Theme {
    return this.themed;
  }

  setTheme(theme: Theme): void {
    this.themed = theme;
    for (const listener of this.themeListeners) listener();
  }

  onTheme(listener: () => void): void {
    this.themeListeners.add(listener);
  }

  label(index: number): string {
    return this.labels[index] ?? "?";
  }

  column(key: string): Column | null {
    return this.columns.find((c) => c.key === key) ?? null;
  }

  // What follows from the state is computed when asked for, and kept until the state differs.
  private readonly memory = new Map<string, { keys: readonly unknown[]; value: unknown }>();

  private kept<T>(name: string, keys: readonly unknown[], make: () => T): T {
    const known = this.memory.get(name);
    if (known !== undefined && known.keys.every((k, i) => k === keys[i])) return known.value as T;
    const value = make();
    this.memory.set(name, { keys, value });
    return value;
  }

  painting(): Painting {
    const { colour } = this.state;
    return this.kept("painting", [colour, this.themed], () =>
      paint(this.column(colour), this.count, this.themed),
    );
  }

  /** 1 for models that pass search and filters. */
  matches(): Uint8Array {
    const { query, filters } = this.state;
    return this.kept("matches", [query, filters], () => matching(this, query, filters));
  }

  filtering(): boolean {
    return this.state.query.trim() !== "" || Object.keys(this.state.filters).length > 0;
  }

  selected(): Uint8Array {
    const { selection } = this.state;
    return this.kept("selected", [selection], () => mask(selection, this.count));
  }

  /** Rows of the table, in order. */
  rows(): Int32Array {
    const { sort, onlySelected } = this.state;
    const matches = this.matches();
    const selected = this.selected();
    return this.kept("rows", [matches, sort, onlySelected, onlySelected ? selected : null], () =>
      ordered(this, onlySelected ? matches.map((m, i) => m & (selected[i] ?? 0)) : matches, sort),
    );
  }

  /** The tree as it came, or null. */
  original(): Tree | null {
    return this.kept("original", [], () => (this.atlas.tree ? parsed(this.atlas.tree.newick) : null));
  }

  /** The tree under its root of choice. */
  tree(): Tree | null {
    const { root } = this.state;
    const tree = this.original();
    return this.kept("tree", [root], () =>
      tree === null || root === null ? tree : rerooted(tree, root),
    );
  }

  select(chosen: Iterable<number>, how: Combine = "replace"): void {
    const selection = combined(this.state.selection, chosen, how, this.count);
    this.store.set({ selection });
    this.say(
      selection.length === 0 ? "Nothing selected" : `${plural(selection.length, "model")} selected`,
    );
  }

  go(route: Route): void {
    this.store.set({ route });
  }

  get hover(): number | null {
    return this.hovered;
  }

  setHover(index: number | null): void {
    if (index === this.hovered) return;
    this.hovered = index;
    for (const listener of this.hoverListeners) listener(index);
  }

  onHover(listener: (index: number | null) => void): void {
    this.hoverListeners.add(listener);
  }
}
