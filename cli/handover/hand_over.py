"""Handing a bundle over: one sequence for the command, the desk, and whatever else hands one out.

    1  gather               which sealed values does this reader get?
    2  ask the witnesses    can a quorum of them cosign now? Where it cannot, nothing is recorded
    3  access entry         values are opened in order to make this bundle for this reader
    4  checkpoint           of a size that covers the access entry, cosigned by a quorum
    5  bundle               under exactly that head

If a step after the third fails, a second entry says that nothing was handed out. If even that cannot be recorded, if
the process is killed, or if a witness that is never called has to come first, the access entry stays open, and the same
command, repeated, takes it up instead of adding another (ledger/adapters/folders/pending_exports.py).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING

from cli.access.persons import person_of
from cli.access.recorded_access import Opening, opening, purpose_for
from cli.exit_codes import Exit, Stop, lines_of
from cli.handover.bundle_contents import Asked, gather, opened_head, published, witnessed
from cli.session.clock_check import check_heard
from cli.terminal import output
from ledger.adapters.folders.pending_exports import Pending, begin
from ledger.application.subject_keys_binding import HINT, where
from ledger.bundle import Contents, pack
from ledger.errors import LedgerError
from ledger.tlog.note import Head

if TYPE_CHECKING:
    from ledger.adapters.witness.cosigning import Cosigned
    from ledger.application.journal import Journal, Receipt
    from ledger.entries.envelope import Signer

_TRIES = 5  # of asking again because the log grew meanwhile


@dataclass(frozen=True, slots=True)
class Handing:
    """A bundle that is to be handed over.

    `opener` gives who signs the access entry, and is called only where values are opened; `because` says why they are,
    `person` which natural person opens them (by default the one known for the key).
    With `unwitnessed` no witness is asked; `otherwise` says how a person goes on where no quorum can be had. With
    `whole` nothing is handed out whose values cannot be opened because their keys are elsewhere.
    """

    asked: Asked
    signer: Signer
    opener: Callable[[], Signer]
    because: str | None = None
    unwitnessed: bool = False
    otherwise: str = "--unwitnessed hands over what they cannot confirm"
    person: str | None = None
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Made:
    """A bundle that is ready: its bytes, and what is in it."""

    data: bytes
    contents: Contents
    _pending: Pending | None = None

    @property
    def recorded(self) -> bool:
        """True if sealed values are opened in it and an entry says so."""
        return self._pending is not None

    def goes_out(self) -> None:
        """Say, right before it happens, that the bundle is handed out: its access entry is taken up no more."""
        if self._pending is not None:
            self._pending.end()


class _Waits(Stop):
    """A witness that is never called from here has to cosign first: the access entry stays open."""


@contextmanager
def handing(journal: Journal, wanted: Handing) -> Iterator[Made]:
    """Make a bundle; the block hands it out, and an error in the block means that nothing was handed out.

    `Stop` with REFUSED where no purpose or person is known, or no quorum can be had, before anything is recorded if
    that can be known; else what `Journal.record` and `pack` raise.
    """
    asked = wanted.asked
    purpose = purpose_for(wanted.signer, "export", asked.purpose, asked.audience)
    wanted = replace(wanted, asked=replace(asked, purpose=purpose))
    _check_keys(journal, wanted)
    head = published(journal)
    contents = gather(journal, wanted.asked, head)
    frozen = _is_frozen(journal)
    if frozen and contents.disclosures:
        output.tell("this copy can record nothing any more, so who was given these values has to be noted elsewhere")
    if frozen or not contents.disclosures:
        yield _made(journal, wanted, _seen(journal, wanted, head.checkpoint.size - 1, frozen=frozen))
        return
    opener = wanted.opener()
    opens = opening(journal, contents, wanted.because, person_of(journal, opener, wanted.person))
    pending = begin(journal.home.log(journal.origin) / "pending", _request(opens, opener), journal.new_id)
    try:
        if not wanted.unwitnessed and not journal.has(pending.entry):
            _check_reachable(journal, wanted, pending)
        access = opens.record(journal, opener, pending.entry)
        if access.already:
            output.tell(
                f"entry {access.index} of the log says already why values are opened, and nothing came of it yet"
            )
        try:
            yield _made(journal, wanted, _seen(journal, wanted, access.index), pending)
        except _Waits:
            raise
        except BaseException as error:  # whatever it is: the record has said what the values were opened for
            _came_to_nothing(journal, opens, opener, access, pending, error)
            raise
        pending.end()
    finally:
        pending.release()


def cosigned(journal: Journal) -> Cosigned:
    """The newest head, published, after the witnesses of the policy that have an address were asked to cosign it.

    `LedgerError` CLOCK-AHEAD if what they say is another time than the clock of this machine.
    """
    from ledger.adapters.witness.cosigning import cosign_head

    policy, evidence = journal.folder.policy, journal.folder.path / "evidence"
    return cosign_head(journal.log, policy, evidence, say=output.tell, heard=partial(check_heard, journal))


def _made(journal: Journal, wanted: Handing, head: Head, pending: Pending | None = None) -> Made:
    contents = gather(journal, replace(wanted.asked, made_at=journal.now()), head)
    return Made(pack(contents, wanted.signer), contents, pending)


def _check_keys(journal: Journal, wanted: Handing) -> None:
    """Say, or refuse, that values stay closed for every reader because this `keys.db` does not have their keys."""
    order = wanted.asked.order
    here = journal.drawer is not None
    missing = journal.elsewhere(order) if here else list(journal.store.sealing_keys([order]))
    if missing:
        says = f"{where(journal.store, missing)} stay closed for every reader: their keys are not in this keys.db"
        if wanted.whole:
            raise LedgerError("KEYS-OTHER", f"{says}; nothing was handed out", HINT)
        output.tell(f"KEYS-OTHER: {says}")


# -- a head that a quorum has seen -------------------------------------------------------------------------------------


def _seen(journal: Journal, wanted: Handing, above: int, *, frozen: bool = False) -> Head:
    """The head for a bundle, of a size above `above`: seen by a quorum of witnesses, unless none is wanted."""
    head = published(journal)
    if witnessed(journal, head):
        return head
    if wanted.unwitnessed:
        output.tell("UNWITNESSED: no quorum of the policy's witnesses has seen the head of this bundle")
        return head
    done = None if frozen else _ask(journal, lambda _: _newest_witnessed(journal, above) is not None)
    if found := _newest_witnessed(journal, above):
        return found
    policy = journal.folder.policy
    never = policy.names(key for key in policy.witnesses.values() if key not in policy.urls)
    if done and policy.met({*_names(journal, done), *never}):
        hint = f"have {', '.join(sorted(never))} cosign, `comity witness take`, repeat this; {wanted.otherwise}"
        raise _Waits(f"the head of {done.kept.size} entries waits for its witnesses", hint=hint, code=Exit.REFUSED)
    says = "no quorum of witnesses has seen the head that this bundle needs"
    raise Stop(says, hint=f"ask them with `comity checkpoint`; {wanted.otherwise}", code=Exit.REFUSED)


def _check_reachable(journal: Journal, wanted: Handing, pending: Pending) -> None:
    """Refuse now, with nothing recorded, what no quorum would cosign: what they cosigned before does not count."""
    policy = journal.folder.policy
    never = policy.names(key for key in policy.witnesses.values() if key not in policy.urls)

    def enough(done: Cosigned) -> bool:
        return policy.met({*never, *policy.names(key for answer in done.asked for key in answer.lines)})

    try:
        done = _ask(journal, enough)
        if not enough(done):
            silent = ", ".join(name for answer in done.asked if not answer.lines for name in answer.names)
            says = f"no quorum of witnesses cosigns now (without {silent}); nothing was recorded"
            raise Stop(says, hint=f"repeat this when they answer; {wanted.otherwise}", code=Exit.REFUSED)
    except BaseException:
        pending.end()
        raise


def _ask(journal: Journal, enough: Callable[[Cosigned], bool]) -> Cosigned:
    """Have the newest head cosigned; again where another process made the log grow meanwhile."""
    for left in reversed(range(_TRIES)):
        done = cosigned(journal)
        if enough(done) or not left or journal.log.signed().size == done.kept.size:
            return done
    raise AssertionError("unreachable")


def _newest_witnessed(journal: Journal, above: int) -> Head | None:
    """The largest kept head of more than `above` entries that a quorum of the policy has seen."""
    kept = [head for head in journal.heads.all() if head.size > above and head.cosigned is not None]
    heads = (opened_head(journal, head.note) for head in sorted(kept, key=lambda head: head.size, reverse=True))
    return next((head for head in heads if witnessed(journal, head)), None)


def _names(journal: Journal, done: Cosigned) -> set[str]:
    return journal.folder.policy.names(key for key, _ in opened_head(journal, done.kept.note).cosignatures)


# -- the access entry --------------------------------------------------------------------------------------------------


def _is_frozen(journal: Journal) -> bool:
    """True for a copy without its guard, which can record nothing and sign no head."""
    try:
        journal.log.signed()
    except LedgerError as fault:
        if fault.code != "GUARD-MISSING":
            raise
        return True
    return False


def _request(opens: Opening, opener: Signer) -> str:
    """What makes two commands the same: the orders, the reader and the reason, and who opens."""
    said = [opens.orders, opens.purpose, opens.because, opens.person, opener.actor, opener.role, opener.public.hex()]
    return sha256(json.dumps(said).encode()).hexdigest()


def _came_to_nothing(
    journal: Journal, opens: Opening, opener: Signer, access: Receipt, pending: Pending, error: BaseException
) -> None:
    """Record that nothing was handed out; where that fails too, the access entry stays open."""
    try:
        entry = opens.came_to_nothing(journal, opener, access, lines_of(error)[0])
        pending.end()
        output.tell(f"nothing was handed out; entry {entry.index} of the log says so")
    except Exception as second:
        output.tell(f"nothing was handed out; entry {access.index} of the log stays open: {lines_of(second)[0]}")
