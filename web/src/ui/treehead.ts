/** The line above the tree: its layout, what is shown of it, and what it can be saved as. */

import { tr } from "../text/words";
import type { State } from "../state/store";
import type { App } from "./app";
import { files } from "./cladebar";
import { button, choice, h } from "./dom";
import { BRANCHES, LAYOUTS } from "./treenote";

export interface TreeHead {
  readonly element: HTMLElement;
  readonly lasso: HTMLButtonElement;
  /** Shows what the state says. */
  follow(state: State): void;
}

interface Actions {
  readonly lasso: () => void;
  readonly fit: () => void;
  readonly png: () => void;
}

export function treeHead(app: App, actions: Actions): TreeHead {
  const { store } = app;
  const layout = choice(tr("Layout"), LAYOUTS(), app.state.layout, (v) =>
    store.set({ layout: LAYOUTS().find(([k]) => k === v)?.[0] ?? "rectangular", treeCamera: null }),
  );
  const branches = choice(tr("Branches"), BRANCHES(), app.state.branches, (v) =>
    store.set({ branches: BRANCHES().find(([k]) => k === v)?.[0] ?? "measured", treeCamera: null }),
  );
  const toggle = (text: string, title: string, key: "fold" | "support") =>
    button({ class: "tool", title, "aria-pressed": String(store.state[key]) }, text, () => store.set({ [key]: !store.state[key] }));
  const fold = toggle(tr("By family"), tr("Clades of one family as one row each; a click opens one"), "fold");
  const support = toggle(tr("Support"), tr("How often a branch came back in resampled probes"), "support");
  const lasso = button({ class: "tool", "aria-pressed": "false", title: tr("Draw round leaves to select them (hold Shift)") }, tr("Lasso"), actions.lasso);
  const { tree } = app.atlas;
  const element = h("header", { class: "panel-head" },
    h("h2", {}, tr("Tree")),
    tree ? layout : null,
    tree ? branches : null,
    tree && app.family() !== null ? fold : null,
    tree?.support ? support : null,
    h("span", { class: "spacer" }),
    ...(tree ? [
      button({ class: "tool save", title: tr("Save what is seen as a PNG picture") }, "PNG", actions.png),
      ...files(app, () => null),
      lasso,
      button({ class: "tool", title: tr("Zoom to the selection (F), or to everything (0)") }, tr("Fit"), actions.fit),
    ] : []));
  const follow = (state: State) => {
    layout.value = state.layout;
    branches.value = state.branches;
    fold.setAttribute("aria-pressed", String(state.fold));
    support.setAttribute("aria-pressed", String(state.support));
  };
  return { element, lasso, follow };
}
