"""What people really import, by the command: how it was read is said, and what is odd about it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cladist.cli.main import app, main
from cladist.registry import Registry


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments])


def rows(path: Path, values: list[dict[str, object]]) -> Path:
    path.write_text("\n".join(map(json.dumps, values)), encoding="utf-8")
    return path


def quiz(model: str) -> list[dict[str, object]]:
    return [
        {"question_id": k, "question": f"Which of {k}?", "answer": f"the right answer {k}",
         "answer_index": k, "model_outputs": f"{model} thinks of {k * 7} and says {model[0] * k}"}
        for k in range(12)
    ]  # fmt: skip


def test_the_reading_is_said_and_the_key_is_not_read(tmp_path: Path) -> None:
    lab = tmp_path / "lab"
    for name in ("one", "two"):
        result = run("registry", "import", rows(tmp_path / name, quiz(name)), "-m", name, "-r", lab)
        assert result.exit_code == 0
        assert "response = model_outputs, prompt = question" in result.output
        assert "not read as answers: answer" in result.output
        assert "the same answers" not in result.output


def test_the_key_read_by_order_of_the_user_is_remarked_upon(tmp_path: Path) -> None:
    lab = tmp_path / "lab"
    call = ["--response-column", "answer", "--prompt-id-column", "question_id", "-r", lab]
    first = run("registry", "import", rows(tmp_path / "one", quiz("one")), "-m", "one", *call)
    assert "the same answers" not in first.output
    second = run(
        "registry", "import", rows(tmp_path / "two", quiz("two")), "-m", "two", *call, "--json"
    )
    assert second.exit_code == 0
    said = json.loads(second.stdout)
    assert said["readings"][str(tmp_path / "two")].startswith("response = answer")
    (note,) = said["notes"]
    assert "'two' and 'one': 2 models give the same answers to 12 of 12 prompts" in note


def test_failures_are_counted_and_no_answers(tmp_path: Path) -> None:
    values = [
        {"model": m, "prompt_id": k, "response": "$ERROR$" if k < 2 else f"{m} says {k} at length"}
        for m in ("a", "b") for k in range(12)
    ]  # fmt: skip
    result = run("registry", "import", rows(tmp_path / "r.jsonl", values), "-r", tmp_path / "lab")
    assert "20 new responses" in result.output
    assert "4 recorded answers are no answer but a failure (error mark)" in result.output
    quiet = run(
        "registry", "import", rows(tmp_path / "r.jsonl", values), "-r", tmp_path / "other", "-q"
    )
    assert "failure" not in quiet.output


def test_settings_become_metadata(tmp_path: Path) -> None:
    values = [
        {"model": "a", "prompt_id": k, "response": f"says {k}", "temperature": 0.7}
        for k in range(3)
    ]
    assert (
        run("registry", "import", rows(tmp_path / "r", values), "-r", tmp_path / "lab").exit_code
        == 0
    )
    with Registry.open(tmp_path / "lab", create=False) as store:
        assert store.model("a").metadata["recorded temperature"] == "0.7"


def test_a_refusal_tells_of_every_file_and_stores_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    good = rows(tmp_path / "good", quiz("one"))
    bad = rows(tmp_path / "bad", [{"model": "a", "prompt_id": k, "response": k} for k in range(5)])
    worse = rows(tmp_path / "worse", [{"question": "q", "answer": "a"}])
    call = ["registry", "import", good, bad, worse, "-m", "a", "-r", tmp_path / "lab"]
    monkeypatch.setattr("sys.argv", ["cladist", *map(str, call)])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 3
    said = capsys.readouterr().err
    assert (
        "line 1: response must be a string, not a number (also line 2, line 3 and 2 more)" in said
    )
    assert "--response-column" in said
    assert not (tmp_path / "lab").exists()


def test_a_recorded_model_takes_the_columns_too(tmp_path: Path) -> None:
    from cladist.errors import UsageError
    from cladist.extraction.opening import open_any
    from cladist.models.base import Request

    path = rows(tmp_path / "r", quiz("one"))
    model = open_any(f"recorded:{path}?model=one&response_column=answer")
    asked = Request("Which of 3?", 8, interface="raw")
    ((_, response),) = model.answer([asked])
    assert response.text == "the right answer 3"
    with pytest.raises(UsageError, match="recorded knows model, response_column"):
        open_any(f"recorded:{path}?reply_column=answer")
