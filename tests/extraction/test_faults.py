"""The short version of benchmarks/fault_trials.py: an endpoint that fails at 30% of all calls."""

from __future__ import annotations

import traceback

import pytest
from faulty_server import faulty

from cladist.core.responses import State
from cladist.errors import EndpointError
from cladist.extraction.run import extract
from cladist.models import _calls as calls
from cladist.models import open_model
from tests.conftest import scripted, small_assay

pytest.importorskip("openai")


@pytest.fixture(autouse=True)
def hasty(monkeypatch):
    monkeypatch.setattr(calls, "backoff", lambda attempt, seed: 0.02)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-old")


def test_every_answer_is_right_or_marked_until_none_is_missing(registry, tmp_path):
    assay = small_assay(60)
    with faulty(0.3, 11, pause=0.2) as (server, url):
        results = []
        while not results or results[-1].failed:
            server.paused = (0.0, 0.0)
            model = open_model(f"openai:m@{url}?served=m&timeout=1&retries=3")
            results.append(extract(model, assay, registry))
            (found,) = registry.responses(assay.protocol)
            for slot, probe in zip(found.slots, assay.protocol.probes.probes, strict=True):
                (response,) = slot
                marked = response.state is State.ERROR and response.detail
                assert marked or response.text == f"echo {probe.text}"
            assert len(results) < 10
    assert len(server.faults) > 10
    assert max(server.calls.values()) <= 4 * len(results)
    assert results[-1].usage is not None
    told = [r.detail for (r,) in found.slots if r.detail]
    assert all("configuration fp_new instead of fp_old" in d for d in told)
    if told:
        assert any("fp_new" in r for e in results for r in e.remarks)


def test_an_answer_sent_twice_is_not_taken_for_the_next(registry):
    assay = small_assay(30)
    with faulty(0.5, 2, faults=("answered twice",)) as (_, url):
        extract(open_model(f"openai:m@{url}?concurrency=1"), assay, registry)
    (found,) = registry.responses(assay.protocol)
    assert found.texts() == [f"echo {p.text}" for p in assay.protocol.probes.probes]


def test_a_key_that_expires_is_renewed_and_the_run_goes_on(registry, monkeypatch):
    assay = small_assay(20)
    with faulty(0.0, 0) as (server, url):
        server.expires, server.authorised = 8, "sk-new"
        with pytest.raises(EndpointError, match="expired") as caught:
            extract(open_model(f"openai:m@{url}?concurrency=2"), assay, registry)
        assert "sk-old" not in str(caught.value)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-new")
        result = extract(open_model(f"openai:m@{url}?concurrency=2"), assay, registry)
    assert (result.known, result.asked, result.failed) == (8, 12, 0)


def test_the_key_is_in_nothing_that_is_written(tmp_path, monkeypatch, caplog, capsys):
    """A server that quotes the key in every kind of answer does not get it stored."""
    from cladist.registry.archive import write_archive
    from cladist.workflows.showing import open_registry

    key = "sk-canary-0123456789abcdef"
    monkeypatch.setenv("OPENAI_API_KEY", key)
    assay = small_assay(30)
    with (
        faulty(0.5, 5, pause=0.01, faults=("500", "html", "shape", "429", "garbage")) as (
            server,
            url,
        ),
        open_registry(tmp_path / "lab") as registry,
    ):
        server.expires = 40
        caplog.set_level("DEBUG")
        with pytest.raises(EndpointError) as caught:
            for _ in range(5):
                extract(open_model(f"openai:m@{url}?retries=2"), assay, registry)
                extract(scripted("b", assay), assay, registry)
                server.expires = 1
                registry._db.execute("DELETE FROM response WHERE probe = 3")
    write_archive(tmp_path / "lab", tmp_path / "lab.folder")
    written = [p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()]
    said = capsys.readouterr()
    written += [caplog.text.encode(), said.out.encode(), said.err.encode()]
    written.append("".join(traceback.format_exception(caught.value)).encode())
    assert len(written) > 6
    assert not [w for w in written if key.encode() in w or key.encode("utf-16-le") in w]
