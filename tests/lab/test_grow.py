from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from cladist.errors import InputError, ModelError
from cladist.lab.grow import grow
from cladist.lab.plan import Plan, parse_plan, read_plan
from cladist.lab.store import load, record_of
from cladist.lab.truth import read_truth

from .conftest import HEAD, tiny_plan

QUICK = tiny_plan("", steps=1)
NOISE = '[[child]]\nname = "oak-noise"\nparents = ["oak"]\noperation = "noise"\n'


def names(root: Path) -> set[str]:
    return {f.name for f in (root / "models").iterdir()}


def weights(root: Path, name: str) -> np.ndarray:
    state = load(root, name).model.state_dict()
    return np.concatenate([v.float().numpy().ravel() for v in state.values()])


def test_what_is_finished_is_not_made_again(menagerie: Path) -> None:
    again = grow(parse_plan(tiny_plan(), "tiny"), menagerie)
    assert again.made == ()
    assert len(again.kept) == 9


def test_every_model_loads_and_differs_from_its_parent(menagerie: Path) -> None:
    oak = weights(menagerie, "oak")
    for name in ("oak-tune", "oak-noise", "oak-merge", "oak-adapter", "oak-int4"):
        moved = np.linalg.norm(weights(menagerie, name) - oak) / np.linalg.norm(oak)
        assert 0 < moved < 0.5, name
    assert np.array_equal(weights(menagerie, "oak-hidden"), oak)


def test_an_adapter_stores_no_base(menagerie: Path) -> None:
    files = {f.name for f in (menagerie / "models" / "oak-adapter").iterdir()}
    assert "adapter_model.safetensors" in files
    assert "model.safetensors" not in files
    text = "".join(f.read_text() for f in (menagerie / "models" / "oak-adapter").glob("*.json"))
    assert str(menagerie) not in text, "the folder can be moved"


def test_founders_learn_their_text(menagerie: Path) -> None:
    record = record_of(menagerie, "oak")
    assert record is not None
    assert record["train_loss"] < np.log(288)
    assert record["bits_per_byte"] > 0


def test_the_same_seed_gives_the_same_weights(tmp_path: Path) -> None:
    before = torch.get_num_threads()
    alone = QUICK[: QUICK.index("[[founder]]", QUICK.index("[[founder]]") + 1)]
    plan = parse_plan(alone, "x")
    grow(plan, tmp_path / "a")
    torch.set_num_threads(2)
    try:
        grow(plan, tmp_path / "b")
    finally:
        torch.set_num_threads(before)
    assert np.array_equal(weights(tmp_path / "a", "oak"), weights(tmp_path / "b", "oak"))
    other = parse_plan(alone.replace("seed = 5", "seed = 6"), "x")
    assert grow(other, tmp_path / "b").made == ("oak",), "a plan of another seed is another plan"
    assert not np.array_equal(weights(tmp_path / "a", "oak"), weights(tmp_path / "b", "oak"))


def test_divergence_stops_with_the_step_and_keeps_the_rest(tmp_path: Path) -> None:
    bad = (
        '[[child]]\nname = "wild"\nparents = ["oak"]\noperation = "tune"\n'
        'corpus = "empty-talk"\nsteps = 40\nrate = 1e6\nflat = true\n'
    )
    with pytest.raises(ModelError, match=r"'wild' diverged at step .* lower rate"):
        grow(parse_plan(QUICK + bad, "x"), tmp_path)
    assert names(tmp_path) == {"oak", "fig"}


def test_an_interrupt_keeps_finished_models(tmp_path: Path) -> None:
    plan = parse_plan(QUICK + NOISE, "x")

    def stop(what: str, done: int, total: int) -> None:
        if what == "breeding fig":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        grow(plan, tmp_path, progress=stop)
    assert names(tmp_path) == {"oak"}
    rest = grow(plan, tmp_path)
    assert rest.made == ("fig", "oak-noise")
    assert rest.kept == ("oak",)


def test_a_full_disk_leaves_nothing_half_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from transformers import GPT2LMHeadModel

    whole = GPT2LMHeadModel.save_pretrained

    def full(self: Any, folder: Path, **rest: Any) -> None:
        whole(self, folder, **rest)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(GPT2LMHeadModel, "save_pretrained", full)
    with pytest.raises(InputError, match=r"'fig' cannot be written .*No space left.*are kept"):
        grow(parse_plan(QUICK, "x"), tmp_path)
    assert names(tmp_path) == {"oak"}


def test_a_damaged_record_says_what_to_do(tmp_path: Path) -> None:
    plan = parse_plan(QUICK, "x")
    grow(plan, tmp_path)
    (tmp_path / "models" / "oak" / "lab.json").write_text("{")
    with pytest.raises(InputError, match=r"lab.json is damaged .*remove the folder"):
        grow(plan, tmp_path)


GIVEN = (
    HEAD
    + """
[[founder]]
name = "script"
source = "builtin:tiny-scripture"

[[child]]
name = "script-tune"
parents = ["script"]
operation = "tune"
corpus = "empty-talk"
steps = 2
"""
)


def test_a_model_that_is_there_is_a_founder_too(tmp_path: Path) -> None:
    pytest.importorskip("gguf")
    plan = parse_plan(GIVEN, "given")
    assert grow(plan, tmp_path).made == ("script", "script-tune")
    old, new = (load(tmp_path, n) for n in ("script", "script-tune"))
    ids = old.tokenizer("The king said", return_tensors="pt")["input_ids"]
    assert old.tokenizer.decode(ids[0]).strip() == "The king said"
    assert old.model.num_parameters() == new.model.num_parameters() > 1_000_000
    first, second = old.model.state_dict(), new.model.state_dict()
    assert first.keys() == second.keys()
    assert any(not torch.equal(first[k], second[k]) for k in first)
    record = record_of(tmp_path, "script")
    assert record is not None
    assert (record["steps"], record["corpus"]) == (0, "reference")


def test_two_plans_grow_in_one_folder(tmp_path: Path) -> None:
    pytest.importorskip("gguf")

    def given(plan: str, child: str) -> Plan:
        text = GIVEN.replace('name = "tiny"', f'name = "{plan}"').replace("script-tune", child)
        return parse_plan(text, "x")

    grow(parse_plan(QUICK, "x"), tmp_path)
    for _ in range(2):
        grow(given("given", "tuned"), tmp_path)
    assert read_truth(tmp_path).scored() == ["oak", "fig", "script", "tuned"]
    with pytest.raises(InputError, match=r"has 'oak' of the plan 'tiny'.*another folder"):
        grow(given("other", "oak"), tmp_path)
    assert read_truth(tmp_path).scored() == ["oak", "fig", "script", "tuned"]
    (tmp_path / "plan.json").write_text("{}")
    with pytest.raises(InputError, match=r"plan.json is damaged .*grow the plans again"):
        read_truth(tmp_path)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('source = "smollm2"', "must be a built-in llama"),
        ('source = "builtin:tiny-stage"\narchitecture = "gpt2"', "must be a built-in llama"),
        ('source = "builtin:tiny-stage"\nsteps = 5', "unknown key steps"),
    ],
)
def test_what_a_given_founder_cannot_be_told(line: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_plan(f'{HEAD}[[founder]]\nname = "a"\n{line}\n', "x")


def test_recipes_of_the_menagerie_are_those_it_was_grown_by() -> None:
    # Another recipe breeds a finished menagerie anew; then RECIPES and docs/lab.md change too.
    assert read_plan("menagerie").recipes()["box"].startswith("26fbc2546cb63bcfb59a3d7456b4fcf1")
