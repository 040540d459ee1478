"""Recorded responses: every layout reads right, and hostile files are explained."""

from __future__ import annotations

import json
import zipfile

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cladist.core.responses import State
from cladist.errors import InputError
from cladist.formats.responses import inspect_log, json_files
from cladist.formats.responses.recorded import read_recorded
from cladist.formats.responses.table import BLANKS, prompt_key

ROWS = [
    {"model": "b", "prompt_id": "1", "prompt": "one", "response": 'x, "y"\nz'},
    {"model": "b", "prompt_id": "2", "prompt": "two", "response": ""},
    {"model": "a", "prompt_id": "1", "prompt": "one", "response": "日本 語"},
    {"model": "a", "prompt_id": "2", "prompt": "two", "response": " \u2003\n"},
]
WANTED = [
    ("b", "1", 0, 'x, "y"\nz', State.OK),
    ("b", "2", 0, "", State.EMPTY),
    ("a", "1", 0, "日本 語", State.OK),
    ("a", "2", 0, " \u2003\n", State.EMPTY),
]


def write(path, rows=ROWS, **kwargs):
    frame = pd.DataFrame(rows)
    if path.suffix == ".parquet":
        frame.to_parquet(path, **kwargs)
    elif path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(r) + "\n" for r in rows))
    elif path.suffix == ".json":
        path.write_text(json.dumps(rows))
    else:
        frame.to_csv(path, index=False, sep="\t" if path.suffix == ".tsv" else ",", **kwargs)
    return path


def flat(table):
    return [(m, p, s, r.text, r.state) for m, p, s, r in table.rows()]


@pytest.mark.parametrize("name", ["r.parquet", "r.csv", "r.tsv", "r.jsonl", "r.json"])
def test_one_table_in_five_dresses(tmp_path, name):
    table = read_recorded(write(tmp_path / name))
    assert flat(table) == WANTED
    assert table.models == ("b", "a")
    assert table.prompt_ids == ("1", "2")
    assert table.probes == {"1": "one", "2": "two"}
    assert table.probe_set().ids == ("1", "2")
    answers = table.response_set("a", ["2", "9", "1"])
    assert [len(slot) for slot in answers.slots] == [1, 0, 1]
    assert answers.texts() == [None, None, "日本 語"]
    assert table.answers("b")["one"].text == 'x, "y"\nz'


@pytest.mark.parametrize("name", ["r.parquet", "r.csv", "r.jsonl", "r.json"])
def test_content_decides_not_the_name(tmp_path, name):
    path = write(tmp_path / name)
    assert flat(read_recorded(path.rename(tmp_path / "whatever.bin"))) == WANTED


@pytest.mark.parametrize("name", ["r.parquet", "r.csv", "r.jsonl", "r.json"])
def test_synonyms_model_argument_and_made_ids(tmp_path, name):
    rows = [{"Instruction": r["prompt"], "output": r["response"]} for r in ROWS[:2]]
    table = read_recorded(write(tmp_path / name, rows), model="mine")
    assert table.models == ("mine",)
    assert table.prompt_ids == (prompt_key("one"), prompt_key("two"))
    assert prompt_key("one") == "p-7692c3ad3540"


@pytest.mark.parametrize("name", ["r.parquet", "r.csv", "r.jsonl"])
def test_model_argument_picks_one_of_several(tmp_path, name):
    path = write(tmp_path / name)
    table = read_recorded(path, model="a")
    assert flat(table) == WANTED[2:]
    with pytest.raises(InputError, match="no model 'c'; the file has 'b', 'a'"):
        read_recorded(path, model="c")


def test_parquet_types_that_people_have(tmp_path):
    path = tmp_path / "r.parquet"
    categorical = pd.DataFrame(ROWS).astype({"model": "category", "response": "category"})
    categorical["prompt_id"] = categorical["prompt_id"].astype("int64")
    categorical.to_parquet(path)
    assert flat(read_recorded(path)) == WANTED
    table = pa.Table.from_pylist(ROWS)
    for kind in (pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.large_string())):
        odd = pa.table({c: table[c].cast(kind) for c in table.column_names})
        pq.write_table(odd, path, row_group_size=3)
        assert flat(read_recorded(path)) == WANTED


def test_unused_categories_are_no_models(tmp_path):
    frame = pd.DataFrame(ROWS)
    frame["model"] = pd.Categorical(frame["model"], categories=["ghost", "a", "b"])
    frame.to_parquet(tmp_path / "r.parquet")
    assert read_recorded(tmp_path / "r.parquet").models == ("b", "a")


@pytest.mark.parametrize("name", ["r.parquet", "r.jsonl", "r.json"])
def test_null_is_unknown_and_not_empty(tmp_path, name):
    rows = [dict(r) for r in ROWS]
    rows[0]["response"] = None
    (_, _, _, first), *_ = read_recorded(write(tmp_path / name, rows)).rows()
    assert first.state is State.ERROR
    assert first.detail == "no response recorded"


@pytest.mark.parametrize("name", ["r.parquet", "r.csv", "r.jsonl"])
def test_samples_and_states_are_taken_from_their_columns(tmp_path, name):
    rows = [
        {"model": "a", "prompt_id": "1", "response": t, "sample": s, "state": state}
        for t, s, state in (("y", 1, "truncated"), ("x", 0, "ok"), ("", 2, "refused"))
    ]
    table = read_recorded(write(tmp_path / name, rows))
    (slot,) = table.response_set("a").slots
    assert [(r.text, r.state.value) for r in slot] == [
        ("x", "ok"), ("y", "truncated"), ("", "refused"),
    ]  # fmt: skip


def test_a_state_cannot_make_an_empty_answer_usable(tmp_path):
    rows = [{"model": "a", "prompt_id": "1", "response": " ", "state": "ok"}]
    assert flat(read_recorded(write(tmp_path / "r.jsonl", rows)))[0][4] is State.EMPTY


def test_halves_of_surrogates_become_the_replacement_character(tmp_path):
    path = tmp_path / "r.jsonl"
    path.write_text('{"model":"a","prompt":"p \\ud800","response":"half \\ud83d"}\n')
    table = read_recorded(path)
    assert flat(table)[0][3] == "half \ufffd"
    assert table.prompts == ("p \ufffd",)


def test_blank_means_what_strip_means():
    assert not BLANKS.strip()
    assert {c for c in map(chr, range(0x110000)) if c.isspace()} == set(BLANKS)


def test_llm_dna_layouts(tmp_path):
    folder = tmp_path / "rand" / "org_name"
    folder.mkdir(parents=True)
    path = folder / "responses.json"
    items = [{"prompt": p, "response": r} for p, r in (("a", "x"), ("b", ""), ("a", "z"))]
    path.write_text(json.dumps({"model": "org/name", "items": items}, indent=2))
    table = read_recorded(path)
    assert table.models == ("org/name",)
    assert table.prompt_ids == (prompt_key("a"), prompt_key("b"), prompt_key("a") + "-2")
    path.write_text(json.dumps(["x", "", None]))
    table = read_recorded(path)
    assert table.models == ("org_name",)
    assert [r[4] for r in flat(table)] == [State.OK, State.EMPTY, State.ERROR]
    path.write_text(json.dumps({"items": items}))
    assert read_recorded(path, model="other").models == ("other",)


def test_alpaca_eval_layout(tmp_path):
    path = tmp_path / "model_outputs.json"
    rows = [
        {"instruction": i, "output": o, "generator": "gpt", "dataset": "koala"}
        for i, o in (("Say hi", "hi"), ("Say ho", "ho"))
    ]
    path.write_text(json.dumps(rows, indent=1))
    table = read_recorded(path)
    assert (table.models, table.prompts) == (("gpt",), ("Say hi", "Say ho"))


def lm_eval(doc, answers, **more):
    return {
        "doc_id": doc, "doc": {}, "target": "4",
        "arguments": {"gen_args_0": {"arg_0": f"Q{doc}", "arg_1": {"until": ["Q"]}}},
        "resps": [answers], "filtered_resps": [answers[0]], **more,
    }  # fmt: skip


def test_lm_eval_layout(tmp_path):
    folder = tmp_path / "org__name"
    folder.mkdir()
    path = folder / "samples_gsm8k_2024-11-04T10-11-12.123456.jsonl"
    rows = [
        lm_eval(d, [f"a{d}", f"b{d}"], filter=f) for f in ("strict", "flexible") for d in (0, 1)
    ]
    path.write_text("\n".join(map(json.dumps, rows)))
    table = read_recorded(path)
    assert table.models == ("org/name",)
    assert table.probes == {"gsm8k/0": "Q0", "gsm8k/1": "Q1"}
    assert [[r.text for r in s] for s in table.response_set("org/name").slots] == [
        ["a0", "b0"], ["a1", "b1"],
    ]  # fmt: skip
    assert read_recorded(path, model="x").models == ("x",)
    old = [{**lm_eval(0, ["a"]), "arguments": [["Q0", {"until": []}]]}]
    path.write_text("\n".join(map(json.dumps, old)))
    assert read_recorded(path).probes == {"gsm8k/0": "Q0"}


def test_lm_eval_multiple_choice_is_refused(tmp_path):
    path = tmp_path / "samples_mmlu.jsonl"
    rows = [{"doc_id": i, "arguments": [], "resps": [[[-1.5, "False"]]]} for i in range(2)]
    path.write_text("\n".join(map(json.dumps, rows)))
    with pytest.raises(InputError, match="name the model with --model; line 1: log-likelihoods"):
        read_recorded(path)


def inspect_sample(number, content="fine", stop="stop", **more):
    return {
        "id": number, "epoch": 1, "input": f"Q{number}", "target": "",
        "output": {"model": "m", "choices": [{"message": {"role": "assistant", "content": content},
                                              "stop_reason": stop}]},
        **more,
    }  # fmt: skip


INSPECT = {
    "version": 2, "status": "success", "eval": {"task": "t", "model": "openai/m"},
    "plan": {},
    "samples": [
        inspect_sample(1),
        inspect_sample(2, [{"type": "text", "text": "in parts"}], "max_tokens"),
        inspect_sample(3, "", "content_filter"),
        inspect_sample(4, "attachment://abc", attachments={"abc": "kept apart"}),
        inspect_sample(5, error={"message": "timed\nout"}),
        inspect_sample(1, "again") | {"epoch": 2},
    ],
}  # fmt: skip


def zipped(path, members, **kwargs):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text, **kwargs)
    return path


@pytest.mark.parametrize("kind", ["json", "eval"])
def test_inspect_logs(tmp_path, kind):
    path = tmp_path / f"log.{kind}"
    if kind == "json":
        path.write_text(json.dumps(INSPECT, indent=2))
    else:
        head = {k: v for k, v in INSPECT.items() if k != "samples"}
        members = {"header.json": json.dumps(head)}
        for s in INSPECT["samples"]:
            members[f"samples/{s['id']}_epoch_{s['epoch']}.json"] = json.dumps(s)
        zipped(path, members)
    table = read_recorded(path)
    assert flat(table) == [
        ("openai/m", "t/1", 0, "fine", State.OK),
        ("openai/m", "t/2", 0, "in parts", State.TRUNCATED),
        ("openai/m", "t/3", 0, "", State.REFUSED),
        ("openai/m", "t/4", 0, "kept apart", State.OK),
        ("openai/m", "t/5", 0, "", State.ERROR),
        ("openai/m", "t/1", 1, "again", State.OK),
    ]
    assert table.details[4].startswith("timed")
    assert table.probes["t/1"] == "Q1"


def test_archives_that_are_traps(tmp_path, monkeypatch):
    monkeypatch.setattr(inspect_log, "MAX_ARCHIVE", 1 << 20)
    head = json.dumps({"eval": {"model": "m"}})
    bomb = zipped(tmp_path / "b.eval", {"header.json": head, "samples/1.json": "0" * (2 << 20)})
    with pytest.raises(InputError, match="may be a trap"):
        read_recorded(bomb)
    away = zipped(tmp_path / "t.eval", {"header.json": head, "../../samples/1.json": "{}"})
    with pytest.raises(InputError, match="no rows"):
        read_recorded(away)
    with pytest.raises(InputError, match=r"header\.json is missing"):
        read_recorded(zipped(tmp_path / "z.eval", {"a.txt": "x"}))


def line(**changes):
    return json.dumps({"model": "a", "prompt_id": "1", "response": "x"} | changes).encode()


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf \n", "is empty"),
        (b"\x1f\x8b\x08\x00", "compressed"),
        (b"\xff\xfea\x00", "UTF-16"),
        (b"PAR1garbage", "damaged Parquet"),
        (b"PK\x03\x04garbage", "damaged archive"),
        (b"[" * 100_000, "nested too deeply"),
        (b"{}", "no column response"),
        (b"[]", "no rows"),
        (b"[3]", "item 1: an object"),
        (b'{"model": 1', "not valid JSON"),
        (line() + b"\n{broken\n", "line 2: not valid JSON"),
        (line() + b"\n" + b'{"a":' * 100_000, "line 2: JSON nested too deeply"),
        (line() + b"\n" + line(response=3), "line 2: response must be a string, not a number"),
        (line() + b"\n" + line(response=["x"]), "line 2: response must be a string, not a list"),
        (line() + b"\n\n" + line(prompt_id=1e999), "line 3: prompt_id must be a string"),
        (line() + b"\n" + line(prompt_id=2**70), "line 2: prompt_id is a number out of range"),
        (line() + b'\n{"model": ' + b"9" * 5000 + b"}", "line 2: not usable JSON"),
        (line() + b"\n" + line(model=None), "line 2: model is missing"),
        (line() + b"\n" + line(model=" "), "line 2: model ' ' is blank"),
        (line() + b"\n" + line(model="a\x1b[2J"), "control characters"),
        (line() + b"\n\xff\xfe\n", "line 2: not UTF-8"),
        (line() + b"\n" + line(), "line 2: model 'a' answers prompt '1' a second time; several"),
        (line(sample=1) + b"\n" + line(sample=1), "sample 1 is there twice"),
        (line(sample="first"), "sample 'first' is not a number"),
        (line(sample=-1), "sample '-1' is not a number"),
        (line(state="fine"), "state 'fine' is none of ok"),
        (line() + b'\n{"model": "a", "prompt_id": "2"}', "line 2: no column response"),
        (line(prompt="x") + b"\n" + line(model="b", prompt="y"), "two different prompts"),
        (b"model,prompt_id,answer,output\na,1,x,y\n", "both mean the response"),
        (b"model,prompt_id,response,response\na,1,x,y\n", "both mean the response"),
        (b"model,prompt_id\na,1\n", "no column response; it has 'model', 'prompt_id'"),
        (b"prompt_id,response\n1,x\n", "no column model.*--model"),
        (b"model,prompt_id,response\na,1\n", "row 1: 2 cells where the header has 3"),
        (b"model,prompt_id,response\na,1,\xff\n", "line 2: not UTF-8"),
        (b"model,prompt_id,response\na,1,\x00\n", "line 2: NUL byte"),
        (b"model,prompt_id,response\n", "no rows"),
        (b"model,prompt_id,response\na,1,x\na,1,y\n", "row 2: model 'a' answers prompt '1'"),
        (b"\x00\x01\x02", "NUL byte"),
        (b"no table at all", "no column"),
        (b'"', "line 1"),
        (b"a" * 100_000, "no header"),
    ],
)
def test_bad_files_are_explained(tmp_path, raw, said):
    path = tmp_path / "bad"
    path.write_bytes(raw)
    with pytest.raises(InputError, match=said) as caught:
        read_recorded(path)
    assert str(path) in str(caught.value)
    assert str(caught.value).isprintable()


def test_bad_places_are_explained(tmp_path):
    for path, said in ((tmp_path, "folder"), (tmp_path / "no", "does not exist")):
        with pytest.raises(InputError, match=said):
            read_recorded(path)


@pytest.mark.parametrize(
    ("column", "values", "said"),
    [
        ("response", [1, 2], "holds int64, not text"),
        ("response", [b"x", b"y"], "holds binary, not text"),
        ("response", [["x"], ["y"]], "not text"),
        ("prompt_id", [1.5, 2.5], "holds double, not whole numbers"),
        ("model", ["a", None], "row 2: model is missing"),
        ("sample", [0, None], "row 2: sample is missing"),
    ],
)
def test_parquet_columns_of_wrong_types(tmp_path, column, values, said):
    columns = {"model": ["a", "a"], "prompt_id": ["1", "2"], "response": ["x", "y"]}
    pq.write_table(pa.table(columns | {column: values}), tmp_path / "r.parquet")
    with pytest.raises(InputError, match=said):
        read_recorded(tmp_path / "r.parquet")


def test_parquet_with_bytes_that_are_no_text(tmp_path):
    bad = pa.array([b"ok", b"\xff\xfe"], type=pa.binary()).view(pa.string())
    table = pa.table({"model": ["a", "a"], "prompt_id": ["1", "2"], "response": bad})
    pq.write_table(table, tmp_path / "r.parquet")
    with pytest.raises(InputError, match="damaged Parquet"):
        read_recorded(tmp_path / "r.parquet")


def test_documents_and_lines_have_a_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(json_files, "MAX_DOCUMENT", 100)
    monkeypatch.setattr(json_files, "MAX_LINE", 100)
    path = tmp_path / "r.json"
    path.write_text(json.dumps(ROWS))
    with pytest.raises(InputError, match="write JSONL or Parquet"):
        read_recorded(path)
    path.write_bytes(line() + b"\n" + line(response="x" * 200) + b"\n")
    with pytest.raises(InputError, match="line 2: longer than"):
        read_recorded(path)


def test_many_rows_keep_their_places(tmp_path):
    random = np.random.default_rng(0)
    rows = [
        {"model": f"m{i % 40}", "prompt_id": i // 40, "response": f"{i} {'x' * (i % 7)}"}
        for i in range(20_000)
    ]
    shuffled = [rows[i] for i in random.permutation(len(rows))]
    table = read_recorded(write(tmp_path / "r.parquet", shuffled, row_group_size=3_000))
    answers = table.response_set("m7", [str(p) for p in range(500)])
    assert answers.texts() == [f"{i} {'x' * (i % 7)}" for i in range(7, 20_000, 40)]


def test_recorded_data_of_real_models(shared_data):
    table = read_recorded(shared_data / "rand" / "responses.parquet")
    assert (len(table), len(table.models), len(table.prompt_ids)) == (80_095, 804, 100)
