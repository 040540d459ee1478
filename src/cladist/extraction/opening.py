"""Open whatever a URI names: a model that can be asked, or one whose answers are recorded."""

from __future__ import annotations

from pathlib import Path

from cladist.errors import UsageError
from cladist.models import SCHEMES, open_model
from cladist.models.base import Model, parse_uri


def open_any(text: str, threads: int = 1) -> Model:
    """The model that a URI names; `recorded:FILE?model=NAME` replays answers by prompt.

    `threads` are for an engine of this machine where the URI does not say how many.

    Raises what `models.open_model` and `formats.responses.recorded.read_recorded` raise.
    """
    uri = parse_uri(text)
    if uri.scheme != "recorded":
        if uri.scheme not in SCHEMES:
            known = ", ".join(sorted([*SCHEMES, "recorded"]))
            raise UsageError(f"'{text}': unknown scheme '{uri.scheme}'; known are {known}")
        return open_model(text, threads)
    # Arrow takes longer to import than a small model takes to answer.
    from cladist.formats.responses.recorded import read_recorded
    from cladist.formats.responses.roles import OPTIONS
    from cladist.models.recorded import RecordedModel

    named = {f"{role}_column": role for role in OPTIONS}
    wrong = sorted(set(uri.options) - {"model", *named})
    if wrong:
        known = ", ".join(["model", *named])
        raise UsageError(f"'{text}': unknown option {', '.join(wrong)}; recorded knows {known}")
    columns = {role: uri.options[name] for name, role in named.items() if name in uri.options}
    table = read_recorded(Path(uri.target), model=uri.options.get("model"), columns=columns)
    if len(table.models) != 1:
        raise UsageError(
            f"'{text}': the file has {len(table.models)} models; choose one with ?model=NAME"
        )
    name = table.models[0]
    return RecordedModel(uri.name or name, table.answers(name), text.partition("#")[0])
