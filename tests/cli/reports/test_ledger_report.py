"""The report on a whole ledger lists the keys of its register, with the office of each."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cli.reports import ledger_report
from cli.reports.ledger_report import _keys, audit_report
from cli.session.ledger_reader import reading
from ledger.entries.envelope import open_
from ledger.entries.keyring import Registrar
from ledger.law.provisions import rules_digest
from tests.support.cli import ledger_of
from tests.support.memory_ledger import Ledger, resealed


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


def test_the_newest_heads_are_listed_first_and_the_commands_lead_to_the_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ledger_report.HEADS == 50
    monkeypatch.setattr(ledger_report, "HEADS", 2)
    with reading(ledger_of("S1", tmp_path)) as reader:
        heads = reader.kept_heads()
        made = audit_report(reader, None)
        orders = list(reader.cases.orders())
        key, test = reader.folder.key.text, reader.folder.test
        entries = reader.store.size()
    assert len(heads) > 2
    assert [(row.size, row.kept, row.digest) for row in made.heads] == [
        (head.size, head.at, head.digest) for head in (heads[-1], heads[-2])
    ]
    assert [row.cosigned is None for row in made.heads] == [head.cosigned is None for head in (heads[-1], heads[-2])]
    assert (made.heads_kept, made.orders) == (len(heads), len(orders))
    making = made.face.making
    assert (making.as_of, making.rules, making.test) == (heads[-1].at, rules_digest()[:16], test)
    assert making.head is not None
    assert (making.head.size, making.head.key) == (heads[-1].size, key)
    assert [check.done for check in made.checks] == [entries, entries, entries, entries, 1]
    assert [check.type for check in made.face.commands] == [
        "comity verify LEDGER --trust TRUST --anchor CHECKPOINT",
        "comity fsck --ledger LEDGER",
        "comity verify LEDGER --trust TRUST --json",
    ]


def test_keys_behind_a_wrong_entry_of_the_register_are_not_listed() -> None:
    ledger = Ledger()
    ledger.enrol("ilves", "XO", "ISS")
    whole = ledger.size
    ledger.append(resealed(ledger.entries[whole - 1], lambda said: said.update(seq=99), ledger.keeper))
    ledger.enrol("orn", "XV", "DPO")
    opened = [(index, open_(raw, verify=False)) for index, raw in enumerate(ledger.entries)]
    own = Registrar(ledger.keeper.actor, ledger.keeper.party, ledger.keeper.key)
    cases = SimpleNamespace(registry=ledger.registry, opened_registry=lambda: opened, register=lambda reveal: ())
    reader: Any = SimpleNamespace(folder=SimpleNamespace(registrar=own), cases=cases)
    rows = {row.actor: row for row in _keys(reader, None)}
    assert set(rows) == {"registrar", "ilves"}
    assert (rows["ilves"].name, rows["ilves"].party, rows["ilves"].roles) == ("ilves", "XO", ("ISS",))
    assert (rows["registrar"].party, rows["ilves"].ended) == ("XO", None)
    other: Any = SimpleNamespace(registrar=None)
    assert [row.actor for row in _keys(reader, other)] == list(rows)
