"""Ask the server of a peer: hand a bundle in, list the waiting ones, fetch one, send its receipts."""

from __future__ import annotations

import ssl
import time
from typing import TypeVar

import httpx
import msgspec

from ledger.adapters.http_signatures import SigningKey, sign_request
from ledger.errors import LedgerError, RecordError
from server.documents import ApiAnswer, Problem
from server.exchange.documents import AcknowledgedAnswer, ExchangeAnswer, WaitingAnswer
from server.exchange.peers import Peer
from server.problems import MEDIA, is_proof, stated

LARGEST = 64 << 20  # bytes of a bundle, and of every other answer
_JSON = "application/json"

A = TypeVar("A", bound=ApiAnswer)


class PeerClient:
    """The connection to the server of one peer; every request is signed by `key`.

    `seconds` is the limit of each wait, and a twentieth of the limit of a whole answer. Every method raises
    `LedgerError` HTTP-SILENT where no answer came, and the error that the peer answers; `RecordError` API-FALSE where
    the answer is none of this interface.
    """

    def __init__(self, peer: Peer, key: SigningKey, seconds: float = 30.0) -> None:
        if peer.url is None:
            raise LedgerError("EXCHANGE-PEER", f"the peer {peer.name} has no url", "it fetches its bundles")
        self._url = peer.url.rstrip("/")
        self._key = key
        self._seconds = seconds
        verify = ssl.create_default_context(cafile=peer.ca) if self._url.startswith("https:") else False
        self._client = httpx.Client(verify=verify, timeout=seconds, trust_env=False)

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def hand_in(self, bundle: bytes) -> ExchangeAnswer:
        """Hand a bundle in, and return what became of it; not checked."""
        return self._ask("POST", "/v1/exchange", ExchangeAnswer, bundle, "application/zip")

    def waiting(self, after: int) -> WaitingAnswer:
        """Return the bundles that wait for this ledger, from a number on."""
        return self._ask("GET", f"/v1/exchange?after={after}", WaitingAnswer)

    def fetch(self, digest: str) -> bytes:
        """Return the bundle of a digest; that it has this digest is not checked."""
        status, media, content = self._send("GET", f"/v1/exchange/{digest}", None, "")
        if status != 200 or media != "application/zip":
            raise _refused(status, media, content)
        return content

    def acknowledge(self, answer: ExchangeAnswer) -> AcknowledgedAnswer:
        """Send the peer what became of its bundle here."""
        path = f"/v1/exchange/{answer.digest}"
        return self._ask("POST", path, AcknowledgedAnswer, msgspec.json.encode(answer), _JSON)

    def _ask(self, method: str, path: str, answer: type[A], body: bytes | None = None, media: str = "") -> A:
        status, given, content = self._send(method, path, body, media)
        if status != 200 or given != _JSON:
            raise _refused(status, given, content)
        try:
            return msgspec.json.decode(content, type=answer)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
            raise RecordError("API-FALSE", f"not an answer of the exchange: {wrong}", where=path) from None

    def _send(self, method: str, path: str, body: bytes | None, media: str) -> tuple[int, str, bytes]:
        url, content = f"{self._url}{path}", bytearray()
        headers = {"accept-encoding": "identity", **({"content-type": media} if body is not None else {})}
        ends = time.monotonic() + 20 * self._seconds
        try:
            request = self._client.build_request(method, url, content=body)
            request.headers.update(sign_request(self._key, method, str(request.url), headers, body))
            reply = self._client.send(request, stream=True)
            try:
                for chunk in reply.iter_raw():
                    content += chunk
                    if len(content) > LARGEST or time.monotonic() > ends:
                        raise RecordError("API-FALSE", "an answer that is too large or too slow", where=path)
            finally:
                reply.close()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise LedgerError("HTTP-SILENT", f"{self._url}: {str(error) or type(error).__name__}") from None
        return reply.status_code, reply.headers.get("content-type", "").partition(";")[0], bytes(content)


def _refused(status: int, media: str, content: bytes) -> RecordError | LedgerError:
    try:
        problem = msgspec.json.decode(content, type=Problem) if media == MEDIA else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        problem = None
    if problem is None:
        return RecordError("API-FALSE", f"the server answers {status} and {media or 'nothing'}"[:200])
    if is_proof(problem.code):
        return stated(problem.code, problem.detail[:500])
    if status in (429, 500, 503, 507):
        return LedgerError(problem.code[:40], problem.detail[:500])
    return RecordError(problem.code[:40], problem.detail[:500])
