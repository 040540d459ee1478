import numpy as np
import pytest

from cladist.core.assay import EncoderSpec, Method
from cladist.core.responses import Response, ResponseSet, State
from cladist.encoders import open_encoder, represent
from cladist.errors import AssayError, InputError

ALLELES = Method("m", (EncoderSpec("alleles"),))


def test_states_follow_from_the_text():
    assert Response.of("x").state is State.OK
    assert Response.of("x", truncated=True).state is State.TRUNCATED
    assert Response.of(" \n", truncated=True).state is State.EMPTY
    error = Response.error("time-out")
    assert (error.usable, error.final, error.detail) == (False, False, "time-out")
    assert Response("", State.REFUSED).final


def test_views_of_a_response_set():
    slots = ((Response.error("x"), Response.of("b")), (), (Response.of(""),))
    found = ResponseSet("m", ("p", "q", "r"), slots)
    assert found.texts() == ["b", None, None]
    assert found.usable().tolist() == [True, False, False]
    assert found.states() == {State.ERROR: 1, State.OK: 1, State.EMPTY: 1}
    with pytest.raises(InputError, match="1 answered slots for 2 probes"):
        ResponseSet("m", ("p", "q"), ((),))


def test_only_usable_answers_are_represented():
    slots = (
        (Response.of("yes"), Response.of("no"), Response.of("yes"), Response("yes", State.REFUSED)),
        (Response.of(""), Response.error("x")),
        (Response.of("no"),),
    )
    found = represent(ResponseSet("m", ("p", "q", "r"), slots), ALLELES)
    assert found.samples.tolist() == [3, 0, 1]
    assert found.present.tolist() == [True, False, True]
    features = found.channels[0].features
    assert np.diff(features.indptr).tolist() == [2, 0, 1]
    assert sorted(features.values[:2]) == pytest.approx([1 / 3, 2 / 3])
    assert features.keys[2] in features.keys[:2]


def test_a_model_without_any_answer_is_represented_by_nothing():
    found = represent(ResponseSet.of_texts("m", [None, "", " "]), ALLELES)
    assert not found.present.any()
    assert len(found.channels[0].features.keys) == 0


def test_encoders_that_do_not_exist():
    with pytest.raises(AssayError, match="'morphemes' is unknown"):
        open_encoder(EncoderSpec("morphemes"))
    with pytest.raises(AssayError, match="unexpected keyword"):
        open_encoder(EncoderSpec("alleles", {"breadth": 2}))
