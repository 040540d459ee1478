/** Declared lineage against the measured one. */

import type { DeclaredEdge, DeclaredVerdict } from "../data/types";
import { chance, grouped, line } from "../text/safe";
import { tr } from "../text/words";
import type { App } from "./app";
import { button, h, replace } from "./dom";
import { meaning, name, reasoned, verdict } from "./marks";
import { failed, modelLink } from "./parts";
import { tanglegram } from "./tanglegram";

const ORDER: readonly DeclaredVerdict[] = ["contradicted", "inconclusive", "not tested", "not measured", "supported"];
const STEP = 100;

export function declaredPage(app: App, host: HTMLElement): void {
  const { declared } = app.atlas;
  const title = h("h1", { tabindex: -1 }, tr("Declared against measured"));
  const head = h("header", { class: "page-head" },
    button({ class: "tool back" }, tr("← Overview"), () => app.go({ page: "overview" })), title);
  if (declared === null) {
    replace(host, head, h("p", { class: "empty" }, tr("No declared lineage came with these data. Give a CSV with the columns model and parent (and relation, if known) when the atlas is made: --declared.")));
    title.focus({ preventScroll: true });
    return;
  }
  const counts = new Map<DeclaredVerdict, number>(ORDER.map((v) => [v, 0]));
  for (const edge of declared.edges) counts.set(edge.verdict, (counts.get(edge.verdict) ?? 0) + 1);
  const contradicted = declared.edges.filter((e) => e.verdict === "contradicted");
  let wanted: DeclaredVerdict | null = contradicted.length > 0 ? "contradicted" : null;
  const untold = (counts.get("not tested") ?? 0) + (counts.get("not measured") ?? 0);
  const table = h("div", {});
  const filters = h("div", { class: "segments wrap", role: "group", "aria-label": tr("Verdict") });
  let most = STEP;
  const show = () => {
    const edges = declared.edges.filter((e) => wanted === null || e.verdict === wanted);
    replace(filters,
      ...[...ORDER.map((v) => [v, tr(v), counts.get(v) ?? 0] as const), [null, tr("all"), declared.edges.length] as const].map(
        ([v, label, count]) => button({ "aria-pressed": String(v === wanted) }, `${label} ${grouped(count)}`, () => {
          wanted = v;
          most = STEP;
          show();
        })));
    replace(table, edgeTable(app, edges.slice(0, most)),
      edges.length > most ? button({ class: "tool" }, tr("{n} more row|{n} more rows", { n: edges.length - most }), () => {
        most += STEP;
        show();
      }) : null);
  };
  const total = Math.max(1, declared.edges.length);
  const stack = h("div", { class: "stack", role: "img", "aria-label": ORDER.map((v) => `${tr(v)} ${counts.get(v) ?? 0}`).join(", ") });
  for (const v of ORDER) {
    const part = h("span", { class: `part ${v.replace(" ", "-")}`, title: `${tr(v)}: ${counts.get(v) ?? 0}` });
    part.style.setProperty("flex-grow", String((counts.get(v) ?? 0) / total));
    if ((counts.get(v) ?? 0) > 0) stack.append(part);
  }
  const tangle = h("section", { class: "card" });
  replace(host, head,
    h("div", { class: "page-body single" },
      h("section", { class: "card" },
        h("p", {}, tr("{n} declared step from {source}.|{n} declared steps from {source}.", { n: declared.edges.length, source: line(declared.source, 120) }), " ",
          contradicted.length === 0 ? tr("None is contradicted.") : tr("{n} is contradicted: a calibrated test says that the two are unrelated.|{n} are contradicted: a calibrated test says that the two are unrelated.", { n: contradicted.length }), " ",
          untold === 0 ? "" : tr("{n} could not be tested or measured.", { n: untold })),
        stack,
        h("div", { class: "meanings" }, ...ORDER.filter((v) => (counts.get(v) ?? 0) > 0).map((v) => h("p", {}, verdict(v), " ", h("span", {}, meaning(v)))))),
      h("section", { class: "card" },
        h("header", { class: "card-head" }, h("h2", {}, tr("Declared steps")), filters,
          contradicted.length > 0 ? button({ class: "tool" }, tr("Select the contradicted"), () => {
            app.select(contradicted.flatMap((e) => (e.parent === null ? [e.child] : [e.child, e.parent])));
            app.go({ page: "overview" });
          }) : null),
        table),
      tangle));
  show();
  title.focus({ preventScroll: true });
  try {
    replace(tangle, ...tanglegram(app, declared));
  } catch (error) {
    replace(tangle, failed(error));
  }
}

/** A step a row; how it was declared and why it stands as it does in a row of its own below it. */
function edgeTable(app: App, edges: readonly DeclaredEdge[]): HTMLElement {
  const columns = [tr("Verdict"), tr("Model"), tr("Declared parent")];
  return h("table", { class: "rows steps" },
    h("thead", {}, h("tr", {}, ...columns.map((t) => h("th", { scope: "col" }, t)), h("th", { scope: "col", class: "num" }, "p"))),
    h("tbody", {}, ...edges.flatMap((e) => [
      h("tr", { class: "above" },
        h("td", {}, verdict(e.verdict)),
        h("td", {}, modelLink(app, e.child)),
        h("td", {}, e.parent === null ? name(line(e.parent_name, 120)) : modelLink(app, e.parent)),
        h("td", { class: "num" }, chance(e.p))),
      h("tr", { class: "why" }, h("td", { colspan: columns.length + 1 },
        e.relation === "" ? null : h("span", { class: "relation" }, tr("declared as {relation}", { relation: line(e.relation, 40) }), " · "),
        h("bdi", {}, e.parent === null ? tr("The declared parent is not among the models here.") : reasoned(e)), " ",
        e.parent === null ? null : button({ class: "quiet", title: tr("Compare {name} with its declared parent", { name: app.label(e.child) }) }, tr("evidence"), () =>
          app.go({ page: "pair", a: e.child, b: e.parent ?? 0 })))),
    ])));
}
