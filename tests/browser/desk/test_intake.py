"""A person who reads only the page takes in a table and mails, signs in parts, and continues after a reload.

With INTAKE_ORDERS and INTAKE_MAILS in the environment it takes in so many: 300 and 50 take some minutes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("fido2", reason="needs the extra `server`")
pytest.importorskip("starlette", reason="needs the extra `server`")
pytest.importorskip("python_calamine", reason="needs the extra `spreadsheet`")

from ledger.adapters.keys.open_key import open_key
from ledger.law import judge
from tests.browser.desk.people import PATIENCE, Worker
from tests.browser.support.webdriver import Browser
from tests.server.office import Office, serving
from tests.support.cli import House
from tests.support.intake.mails import SERVER, delivery_report
from tests.support.intake.tables import PROFILE, csv_of, profile_file, rows

pytestmark = pytest.mark.browser
ORDERS = int(os.environ.get("INTAKE_ORDERS", "24"))
MAILS = int(os.environ.get("INTAKE_MAILS", "3"))
PARTS = r"return /\d+ \/ (\d+) \(/.exec(document.getElementById('part').textContent)?.[1]"
PART = "return document.getElementById('part').textContent"
HERE = PROFILE.replace('to_party = "XV"', 'to_party = "XO"').replace("[table]", '[table]\nencoding = "cp1252"')


@pytest.fixture(scope="module")
def office(browser: Browser, signing_page: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Return an office with a profile for tables in cp1252, for each kind of browser."""
    folder = tmp_path_factory.mktemp("intake")
    house = House(folder).begun().with_office("ilves", "ISS").with_office("skylark", "SP")
    headings = HERE.replace("Číslo jednací", "Císlo jednací").replace("Účet", "Úcet").replace("Doručeno", "Doruceno")
    assert house.run("import", "adopt", str(profile_file(folder, headings)), "--as", "ilves").exit_code == 0
    with pytest.MonkeyPatch.context() as patch:
        for name, value in house.env.items():
            patch.setenv(name, value)
        with serving(house.ledger, signing_page=signing_page.read_bytes()) as served:
            yield served


@pytest.fixture(scope="module")
def prosecutor(browser: Browser, office: Office) -> Worker:
    file = office.ledger.parent / "config" / "comity" / "keys" / "ilves"
    made = Worker(browser, office, "Jürgen Groß", "ilves", open_key(str(file)).public.hex(), file)
    made.enrol()
    return made


def table(folder: Path) -> Path:
    """Write a table in cp1252, with the letters that this encoding has."""
    text = csv_of(rows(ORDERS)).decode()
    for letter, plain in (("Č", "C"), ("č", "c")):
        text = text.replace(letter, plain)
    path = folder / "orders.csv"
    path.write_bytes(text.encode("cp1252"))
    return path


def chosen(person: Worker, files: str, *, mails: bool = False) -> str:
    """Choose files, check them, and return what the page says."""
    person.open("/intake?lang=en")
    if mails:
        person.browser.run("document.querySelector('[name=what][value=mail]').click()")
        person.browser.type("#server", SERVER)
    person.browser.type("#files", files)
    person.press("check-files")
    person.browser.wait("return !document.getElementById('result').hidden", 120)
    return person.text()


def signed(person: Worker, parts: int) -> None:
    """Sign so many parts on the signing page."""
    for _ in range(parts):
        with person.signing_page() as page:
            page.wait("return document.querySelectorAll('.ticks input:not(:checked)').length === 2", 240)
        person.agree()
        with person.signing_page() as page:
            page.wait("return !document.querySelector('.ticks input')", PATIENCE)


def test_a_table_and_mails_are_taken_in_by_the_page_alone(prosecutor: Worker, office: Office, tmp_path: Path) -> None:
    file = str(table(tmp_path))
    missing = ORDERS // 4
    said = chosen(prosecutor, file)
    assert f"{ORDERS} rows, {ORDERS * 3 - missing} entries to sign, 0 on record already" in said
    assert f"answer of the provider (D-7-7): cannot be computed; orders: {missing}" in said
    assert "no row says when the order arrived" in said

    prosecutor.press("sign-all")
    signed(prosecutor, 1)
    with prosecutor.signing_page() as page:
        page.wait("return document.querySelectorAll('.ticks input:not(:checked)').length === 2", 240)
    prosecutor.agree(agree=False)
    prosecutor.browser.wait("return /SIGN-DECLINED/.test(document.getElementById('fault').textContent)", PATIENCE)
    assert "Recorded:" in prosecutor.browser.run(PART)

    said = chosen(prosecutor, file)  # after a reload
    assert "0 on record already" not in said
    left = int(prosecutor.browser.run("return document.getElementById('sum').textContent").split()[0])
    assert 0 < left < ORDERS * 3 - missing
    prosecutor.press("sign-all")
    signed(prosecutor, int(prosecutor.browser.wait(PARTS, PATIENCE)))
    prosecutor.browser.wait("return document.getElementById('sign-all').hidden", 240)
    assert chosen(prosecutor, file).count("0 entries to sign") >= 1

    mails = []
    for number in range(4, 4 * MAILS + 4, 4):
        mails.append(tmp_path / f"{number}.eml")
        mails[-1].write_bytes(delivery_report(subject=f"Order KA-{number:04}/2026"))
    said = chosen(prosecutor, "\n".join(map(str, mails)), mails=True)
    assert f"{MAILS} entries to sign" in said
    prosecutor.press("sign-all")
    signed(prosecutor, 1)
    prosecutor.browser.wait("return document.getElementById('sign-all').hidden", 60)

    journal = office.journal
    verdicts = []
    for number in range(1, ORDERS + 1):
        case = journal.case(journal.find(f"KA-{number:04}/2026"))
        verdicts += [clock.verdict.value for clock in judge(case, journal.now()).deadlines if clock.id == "D-7-7"]
        assert {e.by for e in case.entries} == {"ilves"}
    assert verdicts.count("UNDETERMINED") == missing - MAILS
    assert len(verdicts) >= ORDERS


def test_the_page_of_intake_says_faults_with_row_and_column(prosecutor: Worker, tmp_path: Path) -> None:
    path = tmp_path / "wrong.csv"
    path.write_bytes(table(tmp_path).read_bytes().replace(b"/2026;", b"/2026;99.", 1))
    said = chosen(prosecutor, str(path))
    assert "There are faults. Nothing can be recorded before they are put right." in said
    assert "row 2, column Vydáno" in said
    assert prosecutor.browser.run("return document.getElementById('sign-all').hidden")
