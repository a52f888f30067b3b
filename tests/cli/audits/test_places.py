"""An audit takes each ledger that is named, once, and refuses more of them than one audit has room for."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.audits import places
from cli.audits.places import Place, places_of
from cli.exit_codes import Stop


def named(folder: Path, *arguments: str) -> list[str]:
    return [each.place.removeprefix(f"{folder}/") for each in places_of([f"{folder}/{one}" for one in arguments])]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("many/b", "many/a", "many/.hidden", "one/log", "empty"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "many" / "notes.txt").write_text("no folder")
    lines = ['[[ledger]]\nplace = "one"\nlog = "ledger.example/xo/karsk"\nholder = "Köln"\nstore = "x"\n',
             '[[ledger]]\nplace = "https://log.example/a/"\n']  # fmt: skip
    (tmp_path / "list.toml").write_text("".join(lines))
    return tmp_path


def test_a_folder_with_a_log_is_one_ledger_and_another_one_holds_ledgers(folder: Path) -> None:
    assert named(folder, "one") == ["one"]
    assert named(folder, "many") == ["many/a", "many/b"]
    assert named(folder, "missing") == ["missing"], "the report names it"
    assert named(folder, "one", "many", "many/a", "one/") == ["one", "many/a", "many/b"]


def test_a_url_is_a_ledger_and_is_the_same_one_with_a_last_slash(folder: Path) -> None:
    urls = ["https://log.example/a/", "http://log.example/a", "https://log.example/a"]
    assert [each.place for each in places_of(urls)] == ["https://log.example/a", "http://log.example/a"]


def test_a_list_says_what_the_auditor_holds_of_each_ledger(folder: Path) -> None:
    one, url = places_of([str(folder / "list.toml")])
    assert one == Place(str(folder / "one"), "ledger.example/xo/karsk", "Köln", "x")
    assert url == Place("https://log.example/a")
    known = Place(str(folder / "one"), "ledger.example/xo/other")
    assert places_of([str(folder / "one")], [known]) == [known], "what is listed counts before what is named"


def test_no_ledger_is_refused_and_so_are_more_than_an_audit_takes(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for arguments in ([], [str(folder / "empty")]):
        with pytest.raises(Stop, match="no ledger to audit"):
            places_of(arguments)
    monkeypatch.setattr(places, "MOST", 2)
    assert len(places_of([str(folder / "many")])) == 2
    with pytest.raises(Stop, match="more than 2 ledgers"):
        places_of([str(folder / "many"), str(folder / "one")])


@pytest.mark.parametrize(
    "text", ["[[ledger", "ledger = 1", "[[ledger]]\nplace = 1", '[[ledger]]\nplace = "a"\nx = 1', "\xff"]
)
def test_a_file_that_is_no_list_of_ledgers_is_refused(text: str, folder: Path) -> None:
    (folder / "list.toml").write_bytes(text.encode("latin-1"))
    with pytest.raises(Stop, match="is no list of ledgers"):
        places_of([str(folder / "list.toml")])
