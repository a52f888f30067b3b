"""`comity key rotate-log`, `add-log`: replace a key that signs the checkpoints of this log, or add an ML-DSA-44 key."""

from __future__ import annotations

from pathlib import Path

import click

from cli.click_extensions import command
from cli.commands.key import YES, put
from cli.exit_codes import Stop
from cli.session.open_ledger import writing
from cli.session.options import KEY
from cli.terminal import output, prompts
from cli.terminal.answer import CommandAnswer
from cli.terminal.file_io import write
from ledger.adapters.log.key_rotation import begin, begun, prepare, with_log
from ledger.application.counterparties import policy_document
from ledger.application.journal import Journal
from ledger.entries.log_keys import ALGORITHMS, KIND, NONE
from ledger.facts import build
from ledger.tlog.note import ED25519, MLDSA44, parse_vkey
from ledger.tlog.policy import parse_policy

_KINDS = {name.lower(): kind for kind, name in ALGORITHMS.items()}
STATE = click.option("--state", metavar="DIR", help="Where guard and log key lie, if a signing process holds them.")


class LogKeyAnswer(CommandAnswer, tag="comity.log-key/1"):
    """The new key of a log (a vkey), and the first size it signs."""

    origin: str
    new_key: str
    from_size: int


@command(
    "comity key rotate-log",
    "comity key rotate-log --state /var/lib/comity-signer --yes",
    "comity key rotate-log --algorithm ml-dsa-44",
)
@click.option(
    "--algorithm", type=click.Choice(list(_KINDS)), default="ed25519", show_default=True, help="Which key to replace."
)
@STATE
@YES
@KEY
def rotate_log(algorithm: str, state: str | None, yes: bool, key_file: str | None) -> None:
    """Have a new key sign the checkpoints of this log from its next entry on; the first one is signed by both.

    The registrar records it, and the new policy. Give the new trust/policy to every verifier and every witness.
    After an interruption, the same command goes on where it stopped.
    """
    _change(_KINDS[algorithm], state, yes, key_file, adding=False)


@command("comity key add-log", "comity key add-log --state /var/lib/comity-signer --yes")
@STATE
@YES
@KEY
def add_log(state: str | None, yes: bool, key_file: str | None) -> None:
    """Have an ML-DSA-44 key sign the checkpoints of this log as well, from its next entry on: a second line.

    Who has the old trust/policy verifies by the Ed25519 key as before. Who has the new one needs both lines.
    After an interruption, the same command goes on where it stopped.
    """
    _change(MLDSA44, state, yes, key_file, adding=True)


def _change(kind: int, state: str | None, yes: bool, key_file: str | None, *, adding: bool) -> None:
    with writing() as journal:
        place = Path(state) if state else journal.home.log(journal.origin)
        starts = begun(journal.origin, place)
        waiting = _unrecorded(journal, starts)
        if waiting is None:
            old = [key for key in journal.folder.keys if key.type == kind and (kind == ED25519 or key.text in starts)]
            if adding and old:
                raise Stop(f"{old[-1].id} signs already", hint="comity key rotate-log --algorithm ml-dsa-44")
            if not adding and not old:
                raise Stop("this log has no ML-DSA-44 key", hint="comity key add-log")
            key = prepare(journal.origin, place, kind)
            if key not in journal.folder.keys:
                says = f"{key.id} signs as well" if adding else f"{key.id} takes the place of {old[-1].id}"
                prompts.confirm(says, yes=yes)
                text = with_log((journal.folder.path / "trust" / "policy").read_bytes(), key)
                parse_policy(text)
                write(journal.folder.path / "trust" / "policy", text)
    with writing() as journal:  # opened again: the policy has both keys now
        if waiting is None:
            waiting = key.text, begin(place, journal.log.signatory, kind)
        _record(journal, *waiting, key_file)
    output.emit(LogKeyAnswer(journal.origin, *waiting))
    output.tell("hand the new trust/policy to everyone who verifies, and to every witness")


def _unrecorded(journal: Journal, begun: dict[str, int]) -> tuple[str, int] | None:
    """Return the vkey and first size of a new key that signs already and is not in the register; else None."""
    from ledger.verify.entries import rotations

    keys = {said["new_key"] for said in rotations(o for _, o in journal.cases.opened_registry())}
    return next(((key, size) for key, size in begun.items() if key not in keys), None)


def _record(journal: Journal, new_key: str, size: int, key_file: str | None) -> None:
    kind = parse_vkey(new_key).type
    keys = [NONE] * (kind == MLDSA44) + [key.text for key in journal.folder.keys if key.type == kind]
    text = (journal.folder.path / "trust" / "policy").read_bytes()
    rotated = build(KIND, {"old_key": keys[keys.index(new_key) - 1], "new_key": new_key, "from_size": size}, {})
    put(journal, key_file, rotated, build("witness-changed", {"policy_text": policy_document(text)}, {}))
