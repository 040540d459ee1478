/** What somebody may have meant by a search that finds nothing. */

/** Lower case, without what stands between words: 'Qwen 2.5_7b' and 'qwen-2.5-7B' are one. */
export function folded(text: string): string {
  return text.normalize("NFKC").toLowerCase().replace(/[\s_\-./:]+/g, "");
}

/** Edits between two texts: letters in, out, changed, or two swapped; more than `most` count as most + 1. */
export function edits(a: string, b: string, most: number): number {
  if (Math.abs(a.length - b.length) > most) return most + 1;
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    let least = i;
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) cost = Math.min(cost, (before[j - 2] ?? 0) + 1);
      next.push(cost);
      least = Math.min(least, cost);
    }
    if (least > most) return most + 1;
    [before, row] = [row, next];
  }
  return row[b.length] ?? most + 1;
}

/** Up to `count` of the names that are nearest to what was typed; none when nothing is near. */
export function suggestions(typed: string, names: readonly string[], count = 3): string[] {
  const wanted = folded(typed);
  if (wanted.length < 2) return [];
  const most = wanted.length <= 4 ? 1 : wanted.length <= 8 ? 2 : 3;
  const found: [number, string][] = [];
  const seen = new Set<string>();
  for (const name of names) {
    const whole = folded(name.slice(0, 200));
    if (seen.has(whole)) continue;
    seen.add(whole);
    // A name, its part after the maker, or its beginning may be what was meant.
    const last = folded(name.slice(name.search(/[/_]/) + 1, 200));
    if (whole.includes(wanted)) found.push([0, name]);
    else {
      const cost = Math.min(...[whole, last, whole.slice(0, wanted.length), last.slice(0, wanted.length)].map((w) => edits(wanted, w, most)));
      if (cost <= most) found.push([cost, name]);
    }
  }
  return found.sort((a, b) => a[0] - b[0] || a[1].length - b[1].length).slice(0, count).map(([, name]) => name);
}

/** Columns asked for that are not there: the words before a colon or a comparison. */
export function unknownColumns(query: string, columns: readonly { key: string; label: string }[]): string[] {
  const known = new Set(["name", ...columns.flatMap((c) => [c.key.toLowerCase(), c.label.toLowerCase()])]);
  return [...query.matchAll(/(?:^|\s)-?([\p{L}_]{2,30})(?=[:<>=]+[^\s/])/gu)].map((m) => m[1] ?? "").filter((k) => !known.has(k.toLowerCase()));
}
