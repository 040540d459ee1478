"""A watch by token is signed with what it was told, and every look follows from that again."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest
from one_token import Server, Teller, over_http
from typer.testing import CliRunner

from cladist.attestation.checking import Trust, check_statement
from cladist.attestation.of_tokens import TokenLooked, again_tokens, tokens_case
from cladist.cli.main import app
from cladist.errors import InputError, UsageError
from cladist.provenance.border import schedule
from cladist.provenance.border.learning import Effort
from cladist.provenance.border.looking import Rules, Watched, take_look
from cladist.provenance.border.state import begin
from tests.attestation.conftest import Keys

EFFORT = Effort(contexts=80, pool=20, replicates=80, sittings=2)
RULES = Rules(explain=False)


def looked(servers: list[Server], noise: float = 0.0) -> tuple[Watched, list[TokenLooked]]:
    begun = replace(begin(servers[0].identity), secret=5)
    watched, draw, made = begun, random.Random(1), []
    for server in servers:
        server.noise = noise
        look, watched = take_look(server, watched, RULES, EFFORT, draw)
        made.append(TokenLooked(look, watched))
    return begun, made


@pytest.mark.parametrize("kind", [Server, Teller])
def test_every_look_follows_from_what_it_was_told(
    kind: type[Server], keys: Keys, tmp_path: Path
) -> None:
    servers = [kind(), kind(), kind(), kind(down="HTTP 500: gone"), kind(), kind(shift=3.0)]
    servers += [kind(shift=3.0)] * 3
    before, looks = looked(servers, noise=0.005)
    statuses = [k.look.status for k in looks]
    assert statuses[:4] == ["learning", "learnt", "same", "failed"] and "changed" in statuses
    case = tokens_case(before, looks, RULES, EFFORT)
    found = check_statement(keys.sign(tmp_path / "w.zip", case), Trust(keys.trusted))
    assert found.holds, found.checks


def test_what_was_told_cannot_be_dressed_up(keys: Keys, tmp_path: Path) -> None:
    before, looks = looked([Server(), Server(), Server(), Server(), Server(shift=3.0)])
    case = tokens_case(before, looks, RULES, EFFORT)

    def refused(files: dict[str, bytes], result: object = None) -> None:
        made = replace(case, files={**case.files, **files}, result=result or case.result)
        with pytest.raises(InputError):
            keys.sign(tmp_path / "never.zip", made)
        assert not (tmp_path / "never.zip").exists()

    lines = case.files["looks.jsonl"].decode().splitlines()
    told = json.loads(lines[-1])
    told[0][1] = "something else"  # a departure more, or less
    calm = json.loads(lines[2])
    calm[0][1] = "something else"
    for place, line in ((2, calm), (4, told)):
        changed = [*lines]
        changed[place] = json.dumps(line)
        if line is told and looks[4].look.told[0].departs(_input(looks[1].after, told[0][0])):
            continue  # it departed before too
        refused({"looks.jsonl": ("\n".join(changed) + "\n").encode()})
    refused({"looks.jsonl": ("\n".join(lines[:-1]) + "\n").encode()})  # a look left out
    first = json.loads(case.files["learnt-000001.json"])
    first["border"]["departed"] += 3  # a rate of the honest server that it never had
    refused({"learnt-000001.json": json.dumps(first).encode()})
    result = [dict(r) for r in case.result]
    result[-1]["value"] *= 100
    refused({}, result)
    with pytest.raises(InputError, match="evidence before"):
        again_tokens({**case.question, "evidence_before": 0.5}, case.files, case.result)
    with pytest.raises(InputError, match="without a look"):
        tokens_case(before, [], RULES)


def _input(watched: Watched, place: int):  # type: ignore[no-untyped-def]
    assert watched.border is not None
    return watched.border.inputs[place]


def test_on_the_command_line(keys: Keys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "Effort", lambda: Effort(24, 24, 30))
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    with over_http(Server()) as (_, url):
        uri = f"openai:m@{url}?interface=chat&patience=1&retries=1"
        pack, state = tmp_path / "w.zip", tmp_path / "w.watch.json"
        command = ["watch", uri, "--by", "token", "--state", str(state), "--times", "2",
                   "--every", "1s", "--statement", str(pack), "--key",
                   str(keys.private)]  # fmt: skip
        made = CliRunner().invoke(app, command)
        assert made.exit_code == 0, made.output
        found = CliRunner().invoke(app, ["verify-statement", str(pack), "--key", str(keys.public)])
        assert found.exit_code == 0, found.output
        assert "2 looks" in found.output
        for wrong in (
            [*command[:-8], "--times", "0", "--statement", str(tmp_path / "x.zip"), "--key",
             str(keys.private)],
            ["watch", "--replay", "x.csv", "--statement", str(tmp_path / "x.zip"), "--key",
             str(keys.private)],
        ):  # fmt: skip
            refused = CliRunner().invoke(app, wrong)
            assert isinstance(refused.exception, UsageError), refused.output
