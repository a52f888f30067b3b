"""The signing page is served on an origin apart, over HTTPS, and its digest is compared with the register."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cli.exit_codes import Stop
from cli.serving import signing_page
from cli.serving.signing_page import built_page, check_apart, published

OFFICE = ("https://office.example",)
SIGN = "https://sign.office.example"


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(signing_page, "shipped", lambda path: tmp_path / path.rpartition("/")[2])
    (tmp_path / "sign.html").write_bytes(b"<html>sign")
    return tmp_path / "sign.html"


@pytest.mark.parametrize("origin", [SIGN, "http://localhost:7401", "http://sign.localhost", "http://127.0.0.1:7401"])
def test_the_built_page_is_served_over_https_or_on_this_machine(page: Path, origin: str) -> None:
    assert built_page(origin, OFFICE) == b"<html>sign"


def test_without_an_origin_there_is_no_page(page: Path) -> None:
    assert built_page("", OFFICE) == b""


@pytest.mark.parametrize(
    ("origin", "says"),
    [("http://sign.office.example", "browsers sign over HTTPS alone"), (OFFICE[0], "has a host name of its own")],
)
def test_a_page_that_could_not_sign_or_is_not_apart_is_refused(page: Path, origin: str, says: str) -> None:
    with pytest.raises(Stop, match=says):
        built_page(origin, OFFICE)


def test_a_page_that_is_not_built_is_not_served(page: Path) -> None:
    page.unlink()
    with pytest.raises(Stop, match="the signing page is not built"):
        built_page(SIGN, OFFICE)


def test_only_the_origin_of_the_office_server_is_not_apart() -> None:
    check_apart(SIGN, OFFICE)
    check_apart(SIGN, ())
    with pytest.raises(Stop, match="and not one of the office server"):
        check_apart(SIGN, (*OFFICE, SIGN))


@pytest.mark.parametrize("index", [None, 0, 7])
def test_the_digest_of_the_page_is_said_with_the_entry_that_states_it(
    index: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def published_at(*said: Any) -> int | None:
        asked.append(said)
        return index

    monkeypatch.setattr("server.signing.published.published_at", published_at)
    cases: Any = SimpleNamespace(opened_registry=lambda: "the register")
    digest = sha256(b"page").hexdigest()
    says = published(cases, b"page", SIGN)
    assert asked == [("the register", digest, SIGN)]
    if index is None:
        assert says[0] == f"signing page {digest} at {SIGN}, not recorded: nobody can compare it with the ledger"
        command = f"comity record signing-page-published -f sha256={digest} -f base={SIGN}"
        assert says[1].startswith(f"hint: {command}")
    else:
        assert says == [f"signing page {digest} at {SIGN}, recorded as entry {index} of the log"]
