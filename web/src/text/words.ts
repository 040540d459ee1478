/** The words of the page: English as it stands in the code, other languages from one table. */

import { grouped } from "./safe";
import { ZH } from "./zh";

export type Language = "en" | "zh";
/** Every text of the page; a text without a translation does not compile. */
export type Text = keyof typeof ZH;
type Values = Readonly<Record<string, string | number>>;

const KEY = "cladist-atlas-language";
let spoken: Language | null = null;

/** The reader's language: as chosen here before, else as the browser says. */
export function language(): Language {
  spoken ??= remembered() ?? (globalThis.navigator?.language?.toLowerCase().startsWith("zh") ? "zh" : "en");
  return spoken;
}

function remembered(): Language | null {
  try {
    const chosen = globalThis.localStorage?.getItem(KEY);
    return chosen === "en" || chosen === "zh" ? chosen : null;
  } catch (error) {
    // Browsers may refuse storage to pages opened as files.
    if (error instanceof DOMException) return null;
    throw error;
  }
}

/** Takes a language and shows the page anew; its address holds what was seen. */
export function setLanguage(chosen: Language): void {
  try {
    localStorage.setItem(KEY, chosen);
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
  }
  location.reload();
}

/** For tests. */
export function speak(chosen: Language): void {
  spoken = chosen;
}

/**
 * A text in the reader's language, with values in place of `{name}`.
 *
 * Before a bar stands what is said of one, after it what is said of any other number `n`.
 */
export function tr(text: Text, values: Values = {}): string {
  const whole: string = language() === "zh" ? ZH[text] : text;
  const forms = whole.split("|");
  const form = forms.length > 1 && values["n"] !== 1 ? forms[1] : forms[0];
  return (form ?? "").replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = values[name];
    return typeof value === "number" ? grouped(value) : (value ?? "");
  });
}

/** A share in two digits, as '0.12%': the command line's way. */
export function share(value: number): string {
  const whole = 100 * Math.min(value, 1);
  return whole >= 99.5 ? `${whole.toFixed(0)}%` : `${Number(whole.toPrecision(2))}%`;
}
