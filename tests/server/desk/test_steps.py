"""Every deadline, finding and gap leads to a form that settles it, or says why there is none."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit

import pytest

pytest.importorskip("starlette", reason="needs the extra `server`")

from ledger.facts import KINDS
from ledger.facts.vocabulary import ROLES
from ledger.law import judge
from ledger.law.deadlines.table import REGISTER
from ledger.law.next_steps.criteria import DUTIES, LACKS
from ledger.law.next_steps.lookup import FINDINGS, NextSteps
from ledger.law.next_steps.step import NOTHING, NextStep, Remedies, Remedy
from server.access import Caller
from server.desk.lists.order_line import line_of
from server.desk.steps import COMMON, MEETS, PLACEHOLDERS, common_kinds, link_of, recordable
from server.desk.turns import SIDES, waits_for
from tests.support.story_files import cases

CASE = max(cases("S2").values(), key=lambda case: len(case.entries))
TABLES: Mapping[str, Mapping[str, Remedies]] = {"findings": FINDINGS, "lacks": LACKS, "duties": DUTIES}
# Commands that are no entry of an order: what settles these points is done with files or with another record.
ELSEWHERE = ("receive", "check", "judge")
OPEN = ("KIND", "STEP")  # of a row that states an entry again, and of one that leaves the kind open


def leads_on(row: Remedy) -> bool:
    """Return True if a row leads to a form, or says why there is none."""
    if row.command is None:
        return row.lacks.startswith(NOTHING)
    words = row.command.split()
    return words[0] in ELSEWHERE or (words[0] == "record" and (words[1] in OPEN or words[1] in KINDS))


@pytest.mark.parametrize("table", TABLES)
def test_every_point_leads_to_a_form_or_says_why_not(table: str) -> None:
    assert [code for code, rows in TABLES[table].items() if not rows or not all(map(leads_on, rows))] == []


def test_every_row_that_records_a_kind_has_a_form_unless_only_some_roles_may_know_of_it() -> None:
    hidden = set()
    for rows in (rows for table in TABLES.values() for rows in table.values()):
        for row in rows:
            words = (row.command or "").split()
            if words[:1] == ["record"] and words[1] in KINDS and not link_of(row.step("X", None), CASE).address:
                hidden.add(words[1])
    assert all(KINDS[kind].shown_to for kind in hidden)


def test_the_words_that_a_person_has_to_fill_in_are_not_filled_in() -> None:
    stated = {
        word
        for rows in (rows for table in TABLES.values() for rows in table.values())
        for row in rows
        for word in re.findall(r"\b[A-Z]{3,}\b", row.command or "")
    }
    assert stated - set(ROLES) - {"MLA", "EPOC"} <= PLACEHOLDERS  # codes of a field, in capitals


def test_every_deadline_is_met_by_kinds_that_its_rule_names() -> None:
    assert set(MEETS) == {rule.id for rule in REGISTER}
    assert all(recordable(kind) for kinds in MEETS.values() for kind in kinds)
    for rule in REGISTER:
        named = [kind for kind in re.findall(r"[a-z]+(?:-[a-z0-9]+)+", rule.met_by) if kind in KINDS]
        assert set(filter(recordable, named)) <= set(MEETS[rule.id]), rule.id


def test_only_a_deadline_that_a_hidden_kind_meets_has_no_form() -> None:
    without = [id for id, kinds in MEETS.items() if not kinds]
    assert without == ["E-4-5"]  # ex-post-validation-sought: the provider may not know that the order lacked validation


def test_the_common_steps_of_a_role_are_kinds_that_it_signs_with_effect() -> None:
    wrong = [(r, k) for r, kinds in COMMON.items() for k in kinds if not recordable(k) or r not in KINDS[k].signers]
    assert wrong == []
    assert set(COMMON) == set(ROLES) - {"CUST", "SYS"}
    assert common_kinds(("SP", "ISS"))[0] == "order-transmitted"


def test_a_step_fills_in_the_entry_that_it_names_and_leaves_out_what_a_person_states() -> None:
    entry = CASE.entries[1]
    step = NextStep("l", f"comity record event-disputed S2 -f about='#{entry.seq}' -f what=TEXT --on WHEN --as ilves")
    link = link_of(step, CASE)
    assert (link.kind, link.whose) == ("event-disputed", "ilves")
    assert parse_qs(urlsplit(link.address).query) == {"f.about": [entry.leaf]}


def test_a_step_that_states_an_entry_again_begins_with_its_values() -> None:
    entry = next(e for e in CASE.entries if e.kind == "order-received")
    options = f"--replaces '#{entry.seq}' --why TEXT --from FIELDS --on WHEN --as harbor"
    link = link_of(NextStep("l", f"comity record order-received S2 {options}"), CASE)
    assert parse_qs(urlsplit(link.address).query) == {"c.replaces": [entry.leaf], "again": [entry.leaf]}


def test_a_step_that_leaves_the_kind_open_leads_to_the_list_of_kinds() -> None:
    link = link_of(NextStep("l", "comity record STEP S2 --from FILE --on WHEN"), CASE)
    assert (link.kind, link.address) == ("", f"/orders/{CASE.order}/record")


def test_every_finding_of_a_story_shows_a_form_or_a_reason() -> None:
    judgement = judge(CASE, max(e.at for e in CASE.entries))
    steps = NextSteps(CASE, judgement, "S2")
    assert judgement.findings
    for finding in judgement.findings:
        links = [link_of(step, CASE) for step in steps.of_finding(finding)]
        assert links, finding.code
        assert all(link.address or link.says for link in links), finding.code


# -- whose turn it is --------------------------------------------------------------------------------------------------


def test_the_words_of_every_rule_say_which_side_acts() -> None:
    assert {rule.acts for rule in REGISTER} == set(SIDES)


def caller(actor: str, party: str, *roles: str) -> Caller:
    return Caller("", actor, party, frozenset(roles))


def test_a_deadline_of_the_provider_waits_for_the_provider_of_the_order_alone() -> None:
    received = next(e for e in CASE.entries if e.kind == "order-received")
    before = judge(CASE, received.at)
    clock = next(c for c in before.deadlines if c.id == "D-7-7")
    waits = waits_for(clock, CASE)
    (provider,) = next(e for e in CASE.entries if e.kind == "order-issued").public["providers"]
    assert waits.is_for(caller(provider, "XV", "SP"))
    assert not waits.is_for(caller("skylark", "XV", "SP"))
    assert not waits.is_for(caller("ilves", "XO", "ISS"))


def test_a_deadline_of_the_issuing_side_waits_for_the_offices_of_its_party() -> None:
    line = line_of(CASE, max(e.at for e in CASE.entries))
    (review,) = [each for each in line.open if each.clock.id == "NOTICE-REVIEW"]
    assert review.waits.is_for(caller("ilves", "XO", "ISS"))
    assert not review.waits.is_for(caller("ilves", "XO", "LAB"))
    assert not review.waits.is_for(caller("ncco", "XV", "NOT"))
