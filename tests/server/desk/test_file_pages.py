"""The page on which a file is compared with an order, and the worker that hashes files."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

pytest.importorskip("starlette", reason="needs the extra `server`")

from ledger.entries.case import Case, Entry, Unread
from server.files.stated import stated_files
from tests.server.desk.desk import Person, person, words
from tests.server.office import Office, serving_story

MOMENT = datetime(2027, 4, 1, tzinfo=UTC)
DIGEST = "ab" * 32


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with serving_story("S2", tmp_path_factory.mktemp("house"), hashing=b"'use strict'") as served:
        yield served


@pytest.fixture(scope="module")
def dina(house: Office) -> Person:
    return person(house, "Dina Ilves", "ilves")


def entry(kind: str, n: int = 1, **values: object) -> Entry:
    sealed = {name: value for name, value in values.items() if isinstance(value, Unread) or name == "manifest"}
    public = {name: value for name, value in values.items() if name not in sealed}
    return Entry(f"{n:064x}", n, "order", n, kind, "2AP-7", "skylark", "SP", "XV", "", "act", MOMENT, MOMENT,
                 public=public, sealed=sealed)  # fmt: skip


def test_every_file_that_can_be_read_is_listed_with_its_digests() -> None:
    manifest = {"elements": [], "files": [{"name": "a.zip", "size": 3, "sha256": DIGEST, "digest": "sha3-256:00"}]}
    certificate = {"code": "certificate", "media": "application/pdf", "size": 9, "sha256": "cd" * 32}
    case = Case("order", "2AP-7", (entry("data-disclosed", certificate=certificate, manifest=manifest),), ())
    found = {(f.field, f.name, f.size, *f.digests.items()) for f in stated_files(case, MOMENT)}
    assert found == {
        ("certificate", "", 9, ("sha256", "cd" * 32)),
        ("manifest", "a.zip", 3, ("sha256", DIGEST), ("digest", "sha3-256:00")),
    }


def test_a_digest_of_custody_is_a_file_without_a_name() -> None:
    case = Case("order", "2AP-7", (entry("custody-transferred", digest_after=DIGEST),), ())
    (found,) = stated_files(case, MOMENT)
    assert (found.name, found.size, found.digests) == ("", None, {"sha256": DIGEST})


def test_what_is_sealed_or_erased_is_no_stated_file() -> None:
    for why in Unread:
        assert not list(stated_files(Case("order", "2AP-7", (entry("data-disclosed", manifest=why),), ()), MOMENT))


def test_a_digest_that_is_no_file_is_not_listed() -> None:
    assert not list(stated_files(Case("order", "", (entry("timestamp-anchored", root=DIGEST),), ()), MOMENT))


def test_the_page_says_which_entries_state_files_under_seal(dina: Person, order: str) -> None:
    shown = words(dina.get(f"/orders/{order}/files"))
    assert "the server opens no sealed value" in shown
    assert "#10 Data disclosed" in shown.partition("sealed</h2>")[2]


def test_an_order_that_a_caller_may_not_see_has_no_page_of_files(house: Office, order: str) -> None:
    assert person(house, "Sky", "ncco", key=False).get(f"/orders/{order}/files").status in (200, 404)
    assert (
        person(house, "No one", "registrar", key=False).get("/orders/00000000-0000-4000-8000-000000000000/files").status
        == 404
    )


@pytest.mark.parametrize("lang", ["en", "de", "fr"])
def test_the_page_exists_in_each_language(dina: Person, order: str, lang: str) -> None:
    reply = dina.get(f"/orders/{order}/files?lang={lang}")
    assert (reply.status, f'<html lang="{lang}">' in words(reply)) == (200, True)


def test_the_worker_may_run_webassembly_and_no_page_may(house: Office, dina: Person, order: str) -> None:
    worker = house.send("GET", "/desk/hashing.js").headers["content-security-policy"]
    assert worker == "default-src 'none'; script-src 'wasm-unsafe-eval'"
    assert "wasm" not in dina.get(f"/orders/{order}/files").headers["content-security-policy"]


def test_without_a_built_worker_its_address_has_none(office: Office) -> None:
    assert office.send("GET", "/desk/hashing.js").status == 404
