"""How far an entry can be relied on: late times, proofs of the other side, disputes and their rulings."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from ledger.law import read_order
from ledger.law.reading.order_reading import OrderReading
from ledger.law.reading.reliability import file_digests
from tests.support.scenarios import (
    Fact,
    Office,
    by_issuer,
    disclosed,
    fact,
    given,
    issued,
    labels,
    leaf,
    moment,
    named,
    received,
)

ISSUED = issued("2027-03-01T09:00Z")
RECEIVED = received("2027-03-02T08:30Z")
ORIGIN, THEIRS = "ledger.example/skylark", "0" * 64

# -- proofs of the other side ------------------------------------------------------------------------------------------

SEEN = disclosed("2027-03-03T10:00Z", label="seen", by="orn", role="RET", speaks="observation", whose="skylark")
PROOF = fact(
    "counterparty-record-received", "2027-03-04T10:00Z", "orn", "RET", origin=ORIGIN, index=1, leaf=THEIRS,
    envelope="0" * 64, proof_check="verifies", backs="seen",
)  # fmt: skip


def with_their_entry(**changes: Any) -> OrderReading:
    """Read an order whose last entry came from the log of the provider and replaces the entry that the proof has."""
    case = given(ISSUED, SEEN, PROOF, disclosed("2027-03-05T10:00Z", label="theirs")).case
    theirs = replace(case.entries[-1], **{"origin": ORIGIN, "replaces": THEIRS, **changes})
    return read_order(replace(case, entries=(*case.entries[:-1], theirs)), moment("2027-03-06T10:00Z"))


@pytest.mark.parametrize(
    ("changes", "proven"),
    [
        ({}, False),
        ({"origin": "ledger.example/another"}, True),
        ({"origin": None}, True),
        ({"by": "ncco"}, True),
        ({"replaces": "1" * 64}, True),
        ({"held": False}, True),
    ],
)
def test_a_proof_ends_where_its_signer_has_replaced_the_entry_in_its_own_log(
    changes: dict[str, Any], proven: bool
) -> None:
    reading = with_their_entry(**changes)
    assert reading.reliability.first_hand(named(reading, "seen")) is proven


# -- time --------------------------------------------------------------------------------------------------------------


def test_another_entry_of_this_kind_confirms_a_late_time_only_if_it_cannot_lie_ahead_of_its_signature() -> None:
    late = received("2027-03-02T08:30Z", "late", at="2027-03-04T08:30Z")
    other = received("2027-03-02T08:30Z", "other", "ilves", "ISS", proof_kind="portal-log")
    ahead = replace(other, at=moment("2027-03-02T08:24:59Z"))
    for confirming, trusted in ((other, True), (ahead, False)):
        reading = given(ISSUED, late, confirming).asked_at("2027-03-05T00:00Z").reading
        assert reading.reliability.trusted(named(reading, "late")) is trusted


# -- what supports an answer -------------------------------------------------------------------------------------------

END = moment("2027-03-10T00:00Z")
ANSWER = disclosed("2027-03-08T10:00Z", label="answer", at="2027-03-20T10:00Z")


def arrival(on: str, **fields: Any) -> Fact:
    stated = {"about": "answer", "check": "equal", **fields}
    return fact("evidence-received", on, "orn", "RET", **{k: v for k, v in stated.items() if v is not None})


MANIFEST = ANSWER.fields["manifest"]
OTHER_FILE = {"elements": ["name"], "files": [{"name": "b", "size": 1, "sha256": "b" * 64}]}


@pytest.mark.parametrize(
    ("facts", "supported"),
    [
        ([], False),
        ([arrival("2027-03-09T10:00Z")], True),
        ([arrival("2027-03-09T23:59:59Z")], True),
        ([arrival("2027-03-10T00:00Z")], False),
        ([arrival("2027-03-09T10:00Z", at="2027-03-11T10:00Z")], False),
        ([arrival("2027-03-09T10:00Z", about="another")], False),
        ([arrival("2027-03-09T10:00Z", about=None)], False),
        ([arrival("2027-03-09T10:00Z", about=None, manifest=MANIFEST)], True),
        ([arrival("2027-03-09T10:00Z", about=None, manifest=OTHER_FILE)], False),
        ([arrival("2027-03-09T10:00Z", about="another", manifest=MANIFEST)], False),
    ],
)
def test_a_late_answer_counts_if_its_arrival_before_the_end_is_recorded_in_time(
    facts: list[Fact], supported: bool
) -> None:
    reading = given(ISSUED, ANSWER, disclosed("2027-03-08T10:00Z", label="another"), *facts).reading
    assert reading.reliability.supported(named(reading, "answer"), END) is supported


def test_a_late_answer_counts_with_a_stamp_and_not_by_itself() -> None:
    stamped = given(ISSUED, replace(ANSWER, on_source="receipt-stamp")).reading
    assert stamped.reliability.supported(named(stamped, "answer"), END)
    passed_on = fact(
        "data-transmitted-by-state", "2027-03-08T10:00Z", "ncco", "CAQ",
        label="answer", manifest=MANIFEST, channel="mail",
    )  # fmt: skip
    alone = given(issued("2027-03-01T09:00Z", "2AP-8"), passed_on).reading
    assert not alone.reliability.supported(named(alone, "answer"), END)


FIRST = by_issuer("customer-notification-delay-lifted", "2027-03-03T09:00Z", label="first", about="issued")


def lifted_again(on: str, at: str = "2027-03-09T09:00Z", **fields: Any) -> Fact:
    return by_issuer(
        "customer-notification-delay-lifted",
        on,
        at=at,
        label="again",
        replaces="first",
        **{"about": "issued", **fields},
    )


@pytest.mark.parametrize(
    ("facts", "kept"),
    [
        ([FIRST, lifted_again("2027-03-03T09:00Z")], True),
        ([FIRST, lifted_again("2027-03-02T10:00Z")], True),  # within 24 hours before the first signature
        ([FIRST, lifted_again("2027-03-02T08:59Z")], False),
        ([FIRST, lifted_again("2027-03-03T09:06Z")], False),  # the first signature was made before it
        ([replace(FIRST, at=moment("2027-03-05T09:00Z")), lifted_again("2027-03-03T09:00Z")], False),
        ([replace(FIRST, held=False), lifted_again("2027-03-03T09:00Z")], False),
        ([replace(FIRST, kind="customer-notification-omitted"), lifted_again("2027-03-03T09:00Z")], False),
        ([replace(FIRST, by="orn", role="RET"), lifted_again("2027-03-03T08:59Z")], False),
    ],
)  # fmt: skip
def test_an_act_restated_by_its_signer_keeps_the_time_that_its_first_entry_recorded_in_time(
    facts: list[Fact], kept: bool
) -> None:
    reading = given(ISSUED, RECEIVED, *facts).asked_at("2027-03-20T09:00Z").reading
    assert reading.reliability.known_trigger(named(reading, "again")) is kept


def test_an_act_restated_twice_keeps_the_time_of_its_first_entry() -> None:
    third = replace(FIRST, at=moment("2027-03-12T09:00Z"), label="third", replaces="again")
    reading = given(ISSUED, RECEIVED, FIRST, lifted_again("2027-03-03T09:00Z"), third).reading
    assert reading.reliability.known_trigger(named(reading, "third"))


def test_an_answer_restated_after_the_end_counts_if_its_files_and_its_extent_are_those_recorded_in_time() -> None:
    first = replace(ANSWER, at=ANSWER.on, label="first")
    again = replace(ANSWER, label="again", replaces="first")
    for restated, counts in (
        (again, True),
        (again.changed(manifest=OTHER_FILE), False),
        (again.changed(partial=True), False),
    ):
        reading = given(ISSUED, RECEIVED, first, restated).reading
        assert reading.reliability.supported(named(reading, "again"), END) is counts


def test_the_digests_of_an_entry_are_those_of_all_algorithms_of_all_its_files() -> None:
    files = [{"name": "a", "sha256": "a" * 64, "sha512": "a" * 128}, {"name": "b", "digest": "md5:" + "b" * 32}]
    reading = given(ISSUED, disclosed("2027-03-08T10:00Z", label="d", files=files)).reading
    assert file_digests(named(reading, "d")) == {"a" * 64, "a" * 128, "md5:" + "b" * 32}
    assert file_digests(named(reading, "issued")) == frozenset()
    none = given(ISSUED, disclosed("2027-03-08T10:00Z", label="d", files=None)).reading
    assert file_digests(named(none, "d")) == frozenset()


# -- disputes ----------------------------------------------------------------------------------------------------------

DISPUTE = by_issuer("receipt-disputed", "2027-03-05T09:00Z", label="dispute", about="receipt")


def ruling(by: str = "judge", role: str = "CT", **fields: Any) -> Fact:
    return fact("court-ruled", "2027-03-20T09:00Z", by, role, ruling="dispute-settled", settles="dispute", **fields)


def reported(by: str, role: str) -> Fact:
    return ruling(by, role, speaks="observation", whose="judge")


@pytest.mark.parametrize(
    ("said", "settled"),
    [
        (ruling(), True),
        (ruling("ilves", "CT"), True),  # an act of a court, although the same office disputed
        (reported("ncco", "NOT"), True),
        (reported("ilves", "ISS"), False),  # it disputed
        (reported("skylark", "SP"), False),  # its entry is disputed
        (ruling().changed(settles=None), False),
        (ruling().changed(settles="receipt"), False),
    ],
)
def test_a_ruling_settles_a_dispute_by_the_word_of_the_court_or_of_an_office_of_no_side(
    said: Fact, settled: bool
) -> None:
    reading = given(ISSUED, RECEIVED, DISPUTE, said).reading
    assert reading.reliability.disputed(leaf("receipt")) is not settled


def test_a_dispute_about_no_entry_on_record_has_one_side_and_disputes_nothing_that_is_there() -> None:
    unknown = DISPUTE.changed(about="nothing")
    reading = given(ISSUED, RECEIVED, unknown, reported("skylark", "SP")).reading
    assert reading.reliability.settled == {leaf("dispute")}
    assert not given(ISSUED, RECEIVED, unknown).reading.reliability.disputed(leaf("receipt"))
    of_none = DISPUTE.changed(about=None)
    assert given(ISSUED, RECEIVED, of_none, reported("ncco", "NOT")).reading.reliability.settled == {leaf("dispute")}
    assert given(ISSUED, RECEIVED, of_none).reading.reliability.open_disputes == {}


@pytest.mark.parametrize(
    ("again", "claimed", "disputed"),
    [
        (received("2027-03-06T08:30Z", "again"), None, True),
        (received("2027-03-06T08:30Z", "again"), "2027-03-06T08:30:00Z", False),  # now as it was claimed
        (received("2027-03-06T08:30Z", "again"), "2027-03-06T08:31:00Z", True),
        (received("2027-03-06T08:30Z", "again", by="reg", role="REG"), None, False),
        (received("2027-03-06T08:30Z", "again", about="c1"), None, False),
        (by_issuer("order-withdrawn", "2027-03-06T08:30Z", label="again"), None, False),
    ],
    ids=["the same again", "the claimed time", "another time", "another office", "another version", "another kind"],
)
def test_a_dispute_is_also_about_later_entries_of_the_office_of_this_kind_and_version(
    again: Fact, claimed: str | None, disputed: bool
) -> None:
    dispute = DISPUTE.changed(claimed_on=claimed)
    correction = fact("order-corrected", "2027-03-04T09:00Z", "ilves", "ISS", label="c1", material=True)
    story = given(ISSUED, RECEIVED, correction, dispute, again).among(reg=Office("XV", ("REG",)))
    assert story.reading.reliability.disputed(leaf("again")) is disputed


def test_a_dispute_is_not_about_entries_recorded_before_the_one_that_it_names() -> None:
    before = received("2027-03-06T08:30Z", "before", at="2027-03-06T08:30Z")
    reading = given(ISSUED, before, replace(RECEIVED, at=RECEIVED.on + timedelta(hours=1)), DISPUTE).reading
    assert not reading.reliability.disputed(leaf("before"))
    assert reading.reliability.disputed(leaf("receipt"))


def test_every_open_dispute_about_an_entry_is_named() -> None:
    second = fact("event-disputed", "2027-03-07T09:00Z", "ncco", "NOT", label="second", about="receipt", statement="x")
    reading = given(ISSUED, RECEIVED, DISPUTE, second).reading
    assert sorted(labels(*reading.reliability.open_disputes[leaf("receipt")])) == ["dispute", "second"]
    settled = given(ISSUED, RECEIVED, DISPUTE, second, ruling()).reading
    assert labels(*settled.reliability.open_disputes[leaf("receipt")]) == ["second"]
