"""Publish the head of a log, and find or obtain a head that a quorum of its witnesses has cosigned."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ledger.adapters.keys import mldsa
from ledger.application.journal import Journal
from ledger.errors import LedgerError
from ledger.tlog.note import Head, open_checkpoint

if TYPE_CHECKING:
    from ledger.adapters.witness.client import WitnessResult
    from ledger.adapters.witness.cosigning import Cosigned

_TRIES = 20  # requests to the witnesses, if the log grows between them
_MOVED = frozenset(("WITNESS-AHEAD", "WITNESS-BUSY"))  # another process had a later head cosigned meanwhile


class WaitingForWitness(LedgerError):
    """A witness that cannot be called from here has to cosign first; the same command can then be repeated."""


def published_head(journal: Journal) -> Head:
    """Publish, and return the newest head; in a copy without guard, which cannot sign, the last published head."""
    try:
        journal.publish()
    except LedgerError as fault:
        head = journal.log.files.head(journal.log.witnesses)
        if fault.code != "GUARD-MISSING" or head is None:
            raise
        return head
    newest = journal.heads.newest()
    if newest is None:
        raise AssertionError("publishing keeps a head")
    return open_head(journal, newest.note)


def open_head(journal: Journal, note: bytes) -> Head:
    """Open a note of this log: its head with the cosignatures of the witnesses of the policy."""
    return open_checkpoint(note, journal.origin, journal.folder.keys, journal.log.witnesses, mldsa=mldsa.verify)


def meets_quorum(journal: Journal, head: Head) -> bool:
    """Return True if the cosignatures of a head meet the quorum of the ledger's policy."""
    policy = journal.folder.policy
    return policy.met(policy.names(key for key, _ in head.cosignatures))


@dataclass(frozen=True, slots=True)
class Witnesses:
    """How a command speaks with the witnesses of a ledger's policy, and with its user.

    `heard` may raise `LedgerError` CLOCK-AHEAD if the answers give another time than the clock of this machine;
    `otherwise` is the hint for a user who can get no quorum. Entries are sent to the mirrors that count for the quorum,
    or to `every_mirror`.
    """

    journal: Journal
    say: Callable[[str], None] = lambda _: None
    heard: Callable[[Sequence[WitnessResult]], None] = lambda _: None
    otherwise: str = ""
    every_mirror: bool = False

    def cosign(self) -> Cosigned:
        """Publish the newest head and ask the witnesses and mirrors of the policy that have an address to cosign it.

        `LedgerError` CLOCK-AHEAD.
        """
        from ledger.adapters.mirror.client import push_head
        from ledger.adapters.witness.cosigning import Cosigned, cosign_head

        folder = self.journal.folder
        voters, evidence = folder.policy.voters(), folder.path / "evidence"
        done = cosign_head(self.journal.log, folder.policy, evidence, say=self.say, heard=self.heard)
        mirrors = {k: v for k, v in folder.mirrors.items() if self.every_mirror or folder.policy.names([k]) & voters}
        if not mirrors:
            return done
        pushed = push_head(self.journal.log, folder.policy, mirrors, evidence, say=self.say, heard=self.heard)
        return Cosigned(pushed.kept, (*done.asked, *pushed.asked), pushed.met)

    def witnessed_head(self, above: int, *, unwitnessed: bool = False, frozen: bool = False) -> Head:
        """Return a head of more than `above` entries that a quorum has cosigned; call the witnesses if there is none.

        With `unwitnessed` no witness is called; a `frozen` ledger can sign no new head. `LedgerError` UNWITNESSED.
        """
        journal, policy = self.journal, self.journal.folder.policy
        head = published_head(journal)
        if meets_quorum(journal, head):
            return head
        if unwitnessed:
            self.say("UNWITNESSED: no quorum of the policy's witnesses has seen the head of this bundle")
            return head
        done = None if frozen else self._cosign_until(lambda _: _newest_witnessed(journal, above) is not None)
        if (newest := _newest_witnessed(journal, above)) is not None:
            return newest
        never = self._without_address()
        if done and policy.met({*_cosigners(journal, done), *never}):
            says = f"the head of {done.kept.size} entries waits for its witnesses"
            hint = f"have {', '.join(sorted(never))} cosign, `comity witness take`, repeat this; {self.otherwise}"
            raise WaitingForWitness("UNWITNESSED", says, hint)
        says = "no quorum of witnesses has seen the head that this bundle needs"
        raise LedgerError("UNWITNESSED", says, f"ask them with `comity checkpoint`; {self.otherwise}")

    def check_reachable(self) -> None:
        """Ask the witnesses now, whatever they cosigned before; `LedgerError` UNWITNESSED if no quorum answers."""
        policy, never = self.journal.folder.policy, self._without_address()

        def enough(done: Cosigned) -> bool:
            return policy.met({*never, *policy.names(key for answer in done.asked for key in answer.lines)})

        done = self._cosign_until(enough)
        if not enough(done):
            silent = ", ".join(name for answer in done.asked if not answer.lines for name in answer.names)
            says = f"no quorum of witnesses cosigns now (without {silent}); nothing was recorded"
            raise LedgerError("UNWITNESSED", says, f"repeat this when they answer; {self.otherwise}")

    def _without_address(self) -> Collection[str]:
        policy, mirrors = self.journal.folder.policy, self.journal.folder.mirrors
        return policy.names(key for key in policy.witnesses.values() if key not in policy.urls and key not in mirrors)

    def _cosign_until(self, enough: Callable[[Cosigned], bool]) -> Cosigned:
        """Have the newest head cosigned; ask again where another process made the log grow meanwhile."""
        for left in reversed(range(_TRIES)):
            done = self.cosign()
            moved = any(answer.fault is not None and answer.fault.code in _MOVED for answer in done.asked)
            if enough(done) or not left or not (moved or self.journal.log.signed().size > done.kept.size):
                return done
        raise AssertionError("unreachable")


def _newest_witnessed(journal: Journal, above: int) -> Head | None:
    """Return the largest kept head of more than `above` entries that a quorum of the policy has cosigned."""
    candidates = [head for head in journal.heads.all() if head.size > above and head.cosigned is not None]
    heads = (open_head(journal, head.note) for head in sorted(candidates, key=lambda head: head.size, reverse=True))
    return next((head for head in heads if meets_quorum(journal, head)), None)


def _cosigners(journal: Journal, done: Cosigned) -> set[str]:
    return journal.folder.policy.names(key for key, _ in open_head(journal, done.kept.note).cosignatures)
