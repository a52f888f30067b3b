"""The rules in the code are those of docs/reference/findings.md, word for word."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from ledger.law import FINDING_RULES
from ledger.law.deadlines.table import REGISTER
from ledger.law.provisions import RULES, rules_digest
from ledger.law.rules.acts import ACTS
from ledger.law.rules.check import FindingRule
from ledger.law.rules.citations import citation
from ledger.law.rules.order_contents import CONTENTS
from ledger.law.states import MACHINES
from ledger.law.states.common import AFTER_ALL, BEFORE_ALL
from ledger.law.states.machine import ANY, BEFORE, OTHER, STAYS, Move
from ledger.law.terms.rule import Mark

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "findings.md").read_text(encoding="utf-8")
CHECK = {check.code: check for check in FINDING_RULES}

# Effects that depend on the entries: these are the code's initial values.
DEPENDS = {
    "V-8-11-SENDER": (("A5", "CONTRADICTED"),),
    "V-AUTHORITY": (("A4", "GAP"),),
    "G-DISPUTED": (),
    "G-OFFICE-UNCONFIRMED": (),
    "G-IMPORTED": (("A5", "GAP"),),
    "V-CONTRADICTION-WITHDRAWN": (),
}


def section(number: int) -> str:
    """Return a numbered section of the page."""
    return re.split(r"^## \d ", PAGE, flags=re.M)[number]


def rows(text: str, cells: int) -> Iterator[list[str]]:
    """Yield the rows of all tables with `cells` columns, without their heads."""
    for line in text.splitlines():
        row = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and len(row) == cells and not line.startswith(("|---", "| code", "| from", "| id")):
            yield row


FINDINGS = {row[0]: row for row in rows(section(2), 7)}


def test_every_code_of_the_page_has_a_check_and_no_other_code_has() -> None:
    assert set(CHECK) == set(FINDINGS)
    assert len(FINDING_RULES) == len(CHECK)


@pytest.mark.parametrize("code", sorted(FINDINGS))
def test_a_finding_says_what_the_page_says(code: str) -> None:
    _, level, criterion, _, cite, says, mark = FINDINGS[code]
    check = CHECK[code]
    assert str(check.level) == level
    assert (", ".join(check.cite) or "-") == cite
    assert check.says == says
    assert f"[{check.mark}]" == mark
    effects = tuple((name, str(standing)) for name, standing in check.effects)
    stated = () if criterion == "none" else tuple(tuple(pull.split()) for pull in criterion.split(", "))
    assert effects == DEPENDS.get(code, stated)


@pytest.mark.parametrize("code", sorted(c for c in FINDINGS if re.fullmatch(r"F[E\d]\d+", c) and c != "F730"))
def test_an_element_is_asked_of_the_instrument_and_fields_the_page_names(code: str) -> None:
    instrument, point = next((i, p) for i, points in CONTENTS.items() for p in points if p.code == code)
    trigger, _, when = FINDINGS[code][3].partition("; only when ")
    assert re.findall(r"`([a-z_]+)`", trigger) == list(point.fields)
    assert f"`order-issued` ({instrument}) lacks" in trigger
    assert (point.when.__name__.replace("_", "-") if point.when else "") == when.strip("*")


def test_every_clock_of_the_page_stands_in_the_register_with_its_citation() -> None:
    clocks = {row[0]: row for row in rows(section(3).partition("**Register**")[2], 9)}
    assert [d.id for d in REGISTER] == list(clocks)
    for d in REGISTER:
        act, _, first = d.cite[0].partition(":")
        assert clocks[d.id][7].startswith(f"{act}:{first}"), d.id
        assert clocks[d.id][5] == d.policy


# -- the tables of the machines ----------------------------------------------------------------------------------------

WORDS = {"any other": OTHER, "any": ANY, "stays": STAYS, "the state before": BEFORE}
CONFIRMED = "confirmed: the clock it names, with that policy and `due`, is MISSED when computed again"


def words_of_row(row: Move) -> list[str]:
    """Return a row of the code as the page writes it."""
    states = row.states if row.states in (ANY, OTHER) else ", ".join(row.states.split()).replace("-", "nothing yet", 1)
    when = ((row.when.__doc__ or "") if row.when else "").strip()
    return [states, ", ".join(row.kinds.split()), VALUES.get(when, when), row.to]


VALUES = {
    "partial true": "partial",
    "partial false": "not partial",
    "decision upheld": "upheld",
    "decision lifted": "lifted",
    "decision denied": "denied",
    "result yes": "yes",
    "result yes-with-conditions": "yes-with-conditions",
    "result no": "no",
    "outcome no-agreement": "outcome no-agreement",
    "D-7-7, confirmed": "D-7-7, confirmed",
    "E-10-2 or E-10-3 or E-10-4, confirmed": "E-10-2, E-10-3 or E-10-4, confirmed",
    CONFIRMED: f"{CONFIRMED}, and the entry is not before `due`",
}
HEADS = section(4).split("\n### ")


def named_in(part: str) -> list[str]:
    """Return the instruments in the heading of a table."""
    return [i for i in MACHINES if re.search(rf"(?<![\w-]){i}(?![\w-])", part.partition(":")[0])]


def of_the_page(part: str) -> list[list[str]]:
    """Return the rows of a table of moves."""
    return [row for row in rows(part, 4) if row[0] != "from"]


@pytest.mark.parametrize("part", HEADS[1:], ids=lambda part: part.partition(":")[0])
def test_a_machine_has_the_rows_of_the_page_in_their_order(part: str) -> None:
    assert named_in(part)
    for instrument in named_in(part):
        machine = MACHINES[instrument]
        assert [words_of_row(row) for row in machine.rows] == [
            *map(words_of_row, BEFORE_ALL),
            *of_the_page(part),
            *map(words_of_row, AFTER_ALL),
        ]
        alone = [row for row in rows(part, 3) if row[0] != "from"]
        assert [
            [
                f"{', '.join(a.states.split())}{' ' if a.when else ''}{(a.when.__doc__ or '') if a.when else ''}",
                a.ends,
                a.to,
            ]
            for a in machine.alone
        ] == [[states, ends.removeprefix("end of "), to] for states, ends, to in alone]


def test_every_machine_has_the_rows_that_all_share() -> None:
    assert [words_of_row(row) for row in (*BEFORE_ALL, *AFTER_ALL)] == of_the_page(HEADS[0])
    assert sorted(MACHINES) == sorted(i for part in HEADS[1:] for i in named_in(part))


# -- the rules as one list ---------------------------------------------------------------------------------------------


def test_the_summary_of_pulls_agrees_with_the_register() -> None:
    """Section 6 repeats the effect of codes on criteria; both must agree."""
    summary = {row[0].strip("*"): row[1:] for row in rows(section(6).partition("| to CONTRADICTED |")[2], 3)}
    for criterion, (contradicted, gap) in summary.items():
        for text, standing in ((contradicted, "CONTRADICTED"), (gap, "GAP")):
            named = {code for code in re.findall(r"[VWG]-[\w-]+", text) if code in CHECK} - set(DEPENDS)
            pulls = {c.code for c in FINDING_RULES if (criterion, standing) in c.effects and not c.code.startswith("F")}
            assert named == pulls - set(DEPENDS), (criterion, standing)


def test_rules_are_named_once_and_cite_acts_that_are_listed() -> None:
    assert Counter((rule.kind, rule.id) for rule in RULES).most_common(1)[0][1] == 1
    cited = {
        p.partition(":")[0] for rule in RULES if rule.kind in ("finding", "deadline", "element") for p in rule.cite
    }
    assert cited <= set(ACTS)


def test_a_rule_of_an_act_begins_with_the_act() -> None:
    since = {rule.id: rule.since for rule in RULES if rule.kind in ("finding", "policy")}
    assert since["EU-1182-71"] == date(1971, 7, 1)
    assert since["EU-17(9)"] == ACTS["EPOC"].since == date(2026, 8, 18)
    assert since["GB-CAL"] == ACTS["OPO"].since == date(2019, 10, 9)
    assert since["HOUSE-CAL"] is None  # a rule of this project
    assert since["US-45"] == date(2009, 12, 1)  # from then on Saturdays and Sundays count in periods under eleven days
    assert since["V-10-LATE"] == date(2026, 8, 18)
    assert since["V-27-7-NO-REASONS"] == date(2004, 7, 1)
    assert since["W-2703h-LATE"] == date(2018, 3, 23)
    assert since["V-7-7-PREMATURE"] is None  # the register states the day from which the Protocol applies


NUMBER = re.compile(
    r"(?i)\b(\d+|one|two|three|four|five|six|seven|eight|nine|ten|fourteen|fifteen|twenty|thirty|forty-five|sixty|ninety)"
    r"[ -]((full|more|further|additional|working|calendar|local) )*"
    r"(second|minute|hour|day|week|month|year|megabyte)s?\b"
)


def test_no_number_of_the_law_is_without_citation_date_source_and_mark() -> None:
    numbered = [r for r in RULES if NUMBER.search(" ".join([r.says, *(text for _, text in r.detail)]))]
    assert len(numbered) > 40
    for rule in numbered:
        assert rule.mark, rule.id
        if rule.mark is Mark.DESIGN:  # a number of this project, which the mark says
            continue
        assert rule.cite, rule.id
        acts = [ACTS[cite.partition(":")[0]] for cite in rule.cite]
        assert all(act.source for act in acts), rule.id
        assert rule.since or all(act.since is None for act in acts), rule.id  # None: the act is not in force
        assert all(citation(cite).eli or citation(cite).id for cite in rule.cite), rule.id


def test_an_element_that_is_asked_for_sometimes_says_when() -> None:
    details = [dict(rule.detail) for rule in RULES if rule.kind == "element"]
    conditions = {(p.when.__doc__ or "").strip() for points in CONTENTS.values() for p in points if p.when}
    assert {detail["when"] for detail in details if "when" in detail} == conditions
    assert "" not in conditions
    assert len(details) > sum("when" in detail for detail in details) > 0


def test_the_digest_of_the_rules_is_one_of_their_words() -> None:
    assert re.fullmatch("[0-9a-f]{64}", rules_digest())


def test_a_level_that_is_not_in_the_code_is_stated() -> None:
    assert isinstance(CHECK["F730"], FindingRule)
    assert str(CHECK["F730"].level) == "V"
