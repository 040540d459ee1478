/** Newick with tips named m0, m1, ... and support values as inner labels: read and written. */

import { assembled } from "./tree";
import type { Tree } from "./tree";

export class NewickError extends Error {}

/** Reads one tree; nodes are numbered in the order in which they open. */
export function parsed(text: string): Tree {
  const parent: number[] = [];
  const length: number[] = [];
  const support: number[] = [];
  const tip: number[] = [];
  const add = (above: number): number => {
    parent.push(above);
    length.push(0);
    support.push(Number.NaN);
    tip.push(-1);
    return parent.length - 1;
  };
  const inner = new Set<number>();
  let node = add(-1);
  let at = 0;
  const fail = (what: string): never => {
    throw new NewickError(`The tree cannot be read: ${what} at character ${at + 1}.`);
  };
  const word = /[^\s()[\],:;]+/y;
  for (; at < text.length; at++) {
    const c = text[at];
    if (c === "(") {
      inner.add(node);
      node = add(node);
    } else if (c === ",") {
      const above = parent[node] ?? -1;
      if (above < 0) fail("a comma outside of parentheses");
      node = add(above);
    } else if (c === ")") {
      node = parent[node] ?? -1;
      if (node < 0) fail("a parenthesis closes that never opened");
    } else if (c === ":") {
      word.lastIndex = at + 1;
      const found = word.exec(text)?.[0] ?? "";
      const value = Number(found);
      if (found === "" || !Number.isFinite(value)) fail("a length that is no number");
      length[node] = Math.max(0, value);
      at += found.length;
    } else if (c === ";") break;
    else if (c !== undefined && !/\s/.test(c)) {
      word.lastIndex = at;
      const found = word.exec(text)?.[0] ?? fail("a character out of place");
      if (inner.has(node)) support[node] = Number(found);
      else {
        const model = /^m(\d{1,9})$/.exec(found);
        if (model === null) fail("a leaf that names no model");
        tip[node] = Number(model?.[1]);
      }
      at += found.length - 1;
    }
  }
  if (parent[node] !== -1) fail("a parenthesis is never closed");
  for (let k = 0; k < tip.length; k++)
    if (tip[k] === -1 && !inner.has(k)) fail("a leaf without a name");
  return assembled(
    {
      parent: Int32Array.from(parent),
      length: Float64Array.from(length),
      support: Float64Array.from(support),
      tip: Int32Array.from(tip),
    },
    0,
  );
}

/** The subtree at a node, its leaves under quoted names. */
export function newick(tree: Tree, node: number, name: (model: number) => string): string {
  const out: string[] = [];
  // Written with a stack of what is still to come, as trees can be deeper than calls may be.
  const stack: (number | string)[] = [node];
  for (let item = stack.pop(); item !== undefined; item = stack.pop()) {
    if (typeof item === "string") {
      out.push(item);
      continue;
    }
    const tail = item === node ? ";" : `:${short(tree.length[item] ?? 0)}`;
    const tip = tree.tip[item] ?? -1;
    if (tip >= 0) {
      out.push(quoted(name(tip)) + tail);
      continue;
    }
    const value = tree.support[item] ?? Number.NaN;
    out.push("(");
    stack.push(`)${Number.isNaN(value) || item === node ? "" : short(value)}${tail}`);
    const children = tree.children[item] ?? [];
    for (let k = children.length - 1; k >= 0; k--) {
      stack.push(children[k] ?? 0);
      if (k > 0) stack.push(",");
    }
  }
  return out.join("");
}

function short(value: number): string {
  return String(Number(value.toPrecision(6)));
}

function quoted(name: string): string {
  return `'${name.replaceAll("'", "''").replace(/[\r\n\t]/g, " ")}'`;
}
