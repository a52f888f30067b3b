"""The files of an audit: the folder of the auditor, and the reports that it writes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cli.audits.report_text import AuditAnswer
from cli.terminal import output
from cli.terminal.file_format import check_ending
from cli.terminal.file_io import check_new, write_new
from ledger.adapters.folders.user_folders import Home, private_folder
from ledger.application.audits.results import AuditorKey

ENDINGS = (".json",)


def state_folder(state: str | None) -> Path:
    """Return the folder in which the auditor keeps what it saw; it is made if it is missing."""
    return private_folder(Path(state) if state else Home.user().state / "auditor" / "ledgers")


def auditor_key(name: str) -> AuditorKey:
    """Return the key of an auditor for this program; `Stop` if it has none."""
    from cli.commands.audit_sign import KEY_FILE, open_auditor

    auditor, folder = open_auditor(name, None)
    return AuditorKey(auditor.key.name, auditor.statement, str(folder / KEY_FILE))


def check_files(files: Sequence[str]) -> None:
    """Refuse a report whose name has another ending, or whose file exists."""
    for file in files:
        check_ending(file, ENDINGS)
        check_new(file, "a report")


def write_reports(answer: AuditAnswer, files: Sequence[str]) -> None:
    """Write the report to each file, in the format that its ending names."""
    for file in files:
        write_new(file, f"{output.dumps(answer)}\n".encode())
