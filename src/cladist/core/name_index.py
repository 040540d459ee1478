"""Which measured model a written name means, and where that cannot be told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

from cladist.core.names import ModelName, parse_name, variant

__all__ = ["Matched", "NameIndex"]

T = TypeVar("T")

SHOWN = 120
"""Characters of a name in a remark."""

_EXACT, _OWN, _OTHER, _TAIL, _SUFFIX, _TITLE = range(6)
"""How a name fits, surest first: from _TAIL on its maker is not compared."""


@dataclass(frozen=True)
class Matched:
    """Names that were looked up.

    found    written name to measured model
    unsure   written names that fit several measured models, with these
    rivals   measured models that names of different makers fit alike, with these names
    near     names of no measured model to those that may be its quantisation or conversion
    """

    found: Mapping[str, str]
    unsure: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rivals: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    near: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def remarks(self) -> list[str]:
        """What was not decided, in sentences; nothing for names that merely are not here."""
        out = [
            f"{_listed([name])} fits {_listed(fits)}: which of them is not guessed; write the "
            "name as the registry has it"
            for name, fits in sorted(self.unsure.items())
        ]
        out += [
            f"{_listed(names)} both fit the measured {_listed([model])}, whose maker is not "
            "known; neither is taken for it"
            for model, names in sorted(self.rivals.items())
        ]
        out += [
            f"{_listed([name])} is not measured; {_listed(fits)} may be a quantisation or "
            "conversion of it, which is not the same"
            for name, fits in sorted(self.near.items())
        ]
        return out


def _listed(names: Sequence[str], most: int = 4) -> str:
    shown = [f"'{n if len(n) <= SHOWN else n[: SHOWN - 1] + '…'}'" for n in names[:most]]
    if len(names) > most:
        shown.append(f"{len(names) - most} more")
    return " and ".join(shown)


class _Forms:
    """What names of models can be written as.

    tables  by how surely a name fits, and its form
    orgs    makers of a model
    bases   models by the name of what they may be a quantisation or conversion of
    """

    def __init__(self) -> None:
        self.tables: dict[tuple[int, str], dict[str, None]] = {}
        self.orgs: dict[str, set[str]] = {}
        self.bases: dict[str, dict[str, None]] = {}

    def put(self, stage: int, key: str, model: str) -> None:
        self.tables.setdefault((stage, key), {})[model] = None

    def enter(self, model: str, name: ModelName, stage: int) -> None:
        if name.org or not name.local:
            self.put(stage, name.flat, model)
        self.put(_TAIL, name.tail, model)
        if name.org:
            self.orgs.setdefault(model, set()).add(name.key.rpartition("/")[0])
        elif "_" in name.flat:
            rest = name.flat.partition("_")[2]
            self.put(_SUFFIX, rest, model)
            self.bases.setdefault(variant(ModelName("", rest)).name, {})[model] = None
        self.bases.setdefault(variant(name).name, {})[model] = None


class NameIndex:
    """Measured models by all that their names can be written as.

    Parameters
    ----------
    models
        Measured model to further names that are known of it, such as the target of its URI.
    titles
        Measured model to the title in its file, which a quantised file has from what it holds.

    Examples
    --------
    >>> NameIndex({"org_some-7b": ()}).find("https://hf.co/Org/Some-7B")
    ('org_some-7b',)
    """

    def __init__(
        self, models: Mapping[str, Sequence[str]], titles: Mapping[str, str] | None = None
    ) -> None:
        self._models = {model: tuple(others) for model, others in models.items()}
        self._titles = dict(titles or {})

    @cached_property
    def _forms(self) -> _Forms:
        """All that names can be written as: made when a name is not that of a model."""
        made = _Forms()
        for model, others in self._models.items():
            made.enter(model, parse_name(model), _OWN)
            for form in others:
                made.enter(model, parse_name(form), _OTHER)
        for model, title in self._titles.items():
            if title.strip():
                made.put(_TITLE, title.strip().casefold(), model)
        return made

    def find(self, text: str) -> tuple[str, ...]:
        """Measured models that a name fits best: none, the one, or several that it fits alike."""
        return self._find(text)[1]

    def _find(self, text: str) -> tuple[int, tuple[str, ...]]:
        if text in self._models:
            return _EXACT, (text,)
        name, forms = parse_name(text), self._forms
        if name.org or not name.local or "_" in name.flat:
            for stage in (_OWN, _OTHER):
                if fits := forms.tables.get((stage, name.flat)):
                    return stage, tuple(fits)
        org = name.key.rpartition("/")[0]
        tails = forms.tables.get((_TAIL, name.tail), {})
        told = tuple(m for m in tails if not org or org in forms.orgs.get(m, {org}))
        if told or org:
            return _TAIL, told
        for stage, key in ((_SUFFIX, name.tail), (_TITLE, text.strip().casefold())):
            if fits := forms.tables.get((stage, key)):
                return stage, tuple(fits)
        return _TITLE, ()

    def match(self, names: Iterable[str], apart: Iterable[tuple[str, str]] = ()) -> Matched:
        """Look many names up, so that no measured model is taken for two that differ.

        Parameters
        ----------
        names
            Names as written.
        apart
            Pairs that are known to be two models, such as a child and its parent.

        Returns
        -------
        Matched
            Names of which no measured model is anything are in none of its parts.
        """
        best = {text: self._find(text) for text in dict.fromkeys(names)}
        unsure = {t: fits for t, (_, fits) in best.items() if len(fits) > 1}
        found = {t: (stage, fits[0]) for t, (stage, fits) in best.items() if len(fits) == 1}
        rivals = self._rivals(found)
        for text in [t for names_ in rivals.values() for t in names_]:
            found.pop(text, None)
        for a, b in apart:
            if a in found and b in found and found[a][1] == found[b][1]:
                weaker = b if found[b][0] >= found[a][0] else a
                if found[weaker][0] >= _TAIL:
                    del found[weaker]
        near = {
            t: tuple(m for m in self._forms.bases.get(variant(parse_name(t)).name, {}))
            for t, (_, fits) in best.items()
            if not fits
        }
        told = {t: made for t, (_, made) in found.items()}
        return Matched(told, unsure, rivals, {t: fits for t, fits in near.items() if fits})

    def apply(self, table: Mapping[str, T], where: str) -> tuple[dict[str, T], list[str]]:
        """A table by written names under the names of the measured models.

        Parameters
        ----------
        table
            Anything by the names that somebody wrote.
        where
            The file that it is from, for the remarks.

        Returns
        -------
        tuple
            The table, in which names that fit no model, or several, stay as written, and remarks
            on what was not decided. Of two rows of one model that under its own name is kept,
            else the first; a remark says so where they differ.
        """
        found = self.match(table)
        remarks = [f"{where}: {r}" for r in Matched({}, found.unsure, found.rivals).remarks()]
        out: dict[str, T] = {}
        for name in sorted(table, key=lambda n: n not in self._models):
            own = found.found.get(name, name)
            if own in out and out[own] != table[name]:
                remarks.append(
                    f"{where}: two rows are of '{own}' and differ; that of '{name}' is left out"
                )
            out.setdefault(own, table[name])
        return out, remarks

    def _rivals(self, found: dict[str, tuple[int, str]]) -> dict[str, tuple[str, ...]]:
        """Names of several makers for one model of unknown maker; weak ones yield to a sure one."""
        by_model: dict[str, dict[str, list[str]]] = {}
        for text, (stage, model) in found.items():
            org = parse_name(text).key.rpartition("/")[0] if stage == _TAIL else ""
            if org:
                by_model.setdefault(model, {}).setdefault(org, []).append(text)
        return {
            model: tuple(t for texts in by_org.values() for t in texts)
            for model, by_org in by_model.items()
            if len(by_org) > 1
        }
