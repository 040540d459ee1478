"""Families of an atlas: which are known and from where, and which cannot be excluded of a model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from cladist.atlas.columns import FAMILY, Column, shortened
from cladist.atlas.kin import AnswerKin, VectorKin
from cladist.atlas.source import AtlasSource
from cladist.errors import InputError
from cladist.formats.labels import DeclaredModel
from cladist.kinship.inference.assumed import no_exclusion
from cladist.kinship.inference.family_fits import fit_families
from cladist.kinship.inference.family_sets import FamilySet, family_set
from cladist.kinship.inference.identify import Identification, identify
from cladist.known import facts_of

__all__ = ["MAKER", "Known", "Origin", "Whose", "known_families", "whose"]

Origin = Literal["labels", "metadata", "table", "none"]
"""Where the families of an atlas are from: labels that were given, a column of the metadata, the
facts that ship with cladist, or nowhere."""

MAKER = "group"
LONGEST = 200


@dataclass(frozen=True)
class Known:
    """Families of the models, in order; None where a model's is not known.

    makers  the wider groups that the labels name, all None where they name none
    """

    families: tuple[str | None, ...]
    makers: tuple[str | None, ...]
    origin: Origin

    @property
    def columns(self) -> tuple[Column, ...]:
        """What is known, to colour and filter by; a column without an entry is left out."""
        made = (
            Column(FAMILY, "Family", "category", self.families),
            Column(MAKER, "Maker", "category", self.makers),
        )
        return tuple(c for c in made if any(v is not None for v in c.values))


def known_families(
    source: AtlasSource,
    labels: Mapping[str, DeclaredModel],
    metadata: Sequence[Mapping[str, str]],
) -> Known:
    """Families by labels, else by a column family or foundation of the metadata, else by facts.

    Sources are not mixed: two of them may name one family in two ways.

    Examples
    --------
    >>> known_families(source, {}, rows).origin  # doctest: +SKIP
    'table'
    """
    nobody = DeclaredModel("")
    said = [labels.get(name, nobody) for name in source.names]
    if any(d.family for d in said):
        return Known(_cells(d.family for d in said), _cells(d.group for d in said), "labels")
    blank: tuple[str | None, ...] = (None,) * len(source)
    for wanted in (FAMILY, "foundation"):
        key = next((k for row in metadata for k in row if k.casefold() == wanted), None)
        found = _cells(row.get(key, "") if key else "" for row in metadata)
        if any(found):
            return Known(found, blank, "metadata")
    facts = facts_of(source.records)
    found = _cells(facts[n].foundation if n in facts else "" for n in source.names)
    return Known(found, blank, "table" if any(found) else "none")


def _cells(values: Iterable[str]) -> tuple[str | None, ...]:
    return tuple(shortened(t, LONGEST) if t else None for t in (v.strip() for v in values))


class Whose:
    """Families that a model of the atlas may descend from, asked for one model at a time.

    One calibration serves all models. It is that of 'cladist identify' but for one thing: there
    the calibration leaves out the model in question as well, which moves the last digits.
    """

    def __init__(self, kin: AnswerKin, names: Sequence[str]) -> None:
        """Calibrate; raises `InputError` where too few models are labelled."""
        made = kin.tests.made
        if made.labels is None or kin.labels is None:
            raise InputError("no families are declared (--labels)")
        self._pairs, self._labels, self._names = made.pairs, made.labels, tuple(names)
        self._doubted, self._made = made.doubted, made
        self._fits = fit_families(self._pairs, self._labels)
        fitted = self._fits.model
        self.of = lru_cache(maxsize=2_048)(self._of)
        self.note = (
            f"calibrated on {fitted.queries} models of {fitted.families} declared families, each "
            f"asked with and without its family; chance of none beforehand {fitted.prior:g}"
        )

    def silent(self, i: int) -> str:
        """Why model i is held against no family, '' where it is: its answers say nothing."""
        return self._made.silent(self._pairs.index(self._names[i]))

    def _of(self, i: int) -> tuple[Identification, FamilySet]:
        found = identify(self._pairs, self._labels, self._fits.model, self._names[i])
        refused = no_exclusion(self._doubted.get(self._names[i], ()))
        kept = family_set(self._pairs, self._labels, self._fits.sets, found, refused=refused)
        return found, kept


def whose(kin: AnswerKin | VectorKin, names: Sequence[str]) -> tuple[Whose | None, str]:
    """The families to ask for, or None with the reason; the reason or the basis in words."""
    if not isinstance(kin, AnswerKin):
        return None, kin.remark
    try:
        made = Whose(kin, names)
    except InputError as problem:
        return None, str(problem)
    return made, made.note
