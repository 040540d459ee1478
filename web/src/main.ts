/** Starts the page: data, state from the address, then what is shown. */

import "./style.css";
import { checked } from "./data/check";
import { loader } from "./data/load";
import { takeToken } from "./data/token";
import type { AtlasDocument, ColumnDocument } from "./data/types";
import { column } from "./data/columns";
import { MOST } from "./colour/palette";
import { Store } from "./state/store";
import type { State } from "./state/store";
import { read, written } from "./state/url";
import { App } from "./ui/app";
import { add, h, replace } from "./ui/dom";
import { failed } from "./ui/parts";
import { Shell } from "./ui/shell";
import { preferred } from "./ui/theme";
import { line } from "./text/safe";
import { language, tr } from "./text/words";

/** Leaves from which a tree begins folded by family. */
const FOLDED_FROM = 120;

/** Share of the models that the groups with a mark of their own must hold to be shown first. */
const ENOUGH = 0.7;

/** Families, or makers where there are too many families to have a mark each. */
function telling(atlas: AtlasDocument): ColumnDocument | undefined {
  const { columns } = atlas.models;
  const known = [atlas.families.column, "group"].flatMap((key) => columns.find((c) => c.key === key && c.kind === "category") ?? []);
  const good = known.find((source) => {
    const { counts, missing, number } = column(source);
    return counts.slice(0, MOST).reduce((a, b) => a + b, 0) > ENOUGH * (number.length - missing);
  });
  return good ?? known[0];
}

function initial(atlas: AtlasDocument): State {
  const { columns } = atlas.models;
  const colour = telling(atlas) ?? columns.find((c) => c.kind === "category") ?? columns[0];
  return {
    route: { page: "overview" },
    // Narrow pages show one thing at a time: a drawing over the full width takes all swipes.
    view: matchMedia("(max-width: 760px)").matches ? "map" : "all",
    map: atlas.maps[0]?.key ?? "",
    colour: colour?.key ?? "",
    mapCamera: null,
    layout: "rectangular",
    branches: "measured",
    fold: atlas.models.name.length > FOLDED_FROM,
    opened: [],
    support: true,
    treeCamera: null,
    root: null,
    collapsed: [],
    clade: null,
    query: "",
    filters: {},
    sort: null,
    hidden: [],
    onlySelected: false,
    selection: new Int32Array(0),
    active: null,
  };
}

/** A link may name a map or a column that these data do not have. */
function possible(state: State, first: State, atlas: AtlasDocument): State {
  const map = atlas.maps.some((m) => m.key === state.map) ? state.map : first.map;
  const known = state.colour === "" || atlas.models.columns.some((c) => c.key === state.colour);
  return { ...state, map, colour: known ? state.colour : first.colour };
}

/** Keeps address and state equal; steps between pages can be taken back, the rest cannot. */
function address(store: Store, first: State, atlas: AtlasDocument): void {
  const count = atlas.models.name.length;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const write = () => {
    clearTimeout(timer);
    const hash = written(store.state, first, count);
    if (hash !== location.hash) history.replaceState(null, "", hash);
  };
  let reading = false;
  let left = store.state.route;
  store.subscribe((state, changed) => {
    if (reading) return;
    if (changed.has("route")) {
      clearTimeout(timer);
      // The page that is left keeps what was changed on it a moment ago.
      history.replaceState(null, "", written({ ...state, route: left }, first, count));
      history.pushState(null, "", written(state, first, count));
      left = state.route;
    } else {
      clearTimeout(timer);
      timer = setTimeout(write, 180);
    }
  });
  const back = () => {
    const hash = location.hash;
    if (hash === written(store.state, first, count)) return;
    reading = true;
    store.set(possible(read(hash, first, count), first, atlas));
    left = store.state.route;
    reading = false;
  };
  addEventListener("popstate", back);
  addEventListener("hashchange", back);
  addEventListener("pagehide", write);
}

async function start(): Promise<void> {
  takeToken();
  const root = document.documentElement;
  const theme = preferred();
  root.dataset["theme"] = theme;
  root.lang = language() === "zh" ? "zh-Hans" : "en";
  const host = document.getElementById("atlas") ?? document.body;
  const load = loader(root.dataset["source"]);
  let atlas: AtlasDocument;
  try {
    atlas = checked(await load<AtlasDocument>("atlas"));
  } catch (error) {
    replace(host, h("main", { class: "fatal" }, h("h1", {}, tr("The atlas cannot be shown")), failed(error)));
    return;
  }
  const first = initial(atlas);
  const state = possible(read(location.hash, first, atlas.models.name.length), first, atlas);
  const live = h("div", { class: "sr", "aria-live": "polite", role: "status", id: "live" });
  const app = new App(atlas, new Store(state), load, (text) => {
    live.textContent = text;
  }, theme, telling(atlas)?.key ?? atlas.families.column);
  document.title = `${line(atlas.title, 80)} · cladist atlas`;
  const shell = new Shell(app, () => written(app.state, first, app.count));
  replace(host, shell.element);
  add(document.body, [live]);
  address(app.store, first, atlas);
  shell.show();
  // Two frames later what was asked for has been drawn: for measuring how long that took.
  requestAnimationFrame(() => requestAnimationFrame(() => performance.mark("cladist-first-view")));
}

void start();
