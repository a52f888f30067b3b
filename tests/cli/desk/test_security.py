"""The gate of the desk, asked by raw requests; the links and forms of its sessions; and the bodies that are no form."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

pytest.importorskip("starlette", reason="needs the extra `server`")

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from cli.desk import security
from cli.desk.security import HEADERS, LARGEST, MOST_FORMS, NOTHING, Gate, Sessions, fields

HOST = "127.0.0.1:7370"
FORM = "application/x-www-form-urlencoded"


class Door:
    """A gate before an application that answers `inside`, and a browser that is admitted."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.sessions = Sessions(self.said.append)
        self.gate = Gate(self._inside, [HOST, "127.0.0.1:9999"], self.sessions, lambda why, code: Response(why, code))
        cookie = self.sessions.enter(self.sessions.link)
        self.admitted = ("cookie", f"{self.gate.cookie}={cookie}")

    async def _inside(self, scope: Any, receive: Any, send: Any) -> None:
        own = {"content-security-policy": "default-src 'self'"} if scope["path"] == "/own" else {}
        await PlainTextResponse("inside", headers=own)(scope, receive, send)

    def ask(
        self, *headers: tuple[str, str], method: str = "GET", path: str = "/", query: str = "", of: str = "http"
    ) -> Any:
        """Return the status, the headers and the body of the answer to one request; None for no answer."""
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": of,
            "method": method,
            "path": path,
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers],
            "server": ("127.0.0.1", 7370),
        }
        asyncio.run(self.gate(scope, None, send))  # type: ignore[arg-type]
        if not sent:
            return None
        start, body = sent[0], b"".join(each.get("body", b"") for each in sent[1:])
        return start["status"], {name.decode(): value.decode() for name, value in start["headers"]}, body.decode()

    def status(self, *headers: tuple[str, str], **more: str) -> int:
        status: int = self.ask(*headers, **more)[0]
        return status


@pytest.fixture
def door() -> Door:
    return Door()


# -- the gate ----------------------------------------------------------------------------------------------------------


def test_an_admitted_browser_comes_in_by_each_name_of_the_desk(door: Door) -> None:
    assert door.ask(("host", HOST), door.admitted)[::2] == (200, "inside")
    assert door.status(("host", "127.0.0.1:9999"), door.admitted) == 200
    assert door.status(("host", HOST), door.admitted, method="HEAD") == 200


@pytest.mark.parametrize("hosts", [[], ["evil.example"], [HOST, HOST], [HOST, "evil.example"]])
def test_a_request_names_the_desk_once(hosts: list[str], door: Door) -> None:
    status, _, body = door.ask(*(("host", host) for host in hosts), door.admitted)
    assert (status, body) == (421, "This is not a name of the desk.")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT"])
def test_another_method_is_refused_before_anything_else_is_read(method: str, door: Door) -> None:
    assert door.ask(("host", HOST), method=method)[::2] == (405, "The desk knows GET and POST.")


def test_what_is_no_request_has_no_answer(door: Door) -> None:
    for of in ("websocket", "lifespan"):
        assert door.ask(("host", HOST), door.admitted, of=of) is None


def test_the_link_is_taken_from_a_get_of_the_first_page_alone(door: Door) -> None:
    link = f"token={door.sessions.link}"
    assert door.status(("host", HOST), path="/orders", query=link) == 403
    assert door.status(("host", HOST), query=link, method="POST") == 403
    assert door.status(("host", HOST), query=link, method="HEAD") == 403
    assert door.status(("host", HOST), door.admitted, query="token=") == 200, "an empty link is none"
    refused = door.ask(("host", HOST), door.admitted, query="token=x")
    assert (refused[0], "used before" in refused[2]) == (403, True)
    status, headers, _ = door.ask(("host", HOST), query=link)
    assert (status, headers["location"]) == (303, "/")
    cookie = headers["set-cookie"]
    assert cookie.startswith(f"{door.gate.cookie}=")
    assert {part.strip().lower() for part in cookie.split(";")[1:]} == {"httponly", "path=/", "samesite=strict"}
    assert door.status(("host", HOST), ("cookie", cookie.partition(";")[0])) == 200
    assert door.status(("host", HOST), query=link) == 403, "it was used"


def test_the_cookie_is_named_after_the_port(door: Door) -> None:
    assert door.gate.cookie == "comity-desk-7370"


@pytest.mark.parametrize(
    ("site", "status"),
    [("none", 200), ("same-origin", 200), ("same-site", 403), ("cross-site", 403), ("", 403)],
)
def test_a_page_of_another_site_leads_nowhere(site: str, status: int, door: Door) -> None:
    assert door.status(("host", HOST), door.admitted, ("sec-fetch-site", site)) == status
    post = (("host", HOST), door.admitted, ("origin", f"http://{HOST}"), ("sec-fetch-site", site))
    assert door.status(*post, method="POST") == status


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ([f"http://{HOST}"], 200),
        ([f"https://{HOST}"], 403),
        (["http://127.0.0.1:9999"], 403),
        (["null"], 403),
        ([], 403),
    ],
)
def test_a_form_comes_from_the_desk_itself(origin: list[str], status: int, door: Door) -> None:
    headers = [("origin", each) for each in origin]
    assert door.status(("host", HOST), door.admitted, *headers, method="POST") == status
    assert door.status(("host", HOST), door.admitted, *headers) == 200, "a page is asked for from anywhere"


def test_every_answer_has_the_headers_and_the_log_has_no_query(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger=security.__name__)
    for path, policy in (("/", NOTHING), ("/own", "default-src 'self'")):
        for more in ((door.admitted,), ()):
            status, headers, _ = door.ask(("host", HOST), *more, path=path, query="q=secret")
            assert {name: headers[name] for name in HEADERS} == HEADERS
            assert headers["content-security-policy"] == (policy if status == 200 else NOTHING)
    assert caplog.messages == ["GET /: 200", "GET /: 403", "GET /own: 200", "GET /own: 403"]


# -- links and forms ---------------------------------------------------------------------------------------------------


def test_a_link_lets_one_browser_in_and_the_next_one_is_said() -> None:
    said: list[str] = []
    sessions = Sessions(said.append)
    first = sessions.link
    assert (sessions.enter("x"), said, sessions.link) == (None, [], first)
    cookie = sessions.enter(first)
    assert said == [sessions.link]
    assert said != [first]
    other = sessions.enter(sessions.link)
    assert [sessions.is_admitted(each) for each in (cookie, other, None, "", "x", first)] == [True] * 2 + [False] * 4
    assert sessions.enter(first) is None


def test_a_form_is_spent_once_and_the_oldest_of_too_many_is_forgotten() -> None:
    sessions = Sessions()
    forms = [sessions.form() for _ in range(MOST_FORMS)]
    assert sessions.spend(forms[0])
    assert not sessions.spend(forms[0])
    forms += [sessions.form(), sessions.form()]
    assert [sessions.spend(forms[at]) for at in (1, 2, -1)] == [False, True, True]
    assert not sessions.spend("")


# -- bodies ------------------------------------------------------------------------------------------------------------


def sent(body: bytes, kind: str = FORM, wait: float = 0) -> dict[str, str] | None:
    """Return what the desk takes from a body; `{form}` in it is a form that is open."""
    sessions = Sessions()
    parts = [body.replace(b"{form}", sessions.form().encode())]

    async def receive() -> Any:
        await asyncio.sleep(wait)
        return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}

    request = Request({"type": "http", "method": "POST", "headers": [(b"content-type", kind.encode())]}, receive)
    return asyncio.run(fields(request, sessions))


@pytest.mark.parametrize("kind", [FORM, f"{FORM}; charset=utf-8", f"{FORM} ;x"])
def test_the_fields_of_a_form_are_taken_empty_ones_too(kind: str) -> None:
    found = sent(b"form={form}&what=dpo&because=a+b%C3%A9&purpose=", kind)
    assert found is not None
    assert {name: value for name, value in found.items() if name != "form"} == {
        "what": "dpo",
        "because": "a b\u00e9",
        "purpose": "",
    }


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"form={form}", "text/plain"),
        (b"form={form}", ""),
        (b"form={form}", f"text/plain; {FORM}"),
        (b"form=x", FORM),
        (b"what=dpo", FORM),
        (b"", FORM),
        (b"form={form}&what=a&what=b", FORM),
        (b"form={form}&what", FORM),
        (b"form={form}&what=\xff", FORM),
        (b"form={form}&what=%FF", FORM),
    ],
)
def test_another_body_is_no_form(body: bytes, kind: str) -> None:
    assert sent(body, kind) is None


@pytest.mark.parametrize(("size", "taken"), [(LARGEST - 1, True), (LARGEST, True), (LARGEST + 1, False)])
def test_a_form_has_a_largest_size(size: int, taken: bool) -> None:
    token = "t" * 32
    sessions = Sessions()
    sessions._forms[token] = None
    body = f"form={token}&because=".encode()
    body += b"x" * (size - len(body))
    half = [body[:100], body[100:]]

    async def receive() -> Any:
        return {"type": "http.request", "body": half.pop(0), "more_body": bool(half)}

    request = Request({"type": "http", "method": "POST", "headers": [(b"content-type", FORM.encode())]}, receive)
    assert (asyncio.run(fields(request, sessions)) is not None) is taken


def test_a_form_that_takes_too_long_or_breaks_off_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(security, "PATIENCE", 0.01)
    assert sent(b"form={form}") is not None
    assert sent(b"form={form}", wait=5) is None

    async def gone() -> Any:
        return {"type": "http.disconnect"}

    request = Request({"type": "http", "method": "POST", "headers": [(b"content-type", FORM.encode())]}, gone)
    assert asyncio.run(fields(request, Sessions())) is None
