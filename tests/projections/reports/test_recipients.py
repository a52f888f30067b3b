"""Who received data of an order: each office that is shown to have them, and never the source of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ledger.entries.case import Unread
from projections.reports.data_protection.dpo_questions import register
from projections.reports.data_protection.processing_record import processing_record
from projections.reports.front_page import IntegrityResult, Provenance
from projections.reports.recipients import readers, recipients
from tests.support.cli import PERSON, House, ledger_of, run
from tests.support.judging import judged
from tests.support.scenarios import Fact, disclosed, fact, given, issued

ISSUED = issued("2027-03-01T09:00Z")
DISCLOSED = disclosed("2027-03-10T09:00Z")
RECEIVED = fact("evidence-received", "2027-03-10T10:00Z", "orn", "RET", label="got", check="equal", exhibit="X/1")


def who(*facts: Fact) -> list[tuple[str, str]]:
    """Kind of the entry and recipient, for an order with these facts."""
    return [(one.entry.kind, one.who) for one in recipients(given(ISSUED, *facts).case)]


def transferred(on: str, released: str, received: str, **more: str) -> Fact:
    by = {"exhibit": "X/1", "released_by": released, "received_by": received, "check": "equal"}
    return fact("custody-transferred", on, received, "LAB", **by, **more)


def test_whoever_the_record_shows_to_have_received_data_is_named() -> None:
    assert who(DISCLOSED, RECEIVED, transferred("2027-03-11T09:00Z", "orn", "lab")) == [
        ("evidence-received", "orn"),
        ("custody-transferred", "lab"),
    ]


def test_the_provider_is_the_source_and_no_recipient() -> None:
    back = transferred("2027-03-12T09:00Z", "orn", "skylark")
    returned = fact("data-returned", "2027-03-13T09:00Z", "orn", "RET", scope="all")
    assert "skylark" not in {name for _, name in who(DISCLOSED, RECEIVED, back, returned)}


SHARED = [
    (fact("data-transmitted-by-state", "2027-03-11T09:00Z", "ncco", "NOT", recipient="orn", channel="mail"), "orn"),
    (fact("shared-domestically", "2027-03-11T09:00Z", "orn", "RET", recipient="tax", purpose_code="other"), "tax"),
    (fact("onward-transferred", "2027-03-11T09:00Z", "orn", "RET", recipient_party="XT"), "XT"),
    (fact("onward-transferred", "2027-03-11T09:00Z", "orn", "RET", recipient_party="XT", recipient_office="ab"), "ab"),
    (fact("bundle-issued", "2027-03-11T09:00Z", "orn", "RET", recipient="court", bundle={}), "court"),
    (fact("bundle-issued", "2027-03-11T09:00Z", "orn", "RET", recipient="skylark", bundle={}), "skylark"),
    (fact("defence-bundle-issued", "2027-03-11T09:00Z", "orn", "ISS", bundle={}, includes=["entries"]), "The defence"),
]


@pytest.mark.parametrize(("given_on", "name"), SHARED, ids=[f"{f.kind} {n}" for f, n in SHARED])
def test_each_kind_that_hands_something_on_names_its_receiver(given_on: Fact, name: str) -> None:
    found = who(DISCLOSED, RECEIVED, given_on)
    assert (given_on.kind, name) in found


def test_what_was_handed_over_and_acknowledged_is_one_receipt() -> None:
    to_orn = disclosed("2027-03-10T09:00Z", label="first", recipient="orn")
    more = disclosed("2027-03-12T09:00Z", label="second", recipient="orn")
    about = fact("evidence-received", "2027-03-10T10:00Z", "orn", "RET", check="equal", about="first")
    assert who(to_orn) == [("data-disclosed", "orn")]
    assert who(to_orn, RECEIVED) == who(to_orn, about) == [("evidence-received", "orn")]
    assert who(to_orn, about, more) == [("evidence-received", "orn"), ("data-disclosed", "orn")]
    other = disclosed("2027-03-10T09:30Z", label="other", recipient="orn")  # before the receipt, which is of another
    assert who(to_orn, other, about) == [("data-disclosed", "orn"), ("evidence-received", "orn")]


def test_a_receipt_about_no_entry_acknowledges_what_was_handed_over_up_to_its_moment() -> None:
    for on, names in (("10:00", 1), ("10:01", 2)):
        to_orn = disclosed(f"2027-03-10T{on}Z", recipient="orn")
        assert len(who(to_orn, RECEIVED)) == names, on


@pytest.mark.parametrize(
    ("about", "minute", "names"),
    [
        pytest.param("first", 59, 1, id="about it, and later"),
        pytest.param("first", 0, 1, id="about it, and dated before it"),
        pytest.param("issued", 59, 2, id="about another entry, and later"),
        pytest.param(None, 59, 1, id="about no entry, and later"),
        pytest.param(None, 30, 1, id="about no entry, at the same moment"),
        pytest.param(None, 29, 2, id="about no entry, and earlier"),
    ],
)
def test_a_receipt_acknowledges_the_entry_that_it_names_or_what_came_before_it(
    about: str | None, minute: int, names: int
) -> None:
    to_orn = disclosed("2027-03-10T10:30Z", label="first", recipient="orn")
    got = fact("evidence-received", f"2027-03-10T10:{minute:02}Z", "orn", "RET", label="got", check="equal")
    assert len(who(to_orn, got if about is None else got.changed(about=about))) == names
    assert len(who(to_orn, fact("evidence-received", "2027-03-10T10:59Z", "lab", "LAB", check="equal"))) == 2


def test_an_authority_that_passes_data_on_had_them() -> None:
    passed = fact("data-transmitted-by-state", "2027-03-11T09:00Z", "ncco", "NOT", recipient="orn", channel="mail")
    assert who(DISCLOSED, passed) == [("data-transmitted-by-state", "ncco"), ("data-transmitted-by-state", "orn")]


HOLDING = [
    fact("evidence-accessed", "2027-03-11T09:00Z", "lab", "LAB", exhibit="X/1", purpose_code="investigation"),
    fact("working-copy-made", "2027-03-11T09:00Z", "lab", "LAB", exhibit="X/1", copy="C", check="equal"),
    fact("use-recorded", "2027-03-11T09:00Z", "lab", "LAB", case_ref="K", purpose_code="investigation"),
    fact("expert-verification-performed", "2027-03-11T09:00Z", "lab", "LAB", tool="t", tool_version="1",
         result="reproduced"),
    transferred("2027-03-11T09:00Z", "lab", "orn"),
]  # fmt: skip


@pytest.mark.parametrize("holding", HOLDING, ids=[f.kind for f in HOLDING])
def test_an_office_that_has_data_without_a_receipt_is_named_once_and_said_to_hold_them(holding: Fact) -> None:
    case = given(ISSUED, DISCLOSED, RECEIVED, holding, holding.moved("2027-03-12T09:00Z")).case
    says = [one.says for one in recipients(case) if one.who == "lab"]
    assert says == [f"lab is shown to hold the data, entry {case.entries[3].seq}."]


def test_a_receipt_that_was_replaced_names_nobody() -> None:
    given_to = fact("shared-domestically", "2027-03-11T10:00Z", "orn", "RET", label="given", recipient="lab")
    instead = fact("shared-domestically", "2027-03-11T10:00Z", "orn", "RET", recipient="pol", replaces="given")
    expected = [("evidence-received", "orn"), ("shared-domestically", "pol")]
    assert who(DISCLOSED, RECEIVED, given_to, instead) == expected


def test_an_entry_of_another_signer_replaces_no_receipt() -> None:
    foreign = fact("evidence-received", "2027-03-10T11:00Z", "pol", "RET", check="equal", replaces="got")
    assert who(DISCLOSED, RECEIVED, foreign) == [("evidence-received", "orn"), ("evidence-received", "pol")]


def test_the_register_says_when_what_and_on_which_entry() -> None:
    story = given(ISSUED, DISCLOSED, RECEIVED, transferred("2027-03-11T09:00Z", "orn", "lab", place="room 2"))
    closed = register(story.case, judged(story))[1]
    got, passed = (e.seq for e in story.case.entries[2:])
    assert closed.lines == (
        f"2027-03-10 10:00 UTC: orn received the data as exhibit X/1, entry {got}.",
        f"2027-03-11 09:00 UTC: lab received exhibit X/1 from orn, entry {passed}.",
    )
    assert [e.kind for e in closed.entries] == ["evidence-received", "custody-transferred"]
    assert "place: room 2" in register(story.case, judged(story), reveal=True)[1].lines[1]


def test_a_receiver_that_cannot_be_read_is_not_guessed() -> None:
    sealed = fact(
        "data-transmitted-by-state", "2027-03-11T09:00Z", "orn", "POC", recipient=Unread.WITHHELD, channel="mail"
    )
    assert who(DISCLOSED, RECEIVED, sealed) == [("evidence-received", "orn")]


# -- the register and the processing record of a story -----------------------------------------------------------------


def question(ledger: Path, *more: str) -> str:
    """Return the answer to question 2 on the order of a story."""
    done = run("register", "main", *more, "--json", ledger=ledger)
    assert done.exit_code in (0, 3), done.output
    return str(json.loads(done.stdout)["register"][1]["answer"])


def test_the_register_of_s1_names_the_cyber_unit_the_laboratory_and_the_defence(tmp_path: Path) -> None:
    answer = question(ledger_of("S1", tmp_path))
    for says in (
        "2027-03-15 13:20 UTC: Cyber Unit Karsk received the data as exhibit KA-0311/1, entry 11.",
        "2027-03-16 08:00 UTC: Karsk Forensic Laboratory received exhibit KA-0311/1 from Cyber Unit Karsk, entry 12.",
        "2027-09-01 09:00 UTC: The defence received the raw answer and the means to check it",
    ):
        assert says in answer
    assert "Skylark" not in answer


REVEAL = ("--reveal", "--because", "an audit", "--as", "ilves", "--purpose", "audit")


def test_the_processing_record_lists_recipients_and_each_opening_with_purpose_and_person(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    row = dict(json.loads(run("report", "dpo", "main", "--json", ledger=ledger).stdout)["row"])
    assert row["Recipients"] == "Cyber Unit Karsk; Karsk Forensic Laboratory; The defence"
    shown = json.loads(run("report", "dpo", "main", "--json", *REVEAL, ledger=ledger).stdout)["reads"]
    assert [(r["view"], r["purpose"], r["person"], r["because"]) for r in shown] == [
        ("dpo", "audit", PERSON, "an audit")
    ]
    (closed,) = json.loads(run("report", "dpo", "main", "--json", ledger=ledger).stdout)["reads"]
    assert (closed["purpose"], closed["person"], closed["because"]) == ("audit", "[sealed]", "[sealed]")
    page = run("report", "dpo", "main", *REVEAL, ledger=ledger).stdout
    read = (
        f'<td data-th="Person"><bdi>{PERSON}</bdi></td><td data-th="View">'
        "the report on data protection</td>"
        '<td data-th="Purpose">the examination of the record</td>'
    )
    assert page.count(read) == 2
    german = run("report", "dpo", "main", "--lang", "de", ledger=ledger).stdout
    assert "Karsk Forensic Laboratory erhielt Asservat KA-0311/1 von Cyber Unit Karsk, Eintrag 12." in german


def test_the_readers_of_bundles_are_recipients_where_the_reason_may_be_read(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    for n, audience in enumerate(("COURT", "AUD")):
        file = str(tmp_path / f"{n}.zip")
        assert run("export", "main", "--audience", audience, "-o", file, ledger=ledger).exit_code == 0
    closed = dict(json.loads(run("report", "dpo", "main", "--json", ledger=ledger).stdout)["row"])
    opened = dict(json.loads(run("report", "dpo", "main", "--json", *REVEAL, ledger=ledger).stdout)["row"])
    assert opened["Recipients"] == closed["Recipients"] + "; court"
    assert "justification: to make a bundle for CT (court): trial" in question(ledger, *REVEAL)
    german = run("report", "dpo", "main", "--lang", "de", *REVEAL, ledger=ledger).stdout
    assert "Karsk Forensic Laboratory; Die Verteidigung; Gericht" in german


def test_a_bundle_that_was_not_handed_out_has_no_reader() -> None:
    end = datetime(2027, 9, 2, tzinfo=UTC)
    making = Provenance(end, "comity 0", "0" * 16, None, IntegrityResult("INDETERMINATE", "", (), ()))
    made = fact("record-accessed", "2027-03-11T09:00Z", "orn", "RET", view="export", label="made",
                purpose_code="trial", justification="to make a bundle for CT (court): trial")  # fmt: skip
    failed = fact("record-accessed", "2027-03-11T09:01Z", "orn", "RET", view="export", replaces="made",
                  purpose_code="trial", justification="nothing was handed out after entry 9 of the log")  # fmt: skip
    assert readers(given(ISSUED, made).case.entries) == ["court"]
    assert readers(given(ISSUED, made, failed).case.entries) == []
    story = given(ISSUED, made, failed)
    _, *accesses = story.case.entries
    reads = processing_record(story.case, judged(story), making, (), accesses, ()).reads
    assert [read.view for read in reads] == ["export", "nothing was handed out"]


def test_an_answer_tells_of_the_opening_that_made_it(tmp_path: Path) -> None:
    house = House(tmp_path / "house").furnished()
    done = house.run("register", "PPO-1", *REVEAL, "--json")
    answer = json.loads(done.stdout)["register"][1]["answer"]
    assert f"(justification: an audit; person: {PERSON})" in answer
    made = json.loads(house.run("report", "dpo", "PPO-1", *REVEAL, "--json").stdout)
    assert len(made["reads"]) == 2
    earlier = json.loads(house.run("register", "PPO-1", "--as-of", "2020-01-01T00:00:00Z", "--json").stdout)
    assert "Somebody reads" not in earlier["register"][1]["answer"]
