"""A row of a table becomes a step: the words filled in, and the entry stated again where it is recorded anew."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from ledger.entries.case import Entry, Unread
from ledger.law.next_steps.step import Remedy, filled, nothing, record, restate, run
from tests.support.scenarios import Fact, by_issuer, disclosed, given, issued, received, sent

ISSUED = issued("2027-03-01T09:00Z")


def entry(seen: Fact) -> Entry:
    """Return the second entry of an order, as number 2."""
    return replace(given(ISSUED, seen).case.entries[1], seq=2)


def command(row: Remedy, seen: Fact | None = None) -> str | None:
    return row.step("main", None if seen is None else entry(seen)).command


SENT = sent("2027-03-02T08:00Z")
RECEIVED = received("2027-03-02T08:30Z")


def test_a_row_without_a_command_is_its_reason() -> None:
    row = nothing("it is over")
    assert (row.lacks, row.command) == ("Nothing that can be recorded changes this: it is over.", None)
    assert command(row, SENT) is None


def test_the_command_names_the_order_and_the_entry_by_its_number() -> None:
    row = record("an answer", "access-granted -f answers=ENTRY --on MOMENT --as SIGNER", "access-requested")
    assert row.about == ("access-requested",)
    filled_in = "comity record access-granted main -f 'answers=#2' --on 2027-03-02T08:00:00Z --as ilves"
    assert command(row, SENT) == filled_in
    assert command(row) == "comity record access-granted main -f answers=ENTRY --on MOMENT --as SIGNER"
    assert command(record("that it is closed", "order-closed")) == "comity record order-closed main"
    assert command(run("a look", "judge ORDER", "order-issued order-received")) == "comity judge main"
    assert run("a look", "judge ORDER", "order-issued order-received").about == ("order-issued", "order-received")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("judge ORDER", "comity judge 'my order'"),
        ("record x -f about=ORDER", "comity record x -f 'about=my order'"),
        ("record x -f ORDER=y -f note=ORDERS", "comity record x -f ORDER=y -f note=ORDERS"),
        ("record x -f a=b=ORDER", "comity record x -f 'a=b=my order'"),
    ],
)
def test_a_word_is_filled_in_alone_or_as_the_value_of_a_field_and_quoted_for_the_shell(words: str, line: str) -> None:
    assert filled(words, {"ORDER": "my order"}) == line


# -- to state an entry again -------------------------------------------------------------------------------------------


def test_an_entry_is_stated_again_with_its_fields_its_moment_and_its_signer() -> None:
    row = restate("the channel", "order-transmitted", "-f channel=CHANNEL")
    assert row.about == ("order-transmitted",)
    assert command(row, SENT) == (
        "comity record order-transmitted main --replaces '#2' --why TEXT -f addressee=skylark -f channel=CHANNEL "
        "--on 2027-03-02T08:00:00Z --as ilves"
    )


def test_another_moment_among_the_values_takes_the_place_of_its_own() -> None:
    line = command(restate("the moment", "order-transmitted", "--on WHEN"), SENT)
    assert line is not None
    assert line.endswith("-f addressee=skylark -f channel=provider-portal --on WHEN --as ilves")


@pytest.mark.parametrize(
    "seen",
    [
        disclosed("2027-03-02T08:00Z"),  # with a list of files, which is sealed
        disclosed("2027-03-02T08:00Z", manifest=Unread.WITHHELD),
        SENT.changed(addressee="two words"),
        SENT.changed(about=["a", "b"]),
        SENT.changed(confirmation_required=True),
    ],
    ids=["sealed", "sealed and unread", "not plain", "a list", "a flag"],
)
def test_fields_that_are_not_all_plain_text_come_from_a_file(seen: Fact) -> None:
    line = command(restate("it", "", "-f check=CHECK"), seen)
    assert line is not None
    assert " --from FIELDS -f check=CHECK " in line
    assert "-f channel=" not in line


def test_an_empty_sealed_field_is_not_stated_and_hinders_nothing() -> None:
    declared = by_issuer("emergency-declared", "2027-03-02T08:00Z", threat="life", emergency_reasons="")
    line = command(restate("it", "", ""), declared)
    assert line is not None
    assert "-f threat=life" in line


@pytest.mark.parametrize(
    ("changes", "options"),
    [
        ({}, ""),
        ({"on_source": "document"}, " --on-source document"),
        ({"speaks": "import"}, " --speaks import"),
        ({"speaks": "observation", "whose": "orn"}, " --speaks observation --whose orn"),
    ],
)
def test_how_the_moment_is_known_and_whose_act_it_was_are_stated_again_if_not_as_usual(
    changes: dict[str, Any], options: str
) -> None:
    line = command(restate("it", "", "--as AUTHORITY"), replace(RECEIVED, **changes))
    usual = "--replaces '#2' --why TEXT --as AUTHORITY --on 2027-03-02T08:30:00Z --as skylark"
    assert line == f"comity record order-received main {usual}{options}"


def test_a_stated_option_is_not_given_twice_and_an_entry_that_is_not_replaced_keeps_none() -> None:
    seen = replace(RECEIVED, on_source="document")
    line = command(restate("a stamp", "", "--on-source receipt-stamp"), seen)
    assert line is not None
    assert line.count("--on-source") == 1
    again = command(run("again", "record KIND ORDER --from FIELDS"), seen)
    assert again == "comity record order-received main"
