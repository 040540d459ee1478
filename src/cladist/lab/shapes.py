"""Shapes of models before they exist: what can be merged, adapted, written as GGUF."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cladist.errors import InputError
from cladist.lab.plan import BUILT_IN, Child, Founder, Plan
from cladist.lab.specs import ARCHITECTURES, OPERATIONS


@dataclass(frozen=True)
class Shape:
    """What two models must have in common for their tensors to fit each other.

    tokens  where the vocabulary comes from, as two vocabularies of one size need not agree
    origin  the founder; TIES and DARE take changes from it
    """

    architecture: str
    width: int
    layers: int
    heads: int
    tokens: str
    origin: str


def shape_of(plan: Plan, name: str, known: dict[str, Shape]) -> Shape:
    """Shape of a model whose sources are in `known`."""
    node = plan.node(name)
    if isinstance(node, Founder):
        tokens = node.source or f"{node.vocabulary} of {node.tokenizer or node.corpus}"
        return Shape(node.architecture, node.width, node.layers, node.heads, tokens, name)
    shape = known[node.parents[0]]
    count = int(node.options.get("count", 0))
    if node.operation == "drop-layers":
        return replace(shape, layers=shape.layers - count)
    if node.operation == "grow-layers":
        return replace(shape, layers=shape.layers + count)
    if node.operation == "extend-vocabulary":
        return replace(shape, tokens=f"{shape.tokens} and those of {name}")
    return shape


def check_shapes(plan: Plan, where: str) -> None:
    """Refuse operations that no training could save (`InputError`)."""
    known: dict[str, Shape] = {}
    for node in plan.nodes:
        here = f"{where}: '{node.name}'"
        for source in node.sources:
            used = plan.node(source)
            if isinstance(used, Child) and used.operation == "disguise":
                raise InputError(
                    f"{here}: '{source}' is a disguise and has no weights of its own; "
                    f"use '{used.parents[0]}'"
                )
        if isinstance(node, Child):
            _check(node, [known[p] for p in node.parents], here)
        known[node.name] = shape_of(plan, node.name, known)


def _check(node: Child, shapes: list[Shape], here: str) -> None:
    first = shapes[0]
    spec, architecture = OPERATIONS[node.operation], ARCHITECTURES[first.architecture]
    if spec.same_shape:
        for parent, shape in zip(node.parents[1:], shapes[1:], strict=True):
            other = [
                f"{field} {getattr(first, field)} and {getattr(shape, field)}"
                for field in ("architecture", "width", "layers", "heads", "tokens")
                if getattr(first, field) != getattr(shape, field)
            ]
            if other:
                raise InputError(
                    f"{here} merges '{node.parents[0]}' and '{parent}' of different shapes: "
                    f"{'; '.join(other)}"
                )
    method = node.options.get("method")
    if method == "slerp" and len(shapes) != 2:
        raise InputError(f"{here}: slerp goes between two parents, not {len(shapes)}")
    if method in ("ties", "dare") and len({s.origin for s in shapes}) > 1:
        raise InputError(f"{here}: {method} takes changes from one founder; these have several")
    if node.operation == "lora" and not architecture.lora:
        raise InputError(f"{here}: {first.architecture} cannot be adapted by LoRA")
    if node.operation in ("drop-layers", "grow-layers") and not architecture.stacked:
        raise InputError(f"{here}: layers of {first.architecture} do not lie in one stack")
    if node.operation == "drop-layers" and int(node.options["count"]) >= first.layers:
        raise InputError(f"{here} drops {node.options['count']} of {first.layers} layers")
    if node.operation == "grow-layers" and int(node.options["count"]) > first.layers:
        raise InputError(f"{here} doubles {node.options['count']} of {first.layers} layers")
    given = first.tokens.startswith(BUILT_IN)
    if node.options.get("kind", "simulated") != "simulated" and (given or not architecture.gguf):
        what = "models it did not found" if given else first.architecture
        raise InputError(f"{here}: the lab writes no GGUF of {what}; use kind 'simulated'")
    if node.operation == "disguise" and not (
        node.options["system"] or node.options["temperature"] or node.options["words"]
    ):
        raise InputError(f"{here}: a disguise needs system, temperature or words")
