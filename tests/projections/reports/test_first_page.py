"""Page one of a paper that is filed, in the order in which a judge reads it; read from the PDF and from the page."""

from __future__ import annotations

import dataclasses
import re
from html import unescape
from itertools import pairwise
from pathlib import Path

import pytest
import typst
from msgspec.structs import replace

from cli.exit_codes import Exit
from cli.reports.pdf import folders
from cli.session.ledger_reader import reading
from ledger.entries.case import Case, instant
from ledger.law import Judgement, judge
from projections.render.html import page, running
from projections.render.pdf import paper
from projections.render.translation import translation
from projections.reports.custody_report import CustodyReport, custody_report
from projections.reports.evidence_chain_report import evidence_chain_report
from projections.reports.exhibits import exhibits
from projections.reports.front_page import IntegrityResult, Provenance, VerdictReason, vouches
from projections.reports.request import state
from projections.sentences.names import territory
from projections.views.custody import custody
from tests.projections.render.test_html import Page, made
from tests.projections.render.test_pdf import printed
from tests.support.cli import ledger_of, run
from tests.support.papers.pdf_text import pdf_text
from tests.support.story_files import STORY_NAMES, cases

OPENED = ("--reveal", "--because", "trial", "--as", "ilves")
SHA = "e978f14d76503f4d341d5efcb61f68ea"
IN_ORDER = {
    "en": (
        "KA-2027-0311",
        "Prosecutor's Office Karsk, Republic of Orsinia",
        "Skylark Mail AS, Kingdom of Valdoria",
        "subscriber data",
        "Second Additional Protocol",
        "skyl-return.json",
        "1842 bytes",
        SHA,
        "Result",
        "On the procedure",
        "What was not checked",
        "Signature",
        "Name",
        "Office",
    ),
    "de": (
        "KA-2027-0311",
        "Prosecutor's Office Karsk, Republic of Orsinia",
        "Skylark Mail AS, Kingdom of Valdoria",
        "Bestandsdaten",
        "Zweites Zusatzprotokoll",
        "skyl-return.json",
        SHA,
        "Ergebnis",
        "Zum Verfahren",
        "Was nicht geprüft wurde",
        "Unterschrift",
    ),
}
NOT_HERE = re.compile(
    r"\bcomity (?!\d)|(?<![\w-])--[a-z]|sha256sum|unzip|pdfdetach|INDETERMINATE|NO_TRUST|TOTAL-PASSED"
    r"|story\.example|\bXO\b|\bXV\b|2AP-7"
    r"|\bmain\b|759427d8|[A-Z]-[0-9A-Z][\w-]*-[A-Z]{3,}"
)


def first_of_pdf(ledger: Path, folder: Path, kind: str, *more: str) -> str:
    """Return the text of page one of a paper, in the order in which it is read."""
    printed(ledger, folder, kind, "main", *more)
    text = pdf_text(folder / "paper.pdf", "-l", "1", "-layout")
    return re.sub(r"\s+", " ", text)


def first_of_page(ledger: Path, folder: Path, kind: str, *more: str) -> str:
    """Return the words of the first section of a page."""
    html = made(ledger, kind, folder, *more)
    begins, ends = html.index('<section class="face"'), html.index("<nav")
    return re.sub(r" ,", ",", Page(html[begins:ends]).words)


@pytest.mark.parametrize("lang", ["en", "de"])
@pytest.mark.parametrize("kind", ["custody", "evidence-chain"])
@pytest.mark.parametrize("medium", ["pdf", "html"])
def test_page_one_has_what_a_court_files_in_order_and_no_command_or_code(
    kind: str, medium: str, lang: str, tmp_path: Path
) -> None:
    ledger = ledger_of("S1", tmp_path)
    first = (first_of_pdf if medium == "pdf" else first_of_page)(ledger, tmp_path, kind, *OPENED, "--lang", lang)
    begin = first.rindex("TEST")  # the running head has the number as well
    places: list[int] = []
    for words in IN_ORDER[lang]:
        place = first.find(words, places[-1] if places else begin)
        assert place >= 0, (words, first)
        places.append(place)
    assert not NOT_HERE.findall(first)
    assert all(a < b for a, b in pairwise(places))


@pytest.mark.parametrize("kind", ["custody", "evidence-chain"])
def test_findings_stand_on_page_one_with_their_entries_and_without_their_codes(kind: str, tmp_path: Path) -> None:
    ledger = ledger_of("S2", tmp_path)
    for first in (first_of_pdf(ledger, tmp_path, kind), first_of_page(ledger, tmp_path, kind)):
        violation = "Violation: Data were disclosed although the notified authority had forbidden it."
        assert first.index(violation) < first.index("Gap: For some time nothing shows that the data were not used.")
        assert re.search(r"forbidden it\. Entries 8 ?, 10 ?\.", first)
        assert not NOT_HERE.findall(first)


def test_what_the_paper_does_not_open_is_said_in_one_line_without_a_command(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    for kind in ("custody", "evidence-chain"):
        first = first_of_page(ledger, tmp_path, kind)
        assert "The names, sizes and digests of 1 file are sealed and not opened in this paper." in first
        assert "The office that keeps the record can make a copy that opens them." in first
        assert SHA not in first
        assert not NOT_HERE.findall(first)
    assert not NOT_HERE.findall(first_of_page(ledger, tmp_path, "custody", "--lang", "de"))


def test_the_annex_at_the_end_has_verdict_checkpoint_and_commands(tmp_path: Path) -> None:
    words = Page(made(ledger_of("S1", tmp_path), "custody", tmp_path)).words
    annex = words[words.rindex("Annex: how to check this paper") :]
    for said in ("INDETERMINATE NO_TRUST_ANCHOR", "story.example/s1", "comity verify", "759427d8-1153", "rules "):
        assert said in annex
    assert annex.index("INDETERMINATE") < annex.index("comity verify")


def test_a_label_is_no_title_and_a_missing_case_number_is_said() -> None:
    for story in (name for name in STORY_NAMES if name[0] in "Sl"):
        for label, case in cases(story).items():
            subject = report(case).face.subject
            assert subject is not None
            stated = (subject.request.case_number, subject.request.reference, "no case number stated")
            assert subject.called in stated
            assert subject.request.called in (subject.called, None)
            assert subject.called != label


MAKING = Provenance(
    instant("2030-01-01T00:00:00Z"),
    "comity 0",
    "0" * 64,
    None,
    IntegrityResult("INDETERMINATE", "", (), ()),
    reveal=True,
)
FONTS = typst.Fonts(include_system_fonts=False, font_paths=list(folders()))


def judged(case: Case) -> Judgement:
    """Return the judgement of a case after its last entry."""
    return judge(case, max(e.at for e in case.entries))


def report(case: Case) -> CustodyReport:
    """Return the custody report of a case, made after its last entry."""
    return custody_report(case, judged(case), MAKING, ())


def test_each_file_is_listed_once_with_the_entries_that_state_it() -> None:
    case = cases("S1")["main"]
    (file,), numbers = exhibits(custody(case, reveal=True), case)
    assert (file.name, file.exhibits, file.differs) == ("skyl-return.json", ("KA-0311/1",), False)
    assert len(file.entries) == 3
    assert sorted(numbers.values()) == [(1,), (1,), (1,)]


def test_a_digest_that_differs_is_a_row_of_its_own_and_says_so(tmp_path: Path) -> None:
    found = [x for case in cases("hand-to-hand").values() for x in exhibits(custody(case, reveal=True), case)[0]]
    assert [x for x in found if x.differs]
    assert [x for x in found if not x.differs]


@pytest.mark.parametrize(
    ("verdict", "codes", "says"),
    [
        ("TOTAL-PASSED", (), "passed its integrity check"),
        ("INDETERMINATE", ("NO_TRUST_ANCHOR",), "only the office's own keys vouch"),
        ("INDETERMINATE", ("CP-QUORUM",), "not everything could be checked: Too few."),
        ("TOTAL-FAILED", ("SIG-BAD",), "FAILED its integrity check: Too few. Do not rely on this paper."),
    ],
)
def test_the_verdict_is_one_plain_sentence_on_page_one(verdict: str, codes: tuple[str, ...], says: str) -> None:
    reasons = tuple(VerdictReason(code, "", "Too few.") for code in codes)
    said = vouches(IntegrityResult(verdict, "", reasons, ()))
    assert says in said
    assert not re.search(r"[A-Z]+_[A-Z]+|TOTAL|INDETERMINATE", said)


def test_page_one_says_what_a_bundle_does_not_prove_without_codes_and_the_annex_has_the_codes(tmp_path: Path) -> None:
    ledger, bundle = ledger_of("S2", tmp_path), tmp_path / "court.evidence.zip"
    run("export", "main", "--audience", "COURT", "-o", str(bundle), ledger=ledger)
    for lang, says in (("en", "signed by the maker of the bundle alone."), ("de", "unterzeichnet allein der")):
        file = tmp_path / f"{lang}.html"
        known = ("--bundle", str(bundle), "--trust", str(ledger / "trust"))
        run("report", "custody", *known, "--lang", lang, "-o", str(file))
        page = file.read_text("utf-8")
        front, annex = page[: page.index('id="check"')], page[page.index('id="check"') :]
        assert (front.count(says), "CMP-" in front) == (2, False)
        assert ("CMP-ORDER" in annex, "CMP-REGISTER" in annex) == (True, True)


def test_states_are_named_in_the_language_of_the_paper_and_invented_ones_as_registered(tmp_path: Path) -> None:
    assert [territory("DE", lang) for lang in ("en", "de")] == ["Germany", "Deutschland"]
    with reading(ledger_of("S1", tmp_path)) as reader:
        registry = reader.case("main").registry
    orsinia, ireland, unknown, none = (state(code, registry) for code in ("XO", "IE", "XQ", None))
    assert none is None
    assert [s.called("de") for s in (orsinia, ireland, unknown) if s] == ["Republic of Orsinia", "Irland", "Party XQ"]


def test_a_paper_without_findings_prints_no_empty_section(tmp_path: Path) -> None:
    headings = re.findall(r"<h2[^>]*>([^<]+)", made(ledger_of("S1", tmp_path), "custody", tmp_path))
    assert not {"Findings", "Findings and their provisions", "Disputed entries", "Files and digests"} & set(headings)


def test_a_dispute_shows_both_statements_side_by_side(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    says = ("record", "event-disputed", "main", "-f", "about=#10", "-f", "statement=It was another file.")
    assert run(*says, "--as", "orn", "--yes", ledger=ledger).exit_code == Exit.DONE
    html = made(ledger, "custody", tmp_path, *OPENED)
    table = html[html.index('id="disputes"') : html.index('id="story"')]
    row = re.findall(r"<td[^>]*>(.*?)</td>", table, re.DOTALL)
    assert len(row) == 2
    assert "#entry-10" in row[0]
    assert "It was another file." in row[1]
    assert "through the provider's portal" in unescape(row[0])
    assert "the postal address" in row[0]
    assert not {"provider-portal", "postal-address"} & set(re.findall(r"[\w-]+", row[0]))
    assert 'class="soft"' not in table, "each sentence begins with its signer"


def test_who_signed_the_steps_of_custody_is_german_in_a_german_paper(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    seen = ("--speaks", "observation", "--whose", "lab", "--as", "orn", "--yes", "--role", "RET")
    step = ("record", "evidence-accessed", "main", "-f", "exhibit=KA-0311/1", "-f", "purpose_code=trial")
    done = run(*step, *seen, ledger=ledger)
    assert done.exit_code == Exit.DONE, done.output
    html = made(ledger, "custody", tmp_path, "--lang", "de", *OPENED)
    assert "Karsk Forensic Laboratory, Wahrnehmung durch Cyber Unit Karsk" in html
    assert "observation by" not in html


def test_members_of_a_value_have_german_labels(tmp_path: Path) -> None:
    html = made(ledger_of("S1", tmp_path), "custody", tmp_path, "--lang", "de", *OPENED)
    assert re.search(r"Dateityp: application/pdf, SHA-256: [0-9a-f]{64}, Größe: 9120<", html)
    assert not re.search(r"(code|media|sha256|files|elements): ", html)


def test_a_certificate_lists_a_file_once_with_the_entries_that_state_it(tmp_path: Path) -> None:
    html = made(ledger_of("S1", tmp_path), "certification", tmp_path, "--form", "fre-902-14", *OPENED)
    assert html.count("skyl-return.json") == 1
    assert html.count(SHA) == 1
    assert "entries 10, 11, 12" in html


def test_the_head_of_a_printed_page_has_its_headline_as_a_string_of_css_and_nothing_else(tmp_path: Path) -> None:
    head = running('x"; } </style><script>', translation("en"), test=True)
    assert head.startswith('@page { @top-left { content: "TEST x')
    assert not re.search(r"[<>]|</", head)
    assert 'content: "Page " counter(page) " of " counter(pages)' in head
    assert running("K-1", translation("de"), test=False).count('"Seite "') == 1
    assert r'content: "TEST Chain\2d of\2d custody report' in made(ledger_of("S1", tmp_path), "custody", tmp_path)


def test_what_a_criterion_lacks_is_said_without_codes_of_findings(tmp_path: Path) -> None:
    html = made(ledger_of("S2", tmp_path), "evidence-chain", tmp_path)
    criteria = html[html.index('id="criteria"') : html.index('id="findings"')]
    assert "Data were disclosed although" in criteria
    assert "V-7-5c" not in criteria


def test_an_office_has_its_registered_name_in_the_language_of_the_paper() -> None:
    case = cases("S1")["main"]
    names = {"en": "Prosecutor's Office Karsk", "de": "Staatsanwaltschaft Karsk"}
    offices = [replace(e, public={**e.public, "names": names}) for e in case.registry if e.get("actor") == "ilves"]
    case = replace(case, registry=(*(e for e in case.registry if e.get("actor") != "ilves"), *offices))
    english, german = (Page(page(report(case), lang)).words for lang in ("en", "de"))
    assert "Staatsanwaltschaft" not in english
    assert "Prosecutor's Office Karsk" not in german
    assert german.count("Staatsanwaltschaft Karsk") > 3


@pytest.mark.parametrize("kind", ["custody", "evidence-chain"])
def test_page_one_is_one_page_where_much_was_found_and_says_where_the_rest_is(kind: str, tmp_path: Path) -> None:
    case = cases("wrong-on-every-count")
    for one in case.values():
        made = judged(one)
        for times in (1, 20):
            much = replace(made, findings=made.findings * times)
            make = custody_report if kind == "custody" else evidence_chain_report
            file = tmp_path / "paper.pdf"
            file.write_bytes(paper(make(one, much, MAKING, ()), FONTS))
            first, *others = pdf_text(file, "-layout").split("\f")
            assert "Signature" in first
            more = re.search(r"And (\d+) more findings, page (\d+)\.", first)
            assert (more is not None) == (len(much.findings) > 8)
            assert more is None or "Findings and their provisions" in others[int(more[2]) - 2]


def test_an_order_form_names_states_elements_and_codes_in_words(tmp_path: Path) -> None:
    words = Page(made(ledger_of("S1", tmp_path), "order-form", tmp_path)).words
    for said in ("Republic of Orsinia", "Kingdom of Valdoria", "the IP address at registration"):
        assert said in words
    assert not re.search(r"\bXO\b|\bXV\b|registration-ip|provider-portal", words)


def first_of(report: CustodyReport, folder: Path) -> str:
    """Return the text of page one of a report as PDF."""
    file = folder / "paper.pdf"
    file.write_bytes(paper(report, FONTS))
    return pdf_text(file, "-l", "1", "-layout")


LONG_NAMES: dict[str, tuple[str, object]] = {
    "names of files": (
        "manifest",
        {"elements": ["name"], "files": [{"name": "n" * 4_000, "size": 1, "sha256": "a" * 64}]},
    ),
    "addressees": ("providers", [f"office-{n}" for n in range(400)]),
    "an order number": ("reference", "9 " * 4_000),
    "a case number": ("case_ref", "9" * 4_000),
    "numbers of exhibits": ("exhibit", "EX-" * 1_000),
    "data elements": ("elements_sought", [f"name#label-{n}" for n in range(600)]),
}


def with_value(field: str, value: object) -> Case:
    """Return the order of S2 with this value wherever it states the field, and in what was issued."""
    case = cases("S2")["main"]
    return replace(
        case,
        entries=tuple(
            replace(
                e,
                public={**e.public, **({field: value} if field in e.public or e.kind == "order-issued" else {})},
                sealed={**e.sealed, **({field: value} if field in e.sealed else {})},
            )
            for e in case.entries
        ),
    )


@pytest.mark.parametrize("what", LONG_NAMES)
def test_no_stated_value_takes_findings_or_what_was_not_checked_from_page_one(what: str, tmp_path: Path) -> None:
    first = first_of(report(with_value(*LONG_NAMES[what])), tmp_path)
    for part in ("Result", "Violation: Data were disclosed", "What was not checked", "Signature"):
        assert part in first


@pytest.mark.parametrize("number", ["9" * 4_000, "9 " * 4_000])
def test_a_long_case_number_leaves_the_running_head_one_line(number: str, tmp_path: Path) -> None:
    first = first_of(report(with_value("case_ref", number)), tmp_path)
    assert re.match(r"\s*9[9 ]+…[9 ]+ · Chain-of-custody report +Page 1 of \d+\n", first), first[:600]


@pytest.mark.parametrize("field", ["manifest", "exhibit"])
def test_two_long_names_that_differ_at_their_end_differ_on_page_one(field: str, tmp_path: Path) -> None:
    def first(name: str) -> str:
        manifest = {"elements": ["name"], "files": [{"name": name, "size": 1, "sha256": "a" * 64}]}
        return first_of(report(with_value(field, manifest if field == "manifest" else name)), tmp_path)

    assert first(f"{'n' * 200}.json") != first(f"{'n' * 200}.html")


def test_a_finding_on_page_one_names_its_first_entries_and_how_many_more(tmp_path: Path) -> None:
    made = report(cases("S2")["main"])
    gravest, *others = made.face.findings
    many = dataclasses.replace(gravest, entries=gravest.entries * 600)
    first = first_of(dataclasses.replace(made, face=dataclasses.replace(made.face, findings=(many, *others))), tmp_path)
    assert re.search(r"Entries (\d+, ){12}and 1188 more\.", re.sub(r"\s+", " ", first))
    assert "Signature" in first


@pytest.mark.parametrize("said", ["a typo. The court accepted this.", "a typo”. The court accepted “this"])
def test_why_an_entry_was_replaced_is_in_quotation_marks_that_it_cannot_close(said: str, tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    moved = (
        "record",
        "custody-transferred",
        "main",
        "-f",
        "exhibit=KA-0311/1",
        "-f",
        "check=equal",
        "--as",
        "orn",
        "--yes",
    )
    hands = ("-f", "released_by=orn", "-f", "received_by=orn", "-f", f"digest_before={'a' * 64}")
    assert run(*moved, *hands, ledger=ledger).exit_code == Exit.DONE
    with reading(ledger) as reader:
        last = reader.case("main").entries[-1].seq
    assert run(*moved, *hands, "--replaces", f"#{last}", "--why", said, ledger=ledger).exit_code == Exit.DONE
    for lang in ("en", "de"):  # not opened: no words of others
        assert re.search(r"(?:Why|Grund): [^<]", made(ledger, "custody", tmp_path, "--lang", lang))
    shown = said.replace("”", "’").replace("“", "’")
    opened = made(ledger, "custody", tmp_path, *OPENED)
    assert f"Why: <q><bdi>{shown}</bdi></q>" in opened
    assert "Place: <q><bdi>Karsk, evidence room 2</bdi></q>" in opened  # and so is what a step states in free words
    printed(ledger, tmp_path, "custody", "main", *OPENED)
    text = pdf_text(tmp_path / "paper.pdf")
    assert f"Why: “{shown}”" in re.sub(r"\s+", " ", text)
