"""Which column of a file means what.

    role       names, the first one being ours
    model      model, generator, model_name
    prompt_id  prompt_id, probe_id, question_id
    prompt     prompt, instruction, question
    response   response, output, completion, answer, generation
    sample     sample, sample_index       0, 1, 2, ... where a prompt was asked several times
    state      state                      ok, empty, refused, truncated or error

Case and surrounding blanks do not matter. Our own name wins over its synonyms; two synonyms
without it are ambiguous, and that is said.
"""

from __future__ import annotations

from collections.abc import Sequence

from cladist.errors import InputError
from cladist.formats.responses.table import shown

ROLES: dict[str, tuple[str, ...]] = {
    "model": ("model", "generator", "model_name"),
    "prompt_id": ("prompt_id", "probe_id", "question_id"),
    "prompt": ("prompt", "instruction", "question"),
    "response": ("response", "output", "completion", "answer", "generation"),
    "sample": ("sample", "sample_index"),
    "state": ("state",),
}


def roles_of(columns: Sequence[str], where: str, *, model_known: bool) -> dict[str, int]:
    """Role -> place in `columns`; `InputError` when one is missing, doubled or ambiguous."""
    plain = [c.strip().lower() for c in columns]
    found: dict[str, int] = {}
    for role, names in ROLES.items():
        places = [i for i, c in enumerate(plain) if c == role]
        places = places or [i for i, c in enumerate(plain) if c in names]
        if len(places) > 1:
            both = " and ".join(f"'{shown(columns[i])}'" for i in places)
            raise InputError(
                f"{where}: columns {both} both mean the {role}; "
                f"keep one of them, or call the right one '{role}'"
            )
        if places:
            found[role] = places[0]
    lacking = ["response"] * ("response" not in found)
    lacking += ["model"] * ("model" not in found and not model_known)
    lacking += ["prompt_id or prompt"] * (not {"prompt_id", "prompt"} & set(found))
    if lacking:
        has = ", ".join(f"'{shown(c)}'" for c in columns[:20]) or "none"
        hint = ", or name the model with the argument model" if "model" in lacking else ""
        raise InputError(
            f"{where}: no column {' and no column '.join(lacking)}; it has {has}, and needs "
            f"model, prompt_id (or prompt) and response{hint}"
        )
    return found
