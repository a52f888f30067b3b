"""Which entry answers the request of a person, and which one extends the time for it."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.law.reading.person_requests import answers_to, extension_of
from tests.support.scenarios import Fact, Office, disclosed, fact, given, issued, labels, leaf, named, received

ISSUED = issued("2027-03-01T09:00Z")
ELSEWHERE = Office("XV", ("DPO",))


def asked(kind: str, on: str = "2027-04-01T09:00Z", label: str = "request", **fields: Any) -> Fact:
    return fact(kind, on, "ilves", "ISS", label=label, **fields)


def done(kind: str, on: str, label: str, by: str = "orn", role: str = "RET", **fields: Any) -> Fact:
    return fact(kind, on, by, role, label=label, **fields)


def answers(*facts: Fact) -> list[str]:
    reading = given(ISSUED, *facts).among(elsewhere=ELSEWHERE).reading
    return labels(*answers_to(reading.entries, named(reading, "request")))


@pytest.mark.parametrize(
    ("request_kind", "answer_kind"),
    [
        ("access-requested", "access-granted"),
        ("access-requested", "access-restricted"),
        ("rectification-requested", "rectification-refused"),
        ("erasure-requested", "erasure-decided"),
    ],
)
def test_an_answer_names_its_request_and_is_of_the_same_party(request_kind: str, answer_kind: str) -> None:
    request, another = asked(request_kind), asked(request_kind, label="another")
    answer = done(answer_kind, "2027-04-05T09:00Z", "answer", answers="request")
    abroad = done(answer_kind, "2027-04-05T09:00Z", "abroad", "elsewhere", "DPO", answers="request")
    other = done(answer_kind, "2027-04-05T09:00Z", "other", answers="another")
    assert answers(request, another, abroad, other) == []
    assert answers(request, another, abroad, other, answer) == ["answer"]


def rectified(on: str, about: str) -> Fact:
    return done("rectification-made", on, "made", about=about, mode="corrected")


@pytest.mark.parametrize(
    ("about", "made", "answered"),
    [
        (None, rectified("2027-04-05T09:00Z", "data"), True),
        ("data", rectified("2027-04-05T09:00Z", "data"), True),
        ("data", rectified("2027-04-05T09:00Z", "again"), True),
        ("data", rectified("2027-04-05T09:00Z", "issued"), False),
        ("data", rectified("2027-04-01T08:59Z", "data"), False),
        (None, rectified("2027-04-01T08:59Z", "data"), False),
    ],
    ids=["no entry", "the same entry", "its replacement", "another entry", "before the request", "before any request"],
)
def test_a_rectification_answers_the_earlier_requests_about_its_entry_and_about_none(
    about: str | None, made: Fact, answered: bool
) -> None:
    data = disclosed("2027-03-05T09:00Z", label="data"), disclosed("2027-03-05T09:00Z", label="again", replaces="data")
    request = asked("rectification-requested", **({"about": about} if about else {}))
    assert answers(received("2027-03-02T08:30Z"), *data, request, made) == (["made"] if answered else [])


def test_the_first_extension_by_the_party_that_took_the_request_counts() -> None:
    def extension(day: int, label: str, by: str = "orn", role: str = "RET", about: str = "request") -> Fact:
        return done("reply-period-extended", f"2027-04-{day:02}T09:00Z", label, by, role, about=about)

    facts = (
        *(asked("access-requested"), asked("access-requested", label="another")),
        *(extension(2, "other", about="another"), extension(3, "abroad", "elsewhere", "DPO")),
    )
    story = given(ISSUED, *facts).among(elsewhere=ELSEWHERE)
    reading = story.reading
    assert extension_of(reading.entries, reading.entries.by_leaf[leaf("request")]) is None
    reading = story.when(extension(4, "first"), extension(5, "second")).reading
    assert labels(extension_of(reading.entries, reading.entries.by_leaf[leaf("request")])) == ["first"]
