/** The documents of a data bundle, as the Python side writes them. */

export type Cell = string | number | null;
export type ColumnKind = "category" | "number" | "date";
export type Verdict = "related" | "unrelated" | "inconclusive" | "not tested";
export type DeclaredVerdict = "supported" | "contradicted" | "inconclusive" | "not tested" | "not measured";

export interface ColumnDocument {
  readonly key: string;
  readonly label: string;
  readonly kind: ColumnKind;
  readonly values: readonly Cell[];
}

export interface MapDocument {
  readonly key: string;
  readonly label: string;
  readonly note: string;
  /** Share of each model's `near` nearest that are among as many nearest on the map. */
  readonly kept: number;
  readonly near: number;
  readonly x: readonly number[];
  readonly y: readonly number[];
}

export interface TreeDocument {
  readonly newick: string;
  readonly method: string;
  readonly root: string;
  readonly support: string | null;
  readonly replicates: number;
  readonly note: string;
}

export interface DeclaredEdge {
  readonly child: number;
  readonly parent: number | null;
  readonly parent_name: string;
  readonly relation: string;
  readonly verdict: DeclaredVerdict;
  readonly p: number | null;
  readonly note: string;
  /** Code of the reason; '' where nothing was tested. */
  readonly reason?: string;
}

export interface FacingRow {
  readonly models: readonly number[];
  readonly family: string;
  readonly branches: number;
}

export interface DeclaredDocument {
  readonly source: string;
  readonly edges: readonly DeclaredEdge[];
  readonly newick: string | null;
  /** Rows of several models in both trees; a model in none is a row of its own. */
  readonly facing: {
    readonly declared: readonly FacingRow[];
    readonly measured: readonly FacingRow[];
    readonly remarks: readonly string[];
  } | null;
}

export interface AssayFacts {
  readonly name: string;
  readonly digest: string;
  readonly description: string;
  readonly probes: number;
  readonly samples: number;
  readonly dimension: number;
  readonly metric: string;
}

export interface AtlasDocument {
  readonly format: "cladist-atlas";
  readonly version: 2;
  readonly title: string;
  readonly generated_by: string;
  readonly assay: AssayFacts;
  readonly models: { readonly name: readonly string[]; readonly columns: readonly ColumnDocument[] };
  readonly maps: readonly MapDocument[];
  readonly tree: TreeDocument | null;
  readonly declared: DeclaredDocument | null;
  /** The column that tells families first, where they are from, how many, of how many models. */
  readonly families: {
    readonly column: string;
    readonly origin: "labels" | "metadata" | "table" | "none";
    readonly count: number;
    readonly models: number;
  };
  readonly documents: { readonly models: boolean; readonly answers: boolean };
  /** What was left out when the data were made, in sentences. */
  readonly remarks?: readonly string[];
}

export interface ProbesDocument {
  readonly id: readonly string[];
  readonly text: readonly string[];
}

export interface Relative {
  readonly index: number;
  readonly distance: number;
  readonly similarity: number | null;
  readonly verdict: Verdict;
  readonly p: number | null;
  readonly alpha: number | null;
  readonly reason?: string;
  readonly note: string;
}

export interface Weighed {
  readonly probe: number;
  readonly weight: number;
}

/** Families that cannot be excluded. */
export interface FamilySet {
  readonly families: readonly string[];
  readonly more: number;
  readonly none: boolean;
  readonly coverage: number;
  readonly best: string;
  readonly probability: number;
  readonly refused: string;
  readonly basis: string;
  readonly note: string;
}

export interface ComparedDocument {
  readonly models: readonly number[];
  readonly pairs: readonly (Omit<Relative, "index"> & { readonly a: number; readonly b: number })[];
}

/** What the server says of a model that is not here. */
export interface PlacedDocument {
  readonly name: string;
  readonly usable: number;
  readonly probes: number;
  readonly metric: string;
  readonly nearest: readonly Relative[];
  readonly set: FamilySet | null;
  readonly tree: { readonly below: readonly number[]; readonly place: number; readonly pendant: number; readonly residual: number } | null;
  readonly note: string;
}

export interface ModelDocument {
  readonly index: number;
  readonly name: string;
  readonly uri: string;
  readonly fingerprint: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly provenance: {
    readonly usable: number;
    readonly probes: number;
    readonly notes: readonly string[];
    readonly encoders: readonly string[];
    readonly states: Readonly<Record<string, number>>;
    readonly digest: string;
  };
  readonly relatives: readonly Relative[];
  readonly set: FamilySet | null;
  readonly foundation: {
    readonly candidates: readonly { readonly name: string; readonly probability: number }[];
    readonly note: string;
  } | null;
  readonly parents: readonly {
    readonly index: number;
    readonly confidence: number;
    readonly note: string;
  }[];
  readonly evidence: readonly {
    readonly other: number;
    readonly for: readonly Weighed[];
    readonly against: readonly Weighed[];
  }[];
}

export interface AnswersDocument {
  readonly text: readonly (string | null)[];
  readonly state: readonly string[];
}

export interface PairDocument {
  readonly a: number;
  readonly b: number;
  readonly distance: number;
  readonly verdict: Verdict;
  readonly p: number | null;
  readonly alpha: number | null;
  readonly reason?: string;
  readonly note: string;
  readonly probe: readonly Weighed[];
}
