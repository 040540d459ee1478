"""Metrics of a service for Prometheus, as a text file or over HTTP on this machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cladist.core.optional import needed
from cladist.errors import InputError, UsageError
from cladist.provenance.service.ledger import Ledger

__all__ = ["Exporter"]

STATUSES = ("learning", "learnt", "same", "inconclusive", "changed", "failed")


class Exporter:
    """Keeps the ledgers' figures where Prometheus finds them.

    Raises `MissingExtraError` without the package prometheus-client, `UsageError` for a port that
    is taken.
    """

    def __init__(self, path: Path | None, port: int = 0) -> None:
        with needed("Telling metrics to Prometheus", "watch"):
            import prometheus_client as prometheus
        self._prometheus = prometheus
        self._path = path
        self._ledgers: Mapping[str, Ledger] = {}
        self._registry = prometheus.CollectorRegistry()
        self._registry.register(self)
        self._server: Any = None
        if port:
            try:
                self._server, _ = prometheus.start_http_server(
                    port, addr="127.0.0.1", registry=self._registry
                )
            except OSError as problem:
                raise UsageError(f"port {port} cannot be opened: {problem.strerror}") from None

    def show(self, ledgers: Mapping[str, Ledger]) -> None:
        """Take new figures; `InputError` when the file cannot be written."""
        self._ledgers = dict(ledgers)
        if self._path is None:
            return
        try:
            self._prometheus.write_to_textfile(str(self._path), self._registry)
        except OSError as problem:
            raise InputError(f"cannot write {self._path}: {problem.strerror or problem}") from None

    def close(self) -> None:
        """Stop serving."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def collect(self) -> Iterator[Any]:
        """The figures, as the package asks for them."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        gauges = {
            "evidence": "What betting on a change has won; at the threshold a change is called",
            "threshold": "Evidence at which a change is called",
            "changed": "1 when a change was called",
            "last_look_seconds": "Time of the last look, in seconds since 1970",
            "calls_today": "Calls of the day",
        }
        counters = {
            "queries": "One-token queries",
            "tokens": "Tokens read and written, as the server tells",
            "departed": "Answers that departed from the reference",
        }
        for key, words in gauges.items():
            family = GaugeMetricFamily(f"cladist_watch_{key}", words, labels=["endpoint"])
            for name, ledger in self._ledgers.items():
                family.add_metric([name], _gauge(ledger, key))
            yield family
        for key, words in counters.items():
            count = CounterMetricFamily(f"cladist_watch_{key}", words, labels=["endpoint"])
            for name, ledger in self._ledgers.items():
                count.add_metric([name], ledger.totals.get(key, 0))
            yield count
        looks = CounterMetricFamily(
            "cladist_watch_looks", "Looks by what they found", labels=["endpoint", "status"]
        )
        for name, ledger in self._ledgers.items():
            for status in STATUSES:
                looks.add_metric([name, status], ledger.totals.get(f"looks.{status}", 0))
        yield looks


def _gauge(ledger: Ledger, key: str) -> float:
    if key == "changed":
        return float(ledger.watched is not None and bool(ledger.watched.changed))
    if key == "last_look_seconds":
        return ledger.last
    if key == "calls_today":
        return float(ledger.calls)
    found = ledger.told.get("value" if key == "evidence" else key, 0.0)
    return float(found) if isinstance(found, int | float) else 0.0
