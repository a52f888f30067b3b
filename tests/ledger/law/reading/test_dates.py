"""Dates of events: none after its signature, and none counts before its moment has come."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given as given_any
from hypothesis import strategies as st
from msgspec.structs import replace

from cli.exit_codes import Exit
from cli.lists.judged_row import shown
from cli.terminal import prompts
from ledger.application.journal import Journal
from ledger.application.write import parallel_open, seal
from ledger.application.write.draft import Draft
from ledger.entries.case import Case
from ledger.entries.envelope import Circumstances
from ledger.errors import RecordError
from ledger.facts import KINDS
from ledger.law import ClockVerdict, judge, read_order
from ledger.law.record_checks.procedure import PRESUPPOSE_THE_ORDER
from projections.exchange.hi1_writer import hi1
from projections.reports.data_protection.dpo_questions import register
from projections.statistics.counted_order import counted_order
from projections.views.custody import _rising, custody, out_of_step
from projections.views.due import due
from projections.views.state import view
from tests.ledger.application.test_journal import ILVES, NOON, ORDER, code, made, sealed_for
from tests.ledger.application.test_journal import issued as order_made
from tests.support.cli import House, ledger_of, reply, run
from tests.support.judging import finds, finds_not, judged, region, state
from tests.support.scenarios import Fact, Story, by_issuer, disclosed, fact, given, issued, leaf, moment, received, sent

CODE = "V-AFTER-SIGNATURE"
DIFFER = "W-CLOCKS-DIFFER"
ISSUED = issued("2027-03-01T09:00Z")
RECEIVED = received("2027-03-02T08:30Z")
SERVED = given(ISSUED, sent("2027-03-02T08:00Z"), RECEIVED)
NOW, LATER = "2027-03-10T09:00Z", "2031-01-01T00:00Z"


def ahead(made: Fact, on: str = "2030-01-01T00:00Z", at: str = "2027-03-05T09:00Z") -> Fact:
    """Return the fact with its signature on 5 March 2027 and its event in 2030."""
    return replace(made, on=moment(on), at=moment(at))


NOTICE = fact("notice-published", "2027-02-01T00:00Z", "ilves", "ISS", valid_from="2027-01-01")
INFORMED = fact("customer-notified", NOW, "orn", "RET", label="told", channel="letter")


def arriving(minutes: int) -> Any:
    """Return a story in which the receipt of the order came from another log, minutes before its own time."""
    case = given(ISSUED, replace(RECEIVED, at=RECEIVED.on)).case
    *before, receipt = case.entries
    came = replace(receipt, received=receipt.on - timedelta(minutes=minutes), origin="log.example/other", place=1)
    return SimpleNamespace(case=replace(case, entries=(*before, came)), asked=moment(NOW))


def test_an_entry_that_arrives_minutes_before_its_time_shows_a_wrong_clock_and_stays_an_act_in_time() -> None:
    finds_not(arriving(5), CODE, DIFFER)
    for minutes in (6, 60):
        assert finds(arriving(minutes), DIFFER).effects == ()
        finds_not(arriving(minutes), CODE)
    finds(arriving(61), CODE)
    finds_not(arriving(61), DIFFER)
    due_at = [{c.id: c.due for c in judged(arriving(minutes)).deadlines} for minutes in (0, 7)]
    assert due_at[0] == due_at[1]
    assert due_at[0]["D-7-7"] is not None


# -- before recording --------------------------------------------------------------------------------------------------


@pytest.fixture
def journal(tmp_path: Path) -> Journal:  # type: ignore[misc]
    with made(tmp_path / "ledger") as opened:
        yield opened


@pytest.mark.parametrize("minutes", [5, 6])
def test_an_act_more_than_five_minutes_after_its_signature_is_refused_at_every_door(
    journal: Journal, minutes: int
) -> None:
    said = Circumstances(NOON + timedelta(minutes=minutes), NOON)
    signer = journal.signer("ilves", "ISS", ILVES)
    size = journal.store.size()

    def one() -> None:
        journal.record(order_made(), ORDER, signer, said)

    def several() -> None:
        journal.record_batch([Draft(order_made(), ORDER, signer, Circumstances(NOON, NOON), instrument="2AP-7")])
        journal.record_batch([Draft(order_made("PPO-2"), ORDER, signer, said)])

    def many() -> None:
        with journal.many() as bulk:
            bulk.add(Draft(order_made("PPO-3"), ORDER, signer, said))

    def asked() -> None:
        journal.preview(order_made("PPO-4"), ORDER, signer, said)

    def sealed_elsewhere() -> None:
        raw = sealed_for(journal, order_made("PPO-5"), signer, said=said)
        journal.receive_sealed([raw])

    for door in (one, several, many, asked, sealed_elsewhere):
        if minutes == 5:
            door()
            continue
        with pytest.raises(RecordError) as refused:
            door()
        assert code(refused) == "FORM-DATE", door
    if minutes == 6:
        assert journal.store.size() == size + 1, "the one entry in time"


def test_a_date_after_the_signature_is_refused_on_the_command_line_and_nothing_is_written(tmp_path: Path) -> None:
    house = House(tmp_path).furnished()
    before = house.reply("checkpoint")["size"]
    year = (datetime.now(UTC) + timedelta(days=400)).strftime("%Y-%m-%dT%H:%M:%SZ")
    for words in (
        ("notify-customer", "PPO-1", "--channel", "letter", "--as", "ilves", "--on", year),
        ("record", "customer-notified", "PPO-1", "-f", "channel=letter", "--as", "ilves", "--on", year),
        ("record", "customer-notified", "PPO-1", "-f", "channel=letter", "--as", "ilves", "--on", year, "--dry-run"),
        ("record", "order-withdrawn", "PPO-1", "-f", "data_handling=keep", "--as", "ilves", "--on", year),
        (
            "issue",
            "--unregistered",
            "--instrument",
            "2AP-7",
            "--to",
            "XV",
            "--reference",
            "PPO-2",
            "--as",
            "ilves",
            "--on",
            year,
        ),
        ("notify", "PPO-1", "--to", "ilves", "--as", "ilves", "--on", year),
    ):
        done = house.run(*words)
        assert (done.exit_code, "FORM-DATE" in done.output) == (Exit.REFUSED, True), (words, done.output)
    assert house.reply("checkpoint")["size"] == before


@pytest.mark.parametrize("moment", ["9999-12-31T23:59:59-01:00", "0001-01-01T00:00:00+01:00", "0001-01-01T00:00:00Z"])
def test_a_moment_at_the_edge_of_the_calendar_is_refused_and_no_crash(moment: str, tmp_path: Path) -> None:
    house = House(tmp_path).furnished()
    for words in (
        ("deadlines", "PPO-1", "--as-of", moment),
        ("replay", "PPO-1", "--at", moment),
        ("record", "customer-notified", "PPO-1", "-f", "channel=letter", "--as", "ilves", "--on", moment, "--dry-run"),
    ):
        done = house.run(*words)
        assert done.exit_code in (Exit.USAGE, Exit.REFUSED), (words, done.exit_code, done.output)


def test_a_table_with_a_date_to_come_is_refused_by_row(tmp_path: Path) -> None:
    house = House(tmp_path).furnished()
    before = house.reply("checkpoint")["size"]
    year = (datetime.now(UTC) + timedelta(days=400)).strftime("%Y-%m-%dT%H:%M:%SZ")
    table = tmp_path / "orders.csv"
    table.write_text(f"order,kind,occurred,channel\nPPO-1,customer-notified,{year},letter\n")
    for more in ((), ("--dry-run",)):
        done = house.run("import", str(table), "--as", "ilves", *more)
        assert (done.exit_code, "row 2, occurred: it is said to happen" in done.output) == (Exit.REFUSED, True), (
            done.output
        )
    assert house.reply("checkpoint")["size"] == before


# -- in a recorded entry -----------------------------------------------------------------------------------------------


def test_an_entry_dated_after_its_signature_is_a_violation_that_leaves_time_open() -> None:
    finds(SERVED.when(ahead(INFORMED)).asked_at(NOW), CODE, A6="GAP")
    finds(SERVED.when(ahead(INFORMED)).asked_at(LATER), CODE, A6="GAP")
    near = fact("customer-notified", "2027-03-10T09:05Z", "orn", "RET", at=NOW, channel="letter")
    finds_not(SERVED.when(near).asked_at(LATER), CODE)
    finds_not(SERVED.when(near).asked_at(NOW), CODE)
    finds(SERVED.when(replace(near, on=moment("2027-03-10T09:05:01Z"))).asked_at(NOW), CODE)


def test_an_entry_of_another_log_was_signed_before_it_arrived_whatever_it_says() -> None:
    case = SERVED.when(replace(ahead(INFORMED), at=moment("2030-01-01T00:00Z"))).case
    *rest, last = case.entries
    arrived = replace(last, received=moment("2027-03-06T09:00Z"))
    found = judge(replace(case, entries=(*rest, arrived)), moment(NOW))
    assert CODE in {f.code for f in found.findings}
    assert "customer_notice" not in found.regions


def test_a_duty_is_never_closed_by_an_act_that_has_not_happened_yet() -> None:
    """Deadlines, state, regions, and the list of due acts."""
    answer = ahead(disclosed("2027-03-05T09:00Z", "name", "postal-address"), "2027-03-15T09:00Z")
    story = SERVED.when(answer).asked_at(NOW)
    story.then("D-7-7", ClockVerdict.OPEN)
    assert state(story) == state(SERVED.asked_at(NOW))
    over = SERVED.when(ahead(answer)).asked_at("2027-06-01T00:00Z")
    over.then("D-7-7", ClockVerdict.MISSED)
    assert [d.clock.id for d in due(judged(over), moment("2027-06-01T00:00Z")) if d.over] == ["D-7-7"]
    assert region(SERVED.when(ahead(INFORMED)).asked_at(NOW), "customer_notice") is None
    assert region(SERVED.when(ahead(INFORMED)).asked_at(LATER), "customer_notice") == "NOTIFIED"
    assert state(SERVED.when(answer).asked_at("2027-03-16T00:00Z")) == "DISCLOSED"


def test_an_order_dated_in_the_future_is_not_issued_yet() -> None:
    story = given(ahead(ISSUED)).asked_at(NOW)
    assert state(story) == "-"
    finds(story, CODE)
    found = view(story.case, judged(story))
    assert (found.issued_on, found.last_on, found.entries) == (None, None, 1)


def test_an_act_to_come_replaces_nothing_yet() -> None:
    kept = disclosed("2027-03-05T09:00Z", "name", "postal-address", label="answer")
    story = SERVED.when(kept, replace(ahead(kept, at="2027-03-06T09:00Z"), label="again", replaces="answer"))
    story.asked_at(NOW).then("D-7-7", ClockVerdict.MET)
    assert state(story.asked_at(NOW)) == "DISCLOSED"
    finds(story.asked_at(NOW), CODE)


def test_a_receipt_dated_after_its_own_signature_winds_no_clock() -> None:
    """Otherwise a signer who enters a day next week has a week more."""
    given(ISSUED, ahead(RECEIVED, "2027-03-09T08:30Z", "2027-03-02T08:30Z")).asked_at(NOW).then_unwound("D-7-7")


def test_the_register_counts_what_has_happened_and_a_warning_at_once() -> None:
    kept = region(given(ISSUED).registered(NOTICE).asked_at(NOW), "customer_notice")
    assert (kept, region(given(ISSUED).registered(ahead(NOTICE)).asked_at(NOW), "customer_notice")) == (
        "PUBLISHED",
        None,
    )
    stolen = fact(
        "key-compromised", "2027-02-20T00:00Z", "adm", "ADM", actor="ilves", suspected_since="2027-02-20T00:00:00Z"
    )
    for said in (stolen, ahead(stolen, at="2027-02-20T00:00Z")):
        finds(given(ISSUED).registered(said).asked_at(NOW), "W-KEY-UNTRUSTED")


# -- every other reader ------------------------------------------------------------------------------------------------


def reader(story: Story, at: str) -> tuple[Case, object]:
    known = story.case.known(moment(at))
    return known, judge(known, moment(at))


def test_the_board_shows_no_day_to_come_and_is_right_again_when_it_comes() -> None:
    case = SERVED.when(ahead(INFORMED)).case
    row = shown(case, moment(NOW))
    body = json.loads(row.body)
    assert (body["last_on"], body["issued_on"]) == ("2027-03-02T08:30:00Z", "2027-03-01T09:00:00Z")
    met = shown(given(ISSUED, ahead(INFORMED, "2027-03-11T00:00Z")).case, moment(NOW))
    assert met.stale_at == moment("2027-03-11T00:00Z"), "the row is judged again when the moment has come"
    notice = ahead(NOTICE, "2027-03-12T00:00Z")
    registered = given(ISSUED).registered(notice)
    assert shown(registered.case, moment(NOW)).stale_at == moment("2027-03-12T00:00Z")


def test_statistics_count_what_has_happened() -> None:
    data = ahead(disclosed("2027-03-05T09:00Z", "name", "postal-address"))
    case = SERVED.when(data, ahead(INFORMED)).case
    early, late = (counted_order(case, judge(case, moment(at))) for at in (NOW, LATER))
    assert early is not None
    assert late is not None
    assert (early.outcome, early.took, early.informed) == ("open", None, "nothing on record")
    assert (late.outcome, late.informed) == ("fulfilled", "informed")
    nothing = given(ahead(ISSUED)).case
    assert counted_order(nothing, judge(nothing, moment(NOW))) is None


def test_a_question_of_the_data_protection_officer_is_not_answered_by_what_is_to_come() -> None:
    asked = fact("access-requested", "2027-03-04T09:00Z", "orn", "RET", label="asked")
    granted = ahead(fact("access-granted", "2027-03-05T09:00Z", "orn", "RET", answers="asked"))
    case = SERVED.when(asked, granted).case
    for at, waits in ((NOW, True), (LATER, False)):
        answers = {a.number: a for a in register(case, judge(case, moment(at)))}
        assert any("Not answered" in line for line in answers[10].lines) is waits


def test_a_message_to_a_provider_says_nothing_of_an_act_to_come() -> None:
    message, lost = hi1(SERVED.when(ahead(by_issuer("order-withdrawn", NOW, data_handling="none-held"))).case)
    assert "Terminat" not in message.decode()
    assert "it is dated after its own signature" in {one.why for one in lost}


def test_an_entry_to_come_stays_on_view(tmp_path: Path) -> None:
    ledger = ledger_of("S2", tmp_path)
    assert reply("timeline", "main", ledger=ledger)["timeline"]
    case = SERVED.when(ahead(INFORMED)).case
    assert leaf("told") in {e.leaf for e in case.known(moment(NOW)).entries}
    assert leaf("told") not in {e.leaf for e in read_order(case, moment(NOW)).entries.current}


# -- before an order exists --------------------------------------------------------------------------------------------

CAN_COME_BEFORE = frozenset(
    # drafting, supervision, issue, emergency, consultation
    "order-drafted order-supervised order-validated protection-examined order-issued order-repudiated "
    "emergency-declared "
    "oral-request-made emergency-reassessed consultation-opened consultation-concluded "
    # preservation, with or before an order for the data
    "preservation-requested preservation-confirmed preservation-refused preservation-extended "
    "production-request-confirmed preservation-ceased traffic-data-partially-disclosed "
    # confidentiality and delay decided in advance, requirements of another Party's law
    "confidentiality-requested confidentiality-ordered customer-notification-delayed customer-notification-omitted "
    "notice-requirement-communicated notice-published controller-described "
    # rights of persons, retention, incidents and oversight, which do not belong to one order alone
    "access-requested access-granted access-restricted rectification-requested rectification-made "
    "rectification-refused reply-period-extended supplementary-statement-added erasure-requested erasure-decided "
    "remedy-sought remedy-decided retention-rule-set retention-reviewed retention-expired payload-key-destroyed "
    "processing-restricted restriction-released purpose-recorded record-accessed security-incident-detected "
    "incident-assessed mitigation-taken incident-notified-to-transferring-party incident-notified-to-individual "
    "incident-notified-to-authority incident-notice-delayed transfers-suspended suspension-lifted "
    "oversight-inquiry-opened corrective-measure-ordered "
    # courts, the ledger itself, the register
    "court-ruled report-issued bundle-issued counterparty-record-received event-disputed party-registered "
    "authority-registered authority-changed declaration-recorded key-registered key-accepted key-rotated key-revoked "
    "key-compromised policy-adopted timestamp-anchored heads-committed log-key-rotated log-succeeded "
    "witness-changed signing-page-published archive-made".split()
)


def test_every_kind_either_needs_an_order_or_can_come_before_it() -> None:
    assert set(KINDS) == PRESUPPOSE_THE_ORDER | CAN_COME_BEFORE
    assert not PRESUPPOSE_THE_ORDER & CAN_COME_BEFORE


BEFORE = "2027-02-01T09:00Z"


def test_an_act_that_needs_an_order_and_is_dated_before_it_is_a_remark() -> None:
    moved = fact(
        "custody-transferred", BEFORE, "orn", "RET", at=NOW, exhibit="EX-1", released_by="orn", received_by="lab"
    )
    assert finds(SERVED.when(moved), "W-BEFORE-ORDER").entries == (SERVED.when(moved).case.entries[-1].leaf,)
    assert finds(SERVED.when(moved), "W-BEFORE-ORDER").effects == ()
    finds(given(sent("2027-03-01T08:59:59Z"), ISSUED), "W-BEFORE-ORDER")
    finds_not(given(sent("2027-03-01T09:00Z"), ISSUED), "W-BEFORE-ORDER")
    finds_not(given(sent("2027-03-01T08:59:59Z")), "W-BEFORE-ORDER")
    spoken = fact("oral-request-made", "2027-02-28T09:00Z", "contact", "POC")
    finds_not(given(spoken, sent("2027-03-01T08:59:59Z"), ISSUED), "W-BEFORE-ORDER")
    early = fact("order-supervised", BEFORE, "ilves", "VAL", decision="approved", capacity="prosecutor")
    finds_not(given(early, ISSUED), "W-BEFORE-ORDER")


def test_it_goes_on_without_a_terminal_and_asks_on_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    house = House(tmp_path).furnished()
    words = ("record", "order-transmitted", "PPO-1", "-f", "addressee=ilves", "-f", "channel=mail")
    early = ("--as", "ilves", "--on", "2020-01-01T00:00:00Z")
    done = house.run(*words, *early)
    assert (done.exit_code, "W-BEFORE-ORDER" in done.output) == (0, True), done.output
    asked: list[str] = []
    monkeypatch.setattr(prompts, "attended", lambda: True)
    monkeypatch.setattr(prompts, "confirm", lambda says, *, yes: asked.append(says) if not yes else None)
    assert house.run(*words, *early).exit_code == 0
    assert house.run(*words, *early, "--yes").exit_code == 0
    assert ["dated before" in says for says in asked] == [True]


# -- custody in the order of dates -------------------------------------------------------------------------------------


def moved(on: str, at: str | None = None, **fields: str) -> Fact:
    """Make a fact: the exhibit changes hands."""
    fields = {"exhibit": "EX-1", "released_by": "orn", "received_by": "lab", **fields}
    return fact("custody-transferred", on, "orn", "RET", at=at, **fields)


HANDED = SERVED.when(disclosed("2027-03-05T09:00Z", "name"), moved("2027-03-06T09:00Z"), moved("2027-03-07T09:00Z"))


def marks(story: Story, *at: str) -> list[tuple[str, str]]:
    """Return every step of custody by date: its number, and the remark on its place in the log."""
    case = story.case
    numbered = {e.leaf: n for n, e in enumerate(case.entries, 1)}
    hands = custody(case)
    out = out_of_step(hands)
    said = {leaf: "first" if h is None else f"after {numbered[h.entry.leaf]}" for leaf, h in out.items()}
    return [(str(numbered[h.entry.leaf]), said.get(h.entry.leaf, "")) for h in hands]


def test_custody_is_drawn_by_date_and_a_step_recorded_in_another_order_is_marked() -> None:
    assert marks(HANDED) == [("4", ""), ("5", ""), ("6", "")]
    early = moved("2020-01-01T00:00Z", at=NOW)
    assert marks(HANDED.when(early)) == [("7", "after 6"), ("4", ""), ("5", ""), ("6", "")]
    late = HANDED.when(ahead(early, at=NOW), moved(NOW), moved("2027-03-11T09:00Z"))
    assert marks(late) == [("4", ""), ("5", ""), ("6", ""), ("8", ""), ("9", ""), ("7", "after 6")]
    assert marks(given(ISSUED, moved("2027-03-07T09:00Z"), moved("2027-03-06T09:00Z", at="2027-03-07T10:00Z"))) == [
        ("3", "after 2"),
        ("2", ""),
    ]


@given_any(st.lists(st.integers(0, 99), unique=True, max_size=30))
def test_as_few_steps_are_marked_as_will_do(indexes: list[int]) -> None:
    kept = _rising(indexes)
    rest = [index for place, index in enumerate(indexes) if place in kept]
    assert rest == sorted(rest)
    best = [1] * len(indexes)
    for n, index in enumerate(indexes):
        best[n] = 1 + max((best[m] for m in range(n) if indexes[m] < index), default=0)
    assert len(kept) == max(best, default=0)


def test_every_medium_marks_a_step_recorded_in_another_order(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    words = ("record", "custody-transferred", "main", "-f", "exhibit=KA-0311/1", "-f", "released_by=orn")
    done = run(
        *words,
        "-f",
        "received_by=orn",
        "-f",
        "check=not-checked",
        "--as",
        "orn",
        "--on",
        "2020-01-01T00:00:00Z",
        ledger=ledger,
    )
    assert done.exit_code == 0, done.output
    steps = reply("custody", "main", ledger=ledger)["custody"]
    first, *others = [(s["entry"], s["recorded"]) for s in steps]
    assert first == (first[0], f"after {others[-1][0]}")
    assert {recorded for _, recorded in others} == {None}
    assert f"recorded after {others[-1][0]}" in run("custody", "main", ledger=ledger).stdout
    said = f"recorded after entry {others[-1][0].removeprefix('#')}"
    for asked in (
        ("report", "custody", "main"),
        ("report", "certificate", "main", "--form", "fre-902-14"),
        ("report", "custody", "main", "--json"),
        ("export", "main", "--format", "custody-csv", "-o", "-"),
    ):
        done = run(*asked, ledger=ledger)
        assert said in done.stdout, (asked, done.output[-300:])
    paper = run("report", "custody", "main", "--format", "pdf", "-o", str(tmp_path / "c.pdf"), ledger=ledger)
    assert paper.exit_code in (Exit.DONE, Exit.FINDINGS)


# -- dates long in the past --------------------------------------------------------------------------------------------


def test_an_act_of_another_century_is_refused_at_every_door(journal: Journal) -> None:
    signer, size = journal.signer("ilves", "ISS", ILVES), journal.store.size()
    for on in (moment("1026-11-27T00:00Z"), moment("1969-12-31T23:59Z")):
        said = Circumstances(on, NOON)
        with pytest.raises(RecordError, match="before 1970") as refused:
            journal.record(order_made(), ORDER, signer, said)
        assert code(refused) == "FORM-DATE"
        with pytest.raises(RecordError, match="before 1970"), journal.many() as bulk:
            bulk.add(Draft(order_made(), ORDER, signer, said))
    assert journal.store.size() == size
    assert journal.record(order_made(), ORDER, signer, Circumstances(moment("1970-01-01T00:00Z"), NOON)).index == size


@pytest.mark.parametrize("words", [("--on", "1026-11-27T00:00:00Z"), ("-f", "date_issued=0202-11-27")])
def test_a_year_that_cannot_be_meant_is_refused_on_the_command_line(tmp_path: Path, words: tuple[str, str]) -> None:
    house = House(tmp_path).furnished()
    said = ("issue", "--unregistered", "--instrument", "2AP-7", "--to", "XV", "--reference", "PPO-2", "--as", "ilves")
    for more in ((), ("--dry-run",)):
        done = house.run(*said, *words, *more)
        assert (done.exit_code, "FORM-DATE" in done.stderr, "before 1970" in done.stderr) == (Exit.REFUSED, True, True)


@pytest.mark.parametrize(
    "given_", [{"on": moment("1026-11-27T00:00Z")}, {"fields": {"date_issued": "0202-11-27"}}], ids=["act", "field"]
)
def test_in_an_entry_that_stands_a_year_that_cannot_be_meant_is_a_remark(given_: dict[str, Any]) -> None:
    right = issued("2027-03-01T09:00Z")
    finds_not(given(right), "W-NOT-ITS-TYPE")
    changed = {name: {**right.fields, **value} if name == "fields" else value for name, value in given_.items()}
    finds(given(replace(right, **changed)), "W-NOT-ITS-TYPE")


# -- claims of certificates --------------------------------------------------------------------------------------------


@pytest.fixture
def dated_ahead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    """Make a ledger with an entry dated years after its signature, as an older version recorded it."""
    house = House(tmp_path).furnished()
    for place in (parallel_open, seal):
        monkeypatch.setattr(place, "check_dates", lambda on, signed_at: None)
    words = ("notify-customer", "PPO-1", "--channel", "letter", "--as", "ilves", "--on", "2035-01-01T00:00:00Z")
    assert house.run(*words).exit_code == 0
    monkeypatch.undo()
    return house


def test_a_certificate_claims_no_entry_in_time_that_is_dated_after_its_signature(dated_ahead: House) -> None:
    for form in ("fre-902-13", "fre-902-14", "18-usc-3505", "bsa-63-4"):
        said = dated_ahead.run("report", "certificate", "PPO-1", "--form", form).stdout
        assert "1 of 2 entries were signed within 24 hours of the event they state" in said
        assert "entry 2: " in said
        assert "days before the event it states" in said
        assert "2035" not in said.split("of events from")[1][:50]


def test_an_entry_dated_after_its_signature_is_said_so_wherever_it_is_shown(dated_ahead: House) -> None:
    assert " before" in dated_ahead.run("timeline", "PPO-1").stdout
    assert "signed 2" in dated_ahead.run("report", "evidence-chain", "PPO-1").stdout
    assert CODE in dated_ahead.run("judge", "PPO-1").stdout
    shown = dated_ahead.reply("show", "PPO-1")
    assert (shown["last_on"][:3], shown["regions"].get("customer_notice")) == ("202", None)
    assert dated_ahead.reply("fsck")["verdict"]


def test_a_duration_does_not_run_back_to_before_the_order() -> None:
    data = disclosed("2027-02-01T09:00Z", "name")
    case = SERVED.when(replace(data, at=moment(NOW))).case
    found = counted_order(case, judge(case, moment(NOW)))
    assert found is not None
    assert found.took is None
