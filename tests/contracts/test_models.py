"""What every source of responses keeps, whatever stands behind it (`cladist.models.base`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cladist.core.responses import Response, State
from cladist.errors import ModelError, UsageError
from cladist.models import Model, Request, open_model
from cladist.models.base import AskedInterface

if TYPE_CHECKING:
    from conftest import Case

PROMPTS = (
    "The sea",
    "def area(radius):\n    return",
    "Ночью все кошки",
    "x",
    "A much longer text than the others, so that a batch of them has something to pad",
    "海は広い",
)


def asked(model: Model, prompts: Sequence[str] = PROMPTS, **changes: object) -> list[Request]:
    interface: AskedInterface = "raw" if "raw" in model.interfaces else "chat"
    base = Request("", max_tokens=8, interface=interface)
    return [replace(base, prompt=p, **changes) for p in prompts]  # type: ignore[arg-type]


def answers(model: Model, requests: Sequence[Request]) -> list[Response]:
    """Answers in the order of the requests; fails unless each comes exactly once."""
    got = list(model.answer(requests))
    assert sorted(i for i, _ in got) == list(range(len(requests)))
    return [r for _, r in sorted(got, key=lambda pair: pair[0])]


def test_identity_says_what_it_is(model: Model, uri: str) -> None:
    identity = model.identity
    assert identity.name.strip() == identity.name != ""
    assert identity.uri.startswith(uri.partition(":")[0])
    assert len(identity.fingerprint) >= 8
    assert all(isinstance(k, str) and isinstance(v, str) for k, v in identity.metadata.items())
    assert model.identity == identity


def test_two_copies_have_one_identity(model: Model, uri: str) -> None:
    other = open_model(uri)
    try:
        assert other.identity == model.identity
        assert answers(other, asked(other)) == answers(model, asked(model))
    finally:
        other.close()


def test_interfaces_are_known_and_not_none(model: Model) -> None:
    assert model.interfaces
    assert model.interfaces <= {"raw", "chat"}


def test_no_request_no_answer(model: Model) -> None:
    assert list(model.answer([])) == []


def test_every_request_is_answered_once_in_a_sound_state(model: Model) -> None:
    for interface in sorted(model.interfaces):
        for response in answers(model, asked(model, interface=interface)):
            assert response.usable or response.state in (State.EMPTY, State.REFUSED)
            assert bool(response.text.strip()) == response.usable
            assert response.tokens is None or 0 <= response.tokens <= 8


def test_greedy_answers_depend_on_the_request_alone(model: Model) -> None:
    requests = asked(model)
    whole = answers(model, requests)
    assert answers(model, requests) == whole
    assert answers(model, requests[::-1])[::-1] == whole
    assert [answers(model, [r])[0] for r in requests] == whole


def test_mixed_limits_keep_their_own(model: Model) -> None:
    requests = asked(model)
    mixed = [replace(r, max_tokens=1 + 3 * (i % 3)) for i, r in enumerate(requests)]
    for request, response in zip(mixed, answers(model, mixed), strict=True):
        assert response.tokens is None or response.tokens <= request.max_tokens
        assert response == answers(model, [request])[0]


def test_a_shorter_limit_gives_the_beginning(model: Model) -> None:
    for short, long in zip(
        answers(model, asked(model, max_tokens=3)), answers(model, asked(model)), strict=True
    ):
        assert long.text.startswith(short.text)


def test_samples_follow_their_seed(model: Model, case: Case) -> None:
    if not case.samples:
        pytest.skip("temperature and seed do not reach this model")
    prompts = [PROMPTS[0]] * 6
    seeded = [
        replace(r, seed=seed, temperature=1.5)
        for seed, r in enumerate(asked(model, prompts, max_tokens=16))
    ]
    first = answers(model, seeded)
    assert answers(model, seeded) == first
    assert [answers(model, [r])[0] for r in seeded] == first
    assert len({r.text for r in first}) > 1


def test_large_seeds_are_seeds_too(model: Model) -> None:
    requests = asked(model, PROMPTS[:2], temperature=1.0, seed=2**63 - 25)
    assert all(r.final for r in answers(model, requests))


@pytest.mark.parametrize("prompt", ["", "\ud800 alone", "nul \x00 and \x1b[31m", "long " * 20_000])
def test_awkward_prompts_get_a_response_not_an_exception(model: Model, prompt: str) -> None:
    awkward, usual = answers(model, [*asked(model, [prompt]), *asked(model, ["The sea"])])
    if awkward.state is State.ERROR:
        assert awkward.text == ""
        assert awkward.detail
    assert usual.final


def test_an_interface_that_is_not_offered_is_never_answered(model: Model) -> None:
    for interface in {"raw", "chat"} - model.interfaces:
        try:
            got = answers(model, asked(model, interface=interface))
        except ModelError as error:
            assert interface in str(error)
        else:
            assert {r.state for r in got} == {State.ERROR}


def test_an_unknown_option_is_refused(uri: str) -> None:
    with pytest.raises(UsageError, match="no_such_option"):
        open_model(f"{uri}{'&' if '?' in uri else '?'}no_such_option=1")


def test_a_name_and_a_disguise_change_the_identity(model: Model, uri: str) -> None:
    joint = "&" if "?" in uri else "?"
    other = open_model(f"{uri}{joint}system=Answer+in+French#other")
    try:
        assert other.identity.name == "other"
        assert other.identity.fingerprint != model.identity.fingerprint
        assert other.interfaces == model.interfaces
        assert len(answers(other, asked(other))) == len(PROMPTS)
    finally:
        other.close()


def test_close_twice(uri: str) -> None:
    opened = open_model(uri)
    opened.close()
    opened.close()
