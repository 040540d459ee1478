"""Files as benchmarks, harnesses and batches write them."""

from __future__ import annotations

import json

import pytest

from cladist.core.responses import State
from cladist.errors import InputError
from cladist.formats.responses.recorded import read_recorded


def lines(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


def document(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=1))
    return path


def flat(table):
    return [(m, p, s, r.text, r.state) for m, p, s, r in table.rows()]


def turns(question, *choices, **more):
    return {
        "question_id": question, "answer_id": "x", "model_id": "org/m", "tstamp": 1.0, **more,
        "choices": [{"index": k, "turns": list(t)} for k, t in enumerate(choices)],
    }  # fmt: skip


@pytest.mark.parametrize("write", [lines, document])
def test_turns_of_fastchat_and_livebench(tmp_path, write):
    rows = [
        turns(81, ["first", "second"], ["other", "more"]),
        turns("a9f3", ["one turn"], api_info={"temperature": 0.7, "provider": "x"}),
        turns(83, [{"content": "in an object", "token_len": 3}]),
        turns(84, [None]),
        turns(85, []),
    ]
    table = read_recorded(write(tmp_path / "m.jsonl", rows))
    ok, error = State.OK, State.ERROR
    assert flat(table) == [
        ("org/m", "81", 0, "first", ok), ("org/m", "81/2", 0, "second", ok),
        ("org/m", "81", 1, "other", ok), ("org/m", "81/2", 1, "more", ok),
        ("org/m", "a9f3", 0, "one turn", ok), ("org/m", "83", 0, "in an object", ok),
        ("org/m", "84", 0, "", error), ("org/m", "85", 0, "", error),
    ]  # fmt: skip
    assert table.settings == {"org/m": {"temperature": "0.7"}}
    assert table.reading.startswith("FastChat: model = model_id")


def test_answers_of_vicuna_bench(tmp_path):
    row = {"question_id": 1, "text": "said", "answer_id": "x", "model_id": "v:1", "metadata": {}}
    table = read_recorded(lines(tmp_path / "a.jsonl", [row]))
    assert flat(table) == [("v:1", "1", 0, "said", State.OK)]


def test_messages_of_arena_hard(tmp_path):
    def row(uid, *said):
        roles = ("user", "assistant") * 3
        told = [{"role": r, "content": c} for r, c in zip(roles, said, strict=False)]
        return {"uid": uid, "ans_id": "x", "model": "m", "messages": told, "tstamp": 1.0}

    rows = [
        row("u1", "Hello?", {"answer": "Hi."}),
        row("u2", "A", "a", "B", [{"type": "text", "text": "b"}]),
        {"model": "m", "messages": [{"role": "user", "content": "No id"},
                                    {"role": "assistant", "content": "fine"}]},
    ]  # fmt: skip
    table = read_recorded(lines(tmp_path / "a.jsonl", rows))
    assert [(p, r.text) for _, p, _, r in table.rows()][:3] == [
        ("u1", "Hi."), ("u2", "a"), ("u2/2", "b"),
    ]  # fmt: skip
    assert table.probes["u1"] == "Hello?"
    assert [p for p in table.prompt_ids if p.startswith("p-")]
    with pytest.raises(InputError, match="line 1: no message of the assistant"):
        read_recorded(lines(tmp_path / "b.jsonl", [row("u1", "Hello?")]))


def reply(key, text, reason="stop", **more):
    body = {"model": "gpt-x", "choices": [{"index": 0, "finish_reason": reason,
            "message": {"role": "assistant", "content": text}}]}  # fmt: skip
    answer = {"status_code": 200, "body": body}
    return {"id": "b", "custom_id": key, "response": answer, "error": None, **more}


def test_batches_of_openai(tmp_path):
    rows = [
        reply("q1", "fine"),
        reply("q2", "cut of", "length"),
        reply("q3", "", "content_filter"),
        reply("q4", "odd", "vanished"),
        reply("q5", None, error={"code": "batch_expired", "message": "not in time"}),
        {"custom_id": "q6",
         "response": {"status_code": 429, "body": {"error": {"message": "slow"}}}},
        {"custom_id": "q7", "response": {"status_code": 500, "body": {}}},
        {"custom_id": "q8", "response": {"body": {"model": "gpt-x", "status": "completed",
            "output": [{"type": "reasoning"}, {"type": "message",
                        "content": [{"type": "output_text", "text": "by responses"}]}]}}},
    ]  # fmt: skip
    table = read_recorded(lines(tmp_path / "batch.jsonl", rows))
    assert table.models == ("gpt-x",)
    assert [(p, r.text, r.state.value) for _, p, _, r in table.rows()] == [
        ("q1", "fine", "ok"), ("q2", "cut of", "truncated"), ("q3", "", "refused"),
        ("q4", "odd", "truncated"), ("q5", "", "error"), ("q6", "", "error"),
        ("q7", "", "error"), ("q8", "by responses", "ok"),
    ]  # fmt: skip
    assert (table.details[4], table.details[5]) == ("not in time", "slow")
    assert "finish_reason 'vanished' is not known here; counted as cut off" in table.notes


def test_batches_of_anthropic(tmp_path):
    said = {"model": "c", "content": [{"type": "text", "text": "hi"}], "stop_reason": "end_turn"}
    rows = [
        {"custom_id": "1", "result": {"type": "succeeded", "message": said}},
        {"custom_id": "2", "result": {"type": "errored", "error": {"message": "bad"}}},
    ]
    table = read_recorded(lines(tmp_path / "b.jsonl", rows))
    assert [(m, r.text, r.state.value) for m, _, _, r in table.rows()] == [
        ("c", "hi", "ok"), ("c", "", "error"),
    ]  # fmt: skip


def sample(doc, text="said", **more):
    return {
        "doc_id": doc, "doc": {}, "target": "x", "filter": "none", "resps": [[text]],
        "arguments": {"gen_args_0": {"arg_0": f"Q{doc}", "arg_1": {"do_sample": False,
                                                                   "until": ["\n"]}}}, **more,
    }  # fmt: skip


STAMPS = ("2026-01-16T16-02-26.648276", "2026-01-16T16-59-59.899345")


def test_lm_eval_asks_for_a_model_that_the_folder_does_not_tell(tmp_path):
    path = lines(tmp_path / "benchmarks" / f"samples_t_{STAMPS[0]}.jsonl", [sample(0)])
    with pytest.raises(InputError, match=r"not named ORG__NAME.*; name the model with --model"):
        read_recorded(path)
    assert read_recorded(path, model="m").settings == {
        "m": {"do_sample": "false", "until": "\\x0a"}
    }


def test_lm_eval_does_not_mix_two_runs_of_one_task(tmp_path):
    folder = tmp_path / "org__name"
    first = lines(folder / f"samples_t_{STAMPS[0]}.jsonl", [sample(0)])
    assert read_recorded(first).models == ("org/name",)
    lines(folder / f"samples_other_{STAMPS[1]}.jsonl", [sample(0)])
    assert read_recorded(first).models == ("org/name",)
    lines(folder / f"samples_t_{STAMPS[1]}.jsonl", [sample(0)])
    with pytest.raises(InputError, match=r"holds 2 runs of the task 't'.*with --model"):
        read_recorded(first)
    # The results of the same run say it for certain.
    document(folder / f"results_{STAMPS[0]}.json", {"model_name": "org/real"})
    assert read_recorded(first).models == ("org/real",)


@pytest.mark.parametrize(
    ("results", "name"),
    [
        ({"config": {"model_args": "pretrained=org/a,dtype=float16"}}, "org/a"),
        ({"config": {"model_args": {"pretrained": "org/b"}}}, "org/b"),
        ({"config": {"model_args": "base_url=x,model=org/c"}}, "org/c"),
        ({"config": {}}, "org/name"),
        ([], "org/name"),
    ],
)
def test_lm_eval_results_in_their_versions(tmp_path, results, name):
    path = lines(tmp_path / "org__name" / f"samples_t_{STAMPS[0]}.jsonl", [sample(0)])
    document(path.parent / f"results_{STAMPS[0]}.json", results)
    assert read_recorded(path).models == (name,)


def helm(number, text, **more):
    return {
        "instance": {"id": f"id{number}", "input": {"text": "q"}},
        "request": {"model": "org/m", "prompt": f"Q{number}", "temperature": 0.0},
        "result": {"success": True, "completions": [{"text": text}]}, **more,
    }  # fmt: skip


def test_scenario_states_of_helm(tmp_path):
    states = [
        helm(1, "one"),
        helm(1, "changed") | {"instance": {"id": "id1", "perturbation": {"name": "typos"}}},
        helm(1, "again", train_trial_index=1),
        helm(2, "cut", result={"success": True, "completions": [
            {"text": "cut", "finish_reason": {"reason": "length"}}]}),
        helm(3, "", result={"success": False, "error": "no quota", "completions": []}),
    ]  # fmt: skip
    folder = tmp_path / "mmlu:subject=anatomy,method=joint,model=org_m"
    value = {"adapter_spec": {"model": "org/m", "max_tokens": 5}, "request_states": states}
    table = read_recorded(document(folder / "scenario_state.json", value))
    task = "mmlu:subject=anatomy,method=joint/"
    assert [(p.removeprefix(task), r.text, r.state.value) for _, p, _, r in table.rows()] == [
        ("id1", "one", "ok"), ("id1/typos", "changed", "ok"), ("id1/trial 1", "again", "ok"),
        ("id2", "cut", "truncated"), ("id3", "", "error"),
    ]  # fmt: skip
    assert table.settings == {"org/m": {"max_tokens": "5", "temperature": "0.0"}}
    assert table.details[4] == "no quota"


def test_display_predictions_of_helm(tmp_path):
    path = document(
        tmp_path / "gsm:model=org_m" / "display_predictions.json",
        [{"instance_id": "id1", "train_trial_index": 0, "predicted_text": "4", "stats": {}}],
    )
    with pytest.raises(InputError, match=r"run_spec\.json beside it does not either.*--model"):
        read_recorded(path)
    assert read_recorded(path, model="m").models == ("m",)
    document(path.parent / "run_spec.json", {"adapter_spec": {"model": "org/m"}})
    asked = [{"instance_id": "id1", "request": {"prompt": "2 + 2?"}}]
    document(path.parent / "display_requests.json", asked)
    table = read_recorded(path)
    assert flat(table) == [("org/m", "gsm/id1", 0, "4", State.OK)]
    assert table.probes == {"gsm/id1": "2 + 2?"}
    stats = document(tmp_path / "per_instance_stats.json", [{"instance_id": "id1", "stats": []}])
    with pytest.raises(InputError, match=r"statistics of HELM.*import scenario_state"):
        read_recorded(stats)


def test_predictions_of_opencompass(tmp_path):
    value = {
        "0": {"origin_prompt": [{"role": "HUMAN", "prompt": "Q0"}], "prediction": "a", "gold": "b"},
        "1": {"origin_prompt": "Q1", "prediction": ["x", "y"], "gold": ["z"]},
    }
    path = document(tmp_path / "predictions" / "llama-3" / "gsm8k.json", value)
    table = read_recorded(path)
    assert [(m, p, s, r.text) for m, p, s, r in table.rows()] == [
        ("llama-3", "gsm8k/0", 0, "a"), ("llama-3", "gsm8k/1", 0, "x"),
        ("llama-3", "gsm8k/1", 1, "y"),
    ]  # fmt: skip
    assert table.probes["gsm8k/0"] == "Q0"
    with pytest.raises(InputError, match=r"does not lie in predictions/MODEL.*--model"):
        read_recorded(document(tmp_path / "elsewhere" / "gsm8k.json", value))


@pytest.mark.parametrize(
    ("name", "model", "temperature"),
    [
        ("org--code-7b_vllm_temp_0.0.jsonl", "org/code-7b", "0.0"),
        ("org--code-7b_hf_temp_0.8-sanitized.jsonl", "org/code-7b", "0.8"),
        ("gpt-4_openai_temp_0.2.raw.jsonl", "gpt-4", "0.2"),
        ("org--c-7b--bigcodebench-instruct--vllm-0-1-sanitized_calibrated.jsonl", "org/c-7b", "0"),
        ("org--c-7b--main--bigcodebench-complete--hf-0.5-10.jsonl", "org/c-7b--main", "0.5"),
    ],
)
def test_samples_of_evalplus_and_bigcodebench(tmp_path, name, model, temperature):
    rows = [
        {"task_id": "HumanEval/0", "solution": "def f(): pass", "_identifier": "x"},
        {"task_id": "HumanEval/0", "solution": "def f(): ..."},
        {"task_id": "HumanEval/1", "solution": "cleaned", "raw_solution": "```cleaned```"},
        {"task_id": "HumanEval/2", "completion": "    return 1"},
    ]
    table = read_recorded(lines(tmp_path / name, rows))
    assert [(m, p, s, r.text) for m, p, s, r in table.rows()] == [
        (model, "HumanEval/0", 0, "def f(): pass"), (model, "HumanEval/0", 1, "def f(): ..."),
        (model, "HumanEval/1", 0, "```cleaned```"), (model, "HumanEval/2", 0, "    return 1"),
    ]  # fmt: skip
    assert table.settings == {model: {"temperature": temperature}}


def test_samples_of_code_ask_for_the_model(tmp_path):
    rows = [{"task_id": "HumanEval/0", "solution": "x"}]
    with pytest.raises(InputError, match="name the model with --model"):
        read_recorded(lines(tmp_path / "samples.jsonl", rows))
    results = {"date": "d", "hash": "h", "eval": {"HumanEval/0": [rows[0] | {"base": "pass"}]}}
    path = document(tmp_path / "eval_results.json", results)
    assert flat(read_recorded(path, model="m")) == [("m", "HumanEval/0", 0, "x", State.OK)]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"conversation_a": [], "conversation_b": [], "winner": "model_a"}, "battles of two"),
        ({"id": "x", "conversations": [{"from": "human", "value": "q"}]}, "layout of ShareGPT"),
        (turns(1, ["x"]) | {"model_id": None}, "line 1: the row names no model; name it with"),
        (turns(1, ["x"]) | {"choices": [{"turns": 3}]}, "line 1: turns must be a list"),
        (turns(1, [3]), "line 1: a turn must be a text"),
        ({"custom_id": "x", "response": {"body": {"choices": [3]}}}, "choices must be a list"),
        ({"custom_id": "x", "response": {"body": {"model": "m"}}}, "holds no choices, output or"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_named(tmp_path, row, said):
    with pytest.raises(InputError, match=said):
        read_recorded(lines(tmp_path / "x.jsonl", [row, row]))
