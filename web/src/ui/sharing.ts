/** The address of what is seen, to be handed on. */

import { tr } from "../text/words";
import type { App } from "./app";
import { button } from "./dom";

export function shareButton(app: App): HTMLButtonElement {
  return button({ class: "tool", title: tr("Copy a link to what is seen: selection, colours, filters and all") }, tr("Copy link"), () => {
    // The address follows the state a moment later.
    setTimeout(() => void copied(app), 250);
  });
}

async function copied(app: App): Promise<void> {
  try {
    await navigator.clipboard.writeText(location.href);
    app.say(tr("The link is copied"));
  } catch (error) {
    if (!(error instanceof DOMException) && !(error instanceof TypeError)) throw error;
    // Where pages may not write to the clipboard the address line holds the same.
    app.say(tr("The browser allows no copying; the address line holds the link"));
  }
}
