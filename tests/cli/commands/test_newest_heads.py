"""The newest head that each witness cosigned, and what only a terminal or a page apart is shown."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cli.commands import serve, witnesses
from cli.invocation import Invocation
from cli.stories.model import read_story
from cli.stories.player import play_story
from cli.terminal import output
from ledger.entries.envelope import open_
from ledger.formats.ed25519 import public_key
from ledger.tlog.note import parse_vkey, witness_vkey
from tests.cli.commands.test_export_and_verify import made
from tests.support.cli import STORIES, ledger_of, run


def key(name: str, byte: int) -> Any:
    return parse_vkey(witness_vkey(name, public_key(bytes([byte]) * 32)))


A, B, C = key("a.example", 1), key("b.example", 2), key("c.example", 3)
SIGNED: dict[bytes, Iterable[Any]] = {
    b"2": [(B, 20)],
    b"3": [(A, 30), (B, 31)],
    b"5": [(A, 50)],
    b"7": [],
    b"9": [(A, 90)],
}


@pytest.mark.parametrize("known", [True, False])
def test_each_witness_is_listed_with_the_newest_head_that_it_cosigned(
    known: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = {"a": A, "b": B} if known else {"a": A, "b": B, "c": C}
    policy = SimpleNamespace(witnesses=named, urls={A: "https://a"}, quorum="any")
    mirrors = {B: SimpleNamespace(submission="https://b/mirror")}
    folder = SimpleNamespace(policy=policy, heads="heads", origin="log.example", keys="keys", mirrors=mirrors)
    heads = [
        SimpleNamespace(size=size, cosigned=at, note=b"%d" % size)
        for size, at in ((5, 1), (2, 1), (3, 1), (9, None), (7, 1))
    ]
    opened: list[bytes] = []

    def open_checkpoint(note: bytes, origin: str, keys: str, among: Any, *, mldsa: Any) -> Any:
        assert (origin, keys, among) == ("log.example", "keys", tuple(named.values()))
        opened.append(note)
        return SimpleNamespace(checkpoint=SimpleNamespace(size=int(note)), cosignatures=SIGNED[note])

    store = SimpleNamespace(all=lambda: heads, close=lambda: None)
    monkeypatch.setattr("ledger.adapters.folders.ledger_folder.read_folder", lambda path: folder)
    monkeypatch.setattr("ledger.adapters.log.checkpoints.CheckpointStore", lambda place, writable: store)
    monkeypatch.setattr("ledger.tlog.note.open_checkpoint", open_checkpoint)
    monkeypatch.setattr("ledger.tlog.quorum.overlap", lambda policy: 3)
    monkeypatch.setattr("ledger.tlog.quorum.blocking", lambda policy: 2)
    monkeypatch.setattr("ledger.tlog.quorum.explain", lambda policy: ["explained"])
    monkeypatch.setattr("cli.session.ledger_choice.ledger_folder", lambda: "ledger")
    shown: list[Any] = []
    told: list[str] = []
    monkeypatch.setattr("cli.terminal.output.emit", lambda answer, columns, rows: shown.append((answer, rows)))
    monkeypatch.setattr("cli.terminal.output.tell", told.append)
    witnesses.list_.main([], standalone_mode=False, obj=Invocation())
    ((answer, rows),) = shown
    found = [(each.name, each.witness, each.url, each.size, each.mirror) for each in rows]
    assert found == [
        ("a", "a.example", "https://a", 5, False),
        ("b", "b.example", "https://b/mirror", 3, True),
        *([] if known else [("c", "c.example", "", None, False)]),
    ]
    assert [each.cosigned and each.cosigned.timestamp() for each in rows[:2]] == [50, 31]
    assert (answer.quorum, answer.may_lie, answer.may_be_silent, answer.says) == ("any", 2, 1, ["explained"])
    assert opened == [b"7", b"5", b"3", *([] if known else [b"2"])], "no more are read than are needed"
    assert told[0] == "explained"
    assert [line for line in told[1:] if "b.example" in line] == told[1:]
    assert len(told) == 2, "what the mirror states is said once"


def test_the_signing_page_is_apart_from_the_address_at_which_the_server_listens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("starlette", reason="needs the extra `server`")
    asked: list[Any] = []

    def apart(origin: str, own: tuple[str, ...]) -> None:
        asked.append((origin, *own))
        raise ZeroDivisionError

    monkeypatch.setattr(serve, "check_apart", apart)
    monkeypatch.setattr(serve, "built_page", lambda origin, given: b"")
    monkeypatch.setenv("COMITY_LEDGER", str(ledger_of("S2", tmp_path)))
    words = ["--listen", "127.0.0.1:0", "--signing", "https://sign.example", "--url", "https://office.example"]
    with pytest.raises(ZeroDivisionError):
        serve.serve.main(words, standalone_mode=False, obj=Invocation(ledger=str(tmp_path / "ledger")))
    ((origin, own),) = asked
    assert origin == "https://sign.example"
    assert own.startswith("http://127.0.0.1:")
    assert not own.endswith(":0")


def test_the_timeline_of_a_bundle_says_nothing_of_corrections(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = ledger_of("S1", tmp_path)
    words = ("--bundle", str(made(ledger)), "--trust", str(ledger / "trust"))
    monkeypatch.setattr(output, "terminal", lambda stream=None: stream is None)
    done = run("timeline", *words, PAGER="cat")
    assert (done.exit_code, "Its signer puts an entry right" in done.stderr) == (0, False)
    named = run("timeline", "main", ledger=ledger, PAGER="cat")
    assert "Its signer puts an entry right" in named.stderr


def test_another_log_is_signed_in_the_role_that_may_sign_the_entry(tmp_path: Path) -> None:
    text = (STORIES / "word-of-the-other-side.toml").read_text("utf-8")
    head, name, rest = text.partition("[actors.fjordlink]")
    assert 'roles  = ["SP"]' in rest
    story = read_story((head + name + rest.replace('roles  = ["SP"]', 'roles  = ["LAB", "SP"]', 1)).encode(), "x")
    (log,) = play_story(story, tmp_path / "ledger").logs.values()
    assert {open_(raw).payload.signer.role for raw in log.entries[2:]} == {"SP"}
