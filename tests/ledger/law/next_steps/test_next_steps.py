"""Which steps a judgement names for a duty, a clock and a lack, and which entry each of them is about."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from ledger.law import judge, read_order
from ledger.law.next_steps.alternatives import alternatives
from ledger.law.next_steps.lookup import NextSteps
from ledger.law.next_steps.step import NextStep
from ledger.law.record_checks.open_duties import OpenDuty
from ledger.law.terms.periods import outcome
from tests.support.scenarios import Fact, by_issuer, by_provider, disclosed, fact, given, issued, moment, received

ISSUED, RECEIVED = issued("2027-03-01T09:00Z"), received("2027-03-02T08:30Z")
AT = "2027-04-20T09:00Z"


def steps(*facts: Fact, at: str = AT) -> NextSteps:
    case = given(ISSUED, RECEIVED, *facts).case
    return NextSteps(case, judge(case, moment(at)), "main")


def commands(found: tuple[NextStep, ...]) -> list[str]:
    return [(step.command or "").removeprefix("comity record ") for step in found]


def asked(kind: str, day: int) -> Fact:
    return by_issuer(f"{kind}-requested", f"2027-03-{day:02}T09:00Z", label=kind)


def test_a_duty_names_the_steps_about_its_own_entries_and_without_any_all_of_them() -> None:
    found = steps(asked("erasure", 11), asked("rectification", 12))
    (duty,) = (d for d in found._judgement.duties if d.question == 10)
    first, second = (e.seq for e in found._case.entries[2:])
    assert commands(found.of_duty(duty)) == [
        f"erasure-decided main -f 'answers=#{first}' -f decision=DECISION",
        f"rectification-made main -f 'about=#{second}' -f mode=MODE",
    ]
    everything = commands(found.of_duty(OpenDuty(10, duty.says)))
    assert [line.split()[0] for line in everything] == ["access-granted", "erasure-decided", "rectification-made"]
    foreign = commands(found.of_duty(OpenDuty(10, duty.says, ("0" * 64,))))
    assert foreign == everything


def test_a_duty_of_a_clock_names_what_meets_the_clock() -> None:
    delay = by_issuer(
        "customer-notification-delayed", "2027-03-03T09:00Z", grounds=["LED:13(3)(a)"], review_on="2027-06-01"
    )
    found = steps(delay)
    (duty,) = (d for d in found._judgement.duties if d.question == 4)
    (step,) = found.of_duty(duty)
    assert step.lacks.startswith("what meets NOTICE-REVIEW: ")
    assert found.of_duty(OpenDuty(4, "No such duty.")) == ()


def test_what_would_change_a_clock_names_the_entry_that_started_it() -> None:
    found = steps(asked("erasure", 11), asked("access", 12))
    clocks = [c for c in found._judgement.deadlines if c.id == "LED-12-3"]
    named = [line for c in clocks for line in commands(found.changing(c)) if line.startswith("reply-period")]
    requests = [e.seq for e in found._case.entries[2:]]
    assert named == [f"reply-period-extended main -f 'about=#{n}' -f grounds=GROUND" for n in requests]


def test_a_clock_that_nothing_has_started_is_changed_by_what_the_order_lacks() -> None:
    case = given(ISSUED, fact("order-transmitted", "2027-03-02T08:00Z", "ilves", "ISS", addressee="skylark")).case
    found = NextSteps(case, judge(case, moment(AT)), "main")
    (clock,) = (c for c in found._judgement.deadlines if c.id == "D-7-7")
    assert clock.trigger is None
    assert all(step.lacks for step in found.changing(clock))
    assert found.of_clock(clock) != ()
    assert found._of_clock_lack(outcome(clock)) == found.of_clock(clock), "what would start it, not what meets it"


@pytest.mark.parametrize("criterion", [f"A{n}" for n in range(1, 9)])
def test_the_steps_of_a_criterion_are_those_of_its_lacks_each_once(criterion: str) -> None:
    data = disclosed("2027-03-05T09:00Z")
    found = steps(data, fact("evidence-received", "2027-03-05T10:00Z", "orn", "RET", check="equal"))
    result: Any = found._judgement.criteria[criterion]
    listed = found.of_criterion(result)
    assert bool(listed) == bool(result.lacks)
    assert len(set(listed)) == len(listed)


def test_a_lack_that_repeats_a_finding_names_the_steps_of_the_finding() -> None:
    found = steps(by_provider("event-disputed", "2027-03-09T09:00Z", about="issued", statement="x"))
    (disputed,) = (f for f in found._judgement.findings if f.code == "G-DISPUTED")
    lacks = [lack for lack in found._judgement.criteria["A4"].lacks if lack.startswith("G-DISPUTED: ")]
    assert len(lacks) == 1
    assert tuple(found._of_any_lack(lacks[0])) == found.of_finding(disputed)
    assert found.of_lack(lacks[0]) == ()


def test_only_the_finding_that_an_act_binds_no_state_asks_from_when_it_does() -> None:
    case = given(ISSUED, RECEIVED).where("XV", in_force=()).case
    found = NextSteps(case, judge(case, moment(AT)), "main")
    asking = {
        f.code
        for f in found._judgement.findings
        if any(step.lacks.startswith("from when 2AP binds") for step in found.of_finding(f))
    }
    assert asking == {"V-NOT-IN-FORCE"}
    assert len(found._judgement.findings) > 1


def test_a_correction_is_asked_for_the_fields_alone_that_the_order_lacks() -> None:
    order = issued("2027-03-01T09:00Z", offence_provisions=["Penal Code 1"])
    case = given(order, RECEIVED).case
    found = NextSteps(case, judge(case, moment(AT)), "main")
    (missing,) = (f for f in found._judgement.findings if f.code == "F712")
    (step,) = found.of_finding(missing)
    assert step.lacks == "in the order, by a correction: the penalties"
    assert "changed_fields=applicable_penalties" in str(step.command)
    assert "offence_provisions" not in str(step.command)


def clock_of(*facts: Fact) -> tuple[NextStep, ...]:
    """Return what D-7-7 lacks in an order with these facts."""
    case = given(ISSUED, *facts).case
    found = NextSteps(case, judge(case, moment(AT)), "main")
    (clock,) = (c for c in found._judgement.deadlines if c.id == "D-7-7" and not c.policy.endswith("+ROLL"))
    return found.of_clock(clock)


def test_a_late_receipt_is_stated_again_by_its_signer_and_one_of_a_wrong_office_by_another() -> None:
    (late,) = clock_of(received("2027-03-02T08:30Z", at="2027-03-04T09:00Z"))
    assert " --replaces " in str(late.command)
    assert str(late.command).endswith(" --as skylark")
    (wrong,) = clock_of(received("2027-03-02T08:30Z", by="ncco", role="CAQ"))
    assert " --replaces " not in str(wrong.command)
    assert str(wrong.command).startswith("comity record order-received main --on 2027-03-02T08:30:00Z ")
    assert "it would with role SP or REG, or ISS with proof" in wrong.lacks


@pytest.mark.parametrize("arrived", ["2027-03-02T08:32Z", "2027-03-05T09:00Z"])
def test_a_receipt_from_another_log_leaves_the_end_that_its_own_moment_leads_to(arrived: str) -> None:
    *others, receipt = given(ISSUED, received("2027-03-02T08:30Z", at="2027-03-04T09:00Z")).case.entries
    story = given(ISSUED, received("2027-03-02T08:30Z", at="2027-03-04T09:00Z")).case
    case = replace(story, entries=(*others, replace(receipt, received=moment(arrived))))
    clock = read_order(case, moment(AT)).deadlines.clock("D-7-7")
    assert clock is not None
    assert clock.due is None
    (one,) = alternatives(case, moment(AT), clock)
    assert (one.due, one.entries) == (moment("2027-04-01T22:00Z"), (receipt.leaf,))
