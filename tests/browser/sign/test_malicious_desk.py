"""A page that is not the desk of the ledger, or a desk that its server has changed, reaches no key and no signature.

Who controls the office server but not the signing origin cannot sign: this is tried here with every way that a page has
to reach a page of another origin.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("fido2", reason="needs the extra `server`")
pytest.importorskip("starlette", reason="needs the extra `server`")
pytest.importorskip("http_message_signatures", reason="needs the extra `server`")

from tests.browser.sign.desk import PATIENCE, Desk, enrolment, log_of, pages
from tests.browser.support.webdriver import Browser, Firefox
from tests.server.office import Office

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with pages() as served:
        yield served


@pytest.fixture(scope="module")
def signing(office: Office) -> str:
    return f"http://sign.localhost:{office.port}/"


@pytest.fixture(scope="module")
def honest(browser: Browser, office: Office, port: int, signing: str) -> Iterator[Desk]:
    """Return the desk from which a key was enrolled in this browser."""
    desk = Desk(browser, f"http://localhost:{port}", signing)
    desk.open()
    assert desk.enrol(*log_of(office))["type"] == "enrolled"
    yield desk
    desk.close()


@pytest.fixture
def malicious(honest: Desk, port: int, signing: str) -> Desk:
    """Return a page of another origin that has opened the signing page."""
    desk = Desk(honest.browser, f"http://127.0.0.1:{port}", signing)
    desk.open()
    return desk


def nothing_kept_changed(honest: Desk, office: Office) -> None:
    honest.open()
    assert len(honest.ask("keys", log=log_of(office)[0])["keys"]) == 1


HEAD = {"size": 1, "note": "x\n1\nx\n\n— x x\n"}
DRAFT = {
    "kind": "no-data-held", "order": "8f14e45f-ceea-467f-9575-7d5a1e2b3c4d", "instrument": "VOL", "fields": {},
    "role": "SP", "actor": "ilves", "party": "XO", "on": "2026-01-01T00:00:00Z", "on_source": "own-act",
    "speaks": "act",
}  # fmt: skip
SIGN = {
    "proofs": {"head": HEAD, "consistency": None}, "drafts": [{"draft": DRAFT, "place": None, "proposal": None}],
    "public": "ab" * 32,
}  # fmt: skip


def test_another_origin_learns_nothing_of_the_keys_of_a_ledger(malicious: Desk, office: Office) -> None:
    answer = malicious.ask("keys", log=log_of(office)[0])
    assert answer.keys() == {"format", "id", "type", "code", "says"}
    assert answer["code"] == "SIGN-LEDGER"
    assert answer["code"] == malicious.ask("keys", log="unknown.example")["code"], "whether it is kept is not said"


def test_another_origin_gets_no_signature_in_a_ledger(malicious: Desk, office: Office) -> None:
    assert malicious.ask("sign", log=log_of(office)[0], **SIGN)["code"] == "SIGN-LEDGER"
    assert "Sign" not in [line for line in malicious.says().splitlines() if line == "Sign"]


def test_another_origin_cannot_take_a_ledger_over(malicious: Desk, honest: Desk, office: Office) -> None:
    message = enrolment(*log_of(office))
    answer = malicious.ask(message.pop("type"), **message)
    assert answer["code"] == "SIGN-ORIGIN"
    nothing_kept_changed(honest, office)


def test_another_origin_gets_no_receipt_called_recorded(malicious: Desk) -> None:
    assert malicious.ask("receipts", receipts=[], consistency=None)["code"] == "API-FALSE"


@pytest.mark.parametrize("type_", ["reveal", "export", "ready", "enrolled", "signed", "__proto__", "constructor", ""])
def test_no_other_message_has_an_effect(malicious: Desk, type_: str) -> None:
    assert malicious.ask(type_)["code"] == "SIGN-MESSAGE"


REACH = """
const [address, name] = arguments;
const handle = window.open('', name);
const tried = {};
const attempt = (what, reach) => {
  try { tried[what] = String(reach()); } catch (refused) { tried[what] = refused.name; }
};
attempt('document', () => handle.document.body.innerHTML);
attempt('store', () => handle.indexedDB.open('comity-signing'));
attempt('crypto', () => handle.crypto.subtle);
attempt('storage', () => handle.localStorage.length);
attempt('address', () => handle.location.href);
attempt('function', () => handle.confirm('x'));
attempt('prototype', () => handle.Function.prototype);
return tried;
"""


def test_the_handle_of_the_window_reaches_nothing_in_it(malicious: Desk) -> None:
    name = malicious.browser.run("return `signing-${location.search}`")
    tried = malicious.browser.run(REACH, malicious.signing, name)
    assert tried == dict.fromkeys(tried, "SecurityError")
    assert len(tried) == 7


def test_the_page_does_not_work_in_a_frame(malicious: Desk) -> None:
    browser = malicious.browser
    browser.run(
        "const frame = document.createElement('iframe'); frame.id = 'frame'; frame.src = arguments[0];"
        "frame.onload = () => { frame.dataset.loaded = 'yes'; }; document.body.append(frame)",
        malicious.signing,
    )
    browser.wait("return document.getElementById('frame').dataset.loaded", PATIENCE)
    before = len(malicious.received())
    browser.run(
        "document.getElementById('frame').contentWindow.postMessage"
        "({format: 'comity.signing/1', type: 'keys', id: 'framed', log: 'story.example/s2'}, '*')"
    )
    malicious.ask("keys", log="unknown.example")  # the window of the page answers, the frame does not
    assert len(malicious.received()) == before + 1
    assert not [each for each in malicious.received() if each["data"].get("id") == "framed"]


def test_a_window_that_did_not_open_the_page_gets_no_answer(honest: Desk, office: Office) -> None:
    """Send from a frame of the desk's own origin: the origin is right, the window is not the opener."""
    honest.open()
    name = honest.browser.run("return `signing-${location.search}`")
    honest.browser.run(
        "const frame = document.createElement('iframe'); document.body.append(frame);"
        "const script = frame.contentDocument.createElement('script');"
        "script.textContent = `addEventListener('message', (event) => { parent.document.title = 'answered'; });"
        "const handle = open('', '${arguments[0]}'); handle.postMessage("
        "{format: 'comity.signing/1', type: 'keys', id: 'other', log: 'story.example/s2'}, '*');`;"
        "frame.contentDocument.body.append(script)",
        name,
    )
    assert honest.ask("keys", log=log_of(office)[0])["type"] == "keys"
    assert honest.browser.run("return document.title") == "desk"
    assert not [each for each in honest.received() if each["data"].get("id") == "other"]


def test_the_keys_are_not_in_the_store_of_another_origin(malicious: Desk) -> None:
    script = (
        "return indexedDB.databases().then((all) => all.map(({ name }) => name))"
        if not isinstance(malicious.browser, Firefox)
        else "return window.indexedDB.databases().then((all) => JSON.stringify(all.map(({ name }) => name)))"
    )
    assert malicious.browser.run(script) in ([], "[]")


KEPT = """
return new Promise((resolve, reject) => {
  const asked = indexedDB.open('comity-signing');
  asked.onerror = () => reject(asked.error);
  asked.onsuccess = () => {
    const all = asked.result.transaction('keys').objectStore('keys').getAll();
    all.onsuccess = async () => {
      const [{ key }] = all.result;
      const forms = ['raw', 'pkcs8', 'jwk', 'spki'];
      const tries = forms.map((form) => crypto.subtle.exportKey(form, key).then(() => 'exported', () => 'refused'));
      const tried = await Promise.all(tries);
      asked.result.close();
      resolve([key.extractable, String(key.usages), key.type, tried.join()]);
    };
  };
});
"""


def test_no_script_even_of_the_page_itself_reads_the_key_out(honest: Desk) -> None:
    honest.open()
    with honest.person() as page:
        assert page.run(KEPT) == [False, "sign", "private", "refused,refused,refused,refused"]


def test_the_page_asks_nothing_of_the_network(honest: Desk) -> None:
    honest.open()
    with honest.person() as page:
        loaded: list[Any] = page.run("return performance.getEntriesByType('resource').map(({ name }) => name)")
        blocked = page.run("return fetch('/v1/head').then(() => 'fetched', () => 'blocked')")
        cookies = page.run("return document.cookie")
    assert ([each for each in loaded if "favicon" not in each], blocked, cookies) == ([], "blocked", "")
