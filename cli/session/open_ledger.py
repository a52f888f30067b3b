"""Open a ledger for writing, and choose the office, role and key that sign."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from cli.exit_codes import Exit, Stop
from cli.session import ledger_choice
from cli.session.clock_check import check_clock
from cli.terminal import output, prompts
from ledger.adapters.folders.ledger_folder import RESTORED, read_folder
from ledger.adapters.folders.user_folders import Home, exposed
from ledger.adapters.keys.key_files import Key, listed
from ledger.adapters.keys.open_key import open_key
from ledger.application.journal import Journal
from ledger.entries.case import Case
from ledger.entries.envelope import Signer
from ledger.entries.keyring import fitting_roles
from ledger.facts.vocabulary import ROLES


@contextmanager
def writing(path: Path | None = None) -> Iterator[Journal]:
    """Open a ledger for writing, by default that of this command; entries are published when the block ends."""
    path = path or Path(ledger_choice.ledger_folder())
    folder, home = read_folder(path), Home.of(path)
    if (path / RESTORED).exists():
        from ledger.application.restore import check_restored

        check_restored(folder, home)
    for secret in exposed(path, home, folder.origin, 0o007):
        output.tell(f"everybody on this machine can get at {secret}: chmod go= {secret}")
    check_clock(folder, home)  # before opening, which completes the work that a crash interrupted, and signs
    with Journal.open(path, say=output.tell, now=lambda: ledger_choice.now(str(path))) as journal:
        if journal.caught_up:
            first, last = journal.caught_up[0], journal.caught_up[-1]
            which = f"entry {first} was" if first == last else f"entries {first} to {last} were"
            output.tell(f"{which} stored and not acknowledged by this guard; acknowledged now")
        yield journal


def labels(journal: Journal) -> dict[str, str]:
    """Return the names that a story gave its orders, name -> id."""
    return dict(ledger_choice.story_of(str(journal.folder.path)).get("orders", {}))


def find(journal: Journal, name: str) -> str:
    """Return the id of the order named by a story's label, a reference, or the beginning of an id."""
    return labels(journal).get(name) or journal.find(name)


def case(journal: Journal, order: str) -> Case:
    """Return the case of an order with its label; sealed values are opened where their keys are in this ledger."""
    return journal.case(order, label=next((name for name, other in labels(journal).items() if other == order), None))


def hand(
    journal: Journal, kind: str, actor: str | None, role: str | None, key_file: str | None, order: str | None = None
) -> Signer:
    """Return the signer of a fact of this kind, with the office, role and key that may sign it now.

    Without a role it is the one that fits; of several, the one in which the office has signed in this order.
    Raises `Stop` if no office is named or its key is missing, and `RecordError` (KEY-*) as recording
    would.
    """
    name = actor or _only_one(journal)
    office = journal.read_keyring().offices.get(name)
    if office is None:
        offices = ", ".join(sorted(journal.read_keyring().offices)[:8])
        raise Stop(f"no office {name!r} in the register", hint=f"there are {offices}")
    if role is not None and role not in ROLES:
        from ledger.facts.words.lookup import hint_of

        raise Stop(f"--role {role}: no such role", hint=hint_of(role, ROLES))
    key = opened(key_file) if key_file else _held(journal, name)
    role = role or the_role(kind, name, office.roles, _used(journal, name, order))
    return journal.signer(name, role, key, accepts=False)


def the_role(kind: str, actor: str, held: Sequence[str], used: Collection[str] = ()) -> str:
    """Return the role in which an office signs a kind, by `fitting_roles`; `Stop` if there are several."""
    fitting = fitting_roles(kind, held, used)
    if len(fitting) == 1:
        return fitting[0]
    raise Stop(f"{actor} could sign {kind} as {' or '.join(fitting)}", hint="say which with --role")


def _used(journal: Journal, actor: str, order: str | None) -> set[str]:
    """Return the roles in which an office has signed in an order of this ledger."""
    signers = (opened.payload.signer for _, opened in journal.cases.opened(order)) if order else ()
    return {signer.role for signer in signers if signer.actor == actor}


def _only_one(journal: Journal) -> str:
    """Return the one office with a key on this machine; `Stop` if there are none or several."""
    mine = set(listed(journal.home.keys).values())
    actors = sorted({k.actor for k in journal.read_keyring().keys.values() if bytes.fromhex(k.public) in mine})
    if len(actors) == 1:
        return actors[0]
    some = f"keys of {', '.join(actors[:6])} are here" if actors else "no key of this ledger's offices is here"
    raise Stop("who signs?", hint=f"say --as ACTOR; {some}")


def _held(journal: Journal, actor: str) -> Key:
    current = {bytes.fromhex(k.public) for k in journal.read_keyring().current(actor)}
    for name, public in listed(journal.home.keys).items():
        if public in current:
            return opened(str(journal.home.keys / name))
    lacks = "no key that may sign now" if not current else f"no key here ({journal.home.keys})"
    raise Stop(f"{actor} has {lacks}", hint="--key FILE names one; `comity key list` shows them", code=Exit.UNDECIDABLE)


def opened(reference: str) -> Key:
    """Return the key of a reference; at a terminal, a person is asked for the passphrase or PIN."""
    return open_key(reference, secret)


def secret(what: str) -> bytes | None:
    """Return a passphrase or PIN typed at the terminal; None without a terminal."""
    if not prompts.attended():
        return None
    text: str = click.prompt(what, hide_input=True, err=True)
    return text.encode()
