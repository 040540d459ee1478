/** Colours and shapes that tell groups apart, for all kinds of colour vision. */

export type Rgb = readonly [number, number, number];
export type Theme = "light" | "dark";

/**
 * "Muted" of P. Tol, Colour Schemes (SRON technical note, 2021), for light backgrounds, and
 * lighter relatives in the same order of hues (after his scheme "light") for dark ones; a blue and an
 * ink more, so that the colours and the eight shapes have no divisor in common.
 */
const COLOURS: Readonly<Record<Theme, readonly string[]>> = {
  light: [
    "#332288", "#cc6677", "#117733", "#ddaa33", "#66b6dd", "#882255", "#44aa99", "#808020", "#aa4499",
    "#3b6fd4", "#202020",
  ],
  dark: [
    "#8f8ce8", "#f0858f", "#2f9e57", "#eedd88", "#99ddff", "#d66a9c", "#57d3bf", "#bbb83a", "#e29be0",
    "#4f86ff", "#f4f4f4",
  ],
};

export const SHAPES = [
  "circle", "square", "triangle", "diamond", "nabla", "plus", "cross", "star",
] as const;
export type Shape = (typeof SHAPES)[number];

/** How many groups get a mark of their own; smaller ones are drawn in grey. */
export const MOST = 24;
export const OTHER: Readonly<Record<Theme, string>> = { light: "#9a9fa5", dark: "#757c85" };

export interface Mark {
  readonly colour: string;
  readonly shape: number;
}

/** The mark of the k-th largest group: pairs of colour and shape do not repeat before 88. */
export function mark(k: number, theme: Theme): Mark {
  if (k < 0 || k >= MOST || Number.isNaN(k)) return { colour: OTHER[theme], shape: 0 };
  const colours = COLOURS[theme];
  return { colour: colours[k % colours.length] ?? OTHER[theme], shape: k % SHAPES.length };
}

export function rgb(hex: string): Rgb {
  // Style sheets are shortened when built: '#fff' is '#ffffff'.
  const digits = hex.length === 4 ? hex.slice(1).replace(/./g, "$&$&") : hex.slice(1);
  const value = Number.parseInt(digits, 16);
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}

/** Outlines of the shapes in a box from -1 to 1, as closed polygons (the circle has none). */
export const OUTLINES: readonly (readonly (readonly [number, number])[])[] = [
  [],
  [[-0.8, -0.8], [0.8, -0.8], [0.8, 0.8], [-0.8, 0.8]],
  [[0, -1], [0.94, 0.7], [-0.94, 0.7]],
  [[0, -1.05], [0.86, 0], [0, 1.05], [-0.86, 0]],
  [[0, 1], [0.94, -0.7], [-0.94, -0.7]],
  [
    [-0.34, -1], [0.34, -1], [0.34, -0.34], [1, -0.34], [1, 0.34], [0.34, 0.34],
    [0.34, 1], [-0.34, 1], [-0.34, 0.34], [-1, 0.34], [-1, -0.34], [-0.34, -0.34],
  ],
  turned45(),
  star(),
];

function turned45(): [number, number][] {
  const c = Math.SQRT1_2;
  const plus: [number, number][] = [
    [-0.34, -1], [0.34, -1], [0.34, -0.34], [1, -0.34], [1, 0.34], [0.34, 0.34],
    [0.34, 1], [-0.34, 1], [-0.34, 0.34], [-1, 0.34], [-1, -0.34], [-0.34, -0.34],
  ];
  return plus.map(([x, y]) => [c * (x - y), c * (x + y)]);
}

function star(): [number, number][] {
  return Array.from({ length: 10 }, (_, k) => {
    const radius = k % 2 === 0 ? 1.1 : 0.5;
    const angle = (k * Math.PI) / 5 - Math.PI / 2;
    return [radius * Math.cos(angle), radius * Math.sin(angle)] as [number, number];
  });
}
