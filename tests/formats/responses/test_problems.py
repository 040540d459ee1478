"""A refused file is read to its end, and every problem is said by kind with its first places."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from cladist.errors import InputError
from cladist.formats.responses.problems import SHOWN_KINDS, Problems
from cladist.formats.responses.recorded import read_recorded


def said(path, text):
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        read_recorded(path)
    message = str(caught.value)
    assert message.startswith(f"{path}, ")
    assert message.isprintable()
    return message.removeprefix(f"{path}, ")


def test_every_kind_with_its_first_three_places(tmp_path):
    good = {"model": "a", "prompt_id": "1", "response": "x"}
    rows = [
        good,
        good | {"response": 3},
        good | {"prompt_id": "2", "response": 4},
        "{broken",
        good | {"prompt_id": "3", "response": 5},
        good | {"prompt_id": "4", "response": 6},
        good | {"prompt_id": "5", "response": 7},
        good,
        good | {"prompt_id": "6", "model": None},
        good,
    ]
    text = "\n".join(r if isinstance(r, str) else json.dumps(r) for r in rows)
    message = said(tmp_path / "a.jsonl", text)
    assert message.split("; ") == [
        "line 2: response must be a string, not a number (also line 3, line 5 and 2 more)",
        "line 4: not valid JSON: Expecting property name enclosed in double quotes (line 1, "
        "column 2)",
        "line 9: model is missing",
        "line 8: model 'a' answers prompt '1' a second time",
        "several answers to a prompt need a column 'sample' that numbers them (also line 10)",
    ]


def test_tables_tell_all_their_lines(tmp_path):
    csv = "model,prompt_id,response\na,1\na,2,x\na,3,x,y,z\n,4,x\n"
    assert said(tmp_path / "a.csv", csv) == ("row 1: 2 cells where the header has 3 (also row 3)")
    (tmp_path / "b.csv").write_bytes(b"model,prompt_id,response\na,1,\xff\na,2,x\na,3,\xfe\n")
    with pytest.raises(InputError, match=r"line 2: not UTF-8 text \(also line 4\)"):
        read_recorded(tmp_path / "b.csv")
    frame = pd.DataFrame({"model": ["a", None, None], "prompt_id": ["1", "2", " "],
                          "response": ["x", "y", "z"]})  # fmt: skip
    frame.to_parquet(tmp_path / "c.parquet")
    with pytest.raises(InputError) as caught:
        read_recorded(tmp_path / "c.parquet")
    assert "row 2: model is missing (also row 3); row 3: prompt_id ' ' is blank" in str(
        caught.value
    )


def test_a_message_has_bounds():
    found = Problems("f")
    assert not found
    for kind in range(30):
        for place in range(1000):
            found.add(f"line {place}", f"problem {kind}")
    message = found.message()
    assert message.endswith(f"and {30 - SHOWN_KINDS} kinds of problems more")
    assert message.startswith("f, line 0: problem 0 (also line 1, line 2 and 997 more); ")
    with pytest.raises(InputError):
        found.raise_any()
