"""YAML from strangers: safe_load behind bounds on size, depth, nodes and references."""

from __future__ import annotations

from typing import Any

from cladist.errors import InputError, MissingExtraError

LARGEST = 1 << 18
"""Characters of a document; the front matter of real model cards stays below a quarter of it."""

DEEPEST, MOST_NODES, MOST_ALIASES = 40, 20_000, 50


def load_yaml(text: str, where: str) -> Any:
    """Plain data of one YAML document; `InputError` for anything odd.

    Refused: more than LARGEST characters, DEEPEST levels, MOST_NODES nodes or MOST_ALIASES
    references, merge keys ('<<', which multiply), keys that occur twice, several documents, tags
    of objects. `MissingExtraError` without PyYAML.
    """
    found = load_yamls(text, where)
    if len(found) > 1:
        raise InputError(f"{where}: {len(found)} YAML documents where one is expected")
    return found[0] if found else None


def load_yamls(text: str, where: str) -> list[Any]:
    """Plain data of every document of a YAML text, under the bounds of `load_yaml` together."""
    try:
        import yaml
    except ImportError:
        raise MissingExtraError("reading YAML", "standards") from None

    if len(text) > LARGEST:
        raise InputError(f"{where}: {len(text)} characters of YAML, at most {LARGEST} are read")
    try:
        _bounded(yaml.parse(text, Loader=yaml.SafeLoader), where)
        for node in yaml.compose_all(text, Loader=yaml.SafeLoader):
            _plain_keys(node, where)
        return list(yaml.safe_load_all(text))
    except yaml.YAMLError as problem:
        told = " ".join(str(getattr(problem, "problem", "") or problem).split())[:160]
        mark = getattr(problem, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark is not None else ""
        raise InputError(f"{where}{line}: no usable YAML ({told})") from None
    except (ValueError, TypeError) as problem:
        # Numbers of thousands of digits, dates such as 2024-13-45, lists as keys.
        raise InputError(f"{where}: no usable YAML ({str(problem)[:160]})") from None


def _bounded(events: Any, where: str) -> None:
    import yaml

    depth = nodes = aliases = 0
    for event in events:
        if isinstance(event, yaml.events.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.events.CollectionEndEvent):
            depth -= 1
        nodes += isinstance(event, yaml.events.NodeEvent)
        aliases += isinstance(event, yaml.events.AliasEvent)
        if depth > DEEPEST or nodes > MOST_NODES or aliases > MOST_ALIASES:
            raise InputError(
                f"{where}: YAML of more than {DEEPEST} levels, {MOST_NODES} nodes or "
                f"{MOST_ALIASES} references is not read"
            )


def _plain_keys(root: Any, where: str) -> None:
    import yaml

    seen: set[int] = set()
    stack = [root]
    while stack:
        node = stack.pop()
        if node is None or id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            stack.extend(node.value)
        if not isinstance(node, yaml.MappingNode):
            continue
        keys = [k.value for k, _ in node.value if isinstance(k, yaml.ScalarNode)]
        if "<<" in keys:
            raise InputError(f"{where}: YAML merge keys ('<<') are not read")
        twice = next((k for k in keys if keys.count(k) > 1), None) if len(keys) < 500 else None
        if twice is not None:
            line = node.start_mark.line + 1
            raise InputError(f"{where}, line {line}: the key '{twice[:60]}' stands there twice")
        stack.extend(v for _, v in node.value)
