"""Transmission of European orders and of the data: Regulation (EU) 2023/1543, arts 19, 21; (EU) 2025/1550, 3.2, 3.3."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace

from ledger.entries.case import Unread
from ledger.law.rules.acts import ACTS, COMMON_SYSTEM_SINCE
from ledger.law.terms.rule import ClockVerdict, Mark
from tests.support.judging import codes, criterion, finds, finds_not
from tests.support.scenarios import (
    Fact,
    Office,
    Story,
    by_authority,
    by_issuer,
    by_provider,
    disclosed,
    fact,
    given,
    issued,
    leaf,
    moment,
    received,
)

ELEMENT = "message-content"
MANIFEST = "W-2025-1550-MANIFEST"
ACCESS = "W-2025-1550-ACCESS"
SIZE = "W-2025-1550-SIZE"
NO_GROUND = "W-19-5-NO-GROUND"
NO_RECORD = "W-19-6-NO-RECORD"
LIMIT = 26_214_400
FILE = {"name": "a.mbox", "size": 1, "sha512": leaf("a", "file") * 2}
COMMON = "decentralised-it-system"

ISSUED = issued(
    "2027-03-01T09:00Z",
    "EPOC",
    ELEMENT,
    issuing_capacity="judge",
    data_categories=["content"],
    offence_threshold="three-years-or-more",
)
SERVED = given(ISSUED, received("2027-03-01T10:00Z"))


def sent(channel: str = COMMON, **fields: Any) -> Fact:
    """Return that the issuing authority sends the certificate."""
    label = fields.pop("label", "sent")
    return by_issuer(
        "order-transmitted", "2027-03-01T09:30Z", addressee="skylark", channel=channel, label=label, **fields
    )


def transfer(channel: str, *files: dict[str, Any], on: str = "2027-03-04T10:00Z", **fields: Any) -> Fact:
    """Return a disclosure through a channel, with these files, to the authority that asked."""
    fields.setdefault("recipient", "ilves")
    return disclosed(on, ELEMENT, channel=channel, files=list(files), label="data", **fields)


def by_state(channel: str, *files: dict[str, Any], **fields: Any) -> Fact:
    """Return that the enforcing authority passes the data on, art. 16(9)."""
    fields.setdefault("recipient", "ilves")
    manifest = {"elements": [ELEMENT], "files": list(files)}
    on = "2027-03-04T10:00Z"
    return by_authority("data-transmitted-by-state", on, channel=channel, manifest=manifest, label="data", **fields)


def extended(until: str, **fields: Any) -> Fact:
    """Return that the sender keeps the data accessible for longer."""
    return by_provider("access-extended", "2027-03-10T10:00Z", about="data", access_until=until, **fields)


# -- the decentralised IT system: Regulation (EU) 2023/1543, articles 19, 21 and 34(2) ---------------------------------


def test_another_channel_than_the_common_system_needs_a_ground() -> None:
    finds(given(ISSUED, sent("encrypted-mail")), NO_GROUND)
    finds_not(given(ISSUED, sent("encrypted-mail", alternative_ground="system-disrupted")), NO_GROUND)
    finds_not(given(ISSUED, sent()), NO_GROUND)
    finds_not(given(ISSUED, sent("not-known")), NO_GROUND)


@pytest.mark.parametrize(("size", "found"), [(LIMIT, True), (LIMIT + 1, False)])
@pytest.mark.parametrize("way", [transfer, by_state])
def test_data_above_the_threshold_need_no_other_ground(way: Any, size: int, found: bool) -> None:
    assert (NO_GROUND in codes(SERVED.when(way("courier", {**FILE, "size": size})))) is found
    finds_not(
        SERVED.when(way("courier", {**FILE, "size": size}, alternative_ground="forensic-requirements")), NO_GROUND
    )


def test_a_transmission_by_other_means_is_recorded_in_the_common_system() -> None:
    mailed = given(ISSUED, sent("encrypted-mail", alternative_ground="system-disrupted"))
    finds(mailed, NO_RECORD)
    document = {"code": "record", "media": "application/pdf", "size": 1, "sha256": "0" * 64}
    finds_not(given(ISSUED, sent("encrypted-mail", record=document)), NO_RECORD)
    recorded = {
        "reference": "PPO-2027-1",
        "sent_on": "2027-03-01T09:30:00Z",
        "recipient": "skylark",
        "size": 18_204,
        "file_names": ["epoc.pdf"],
    }
    finds_not(
        mailed.when(by_issuer("alternative-transmission-recorded", "2027-03-01T10:00Z", about="sent", **recorded)),
        NO_RECORD,
    )
    finds(
        mailed.when(by_issuer("alternative-transmission-recorded", "2027-03-01T10:00Z", about="issued", **recorded)),
        NO_RECORD,
    )
    finds_not(given(ISSUED, sent()), NO_RECORD)


def test_a_certificate_sent_through_the_common_system_has_a_qualified_signature_or_seal() -> None:
    finds(given(ISSUED, sent(signature_level="advanced")), "W-21-2-NOT-QUALIFIED", A1="GAP")
    for level in ("qualified-signature", "qualified-seal"):
        finds_not(given(ISSUED, sent(signature_level=level)), "W-21-2-NOT-QUALIFIED")
    finds_not(given(ISSUED, sent()), "W-21-2-NOT-QUALIFIED")  # nothing is stated
    finds_not(given(ISSUED, sent("courier", signature_level="by-hand")), "W-21-2-NOT-QUALIFIED")


def test_no_order_falls_into_the_transition_period_of_article_24() -> None:
    assert date(2026, 7, 28) == COMMON_SYSTEM_SINCE  # a year after the adoption of 2025/1550
    assert ACTS["EPOC"].since == date(2026, 8, 18)
    assert ACTS["2025/1550"].since == date(2025, 8, 18)
    assert ACTS["2025/1550"].mark is Mark.TEXT


@pytest.mark.parametrize(("on", "found"), [("2026-07-27T23:59:59Z", False), ("2026-07-28T00:00:00Z", True)])
def test_before_28_july_2026_other_means_needed_no_ground(on: str, found: bool) -> None:
    early = given(ISSUED.moved("2026-07-27T09:00Z"), sent("encrypted-mail").moved(on))
    for code in (NO_GROUND, NO_RECORD):
        assert (code in codes(early)) is found


# -- Implementing Regulation (EU) 2025/1550 ----------------------------------------------------------------------------


@pytest.mark.parametrize("way", [transfer, by_state])
def test_outside_the_common_system_every_file_has_a_name_a_size_and_a_digest(way: Any) -> None:
    finds_not(SERVED.when(way("courier", FILE)), MANIFEST)
    finds(SERVED.when(way("courier")), MANIFEST, A2="GAP")
    finds(SERVED.when(way("courier", FILE, {"name": "b", "size": 1})), MANIFEST)
    finds(SERVED.when(way("courier", {"name": "b", "sha256": "0" * 64})), MANIFEST)
    finds(SERVED.when(way("courier", FILE, {"name": "", "size": 1, "sha256": "0" * 64})), MANIFEST)
    finds_not(SERVED.when(way(COMMON)), MANIFEST)


@pytest.mark.parametrize("way", [transfer, by_state])
def test_the_manifest_names_the_recipient_and_the_means(way: Any) -> None:
    finds(SERVED.when(way("courier", FILE, recipient=None)), MANIFEST)
    finds(SERVED.when(way("not-known", FILE)), MANIFEST)


@pytest.mark.parametrize(
    ("digest", "found"),
    [
        ("sha3-512:" + "0a" * 64, False),
        ("blake2b:" + "0a" * 64, False),
        ("ripemd-160:" + "0a" * 20, False),
        ("sha-1:" + "0a" * 20, True),
        ("sha1:" + "0a" * 20, True),
        ("md5:" + "0a" * 16, True),
    ],
)
def test_a_digest_of_any_strong_algorithm_is_enough(digest: str, found: bool) -> None:
    story = SERVED.when(transfer("courier", {"name": "a", "size": 1, "digest": digest}))
    assert (MANIFEST in codes(story)) is found


def test_digests_of_one_other_algorithm_are_compared_and_of_two_are_not() -> None:
    story = SERVED.when(transfer("courier", {"name": "a", "size": 1, "digest": "sha3-512:" + "0a" * 64}))

    def arrived(digest: str) -> Story:
        manifest = {"elements": [ELEMENT], "files": [{"name": "a", "size": 1, "digest": digest}]}
        return story.when(
            fact("evidence-received", "2027-03-05T09:00Z", "orn", "RET", about="data", check="equal", manifest=manifest)
        )

    finds(arrived("sha3-512:" + "0b" * 64), "V-HASH-MISMATCH")
    finds_not(arrived("sha3-512:" + "0a" * 64), "V-HASH-MISMATCH")
    finds_not(arrived("blake2b:" + "0b" * 64), "V-HASH-MISMATCH")


def test_the_common_system_carries_no_more_than_25_600_kilobytes() -> None:
    finds_not(SERVED.when(transfer(COMMON, {**FILE, "size": LIMIT})), SIZE)
    for way in (transfer, by_state):
        finds(SERVED.when(way(COMMON, {**FILE, "size": LIMIT}, FILE)), SIZE)
    finds_not(SERVED.when(transfer("courier", {**FILE, "size": LIMIT + 1})), SIZE)


OPEN = [
    (None, True),
    ("2027-03-14T09:59:59Z", True),  # nine days, 23 hours, 59 minutes and 59 seconds
    ("2027-03-14T10:00:00Z", False),  # the same hour of the tenth day
    ("2027-04-18T22:00:00Z", False),  # the end of the forty-fifth day in Stockholm
    ("2027-04-18T22:00:01Z", True),
]


@pytest.mark.parametrize(("until", "found"), OPEN)
@pytest.mark.parametrize("way", [transfer, by_state])
def test_a_link_is_open_for_ten_to_forty_five_days_from_the_moment(way: Any, until: str | None, found: bool) -> None:
    assert (ACCESS in codes(SERVED.when(way("link", FILE, access_until=until)))) is found


@pytest.mark.parametrize(("until", "found"), [("2027-04-03T08:59:59Z", True), ("2027-04-03T09:00:00Z", False)])
def test_ten_days_of_access_end_at_the_same_hour_when_the_clock_changes(until: str, found: bool) -> None:
    opened = transfer("link", FILE, on="2027-03-24T10:00Z", access_until=until)  # Stockholm: 28 March has 23 hours
    assert (ACCESS in codes(SERVED.when(opened))) is found


def test_a_portal_that_closes_gives_ten_days_too() -> None:
    finds(SERVED.when(transfer("provider-portal", FILE, access_until="2027-03-13T10:00:00Z")), ACCESS)
    finds_not(SERVED.when(transfer("provider-portal", FILE)), ACCESS)


def test_a_link_too_short_is_put_right_by_an_extension() -> None:
    story = SERVED.when(transfer("link", FILE, access_until="2027-03-13T10:00:00Z"))
    finds(story, ACCESS)
    finds_not(story.when(extended("2027-03-20T10:00:00Z")), ACCESS)


def test_more_than_forty_five_days_are_no_defect_at_the_request_of_the_authority() -> None:
    story = SERVED.when(transfer("link", FILE, access_until="2027-04-01T10:00:00Z"))
    finds(story.when(extended("2027-05-01T10:00:00Z")), ACCESS)
    finds_not(story.when(extended("2027-05-01T10:00:00Z", requested_by="ilves")), ACCESS)


def test_an_extension_moves_the_end_of_access() -> None:
    story = SERVED.when(transfer("link", FILE, access_until="2027-04-01T10:00:00Z"))
    story.then("E-2025-3.3.3(b)", ClockVerdict.OPEN, "2027-04-01T10:00Z")
    story.when(extended("2027-04-10T10:00:00Z")).then("E-2025-3.3.3(b)", ClockVerdict.OPEN, "2027-04-10T10:00Z")


@pytest.mark.parametrize(("on", "found"), [("2027-03-13T09:59:59Z", False), ("2027-03-13T10:00:00Z", True)])
def test_an_extension_after_the_end_of_access_extends_nothing(on: str, found: bool) -> None:
    story = SERVED.when(transfer("link", FILE, access_until="2027-03-13T10:00:00Z"))
    again = extended("2027-03-30T10:00:00Z").moved(on)
    assert (ACCESS in codes(story.when(again))) is found


@pytest.mark.parametrize(("digest", "left"), [("md5:" + "0a" * 16, "GAP"), ("sha3-256:" + "0a" * 32, "DEMONSTRATED")])
def test_a_broken_digest_alone_leaves_integrity_open(digest: str, left: str) -> None:
    file = {"name": "a", "size": 1, "digest": digest}
    data = disclosed("2027-03-04T10:00Z", "name", files=[file], label="data", recipient="orn")
    arrival = fact("evidence-received", "2027-03-05T09:00Z", "orn", "RET", about="data", check="equal")
    assert criterion(given(issued("2027-03-01T09:00Z", "2AP-7", "name"), data, arrival), "A2") == left


@pytest.mark.parametrize("unread", Unread)
def test_files_nobody_can_read_any_more_are_not_judged(unread: Unread) -> None:
    served = SERVED.when(disclosed("2027-03-04T10:00Z", channel="courier", recipient="ilves", manifest=unread))
    for code in (MANIFEST, NO_GROUND):
        finds_not(served, code)
    arrival = fact("evidence-received", "2027-03-04T11:00Z", "orn", "RET", check="equal")
    assert criterion(served.when(arrival), "A2") == "GAP"


def test_the_record_of_a_transmission_counts_for_the_entry_that_replaces_it() -> None:
    mailed = sent("encrypted-mail", alternative_ground="system-disrupted")
    record = by_issuer("alternative-transmission-recorded", "2027-03-01T10:00Z", about="sent", reference="PPO-2027-1")
    again = replace(mailed, label="again", replaces="sent", at=moment("2027-03-01T11:00Z"))
    finds_not(given(ISSUED, mailed, record, again), NO_RECORD)


@pytest.mark.parametrize("name", ["skylark", "ncco", "unknown"])
def test_a_longer_time_is_no_request_of_the_issuing_state_because_somebody_else_asked(name: str) -> None:
    story = SERVED.when(transfer("link", FILE, access_until="2027-04-01T10:00:00Z"))
    finds(story.when(extended("2027-05-01T10:00:00Z", requested_by=name)), ACCESS)
    finds_not(story.when(extended("2027-05-01T10:00:00Z", requested_by="orn")), ACCESS)


@pytest.mark.parametrize(("roles", "found"), [(("SP",), True), (("POC", "SP"), True), (("POC",), False)])
def test_a_provider_in_the_issuing_state_cannot_ask_for_a_longer_time_on_its_behalf(
    roles: tuple[str, ...], found: bool
) -> None:
    story = SERVED.among(near=Office("XO", roles)).when(transfer("link", FILE, access_until="2027-04-01T10:00:00Z"))
    asked = story.when(extended("2027-05-01T10:00:00Z", requested_by="near"))
    assert (ACCESS in codes(asked)) is found
    both = asked.when(extended("2027-05-02T10:00:00Z", requested_by="ilves", label="again"))
    finds_not(both, ACCESS)
