"""Which column of a file means what, and when that cannot be told.

    role       names, by rank; the first rank that has a column is taken
    model      model | generator, model_name, model_id, model_name_or_path
    prompt_id  prompt_id | probe_id, question_id, task_id
    prompt     prompt | instruction, question | input, query, problem, user_prompt, full_prompt
    response   see below
    sample     sample | sample_index       0, 1, 2, ... where a prompt was asked several times
    state      state                       ok, empty, refused, truncated or error

Case and surrounding blanks do not matter. Two columns of one rank are two readings, and that is
refused.

The answers of the model are the one role that a wrong column fakes: `answer` is the key in most
data sets and the model's own words in others, `pred` is a letter cut out of an answer. So:

- One column of `SURE` or `USUAL` names is read; `answer` beside it is then the key. Two of them,
  `output` beside `answer`, and a `USUAL` one beside `prediction`, are two readings.
- Without one, a single column of `PARSED` names is read.
- `answer` alone is read where the table names its models and nothing says that it is a key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cladist.formats.responses.problems import RowProblem
from cladist.formats.responses.table import shown

__all__ = ["OPTIONS", "ROLES", "SETTINGS", "ColumnReading", "known_columns", "roles_of"]

ROLES: dict[str, tuple[tuple[str, ...], ...]] = {
    "model": (("model",), ("generator", "model_name", "model_id", "model_name_or_path")),
    "prompt_id": (("prompt_id",), ("probe_id", "question_id", "task_id")),
    "prompt": (
        ("prompt",),
        ("instruction", "question"),
        ("input", "query", "problem", "user_prompt", "full_prompt"),
    ),
    "sample": (("sample",), ("sample_index",)),
    "state": (("state",),),
}
OPTIONS = ("response", "prompt", "prompt_id", "model", "sample", "state")
"""Roles that a user can name the column of."""

USUAL = ("response", "responses", "output", "outputs")
SURE = (
    "model_output", "model_outputs", "model_response", "model_responses", "model_answer",
    "model_answers", "model_completion", "model_generation", "completion", "completions",
    "generation", "generations", "generated_text", "generated_answer", "generated_response",
    "generated_output", "generated", "llm_output", "llm_response", "llm_answer", "raw_output",
    "raw_response", "raw_generation", "raw_answer", "raw_model_output", "assistant_response",
    "response_text", "output_text", "answer_text",
)  # fmt: skip
PARSED = (
    "prediction", "predictions", "pred", "preds", "predicted", "predicted_answer",
    "predicted_text", "pred_answer", "model_pred", "model_prediction", "extracted_answer",
    "parsed_answer",
)  # fmt: skip
WHOLE_PREDICTIONS = ("prediction", "predictions", "predicted_text", "model_prediction")
KEYS = ("answer", "answers")
SIGNS_OF_A_KEY = (
    "answer_index", "answer_idx", "answer_id", "answer_key", "answerkey", "answer_letter",
    "options", "choices", "correct", "is_correct", "correct_answer", "correct_option", "solution",
    "gold", "gold_answer", "label", "target", "reference", "reference_answer", "ground_truth",
    "groundtruth", "cot_content", "distractors", "incorrect_answers", "correct_answers",
    "best_answer", "option_a", "a",
)  # fmt: skip
REFERENCES = (
    "reference", "reference_answer", "gold", "gold_answer", "target", "ground_truth",
    "groundtruth", "expected", "expected_output", "expected_answer", "correct_answer", "solution",
    "label", "answer", "answers", "answer_key",
)  # fmt: skip
SETTINGS = (
    "temperature", "top_p", "top_k", "min_p", "max_tokens", "max_new_tokens", "max_length",
    "max_gen_toks", "seed", "do_sample", "repetition_penalty", "num_beams", "params",
    "sampling_params", "generation_config", "gen_kwargs", "generation_kwargs",
)  # fmt: skip
"""Columns that tell how the answers were sampled; they are kept as metadata of the model."""


@dataclass(frozen=True)
class ColumnReading:
    """What was decided of a table.

    roles      role -> place of its column
    names      role -> name of its column as the file writes it
    unread     columns that might pass for answers and were not taken, as the file writes them
    reference  place of a column of right answers, None where there is none
    settings   name -> place of columns that tell how answers were sampled
    """

    roles: Mapping[str, int]
    names: Mapping[str, str]
    unread: tuple[str, ...] = ()
    reference: int | None = None
    settings: Mapping[str, int] = field(default_factory=dict)

    def said(self) -> str:
        """In words: 'response = model_outputs, prompt = question; answer is taken for ...'."""
        roles = [f"{r} = {shown(self.names[r], 40)}" for r in OPTIONS if r in self.names]
        if self.unread:
            others = ", ".join(shown(c, 40) for c in self.unread[:5])
            return f"{', '.join(roles)}; not read as answers: {others}"
        return ", ".join(roles)


def known_columns() -> frozenset[str]:
    """All names that a header of a table of answers may hold, in lower case."""
    ranked = {n for ranks in ROLES.values() for names in ranks for n in names}
    return frozenset(ranked | {*USUAL, *SURE, *PARSED, *KEYS})


def roles_of(
    columns: Sequence[str], *, model_known: bool, chosen: Mapping[str, str] | None = None
) -> ColumnReading:
    """Decide what the columns of a table are.

    Parameters
    ----------
    columns
        Names as the file writes them.
    model_known
        Whether the user named the model, so that the table need not.
    chosen
        Role -> column, as the user says it; these are taken unseen.

    Returns
    -------
    Reading
        Which column plays which role.

    Raises
    ------
    RowProblem
        When a role is missing, or two columns may play one.

    Examples
    --------
    >>> roles_of(["question", "answer", "model_outputs"], model_known=True).said()
    'response = model_outputs, prompt = question; not read as answers: answer'
    """
    plain = [c.strip().lower() for c in columns]
    found: dict[str, int] = {}
    for role, name in (chosen or {}).items():
        found[role] = _chosen(columns, plain, role, name)
    for role, ranks in ROLES.items():
        if role not in found:
            for names in ranks:
                places = [i for i, c in enumerate(plain) if c in names]
                if places:
                    found[role] = _only(columns, places, role)
                    break
    named = "model" in found or any(c in ("model", "generator") for c in plain)
    if "response" not in found:
        place = _response(columns, plain, model_named=named)
        if place is not None:
            found["response"] = place
    _complete(columns, found, model_known)
    answer = plain[found["response"]]
    passing = {*SURE, *USUAL, *PARSED, *KEYS} - {answer}
    taken = set(found.values())
    references = [i for n in REFERENCES for i, c in enumerate(plain) if c == n and i not in taken]
    return ColumnReading(
        found,
        {role: columns[i] for role, i in found.items()},
        tuple(columns[i] for i, c in enumerate(plain) if c in passing and i not in taken),
        references[0] if references else None,
        {c: i for i, c in enumerate(plain) if c in SETTINGS and i not in taken},
    )


def _chosen(columns: Sequence[str], plain: Sequence[str], role: str, name: str) -> int:
    places = [i for i, c in enumerate(columns) if c == name]
    places = places or [i for i, c in enumerate(plain) if c == name.strip().lower()]
    if len(places) == 1:
        return places[0]
    if places:
        raise RowProblem(f"column '{shown(name)}' occurs {len(places)} times")
    raise RowProblem(f"no column '{shown(name)}' for the {role}; it has {_listed(columns)}")


def _response(columns: Sequence[str], plain: Sequence[str], *, model_named: bool) -> int | None:
    """The place of the model's answers, None where no column can be it."""

    def places(names: Sequence[str]) -> list[int]:
        return [i for i, c in enumerate(plain) if c in names]

    answers = places((*SURE, *USUAL))
    if answers:
        place = _only(columns, answers, "response")
        rivals = []
        if plain[place] in USUAL:
            rivals = places(WHOLE_PREDICTIONS)
            if plain[place] in ("output", "outputs"):
                rivals += places(KEYS)
        return _only(columns, [place, *rivals], "response")
    parsed = places(PARSED)
    if parsed:
        return _only(columns, parsed, "response")
    keys = places(KEYS)
    if not keys:
        return None
    signs = places(SIGNS_OF_A_KEY)
    if signs or not model_named:
        why = (
            f"'{shown(columns[signs[0]])}' beside it says that it is the key"
            if signs
            else "the table names no model, as a set of questions and right answers would"
        )
        raise RowProblem(
            f"column '{shown(columns[keys[0]])}' may hold the right answers, not a model's: {why}; "
            f"name the column of the model's answers with --response-column, or say "
            f"--response-column {shown(columns[keys[0]])}"
        )
    return _only(columns, keys, "response")


def _only(columns: Sequence[str], places: Sequence[int], role: str) -> int:
    if len(places) > 1:
        both = " and ".join(f"'{shown(columns[i])}'" for i in places[:4])
        option = role.replace("_", "-")
        raise RowProblem(
            f"columns {both} both mean the {role}; say which with --{option}-column, or keep one "
            "of them"
        )
    return places[0]


def _complete(columns: Sequence[str], found: Mapping[str, int], model_known: bool) -> None:
    lacking = ["response"] * ("response" not in found)
    lacking += ["model"] * ("model" not in found and not model_known)
    lacking += ["prompt_id or prompt"] * (not {"prompt_id", "prompt"} & set(found))
    if lacking:
        hint = ", or name the model with --model" if "model" in lacking else ""
        raise RowProblem(
            f"no column {' and no column '.join(lacking)}; it has {_listed(columns)}, and needs "
            f"model, prompt_id (or prompt) and response{hint}; columns of other names are named "
            "with --response-column, --prompt-column, --prompt-id-column and --model-column"
        )


def _listed(columns: Sequence[str]) -> str:
    return ", ".join(f"'{shown(c)}'" for c in columns[:20]) or "none"
