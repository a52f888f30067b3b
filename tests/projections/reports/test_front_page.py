"""The first page as values: the sentence on the record, the order, the findings, and what only some may know."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from ledger.facts import KINDS
from ledger.facts.vocabulary import ROLES
from ledger.law import Finding, judge
from ledger.law.terms.rule import Level, Mark
from ledger.verify.progress import Unproven
from projections.render.translation import translation
from projections.reports.front_page import (
    LIMITS,
    PLAIN,
    FrontPage,
    IntegrityResult,
    Provenance,
    ReportCheckpoint,
    VerdictReason,
    found,
    front_page,
    in_plain_words,
    languages,
    named,
    procedure,
    remarks,
    vouches,
    words,
)
from projections.views.custody import custody
from tests.support.scenarios import Fact, case, disclosed, fact, issued, leaf, moment, received, sent

NOW = moment("2027-04-01T09:00Z")
PASSED = (
    "The record passed its integrity check: signatures, keys and places of the entries fit the keys that the maker "
    "of this paper was given as trusted. Where these keys came from is not checked here."
)
ALONE = (
    "Nothing was found wrong with the signatures and the chain of the entries, but so far only the office's own keys "
    "vouch for them. The annex says how to compare them with a copy from elsewhere."
)
PART = "Nothing was proved wrong, but not everything could be checked: "
FAILED = "The record FAILED its integrity check: "
RELY = " Do not rely on this paper."


@pytest.mark.parametrize(
    ("verdict", "reasons", "says"),
    [
        ("TOTAL-PASSED", (), PASSED),
        ("TOTAL-PASSED", (("NO_TRUST_ANCHOR", "It is lost."),), PASSED),
        ("INDETERMINATE", (), "What was checked."),
        ("INDETERMINATE", (("NO_TRUST_ANCHOR", "None was given."),), ALONE),
        ("INDETERMINATE", (("NO_TRUST_ANCHOR", "None given."), ("CP-QUORUM", "Few.")), f"{PART}None given."),
        ("INDETERMINATE", (("CP-QUORUM", "too few"), ("NO_TRUST_ANCHOR", "None.")), f"{PART}too few."),
        ("INDETERMINATE", (("CP-QUORUM", "Too few."),), f"{PART}Too few."),
        ("TOTAL-FAILED", (("SIG-BAD", "one is wrong"), ("SIG-BAD", "another")), f"{FAILED}one is wrong.{RELY}"),
        ("TOTAL-FAILED", (("NO_TRUST_ANCHOR", "None."),), f"{FAILED}None.{RELY}"),
        ("TOTAL-FAILED", (), f"{FAILED}the annex says why.{RELY}"),
    ],
)
def test_page_one_says_of_each_verdict_who_vouches_for_the_record_and_the_first_reason(
    verdict: str, reasons: Sequence[tuple[str, str]], says: str
) -> None:
    because = tuple(VerdictReason(code, "somewhere", reason) for code, reason in reasons)
    assert vouches(IntegrityResult(verdict, "What was checked.", because, ())) == says


def finding(level: Level, code: str, *entries: str, mark: Mark = Mark.TEXT) -> Finding:
    return Finding(code, level, (), f"{code} says.", ("art. 1",), mark, entries)


V, W, G = Level.V, Level.W, Level.G


@pytest.mark.parametrize(
    ("levels", "says"),
    [
        ((), "no finding"),
        ((V,), "1 violation"),
        ((G, V, G), "1 violation, 2 gaps"),
        ((W, W, V, V, V, G), "3 violations, 2 remarks, 1 gap"),
    ],
)
def test_findings_are_counted_by_level(levels: tuple[Level, ...], says: str) -> None:
    findings = [finding(level, "V-1") for level in levels]
    assert procedure(findings) == says
    assert found(findings) == (
        f"On the procedure the rules found: {says}."
        if levels
        else "On the procedure there is no finding: none of the rules as modelled found anything."
    )


def test_findings_are_listed_from_the_gravest_and_name_the_entries_of_the_order_before_those_of_its_companion() -> None:
    facts = (issued("2027-03-01T09:00Z"), sent("2027-03-01T10:00Z", label="sent"), received("2027-03-02T09:00Z"))
    order = case(facts, "2AP-7")
    companion = case((issued("2027-03-01T09:00Z", label="prior"),), "2AP-8", order="prior").entries
    whole = replace(order, entries=(*companion, *order.entries))
    first, *_ = order.entries
    assert remarks((), whole) == ()
    said = remarks(
        [
            finding(G, "G-2"),
            finding(W, "W-1", leaf("receipt"), leaf("prior", "prior"), first.leaf, "0" * 64, mark=Mark.DESIGN),
            finding(V, "V-9"),
            finding(V, "V-2", mark=Mark.LIKELY),
        ],
        whole,
    )
    assert [(line.code, line.level) for line in said] == [
        ("V-2", "violation"),
        ("V-9", "violation"),
        ("W-1", "remark"),
        ("G-2", "gap"),
    ]
    numbers = [str(e.seq) for e in order.entries]
    assert said[2].entries == (numbers[0], numbers[2], f"C{companion[0].seq}")
    assert [line.mark for line in said] == [
        "not verified against the text; to be checked",
        "verified against the text",
        "a rule of this program, of no act",
        "verified against the text",
    ]
    assert (said[0].says, said[0].cite) == ("V-2 says.", ("art. 1",))


def test_what_is_not_proven_is_said_once_without_its_codes_and_the_codes_are_kept_apart() -> None:
    said = (("CMP-ORDER", "that the log"), ("CMP-OTHER", "that of another"), ("CMP-ORDER", "a second"))
    unproven = (*(Unproven(code, words) for code, words in said), "No clock was asked.")
    assert in_plain_words(unproven) == (PLAIN["CMP-ORDER"], "That of another", "No clock was asked.")
    assert page_of(not_proven=unproven).unproven == ("CMP-ORDER", "CMP-OTHER")
    assert page_of(not_proven=("CMP-ORDER: no",)).unproven == ()


def page_of(
    *facts: Fact,
    not_proven: tuple[str, ...] = (),
    head: int | None = None,
    register: tuple[Fact, ...] = (),
    order: Fact | None = None,
) -> FrontPage:
    """Return the first page of an order with these facts, at the places 0 to n of a log of which `head` are signed."""
    order = order or issued("2027-03-01T09:00Z", case_ref="KA-1")
    known = case((order, *facts), "2AP-7", register=register)
    known = replace(known, entries=tuple(replace(e, index=n) for n, e in enumerate(known.entries)))
    at = None if head is None else ReportCheckpoint("log.example", head, "", "", NOW, ())
    integrity = IntegrityResult("TOTAL-PASSED", "", (), not_proven)
    making = Provenance(NOW, "comity 0", "0" * 16, at, integrity)
    return front_page("T", "what", "answer", known, judge(known, NOW), making, ())


BEYOND = " beyond the checkpoint named here: the log had not yet promised to keep "


@pytest.mark.parametrize(
    ("head", "says"),
    [
        (3, None),
        (4, None),
        (2, f"1 entry stands{BEYOND}it."),
        (1, f"2 entries stand{BEYOND}them."),
        (None, f"3 entries stand{BEYOND}them."),
    ],
)
def test_entries_beyond_the_checkpoint_are_counted(head: int | None, says: str | None) -> None:
    page = page_of(sent("2027-03-01T10:00Z"), received("2027-03-02T09:00Z"), head=head)
    assert page.not_checked == (*([says] if says else []), *LIMITS)


def test_the_page_names_its_order_by_number_label_or_the_beginning_of_its_id_and_its_state_in_words() -> None:
    page = page_of(sent("2027-03-01T10:00Z"), order=issued("2027-03-01T09:00Z", reference="E-7", case_ref="KA-1"))
    about = page.subject
    assert about is not None
    assert (about.name, about.called, about.reference, about.entries) == ("E-7", "KA-1", "E-7", 2)
    assert (about.from_party, about.to_party, about.providers) == ("XO", "XV", ("skylark",))
    assert about.issued_on == moment("2027-03-01T09:00Z")
    assert all(name == name.lower() and "_" not in name + value for name, value in about.regions)
    bare = case((issued("2027-03-01T09:00Z"),), "2AP-7")
    making = Provenance(NOW, "", "", None, IntegrityResult("TOTAL-PASSED", "", (), ()))
    for known, name in ((bare, "main"), (replace(bare, label=None), bare.order[:8])):
        unnamed = front_page("T", "", "", known, judge(known, NOW), making, ()).subject
        assert unnamed is not None
        assert (unnamed.name, unnamed.called) == (name, "no case number stated")
    assert [words(state) for state in ("-", "PARTIALLY_DISCLOSED", "SENT")] == [
        "no order yet",
        "partially disclosed",
        "sent",
    ]


def test_an_instrument_that_the_program_does_not_know_is_named_as_such() -> None:
    known = case((issued("2027-03-01T09:00Z", "NEW-1"),), "NEW-1")
    making = Provenance(NOW, "", "", None, IntegrityResult("TOTAL-PASSED", "", (), ()))
    of_two = [
        front_page("T", "", "", each, judge(each, NOW), making, ()).subject
        for each in (known, case((issued("2027-03-01T09:00Z"),), "2AP-7"))
    ]
    assert [each and (each.instrument, each.instrument_says == "not known to this program") for each in of_two] == [
        ("NEW-1", True),
        ("2AP-7", False),
    ]


def test_who_may_know_of_hidden_entries_is_listed_once_and_none_for_open_ones() -> None:
    closed = [name for name, kind in KINDS.items() if kind.shown_to]
    hidden = [fact(kind, "2027-03-03T09:00Z", "ilves", "ISS") for kind in closed]
    roles = [ROLES.get(role, role) for role in dict.fromkeys(r for name in closed for r in KINDS[name].shown_to)]
    assert roles
    assert page_of(*hidden, fact("not-of-this-program", "2027-03-03T09:00Z", "ilves", "ISS")).only_for == tuple(roles)
    assert page_of(received("2027-03-02T09:00Z"), disclosed("2027-03-03T09:00Z")).only_for == ()


def office(actor: str, on: str = "2027-01-02T09:00Z", kind: str = "authority-registered", **names: Any) -> Fact:
    stated: dict[str, Any] = {
        "actor": actor,
        "party": "XO",
        "roles": ["ISS"],
        "names": names,
        "valid_from": "2027-01-01",
    }
    return fact(kind, on, "registrar", "ADM", **stated)


def test_names_of_offices_are_given_with_their_language_and_with_those_in_others() -> None:
    rows = (
        office("ilves", de="Staatsanwaltschaft", en="Prosecutor"),
        office("orn", sv="Polisen", fi="Poliisi"),
        office("lab", en="Laboratory"),
        office("ilves", kind="authority-changed", de="Neue Staatsanwaltschaft", en="New Prosecutor"),
        fact("party-registered", "2027-01-02T09:00Z", "registrar", "ADM", party="XP", zone="UTC", names={"fi": "Maa"}),
    )
    registry = case((issued("2027-03-01T09:00Z"),), "2AP-7", register=rows).registry
    assert languages(registry) == (("Polisen", "sv"), ("Maa", "fi"))
    assert named(registry) == (("New Prosecutor", "de", "Neue Staatsanwaltschaft"), ("Polisen", "fi", "Poliisi"))
    page = page_of(register=rows)
    assert (page.languages, page.named) == (languages(registry), named(registry))


def test_the_page_takes_over_what_its_maker_says() -> None:
    known = case((issued("2027-03-01T09:00Z"), disclosed("2027-03-03T09:00Z")), "2AP-7")
    judgement = judge(known, NOW + timedelta(days=1))
    making = Provenance(NOW, "comity 0", "0" * 16, None, IntegrityResult("TOTAL-PASSED", "", (), ()))
    page = front_page("Title", "What", "Answer.", known, judgement, making, (), lacking=("names",))
    assert (page.title, page.what, page.answer, page.making) == ("Title", "What", "Answer.", making)
    assert page.procedure == procedure(judgement.findings)
    assert page.found == found(judgement.findings)
    assert page.findings == remarks(judgement.findings, known)
    assert (page.vouches, page.lacking, page.commands, page.exhibits) == (PASSED, ("names",), (), ())


def test_an_office_has_its_name_in_the_language_of_the_paper_wherever_it_held_the_data() -> None:
    rows = (office("orn", de="Polizei", en="Police"), office("skylark", de="Lerchenpost", en="Skylark Mail"))
    got = fact("evidence-received", "2027-03-03T10:00Z", "orn", "RET", check="equal", exhibit="X/1")
    known = case((issued("2027-03-01T09:00Z"), disclosed("2027-03-03T09:00Z"), got), "2AP-7", register=rows)
    names = [name for step in custody(known) for name in (step.released_by, step.received_by, step.held_by) if name]
    assert {"Police", "Skylark Mail"} <= set(names)
    assert {translation("de").words(name) for name in names} == {"Polizei", "Lerchenpost"}
