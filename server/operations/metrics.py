"""Count for Prometheus. No label has a value of the record: labels are routes, methods, statuses and released codes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from server.operations.log_state import LogState
from server.operations.observed import Exchange

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_ENTRIES = (1, 2, 4, 8, 16, 32, 64)


class Metrics:
    """The metrics of one server; `log` returns the state of its log."""

    def __init__(self, log: Callable[[], LogState], certificate_ends: float | None = None) -> None:
        """Register the metrics; `certificate_ends` is when the TLS certificate ends, in seconds since 1970."""
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "comity_http_requests", "Requests answered.", ("method", "route", "status"), registry=self.registry
        )
        self._seconds = Histogram(
            "comity_http_request_seconds", "From the head of a request to the end of its answer.", ("route",),
            buckets=_SECONDS, registry=self.registry,
        )  # fmt: skip
        self._problems = Counter("comity_http_problems", "Problems by code.", ("code",), registry=self.registry)
        self._appends = Histogram(
            "comity_append_seconds", "From the request to store entries to their receipts: wait included.",
            buckets=_SECONDS, registry=self.registry,
        )  # fmt: skip
        self._batches = Histogram(
            "comity_append_entries", "Entries that one request stores.", buckets=_ENTRIES, registry=self.registry
        )
        self.registry.register(_LogCollector(log, certificate_ends))

    def observe(self, exchange: Exchange) -> None:
        """Count one exchange."""
        self._requests.labels(exchange.method, exchange.route, str(exchange.status)).inc()
        self._seconds.labels(exchange.route).observe(exchange.seconds)
        if exchange.code:
            self._problems.labels(exchange.code).inc()

    def appended(self, seconds: float, entries: int) -> None:
        """Count one request whose entries were stored."""
        self._appends.observe(seconds)
        self._batches.observe(entries)

    def serve(self, host: str, port: int) -> tuple[int, Callable[[], None]]:
        """Serve the metrics at a port; return the port, and what ends this. Raises OSError. Port 0 takes a free one."""
        server, thread = start_http_server(port, host, self.registry)

        def end() -> None:
            server.shutdown()
            server.server_close()
            thread.join()

        return server.server_port, end


class _LogCollector(Collector):
    """Read the state of the log whenever the metrics are asked for."""

    def __init__(self, log: Callable[[], LogState], certificate_ends: float | None) -> None:
        self._log = log
        self._certificate_ends = certificate_ends

    def describe(self) -> list[Metric]:
        """Return nothing: the log is not read when the collector is registered."""
        return []

    def collect(self) -> Iterator[Metric]:
        state = self._log()
        gauges = [
            ("comity_log_size", "Entries under the head.", state.size),
            ("comity_log_stored", "Entries stored, signed or not.", state.stored),
            ("comity_log_signed_timestamp_seconds", "When the head was signed.", state.signed_at),
            ("comity_log_unable_seconds", "For how long the log could not be signed.", state.unable),
            ("comity_witness_lag", "Entries that no head with a cosignature covers.", state.size - state.witnessed),
        ]
        if self._certificate_ends is not None:
            says = "When the TLS certificate ends."
            gauges.append(("comity_tls_certificate_end_timestamp_seconds", says, self._certificate_ends))
        for name, says, value in gauges:
            yield GaugeMetricFamily(name, says, value)
        refusals = CounterMetricFamily("comity_log_refusals", "Failed attempts to sign, by code.", labels=("code",))
        for code, count in sorted(state.refusals.items()):
            refusals.add_metric((code,), count)
        yield refusals
