"""A person sends a file from the page of an order, and opens it again after signing why; nothing else sends one."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from secrets import token_bytes

import pytest

pytest.importorskip("fido2", reason="needs the extra `server`")
pytest.importorskip("starlette", reason="needs the extra `server`")
pytest.importorskip("http_message_signatures", reason="needs the extra `server`")

from ledger.adapters.keys.open_key import open_key
from server.files.pieces import PIECE
from server.files.settings import FileSettings
from tests.browser.desk.people import PATIENCE, Worker
from tests.browser.support.webdriver import ENTER, Browser
from tests.server.office import Office, serving
from tests.support.cli import House

pytestmark = pytest.mark.browser
DATA = token_bytes(PIECE + 99)
BROKEN = "return axe.run().then(({violations}) => violations.map((v) => `${v.id}: ${v.nodes[0].html}`))"


@pytest.fixture(scope="module")
def house(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> House:
    return House(tmp_path_factory.mktemp("kept")).begun().with_office("ilves", "ISS")


@pytest.fixture(scope="module")
def office(house: House, signing_page: Path, hashing: bytes) -> Iterator[Office]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in house.env.items():
            patch.setenv(name, value)
        files = FileSettings(str(house.folder / "files"))
        with serving(house.ledger, signing_page=signing_page.read_bytes(), files=files, hashing=hashing) as served:
            yield served


@pytest.fixture(scope="module")
def dina(browser: Browser, office: Office, house: House) -> Worker:
    file = house.keys / "ilves"
    made = Worker(browser, office, "Dina Ilves", "ilves", open_key(str(file)).public.hex(), file)
    made.enrol()
    return made


@pytest.fixture
def order(office: Office, house: House, tmp_path: Path) -> Iterator[str]:
    """Return a new order with an entry of the person's office that states a file, sealed."""
    with office.connect(open_key(str(house.keys / "ilves")), tmp_path / "state") as ledger:
        order = ledger.record("order-issued", {"instrument": "VOL", "from_party": "XO", "to_party": "XV"},
                              unregistered=True).order  # fmt: skip
        file = {"name": "Rückgabe.zip", "size": len(DATA), "sha256": sha256(DATA).hexdigest()}
        fields = {"check": "equal", "manifest": {"elements": ["name"], "files": [file]}}
        ledger.record("evidence-received", fields, order)
        yield order


def drop(dina: Worker, path: Path) -> None:
    """Choose a file in the box, and wait for what the page says of it."""
    dina.browser.type("#check-files", str(path))
    dina.browser.wait("return document.querySelector('#answers .keep')", PATIENCE)


def said(dina: Worker, text: str) -> None:
    dina.browser.wait(f"return document.querySelector('main').innerText.includes({text!r})", PATIENCE)


def test_a_person_sends_a_file_and_opens_it_after_signing_why(
    dina: Worker, office: Office, order: str, tmp_path: Path, axe: str
) -> None:
    path = tmp_path / "Rückgabe.zip"
    path.write_bytes(DATA)
    dina.open(f"/orders/{order}/files?lang=en")
    said(dina, "No file of this order is kept here.")
    drop(dina, path)
    assert office.running.files is not None
    links = office.running.files.keeping.links
    assert links.of_order(order) == [], "without the button nothing is sent"
    dina.browser.run("document.querySelector('.keep button').focus()")
    dina.browser.press(ENTER)
    said(dina, "the server has it, and its digest is the stated one")
    (link,) = links.of_order(order)
    assert link.kept

    dina.open(f"/orders/{order}/files?lang=en")
    drop(dina, path)
    said(dina, "The server keeps this file.")
    dina.browser.run("document.querySelector('section.kept details').open = true")
    assert dina.browser.run(f"{axe}; {BROKEN}") == []
    dina.browser.run("document.querySelector('[name=because]').value = 'hearing of 3 May'")
    dina.browser.run("document.querySelector('form.open-files button').focus()")
    dina.browser.press(ENTER)
    with dina.signing_page() as page:
        page.wait("return document.querySelectorAll('.ticks input').length", PATIENCE)
        shown = page.run("return document.querySelector('#task').innerText")
        assert "hearing of 3 May" in shown
        assert "the record of who opened sealed values" in shown
    dina.agree()
    dina.browser.wait("return document.querySelector('.opened a')", PATIENCE)
    got = dina.browser.run(
        "return fetch(document.querySelector('.opened a').href).then((r) => r.arrayBuffer())"
        ".then((b) => crypto.subtle.digest('SHA-256', b))"
        ".then((d) => [...new Uint8Array(d)].map((n) => n.toString(16).padStart(2, '0')).join(''))"
    )
    assert got == sha256(DATA).hexdigest()
    assert dina.browser.run("return document.querySelector('.opened').innerText").count("Rückgabe.zip") == 1


def test_a_file_that_no_entry_of_the_office_states_gets_no_button(dina: Worker, order: str, tmp_path: Path) -> None:
    path = tmp_path / "other.zip"
    path.write_bytes(token_bytes(9))
    dina.open(f"/orders/{order}/files?lang=en")
    drop(dina, path)
    said(dina, "The server does not take this file")
    assert dina.browser.run("return document.querySelectorAll('.keep button').length") == 0
