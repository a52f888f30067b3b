"""The registrar of a new ledger: its name, its Party, and the key that is made or taken."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cli.commands import init
from cli.commands.init import _key_file, _made_before, _next, _party, _registrars_key, registrar_of
from cli.exit_codes import Stop
from ledger.errors import RecordError

ORIGIN = "ledger.example/xo/karsk"


@pytest.mark.parametrize(
    ("origin", "said", "test", "party"),
    [
        (ORIGIN, None, False, "XO"),
        (ORIGIN, "NO", False, "NO"),
        ("ledger.example/xyz/karsk", None, False, "XYZ"),
        ("ledger.example/xo", None, True, "XX"),
        ("ledger.example/xo", "XO-1", False, "XO-1"),
        ("ledger.example/long/karsk", None, True, "XX"),
        ("ledger.example/x/karsk", None, True, "XX"),
        (ORIGIN, None, True, "XO"),
    ],
)
def test_the_party_is_given_else_the_second_part_of_the_origin(
    origin: str, said: str | None, test: bool, party: str
) -> None:
    assert _party(origin, said, test) == party


@pytest.mark.parametrize(
    ("origin", "said", "test", "says"),
    [
        ("ledger.example/xo", None, False, "whose registrar is it"),
        (ORIGIN, "xo", False, "'xo' is no code of a Party"),
        (ORIGIN, "x", True, "'x' is no code of a Party"),
        (ORIGIN, "X", False, "is no code of a Party"),
        (ORIGIN, "X" * 33, False, "is no code of a Party"),
    ],
)
def test_a_code_that_is_none_is_refused(origin: str, said: str | None, test: bool, says: str) -> None:
    with pytest.raises(Stop, match=says):
        _party(origin, said, test)


@pytest.mark.parametrize("name", ["", "Registrar", "a b", "a/b", "x" * 201])
def test_a_name_that_is_no_name_of_an_office_is_refused(name: str) -> None:
    with pytest.raises(Stop, match="is no name for an office"):
        registrar_of(ORIGIN, name, None, None, None)


def test_a_registrar_has_its_name_its_party_and_the_key_of_its_file(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def key(file: str, secret: Any) -> Any:
        asked.append(file)
        return SimpleNamespace(public=b"\xab" * 32)

    monkeypatch.setattr(init, "_registrars_key", key)
    monkeypatch.setattr(init, "_key_file", lambda origin, name: f"{name} of {origin}")
    for file, whose in ((None, "XO"), ("a/key", "NO")):
        made = registrar_of(ORIGIN, "x" * 200, None if whose == "XO" else whose, file, None)
        assert (made.actor, made.party, made.key) == ("x" * 200, whose, "ab" * 32)
    assert asked == [f"{'x' * 200} of {ORIGIN}", "a/key"]
    with pytest.raises(RecordError):
        registrar_of("no origin", "registrar", "XO", None, None)


def test_the_file_of_a_key_is_named_after_the_registrar_and_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(init, "Home", SimpleNamespace(user=lambda: SimpleNamespace(keys=Path("keys"))))
    assert _key_file(ORIGIN, "registrar") == "keys/registrar.ledger.example.xo.karsk"
    assert len(Path(_key_file(f"ledger.example/{'x' * 90}", "registrar")).name) == 80


@pytest.mark.parametrize("exists", [False, True])
@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_key_that_is_there_is_taken_and_another_is_made(
    exists: bool, elsewhere: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[Any] = []
    key = SimpleNamespace(public=b"public")

    def new(path: Path, *, passphrase: bytes | None) -> Any:
        done.append(("made", path, passphrase))
        return key

    monkeypatch.setattr(init, "is_elsewhere", lambda file: elsewhere)
    monkeypatch.setattr(init, "opened", lambda file: (done.append(("opened", file)), key)[1])  # type: ignore[func-returns-value]
    files = SimpleNamespace(
        exists=lambda path: exists, new=new, finish=lambda path, public: done.append(("finished", path, public))
    )
    monkeypatch.setattr(init, "key_files", files)
    assert _registrars_key("a/key", lambda: b"secret") is key
    first = ("opened", "a/key") if exists or elsewhere else ("made", Path("a/key"), b"secret")
    assert done == [first, *([] if elsewhere else [("finished", Path("a/key"), b"public")])]


@pytest.mark.parametrize(
    ("there", "origin", "found"), [(False, ORIGIN, False), (True, ORIGIN, True), (True, "x", False)]
)
def test_a_ledger_of_the_same_name_was_made_before(
    there: bool, origin: str, found: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = SimpleNamespace(origin=origin)
    monkeypatch.setattr(init, "is_ledger", lambda path: there)
    monkeypatch.setattr(init, "read_folder", lambda path: folder)
    assert _made_before(Path("ledger"), ORIGIN) == (folder if found else None)


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([["2AP=2027-01-01"]], ["comity issue --template 2AP-7 > order.json"]),
        ([[], ["EU=2027-01-01", "2AP=2027-01-01"]], ["comity issue --template 2AP-7 > order.json"]),
        ([["EU=2027-01-01"]], ["comity issue --template EPOC > order.json"]),
        ([[]], ["comity issue --template EPOC > order.json"]),
        ([], ["comity offices add --template > offices.csv", "comity offices add offices.csv"]),
    ],
)
def test_what_comes_next_fits_the_treaty_that_binds_a_party(
    rows: list[list[str]], says: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(init, "at_ledger", lambda command, folder: command)
    book: list[Any] = [SimpleNamespace(in_force=each) for each in rows]
    journal: Any = None
    assert [*_next(journal, "ledger", book)] == says


def test_the_registrar_of_a_ledger_that_is_no_test_has_a_party() -> None:
    with pytest.raises(Stop, match="whose registrar is it"):
        registrar_of("ledger.example/karsk", "registrar", None, "a/key", None)
