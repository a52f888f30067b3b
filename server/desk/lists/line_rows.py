"""What the rows of a line say: moments as numbers, and the next deadline with the span in which it is the next one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from ledger.messages import Message, built, rebuilt
from server.desk.lists.order_line import OLD, PICKED, OpenClock, OrderLine, values_of

NEVER: Final = 1 << 62  # behind every moment; negative, before every moment
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def micros(moment: datetime) -> int:
    """Return a moment in microseconds since 1970."""
    return (moment - _EPOCH) // _MICROSECOND


def gone(line: OrderLine, each: OpenClock) -> int:
    """Return the moment from which an open deadline can no longer be met; `OrderLine.hopeless` is true from it on."""
    if line.ended:
        return -NEVER
    if each.clock.due is None:
        return NEVER
    end = micros(each.clock.due)
    return end + OLD // _MICROSECOND + 1 if any(form.address for form in each.forms) else end


def next_at(line: OrderLine, now: int) -> tuple[int, int | None, str, int, int]:
    """Return worth, end and who acts of the next deadline of an order, and from and until when that is so."""
    ends = [(gone(line, each), each) for each in line.open if each.clock.due is not None]
    moments = [moment for moment, _ in ends]
    turned = max((m for m in moments if m <= now), default=-NEVER)
    turns = min((m for m in moments if m > now), default=NEVER)
    if not ends:
        return (1 if line.open and not line.ended else 3), None, "", turned, turns
    moment, each = next((pair for pair in ends if pair[0] > now), ends[0])
    return (2 if moment <= now else 0), due_of(each), each.acts, turned, turns


def decoded(body: bytes) -> OrderLine:
    """Return a line as it was kept; `msgspec.MsgspecError` if it is damaged."""
    return _decode(body)


def encoded(line: OrderLine) -> bytes:
    """Return a line as it is kept, each message of it with its values."""
    return msgspec.msgpack.encode(line, enc_hook=built)


def _message(kind: type, value: Any) -> Any:
    return rebuilt(value) if kind is Message else value


_decode = msgspec.msgpack.Decoder(OrderLine, dec_hook=_message).decode


def due_of(each: OpenClock) -> int:
    return -NEVER if each.clock.due is None else micros(each.clock.due)


def counted_by(line: OrderLine) -> list[tuple[str, str]]:
    """Return what an order is counted by: its values, itself, and that no deadline of it is open."""
    found = [(name, value) for name in PICKED for value in dict.fromkeys(values_of(line, name))]
    return [*found, ("", "orders"), *([] if line.open else [("", "resting")])]
