/** Sets of models as sorted arrays, and their short writing for links. */

export type Selection = Int32Array;

export const NOTHING: Selection = new Int32Array(0);

/** Sorted, without repeats, without what is no model. */
export function selection(indices: Iterable<number>, count: number): Selection {
  const kept = new Set<number>();
  for (const i of indices) if (Number.isInteger(i) && i >= 0 && i < count) kept.add(i);
  return Int32Array.from(kept).sort();
}

export type Combine = "replace" | "add" | "toggle" | "remove";

export function combined(old: Selection, chosen: Iterable<number>, how: Combine, count: number): Selection {
  if (how === "replace") return selection(chosen, count);
  const set = new Set<number>(old);
  for (const i of chosen) {
    if (how === "add") set.add(i);
    else if (how === "remove") set.delete(i);
    else if (set.has(i)) set.delete(i);
    else set.add(i);
  }
  return selection(set, count);
}

/** One byte a model. */
export function mask(chosen: Selection, count: number): Uint8Array {
  const bytes = new Uint8Array(count);
  for (const i of chosen) bytes[i] = 1;
  return bytes;
}

/** The shorter of ranges ('3-7,9') and a bitmap in base64url after a tilde. */
export function encoded(chosen: Selection): string {
  const parts: string[] = [];
  for (let at = 0; at < chosen.length; ) {
    const first = chosen[at] ?? 0;
    let last = first;
    while (++at < chosen.length && chosen[at] === last + 1) last++;
    parts.push(first === last ? String(first) : `${first}-${last}`);
  }
  const ranges = parts.join(",");
  const bits = Math.ceil(((chosen.at(-1) ?? -1) + 1) / 8);
  // Short ones are left readable.
  return ranges.length <= Math.max(32, Math.ceil((bits * 4) / 3) + 1) ? ranges : `~${bitmap(chosen, bits)}`;
}

function bitmap(chosen: Selection, bytes: number): string {
  const map = new Uint8Array(bytes);
  for (const i of chosen) map[i >> 3] = (map[i >> 3] ?? 0) | (1 << (i & 7));
  let binary = "";
  for (const byte of map) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** The reverse of `encoded`; what cannot be read is left out. */
export function decoded(text: string, count: number): Selection {
  if (text.startsWith("~")) {
    const found: number[] = [];
    let binary = "";
    try {
      binary = atob(text.slice(1).replaceAll("-", "+").replaceAll("_", "/"));
    } catch (error) {
      if (error instanceof DOMException) return NOTHING;
      throw error;
    }
    for (let k = 0; k < binary.length; k++)
      for (let bit = 0; bit < 8; bit++)
        if ((binary.charCodeAt(k) >> bit) & 1) found.push(k * 8 + bit);
    return selection(found, count);
  }
  const found: number[] = [];
  for (const part of text.split(",")) {
    const range = /^(\d{1,9})(?:-(\d{1,9}))?$/.exec(part);
    if (range === null) continue;
    const first = Number(range[1]);
    const last = Math.min(Number(range[2] ?? range[1]), count - 1);
    for (let i = first; i <= last; i++) found.push(i);
  }
  return selection(found, count);
}
