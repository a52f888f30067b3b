"""Every finding, gap, open duty and undetermined clock has a next step; its command can be typed."""

from __future__ import annotations

import ast
import inspect
import re
import shlex
from collections.abc import Iterator
from datetime import UTC
from typing import Any

import click
import pytest
from msgspec.structs import replace

from cli.app import comity
from cli.exit_codes import Stop
from cli.session.field_values import stated
from ledger.errors import RecordError
from ledger.facts import KINDS, build
from ledger.law import FINDING_RULES, judge
from ledger.law.admissibility import criteria
from ledger.law.next_steps.changes import CHANGES, EXTENDED
from ledger.law.next_steps.clocks import STARTS, rule_of
from ledger.law.next_steps.criteria import DUTIES, LACKS
from ledger.law.next_steps.lookup import FINDINGS, NextSteps, has_steps
from ledger.law.next_steps.step import NOTHING, NextStep, Remedy, restate
from ledger.law.reading.reliability import STAMPED_ON_RECEIPT
from ledger.law.record_checks import open_duties
from ledger.law.terms.rule import ClockVerdict, CriterionState
from tests.support.scenarios import by_issuer, given, issued, moment
from tests.support.story_files import STORY_NAMES, cases, source

# A value for each word that the caller fills in.
WORDS = {
    "ORDER": "main",
    "ENTRY": "0" * 64,
    "KIND": "order-received",
    "STEP": "order-transmitted",
    "MOMENT": "2027-03-02T08:30:00Z",
    "WHEN": "2027-03-02T08:30:00Z",
    "END": "2027-03-09T08:30:00Z",
    "DAY": "2027-03-02",
    "CLOCK": "E-10-3",
    "CASE": "K-1",
    "EXHIBIT": "x-1",
    "PARTY": "XV",
    "ZONE": "Europe/Stockholm",
    "FILE": __file__,
    "FILES": __file__,
    "FIELDS": __file__,
    "BUNDLE": __file__,
    "ELEMENTS": "name",
    "CAPACITY": "judge",
    "CHANNEL": "provider-portal",
    "CHECK": "equal",
    "DECISION": "keep",
    "GROUND": "LED:13(3)(a)",
    "METHOD": "crypto-erased",
    "MODE": "correction",
    "OUTCOME": "may-disclose",
    "HANDLING": "delete",
    "REASON": "service-not-covered",
    "LANGUAGE": "en",
    "SCOPE": "all",
    "THRESHOLD": "three-years",
    "ROLE": "SP",
    "NAME": "name",
    "CAUSE": "withdrawn",
    "FIELD": "offences",
    "GROUNDS": "EPOC:12(1)(a)",
    "TEXT": "why",
    "BYTES": "18204",
    "MONTHS": "6",
    "CONDITION": "waived",
    "AMOUNT": "1250.00",
    "CURRENCY": "EUR",
    "PROVISION": "JVEG 23",
    "NUMBER": "PPO-2027-88",
    "STORY_NAMES": "epoc.pdf",
}
OFFICES = ("ADDRESSEE", "AUTHORITY", "COURT", "ISSUER", "OFFICE", "PROVIDER", "REGISTRAR", "SIGNER", "WHOSE")
WORDS |= dict.fromkeys(OFFICES, "ilves")
# Kinds in which a word has another value.
SPECIAL = {
    ("customer-notified", "CHANNEL"): "letter",
    ("authenticity-confirmed", "METHOD"): "call-back",
    ("non-disclosure-instructed", "GROUND"): "G-7-i",
    ("ground-for-refusal-raised", "GROUND"): "EPOC:12(1)(b)",
    ("order-issued", "REASON"): "no-reaction",
    ("addressee-objected", "GROUND"): "EPOC:16(4)(a)",
    ("recognition-decided", "GROUND"): "EPOC:16(4)(a)",
    ("erasure-decided", "DECISION"): "erased",
    ("reply-period-extended", "GROUND"): "complexity",
}


def rows() -> Iterator[tuple[str, Remedy]]:
    """Yield every row of the tables with the name of the point."""
    for table in (FINDINGS, LACKS, DUTIES, STARTS, CHANGES, {"extended": (EXTENDED,)}):
        for name, remedies in table.items():
            yield from ((name, remedy) for remedy in remedies)


COMMANDS = [
    pytest.param(
        (remedy.step("main", None).command or "").replace("KIND", (remedy.about or ("order-received",))[0]),
        id=f"{name}-{n}",
    )
    for n, (name, remedy) in enumerate(rows())
    if remedy.command is not None
]


def check_typed(command: str) -> None:
    """Parse a command line as the terminal would; the fields of a fact must have the form of their kind."""
    program, *words = shlex.split(command)
    assert program == "comity"
    kind = words[1] if words[0] == "record" else ""
    words = [re.sub(r"[A-Z]{3,}$", lambda m: SPECIAL.get((kind, m[0]), WORDS.get(m[0], m[0])), word) for word in words]
    context, recording = click.Context(comity), words[0] == "record"
    typed = comity.get_command(context, words[0])
    if isinstance(typed, click.Group) and typed.get_command(context, words[1]) is not None:
        typed, words = typed.get_command(context, words[1]), words[1:]
    assert typed is not None, command
    parsed = typed.make_context(words[0], words[1:], parent=context).params
    if recording:
        public, sealed = stated(parsed["kind"], parsed["fields"], event=lambda text: "0" * 64, order=str)
        if parsed["source"] is None and parsed["replaces"] is None:
            build(parsed["kind"], public, sealed)


def check_steps(steps: tuple[NextStep, ...]) -> None:
    """Check that there are steps, in words, and that each command can be typed."""
    assert steps
    for step in steps:
        assert step.lacks
        if step.command is not None:
            check_typed(step.command)


def test_every_finding_has_a_next_step() -> None:
    missing = [rule.code for rule in FINDING_RULES if not has_steps(rule.code)]
    assert not missing, (
        f"{missing}: add a row to ROWS in ledger/law/next_steps/ (the file of the rule's own file): "
        'record("the missing fact", "KIND -f FIELD=value"), restate(...) for a field of an entry on record, '
        'or nothing("why no later entry changes it")'
    )


def test_no_row_is_about_a_finding_that_does_not_exist() -> None:
    assert set(FINDINGS) - {rule.code for rule in FINDING_RULES} == set()


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_tables_can_be_typed(command: str) -> None:
    check_typed(command)


def sentences(module: Any) -> set[str]:
    """Return the constant sentences of a module that say what is lacking."""
    tree = ast.parse(inspect.getsource(module))
    texts = {ast.get_docstring(n) for n in ast.walk(tree) if isinstance(n, ast.Module | ast.FunctionDef | ast.ClassDef)}
    constants = {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    return {text for text in constants - texts if re.fullmatch(r"[A-Z].* .*\.", text)}


NOT_APPLICABLE = {
    "The order is disowned.",
    "The record shows no data that reached the issuing side.",
    "The instrument compels nobody.",
    "No treaty or regulation sets conditions for this instrument here.",
    "No clock runs.",
}


def test_no_row_offers_a_receipt_stamp_for_an_act_that_no_receipt_can_show() -> None:
    commands = [remedy.command or "" for _, remedy in rows()]
    stamped = [command.split()[1] for command in commands if "receipt-stamp" in command]
    assert stamped
    assert set(stamped) <= STAMPED_ON_RECEIPT <= KINDS.keys()


def test_a_late_decision_of_its_signer_is_not_offered_a_receipt_stamp() -> None:
    decided = by_issuer("customer-notification-delay-lifted", "2027-03-03T09:00Z", at="2027-03-06T09:00Z", about="a")
    case = given(issued("2027-03-01T09:00Z"), decided).case
    judgement = judge(case, moment("2027-03-20T09:00Z"))
    (clock,) = (c for c in judgement.deadlines if c.id == "NOTICE-DUE")
    (step,) = NextSteps(case, judgement, "main").of_clock(clock)
    assert "no receipt can show the moment of an act of its signer" in step.lacks
    assert step.command == "comity receive BUNDLE --order main --as OFFICE"


def test_every_gap_of_a_criterion_has_a_next_step() -> None:
    missing = sentences(criteria) - set(LACKS) - NOT_APPLICABLE
    assert not missing, f"{missing}: add a row to LACKS in ledger/law/next_steps/criteria.py"


def test_every_open_duty_has_a_next_step() -> None:
    missing = sentences(open_duties) - set(DUTIES)
    assert not missing, f"{missing}: add a row to DUTIES in ledger/law/next_steps/criteria.py"


@pytest.mark.parametrize("name", STORY_NAMES)
def test_in_every_story_each_point_names_what_would_settle_it(name: str) -> None:
    for expect in source(name).get("expect", ()):
        case = cases(name)[expect["order"]]
        judgement = judge(case, expect["as_of"].astimezone(UTC))
        steps = NextSteps(case, judgement, "main")
        for finding in judgement.findings:
            check_steps(steps.of_finding(finding))
        for clock in judgement.deadlines:
            if clock.verdict is ClockVerdict.UNDETERMINED:
                check_steps(steps.of_clock(clock))
            else:
                assert steps.of_clock(clock) == ()
        for criterion in judgement.criteria.values():
            if criterion.state is CriterionState.GAP:
                check_steps(steps.of_criterion(criterion))
        for duty in judgement.duties:
            check_steps(steps.of_duty(duty))


def test_a_point_that_nothing_changes_says_so() -> None:
    [row] = FINDINGS["V-12-2"]
    assert row.command is None
    assert row.step("main", None).lacks == f"{NOTHING}: the data were sent after the ground had been raised."


@pytest.mark.parametrize(
    "command",
    [
        "comity record no-such-kind main",
        "comity record order-received main -f no_such_field=yes",
        "comity record customer-notification-delayed main",
        "comity record order-received main --on yesterday",
        "comity no-such-command main",
    ],
)
def test_a_command_that_cannot_be_typed_would_be_noticed(command: str) -> None:
    with pytest.raises((AssertionError, click.UsageError, Stop, RecordError)):
        check_typed(command)


def test_a_step_about_a_kind_of_entry_that_the_order_lacks_is_left_out() -> None:
    case = cases("answered-a-second-too-late")["late"]
    judgement = judge(case, moment("2027-05-06T00:00Z"))
    (late,) = (f for f in judgement.findings if f.code == "V-GDPR-12-3")
    (step,) = NextSteps(case, judgement, "late").of_finding(late)
    assert "access-granted" in str(step.command)


def test_a_command_that_replaces_an_entry_states_its_moment_and_whose_act_it_was_again() -> None:
    observed = by_issuer("order-transmitted", "2027-03-02T08:00Z", speaks="observation", whose="orn", channel="mail")
    (e, *_) = given(replace(observed, on_source="document")).case.entries
    step = restate("the addressee", "order-transmitted", "-f addressee=OFFICE").step("main", e)
    assert step.command is not None
    for option in ("--on 2027-03-02T08:00:00Z", "--on-source document", "--speaks observation", "--whose orn"):
        assert f" {option}" in step.command
    moved = restate("the moment", "order-transmitted", "--on WHEN").step("main", e)
    assert moved.command is not None
    assert moved.command.count("--on ") == 1


@pytest.mark.parametrize("clock", ["E-10-5", "E-10-7", "E-10-8", "E-16-2"])
def test_the_arrival_that_moves_a_clock_is_of_the_form_that_starts_it(clock: str) -> None:
    kinds = {kind for row in CHANGES[clock] for kind in row.about if "form-received" in (row.command or "")}
    assert kinds
    assert all(kind in rule_of(clock).wound_by for kind in kinds)
