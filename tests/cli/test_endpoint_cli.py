"""Every way in which endpoints were seen to misbehave, through the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from faulty_server import Mode, behaving, error
from typer.testing import CliRunner, Result

from cladist.cli.main import app
from cladist.models import _calls
from tests.provenance.test_deployments import ASSAY

pytest.importorskip("openai")


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_calls, "backoff", lambda attempt, seed: 0.005)


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments])


def extracted(folder: Path, mode: Mode | str, options: str = "", *more: str) -> Result:
    assay = folder / "assay.toml"
    assay.write_text(ASSAY)
    with behaving(mode) as (_, url):
        uri = f"openai:m@{url}?interface=chat{options}#m"
        return run("extract", uri, "--assay", assay, "-r", folder / "R", *more)


def shown(folder: Path) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(
        run("registry", "show", "m", "-r", folder / "R", "--json").stdout
    )
    return result


@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        ("finish error", "Provider returned error"),
        ("finish unheard of", "finish_reason 'moonrise'"),
        ("thoughts alone", "spent before the first visible word"),
        ("no content", "spent before the first visible word"),
        ("think tag", "spent before the first visible word"),
    ],
)
def test_failures_are_counted_and_their_reason_said(tmp_path: Path, mode: str, reason: str) -> None:
    result = extracted(tmp_path, mode)
    assert result.exit_code == 6, result.output
    assert f"(12): {reason}" in result.output.replace("the limit of 16 tokens was ", "")
    assert "no DNA" in result.output
    found = shown(tmp_path)
    assert found["responses"][0]["states"] == {"error": 12}
    assert found["dna"] == []
    assert found["responses"][0]["missing"][0]["answers"] == 12
    assert "missing      12 for" in run("registry", "show", "m", "-r", tmp_path / "R").output


@pytest.mark.parametrize("mode", ["together", "thinking limits", "extra seed", "stream", "mark",
                                  "control characters", "loading", "fine"])  # fmt: skip
def test_what_can_be_asked_is_asked(tmp_path: Path, mode: str) -> None:
    result = extracted(tmp_path, mode)
    assert result.exit_code == 0, result.output
    assert "(12/12 probes)" in result.output
    found = shown(tmp_path)["responses"][0]
    assert found["states"] == {"ok": 12}
    assert set(found["refused_settings"]) == ({"temperature"} if "limits" in mode else set())
    if "limits" in mode:
        assert "temperature not settable" in result.output
        assert (
            "temperature not settable" in run("registry", "show", "m", "-r", tmp_path / "R").output
        )


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        ("no money", "HTTP 402: Insufficient Balance"),
        ("no money in 200", "This request requires more credits"),
        ("no model in 200", "does not exist"),
        ("not allowed", "HTTP 405: Method Not Allowed"),
        ("suspended", "Account suspended"),
    ],
)
def test_permanent_failures_end_the_run_and_leave_no_model(
    tmp_path: Path, mode: str, said: str
) -> None:
    result = extracted(tmp_path, mode)
    assert result.exception is not None and said in str(result.exception)
    assert not (tmp_path / "R").exists()  # nor a registry that was made for it


def test_an_alias_that_moved_is_refused_and_shown(tmp_path: Path) -> None:
    assay = tmp_path / "assay.toml"
    assay.write_text(ASSAY)
    with behaving("moved") as (_, url):
        uri = f"openai:m@{url}?interface=chat&concurrency=1&retries=0#m"
        first = run("extract", uri, "--assay", assay, "-r", tmp_path / "R")
        assert "6 requests failed, most often (6): HTTP 500: overworked" in first.output
        second = run("extract", uri, "--assay", assay, "-r", tmp_path / "R")
    assert "now answers as 'm-new'" in str(second.exception)
    origins = shown(tmp_path)["responses"][0]["origins"]
    assert origins == [{"model": "m-old", "configuration": "fp_old", "provider": "", "answers": 6}]
    assert "m-old (6)" in run("registry", "show", "m", "-r", tmp_path / "R").output


def test_reasons_are_in_the_json_and_waits_on_standard_error(tmp_path: Path) -> None:
    result = extracted(tmp_path, "finish error", "", "--json")
    (found,) = json.loads(result.stdout)
    assert found["reasons"] == [{"answers": 12, "words": "Provider returned error"}]

    def never(call: object) -> Any:
        return error(503, "Loading model")

    (tmp_path / "other").mkdir()
    waiting = extracted(tmp_path / "other", never, "&patience=3")
    assert "Loading model" in str(waiting.exception)
    assert "waiting for http://127.0.0.1" in waiting.stderr
    assert waiting.stdout == ""


def test_a_filter_that_withholds_some_answers_is_told_beside_the_dna(tmp_path: Path) -> None:
    result = extracted(tmp_path, "withheld", "&concurrency=1")
    assert result.exit_code == 0
    assert "(10/12 probes)" in result.output
    assert '2 for "withheld: HTTP 400: The response was filtered' in result.output
    assert shown(tmp_path)["responses"][0]["states"] == {"ok": 10, "refused": 2}


def test_thoughts_are_kept_apart_and_shown_as_such(tmp_path: Path) -> None:
    result = extracted(tmp_path, "thoughtful", "&thinking=100")
    assert result.exit_code == 0, result.output
    answers = shown(tmp_path)["responses"][0]["answers"]
    assert all("Okay" not in a["response"] and a["thoughts"].startswith("Okay") for a in answers)
    assert "of thoughts" in run("registry", "show", "m", "-r", tmp_path / "R", "-n", "1").output
