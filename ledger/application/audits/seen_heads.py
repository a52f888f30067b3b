"""Compare the head of a ledger with the heads that this auditor saw of it before, and that its witnesses remember."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from ledger.adapters.keys import mldsa
from ledger.adapters.log.published_log import Fetch, reader
from ledger.adapters.witness.client import remembered
from ledger.adapters.witness.followed_logs import followed, keep_split
from ledger.adapters.witness.monitor import Patience, look
from ledger.errors import LedgerError, RecordError
from ledger.tlog.note import Head, Vkey, lines_of, open_checkpoint
from ledger.tlog.tree import check_consistency, prove_consistency, root
from ledger.trust.trust_folder import Trust
from ledger.verify.report import Reason

PROVED = frozenset({"SPLIT-VIEW", "SPLIT-ORDER", "LOG-CORRUPT", "LOG-FORKED", "CP-CONSISTENCY"})
SIGNATURE = ("CP-SIG", "CP-KEY", "CP-ORIGIN", "CP-FORMAT", "LOG-TILE")


class SeenHeads(Struct, frozen=True):
    """The head of a ledger, opened, with what contradicts it: `wrong` is proved, `doubts` are not.

    `first_seen` is when this auditor saw the head first. `remember` counts the witnesses that remember heads which the
    ledger continues.
    """

    head: Head | None
    first_seen: datetime | None
    wrong: list[Reason]
    doubts: list[Reason]
    unreachable: list[Reason]
    remember: int = 0


def compare_heads(
    where: str, fetch: Fetch, trust: Trust, origin: str, state: Path, now: datetime, *, ask: bool
) -> SeenHeads:
    """Compare the published head with every head seen before, keep it, and ask the witnesses of the policy.

    Evidence of a contradiction is kept below `state`. Faults of the log are in the result.
    """
    seen = look(where, trust.policy, origin, state, now, Patience(), fetch=fetch)
    wrong = [Reason(alarm.code, "log/checkpoint", alarm.says) for alarm in seen.alarms if _is_wrong(alarm.code)]
    unreachable = [Reason(alarm.code, "", alarm.says) for alarm in seen.alarms if not _is_wrong(alarm.code)]
    doubts: list[Reason] = []
    head, first_seen, remember = None, None, 0
    if not seen.alarms:
        with closing(followed(state, origin)) as heads:
            newest = heads.newest()
        if newest is not None:
            witnesses = tuple(trust.policy.witnesses.values())
            head = open_checkpoint(newest.note, origin, _keys(trust, origin), witnesses, mldsa=mldsa.verify)
            first_seen = newest.at
    if head is not None and ask:
        remember = _ask(head, trust, origin, fetch, state / "evidence", wrong, doubts)
    return SeenHeads(head, first_seen, wrong, doubts, unreachable, remember)


def _is_wrong(code: str) -> bool:
    return code in PROVED or code == "LOG-ROLLBACK" or code.startswith(SIGNATURE)


def _keys(trust: Trust, origin: str) -> tuple[Vkey, ...]:
    return tuple(key for key in trust.policy.logs if key.name == origin)


def _ask(
    head: Head,
    trust: Trust,
    origin: str,
    fetch: Fetch,
    evidence: Path,
    wrong: list[Reason],
    doubts: list[Reason],
) -> int:
    """Compare what the witnesses remember with the ledger; return the number of witnesses that agree."""
    agree = 0
    for url, theirs in remembered(trust.policy, _keys(trust, origin)).items():
        try:
            contradiction = compare_views(head, theirs, fetch, trust, origin, evidence)
        except (RecordError, LedgerError) as fault:
            wrong.append(Reason(fault.code, url, fault.says))
            continue
        if contradiction:
            doubts.append(Reason("LOG-ROLLBACK", url, contradiction))
        else:
            agree += 1
    return agree


def compare_views(head: Head, other: Head, fetch: Fetch, trust: Trust, origin: str, evidence: Path) -> str:
    """Compare the head of a log, which `fetch` reads, with a head that another observer holds.

    Return why the two are not proven to be one log, or "". SPLIT-VIEW with an exhibit, or CP-CONSISTENCY, if they
    contradict each other.
    """
    ours, theirs = head.checkpoint, other.checkpoint
    if theirs.size > ours.size:
        return f"it has seen {theirs.size} entries, and {ours.size} are here: not the newest copy, or turned back"
    if theirs.size == ours.size and theirs.root == ours.root:
        return ""
    read = reader(fetch, ours.size)
    path: Sequence[bytes] = ()
    began: bytes | None = None
    try:
        if theirs.size == ours.size:
            raise RecordError("CP-CONSISTENCY", f"two trees of {ours.size} entries")
        if not theirs.size:  # a checkpoint of no entries has one root
            return ""
        path, began = prove_consistency(theirs.size, ours.size, read), root(theirs.size, read)
        check_consistency(theirs.size, ours.size, theirs.root, ours.root, path)
    except RecordError as why:
        key = next(key for key in _keys(trust, origin) if key in lines_of(head.note, [key]))
        keep_split(evidence, key, other.note, head.note, path, began, why)
    return ""
