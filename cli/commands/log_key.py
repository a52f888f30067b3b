"""`comity key rotate-log`: replace the key that signs the checkpoints of this log, from a given size on."""

from __future__ import annotations

import hashlib
from pathlib import Path

import click

from cli.click_extensions import command
from cli.commands.key import YES, put
from cli.session.open_ledger import writing
from cli.session.options import KEY
from cli.terminal import output, prompts
from cli.terminal.answer import CommandAnswer
from cli.terminal.file_io import write
from ledger.adapters.log.key_rotation import begin, begun, prepare, with_log
from ledger.application.journal import Journal
from ledger.facts import build
from ledger.tlog.policy import parse_policy


class LogKeyAnswer(CommandAnswer, tag="comity.log-key/1"):
    """The new key of a log (a vkey), and the first size it signs."""

    origin: str
    new_key: str
    from_size: int


@command("comity key rotate-log", "comity key rotate-log --state /var/lib/comity-signer --yes")
@click.option("--state", metavar="DIR", help="Where guard and log key lie, if a signing process holds them.")
@YES
@KEY
def rotate_log(state: str | None, yes: bool, key_file: str | None) -> None:
    """Have a new key sign the checkpoints of this log from its next entry on; the first one is signed by both.

    The registrar records it, and the new policy. Give the new trust/policy to every verifier and every witness.
    After an interruption, the same command goes on where it stopped.
    """
    with writing() as journal:
        place = Path(state) if state else journal.home.log(journal.origin)
        waiting = _unrecorded(journal, begun(journal.origin, place))
        old = journal.folder.keys[-1]
        if waiting is None:
            key = prepare(journal.origin, place)
            if key not in journal.folder.keys:
                prompts.confirm(f"{key.id} takes the place of {old.id}", yes=yes)
                text = with_log((journal.folder.path / "trust" / "policy").read_bytes(), key)
                parse_policy(text)
                write(journal.folder.path / "trust" / "policy", text)
    with writing() as journal:  # opened again: the policy has both keys now
        if waiting is None:
            waiting = key.text, begin(place, journal.log.signatory)
        _record(journal, *waiting, key_file)
    output.emit(LogKeyAnswer(journal.origin, *waiting))
    output.tell("hand the new trust/policy to whoever verifies, and to every witness")


def _unrecorded(journal: Journal, begun: dict[str, int]) -> tuple[str, int] | None:
    """Return the vkey and first size of a new key that signs already and is not in the register; else None."""
    keys = {o.payload.public["new_key"] for _, o in journal.cases.opened_registry() if o.payload.kind == _KIND}
    return next(((key, size) for key, size in begun.items() if key not in keys), None)


_KIND = "log-key-rotated"


def _record(journal: Journal, new_key: str, size: int, key_file: str | None) -> None:
    keys = [key.text for key in journal.folder.keys]
    text = (journal.folder.path / "trust" / "policy").read_bytes()
    document = {
        "code": "policy",
        "media": "text/plain",
        "size": len(text),
        "sha256": hashlib.sha256(text).hexdigest(),
    }
    rotated = build(_KIND, {"old_key": keys[keys.index(new_key) - 1], "new_key": new_key, "from_size": size}, {})
    put(journal, key_file, rotated, build("witness-changed", {"policy_text": document}, {}))
