/** What is known of a model besides its kin. */

import { shown } from "../data/columns";
import type { ModelDocument } from "../data/types";
import { line, safe } from "../text/safe";
import { tr } from "../text/words";
import type { App } from "./app";
import { h } from "./dom";
import { bar } from "./marks";

export function facts(app: App, index: number, document: ModelDocument | null): HTMLElement {
  const rows: [string, string][] = app.columns
    .map((c): [string, string] => [app.columnLabel(c), shown(c, index)])
    .filter(([, v]) => v !== "");
  const known = new Set([...rows.map(([k]) => k.toLowerCase()), ...app.columns.map((c) => c.key)]);
  if (document !== null) {
    for (const [key, value] of Object.entries(document.metadata))
      if (!known.has(key.toLowerCase())) rows.push([line(key, 60), safe(value, 400)]);
    rows.push([tr("Address"), safe(document.uri, 400)], [tr("Fingerprint"), safe(document.fingerprint, 200)]);
  }
  return list(rows);
}

export function provenance(document: ModelDocument): HTMLElement {
  const { provenance: p } = document;
  const states = Object.entries(p.states).map(([state, count]) => `${line(state, 30)} ${count}`).join(", ");
  return h("div", {},
    list([
      [tr("Usable answers"), tr("{a} of {b}", { a: p.usable, b: p.probes })],
      [tr("States"), states || "–"],
      [tr("Encoders"), p.encoders.map((e) => line(e, 80)).join(", ") || "–"],
      [tr("Digest"), line(p.digest, 80) || "–"],
    ]),
    bar(p.usable / Math.max(1, p.probes), "wide"),
    ...p.notes.slice(0, 8).map((n) => h("p", { class: "hint" }, h("bdi", {}, safe(n, 300)))));
}

function list(rows: readonly [string, string][]): HTMLElement {
  return h("dl", { class: "facts" }, ...rows.flatMap(([k, v]) => [h("dt", {}, h("bdi", {}, k)), h("dd", {}, h("bdi", {}, v))]));
}
