"""Tables as people have them: one reader, and only the columns that are asked for."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cladist.errors import InputError, UsageError
from cladist.formats.columns import read_column
from cladist.formats.labels import DeclaredModel, read_labels
from cladist.formats.score_tables import read_costs, read_questions, read_records, read_scores
from cladist.formats.tables import as_number, numbers, read_table

LEADERBOARD = (
    "model,gsm8k,mmlu\n"
    "org/a-1.7,41.2,60.1\norg/b,-,61\norg/c,N/A,62\n"
    'org/d,"71,3",nan\norg/e,71.5,63\n'
)


def file(tmp_path, text, coding="utf-8"):
    path = tmp_path / "t.csv"
    path.write_bytes(text.encode(coding) if isinstance(text, str) else text)
    return path


def test_a_leaderboard_reads_by_column_in_any_case(tmp_path):
    path = file(tmp_path, LEADERBOARD)
    mmlu = {"org/a-1.7": 60.1, "org/b": 61, "org/c": 62, "org/e": 63}
    gsm = {"org/a-1.7": 41.2, "org/d": 71.3, "org/e": 71.5}
    assert read_scores(path, ["MMLU"]) == {"mmlu": mmlu}
    assert read_scores(path) == {"gsm8k": gsm, "mmlu": mmlu}
    assert read_scores(file(tmp_path, LEADERBOARD.replace("model", "Model")), ["mmlu"]) == {
        "mmlu": mmlu
    }


def test_entries_of_other_columns_never_matter(tmp_path):
    path = file(tmp_path, LEADERBOARD.replace("41.2", "no idea"))
    assert set(read_scores(path, ["mmlu"])) == {"mmlu"}
    with pytest.raises(InputError, match="'no idea' in line 2 is no number, in column 'gsm8k'"):
        read_scores(path)
    with pytest.raises(UsageError, match=r"no column 'x' of numbers; it has model, gsm8k, mmlu"):
        read_scores(path, ["x"])


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "utf-16"])
def test_separators_marks_and_an_index_column(tmp_path, separator, coding):
    rows = [["", " Model ", "Date"], ["0", "a b", "2024-01"], ["1", "ünï", " 2023 "]]
    text = "\r\n".join(separator.join(r) for r in rows)
    path = file(tmp_path, text, coding)
    assert read_column(path, "date") == {"a b": "2024-01", "ünï": "2023"}
    assert set(read_table(path, ("model",), every=True).columns) == {"model", "Date"}


@pytest.mark.parametrize(
    ("entries", "values"),
    [
        (["71.3", "**70**", "1e2", "+5", "-0.5", "\u22122"], [71.3, 70, 100, 5, -0.5, -2]),
        (["71.3%", "70 %", "0.5%", "12"], [71.3, 70, 0.5, 12]),
        (["1,234", "5,678.9", "12"], [1234, 5678.9, 12]),
        (["1,234", "71,3", "0,5"], [1.234, 71.3, 0.5]),
        (["1 234", "1\u202f234,5", "1'234"], [1234, 1234.5, 1234]),
        (["1,234"], [1234]),
        (["0,123", "0,456"], [0.123, 0.456]),
        (["1.234,5"], [1234.5]),
    ],
)
def test_numbers_as_people_write_them(tmp_path, entries, values):
    body = "".join(f'm{k},"{e}"\n' for k, e in enumerate(entries))
    table = read_table(file(tmp_path, "model,x\n" + body), ("model", "x"))
    assert list(numbers(table, "x").values()) == values


def test_a_table_of_markdown(tmp_path):
    path = file(tmp_path, "| Model | MMLU |\n|:---|---:|\n| org/a | **70.1** |\n| org/b | - |\n")
    assert read_scores(path, ["mmlu"]) == {"MMLU": {"org/a": 70.1}}


def test_a_comma_in_a_file_of_semicolons_is_decimal(tmp_path):
    table = read_table(file(tmp_path, "model;x\na;1,234\nb;2\n"), ("model", "x"))
    assert numbers(table, "x") == {0: 1.234, 1: 2}


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        (["71,3", "1,234.5"], r"the comma of '71,3' \(line 2\) is decimal and that of"),
        (["71%", "0.7"], r"percentages \('71%' in line 2\) and shares \('0.7' in line 3\)"),
        (["1", "x", "y", "z", "w"], "'x' in line 3, 'y' in line 4, 'z' in line 5 and 1 more"),
        (["1", "inf"], "'inf' in line 3 is no number"),
        (["1", "1_000"], "'1_000' in line 3"),
        (["1", "٣"], "is no number"),
    ],
)
def test_numbers_that_cannot_be_meant_are_refused(tmp_path, entries, said):
    body = "".join(f'm{k},"{e}"\n' for k, e in enumerate(entries))
    path = file(tmp_path, "model,x\n" + body)
    with pytest.raises(InputError, match=said):
        read_scores(path, ["x"])


@pytest.mark.parametrize("word", ["-", "N/A", "nan", "NULL", "None", "?", " — "])
def test_what_says_nothing_is_no_family_and_no_date(tmp_path, word):
    path = file(tmp_path, f"model,family,group,date\na,x,{word},{word}\nNone,{word},g,2024\n")
    assert read_labels(path) == {
        "a": DeclaredModel("x", "", ""), "None": DeclaredModel("", "g", "2024"),
    }  # fmt: skip
    assert read_column(path, "family") == {"a": "x"}


def test_records_questions_and_costs_are_read_the_same_way(tmp_path):
    path = file(tmp_path, "Model;Question;Score\na;q1;0,5\na;q2;Right\nb;q1;-\nb;none;0\n")
    assert read_records(path).scores == {("a", "q1"): 0.5, ("a", "q2"): 1, ("b", "none"): 0}
    assert read_questions(file(tmp_path, "question\ttext\n1\tnone\n")) == {"1": "none"}
    assert read_costs(file(tmp_path, "model,Cost\na,0.5\nb,-\n")) == {"a": 0.5}
    with pytest.raises(InputError, match="line 2: '-1' is no cost"):
        read_costs(file(tmp_path, "model,cost\na,-1\n"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("\n \n", "is empty"),
        (b"model,x\na,\xff", "not UTF-8 text"),
        ("model,x\na,\0", "NUL"),
        ("name,score\na,1\n", r"no column model and no column y; .* and names 'name', 'score'"),
        ("model,x,X\na,1,2\n", "no column y"),
        ("model,Y,y_\na,1,2\n", "'y' stands there twice"),
        ('model,y\na,"1\n', "not a CSV file"),
        ("model,y\na,1,\nb,71,3\n", "line 3: 3 cells where the header has 2; quote those"),
    ],
)
def test_bad_tables_are_explained(tmp_path, text, said):
    path = file(tmp_path, text)
    with pytest.raises(InputError, match=said) as caught:
        read_table(path, ("model", "y"))
    assert str(path) in str(caught.value)


@given(st.binary(max_size=200))
@settings(max_examples=100, deadline=None)
def test_no_bytes_break_the_reader(tmp_path_factory, raw):
    path = tmp_path_factory.getbasetemp() / "any.csv"
    for whole in (raw, b"model,x\n" + raw):
        path.write_bytes(whole)
        try:
            assert read_scores(path)
        except InputError as error:
            assert str(path) in str(error)


@given(st.floats(allow_nan=False, allow_infinity=False, width=32))
def test_every_printed_number_is_read(value):
    assert as_number(repr(value)) == value
