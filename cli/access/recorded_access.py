"""Record every opening of sealed values in the access order, with its reason, before a value is shown.

LED art. 25(1) and 2AP art. 14(8) require the justification, the date and the person of every
consultation and disclosure. LED art. 25(2) limits the use of that log to lawfulness, self-monitoring,
integrity and criminal proceedings, so only the data protection officer's views read it
(tests/cli/access/test_recorded_access.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any

from cli.access.persons import PERSON, person_of
from cli.access.purposes import CODES, PURPOSE, purpose_of
from cli.exit_codes import Exit, Stop
from cli.session.options import AS_ACTOR, BECAUSE, HOW, REVEAL
from ledger.errors import LedgerError

if TYPE_CHECKING:
    from cli.session.record_reader import RecordReader
    from ledger.application.journal import Journal
    from ledger.application.write.receipt import Receipt
    from ledger.entries.envelope import Signer


SEARCH = "to search all orders for a person (keyed hash {keyed}): "  # how the reason of a search begins


@dataclass(frozen=True, slots=True)
class Stated:
    """The reason, purpose and person that a command states for an opening; None where it states none."""

    because: str | None = None
    purpose: str | None = None
    person: str | None = None


def revealing(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that open sealed values; the command gets `reveal`, `stated` and `actor`."""

    @wraps(command)
    def collected(*args: Any, because: str | None, purpose: str | None, person: str | None, **more: Any) -> Any:
        return command(*args, stated=Stated(because, purpose, person), **more)

    for option in (AS_ACTOR, PERSON, PURPOSE, BECAUSE, REVEAL):
        collected = option(collected)
    return collected


def revealed(
    orders: Iterable[str], view: str, reveal: bool, stated: Stated, actor: str | None, reader: str | None = None
) -> None:
    """Record that an office opens sealed values of these orders, before they are shown; without `reveal`, nothing.

    `view` is a code of the vocabulary. `reader` is the role for which the values are opened, where the
    command is made for one. Raises `Stop` without a reason, a purpose or a person, or if the office has
    no key here, and `RecordError` if it may not sign; a ledger that cannot be written reveals nothing.
    """
    if not reveal:
        for name, value in (("--because", stated.because), ("--purpose", stated.purpose)):
            if value:
                raise Stop(f"{name} without --reveal: nothing is opened", hint=HOW)
        return
    if not stated.because or not stated.because.strip() or not actor:
        raise Stop("--reveal needs a reason and a person", hint=HOW)
    from cli.session.open_ledger import writing

    with writing() as journal:
        note(journal, orders, view, stated, actor, reader)


def opened_in(
    reader: RecordReader, orders: Iterable[str], view: str, reveal: bool, stated: Stated, actor: str | None
) -> bool:
    """Return whether sealed values are shown; of a ledger the opening is recorded first, as by `revealed`.

    A bundle opens what it opens: its reader has those values, and nothing is recorded. `Stop` if something is said
    that would be recorded.
    """
    if reader.bundle is None:
        revealed(orders, view, reveal, stated, actor)
        return reveal
    if reveal or actor or stated.because or stated.purpose:
        says = "a bundle shows the values that it opens, and nothing is recorded"
        raise Stop(says, hint="leave out --reveal, --because, --purpose and --as")
    return True


def note(
    journal: Journal, orders: Iterable[str], view: str, stated: Stated, actor: str | None, reader: str | None = None
) -> None:
    """Record `record-accessed`, signed by `actor` in a role of the office that may sign it."""
    signer = opener(journal, actor, view=view, reader=reader, purpose=stated.purpose)
    accessed(journal, orders, view, stated, signer, reader)


def accessed(
    journal: Journal, orders: Iterable[str], view: str, stated: Stated, signer: Signer, reader: str | None = None
) -> Receipt:
    """Record `record-accessed` with its purpose and person; `Stop` with REFUSED where one of them is unknown."""
    return journal.note_access(
        list(dict.fromkeys(orders)),
        signer,
        view=view,
        purpose=purpose_for(signer, view, stated.purpose, reader),
        because=(stated.because or "").strip(),
        person=person_of(journal, signer, stated.person),
    )


def searched(journal: Journal, value: str, stated: Stated, actor: str) -> Receipt:
    """Record that an office searches all orders for a person. The reason has a keyed hash of the value, sealed.

    The value itself would stay in the log of accesses after an erasure of the person.
    """
    from ledger.adapters.subject_keys.search_forms import asked_forms

    if journal.subject_keys is None:
        raise LedgerError("KEYS-MISSING", "keys.db is missing: it holds the index", "put its own backup back")
    keyed = journal.subject_keys.index.hash_of(next(iter(asked_forms(value)[0])))
    because = SEARCH.format(keyed=keyed) + (stated.because or "").strip()
    signer = opener(journal, actor, view="dpo", purpose=stated.purpose)
    return accessed(journal, (), "dpo", Stated(because, stated.purpose, stated.person), signer)


def purpose_for(signer: Signer, view: str, said: str | None, reader: str | None = None) -> str:
    """Return the stated purpose, else that of the table for this role, view and reader; `Stop` if there is none."""
    code = said or purpose_of(view, signer.role, reader)
    if code is None:
        what = f"view {view}, for {reader}" if reader else f"view {view}"
        raise Stop(
            f"what does {signer.actor} ({signer.role}) open values for ({what})? Nothing was opened or recorded",
            hint=f"--purpose CODE: {', '.join(CODES)}",
            code=Exit.REFUSED,
        )
    return code


def opener(
    journal: Journal,
    actor: str | None,
    role: str | None = None,
    key_file: str | None = None,
    *,
    view: str = "export",
    reader: str | None = None,
    purpose: str | None = None,
) -> Signer:
    """Return the signer of `record-accessed`: `actor` in `role`, else in a role that may sign it and has the purpose.

    Raises `Stop` if the roles of the office lead to different purposes and none was stated.
    """
    from cli.session.open_ledger import hand
    from ledger.facts import KINDS

    office = journal.read_keyring().offices.get(actor) if actor else None
    roles = office.roles if office else ()
    able = [r for r in roles if r in KINDS["record-accessed"].signers] or list(roles)
    meant = {r: code for r in able if (code := purpose_of(view, r, reader)) is not None}
    if role is None and purpose is None and len(set(meant.values())) > 1:
        choices = " or ".join(f"{r} ({code})" for r, code in meant.items())
        raise Stop(f"{actor} could open them as {choices}", hint="say which with --purpose CODE", code=Exit.REFUSED)
    fitting = [r for r, code in meant.items() if purpose in (None, code)] or able
    return hand(journal, "record-accessed", actor, role or next(iter(fitting), None), key_file)
