"""A reader of a ledger finds an order by its names, tells erased values from withheld ones, and reads entries once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ledger.adapters.folders.order_names import NAMES
from ledger.adapters.keys.key_files import SeedKey
from ledger.adapters.storage.entry_reader import Ciphertext
from ledger.application import case_reader
from ledger.application.case_reader import DESTROYED, CaseReader
from ledger.application.journal import Journal
from ledger.application.write.draft import target_of
from ledger.entries.case import Unread
from ledger.entries.envelope import Circumstances, OpenedEntry, open_
from ledger.entries.wrapped_entry import KIND
from ledger.errors import LedgerError
from ledger.facts import build
from tests.ledger.application.test_journal import ILVES, NOON, ORDER, OTHER, Clock, issued, made, sent
from tests.support.memory_ledger import Ledger, small

ORN = SeedKey(bytes([8] * 32))
THIRD = "11aaaaaa-1111-4111-8111-111111111111"
PURGED = "33333333-3333-4333-8333-333333333333"
LOOKALIKE = "РPO-1"  # begins with a Cyrillic letter


def code(reader: CaseReader, name: str) -> str:
    with pytest.raises(LedgerError) as refused:
        reader.find(name)
    return str(refused.value.code)


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journal]:
    """Make a ledger with four orders of two offices, a companion order, and an erasure in one order."""
    with made(tmp_path_factory.mktemp("read") / "ledger") as journal:
        adm = journal.signer("adm", "ADM", SeedKey(bytes([1] * 32)))
        office = {"actor": "orn", "party": "XO", "roles": ["ISS"], "valid_from": "2027-01-01"}
        journal.record(build("authority-registered", office, {}), journal.registry, adm)
        party = {"party": "XN", "zone": "Europe/Oslo", "declarations_verified": False}
        journal.record(build("party-registered", party, {}), journal.registry, adm)
        registered = {"actor": "orn", "key": ORN.public.hex(), "roles": ["ISS"]}
        journal.record(build("key-registered", registered, {}), journal.registry, adm)
        orn = journal.signer("orn", "ISS", ORN)
        journal.record(build("key-accepted", {"key": ORN.public.hex()}, {}), journal.registry, orn)
        ilves = journal.signer("ilves", "ISS", ILVES)
        journal.record(issued("PPO-1"), ORDER, ilves)
        journal.record(sent(), ORDER, ilves)
        journal.record(build("ex-post-validation-sought", {"asked_of": "court"}, {}), ORDER, ilves)
        journal.record(issued("PPO-1"), OTHER, orn)
        journal.record(issued("ppo - 1"), THIRD, ilves)
        observed = Circumstances(NOON, NOON, speaks="observation", whose="orn")
        journal.record(issued("PPO-9"), THIRD, ilves, observed)
        journal.record(issued(LOOKALIKE), PURGED, ilves)
        journal.erasure.erase(target_of(PURGED), ilves, order=PURGED, cause="retention-ended")
        yield journal


@pytest.fixture
def reader(journal: Journal) -> CaseReader:
    return CaseReader(journal.folder, journal.store, journal.subject_keys, Clock())


# -- names -------------------------------------------------------------------------------------------------------------


def test_an_order_is_found_by_its_id_its_reference_and_the_beginning_of_its_id(reader: CaseReader) -> None:
    for name, order in ((ORDER, ORDER), ("ppo - 1", THIRD), ("PPO-9", THIRD), ("11a", THIRD), ("2", OTHER)):
        assert reader.find(name) == order


def test_a_reference_of_two_offices_is_found_with_the_office_before_it(reader: CaseReader) -> None:
    assert code(reader, "PPO-1") == "ORDER-AMBIGUOUS"
    with pytest.raises(
        LedgerError, match=r"may mean 2 orders: ilves/PPO-1 \(11111111\), orn/PPO-1 \(22222222\)"
    ) as said:
        reader.find("PPO-1")
    assert "OFFICE/REFERENCE" in said.value.hint
    assert [reader.find(f"{office}/PPO-1") for office in ("ilves", "orn")] == [ORDER, OTHER]
    assert [code(reader, name) for name in ("skylark/PPO-1", "ilves/", "/PPO-1", "ilves/PPO-2")] == [
        "ORDER-UNKNOWN"
    ] * 4


def test_a_message_about_an_ambiguous_name_has_four_of_its_orders_and_those_without_an_office(
    reader: CaseReader,
) -> None:
    many = [*(f"{n}{n}{n}{n}0000-0000" for n in range(5))]
    fault = reader.ambiguous("PPO-7", [ORDER, *many])
    assert "may mean 6 orders: PPO-7 (11111111), PPO-7 (00000000), PPO-7 (11110000), PPO-7 (22220000)" in fault.says
    assert "33330000" not in fault.says


def test_the_beginning_of_several_ids_names_up_to_three_of_them(reader: CaseReader) -> None:
    with pytest.raises(LedgerError, match=f"'11' may mean 2 orders: {ORDER}, {THIRD}$") as said:
        reader.find("11")
    assert (said.value.code, said.value.hint) == ("ORDER-AMBIGUOUS", "give more of the id")


def test_no_name_finds_no_order(reader: CaseReader) -> None:
    assert [code(reader, name) for name in ("", "none", "44")] == ["ORDER-UNKNOWN"] * 3
    with pytest.raises(LedgerError, match="no order no-order in this ledger"):
        reader.case("no-order")


def test_a_local_name_finds_its_order_and_none_that_is_not_here(journal: Journal, reader: CaseReader) -> None:
    file = journal.folder.path / NAMES
    file.write_text(json.dumps({"orders": {"kestrel": ORDER, "gone": "44444444-none", "ppo - 1": THIRD}}))
    try:
        assert reader.find("kestrel") == ORDER
        assert code(reader, "gone") == "ORDER-UNKNOWN"
        assert reader.named("ppo - 1") == [THIRD]  # by both names, and once
    finally:
        file.unlink()


def test_only_orders_of_their_own_are_listed(journal: Journal, reader: CaseReader) -> None:
    assert journal.subject_keys is not None
    companion = journal.subject_keys.companion_of(ORDER)
    assert sorted(reader.orders()) == sorted([ORDER, OTHER, THIRD, PURGED])
    assert companion is not None
    assert (reader.find(companion), reader.find(journal.registry)) == (companion, journal.registry)  # by the whole id
    assert code(reader, companion[:-1]) == code(reader, journal.registry[:-1]) == "ORDER-UNKNOWN"
    assert reader.beginning(companion) == []
    assert reader.beginning(journal.registry[:4]) == reader.beginning(journal.registry) == []
    assert reader.beginning("11") == [ORDER, THIRD]


def test_a_reference_is_taken_in_another_case_spacing_or_dash_and_looks_like_one_in_other_letters(
    reader: CaseReader,
) -> None:
    here = [(ORDER, "PPO-1", ["ilves"]), (OTHER, "PPO-1", ["orn"]), (THIRD, "ppo - 1", ["ilves"])]
    assert sorted(reader.taken("PPO\u20131")) == sorted(here)
    assert [order for order, *_ in reader.alike("PPO-1")] == [PURGED]
    assert {order for order, *_ in reader.alike(LOOKALIKE)} == {ORDER, OTHER, THIRD, PURGED}
    assert reader.taken("PPO-2") == reader.alike("PPO-2") == []


def test_references_that_are_alike_come_in_their_order_each_once(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = CaseReader(journal.folder, journal.store, None)
    spelt = sorted("".join(letters) for letters in product("pP", "pP", "oO"))
    cyrillic = sorted(f"{letters}o" for letters in ("\u0440p", "p\u0440", "\u0440\u0440", "\u0420p", "p\u0420"))
    stored = [(quoted, order) for order in ("b", "a") for quoted in reversed([*spelt, *cyrillic, "other"])]
    store = SimpleNamespace(references=lambda: stored)
    monkeypatch.setattr(reader, "_store", store)
    monkeypatch.setattr(reader, "quoted", lambda quoted: [(f"order of {quoted}", ["ilves"])])
    assert reader.taken("ppo") == [(f"order of {quoted}", quoted, ["ilves"]) for quoted in spelt]
    assert reader.alike("ppo") == [(f"order of {quoted}", quoted, ["ilves"]) for quoted in cyrillic]


def test_names_are_found_without_opening_a_value(journal: Journal) -> None:
    keys: Any = SimpleNamespace(companion_of=lambda order: None)  # it opens nothing
    reader = CaseReader(journal.folder, journal.store, keys)
    assert reader.issuers(ORDER) == ["ilves"]
    assert reader.known(reader.keyring()).parties == {"XO", "XV", "XN"}
    assert reader.find("ilves/PPO-1") == ORDER


def test_signatures_of_stored_entries_are_not_checked_again(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[bool] = []

    def opened(raw: bytes, *, verify: bool = True) -> OpenedEntry:
        checked.append(verify)
        return open_(raw, verify=False)

    monkeypatch.setattr(case_reader, "open_", opened)
    reader = CaseReader(journal.folder, journal.store, journal.subject_keys)
    (_, first), *_ = reader.opened(ORDER)
    assert reader.by_leaf(first.leaf) == first
    assert reader.sealing_keys(first.leaf)
    assert reader.destroyed_keys()
    assert reader.case(ORDER).entries
    assert set(checked) == {False}


def test_encrypted_values_are_read_only_of_entries_that_have_some(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, asked = CaseReader(journal.folder, journal.store, None), list[str]()
    original = journal.store.ciphertexts

    def counted(order: str) -> dict[int, list[Ciphertext]]:
        asked.append(order)
        return original(order)

    monkeypatch.setattr(journal.store, "ciphertexts", counted)
    opened = reader.opened(ORDER)
    (unsealed,) = [(index, o) for index, o in opened if not o.payload.sealed]
    assert [e.index for e in reader.entries(ORDER, [unsealed])] == [unsealed[0]]
    assert list(reader.entries(ORDER, [])) == []
    assert asked == []
    assert [e.index for e in reader.entries(ORDER, iter(opened))] == [index for index, _ in opened]
    assert asked == [ORDER]


def test_an_order_has_the_references_and_the_offices_that_its_entries_state(reader: CaseReader) -> None:
    assert (reader.references(THIRD), reader.issuers(THIRD)) == ({"ppo - 1", "PPO-9"}, ["ilves", "orn"])
    assert (reader.references(OTHER), reader.issuers(OTHER)) == ({"PPO-1"}, ["orn"])
    assert len(reader.case(ORDER).entries) > 1
    assert (reader.references(ORDER), reader.issuers(ORDER)) == ({"PPO-1"}, ["ilves"])  # not of its other entries
    assert reader.quoted("PPO-9") == [(THIRD, ["orn"])]


def test_the_names_of_the_register_are_its_offices_their_parties_and_the_registrar(reader: CaseReader) -> None:
    known = reader.known(reader.keyring())
    assert (set(known.offices), set(known.parties)) == ({"adm", "ilves", "skylark", "orn"}, {"XO", "XV", "XN"})
    assert known.registrar == "adm"


# -- sealed values -----------------------------------------------------------------------------------------------------


def test_a_value_is_readable_withheld_or_erased(journal: Journal, reader: CaseReader) -> None:
    blind = CaseReader(journal.folder, journal.store, None)

    def states(reader: CaseReader, order: str, reveal: bool) -> set[object]:
        first = reader.case(order, reveal=reveal).entries[0]
        assert set(first.digests) == set(first.sealed)
        return {v if isinstance(v, Unread) else "read" for v in first.sealed.values()}

    assert states(reader, ORDER, True) == {"read"}
    assert states(reader, ORDER, False) == states(blind, ORDER, True) == {Unread.WITHHELD}
    assert (
        states(reader, PURGED, True) == states(reader, PURGED, False) == states(blind, PURGED, True) == {Unread.ERASED}
    )


def test_an_order_has_the_entries_of_its_companion_with_their_values(reader: CaseReader) -> None:
    entries = reader.case(ORDER).entries
    assert [e.index for e in entries] == sorted(e.index for e in entries)
    (sought,) = [e for e in entries if e.kind == "ex-post-validation-sought"]
    assert (sought.get("main_order"), sought.order != ORDER) == (ORDER, True)
    assert [e.kind for e in reader.case(OTHER).entries] == ["order-issued"]


def test_a_field_is_erased_if_its_ciphertext_is_gone_or_its_key_or_its_commitment_is_stated_as_destroyed(
    journal: Journal, reader: CaseReader
) -> None:
    ((index, opened), *_) = reader.opened(ORDER)
    closed = journal.store.ciphertexts(ORDER)[index]
    first, *others = sorted(closed, key=lambda each: each.field)

    def erased(values: list[Any], *gone: str) -> set[str]:
        entry = reader._entry(index, opened, values, frozenset(gone), None, True)
        return {name for name, value in entry.sealed.items() if value is Unread.ERASED}

    assert erased(closed) == erased(others) == erased([]) == set()
    emptied = Ciphertext(first.field, first.digest, first.key_id, None)
    assert erased([emptied, *others]) == {first.field}
    assert erased(closed, first.digest) == {first.field}
    assert erased(closed, first.key_id) == {each.field for each in closed if each.key_id == first.key_id}
    assert erased([], *opened.sd[1:]) == set()  # one commitment is left, and it may be that of any field
    assert erased([], *opened.sd) == set(opened.payload.sealed)
    assert erased([first], *opened.sd) == {first.field}


def test_values_and_disclosures_are_those_whose_keys_are_here(journal: Journal, reader: CaseReader) -> None:
    blind = CaseReader(journal.folder, journal.store, None)
    (index, opened), (unsealed, other), *_ = reader.opened(ORDER)
    assert reader.values(index, opened)["identifiers"] == ["kestrel@skylark.example"]
    assert reader.values(unsealed, other) == blind.values(index, opened) == {}
    assert set(reader.disclosures(ORDER)) == {index}
    assert len(reader.disclosures(ORDER)[index]) == len(opened.sd)
    assert blind.disclosures(ORDER) == {}
    keys = reader.sealing_keys(opened.leaf)
    assert set(keys) == set(opened.payload.sealed)
    assert reader.sealing_keys(other.leaf) == reader.sealing_keys("ab" * 32) == {}
    found = reader.by_leaf(opened.leaf)
    assert found is not None
    assert (found.leaf, reader.by_leaf("ab" * 32)) == (opened.leaf, None)
    ((gone, purged), *_) = reader.opened(PURGED)
    (key_id,) = {each.key_id for each in journal.store.ciphertexts(PURGED)[gone]}
    assert [reader.is_emptied(each) for each in (key_id, *set(keys.values()))] == [True, False]
    both = {key_id, *keys.values()}
    assert both <= journal.store.ever_sealing()
    assert journal.store.still_sealing(both) == both - {key_id}
    assert key_id not in journal.store.sealing_keys([PURGED, ORDER])
    assert reader.values(gone, purged) == {}


def test_a_key_is_destroyed_where_a_custodian_states_it_and_the_first_statement_is_named(
    journal: Journal, reader: CaseReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    (statement,) = [(n, o) for n, o in reader.opened(PURGED) if o.payload.kind == DESTROYED]
    key_id = statement[1].payload.public["key_ref"]
    for orders in (None, [PURGED], [ORDER, PURGED]):
        assert reader.destroyed_keys(orders) == {key_id: statement[0]}
    assert reader.destroyed_keys([ORDER]) == reader.destroyed_keys([]) == {}
    assert reader.destroyed(reader.opened(PURGED)) == {key_id, *statement[1].payload.public["digests"]}
    assert reader.destroyed(reader.opened(ORDER)) == frozenset()
    raw = statement[1].raw
    twice: Any = SimpleNamespace(of_kind=lambda kind: [(7, raw), (9, raw)])
    again = CaseReader(journal.folder, journal.store, None, received=reader.received)
    monkeypatch.setattr(again, "_store", twice)
    monkeypatch.setattr(again, "keyring", reader.keyring)
    assert again.destroyed_keys() == {key_id: 7}
    monkeypatch.setattr(case_reader, "is_custodian", lambda *_: False)
    assert reader.destroyed_keys() == {}
    assert reader.destroyed(reader.opened(PURGED)).isdisjoint({key_id})


def test_of_what_arrived_the_acts_whose_bytes_are_here_are_read_with_the_values_that_open(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def decrypt(entry: str, closed: list[Any]) -> list[str]:
        asked.append((entry, closed))
        return [f"text of {entry}"]

    def arrival(index: int, *, act: bool = True, inner: Any = "inner") -> Any:
        wrapper = SimpleNamespace(payload=SimpleNamespace(entry=f"e{index}"))
        return SimpleNamespace(index=index, act=act, inner=inner, known_to="", wrapper=wrapper)

    reader = CaseReader(journal.folder, journal.store, None)

    def closed(order: str) -> dict[int, list[str]]:
        asked.append(order)
        return {4: ["closed"]}

    monkeypatch.setattr(reader, "_store", SimpleNamespace(ciphertexts=closed))
    arrivals = [arrival(3, act=False), arrival(4), arrival(5, inner=None), arrival(6)]
    found: list[Any] = [*reader._values("main", arrivals)]
    assert [(index, inner, texts) for index, _, inner, texts in found] == [(4, "inner", []), (6, "inner", [])]
    keys: Any = SimpleNamespace(decrypt_values=decrypt)
    monkeypatch.setattr(reader, "_subject_keys", keys)
    assert [texts for *_, texts in reader._values("main", arrivals)] == [["text of e4"], ["text of e6"]]
    assert asked == ["main", "main", ("e4", ["closed"]), ("e6", [])]
    asked.clear()
    assert list(reader._values("main", arrivals[:1])) == asked == []  # nothing is read for what does not count


def test_only_entries_of_other_records_are_looked_for_among_what_arrived(
    reader: CaseReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    ((first, opened), *_) = reader.opened(ORDER)
    entry = opened.payload.entry

    def wrapped(kind: str) -> Any:
        said = {"kind": kind, "signed_at": "2027-03-01T12:00:00Z", "public": {"leaf": "l"}}
        return SimpleNamespace(payload=SimpleNamespace(**said, order="wrapping", entry=entry))

    closed = {4: reader._store.ciphertexts(ORDER)[first]}
    same = {"sd": opened.sd, "payload": opened.payload}
    inner: Any = SimpleNamespace(leaf="l", **same)
    elsewhere: Any = SimpleNamespace(leaf=opened.leaf, **same)
    unknown: Any = SimpleNamespace(leaf="ab" * 32, **same)
    by_leaf = reader._store.by_leaf
    stored = SimpleNamespace(
        ciphertexts=lambda order: closed if order == "wrapping" else {first: closed[4]}, by_leaf=by_leaf
    )
    monkeypatch.setattr(reader, "_store", stored)
    monkeypatch.setattr(reader, "keyring", lambda: None)
    given: list[Any] = []

    def arrive(wrappers: Any, read: Any, here: Any, logs: object) -> list[Any]:
        given.extend(index for index, _ in wrappers)
        moments = ("2027-03-01T12:00:00Z", "2027-03-01T12:00:01Z")
        assert [here.before(4, moment) for moment in moments] == [False, True]
        assert [here.values(each)["identifiers"] for each in (inner, elsewhere)] == [["kestrel@skylark.example"]] * 2
        assert here.values(unknown) == {}
        with monkeypatch.context() as blind:
            blind.setattr(reader, "_subject_keys", None)
            assert here.values(inner) == here.values(elsewhere) == {}
        return ["arrived"]

    monkeypatch.setattr(case_reader, "arrived", arrive)
    monkeypatch.setattr(reader, "other_logs", lambda: None)
    assert reader.arrivals([(1, wrapped("order-issued"))]) == []
    assert given == []
    found: list[Any] = reader.arrivals([(1, wrapped("order-issued")), (4, wrapped(KIND))])
    assert found == ["arrived"]
    assert given == [4]


# -- what is read, and how often ---------------------------------------------------------------------------------------


class Counted:
    """A store that notes which entries are asked for."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.asked: list[tuple[str, int]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def order(self, order: str, after: int = 0) -> Any:
        self.asked.append((order, after))
        return self._store.order(order, after)


def test_the_entries_of_the_four_orders_read_last_are_read_once(journal: Journal) -> None:
    store: Any = Counted(journal.store)
    reader = CaseReader(journal.folder, store, None)
    many = len(reader.opened(ORDER))
    assert many == 2
    assert [index for index, _ in reader.opened(ORDER)] == [index for index, _ in journal.store.order(ORDER)]
    for order in (OTHER, THIRD, PURGED, ORDER):
        reader.opened(order)
    assert store.asked[-1] == (ORDER, many)
    reader.opened(journal.registry)  # the fifth: the one read longest ago is forgotten
    store.asked.clear()
    assert len(reader.opened(ORDER)) == many
    reader.opened(OTHER)
    assert store.asked == [(ORDER, many), (OTHER, 0)]


def test_the_register_is_the_same_until_it_grows_or_a_key_is_destroyed(journal: Journal, reader: CaseReader) -> None:
    first, closed = reader.register(), reader.register(reveal=False)
    assert reader.register() is first
    assert reader.register(reveal=False) is closed
    holders = [e.sealed.get("holder") for e in first if e.by == "adm" and e.kind == "key-registered"]
    assert "Dina Ilves in person" in holders
    assert all(v is Unread.WITHHELD for e in closed for v in e.sealed.values())
    reader.forget()
    assert reader.register() is not first
    assert [e.leaf for e in reader.register()] == [e.leaf for e in first]
    store: Any = Counted(journal.store)
    counting = CaseReader(journal.folder, store, None)
    assert len(counting.opened_registry()) == len(counting.opened_registry()) == len(first)
    assert store.asked == [(journal.registry, 0), (journal.registry, len(first))]


def reading(ledger: Ledger) -> tuple[CaseReader, list[tuple[int, bytes]], list[None]]:
    """Return a reader of a ledger in memory, the rows of its register, and a list as long as the mark of what arrived.

    Both lists may be changed.
    """
    rows = [(n, raw) for n, raw in enumerate(ledger.entries) if open_(raw).payload.order == ledger.registry]
    store: Any = SimpleNamespace(order=lambda order, after=0: rows[after:], by_leaf=lambda leaf: None)
    registrar = SimpleNamespace(actor=ledger.keeper.actor, party=ledger.keeper.party, key=ledger.keeper.key)
    folder: Any = SimpleNamespace(origin=ledger.origin, registrar=registrar, path=Path("/none"))
    received: Any = SimpleNamespace(mark=lambda top: len(marks))
    marks: list[None] = []
    return CaseReader(folder, store, None, received=received), rows, marks


def test_the_keyring_has_the_register_up_to_its_first_wrong_entry_and_reads_each_entry_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ledger, _ = small()
    reader, rows, _ = reading(ledger)
    before = dict(reader.keyring().offices)
    assert before
    assert dict(reader.keyring().offices) == before
    size = len(rows)
    ledger.enrol("orn", "XO", "ISS")
    later = reading(ledger)[1][size:]
    rows.append(later[1])  # a key of an office that was not registered
    assert dict(reader.keyring().offices) == before
    rows.append(later[0])
    assert dict(reader.keyring().offices) == before
    whole, *_ = reading(ledger)
    assert set(whole.keyring().offices) == {*before, "orn"}
    admitted: list[int] = []
    keyring: Any = SimpleNamespace(admit=lambda opened, index: admitted.append(index))
    monkeypatch.setattr(whole, "_keyring", keyring)
    whole.keyring()
    assert admitted == []


def test_the_logs_of_other_parties_are_read_again_if_the_register_or_what_arrived_grows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ledger, _ = small()
    reader, rows, marks = reading(ledger)
    monkeypatch.setattr(case_reader, "trusted", lambda folder, register: [])
    monkeypatch.setattr(case_reader, "registers", lambda received: {})
    monkeypatch.setattr(reader, "register", lambda reveal: ())
    first = reader.other_logs()
    assert reader.other_logs() is first
    ledger.enrol("orn", "XO", "ISS")
    rows += reading(ledger)[1][len(rows) :]
    second = reader.other_logs()
    assert second is not first
    assert reader.other_logs() is second
    marks.append(None)
    assert reader.other_logs() is not second
