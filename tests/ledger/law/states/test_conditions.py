"""The conditions on which an entry changes the state: what it states, and what came before it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ledger.law.states import conditions
from ledger.law.states.conditions import states
from tests.support.scenarios import by_issuer, disclosed, given, issued, named

ORDER = issued("2027-03-01T09:00Z")


@pytest.mark.parametrize(
    ("values", "stated", "met"),
    [
        ((True,), True, True),
        ((True,), False, False),
        ((True,), None, False),
        ((False,), False, True),
        ((False,), True, False),
        ((False,), None, True),
        ((True, False), None, True),
    ],
)
def test_a_flag_that_is_not_stated_is_false(values: tuple[bool, ...], stated: bool | None, met: bool) -> None:
    reading = given(ORDER, disclosed("2027-03-05T09:00Z", label="d").changed(partial=stated)).reading
    assert states("partial", *values)(reading, named(reading, "d")) is met


@pytest.mark.parametrize(("decision", "met"), [("upheld", True), ("lifted", True), ("denied", False), (None, False)])
def test_a_field_states_one_of_several_values_or_none(decision: str | None, met: bool) -> None:
    stated: dict[str, Any] = {"decision": decision} if decision else {}
    reading = given(ORDER, by_issuer("recognition-decided", "2027-03-05T09:00Z", label="d", **stated)).reading
    condition = states("decision", "upheld", "lifted")
    assert condition(reading, named(reading, "d")) is met
    assert condition.__doc__ == "decision upheld or lifted"


# -- conditions on entries before and after, with numbers for their order ----------------------------------------------


def at(n: int, **stated: Any) -> Any:
    """Return an entry at a place in the order of entries, with these fields."""
    return SimpleNamespace(on=n, position=n, leaf=f"{n}", get=stated.get, kind=stated.get("kind", ""))


def order(**parts: Any) -> Any:
    """Return what a condition reads of an order."""
    kinds: dict[str, list[Any]] = parts.pop("kinds", {})
    entries = SimpleNamespace(
        of=lambda *names: [e for name in names for e in kinds.get(name, ())],
        named=lambda leaf: parts.get("named", {}).get(leaf),
    )
    return SimpleNamespace(entries=entries, **parts)


@pytest.mark.parametrize(
    ("transmitted", "disclosures", "full", "part"),
    [
        ([at(3)], [], True, False),
        ([at(3)], [at(1, partial=True)], False, True),
        ([at(3)], [at(1, partial=False)], True, False),
        ([at(3)], [at(1)], True, False),
        ([at(3)], [at(1), at(2, partial=True)], False, True),
        ([at(3)], [at(1, partial=True), at(2)], True, False),
        ([at(3)], [at(1), at(5, partial=True)], True, False),
        ([at(3)], [at(1, partial=True), at(5)], False, True),
        ([], [at(1)], False, False),
        ([], [at(1, partial=True)], False, False),
    ],
)
def test_what_was_transmitted_is_whole_or_a_part_by_the_last_disclosure_before(
    transmitted: list[Any], disclosures: list[Any], full: bool, part: bool
) -> None:
    r = order(kinds={"data-transmitted-by-state": transmitted}, substance=SimpleNamespace(disclosures=disclosures))
    assert conditions.transmitted(r, at(5)) is bool(transmitted)
    assert conditions.transmitted_in_full(r, at(5)) is full
    assert conditions.transmitted_in_part(r, at(5)) is part


@pytest.mark.parametrize(
    ("in_force", "met"),
    [([], True), ([at(2)], True), ([at(2), at(1)], False), ([at(1)], False), ([at(7)], True), ([at(2), at(7)], True)],
)
def test_another_instruction_that_was_given_before_stands(in_force: list[Any], met: bool) -> None:
    lifted = in_force[0] if in_force and in_force[0].on == 2 else None
    r = order(named={"about": lifted}, instructions=SimpleNamespace(in_force=lambda on: in_force))
    assert conditions.no_other_instruction_stands(r, at(5, about="about")) is met


@pytest.mark.parametrize("suspends", [True, False])
@pytest.mark.parametrize(("received", "before"), [([], False), ([4], True), ([5], False), ([6], False), ([6, 4], True)])
def test_a_suspensive_notification_has_been_received_if_it_came_before(
    suspends: bool, received: list[int], before: bool
) -> None:
    review = SimpleNamespace(suspends=lambda on: suspends)
    r = order(kinds={"notification-received": [at(n) for n in received]}, review=review)
    assert conditions.the_suspensive_notification_has_been_received(r, at(5)) is (suspends and before)
    assert conditions.suspensive(r, at(5)) is suspends


@pytest.mark.parametrize(("ends", "before"), [([], False), ([4], True), ([5], False), ([6], False), ([6, 4], True)])
def test_an_end_counts_for_what_comes_after_it(ends: list[int], before: bool) -> None:
    refused = order(kinds={"ex-post-validation-refused": [at(n) for n in ends]})
    withdrawn = order(kinds={"order-withdrawn": [at(n) for n in ends]})
    assert conditions.after_a_withdrawal(refused, at(5)) is before
    assert conditions.after_a_withdrawal(withdrawn, at(5)) is before
    assert conditions.after_a_refused_validation(refused, at(5)) is before
    assert conditions.after_a_refused_validation(withdrawn, at(5)) is False


@pytest.mark.parametrize("in_time", [True, False])
@pytest.mark.parametrize("bars", [True, False])
@pytest.mark.parametrize("scope", ["part", "conditions", "all", None])
def test_a_ground_in_time_bars_all_or_a_part(in_time: bool, bars: bool, scope: str | None) -> None:
    r = order(
        review=SimpleNamespace(ground_in_time=lambda e: in_time), substance=SimpleNamespace(bars_all=lambda e: bars)
    )
    e = at(5, scope=scope)
    assert conditions.in_time_for_all(r, e) is (in_time and bars)
    assert conditions.in_time_in_part(r, e) is (in_time and not bars and scope in ("part", "conditions"))


@pytest.mark.parametrize(
    ("kind", "instrument", "asked"),
    [
        ("ground-for-refusal-raised", "EPOC", "ground"),
        ("reasoned-objection-filed", "SCA", "motion"),
        ("reasoned-objection-filed", "EPOC", "E-17-2"),
        ("preservation-extended", "EPOC-PR", "extension"),
        ("order-issued", "EPOC-PR", "E-11-1"),
    ],
)
def test_each_kind_has_its_own_end(kind: str, instrument: str, asked: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conditions, "motion_2703_h", lambda r, e: asked == "motion")
    monkeypatch.setattr(conditions, "extension_in_time", lambda r, e: asked == "extension")
    monkeypatch.setattr(conditions, "of_a_third_country", lambda r, e: True)
    r = order(
        instrument=instrument,
        review=SimpleNamespace(ground_in_time=lambda e: asked == "ground"),
        deadlines=SimpleNamespace(before_end=lambda e, clock: clock == asked),
    )
    assert conditions.in_time(r, at(5, kind=kind)) is True
    others = {"ground", "motion", "extension", "E-17-2", "E-11-1"} - {asked}
    for asked in others:  # noqa: B007 -- the stubs above read it
        assert conditions.in_time(r, at(5, kind=kind)) is False


@pytest.mark.parametrize("by", [True, False])
def test_a_question_of_the_provider_is_answered(by: bool) -> None:
    question = at(1)
    r = order(named={"q": question}, actors=SimpleNamespace(is_by=lambda e, *roles: by and roles == ("SP", "REG")))
    assert conditions.answers_the_provider(r, at(5, answers="q")) is by
    assert conditions.answers_the_provider(r, at(5, answers="other")) is False
    assert conditions.by_the_provider(r, at(5)) is by


@pytest.mark.parametrize("declared", [object(), None])
def test_a_declaration_is_there_or_not(declared: object) -> None:
    parties = SimpleNamespace(declared=lambda code: declared if code == "D-9-5" else None)
    assert conditions.declared_9_5(order(parties=parties), at(5)) is (declared is not None)
