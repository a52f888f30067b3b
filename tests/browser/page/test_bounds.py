"""The worst inputs of the page end in their codes, in bounded memory and time, in both browsers.

The test needs no clock. *Memory*: each process of the browser may allocate `LIMIT` bytes of writable memory; the kernel
refuses more (RLIMIT_DATA, set by prlimit of util-linux). A page that asks for more gets an exception, shows "This page
failed" instead of a code, or dies; each of these fails the test, on every machine alike, and the first test shows that
the limit works. The limit is for a whole process, the browser itself included. *Time*: the browser ends a script in the
page after three minutes (the script timeout of WebDriver), which is an error here. The slowest input takes a tenth of
that.
"""

from __future__ import annotations

import base64
import contextlib
import shutil
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from ledger.bundle.archive_kind import is_bundle
from ledger.bundle.zip_profile import MAX_TOTAL
from ledger.entries.exhibits import form_of
from tests.browser.conftest import BROWSERS, started
from tests.browser.rows.case import Case, case, expected, held
from tests.browser.rows.every import ROWS
from tests.browser.support.form import choose, opened_apart, opened_at, press, shown
from tests.browser.support.webdriver import Browser
from tests.ledger.bundle.test_pdf_attachment import paper
from tests.support.memory_ledger import NOW, ORDER, Ledger, changed, rezipped, small

pytestmark = pytest.mark.browser

MIB = 2**20
LIMIT = 3_072 * MIB  # for an archive of 512 MiB, read, digested and shown
FILE = 64 * MIB  # the largest in a bundle

Files = dict[str, bytes]


@pytest.fixture(params=BROWSERS)
def bounded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Start Chromium, then Firefox, each with its limit, anew for every test: a page that was left keeps its memory."""
    if not shutil.which("prlimit"):
        pytest.skip("needs prlimit of util-linux")
    with contextlib.closing(started(request.param, tmp_path_factory, LIMIT)) as browser:
        yield browser


def test_a_page_that_asks_for_more_than_the_limit_does_not_get_it(bounded: Browser, page: Path) -> None:
    opened_apart(bounded, page)
    taken = """
    const taken = [];
    try {
      for (let n = 0; n < arguments[0]; n++) taken.push(new Uint8Array(arguments[1]).fill(1));
    } catch (refused) {
      return taken.length;
    }
    return taken.length;
    """
    assert bounded.run(taken, 4, FILE) == 4
    assert bounded.run(taken, LIMIT // FILE, FILE) < LIMIT // FILE


# -- rows of the table -------------------------------------------------------------------------------------------------

WORST = [
    (row, name)
    for row, words in {
        "J6": ("100,000", "2,001", "100,001"), "N1": ("101", "megabyte"), "Z1": ("bomb", "10,001", "overlapping"),
        "Xh": ("100,000", "too large"),
    }.items()
    for name in ROWS[row]
    if any(word in name for word in words)
]  # fmt: skip


def test_the_worst_of_the_table_ends_in_its_code(bounded: Browser, page: Path, tmp_path: Path) -> None:
    assert len(WORST) > 10
    for row, name in WORST:
        handed(bounded, page, tmp_path, ROWS[row][name]())


def handed(browser: Browser, page: Path, folder: Path, case: Case) -> None:
    """Check that the page and the program give the same answer to a case."""
    opened_at(browser, page, NOW)
    for field, content in {"bundle": case.data, **case.held}.items():
        (folder / field).write_bytes(content)
        choose(browser, field, folder / field)
    press(browser)
    if not (is_bundle(case.data) or form_of(case.data)):  # a file of neither type gets no verdict
        assert "(BND-NONE)" in shown(browser)["problem"]
        return
    said = expected(case)
    assert case.code in {code for code, _ in said["reasons"]} or not case.code
    assert shown(browser) == said


# -- as large as a bundle may be ---------------------------------------------------------------------------------------


def remade(code: str, change: Callable[[Files, Ledger], object]) -> Callable[[], Case]:
    def make() -> Case:
        ledger, ilves = small()
        ledger.witnessed()
        ledger.record(ilves, "order-transmitted", {"addressee": "skylark", "channel": "mail"}, order=ORDER)
        return case(changed(ledger.bundle(ilves), lambda f: change(f, ledger), ilves.signer("ISS")), ledger, code)

    return make


def put(path: str, content: bytes) -> Callable[[Files, Ledger], object]:
    return lambda files, ledger: files.update({path.format(here=ledger.folder): content})


def unlisted(files: Files) -> None:
    """Make a list of millions of objects, without any key."""
    raw = files["manifest.dsse.json"]
    payload = raw.partition(b'"payload":"')[2].partition(b'"')[0]
    said = base64.b64decode(payload)[:-1] + b',"x":[' + b"{}," * (2_600_000) + b"{}]}"
    files["manifest.dsse.json"] = raw.replace(payload, base64.b64encode(said))


def listed_by_a_stranger() -> Case:
    ledger, ilves = small()
    return case(rezipped(ledger.bundle(ilves), unlisted), ledger, "BND-MANIFEST")


def no_policy() -> Case:
    """Pass no policy: the page reads the copy in the bundle for information."""
    made = remade("POL-FORMAT", put("policy", b"#" * (FILE - 1) + b"\n"))()
    return replace(made, held={})


LARGE: dict[str, Callable[[], Case]] = {
    "seven files of 64 MiB": remade(
        "", lambda f, ledger: f.update({f"views/{n}.csv": bytes(FILE) for n in range(7)})
    ),
    "a checkpoint of 64 MiB": remade("CP-FORMAT", put("{here}/checkpoint", b"\n" * FILE)),
    "a proof of 64 MiB": remade("PRF-FORMAT", put("{here}/entries/3.tlog-proof", b"\n" * FILE)),
    "an entry of 64 MiB": remade("ENV-SIZE", put("{here}/entries/3.dsse.json", b"[" * FILE)),
    "a history of 64 MiB": remade("CP-CONSISTENCY", put("{here}/consistency/5-6", b"\n" * FILE)),
    "a history of 200,000 hashes": remade(
        "CP-CONSISTENCY", put("{here}/consistency/5-6", (base64.b64encode(bytes(32)) + b"\n") * 200_000)
    ),
    "values of 64 MiB": remade("SD-UNKNOWN", put("{here}/disclosures/4.txt", b"\n" * FILE)),
    "an entry of another record of 64 MiB": remade("DOC-HASH", put(f"foreign/{'ab' * 32}", b"[" * FILE)),
    "sums of 64 MiB": lambda: sums_of(b"\n" * FILE),
    "a policy of 64 MiB": no_policy,
    "a list of two million objects": listed_by_a_stranger,
}  # fmt: skip


def sums_of(content: bytes) -> Case:
    ledger, ilves = small()
    return case(rezipped(ledger.bundle(ilves), lambda f: f.update(SHA256SUMS=content)), ledger, "BND-MANIFEST")


@pytest.mark.parametrize("what", LARGE)
def test_what_is_as_large_as_it_may_be_ends_in_its_code(
    bounded: Browser, page: Path, tmp_path: Path, what: str
) -> None:
    handed(bounded, page, tmp_path, LARGE[what]())


def test_what_is_larger_than_a_bundle_may_be_is_refused_and_never_read(
    bounded: Browser, page: Path, tmp_path: Path
) -> None:
    ledger, ilves = small()
    file = tmp_path / "huge.evidence.zip"
    with file.open("wb") as sparse:
        sparse.write(ledger.bundle(ilves)[:200])  # a file without this beginning is no bundle, and gets no verdict
        sparse.truncate(8 * LIMIT)
    opened_at(bounded, page, NOW)
    for field, content in held(ledger).items():
        (tmp_path / field).write_bytes(content)
        choose(bounded, field, tmp_path / field)
    choose(bounded, "bundle", file)
    press(bounded)
    answer = shown(bounded)
    large = ledger.bundle(ilves)[:200] + bytes(MAX_TOTAL)
    assert answer == expected(Case(large, "BND-ZIP", held(ledger)))
    assert answer["integrity"] == "TOTAL-FAILED BND-ZIP"


def test_a_file_that_cannot_be_what_a_person_holds_is_not_put_into_its_field(
    bounded: Browser, page: Path, tmp_path: Path
) -> None:
    file = tmp_path / "huge"
    with file.open("wb") as sparse:
        sparse.truncate(8 * LIMIT)
    for field in ("policy", "registrar", "anchor"):
        opened_at(bounded, page, NOW)
        bounded.type(f"#{field}-file", str(file))
        assert "No such file has more" in bounded.wait("return document.querySelector('#status .problem')?.textContent")
        assert bounded.run("return document.getElementById(arguments[0]).value", field) == ""


# -- PDF reports -------------------------------------------------------------------------------------------------------


@cache
def bomb() -> bytes:
    """Return 600 kB of a deflated stream of 600 MiB."""
    return zlib.compress(bytes(600 * MIB), 9)


def bombs(count: int = 1, cut: int = 0) -> bytes:
    """Return a paper with such streams, each without its last `cut` bytes."""
    return paper(*[bomb()[: len(bomb()) - cut]] * count, more="/Filter/FlateDecode")


def all_over_again(pdf: bytes, count: int) -> bytes:
    """Make a table of objects in which each entry is the first object."""
    at = pdf.index(b"xref\n")
    row = pdf[at:].split(b"\n")[3][:18] + b" \n"
    assert len(row) == 20
    return pdf[:at] + b"xref\n0 %d\n" % count + row * count + b"trailer<<>>\nstartxref\n%d\n%%%%EOF\n" % at


def table_first() -> bytes:
    """Put the table of objects at the beginning, and the rest after it."""
    head = b"%PDF-1.7\n"
    table = b"xref\n0 1\n0000000000 65535 f \n"
    return head + table + bytes(480 * MIB) + b"\nstartxref\n%d\n%%%%EOF\n" % len(head)


PAPERS: dict[str, Callable[[], bytes]] = {
    "many megabytes and no bundle": lambda: paper(bytes(400 * MIB)),
    "a bomb": bombs,
    "the same bomb a hundred thousand times": lambda: all_over_again(bombs(), 100_000),
    "the same bomb sixty times": lambda: bombs(60),
    "sixty bombs that are damaged": lambda: bombs(60, cut=9),
    "its table before half a gigabyte": table_first,
}


@pytest.mark.parametrize("what", PAPERS)
def test_a_paper_that_carries_nothing_or_too_much_is_said_to_carry_nothing(
    bounded: Browser, page: Path, tmp_path: Path, what: str
) -> None:
    file = tmp_path / "report.pdf"
    file.write_bytes(PAPERS[what]())
    opened_at(bounded, page, NOW)
    choose(bounded, "bundle", file)
    press(bounded)
    answer = shown(bounded)
    assert "no evidence bundle that this page can take out" in answer.get("problem", ""), answer
