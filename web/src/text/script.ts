/** Which script a text is written in, for readers who do not read it. */

const SCRIPTS = ["Latin", "Han", "Cyrillic", "Arabic", "Hebrew", "Devanagari", "Hangul", "Hiragana", "Katakana", "Thai", "Greek", "Bengali", "Tamil"] as const;

/** The script of more than half of the letters at the beginning of a text; null where none is. */
export function scriptOf(text: string): string | null {
  const letters = text.slice(0, 2_000).match(/\p{L}/gu) ?? [];
  if (letters.length === 0) return null;
  for (const script of SCRIPTS) {
    const own = new RegExp(`\\p{Script=${script}}`, "u");
    if (2 * letters.filter((c) => own.test(c)).length > letters.length) return script;
  }
  return null;
}
