/** Dark or light: as the system says, or as chosen here before. */

import type { Theme } from "../colour/palette";

const KEY = "cladist-atlas-theme";

export function preferred(): Theme {
  const chosen = remembered();
  if (chosen === "dark" || chosen === "light") return chosen;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

function remembered(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch (error) {
    // Browsers may refuse storage to pages opened as files.
    if (error instanceof DOMException) return null;
    throw error;
  }
}

export function remember(theme: Theme): void {
  try {
    localStorage.setItem(KEY, theme);
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
  }
}

/** Follows the system while nothing was chosen here. */
export function onSystemChange(listener: (theme: Theme) => void): void {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", (event) => {
    if (remembered() === null) listener(event.matches ? "dark" : "light");
  });
}
