"""A reference panel: models whose answers say what is common, frozen in one file.

Kinship is a matter of what two models share beyond what unrelated models share, so it needs a
background. A panel is that background as an artefact: the answers of its models, the protocol
they answer to, a version and a hash of its contents. New models are measured against it and
never enter it; whoever has the same file gets the same numbers.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cladist.core.hashing import canonical_json
from cladist.core.optional import needed
from cladist.core.responses import Response, ResponseSet, State
from cladist.core.results import Result
from cladist.errors import InputError, NotComparableError
from cladist.kinship.config import SEARCH
from cladist.kinship.evidence.corpus import read_corpus
from cladist.kinship.evidence.similarity import evidence_of
from cladist.kinship.evidence.standard import Floats
from cladist.kinship.panel.allele_index import AlleleIndex, index_alleles
from cladist.kinship.panel.allele_scores import allele_scores
from cladist.kinship.panel.shortlist import evidence_with, sample_of

__all__ = [
    "FORMATS",
    "Member",
    "MemberLabel",
    "Panel",
    "build_panel",
    "index_panel",
    "load_panel",
    "nearest_members",
    "save_panel",
    "score_against",
]

FORMATS = ("1", "2")
"""Versions of the file's layout that are read; others are refused. The second has what is declared
of members, where their answers come from and under which licence; without these the first is
written, so that what an earlier version wrote keeps its identity."""

_KIND = "cladist-panel"


@dataclass(frozen=True, slots=True)
class MemberLabel:
    """What is declared of a member; '' where nothing is. `group` is its maker."""

    model: str
    family: str
    group: str = ""
    date: str = ""
    licence: str = ""


@dataclass(frozen=True, repr=False)
class Panel(Result):
    """Answers of m reference models to one protocol, one usable sample a probe.

    protocol   digest of the protocol that they answered
    responses  m sets of answers over the same probes, sorted by name
    digest     SHA-256 of all that is here; the panel's identity
    labels     what is declared of members, sorted by name
    source     where the answers come from, for people
    licence    of the answers
    """

    protocol: str
    responses: tuple[ResponseSet, ...]
    digest: str
    labels: tuple[MemberLabel, ...] = ()
    source: str = ""
    licence: str = ""

    def __len__(self) -> int:
        return len(self.responses)

    @classmethod
    def load(cls, path: str | Path) -> Panel:
        """Read a panel file, and check that it was not changed; see `load_panel`."""
        return load_panel(Path(path))

    def save(self, path: str | Path) -> None:
        """Write the panel as one file; see `save_panel`."""
        save_panel(self, Path(path))

    def rows(self) -> list[dict[str, Any]]:
        """A row a model: how many probes it answered."""
        return [{"model": r.model, "answered": int(r.usable().sum())} for r in self.responses]

    def to_dict(self) -> dict[str, Any]:
        """What the panel holds, without the answers."""
        return {
            "digest": self.digest,
            "protocol": self.protocol,
            "probes": len(self.probe_ids),
            "source": self.source,
            "licence": self.licence,
            "labelled": len(self.labels),
            "models": self.rows(),
        }

    def headline(self) -> str:
        """How many models and probes it has, and its identity."""
        return f"{len(self)} models, {len(self.probe_ids)} probes, {self.digest[:12]}"

    @property
    def models(self) -> tuple[str, ...]:
        """Names of the m models, in order."""
        return tuple(r.model for r in self.responses)

    @property
    def probe_ids(self) -> tuple[str, ...]:
        """Probes of the panel, in order."""
        return self.responses[0].probe_ids


def build_panel(
    responses: Sequence[ResponseSet],
    protocol_digest: str,
    labels: Iterable[MemberLabel] = (),
    *,
    source: str = "",
    licence: str = "",
) -> Panel:
    """A panel from the answers of at least three models to the same probes.

    The order in which they are given does not matter. Labels of models that are not there are
    left out. Raises `InputError` for fewer models, for names that occur twice, and for models
    without any usable answer; `NotComparableError` when probes differ.
    """
    if len(responses) < 3:
        raise InputError(f"a panel needs at least three models, {len(responses)} given")
    read_corpus(responses)  # refuses names that occur twice
    ordered = sorted(responses, key=lambda r: r.model)
    probes = ordered[0].probe_ids
    kept = []
    for r in ordered:
        if r.probe_ids != probes:
            raise NotComparableError(
                f"panel: '{r.model}' and '{ordered[0].model}' were asked other probes; build a "
                "panel from models of one protocol"
            )
        texts = r.texts()
        if not any(texts):
            raise InputError(f"panel: '{r.model}' has no usable answer; leave it out")
        slots = tuple(() if t is None else (Response(t, State.OK),) for t in texts)
        kept.append(ResponseSet(r.model, probes, slots))
    names = {r.model for r in kept}
    told = tuple(sorted((m for m in labels if m.model in names), key=lambda m: m.model))
    about = _about(told, source, licence)
    found = _digest(protocol_digest, kept, about)
    return Panel(protocol_digest, tuple(kept), found, told, source, licence)


def _about(labels: Sequence[MemberLabel], source: str, licence: str) -> str:
    """What is told of a panel beside its answers; '' where nothing is."""
    if not (labels or source or licence):
        return ""
    return canonical_json([[astuple(m) for m in labels], source, licence])


def _digest(protocol: str, responses: Sequence[ResponseSet], about: str) -> str:
    h = hashlib.sha256(canonical_json([_KIND, 1, protocol, responses[0].probe_ids]).encode())
    if about:
        h.update(about.encode("utf-8", "surrogatepass") + b"\n")
    for r in responses:
        line = canonical_json([r.model, r.texts()])
        h.update(line.encode("utf-8", "surrogatepass") + b"\n")
    return h.hexdigest()


def save_panel(panel: Panel, path: Path) -> None:
    """Write one Parquet file: rows (model, probe, answer), identity in the metadata.

    The same panel gives the same bytes with the same version of pyarrow; its `digest` does not
    depend on that. Lone surrogates are kept (answers are stored as UTF-8 with surrogates).
    """
    with needed("A panel in a file", "arrow"):
        import pyarrow as pa
        import pyarrow.parquet as pq

    names, probes, answers = [], [], []
    for r in panel.responses:
        for probe, text in zip(r.probe_ids, r.texts(), strict=True):
            names.append(r.model)
            probes.append(probe)
            answers.append(None if text is None else text.encode("utf-8", "surrogatepass"))
    about = _about(panel.labels, panel.source, panel.licence)
    head = {
        "kind": _KIND,
        "format": FORMATS[bool(about)],
        "protocol": panel.protocol,
        "digest": panel.digest,
        "probes": canonical_json(panel.probe_ids),
        **({"about": about} if about else {}),
    }
    table = pa.table(
        {
            "model": pa.array(names, pa.string()),
            "probe": pa.array(probes, pa.string()),
            "answer": pa.array(answers, pa.binary()),
        }
    ).replace_schema_metadata(head)
    pq.write_table(table, path, compression="zstd")


def load_panel(path: Path) -> Panel:
    """Read a panel; `InputError` when it is none, is newer than this program, or was changed."""
    with needed("A panel in a file", "arrow"):
        import pyarrow as pa
        import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such panel") from None
    except (pa.ArrowException, OSError) as problem:
        raise InputError(f"{path} is no panel: {problem}") from None
    metadata = (table.schema.metadata or {}).items()
    head = {k.decode(errors="replace"): v.decode(errors="replace") for k, v in metadata}
    if head.get("kind") != _KIND or table.column_names != ["model", "probe", "answer"]:
        raise InputError(f"{path} is no panel; make one with 'cladist reference panel build'")
    if head.get("format") not in FORMATS:
        raise InputError(
            f"{path} has panel format {head.get('format')}, this version reads "
            f"{' and '.join(FORMATS)}; update cladist or build the panel again"
        )
    protocol, about = head.get("protocol", ""), head.get("about", "")
    try:
        responses = _rows_of(table)
        whole = bool(responses) and _digest(protocol, responses, about) == head.get("digest")
    except (ValueError, InputError):  # bytes that are no text any more, rows that are not even
        whole = False
    if not whole:
        raise InputError(f"{path} was changed since it was built; fetch or build it again")
    labels, source, licence = json.loads(about) if about else ([], "", "")
    told = tuple(MemberLabel(*m) for m in labels)
    return Panel(protocol, tuple(responses), head["digest"], told, source, licence)


def _rows_of(table: Any) -> list[ResponseSet]:
    """The answers in a table of (model, probe, answer), model by model."""
    names = table["model"].to_pylist()
    probes = table["probe"].to_pylist()
    answers = table["answer"].to_pylist()
    width = probes.index(probes[0], 1) if probes[:1] and probes[0] in probes[1:] else len(probes)
    responses = []
    for start in range(0, len(names), max(width, 1)):
        slots = tuple(
            () if a is None else (Response(a.decode("utf-8", "surrogatepass"), State.OK),)
            for a in answers[start : start + width]
        )
        responses.append(ResponseSet(names[start], tuple(probes[start : start + width]), slots))
    return responses


def score_against(
    panel: Panel, responses: Sequence[ResponseSet], protocol_digest: str = ""
) -> tuple[Floats, Floats]:
    """Evidence of k new models with the panel's m, float64 (k, m), and among themselves, (k, k).

    All statistics are the panel's: the row of one new model does not depend on the others, and a
    member placed again gets its own row (and what it has with itself in its own column). New
    models may carry the names of members. Raises `NotComparableError` when a protocol is given
    that is not the panel's, or when a model shares no probe with it. Cost: that of the evidence
    among m + k models; the panel's part is computed afresh, and k models at once share it. For
    large panels there is `nearest_members`.
    """
    new = [_fitted(panel, r, f"\0{k}", protocol_digest) for k, r in enumerate(responses)]
    m = len(panel.responses)
    corpus = read_corpus([*panel.responses, *new])
    found = evidence_of(corpus, np.arange(len(corpus)) < m)
    return found.combined[m:, :m].copy(), found.combined[m:, m:].copy()


def _fitted(panel: Panel, r: ResponseSet, name: str, protocol_digest: str) -> ResponseSet:
    """A new model's answers to the panel's probes, in their order."""
    if protocol_digest and protocol_digest != panel.protocol:
        raise NotComparableError(
            f"the panel rests on protocol {panel.protocol[:8]}, the models on "
            f"{protocol_digest[:8]}; extract them with the panel's protocol"
        )
    if not set(panel.probe_ids).intersection(r.probe_ids):
        raise NotComparableError(f"'{r.model}' shares no probe with the panel")
    slots = dict(zip(r.probe_ids, r.slots, strict=True))
    row = tuple(slots.get(probe, ()) for probe in panel.probe_ids)
    return ResponseSet(name, panel.probe_ids, row)


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a panel beside a new model.

    alleles   relationship by alleles alone, about -1 to 1, which the first stage ranks by; None
              where there was no such stage
    evidence  of kinship, all channels; None where only alleles were asked for
    """

    model: str
    alleles: float | None
    evidence: float | None


def index_panel(panel: Panel) -> AlleleIndex:
    """The panel's alleles, prepared for comparing new models with all members at once.

    `allele_index.save_index` and `load_index` keep it beside the panel. Raises `InputError` for
    20 members or fewer.
    """
    return index_alleles(read_corpus(panel.responses), panel.digest)


def nearest_members(
    panel: Panel,
    index: AlleleIndex,
    response: ResponseSet,
    count: int = 10,
    protocol_digest: str = "",
    *,
    candidates: int = SEARCH.candidates,
    reference: int = SEARCH.reference,
) -> list[Member]:
    """The members nearest to a new model, in a panel of any size.

    All members are ranked by alleles (milliseconds); the first `candidates` of them get the full
    evidence, measured against a fixed sample of `reference` others, and come back nearest first.
    With `candidates` = 0 the alleles decide. A member of the model's own name is left out.
    Raises `NotComparableError` as `score_against` does, `InputError` for the index of another
    panel.
    """
    if index.panel != panel.digest:
        raise InputError("the index belongs to another panel; build it again")
    new = _fitted(panel, response, "\0new", protocol_digest)
    scores = allele_scores(index, new)
    order = [k for k in np.argsort(-scores, kind="stable") if index.models[k] != response.model]
    if not candidates:
        return [Member(index.models[k], float(scores[k]), None) for k in order[:count]]
    place = {name: k for k, name in enumerate(panel.models)}
    few = [int(k) for k in order[: max(candidates, count)]]
    apart = {response.model, *(panel.models[k] for k in few)}
    rest = [n for n in sample_of(panel.models, reference + len(apart)) if n not in apart]
    background = [panel.responses[place[n]] for n in rest[:reference]]
    if len(background) < 3:
        raise InputError(
            f"a panel of {len(panel.models)} leaves no background beside {len(few)} candidates; "
            "use score_against"
        )
    evidence = evidence_with(new, [panel.responses[k] for k in few], background)
    ranked = sorted(range(len(few)), key=lambda k: (-evidence[k], k))[:count]
    return [Member(panel.models[few[k]], float(scores[few[k]]), float(evidence[k])) for k in ranked]
