/** What is said of the families of a model. */

import type { ModelDocument } from "../data/types";
import { remark } from "./remarks";
import { safe } from "./safe";
import { tr } from "./words";

/** Why no family is named: there are too few to ask for, or this model's answers say nothing. */
export function noFamilies(foundation: ModelDocument["foundation"]): string {
  return foundation === null ? tr("No set of families: too few models of known family.") : safe(remark(foundation.note), 400);
}
