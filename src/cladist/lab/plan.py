"""A plan of what is to be bred: TOML in, checked and ordered nodes out.

    name = "small"
    seed = 7

    [[founder]]
    name = "oak"
    architecture = "llama"
    corpus = "scripture"

    [[child]]
    name = "oak-poems"
    parents = ["oak"]
    operation = "tune"
    corpus = "poems"

Everything that can be known to fail is refused before anything is trained: unknown parents,
circles, merges of different shapes, options out of range.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Any

from cladist.core.hashing import digest
from cladist.errors import InputError
from cladist.lab.specs import ARCHITECTURES, CORPORA, OPERATIONS, Option, Value

RECIPES = 1
"""Raised when the meaning of a recipe changes, so that finished models are bred again."""

BUILT_IN = "builtin:"
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_TOP = {"name", "seed", "window", "batch", "founder", "child"}


@dataclass(frozen=True)
class Founder:
    """A model trained from scratch, or one that is there already.

    source      a built-in model (`builtin:smollm2`, a llama) that is taken as it is; what it was
                trained on and its true shape are not the plan's to say, so of what follows only
                the layers count, as the number that may be dropped or doubled
    vocabulary  tokens of its byte-level BPE; 257 are the bytes alone
    tokenizer   corpus that the BPE is learnt on, its own unless told
    teacher     a model whose sampled texts take the place of the corpus: a pupil of its answers
    """

    name: str
    architecture: str
    corpus: str = ""
    vocabulary: int = 1024
    tokenizer: str = ""
    width: int = 128
    layers: int = 3
    heads: int = 4
    steps: int = 250
    rate: float = 4e-3
    seed: int = 0
    teacher: str = ""
    texts: int = 768
    series: str = ""
    source: str = ""

    @property
    def sources(self) -> tuple[str, ...]:
        """Models that must be finished first."""
        return (self.teacher,) if self.teacher else ()


@dataclass(frozen=True)
class Child:
    """A model made from others; `series` keeps it out of the scores, for the laws alone."""

    name: str
    parents: tuple[str, ...]
    operation: str
    options: Mapping[str, Value] = field(default_factory=dict)
    teacher: str = ""
    seed: int = 0
    series: str = ""

    @property
    def sources(self) -> tuple[str, ...]:
        """Models that must be finished first."""
        return (*self.parents, self.teacher) if self.teacher else self.parents


Node = Founder | Child


@dataclass(frozen=True)
class Plan:
    """A checked plan; `nodes` stand in an order in which they can be made.

    window  tokens of a training text
    batch   training texts a step
    """

    name: str
    seed: int
    window: int
    batch: int
    nodes: tuple[Node, ...]

    def node(self, name: str) -> Node:
        """The node of a name; `InputError` when there is none."""
        for node in self.nodes:
            if node.name == name:
                return node
        raise InputError(f"plan '{self.name}' has no model '{name}'{_hint(name, self.names)}")

    @property
    def names(self) -> list[str]:
        """All names, parents before children."""
        return [n.name for n in self.nodes]

    def founder_of(self, name: str) -> Founder:
        """The founder that a model has its shape and tokenizer from: up along first parents."""
        node = self.node(name)
        while isinstance(node, Child):
            node = self.node(node.parents[0])
        return node

    def recipes(self) -> dict[str, str]:
        """A hash a model over everything that it depends on, its ancestors included."""
        out: dict[str, str] = {}
        for node in self.nodes:
            own: dict[str, Any] = {**asdict(node), "options": dict(getattr(node, "options", {}))}
            if not own.get("source"):
                own.pop("source", None)
            out[node.name] = digest(
                {
                    "recipes": RECIPES,
                    "plan": [self.seed, self.window, self.batch],
                    "node": own,
                    "sources": [out[s] for s in node.sources],
                }
            )
        return out


def plan_names() -> list[str]:
    """Names of the plans that ship with the package."""
    folder = files("cladist") / "data" / "lab"
    return sorted(f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith("toml"))


def read_plan(source: str | Path) -> Plan:
    """A plan by the name of one that ships, or by the path of a TOML file.

    Raises `InputError` that says which entry is wrong and how.
    """
    name = str(source)
    try:
        if name in plan_names():
            text = (files("cladist") / "data" / "lab" / f"{name}.toml").read_text(encoding="utf-8")
        elif Path(name).is_file():
            text = Path(name).read_text(encoding="utf-8")
        else:
            raise InputError(
                f"plan '{name}' is neither a file nor one that ships ({', '.join(plan_names())})"
            )
    except (OSError, UnicodeDecodeError) as problem:
        raise InputError(f"{name}: not readable ({problem})") from problem
    return parse_plan(text, name)


def parse_plan(text: str, where: str) -> Plan:
    """Read a plan from TOML; `where` names the source in errors (`InputError`)."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise InputError(f"{where}: not valid TOML: {problem}") from problem
    _refuse(set(data) - _TOP, _TOP, where)
    tables = {kind: data.get(kind, []) for kind in ("founder", "child")}
    for kind, rows in tables.items():
        if not isinstance(rows, list) or not all(isinstance(r, dict) for r in rows):
            raise InputError(f"{where}: write every {kind} as a table [[{kind}]]")
    nodes: list[Node] = [_founder(row, where) for row in tables["founder"]]
    nodes += [_child(row, where) for row in tables["child"]]
    if not tables["founder"]:
        raise InputError(f"{where}: a plan needs a [[founder]]")
    plan = Plan(
        str(data.get("name", Path(where).stem)),
        _number(data.get("seed", 0), Option(0), f"{where}: seed"),
        _number(data.get("window", 192), Option(192, 16, 8192), f"{where}: window"),
        _number(data.get("batch", 8), Option(8, 1, 1024), f"{where}: batch"),
        _ordered(nodes, where),
    )
    from cladist.lab.shapes import check_shapes

    check_shapes(plan, where)
    return plan


def _founder(row: Mapping[str, Any], where: str) -> Founder:
    name = _name(row, where)
    here = f"{where}: founder '{name}'"
    known = set(Founder.__dataclass_fields__)
    if "source" in row:
        known = {"name", "source", "layers", "series"}
        row = {"architecture": "llama", **row}
    _refuse(set(row) - known - {"architecture"}, known, here)
    limits = {
        "vocabulary": Option(1024, 257, 65_536),
        "width": Option(128, 8, 8192),
        "layers": Option(3, 1, 128),
        "heads": Option(4, 1, 128),
        "steps": Option(250, 1, 1_000_000),
        "rate": Option(4e-3, 0.0, 1e6),
        "seed": Option(0),
        "texts": Option(768, 8, 1_000_000),
    }
    values: dict[str, Any] = {
        k: _number(row[k], limits[k], f"{here}: {k}") for k in limits if k in row
    }
    for key in ("architecture", "corpus", "tokenizer", "teacher", "series", "source"):
        if key in row:
            values[key] = _word(row[key], f"{here}: {key}")
    if "source" in row:
        if values["architecture"] != "llama" or not values["source"].startswith(BUILT_IN):
            raise InputError(
                f"{here}: source must be a built-in llama, as in 'builtin:smollm2', without more"
            )
        return Founder(name, **values)
    for key, choices in (("architecture", ARCHITECTURES), ("corpus", CORPORA)):
        if values.get(key) not in choices:
            raise InputError(f"{here}: {key} must be one of {', '.join(choices)}")
    if values.get("tokenizer", "") not in ("", *CORPORA):
        raise InputError(f"{here}: tokenizer must be one of {', '.join(CORPORA)}")
    found = Founder(name, **values)
    if found.width % (2 * found.heads):
        raise InputError(f"{here}: width {found.width} is no multiple of twice {found.heads} heads")
    return found


def _child(row: Mapping[str, Any], where: str) -> Child:
    name = _name(row, where)
    here = f"{where}: child '{name}'"
    operation = str(row.get("operation", ""))
    spec = OPERATIONS.get(operation)
    if spec is None:
        raise InputError(
            f"{here}: operation '{operation}' is unknown; use one of {', '.join(OPERATIONS)}"
        )
    fixed = {"name", "parents", "operation", "seed", "series", "teacher"}
    known = fixed | set(spec.options)
    _refuse(set(row) - known, known, here)
    parents = row.get("parents", [])
    if not isinstance(parents, list) or not all(isinstance(p, str) for p in parents):
        raise InputError(f'{here}: parents must be a list of names, as in ["oak"]')
    least, most = spec.parents
    if not least <= len(set(parents)) == len(parents) <= most:
        wanted = str(least) if least == most else f"{least} to {most} different"
        raise InputError(f"{here}: {operation} takes {wanted} parents, not {len(parents)}")
    options = {
        k: _option(row[k], o, f"{here}: {k}") if k in row else o.default
        for k, o in spec.options.items()
    }
    if "corpus" in options and not options["corpus"] and options["steps"] and not spec.teacher:
        raise InputError(f"{here}: {operation} needs a corpus, one of {', '.join(CORPORA)}")
    teacher = _word(row.get("teacher", ""), f"{here}: teacher")
    if bool(teacher) != spec.teacher:
        verb = "needs" if spec.teacher else "takes no"
        raise InputError(f"{here}: {operation} {verb} teacher")
    return Child(
        name,
        tuple(parents),
        operation,
        options,
        teacher,
        _number(row.get("seed", 0), Option(0), f"{here}: seed"),
        _word(row.get("series", ""), f"{here}: series"),
    )


def _ordered(nodes: list[Node], where: str) -> tuple[Node, ...]:
    """Parents before children, otherwise as written; unknown names and circles are refused."""
    by_name: dict[str, Node] = {}
    for node in nodes:
        if node.name in by_name:
            raise InputError(f"{where}: the name '{node.name}' is used twice")
        by_name[node.name] = node
    for node in nodes:
        for source in node.sources:
            if source not in by_name:
                raise InputError(
                    f"{where}: '{node.name}' descends from '{source}', which the plan does not "
                    f"have{_hint(source, list(by_name))}"
                )
    done: dict[str, Node] = {}
    while len(done) < len(nodes):
        ready = [
            n for n in nodes if n.name not in done and all(source in done for source in n.sources)
        ]
        if not ready:
            raise InputError(f"{where}: these descend from themselves: {_circle(by_name, done)}")
        done.update({n.name: n for n in ready})
    return tuple(done.values())


def _circle(by_name: Mapping[str, Node], done: Mapping[str, Node]) -> str:
    walk = [next(n for n in by_name if n not in done)]
    while True:
        step = next(s for s in by_name[walk[-1]].sources if s not in done)
        if step in walk:
            return " <- ".join([*walk[walk.index(step) :], step])
        walk.append(step)


def _name(row: Mapping[str, Any], where: str) -> str:
    name = row.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise InputError(
            f"{where}: the name {str(name)[:60]!r} cannot be used; a name has small letters, "
            "digits, '.', '_' and '-', at most 64"
        )
    return name


def _word(value: Any, here: str) -> str:
    if not isinstance(value, str):
        raise InputError(f"{here} must be a text, not {value!r}")
    return value


def _number(value: Any, option: Option, here: str) -> Any:
    whole = isinstance(option.default, int)
    good = isinstance(value, int) if whole else isinstance(value, int | float)
    if not good or isinstance(value, bool):
        raise InputError(f"{here} must be a {'whole ' if whole else ''}number, not {value!r}")
    if not option.low <= value <= option.high:
        raise InputError(f"{here} must lie between {option.low:g} and {option.high:g}, not {value}")
    return value if whole else float(value)


def _option(value: Any, option: Option, here: str) -> Value:
    if isinstance(option.default, bool):
        if not isinstance(value, bool):
            raise InputError(f"{here} must be true or false, not {value!r}")
        return value
    if isinstance(option.default, str):
        word = _word(value, here)
        if option.choices and word not in option.choices:
            raise InputError(f"{here} must be one of {', '.join(option.choices)}, not '{word}'")
        return word
    number: int | float = _number(value, option, here)
    return number


def _refuse(wrong: set[str], known: set[str], here: str) -> None:
    if wrong:
        raise InputError(
            f"{here}: unknown key {', '.join(sorted(wrong))}; known are {', '.join(sorted(known))}"
        )


def _hint(name: str, names: list[str]) -> str:
    close = get_close_matches(name, names, 3)
    return f"; did you mean {', '.join(close)}?" if close else ""
