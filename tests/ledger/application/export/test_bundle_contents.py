"""Time stamps have the names of the notes that they are over."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256

from ledger.adapters.log.checkpoints import PublishedHead, TimeStampToken
from ledger.application.export.bundle_contents import _tokens

AT = datetime(2027, 3, 1, tzinfo=UTC)
HEAD = PublishedHead(3, b"note", AT, None)
CHECKPOINT = sha256(b"checkpoint").hexdigest()


def token(head: str, reply: bytes) -> TimeStampToken:
    return TimeStampToken(head, "tsa", reply, AT)


def test_time_stamps_are_numbered_for_each_note_in_the_order_of_their_arrival() -> None:
    arrived = [(HEAD.digest, b"1"), (CHECKPOINT, b"2"), ("other", b"3"), (HEAD.digest, b"4"), (CHECKPOINT, b"5")]
    tokens = [token(head, reply) for head, reply in arrived]
    assert _tokens(tokens, CHECKPOINT, [HEAD]) == {
        f"heads/{HEAD.digest}.1.tsr": b"1",
        "checkpoint.1.tsr": b"2",
        f"heads/{HEAD.digest}.2.tsr": b"4",
        "checkpoint.2.tsr": b"5",
    }
