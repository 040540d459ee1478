/** The state as the fragment of an address, and back. What a link cannot mean is left out. */

import type { Filter, Filters } from "./query";
import { decoded, encoded } from "./selection";
import type { Branches, Camera, LayoutName, Route, State, View } from "./store";

const VIEWS: readonly View[] = ["all", "map", "tree", "table"];
const BRANCHES: readonly Branches[] = ["measured", "compressed", "flush"];
/** Models that are compared at once at most. */
export const MOST_COMPARED = 10;
const LAYOUTS: readonly LayoutName[] = ["rectangular", "radial", "unrooted"];

/** '#/model/3?colour=family&...': only what differs from `initial`. */
export function written(state: State, initial: State, count: number): string {
  const parts: [string, string][] = [];
  const put = (key: string, value: string | null) => {
    if (value !== null) parts.push([key, value]);
  };
  put("view", state.view === initial.view ? null : state.view);
  put("map", state.map === initial.map ? null : state.map);
  put("colour", state.colour === initial.colour ? null : state.colour);
  put("at", camera(state.mapCamera));
  put("layout", state.layout === initial.layout ? null : state.layout);
  put("branches", state.branches === initial.branches ? null : state.branches);
  put("fold", state.fold === initial.fold ? null : flag(state.fold));
  put("opened", state.opened.length === 0 ? null : state.opened.join(","));
  put("support", state.support === initial.support ? null : flag(state.support));
  put("treeat", camera(state.treeCamera));
  put("root", state.root === null ? null : String(state.root));
  put("collapsed", state.collapsed.length === 0 ? null : state.collapsed.join(","));
  put("clade", state.clade === null ? null : String(state.clade));
  put("q", state.query === "" ? null : state.query);
  for (const [key, filter] of Object.entries(state.filters)) put(`f.${key}`, filterText(filter));
  put("sort", state.sort === null ? null : `${state.sort.descending ? "-" : ""}${state.sort.key}`);
  put("hide", state.hidden.join(",") === initial.hidden.join(",") ? null : state.hidden.map(encodeURIComponent).join(","));
  put("only", state.onlySelected ? "selected" : null);
  if (state.selection.length > 0) {
    put("sel", encoded(state.selection));
    // Selections are by number: with other models they would mean something else.
    put("of", String(count));
  }
  put("active", state.active === null ? null : String(state.active));
  const query = parts.map(([k, v]) => `${encodeURIComponent(k)}=${encodeURIComponent(v)}`).join("&");
  return `#${path(state.route)}${query === "" ? "" : `?${query}`}`;
}

export function path(route: Route): string {
  if (route.page === "model")
    return `/model/${route.index}${route.other === null ? "" : `/${route.other}`}`;
  if (route.page === "compare") return `/compare/${route.models.join(",")}`;
  if (route.page === "clade") return `/clade/${route.node}`;
  if (route.page === "pair") return `/pair/${route.a}/${route.b}`;
  return route.page === "declared" ? "/declared" : "/";
}

/** The state that a fragment means, with `initial` for all it does not say. */
export function read(hash: string, initial: State, count: number): State {
  const [where = "", query = ""] = split(hash.replace(/^#/, ""));
  const said = new Map<string, string>();
  for (const part of query.split("&")) {
    const [key = "", value = ""] = part.split("=");
    const name = plain(key);
    if (name !== "") said.set(name, plain(value));
  }
  const sameModels = said.get("of") === String(count);
  const sort = said.get("sort") ?? "";
  return {
    route: route(where, count),
    view: oneOf(said.get("view"), VIEWS, initial.view),
    map: said.get("map") ?? initial.map,
    colour: said.get("colour") ?? initial.colour,
    mapCamera: cameraOf(said.get("at")),
    layout: oneOf(said.get("layout"), LAYOUTS, initial.layout),
    // Links of before said lengths=0 for ends that are flush.
    branches: said.get("lengths") === "0" ? "flush" : oneOf(said.get("branches"), BRANCHES, initial.branches),
    fold: flagOf(said.get("fold"), initial.fold),
    opened: (said.get("opened") ?? "").split(",").map(whole).filter((n) => n !== null),
    support: flagOf(said.get("support"), initial.support),
    treeCamera: cameraOf(said.get("treeat")),
    root: whole(said.get("root")),
    collapsed: (said.get("collapsed") ?? "").split(",").map(whole).filter((n) => n !== null),
    clade: whole(said.get("clade")),
    query: said.get("q") ?? "",
    filters: filters(said),
    sort: sort === "" ? null : { key: sort.replace(/^-/, ""), descending: sort.startsWith("-") },
    hidden: (said.get("hide") ?? "").split(",").filter((k) => k !== "").map(plain),
    onlySelected: said.get("only") === "selected",
    selection: sameModels ? decoded(said.get("sel") ?? "", count) : initial.selection,
    active: within(whole(said.get("active")), count),
  };
}

function split(text: string): [string, string] {
  const at = text.indexOf("?");
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

function plain(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return "";
    throw error;
  }
}

function route(where: string, count: number): Route {
  const parts = where.split("/").filter((p) => p !== "");
  const first = within(whole(parts[1]), count);
  const second = within(whole(parts[2]), count);
  if (parts[0] === "model" && first !== null) return { page: "model", index: first, other: second };
  if (parts[0] === "pair" && first !== null && second !== null)
    return { page: "pair", a: first, b: second };
  const node = whole(parts[1]);
  if (parts[0] === "clade" && node !== null) return { page: "clade", node };
  if (parts[0] === "compare") {
    const models = [...new Set((parts[1] ?? "").split(",").map((p) => within(whole(p), count)).filter((m) => m !== null))];
    if (models.length >= 2) return { page: "compare", models: models.slice(0, MOST_COMPARED) };
  }
  return parts[0] === "declared" ? { page: "declared" } : { page: "overview" };
}

function whole(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : null;
}

function within(value: number | null, count: number): number | null {
  return value !== null && value < count ? value : null;
}

function oneOf<T extends string>(text: string | undefined, known: readonly T[], otherwise: T): T {
  return known.find((k) => k === text) ?? otherwise;
}

function flag(value: boolean): string {
  return value ? "1" : "0";
}

function flagOf(text: string | undefined, otherwise: boolean): boolean {
  return text === "1" ? true : text === "0" ? false : otherwise;
}

function camera(value: Camera | null): string | null {
  if (value === null) return null;
  return [value.x, value.y, value.kx, value.ky].map((v) => String(Number(v.toPrecision(5)))).join(",");
}

function cameraOf(text: string | undefined): Camera | null {
  if (text === undefined) return null;
  const [x, y, kx, ky] = text.split(",").map(Number);
  if (x === undefined || y === undefined || kx === undefined || ky === undefined) return null;
  const fine = [x, y, kx, ky].every(Number.isFinite) && kx > 0 && ky > 0 && kx < 1e6 && ky < 1e6;
  return fine ? { x, y, kx, ky } : null;
}

function filterText(filter: Filter): string {
  if (filter.kind === "in") return `in:${filter.values.map(encodeURIComponent).join(",")}`;
  return `range:${filter.low ?? ""}..${filter.high ?? ""}`;
}

function filters(said: ReadonlyMap<string, string>): Filters {
  const found: Record<string, Filter> = Object.create(null) as Record<string, Filter>;
  for (const [key, text] of said) {
    if (!key.startsWith("f.")) continue;
    const range = /^range:(-?[\d.e+-]*?)\.\.(-?[\d.e+-]*)$/.exec(text);
    if (text.startsWith("in:"))
      found[key.slice(2)] = { kind: "in", values: text.slice(3).split(",").map(plain) };
    else if (range !== null)
      found[key.slice(2)] = { kind: "range", low: bound(range[1]), high: bound(range[2]) };
  }
  return found;
}

function bound(text: string | undefined): number | null {
  const value = Number(text);
  return text === undefined || text === "" || !Number.isFinite(value) ? null : value;
}
