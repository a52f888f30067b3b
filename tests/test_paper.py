"""Reports on paper, certification sheets and order forms: the same bytes, the bundle inside, nothing said for a person.

What other people's programs find in the files stands in tests/interop/test_interop_paper.py.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cli.exits import Exit
from cli.stage import perform
from cli.story import read_story
from ledger.law.elements import CONTENTS, WORDS
from projections.face import Checkpoint
from projections.paper import breakable, families, script
from projections.square import square
from tests.hands import STORIES, House, ledger_of, run, told
from tests.test_page import Page

MOMENT = ("--as-of", "2027-09-02T00:00:00Z")
FORMS = ("fre-902-13", "fre-902-14", "18-usc-3505", "bsa-63-4")
KEPT = datetime(2027, 9, 1, tzinfo=UTC)
FILE = "skyl-return.json"


def printed(ledger: Path, folder: Path, *words: str) -> bytes:
    """A PDF as the command writes it; the words before options are the kind and the order."""
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
    """What a page says."""
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
    if (reader := shutil.which("pdftotext")) is None:
        pytest.skip("no pdftotext here")
    text = subprocess.run([reader, str(tmp_path / "paper.pdf"), "-"], capture_output=True, text=True, check=True).stdout
    assert re.search(r":34$", text, re.MULTILINE)
    assert not re.findall(r":\d\d:\d\d[A-Ya-z]", text)


def test_the_bundle_travels_inside_the_paper_byte_for_byte(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    bundle = bundle_of(ledger, tmp_path)
    pdf = printed(ledger, tmp_path, "custody", "main", "--attach", str(bundle))
    assert bundle.read_bytes() in streams(pdf)
    assert any(b"/AFRelationship/Data" in part.replace(b" ", b"") for part in (pdf, *streams(pdf)))
    assert bundle.read_bytes() not in streams(printed(ledger, tmp_path, "custody", "main"))


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
    ledger = perform(read_story(text.encode(), "thai"), tmp_path / "thai").path
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
    monkeypatch.delitem(sys.modules, "projections.paper", raising=False)
    result = run("report", "custody", "main", "--format", "pdf", ledger=ledger_of("S1", tmp_path))
    assert result.exit_code == Exit.UNDECIDABLE
    assert "extra pdf" in result.output
    assert "--format html" in result.output


def test_a_paper_that_is_recorded_names_what_set_it(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    pdf = printed(ledger, tmp_path, "custody", "main", "--record", "--as", "ilves")
    document = told("timeline", "main", ledger=ledger)["timeline"][-1]["fields"]["document"]
    assert (document["media"], document["size"]) == ("application/pdf", len(pdf))
    assert re.fullmatch(r"custody\.typst-[0-9.]+", document["code"])


def test_the_square_is_made_of_the_checkpoint_alone() -> None:
    one, other = (Checkpoint("log.example/x", size, "cm9vdA==", "key", KEPT, ()) for size in (7, 8))
    assert square(one) == square(one) != square(other)
    assert square(one).startswith(b"<svg")


def test_digests_stand_in_groups_and_nothing_else_is_touched() -> None:
    digest = "0123456789abcdef" * 4
    assert breakable(f'"{digest}"') == f'"{digest[:32]} {digest[32:]}"'
    assert breakable(digest * 2).count(" ") == 3
    assert breakable("a sentence of words, and 32 hex digits: " + digest[:32]).endswith(digest[:32])


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
    assert "4 digests or files are stated: [sealed]" in closed
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
    for order in told("orders", ledger=ledger)["orders"]:
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
    return told("report", "certification", "main", "--form", FORMS[0], "--trust", str(ledger / "trust"), ledger=ledger)


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
    page = words(ledger_of("S1", tmp_path), "order-form", "main")
    for point in CONTENTS["2AP-7"]:
        assert point.cite in page
        for name in point.fields:
            assert WORDS[name][1:] in page
    assert "2AP:7(4)(h)" in page
    assert "20 days" in page
    assert "Nothing is missing that this program asks for." in page


def test_a_production_order_follows_the_sections_of_its_annex(tmp_path: Path) -> None:
    page = words(ledger_of("S6", tmp_path), "order-form", "main")
    at = [page.index(f" {letter}. ") for letter in "ABCDEFGHIJKLM"]
    assert at == sorted(at)
    assert "Take this part out of what the addressee gets." in page
    assert "the addressee refrains from informing the person" in page


def test_what_an_order_lacks_stands_at_its_end_and_in_the_exit_code(tmp_path: Path) -> None:
    ledger = ledger_of("wrong-on-every-count", tmp_path)
    orders = [order["label"] for order in told("orders", ledger=ledger)["orders"]]
    lacking = 0
    for order in orders:
        result = run("report", "order-form", order, "--trust", str(ledger / "trust"), "--json", ledger=ledger)
        missing = re.search(r'"missing": \[\s*\{', result.stdout) is not None
        assert result.exit_code == (Exit.FINDINGS if missing else Exit.DONE), order
        lacking += missing
    assert lacking
