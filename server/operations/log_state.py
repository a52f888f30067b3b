"""The state of a log, as operators watch it."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct


class LogState(Struct, frozen=True):
    """The state of the log when it was looked at last.

    `size` counts the entries under the head, `stored` all entries, `witnessed` those under the newest head with a
    cosignature. `signed_at` is the log's clock at its last signature (seconds since 1970), `unable` for how many
    seconds the log could not be signed, `refusals` counts failed attempts to sign by code.
    """

    size: int
    stored: int
    witnessed: int
    signed_at: float
    unable: float
    refusals: Mapping[str, int]
