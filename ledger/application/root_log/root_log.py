"""Keep a root log on the side of its operator: list ledgers, take their checkpoints, publish.

The folder holds trust/policy and trust/registrar (what is handed to its readers), root.db, heads.db, log/ with the
tiles, and published/: the files to publish, with the leaves (c2sp.org/tlog-tiles). Log key and guard are in the state
folder of the user, as those of a ledger are.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from msgspec import Struct
from msgspec.structs import replace

from ledger.adapters.folders.user_folders import Home, lock_file, private_folder, replace_file
from ledger.adapters.guard.guard_place import GUARD_DB
from ledger.adapters.guard.sign_once_guard import Guard
from ledger.adapters.keys import key_files, mldsa
from ledger.adapters.log.checkpoints import CheckpointStore
from ledger.adapters.log.ledger_as_published import reading
from ledger.adapters.log.log import Log, first_note
from ledger.adapters.storage.entry_store import EntryStore
from ledger.adapters.storage.sqlite import sync_folder
from ledger.adapters.witness.client import ask_witnesses, with_cosignatures
from ledger.application.audits.seen_heads import compare_heads, compare_views
from ledger.application.root_log.leaf_store import LeafStore
from ledger.application.root_log.reading import Directory, read_leaves
from ledger.entries.keyring import Keyring, Registrar
from ledger.errors import LedgerError, RecordError
from ledger.tlog.names import check_origin
from ledger.tlog.note import Head, log_vkey, open_checkpoint, parse_vkey
from ledger.tlog.tree import format_proof, prove_inclusion
from ledger.trust.ledger_directory import DirectoryEntry, open_entry, registrar_key, sign_entry
from ledger.trust.trust_folder import Trust, format_registrar, parse_trust
from ledger.verify.report import Reason

ROOT_DB, HEADS_DB, LOG, PUBLISHED = "root.db", "heads.db", "log", "published"


class TakenCheckpoint(Struct, frozen=True):
    """What became of one listed ledger: the size that was `taken`, the size taken `before`; None for none.

    `code` and `says` are why nothing was taken, or that a witness has seen more than what was; `proved` says that the
    ledger contradicts itself.
    """

    log: str
    taken: int | None
    before: int | None
    code: str = ""
    says: str = ""
    proved: bool = False


def create_root_log(path: Path, origin: str, registrar: Registrar, home: Home, now: datetime) -> None:
    """Make a root log in `path`, with its log key and guard in `home`.

    `LedgerError`: LEDGER-EXISTS, GUARD-EXISTS. `RecordError`: CP-ORIGIN, KEY-POINT.
    """
    check_origin(origin)
    Keyring("", registrar)  # refuses a registrar's key for which anybody can make signatures
    if (path / "trust" / "policy").exists():
        raise LedgerError("LEDGER-EXISTS", f"there is a log in {path} already", "choose another folder")
    state = private_folder(home.log(origin))
    if key_files.exists(state / "log.key"):
        says = f"a log called {origin} has a key in {state}"
        raise LedgerError("GUARD-EXISTS", says, "choose another origin")
    key = key_files.new(state / "log.key", entropy=secrets.token_bytes)
    vkey = parse_vkey(log_vkey(origin, key.public))
    Guard.create(state / GUARD_DB, first_note(vkey, key.seed, now)).close()
    for name in ("trust", LOG):
        private_folder(path / name)
    LeafStore.create(path / ROOT_DB).close()
    CheckpointStore.create(path / HEADS_DB).close()
    replace_file(path / "trust" / "registrar", format_registrar(registrar))
    replace_file(path / "trust" / "policy", f"log {vkey.text}\nquorum none\n".encode())
    sync_folder(path / "trust")


class RootLog:
    """An open root log; `opened` makes sure that one process writes at a time."""

    def __init__(self, path: Path, trust: Trust, log: Log, leaves: LeafStore, now: datetime) -> None:
        self.path, self.trust, self._log, self._leaves, self._now = path, trust, log, leaves, now

    @property
    def origin(self) -> str:
        """The origin of the root log."""
        return self._log.origin

    def directory(self) -> Directory:
        """Return the directory and the checkpoints that were taken, with every leaf verified again."""
        leaves = (leaf for page in self._leaves.pages() for _, leaf in page)
        return read_leaves(leaves, self.trust)

    def add(self, entry: DirectoryEntry, sign: Callable[[bytes], bytes]) -> int:
        """Add an entry, signed by the registrar for the next leaf, or nothing if the same one is in force.

        Return its index. `RecordError` DIR-FORMAT if another ledger that goes on has its address, or if a ledger would
        come after itself by the successors that are listed.
        """
        directory = self.directory()
        before = next((one for one in reversed(directory.entries) if one[1].log == entry.log), None)
        entry = replace(entry, directory=self.origin, leaf=self._leaves.size())
        if before is not None and replace(before[1], leaf=entry.leaf) == entry:
            return before[0]
        self._check_others(entry, directory)
        if self.trust.registrar is None:
            raise AssertionError("a directory has a registrar")
        key = registrar_key(self.trust.registrar)
        note = sign_entry(entry, key, sign)
        open_entry(note, key, self.origin, entry.leaf)  # what no reader could read would stay in the log for ever
        return self._append([note])

    def _check_others(self, entry: DirectoryEntry, directory: Directory) -> None:
        others = {each.log: each for each in directory.current() if each.log != entry.log}
        day = self._day
        for each in others.values():
            if entry.address and each.address == entry.address and not entry.ended(day) and not each.ended(day):
                raise RecordError("DIR-FORMAT", f"{each.log} is listed at {entry.address}, and one log is at a place")
        following = entry.successor
        for _ in others:
            following = others[following].successor if following in others else ""
            if following == entry.log:
                raise RecordError("DIR-FORMAT", f"the successors of {entry.log} lead back to it")

    @property
    def _day(self) -> str:
        return f"{self._now.astimezone(UTC):%Y-%m-%d}"

    def take(self, *, ask: bool = True) -> list[TakenCheckpoint]:
        """Take the newest checkpoint of each ledger that is listed with an address, where it is new.

        Each is compared with the one taken before, by a proof from the ledger's own tiles, and with what the witnesses
        of its policy remember. Evidence of a contradiction is kept in the folder `evidence`.
        """
        directory = self.directory()
        results, notes = [], []
        for entry in directory.current():
            if not entry.address or entry.ended(self._day):
                continue
            before = directory.newest(entry.log)
            result, note = self._taken(entry, before, ask=ask)
            results.append(result)
            notes += [note] if note else []
        if notes:
            self._append(notes)
        return results

    def prove(self, log: str) -> tuple[bytes, bytes]:
        """Return the newest checkpoint of a ledger that was taken, and the proof that it is in the root log.

        The proof is a c2sp.org/tlog-proof. `LedgerError` NO-HEAD if none was taken.
        """
        newest = self.directory().newest(log)
        if newest is None:
            raise LedgerError("NO-HEAD", f"no checkpoint of {log} was taken", "comity directory take")
        index, head = newest
        published = self._log.publish()
        path = prove_inclusion(index, published.size, self._leaves.hashes)
        return head.note, format_proof(index, path, published.note)

    def publish(self) -> int:
        """Sign the tree, ask the witnesses of the policy, and write the published files; return the size."""
        size = self._leaves.size()
        if size:
            self._log.acknowledge(size - 1)
        head = self._log.publish()
        policy = self.trust.policy
        if policy.urls and size:
            keys = policy.logs
            witnesses = tuple(policy.witnesses.values())
            opened = open_checkpoint(head.note, self.origin, keys, witnesses, mldsa=mldsa.verify)
            now = int(self._now.timestamp())
            answers = ask_witnesses(policy, keys, opened, self._log.consistency, now=now)
            if any(answer.conflict for answer in answers):
                raise LedgerError("LOG-EQUIVOCATION", "a witness says that this head does not follow the last one")
            lines = {key: line for answer in answers for key, line in answer.lines.items()}
            if lines:
                self._log.publish(with_cosignatures(policy, head.note, lines, keys))
        self._log.publish_entries(self.path / PUBLISHED)
        return size

    def _append(self, leaves: list[bytes]) -> int:
        index = self._leaves.append(leaves)
        self.publish()
        return index

    def _taken(
        self, entry: DirectoryEntry, before: tuple[int, Head] | None, *, ask: bool
    ) -> tuple[TakenCheckpoint, bytes]:
        old = before[1].checkpoint.size if before else None
        state, trust = self.path / "seen", entry.trust()
        try:
            with reading(entry.address) as fetch:
                seen = compare_heads(entry.address, fetch, trust, entry.log, state, self._now, ask=ask)
                if seen.head is None:
                    nothing = Reason("LOG-UNREACHABLE", "", "it shows no head")
                    first = [*seen.wrong, *seen.unreachable, nothing][0]
                    return TakenCheckpoint(entry.log, None, old, first.code, first.says, bool(seen.wrong)), b""
                if seen.wrong:
                    return TakenCheckpoint(entry.log, None, old, seen.wrong[0].code, seen.wrong[0].says, True), b""
                if before is not None:
                    evidence = self.path / "evidence"
                    unproven = compare_views(seen.head, before[1], fetch, trust, entry.log, evidence)
                    if unproven:
                        says = f"{old} entries were taken before: {unproven}"
                        return TakenCheckpoint(entry.log, None, old, "LOG-ROLLBACK", says, True), b""
        except OSError as error:
            says = f"{entry.address}: {(error.strerror or str(error)).lower()}"
            return TakenCheckpoint(entry.log, None, old, "DISK-ERROR", says), b""
        except (RecordError, LedgerError) as fault:
            proved = fault.code in ("SPLIT-VIEW", "CP-CONSISTENCY", "LOG-CORRUPT")
            return TakenCheckpoint(entry.log, None, old, fault.code, fault.says, proved), b""
        size = seen.head.checkpoint.size
        doubt = next(
            iter(seen.doubts), Reason("", "", "")
        )  # a witness has seen more: it follows, and is not the newest
        if before is not None and size == old:
            return TakenCheckpoint(entry.log, None, old, doubt.code, doubt.says), b""
        return TakenCheckpoint(entry.log, size, old, doubt.code, doubt.says), seen.head.note


@contextmanager
def opened(path: Path, home: Home, now: datetime) -> Iterator[RootLog]:
    """Open a root log for writing, and finish what a crash left. `LedgerError` NO-LEDGER, BUSY, LOG-*, GUARD-*."""
    trust = own_trust(path)
    keys = trust.policy.logs
    with ExitStack() as until:
        until.enter_context(lock_file(path / "lock", f"another process writes to {path}"))
        leaves = until.enter_context(closing(LeafStore(path / ROOT_DB)))
        heads = until.enter_context(closing(CheckpointStore(path / HEADS_DB)))
        witnesses = tuple(trust.policy.witnesses.values())
        state = home.log(keys[0].name)
        store = cast(EntryStore, leaves)  # it has all that a log asks of its entries
        log = Log(keys, store, heads, path / LOG, state, witnesses=witnesses, now=lambda: now)
        until.enter_context(closing(log))
        yield RootLog(path, trust, log, leaves, now)


def published(where: str) -> str:
    """Return where the published files of a directory are: in a folder below `where` if that is the folder of one."""
    if where.startswith(("http://", "https://")) or not (Path(where) / PUBLISHED / "checkpoint").is_file():
        return where
    return str(Path(where) / PUBLISHED)


def own_trust(path: Path) -> Trust:
    """Return the trust folder of a root log; `LedgerError` NO-LEDGER, TRUST."""
    files = {}
    for name in ("policy", "registrar"):
        try:
            files[name] = (path / "trust" / name).read_bytes()
        except FileNotFoundError:
            hint = "comity directory new DIR makes one"
            raise LedgerError("NO-LEDGER", f"{path} is no directory of ledgers", hint) from None
    try:
        trust = parse_trust(files)
    except RecordError as wrong:
        raise LedgerError("TRUST", f"{path / 'trust'}: {wrong.says}", "put the trust files back") from wrong
    if not (path / ROOT_DB).exists():
        raise LedgerError("NO-LEDGER", f"{path} is no directory of ledgers: it has no {ROOT_DB}")
    return trust
