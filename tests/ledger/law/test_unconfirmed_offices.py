"""An office that only the register of another ledger knows: what rests on it is undetermined, never the opposite."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from ledger.entries.case import Case, Entry, ReceivedRegister
from ledger.law import Finding, Judgement, judge
from ledger.law.parties.received_registers import assumptions, unknown_offices
from tests.support.divided.compare import contradictions
from tests.support.divided.ledgers import signers
from tests.support.story_files import STORY_NAMES, cases, source, story

LOG = "ledger.test/other"


def of_office(e: Entry, actor: str) -> bool:
    return e.kind in ("authority-registered", "authority-changed") and e.public["actor"] == actor


def elsewhere(case: Case, actor: str, party: str) -> Case:
    """Return a case in which only the register of another log, whose registrar is of `party`, knows an office.

    Where that registrar has a say about the office, its acts are proven; else they are not known here.
    """
    theirs = tuple(e for e in case.registry if of_office(e, actor))
    proven = any(e.public.get("party") == party for e in theirs)
    return replace(
        case,
        registry=tuple(e for e in case.registry if not of_office(e, actor)),
        entries=tuple(
            replace(e, received=e.at, origin=LOG, place=e.index, known_to=None if proven else LOG)
            if e.by == actor
            else e
            for e in case.entries
        ),
        others=(ReceivedRegister(LOG, party, theirs),),
    )


def finds(judgement: Judgement, code: str) -> Finding:
    (finding,) = (f for f in judgement.findings if f.code == code)
    return finding


def moments(name: str, order: str) -> Iterator[datetime]:
    return (e["as_of"].astimezone(UTC) for e in source(name).get("expect", ()) if e["order"] == order)


def offices(name: str) -> list[tuple[str, str]]:
    return [(actor, story(name).actors[actor].party) for actor in signers(story(name))]


# Two ledgers cannot tell which of two acts of one second came first: what forbids counts as later.
@pytest.mark.parametrize("name", [name for name in STORY_NAMES if name != "in-the-same-second"])
def test_an_office_that_its_own_registrar_proves_is_judged_as_one_of_this_register(name: str) -> None:
    for order, case in cases(name).items():
        for actor, party in offices(name):
            for at in moments(name, order):
                one, other = judge(case, at), judge(elsewhere(case, actor, party), at)
                assert {f.code for f in one.findings} == {f.code for f in other.findings}, (actor, at)
                assert (one.state, one.regions) == (other.state, other.regions)
                assert [(c.id, c.verdict, c.due) for c in one.deadlines] == [
                    (c.id, c.verdict, c.due) for c in other.deadlines
                ]


@pytest.mark.parametrize("name", STORY_NAMES)
def test_acts_of_an_office_that_only_another_register_knows_are_undetermined_and_never_the_opposite(name: str) -> None:
    for order, case in cases(name).items():
        for actor, _ in offices(name):
            for at in moments(name, order):
                part = judge(elsewhere(case, actor, "ZZ"), at)
                assert contradictions(part, judge(case, at)) == [], (actor, at)


def test_what_rests_on_an_unconfirmed_office_has_a_finding_that_names_its_entries() -> None:
    case, at = cases("S6")["main"], datetime(2026, 11, 30, tzinfo=UTC)
    judgement = judge(elsewhere(case, "nolan", "PT"), at)
    finding = finds(judgement, "G-OFFICE-UNCONFIRMED")
    assert {e.leaf for e in case.entries if e.by == "nolan"} == set(finding.entries)
    assert "UNDETERMINED" in {str(c.verdict) for c in judgement.deadlines}
    confirmed = judge(replace(elsewhere(case, "nolan", "IE"), registry=case.registry), at)
    assert "G-OFFICE-UNCONFIRMED" not in {f.code for f in confirmed.findings}


@pytest.mark.parametrize(
    ("name", "actor", "code"),
    [("content-sent-before-release", "pj", "V-10-4"), ("emergency-never-confirmed", "ping", "V-9-4")],
)
def test_an_unconfirmed_act_hides_no_finding_that_stands_without_it(name: str, actor: str, code: str) -> None:
    case = cases(name)["main"]
    at, cut = max(e.at for e in case.entries), elsewhere(case, actor, "ZZ")
    without = judge(replace(cut, entries=tuple(e for e in cut.entries if not e.known_to)), at)
    found = finds(judge(cut, at), code)
    assert found.entries
    assert {*found.entries} <= {*finds(without, code).entries}


def test_a_received_entry_that_is_proven_otherwise_is_found_and_one_with_a_broken_proof_is_not_found_twice() -> None:
    case = cases("word-of-the-other-side")["main"]
    at = max(e.at for e in case.entries)

    def lacking(code: str) -> Case:
        return replace(
            case,
            entries=tuple(
                replace(e, unproven=code, proves=None) if e.kind == "counterparty-record-received" else e
                for e in case.entries
            ),
        )

    assert finds(judge(lacking("KEY-ROLE"), at), "W-RECEIVED-NOT-PROVEN").effects == ()
    for code in ("", "PRF-PATH"):
        assert "W-RECEIVED-NOT-PROVEN" not in {f.code for f in judge(lacking(code), at).findings}


def test_up_to_three_offices_are_judged_in_every_combination_and_more_one_by_one() -> None:
    assert assumptions(()) == (frozenset(),)
    assert len(assumptions(tuple(map(frozenset, "abc")))) == 8
    many = assumptions(tuple(map(frozenset, "abcde")))
    assert many[0] == frozenset()
    assert len(many) == 1 + 5 + 5 + 1


def flooded(case: Case, many: int) -> Case:
    """Return a case with one act each of many offices that the registrar of a second log has invented."""
    like = next(e for e in case.registry if e.kind == "authority-registered")
    last = case.entries[-1]
    names = [f"office-{n}" for n in range(many)]
    registered = (replace(like, leaf=f"{n:064x}", public={**like.public, "actor": n_}) for n, n_ in enumerate(names))
    lie: dict[str, Any] = {"kind": "notification-received", "role": "NOT", "public": {}, "sealed": {}}
    lie |= {"known_to": "ledger.test/flood", "origin": "ledger.test/flood", "received": last.at}
    acts = (replace(last, by=by, leaf=f"f{n:063x}", place=n, **lie) for n, by in enumerate(names))
    others = (*case.others, ReceivedRegister("ledger.test/flood", "ZZ", tuple(registered)))
    return replace(case, entries=(*case.entries, *acts), others=others)


def test_offices_beyond_counting_are_judged_together_by_the_log_that_knows_them() -> None:
    cut, at = elsewhere(cases("S6")["main"], "nolan", "PT"), datetime(2026, 11, 30, tzinfo=UTC)
    few, many = flooded(cut, 15), flooded(cut, 300)
    assert len(unknown_offices(few, at)) == 16
    assert [len(group) for group in unknown_offices(many, at)] == [300, 1]
    alone, among = judge(cut, at), judge(many, at)
    assert alone.state == among.state
    assert {(c.id, c.verdict) for c in alone.deadlines} <= {(c.id, c.verdict) for c in among.deadlines}
    assert {*finds(alone, "G-OFFICE-UNCONFIRMED").entries} < {*finds(among, "G-OFFICE-UNCONFIRMED").entries}
