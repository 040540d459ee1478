/** Cells of CSV files that the page saves, as `cladist.formats.cells` writes them. */

/** A text as a cell: what a spreadsheet would run is led by an apostrophe; numbers are not. */
export function csvCell(text: string): string {
  const number = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text);
  const tame = /^'*[=+\-@\t\r]/.test(text) && !number ? `'${text}` : text;
  return /[",\n\r]/.test(tame) ? `"${tame.replaceAll('"', '""')}"` : tame;
}
