"""The addresses of the exchange: bundles handed in, bundles fetched, and their receipts.

A bundle is written to disk while it arrives, and read when the whole of it is there. The signature of a request is
checked before its body is read, so that only the holder of some key makes the server write.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from secrets import token_hex
from typing import Final

import msgspec
from msgspec import Struct
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from ledger.adapters.http_server import EarlyResponse
from ledger.adapters.http_signatures import check_content
from ledger.errors import LedgerError, RecordError, TooManyRequests
from ledger.messages import Message
from server import problems
from server.documents import ApiAnswer
from server.exchange.addresses import BUNDLE, COLLECTION, ITEM
from server.exchange.client import LARGEST
from server.exchange.delivery import check_answer
from server.exchange.documents import AcknowledgedAnswer, ExchangeAnswer, WaitingAnswer, WaitingItem
from server.exchange.reception import OpenJournal, Reception
from server.exchange.store import OutgoingItem
from server.identity.requests import RateLimit, SignatureGate
from server.operations.observed import note

logger = logging.getLogger(__name__)

_LARGEST_ANSWER = 16 << 20  # bytes of the receipts of a bundle
_SLOWEST = 1 << 16  # bytes a second
_AT_ONCE = 4  # requests that are answered, and bundles that arrive; one of them of a key that is not known yet
_KEY_ID = re.compile(r';keyid="([0-9a-f]{64})"')
_PAGE = 100  # bundles of one list


class ExchangeGates(Struct, frozen=True):
    """The checks before the exchange. `bases` has the public base URL of each allowed Host, `patience` is in seconds.

    `spend_unknown` counts a request by its address, `refuse` makes the response to an error.
    """

    bases: Mapping[str, str]
    signatures: SignatureGate
    rate: RateLimit
    spend_unknown: Callable[[Request], None]
    refuse: Callable[[Exception], Response]
    patience: float


class ExchangeEndpoint:
    """Answers the requests of peers."""

    def __init__(self, reception: Reception, gates: ExchangeGates, opened: OpenJournal) -> None:
        self._reception = reception
        self._store = reception.store
        self._gates = gates
        self._opened = opened
        self._running: Counter[tuple[str, bool]] = Counter()
        self._store.forget_arriving()
        self._store.tidy()

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route(COLLECTION, self._answering(COLLECTION, self._hand_in), methods=["POST"]),
            Route(COLLECTION, self._answering(COLLECTION, self._list), methods=["GET"]),
            Route(ITEM, self._answering(ITEM, self._fetch), methods=["GET"]),
            Route(ITEM, self._answering(ITEM, self._acknowledge), methods=["POST"]),
        ]

    def _answering(
        self, route: str, answer: Callable[[Request], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            note(request.scope, route=route)
            try:
                with self._admitted(request):
                    return await answer(request)
            except (RecordError, LedgerError) as error:
                if problems.is_internal(error):
                    logger.warning("%s %s: %s", request.method, route, error)
                refused = self._gates.refuse(error)
                if error.code == "API-LARGE":
                    note(request.scope, code=error.code)
                    return EarlyResponse.of(refused, request.stream(), self._gates.patience)
                return refused
            except Exception as error:
                logger.exception("%s %s: %s", request.method, route, type(error).__name__)
                return self._gates.refuse(error)

        return endpoint

    # -- from peers ---------------------------------------------------------------------------------------------------

    async def _hand_in(self, request: Request) -> Response:
        key = await run_in_threadpool(self._signed, request, None)
        async with self._body(request, BUNDLE, LARGEST) as path:
            return await run_in_threadpool(self._received, path, key, dict(request.headers))

    def _received(self, path: Path, key: str, headers: Mapping[str, str]) -> Response:
        data = path.read_bytes()
        check_content(headers, data)
        return _json(self._reception.receive(data, key))

    # -- for peers ----------------------------------------------------------------------------------------------------

    async def _list(self, request: Request) -> Response:
        after = request.query_params.get("after", "0")
        if not (after.isascii() and after.isdecimal() and len(after) <= 15) or {*request.query_params} - {"after"}:
            raise RecordError("API-REQUEST", "`after` is the number of a bundle", where="query")

        def answer() -> Response:
            peer = self._reception.caller(self._signed(request, b""))
            waiting = self._store.waiting(peer.name, int(after), _PAGE)
            items = [WaitingItem(each.number, each.digest, each.size) for each in waiting]
            return _json(WaitingAnswer(items, items[-1].number + 1 if items else int(after)))

        return await run_in_threadpool(answer)

    async def _fetch(self, request: Request) -> Response:
        def answer() -> Response:
            item = self._waiting(request, self._signed(request, b""))
            return Response(self._store.content(item), headers=_HEADERS, media_type=BUNDLE)

        return await run_in_threadpool(answer)

    async def _acknowledge(self, request: Request) -> Response:
        key = await run_in_threadpool(self._signed, request, None)
        async with self._body(request, "application/json", _LARGEST_ANSWER) as path:
            return await run_in_threadpool(self._acknowledged, request, path, key)

    def _acknowledged(self, request: Request, path: Path, key: str) -> Response:
        data = path.read_bytes()
        check_content(request.headers, data)
        item = self._waiting(request, key)
        try:
            said = msgspec.json.decode(data, type=ExchangeAnswer)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
            raise RecordError("API-REQUEST", str(wrong)[:200], where="body") from None
        with self._opened(writable=False) as journal:
            check_answer(journal, next(p for p in self._reception.peers if p.name == item.peer), item, said)
        state = self._store.answered(item, said)
        return _json(AcknowledgedAnswer(item.digest, state))

    def _waiting(self, request: Request, key: str) -> OutgoingItem:
        peer, digest = self._reception.caller(key), request.path_params["digest"]
        item = self._store.of(peer.name, digest)
        if item is not None and (item.state in ("waiting", "quarantined") or request.method == "POST"):
            return item
        raise RecordError("API-MISSING", "no bundle with this digest waits for this caller")

    # -- parts --------------------------------------------------------------------------------------------------------

    @contextmanager
    def _admitted(self, request: Request) -> Iterator[None]:
        """Admit a few requests at once, so that the others of the server never wait for the exchange.

        A request that names a key of no peer so far counts as unsigned.
        """
        named = _KEY_ID.findall(request.headers.get("signature-input", ""))
        familiar = len(named) == 1 and self._reception.is_familiar(named[0])
        if not familiar:
            self._gates.spend_unknown(request)
        place = (request.method, familiar)
        if self._running[place] >= (_AT_ONCE if familiar else 1):
            raise TooManyRequests("other requests of the exchange are answered now", 5)
        self._running[place] += 1
        try:
            yield
        finally:
            self._running[place] -= 1

    def _signed(self, request: Request, body: bytes | None) -> str:
        """Return the key (hex) that signed a request; that it is of a peer is decided later."""
        if any(len(request.headers.getlist(name)) != 1 for name in ("signature", "signature-input")):
            raise RecordError("API-SIGNATURE", "a request has one signature", where="Signature")
        raw: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
        query = request.scope["query_string"].decode("latin-1")
        url = self._gates.bases[request.headers["host"]] + raw.decode("latin-1") + (f"?{query}" if query else "")
        try:
            key = self._gates.signatures.check(request.method, url, dict(request.headers), body)
        except RecordError:
            self._gates.spend_unknown(request)
            raise
        self._gates.rate.spend(key)
        return key

    @asynccontextmanager
    async def _body(self, request: Request, media: str, most: int) -> AsyncIterator[Path]:
        """Yield a file with the body of a request, which is deleted afterwards."""
        given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if given != media or request.headers.get("content-encoding", "identity") != "identity":
            raise RecordError("API-MEDIA", f"the body is {media}, without an encoding", where="Content-Type")
        length = request.headers.get("content-length", "0")
        too_large = RecordError("API-LARGE", Message("a body has at most {0} bytes", most))
        if not (length.isascii() and length.isdecimal()) or int(length[:20]) > most:
            raise too_large
        path = self._store.arriving / token_hex(16)
        try:
            size = 0
            with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
                try:
                    async with asyncio.timeout(self._gates.patience) as limit:
                        async for chunk in request.stream():
                            size += len(chunk)
                            if size > most:
                                raise too_large
                            await run_in_threadpool(file.write, chunk)
                            begun = limit.when() or 0
                            limit.reschedule(begun + len(chunk) / _SLOWEST)
                except TimeoutError:
                    raise RecordError("API-SLOW", "the body does not arrive fast enough") from None
                except ClientDisconnect:
                    raise RecordError("API-REQUEST", "the body is cut short") from None
            yield path
        finally:
            path.unlink(missing_ok=True)


_HEADERS: Final = {"x-content-type-options": "nosniff", "cache-control": "no-store"}


def _json(answer: ApiAnswer) -> Response:
    return Response(msgspec.json.encode(answer), headers=_HEADERS, media_type="application/json")
