/** Where the names of groups stand on a map: one for each patch of a group's points. */

export interface Patch {
  readonly group: number;
  readonly x: number;
  readonly y: number;
  /** Points of the patch. */
  readonly count: number;
}

/**
 * Patches of points of one group that lie within a cell of each other or of a neighbouring cell.
 *
 * `cell` is in units of the map, so that zooming in splits patches and names them one by one. Each
 * stands at the member nearest to the patch's mean. Largest first; linear in the points.
 */
export function patches(x: Float32Array, y: Float32Array, group: (i: number) => number, cell: number, least: number): Patch[] {
  const cells = new Map<string, number[]>();
  for (let i = 0; i < x.length; i++) {
    const g = group(i);
    if (!(g >= 0)) continue;
    const key = `${g},${Math.floor((x[i] ?? 0) / cell)},${Math.floor((y[i] ?? 0) / cell)}`;
    const list = cells.get(key);
    if (list === undefined) cells.set(key, [i]);
    else list.push(i);
  }
  const found: Patch[] = [];
  const seen = new Set<string>();
  for (const start of cells.keys()) {
    if (seen.has(start)) continue;
    seen.add(start);
    const members: number[] = [];
    const stack = [start];
    for (let key = stack.pop(); key !== undefined; key = stack.pop()) {
      members.push(...(cells.get(key) ?? []));
      const [g = 0, cx = 0, cy = 0] = key.split(",").map(Number);
      for (let dx = -1; dx <= 1; dx++)
        for (let dy = -1; dy <= 1; dy++) {
          const next = `${g},${cx + dx},${cy + dy}`;
          if (seen.has(next) || !cells.has(next)) continue;
          seen.add(next);
          stack.push(next);
        }
    }
    if (members.length >= least) found.push(central(x, y, group(members[0] ?? 0), members));
  }
  return found.sort((a, b) => b.count - a.count || a.group - b.group || a.x - b.x);
}

function central(x: Float32Array, y: Float32Array, group: number, members: readonly number[]): Patch {
  let [mx, my] = [0, 0];
  for (const i of members) {
    mx += (x[i] ?? 0) / members.length;
    my += (y[i] ?? 0) / members.length;
  }
  let best = members[0] ?? 0;
  let least = Infinity;
  for (const i of members) {
    const d = ((x[i] ?? 0) - mx) ** 2 + ((y[i] ?? 0) - my) ** 2;
    if (d < least) [least, best] = [d, i];
  }
  return { group, x: x[best] ?? 0, y: y[best] ?? 0, count: members.length };
}
