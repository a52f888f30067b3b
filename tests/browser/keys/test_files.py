"""A person drops files at the desk: the browser hashes them in a worker, and nothing is sent."""

from __future__ import annotations

from hashlib import sha256, sha512
from pathlib import Path
from typing import Any

import pytest

from server.documents import SEEN
from tests.browser.keys.person import PersonAtDesk
from tests.browser.support.webdriver import Browser
from tests.server.office import Office
from tests.support.cli import House

pytestmark = pytest.mark.browser

VALUE = "const box = document.querySelector('comity-files'); return box.busy || !box.value.length ? null : box.value"


@pytest.fixture(scope="module")
def dina(browser: Browser, house: Office) -> PersonAtDesk:
    return PersonAtDesk(browser, house, f"Dina {browser.__class__.__name__}", "ilves")


@pytest.fixture(scope="module")
def page(made: House) -> str:
    return f"/orders/{made.reply('orders')['orders'][0]['order']}/files"


def hashed(person: PersonAtDesk, file: Path) -> dict[str, Any]:
    person.browser.type("comity-files input", str(file))
    (found,) = person.browser.wait(VALUE)
    return dict(found)


@pytest.mark.parametrize("size", [0, 1, 8 * 2**20 - 1, 8 * 2**20, 17 * 2**20 + 3])
def test_the_digests_of_a_file_are_those_of_hashlib(dina: PersonAtDesk, page: str, tmp_path: Path, size: int) -> None:
    content = bytes(range(251)) * (size // 251 + 1)
    file = tmp_path / "return &<b>.bin"
    file.write_bytes(content[:size])
    dina.open(page)
    found = hashed(dina, file)
    digests = sha256(content[:size]).hexdigest(), sha512(content[:size]).hexdigest()
    assert (found["name"], found["size"], found["sha256"], found["sha512"]) == (file.name, size, *digests)


def test_files_of_one_name_are_told_apart_by_a_refusal(dina: PersonAtDesk, page: str, tmp_path: Path) -> None:
    dina.open(page)
    (tmp_path / "a").write_bytes(b"a")
    for _ in range(2):
        hashed(dina, tmp_path / "a")
    assert "There is a file called a already" in dina.shown() or "Es gibt schon" in dina.shown()


def test_a_dropped_file_is_hashed_as_a_chosen_one(dina: PersonAtDesk, page: str) -> None:
    dina.open(page)
    dina.browser.wait("return document.querySelector('comity-files input')")
    dina.browser.run(
        "const dataTransfer = new DataTransfer(); dataTransfer.items.add(new File(['dropped'], 'dropped.txt'));"
        "const drop = new DragEvent('drop', { dataTransfer, cancelable: true });"
        "document.querySelector('comity-files').dispatchEvent(drop)"
    )
    (found,) = dina.browser.wait(VALUE)
    assert (found["name"], found["sha256"]) == ("dropped.txt", sha256(b"dropped").hexdigest())


def test_a_file_is_removed_while_it_is_hashed(dina: PersonAtDesk, page: str, tmp_path: Path) -> None:
    dina.open(page)
    big = tmp_path / "big"
    with big.open("wb") as sparse:
        sparse.truncate(2**30)
    dina.browser.type("comity-files input", str(big))
    dina.browser.wait("return document.querySelector('comity-files progress')?.value > 0")
    dina.browser.run("document.querySelector('comity-files li button').click()")
    assert dina.browser.run("return document.querySelectorAll('comity-files li').length") == 0
    (tmp_path / "next").write_bytes(b"next")
    assert hashed(dina, tmp_path / "next")["sha256"] == sha256(b"next").hexdigest()


def test_a_file_whose_digest_an_entry_states_is_found_and_another_is_not(
    dina: PersonAtDesk, page: str, tmp_path: Path, made: House, house: Office
) -> None:
    proof = tmp_path / "proof.pdf"
    proof.write_bytes(f"a proof for {dina.account}".encode())
    said = made.run(
        "record", "order-received", page.split("/")[2], "-f", f"proof={proof}", "--as", "ilves", "--unregistered",
        "--speaks", "observation", "--whose", "skylark",
    )  # fmt: skip
    assert said.exit_code == 0, said.stderr
    house.send("GET", "/v1/head", headers={SEEN: str(house.running.view.size())})  # the server looks now
    dina.open(page)
    hashed(dina, proof)
    dina.browser.wait("return document.querySelector('#answers a')")
    assert dina.browser.run("return document.querySelector('#answers section').className") == "same"
    place = dina.browser.run("return document.querySelector('#answers a').hash")
    assert sha256(proof.read_bytes()).hexdigest() in dina.browser.run(
        f"return document.querySelector('{place}').innerText"
    )
    (tmp_path / "other.pdf").write_bytes(b"another file")
    dina.open(page)
    hashed(dina, tmp_path / "other.pdf")
    dina.browser.wait("return document.querySelector('#answers section')")
    assert dina.browser.run("return document.querySelector('#answers section').className") == "open"


def test_the_page_sends_no_file_and_has_no_fault(dina: PersonAtDesk, page: str, axe: str, tmp_path: Path) -> None:
    dina.open(page)
    (tmp_path / "secret").write_bytes(b"secret")
    hashed(dina, tmp_path / "secret")
    loaded = "return performance.getEntriesByType('resource').map(({ name }) => new URL(name).pathname)"
    sent = dina.browser.run(loaded)
    scripts = ("script", "focus", "keyboard", "live", "signing", "recording", "files", "order_files", "hashing")
    assert set(sent) <= {"/desk/style.css", "/favicon.ico", *(f"/desk/{name}.js" for name in scripts)}
    found = dina.browser.run(f"{axe}; return axe.run().then((done) => done.violations.map((each) => each.id))")
    assert found == []
