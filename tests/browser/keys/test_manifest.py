"""A provider drops files into the form of a disclosure: the browser fills in the manifest, and the files stay."""

from __future__ import annotations

from hashlib import sha256, sha512
from pathlib import Path

import pytest

from tests.browser.keys.person import PersonAtDesk
from tests.browser.support.webdriver import Browser
from tests.server.office import Office
from tests.support.cli import House

pytestmark = pytest.mark.browser

ROWS = (
    "return [...document.querySelectorAll('#entry input')].filter(({ name, value }) => value && "
    "/^f\\.manifest\\.files\\./.test(name)).map(({ name, value }) => [name.split('.').slice(3).join('.'), value])"
)


def test_the_manifest_of_a_disclosure_is_made_of_dropped_files(
    browser: Browser, house: Office, made: House, tmp_path: Path
) -> None:
    person = PersonAtDesk(browser, house, f"Discloses {browser.__class__.__name__}", "ilves")
    person.open(f"/orders/{made.reply('orders')['orders'][0]['order']}/record/data-disclosed?lang=en")
    files = {"return.zip": b"what the provider found", "mail.eml": b"and a letter"}
    box = "comity-files[for='f.manifest']"
    person.until(lambda: person.has(f"{box} input"))
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
        browser.type(f"{box} input", str(tmp_path / name))
        person.until(lambda: browser.run(f'return !document.querySelector("{box}").busy'))
    stated: dict[str, dict[str, str]] = {}
    for place, value in browser.run(ROWS):
        row, _, member = place.partition(".")
        stated.setdefault(row, {})[member] = value
    assert sorted(stated.values(), key=str) == sorted(
        (
            {"name": name, "size": str(len(content)), "sha256": sha256(content).hexdigest(),
             "sha512": sha512(content).hexdigest()}
            for name, content in files.items()
        ),
        key=str,
    )  # fmt: skip
    browser.run("document.getElementById('f.channel').value = 'provider-portal'")
    person.press("#entry button[value=check]:not(.hidden)")
    person.until(lambda: person.has(box) and not person.has(f"{box} li"))  # the page was loaded again
    again = dict(person.until(lambda: browser.run(ROWS)))
    assert {again[name] for name in again if name.endswith("name")} == set(files), "the rows are kept by the server"


def test_a_document_is_filled_in_from_one_file(browser: Browser, house: Office, made: House, tmp_path: Path) -> None:
    person = PersonAtDesk(browser, house, f"Certifies {browser.__class__.__name__}", "ilves")
    person.open(f"/orders/{made.reply('orders')['orders'][0]['order']}/record/data-disclosed?lang=en")
    box = "comity-files[for='f.certificate']"
    person.until(lambda: person.has(f"{box} input"))
    browser.run(f"document.querySelector(\"{box}\").closest('details')?.setAttribute('open', '')")
    (tmp_path / "certificate.pdf").write_bytes(b"%PDF-")
    browser.type(f"{box} input", str(tmp_path / "certificate.pdf"))
    filled = "return ['media', 'size', 'sha256'].map((name) => document.getElementById(`f.certificate.${name}`).value)"
    person.until(lambda: all(browser.run(filled)))
    assert browser.run(filled) == ["application/pdf", "5", sha256(b"%PDF-").hexdigest()]
