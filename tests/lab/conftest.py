from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="the lab trains with torch")
pytest.importorskip("peft", reason="the lab adapts with peft")

HEAD = """
name = "tiny"
seed = 5
window = 40
batch = 4
"""
FOUNDER = """
[[founder]]
name = "{name}"
architecture = "{architecture}"
corpus = "{corpus}"
vocabulary = 288
width = 32
layers = 2
heads = 2
steps = {steps}
rate = 0.01
"""
CHILDREN = """
[[child]]
name = "oak-tune"
parents = ["oak"]
operation = "tune"
corpus = "empty-talk"
steps = 3

[[child]]
name = "oak-noise"
parents = ["oak"]
operation = "noise"
sigma = 0.1

[[child]]
name = "oak-merge"
parents = ["oak-tune", "oak-noise"]
operation = "merge"
method = "slerp"

[[child]]
name = "oak-adapter"
parents = ["oak-tune"]
operation = "lora"
corpus = "empty-talk"
steps = 3
adapter = true

[[child]]
name = "oak-hidden"
parents = ["oak"]
operation = "disguise"
system = "Say little."
words = 0.3

[[child]]
name = "oak-int4"
parents = ["oak"]
operation = "quantise"
bits = 4
series = "bits"

[[child]]
name = "oak-int2"
parents = ["oak"]
operation = "quantise"
bits = 2
series = "bits"
"""


def tiny_plan(children: str = CHILDREN, steps: int = 0) -> str:
    """Two founders of two architectures and what is made of them."""
    founders = [("oak", "llama", "empty-talk", 80), ("fig", "gpt2", "gospels", 240)]
    written = (
        FOUNDER.format(name=n, architecture=a, corpus=c, steps=steps or s)
        for n, a, c, s in founders
    )
    return HEAD + "".join(written) + children


@pytest.fixture(scope="session")
def menagerie(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny plan, grown."""
    from cladist.lab.grow import grow
    from cladist.lab.plan import parse_plan

    root = tmp_path_factory.mktemp("menagerie")
    grow(parse_plan(tiny_plan(), "tiny"), root)
    return root


@pytest.fixture
def plan_file(tmp_path: Path) -> Callable[[str], str]:
    """Writes a plan, and gives its path."""

    def write(text: str) -> str:
        path = tmp_path / "plan.toml"
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write
