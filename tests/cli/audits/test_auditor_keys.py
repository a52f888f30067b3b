"""The key of an auditor is for one name and one program, in a folder that only this key has."""

from __future__ import annotations

import hashlib
from pathlib import Path
from types import SimpleNamespace

import pytest

from cli.audits.auditor_keys import KEY_FILE, open_auditor, state_of, statement_of
from cli.exit_codes import Stop
from ledger.application.auditing.program import own_statement
from ledger.tlog.audit_statement import auditor_name
from ledger.tlog.note import MLDSA44

NAME = "auditor.example/karsk"


def test_the_name_of_a_key_is_that_of_the_auditor_and_of_the_statement() -> None:
    assert statement_of(NAME) == (auditor_name(NAME, own_statement()), own_statement())


def test_the_state_of_a_key_is_in_a_folder_of_its_digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digest = hashlib.sha256(b"key").hexdigest()
    assert state_of("key", str(tmp_path)) == tmp_path / digest
    monkeypatch.setattr("cli.audits.auditor_keys.Home.user", lambda: SimpleNamespace(state=tmp_path / "home"))
    assert state_of("key", None) == state_of("key", "") == tmp_path / "home" / "auditor" / digest


def test_an_auditor_without_a_key_is_refused_with_the_command_that_makes_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Stop) as stopped:
        open_auditor(NAME, str(tmp_path))
    assert stopped.value.message == f"{NAME} has no key for this program"
    assert stopped.value.hint == f"comity audit new {NAME}"
    key_name, statement = statement_of(NAME)
    folder = state_of(key_name, str(tmp_path))
    folder.mkdir()
    (folder / KEY_FILE).touch()
    key = SimpleNamespace(public=bytes(1312), sign=lambda data: data)
    monkeypatch.setattr("cli.audits.auditor_keys.mldsa.load", lambda path: key if path == folder / KEY_FILE else None)
    auditor, found = open_auditor(NAME, str(tmp_path))
    assert (found, auditor.statement, auditor.sign) == (folder, statement, key.sign)
    assert (auditor.key.name, auditor.key.type, auditor.key.public) == (key_name, MLDSA44, bytes(1312))
