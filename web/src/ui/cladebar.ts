/** What can be done with the chosen node of the tree. */

import { rgb } from "../colour/palette";
import { line } from "../text/safe";
import { share, tr } from "../text/words";
import { cladeName } from "./treelabels";
import { drawing } from "../tree/layout";
import { newick } from "../tree/newick";
import { branchColour, gathered } from "../tree/paint";
import { svg } from "../tree/svg";
import { models } from "../tree/tree";
import type { Tree } from "../tree/tree";
import { paint } from "../colour/scale";
import type { App } from "./app";
import { button, download, h } from "./dom";
import { name } from "./marks";

/** The bar's content, or null when there is nothing to say. */
export function cladeBar(app: App, tree: Tree, node: number | null, close: () => void): Node[] | null {
  const { state, store } = app;
  const changed = state.root !== null || state.clade !== null || state.collapsed.length > 0 || state.opened.length > 0;
  const whole = changed
    ? button({ class: "tool", title: tr("Undo rooting, opening, collapsing and cutting out") }, tr("Whole tree"), () =>
        store.set({ root: null, clade: null, collapsed: [], opened: [], treeCamera: null }),
      )
    : null;
  if (node === null) return whole === null ? null : [h("span", { class: "what" }, tr("The tree is changed")), whole];
  const tip = tree.tip[node] ?? -1;
  const value = tree.support[node] ?? Number.NaN;
  const what =
    tip >= 0
      ? h("span", { class: "what" }, name(app.label(tip)))
      : h("span", { class: "what" }, cladeName(app, tree, node),
          Number.isNaN(value) ? null : ` · ${tr("support {share}", { share: share(value) })}`);
  const tool = (text: string, title: string, action: () => void) => button({ class: "tool", title }, text, action);
  const closed = state.collapsed.includes(node);
  return [
    what,
    ...(tip >= 0
      ? [tool(tr("Open"), tr("Open the page of this model (Enter)"), () => app.go({ page: "model", index: tip, other: null }))]
      : [
          tool(tr("Select"), tr("Select all models of this clade (Space)"), () => app.select(models(tree, node))),
          tool(closed ? tr("Expand") : tr("Collapse"), tr("Draw the clade as one row, or in full (C)"), () =>
            store.set({ collapsed: closed ? state.collapsed.filter((n) => n !== node) : [...state.collapsed, node] }),
          ),
          tool(tr("Open"), tr("Open the page of this clade"), () => app.go({ page: "clade", node })),
          tool(tr("Only this"), tr("Draw this clade alone"), () => store.set({ clade: node, treeCamera: null })),
        ]),
    tool(tr("Root here"), tr("Root the tree on the branch above (R)"), () => store.set({ root: node, clade: null, treeCamera: null })),
    ...files(app, () => node),
    ...(whole ? [whole] : []),
    button({ class: "tool close", "aria-label": tr("Close"), title: tr("Close") }, "×", close),
  ];
}

/** Buttons that save the tree below a node, or what is drawn when there is none. */
export function files(app: App, node: () => number | null): HTMLButtonElement[] {
  const save = (write: (tree: Tree, at: number) => void) => () => {
    const tree = app.tree();
    if (tree !== null) write(tree, node() ?? app.state.clade ?? tree.root);
  };
  return [
    button({ class: "tool save", title: tr("Save as Newick") }, "Newick", save((tree, at) =>
      download("cladist-tree.nwk", "text/plain", `${newick(tree, at, (m) => app.names[m] ?? "")}\n`))),
    button({ class: "tool save", title: tr("Save as an SVG picture with all names") }, "SVG", save((tree, at) =>
      download("cladist-tree.svg", "image/svg+xml", picture(app, tree, at)))),
  ];
}

/** The tree below a node as SVG: the layout on the page, on white, with all names. */
function picture(app: App, tree: Tree, node: number): string {
  const { state } = app;
  const drawn = drawing(tree, {
    kind: state.layout, branches: state.branches, collapsed: new Set(state.collapsed), top: node,
  });
  // Pictures are for paper, whatever the theme of the page.
  const painting = paint(app.column(state.colour), app.count, "light");
  const below = gathered(tree, painting, app.selected(), app.matches());
  const plain = rgb("#555b62");
  return svg(tree, drawn, {
    width: 900, support: state.support, title: line(app.atlas.title, 200),
    label: (n) => {
      const tip = tree.tip[n] ?? -1;
      return tip >= 0 ? app.label(tip) : cladeName(app, tree, n);
    },
    branch: (n) => branchColour(n, below, painting, plain),
    tip: (n) => {
      const m = tree.tip[n] ?? -1;
      if (m < 0) return null;
      return {
        colour: [painting.rgb[3 * m] ?? 0, painting.rgb[3 * m + 1] ?? 0, painting.rgb[3 * m + 2] ?? 0],
        shape: painting.shape[m] ?? 0,
      };
    },
  });
}
