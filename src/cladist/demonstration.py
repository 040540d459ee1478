"""The demo: real models with a known family, from weights to tree, on this machine alone.

Three unrelated founders (SmolLM2-135M-Instruct and two tiny models of this project), and real
relatives of each: the same weights at other precisions, a fine-tune, a deployment under another
system prompt, one that samples. What is found is held against what is known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from cladist import catalog, compare
from cladist.core.distances import DistanceMatrix
from cladist.core.progress import Listener, Progress, silent
from cladist.core.tree import Tree
from cladist.errors import CladistError
from cladist.extraction.many import Failure, extract_many
from cladist.extraction.run import Extraction
from cladist.formats.files import write_text
from cladist.formats.matrix import write_matrix
from cladist.models.builtin import path_of
from cladist.models.requantize import Kind, requantize
from cladist.registry import Registry
from cladist.workflows.trees import family_tree, newick

GEMMA_TERMS = (
    "Gemma is provided under and subject to the Gemma Terms of Use found at "
    "ai.google.dev/gemma/terms; by using it you accept them, with the Prohibited Use Policy."
)
REPLICATES = 100
PIRATE = "You are a pirate. Answer every question the way a pirate would."


@dataclass(frozen=True, slots=True)
class DemoModel:
    """A model of the demo: where it comes from and what is known of it.

    source  a model URI, or a built-in name when `precision` asks for a requantised copy
    """

    name: str
    family: str
    source: str
    precision: Kind | None = None


MEMBERS = (
    DemoModel("smollm2", "smollm2", "builtin:smollm2"),
    DemoModel("smollm2-q8_0", "smollm2", "smollm2", "Q8_0"),
    DemoModel("smollm2-q4_0", "smollm2", "smollm2", "Q4_0"),
    DemoModel("smollm2-pirate", "smollm2", f"builtin:smollm2?system={quote(PIRATE)}"),
    DemoModel("smollm2-sampled", "smollm2", "builtin:smollm2?temperature=0.5&top_p=0.9"),
    DemoModel("tiny-scripture", "tiny-scripture", "builtin:tiny-scripture"),
    DemoModel("tiny-scripture-q4_0", "tiny-scripture", "tiny-scripture", "Q4_0"),
    DemoModel("tiny-scripture-poems", "tiny-scripture", "builtin:tiny-scripture-poems"),
    DemoModel("tiny-stage", "tiny-stage", "builtin:tiny-stage"),
    DemoModel("tiny-stage-q8_0", "tiny-stage", "tiny-stage", "Q8_0"),
    DemoModel("tiny-stage-q4_0", "tiny-stage", "tiny-stage", "Q4_0"),
)
GEMMA = (
    DemoModel("gemma3-270m", "gemma3", "builtin:gemma3-270m"),
    DemoModel("gemma3-270m-sampled", "gemma3", "builtin:gemma3-270m?temperature=0.5&top_p=0.9"),
)


@dataclass(frozen=True)
class Demonstration:
    """What the demo found, and where it lies.

    apart    whether every model is nearer to its own family than to any other
    """

    folder: Path
    family: Mapping[str, str]
    extractions: tuple[Extraction, ...]
    matrix: DistanceMatrix
    tree: Tree

    @property
    def apart(self) -> bool:
        """Whether every model's nearest relative is of its own family, and families are clades."""
        nearest = all(
            self.family[self.matrix.nearest(name, 1)[0][0]] == self.family[name]
            for name in self.matrix.ids
        )
        clades = {frozenset(c) for c in self.tree.clades()}
        groups = {
            frozenset(n for n in self.matrix.ids if self.family[n] == f)
            for f in set(self.family.values())
        }
        everyone = frozenset(self.matrix.ids)
        return nearest and all(g in clades or everyone - g in clades for g in groups)


def run(
    folder: Path,
    members: Sequence[DemoModel] = MEMBERS,
    *,
    assay: str = catalog.DEFAULT_ASSAY,
    jobs: int = 2,
    progress: Progress = silent,
) -> Demonstration:
    """Make the relatives, extract all DNA into `folder`/registry, compare, and draw.

    Leaves `distances.csv`, `tree.nwk`, `tree.svg`, `tree.png` in `folder`. A second run asks no
    model again. Raises what extraction raises; memory holds `jobs` models at a time.
    """
    chosen = catalog.assay(assay)
    (folder / "models").mkdir(parents=True, exist_ok=True)
    uris = [_uri(m, folder / "models", progress) for m in members]
    registry = folder / "registry"
    done: list[Extraction] = []
    for result in extract_many(uris, chosen, registry, jobs=jobs, listener=Listener(progress)):
        if isinstance(result, Failure):
            raise result.problem
        if result.dna is None:
            raise CladistError(result.refusal)
        done.append(result)
    with Registry.open(registry) as store:
        names = [m.name for m in members]
        matrix = compare.distances(store, chosen, names)
        tree = family_tree(store, chosen, names, replicates=REPLICATES)
    family = {m.name: m.family for m in members}
    write_matrix(matrix, folder / "distances.csv")
    write_text(folder / "tree.nwk", newick(tree))
    _draw(tree, family, folder)
    return Demonstration(folder, family, tuple(done), matrix, tree)


def _uri(member: DemoModel, models: Path, progress: Progress) -> str:
    if member.precision is None:
        return f"{member.source}#{member.name}"
    target = models / f"{member.name}.gguf"
    if not target.exists():
        what = f"making {member.name}"
        requantize(
            path_of(member.source),
            target,
            member.precision,
            lambda done, total: progress(what, done, total),
        )
    return f"gguf:{target}#{member.name}"


def _draw(tree: Tree, family: Mapping[str, str], folder: Path) -> None:
    from cladist.phylogeny.draw import draw_tree

    for ending in ("svg", "png"):
        draw_tree(tree, folder / f"tree.{ending}", groups=family)
