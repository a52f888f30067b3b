"""Every line of short commands on a log: its guard, what is published of it, its newest head, and other logs."""

from __future__ import annotations

import json
import shutil
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cli.commands import checkpoint, disclose, log_move_guard, log_remake_guard
from cli.exit_codes import Exit, Stop
from ledger.adapters.log.remote_signer import POINTER
from tests.support.cli import ORIGIN, House, ledger_of, run


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path).furnished()


# -- guard -------------------------------------------------------------------------------------------------------------


def test_a_guard_that_stays_in_its_file_is_answered_with_its_head(house: House) -> None:
    head, state = house.reply("checkpoint"), house.state_folder()
    size = head["size"]
    place = str(state / "guard.db")
    done = house.run("log", "move-guard", "file")
    assert (done.exit_code, done.stdout) == (Exit.DONE, f"guard of {ORIGIN} at {size} entries: {place}\n")
    answer = house.reply("log", "move-guard", "file", "--state", str(state))
    assert (answer["origin"], answer["guard"], answer["size"], answer["root"]) == (ORIGIN, place, size, head["root"])
    lines = house.run("log", "move-guard", "file", "--format", "csv").stdout.splitlines()
    assert lines == ["origin,guard,size", f"{ORIGIN},{place},{size}"]


@pytest.mark.parametrize("before", [None, "there"])
def test_a_guard_is_answered_with_its_place_before_and_none_on_a_machine_that_joins(
    before: str | None, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def used(folder: Path, place: Any) -> Any:
        asked.append((folder, place))
        return before, SimpleNamespace(size=7, root=b"\xab")

    monkeypatch.setattr(log_move_guard, "use_guard", used)
    answer = house.reply("log", "move-guard", "file", "--state", str(house.folder / "other"))
    place = house.folder / "other" / "guard.db"
    assert asked == [(place.parent, place)]
    assert [answer[name] for name in ("origin", "guard", "before", "size", "root")] == [
        *(ORIGIN, str(place), before, 7, "ab"),
    ]


def test_a_guard_of_another_process_is_moved_in_its_own_folder_alone(house: House) -> None:
    state = house.state_folder()
    (state / POINTER).write_text("socket")
    done = house.run("log", "move-guard", "file")
    assert done.exit_code == Exit.REFUSED
    assert "another process holds the guard of this log" in done.stderr
    assert "--state DIR names its folder" in " ".join(done.stderr.split())


def test_a_lost_guard_is_made_again_at_a_head_that_somebody_holds(house: House) -> None:
    head = house.reply("checkpoint")
    note = house.folder / "karsk.note"
    note.write_text(head["note"], encoding="utf-8")
    state = house.state_folder()
    (state / "guard.db").unlink()
    done = house.run("log", "remake-guard", "--anchor", str(note))
    assert (done.exit_code, done.stdout) == (Exit.DONE, f"guard of {ORIGIN} at {head['size']} entries: {state}\n")
    assert done.stderr.splitlines() == [
        "whatever was signed after the newest head shown and is not here is lost; if that may be: comity succeed"
    ]
    (state / "guard.db").unlink()
    answer = house.reply("log", "remake-guard", "--anchor", str(note))
    assert (answer["origin"], answer["size"], answer["root"]) == (ORIGIN, head["size"], head["root"])
    (state / "guard.db").unlink()
    assert house.run("log", "remake-guard").exit_code != Exit.DONE, "neither a quorum nor a head"
    assert not (state / "guard.db").exists()


def test_no_guard_is_made_again_under_a_clock_that_is_wrong(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = tmp_path / "held.note"
    note.write_text(house.reply("checkpoint")["note"])
    guard = house.state_folder() / "guard.db"
    guard.unlink()

    def wrong(folder: Any, home: Any) -> None:
        raise Stop("the clock is wrong")

    with monkeypatch.context() as patched:
        patched.setattr(log_remake_guard, "check_clock", wrong)
        done = house.run("log", "remake-guard", "--anchor", str(note))
        assert (done.exit_code, "the clock is wrong" in done.stderr, guard.exists()) == (Exit.USAGE, True, False)
    done = house.run("log", "remake-guard", "--anchor", str(note))
    assert (done.exit_code, guard.exists()) == (Exit.DONE, True)


# -- what is published -------------------------------------------------------------------------------------------------


def test_a_log_is_published_with_its_entries_and_the_statements_of_auditors(house: House) -> None:
    size = house.reply("checkpoint")["size"]
    audits = house.ledger / "log" / "audits"
    there = house.folder / "published"
    done = house.run("log", "publish", str(there))
    assert (done.exit_code, done.stdout) == (Exit.DONE, f"{ORIGIN}, {size} entries, in {there}\n")
    assert (there / "checkpoint").exists()
    assert any((there / "tile" / "entries").rglob("*"))
    assert not (there / "audits").exists()
    audits.mkdir(exist_ok=True)
    name = f"{'ab' * 32}.statement"
    (audits / name).write_bytes(b"all was checked")
    answer = house.reply("log", "publish", str(there))
    assert (there / "audits" / name).read_bytes() == b"all was checked"
    assert (answer["origin"], answer["size"], answer["folder"]) == (ORIGIN, size, str(there))
    assert [value for value in answer.values() if isinstance(value, list)] == [[]]


@pytest.mark.parametrize(
    ("quorum", "printed"),
    [
        (None, ["NO-WITNESS: the policy asks for none"]),
        (False, ["UNWITNESSED: no quorum of the policy's witnesses has seen it"]),
        (True, []),
    ],
)
def test_a_head_is_printed_as_its_note_and_what_its_witnesses_say(
    quorum: bool | None, printed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    head: Any = SimpleNamespace(
        checkpoint=SimpleNamespace(origin=ORIGIN, size=7, root=b"\xab\xcd"), cosignatures=("a", "b"), note=b"note\n\n"
    )
    said: list[str] = []
    emitted: list[Any] = []
    monkeypatch.setattr(checkpoint, "stored_by", lambda of, mirrors: [SimpleNamespace(name=m) for m in mirrors])
    monkeypatch.setattr(checkpoint, "stored", lambda of, mirrors: [f"{m} stores it" for m in mirrors])
    monkeypatch.setattr("cli.terminal.output.tell", said.append)
    monkeypatch.setattr(
        "cli.terminal.output.emit", lambda answer, columns, rows, text: emitted.append((answer, columns, rows, text()))
    )
    mirrors: Any = ["m1", "m2"]
    checkpoint._show(head, mirrors, quorum=quorum)
    ((answer, columns, rows, text),) = emitted
    assert (columns, rows, text) == (("origin", "size", "root", "cosignatures"), [answer], "note")
    assert (answer.origin, answer.size, answer.root, answer.cosignatures) == (ORIGIN, 7, "abcd", 2)
    assert (answer.quorum, answer.note, answer.stored_by) == (quorum, "note\n\n", ["m1", "m2"])
    assert said == [*printed, "m1 stores it", "m2 stores it"]


@pytest.mark.parametrize(("asked", "met", "quorum"), [("none", True, None), ("q", True, True), ("q", False, False)])
def test_the_head_of_a_server_is_shown_under_the_policy_that_is_held(
    asked: str, met: bool, quorum: bool | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = SimpleNamespace(cosignatures=[("key", 1)])
    names = lambda keys: {f"name of {key}" for key in keys}  # noqa: E731
    policy = SimpleNamespace(quorum=asked, names=names, met=lambda of: met and of == {"name of key"})
    shown: list[Any] = []
    said: list[str] = []
    monkeypatch.setattr(
        "cli.remote.remote_reader.served",
        lambda url, secret, describe: nullcontext(SimpleNamespace(head=lambda: head)),
    )
    monkeypatch.setattr(checkpoint, "known_server", lambda url: "server")
    monkeypatch.setattr(checkpoint, "trust_of", lambda of: SimpleNamespace(policy=policy, mirrors="mirrors"))
    monkeypatch.setattr(checkpoint, "_show", lambda *of, quorum: shown.append((*of, quorum)))
    monkeypatch.setattr("cli.terminal.output.tell", said.append)
    checkpoint._of_server("https://office.example")
    assert shown == [(head, "mirrors", quorum)]
    assert said == ["it is kept: an older or another state of this log is refused from now on"]
    monkeypatch.setattr(checkpoint, "known_server", lambda url: None)
    checkpoint._of_server("https://office.example")
    assert (len(shown), len(said)) == (1, 1)


# -- other logs --------------------------------------------------------------------------------------------------------


def test_the_keys_of_another_log_are_pinned_once_and_never_those_of_this_log(house: House, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    shutil.copytree(ledger_of("S1", tmp_path / "s1"), theirs)
    empty = tmp_path / "empty"
    empty.mkdir()
    for folder, says, hint in (
        (empty, f"{empty} has no file named policy", "it is the folder trust/ of their ledger"),
        (house.ledger, f"{house.ledger} is about this very ledger", ""),
    ):
        done = house.run("counterparty", "add", str(folder))
        assert done.exit_code != Exit.DONE
        assert says in " ".join(done.stderr.split())
        assert hint in " ".join(done.stderr.split())
    assert house.reply("counterparty", "list")["counterparties"] == []
    size = house.reply("checkpoint")["size"]
    added = house.run("counterparty", "add", str(theirs))
    assert added.exit_code == Exit.DONE, added.output
    origin = house.reply("counterparty", "list")["counterparties"][0]["log"]
    assert added.stderr.splitlines()[-1].startswith(f"{origin}: ")
    assert Path(added.stderr.splitlines()[-1].partition(": ")[2]).is_relative_to(house.ledger / "trust")
    assert house.reply("checkpoint")["size"] == size + 1
    again = house.run("counterparty", "add", str(theirs / "trust"))
    assert again.exit_code == Exit.DONE
    assert again.stderr == f"{origin} is pinned already, by these very files\n"
    assert house.reply("checkpoint")["size"] == size + 1
    (item,) = house.reply("counterparty", "list")["counterparties"]
    assert (item["size"], item["seen"], item["digest"]) == (None, None, None), "no head of it was seen"


# -- a disclosure ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("named", [False, True])
def test_a_disclosure_states_what_is_handed_over_and_withheld(
    named: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    one, two = tmp_path / "a.zip", tmp_path / "b.zip"
    one.write_bytes(b"one")
    two.write_bytes(b"two")
    put: list[Any] = []

    def recorded(asked: Any, kind: str, name: str, **more: Any) -> Exit:
        put.append((kind, name, more))
        return Exit.FINDINGS

    monkeypatch.setattr(disclose, "put", recorded)
    files = (str(one), str(two))
    words = ("--order", "P-1", *files) if named else ("P-1", *files)
    more = "--elements name,login-ip --channel mail --to ilves --partial --withheld x,y --withheld-reason not-held"
    assert run("disclose", *words, *more.split(), "--certificate", str(one)).exit_code == Exit.FINDINGS
    assert run("disclose", *words, "--elements", "name", "--channel", "mail").exit_code == Exit.FINDINGS
    (kind, name, full), (_, _, bare) = put
    assert (kind, name, [Path(f).name for f in full["files"]]) == ("data-disclosed", "P-1", ["a.zip", "b.zip"])
    public = full["public"]
    assert (public["partial"], public["channel"], public["recipient"]) == (True, "mail", "ilves")
    assert (list(public["withheld"]), public["withheld_reason"]) == (["x", "y"], "not-held")
    assert public["certificate"]["size"] == 3
    manifest = full["sealed"]["manifest"]
    assert [item["size"] for item in manifest["files"]] == [3, 3]
    assert manifest["elements"] == ["name", "login-ip"]
    assert not bare["public"].get("partial")
    assert "certificate" not in bare["public"]


# -- files against a record --------------------------------------------------------------------------------------------


def test_a_file_that_no_entry_states_is_named_and_undecided(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    strange = tmp_path / "strange.json"
    strange.write_bytes(b"{}")
    done = run("check", "main", str(strange), "--json", ledger=ledger)
    assert done.exit_code == Exit.PROVED_BAD
    (item,) = json.loads(done.stdout)["files"]
    assert (item["file"], item["verdict"], item["disclosed_by"], item["equal_to"]) == (
        str(strange),
        "unknown",
        None,
        [],
    )
    for words in ((), ("main",)):
        missing = run("check", *words, ledger=ledger)
        assert missing.exit_code == Exit.USAGE, words
