"""Words, sequences of words, and the likelihood ratio of common descent, against plain loops."""

from __future__ import annotations

from collections.abc import Sequence
from math import log, log1p

import numpy as np
import pytest

from cladist.core.responses import Response, ResponseSet, State
from cladist.kinship.config import EVIDENCE
from cladist.kinship.evidence.corpus import Corpus, read_corpus
from cladist.kinship.evidence.resampled import resampled_similarity
from cladist.kinship.evidence.similarity import kinship_similarity
from cladist.kinship.evidence.wording import wording, wording_by_probe
from cladist.kinship.evidence.words import grams_of, words_of


def corpus(rows: Sequence[Sequence[str]]) -> Corpus:
    return read_corpus([ResponseSet.of_texts(f"m{k}", list(row)) for k, row in enumerate(rows)])


def chatter(models: int, probes: int, seed: int, letters: str = "abcd") -> list[list[str]]:
    draw = np.random.default_rng(seed)
    return [
        [" ".join(draw.choice(list(letters), int(draw.integers(1, 9)))) for _ in range(probes)]
        for _ in range(models)
    ]


def test_words_are_told_apart_in_every_script() -> None:
    said, word = words_of(["the cat, the-cat", "", "天地玄黄", "天 地", "İstanbul x9"])
    assert said.tolist() == [4, 0, 4, 2, 2]
    assert word[0] == word[2] and word[1] == word[3] and word[0] != word[1]
    assert word[4:6].tolist() == word[8:10].tolist()
    assert len(set(word.tolist())) == 2 + 4 + 2


def test_sequences_end_where_texts_do() -> None:
    said, word = words_of(["a b c", "b c", "c"])
    orders = grams_of(said, word)
    assert len(orders) == EVIDENCE.orders == 3
    (_, one), (context, two), (wide, three) = orders
    assert one[2] == one[4] == one[5]  # 'c' is 'c' wherever it stands
    assert two[2] == two[4] and two[2] != two[5]  # 'b c' twice, and 'c' at a beginning
    assert context[1] == one[0] and context[0] == context[3] == context[5]
    assert three[2] != three[4] and wide[2] == two[1]


def sequences(text: str, order: int) -> set[tuple[str, ...]]:
    words = ["^"] * order + text.split()
    return {tuple(words[k : k + order + 1]) for k in range(len(text.split()))}


def by_definition(rows: Sequence[Sequence[str]], order: int, a: int, b: int) -> float:
    """Mean over common probes of the damped log-likelihood ratio of common descent."""
    n, total, common = len(rows), 0.0, 0
    alpha = EVIDENCE.copied
    for probe in range(len(rows[0])):
        if not (rows[a][probe] and rows[b][probe]):
            continue
        common += 1
        answered = [r[probe] for r in rows if r[probe]]
        said = [sequences(t, order) for t in answered]
        mine, other = (sequences(rows[k][probe], order) for k in (a, b))
        nats = 0.0
        for gram in mine & other:
            shown = sum(gram in s for s in said)
            stood = len(answered)
            if order and gram[-2] != "^":
                stood = sum(gram[:-1] in {g[1:] if order == 2 and g[0] == "^" and len(gram[:-1]) < 3
                            and g[1:] == gram[:-1] else g for g in sequences(t, order - 1)}
                            for t in answered)  # fmt: skip
            share = (shown + 0.5) / (max(stood, shown) + 0.5 + 2 / n)
            nats += log((alpha + (1 - alpha) * share) / share)
        if order:
            before = sequences(rows[a][probe], order - 1) & sequences(rows[b][probe], order - 1)
            nats += (len(before) - len(mine & other)) * log1p(-alpha)
        total += np.sign(nats) * log1p(abs(nats))
    return total / max(common, 1)


@pytest.mark.parametrize("order", [0, 1])
def test_wording_is_its_definition(order: int) -> None:
    rows = chatter(7, 6, seed=2)
    rows[1][4] = rows[3][0] = ""
    found = wording(corpus(rows), np.ones(7, np.bool_)).of(order)
    for a, b in ((0, 1), (0, 3), (1, 3), (2, 6), (4, 5)):
        assert found[a, b] == pytest.approx(by_definition(rows, order, a, b), abs=2e-5)
    np.testing.assert_allclose(found, found.T, atol=1e-6)


def test_common_and_rare_columns_add_up_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = chatter(40, 5, seed=4)
    everybody = np.ones(40, np.bool_)
    found = wording(corpus(rows), everybody)
    monkeypatch.setattr("cladist.kinship.evidence.wording._DENSE", 0)
    np.testing.assert_allclose(
        wording(corpus(rows), everybody).halves.whole(), found.halves.whole(), atol=2e-4
    )


@pytest.mark.parametrize(("name", "value"), [("_ROWS", 1), ("_ROWS", 7), ("_DENSE", 0)])
def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch, name: str, value: int) -> None:
    rows = chatter(90, 5, seed=4, letters="abcdefghijklmnop")
    members = np.arange(90) < 80
    found = wording(corpus(rows), members)
    probe = next(wording_by_probe(corpus(rows[:80]), members[:80]))
    monkeypatch.setattr(f"cladist.kinship.evidence.wording.{name}", value)
    assert np.array_equal(wording(corpus(rows), members).halves.whole(), found.halves.whole())
    assert np.array_equal(next(wording_by_probe(corpus(rows[:80]), members[:80])), probe)


def test_two_samples_count_alike_on_either_side() -> None:
    draw = np.random.default_rng(3)
    names = [f"w{k}" for k in range(60)]
    choice = draw.dirichlet(np.full(60, 0.05), (4, 6))
    texts = [
        ResponseSet(
            f"m{k}",
            tuple("abcd"),
            tuple(
                tuple(
                    Response(" ".join(draw.choice(names, p=p) for p in place), State.OK)
                    for _ in range(1 + k % 3)
                )
                for place in choice
            ),
        )
        for k in range(9)
    ]
    members = np.ones(9, np.bool_)
    found = wording(read_corpus(texts), members)
    np.testing.assert_array_equal(found.halves.whole(), found.halves.whole().swapaxes(2, 3))
    turned = wording(read_corpus(texts[::-1]), members)
    np.testing.assert_allclose(
        turned.halves.whole()[:, :, ::-1, ::-1], found.halves.whole(), atol=1e-5
    )


def test_rare_agreement_says_more_than_common() -> None:
    rows = [["x y z"] for _ in range(30)]
    rows[0] = rows[1] = ["quite rare here"]
    found = wording(corpus(rows), np.ones(30, np.bool_))
    for order in range(EVIDENCE.orders):
        assert found.of(order)[0, 1] > 3 * abs(found.of(order)[2, 3])


def test_halves_and_absent_answers() -> None:
    rows = chatter(6, 8, seed=5)
    whole = wording(corpus(rows), np.ones(6, np.bool_))
    even = wording(corpus([row[::2] for row in rows]), np.ones(6, np.bool_))
    np.testing.assert_allclose(whole.of(1, 0), even.of(1), atol=1e-5)
    rows[2] = [""] * 8
    silent = wording(corpus(rows), np.ones(6, np.bool_))
    assert not silent.of(1)[2].any()


def test_models_outside_the_panel_change_nothing() -> None:
    rows = chatter(12, 10, seed=6)
    members = np.arange(12) < 10
    both = wording(corpus(rows), members)
    alone = wording(corpus(rows[:10]), np.ones(10, np.bool_))
    for order in range(EVIDENCE.orders):
        np.testing.assert_allclose(both.of(order)[:10, :10], alone.of(order), atol=1e-5)


def sampled(name: str, samples: int, choice: np.ndarray, seed: int) -> ResponseSet:
    """Draws of six words from a distribution a probe and place, float64 (probes, 6, words)."""
    draw = np.random.default_rng(seed)
    slots = tuple(
        tuple(
            Response.of(" ".join(f"w{draw.choice(len(p), p=p)}" for p in probe))
            for _ in range(samples)
        )
        for probe in choice
    )
    return ResponseSet(name, tuple(map(str, range(len(choice)))), slots)


def test_all_samples_of_a_probe_count() -> None:
    """Eight samples tell families apart where one does not; the mean of sample pairs is kept."""
    draw = np.random.default_rng(0)
    apart = {}
    for samples in (1, 8):
        models, family = [], []
        for f in range(8):
            root = draw.dirichlet(np.full(40, 0.2), size=(12, 6))
            for k in range(3):
                own = root * draw.gamma(2.0, size=root.shape)
                own /= own.sum(-1, keepdims=True)
                models.append(sampled(f"{f}-{k}", samples, own, 10 * f + k))
                family.append(f)
        evidence = kinship_similarity(models).combined
        of = np.array(family)
        a, b = np.triu_indices(len(of), 1)
        kin = of[a] == of[b]
        least = np.quantile(evidence[a, b][~kin], 0.99)
        apart[samples] = float(np.mean(evidence[a, b][kin] > least))
    assert apart[8] > apart[1] + 0.3
    once = sampled("a", 1, draw.dirichlet(np.ones(5), size=(4, 6)), 1)
    twice = ResponseSet("a", once.probe_ids, tuple((s[0], s[0]) for s in once.slots))
    others = [ResponseSet.of_texts("b", ["w1 w2", "w3", "w0 w0", "w4"]),
              ResponseSet.of_texts("c", ["w0 w2", "w2", "w1 w0", "w3"])]  # fmt: skip
    np.testing.assert_allclose(
        kinship_similarity([once, *others]).combined,
        kinship_similarity([twice, *others]).combined,
        atol=1e-5,
    )


def test_every_probe_once_is_the_whole_and_twice_is_no_more() -> None:
    models = [ResponseSet.of_texts(f"m{k}", row) for k, row in enumerate(chatter(9, 12, seed=8))]
    read = resampled_similarity(models)
    whole = kinship_similarity(models)
    assert read.ids == whole.ids
    np.testing.assert_allclose(read.combined(np.ones(12)), whole.combined, atol=0.01)
    np.testing.assert_allclose(
        read.combined(np.full(12, 2.0)), read.combined(np.ones(12)), atol=1e-4
    )
    weights = np.zeros(12)
    weights[:6] = 1
    part = [ResponseSet.of_texts(m.model, [t or "" for t in m.texts()[:6]]) for m in models]
    drawn = read.combined(weights) - read.tokenizer
    np.testing.assert_allclose(drawn, kinship_similarity(part).channels["wording"], atol=0.01)
