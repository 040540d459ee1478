/** Names beside points that do not run over each other. */

export interface Label {
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly strong?: boolean;
}

interface Look {
  readonly ink: string;
  readonly paper: string;
  readonly font: string;
}

/** Draws labels in the order given; later ones that would touch earlier ones are left out. */
export function drawLabels(
  context: CanvasRenderingContext2D,
  labels: readonly Label[],
  look: Look,
  width: number,
  height: number,
  align: "right" | "centre" = "right",
): void {
  const taken: [number, number, number, number][] = [];
  context.font = look.font;
  context.textBaseline = "middle";
  context.textAlign = "left";
  context.lineJoin = "round";
  for (const { text, x, y, strong } of labels) {
    if (x < -20 || y < 0 || x > width || y > height) continue;
    const shown = text.length > 44 ? `${text.slice(0, 43)}…` : text;
    const size = context.measureText(shown).width;
    const gap = 9;
    let left = align === "centre" ? x - size / 2 : x + gap;
    if (align === "right" && left + size > width - 4) left = x - gap - size;
    if (align === "centre") left = Math.max(4, Math.min(width - size - 4, left));
    const box: [number, number, number, number] = [left - 2, y - 8, left + size + 2, y + 8];
    if (!strong && taken.some((b) => b[0] < box[2] && b[2] > box[0] && b[1] < box[3] && b[3] > box[1])) continue;
    taken.push(box);
    context.strokeStyle = look.paper;
    context.lineWidth = 3.5;
    context.strokeText(shown, left, y);
    context.fillStyle = look.ink;
    context.fillText(shown, left, y);
  }
}

export interface Inks {
  readonly ink: string;
  readonly muted: string;
  readonly paper: string;
  readonly line: string;
  readonly accent: string;
  readonly font: string;
  readonly small: string;
}

/** The colours and fonts of the theme, for drawing. */
export function inks(element: Element): Inks {
  const style = getComputedStyle(element);
  const value = (name: string) => style.getPropertyValue(name).trim();
  const family = style.fontFamily;
  return {
    ink: value("--ink"),
    muted: value("--muted"),
    paper: value("--panel"),
    line: value("--branch"),
    accent: value("--accent"),
    font: `500 12px ${family}`,
    small: `11px ${family}`,
  };
}
