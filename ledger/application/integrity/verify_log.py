"""Verify a whole log: a ledger folder or a published log, by the steps and the code that verify a bundle.

What differs are parameters: every entry is there, so no proofs are needed; each signed state is held against the tree
that the entries make. There is no manifest, nothing is opened and no order is judged. Nothing in the folder is used to
judge it: keys of the log come from the verifier's policy, keys of people from the register, as far as it leads back to
the registrar that the verifier trusts. Steps and codes: docs/reference/verification.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from ledger.adapters.storage.connection import ReadableLocation
from ledger.adapters.storage.entry_reader import EntryReader
from ledger.application.counterparties import Registers
from ledger.application.integrity.audit import LISTED, MOST, Audit, Problem, audit
from ledger.bundle.layout import Arranged
from ledger.entries.envelope import Opened, open_
from ledger.entries.keyring import Registrar
from ledger.entries.placement import registry_of
from ledger.errors import LedgerError, RecordError
from ledger.tlog.note import Checkpoint, Head, MlDsa, note_digest, parse_checkpoint
from ledger.tlog.policy import Policy
from ledger.tlog.tree import EMPTY_ROOT, root
from ledger.trust.trust_folder import Trust
from ledger.verify import claims, counterparties, entries, heads
from ledger.verify.field_forms import known
from ledger.verify.heads import Heads
from ledger.verify.other_logs import OtherLogs
from ledger.verify.progress import VerificationLog, counted
from ledger.verify.report import Reason, Report, verdict_of
from ledger.verify.time_brackets import Times, say_absent, say_times
from ledger.verify.timestamps import ReadStamp, check_tokens

Progress = Callable[[int, int], None]  # entries done, entries in all


def no_progress(done: int, total: int) -> None:
    """Show nothing."""


@dataclass(frozen=True, slots=True)
class LogFiles:
    """A whole log as it was handed over; nothing of it is checked yet.

    `place` has its entries, `heads` kept notes by digest, `tokens` time stamps by path as in a bundle. `checkpoint` is
    None where none was published; `policy` is the copy that came along. `foreign` reads a file of another record by its
    name, `foreign_names` lists them, and `registers` reads the registers of other logs as far as they were received.
    `of` names it for people; `log_at`, `heads_at` and `entries_at` say where its parts are. `damage` is what was met in
    reading `heads`.
    """

    of: str
    origin: str
    place: ReadableLocation
    checkpoint: bytes | None
    policy: bytes | None
    test: bool = False
    heads: Mapping[str, bytes] = field(default_factory=dict)
    tokens: Mapping[str, bytes] = field(default_factory=dict)
    foreign: Callable[[str], bytes | None] = lambda name: None
    foreign_names: Callable[[], Sequence[str]] = lambda: ()
    registers: Callable[[], Registers] = dict
    log_at: str = "log"
    heads_at: str = "heads.db "
    entries_at: str = "entries.db"
    damage: LedgerError | None = None


@dataclass(slots=True)
class _Found:
    """What was found so far; a report of a failed check has no more than this."""

    states: Heads | None = None
    walked: Audit | None = None
    head_seen: datetime | None = None


def verify_log(
    whole: LogFiles,
    trust: Trust | None,
    held: Checkpoint | None,
    now: datetime,
    *,
    mldsa: MlDsa | None = None,
    stamps: ReadStamp | None = None,
    progress: Progress = no_progress,
) -> Report:
    """Check a whole log; `held` is a checkpoint from elsewhere, the rest is as in `ledger.verify.verify`.

    What is wrong with what was handed over is in the report. `LedgerError` only where it cannot be read at all.
    """
    book, found = VerificationLog(of=whole.of), _Found()
    try:
        _walk(whole, trust, held, now, mldsa, stamps, progress, book, found)
    except RecordError:
        if book.failed is None:
            raise
    walked = found.walked
    verdict, reasons = verdict_of(book.failed, book.doubts)
    if book.failed is not None and walked is not None and walked.problems:
        reasons = tuple(Reason(p.code, p.where, p.says) for p in walked.problems)
    size = walked.size if walked else 0
    covered = min(found.states.head.checkpoint.size if found.states else 0, size)
    noted = walked.noted if walked else None
    return Report(
        verdict=verdict,
        reasons=reasons,
        steps=tuple(book.steps),
        entries=covered,
        signatures=walked.signatures if walked else 0,
        not_proven=tuple(_shortened(book.unproven)),
        brackets=tuple(noted.brackets) if noted and noted.entries <= LISTED else (),
        procedure=tuple(book.remarks),
        head=found.states.head if found.states else None,
        head_seen=found.head_seen,
        not_covered=size - covered,
    )


def _walk(
    whole: LogFiles,
    trust: Trust | None,
    held: Checkpoint | None,
    now: datetime,
    mldsa: MlDsa | None,
    stamps: ReadStamp | None,
    progress: Progress,
    book: VerificationLog,
    found: _Found,
) -> None:
    with book.step(1):
        if whole.damage is not None:
            raise RecordError(whole.damage.code, whole.damage.says)
        with _read(whole), closing(EntryReader(whole.place)) as shelf:
            size, first = shelf.size(), _first(shelf, whole.origin)
        book.says(counted(size, "entry", "entries"))
    with book.step(2):
        policy = heads.choose_policy(trust, whole.policy, book)
        heads.check_current(trust, now, book)
    book.skip(3, "no maker signs for a whole log")
    states, stamped = _check_states(whole, policy, trust, held, now, mldsa, stamps, book, found)
    times = Times(states, policy, stamped)
    with book.step(8):
        if size and not first:
            raise RecordError("LOG-CORRUPT", "its first entry is not the bytes of one", where=whole.entries_at)
        registrar = _registrar(trust, first, book)
        with _read(whole):
            walked = found.walked = (
                audit(whole.place, whole.origin, registrar, times=times, progress=progress) if registrar else Audit(0)
            )
            with closing(EntryReader(whole.place)) as shelf:
                walked.problems += _compare(walked, shelf, states, held)
        _first_of(walked, 8)
        covered = min(states.head.checkpoint.size, size)
        if not covered and size and states.all:
            says = f"it covers none of the {size} entries that are here"
            book.doubt("PRF-INDEX", says, states.where(note_digest(states.head.note)))
        book.says(f"{counted(covered, 'entry', 'entries')} in the tree of {states.head.checkpoint.size}")
    with book.step(9):
        _first_of(walked, 9)
        book.says(counted(walked.signatures, "signature"))
    with book.step(10):
        _first_of(walked, 10)
        book.says("each order whole from its first entry on")
    with book.step(11):
        _first_of(walked, 11)
        _check_keys(walked, states, trust, book)
        found.head_seen = times.head_seen() if states.all else None
    noted = walked.noted
    with book.step(12):
        say_times(noted.entries, noted.open_ends, noted.late, times, book)
        say_absent(len(noted.absent), book)
        book.remarks += noted.remarks
    book.skip(13, "sealed values stay closed")
    book.skip(14, "documents are not looked at")
    with book.step(15), _read(whole), closing(EntryReader(whole.place)) as shelf:
        trusts = (trust, *trust.others) if trust else (Trust(policy, whole.policy or b"", None),)
        _check_others(whole, walked, shelf, trusts, times, now, mldsa, book)
    with book.step(16):
        claims.remark_rest((), claims.UNKNOWN, noted.unknown, book)
        claims.remark_rest((), claims.NOT_HELD, noted.not_held, book)
        book.says("the law is asked order by order")
    with book.step(17):
        changes = {n: o.payload.public for n, o in walked.told.items() if o.payload.kind == "witness-changed"}
        claims.check_policy(changes, trust, whole.policy, book)
        _say_what_is_not_proven(whole, walked, size - covered, states, book)


def _check_states(
    whole: LogFiles,
    policy: Policy,
    trust: Trust | None,
    held: Checkpoint | None,
    now: datetime,
    mldsa: MlDsa | None,
    stamps: ReadStamp | None,
    book: VerificationLog,
    found: _Found,
) -> tuple[Heads, dict[str, datetime]]:
    """Steps 4 to 7: the states that the log has signed, and by when they existed as far as time stamps say.

    Where nothing was published the newest kept note stands for the checkpoint, and without any the empty log does.
    """
    parts = Arranged(checkpoint=whole.checkpoint or _newest(whole.heads.values()), heads=dict(whole.heads))
    parts.tokens = dict(whole.tokens)
    states = Heads(whole.log_at, Head(Checkpoint(whole.origin, 0, EMPTY_ROOT), b"", ()), {}, {})
    with book.step(4):
        if not any(key.name == whole.origin for key in policy.logs):
            raise RecordError(
                "CP-ORIGIN", f"the policy knows no log {whole.origin}", where=f"{whole.log_at}/checkpoint"
            )
        if whole.checkpoint is None:
            says = "it is missing: nothing that the log has signed and published says which entries it has"
            book.doubt("CP-SIG", says, f"{whole.log_at}/checkpoint")
        if parts.checkpoint:
            here, kept = whole.log_at, whole.heads_at
            states = found.states = heads.open_heads(
                parts, whole.origin, policy, book, mldsa, own=trust is None, here=here, kept=kept
            )
            heads.check_sizes(states, trust)
    if not parts.checkpoint:
        book.skip(5, "there is no checkpoint")
    else:
        with book.step(5):
            states = found.states = heads.check_quorum(states, policy, now, book)
    with book.step(6):
        heads.check_history(states, None, held, book)
        heads.check_anchored(states, held, trust, book, pins=False)
    with book.step(7):
        return states, check_tokens(parts, Times(states, policy), trust, stamps, now, book)


def _newest(notes: Iterable[bytes]) -> bytes:
    """Of kept notes the one of the largest size, by what they say; empty if there is none."""
    sized = []
    for note in notes:
        try:
            sized.append((parse_checkpoint(note.decode("utf-8", "replace").partition("\n\n")[0] + "\n").size, note))
        except RecordError:
            sized.append((0, note))  # opening it says what is wrong with it
    return max(sized, default=(0, b""))[1]


# -- steps 8 to 11 -----------------------------------------------------------------------------------------------------


def _first(shelf: EntryReader, origin: str) -> bytes:
    """The first entry of the register; of a log that has none, the first of all."""
    found = shelf.first(registry_of(origin)) or shelf.at(0)
    return found if isinstance(found, bytes) else b""


def _registrar(trust: Trust | None, first: bytes, book: VerificationLog) -> Registrar | None:
    """As of a bundle; None where there is no entry to be signed by anybody."""
    if trust is not None and trust.registrar is not None:
        return trust.registrar
    if not first:
        return None
    return entries.choose_registrar(None, open_(first).payload.signer, book)


def _step_of(code: str) -> int:
    """The step whose question an entry's code answers."""
    for number, codes in ((9, ("SIG-", "JSON-", "SD-", "FACT")), (10, ("CTX-",)), (11, ("KEY-",))):
        if code.startswith(codes):
            return number
    return 8


def _first_of(walked: Audit, number: int) -> None:
    """Raise the first problem that belongs to a step."""
    for problem in walked.problems:
        if _step_of(problem.code) == number:
            raise RecordError(problem.code, problem.says, where=problem.where)


def _compare(walked: Audit, shelf: EntryReader, states: Heads, held: Checkpoint | None) -> Iterator[Problem]:
    """Each signed state, and the checkpoint from elsewhere, against the tree of the entries.

    LOG-ROLLBACK if one promises more than there are; LOG-CORRUPT, or ANCHOR-MISMATCH for the one from elsewhere, if it
    was signed for other entries.
    """
    shown = {(head.checkpoint.size, head.checkpoint.root): states.where(digest) for digest, head in states.all.items()}
    told = [(*state, where, "LOG-CORRUPT") for state, where in shown.items()]
    told += [(held.size, held.root, heads.ANCHOR, "ANCHOR-MISMATCH")] if held is not None else []
    for size, promised, where, code in told:
        if size > walked.size:
            yield Problem("LOG-ROLLBACK", where, f"it covers {size} entries, and there are {walked.size}")
        elif walked.frontier.size == walked.size and _root(walked, shelf, size) != promised:
            yield Problem(code, where, f"the first {size} entries are not those it was signed for")


def _root(walked: Audit, shelf: EntryReader, size: int) -> bytes:
    if size == walked.size:
        return walked.frontier.root()
    return root(size, shelf.hashes) if size else EMPTY_ROOT


def _check_keys(walked: Audit, states: Heads, trust: Trust | None, book: VerificationLog) -> None:
    """What remains of step 11 when each entry's key was checked: the log's own keys, and those reported later."""
    entries.check_log_keys(walked.told.values(), states)
    entries.check_rotations(walked.told.values(), states, trust, book)
    keyring = walked.keyring
    if keyring is None:
        return
    for public, doubtful in walked.noted.suspect.items():
        key = keyring.keys[public]
        entries.doubt_key(key.actor, key.suspected_since or "", doubtful, f"#{doubtful[0]}", book)
    book.says(f"{counted(len(keyring.keys), 'key')} of {counted(len(keyring.offices), 'office')}")


# -- steps 15 and 17 ---------------------------------------------------------------------------------------------------


class _Named(Mapping[int, Opened]):
    """The entries that name other records, opened when they are asked for."""

    def __init__(self, shelf: EntryReader, indexes: Sequence[int]) -> None:
        self._shelf, self._indexes = shelf, indexes

    def __getitem__(self, index: int) -> Opened:
        return open_(self._shelf.at(index) or b"", verify=False)

    def __iter__(self) -> Iterator[int]:
        return iter(self._indexes)

    def __len__(self) -> int:
        return len(self._indexes)


class _Files(Mapping[str, bytes]):
    """The files of other records, read when they are asked for."""

    def __init__(self, whole: LogFiles) -> None:
        self._whole = whole

    def __getitem__(self, name: str) -> bytes:
        data = self._whole.foreign(name)
        if data is None:
            raise KeyError(name)
        return data

    def __iter__(self) -> Iterator[str]:
        return iter(self._whole.foreign_names())

    def __len__(self) -> int:
        return len(self._whole.foreign_names())


def _check_others(
    whole: LogFiles,
    walked: Audit,
    shelf: EntryReader,
    trusts: Sequence[Trust],
    times: Times,
    now: datetime,
    mldsa: MlDsa | None,
    book: VerificationLog,
) -> None:
    """What entries say of other records, with the files of other records that came along."""
    if walked.keyring is None:
        return
    foreign, naming = _Files(whole), walked.noted.naming
    logs = OtherLogs(trusts, whole.registers() if naming else {}, now, mldsa)

    def entry(leaf: str) -> Opened | None:
        found = shelf.by_leaf(bytes.fromhex(leaf))
        return None if found is None else open_(found[1], verify=False)

    counterparties.check_successor(walked.told, foreign, logs, book)
    here = counterparties.Here(walked.keyring, entry, times.before)
    for one in counterparties.check_arrived(_Named(shelf, naming), foreign, here, logs, book):
        if one.inner is not None and known(one.inner.payload) is None:
            walked.noted.unknown.append(one.inner.leaf)


def _say_what_is_not_proven(whole: LogFiles, walked: Audit, loose: int, states: Heads, book: VerificationLog) -> None:
    if loose:
        first, last = walked.size - loose, walked.size - 1
        which = f"entry {first}" if loose == 1 else f"entries {first} to {last}"
        them = "it" if loose == 1 else "them"
        book.gravest.insert(0, f"That {which} will stay: no checkpoint that the log has signed covers {them}.")
    if whole.test:
        book.gravest.insert(0, claims.TEST)
    if walked.noted.sealed:
        book.not_proven.append(
            f"{claims.CLOSED} {counted(walked.noted.sealed, 'sealed value')}: the commitments are proven, "
            "the values are not."
        )
    if (more := walked.noted.findings - len(walked.noted.remarks)) > 0:
        book.not_proven.append(f"What {more} more findings on entries say: the first {MOST} are listed.")
    book.not_proven.append(claims.NOT_TRUE)


def _shortened(sentences: Iterable[str]) -> Iterator[str]:
    """The same sentences, each once, and of very many the first."""
    told = list(dict.fromkeys(sentences))
    yield from told[:MOST]
    if len(told) > MOST:
        yield f"And {len(told) - MOST} more of this kind."


@contextmanager
def _read(whole: LogFiles) -> Iterator[None]:
    """Make of damage that is met in reading what it proves: the log is not what it was."""
    try:
        yield
    except LedgerError as fault:
        if fault.code != "LOG-CORRUPT":
            raise
        raise RecordError(fault.code, fault.says, where=whole.entries_at) from fault
