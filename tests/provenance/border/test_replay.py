"""Recorded series go through the same detector, and bad files say where they are bad."""

from __future__ import annotations

import csv
import random
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cladist.errors import CladistError, CoverageError, InputError, UsageError
from cladist.provenance.border.looking import Rules
from cladist.provenance.border.replay import read_series, replayed

DAY = 86_400.0


def rows(
    days: int, change: int, *, flips: float = 0.5, shift: float = 0.0, scores: bool = True
) -> list[dict[str, object]]:
    draw, made = random.Random(3), []
    for day in range(days):
        for number in range(12):
            new = day >= change
            token = " b" if new and draw.random() < flips else " a"
            chance = -0.7 - 0.01 * number + draw.uniform(-0.004, 0.004) + (shift if new else 0)
            row: dict[str, object] = {
                "time": day * DAY, "prompt": f"line one,\nnumber {number}", "token": token,
            }  # fmt: skip
            made.append({**row, "log_prob": chance} if scores else row)
    return made


def as_csv(path: Path, data: list[dict[str, object]]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(data[0]))
        writer.writeheader()
        writer.writerows(data)
    return path


def statuses(path: Path, until: str = "0.4") -> list[str]:
    return [look.status for look in replayed(read_series(path), until, Rules())]


@pytest.mark.parametrize("scores", [True, False])
def test_a_change_is_found_on_its_day_and_none_before(tmp_path: Path, scores: bool) -> None:
    calm = rows(60, 99, scores=scores)
    assert set(statuses(as_csv(tmp_path / "calm.csv", calm))) == {"learnt", "same"}
    found = statuses(as_csv(tmp_path / "c.csv", rows(60, 40, scores=scores)))
    # The reference takes 24 days; the change comes 16 looks later.
    assert found[0] == "learnt" and set(found[1:17]) == {"same"}
    assert found[-1] == "changed" and len(found) <= 20


def test_log_probabilities_show_what_tokens_do_not(tmp_path: Path) -> None:
    hidden = rows(60, 40, flips=0.0, shift=0.1)
    assert statuses(as_csv(tmp_path / "a.csv", hidden))[-1] == "changed"
    bare = [{k: v for k, v in r.items() if k != "log_prob"} for r in hidden]
    assert set(statuses(as_csv(tmp_path / "b.csv", bare))) == {"learnt", "same"}


def test_parquet_and_dates_tell_the_same(tmp_path: Path) -> None:
    data = rows(60, 40)
    plain = statuses(as_csv(tmp_path / "a.csv", data))
    dated = [{**r, "time": datetime.fromtimestamp(float(str(r["time"])), UTC)} for r in data]
    pq.write_table(pa.Table.from_pylist(dated), tmp_path / "a.parquet")
    assert statuses(tmp_path / "a.parquet") == plain
    assert statuses(tmp_path / "a.parquet", "1970-01-25") == plain
    random.Random(1).shuffle(data)
    assert statuses(as_csv(tmp_path / "s.csv", data))[-1] == "changed"


def test_bad_files_say_where(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    for text, words in (
        ("", "no column"),
        ("time,prompt,token\n", "no rows"),
        ("time,prompt\n1,a\n", "token"),
        ("time,prompt,token\nsoon,a,b\n", "row 2"),
        ("time,prompt,token\n1,a,b\n2,a\n", "row 3"),
        ("time,prompt,token,log_prob\n1,a,b,0.5\n", "log-probability"),
        ("time,prompt,token\nnan,a,b\n", "row 2"),
        ("time,prompt,token\n1e300,a,b\n", "row 2"),
    ):
        path.write_text(text)
        with pytest.raises(InputError, match=words):
            read_series(path)
    path.write_bytes(b"time,prompt,token\n1,\xff,b\n")
    with pytest.raises(InputError, match="read"):
        read_series(path)
    (tmp_path / "x.parquet").write_bytes(b"PAR1 nothing")
    with pytest.raises(CladistError):
        read_series(tmp_path / "x.parquet")
    with pytest.raises(InputError):
        read_series(tmp_path / "none.csv")


def test_what_cannot_be_learnt_says_so(tmp_path: Path) -> None:
    once = [{"time": float(i), "prompt": f"p{i}", "token": "a"} for i in range(50)]
    with pytest.raises(CoverageError, match="--until"):
        statuses(as_csv(tmp_path / "a.csv", once))
    series = as_csv(tmp_path / "b.csv", rows(20, 99))
    for until in ("2", "0", "never", "1960-01-01", "2060-01-01"):
        with pytest.raises(UsageError):
            statuses(series, until)
