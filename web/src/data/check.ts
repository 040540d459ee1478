/** Refuses a document that the page could not show, saying what is wrong with it. */

import type { AtlasDocument } from "./types";

export class DocumentError extends Error {}

/** The document itself, once every list in it has one entry a model. */
export function checked(document: AtlasDocument): AtlasDocument {
  if (document.format !== "cladist-atlas")
    throw new DocumentError("This is not the data of an atlas ('format' is not 'cladist-atlas').");
  if (document.version !== 2)
    throw new DocumentError(
      `This page reads atlas data of version 2; these are of version ${String(document.version)}.`,
    );
  const count = document.models.name.length;
  const lists: [string, number][] = [
    ...document.models.columns.map((c): [string, number] => [`column '${c.key}'`, c.values.length]),
    ...document.maps.flatMap((m): [string, number][] => [
      [`map '${m.key}' (x)`, m.x.length],
      [`map '${m.key}' (y)`, m.y.length],
    ]),
  ];
  for (const [what, length] of lists)
    if (length !== count)
      throw new DocumentError(`The ${what} has ${length} entries for ${count} models.`);
  return document;
}
