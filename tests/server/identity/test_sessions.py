"""A session is one person's, in one browser, for a time; only pages of the server use it, and it signs nothing."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from starlette.requests import Request

from ledger.errors import RecordError
from server.access import Caller
from server.identity.accounts import Account, Accounts
from server.identity.callers import SESSION, Callers, Peers
from server.identity.database import SQLiteDatabase
from server.identity.sessions import IDLE, LONGEST, MOST, Sessions, Spent, server_secret
from server.operations.request_log import json_logs
from tests.server.identity.browser import Authenticator, Browser, signed_in
from tests.server.office import Office


@pytest.fixture
def dina(house: Office, request: pytest.FixtureRequest) -> tuple[Browser, Authenticator]:
    return signed_in(house, f"Dina {request.node.name}"[:100], "ilves")


class Clock:
    """The time of a store, in seconds."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[tuple[Clock, Accounts, Sessions, Account]]:
    clock = Clock()
    with closing(SQLiteDatabase(tmp_path / "identity.db")) as database:
        accounts = Accounts(database, clock)
        yield clock, accounts, Sessions(database, accounts, clock), accounts.add("Dina", "ilves")


# -- how long ----------------------------------------------------------------------------------------------------------

Kept = tuple[Clock, Accounts, Sessions, Account]


def test_a_session_ends_when_it_is_not_used(kept: Kept) -> None:
    clock, _, sessions, account = kept
    token = sessions.begin(account.id, "passkey")
    clock.now += IDLE
    assert sessions.find(token)
    clock.now += IDLE
    assert sessions.find(token), "it was used"
    clock.now += IDLE + 1
    assert sessions.find(token) is None
    clock.now -= IDLE
    assert sessions.find(token) is None, "it has ended for good"


def test_a_session_ends_however_often_it_is_used(kept: Kept) -> None:
    clock, _, sessions, account = kept
    token = sessions.begin(account.id, "passkey")
    for _ in range(LONGEST // IDLE):
        clock.now += IDLE
        assert sessions.find(token)
    clock.now += 1
    assert sessions.find(token) is None


def test_a_look_that_is_no_use_keeps_no_session_alive(kept: Kept) -> None:
    clock, _, sessions, account = kept
    token = sessions.begin(account.id, "passkey")
    clock.now += IDLE
    sessions.find(token, used=False)
    clock.now += 1
    assert sessions.find(token) is None


def test_the_oldest_session_of_an_account_ends_for_the_next(kept: Kept) -> None:
    clock, _, sessions, account = kept
    tokens = []
    for _ in range(MOST + 1):
        clock.now += 1
        tokens.append(sessions.begin(account.id, "passkey"))
    assert [sessions.find(each) is None for each in tokens] == [True, *[False] * MOST]


def test_a_session_id_is_not_in_the_file(kept: Kept, tmp_path: Path) -> None:
    _, accounts, sessions, account = kept
    token, code = sessions.begin(account.id, "passkey"), accounts.make_code(account.id)
    raw = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert account.id.encode() in raw
    assert token.encode() not in raw
    assert code.encode() not in raw
    assert code.replace("-", "").encode() not in raw


def test_what_is_spent_stays_spent_in_another_process_until_its_moment(tmp_path: Path) -> None:
    clock = Clock()
    with (
        closing(SQLiteDatabase(tmp_path / "identity.db")) as first,
        closing(SQLiteDatabase(tmp_path / "identity.db")) as second,
    ):
        assert Spent(first, clock).spend("key", "nonce", int(clock.now) + 5)
        assert not Spent(second, clock).spend("key", "nonce", int(clock.now) + 5)
        assert Spent(second, clock).spend("other", "nonce", int(clock.now) + 5)
        assert server_secret(first) == server_secret(second)
        clock.now += 6
        again = Spent(second, clock)
        for number in range(1_000):
            again.spend("other", str(number), int(clock.now))
        assert first.rows("SELECT count(*) FROM spent WHERE nonce = 'nonce'") == [(0,)]


# -- over HTTP ---------------------------------------------------------------------------------------------------------


def test_the_cookie_of_a_session_is_of_this_host_alone_and_no_script_reads_it(house: Office) -> None:
    accounts = house.running.accounts
    code = accounts.make_code(accounts.add("cookie", "ilves").id)
    (line,) = Browser(house).enrol(Authenticator(house.url), code).cookies
    name, *parts = line.split("; ")
    assert name.startswith("__Host-")
    assert set(parts) == {"Path=/", "Secure", "HttpOnly", "SameSite=Strict", f"Max-Age={LONGEST}"}


def test_signing_in_begins_a_new_session_and_ends_the_one_before(
    house: Office, dina: tuple[Browser, Authenticator]
) -> None:
    fixed = Browser(house, {SESSION: "an id that somebody else has chosen"})
    assert fixed.sign_in(dina[1]).status == 200
    first = fixed.session
    assert first != "an id that somebody else has chosen"
    assert Browser(house, {SESSION: "an id that somebody else has chosen"}).get("/v1/account").code == "API-SESSION"
    assert fixed.sign_in(dina[1]).status == 200
    assert Browser(house, {SESSION: first}).get("/v1/account").code == "API-SESSION"


def test_signing_out_ends_the_session_at_once(house: Office, dina: tuple[Browser, Authenticator]) -> None:
    browser = Browser(house)
    browser.sign_in(dina[1])
    token = browser.session
    assert browser.post("/v1/sign-out", {}).status == 200
    assert not browser.session
    assert Browser(house, {SESSION: token}).get("/v1/account").code == "API-SESSION"
    assert browser.post("/v1/sign-out", {}).status == 200, "who has none signs out as well"


@pytest.mark.parametrize("by", ["the person", "an administrator"])
def test_all_sessions_of_a_person_end_at_once(house: Office, dina: tuple[Browser, Authenticator], by: str) -> None:
    browser, other = dina[0], Browser(house)
    assert other.sign_in(dina[1]).status == 200
    tokens, account = (browser.session, other.session), browser.get("/v1/account").json["account"]
    if by == "the person":
        assert browser.post("/v1/account/sessions/end", {}).json["ended"] == 2
    else:
        assert house.running.accounts.end_sessions(account) == 2
    for token in tokens:
        assert Browser(house, {SESSION: token}).get("/v1/account").code == "API-SESSION"


@pytest.mark.parametrize(
    ("headers", "good"),
    [
        ({}, True),
        ({"origin": None}, False),
        ({"origin": "null"}, False),
        ({"origin": "https://evil.example"}, False),
        ({"origin": "http://127.0.0.1:1"}, False),
        ({"sec-fetch-site": None}, False),
        ({"sec-fetch-site": "none"}, False),
        ({"sec-fetch-site": "same-site"}, False),
        ({"sec-fetch-site": "cross-site"}, False),
    ],
)
@pytest.mark.parametrize("path", ["/v1/entries", "/v1/account/sessions/end", "/v1/sign-in/passkey/options"])
def test_a_request_of_another_page_changes_nothing(
    house: Office, dina: tuple[Browser, Authenticator], headers: dict[str, str], good: bool, path: str
) -> None:
    browser = Browser(house)
    browser.sign_in(dina[1])
    reply = browser.post(path, {"entries": 5} if path == "/v1/entries" else {}, headers)
    assert (reply.status == 403 and reply.code == "API-ORIGIN") != good
    assert (browser.get("/v1/account").status == 200) == (not good or path != "/v1/account/sessions/end")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "none"}, 200),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"origin": "https://evil.example"}, 403),
    ],
)
def test_a_page_of_another_origin_reads_nothing(
    house: Office, dina: tuple[Browser, Authenticator], headers: dict[str, str], status: int
) -> None:
    assert dina[0].get("/v1/orders", headers).status == status


def test_the_origin_is_that_of_the_host_that_was_asked(house: Office, dina: tuple[Browser, Authenticator]) -> None:
    here, there = f"127.0.0.1:{house.port}", f"localhost:{house.port}"
    for host, origin, status in (
        (there, there, 200),
        (there, here, 403),
        (here, there, 403),
        ("evil.example", "", 421),
    ):
        headers = {"host": host, "origin": f"http://{origin or host}"}
        assert dina[0].post("/v1/sign-in/passkey/options", {}, headers).status == status


def test_a_body_that_is_too_large_is_refused_where_people_sign_in(house: Office) -> None:
    reply = Browser(house).post("/v1/sign-in/enrolment/options", {"code": "x" * (1 << 20)})
    assert (reply.status, reply.code) == (413, "API-LARGE")


def test_a_body_that_is_nested_without_end_is_refused_where_people_sign_in(house: Office) -> None:
    body = b'{"credential": {"x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}"
    page = {"origin": house.url, "sec-fetch-site": "same-origin", "content-type": "application/json"}
    reply = house.send("POST", "/v1/sign-in/passkey", body, page)
    assert (reply.status, reply.code) == (400, "API-REQUEST")


def test_who_signs_in_is_logged_by_the_id_of_the_account_alone(house: Office) -> None:
    stream = io.StringIO()
    with json_logs(stream):
        browser, _ = signed_in(house, "Erika Mustermann", "ilves")
    account = browser.get("/v1/account").json["account"]
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [(line["message"], line["account"]) for line in lines] == [
        (act, account) for act in ("account-added", "code-made", "passkey-added", "signed-in")
    ]
    assert "Erika" not in stream.getvalue()
    assert browser.session not in stream.getvalue()


def test_a_stream_of_events_ends_with_the_session_and_does_not_keep_it(kept: Kept) -> None:
    clock, accounts, sessions, account = kept
    caller = Caller("", "ilves", "XO", frozenset(), account=account.id)
    finder = Callers(None, None, accounts, sessions, Peers(), None, lambda *_: caller)  # type: ignore[arg-type]
    token = sessions.begin(account.id, "passkey")
    headers = [(b"cookie", f"{SESSION}={token}".encode())]
    known = finder._find(Request({"type": "http", "method": "GET", "headers": headers}), "", "", b"")
    assert known is not None
    clock.now += IDLE
    assert known.again() is caller
    clock.now += 1
    with pytest.raises(RecordError, match="API-SESSION"):
        known.again()


def test_two_sessions_are_none(house: Office, dina: tuple[Browser, Authenticator]) -> None:
    double = f"{SESSION}={dina[0].session}; {SESSION}={dina[0].session}"
    assert Browser(house).get("/v1/account", {"cookie": double}).code == "API-SIGNATURE"


def test_a_session_reads_what_a_signature_of_its_office_reads(
    house: Office, dina: tuple[Browser, Authenticator]
) -> None:
    signed = house.ask("ilves", "/v1/orders").json
    assert dina[0].get("/v1/orders").json["orders"] == signed["orders"]


def test_a_person_with_some_roles_of_the_office_has_no_others(house: Office) -> None:
    browser, _ = signed_in(house, "a person without roles", "ilves", ("NONE",))
    assert browser.get("/v1/account").json["roles"] == []
    assert browser.get("/v1/orders").json["orders"] == []
