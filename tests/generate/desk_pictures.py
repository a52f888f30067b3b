"""Take the pictures of the desk of the office server with Chromium: a prosecutor at work, a guest, a table taken in.

The server listens on this machine over the ledger of desk_story.py. The signing page has the key of that story, which
is no secret. Nothing that the pictures show is signed.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from browser import build
from cli.stories.model import read_story
from cli.stories.player import play_story
from server.identity.callers import SESSION
from tests.browser.desk.people import PATIENCE, Worker
from tests.browser.support.webdriver import Chromium
from tests.generate import desk_story
from tests.generate.examples import PLACE
from tests.server.guests.guests import admitted
from tests.server.office import Office, serving
from tests.support.cli import run
from tests.support.intake.tables import csv_of, profile_file

WIDE: Final = 1280
PHONE: Final = 390
SETTLED = "return document.readyState === 'complete' && document.fonts.status === 'loaded'"


class Scene:
    """An office that listens, and a prosecutor with a browser."""

    def __init__(self, office: Office, browser: Chromium, orders: dict[str, str], folder: Path) -> None:
        self.office, self.browser, self.orders, self.folder = office, browser, orders, folder
        key = office.key("ilves").public.hex()
        self.prosecutor = Worker(browser, office, "Dina Ilves", "ilves", key, office.ledger / "keys" / "PUBLIC-ilves")
        self.prosecutor.enrol()

    def taken(self, height: int, *, width: int = WIDE, scheme: str = "light", top: str = "") -> bytes:
        """Return a picture of the page in front, from its beginning or from an element on."""
        browser = self.browser
        browser.devtools(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width == PHONE},
        )
        browser.devtools(
            "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        )
        browser.wait(SETTLED, PATIENCE)
        browser.run(
            "document.activeElement.blur(); document.documentElement.style.overflow = 'hidden';"
            "document.documentElement.style.scrollBehavior = 'auto';"
            "if (arguments[0]) document.querySelector(arguments[0]).scrollIntoView(); else scrollTo(0, 0);"
            "return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))",
            top,
        )
        try:
            return browser.picture()
        finally:
            browser.emulate()

    def due(self) -> bytes:
        self.prosecutor.open("/")
        return self.taken(1240)

    def listed(self) -> bytes:
        self.prosecutor.open("/orders?sort=due")
        self.browser.run("document.querySelectorAll('main details').forEach((each) => (each.open = true))")
        return self.taken(1100)

    def order(self) -> bytes:
        self.prosecutor.open(f"/orders/{self.orders[desk_story.WRONG]}")
        return self.taken(1350)

    def form(self) -> bytes:
        """Fill in that an order was sent, when its notification is not on record."""
        self.prosecutor.open(f"/orders/{self.orders[desk_story.DRAFT]}/record/order-transmitted")
        self.prosecutor.fill({"f.addressee": "harbor", "f.channel": "provider-portal"})
        return self.taken(1100)

    def signing(self) -> bytes:
        """Show the signing page for a notification, and decline."""
        self.prosecutor.open(f"/orders/{self.orders[desk_story.DRAFT]}/record/notification-sent")
        papers = {f"f.includes-{number}": "" for number in (1, 2, 3)}
        self.prosecutor.fill({"f.notified_authority": "ncco", **papers})
        self.prosecutor.press("sign")
        with self.prosecutor.signing_page() as page:
            page.wait("return document.querySelectorAll('.ticks input').length", PATIENCE)
            picture = self.taken(1000)
        self.prosecutor.agree(agree=False)
        return picture

    def guest(self) -> bytes:
        """Show the order of a provider without a ledger to a guest whom the office has invited."""
        order = self.orders[desk_story.DUE]
        visit = admitted(self.office, "fjordlink", order, name="Søren Ødegård")
        with TemporaryDirectory() as profile, closing(Chromium(Path(profile))) as browser:
            self.browser, kept = browser, self.browser
            try:
                browser.open(f"http://localhost:{self.office.port}/sign-in")
                browser.set_cookie(SESSION, visit.browser.cookies[SESSION])
                browser.open(f"http://localhost:{self.office.port}/orders/{order}")
                return self.taken(1300, width=PHONE)
            finally:
                self.browser = kept

    def intake(self) -> bytes:
        """Check a table of orders, of which one was never seen to arrive."""
        file = self.folder / "Anordnungen 2026.csv"
        file.write_bytes(csv_of(table(datetime.now(UTC))))
        self.prosecutor.open("/intake")
        self.browser.type("#files", str(file))
        self.prosecutor.press("check-files")
        self.browser.wait("return !document.getElementById('result').hidden", PATIENCE)
        return self.taken(1100)


PICTURES: Final[dict[str, Callable[[Scene], bytes]]] = {
    "due": Scene.due,
    "orders": Scene.listed,
    "one-order": Scene.order,
    "form": Scene.form,
    "signing": Scene.signing,
    "guest": Scene.guest,
    "intake": Scene.intake,
}


def table(now: datetime) -> list[list[str]]:
    """Return rows of an office's table with day-first dates of the last weeks; one has no arrival."""
    rows = []
    providers = ("Skylark a.s.", "Skylark Sideteenused OÜ", "Skylark Nachrichtendienste GmbH")
    for n, (days, came) in enumerate(((31, True), (19, True), (12, False), (6, True)), 1):
        issued = now - timedelta(days=days)
        sent = issued + timedelta(days=1)
        arrived = f"{sent:%d.%m.%Y} 11:{n}0" if came else ""
        person = ("Žofie Nováková", "Jürgen Groß", "Õnne Jäär", "Łucja Wójcik")[n - 1]
        provider = providers[n % 3]
        dates = [f"{issued:%d.%m.%Y}", f"{sent:%d/%m/%Y} 09:1{n}", arrived]
        rows.append([f"KA-0{n}17/{issued:%Y}", *dates, provider, f"účet-{n}", person])
    return rows


def pictures(folder: Path, names: list[str]) -> Iterator[tuple[str, bytes]]:
    """Yield each picture with its name."""
    played = play_story(read_story(desk_story.story(datetime.now(UTC)).encode(), "desk"), folder / "ledger")
    profile = profile_file(folder)
    key = str(played.path / "keys" / "PUBLIC-ilves")
    done = run("import", "adopt", str(profile), "--as", "ilves", "--key", key, ledger=played.path)
    assert done.exit_code == 0, done.output
    pages = {"signing_page": build.page(build.SIGNING), "hashing": build.script(build.WORKER[1])}
    (folder / "profile").mkdir()
    with serving(played.path, **pages) as office, closing(Chromium(folder / "profile")) as browser:
        scene = Scene(office, browser, played.orders, folder)
        for name in names:
            yield name, PICTURES[name](scene)


def small(picture: bytes) -> bytes:
    """Return a picture with at most 256 colours, which a page of text hardly shows."""
    return subprocess.run(
        ["pngquant", "--strip", "--speed=1", "-"], input=picture, capture_output=True, check=True
    ).stdout


def taken(place: Path = PLACE / "desk", *names: str) -> None:
    """Take the pictures with these names, or all, and put them into a folder as NAME.png."""
    with TemporaryDirectory() as scratch:
        for name, picture in pictures(Path(scratch), list(names or PICTURES)):
            (place / f"{name}.png").write_bytes(small(picture))


if __name__ == "__main__":
    taken()
