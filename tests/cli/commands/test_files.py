"""Files are sent to a server and fetched from it by commands; what the server says of them is proven."""

from __future__ import annotations

import json
from pathlib import Path
from secrets import token_bytes
from typing import Any

import pytest

pytest.importorskip("starlette", reason="needs the extra `server`")

from cli.commands.files import FilesCheckAnswer, _lines, _paths
from comity.remote.connection import Connection
from server.files.pieces import PIECE
from tests.cli.remote.desk import dishonest, of_story
from tests.server.files.conftest import kept
from tests.server.files.office import Keeping
from tests.support.cli import ledger_of, run

__all__ = ["kept"]
GET = ("--purpose", "investigation", "--person", "Dina Ilves", "--as", "ilves", "--role", "ISS")


def test_a_file_is_sent_listed_and_fetched_by_commands(kept: Keeping, tmp_path: Path) -> None:
    person, order, data = of_story(kept.office, "ilves", tmp_path / "me"), kept.order(), token_bytes(PIECE + 3)
    kept.arrived(order, data, b"", names=("Rückgabe.zip", "empty.txt"))
    paths = [kept.path(data, "Rückgabe.zip"), kept.path(b"", "empty.txt")]
    sent = person.reply("files", "put", order, *map(str, paths), "--as", "ilves")
    assert [(each["size"], each["seq"]) for each in sent["files"]] == [(len(data), 2), (0, 2)]
    (listed,) = person.reply("files", "list", order)["entries"]
    assert (listed["kind"], listed["kept"], listed["unfinished"]) == ("evidence-received", 2, 0)
    got = person.reply("files", "get", order, "2", "-o", str(tmp_path / "got"), *GET)
    assert {Path(each["file"]).name for each in got["files"]} == {"Rückgabe.zip", "empty.txt"}
    assert (tmp_path / "got" / "Rückgabe.zip").read_bytes() == data
    again = person.run("files", "get", order, "2", "-o", str(tmp_path / "got"), *GET)
    assert again.exit_code != 0
    assert "is there already" in again.stderr


def test_a_file_that_no_entry_states_is_refused(kept: Keeping, tmp_path: Path) -> None:
    person, order = of_story(kept.office, "ilves", tmp_path / "me"), kept.order()
    kept.arrived(order, token_bytes(9))
    refused = person.run("files", "put", order, str(kept.path(token_bytes(9))), "--as", "ilves")
    assert refused.exit_code != 0
    assert "API-MISSING" in refused.stderr


def test_a_server_that_states_other_files_than_the_entry_is_refused(kept: Keeping, tmp_path: Path) -> None:
    person, order, data = of_story(kept.office, "ilves", tmp_path / "me"), kept.order(), token_bytes(9)
    kept.arrived(order, data)
    kept.send("ilves", order, data)

    def other(answer: dict[str, Any]) -> None:
        answer["files"][0]["sha256"] = "00" * 32

    with dishonest("/opened-files", other):
        refused = person.run("files", "get", order, "2", "-o", str(tmp_path / "got"), *GET)
    assert "API-FALSE" in refused.stderr
    assert not any((tmp_path / "got").iterdir())


def test_bytes_with_another_digest_are_not_left_anywhere(
    kept: Keeping, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    person, order, data = of_story(kept.office, "ilves", tmp_path / "me"), kept.order(), token_bytes(9)
    kept.arrived(order, data)
    kept.send("ilves", order, data)
    monkeypatch.setattr(Connection, "fetch", lambda *args: iter([token_bytes(9)]))
    refused = person.run("files", "get", order, "2", "-o", str(tmp_path / "got"), *GET)
    assert "API-FALSE" in refused.stderr
    assert not any((tmp_path / "got").iterdir())


def test_what_has_come_before_the_connection_ended_is_not_fetched_again(
    kept: Keeping, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    person, order, data = of_story(kept.office, "ilves", tmp_path / "me"), kept.order(), token_bytes(900)
    kept.arrived(order, data)
    kept.send("ilves", order, data)
    fetch, starts = Connection.fetch, []

    def short(self: Connection, path: str, start: int) -> Any:
        starts.append(start)
        return iter([b"".join(fetch(self, path, start))[: 100 if len(starts) == 1 else None]])

    monkeypatch.setattr(Connection, "fetch", short)
    assert person.run("files", "get", order, "2", "-o", str(tmp_path / "got"), *GET).exit_code != 0
    assert person.run("files", "get", order, "2", "-o", str(tmp_path / "got"), *GET).exit_code == 0
    assert starts == [0, 100]
    assert [path.read_bytes() for path in (tmp_path / "got").iterdir()] == [data]


def test_no_name_leads_out_of_the_folder_and_no_two_are_equal(tmp_path: Path) -> None:
    paths = _paths(str(tmp_path), ["../../x", "..", "a/b", "b", "", "/etc/passwd", "a\0b"])
    assert all(path.parent == tmp_path for path in paths)
    assert len({*paths}) == len(paths)


def test_files_need_a_server_and_their_check_needs_the_folder(kept: Keeping, tmp_path: Path) -> None:
    ledger = ledger_of("S2", tmp_path)
    assert run("files", "list", "main", ledger=ledger).exit_code == 2
    none = run("files", "check", ledger=ledger)
    assert "no files are kept" in none.stderr
    person = of_story(kept.office, "ilves", tmp_path / "me")
    assert "FOLDER-ONLY" in person.run("files", "check").stderr


def test_the_configuration_states_where_files_are_kept(tmp_path: Path) -> None:
    config = tmp_path / "serve.toml"
    config.write_text(f'[files]\nfolder = "{tmp_path}/f"\nquota-gib = 2\n')
    shown = run("serve", "--check", "--config", str(config))
    assert f"# files are kept in {tmp_path}/f: 64 GiB each, 2 GiB in all" in shown.stdout
    for wrong in ('folder = "relative"', f'folder = "{tmp_path}"\nquota-gib = 0', 'folder = ""', "quota-gib = 1"):
        config.write_text(f"[files]\n{wrong}\n")
        refused = run("serve", "--check", "--config", str(config))
        assert refused.exit_code != 0
        assert "[files]" in refused.stderr
    assert json.loads(run("schema", "comity.files-check/1").stdout)["title"]


@pytest.mark.parametrize(
    ("stated", "name"),
    [
        ("return.zip", "return.zip"),
        ("Rückgabe 1.zip", "Rückgabe 1.zip"),
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\a.txt", "a.txt"),
        ("a\x1b\u202e.txt", "a__.txt"),
        ('a<b>c|d:e*f?g".txt', "a_b_c_d_e_f_g_.txt"),
        ("..", "file-1"),
        ("", "file-1"),
        (" . a . ", "a"),
        ("x" * 200, "x" * 150),
    ],
)
def test_a_name_of_a_file_leads_out_of_no_folder(stated: str, name: str) -> None:
    assert _paths("got", [stated]) == [Path("got", name)]


def test_two_files_of_one_name_get_two_paths() -> None:
    assert _paths("got", ["a", "b/a", "c"]) == [Path("got", "a"), Path("got", "2-a"), Path("got", "c")]
    assert _paths("got", ["", ""]) == [Path("got", "file-1"), Path("got", "file-2")]


def test_what_a_store_lacks_is_named_line_by_line() -> None:
    assert list(_lines(FilesCheckAnswer(1, 0, [], [], [], 0))) == ["1 file kept, 0 not whole yet"]
    assert list(_lines(FilesCheckAnswer(2, 3, ["x"], ["y", "z"], ["o"], 1))) == [
        "2 files kept, 3 not whole yet",
        "damaged: x is not what was stored",
        "locked: y is under a key that is not here",
        "locked: z is under a key that is not here",
        "orphans: o belongs to no file here",
        "deleted: 1 object",
    ]
