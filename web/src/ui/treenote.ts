/** What a tree is drawn as, and the line below it that says so. */

import type { Branches, LayoutName } from "../state/store";
import { remark } from "../text/remarks";
import { line } from "../text/safe";
import { share, tr } from "../text/words";
import { compression } from "../tree/layout";
import type { App } from "./app";

export const LAYOUTS = (): readonly (readonly [LayoutName, string])[] => [
  ["rectangular", tr("Rectangular")],
  ["radial", tr("Radial")],
  ["unrooted", tr("Unrooted")],
];

export const BRANCHES = (): readonly (readonly [Branches, string])[] => [
  ["measured", tr("Branches as measured")],
  ["compressed", tr("Last branches compressed")],
  ["flush", tr("All ends flush")],
];

/** How lengths are drawn, how the tree was made and rooted, and what its support is. */
export function treeNote(app: App): string {
  const { tree } = app.atlas;
  if (tree === null) return "";
  const { branches } = app.state;
  const whole = app.tree();
  const less = branches === "compressed" && whole !== null ? compression(whole) : 1;
  const parts = [
    branches === "compressed" ? (less < 1 ? tr("last branches are drawn at {share} of their length, all others as measured", { share: share(less) }) : tr("last branches need no compression"))
      : branches === "flush" ? tr("lengths of branches mean nothing here") : "",
    remark(tree.method), rooted(tree.root, tree.note),
    tree.support ? tr("support: {method}, {n} replicate|support: {method}, {n} replicates", { method: tree.support, n: tree.replicates }) : "",
  ];
  return line(parts.filter((p) => p !== "").join(" · "), 400);
}

/** Where the root is and how surely, once; a note that is not of rooting follows as it is. */
function rooted(root: string, note: string): string {
  const where = root === "" ? "" : tr("root: {root}", { root: remark(root) });
  const found = /^rooted by [^;]*; ambiguity [\d.]+(: another branch would do nearly as well.*)?$/.exec(note);
  if (found === null) return [where, remark(note)].filter((p) => p !== "").join(" · ");
  return found[1] === undefined ? where : `${where} · ${tr("another branch would do nearly as well for a root, so read it with care")}`;
}
