"""What a page offers a guest to sign follows from the role, the instrument and what is on record."""

from __future__ import annotations

import pytest

from ledger.entries.form import BY_COMMAND
from ledger.facts import KINDS
from ledger.facts.vocabulary import INSTRUMENTS
from server.access import GUESTS, Caller
from server.desk.steps import recordable
from server.guests.acts import ACTS, AIMS, acts_of, may_state, next_acts
from tests.support.scenarios import (
    Story,
    by_authority,
    by_issuer,
    by_provider,
    disclosed,
    given,
    issued,
    received,
    sent,
)


def guest(actor: str, role: str) -> Caller:
    return Caller("", actor, "XV", frozenset({role}), account="id", guest=True)


def test_each_role_of_guests_has_a_table_of_kinds_that_it_signs_by_a_form() -> None:
    assert set(ACTS) == GUESTS
    for role, acts in ACTS.items():
        kinds = [act.kind for act in acts]
        assert len(kinds) == len(set(kinds))
        for act in acts:
            assert recordable(act.kind)
            assert act.kind not in BY_COMMAND
            assert act.aim in AIMS
            assert role in KINDS[act.kind].signers or role == "REG", (role, act.kind)
            assert set(act.after) | set(act.until) <= set(KINDS)


def test_a_role_is_offered_kinds_that_it_signs_alone() -> None:
    for role in ACTS:
        for instrument in INSTRUMENTS:
            assert all(role in KINDS[act.kind].signers for act in acts_of({role}, instrument))


@pytest.mark.parametrize("instrument", ["2AP-7", "EPOC", "VOL"])
def test_a_provider_may_acknowledge_ask_back_answer_and_refuse_under_each_instrument(instrument: str) -> None:
    assert {act.aim for act in acts_of({"SP"}, instrument)} == {"acknowledge", "ask", "answer", "refuse"}


@pytest.mark.parametrize("instrument", ["2AP-7", "EPOC"])
def test_a_notified_authority_may_acknowledge_ask_back_answer_and_raise_grounds(instrument: str) -> None:
    assert {act.aim for act in acts_of({"NOT"}, instrument)} >= {"acknowledge", "ask", "answer", "refuse"}


def test_an_act_of_another_instrument_is_not_offered() -> None:
    epoc = {act.kind for act in acts_of({"SP"}, "EPOC")}
    protocol = {act.kind for act in acts_of({"SP"}, "2AP-7")}
    assert "reasons-for-non-execution-given" in epoc - protocol
    assert "disclosure-declined" in protocol - epoc


def offered(caller: Caller, story: Story) -> set[str]:
    return {act.kind for act in next_acts(caller, story.case)}


def test_receipt_is_acknowledged_once_and_disputed_only_then() -> None:
    skylark, story = guest("skylark", "SP"), given(issued("2027-03-01T09:00:00Z"), sent("2027-03-01T09:00:00Z"))
    assert "order-received" in offered(skylark, story)
    assert "receipt-disputed" not in offered(skylark, story)
    later = story.when(received("2027-03-02T09:00:00Z"))
    assert "order-received" not in offered(skylark, later)
    assert "receipt-disputed" in offered(skylark, later)
    assert may_state(skylark, later.case, "order-received"), "a second receipt is a fact as well"


def test_after_the_answer_a_provider_asks_no_more_questions_and_may_disclose_more() -> None:
    skylark = guest("skylark", "SP")
    story = given(issued("2027-03-01T09:00:00Z"), received("2027-03-02T09:00:00Z"), disclosed("2027-03-03T09:00:00Z"))
    assert offered(skylark, story).isdisjoint({"order-referred-back", "no-data-held", "disclosure-declined"})
    assert "data-disclosed" in offered(skylark, story)


def test_after_a_withdrawal_only_its_arrival_is_confirmed() -> None:
    story = given(
        issued("2027-03-01T09:00:00Z"),
        received("2027-03-02T09:00:00Z"),
        by_issuer("order-withdrawn", "2027-03-03T09:00:00Z"),
    )
    assert offered(guest("skylark", "SP"), story) == set(), "the protocol knows no such confirmation"
    union = given(
        issued("2027-03-01T09:00:00Z", "EPOC"),
        received("2027-03-02T09:00:00Z"),
        by_issuer("order-withdrawn", "2027-03-03T09:00:00Z"),
    )
    assert offered(guest("skylark", "SP"), union) == {"withdrawal-confirmed"}


def test_a_notified_authority_lifts_what_it_has_instructed() -> None:
    ncco, story = (
        guest("ncco", "NOT"),
        given(issued("2027-03-01T09:00:00Z"), by_issuer("notification-sent", "2027-03-01T09:00:00Z")),
    )
    assert offered(ncco, story) >= {"notification-received", "non-disclosure-instructed", "consultation-concluded"}
    assert "instruction-lifted" not in offered(ncco, story)
    later = story.when(by_authority("notification-received", "2027-03-02T09:00:00Z")).when(
        by_authority("non-disclosure-instructed", "2027-03-03T09:00:00Z")
    )
    assert offered(ncco, later) >= {"instruction-lifted", "instruction-reasons-given"}
    assert offered(ncco, later).isdisjoint({"notification-received", "consultation-concluded"})


def test_what_another_office_has_signed_does_not_take_the_own_step_away() -> None:
    story = given(
        issued("2027-03-01T09:00:00Z", providers=["skylark", "harbor"]), received("2027-03-02T09:00:00Z", by="harbor")
    )
    assert "order-received" in offered(guest("skylark", "SP"), story)


def test_a_guest_without_a_role_is_offered_nothing() -> None:
    nobody = Caller("", "skylark", "XV", frozenset(), account="id", guest=True)
    story = given(issued("2027-03-01T09:00:00Z"), by_provider("order-received", "2027-03-02T09:00:00Z"))
    assert (offered(nobody, story), may_state(nobody, story.case, "order-received")) == (set(), False)
