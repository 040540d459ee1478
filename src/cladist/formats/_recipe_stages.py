"""The stages of a merge recipe: which models each is made of, and what the last one rests on."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from cladist.core.names import parse_name
from cladist.errors import InputError

__all__ = ["Stage", "final_parents", "stages_of"]

_ONE = ("base_model", "model", "source_model", "lora", "adapter", "draft_model", "target_model")
"""Keys that hold a reference to one model."""

_MANY = ("models", "sources", "experts", "shared_experts", "source_models", "base_models", "loras",
         "adapters", "donors", "merge_models")  # fmt: skip
"""Keys that hold references, or tables with one of the keys above."""

_PATHS = ("model", "path", "repo", "repo_id", "model_id", "name_or_path", "id")
"""Keys of a reference that is a table, the first that is there."""

_BESIDE = ("lora", "adapter", "loras", "adapters")
_STAGES = ("merges", "stages")
_NO_MODELS = {
    "name", "parameters", "input_model_parameters", "dtype", "out_dtype", "merge_method",
    "gate_mode", "chat_template", "tokenizer_source", "tokenizer", "layer_range", "revision",
    "positive_prompts", "negative_prompts", "prompts", "tasks", "override_architecture", "filters",
    "layer_granularity", "normalize", "description", "metadata", "residual_scale", "metric",
    "experts_per_token", "architecture", "random_seed", "weight", "density", "noise_scale",
    "output_path", "out_path", "base_encoder", "datasets", "dataset", "commit", "tags", "license",
}  # fmt: skip
_LIKE_A_KEY = re.compile(r"model(?!_(?:type|name|class))|checkpoint|expert|lora|adapter")
_LIKE_A_NAME = re.compile(r"[\w.-]+/[\w.-]+(?:[@+:][\w./-]+)*|https?://\S+|hf:\S+")


@dataclass
class Stage:
    """One merge: its name ('' for the last one) and the references that it is made of."""

    name: str
    models: list[str] = field(default_factory=list)


def stages_of(document: dict[Any, Any], where: str, remarks: list[str]) -> list[Stage]:
    """The merges of one document; `remarks` takes what could not be read."""
    out: list[Stage] = []
    rest = dict(document)
    for key in _STAGES:
        inner = rest.pop(key, None)
        if isinstance(inner, dict):
            inner = [{"name": k, **v} for k, v in inner.items() if isinstance(v, dict)]
        for item in inner if isinstance(inner, list) else []:
            if isinstance(item, dict):
                out.extend(stages_of(item, where, remarks))
            else:
                remarks.append(f"{where}: {key} holds {str(item)[:60]!r}, which is no merge")
    name = rest.get("name")
    own = Stage(name.strip() if isinstance(name, str) else "")
    _Reader(own.models, where, remarks).table(rest)
    if own.models or not out:
        out.append(own)
    return out


def final_parents(stages: list[Stage], model: str, where: str, remarks: list[str]) -> list[str]:
    """References from outside that the last merge rests on, in the order in which they stand.

    The last merge is the one called `model`, else the one without a name, else what no other one
    uses. `InputError` for stages that are made of each other.
    """
    by_name: dict[str, Stage] = {}
    for stage in stages:
        if stage.name and by_name.setdefault(stage.name, stage) is not stage:
            raise InputError(f"{where}: two merges are called '{stage.name[:60]}'")
    used = {_stage_of(m, by_name) for s in stages for m in s.models}
    final = [by_name[model]] if model in by_name else [s for s in stages if not s.name]
    if not final:
        final = [s for s in stages if s.name not in used]
        if len(final) > 1:
            names = ", ".join(s.name for s in final)
            remarks.append(
                f"{where}: several merges are used by no other one ({names[:120]}); all their "
                "models are taken for parents"
            )
    if not final:
        raise InputError(f"{where}: the stages of the recipe are made of each other")
    out: dict[str, None] = {}
    seen: set[str] = set()
    for stage in final:
        _unfold(stage, by_name, seen, out, where)
    if model in by_name:
        return list(out)
    remarks.extend(
        f"{where}: stage '{name[:60]}' is not used by the last merge; its models are no parents"
        for name, stage in by_name.items()
        if name not in seen and not any(stage is s for s in final)
    )
    return list(out)


def _unfold(
    start: Stage, by_name: dict[str, Stage], seen: set[str], out: dict[str, None], where: str
) -> None:
    path: list[str] = [start.name] if start.name else []
    stack = [(start, iter(start.models))]
    while stack:
        stage, rest = stack[-1]
        reference = next(rest, None)
        if reference is None:
            stack.pop()
            if stage.name and path:
                path.pop()
            continue
        inner = _stage_of(reference, by_name)
        if inner is None:
            out[reference] = None
        elif inner in path:
            circle = " -> ".join([*path[path.index(inner) :], inner])
            raise InputError(
                f"{where}: stages of the recipe are made of each other: {circle[:200]}"
            )
        elif inner not in seen:
            seen.add(inner)
            path.append(inner)
            stack.append((by_name[inner], iter(by_name[inner].models)))


def _stage_of(reference: str, by_name: dict[str, Stage]) -> str | None:
    """The stage that a reference means: its name, or a path that ends in it."""
    if reference in by_name:
        return reference
    made = parse_name(reference)
    last = re.split(r"[/\\]", reference.rstrip("/\\"))[-1]
    return last if made.local and not made.org and last in by_name else None


class _Reader:
    """Collects references; what looks like one in an unknown place becomes a remark."""

    def __init__(self, found: list[str], where: str, remarks: list[str]) -> None:
        self.found, self.where, self.remarks = found, where, remarks

    def table(self, item: dict[Any, Any]) -> None:
        """A merge, a slice, a module, an expert: anything with keys."""
        for raw, value in item.items():
            key = str(raw)
            if key in _ONE:
                self.reference(key, value)
            elif key in _MANY:
                self.several(key, value)
            elif key in ("tokenizer_source", "tokenizer"):
                self.tokenizer(value)
            elif key not in _NO_MODELS:
                self.unknown(key, value)

    def several(self, key: str, value: Any) -> None:
        """References, or tables that hold them, in a list or by name."""
        if isinstance(value, dict):
            if any(k in value for k in (*_ONE, "path")):
                self.entry(key, value)
                return
            for name, inner in value.items():
                self.named(key, name, inner)
        elif isinstance(value, list):
            for inner in value:
                if isinstance(inner, dict):
                    self.entry(key, inner)
                elif isinstance(inner, list):
                    self.several(key, inner)
                elif inner is not None:
                    self.reference(key, inner)
        elif value is not None:
            self.reference(key, value)

    def named(self, key: str, name: Any, inner: Any) -> None:
        """An item of a table: its value or its name is a reference."""
        if isinstance(inner, dict) and any(k in inner for k in (*_ONE, "path")):
            self.entry(key, inner)
        elif isinstance(inner, str) and _LIKE_A_NAME.fullmatch(inner):
            self.reference(key, inner)
        elif _LIKE_A_NAME.fullmatch(str(name)):
            self.reference(key, str(name))
        else:
            self.missed(key, f"{name}: {inner}")

    def entry(self, key: str, item: dict[Any, Any]) -> None:
        """An item of a list: with keys of its own, or a reference that is a table."""
        if any(k in item for k in (*_ONE, *_MANY)):
            self.table(item)
        elif any(k in item for k in _PATHS):
            self.reference(key, item)
        elif "name" in item and isinstance(item["name"], str):
            self.reference(key, item["name"])
        else:
            self.missed(key, str(item))

    def reference(self, key: str, value: Any) -> None:
        """One model, as text or as a table; a LoRA beside it is one as well."""
        if value is None:
            return
        if isinstance(value, list):
            self.several(key, value)
        elif isinstance(value, dict):
            named = next((k for k in _PATHS if value.get(k) is not None), None)
            beside = [k for k in _BESIDE if value.get(k) is not None]
            if named is not None:
                inner, revision = value[named], value.get("revision")
                if isinstance(inner, str) and isinstance(revision, str) and "@" not in inner:
                    inner = f"{inner}@{revision}" if "://" not in inner else inner
                self.reference(key, inner)
            for k in beside:
                self.reference(k, value[k])
            if named is None and not beside:
                self.missed(key, str(value))
        elif isinstance(value, str):
            parts = value.split("+") if "://" not in value else [value]
            self.found.extend(p.strip() for p in parts if p.strip())
        else:
            raise InputError(f"{self.where}: {key} is {str(value)[:60]!r}, no name of a model")

    def tokenizer(self, value: Any) -> None:
        """A tokenizer may come from a model; that makes it no parent, and is said."""
        stack = [value]
        while stack:
            item = stack.pop()
            if isinstance(item, dict):
                stack.extend(item.values())
            elif isinstance(item, list):
                stack.extend(item)
            elif isinstance(item, str) and _LIKE_A_NAME.fullmatch(item):
                self.remarks.append(
                    f"{self.where}: the tokenizer takes from '{item[:80]}', which by itself makes "
                    "it no parent"
                )

    def unknown(self, key: str, value: Any) -> None:
        """A key of no known meaning: looked through for known ones, and for names."""
        if isinstance(value, dict):
            self.table(value)
        elif isinstance(value, list):
            for inner in value:
                self.unknown(key, inner)
        elif isinstance(value, str) and (
            _LIKE_A_NAME.fullmatch(value.strip())
            or (value.strip() and _LIKE_A_KEY.search(key.casefold()))
        ):
            self.missed(key, value)

    def missed(self, key: str, what: str) -> None:
        """Say what could not be read."""
        self.remarks.append(
            f"{self.where}: '{key[:60]}' holds {what[:80]!r}, which could not be read as a "
            "reference to a model; no parent was taken from it"
        )
