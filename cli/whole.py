"""A whole ledger read again, believing nothing: its entries, its tree, and the heads it has published."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cli import ui
from ledger.counterparty import KIND
from ledger.envelope import open_
from ledger.note import Head, open_checkpoint
from ledger.order import wire
from ledger.refusal import Refused
from ledger.tile import tile_bytes, tile_path, tiles_for
from ledger.tlog import EMPTY_ROOT, root
from ledger.verify import Reason, Report, Trust, Verdict, parse_anchor
from ledger.world import mldsa, stamping
from ledger.world.audit import Audit, Problem, audit
from ledger.world.fault import LedgerFault
from ledger.world.folder import SHELF, STORE, Folder, read_folder
from ledger.world.heads import Heads
from ledger.world.home import Home
from ledger.world.restoring import check_witnesses
from ledger.world.shelf import Shelf
from ledger.world.signer import signatory

OWN_TRUST = (
    "NO_TRUST_ANCHOR: whose log and whose registrar this is; both were read from the ledger's own trust folder. "
    "--trust names what you hold from elsewhere."
)
NO_WITNESS = "NO-WITNESS: when the entries were made, and that no other version of this log was shown to others."
NOT_TRUE = "That what the entries say is true: a log proves what was said, by whose key, and in which order."


def verify_ledger(path: Path, trust: Trust | None, anchor: bytes | None) -> Report:
    """Check a ledger folder by the trust held, else by its own; what is found wrong is in the report, not raised."""
    return _verified(path, trust, anchor, with_house=False)


def examine_ledger(path: Path) -> Report:
    """Check a ledger as its office does: also every kept head, the guard, and the published files."""
    return _verified(path, None, None, with_house=True)


def _verified(path: Path, trust: Trust | None, anchor: bytes | None, *, with_house: bool) -> Report:
    folder = read_folder(path)
    registrar = folder.registrar if trust is None or trust.registrar is None else trust.registrar
    try:
        with ui.progress("verifying") as progress:
            found = audit(folder.entries, folder.origin, registrar, progress=progress)
    except LedgerFault as fault:
        if fault.code != "LOG-CORRUPT":
            raise
        found = Audit(0, problems=[Problem(fault.code, STORE if folder.store else SHELF, fault.says)])
    problems = [Reason(p.code, p.where, p.says) for p in found.problems]
    tree = _Tree(folder, found)
    head: Head | None = None
    try:
        head = tree.published(trust)
        problems += tree.compared(head, "log/checkpoint")
        problems += tree.anchored(anchor) if anchor is not None else ()
        if with_house:
            problems += [*tree.kept(), *tree.stamped(), *tree.guarded(), *tree.tiled(head)]
            problems += [*tree.received(), *tree.remembered()]
    except (Refused, LedgerFault) as wrong:
        if wrong.code == "LEDGER-VERSION":
            raise
        problems.append(Reason(wrong.code, "log/checkpoint", wrong.says))
    finally:
        tree.close()
    policy = folder.policy if trust is None else trust.policy
    unproven = [*([] if policy.witnesses else [NO_WITNESS]), *([OWN_TRUST] if trust is None else []), NOT_TRUE]
    return Report(
        verdict=Verdict.FAILED if problems else Verdict.PASSED,
        reasons=tuple(problems),
        steps=(),
        entries=found.size,
        signatures=found.signatures,
        not_proven=tuple(unproven),
        brackets=(),
        procedure=(),
        head=head,
    )


@dataclass(slots=True)
class _Tree:
    """The tree as the audit derived it from the entries, and what was published about it."""

    folder: Folder
    found: Audit
    store: Shelf | None = None

    def published(self, trust: Trust | None) -> Head | None:
        """The published checkpoint, opened with the key the verifier trusts; None before the first."""
        try:
            note = (self.folder.log / "checkpoint").read_bytes()
        except FileNotFoundError:
            return None
        policy = self.folder.policy if trust is None else trust.policy
        keys = tuple(key for key in policy.logs if key.name == self.folder.origin)
        if not keys:
            raise Refused("CP-ORIGIN", f"the trusted policy does not name the log {self.folder.origin}")
        return open_checkpoint(note, self.folder.origin, keys, tuple(policy.witnesses.values()), mldsa=mldsa.verify)

    def compared(self, head: Head | None, where: str) -> Iterator[Reason]:
        """A head against the entries: LOG-ROLLBACK if it promises more than there are, LOG-CORRUPT if other ones."""
        if head is None:
            return
        size, promised = head.checkpoint.size, head.checkpoint.root
        if size > self.found.size:
            yield Reason("LOG-ROLLBACK", where, f"it covers {size} entries, and there are {self.found.size}")
        elif self._root(size) != promised:
            yield Reason("LOG-CORRUPT", where, f"the first {size} entries are not those it was signed for")

    def anchored(self, anchor: bytes) -> Iterator[Reason]:
        """The ledger against a checkpoint that was held independently: it must begin with what that one covers."""
        held = parse_anchor(anchor)
        if held.origin != self.folder.origin:
            yield Reason("CP-ORIGIN", "anchor", f"it is of {held.origin}, the ledger is {self.folder.origin}")
        elif held.size > self.found.size:
            yield Reason("LOG-ROLLBACK", "anchor", f"it covers {held.size} entries, and there are {self.found.size}")
        elif self._root(held.size) != held.root:
            yield Reason("SPLIT-VIEW", "anchor", f"the first {held.size} entries are not those it covers")

    def kept(self) -> Iterator[Reason]:
        """Every kept head against the entries."""
        if not self.folder.heads.exists():
            yield Reason("LOG-CORRUPT", "heads.db", "it is missing; notes that were cosigned cannot be made again")
            return
        heads = Heads(self.folder.heads, writable=False)
        try:
            witnesses = tuple(self.folder.policy.witnesses.values())
            for kept in heads.all():
                where = f"heads.db, {wire(kept.at)}"
                try:
                    head = open_checkpoint(
                        kept.note, self.folder.origin, self.folder.keys, witnesses, mldsa=mldsa.verify
                    )
                    yield from self.compared(head, where)
                except Refused as wrong:
                    yield Reason(wrong.code, where, wrong.says)
        finally:
            heads.close()

    def stamped(self) -> Iterator[Reason]:
        """Every kept time stamp, judged again at the moment it gives, where authorities are trusted."""
        trusted, read = stamping.trusted(self.folder.path / "trust" / "tsa"), stamping.reader()
        if not trusted or read is None or not self.folder.heads.exists():
            return
        with closing(Heads(self.folder.heads, writable=False)) as heads:
            for token in heads.tokens():
                kept = heads.get(token.head)
                try:
                    read(token.reply, kept.note if kept else b"", trusted)
                except Refused as wrong:
                    yield Reason(wrong.code, f"heads.db, {token.authority} {wire(token.at)}", wrong.says)

    def guarded(self) -> Iterator[Reason]:
        """What the guard has signed against the entries; a missing guard is no proof of anything."""
        state = Home.of(self.folder.path).log(self.folder.origin)
        with closing(signatory(self.folder.keys, state)) as hand:
            try:
                last = hand.last()
            except LedgerFault as fault:
                if fault.code not in ("GUARD-MISSING", "KEY-AWAY"):
                    raise
                ui.tell(f"{fault.says}: nothing can be signed here, and nothing says what was signed before")
                return
        yield from self.compared(open_checkpoint(last.note, self.folder.origin, self.folder.keys, ()), "guard")

    def tiled(self, head: Head | None) -> Iterator[Reason]:
        """Every published tile against the entries; a missing one is only said: publishing writes it again."""
        size = head.checkpoint.size if head else 0
        missing = 0
        for tile in tiles_for(0, min(size, self.found.size)):
            path = self.folder.log / tile_path(tile)
            try:
                there = path.read_bytes()
            except FileNotFoundError:
                missing += 1
                continue
            if there != tile_bytes(tile, self._shelf().hashes):
                yield Reason("LOG-CORRUPT", f"log/{tile_path(tile)}", "it is not what the entries give")
        if missing:
            ui.tell(f"{missing} published tiles are missing; `comity checkpoint` writes them again")

    def received(self) -> Iterator[Reason]:
        """The kept bytes of other records' entries against what wraps them; one that is lost is only told of."""
        lost = 0
        for index, raw in self._shelf().of_kind(KIND):
            name = str(open_(raw, verify=False).payload.public.get("envelope"))
            path = self.folder.foreign / name
            if not path.is_file():
                lost += 1
            elif sha256(path.read_bytes()).hexdigest() != name:
                yield Reason("ENT-MISMATCH", f"foreign/{name}", f"it is not the entry that entry {index} wraps")
        if lost:
            ui.tell(
                f"the bytes of {lost} wrapped entries are not in foreign/: they count for nothing until received again"
            )

    def remembered(self) -> Iterator[Reason]:
        """The entries against what the witnesses remember; one that is silent is only told of."""
        if not self.folder.policy.urls:
            return
        try:
            check_witnesses(self.folder, self.found.size, self._shelf().hashes)
        except LedgerFault as fault:
            if fault.code in ("LOG-ROLLBACK", "LOG-FORKED"):
                yield Reason(fault.code, "witnesses", fault.says)
            else:
                ui.tell(fault.says)

    def close(self) -> None:
        if self.store is not None:
            self.store.close()

    def _root(self, size: int) -> bytes:
        if size == 0:
            return EMPTY_ROOT
        if size == self.found.size:
            return self.found.frontier.root()
        return root(size, self._shelf().hashes)

    def _shelf(self) -> Shelf:
        if self.store is None:
            self.store = Shelf(self.folder.entries)
        return self.store
