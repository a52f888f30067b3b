"""The newest description of a controller counts, in the wanted language, from its day on, unless replaced."""

from __future__ import annotations

from datetime import date
from typing import Any

from projections.views.controller_description import description
from tests.support.scenarios import Fact, case, fact, issued


def described(on: str, valid_from: str, label: str, **fields: Any) -> Fact:
    fields = {"controller": "ilves", "language": "en", "valid_from": valid_from, **fields}
    return fact("controller-described", on, "registrar", "ADM", label=label, **fields)


def contact(day: str, *facts: Fact, lang: str = "en", of: str = "ilves") -> str | None:
    """Return the contact of the description that counts on a day."""
    registry = case((issued("2027-03-01T09:00Z"),), "2AP-7", register=facts).registry
    e = description(registry, (of,), lang, date.fromisoformat(day))
    return None if e is None else e.get("contact")


SAYS: dict[str, Any] = {"language": "en", "valid_from": "2027-01-01", "contact": "changed"}
OLD = described("2027-01-01T09:00Z", "2027-01-01", "old", contact="old")
NEW = described("2027-02-01T09:00Z", "2027-06-01", "new", contact="new")


def test_a_description_counts_from_its_day_on() -> None:
    assert contact("2026-12-31", OLD, NEW) is None
    assert contact("2027-05-31", OLD, NEW) == "old"
    assert contact("2027-06-01", OLD, NEW) == "new"


def test_the_description_in_the_wanted_language_comes_before_a_newer_one() -> None:
    german = described("2027-01-02T09:00Z", "2027-01-01", "de", contact="deutsch", language="de")
    assert contact("2027-07-01", OLD, german, NEW, lang="de") == "deutsch"
    assert contact("2027-07-01", OLD, NEW, lang="de") == "new"


def test_a_replaced_description_does_not_count() -> None:
    better = described("2027-01-03T09:00Z", "2027-01-01", "better", contact="better", replaces="old")
    assert contact("2027-02-01", OLD, better) == "better"


def test_another_office_has_another_description() -> None:
    assert contact("2027-07-01", OLD, of="orn") is None


def test_a_provider_describes_itself_and_no_authority() -> None:
    foreign = fact(
        "controller-described", "2027-02-02T09:00Z", "skylark", "SP", label="foreign", **SAYS, controller="ilves"
    )
    own = fact("controller-described", "2027-02-02T09:00Z", "skylark", "SP", label="own", **SAYS, controller="skylark")
    assert contact("2027-03-01", OLD, foreign) == "old"
    assert contact("2027-03-01", OLD, own, of="skylark") == "changed"


def test_an_authority_of_the_same_party_describes_a_controller_and_one_of_another_party_does_not() -> None:
    same = fact("controller-described", "2027-02-02T09:00Z", "orn", "RET", label="same", **SAYS, controller="ilves")
    powerless = fact("controller-described", "2027-02-02T09:00Z", "ncco", "NOT", label="no", **SAYS, controller="ilves")
    abroad = fact("controller-described", "2027-02-02T09:00Z", "ncco", "DPO", label="far", **SAYS, controller="ilves")
    assert contact("2027-03-01", OLD, same) == "changed"
    assert contact("2027-03-01", OLD, powerless, abroad) == "old"
