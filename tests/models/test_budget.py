"""Budgets hold whatever calls bring, and what they had no room for is asked another time."""

from __future__ import annotations

import threading

import pytest
from faulty_server import faulty

from cladist.core.responses import Response
from cladist.errors import UsageError
from cladist.extraction.many import extract_many
from cladist.extraction.run import extract
from cladist.models import Request, open_model
from cladist.models import _calls as calls
from cladist.models.budget import TEMPLATE_TOKENS, Budget, Limits, Usage, within
from tests.conftest import scripted, small_assay

ASK = Request("x" * 36, 50)
MOST = 36 + TEMPLATE_TOKENS + 50


def test_a_call_is_let_through_when_the_most_it_takes_fits():
    budget = Budget(Limits(tokens=2 * MOST))
    one, two = budget.reserve(ASK), budget.reserve(ASK)
    assert one is not None
    assert two is not None
    assert budget.reserve(ASK) is None
    assert not budget.over  # those under way may take less
    budget.settle(one, 5, 5)
    assert budget.reserve(ASK) is None
    budget.settle(two, 5, None)
    assert budget.spent == Usage(2, 0, 10, 55)
    third = budget.reserve(ASK)
    assert third is not None
    budget.release(third)
    assert budget.spent.calls == 2


def test_over_is_for_good():
    budget = Budget(Limits(calls=1))
    held = budget.reserve(ASK)
    assert held is not None
    assert budget.reserve(ASK) is None
    budget.settle(held, 0, 0, failed=True)
    assert budget.reserve(ASK) is None
    assert budget.over


def test_cost_needs_prices_and_numbers_make_sense():
    with pytest.raises(UsageError, match="--price-in"):
        Limits(cost=1.0)
    for bad in (-1.0, float("nan"), float("inf")):
        with pytest.raises(UsageError, match="0 or more"):
            Limits(cost=bad, price_in=1.0)
    assert Limits(price_in=2.0, price_out=8.0).price(500_000, 250_000) == 3.0


def test_many_threads_never_pass_a_limit():
    budget = Budget(Limits(calls=100, tokens=60 * MOST))

    def spend() -> None:
        while not budget.over:
            held = budget.reserve(ASK)
            if held is not None:
                budget.settle(held, None, None)

    threads = [threading.Thread(target=spend) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert budget.spent.tokens == 60 * MOST


def test_a_local_model_stops_and_goes_on(registry):
    assay = small_assay(20)
    model = scripted("a", assay)
    first = extract(model, assay, registry, budget=Budget(Limits(calls=7)))
    assert (first.asked, first.left, first.failed, first.dna) == (7, 13, 0, None)
    assert "13 of 20" in first.refusal
    second = extract(model, assay, registry, budget=Budget(Limits(calls=13)))
    assert (second.known, second.left) == (7, 0)
    assert second.dna is not None
    assert len(model.asked) == 20


def test_the_budget_is_for_all_models_together(tmp_path):
    assay = small_assay(10)
    budget = Budget(Limits(calls=25))
    results = extract_many(
        ["a", "b", "c", "d"], assay, tmp_path / "lab", jobs=2,
        opener=lambda name: scripted(name, assay), budget=budget,
    )  # fmt: skip
    assert budget.spent.calls == 25
    assert sum(r.asked for r in results) == 25
    assert sum(r.left for r in results) == 15


def test_failed_requests_of_a_local_model_count_as_calls():
    assay = small_assay(4)
    model = scripted("a", assay)
    model.answers["prompt 1"] = Response.error("lost")
    budget = Budget(Limits(calls=3))
    requests = [Request(p.text, 4) for p in assay.protocol.probes.probes]
    got = list(within(model, budget).answer(requests))
    assert [i for i, _ in got] == [0, 1, 2]
    assert (budget.spent.calls, budget.spent.failures) == (3, 1)


@pytest.mark.parametrize(
    "limits",
    [
        Limits(calls=17),
        Limits(tokens=900),
        Limits(cost=0.9, price_in=1000.0, price_out=1000.0),
    ],
)
def test_an_endpoint_that_fails_costs_no_more_than_the_limit(registry, monkeypatch, limits):
    pytest.importorskip("openai")
    monkeypatch.setattr(calls, "backoff", lambda attempt, seed: 0.001)
    assay = small_assay(40)
    faults = ("500", "reset", "html", "reordered choices")
    with faulty(0.4, 3, pause=0.01, faults=faults) as (server, url):
        budget = Budget(limits)
        model = open_model(f"openai:m@{url}?served=m&concurrency=4#named")
        result = extract(model, assay, registry, budget=budget)
    assert result.left > 0
    assert result.usage == budget.spent
    assert sum(server.calls.values()) == budget.spent.calls
    assert 0 < budget.spent.calls <= (limits.calls or 99)
    assert sum(server.billed.values()) <= budget.spent.tokens <= (limits.tokens or 9999)
    assert budget.cost <= (limits.cost or 9999)
    assert result.asked == 40 - result.left
