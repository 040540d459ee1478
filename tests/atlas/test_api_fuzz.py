"""The API keeps to its own description, whatever it is asked."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance, use_after_free

from cladist.atlas.server.app import application
from tests.atlas.conftest import Lab

OPERATIONS = 22
SHORT = settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def described(lab: Lab) -> Any:
    served = application(lab.service)

    async def as_localhost(scope: Any, receive: Any, send: Any) -> None:
        """The test client calls itself 'testserver', which the server rightly refuses."""
        if scope["type"] == "http":
            rest = [(k, v) for k, v in scope["headers"] if k != b"host"]
            scope = {**scope, "headers": [(b"host", b"localhost"), *rest]}
        await served(scope, receive, send)

    return schemathesis.openapi.from_asgi("/openapi.json", as_localhost)


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda m: m.value)
@pytest.mark.parametrize("number", range(OPERATIONS))
def test_answers_are_as_described(described: Any, number: int, mode: GenerationMode) -> None:
    """No 5xx, no undescribed status, no answer that does not fit; good in, good out, and bad not.

    Run by hand, as schemathesis' own marks need an older pytest.
    """
    operations = [found.ok() for found in described.get_all_operations()]
    assert len(operations) == OPERATIONS
    operation = operations[number]
    if mode is GenerationMode.NEGATIVE and not (
        operation.path_parameters or operation.query or operation.body
    ):
        return  # nothing in it can be wrong

    excluded = [ignored_auth, use_after_free]
    if operation.method == "post":
        # That too many answers are blank cannot be said in a schema.
        excluded.append(positive_data_acceptance)

    # A report takes seconds (the server gives it five minutes, all else one), and what is asked of
    # it is a number and one of two words.
    report = "report" in operation.path
    few = settings(SHORT, max_examples=3) if report else SHORT

    @few
    @given(operation.as_strategy(generation_mode=mode))
    def check(case: schemathesis.Case) -> None:
        case.call_and_validate(excluded_checks=excluded, timeout=60 if report else 10)

    check()
