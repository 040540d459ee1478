"""Checkpoints through transformers, on tiny models with random weights."""

from __future__ import annotations

import math
import shutil
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_models import write_checkpoint, write_gguf

from cladist.core.next_token import Context
from cladist.core.responses import State
from cladist.errors import MissingExtraError, ModelError, UsageError
from cladist.models import Request, open_model, parse_uri
from cladist.models.transformers import open_uri as open_hf

torch = pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("transformers", reason="transformers is not installed")

PROMPTS = [c * n for n, c in enumerate("abcdefghij", start=1)]


@pytest.fixture(scope="module", params=["llama", "gpt2", "t5"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_checkpoint(tmp_path_factory.mktemp("hf") / request.param, request.param)


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_checkpoint(tmp_path_factory.mktemp("hf") / "llama")


def opened(folder: Path, query: str = "") -> Any:
    return open_hf(parse_uri(f"hf:{folder}?device=cpu&{query}"))


def said(model: Any, *requests: Request) -> list[str]:
    return [r.text for _, r in sorted(model.answer(requests), key=lambda pair: pair[0])]


def test_padding_does_not_change_greedy_answers(folder: Path) -> None:
    requests = [Request(p, 12) for p in PROMPTS]
    alone, together = opened(folder, "batch=1"), opened(folder, "batch=8")
    assert said(alone, *requests) == said(together, *requests)
    assert len(set(said(alone, *requests))) > 2


def test_answers_are_those_of_a_plain_forward_pass(folder: Path) -> None:
    """The argmax of the model's own scores, step by step, without any generation code."""
    model = opened(folder)
    net, tokenizer = model._model, model._tokenizer
    given = tokenizer("The sea")["input_ids"]
    new: list[int] = []
    with torch.inference_mode():
        for _ in range(6):
            if net.config.is_encoder_decoder:
                out = net(
                    input_ids=torch.tensor([given]), decoder_input_ids=torch.tensor([[0, *new]])
                )
            else:
                out = net(input_ids=torch.tensor([given + new]))
            new.append(int(out.logits[0, -1].argmax()))
    assert 0 not in new
    ((_, response),) = model.answer([Request("The sea", 6)])
    assert response.text == tokenizer.decode(new).rstrip("\ufffd")
    assert (response.tokens, response.state) == (6, State.TRUNCATED)


def test_the_end_token_ends_an_answer_and_not_its_neighbours(folder: Path) -> None:
    model = opened(folder)
    whole = dict(model.answer([Request(p, 12) for p in PROMPTS]))
    # The token that most first answers begin with now means the end.
    firsts = Counter(r.text[0] for r in whole.values() if r.usable)
    end = firsts.most_common(1)[0][0]
    model._model.generation_config.eos_token_id = [0, *model._tokenizer(end)["input_ids"]]
    for index, response in model.answer([Request(p, 12) for p in PROMPTS]):
        before = whole[index].text.split(end)[0]
        assert response.text == before
        stopped = end in whole[index].text or whole[index].state is not State.TRUNCATED
        expected = State.OK if stopped else State.TRUNCATED
        assert response.state is (expected if before.strip() else State.EMPTY)


def test_decoding_of_the_checkpoint_is_not_taken_over(llama: Path, tmp_path: Path) -> None:
    plain = said(opened(llama), *(Request(p, 8) for p in PROMPTS))
    copy = tmp_path / "hot"
    shutil.copytree(llama, copy)
    (copy / "generation_config.json").write_text(
        '{"do_sample": true, "temperature": 3.0, "repetition_penalty": 50.0, "eos_token_id": 0}'
    )
    assert said(opened(copy), *(Request(p, 8) for p in PROMPTS)) == plain


def test_samples_have_the_frequencies_of_the_model(llama: Path) -> None:
    model = opened(llama, "batch=64")
    heat, draws = 2.0, 1500
    given = torch.tensor([model._tokenizer("The sea")["input_ids"]])
    with torch.inference_mode():
        chances = (model._model(given).logits[0, -1] / heat).softmax(-1)
    token = int(chances[1:128].argmax()) + 1
    chance = float(chances[token])
    letter = model._tokenizer.decode([token])
    asked = [Request("The sea", 1, temperature=heat, seed=s) for s in range(draws)]
    share = said(model, *asked).count(letter) / draws
    assert abs(share - chance) < 4 * math.sqrt(chance * (1 - chance) / draws)
    narrow = [Request("The sea", 1, temperature=heat, top_p=1e-6, seed=s) for s in range(20)]
    assert len(set(said(model, *narrow))) == 1


def test_greedy_and_sampled_rows_share_a_batch(llama: Path) -> None:
    model = opened(llama)
    greedy, hot = Request("The sea", 8), Request("The sea", 8, temperature=2.0, seed=5)
    assert said(model, greedy, hot, greedy) == [*said(model, greedy), *said(model, hot, greedy)]


def test_prompts_of_all_lengths_share_batches_where_the_context_ends(llama: Path) -> None:
    model = opened(llama, "batch=64")
    context = model._context()
    model._model.generation_config.eos_token_id = None
    parts: list[int] = []
    generated = model._generated
    model._generated = lambda part: (parts.append(len(part)), generated(part))[1]
    lengths = [*range(5, 45), context - 7]
    answers = dict(model.answer([Request("a" * n, 10 * context) for n in lengths]))
    room = [context - len(model._tokenizer("a" * n)["input_ids"]) for n in lengths]
    for index, left in enumerate(room):
        assert answers[index].state is State.TRUNCATED
        assert left - 32 < answers[index].tokens <= left
    assert answers[len(room) - 1].tokens == room[-1]
    assert sorted(parts)[0] == 1
    assert len(parts) <= 4


def test_chat_fills_the_template(llama: Path) -> None:
    model = opened(llama)
    assert model.interfaces == {"raw", "chat"}
    chat = Request("Hi", 8, interface="chat", system="Be brief")
    assert said(model, chat) == said(model, Request("<system>Be brief\n<user>Hi\n<assistant>", 8))


def test_templates_without_a_system_role(tmp_path: Path) -> None:
    strict = (
        "{% for m in messages %}{% if m['role'] == 'system' %}{{ raise_exception('no system') }}"
        "{% endif %}[{{ m['content'] }}]{% endfor %}"
    )
    model = opened(write_checkpoint(tmp_path / "strict", template=strict))
    asked = Request("Hi", 8, interface="chat", system="Be brief")
    assert said(model, asked) == said(model, Request("[Be brief\n\nHi]", 8))


def test_without_a_template_there_is_no_chat(tmp_path: Path) -> None:
    assert opened(write_checkpoint(tmp_path / "raw", template="")).interfaces == {"raw"}


def test_out_of_memory_halves_the_batch(llama: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = opened(llama, "batch=8")
    requests = [Request(p, 6) for p in PROMPTS]
    expected = said(model, *requests)
    generate, sizes = model._model.generate, []

    def scarce(**options: Any) -> Any:
        sizes.append(len(options["input_ids"]))
        if sizes[-1] > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return generate(**options)

    monkeypatch.setattr(model._model, "generate", scarce)
    assert said(model, *requests) == expected
    assert sizes[:3] == [8, 4, 2]
    assert max(sizes[2:]) == 2


def test_one_request_too_large_is_an_error_of_that_request(
    llama: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = opened(llama, "batch=2")
    generate = model._model.generate

    def scarce(**options: Any) -> Any:
        if options["input_ids"].shape[1] > 50:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
        return generate(**options)

    monkeypatch.setattr(model._model, "generate", scarce)
    answers = dict(model.answer([Request("a" * 60, 4), Request("b", 4)]))
    assert "out of memory" in answers[0].detail
    assert answers[1].usable


def test_any_other_failure_of_the_engine_is_raised(
    llama: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = opened(llama)

    def broken(**_: Any) -> Any:
        raise RuntimeError("device-side assert")

    monkeypatch.setattr(model._model, "generate", broken)
    with pytest.raises(ModelError, match="device-side assert"):
        list(model.answer([Request("x", 4)]))


def test_fingerprint_is_content_and_dtype(llama: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(llama, copy)
    first = opened(llama).identity
    assert opened(copy).identity.fingerprint == first.fingerprint
    assert opened(copy, "dtype=bfloat16").identity.fingerprint != first.fingerprint
    other = write_checkpoint(tmp_path / "other", seed=1)
    assert opened(other).identity.fingerprint != first.fingerprint
    assert first.metadata["architecture"] == "llama"
    assert first.metadata["dtype"] == "float32"


def test_pickled_weights_are_refused(llama: Path, tmp_path: Path) -> None:
    copy = tmp_path / "old"
    shutil.copytree(llama, copy)
    (copy / "model.safetensors").rename(copy / "pytorch_model.bin")
    with pytest.raises(ModelError, match=r"pytorch_model.bin is a pickle"):
        open_model(f"hf:{copy}")


def test_damaged_weights(llama: Path, tmp_path: Path) -> None:
    copy = tmp_path / "damaged"
    shutil.copytree(llama, copy)
    (copy / "model.safetensors").write_bytes(b"\x00" * 100)
    with pytest.raises(ModelError, match="cannot be loaded"):
        open_model(f"hf:{copy}?device=cpu")


def test_a_damaged_tokenizer(llama: Path, tmp_path: Path) -> None:
    copy = tmp_path / "damaged"
    shutil.copytree(llama, copy)
    (copy / "tokenizer.json").write_text('{"model": {"type": "BPE", "vocab": {}, "merges": 1}}')
    with pytest.raises(ModelError, match="tokenizer"):
        open_model(f"hf:{copy}?device=cpu")


def test_folders_that_hold_no_model(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no \.safetensors"):
        open_model(f"hf:{tmp_path}")
    with pytest.raises(ModelError, match="no such folder"):
        open_model(f"hf:{tmp_path / 'none'}")
    with pytest.raises(ModelError, match="gguf_file="):
        open_model(f"hf:{tmp_path}?gguf_file=none.gguf")


def test_a_hub_that_is_out_of_reach(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import huggingface_hub.constants as constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(ModelError, match="hf:/path/to/model"):
        open_model("hf:nobody/no-such-model@main")


def test_a_hub_model_is_pinned_to_its_commit(
    llama: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import huggingface_hub.constants as constants

    commit = "0123456789abcdef0123456789abcdef01234567"
    stored = tmp_path / "models--some--model"
    shutil.copytree(llama, stored / "snapshots" / commit)
    (stored / "refs").mkdir()
    (stored / "refs" / "main").write_text(commit)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    for module in (constants, sys.modules["huggingface_hub.file_download"]):
        monkeypatch.setattr(module, "HF_HUB_CACHE", str(tmp_path), raising=False)
    from cladist.models._checkpoint import resolve

    found = resolve(parse_uri("hf:some/model"), "transformers")
    assert (found.name, found.revision) == ("model", commit)
    assert found.fingerprint == f"hub:some/model@{commit}"


@pytest.mark.parametrize("query", ["dtype=int8", "batch=0", "batch=x"])
def test_options_out_of_range(llama: Path, query: str) -> None:
    with pytest.raises(UsageError, match=query.partition("=")[0]):
        open_model(f"hf:{llama}?{query}")


def test_without_the_package(llama: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(MissingExtraError, match=r"cladist\[transformers\]"):
        open_model(f"hf:{llama}")


def test_the_same_file_in_two_engines(tmp_path: Path, capfd: Any) -> None:
    """llama.cpp and transformers agree on a GGUF file in 32 bits."""
    pytest.importorskip("xllamacpp", reason="xllamacpp is not installed")
    write_gguf(tmp_path / "x.gguf")
    here, there = opened(tmp_path, "gguf_file=x.gguf"), open_model(f"gguf:{tmp_path / 'x.gguf'}")
    requests = [Request(p, 8) for p in PROMPTS]
    same = [a == b for a, b in zip(said(here, *requests), said(there, *requests), strict=True)]
    there.close()
    assert capfd.readouterr() == ("", "")
    assert sum(same) >= 9  # attention in llama.cpp keeps its cache in 16 bits


def test_scores_that_are_no_numbers_are_errors_of_their_context(llama: Path) -> None:
    model = opened(llama)
    with torch.no_grad():
        model._model.get_output_embeddings().weight[5] = math.nan
    ((_, said),) = model.next_tokens([Context("The sea")])
    assert "no numbers" in said.error
    assert said.tokens == ()


def test_masked_tokens_have_no_probability_and_padding_has_no_text(llama: Path) -> None:
    model = opened(llama)
    ((_, before),) = model.next_tokens([Context("The sea")])
    scores = model._next_scores

    def padded(part: Any) -> Any:
        rows = scores(part)
        chance = math.log(0.25)  # a quarter of the probability is that of padding
        return [np.concatenate([r + math.log(0.75), [chance, -math.inf]]) for r in rows]

    model._next_scores = padded
    ((_, after),) = model.next_tokens([Context("The sea")])
    assert after.tokens == before.tokens
    assert after.missing == pytest.approx(0.25, abs=1e-6)
    assert after.gives == "all"


def test_the_next_token_is_that_of_a_plain_forward_pass(folder: Path) -> None:
    model = opened(folder)
    net, tokenizer = model._model, model._tokenizer
    given = torch.tensor([tokenizer("The sea")["input_ids"]])
    with torch.inference_mode():
        if net.config.is_encoder_decoder:
            logits = net(input_ids=given, decoder_input_ids=torch.tensor([[0]])).logits[0, -1]
        else:
            logits = net(input_ids=given).logits[0, -1]
    chances = logits.double().softmax(-1)
    ((_, said),) = model.next_tokens([Context("The sea")])
    for token, log_prob in zip(said.tokens, said.log_probs, strict=True):
        number = 0 if token is None else 257 if token == b"th" else token[0] + 1
        assert math.exp(log_prob) == pytest.approx(float(chances[number]), abs=1e-5)
