"""A draft names the data subjects of its values, and only `receive` makes one that wraps an entry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from msgspec.structs import replace as changed

from ledger.application.write.draft import Draft, check_entry_id, check_wrapped, holder_of, kept_subjects, target_of
from ledger.entries.envelope import Circumstances
from ledger.entries.wrapped_entry import wrapping
from ledger.errors import RecordError
from tests.support.memory_ledger import NOW, ORDER, small


def test_a_wrapper_has_the_bytes_that_it_names() -> None:
    ledger, ilves = small(origin="ledger.test/xv")
    fact: Any = wrapping(ledger.entries[4], ledger.proof(4), "verifies")[0]

    def draft(raw: bytes | None, **change: Any) -> Draft:
        return Draft(changed(fact, **change), ORDER, ilves.signer("ISS"), Circumstances(NOW, NOW), wraps=raw)

    check_wrapped(draft(ledger.entries[4]))
    for wrong in (
        draft(None),
        draft(ledger.entries[3]),
        draft(ledger.entries[4], leaf="ab" * 32),
        draft(ledger.entries[4], envelope="ab" * 32),
    ):
        with pytest.raises(RecordError) as refused:
            check_wrapped(wrong)
        assert (refused.value.code, refused.value.hint) == ("ENT-MISMATCH", "comity receive FILE")
        assert refused.value.where == "counterparty-record-received"


def test_the_subject_of_an_order_and_that_of_a_person_of_an_office_have_other_names() -> None:
    assert target_of("name") != holder_of("name")
    assert (target_of("name")[-4:], holder_of("name")[-4:]) == ("name", "name")


@pytest.mark.parametrize(
    ("before", "kept"),
    [
        ({}, {}),
        ({"a": "x"}, {"a": "x", "b": "x", "why": "x"}),
        ({"a": "x", "b": "x"}, {"a": "x", "b": "x", "why": "x"}),
        ({"a": "x", "b": "y"}, {"a": "x", "b": "y"}),
        ({"a": None, "b": "y"}, {"b": "y"}),
        ({"a": None}, {}),
    ],
)
def test_a_replacement_has_the_subjects_of_the_fields_that_it_replaces(
    before: Mapping[str, str | None], kept: dict[str, str]
) -> None:
    assert kept_subjects(before, ["a", "b", "why"]) == kept


@pytest.mark.parametrize("entry", ["", "ab" * 15, "ab" * 17, "AB" * 16, "g" * 32, "ab" * 16 + "\n", "\u0661" * 32])
def test_an_entry_id_is_32_lower_case_hex_digits(entry: str) -> None:
    assert check_entry_id("0f" * 16) == b"\x0f" * 16
    with pytest.raises(RecordError) as refused:
        check_entry_id(entry)
    assert (refused.value.code, refused.value.where) == ("JSON-MEMBER", repr(entry))
