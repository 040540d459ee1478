"""The claimed model at hand: its border inputs and first tokens decide, over real HTTP."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from one_token import Server, Teller, over_http
from typer.testing import CliRunner

from cladist.cli.main import app
from cladist.errors import InputError, UsageError
from cladist.extraction.opening import open_any
from cladist.ladder.border import first_tokens, judged_first, of_border
from cladist.ladder.claimed import Claimed, at_hand
from cladist.ladder.climb import against_all, climb, decided
from cladist.ladder.rung import Rung, Spent
from cladist.ladder.rungs import Question
from cladist.models.base import Model
from cladist.provenance.border.asking import Asker
from cladist.provenance.border.learning import Effort, learn
from cladist.provenance.border.looking import Rules, take_look
from cladist.provenance.border.state import begin, save

EFFORT = Effort(contexts=160, pool=24, replicates=1, firm=30)
LEARN = Effort(contexts=60, pool=20, replicates=80)


@pytest.fixture(scope="module")
def own() -> Claimed:
    model = Teller()
    return Claimed("own", learn(Asker(model), EFFORT, 3), model)


def asked(model: Model, own: Claimed, seed: int = 1, alpha: float = 0.01) -> Question:
    return Question(model, "own", alpha, own=own, draw=random.Random(seed))


@pytest.mark.parametrize("kind", [Server, Teller])
def test_right_claims_fit_and_wrong_ones_do_not(kind: type[Server], own: Claimed) -> None:
    right = of_border(asked(kind(), own))
    assert right.stand == "fits" and right.error == pytest.approx(0.001)
    assert right.posterior is not None and right.against is not None and right.against < 0
    other = of_border(asked(kind(shift=20.0, version=3), own))
    assert other.stand == "does not fit" and other.posterior is not None
    assert max(other.posterior, key=lambda k: other.posterior[k]) == "another model"  # type: ignore[index]
    assert sum(other.seen["firm"]) + sum(other.seen["border"]) <= 60  # type: ignore[arg-type]
    light = of_border(asked(kind(shift=0.3), own))
    assert light.stand != "does not fit"


def test_first_tokens_decide_where_they_are_told(own: Claimed) -> None:
    assert first_tokens(asked(Teller(), own)).stand == "fits"
    assert first_tokens(asked(Teller(shift=0.2), own)).stand == "fits"
    other = first_tokens(asked(Teller(shift=20.0, version=3), own))
    assert other.stand == "does not fit" and "elsewhere at most" in other.said[-1]
    plain = first_tokens(asked(Server(), own))
    assert plain.stand == "not asked"
    silent = first_tokens(asked(Teller(down="HTTP 500: broken"), own))
    assert silent.stand == "says nothing" and "broken" in silent.said[0]


def test_tokens_written_in_another_way_accuse_nobody(own: Claimed) -> None:
    found = judged_first([1.0] * 40, 40, asked(Teller(), own), "own")
    assert found.stand == "undecided" and found.against is None
    assert "in its own way" in " ".join(found.said)


def test_a_server_that_samples_is_not_accused(own: Claimed) -> None:
    found = of_border(asked(Server(served=2.0), own))
    assert found.stand != "does not fit" and "samples" in " ".join(found.said)


def test_servers_that_do_not_answer_are_named(own: Claimed) -> None:
    for down in ("ends", "HTTP 500: broken"):
        found = of_border(asked(Server(down=down), own))
        assert found.stand == "not asked" and "does not answer" in found.said[0]
    raw = of_border(asked(Server(interfaces=frozenset({"raw"})), own))
    assert raw.stand == "not asked" and "not offered here" in raw.said[0]


def test_a_right_claim_is_called_wrong_no_more_often_than_stated(own: Claimed) -> None:
    """Deployments at the worst that the null allows: a third of the firm answers depart."""

    class Worst(Server):
        def _said(self, request):  # type: ignore[no-untyped-def]
            words = super()._said(request)
            return " elsewhere" if self.dice.random() < 1 / 3 else words

    wrong = 0
    for seed in range(200):
        model = Worst()
        model.dice = random.Random(seed)
        found = of_border(asked(model, own, seed, alpha=0.2))
        wrong += found.against is not None and found.against >= 3.0  # e of 20: one in twenty
        wrong += found.stand == "does not fit" and found.against is None
    assert wrong <= 20


def test_one_decision_from_several_e_values() -> None:
    tokenizer = Rung("tokenizer", "undecided", ("x",), Spent(), against=5.0)
    assert decided("m", (tokenizer,)).verdict == "does not fit"  # e = 148
    border = Rung("border", "undecided", ("x",), Spent(), against=4.9)
    both = decided("m", (tokenizer, border))
    assert both.verdict == "does not fit" and both.reason.startswith("by its rungs together")
    assert decided("m", (tokenizer, Rung("border", "undecided", ("x",), Spent()))).error is None
    assert against_all((border,)) < 4.9


def test_the_ladder_stops_where_it_is_decided(own: Claimed) -> None:
    made = list(climb(asked(Teller(), own), texts=False))
    assert [r.name for r in made] == ["server", "tokenizer", "border"]
    assert decided("own", tuple(made)).verdict == "fits"


def test_on_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A watch of the claimed model elsewhere is the reference."""
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    served = Teller()
    with over_http(served) as (server, url):
        uri = f"openai:m@{url}?interface=chat&patience=1&retries=1"
        model = open_any(uri)
        told, watched = take_look(model, begin(model.identity), Rules(), LEARN, random.Random(1))
        model.close()
        assert told.status == "learnt"
        save(tmp_path / "watch.json", watched)
        command = [
            "endpoint",
            uri,
            "--no-texts",
            "--json",
            "--beside",
            str(tmp_path / "watch.json"),
        ]
        right = CliRunner().invoke(app, command)
        assert right.exit_code == 0, right.output
        data = json.loads(right.stdout)
        assert data["verdict"] == "fits" and data["rungs"][-1]["name"] == "border"
        server.model = Teller(shift=20.0, version=3)
        wrong = CliRunner().invoke(app, command)
        assert wrong.exit_code == 10, wrong.output
        (tmp_path / "bad.json").write_text("{}")
        bad = CliRunner().invoke(app, [*command[:-1], str(tmp_path / "bad.json")])
        assert isinstance(bad.exception, InputError)
        save(tmp_path / "new.json", begin(model.identity))
        new = CliRunner().invoke(app, [*command[:-1], str(tmp_path / "new.json")])
        assert isinstance(new.exception, UsageError)


def test_a_model_that_shares_no_interface(tmp_path: Path) -> None:
    raw = Server(interfaces=frozenset({"chat"}))
    with pytest.raises(UsageError, match="share no interface"), at_hand("builtin:tiny-stage", raw):
        pass
