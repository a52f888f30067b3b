"""Step 7: what time-stamp authorities say about states of the log, each token judged at the moment it gives.

A token (RFC 3161) over the exact bytes of a checkpoint shows that the checkpoint existed at genTime, give or take its
accuracy. What a token must be is for `ReadStamp` to know; here it is held against the notes of the bundle and against
what witnesses say. A token that shows nothing is dropped, with a finding: no policy asks for one, so the verdict stays.
One that cannot be read here may still be good, and leaves the verdict open.
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
from ledger.verify.heads import CLAIMED, DATED, DRIFT, Heads
from ledger.verify.progress import VerificationLog, counted
from ledger.verify.time_brackets import Times


class Stamp(Struct, frozen=True):
    """What a verified token says: that the stamped bytes existed at `at`, UTC, within `accuracy` of it.

    `authority` is the subject of the certificate that signed, `policy` the identifier under which it did.
    """

    at: datetime
    accuracy: timedelta
    authority: str
    policy: str

    @property
    def by(self) -> datetime:
        """The latest moment the token can mean."""
        return self.at + self.accuracy


# The raw reply, the stamped bytes, trusted certificate files -> what it says. Raises `RecordError`: TST-FORMAT if it
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
    """By when notes existed, by their digest, as far as tokens show it; `cosigned` is what the witnesses show.

    Remarks TST-*; doubt TST-FORMAT where a token cannot be read. Without trusted authorities, or nothing that reads
    tokens, all of them are set aside.
    """
    heads = cosigned.heads
    tokens = {path: token for path, token in parts.tokens.items() if path.endswith(".tsr")}
    if not tokens or read is None or trust is None or not trust.authorities:
        set_aside(len(tokens), book)
        return {}
    found: dict[str, list[Stamp]] = {}
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
        found.setdefault(digest, []).append(stamp)
    for digest, stamps in found.items():
        if _apart(stamps):
            said = ", ".join(f"{stamp.authority} {wire(stamp.at)}" for stamp in stamps)
            where = heads.where(digest).removeprefix(f"{heads.folder}/")
            book.remark("TST-DISAGREE", f"two authorities differ on when {where} existed ({said}): the later counts")
    if found:  # a log without witnesses, but not without clocks outside it
        book.gravest[:] = [says.replace(CLAIMED, DATED) for says in book.gravest]
    held = sum(len(stamps) for stamps in found.values())
    book.says(f"{held} of {counted(len(tokens), 'token')} hold")
    return {digest: existed(stamps) for digest, stamps in found.items()}


def set_aside(number: int, book: VerificationLog) -> None:
    """Tokens nobody here can judge are carried for other tools, and said not to be read."""
    if number:
        book.says(f"{counted(number, 'token')}, not read")
        book.not_proven.append(
            f"What {counted(number, 'time stamp')} in the {book.of} would add: check them with "
            "`openssl ts -verify -data checkpoint -in checkpoint.1.tsr -CAfile ROOT -attime GENTIME`."
        )


def existed(stamps: Sequence[Stamp]) -> datetime:
    """By when stamped bytes existed: the earliest an authority says, or the latest where they contradict each other."""
    bounds = [stamp.by for stamp in stamps]
    return max(bounds) if _apart(stamps) else min(bounds)


def check_moment(stamp: Stamp, cosigned: datetime | None, now: datetime) -> None:
    """TST-TIME for a token of tomorrow, or of a moment at which an honest witness had not signed what it covers."""
    if stamp.at > now + DRIFT:
        raise RecordError("TST-TIME", f"it says {wire(stamp.at)}, which is still to come")
    if cosigned is not None and stamp.by < cosigned - DRIFT:
        raise RecordError(
            "TST-TIME", f"it says {wire(stamp.at)}, and what it covers was cosigned only at {wire(cosigned)}"
        )


def _note_of(path: str, heads: Heads) -> str:
    """The note that a token's name says it is over: `checkpoint.1.tsr`, `heads/<digest>.1.tsr`."""
    place, _, name = path.rpartition("/")
    stem = name.partition(".")[0]
    if place == "heads" and stem in heads.all:
        return stem
    if not place and stem == "checkpoint":
        return note_digest(heads.head.note)
    raise RecordError("TST-IMPRINT", "its name names no checkpoint that is here")


def _apart(stamps: Sequence[Stamp]) -> bool:
    """True if not all of these can be true of one request made to all at once."""
    return max(s.at - s.accuracy for s in stamps) > min(s.by for s in stamps) + DRIFT


def _by_hand(path: str) -> str:
    return f"openssl ts -verify -data {path.partition('.')[0]} -in {path} -CAfile ROOT -attime GENTIME tells"
