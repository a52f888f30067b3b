"""A ledger commits its heads with a key of its register, once for the same entries."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.application.commit_heads import OFFICE, ROLE, commit_heads, enrol_heads_key, heads_signer, last_commit
from ledger.application.journal import Journal
from ledger.application.write.receipt import Receipt
from ledger.entries.envelope import Signer, open_
from ledger.entries.placement import committed_by, map_of
from ledger.errors import LedgerError, RecordError
from ledger.facts import build
from tests.ledger.application.test_journal import ADM, ORDER, ilves, issued, journal, sent

__all__ = ["journal"]  # the fixture


def adm(journal: Journal) -> Signer:
    return journal.signer("adm", "ADM", ADM)


def kinds(journal: Journal, receipts: list[Receipt]) -> list[str]:
    stored = dict(journal.store.order(journal.registry))
    return [open_(stored[receipt.index]).payload.kind for receipt in receipts]


def registered(journal: Journal, kind: str, **fields: Any) -> None:
    journal.record(build(kind, fields, {}), journal.registry, adm(journal))


def test_a_ledger_is_enrolled_with_an_office_a_key_and_its_acceptance_once(journal: Journal) -> None:
    with pytest.raises(LedgerError, match="KEY-MISSING"):
        heads_signer(journal)
    receipts = enrol_heads_key(journal, adm(journal))
    assert kinds(journal, receipts) == ["authority-registered", "key-registered", "key-accepted"]
    assert enrol_heads_key(journal, adm(journal)) == []
    signer = heads_signer(journal)
    assert (signer.actor, signer.role, signer.party) == (OFFICE, ROLE, "XO")
    office = journal.read_keyring().offices[OFFICE]
    assert (office.party, list(office.roles)) == ("XO", [ROLE])


def test_a_key_that_is_not_in_the_register_commits_nothing(journal: Journal) -> None:
    journal.log.signatory.heads_key(make=True)
    with pytest.raises(LedgerError, match="is not in its register") as found:
        commit_heads(journal)
    assert found.value.code == "KEY-MISSING"
    assert len(enrol_heads_key(journal, adm(journal))) == 3, "the key that there is is enrolled"
    assert commit_heads(journal).fresh


def test_a_registered_key_is_accepted_and_not_registered_twice(journal: Journal) -> None:
    key = journal.log.signatory.heads_key(make=True)
    registered(journal, "authority-registered", actor="house", party="XO", roles=[ROLE], valid_from="2027-01-01")
    registered(journal, "key-registered", actor="house", key=key.public.hex(), roles=[ROLE])
    assert kinds(journal, enrol_heads_key(journal, adm(journal))) == ["key-accepted"]
    assert heads_signer(journal).actor == "house"


def test_a_key_that_has_ended_is_followed_by_another_of_the_same_office(journal: Journal) -> None:
    enrol_heads_key(journal, adm(journal), "house")
    first = heads_signer(journal).public
    registered(journal, "key-revoked", actor="house", cause="left-office")
    assert kinds(journal, enrol_heads_key(journal, adm(journal))) == ["key-registered", "key-accepted"]
    second = heads_signer(journal)
    assert (second.actor, second.public != first) == ("house", True)
    assert commit_heads(journal).fresh


def test_another_office_of_this_name_does_not_become_the_ledger(journal: Journal) -> None:
    with pytest.raises(RecordError, match="KEY-ROLE"):
        enrol_heads_key(journal, adm(journal), "ilves")


def test_heads_are_committed_again_only_when_another_entry_was_added(journal: Journal) -> None:
    assert last_commit(journal) is None
    enrol_heads_key(journal, adm(journal))
    journal.record(issued(), ORDER, ilves(journal))
    size = journal.store.size()
    first = commit_heads(journal, [ORDER])
    assert (first.fresh, first.index, first.heads.size) == (True, size, size)
    again = commit_heads(journal, [ORDER])
    assert (again.fresh, again.index, again.heads) == (False, size, first.heads)
    assert journal.store.size() == size + 1
    journal.record(sent(), ORDER, ilves(journal))
    later = commit_heads(journal)
    assert (later.fresh, later.heads.size) == (True, size + 2)
    assert later.heads.root != first.heads.root
    found = last_commit(journal)
    assert found is not None
    assert (found[0], committed_by(found[1].payload)) == (later.index, (later.heads.size, later.heads.root))
    assert found[1].payload.order == map_of(journal.origin)


def test_heads_are_committed_anew_where_the_kept_map_is_another_one(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrol_heads_key(journal, adm(journal))
    first = commit_heads(journal)
    journal.folder.map.unlink()
    second = commit_heads(journal)
    assert second.fresh
    assert second.index > first.index
