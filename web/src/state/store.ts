/** The state that a link carries, and who wants to know of its changes. */

import type { Filters, Sort } from "./query";
import type { Selection } from "./selection";

export type Route =
  | { readonly page: "overview" }
  | { readonly page: "model"; readonly index: number; readonly other: number | null }
  | { readonly page: "pair"; readonly a: number; readonly b: number }
  | { readonly page: "compare"; readonly models: readonly number[] }
  | { readonly page: "clade"; readonly node: number }
  | { readonly page: "declared" };

export type View = "all" | "map" | "tree" | "table";
export type Branches = "measured" | "compressed" | "flush";
export type LayoutName = "rectangular" | "radial" | "unrooted";

/** A window on a drawing: its centre in the drawing's units and the magnifications. */
export interface Camera {
  readonly x: number;
  readonly y: number;
  readonly kx: number;
  readonly ky: number;
}

export interface State {
  readonly route: Route;
  readonly view: View;
  readonly map: string;
  readonly colour: string;
  readonly mapCamera: Camera | null;
  readonly layout: LayoutName;
  readonly branches: Branches;
  /** Clades of one family are drawn as one row each. */
  readonly fold: boolean;
  /** Clades that are shown in full nevertheless. */
  readonly opened: readonly number[];
  readonly support: boolean;
  readonly treeCamera: Camera | null;
  /** Node above which the tree is rooted, or null for the root it came with. */
  readonly root: number | null;
  readonly collapsed: readonly number[];
  /** Only this node's subtree is drawn. */
  readonly clade: number | null;
  readonly query: string;
  readonly filters: Filters;
  readonly sort: Sort | null;
  /** Keys of columns that the table does not show. */
  readonly hidden: readonly string[];
  readonly onlySelected: boolean;
  readonly selection: Selection;
  readonly active: number | null;
}

export type Changed = ReadonlySet<keyof State>;
export type Listener = (state: State, changed: Changed) => void;

export class Store {
  private readonly listeners = new Set<Listener>();

  constructor(private current: State) {}

  get state(): State {
    return this.current;
  }

  /** Takes over what differs and tells everybody once. */
  set(patch: Partial<State>): void {
    const changed = new Set<keyof State>();
    for (const key of Object.keys(patch) as (keyof State)[])
      if (patch[key] !== undefined && patch[key] !== this.current[key]) changed.add(key);
    if (changed.size === 0) return;
    this.current = { ...this.current, ...patch };
    for (const listener of [...this.listeners]) listener(this.current, changed);
  }

  subscribe(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}
