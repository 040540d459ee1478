/** A drawing on the page: the scene below, labels and lasso above, drawn once a frame at most. */

import { h } from "../ui/dom";
import { canvasScene } from "../gl/canvas";
import { webglScene } from "../gl/webgl";
import type { Scene } from "../gl/scene";

export class Plot {
  readonly element: HTMLElement;
  readonly surface: HTMLCanvasElement;
  readonly scene: Scene;
  width = 0;
  height = 0;
  private readonly overlay: HTMLCanvasElement;
  private readonly under: HTMLCanvasElement;
  private pending = 0;
  private lasso: readonly (readonly [number, number])[] | null = null;

  /** `draw` gets the context for labels, cleared, in page pixels. */
  constructor(
    label: string,
    private readonly draw: (context: CanvasRenderingContext2D) => void,
  ) {
    const canvas = h("canvas", { class: "scene", "aria-hidden": "true" });
    this.under = canvas;
    this.overlay = h("canvas", { class: "overlay", tabindex: "0", role: "application", "aria-label": label });
    this.surface = this.overlay;
    this.element = h("div", { class: "plot" }, canvas, this.overlay);
    this.scene = webglScene(canvas, () => this.schedule()) ?? canvasScene(canvas);
    new ResizeObserver(() => this.resize()).observe(this.element);
  }

  get ratio(): number {
    return Math.min(3, globalThis.devicePixelRatio || 1);
  }

  get visible(): boolean {
    return this.width > 0 && this.height > 0;
  }

  schedule(): void {
    if (this.pending === 0) this.pending = requestAnimationFrame(() => this.now());
  }

  showLasso(polygon: readonly (readonly [number, number])[] | null): void {
    this.lasso = polygon;
    this.schedule();
  }

  /** Draws at once, for printing. */
  now(): void {
    cancelAnimationFrame(this.pending);
    this.pending = 0;
    if (!this.visible) return;
    const ratio = this.ratio;
    const [width, height] = [Math.round(this.width * ratio), Math.round(this.height * ratio)];
    if (this.overlay.width !== width) this.overlay.width = width;
    if (this.overlay.height !== height) this.overlay.height = height;
    const context = this.overlay.getContext("2d");
    if (context === null) return;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, this.width, this.height);
    this.draw(context);
    if (this.lasso !== null) this.drawLasso(context);
  }

  /** Scene and labels together, on the colour of the panel. */
  composed(): HTMLCanvasElement {
    const { width, height } = this.overlay;
    const canvas = h("canvas", { width, height });
    const context = canvas.getContext("2d");
    if (context === null) return canvas;
    context.fillStyle = getComputedStyle(this.element).getPropertyValue("--panel").trim() || "#ffffff";
    context.fillRect(0, 0, width, height);
    context.drawImage(this.under, 0, 0, width, height);
    context.drawImage(this.overlay, 0, 0);
    return canvas;
  }

  private drawLasso(context: CanvasRenderingContext2D): void {
    const style = getComputedStyle(this.element);
    context.beginPath();
    this.lasso?.forEach(([x, y], k) => (k === 0 ? context.moveTo(x, y) : context.lineTo(x, y)));
    context.closePath();
    context.fillStyle = style.getPropertyValue("--lasso");
    context.fill();
    context.strokeStyle = style.getPropertyValue("--accent");
    context.lineWidth = 1.25;
    context.setLineDash([4, 3]);
    context.stroke();
    context.setLineDash([]);
  }

  private resize(): void {
    const box = this.element.getBoundingClientRect();
    if (box.width === this.width && box.height === this.height) return;
    this.width = box.width;
    this.height = box.height;
    this.schedule();
  }
}
