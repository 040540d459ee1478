/** Views of the page that somebody saved under a name, in the browser's own storage. */

export interface SavedView {
  readonly name: string;
  /** The fragment of an address, as `written` in url.ts makes it. */
  readonly hash: string;
}

const PREFIX = "cladist-atlas-views:";
/** Views that are kept for one atlas; the oldest go first. */
export const MOST_VIEWS = 50;
const LONGEST_NAME = 80;
/** Longer addresses are those of very large selections. */
const LONGEST_HASH = 20_000;

/** Where the views of an atlas are kept: other models give other numbers another meaning. */
export function place(digest: string, title: string, count: number): string {
  return `${PREFIX}${digest.slice(0, 16)}:${count}:${title.slice(0, 80)}`;
}

/** What a storage holds, less all that no view can be: anything may have written there. */
export function readViews(text: string | null): SavedView[] {
  let data: unknown;
  try {
    data = JSON.parse(text ?? "[]");
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
  if (!Array.isArray(data)) return [];
  const fine = (v: unknown): v is SavedView => {
    const { name, hash } = (typeof v === "object" && v !== null ? v : {}) as Record<string, unknown>;
    return typeof name === "string" && typeof hash === "string" && name !== "" && name.length <= LONGEST_NAME && hash.startsWith("#") && hash.length <= LONGEST_HASH;
  };
  return data.filter(fine).map(({ name, hash }) => ({ name, hash })).slice(-MOST_VIEWS);
}

/** The views with one more; one of the same name is replaced. */
export function withView(views: readonly SavedView[], name: string, hash: string): SavedView[] {
  const clean = name.trim().slice(0, LONGEST_NAME);
  if (clean === "" || hash.length > LONGEST_HASH) return [...views];
  return [...views.filter((v) => v.name !== clean), { name: clean, hash }].slice(-MOST_VIEWS);
}

export function withoutView(views: readonly SavedView[], name: string): SavedView[] {
  return views.filter((v) => v.name !== name);
}
