"""A person signs in by a provider: what comes back counts for the browser that began, once, for a linked subject."""

from __future__ import annotations

import hmac
import http.client
import json
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from hashlib import sha256
from itertools import islice
from threading import Event
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from ledger.adapters.http_client import Reply as Answer
from ledger.errors import LedgerError, RecordError
from server.identity import oidc
from server.identity.callers import PROVIDER, SESSION
from server.identity.lockout import Lockout
from server.identity.oidc import CALLBACK, OpenId, Provider
from server.identity.unpadded import encode
from tests.server.identity.browser import Browser
from tests.server.office import Office, serving_story

with warnings.catch_warnings(record=True):  # its libraries are deprecated in favour of others
    provider_mock = pytest.importorskip("oidc_provider_mock", reason="signs people in")

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

# -- by a provider of others -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with provider_mock.run_server_in_thread() as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture(scope="module")
def provided(issuer: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    provider = Provider(issuer, "comity", "a secret: with / and %")
    with serving_story("S2", tmp_path_factory.mktemp("provided"), provider=provider) as office:
        accounts = office.running.accounts
        accounts.link_subject(accounts.add("Dina", "ilves").id, issuer, "dina-4471")
        yield office


@pytest.fixture(autouse=True)
def _no_wait(provided: Office) -> None:
    provided.running.sign_in.of_accounts = provided.running.sign_in.of_addresses = Lockout()


def begin(office: Office) -> tuple[Browser, str]:
    """Return a browser that has begun to sign in, and the address of the provider to which it was sent."""
    browser = Browser(office)
    reply = browser.get("/sign-in/oidc", {"sec-fetch-site": "none"})
    assert reply.status == 302
    return browser, reply.headers["location"]


def answered(place: str, subject: str) -> str:
    """Sign in at the provider; return where it sends the browser back, without scheme and host."""
    where = urlsplit(place)
    connection = http.client.HTTPConnection(where.netloc, timeout=30)
    form = {"content-type": "application/x-www-form-urlencoded"}
    connection.request("POST", f"{where.path}?{where.query}", urlencode({"sub": subject}), form)
    back = connection.getresponse().getheader("location") or ""
    connection.close()
    return back[back.index(CALLBACK) :]


BACK = {"sec-fetch-site": "cross-site"}


def test_a_linked_person_signs_in_by_the_provider(provided: Office) -> None:
    browser, place = begin(provided)
    reply = browser.get(answered(place, "dina-4471"), BACK)
    assert reply.status == 200, "a page: after a redirect from elsewhere the browser would not send the new cookie"
    assert b'http-equiv="refresh" content="0; url=/sign-in?lang=en"' in reply.body
    assert (browser.get("/v1/account").json["name"], PROVIDER in browser.cookies) == ("Dina", False)


def test_a_person_whom_nobody_has_linked_is_refused_and_learns_their_name(provided: Office, issuer: str) -> None:
    browser, place = begin(provided)
    reply = browser.get(answered(place, "mallory@ilves.example"), BACK)
    assert (reply.status, browser.session) == (403, "")
    assert b"<code>mallory@ilves.example</code>" in reply.body
    accounts = provided.running.accounts
    accounts.link_subject(accounts.add("Mallory", "harbor").id, issuer + "/", "mallory@ilves.example")
    browser, place = begin(provided)
    assert browser.get(answered(place, "mallory@ilves.example"), BACK).status == 403, "of another issuer"


def test_the_name_of_a_person_is_text_on_the_page(provided: Office) -> None:
    browser, place = begin(provided)
    reply = browser.get(answered(place, "<script>alert(1)</script>"), BACK)
    assert b"&lt;script&gt;alert(1)&lt;/script&gt;" in reply.body
    assert "script-src 'self'" in reply.headers["content-security-policy"]


def test_a_locked_person_does_not_sign_in_by_the_provider(provided: Office, issuer: str) -> None:
    accounts = provided.running.accounts
    account = accounts.add("Locked", "ilves").id
    accounts.link_subject(account, issuer, "locked")
    accounts.lock(account)
    browser, place = begin(provided)
    assert browser.get(answered(place, "locked"), BACK).status == 403


def test_an_answer_counts_once(provided: Office) -> None:
    browser, place = begin(provided)
    ticket, back = browser.cookies[PROVIDER], answered(place, "dina-4471")
    assert browser.get(back, BACK).status == 200
    again = Browser(provided, {PROVIDER: ticket})
    assert (again.get(back, BACK).status, again.session) == (401, "")


def test_an_answer_counts_once_whatever_the_provider_says(provided: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    browser, place = begin(provided)
    ticket, state = browser.cookies[PROVIDER], parse_qs(urlsplit(place).query)["state"][0]
    monkeypatch.setattr(provided.running.sign_in.openid, "subject", lambda *_: "dina-4471")
    back = f"{CALLBACK}?{urlencode({'state': state, 'code': 'a'})}"
    assert browser.get(back, BACK).status == 200
    assert Browser(provided, {PROVIDER: ticket}).get(back, BACK).status == 401


def test_an_answer_counts_for_the_browser_that_has_begun(provided: Office) -> None:
    _, place = begin(provided)
    victim, _ = begin(provided)
    back = answered(place, "dina-4471")
    for browser in (
        victim,
        Browser(provided),
        Browser(provided, {PROVIDER: "AAAA"}),
        Browser(provided, {PROVIDER: "*"}),
    ):
        reply = browser.get(back, BACK)
        assert (reply.status, browser.session) == (401, "")


@pytest.mark.parametrize("change", [{"code": ""}, {"code": "guessed"}, {"iss": "https://evil.example"}])
def test_an_answer_that_the_provider_has_not_given_signs_nobody_in(provided: Office, change: dict[str, str]) -> None:
    browser, place = begin(provided)
    state = parse_qs(urlsplit(place).query)["state"][0]
    query = {"state": state, "code": "guessed", **change}
    back = f"{CALLBACK}?{urlencode({name: value for name, value in query.items() if value})}"
    assert (browser.get(back, BACK).status, browser.session) == (401, "")


def test_signing_in_by_the_provider_begins_a_new_session(provided: Office) -> None:
    browser, place = begin(provided)
    fixed = Browser(provided, {PROVIDER: browser.cookies[PROVIDER], SESSION: "an id that somebody else has chosen"})
    fixed.get(answered(place, "dina-4471"), BACK)
    assert fixed.session != "an id that somebody else has chosen"
    assert fixed.get("/v1/account").status == 200


# -- by a dishonest provider -------------------------------------------------------------------------------------------

ISSUER, CLIENT = "https://login.example/tenant", "comity"
KEY, OTHER = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))


def _jwk(key: rsa.RSAPrivateKey) -> dict[str, str]:
    """Return a public key as JSON Web Key (RFC 7517)."""
    numbers = key.public_key().public_numbers()
    return {"kty": "RSA", "n": encode(numbers.n.to_bytes(256, "big")), "e": encode(numbers.e.to_bytes(3, "big"))}


class Liar:
    """A provider in this process; `metadata`, `keys` and `claims` are what it says."""

    def __init__(self) -> None:
        self.metadata: dict[str, Any] = {
            "issuer": ISSUER,
            "authorization_endpoint": f"{ISSUER}/authorize?x=1",
            "token_endpoint": f"{ISSUER}/token",
            "jwks_uri": f"{ISSUER}/keys",
        }
        self.keys = [{**_jwk(KEY), "kid": "one", "alg": "RS256"}]
        now = int(time.time())
        self.claims: dict[str, Any] = {
            "iss": ISSUER, "sub": "dina", "aud": CLIENT, "iat": now, "exp": now + 60, "nonce": "n",
        }  # fmt: skip
        self.token = ""
        self.asked: list[tuple[str, bytes | None, str]] = []

    def ask(self, url: str, form: bytes | None = None, authorization: str = "") -> Answer:
        self.asked.append((url, form, authorization))
        token = self.token or jwt.encode(self.claims, KEY, "RS256", {"kid": "one"})
        answers = {
            f"{ISSUER}/.well-known/openid-configuration": self.metadata,
            f"{ISSUER}/keys": {"keys": self.keys},
            f"{ISSUER}/token": {"id_token": token},
        }
        return Answer(200, "application/json", json.dumps(answers[url]).encode())


@pytest.fixture
def liar(monkeypatch: pytest.MonkeyPatch) -> Liar:
    made = Liar()
    monkeypatch.setattr(oidc, "_ask", made.ask)
    return made


def subject() -> str:
    return OpenId(Provider(ISSUER, CLIENT, "s/")).subject("https://office.example", "code", "n", "v")


def test_the_subject_of_a_token_that_holds_is_the_person(liar: Liar) -> None:
    assert subject() == "dina"
    liar.token = jwt.encode(liar.claims, KEY, "RS256")
    assert subject() == "dina", "the only key needs no name"
    _, form, authorization = liar.asked[1]
    assert parse_qs((form or b"").decode())["code_verifier"] == ["v"]
    assert authorization == "Basic Y29taXR5OnMlMkY="
    liar.metadata["token_endpoint_auth_methods_supported"] = ["client_secret_post"]
    assert subject() == "dina"
    assert parse_qs((liar.asked[-2][1] or b"").decode())["client_secret"] == ["s/"]


def test_the_provider_is_asked_with_pkce_state_and_nonce(liar: Liar) -> None:
    place = OpenId(Provider(ISSUER, CLIENT, "s")).address("https://office.example", "the state", "the nonce", "secret")
    query = {name: value for name, (value,) in parse_qs(urlsplit(place).query).items()}
    assert query == {
        "x": "1",
        "response_type": "code",
        "client_id": CLIENT,
        "redirect_uri": "https://office.example/sign-in/oidc/callback",
        "scope": "openid",
        "state": "the state",
        "nonce": "the nonce",
        "code_challenge": encode(sha256(b"secret").digest()),
        "code_challenge_method": "S256",
    }


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "https://evil.example"},
        {"aud": "another client"},
        {"aud": [CLIENT, "another client"]},
        {"aud": [CLIENT, "another client"], "azp": "another client"},
        {"azp": "another client"},
        {"exp": 1},
        {"iat": 4_000_000_000},
        {"nonce": "of another sign-in"},
        {"nonce": 5},
        {"nonce": None},
        {"sub": None},
        {"sub": ""},
        {"sub": "x" * 256},
        {"exp": None},
    ],
)
def test_a_token_that_says_something_else_signs_nobody_in(liar: Liar, change: dict[str, Any]) -> None:
    liar.claims |= change
    liar.claims = {name: value for name, value in liar.claims.items() if value is not None}
    with pytest.raises(RecordError, match="API-SIGN-IN"):
        subject()


def test_a_token_that_another_key_has_signed_signs_nobody_in(liar: Liar) -> None:
    public = json.dumps(_jwk(KEY)).encode()
    head = encode(b'{"alg": "none", "kid": "one"}')
    none = f"{head}.{encode(json.dumps(liar.claims).encode())}."
    claims = encode(json.dumps(liar.claims).encode())
    signed = encode(b'{"alg": "HS256", "kid": "one"}') + "." + claims
    for token in (
        jwt.encode(liar.claims, OTHER, "RS256", {"kid": "one"}),
        jwt.encode(liar.claims, OTHER, "RS256", {"kid": "two"}),
        jwt.encode(liar.claims, OTHER, "RS256"),
        f"{signed}.{encode(hmac.digest(public, signed.encode(), sha256))}",
        none,
        "no token",
        "",
    ):
        liar.token = token or "."
        with pytest.raises(RecordError, match="API-SIGN-IN"):
            subject()


@pytest.mark.parametrize(
    "change",
    [
        {"issuer": "https://evil.example"},
        {"issuer": ISSUER + "/"},
        {"token_endpoint": "http://login.example/token"},
        {"jwks_uri": "file:///etc/passwd"},
        {"authorization_endpoint": None},
    ],
)
def test_a_provider_that_is_not_the_configured_one_is_not_asked(liar: Liar, change: dict[str, Any]) -> None:
    liar.metadata |= change
    with pytest.raises(LedgerError, match="API-PROVIDER"):
        subject()
    assert len(liar.asked) == 1


def test_a_new_key_of_the_provider_is_fetched_once_a_minute(liar: Liar) -> None:
    now = [0.0]
    openid = OpenId(Provider(ISSUER, CLIENT, "s"), lambda: now[0])

    def ask() -> str:
        return openid.subject("https://office.example", "code", "n", "v")

    assert ask() == "dina"
    liar.keys, liar.token = [], jwt.encode(liar.claims, OTHER, "RS256", {"kid": "two"})
    for _ in range(3):
        with pytest.raises(RecordError, match="API-SIGN-IN"):
            ask()
    assert [url for url, _, _ in liar.asked].count(f"{ISSUER}/keys") == 1
    liar.keys = [{**_jwk(OTHER), "kid": "two"}]
    now[0] += 61
    assert ask() == "dina"


def test_a_provider_that_is_slow_holds_few_threads_of_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = Event()

    def wait(*_: object) -> Answer:
        go_on.wait(30)
        raise LedgerError("API-PROVIDER", "too late")

    monkeypatch.setattr(oidc, "_ask", wait)
    openid = OpenId(Provider(ISSUER, CLIENT, "s"))

    def begin() -> str:
        try:
            return openid.address("https://office.example", "s", "n", "v")
        except LedgerError as error:
            return error.code

    with ThreadPoolExecutor(8) as threads:
        results = [threads.submit(begin) for _ in range(8)]
        first = [each.result() for each in islice(as_completed(results, timeout=30), 4)]
        go_on.set()
    assert first == ["BUSY"] * 4, "four wait, and no more"


def test_a_provider_that_does_not_answer_is_a_fault_of_the_server(tmp_path_factory: pytest.TempPathFactory) -> None:
    nowhere = OpenId(Provider("http://127.0.0.1:9", CLIENT, "s"))
    with pytest.raises(LedgerError, match="API-PROVIDER"):
        nowhere.address("https://office.example", "s", "n", "v")
