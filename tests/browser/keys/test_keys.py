"""Keys from the first to the last day, by persons at the desk with the real signing page: each entry by its own key."""

from __future__ import annotations

import pytest

from server.documents import SEEN
from tests.browser.keys.person import PersonAtDesk
from tests.browser.support.webdriver import Browser
from tests.server.office import Office
from tests.support.cli import House

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def registry(made: House) -> str:
    """Register a second office of registrars; return its id."""
    fields = {"actor": "registry", "party": "XO", "roles": "ADM", "valid_from": "2026-01-01"}
    stated = [part for name, value in fields.items() for part in ("-f", f"{name}={value}")]
    done = made.run("record", "authority-registered", *stated, "--unregistered", "--as", "registrar")
    assert done.exit_code == 0, done.stderr
    return "registry"


def ask(person: PersonAtDesk, device: str, old: str = "") -> str:
    """Make a key on the signing page and ask for it; return it in hex."""
    requests = person.office.running.key_requests
    before = len(requests.of_account(person.account))
    person.open("/keys?lang=en")
    person.browser.type("#device", device)
    if old:
        person.browser.run("document.getElementById('old').value = arguments[0]", old)
    person.press("#enrol button")
    person.agree("Make a key in this browser")
    person.until(lambda: len(requests.of_account(person.account)) > before)
    person.wait_for("waits for the registrar")
    return requests.of_account(person.account)[-1].key


def accept(person: PersonAtDesk, key: str) -> None:
    """Accept a key with itself."""
    person.open("/keys?lang=en")
    person.press(f"tr[data-key='{key}'] .accept")
    person.agree()
    row = f"return document.querySelector(\"tr[data-key='{key}']\")?.innerText.includes('may sign')"
    person.until(lambda: person.browser.run(row))


def grant(registrar: PersonAtDesk, account: str, kind: str) -> None:
    """Grant the request of a person that waits, by the form to which the queue leads."""
    registrar.open("/keys/requests?lang=en")
    (request,) = [each for each in registrar.office.running.key_requests.waiting() if each.account == account]
    registrar.press(f"[data-request='{request.id}'] a.govuk-button[href^='/record/{kind}']")
    sign(registrar)


def sign(registrar: PersonAtDesk) -> None:
    """Check the form that opens, and sign it."""
    registrar.until(lambda: registrar.has("#entry"))
    registrar.press("#entry button[value=check]:not(.hidden)")
    registrar.until(lambda: registrar.has("#sign"))
    registrar.press("#sign")
    registrar.agree()
    registrar.until(lambda: not registrar.has("#sign"))


def states(person: PersonAtDesk) -> dict[str, str]:
    person.open("/keys?lang=en")
    return dict(
        person.browser.run(
            "return [...document.querySelectorAll('tr[data-key]')]"
            ".map((row) => [row.dataset.key, row.children[2].innerText])"
        )
    )


def test_keys_are_asked_for_entered_accepted_replaced_and_ended_at_the_desk(
    browser: Browser, house: Office, made: House, registry: str
) -> None:
    mark = browser.__class__.__name__
    rita = PersonAtDesk(browser, house, f"Rita {mark}", registry)
    dina = PersonAtDesk(browser, house, f"Dina {mark}", "ilves")

    # the first registrar: the public key that the page shows is entered by the command line
    first = ask(rita, "Registry")
    done = made.run("key", "enrol", registry, "--public", first, "--role", "ADM")
    assert done.exit_code == 0, done.stderr
    house.send("GET", "/v1/head", headers={SEEN: str(house.running.view.size())})  # the server looks now
    accept(rita, first)

    laptop = ask(dina, "Laptop")
    grant(rita, dina.account, "key-registered")
    assert states(dina) == {laptop: "in the register; you have to accept it"}
    accept(dina, laptop)

    tablet = ask(dina, "Tablet", laptop)
    grant(rita, dina.account, "key-rotated")
    accept(dina, tablet)
    assert states(dina) == {laptop: "ended; signs no more", tablet: "may sign"}

    dina.press(f"tr[data-key='{tablet}'] summary")
    dina.press(f"tr[data-key='{tablet}'] form.end button")
    dina.wait_for("The end of the key of Tablet")
    grant(rita, dina.account, "key-revoked")
    assert states(dina) == {laptop: "ended; signs no more", tablet: "ended; signs no more"}

    registered = {each["key"]: each["state"] for each in made.reply("key", "list")["keys"]}
    assert (registered[first], registered[laptop], registered[tablet]) == ("current", "ended", "ended")
    assert made.run("fsck").exit_code == 0


def test_a_person_signs_on_two_devices_and_gets_a_new_key_when_both_are_lost(
    browser: Browser, house: Office, made: House, registry: str
) -> None:
    mark = browser.__class__.__name__
    dina = PersonAtDesk(browser, house, f"Two devices {mark}", "ilves")
    rita = PersonAtDesk(browser, house, f"Revokes {mark}", registry)
    lost = [ask(dina, "Laptop"), ask(dina, "Tablet")]
    keys = {"ilves": (lost, "ISS"), registry: ([ask(rita, "Registry")], "ADM")}
    for office, (some, role) in keys.items():
        for key in some:
            assert made.run("key", "enrol", office, "--public", key, "--role", role).exit_code == 0
    house.send("GET", "/v1/head", headers={SEEN: str(house.running.view.size())})
    for key in lost:
        accept(dina, key)
    (registrars,) = keys[registry][0]
    accept(rita, registrars)
    assert states(dina) == dict.fromkeys(lost, "may sign")

    new = ask(dina, "New laptop")
    for key in lost:
        rita.open("/keys/requests?lang=en")
        section = f"[data-request='{house.running.key_requests.of_account(dina.account)[-1].id}']"
        rita.press(f"{section} details:has(a) summary")
        rita.press(f"{section} a[href^='/record/key-revoked'][href*='{key}']")
        rita.until(lambda: rita.has("#entry select[name='f.cause']"))
        browser.run("document.querySelector(\"#entry select[name='f.cause']\").value = 'lost'")
        sign(rita)
    grant(rita, dina.account, "key-registered")
    accept(dina, new)
    assert states(dina) == {**dict.fromkeys(lost, "ended; signs no more"), new: "may sign"}


def test_a_person_who_declines_on_the_signing_page_has_asked_for_nothing(browser: Browser, house: Office) -> None:
    orn = PersonAtDesk(browser, house, f"Declines {browser.__class__.__name__}", "ilves")
    orn.open("/keys?lang=en")
    orn.browser.type("#device", "Laptop")
    orn.press("#enrol button")
    with orn.signing_page() as page:
        orn.until(lambda: page.run("return document.querySelectorAll('.ticks input').length"))
        page.run("[...document.querySelectorAll('#task .actions .govuk-button')].at(-1).click()")
    orn.wait_for("You have not signed")
    assert house.running.key_requests.of_account(orn.account) == []


def test_a_request_is_refused_with_a_reason_that_its_person_reads(browser: Browser, house: Office) -> None:
    mark = browser.__class__.__name__
    rita, dina = (PersonAtDesk(browser, house, f"{name} {mark}", actor) for name, actor in
                  (("Refuses", "registrar"), ("Is refused", "ilves")))  # fmt: skip
    ask(dina, "Laptop")
    (request,) = house.running.key_requests.of_account(dina.account)
    rita.open("/keys/requests?lang=en")
    rita.press(f"[data-request='{request.id}'] details:has(form) summary")
    browser.type(f"#reason-{request.id}", "Come to room 3")
    rita.press(f"[data-request='{request.id}'] form.refuse button")
    rita.until(lambda: not rita.has(f"[data-request='{request.id}']"))
    dina.open("/keys?lang=en")
    assert "Come to room 3" in dina.shown()


@pytest.mark.parametrize("path", ["/keys", "/keys/requests"])
@pytest.mark.parametrize("width", [0, 390])
def test_the_pages_have_no_fault_of_access_and_fit_a_telephone(
    browser: Browser, house: Office, axe: str, path: str, width: int
) -> None:
    rita = PersonAtDesk(browser, house, f"{path} {width} {browser.__class__.__name__}", "registrar")
    ask(rita, "Laptop")
    browser.resize(width)
    try:
        rita.open(f"{path}?lang=de")
        found = browser.run(f"{axe}; return axe.run().then((done) => done.violations.map((each) => each.id))")
        assert (found, browser.run("return document.documentElement.scrollWidth <= window.innerWidth")) == ([], True)
    finally:
        browser.resize()
