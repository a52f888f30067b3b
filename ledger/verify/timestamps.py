"""Run step 7: verify the time-stamp tokens over states of the log, each as of the time that it gives.

A token (RFC 3161) over the exact bytes of a checkpoint shows that the checkpoint existed at genTime, within
its accuracy. `ReadStamp` decides whether a token is valid. This module compares it with the notes of the
bundle and with the times of the witnesses. An invalid token is dropped with a finding and does not change the
verdict, because no policy requires tokens. A token that cannot be read here may still be valid, and leaves
the verdict open.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from ledger.bundle.layout import Arranged
from ledger.entries.case import wire
from ledger.errors import RecordError
from ledger.tlog.note import note_digest
from ledger.trust.trust_folder import Trust
from ledger.verify.heads import DATED, DRIFT, Heads, no_witness
from ledger.verify.progress import Unproven, VerificationLog, counted
from ledger.verify.time_brackets import Times


class Stamp(Struct, frozen=True):
    """The content of a verified token: the stamped bytes existed at `at` (UTC), within `accuracy`.

    `authority` is the subject of the certificate that signed, `policy` the identifier of the policy under
    which it signed.
    """

    at: datetime
    accuracy: timedelta
    authority: str
    policy: str

    @property
    def by(self) -> datetime:
        """The latest moment that the token can mean."""
        return self.at + self.accuracy


# The raw reply, the stamped bytes, trusted certificate files -> its content. Raises `RecordError`: TST-FORMAT if it
# cannot be read here, TST-STATUS, TST-IMPRINT, TST-EKU, TST-CHAIN.
ReadStamp = Callable[[bytes, bytes, Sequence[bytes]], Stamp]


def check_tokens(
    parts: Arranged,
    cosigned: Times,
    trust: Trust | None,
    read: ReadStamp | None,
    now: datetime,
    book: VerificationLog,
) -> dict[str, datetime]:
    """Return by when notes existed according to valid tokens, by note digest; `cosigned` has the witnesses' times.

    Adds findings TST-*, and doubt TST-FORMAT for a token that cannot be read. Without trusted authorities, or
    without a reader of tokens, all tokens are set aside.
    """
    heads = cosigned.heads
    tokens = {path: token for path, token in parts.tokens.items() if path.endswith(".tsr")}
    if not tokens or read is None or trust is None or not trust.authorities:
        set_aside(len(tokens), book)
        return {}
    by_note: dict[str, list[Stamp]] = {}
    for path, token in tokens.items():
        try:
            digest = _note_of(path, heads)
            stamp = read(token, heads.all[digest].note, trust.authorities)
            check_moment(stamp, cosigned.seen_at(digest), now)
        except RecordError as wrong:
            if wrong.code == "TST-FORMAT":
                book.doubt("TST-FORMAT", f"{wrong.says}; {_by_hand(path)}", f"{heads.folder}/{path}")
            else:
                book.remark(wrong.code, f"{path}: {wrong.says}; this time stamp shows nothing")
            continue
        by_note.setdefault(digest, []).append(stamp)
    for digest, stamps in by_note.items():
        if _apart(stamps):
            times = ", ".join(f"{stamp.authority} {wire(stamp.at)}" for stamp in stamps)
            where = heads.where(digest).removeprefix(f"{heads.folder}/")
            book.remark("TST-DISAGREE", f"two authorities differ on when {where} existed ({times}): the later counts")
    if by_note:  # a log without witnesses has the clocks of the authorities
        book.gravest[:] = [
            no_witness(DATED) if isinstance(says, Unproven) and says.code == "NO-WITNESS" else says
            for says in book.gravest
        ]
    count = sum(len(stamps) for stamps in by_note.values())
    book.says(f"{count} of {counted(len(tokens), 'token')} hold")
    return {digest: existed(stamps) for digest, stamps in by_note.items()}


def set_aside(number: int, book: VerificationLog) -> None:
    """Record that tokens were not read; the bundle carries them for other tools."""
    book.nothing_asked(f"{counted(number, 'token')}, not read" if number else "")
    if number:
        book.not_proven.append(
            f"What {counted(number, 'time stamp')} in the {book.of} would add: check them with "
            "`openssl ts -verify -data checkpoint -in checkpoint.1.tsr -CAfile ROOT -attime GENTIME`."
        )


def existed(stamps: Sequence[Stamp]) -> datetime:
    """Return by when stamped bytes existed: the earliest time of all authorities, or the latest if they disagree."""
    bounds = [stamp.by for stamp in stamps]
    return max(bounds) if _apart(stamps) else min(bounds)


def check_moment(stamp: Stamp, cosigned: datetime | None, now: datetime) -> None:
    """Raise TST-TIME for a time in the future, or before an honest witness had signed the stamped checkpoint."""
    if stamp.at > now + DRIFT:
        raise RecordError("TST-TIME", f"it says {wire(stamp.at)}, which is still to come")
    if cosigned is not None and stamp.by < cosigned - DRIFT:
        raise RecordError(
            "TST-TIME", f"it says {wire(stamp.at)}, and what it covers was cosigned only at {wire(cosigned)}"
        )


def _note_of(path: str, heads: Heads) -> str:
    """Return the digest of the note that a token's file name means: `checkpoint.1.tsr`, `heads/<digest>.1.tsr`."""
    place, _, name = path.rpartition("/")
    stem = name.partition(".")[0]
    if place == "heads" and stem in heads.all:
        return stem
    if not place and stem == "checkpoint":
        return note_digest(heads.head.note)
    raise RecordError("TST-IMPRINT", "its name names no checkpoint that is here")


def _apart(stamps: Sequence[Stamp]) -> bool:
    """Return True if the stamps cannot all be true of one request that was sent to all authorities at once."""
    return max(s.at - s.accuracy for s in stamps) > min(s.by for s in stamps) + DRIFT


def _by_hand(path: str) -> str:
    return f"openssl ts -verify -data {path.partition('.')[0]} -in {path} -CAfile ROOT -attime GENTIME tells"
