"""The order form after the sections of Annexes I and II to Regulation (EU) 2023/1543."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import typst
from msgspec import structs
from msgspec.structs import replace

from cli.reports.pdf import folders
from ledger.entries.case import Entry
from ledger.facts import KINDS
from ledger.facts.value_forms import ListForm
from ledger.facts.vocabulary import INSTRUMENTS, ROLES
from ledger.facts.words.data import ELEMENT_WORDS
from ledger.law.instruments.e_evidence_transmission import COMMON_SYSTEM
from projections.render.html import page
from projections.render.pdf import paper
from projections.render.translation import translation
from projections.reports.fillable_form import FillableForm
from projections.reports.front_page import IntegrityResult, Provenance
from projections.reports.order_form import make
from projections.reports.order_form.make import addressee, missing, order_form
from projections.views.completeness import lint
from tests.support.judging import judged
from tests.support.papers.pdf_text import pdf_text
from tests.support.scenarios import Fact, Story, by_issuer, by_provider, fact, given, issued, moment

NOW = moment("2027-03-01T12:00Z")
MAKING = Provenance(NOW, "comity 0", "0" * 64, None, IntegrityResult("INDETERMINATE", "", (), ()), reveal=True)
FULL: dict[str, Any] = {
    "issuing_capacity": "judge",
    "addressee_capacity": "legal-representative",
    "proceedings": "execution-of-sentence",
    "sentence_months": 14,
    "sentence_in_absentia": False,
    "convicted_absconded": True,
    "special_instructions": ["no-notice-to-controller"],
    "addressed_to_processor": True,
    "processor_ground": "controller-not-identified",
    "controller_delay_justification": "It would warn the suspect.",
    "controller_delay_reasons": "Only for the file.",
    "notice_delay_grounds": ["LED:13(3)(b)"],
    "requested_by_defence": "lawyer",
}
APPROVED = {"capacity": "judge", "decision": "approved"}
VALIDATED = fact("order-validated", "2027-03-01T09:10Z", "ilves", "VAL", label="judge", **APPROVED)
SERVED = given(issued("2027-03-01T09:00Z", "EPOC")).asked_at("2027-03-01T12:00Z")


def form(instrument: str, role: str = "SP") -> FillableForm:
    """Return the form of an order with all that the Annexes ask, for a reader."""
    story = given(issued("2027-03-01T09:00Z", instrument, **FULL))
    return order_form(story.case, judged(story), MAKING, role)


def lines(found: FillableForm, letter: str) -> dict[str, tuple[str, ...]]:
    """Return the lines of a section by label."""
    section = next(s for s in found.sections if s.title.startswith(f"{letter}. "))
    return {line.label: line.says for line in section.lines}


def test_the_sections_of_the_forms_are_those_of_the_annexes() -> None:
    assert [s.title[:2] for s in form("EPOC").sections] == [f"{letter}." for letter in "ABCDEFGHIJKL"]
    assert [s.title[:2] for s in form("EPOC-PR").sections] == [f"{letter}." for letter in "ABCDEFG"]


def test_a_preservation_order_says_nothing_about_informing_the_person() -> None:
    assert not [s for s in form("EPOC-PR").sections if "Informing" in s.title]
    grounds = lines(form("EPOC"), "H")["Why the person is not informed yet"]
    assert "LED:13(3)(b)" in " ".join(grounds)


@pytest.mark.parametrize(("instrument", "letter"), [("EPOC", "G"), ("EPOC-PR", "E")])
def test_the_conditions_of_a_sentence_are_printed_for_the_addressee(instrument: str, letter: str) -> None:
    found = lines(form(instrument), letter)
    assert found["The sentence, in months"] == ("14",)
    assert found["Whether the decision was rendered in absentia"] == ("no",)
    assert found["Whether the person convicted absconded"] == ("yes",)


@pytest.mark.parametrize("instrument", ["EPOC", "EPOC-PR"])
def test_the_addressee_reads_in_which_capacity_it_is_addressed(instrument: str) -> None:
    found = lines(form(instrument), "B")
    assert found["Whether designated establishment, legal representative or another establishment"] == (
        "legal representative",
    )


def test_the_processor_reads_the_short_justification_and_not_the_case_file() -> None:
    found = form("EPOC")
    assert lines(found, "G")["Why the controller is not to be informed, in short"] == ("It would warn the suspect.",)
    printed = " ".join(value for s in found.sections for line in s.lines for value in line.says)
    assert "Only for the file." not in printed
    assert "lawyer" not in printed


UNLISTED = ("VOL", "SCA", "COA", "BC-16", "BC-18", "BC-31", "UNCC-42", "UNCC-44", "2AP-10")
ASKED: dict[str, Any] = {
    "case_ref": "KA-1",
    "issuing_authority": "ilves",
    "date_issued": "2027-02-28",
    "providers": ["skylark"],
    "domestic_legal_grounds": ["18 U.S.C. 2703(d)"],
    "data_categories": ["subscriber"],
    "identifiers": ["dina@example.org"],
    "information_sought": "Who paid for the account.",
    "time_range": "2026-06-01/2026-08-31",
    "return_timeframe": "P20D",
    "offences": ["fraud"],
    "summary_of_facts": "Only for authorities.",
}


def printed_for(instrument: str, role: str, **fields: Any) -> dict[str, tuple[str, ...]]:
    """Return what the form prints of an order, by label."""
    story = given(issued("2027-03-01T09:00Z", instrument, "name", **fields))
    return {
        line.label: line.says for s in order_form(story.case, judged(story), MAKING, role).sections for line in s.lines
    }


@pytest.mark.parametrize("instrument", UNLISTED)
def test_a_form_without_a_list_in_an_act_says_who_asks_whom_for_what_on_which_grounds(instrument: str) -> None:
    found = printed_for(instrument, addressee(instrument), **ASKED)
    assert found["The issuing authority"] == ("ilves",)
    assert found["Its date"] == ("28 February 2027",)
    assert found["The provider to be served"] == ("skylark",)
    assert found["The domestic legal grounds"] == ("18 U.S.C. 2703(d)",)
    assert found["The category of data"] == ("subscriber data",)
    assert found["The data elements sought"] == ("the name of the user",)
    assert found["The user or another identifier"] == ("dina@example.org",)
    assert found["A description of the data sought"] == ("Who paid for the account.",)
    assert found["The time for the answer"] == ("20 days",)
    assert found["The offences"] == ("fraud",)
    assert ("The summary of facts" in found) == (addressee(instrument) != "SP")


@pytest.mark.parametrize("instrument", UNLISTED)
def test_a_form_without_a_list_has_blanks_for_what_is_asked_and_no_line_for_what_else_was_not_stated(
    instrument: str,
) -> None:
    found = printed_for(instrument, addressee(instrument), case_ref="KA-1")
    assert found["The user or another identifier"] == ()
    assert found["The time for the answer"] == ()
    assert "The offences" not in found
    assert "The summary of facts" not in found


def test_a_preservation_names_the_data_to_keep_and_a_request_says_that_it_obliges_nobody() -> None:
    said = {i: {s.title: s.lead for s in form(i).sections} for i in ("BC-16", "BC-18", "SCA", "VOL")}
    assert "The data to be preserved" in said["BC-16"]
    assert {i: leads.get("The data") for i, leads in said.items() if i != "BC-16"} == {
        "BC-18": "",
        "SCA": "",
        "VOL": "This is a request. It does not oblige the addressee.",
    }


@pytest.mark.parametrize("instrument", ["2AP-6", "2AP-7", "2AP-8", "2AP-9", "BC-29"])
def test_a_form_after_a_list_prints_what_else_the_order_asks_for(instrument: str) -> None:
    found = printed_for(instrument, "SP", data_categories=["subscriber"], time_range="2026-06-01/2026-08-31")
    assert found["The category of data"] == ("subscriber data",)
    assert found["The period covered"] == ("1 June 2026 – 31 August 2026",)
    assert "The period covered" not in printed_for(instrument, "SP")


def test_the_period_covered_is_in_the_language_of_the_form_and_any_other_text_as_it_is() -> None:
    story = given(issued("2027-03-01T09:00Z", "VOL", time_range="2026-06-01/2026-08-31"))
    shown = translation("de").of(order_form(story.case, judged(story), MAKING, "SP"))
    assert ("1. Juni 2026 – 31. August 2026",) in {line.says for s in shown.sections for line in s.lines}
    for stated in ("2026-06-01/2026-02-30", "2026-06-01/", "all of 2026"):
        assert printed_for("VOL", "SP", time_range=stated)["The period covered"] == (stated,)


# A code of the vocabulary, or a command's option: behind words in parentheses only.
CODE = re.compile(
    r"--[a-z]+|\bcomity\b|\b[A-Z]+:\d|\b[DN]-\d|[a-z]_[a-z]|\b[0-9a-f]{32}"
    + "".join(
        rf"|(?<![\w-]){code}(?![\w:-])" for code in (*KINDS, *INSTRUMENTS, *ROLES) if not code.islower() or "-" in code
    )
    + "".join(
        rf"|(?<![\w-]){re.escape(code)}(?![\w-])"
        for field in KINDS["order-issued"].fields().values()
        for code in (*field.one_of, *ELEMENT_WORDS)
        if re.search(r"[A-Z-]", code)
    )
)


def stating_all(instrument: str) -> Story:
    """Return an order that states every field of its kind that has codes, and what may follow it."""
    fields: dict[str, Any] = {**FULL, "supervision": "supervised", "languages": ["en", "fr"]}
    for field in KINDS["order-issued"].fields().values():
        if field.one_of:
            fields[field.name] = list(field.one_of) if isinstance(field.form, ListForm) else field.one_of[-1]
        elif field.type == "bool":
            fields[field.name] = True
    return given(
        by_issuer(
            "order-supervised",
            "2027-03-01T08:00Z",
            label="supervised",
            capacity="public-prosecutor",
            decision="approved",
        ),
        issued("2027-03-01T09:00Z", instrument, *ELEMENT_WORDS, by="ilves", **fields),
        VALIDATED,
        by_issuer("confidentiality-requested", "2027-03-01T09:20Z"),
        by_issuer(
            "customer-notification-delayed", "2027-03-01T09:30Z", grounds=["LED:13(3)(b)"], review_on="2027-04-01"
        ),
        by_provider("order-referred-back", "2027-03-01T10:00Z", reason_codes=["incomplete"]),
    )


def test_each_section_of_an_annex_has_the_entries_of_its_kind_and_no_other() -> None:
    to = {"notified_authority": "ncco"}
    story = given(
        *stating_all("EPOC").facts, by_issuer("notification-sent", "2027-03-01T11:00Z", includes=["order"], **to)
    )
    sections = order_form(story.case, judged(story), MAKING, "NOT").sections
    labels = ("Validated", "Put off, on the ground of", "Notified")
    found = [
        (s.title[0], line.label, line.says[-1].partition(", ")[2])
        for s in sections
        for line in s.lines
        if line.label in labels
    ]
    assert found == [
        ("H", "Put off, on the ground of", "2027-03-01 09:30 UTC"),
        ("J", "Validated", "2027-03-01 09:10 UTC"),
        ("K", "Notified", "2027-03-01 11:00 UTC"),
    ]


AS_SEEN: dict[str, Any] = {"speaks": "observation", "whose": "ilves", **APPROVED}


@pytest.mark.parametrize(
    "more",
    [
        pytest.param(replace(VALIDATED, by="orn", role="RET", label="wrong"), id="in a role that validates nothing"),
        pytest.param(fact("order-validated", "2027-03-01T09:10Z", "orn", "RET", **AS_SEEN), id="a report of the act"),
        pytest.param(replace(VALIDATED, label="again", replaces="judge"), id="in place of the first"),
    ],
)
def test_the_form_names_each_validation_that_counts_once(more: Fact) -> None:
    found = order_form(given(issued("2027-03-01T09:00Z", "EPOC"), VALIDATED, more).case, judged(SERVED), MAKING, "SP")
    (validation,) = [line for s in found.sections for line in s.lines if line.label == "Validated"]
    assert validation.says[0] == "ilves"


@pytest.mark.parametrize("instrument", ["EPOC", "2AP-7"])
def test_the_form_says_at_its_beginning_what_changed_the_order_since(instrument: str) -> None:
    asked = issued("2027-03-01T09:00Z", instrument, "name", "connection-log")
    adapted = by_issuer("order-adapted", "2027-03-01T10:00Z", adapts="issued", elements_sought=["name"])
    story = given(asked, adapted)
    first = order_form(story.case, judged(SERVED), MAKING, "SP").sections[0]
    assert first.title == "What changed since the order was made"
    assert [(line.label, line.says[0]) for line in first.lines] == [
        ("Narrowed", "ilves narrowed the order (entry 9). It now asks for: the name of the user.")
    ]
    before = order_form(given(asked).case, judged(SERVED), MAKING, "SP").sections[0]
    assert before.title != first.title
    assert "Was seit dem Erlass" in page(order_form(story.case, judged(SERVED), MAKING, "SP"), "de")


@pytest.mark.parametrize(
    "instrument",
    [name if name in ("2AP-7", "EPOC", "SCA") else pytest.param(name, marks=pytest.mark.slow) for name in INSTRUMENTS],
)
def test_no_order_form_prints_a_bare_code_or_an_option_of_a_command(instrument: str) -> None:
    story = stating_all(instrument)
    for role, lang in ((addressee(instrument), "en"), (addressee(instrument), "de"), ("ISS", "en")):
        shown = translation(lang).of(order_form(story.case, judged(story), MAKING, role))
        words = [shown.title, shown.what, shown.note]
        for s in shown.sections:
            words += [s.title, s.lead, *(c for row in (s.table.rows if s.table else ()) for c in row)]
            words += [w for line in s.lines for w in (line.label, line.cite.partition(", ")[2], *line.says)]
        bare = {w: CODE.findall(re.sub(r"\(.*?\)+", "", w)) for w in words}
        assert not {w: codes for w, codes in bare.items() if codes}


def test_states_languages_and_the_supervising_authority_have_their_names_in_the_language_of_the_form() -> None:
    story = stating_all("2AP-7")
    case = structs.replace(story.case, entries=tuple(in_states(e) for e in story.case.entries))
    found = order_form(case, judged(story), MAKING, "SP")
    for lang, state, language in (("en", "Germany", "English"), ("de", "Deutschland", "Englisch")):
        spoken = translation(lang)
        says = {line.label: line.says for s in spoken.of(found).sections for line in s.lines}
        assert (state,) in says.values()
        assert any(language in words for words in says.values())
    assert says["Die beaufsichtigende (validierende) Behörde"] == ("ilves", "Staatsanwaltschaft", "Eintrag 9")


def in_states(e: Entry) -> Entry:
    """Return an entry between two States that have names."""
    parties = {"from_party": "DE", "to_party": "FR"} if e.kind == "order-issued" else {}
    return structs.replace(e, public={**e.public, **parties})


# -- before it is sent -------------------------------------------------------------------------------------------------


def asked(channel: str, **fields: Any) -> set[str]:
    """Return the codes of what would be found in an order that is sent by this channel."""
    public = {"instrument": "EPOC", "from_party": "XO", "to_party": "XV", "issuing_capacity": "judge", **fields}
    return {m.code for m in lint(public, {}, [], NOW, channel)}


def test_lint_asks_why_an_order_does_not_go_through_the_common_system() -> None:
    assert "W-19-5-NO-GROUND" in asked("provider-portal")
    assert "W-19-5-NO-GROUND" not in asked("decentralised-it-system")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"proceedings": "execution-of-sentence"}, "V-5-3-SENTENCE"),
        ({"special_instructions": ["no-notice-to-controller"]}, "V-5-7-NO-JUSTIFICATION"),
        ({"addressee_capacity": "other-establishment"}, "V-7-2-OTHER-ADDRESSEE"),
        ({"other_addressee_reason": "no-reaction"}, "W-7-2-NO-EARLIER-ORDER"),
    ],
)
def test_lint_asks_for_what_the_order_must_say(fields: dict[str, Any], code: str) -> None:
    assert code in asked("decentralised-it-system", **fields)
    assert code not in asked("decentralised-it-system")


def test_a_form_is_complete_for_the_common_system_whatever_channel_the_answer_takes() -> None:
    story: Story = given(issued("2027-03-01T09:00Z", "EPOC", return_manner="courier", **FULL))
    assert "W-19-5-NO-GROUND" not in {m.code for m in missing(story.case, NOW)}


def test_what_an_order_lacks_is_asked_by_the_way_of_return_of_the_last_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(make, "lacking", lambda case, at, channel: [channel])
    second = issued("2027-03-01T10:00Z", "2AP-7", return_manner="portal")
    later = by_provider("order-received", "2027-03-01T11:00Z")
    for facts, channel in (
        ((issued("2027-03-01T09:00Z", "2AP-7", return_manner="courier"), later), ["courier"]),
        ((issued("2027-03-01T09:00Z", "2AP-7", return_manner="courier"), second, later), ["portal"]),
        ((issued("2027-03-01T09:00Z", "2AP-7"), later), ["secure-email"]),
        ((issued("2027-03-01T09:00Z", "EPOC", return_manner="courier"), later), [COMMON_SYSTEM]),
    ):
        lacks: list[Any] = list(missing(given(*facts).case, NOW))
        assert lacks == channel


# -- for whom ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("maker", "reader", "read"),
    [("ISS", "ISS", True), ("ISS", "VAL", True), ("ISS", "SEEK", False), ("SEEK", "SEEK", True), ("ISS", "SP", False)],
)
def test_a_field_is_read_by_its_readers_and_by_the_role_that_made_the_order(
    maker: str, reader: str, read: bool
) -> None:
    order = issued("2027-03-01T09:00Z", "EPOC", role=maker, requested_by_defence="lawyer")
    story = given(order)
    say = make._reader(story.case, story.case.entries[-1], reader, reveal=True)
    assert say("requested_by_defence") == (("the lawyer of the person",) if read else None)
    assert say("reference") == ()


def test_only_the_side_that_makes_the_order_reads_whether_it_is_complete() -> None:
    story = given(issued("2027-03-01T09:00Z", "EPOC"))
    lacks = {role: order_form(story.case, judged(story), MAKING, role).missing for role in ("ISS", "CAR", "SP", "NOT")}
    assert [bool(lacks[role]) for role in ("ISS", "CAR")] == [True, True]
    assert (lacks["SP"], lacks["NOT"]) == (None, None)
    blank = given(by_issuer("order-drafted", "2027-03-01T09:00Z"))
    assert order_form(blank.case, judged(blank), MAKING, "ISS").missing is None
    assert missing(blank.case, NOW) == []


@pytest.mark.parametrize(
    ("instrument", "role", "last"),
    [
        ("EPOC", "SP", ["L", "What followed"]),
        ("EPOC-PR", "SP", ["G", "What followed"]),
        ("EPOC", "NOT", ["What followed", "M"]),
        ("EPOC-PR", "NOT", ["G", "What followed"]),
    ],
)
def test_what_followed_stands_after_the_annex_and_the_section_for_the_authority_after_it(
    instrument: str, role: str, last: list[str]
) -> None:
    gone = by_provider("reasons-for-non-execution-given", "2027-03-01T10:00Z", grounds=["incomplete"])
    story = given(issued("2027-03-01T09:00Z", instrument, **FULL), gone)
    titles = [s.title.partition(".")[0] for s in order_form(story.case, judged(story), MAKING, role).sections]
    assert titles[-2:] == last
    bare = given(issued("2027-03-01T09:00Z", instrument, **FULL))
    assert "What followed" not in [s.title for s in order_form(bare.case, judged(bare), MAKING, role).sections]


def test_only_the_period_covered_is_read_as_days() -> None:
    span = "2026-06-01/2026-08-31"
    found = printed_for("VOL", "SP", time_range=span, information_sought=span, case_ref="")
    assert found["The period covered"] == ("1 June 2026 – 31 August 2026",)
    assert found["A description of the data sought"] == (span,)
    assert found.get("The number of the proceedings", ()) == ()


def test_who_supervised_is_named_with_the_entry_or_said_to_be_in_an_entry_of_others() -> None:
    story = given(
        by_issuer("order-supervised", "2027-03-01T08:00Z", label="seen", capacity="judge", decision="approved"),
        issued("2027-03-01T09:00Z", "2AP-7", supervision="seen"),
    )
    supervised, issue = story.case.entries
    say = make._reader(story.case, issue, "ISS", reveal=True)
    assert say("supervision") == ("ilves", "judge", f"entry {supervised.seq}")
    without = structs.replace(story.case, entries=(issue,))
    assert make._reader(without, issue, "ISS", reveal=True)("supervision") == (
        "in an entry that is not for this reader",
    )
    bare = given(issued("2027-03-01T09:00Z", "2AP-7"))
    assert make._reader(bare.case, bare.case.entries[0], "ISS", reveal=True)("supervision") == ()


def test_an_empty_box_is_text_that_says_it_is_still_to_be_ticked(tmp_path: Path) -> None:
    story = given(issued("2027-03-01T09:00Z", "EPOC", "name"))
    form = order_form(story.case, judged(story), MAKING, "SP")
    boxes = sum(len(line.ticks) for section in form.sections for line in section.lines)
    html = re.sub(r"<[^>]+>", "", page(form))
    assert boxes > 0
    assert html.count("[&nbsp;&nbsp;] to be ticked by hand: ") == boxes
    file = tmp_path / "form.pdf"
    file.write_bytes(paper(form, typst.Fonts(include_system_fonts=False, font_paths=list(folders()))))
    text = " ".join(pdf_text(file).split())
    assert text.count("[ ] to be ticked by hand: ") == boxes
    assert "[ ] to be ticked by hand: art. 4(5) applies" in text
