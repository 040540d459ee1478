from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from cladist.lab.architectures import fresh_model, layer_count, with_layers
from cladist.lab.operations import apply
from cladist.lab.operations._job import Job, Made
from cladist.lab.operations.merge import slerp
from cladist.lab.operations.quantise import rounded
from cladist.lab.plan import Child, Founder
from cladist.lab.specs import ARCHITECTURES, OPERATIONS
from cladist.lab.store import Loaded
from cladist.lab.tokens import learn_tokenizer
from cladist.lab.training import sample_texts

TEXT = ["the old fox saw the red hat. my wet bee ate no oak."] * 4


def shape(architecture: str) -> Founder:
    return Founder("x", architecture, "empty-talk", 270, width=32, layers=3, heads=2)


def loaded(architecture: str = "llama", seed: int = 0) -> Loaded:
    model = fresh_model(shape(architecture), 270, seed)
    model.eval()
    return Loaded(f"m{seed}", architecture, model, learn_tokenizer(TEXT, 270))


def made(operation: str, *parents: Loaded, teacher: Loaded | None = None, **options: Any) -> Made:
    base = replace(parents[0], model=fresh_model(shape(parents[0].architecture), 270, 0))
    known = {k: o.default for k, o in OPERATIONS[operation].options.items()}
    if "corpus" in known:
        known |= {"corpus": "empty-talk", "steps": 2}
    node = Child("y", tuple(p.name for p in parents), operation, {**known, **options})
    return apply(Job(node, parents, teacher, base, 3, 24, 2, lambda done, total: None))


def flat(model: Any) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in model.parameters()])


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_architecture_is_fresh_trains_and_speaks(architecture: str) -> None:
    model = loaded(architecture)
    size = model.model.num_parameters()
    assert size > 10_000
    before = flat(model.model).clone()
    tuned = made("tune", model)
    assert not torch.equal(before, flat(tuned.model))
    rows = sample_texts(tuned.model, torch.arange(1, 9).reshape(2, 4), 5, 0)
    assert rows.shape == (2, 5)


@pytest.mark.parametrize("architecture", ["llama", "t5"])
@pytest.mark.parametrize("operation", ["instruct", "dpo", "prune", "extend-vocabulary", "lora"])
def test_training_operations_change_weights(architecture: str, operation: str) -> None:
    parent = loaded(architecture)
    before = flat(parent.model).clone()
    out = made(operation, parent)
    assert out.run.steps == 2
    after = flat(out.model)
    assert len(after) != len(before) or not torch.equal(before, after)


def test_a_pupil_learns_from_another_architecture() -> None:
    out = made("distil", loaded(), teacher=loaded("t5", 1), texts=8)
    assert out.facts["taught_texts"] == 8
    assert out.run.tokens == 2 * 2 * 25


def test_extension_begins_a_token_as_the_mean_of_its_pieces() -> None:
    parent = loaded()
    old = parent.model.get_input_embeddings().weight.detach().clone()
    pieces = parent.tokenizer("never")["input_ids"]
    assert len(pieces) > 1
    out = made("extend-vocabulary", parent, steps=0, tokens=40)
    added = set(out.tokenizer.get_added_vocab()) - {"<|end|>"}
    word = sorted(added)[0]
    row = out.model.get_input_embeddings().weight[out.tokenizer.convert_tokens_to_ids(word)]
    expected = old[learn_tokenizer(TEXT, 270)(word)["input_ids"]].mean(dim=0)
    assert torch.allclose(row, expected, atol=1e-6)


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_rounding_errs_by_half_a_step_at_most(bits: int) -> None:
    weight = torch.randn((5, 70), generator=torch.Generator().manual_seed(1))
    out = rounded(weight, bits)
    assert out.shape == weight.shape
    for start in range(0, 70, 32):
        block = weight[:, start : start + 32]
        step = block.abs().amax(dim=1, keepdim=True) / (2 ** (bits - 1) - 1)
        assert ((out[:, start : start + 32] - block).abs() <= step / 2 + 1e-6).all()


def test_slerp_keeps_length_and_ends() -> None:
    a, b = torch.tensor([[3.0, 0.0]]), torch.tensor([[0.0, 3.0]])
    assert torch.allclose(slerp(a, b, 0.0), a, atol=1e-6)
    assert torch.allclose(slerp(a, b, 1.0), b, atol=1e-6)
    middle = slerp(a, b, 0.5)
    assert torch.allclose(middle, torch.full((1, 2), 3 / 2**0.5), atol=1e-6)
    assert torch.allclose(slerp(a, 2 * a, 0.5), 1.5 * a)
    assert torch.equal(slerp(a, torch.zeros_like(a), 0.5), a / 2)


def test_merges_of_a_model_with_itself_are_itself() -> None:
    for method in ("linear", "slerp", "ties"):
        one = loaded(seed=1)
        whole = flat(one.model).clone()
        out = made("merge", one, loaded(seed=1), method=method, density=1.0)
        assert torch.allclose(flat(out.model), whole, atol=1e-5), method


def test_a_linear_merge_is_the_weighted_mean() -> None:
    one, two = loaded(seed=1), loaded(seed=2)
    expected = 0.75 * flat(one.model) + 0.25 * flat(two.model)
    out = made("merge", one, two, method="linear", weight=0.75)
    assert torch.allclose(flat(out.model), expected, atol=1e-6)


def test_dare_drops_changes_and_keeps_their_mean() -> None:
    base = flat(fresh_model(shape("llama"), 270, 0))
    one = loaded(seed=1)
    change = flat(one.model) - base
    out = made("merge", one, loaded(seed=1), method="dare", density=0.5)
    moved = flat(out.model) - base
    live = change.abs() > 1e-6
    ratio = moved[live] / change[live]
    # Each parent keeps half of the changes, doubled, and counts half: 0, 1 or 2 times the change.
    assert ratio.round().unique().tolist() == [0.0, 1.0, 2.0]
    assert abs(float(ratio.mean()) - 1) < 0.05


def test_pruning_zeroes_the_share_asked_for() -> None:
    out = made("prune", loaded(), steps=0, share=0.4)
    assert out.facts["zeroed"] == pytest.approx(0.4, abs=0.01)


@pytest.mark.parametrize("architecture", [a for a, s in ARCHITECTURES.items() if s.stacked])
def test_layers_are_dropped_and_doubled(architecture: str) -> None:
    model = loaded(architecture).model
    assert layer_count(made("drop-layers", loaded(architecture), steps=0).model) == 2
    assert layer_count(made("grow-layers", loaded(architecture), steps=0, count=2).model) == 5
    ids = torch.arange(1, 9)[None]
    same = with_layers(model, architecture, [0, 1, 2]).eval()
    with torch.no_grad():
        assert torch.allclose(model(ids).logits, same(ids).logits, atol=1e-5)


def test_noise_has_the_size_asked_for() -> None:
    parent = loaded()
    before = {k: v.clone() for k, v in parent.model.state_dict().items()}
    after = made("noise", parent, sigma=0.2).model.state_dict()
    name = "model.layers.0.mlp.up_proj.weight"
    step = (after[name] - before[name]).std() / before[name].std()
    assert float(step) == pytest.approx(0.2, rel=0.05)
    norm = "model.norm.weight"
    assert torch.equal(after[norm], before[norm])


@pytest.mark.parametrize("kind", ["Q8_0", "Q4_0"])
def test_gguf_files_load_near_what_they_were_made_from(tmp_path: Path, kind: str) -> None:
    from cladist.lab.store import load, store

    parent = loaded()
    out = made("quantise", parent, kind=kind)
    assert out.write is not None
    record = {"kind": "gguf", "architecture": "llama", "base": ""}
    store(tmp_path, "q", record, out.write)
    files = {f.name for f in (tmp_path / "models" / "q").iterdir()}
    assert {"model.gguf", "tokenizer.json", "lab.json"} <= files
    assert not any(f.endswith(".safetensors") for f in files)
    back = load(tmp_path, "q")
    text = "the old fox saw"
    assert back.tokenizer(text)["input_ids"] == parent.tokenizer(text)["input_ids"]
    one, two = flat(parent.model), flat(back.model)
    error = float(torch.linalg.norm(one - two) / torch.linalg.norm(one))
    assert error < (0.02 if kind == "Q8_0" else 0.15)
    ids = torch.arange(1, 9)[None]
    with torch.no_grad():
        first, second = parent.model(ids).logits, back.model(ids).logits
    assert np.corrcoef(first.flatten(), second.flatten())[0, 1] > (0.99 if kind == "Q8_0" else 0.8)
