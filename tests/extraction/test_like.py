from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from cladist.compare import distances
from cladist.core.assay import Decoding
from cladist.core.responses import Response, ResponseSet, State
from cladist.errors import InputError, ModelError, NotComparableError, UsageError
from cladist.extraction.like import cut_to, find_interface, like, reading_length
from cladist.extraction.recorded import RECORDED, import_responses
from cladist.extraction.run import extract
from cladist.extraction.stated import read_decoding
from cladist.formats.prompts import read_prompts
from cladist.registry import Registry
from tests.conftest import ScriptedModel, small_assay

METHOD = small_assay().method
PROMPTS = {f"q{i}": f"prompt number {i} begins" for i in range(12)}


def table(folder: Path, models: dict[str, Callable[[int], str]]) -> Path:
    rows = [
        {"model": m, "prompt_id": key, "response": say(i)}
        for m, say in models.items()
        for i, key in enumerate(PROMPTS)
    ]
    path = folder / "answers.jsonl"
    path.write_text("".join(json.dumps(r) + "\n" for r in rows))
    return path


MODELS: dict[str, Callable[[int], str]] = {
    "a": lambda i: f"answer {i % 5} of the first and more",
    "b": lambda i: f"otherwise {i % 3} said b",
    "c": lambda i: f"third way {i} it is",
}


def asked(name: str, say: Callable[[int], str], *ways: str) -> ScriptedModel:
    answers = {
        t: Response.of(say(i), truncated=True, tokens=5) for i, t in enumerate(PROMPTS.values())
    }
    return ScriptedModel(name, answers, frozenset(ways or ("raw",)))  # type: ignore[arg-type]


def test_a_new_model_stands_beside_recorded_ones(registry: Registry, tmp_path: Path) -> None:
    decoding = read_decoding("interface=raw,temperature=0,max_tokens=1024")
    done = import_responses(
        registry, [table(tmp_path, MODELS)], METHOD, prompts=PROMPTS, decoding=decoding
    )
    model = asked("new", MODELS["a"])
    how = like(model, done.assay)
    found = extract(model, how.asked, registry, counts_as=how.counts)
    assert {r.max_tokens for r in model.asked} == {48} and found.dna is not None
    assert found.dna.assay == done.assay.digest
    assert any("48 tokens" in r for r in found.remarks)
    # Its answers are under the protocol it was asked by, and count for the recorded one.
    kept = {p.digest for p in registry.protocols()}
    assert kept == {done.assay.protocol.digest, how.asked.protocol.digest}
    assert [m.name for m in registry.answering(done.assay.protocol)] == ["a", "b", "c", "new"]
    assert [m.name for m in registry.answering(how.asked.protocol)] == ["new"]
    matrix = distances(registry, done.assay, None, "euclidean")
    assert matrix.nearest("new", 1)[0][0] == "a"
    again = extract(asked("new", MODELS["a"]), how.asked, registry, counts_as=how.counts)
    assert (again.asked, again.known) == (0, 12)


def test_a_model_that_fails_at_every_prompt_says_why(registry: Registry, tmp_path: Path) -> None:
    done = import_responses(
        registry, [table(tmp_path, MODELS)], METHOD, prompts=PROMPTS,
        decoding=read_decoding("interface=raw,temperature=0"),
    )  # fmt: skip
    failed = {t: Response.error("prompt is too long") for t in PROMPTS.values()}
    model = ScriptedModel("new", failed, frozenset(("raw",)))
    how = like(model, done.assay)
    found = extract(model, how.asked, registry, counts_as=how.counts)
    assert found.dna is None and "12 error" in found.refusal
    assert "(12): prompt is too long" in found.refusal


def test_a_model_asked_otherwise_does_not_stand_in(registry: Registry, tmp_path: Path) -> None:
    done = import_responses(registry, [table(tmp_path, MODELS)], METHOD, prompts=PROMPTS)
    other = done.assay.on(replace(done.assay.protocol, decoding=Decoding("raw", max_tokens=48)))
    extract(asked("new", MODELS["a"]), other, registry)
    assert [m.name for m in registry.answering(done.assay.protocol)] == ["a", "b", "c"]


def test_recorded_answers_are_not_mixed_with_asked_ones(registry: Registry, tmp_path: Path) -> None:
    done = import_responses(
        registry, [table(tmp_path, MODELS)], METHOD, prompts=PROMPTS,
        decoding=read_decoding("interface=raw"),
    )  # fmt: skip
    model = asked("x", MODELS["a"])
    record = registry.add_model("x", model.identity.uri, model.identity.fingerprint)
    row = registry.add_protocol(done.assay.protocol)
    registry.write_responses(row, record, [(0, 0, Response.of("recorded"))])
    how = like(model, done.assay)
    with pytest.raises(ModelError, match="another name"):
        extract(model, how.asked, registry, counts_as=how.counts)


def test_an_interface_that_is_not_offered_is_refused(registry: Registry, tmp_path: Path) -> None:
    done = import_responses(
        registry, [table(tmp_path, MODELS)], METHOD, prompts=PROMPTS,
        decoding=read_decoding("interface=raw"),
    )  # fmt: skip
    with pytest.raises(ModelError, match=r"chat alone.*asked through raw.*cannot be held"):
        like(asked("new", MODELS["a"], "chat"), done.assay)


class TwoWays(ScriptedModel):
    """Raw it answers as the recorded models do, through chat politely."""

    def answer(self, requests):  # type: ignore[no-untyped-def]
        for index, response in super().answer(requests):
            polite = requests[index].interface == "chat"
            yield index, Response.of("Certainly! " + response.text) if polite else response


def test_the_interface_is_found_by_asking_both_ways(registry: Registry, tmp_path: Path) -> None:
    done = import_responses(registry, [table(tmp_path, MODELS)], METHOD, prompts=PROMPTS)
    assert done.assay.protocol.decoding == RECORDED
    answers = list(registry.responses(done.assay.protocol))
    plain = asked("new", MODELS["a"], "raw", "chat")
    model = TwoWays("new", plain.answers, plain.interfaces)
    assert find_interface(model, done.assay, answers) == "raw"
    assert like(model, done.assay, answers).asked.protocol.decoding.interface == "raw"
    with pytest.raises(NotComparableError, match="cannot be told"):
        find_interface(plain, done.assay, answers)
    with pytest.raises(NotComparableError, match="both ways"):
        find_interface(asked("new", MODELS["a"]), done.assay, answers)
    assert like(plain, done.assay, interface="chat").asked.protocol.decoding.interface == "chat"


def test_prompts_without_texts_cannot_be_asked(registry: Registry, tmp_path: Path) -> None:
    done = import_responses(registry, [table(tmp_path, MODELS)], METHOD)
    model = asked("new", MODELS["a"])
    with pytest.raises(NotComparableError, match="--prompts"):
        like(model, done.assay)
    assert not model.asked
    with pytest.raises(NotComparableError, match="without their texts"):
        import_responses(registry, [table(tmp_path, MODELS)], METHOD, prompts=PROMPTS)


def test_another_statement_of_how_is_refused(registry: Registry, tmp_path: Path) -> None:
    path = table(tmp_path, MODELS)
    decoding = read_decoding("interface=raw,temperature=0")
    first = import_responses(registry, [path], METHOD, prompts=PROMPTS, decoding=decoding)
    with pytest.raises(NotComparableError, match="temperature 0"):
        import_responses(registry, [path], METHOD, prompts=PROMPTS)
    again = import_responses(registry, [path], METHOD, prompts=PROMPTS, decoding=decoding)
    assert (again.added, again.assay.digest) == (0, first.assay.digest)


def test_prompts_must_fit_the_responses(registry: Registry, tmp_path: Path) -> None:
    some = {k: v for k, v in PROMPTS.items() if k != "q3"}
    with pytest.raises(InputError, match="1 of 12 prompts have no text"):
        import_responses(registry, [table(tmp_path, MODELS)], METHOD, prompts=some)
    assert registry.protocols() == []


def test_recorded_answers_are_read_as_far_as_most_new_ones_go() -> None:
    lengths = [16, 17, 18, 19, 20, 21, 22, 23, 24, 30, 500]
    slots = tuple((Response("x" * n, State.TRUNCATED),) for n in lengths)
    ids = tuple(map(str, lengths))
    assert reading_length(ResponseSet("n", ids, slots)) == 24  # of the first ten
    whole = ResponseSet.of_texts("n", ["x" * n for n in lengths])
    assert reading_length(whole) == 0  # nothing was cut by a limit
    assert reading_length(ResponseSet("n", ("0",), ((),))) == 0
    far = ResponseSet("n", ("0",), ((Response("x" * 9_999, State.TRUNCATED),),))
    assert reading_length(far) == 0

    old = ResponseSet.of_texts("o", [" abcdefgh", "abc", None], ["0", "1", "2"])
    assert cut_to(old, 4).texts() == ["abcd", "abc", None] and cut_to(old, 0) is old


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "states nothing"),
        ("heat=1", "KEY=VALUE"),
        ("temperature", "KEY=VALUE"),
        ("temperature=hot", "no float"),
        ("interface=auto", "neither raw nor chat"),
        ("cut=1,cut=2", "each key once"),
    ],
)
def test_a_bad_statement_says_what_is_wrong(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        read_decoding(text)


def test_a_statement_of_some_leaves_the_rest_unknown() -> None:
    found = read_decoding("temperature=0.7, top_p=0.9, cut=60")
    assert found.unsure == {"interface", "max_tokens", "system", "template"}
    assert (found.temperature, found.cut, found.interface) == (0.7, 60, "recorded")


@pytest.mark.parametrize("kind", ["csv", "jsonl", "json", "probes", "parquet"])
def test_prompts_are_read_from_any_table(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "prompts"
    rows = [{"prompt_id": k, "prompt": v} for k, v in PROMPTS.items()]
    if kind == "parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        pq.write_table(pa.Table.from_pylist(rows), path)
    elif kind == "csv":
        path.write_text("prompt_id,prompt\n" + "".join(f"{k},{v}\n" for k, v in PROMPTS.items()))
    elif kind == "jsonl":
        path.write_text("".join(json.dumps(r) + "\n" for r in rows))
    elif kind == "json":
        path.write_text(json.dumps(rows))
    else:
        probes = [{"id": k, "text": v} for k, v in PROMPTS.items()]
        path.write_text(json.dumps({"format": 1, "probes": probes}))
    assert read_prompts(path) == PROMPTS


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no prompt"),
        ("a,b\n1,2\n", "needs a prompt_id"),
        ("prompt_id,prompt\n1,\n", "line 2: needs a prompt"),
        ("prompt_id,prompt\n1,x\n1,y\n", "two texts"),
        ("[5]", "item 1: an object"),
        ("[{", "not valid JSON"),
        ("PAR1 cut", "not a readable table"),
    ],
)
def test_bad_prompts_say_where(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "prompts"
    path.write_text(text)
    with pytest.raises(InputError, match=said):
        read_prompts(path)
