/** What all parts of the page share: the data, the state and what follows from both. */

import { columns, neutral } from "../data/columns";
import type { Column } from "../data/columns";
import type { Load } from "../data/load";
import type { AtlasDocument, Relative } from "../data/types";
import { paint } from "../colour/scale";
import type { Painting } from "../colour/scale";
import type { Theme } from "../colour/palette";
import { matching, ordered } from "../state/query";
import { combined, mask } from "../state/selection";
import type { Combine } from "../state/selection";
import type { Route, State, Store } from "../state/store";
import { line } from "../text/safe";
import { rerooted } from "../tree/tree";
import type { Tree } from "../tree/tree";
import { familiesBelow } from "../tree/fold";
import type { Families } from "../tree/fold";
import { briefly } from "../text/brief";
import { tr } from "../text/words";
import { parsed } from "../tree/newick";

/** The model that the card tells of and its relatives, to be ringed, linked and lit. */
export interface Kin {
  /** Null for a newcomer, who is no model here. */
  readonly index: number | null;
  readonly relatives: readonly Relative[];
  /** A newcomer joins the tree above these leaves. */
  readonly below: readonly number[];
  readonly name: string;
}

export class App {
  readonly columns: readonly Column[];
  readonly count: number;
  readonly names: readonly string[];
  readonly labels: readonly string[];
  /** Who the card tells of, and whom it lists. */
  private shownKin: Kin | null = null;
  private readonly kinListeners = new Set<(kin: Kin | null) => void>();
  private hovered: number | null = null;
  private readonly hoverListeners = new Set<(index: number | null) => void>();
  private readonly themeListeners = new Set<() => void>();

  constructor(
    readonly atlas: AtlasDocument,
    readonly store: Store,
    readonly load: Load,
    readonly say: (text: string) => void,
    private themed: Theme,
    /** The column whose groups name clades: families, or makers where families are too many. */
    private readonly naming: string = atlas.families.column,
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

  /** Columns of the atlas' own are named in the reader's language, others as they came. */
  columnLabel(column: Column): string {
    if (column.key === "family" && column.label === "Family") return tr("Family");
    if (column.key === "cluster") return tr("Measured cluster");
    if (column.key === "group" && column.label === "Maker") return tr("Maker");
    return line(column.label, 60);
  }

  /** Columns that the table shows. */
  shownColumns(): Column[] {
    return this.columns.filter((c) => !this.state.hidden.includes(c.key));
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
      selection.length === 0 ? tr("Nothing selected") : tr("{n} model selected|{n} models selected", { n: selection.length }),
    );
  }

  go(route: Route): void {
    this.store.set({ route });
  }

  get kin(): Kin | null {
    return this.shownKin;
  }

  setKin(kin: Kin | null): void {
    if (kin === this.shownKin) return;
    this.shownKin = kin;
    for (const listener of this.kinListeners) listener(kin);
  }

  onKin(listener: (kin: Kin | null) => void): void {
    this.kinListeners.add(listener);
  }

  /** The column whose groups name clades and fold the tree. */
  family(): Column | null {
    return this.column(this.naming);
  }

  /** Rank of a model's family, largest first; NaN where it is not known or none. */
  familyRank(model: number): number {
    const column = this.family();
    const rank = column?.number[model] ?? Number.NaN;
    return column !== null && neutral(column.key, column.categories[rank] ?? "") ? Number.NaN : rank;
  }

  /** What is below each node of the tree, by family. */
  families(): Families | null {
    const tree = this.tree();
    return this.kept("families", [tree], () => (tree === null ? null : familiesBelow(tree, (m) => this.familyRank(m))));
  }

  /** Colour and shape of each family, whatever models are coloured by. */
  familyPainting(): Painting {
    return this.kept("familyPainting", [this.themed], () => paint(this.family(), this.count, this.themed));
  }

  /** A category in few words: without the maker before a slash where nobody else is called so. */
  brief(column: Column | null, rank: number): string {
    if (column === null) return "";
    const names = this.kept(`brief:${column.key}`, [column], () => briefly(column.categories));
    return line(names[rank] ?? "", 60);
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
