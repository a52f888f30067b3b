"""Persons are found by what is sealed about them, read once for each entry, and never by what names officials."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from types import SimpleNamespace
from typing import Any

import pytest

from ledger.adapters.subject_keys.names import COMPANION, HOLDER, TARGET
from ledger.adapters.subject_keys.search_forms import asked_forms
from ledger.application import find_subject
from ledger.application.find_subject import find_subjects, forms_of_value, index_values, rebuild_index


class Index:
    """The rows and the position of an index in memory; `added` are the positions after each addition."""

    def __init__(self) -> None:
        self.rows: dict[Any, set[str]] = {}
        self.at = 0
        self.added: list[int] = []

    def position(self) -> int:
        return self.at

    def clear(self) -> None:
        self.rows, self.at = {}, 0

    def add(self, rows: Any, position: int) -> None:
        for form, key_id in rows:
            self.rows.setdefault(form, set()).add(key_id)
        self.at = position
        self.added.append(position)

    def keys_with(self, forms: Any) -> set[str]:
        return set.intersection(*(self.rows.get(form, set()) for form in forms))


class Sealed:
    """A log with values, as (index, order, field, value, key), and the keys of their subjects."""

    def __init__(self, size: int, *values: tuple[int, str, str, Any, str]) -> None:
        self.length, self.values, self.index = size, values, Index()
        self.asked: list[tuple[int, int]] = []
        self.people: dict[tuple[str, str], str] = {}

    def size(self) -> int:
        return self.length

    def sealed_between(self, start: int, stop: int) -> list[Any]:
        self.asked.append((start, stop))
        return [
            (order, f"e{n}", SimpleNamespace(field=field, value=value, key_id=key))
            for n, order, field, value, key in self.values
            if start <= n < stop
        ]

    def decrypt_values(self, entry: str, sealed: Any, cache: Any) -> list[str]:
        text = json.dumps(["salt", sealed[0].field, sealed[0].value]).encode()
        return [] if sealed[0].key_id == "gone" else [urlsafe_b64encode(text).decode().rstrip("=")]

    def given_names(self) -> list[tuple[str, str]]:
        return [
            (name, key) for (name, _), key in self.people.items() if not name.startswith((TARGET, HOLDER, COMPANION))
        ]

    def subjects_of(self, keys: Any) -> dict[tuple[str, str], str]:
        return {whose: key for whose, key in self.people.items() if key in keys}

    def encrypted_with(self, key_id: str) -> list[tuple[int, str, str, str]]:
        return [(n, order, field, "d") for n, order, field, _, key in self.values if key == key_id]


def indexed(log: Any, *left_out: str) -> Any:
    index_values(log, log, left_out)
    return log


def found(log: Any, value: str) -> list[tuple[str, tuple[str, ...], str]]:
    return [(one.order, one.names, one.how) for one in find_subjects(log, log, value)]


def keys_found(log: Any, value: str) -> set[str]:
    return {key for forms in asked_forms(value) for key in log.index.keys_with(forms)}


def test_each_value_that_can_be_opened_is_read_into_the_index_and_reserved_orders_are_left_out() -> None:
    log = indexed(
        Sealed(
            5,
            (0, "register", "holder", "anna@office.example", "k0"),
            (1, "main", "identifiers", ["kestrel@skylark.example", "+49 30 1234567"], "k1"),
            (2, "main", "circumstances", {"text": ["write to merlin@skylark.example"]}, "k2"),
            (3, "main", "main_order", "swift@skylark.example", "k3"),
            (3, "main", "person", "swift@skylark.example", "k3"),
            (4, "main", "identifiers", ["owl@skylark.example"], "gone"),
        ),
        "register",
    )
    assert keys_found(log, "kestrel@skylark.example") == keys_found(log, "+49301234567") == {"k1"}
    assert keys_found(log, "merlin@skylark.example") == {"k2"}
    for value in ("anna@office.example", "swift@skylark.example", "owl@skylark.example"):
        assert keys_found(log, value) == set()
    assert log.index.at == 5


@pytest.mark.parametrize("size", [0, 1, 4, 5, 8, 9])
def test_a_log_is_read_in_pages_to_its_end_and_only_what_was_added_is_read_again(
    size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(find_subject, "_PAGE", 4)
    monkeypatch.setattr(find_subject, "_FEW", 3)
    log = indexed(Sealed(size, *((n, "main", "identifiers", [f"p{n}@x.example"], f"k{n}") for n in range(size))))
    assert log.asked == [(start, min(start + 4, size)) for start in range(0, size, 4)]
    assert log.index.at == size
    assert [keys_found(log, f"p{n}@x.example") for n in range(size)] == [{f"k{n}"} for n in range(size)]
    log.asked.clear()
    assert indexed(log).asked == []
    log.length += 1
    assert indexed(log).asked == [(size, size + 1)]


@pytest.mark.parametrize(("size", "positions"), [(2, []), (3, [3]), (4, [4]), (6, [4]), (7, [4, 7])])
def test_a_few_entries_without_values_are_read_again_rather_than_noted(
    size: int, positions: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(find_subject, "_PAGE", 4)
    monkeypatch.setattr(find_subject, "_FEW", 3)
    assert indexed(Sealed(size)).index.added == positions


def test_the_index_is_made_again_if_the_log_became_shorter_or_if_that_is_asked_for() -> None:
    log = Sealed(2, (1, "main", "identifiers", ["kestrel@skylark.example"], "k1"))
    log.index.at, log.index.rows = 3, {"old": {"k9"}}
    assert indexed(log).asked == [(0, 2)]
    assert "old" not in log.index.rows
    log.index.rows["old"] = {"k9"}
    indexed(log)
    assert "old" in log.index.rows
    given: Any = log
    rebuild_index(given, given, ())
    assert "old" not in log.index.rows
    assert keys_found(log, "kestrel@skylark.example") == {"k1"}


def test_a_person_is_found_in_each_order_at_its_surest_form_with_the_names_that_users_gave() -> None:
    log = Sealed(
        4,
        (0, "main", "identifiers", ["kestrel@skylark.example"], "k1"),
        (1, "other", "identifiers", ["kestrel@skylark.example"], "k2"),
        (2, "third", "identifiers", ["kestrel@skylark.example"], "k3"),
        (3, "fourth", "identifiers", ["kestrel@skylark.example"], "k3"),
    )
    log.people = {
        (f"{TARGET}main", "main"): "k1",
        ("witness 3", "other"): "k2",
        ("Anna Falk", "other"): "k2",
        ("everywhere", ""): "k3",
        ("nobody else", "main"): "k9",
    }
    assert found(indexed(log), "kestrel@skylark.example") == [
        ("fourth", ("everywhere",), "value"),
        ("main", (), "value"),
        ("other", ("witness 3", "Anna Falk"), "value"),
        ("third", ("everywhere",), "value"),
    ]
    assert found(log, "merlin@skylark.example") == found(log, "") == []


def test_a_person_is_found_by_the_name_that_a_user_gave_and_not_by_names_of_the_ledger() -> None:
    log = Sealed(1, (0, "main", "circumstances", "a call by Anna Falk", "k4"))
    log.people = {
        ("Anna Falk", "main"): "k1",
        (f"{HOLDER}Anna Falk", "main"): "k2",
        (f"{COMPANION}Anna Falk", "main"): "k3",
        (f"{TARGET}Anna Falk", "main"): "k5",
        ("Anna", "main"): "k6",
    }
    assert found(log, "Anna Falk") == [("main", ("Anna Falk",), "called")]
    log.people = {("Anna Falk", "main"): "k4"}
    assert [how for _, _, how in found(indexed(log), "Anna Falk")] == ["name"]  # what is sealed is surer


def test_the_forms_of_a_value_are_those_of_every_text_in_it() -> None:
    whole = forms_of_value("identifiers", "kestrel 7")
    assert whole == forms_of_value("domain_names", "kestrel 7")
    assert whole != forms_of_value("circumstances", "kestrel 7")
    address = forms_of_value("circumstances", "a@x.example")
    assert address
    for value in (["a@x.example"], {"to": "a@x.example"}, [{"to": ["a@x.example", 7, None]}]):
        assert forms_of_value("circumstances", value) == address
    assert forms_of_value("circumstances", 7) == forms_of_value("circumstances", None) == set()
    assert forms_of_value("offences", "a@x.example") == forms_of_value("person", "a@x.example") == set()
