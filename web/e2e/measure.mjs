// How fast the page is: node e2e/measure.mjs DOCUMENTS... (folders with api/v1/documents).
// First view: from the start of loading until map, tree and table were drawn, the best and the
// median of five, and the median CPU time of page and graphics until then: on a busy machine only
// that is fair. Frame times: while the map or the tree is moved each frame, 24 frames; CPU time of one in page and graphics process.
import { basename } from "node:path";
import { loadavg } from "node:os";
import { browser } from "./browser.mjs";
import { cpu, since } from "./cpu.mjs";
import { serve } from "./serve.mjs";

const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];

/** Moves a drawing once a frame; the milliseconds between frames. */
function frames(selector) {
  const canvas = document.querySelector(selector);
  const box = canvas.getBoundingClientRect();
  const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
  let k = 0;
  const times = [];
  let last = 0;
  return new Promise((resolve) => {
    const step = (now) => {
      if (last > 0) times.push(now - last);
      last = now;
      if (k++ >= 24) return resolve(times.slice(2));
      canvas.dispatchEvent(new WheelEvent("wheel", { clientX: x, clientY: y, deltaY: k % 2 ? -30 : 28, bubbles: true, cancelable: true }));
      requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  });
}

const ROUNDS = Number(process.env.ROUNDS ?? 5);
const chromium = await browser();
for (const documents of process.argv.slice(2)) {
  const { server, address } = await serve(documents);
  const views = [];
  const used = { page: [], graphics: [] };
  const report = {};
  for (let k = 0; k < ROUNDS; k++) {
    const context = await chromium.newContext({ viewport: { width: 1440, height: 900 } });
    const page = await context.newPage();
    const begun = cpu();
    await page.goto(address, { timeout: 120_000 });
    await page.waitForFunction(() => performance.getEntriesByName("cladist-first-view").length > 0, null, { timeout: 120_000 });
    views.push(await page.evaluate(() => performance.getEntriesByName("cladist-first-view")[0].startTime));
    const spent = since(begun);
    used.page.push(spent.renderer ?? 0);
    used.graphics.push(spent["gpu-process"] ?? 0);
    if (k === ROUNDS - 1) {
      await page.waitForTimeout(500);
      for (const [what, selector] of [["map", ".map-panel .overlay"], ["tree", ".tree-panel .overlay"]]) {
        const before = cpu();
        const times = await page.evaluate(frames, selector);
        const used = since(before);
        const share = (kind) => Math.round((10 * (used[kind] ?? 0)) / 25) / 10;
        report[what] = { median: Math.round(median(times) * 10) / 10, worst: Math.round(Math.max(...times)), cpu: { page: share("renderer"), graphics: share("gpu-process") } };
      }
    }
    await context.close();
  }
  console.log(JSON.stringify({ models: basename(documents), firstView: { best: Math.round(Math.min(...views)), median: Math.round(median(views)), cpu: { page: median(used.page), graphics: median(used.graphics) } }, frames: report, load: loadavg().map((v) => Number(v.toFixed(1))) }));
  server.close();
}
await chromium.close();
