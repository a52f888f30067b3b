"""The story of the four people by keyboard alone; axe finds no fault in its pages, which fit a telephone."""

from __future__ import annotations

import os
import re
from hashlib import sha256
from pathlib import Path
from typing import cast

import pytest

pytest.importorskip("fido2", reason="needs the extra `server`")
pytest.importorskip("starlette", reason="needs the extra `server`")

from tests.browser.guests.at_keyboard import Typist
from tests.browser.guests.conftest import Start
from tests.browser.guests.story import ISSUED, STORY, check_court, check_signers, leaf_of
from tests.browser.support.keyboard import Keyboard
from tests.browser.support.webdriver import ENTER, Browser, Chromium
from tests.server.office import Office
from tests.support.cli import House

pytestmark = pytest.mark.browser

ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
AXE = """
return axe.run({ rules: { 'target-size': { enabled: true } } }).then((done) => done.violations.map((each) =>
  `${each.id}: ${each.nodes.map((node) => node.html.slice(0, 120)).join(' | ')}`));
"""
PHONE = 390  # pixels
IN = ("chromium", "firefox") if os.environ.get("FULL") else ("chromium",)  # FULL=1: in Firefox too, two minutes more


class Looks:
    """Look once at each page, and at each state of a form, as people with other devices see it."""

    def __init__(self, axe: str) -> None:
        self._axe = axe
        self.seen: list[str] = []
        self.faults: list[str] = []

    def __call__(self, person: Typist) -> None:
        state = """
          const there = [['#faults', ' faults'], ['#sign', ' checked'], ['dialog[open]', ' dialog']];
          return location.host.split(':')[0] + location.pathname
            + there.map(([at, says]) => document.querySelector(at) ? says : '').join('');
        """
        page = ID.sub("*", str(person.keys.look(state)))
        if page in self.seen:
            return
        self.seen.append(page)
        self._axe_of(person, page)
        person.browser.resize(PHONE)
        try:
            if not person.browser.run("return document.documentElement.scrollWidth <= window.innerWidth"):
                self.faults.append(f"{page}: wider than {PHONE} px")
            self._axe_of(person, f"{page} at {PHONE} px")
        finally:
            person.browser.resize()

    def _axe_of(self, person: Typist, page: str) -> None:
        if isinstance(person.browser, Chromium):  # axe reads the same document in Firefox, where it takes a second
            self.faults += [f"{page}: {each}" for each in person.browser.run(self._axe + AXE)]


@pytest.mark.parametrize("script", ["document.body.click()", "at.focus({})", "at.value = 'x'", "box.checked=true"])
def test_a_script_that_acts_in_place_of_a_person_is_refused(script: str) -> None:
    with pytest.raises(AssertionError, match="a person with a keyboard cannot"):
        Keyboard(cast(Browser, None)).look(script)


@pytest.mark.parametrize("start", IN, indirect=True)
def test_four_people_take_an_order_from_its_issue_to_the_court_by_keyboard_alone(
    office: Office, made: House, start: Start, axe: str, tmp_path: Path
) -> None:
    looks = Looks(axe)
    prosecutor = Typist(start("prosecutor"), office, looks)
    prosecutor.come("Dina Ilves", "ilves")
    prosecutor.looked()
    prosecutor.get_key(made, "ISS")
    order = issue(prosecutor)
    prosecutor.record("notification-sent", {"f.notified_authority": "ncco"})
    prosecutor.record("order-transmitted", {"f.addressee": "skylark", "f.channel": "mail"})
    prosecutor.shortcuts()

    authority = Typist(start("authority"), office, looks)
    authority.come_by(invited(prosecutor, order, "ncco", "Maja Thörne"))
    authority.get_key(made, "NOT")
    provider = Typist(start("provider"), office, looks)
    provider.come_by(invited(prosecutor, order, "skylark", "Ída Sky"))
    provider.get_key(made, "SP")
    police = Typist(start("police"), office, looks)
    police.come("Pavel Orn", "orn")
    police.get_key(made, "RET")

    to_order(authority, order)
    authority.record("notification-received", {})
    authority.record("additional-information-requested", {"f.asked_of": "orn"})
    police.find(order)
    police.record("additional-information-provided", {"f.answers": leaf_of(office, order, -1)})
    authority.record("non-disclosure-instructed", {"f.ground": "G-7-ii-a", "f.scope": "all"})
    instruction = leaf_of(office, order, -1)
    reasons = {"f.about": instruction, "f.reasons": "A proceeding here would be harmed until Monday."}
    authority.record("instruction-reasons-given", reasons)
    authority.record("instruction-lifted", {"f.about": instruction})

    to_order(provider, order)
    provider.record("order-received", {"f.proof_kind": "own-stamp"})
    provider.keys.follow("main a[href$='/requester']")
    provider.on("/requester")
    provider.looked()
    assert provider.keys.look("return document.querySelector('[data-check=key]').dataset.answer") == "proven"
    provider.keys.follow(".back a")
    provider.on(order)
    file = tmp_path / "return &ß.bin"
    file.write_bytes(bytes(range(251)) * 9)
    digest = sha256(file.read_bytes()).hexdigest()
    provider.record(
        "data-disclosed",
        {"f.manifest": file, "f.partial-false": "", "f.channel": "mail", "f.manifest.elements.0": "name"},
    )

    police.find(order)
    compared = {"f.check": "equal", "f.exhibit": "E-1", "f.manifest.elements.0": "name"}
    police.record("evidence-received", {"f.manifest": file, **compared})
    handed = {"f.exhibit": "E-1", "f.released_by": "orn", "f.received_by": "ilves", "f.check": "equal"}
    handed |= {"f.digest_before": digest, "f.digest_after": digest}
    police.record("custody-transferred", handed)
    prosecutor.find(order)
    prosecutor.keys.press("t")
    prosecutor.keys.follow(f"a[href$='again={leaf_of(office, order, 1)}']")
    prosecutor.fill({"c.role": "ISS", "c.why": "the papers were left out", "f.includes-1": ""})
    prosecutor.sign()
    prosecutor.record("customer-notified", {"f.channel": "letter"})

    people = {"ilves": prosecutor, "ncco": authority, "skylark": provider, "orn": police}
    assert check_signers(office, order, people) == STORY
    stated = next(e for e in office.journal.case(order).entries if e.kind == "data-disclosed").get("manifest")
    assert [(each["size"], each["sha256"]) for each in stated["files"]] == [(file.stat().st_size, digest)]
    check_court(made, order, tmp_path)
    assert looks.faults == []


def issue(by: Typist) -> str:
    """Issue an order from the front page; a form without what it needs leads to the field that lacks it."""
    by.keys.press("e")
    by.on("/record")
    by.looked()
    by.keys.follow("main a[href$='/record/order-issued']")
    by.keys.until("return document.querySelector('main a[href*=\"f.instrument=2AP-7\"]') !== null")
    by.looked()
    by.keys.follow("main a[href*='f.instrument=2AP-7']")
    by.on("/record/order-issued")
    by.skip()
    late = {"f.providers.0": ISSUED["f.providers.0"]}
    by.fill({name: value for name, value in ISSUED.items() if name not in late and name != "f.to_party"})
    assert by.keys.look("return document.activeElement.id") == "faults"
    by.keys.enter("#faults a[href='#f.to_party']")
    by.keys.until("return document.activeElement.id === 'f.to_party'")
    by.keys.write("XV")
    by.fill(late)
    by.decline()
    return by.sign().split("/")[2].partition("#")[0]


def invited(by: Typist, order: str, actor: str, name: str) -> str:
    """Make the link of an invitation on the page of the guests of an order, which shows it once."""
    by.keys.follow("main a[href$='/guests']")
    by.on("/guests")
    by.keys.choose("#office", actor)
    by.keys.type("#name", name)
    by.keys.enter("#invite button")
    by.focus_is("made")
    by.looked()
    assert by.keys.look("return document.getElementById('words').textContent") == by.office.running.view.log_key.words
    link = str(by.keys.look("return document.getElementById('link').value"))
    by.find(order)
    return link


def to_order(guest: Typist, order: str) -> None:
    """Open the order of a guest from the list of the guest's orders."""
    guest.go("/guest/orders")
    guest.looked()
    guest.keys.press("j", ENTER)
    guest.on(order)
