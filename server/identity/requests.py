"""Identify the sender of a request by its signature (RFC 9421), once for each signature, and limit its rate."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from threading import Lock

from ledger.adapters.http_signatures import WINDOW, check_request
from ledger.errors import RecordError
from ledger.messages import Message

_MOST_SENDERS = 10_000


class SignatureGate:
    """Checks signatures and refuses each that came before.

    `spend` keeps the nonce of a key until a moment (seconds since 1970) for all processes that serve the ledger. It
    returns False if the nonce is kept already. A power cut may delete the last nonces. Therefore a signature from
    before the start is refused as well. A second use is then admitted only if the clock of the signer is ahead.
    """

    def __init__(
        self, known: Callable[[str], bool], spend: Callable[[str, str, int], bool], now: Callable[[], float] = time.time
    ) -> None:
        self._known = known
        self._spend = spend
        self._now = now
        self._started = int(now())

    def check(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> str:
        """Return the key (hex) that signed a request; see `check_request`. `RecordError` API-SIGNATURE, API-REPLAY."""
        signed = check_request(self._known, method, url, headers, body)
        if signed.created < self._started:
            says = "the signature is from before the start of the server"
            raise RecordError("API-REPLAY", says, hint="sign the request again")
        until = int(self._now() + 2 * WINDOW.total_seconds()) + 1
        if not self._spend(signed.key, signed.nonce, until):
            raise RecordError("API-REPLAY", "this signature was used before", hint="a nonce is used once")
        return signed.key


class RateLimit:
    """Admits `rate` requests a second of each sender, and twice as many at once."""

    def __init__(self, rate: float, now: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._now = now
        self._lock = Lock()
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()  # requests left, and when

    def spend(self, sender: str) -> None:
        """Count one request of a sender; `RecordError` API-RATE if it has none left."""
        now = self._now()
        with self._lock:
            left, at = self._left.pop(sender, (2 * self._rate, now))
            left = min(2 * self._rate, left + (now - at) * self._rate)
            self._left[sender] = max(left - 1, 0) if left >= 1 else left, now
            if len(self._left) > _MOST_SENDERS:
                self._left.popitem(last=False)
            if left < 1:
                raise RecordError(
                    "API-RATE",
                    Message("more than {0} requests a second", format(self._rate, "g")),
                    hint=Message("wait a second"),
                )
