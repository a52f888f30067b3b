"""`comity audit new|sign`: check another party's log as an auditor, and sign what was checked."""

from __future__ import annotations

from pathlib import Path

import click

from cli.audits.auditor_keys import KEY_FILE, open_auditor, state_of, statement_of
from cli.click_extensions import command
from cli.commands.monitor import UNREACHED
from cli.exit_codes import Exit, Stop
from cli.handover.trust_folder import read_trust
from cli.session import ledger_choice
from cli.terminal import output as ui
from cli.terminal.answer import CommandAnswer, ProblemItem
from cli.terminal.log_output import VERBOSE
from ledger.adapters.keys import mldsa
from ledger.application.auditing.audit_files import FOLDER, files_in, keep
from ledger.application.auditing.run import AuditRun, audit_log
from ledger.tlog.names import origin_hash
from ledger.tlog.note import MLDSA44, Vkey
from ledger.trust.trust_folder import Trust

NAME = click.option("--name", required=True, metavar="NAME", help="The auditor's name: a URL without https://.")
STATE = click.option("--state", metavar="DIR", help="Its key, and what it has read (default: in your state folder).")


class AuditorAnswer(CommandAnswer, tag="comity.auditor/1"):
    """The new key of an auditor: its verifier key, the statement that it makes, and the folder of its state."""

    vkey: str
    statement: str
    state: str


class AuditSignAnswer(CommandAnswer, tag="comity.audit-sign/1"):
    """A run over one log: its size, the entries read in this run, and the new notes as ranges [start, end).

    `problems` are the reasons why nothing was signed, `remarks` findings on entries that the statement leaves out.
    `folder` has all notes so far.
    """

    log: str
    where: str
    size: int | None
    read: int
    signed: list[tuple[int, int]]
    problems: list[ProblemItem]
    remarks: list[ProblemItem]
    vkey: str
    statement: str
    folder: str


@command("comity audit new auditor.example/karsk")
@click.argument("name")
@STATE
def new(name: str, state: str | None) -> None:
    """Make a key with which the auditor NAME signs what this program checked; prints its verifier key.

    The key makes one statement: the checks, this program, its rules. Another version of the program needs a new key,
    and reads a log from its first entry on.
    """
    from ledger.adapters.folders.new_folder import new_folder

    key_name, statement = statement_of(name)
    folder = state_of(key_name, state)
    if (folder / KEY_FILE).exists():
        raise Stop(f"{folder} has a {KEY_FILE} already", hint="this program has its key", code=Exit.REFUSED)
    Vkey.of(key_name, MLDSA44, bytes(1312))  # raises CP-KEY for an invalid name before a file is made
    with new_folder(str(folder)) as making:
        key = Vkey.of(key_name, MLDSA44, mldsa.new(making / KEY_FILE).public)
    answer = AuditorAnswer(key.text, statement.decode(), str(folder))
    ui.emit(answer, ("vkey",), [(key.text,)], text=lambda: key.text)
    ui.tell(f"key and state: {folder}")
    ui.tell("a ledger that wants its statements: comity audit add VKEY")


@command(
    "comity audit sign /media/copy/ledger --name auditor.example/karsk --trust karsk-trust/",
    "comity audit sign https://ledger.example/karsk --name auditor.example/karsk --trust karsk-trust/ -o audits/",
    refused=Exit.UNDECIDABLE,
)
@click.argument("where", metavar="DIR|URL")
@NAME
@click.option("--trust", required=True, metavar="DIR|FILE", help="What you hold from elsewhere: policy and registrar.")
@STATE
@click.option("--whole", is_flag=True, help="Sign all entries as one range, not only those that are new.")
@click.option("-o", "--output", metavar="DIR", help="Write the statement and all notes, to be handed back.")
@VERBOSE
def sign(where: str, name: str, trust: str, state: str | None, whole: bool, output: str | None) -> Exit:
    """Read a log with its entries, and sign which of them were checked. A run that finds a fault signs nothing.

    DIR is a ledger folder, a copy of one, or a published log; nothing is written into it. Checked are the signature of
    each entry, by a key of the register, and its place in its order and in the log. The next run reads what is new.
    Exit 1: something is wrong; 4: the log cannot be read.
    """
    auditor, folder = open_auditor(name, state)
    parsed_trust, origin = _log(trust, auditor.key)
    if parsed_trust.registrar is None:
        raise Stop(f"{trust} names no registrar, so no key of the register can be checked", hint="--trust DIR")
    there = folder / origin_hash(origin)
    done = audit_log(
        where, parsed_trust.policy, parsed_trust.registrar, origin, auditor, there, ledger_choice.now(), whole=whole
    )
    if output and not done.wrong:
        keep(Path(output), files_in(there / FOLDER))
    _tell(done, auditor.key, auditor.statement, output or str(there / FOLDER))
    codes = {alarm.code for alarm in done.wrong}
    return Exit.PROVED_BAD if codes - UNREACHED else Exit.UNDECIDABLE if codes else Exit.DONE


def _tell(done: AuditRun, key: Vkey, statement: bytes, folder: str) -> None:
    answer = AuditSignAnswer(
        log=done.seen.log,
        where=done.seen.where,
        size=done.seen.size,
        read=done.seen.entries,
        signed=list(done.signed),
        problems=[ProblemItem(alarm.code, alarm.says) for alarm in done.wrong],
        remarks=[ProblemItem(alarm.code, alarm.says) for alarm in done.remarks],
        vkey=key.text,
        statement=statement.decode(),
        folder=folder,
    )
    rows = [("signed", f"entries {start} to {end - 1}") for start, end in done.signed]
    rows += [(alarm.code, alarm.says) for alarm in (*done.wrong, *done.remarks)]
    rows = rows or [("", "nothing is new: every entry is in a note already")]
    ui.emit(answer, ("code", "says"), rows)
    ui.tell(f"{done.seen.log}: {done.seen.entries} of {done.seen.size or 0} entries were read in this run")
    if done.wrong:
        ui.tell("nothing was signed")
    else:
        ui.tell(f"statement and notes: {folder}; the ledger takes them with: comity audit take DIR")


def _log(place: str, vkey: Vkey) -> tuple[Trust, str]:
    """Return the trust of the auditor and the one log of its policy; the auditor's key must have no other job there."""
    trust = read_trust(place)
    origins = sorted({key.name for key in trust.policy.logs})
    if len(origins) != 1:
        raise Stop(f"{place} names {len(origins)} logs, and one is audited at a time", hint="--trust DIR of one log")
    if vkey.public in {key.public for key in (*trust.policy.logs, *trust.policy.witnesses.values())}:
        raise Stop(f"{vkey.id} is a key of the log or of a witness there: an auditor is neither", code=Exit.REFUSED)
    return trust, origins[0]
