"""`comity audit add|list|take`: name auditors in the policy of this ledger, and keep what they have signed."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import click
from msgspec import Struct

from cli.click_extensions import command
from cli.exit_codes import Exit, Stop
from cli.session import ledger_choice
from cli.session.options import KEY
from cli.terminal import output
from cli.terminal.answer import CommandAnswer
from ledger.adapters.folders.handed_folder import NOTE, HandedFolder


class ListedAuditorItem(Struct, frozen=True):
    """One auditor of the policy: its name there, its own name, the ranges [start, end) that its kept notes cover."""

    name: str
    auditor: str
    ranges: list[tuple[int, int]]
    checks: list[str]
    program: str
    rules: str
    vkey: str


class AuditorsAnswer(CommandAnswer, tag="comity.auditors/1"):
    """The auditors of a ledger, and what of its `size` published entries each has signed as checked.

    `problems` are sentences on kept notes that do not hold or that no auditor of the policy signed.
    """

    size: int
    auditors: list[ListedAuditorItem]
    problems: list[str]


class AuditTakeAnswer(CommandAnswer, tag="comity.audit-take/1"):
    """The notes of auditors that were taken, as ranges [start, end) by the auditor's name in the policy."""

    taken: dict[str, list[tuple[int, int]]]
    left: int


@command(
    "comity audit add auditor.example/karsk/audit/8d85...+3f0c2a91+Bm9Z...",
    "comity audit add VKEY --called karsk-2027 --key adm",
)
@click.argument("vkey")
@click.option("--called", metavar="NAME", help="Its name in the policy (default: the last part of the auditor's own).")
@KEY
def add(vkey: str, called: str | None, key_file: str | None) -> None:
    """Ask for the statements of an auditor from now on: the registrar records the new policy, then it is written.

    A verifier that has the new policy says which entries the auditor checked, and which it did not. Give the new policy
    to every verifier. A program of before this version cannot read it.
    """
    from cli.commands.witnesses import record_policy
    from cli.session.open_ledger import writing
    from ledger.tlog.audit_statement import named_statement
    from ledger.tlog.names import check_name
    from ledger.tlog.note import parse_vkey
    from ledger.tlog.quorum import with_auditor

    key = parse_vkey(vkey)
    name = called or named_statement(key)[0].rstrip("/").rpartition("/")[2]
    check_name(name)
    with writing() as journal:
        policy = (journal.folder.path / "trust" / "policy").read_bytes()
        record_policy(journal, with_auditor(policy, name, key), key_file)
    output.tell("hand the new trust/policy to everyone who verifies; comity audit take keeps what the auditor signs")


@command("comity audit list", "comity audit list --json", refused=Exit.UNDECIDABLE)
def list_() -> None:
    """The auditors of this ledger's policy, and which of the published entries each has signed as checked."""
    from ledger.adapters.folders.ledger_folder import read_folder
    from ledger.adapters.keys import mldsa
    from ledger.adapters.storage.entry_reader import EntryReader
    from ledger.application.auditing.audit_files import FOLDER, files_in
    from ledger.tlog.note import open_checkpoint
    from ledger.tlog.subtree import prove_subtree_consistency
    from ledger.verify.audits.statements import check_audits, list_entries
    from ledger.verify.progress import VerificationLog

    folder = read_folder(Path(ledger_choice.ledger_folder()))
    note = (folder.log / "checkpoint").read_bytes()
    head = open_checkpoint(note, folder.origin, folder.keys, (), mldsa=mldsa.verify).checkpoint
    book = VerificationLog(of="folder")
    with closing(EntryReader(folder.entries)) as store:
        stated = check_audits(
            files_in(folder.log / FOLDER),
            folder.policy,
            head,
            book,
            mldsa.verify,
            lambda subtree: prove_subtree_consistency(subtree.start, subtree.end, head.size, store.hashes),
        )
    items = []
    for each in stated:
        checks, program, rules = ([], "", "") if each.statement is None else (
            list(each.statement.checks), each.statement.program, each.statement.rules
        )  # fmt: skip
        vkey = folder.policy.auditors[each.name].text
        items.append(ListedAuditorItem(each.name, each.auditor, list(each.ranges), checks, program, rules, vkey))
    problems = [remark.says for remark in book.remarks] + book.not_proven
    rows = [(i.name, i.auditor, list_entries(i.ranges), ", ".join(i.checks)) for i in items]
    output.emit(AuditorsAnswer(head.size, items, problems), ("name", "auditor", "entries", "checks"), rows)
    for says in problems:
        output.tell(says)


@command("comity audit take /media/stick/audits", "comity audit take https://auditor.example/karsk/audits")
@click.argument("where", metavar="DIR|URL")
def take(where: str) -> None:
    """Take the notes that an auditor of the policy returned: they are published in log/, and go into every bundle.

    Each is checked against the entries first; if one does not hold, none is taken. Notes of others are left.
    """
    from cli.session.open_ledger import writing
    from ledger.adapters.log.published_log import source
    from ledger.application.auditing.audit_files import FOLDER, fetched, files_by, keep
    from ledger.application.auditing.take import own_notes

    with writing() as journal:
        head = journal.log.files.head()
        if head is None:
            raise Stop("nothing is published yet", hint="comity checkpoint")
        if where.startswith(("http://", "https://")):
            files = fetched(source(where))
        else:
            folder = HandedFolder(where)
            files = files_by(folder.names("."), lambda name: folder.read(name, NOTE))
        taken = own_notes(files, journal.folder.policy, head.checkpoint, journal.store.hashes)
        if not taken.files:
            raise Stop(
                f"{where} has no note that an auditor of this policy signed",
                hint="comity audit add VKEY",
                code=Exit.REFUSED,
            )
        keep(journal.folder.log / FOLDER, taken.files)
    rows = [(name, start, end - 1) for name, ranges in taken.ranges.items() for start, end in ranges]
    output.emit(AuditTakeAnswer(taken.ranges, taken.left), ("auditor", "first", "last"), rows)
    if taken.left:
        output.tell(
            f"{output.counted(taken.left, 'note')} left: on another log, or by auditors whom the policy does not name"
        )
