/** Names of groups in few words, for drawings. */

const CLUSTER = /^like (.+): (\d+) models$/;

/** Without what stands before a slash, and without a cluster's count, where no two become equal. */
export function briefly(names: readonly string[]): string[] {
  const short = names.map((name) => {
    const cluster = CLUSTER.exec(name);
    return cluster === null ? bare(name) : `like ${bare(cluster[1] ?? "")}`;
  });
  const count = new Map<string, number>();
  for (const name of short) count.set(name, (count.get(name) ?? 0) + 1);
  return short.map((name, k) => (count.get(name) === 1 && name !== "" ? name : (names[k] ?? "")));
}

function bare(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1);
}
