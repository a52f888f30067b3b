"""Find the key with which an auditor makes the statement of this program, and the folder of its state."""

from __future__ import annotations

import hashlib
from pathlib import Path

from cli.exit_codes import Stop
from ledger.adapters.folders.user_folders import Home
from ledger.adapters.keys import mldsa
from ledger.application.auditing.program import own_statement
from ledger.application.auditing.run import Auditor
from ledger.command_line import quoted
from ledger.tlog.audit_statement import auditor_name
from ledger.tlog.note import MLDSA44, Vkey

KEY_FILE = "mldsa.key"


def statement_of(name: str) -> tuple[str, bytes]:
    """Return the name of the key with which an auditor makes the statement of this program, and the statement."""
    text = own_statement()
    return auditor_name(name, text), text


def open_auditor(name: str, state: str | None) -> tuple[Auditor, Path]:
    """Return the auditor `name` with its key for this program, and the folder of its state; `Stop` without a key."""
    key_name, statement = statement_of(name)
    folder = state_of(key_name, state)
    if not (folder / KEY_FILE).exists():
        raise Stop(f"{name} has no key for this program", hint=f"comity audit new {quoted(name)}")
    key = mldsa.load(folder / KEY_FILE)
    return Auditor(Vkey.of(key_name, MLDSA44, key.public), statement, key.sign), folder


def state_of(key_name: str, state: str | None) -> Path:
    """Return the folder of the state that belongs to a key of an auditor."""
    root = Path(state) if state else Home.user().state / "auditor"
    return root / hashlib.sha256(key_name.encode()).hexdigest()
