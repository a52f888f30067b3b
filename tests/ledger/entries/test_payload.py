"""The forms of the texts of a payload: checked one by one to name a wrong one, and all at once to be quick."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec
import pytest
from msgspec import UNSET

from ledger.entries.envelope import open_
from ledger.entries.payload import Condition, Formed, Payload, well_formed
from tests.support.memory_ledger import small

HEX32, HEX64 = "0123456789abcdef" * 2, "0123456789abcdef" * 4
UUID = "01234567-89ab-cdef-0123-456789abcdef"
INSTANT = "2027-03-01T09:00:00Z"

GOOD: list[tuple[str, object]] = [
    ("entry", HEX32),
    ("order", UUID),
    ("prev", None),
    ("prev", HEX64),
    ("kind", "a"),
    ("kind", "order-closed-7"),
    ("kind", "a" * 80),
    ("on", INSTANT),
    ("signed_at", "9999-99-99T99:99:99Z"),  # whether the moment exists is another question
    ("replaces", UNSET),
    ("replaces", HEX64),
]
WRONG: list[tuple[str, object]] = [
    *(("entry", text) for text in ("", HEX32[1:], HEX32 + "0", HEX32.upper(), "-" + HEX32[1:], "é" + HEX32[1:])),
    *(("order", text) for text in ("", UUID[1:], UUID + "0", UUID.upper(), UUID.replace("-", "a"), "g" + UUID[1:])),
    *(("order", text) for text in ("-" + UUID[1:], UUID[:-1] + "-", UUID[:7] + "-7" + UUID[9:], UUID[:-1] + "\n")),
    *(("prev", text) for text in ("", HEX64[1:], HEX64 + "0", HEX64.upper(), "-" + HEX64[1:], HEX64[1:] + "\n")),
    *(("kind", text) for text in ("", "A", "7a", "-a", "a_b", "a b", "a" * 81, "é", "a\n")),
    *((name, text) for name in ("on", "signed_at") for text in ("", INSTANT[:-1], INSTANT + "Z", f" {INSTANT}")),
    *((name, INSTANT.replace("T", " ")) for name in ("on", "signed_at")),
    *(("replaces", text) for text in ("", HEX64[1:], HEX64 + "0", HEX64.upper(), "g" + HEX64[1:], HEX64 + "\n")),
]


@cache
def model() -> Payload:
    return open_(small()[0].entries[4]).payload


def formed(payload: Payload) -> bool:
    try:
        msgspec.convert(msgspec.to_builtins(payload), Formed)
    except msgspec.ValidationError:
        return False
    return True


def changed(**members: Any) -> Payload:
    return msgspec.structs.replace(model(), **members)


@pytest.mark.parametrize(("name", "text"), GOOD)
def test_a_text_in_its_form_is_taken_one_by_one_and_at_once(name: str, text: object) -> None:
    assert well_formed(changed(**{name: text}))
    assert formed(changed(**{name: text}))


@pytest.mark.parametrize(("name", "text"), WRONG)
def test_a_text_in_another_form_is_refused_one_by_one_and_at_once(name: str, text: object) -> None:
    assert not well_formed(changed(**{name: text}))
    assert not formed(changed(**{name: text}))


@pytest.mark.parametrize(("length", "fits"), [(0, False), (1, True), (200, True), (201, False)])
def test_a_name_has_1_to_200_characters(length: int, fits: bool) -> None:
    name = "\u00e9" * length
    signer = msgspec.structs.replace(model().signer, actor=name)
    for members in ({"log": name}, {"instrument": name}, {"refs": [name]}, {"sealed": [name]}, {"signer": signer}):
        assert formed(changed(**members)) is fits


@pytest.mark.parametrize(
    ("orders", "kinds", "fits"),
    [(1, 1, True), (16, 32, True), (17, 32, False), (16, 33, False), (0, 1, False), (1, 0, False)],
)
def test_a_condition_names_1_to_16_orders_and_1_to_32_kinds(orders: int, kinds: int, fits: bool) -> None:
    assert formed(changed(unless=Condition(3, [UUID] * orders, ["a"] * kinds))) is fits


def test_letters_that_move_from_one_text_into_its_neighbour_are_noticed() -> None:
    moved = changed(entry=HEX32 + "0", order=UUID[1:], prev=HEX64)
    assert not well_formed(moved)
    assert not formed(moved)
