/** The report on a model, made by the server as a file. */

import { tr } from "../text/words";
import type { App } from "./app";
import { button, downloadBlob } from "./dom";

/** A button that fetches it; null where no server is. */
export function reportButton(app: App, index: number): HTMLButtonElement | null {
  if (document.documentElement.dataset["source"] === "static") return null;
  const made = button({ class: "tool", "data-report": true, title: tr("The report of this model as a PDF, as 'cladist report' makes it") }, tr("Report (PDF)"), () => void fetched());
  const fetched = async () => {
    made.disabled = true;
    made.setAttribute("aria-busy", "true");
    app.say(tr("The server writes the report"));
    try {
      const response = await fetch(`api/v1/models/${index}/report.pdf`, { credentials: "omit" });
      if (!response.ok) {
        const data = (await response.json()) as { error?: { message?: unknown } };
        throw new Error(String(data.error?.message ?? response.status));
      }
      downloadBlob(`${app.label(index).replace(/[^\w.-]+/g, "_").slice(0, 80)}-report.pdf`, await response.blob());
      app.say(tr("The report is saved"));
    } catch (error) {
      made.title = error instanceof Error ? error.message : String(error);
      app.say(made.title);
      made.classList.add("failed");
    }
    made.disabled = false;
    made.removeAttribute("aria-busy");
  };
  return made;
}
