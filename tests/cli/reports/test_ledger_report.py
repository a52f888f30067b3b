"""The report on a whole ledger lists the keys of its register, with the office of each."""

from __future__ import annotations

from pathlib import Path

from cli.reports.ledger_report import audit_report
from cli.session.ledger_reader import reading
from tests.support.cli import ledger_of


def test_the_report_on_a_ledger_lists_every_key_of_its_register(tmp_path: Path) -> None:
    with reading(ledger_of("S1", tmp_path)) as reader:
        keyring = reader.cases.keyring()
        rows = audit_report(reader, None).keys
    assert len(rows) > 1
    assert {(row.actor, row.public, row.roles) for row in rows} == {
        (key.actor, key.public, key.roles) for key in keyring.keys.values()
    }
    assert {row.actor: row.party for row in rows if row.actor in keyring.offices} == {
        name: office.party for name, office in keyring.offices.items() if name in {row.actor for row in rows}
    }
