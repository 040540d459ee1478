/** Declared and measured tree face to face: which rows are drawn, and what is said of them. */

import type { DeclaredDocument } from "../data/types";
import { parsed } from "../tree/newick";
import { crossings, lines, side, untangled } from "../tree/tangle";
import { models } from "../tree/tree";
import type { Tree } from "../tree/tree";
import { remark } from "../text/remarks";
import { safe } from "../text/safe";
import { tr } from "../text/words";
import type { App } from "./app";
import { button, h, replace } from "./dom";
import { picture } from "./tanglepicture";

/** Selected models up to which these alone are drawn. */
const MOST = 250;

export function tanglegram(app: App, declared: DeclaredDocument): Node[] {
  const measured = app.original();
  const title = h("h2", {}, tr("Two trees face to face"));
  if (declared.newick === null || measured === null)
    return [title, h("p", { class: "empty" }, tr("It needs a declared and a measured tree; one of them is missing."))];
  const left = parsed(declared.newick);
  const host = h("div", { class: "facing" });
  draw(app, declared, { left, right: measured }, new Set(), host);
  return [title, host];
}

/** Draws the rows as they are with some models' rows opened. */
function draw(app: App, declared: DeclaredDocument, trees: { left: Tree; right: Tree }, opened: ReadonlySet<number>, host: HTMLElement): void {
  const facing = declared.facing ?? { declared: [], measured: [], remarks: [] };
  const common = both(trees);
  const selected = new Set([...app.state.selection].filter((m) => common.has(m)));
  const alone = selected.size >= 3 && selected.size <= MOST;
  const keep = alone ? selected : common;
  const [a, b] = [side(trees.left, alone ? [] : facing.declared, opened, keep), side(trees.right, alone ? [] : facing.measured, opened, keep)];
  const links = a === null || b === null ? [] : lines(a, b);
  if (a === null || b === null || links.length === 0) {
    replace(host, h("p", { class: "empty" }, tr("The two trees have no model in common.")));
    return;
  }
  const orders = untangled(a.tree, b.tree, links);
  const bad = new Set(declared.edges.filter((e) => e.verdict === "contradicted").map((e) => e.child));
  const open = (more: Iterable<number>) => draw(app, declared, trees, new Set([...opened, ...more]), host);
  const folded = [...a.rows.values(), ...b.rows.values()].filter((row) => row.models.length > 1);
  const doubted = folded.flatMap((row) => (row.models.some((m) => bad.has(m)) ? row.models : []));
  const count = alone ? tr("{n} selected model of both trees.|{n} selected models of both trees.", { n: keep.size })
    : folded.length === 0 ? tr("{n} model of both trees.|{n} models of both trees.", { n: links.length })
      : tr("{n} models in {a} rows of the declared tree and {b} of the measured one. A wedge is a row of several; a click opens it.", { n: a.leaf.size, a: a.rows.size, b: b.rows.size });
  const crossed = tr("Branches are turned so that few lines cross; {n} crossing is left. Dashed: contradicted.|Branches are turned so that few lines cross; {n} crossings are left. Dashed: contradicted.", { n: crossings(orders, links) });
  replace(host,
    h("p", { class: "hint" }, [count, crossed, doubted.length > 0 ? tr("× and a number: so many models of the row have a contradicted step.") : ""].join(" ")),
    h("div", { class: "facing-tools" },
      doubted.length === 0 ? null : button({ class: "tool" }, tr("Open rows with contradicted steps"), () => open(doubted)),
      opened.size === 0 ? null : button({ class: "tool" }, tr("Collapse again"), () => draw(app, declared, trees, new Set(), host))),
    alone || facing.remarks.length === 0 ? null : h("details", {}, h("summary", {}, tr("What was collapsed")),
      ...facing.remarks.map((r) => h("p", { class: "hint" }, h("bdi", {}, safe(remark(r), 2_000))))),
    h("div", { class: "scroll-x" }, picture(app, a, b, orders, links, bad, open)));
}

/** Models that both trees have. */
function both(trees: { left: Tree; right: Tree }): Set<number> {
  const onRight = new Set(models(trees.right, trees.right.root));
  return new Set(models(trees.left, trees.left.root).filter((m) => onRight.has(m)));
}
