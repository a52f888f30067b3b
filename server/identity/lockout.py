"""Make a person wait after failed attempts to sign in, longer after each: by account, and by address."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address, ip_network
from threading import Lock

from ledger.errors import TooManyAttempts

FREE = 5  # failures without a wait
LONGEST = 900  # seconds
FORGOTTEN = 3_600  # seconds after the last failure
MOST = 10_000  # names; the one that failed least recently is forgotten first


class Lockout:
    """The failures of accounts or of addresses."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = Lock()
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()  # how many, and when the last was

    def check(self, name: str) -> None:
        """Return if a name may try to sign in; `TooManyAttempts` (API-WAIT) if it has to wait."""
        with self._lock:
            count, at = self._failures.get(name, (0, 0.0))
        left = at + wait_after(count) - self._now()
        if count and left > 0:
            raise TooManyAttempts(math.ceil(left))

    def fail(self, name: str) -> None:
        """Count a failure."""
        now = self._now()
        with self._lock:
            count, at = self._failures.pop(name, (0, now))
            self._failures[name] = (count + 1 if now - at < FORGOTTEN else 1), now
            if len(self._failures) > MOST:
                self._failures.popitem(last=False)

    def clear(self, name: str) -> None:
        """Forget the failures of a name, which has signed in."""
        with self._lock:
            self._failures.pop(name, None)


def wait_after(failures: int) -> int:
    """Return the seconds to wait after a number of failures: none up to `FREE`, then 2, 4, 8, up to `LONGEST`."""
    return 0 if failures <= FREE else min(LONGEST, 2 ** min(failures - FREE, 10))


def network_of(address: str) -> str:
    """Return an IPv4 address as it is, and of an IPv6 address its /64, which one customer has."""
    try:
        found = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(found, IPv6Address):
        return str(found.ipv4_mapped or ip_network((found, 64), strict=False))
    return str(found)
