/** A file of one model's answers, read strictly: which columns were taken is stated, doubt is refused. */

export class AnswersError extends Error {}

export interface Answers {
  readonly name: string;
  /** Answers by probe id. */
  readonly responses: Readonly<Record<string, string>>;
  /** Which columns or keys were read. */
  readonly read: { readonly prompt: string; readonly answer: string };
  /** Entries of the file whose prompt is none of the atlas'. */
  readonly unknown: number;
  /** Entries that answer a prompt a second time; the first counts. */
  readonly repeated: number;
}

export interface Asked {
  readonly id: readonly string[];
  readonly text: readonly string[];
}

const PROMPT = ["prompt_id", "probe", "probe_id", "id", "prompt", "question", "instruction"];
const ANSWER = ["response", "answer", "completion", "output"];
const MODEL = ["model", "model_name", "generator"];

type Row = Readonly<Record<string, unknown>>;

/**
 * Answers in JSON (an object of answers by prompt, or with 'responses'; a list of objects), JSON
 * lines, or CSV with a head. Prompts go by id or by their whole text. Throws `AnswersError`.
 */
export function readAnswers(fileName: string, text: string, asked: Asked): Answers {
  const bare = fileName.replace(/\.[^.]*$/, "").slice(0, 200);
  const clean = text.replace(/^\ufeff/, "");
  const start = clean.trimStart()[0];
  if (start === "{" || start === "[") {
    const whole = parsed(clean);
    if (whole !== undefined) return fromJson(bare, whole, asked);
    const lines = clean.split(/\r?\n/).filter((l) => l.trim() !== "").map(parsed);
    if (lines.every((l) => l !== undefined)) return fromJson(bare, lines, asked);
    throw new AnswersError("This is neither JSON nor a file of JSON lines.");
  }
  const [head = [], ...rows] = csv(clean);
  if (head.length < 2) throw new AnswersError("The first line names no columns: a column for prompts and one for answers are needed.");
  return fromRows(bare, rows.map((r) => Object.fromEntries(head.map((k, i) => [k, r[i] ?? ""]))), asked);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isRow(value: unknown): value is Row {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function fromJson(name: string, data: unknown, asked: Asked): Answers {
  if (Array.isArray(data)) {
    if (!data.every(isRow)) throw new AnswersError("The list holds something that is no object with a prompt and an answer.");
    return fromRows(name, data, asked);
  }
  if (!isRow(data)) throw new AnswersError("The file holds no answers.");
  const inner = isRow(data["responses"]) ? data["responses"] : data;
  const own = typeof data["name"] === "string" && inner !== data ? data["name"] : name;
  const pairs = Object.entries(inner).filter((p): p is [string, string] => typeof p[1] === "string");
  return gathered(own, pairs, { prompt: "key", answer: "value" }, asked);
}

function fromRows(name: string, rows: readonly Row[], asked: Asked): Answers {
  const first = rows[0];
  if (first === undefined) throw new AnswersError("The file holds no answers.");
  const one = (what: string, known: readonly string[]) => {
    const found = known.filter((k) => Object.hasOwn(first, k));
    const [key] = found;
    if (key === undefined) throw new AnswersError(`No column for ${what}: one of ${known.join(", ")} is needed; here are ${Object.keys(first).slice(0, 12).join(", ")}.`);
    return found;
  };
  // Ids and texts of prompts may stand side by side: what names most probes is taken.
  const answers = one("answers", ANSWER);
  if (answers.length > 1) throw new AnswersError(`Two columns may be the answers: ${answers.join(", ")}. Leave one of them.`);
  const answer = answers[0] ?? "";
  const known = new Set([...asked.id, ...asked.text]);
  const prompt = one("prompts", PROMPT)
    .map((key) => [rows.filter((r) => known.has(String(r[key] ?? ""))).length, key] as const)
    .sort((a, b) => b[0] - a[0])[0]?.[1] ?? "";
  const modelKey = MODEL.find((k) => Object.hasOwn(first, k));
  const models = new Set(modelKey === undefined ? [] : rows.map((r) => String(r[modelKey] ?? "")));
  if (models.size > 1) throw new AnswersError(`The file holds answers of ${models.size} models; leave those of one.`);
  const pairs = rows
    .filter((r) => typeof r[answer] === "string")
    .map((r): [string, string] => [String(r[prompt] ?? ""), String(r[answer])]);
  return gathered([...models][0] || name, pairs, { prompt, answer }, asked);
}

function gathered(name: string, pairs: readonly [string, string][], read: Answers["read"], asked: Asked): Answers {
  const ids = new Set(asked.id);
  const byText = new Map(asked.text.map((t, k) => [t, asked.id[k] ?? ""]));
  const responses: Record<string, string> = Object.create(null) as Record<string, string>;
  let [unknown, repeated] = [0, 0];
  for (const [prompt, answer] of pairs) {
    const id = ids.has(prompt) ? prompt : byText.get(prompt);
    if (id === undefined || id === "") unknown++;
    else if (Object.hasOwn(responses, id)) repeated++;
    else responses[id] = answer.slice(0, 20_000);
  }
  if (Object.keys(responses).length === 0)
    throw new AnswersError("None of the prompts in the file is one that these models were asked.");
  return { name, responses, read, unknown, repeated };
}

/** Cells of a CSV text: commas or tabs, quotes as in RFC 4180. */
export function csv(text: string): string[][] {
  const comma = (text.split("\n", 1)[0] ?? "").includes("\t") ? "\t" : ",";
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = "";
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const c = text[at];
    if (quoted) {
      if (c !== '"') cell += c;
      else if (text[at + 1] === '"') {
        cell += '"';
        at++;
      } else quoted = false;
    } else if (c === '"' && cell === "") quoted = true;
    else if (c === comma) {
      row.push(cell);
      cell = "";
    } else if (c === "\n" || c === "\r") {
      if (c === "\r" && text[at + 1] === "\n") at++;
      row.push(cell);
      if (row.length > 1 || row[0] !== "") rows.push(row);
      [row, cell] = [[], ""];
    } else cell += c;
  }
  if (quoted) throw new AnswersError("A quote is never closed.");
  row.push(cell);
  if (row.length > 1 || row[0] !== "") rows.push(row);
  return rows;
}
