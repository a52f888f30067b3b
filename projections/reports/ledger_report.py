"""The report of an auditor who read a whole ledger again, as values: checks, failures and where, keys, heads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ledger.messages import Message
from projections.reports.front_page import CheckCommand, FrontPage, Provenance, VerdictReason, vouches


@dataclass(frozen=True, slots=True)
class CheckCount:
    """Hold one kind of check: what it asks, how often it was done, and how often it failed."""

    what: str
    done: int
    failed: int


@dataclass(frozen=True, slots=True)
class KeyRow:
    """Hold one key of the register and the log positions between which it may sign.

    It may sign after `accepted` up to `ended` (positions from 0; -1: from the beginning). None means never
    accepted, or not ended.
    """

    actor: str
    name: str
    party: str
    roles: tuple[str, ...]
    public: str
    accepted: int | None
    ended: int | None


@dataclass(frozen=True, slots=True)
class HeadRow:
    """Hold one kept head: its size, the time of the log's clock, the earliest time of a witness, its note's digest."""

    size: int
    kept: datetime
    cosigned: datetime | None
    digest: str


@dataclass(frozen=True, slots=True)
class Verification:
    """Hold the audit of one ledger; `heads` are the newest of all `heads_kept`."""

    face: FrontPage
    orders: int
    checks: tuple[CheckCount, ...]
    problems: tuple[VerdictReason, ...]
    keys: tuple[KeyRow, ...]
    heads: tuple[HeadRow, ...]
    heads_kept: int


# Which codes speak of which check; all others speak of the form of an entry.
CODES = {
    Message("signature"): ("SIG-",),
    Message("key of the signer, and its office"): ("KEY-",),
    Message("place in its order and log"): ("CTX-",),
    Message("tree, root and published heads"): ("LOG-", "CP-", "SPLIT-", "PRF-"),
}


def checks(entries: int, signatures: int, heads: int, problems: Sequence[VerdictReason]) -> tuple[CheckCount, ...]:
    """Return what was done how often, from the counts of an audit and its problems."""
    failed = [sum(p.code.startswith(codes) for p in problems) for codes in CODES.values()]
    done = (signatures, entries, entries, heads)
    return (
        CheckCount(Message("form of the entry"), entries, len(problems) - sum(failed)),
        *(CheckCount(what, n, bad) for what, n, bad in zip(CODES, done, failed, strict=True)),
    )


def verification(
    making: Provenance,
    counts: tuple[int, int, int],
    orders: int,
    keys: Sequence[KeyRow],
    heads: Sequence[HeadRow],
    heads_kept: int,
    commands: Sequence[CheckCommand],
) -> Verification:
    """Return the report on an audit.

    `counts` are entries read, good signatures, heads compared; `heads` the newest kept ones.
    """
    problems = making.integrity.reasons if making.integrity.verdict == "TOTAL-FAILED" else ()
    what = Message("A whole ledger read again, believing nothing: every signature, every chain, every hash, the root.")
    found = (
        Message(
            f"{{0}} {'problem was' if len(problems) == 1 else 'problems were'} found in {{1}} entries of "
            f"{{2}} {'order' if orders == 1 else 'orders'} and the register.",
            *(len(problems), counts[0], orders),
        )
        if problems
        else Message(
            "Nothing was found wrong in {0} entries of {1} order and the register."
            if orders == 1
            else "Nothing was found wrong in {0} entries of {1} orders and the register.",
            *(counts[0], orders),
        )
    )
    page = FrontPage(
        title=Message("Audit verification report"),
        what=what,
        answer=found,
        making=making,
        subject=None,
        procedure=Message("not examined: it is asked order by order"),
        findings=(),
        not_checked=making.integrity.not_proven,
        commands=tuple(commands),
        only_for=(),
        vouches=vouches(making.integrity),
    )
    entries, signatures, compared = counts
    return Verification(
        page,
        orders,
        checks(entries, signatures, compared, problems),
        problems,
        tuple(keys),
        tuple(heads),
        heads_kept,
    )
