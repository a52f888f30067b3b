"""Effective entries: which ones count, when each happened, of which version, with which receipt. findings.md 1."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from ledger.facts.vocabulary import INSTRUMENTS
from ledger.law.reading.effective_entries import precedes
from ledger.law.reading.reliability import late
from tests.support.scenarios import (
    Fact,
    Office,
    Story,
    by_authority,
    by_issuer,
    by_provider,
    corrected,
    disclosed,
    fact,
    given,
    issued,
    labels,
    leaf,
    moment,
    named,
    received,
    sent,
)

ISSUED = issued("2027-03-01T09:00Z")
SENT = sent("2027-03-02T08:00Z")
RECEIVED = received("2027-03-02T08:30Z")


# -- known, replaced, effective ----------------------------------------------------------------------------------------


def test_what_was_recorded_later_does_not_exist_yet_whenever_it_happened() -> None:
    story = given(ISSUED, received("2027-03-02T08:30Z", at="2027-03-05T08:00Z"))
    assert story.asked_at("2027-03-05T07:59:59Z").reading.receipts.governing is None
    assert story.asked_at("2027-03-05T08:00:00Z").reading.receipts.governing is not None


def test_the_register_too_is_read_as_it_was_known() -> None:
    ended = fact(
        "authority-changed", "2027-03-20T09:00Z", "registrar", "ADM", actor="skylark", valid_from="2027-01-01",
        valid_until="2027-03-01",
    )  # fmt: skip
    story = given(ISSUED, RECEIVED).registered(ended)
    assert story.asked_at("2027-03-20T08:59:59Z").reading.receipts.governing is not None
    assert story.asked_at("2027-03-20T09:00:00Z").reading.receipts.governing is None


def test_only_a_later_entry_of_the_same_signer_replaces() -> None:
    story = given(
        ISSUED,
        RECEIVED,
        received("2027-03-02T09:30Z", "receipt-2", replaces="receipt"),
        sent("2027-03-02T08:00Z", replaces="receipt-2"),
    )
    reading = story.reading
    assert reading.entries.replaced == {leaf("receipt")}
    assert labels(reading.receipts.governing) == ["receipt-2"]


def test_a_reference_to_a_replaced_entry_reaches_the_one_that_counts() -> None:
    story = given(
        ISSUED,
        disclosed("2027-03-03T10:00Z", label="a"),
        disclosed("2027-03-03T10:00Z", label="b", replaces="a"),
        fact("evidence-received", "2027-03-03T11:00Z", "orn", "RET", about="a", check="equal"),
    )
    reading = story.reading
    assert labels(reading.entries.named(leaf("a"))) == ["b"]
    assert reading.substance.received_elements(reading.entries.of("evidence-received")[0]) == {"name", "postal-address"}


def test_an_act_counts_in_a_role_among_the_signers_and_in_no_other() -> None:
    reading = given(
        ISSUED,
        disclosed("2027-03-03T10:00Z", label="a", by="ilves", role="ISS"),
        disclosed("2027-03-03T11:00Z", label="b"),
    ).reading
    assert labels(*reading.entries.of("data-disclosed")) == ["b"]
    assert labels(*reading.entries.all_of("data-disclosed")) == ["a", "b"]
    assert reading.entries.is_effective(named(reading, "a")) is False
    assert reading.entries.is_effective(named(reading, "b")) is True


def test_an_observation_counts_if_the_one_whose_act_it_is_holds_such_a_role() -> None:
    seen: dict[str, Any] = {"by": "orn", "role": "RET", "speaks": "observation"}
    reading = given(
        ISSUED,
        disclosed("2027-03-03T10:00Z", label="a", whose="skylark", **seen),
        disclosed("2027-03-03T11:00Z", label="b", whose="ncco", **seen),
        disclosed("2027-03-03T12:00Z", label="c", **seen),
    ).reading
    assert labels(*reading.substance.disclosures) == ["a"]
    assert reading.actors.roles(named(reading, "a")) == {"SP"}
    assert not reading.reliability.first_hand(named(reading, "a"))


def test_a_kind_nobody_knows_counts_for_nothing() -> None:
    reading = given(ISSUED, fact("order-forgotten", "2027-03-02T08:00Z", "ilves", "ISS", label="a")).reading
    assert labels(*reading.entries.all_of("order-forgotten")) == ["a"]
    assert reading.entries.of("order-forgotten") == ()


def test_an_office_ends_with_its_last_day_in_the_zone_of_its_party() -> None:
    office = Office("XV", ("SP",), valid_until="2027-03-03")
    last, after = disclosed("2027-03-03T22:59:59Z", label="a"), disclosed("2027-03-03T23:00:00Z", label="b")
    reading = given(ISSUED, last, after).among(skylark=office).reading
    assert labels(*reading.substance.disclosures) == ["a"]


def test_the_order_of_entries_is_by_when_it_happened_then_by_place_in_the_record() -> None:
    reading = given(
        ISSUED,
        disclosed("2027-03-05T10:00Z", label="a"),
        disclosed("2027-03-04T10:00Z", label="b", at="2027-03-06T10:00Z"),
        disclosed("2027-03-04T10:00Z", label="c"),
    ).reading
    assert labels(*reading.substance.disclosures) == ["b", "c", "a"]


def test_a_proof_from_the_other_sides_record_makes_an_observation_first_hand() -> None:
    seen = disclosed("2027-03-03T10:00Z", label="a", by="orn", role="RET", speaks="observation", whose="skylark")

    def backed(check: str) -> bool:
        proof = fact(
            "counterparty-record-received", "2027-03-04T10:00Z", "orn", "RET", origin="ledger.example/skylark",
            index=1, leaf="00" * 32, envelope="00" * 32, proof_check=check, backs="a",
        )  # fmt: skip
        reading = given(ISSUED, seen, proof).reading
        return reading.reliability.first_hand(named(reading, "a"))

    assert backed("verifies")
    assert not backed("fails")


# -- times that can be trusted -----------------------------------------------------------------------------------------


def test_a_late_entry_is_one_recorded_more_than_24_hours_after() -> None:
    reading = given(
        ISSUED,
        disclosed("2027-03-03T10:00:00Z", label="a", at="2027-03-04T10:00:00Z"),
        disclosed("2027-03-03T10:00:00Z", label="b", at="2027-03-04T10:00:01Z"),
    ).reading
    assert not late(named(reading, "a"))
    assert late(named(reading, "b"))


@pytest.mark.parametrize(
    ("source", "others", "trusted"),
    [
        ("own-act", [], False),
        ("other-party", [], False),
        ("receipt-stamp", [], True),
        ("own-act", [received("2027-03-02T08:30Z", "b", "ilves", "ISS", proof_kind="portal-log")], True),
        ("own-act", [received("2027-03-02T08:31Z", "b", "ilves", "ISS", proof_kind="portal-log")], False),
        ("own-act", [received("2027-03-02T08:30Z", "b", "ilves", "ISS", at="2027-03-04T08:30Z")], False),
        ("own-act", [received("2027-03-02T08:30Z", "b", "skylark", "SP")], False),
    ],
    ids=["alone", "hearsay", "stamped", "the other side too", "another time", "late as well", "the same signer"],
)
def test_a_late_time_is_trusted_with_a_stamp_or_the_word_of_somebody_else(
    source: str, others: list[Fact], trusted: bool
) -> None:
    late = received("2027-03-02T08:30Z", "a", at="2027-03-04T08:30Z", on_source=source)
    reading = Story((ISSUED, late, *others)).reading
    assert reading.reliability.trusted(named(reading, "a")) is trusted


def test_a_dispute_makes_a_receipt_unknown_until_a_court_settles_it_and_then_its_own_time_counts() -> None:
    disputed = by_issuer(
        "receipt-disputed", "2027-03-05T09:00Z", label="a", about="receipt", claimed_on="2027-03-03T09:00:00Z"
    )
    settled = fact("court-ruled", "2027-03-20T09:00Z", "judge", "CT", ruling="dispute-settled", settles="a")
    other = fact("court-ruled", "2027-03-10T09:00Z", "judge", "CT", ruling="other", about="a")
    story = given(ISSUED, RECEIVED, disputed, other)
    assert story.reading.reliability.disputed(leaf("receipt"))
    assert not story.reading.reliability.known_trigger(named(story.reading, "receipt"))
    after = story.when(settled).reading
    assert after.receipts.governing is not None
    assert after.reliability.known_trigger(after.receipts.governing)
    assert after.receipts.governing.on == moment("2027-03-02T08:30Z")


# -- versions, service, receipts ---------------------------------------------------------------------------------------


def test_a_material_correction_is_a_version_and_another_is_not() -> None:
    reading = given(
        ISSUED,
        corrected("2027-03-03T09:00Z", "typo", material=False),
        corrected("2027-03-04T09:00Z", "c1"),
    ).reading
    assert labels(*reading.order.versions) == ["issued", "c1"]
    assert reading.order.since == moment("2027-03-04T09:00Z")


@pytest.mark.parametrize(
    ("about", "version"),
    [(None, "issued"), ("issued", "issued"), ("c1", "c1"), ("typo", "c1"), ("c3", "issued"), ("a", "issued")],
)
def test_an_arrival_is_of_the_version_it_names(about: str | None, version: str) -> None:
    """`typo` corrects c1 without changing the duty; c3 and `typo` on the order as issued do not change it either."""
    story = given(
        ISSUED,
        corrected("2027-03-03T09:00Z", "c3", material=False),
        corrected("2027-03-04T09:00Z", "c1"),
        corrected("2027-03-05T09:00Z", "typo", material=False, corrects="c1"),
        sent("2027-03-05T10:00Z", label="a"),
        received("2027-03-06T09:00Z", **({"about": about} if about else {})),
    )
    reading = story.reading
    assert labels(reading.order.version_of(named(reading, "receipt"))) == [version]


def test_everything_else_belongs_to_the_version_in_whose_time_it_happens() -> None:
    reading = given(
        ISSUED,
        disclosed("2027-03-03T09:00Z", label="a"),
        corrected("2027-03-04T09:00Z", "c1"),
        disclosed("2027-03-04T09:00Z", label="b"),
    ).reading
    assert labels(*(reading.order.version_of(named(reading, label)) for label in "ab")) == ["issued", "c1"]


def test_corrections_that_name_each_other_do_not_hang_the_reader() -> None:
    reading = given(
        ISSUED,
        corrected("2027-03-03T09:00Z", "a", material=False, corrects="b"),
        corrected("2027-03-03T10:00Z", "b", material=False, corrects="a"),
        received("2027-03-04T09:00Z", about="b"),
    ).reading
    assert labels(reading.order.version_of(named(reading, "receipt"))) == ["issued"]


def test_service_is_by_sending_else_by_arrival_else_of_a_correction_by_its_making() -> None:
    story = given(ISSUED, corrected("2027-03-04T09:00Z", "c1"), RECEIVED)
    reading = story.reading
    first, second = reading.order.versions
    assert reading.order.service(first) == moment("2027-03-02T08:30Z")
    assert reading.order.service(second) == moment("2027-03-04T09:00Z")
    assert reading.order.served == moment("2027-03-02T08:30Z")
    later = story.when(sent("2027-03-02T08:40Z"), sent("2027-03-05T08:00Z", about="c1")).reading
    assert later.order.service(later.order.versions[0]) == moment("2027-03-02T08:40Z")
    assert later.order.service(later.order.versions[1]) == moment("2027-03-05T08:00Z")
    unsent = given(ISSUED).reading
    assert unsent.order.service(unsent.order.versions[0]) is None


@pytest.mark.parametrize(
    ("instrument", "role", "proof", "proper"),
    [
        ("2AP-7", "SP", None, True),
        ("2AP-7", "REG", None, True),
        ("2AP-7", "ISS", "portal-log", True),
        ("2AP-7", "ISS", "own-stamp", False),
        ("2AP-7", "ISS", None, False),
        ("2AP-7", "CAQ", None, False),
        ("2AP-8", "SP", None, True),
        ("2AP-8", "ISS", "portal-log", False),
        ("2AP-8", "CAQ", None, False),
        ("BC-31", "CAQ", None, False),
        ("2AP-10", "REG", None, True),
        ("2AP-9", "POC", None, True),
        ("2AP-9", "CAQ", None, True),
        ("2AP-9", "REG", None, False),
        ("BC-29", "SP", None, True),
        ("BC-29", "ISS", "courier-receipt", False),
        ("EPOC", "ISS", "courier-receipt", True),
    ],
)
def test_a_receipt_is_proper_if_it_is_signed_by_who_may_say_so(
    instrument: str, role: str, proof: str | None, proper: bool
) -> None:
    stated = {} if proof is None else {"proof_kind": proof}
    story = given(issued("2027-03-01T09:00Z", instrument), received("2027-03-02T08:30Z", by="x", role=role, **stated))
    assert bool(story.reading.receipts.proper) is proper


def test_signed_is_meant_literally_of_a_receipt_somebody_else_took_over() -> None:
    def taken_over(by: str, role: str) -> bool:
        receipt = received("2027-03-02T08:30Z", by=by, role=role, speaks="import", whose="skylark")
        return bool(given(ISSUED, receipt).reading.receipts.proper)

    assert taken_over("skylark", "SP")
    assert not taken_over("orn", "RET")


def test_the_first_proper_receipt_of_the_last_version_governs_the_addressees_own_before_that_of_the_issuer() -> None:
    wrong = received("2027-03-02T07:00Z", "a", proper_addressee=False)
    by_log = received("2027-03-02T08:00Z", "receipt-iss", "ilves", "ISS", proof_kind="portal-log")
    story = given(ISSUED, wrong, by_log)
    assert labels(story.reading.receipts.governing) == ["receipt-iss"]
    story = story.when(RECEIVED, received("2027-03-02T09:30Z", "receipt-2"))
    assert labels(story.reading.receipts.governing) == ["receipt"]
    story = story.when(corrected("2027-03-04T09:00Z", "c1"))
    assert story.reading.receipts.governing is None
    assert labels(story.when(received("2027-03-05T09:00Z", "b", about="c1")).reading.receipts.governing) == ["b"]


def test_without_an_effective_order_there_is_no_version_and_no_governing_receipt() -> None:
    reading = given(RECEIVED).reading
    assert reading.order.versions == ()
    assert reading.receipts.governing is None
    assert reading.receipts.proper != ()


@pytest.mark.parametrize("instrument", INSTRUMENTS)
def test_hostile_values_do_not_stop_the_reader(instrument: str) -> None:
    """Years at the end of the calendar, an unregistered Party, references to no entry."""
    end = "9999-12-31T23:59:59Z"
    story = given(
        issued("2026-12-30T09:00Z", instrument, to_party="ZZ", providers=["nobody"], return_timeframe="P90Y"),
        received("9999-12-30T08:30Z", about="nothing"),
        by_authority("notification-received", "9999-12-31T08:30Z"),
        by_authority("instruction-lifted", "9999-12-31T09:00Z", about="nothing"),
        by_provider("order-referred-back", "9999-12-31T10:00Z", label="back", reason_codes=["other"]),
        by_issuer("additional-information-provided", end, answers="back"),
        by_provider("preservation-confirmed", "9999-12-31T10:00Z"),
        by_issuer("preservation-extended", end, extends_by="P99Y"),
        by_issuer("enforcement-requested", end, enforcing_authority="nobody"),
    )
    assert all(clock.due is None or clock.due <= moment(end) for clock in story.reading.deadlines.clocks)


def test_no_entry_comes_before_itself_and_of_one_moment_the_place_in_the_record_decides() -> None:
    reading = given(
        ISSUED, disclosed("2027-03-05T10:00Z", label="a"), disclosed("2027-03-05T10:00Z", label="b")
    ).reading
    first, second = named(reading, "a"), named(reading, "b")
    assert (precedes(first, second), precedes(second, first), precedes(first, first)) == (True, False, False)
    assert labels(*reading.entries.earlier(second, "data-disclosed")) == ["a"]
    assert labels(*reading.entries.later(first, "data-disclosed")) == ["b"]


def test_an_entry_whose_moment_has_not_come_is_of_the_future_until_it_comes() -> None:
    coming = disclosed("2027-03-05T10:00Z", label="a", at="2027-03-04T10:00Z")
    story = given(ISSUED, coming)
    before, then = (story.asked_at(f"2027-03-05T{t}Z").reading.entries for t in ("09:59:59", "10:00:00"))
    assert (labels(*before.future), labels(*before.all_of("data-disclosed"))) == (["a"], [])
    assert (labels(*then.future), labels(*then.all_of("data-disclosed"))) == ([], ["a"])


@pytest.mark.parametrize(
    ("changes", "counts"),
    [
        ({}, True),
        ({"held": False}, False),
        ({"speaks": "import"}, True),
        ({"speaks": "import", "whose": "ncco"}, False),
        ({"by": "ilves", "role": "ISS"}, False),
        ({"by": "ilves", "role": "SP"}, True),
        ({"by": "ilves", "role": "SP", "speaks": "import", "whose": "ilves"}, False),
    ],
)
def test_an_act_counts_by_the_role_that_it_is_signed_in_and_a_report_by_that_of_its_office(
    changes: dict[str, Any], counts: bool
) -> None:
    reading = given(ISSUED, replace(disclosed("2027-03-03T10:00Z", label="a"), **changes)).reading
    assert reading.entries.is_effective(named(reading, "a")) is counts
