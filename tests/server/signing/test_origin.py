"""The signing page has a separate origin: this one file, with strict headers, and nothing else of the server."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

pytest.importorskip("fido2", reason="needs the extra `server`")
pytest.importorskip("starlette", reason="needs the extra `server`")
pytest.importorskip("http_message_signatures", reason="needs the extra `server`")

from server.signing.origin import SigningPage
from tests.server.office import Office, Reply, serving_story
from tests.support.cli import ledger_of, run

PAGE = b"""<!DOCTYPE html><meta http-equiv="Content-Security-Policy" content="default-src 'none'"><title>Sign</title>"""


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with serving_story("S2", tmp_path_factory.mktemp("office"), signing_page=PAGE) as served:
        yield served


def asked(office: Office, path: str = "/", method: str = "GET", **headers: str) -> Reply:
    """Return the answer of the host of the signing page."""
    return office.send(method, path, headers={"Host": f"sign.localhost:{office.port}", **headers})


def test_the_host_of_the_signing_page_answers_with_this_file(office: Office) -> None:
    answer = asked(office)
    assert (answer.status, answer.body) == (200, PAGE)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert asked(office, method="HEAD").body == b""
    tag = answer.headers["etag"]
    assert tag == f'"{sha256(PAGE).hexdigest()}"'
    again = asked(office, **{"If-None-Match": tag})
    assert (again.status, again.body) == (304, b"")


STRICT = {
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "x-frame-options": "DENY",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "unsafe-none",
    "cross-origin-resource-policy": "same-origin",
    "integrity-policy": "blocked-destinations=(script)",
    "origin-agent-cluster": "?1",
}


@pytest.mark.parametrize("path", ["/", "/missing"])
def test_every_answer_of_the_host_has_strict_headers_and_no_cookie(office: Office, path: str) -> None:
    answer = asked(office, path, Cookie="__Host-comity=x")
    headers = dict(STRICT)
    if path != "/":
        headers["content-security-policy"] = "default-src 'none'"
    assert {name: answer.headers.get(name) for name in headers} == headers
    assert answer.cookies == ()
    assert "strict-transport-security" not in answer.headers, "over HTTP it would have no effect"


def test_over_https_the_page_is_never_asked_for_over_http_again() -> None:
    headers = SigningPage(PAGE, "https://sign.office.example").headers
    assert headers["strict-transport-security"] == "max-age=31536000"


@pytest.mark.parametrize(
    "path", ["/v1/head", "/v1/entries", "/openapi.json", "/sign-in", "/health", "/ready", "/index.html", "/?x=1", "//"]
)
def test_nothing_else_of_the_server_answers_under_the_host_of_the_signing_page(office: Office, path: str) -> None:
    assert (asked(office, path).status, asked(office, path).code) == (404, "API-MISSING")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE"])
def test_the_page_can_only_be_read(office: Office, method: str) -> None:
    assert (asked(office, method=method).status, asked(office, method=method).code) == (405, "API-METHOD")


def test_the_signing_page_does_not_answer_under_a_host_of_the_office_server(office: Office) -> None:
    assert office.send("GET", "/").body != PAGE
    assert office.send("GET", "/health").status == 200


@pytest.mark.parametrize("host", ["sign.localhost", "sign.localhost:1", "SIGN.localhost:{}", "x.sign.localhost:{}"])
def test_another_host_is_neither(office: Office, host: str) -> None:
    assert office.send("GET", "/", headers={"Host": host.format(office.port)}).status == 421


def test_a_page_without_a_policy_is_not_served() -> None:
    with pytest.raises(ValueError, match="Content-Security-Policy"):
        SigningPage(b"<p>", "https://sign.office.example")


# -- which page is served is an entry of the log ----------------------------------------------------------------------

AT = "http://sign.localhost:7411"


def state(ledger: Path) -> str:
    """Return what `comity serve --check` says of the signing page."""
    said = run("serve", "--check", "--signing", AT, ledger=ledger)
    assert said.exit_code == 0, said.stderr
    return "\n".join(line for line in said.stdout.splitlines() if line.startswith(("# signing page", "# hint")))


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Return a built signing page in the place where the command looks for it."""
    page = tmp_path / "sign.html"
    page.write_bytes(PAGE)
    monkeypatch.setattr("cli.serving.signing_page.shipped", lambda name: page)
    return page


def test_the_check_says_whether_the_register_states_the_page_that_is_served(built: Path, tmp_path: Path) -> None:
    ledger = ledger_of("S2", tmp_path / "ledger")
    digest = sha256(PAGE).hexdigest()
    before = state(ledger)
    assert f"# signing page {digest} at {AT}, not recorded" in before
    command = before.partition("# hint: comity ")[2].split()
    assert command[:2] == ["record", "signing-page-published"]
    said = run(*command, "--as", "registrar", "--yes", ledger=ledger)
    assert said.exit_code == 0, said.stderr
    assert f"# signing page {digest} at {AT}, recorded as entry " in state(ledger)
    built.write_bytes(PAGE + b"changed")
    assert "not recorded" in state(ledger)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--signing", "https://office.example", "--url", "https://office.example"), "host name of its own"),
        (("--signing", "http://sign.example"), "over HTTPS alone"),
        (("--signing", "https://sign.example/page"), "no address of a server"),
    ],
)
def test_an_address_at_which_nobody_could_sign_is_refused(
    built: Path, options: tuple[str, ...], says: str, tmp_path: Path
) -> None:
    said = run("serve", "--check", *options, ledger=None)
    assert (said.exit_code, says in said.stderr) == (2, True), said.stderr


def test_a_page_that_is_not_built_is_not_served(built: Path) -> None:
    built.unlink()
    said = run("serve", "--check", "--signing", AT, ledger=None)
    assert "make browser" in said.stderr
