"""Send signed requests to an office server, and read its answers strictly; nothing of an answer is verified here."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

import httpx
import msgspec
from msgspec import Struct

from ledger.adapters.http_signatures import sign_request
from ledger.adapters.keys.key_files import Key
from ledger.errors import LedgerError, RecordError
from server.documents import SEEN, ApiAnswer, Problem
from server.problems import MEDIA, is_proof, stated

MOST = 64 << 20  # bytes of an answer
_OF_PROXIES = (502, 503, 504)  # without a problem: a server states one
_TRIES = 3  # times that a request is sent whose answer does not arrive, or that comes too early
_PAUSE = 1.0  # seconds before a request that came too early is sent again

A = TypeVar("A", bound=ApiAnswer)


class Refused(RecordError):
    """A problem with which the server refuses a request, as it states it; every other error is found here."""


class _Sent(Struct, frozen=True):
    """What a request brings: its query, and the body of a POST with its idempotency key, or of a PUT."""

    query: dict[str, str]
    body: bytes | None = None
    once: str = ""
    media: str = "application/json"


class Connection:
    """The connection to one server, with one key that signs every request.

    `url` is the base URL; `ca` a file of certificates (PEM) in place of those of the system; `seconds` the limit of
    each wait, and a twentieth of the limit of a whole answer. LedgerError HTTP-SILENT for a URL that is none,
    RecordError TRUST-FORMAT for a wrong `ca`. What the server refuses is `Refused`, with its code.
    """

    def __init__(self, url: str, key: Key, *, ca: str | None = None, seconds: float = 30.0) -> None:
        try:
            known = bool(httpx.URL(url).host) and url.startswith(("http://", "https://"))
        except httpx.InvalidURL:
            known = False
        if not known:
            raise LedgerError("HTTP-SILENT", f"{url!r} is not the address of an http server")
        self.url = url.rstrip("/")
        self.seen: Callable[[], int] = lambda: 0  # the size of the largest verified head
        self._key = key
        verify = _certificates(ca) if url.startswith("https:") else False  # slow to make
        self._seconds = seconds
        self._client = httpx.Client(verify=verify, timeout=seconds)

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def get(self, path: str, answer: type[A], **query: object) -> A:
        """Return the answer to a GET; `query` without the values that are None."""
        return self._ask("GET", path, answer, _Sent({n: str(value) for n, value in query.items() if value is not None}))

    def post(self, path: str, answer: type[A], body: bytes, once: str) -> A:
        """Return the answer to a POST of JSON; `once` is its idempotency key, by which it may be sent again."""
        return self._ask("POST", path, answer, _Sent({}, body, once))

    def put(self, path: str, answer: type[A], body: bytes) -> A:
        """Return the answer to a PUT of bytes, which may be sent again."""
        return self._ask("PUT", path, answer, _Sent({}, body, media="application/octet-stream"))

    def fetch(self, path: str, start: int) -> Iterator[bytes]:
        """Yield the bytes behind a path from one on, as they come; nothing is limited but the wait for each part.

        `LedgerError` HTTP-SILENT if the connection ends; `RecordError` API-FALSE for another answer than was asked for.
        """
        headers = {"accept-encoding": "identity", **({"range": f"bytes={start}-"} if start else {})}
        request = self._client.build_request("GET", f"{self.url}{path}")
        request.headers.update(sign_request(self._key, "GET", str(request.url), headers, None))
        try:
            reply = self._client.send(request, stream=True)
            try:
                if reply.headers.get("content-type", "").partition(";")[0] == MEDIA:
                    raise _refused(reply.status_code, reply.read()[:MOST])
                if reply.status_code != (206 if start else 200):
                    raise RecordError("API-FALSE", f"the server answers {reply.status_code}", where=path)
                yield from reply.iter_raw()
            finally:
                reply.close()
        except httpx.HTTPError as error:
            says = f"{self.url}: {str(error) or type(error).__name__}"
            raise LedgerError("HTTP-SILENT", says, "what has come is kept; ask again") from None

    def _ask(self, method: str, path: str, answer: type[A], sent: _Sent) -> A:
        for left in reversed(range(_TRIES)):
            try:
                status, media, content = self._send(method, path, sent)
            except httpx.HTTPError as error:
                if not left:
                    says = f"{self.url}: {str(error) or type(error).__name__}"
                    raise LedgerError("HTTP-SILENT", says, "nothing shows whether it was done; ask again") from None
            else:
                if status != 429 or not left:
                    break
                time.sleep(_PAUSE)  # nothing was done: a client with many requests is slowed down
        if media == MEDIA:
            raise _refused(status, content)
        if status in _OF_PROXIES:
            says = f"{self.url}: no server answers behind the proxy there ({status})"
            raise LedgerError("HTTP-SILENT", says, "nothing shows whether it was done; ask again")
        if status != 200:
            raise RecordError("API-FALSE", f"the server answers {status} and {media or 'nothing'}", where=path)
        try:
            return msgspec.json.decode(content, type=answer)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
            raise RecordError("API-FALSE", f"not an answer of the API: {wrong}", where=path) from None

    def _send(self, method: str, path: str, sent: _Sent) -> tuple[int, str, bytes]:
        headers = {"accept-encoding": "identity"}
        if size := self.seen():
            headers[SEEN] = str(size)  # another server of the same log may have answered under a smaller one
        if sent.body is not None:
            headers |= {"content-type": sent.media} | ({"idempotency-key": sent.once} if sent.once else {})
        request = self._client.build_request(method, f"{self.url}{path}", params=sent.query or None, content=sent.body)
        request.headers.update(sign_request(self._key, method, str(request.url), headers, sent.body))
        content, ends = bytearray(), time.monotonic() + 20 * self._seconds
        reply = self._client.send(request, stream=True)
        try:
            for chunk in reply.iter_raw():
                content += chunk
                if len(content) > MOST:
                    raise RecordError("API-FALSE", f"an answer of more than {MOST} bytes", where=path)
                if time.monotonic() > ends:
                    says = f"{self.url}: the answer did not end within {20 * self._seconds:g} seconds"
                    raise LedgerError("HTTP-SILENT", says, "nothing shows whether it was done; ask again")
        finally:
            reply.close()
        return reply.status_code, reply.headers.get("content-type", "").partition(";")[0], bytes(content)


def _certificates(ca: str | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca)
    except OSError as wrong:  # also an SSLError
        says = f"no certificates in PEM that can be read: {wrong.strerror or wrong}"
        raise RecordError("TRUST-FORMAT", says, where=ca or "") from None


def _refused(status: int, content: bytes) -> RecordError | LedgerError:
    try:
        problem = msgspec.json.decode(content, type=Problem)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return RecordError("API-FALSE", f"the server answers {status} and no problem that can be read")
    if is_proof(problem.code):
        return stated(problem.code, problem.detail)
    if status in (429, 500, 503):
        return LedgerError(problem.code, problem.detail, problem.hint)
    return Refused(problem.code, problem.detail, where=problem.where, hint=problem.hint)
