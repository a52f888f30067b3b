"""The cost of recording over HTTPS: one sealed entry a request, receipt back, against the same server refusing at once.

The server is a separate process, as `comity serve` is. Requests are made and signed before the clock runs.
"""

from __future__ import annotations

import http.client
import json
import os
import ssl
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter, sleep
from uuid import uuid4

from benchmarks.data.generate import ORIGIN, registry, signer
from benchmarks.data.ledgers import new, receive
from benchmarks.measure import Figure, as_installed, say
from ledger.adapters.http_signatures import sign_request
from ledger.entries.envelope import Circumstances, EntryPlace, Signer, seal
from ledger.facts import build

CONNECTIONS = 8
REQUESTS = 400  # in one run
RUNS = 3
PATH = "/v1/entries"
ISSUED = {"instrument": "VOL", "from_party": "XO", "to_party": "XV"}


@dataclass(frozen=True)
class _Key:
    """The key of an office, as requests are signed with it."""

    public: bytes

    def sign(self, message: bytes) -> bytes:
        return _issuer().sign(message)


@dataclass(frozen=True)
class MadeRequest:
    """One request before it is sent."""

    body: bytes
    headers: dict[str, str]


def serving_figure(folder: Path) -> Figure:
    """Measure recorded entries in a second over HTTPS against empty requests, and the 99th percentile at half of it."""
    say("recording over HTTPS")
    with tempfile.TemporaryDirectory(dir=folder) as place, _served(Path(place)) as (url, context):
        empty = [MadeRequest(b"", {})] * REQUESTS
        _rate(url, context, entry_requests(url, 50), 200)
        rates = [
            (_rate(url, context, empty, 401), _rate(url, context, entry_requests(url, REQUESTS), 200))
            for _ in range(RUNS)
        ]
        bare, recorded = (statistics.median(each) for each in zip(*rates, strict=True))
        alone = _rate(url, context, entry_requests(url, REQUESTS // 4), 200, connections=1)
        taken = sorted(_paced(url, context, entry_requests(url, REQUESTS), recorded / 2))
    return Figure(
        recorded / bare,
        {
            "recorded_per_second": round(recorded),
            "empty_per_second": round(bare),
            "one_connection_per_second": round(alone),
            "p50_ms_at_half": round(1_000 * taken[len(taken) // 2], 1),
            "p99_ms_at_half": round(1_000 * taken[len(taken) * 99 // 100], 1),
            "connections": CONNECTIONS,
        },
        at_least=0.3,
    )


def _issuer() -> Signer:
    return signer("iss-0", "ISS", "XO")


@contextmanager
def _served(place: Path) -> Iterator[tuple[str, ssl.SSLContext]]:
    """Serve a new ledger with its register over HTTPS; yield the URL and what its certificate is checked with."""
    ledger, certificate, key = place / "ledger", place / "office.pem", place / "office.key"
    with new(ledger) as journal:
        receive(journal, registry())
    made = ("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=bench")
    named = ("-addext", "subjectAltName=IP:127.0.0.1", "-out", str(certificate), "-keyout", str(key))
    subprocess.run(["openssl", *made, *named], check=True, capture_output=True)
    tls = ("--tls-cert", str(certificate), "--tls-key", str(key))
    command = [str(Path(sys.executable).with_name("comity")), "serve", "--ledger", str(ledger), *tls]
    command += ["--listen", "127.0.0.1:0", "--rate", "1000000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=as_installed()) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().split()[1], ssl.create_default_context(cafile=str(certificate))
        finally:
            process.terminate()


def entry_requests(url: str, count: int) -> list[MadeRequest]:
    """Return requests that each record one entry, the first of its order; they are signed for a minute."""
    key = _Key(_issuer().public)
    now = datetime.now(UTC).replace(microsecond=0)
    requests = []
    for _ in range(count):
        place = EntryPlace(ORIGIN, str(uuid4()), 1, None, "VOL")
        fact, said = build("order-issued", ISSUED, {}), Circumstances(now, now)
        sealed = seal(fact, place, _issuer(), said, uuid4().hex, os.urandom)
        sent = {"entry": sealed.raw.decode(), "disclosures": [each.text for each in sealed.disclosures]}
        body = json.dumps({"entries": [sent]}).encode()
        headers = sign_request(key, "POST", url + PATH, {"content-type": "application/json"}, body)
        requests.append(MadeRequest(body, headers))
    return requests


def _rate(
    url: str, context: ssl.SSLContext, requests: Sequence[MadeRequest], status: int, connections: int = CONNECTIONS
) -> float:
    """Return how many of these requests are answered in a second, each connection one after the other."""
    begun = perf_counter()
    with ThreadPoolExecutor(connections) as pool:
        list(pool.map(lambda n: _send(url, context, requests[n::connections], status), range(connections)))
    return len(requests) / (perf_counter() - begun)


def _send(url: str, context: ssl.SSLContext, requests: Sequence[MadeRequest], status: int) -> None:
    with closing(http.client.HTTPSConnection(url.partition("//")[2], context=context, timeout=60)) as connection:
        for request in requests:
            _ask(connection, request, status)


def _ask(connection: http.client.HTTPSConnection, request: MadeRequest, status: int) -> None:
    connection.request("POST", PATH, request.body, request.headers)
    reply = connection.getresponse()
    content = reply.read()
    if reply.status != status:
        raise ValueError(f"{reply.status}: {content[:300]!r}")


def _paced(url: str, context: ssl.SSLContext, requests: Sequence[MadeRequest], rate: float) -> list[float]:
    """Return how long each answer took, in seconds from the moment when its request was due, at this rate."""
    begun = perf_counter() + 0.1

    def send(n: int) -> list[float]:
        taken = []
        with closing(http.client.HTTPSConnection(url.partition("//")[2], context=context, timeout=60)) as connection:
            connection.connect()
            for number in range(n, len(requests), CONNECTIONS):
                due = begun + number / rate
                sleep(max(0.0, due - perf_counter()))
                _ask(connection, requests[number], 200)
                taken.append(perf_counter() - due)
        return taken

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        return [each for some in pool.map(send, range(CONNECTIONS)) for each in some]
