"""Reading a table is a decision: it is stated, refused where two are possible, and settable."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from cladist.errors import InputError, UsageError
from cladist.formats.responses.problems import RowProblem
from cladist.formats.responses.recorded import read_recorded
from cladist.formats.responses.roles import roles_of

NAMES = ["r.jsonl", "r.json", "r.csv", "r.parquet"]
QUIZ = [
    {"question_id": k, "question": f"Which of {k}?", "answer": "ABCD"[k % 4], "answer_index": k % 4,
     "category": "x", "pred": "DCBA"[k % 3], "model_outputs": f"Let me think of {k}: it is so."}
    for k in range(8)
]  # fmt: skip


def write(path, rows):
    if path.suffix == ".jsonl":
        path.write_text("\n".join(map(json.dumps, rows)))
    elif path.suffix == ".json":
        path.write_text(json.dumps(rows))
    elif path.suffix == ".csv":
        pd.DataFrame(rows).to_csv(path, index=False)
    else:
        frame = pd.DataFrame(rows)
        frame.to_parquet(path)
    return path


@pytest.mark.parametrize("name", NAMES)
def test_the_key_is_not_read_as_the_answer(tmp_path, name):
    table = read_recorded(write(tmp_path / name, QUIZ), model="m")
    assert [r.text for _, _, _, r in table.rows()] == [q["model_outputs"] for q in QUIZ]
    assert table.reading == (
        "response = model_outputs, prompt = question, prompt_id = question_id; not read as "
        "answers: answer, pred"
    )
    assert table.notes == ()


@pytest.mark.parametrize(
    "own", ["model_outputs", "model_output", "generated_text", "completion", "response",
            "raw_output", "model_answer"],
)  # fmt: skip
def test_names_that_only_a_model_writes_to_go_before_answer(own):
    for others in (["answer"], ["answer", "pred"], ["answer", "extracted_answer", "answer_index"]):
        columns = ["model", "question", *others, own]
        assert roles_of(columns, model_known=False).names["response"] == own


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ("model question answer answer_index", "'answer_index' beside it says that it is the key"),
        ("model question options answer", "'options' beside it"),
        ("model question answer target", "'target' beside it"),
        ("question answer", "the table names no model"),
        ("model question answer output", "both mean the response; say which with --response-col"),
        ("model question response model_output", "both mean the response"),
        ("model question response output", "both mean the response"),
        ("model question response prediction", "both mean the response"),
        ("model question answer pred prediction", "both mean the response"),
        ("model instruction question response", "both mean the prompt; say which with --prompt-c"),
        ("model_id generator prompt response", "both mean the model; say which with --model-col"),
        ("prompt response", "name the model with --model"),
    ],
)
def test_two_readings_are_refused(columns, said):
    with pytest.raises(RowProblem) as caught:
        roles_of(columns.split(), model_known=columns == "question answer")
    assert said in caught.value.text


@pytest.mark.parametrize(
    ("columns", "response"),
    [
        ("model prompt answer params", "answer"),
        ("generator instruction output", "output"),
        ("model question answer pred", "pred"),
        ("model question gold prediction", "prediction"),
        ("Model PROMPT Response", "Response"),
        ("model model_name prompt question response extracted_answer", "response"),
        ("model input output", "output"),
    ],
)
def test_one_reading_is_taken(columns, response):
    assert roles_of(columns.split(), model_known=False).names["response"] == response


@pytest.mark.parametrize("name", NAMES)
def test_the_user_has_the_last_word(tmp_path, name):
    path = write(tmp_path / name, QUIZ)
    chosen = {"response": "answer", "prompt_id": "Question", "sample": "answer_index"}
    table = read_recorded(path, model="m", columns=chosen)
    assert [r.text for _, _, _, r in table.rows()] == list("ABCDABCD")
    assert table.prompt_ids[0] == "Which of 0?"
    assert table.sample_of.tolist() == [0, 1, 2, 3] * 2
    assert any("single letters" in n for n in table.notes)
    with pytest.raises(InputError, match="no column 'no' for the response; it has 'question_id'"):
        read_recorded(path, model="m", columns={"response": "no"})
    with pytest.raises(UsageError, match="no role 'reply' of a column"):
        read_recorded(path, model="m", columns={"reply": "no"})


@pytest.mark.parametrize("name", NAMES)
def test_answers_equal_to_the_references_are_said(tmp_path, name):
    rows = [
        {"model": "a", "prompt": f"p{k}", "response": f"text {k}", "target": f"text {k}"}
        for k in range(8)
    ]
    (said,) = read_recorded(write(tmp_path / name, rows)).notes
    assert said.startswith("8 of 8 answers looked at are equal to the right answers beside them")
    rows[0]["target"] = rows[1]["target"] = "other"
    assert read_recorded(write(tmp_path / name, rows)).notes == ()


@pytest.mark.parametrize("name", NAMES)
def test_answers_that_are_the_same_for_all_models_are_said(tmp_path, name):
    rows = [
        {"model": m, "prompt_id": f"p{k}", "response": f"text {k}"}
        for m in "abc"
        for k in range(20)
    ]
    (said,) = read_recorded(write(tmp_path / name, rows)).notes
    assert said.startswith("all 3 models give the same answer to 20 of 20 prompts looked at")
    for row in rows[:3]:
        row["response"] += "!"
    assert read_recorded(write(tmp_path / name, rows)).notes == ()


def test_rows_that_would_be_read_otherwise_are_a_problem(tmp_path):
    rows = [{"model": "a", "prompt": "p", "completion": "x"},
            {"model": "a", "prompt": "q", "response": "y"}]  # fmt: skip
    with pytest.raises(
        InputError, match="line 2: the response is 'response' here and 'completion'"
    ):
        read_recorded(write(tmp_path / "r.jsonl", rows))


@pytest.mark.parametrize("name", NAMES)
def test_recorded_sampling_settings_are_kept(tmp_path, name):
    rows = [
        {"model": m, "prompt": f"p{k}", "response": f"x{k}", "temperature": t, "Seed": 7}
        for m, t in (("a", 0.0), ("b", 0.5))
        for k in range(3)
    ]
    rows[5]["temperature"] = 1.0
    table = read_recorded(write(tmp_path / name, rows))
    assert table.settings["a"]["seed"] == "7"
    assert [float(v) for v in table.settings["a"]["temperature"].split(", ")] == [0.0]
    assert [float(v) for v in table.settings["b"]["temperature"].split(", ")] == [0.5, 1.0]


def test_prompts_that_are_messages_are_one_text(tmp_path):
    said = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]
    rows = [
        {"model": "a", "prompt": said[1:], "response": "x"},
        {"model": "a", "prompt": said, "response": "y", "params": {"temperature": 1, "n": []}},
    ]
    table = read_recorded(write(tmp_path / "r.jsonl", rows))
    assert table.prompts == ("Hi", "system: Be brief.\n\nuser: Hi")
    assert table.settings == {"a": {"params": "temperature=1"}}
