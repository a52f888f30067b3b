"""Reports on paper, certification sheets and order forms: the same bytes, the bundle inside, nothing said for a person.

What other people's programs find in the files is in tests/interop/test_interop_paper.py.
"""

from __future__ import annotations

import json
import re
import sys
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from pathlib import Path

import pytest

from cli.exit_codes import Exit
from cli.stories.model import read_story
from cli.stories.player import play_story
from ledger.bundle.pdf_attachment import bundle_inside
from ledger.law.rules.order_contents import CONTENTS, WORDS
from projections.render.pdf import breakable, families, script
from projections.render.qr_code import checkpoint_qr_code
from projections.reports.front_page import ReportCheckpoint
from projections.reports.order_form.parts import ANNEX
from tests.projections.render.test_html import Page
from tests.support.cli import STORIES, House, ledger_of, reply, run
from tests.support.papers.pdf_text import pdf_text

pytestmark = pytest.mark.slow

MOMENT = ("--as-of", "2027-09-02T00:00:00Z")
FORMS = ("fre-902-13", "fre-902-14", "18-usc-3505", "bsa-63-4")
KEPT = datetime(2027, 9, 1, tzinfo=UTC)
FILE = "skyl-return.json"


def printed(ledger: Path, folder: Path, *words: str) -> bytes:
    """Return a PDF as the command writes it; the words before options are the kind and the order."""
    file = folder / "paper.pdf"
    file.unlink(missing_ok=True)
    result = run("report", *words, "--format", "pdf", "-o", str(file), ledger=ledger)
    assert result.exit_code in (Exit.DONE, Exit.FINDINGS), result.output
    return file.read_bytes()


def streams(pdf: bytes) -> Iterator[bytes]:
    """Everything a PDF carries compressed."""
    for found in re.finditer(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        try:
            yield zlib.decompress(found[1])
        except zlib.error:
            yield found[1]


def words(ledger: Path, *asked: str) -> str:
    """Return the text of a page."""
    result = run("report", *asked, ledger=ledger)
    assert result.exit_code in (Exit.DONE, Exit.FINDINGS), result.output
    return Page(result.stdout).words


def bundle_of(ledger: Path, folder: Path) -> Path:
    file = folder / "court.evidence.zip"
    made = ("export", "main", "--audience", "COURT", "--unwitnessed", "--as", "ilves", "-o", str(file))
    assert run(*made, ledger=ledger).exit_code == Exit.DONE
    return file


# -- paper -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("asked", [("custody",), ("evidence-chain",), ("dpo",), ("certification", "--form", FORMS[1])])
def test_the_same_record_gives_the_same_paper(asked: tuple[str, ...], tmp_path: Path) -> None:
    kind, *more = asked
    made = []
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
        made.append(printed(ledger_of("S1", tmp_path / name), tmp_path, kind, "main", *more, *MOMENT))
    assert made[0] == made[1]


def test_a_paper_declares_both_standards_and_the_moment_it_speaks_of(tmp_path: Path) -> None:
    pdf = printed(ledger_of("S1", tmp_path), tmp_path, "custody", "main", *MOMENT)
    about = next(part for part in (pdf, *streams(pdf)) if b"pdfaid:part" in part)
    for says in (b"<pdfaid:part>3<", b"<pdfaid:conformance>A<", b"<pdfuaid:part>1<", b"2027-09-02T00:00:00"):
        assert says in about


def test_a_moment_with_seconds_does_not_touch_the_next_column(tmp_path: Path) -> None:
    house = House(tmp_path).furnished()
    on = (datetime.now(UTC) - timedelta(seconds=70)).strftime("%Y-%m-%dT%H:%M:34Z")
    said = ("-f", "check=equal", "-f", "manifest=" + str(Path(__file__)), "--elements", "name", "--on", on)
    done = house.run("record", "evidence-received", "PPO-1", *said, "--as", "ilves", "--yes")
    assert done.exit_code == 0, done.output
    printed(house.ledger, tmp_path, "custody", "PPO-1")
    text = pdf_text(tmp_path / "paper.pdf")
    assert re.search(r":34$", text, re.MULTILINE)
    assert not re.findall(r":\d\d:\d\d[A-Ya-z]", text)


LONG = {
    "Skylark Mail AS": "Skylark Electronic Mail and Messaging Services of Valdoria A",
    "Cyber Unit Karsk": "Zentralstelleelektronischebeweismittellandeskriminalamtkarsk",
    "Karsk Forensic Laboratory": "National Forensic Laboratory, Section for Digital Evidence 3",
    "KA-0311/1": "KA-2027-0311-EXHIBIT-0001-COPY-OF-THE-ORIGINAL-MEDIUM-0001",
    "skyl-return.json": "skylark-return-of-2027-03-15-account-holder-4471-part-01.json",
}


@pytest.fixture(scope="module")
def at_length(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the ledger of S1 with names of 60 characters, and moments with seconds."""
    text = (STORIES / "S1.toml").read_text("utf-8")
    for short, long in LONG.items():
        text = text.replace(short, long)
    text = re.sub(r"(T\d\d:\d\d):00Z", r"\1:37Z", text)
    return play_story(read_story(text.encode(), "long"), tmp_path_factory.mktemp("long") / "ledger").path


def boxes(pdf: Path) -> Iterator[list[tuple[float, float, float, float, str]]]:
    """Return the words of each page with their boxes: left, top, right, bottom, in points."""
    word = re.compile(r'<word xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">(.*?)</word>')
    for part in pdf_text(pdf, "-bbox").split("<page ")[1:]:
        yield [(float(a), float(b), float(c), float(d), said) for a, b, c, d, said in word.findall(part)]


RUNS_ON = re.compile(r"\d:\d\d(?!Z)[^\W\d_]")  # a moment that touches the text of the next column


def checked_words(pdf: Path) -> int:
    """Return how many words a paper has, after a check that none overprints or touches another or leaves the sheet."""
    count = 0
    for page in boxes(pdf):
        page.sort(key=lambda box: box[1])
        for n, (left, top, right, bottom, said) in enumerate(page):
            count += 1
            assert 40 < left <= right < 555, said  # A4 is 595 points wide, its margins 51
            assert not RUNS_ON.search(said), said
            for other in takewhile(lambda box: box[1] < bottom, page[n + 1 :]):  # noqa: B023 - used at once
                across = min(right, other[2]) - max(left, other[0])
                down = min(bottom, other[3]) - max(top, other[1])
                assert across < 1 or down < 0.45 * min(bottom - top, other[3] - other[1]), (said, other[4])
    return count


@pytest.mark.parametrize("lang", ["en", "de", "fr"])
@pytest.mark.parametrize(
    "asked",
    [
        *(("custody",), ("evidence-chain",), ("dpo",), ("order-form",), ("audit",), ("processing",)),
        ("letter", "--kind", "notice", "--addressee", "Mr Jaan Tamm"),
        *(("certificate", "--form", form) for form in FORMS),
    ],
    ids=" ".join,
)
def test_no_word_of_a_paper_overprints_another_or_leaves_the_sheet(
    asked: tuple[str, ...], lang: str, at_length: Path, tmp_path: Path
) -> None:
    kind, *more = asked
    whole = kind in ("audit", "processing")
    opened = () if whole else ("main", *more, "--reveal", "--because", "trial", "--as", "ilves")
    opened += ("--purpose", "trial") if kind == "dpo" else ()
    printed(at_length, tmp_path, kind, *opened, "--lang", lang)
    assert checked_words(tmp_path / "paper.pdf") > 150


@pytest.mark.parametrize("kind", ["custody", "letter"])
def test_no_moment_without_seconds_touches_the_next_column(kind: str, tmp_path: Path) -> None:
    more = ("--kind", "notice") if kind == "letter" else ()
    printed(ledger_of("S1", tmp_path), tmp_path, kind, "main", *more, "--reveal", "--because", "trial", "--as", "ilves")
    assert checked_words(tmp_path / "paper.pdf") > 150


def test_the_bundle_travels_inside_the_paper_byte_for_byte(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    bundle = bundle_of(ledger, tmp_path)
    pdf = printed(ledger, tmp_path, "custody", "main", "--attach", str(bundle))
    assert bundle.read_bytes() in streams(pdf)
    assert any(b"/AFRelationship/Data" in part.replace(b" ", b"") for part in (pdf, *streams(pdf)))
    assert bundle.read_bytes() not in streams(printed(ledger, tmp_path, "custody", "main"))


@pytest.mark.parametrize("name", ["Köln 7-26.evidence.zip", "[a] <b> (1).zip", "証拠.zip", r"a\b.zip", "a\udcff.zip"])
def test_a_bundle_of_any_name_is_verified_inside_the_paper(name: str, tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    bundle = bundle_of(ledger, tmp_path).rename(tmp_path / name)
    pdf = printed(ledger, tmp_path, "custody", "main", "--attach", str(bundle))
    assert bundle_inside(pdf) == bundle.read_bytes()


def test_the_bundle_of_another_order_is_not_attached(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    bundle = bundle_of(ledger_of("S2", tmp_path / "other"), tmp_path)
    ledger = ledger_of("S1", tmp_path)
    asked = ("report", "custody", "main", "--format", "pdf", "--attach", str(bundle))
    result = run(*asked, "-o", str(tmp_path / "x.pdf"), ledger=ledger)
    assert result.exit_code == Exit.USAGE
    assert "another order" in result.output
    assert run("report", "custody", "main", "--attach", str(bundle), ledger=ledger).exit_code == Exit.USAGE


def test_a_name_no_font_can_write_is_an_error_that_says_what_to_install(tmp_path: Path) -> None:
    text = (STORIES / "S1.toml").read_text(encoding="utf-8").replace("Skylark Mail AS", "สกายลาร์ก เมล")
    ledger = play_story(read_story(text.encode(), "thai"), tmp_path / "thai").path
    file = tmp_path / "thai.pdf"
    result = run("report", "custody", "main", "--format", "pdf", "-o", str(file), ledger=ledger)
    assert result.exit_code == Exit.UNDECIDABLE
    assert "(Thai)" in result.output
    assert "pip install fontpkg-noto-sans-thai" in result.output
    assert not file.exists()
    assert "สกายลาร์ก เมล" in words(ledger, "custody", "main")


def test_without_its_extra_a_paper_says_so_and_points_to_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "typst", None)
    monkeypatch.delitem(sys.modules, "projections.render.pdf", raising=False)
    result = run("report", "custody", "main", "--format", "pdf", ledger=ledger_of("S1", tmp_path))
    assert result.exit_code == Exit.UNDECIDABLE
    assert "extra pdf" in result.output
    assert "--format html" in result.output


def test_a_paper_that_is_recorded_names_what_set_it(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    pdf = printed(ledger, tmp_path, "custody", "main", "--record", "--as", "ilves")
    document = reply("timeline", "main", ledger=ledger)["timeline"][-1]["fields"]["document"]
    assert (document["media"], document["size"]) == ("application/pdf", len(pdf))
    assert re.fullmatch(r"custody\.typst-[0-9.]+", document["code"])


def test_the_square_is_made_of_the_checkpoint_alone() -> None:
    one, other = (ReportCheckpoint("log.example/x", size, "cm9vdA==", "key", KEPT, ()) for size in (7, 8))
    assert checkpoint_qr_code(one) == checkpoint_qr_code(one) != checkpoint_qr_code(other)
    assert checkpoint_qr_code(one).startswith(b"<svg")


def test_digests_stand_in_groups_and_nothing_else_is_touched() -> None:
    digest = "0123456789abcdef" * 4
    assert breakable(f'"{digest}"') == f'"{digest[:32]} {digest[32:]}"'
    assert breakable(digest * 2).count(" ") == 3
    assert breakable("a sentence of words, and 32 hex digits: " + digest[:32]).endswith(digest[:32])


def test_only_texts_are_broken_and_no_list_of_numbers() -> None:
    numbers = list(range(40))
    said, broken = json.loads(breakable(json.dumps(["x" * 60, numbers]).replace(" ", "")))
    assert said == "x" * 48 + "\u200b" + "x" * 12
    assert broken == numbers


def test_han_characters_follow_the_language_of_the_names() -> None:
    at_hand = ["Noto Sans", "Noto Sans JP", "Noto Sans SC", "Noto Sans Hebrew", "Noto Serif JP"]
    assert families(at_hand, [("東京", "ja")])[-2:] == ["Noto Sans JP", "Noto Sans SC"]
    assert families(at_hand, [("北京", "zh-Hans")])[-2:] == ["Noto Sans SC", "Noto Sans JP"]
    assert families(at_hand, [])[0] == "Noto Sans"


@pytest.mark.parametrize(("character", "named"), [("ไ", "Thai"), ("한", "Hangul"), ("😀", None)])
def test_a_writing_is_named_as_unicode_names_it(character: str, named: str | None) -> None:
    assert script(character) == named


# -- certification sheets ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
def test_a_certificate_fills_the_machines_part_and_leaves_the_persons(form: str, tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    result = run("report", "certificate", "main", "--form", form, ledger=ledger)
    page = Page(result.stdout)
    assert "15, of events from 2027-03-01" in page.words
    assert "INDETERMINATE" in page.words
    blank = [tag for tag, attrs in page.tags if attrs.get("class") == "rule"]
    assert len(blank) > 8
    assert "Signature" in page.words
    assert "Ilves" not in page.words


def test_a_certificate_states_digests_with_their_algorithm_only_where_they_are_opened(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    asked = ("certificate", "main", "--form", "bsa-63-4")
    closed = words(ledger, *asked)
    assert "The names, sizes and digests of 1 file are sealed and not opened in this paper." in closed
    assert FILE not in closed
    assert re.search("Hash values obtained by SHA-256[^;]*; the values are sealed", closed)
    opened = words(ledger, *asked, "--reveal", "--because", "trial", "--as", "ilves")
    assert FILE in opened
    assert re.search(r"SHA-256 [0-9a-f]{32} [0-9a-f]{32}", opened)
    assert re.search("Hash values obtained by SHA-256[^;]*; the values stand in the table above", opened)
    assert "Part A" in opened
    assert "Part B" in opened


def test_a_certificate_lists_what_speaks_against_it(tmp_path: Path) -> None:
    ledger = ledger_of("hand-to-hand", tmp_path)
    seen = set()
    for order in reply("orders", ledger=ledger)["orders"]:
        judged = json.loads(run("judge", order["label"], "--json", ledger=ledger).stdout)
        pulling = [f for f in judged["findings"] if f["criterion"] in ("A1", "A2", "A3")]
        page = words(ledger, "certificate", order["label"], "--form", "fre-902-14")
        assert all(f["code"] in page and f["says"] in page for f in pulling)
        seen |= {f["code"] for f in pulling}
    assert seen >= {"V-HASH-MISMATCH"}


def test_a_certificate_needs_its_law_and_nothing_else_has_one(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    assert run("report", "certificate", "main", ledger=ledger).exit_code == Exit.USAGE
    assert run("report", "custody", "main", "--form", FORMS[0], ledger=ledger).exit_code == Exit.USAGE
    assert told_form(ledger)["format"] == "comity.report-certification/1"


def told_form(ledger: Path) -> dict[str, object]:
    return reply("report", "certification", "main", "--form", FORMS[0], "--trust", str(ledger / "trust"), ledger=ledger)


@pytest.mark.parametrize("asked", [*(("certificate", "--form", form) for form in FORMS), ("order-form",)])
@pytest.mark.parametrize("story", ["S1", "S6"])
def test_a_sheet_is_whole_and_says_nothing_that_a_court_decides(
    story: str, asked: tuple[str, ...], tmp_path: Path
) -> None:
    kind, *more = asked
    page = Page(run("report", kind, "main", *more, ledger=ledger_of(story, tmp_path)).stdout)
    assert (page.open, page.crossed) == ([], [])
    assert len(page.all("caption")) == len(page.all("table"))
    assert all(th.get("scope") in ("row", "col") for th in page.all("th"))
    ids = [str(attrs["id"]) for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert not re.search(r"\b(in)?admissib|\b(in)?valid\b|\bOK\b|\bgenuine\b|\blawfully\b", page.words, re.IGNORECASE)


# -- order forms -------------------------------------------------------------------------------------------------------


def test_an_order_form_has_every_point_of_its_article(tmp_path: Path) -> None:
    page = words(ledger_of("S1", tmp_path), "order-form", "main", "--for", "ISS")
    for point in CONTENTS["2AP-7"]:
        assert point.cite in page
        for name in point.fields:
            assert (WORDS | ANNEX)[name][1:] in page
    assert "2AP:7(4)(h)" in page
    assert "20 days" in page
    assert "Nothing is missing that this program asks for." in page


def test_a_production_order_follows_the_sections_of_its_annex(tmp_path: Path) -> None:
    ledger = ledger_of("S6", tmp_path)
    page = words(ledger, "order-form", "main", "--for", "NOT")
    at = [page.index(f" {letter}. ") for letter in "ABCDEFGHIJKLM"]
    assert at == sorted(at)
    assert "It is not in what the addressee gets." in page
    assert " M. " not in words(ledger, "order-form", "main")
    assert "the addressee refrains from informing the person" in page


OPENED = ("--reveal", "--because", "to be served", "--as")
MAKERS = {"S1": "ilves", "S6": "pj"}


def closed_to(role: str, ledger: Path) -> list[str]:
    """Return the values of an order that a role may not read."""
    from cli.session.ledger_reader import reading
    from ledger.bundle.audience import readable

    with reading(ledger) as reader:
        issued = next(e for e in reader.case("main").entries if e.kind == "order-issued")
    values = {name: issued.sealed[name] for name in issued.sealed if name not in readable(issued, role)}
    return [value for value in values.values() if isinstance(value, str)]


@pytest.mark.parametrize("story", ["S1", "S6"])
@pytest.mark.parametrize("medium", ["html", "pdf", "json"])
@pytest.mark.parametrize("role", ["SP", "NOT", "EXP"])
def test_an_order_form_carries_nothing_that_is_not_for_its_reader(
    role: str, medium: str, story: str, tmp_path: Path
) -> None:
    ledger = ledger_of(story, tmp_path)
    secrets = closed_to(role, ledger)
    assert secrets or role == "NOT"
    file = tmp_path / f"form.{medium}"
    asked = ("order-form", "main", "--for", role, "--format", medium, "-o", str(file))
    done = run("report", *asked, *OPENED, MAKERS[story], ledger=ledger)
    assert done.exit_code == Exit.FINDINGS, done.output
    text = pdf_text(file) if medium == "pdf" else file.read_text("utf-8")
    said = " ".join(text.split())
    assert [secret for secret in secrets if secret in said or secret[:30] in said] == []
    if role == "SP":
        assert "ummary of facts" not in said
        assert "sealed]" not in said.replace("What is [sealed] is", "")


def test_an_order_form_is_for_its_addressee_unless_another_reader_is_named(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    assert "This paper is for: service provider" in words(ledger, "order-form", "main")
    assert "This paper is for: authority notified" in words(ledger, "order-form", "main", "--for", "not")
    opened = words(ledger, "order-form", "main", "--for", "NOT", *OPENED, "ilves")
    assert "An online shop took payments" in opened
    assert run("report", "order-form", "main", "--for", "JUDGE", ledger=ledger).exit_code == Exit.USAGE
    assert run("report", "custody", "main", "--for", "SP", ledger=ledger).exit_code == Exit.USAGE
    graph = run("report", "order-form", "main", "--format", "case", *OPENED, "ilves", ledger=ledger)
    assert graph.exit_code == Exit.USAGE


def test_readers_that_an_entry_names_itself_decide_over_those_of_the_vocabulary(tmp_path: Path) -> None:
    from msgspec.structs import replace

    from cli.session.ledger_reader import reading
    from ledger.law import judge
    from projections.reports.order_form.make import order_form

    with reading(ledger_of("S1", tmp_path)) as reader:
        case, moment = reader.case("main"), reader.now()
        from cli.reports.order_report import making

        made = making(reader, case.order, moment, None, reveal=True)
    facts = "An online shop took payments"
    entries = [
        replace(e, audience={"summary_of_facts": ("SP",), "offences": ("NOT",)}) if e.kind == "order-issued" else e
        for e in case.entries
    ]
    other = replace(case, entries=tuple(entries))
    assert facts not in str(order_form(case, judge(case, moment), made, "SP"))
    form = str(order_form(other, judge(other, moment), made, "SP"))
    assert facts in form
    assert "fraud by means of a computer" not in form


def test_what_else_is_on_record_stands_in_the_section_of_the_form_that_it_fills() -> None:
    from ledger.law import judge
    from projections.reports.front_page import IntegrityResult, Provenance
    from projections.reports.order_form.make import order_form
    from tests.support.scenarios import by_issuer, fact, given, issued

    put_off = {"grounds": ["LED:13(3)(a)"], "review_on": "2027-09-01"}
    delayed = by_issuer("customer-notification-delayed", "2027-03-02T09:00Z", **put_off)
    stated = {"decision": "approved", "capacity": "judge"}
    approved = fact("order-validated", "2027-03-01T10:00Z", "ilves", "VAL", **stated)
    case = given(issued("2027-03-01T09:00Z", "EPOC"), approved, delayed).case
    moment = case.entries[-1].at
    making = Provenance(moment, "comity 0", "0" * 16, None, IntegrityResult("INDETERMINATE", "", (), ()))
    form = order_form(case, judge(case, moment), making, "ISS")
    added = {"Validated", "Put off, on the ground of"}
    found = [(section.title, line.label) for section in form.sections for line in section.lines if line.label in added]
    assert found == [
        ("H. Informing the person", "Put off, on the ground of"),
        ("J. The validating authority", "Validated"),
    ]


def test_where_an_act_wants_a_statement_the_form_makes_it(tmp_path: Path) -> None:
    page = words(ledger_of("S1", tmp_path), "order-form", "main")
    assert "This order is made under article 7 of the Second Additional Protocol" in page
    assert "is notified of this order at the same time, under article 7, paragraph 5." in page
    assert not re.search(r"(?:made|notification) 2AP:7\(\d\)\(\w\)[^.]{0,140} yes", page)


def test_what_an_order_lacks_is_said_to_its_maker_and_stands_in_no_form_for_another(tmp_path: Path) -> None:
    ledger = ledger_of("wrong-on-every-count", tmp_path)
    order = reply("orders", ledger=ledger)["orders"][0]["label"]
    mine = run("report", "order-form", order, "--for", "ISS", ledger=ledger)
    theirs = run("report", "order-form", order, ledger=ledger)
    assert "Is it complete?" in mine.stdout
    assert "Is it complete?" not in theirs.stdout
    assert re.search(r"^V-4-COMPETENCE: ", theirs.stderr, re.MULTILINE)
    assert "V-4-COMPETENCE" in mine.stdout
    assert "V-4-COMPETENCE" not in theirs.stdout
    assert theirs.exit_code == Exit.FINDINGS


def test_what_an_order_lacks_stands_at_its_end_and_in_the_exit_code(tmp_path: Path) -> None:
    ledger = ledger_of("wrong-on-every-count", tmp_path)
    orders = [order["label"] for order in reply("orders", ledger=ledger)["orders"]]
    lacking = 0
    for order in orders:
        asked = ("order-form", order, "--for", "ISS", "--trust", str(ledger / "trust"), "--json")
        result = run("report", *asked, ledger=ledger)
        missing = re.search(r'"missing": \[\s*\{', result.stdout) is not None
        assert result.exit_code == (Exit.FINDINGS if missing else Exit.DONE), order
        lacking += missing
    assert lacking
