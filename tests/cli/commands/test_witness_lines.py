"""A witness that pulls several logs ends with the gravest answer; a new policy says what its quorum withstands."""

from __future__ import annotations

import csv
from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cli.commands import witness, witnesses
from cli.exit_codes import Exit
from cli.invocation import Invocation
from ledger.adapters.log.published_log import LARGEST_NOTE
from ledger.formats.ed25519 import public_key
from ledger.tlog.names import origin_hash
from ledger.tlog.note import parse_vkey, witness_vkey
from tests.cli.commands.test_witness import LOG, NAME, logs, state
from tests.support.cli import House, reply, run

__all__ = ["logs", "state"]  # the fixtures

pytest.importorskip("httpx", reason="needs the extra `server`")


def test_a_new_witness_is_its_key_and_where_it_lives(tmp_path: Path) -> None:
    done = run("witness", "new", NAME, "--state", str(tmp_path / "w"))
    (vkey,) = done.stdout.splitlines()
    assert parse_vkey(vkey).name == NAME
    assert done.stderr.splitlines() == [
        f"key and memory: {tmp_path / 'w'}",
        "a ledger that wants its cosignatures: comity witness add VKEY URL",
    ]
    both = reply("witness", "new", NAME, "--state", str(tmp_path / "both"), "--mldsa")
    assert (len(both["vkeys"]), both["name"]) == (2, NAME)
    rows = run("witness", "new", NAME, "--state", str(tmp_path / "x"), "--format", "csv").stdout.splitlines()
    assert (rows[0], len(rows)) == ("vkey", 2)


def keeping(said: list[Any], answer: Any, *before: Any) -> Callable[..., Any]:
    """Return a function that keeps its arguments behind `before` and returns `answer`."""

    def kept(*asked: Any) -> Any:
        said.append((*before, *asked))
        return answer

    return kept


OK, BEHIND, TWIN = "ok", "behind", "twin"


@pytest.fixture
def published(tmp_path: Path, state: str, logs: str) -> list[str]:
    """Publish a log as it was seen, an older state and a fork of it; return what each command takes."""
    common = ["--name", NAME, "--state", state, "--policy", logs]
    LOG.publish(tmp_path / OK, 255)
    LOG.publish(tmp_path / BEHIND, 200)
    LOG.fork(100, 300).publish(tmp_path / TWIN, 300)
    assert run("witness", "pull", str(tmp_path / OK), *common).exit_code == Exit.DONE
    return common


@pytest.mark.parametrize(
    ("pulled", "ends"),
    [
        ((OK,), Exit.DONE),
        ((OK, OK), Exit.DONE),
        ((OK, BEHIND), Exit.REFUSED),
        ((BEHIND, OK), Exit.REFUSED),
        ((TWIN, OK), Exit.PROVED_BAD),
        ((TWIN, BEHIND), Exit.PROVED_BAD),
        ((BEHIND, TWIN, OK), Exit.PROVED_BAD),
    ],
)
def test_the_gravest_answer_decides_the_exit_code(
    pulled: tuple[str, ...], ends: Exit, published: list[str], tmp_path: Path
) -> None:
    done = run("witness", "pull", *(str(tmp_path / name) for name in pulled), *published, "--format", "csv")
    assert done.exit_code == ends
    rows = list(csv.reader(done.stdout.splitlines()))
    assert rows[0] == ["log", "size", "status", "says"]
    sizes = {OK: ("255", "200"), BEHIND: ("200", "400"), TWIN: ("300", "422")}
    assert [(row[0], row[1], row[2]) for row in rows[1:]] == [(LOG.origin, *sizes[name]) for name in pulled]
    assert [row[3].startswith("SPLIT-VIEW: ") for row in rows[1:]] == [name == TWIN for name in pulled]
    assert [row[3] == "cosigned" for row in rows[1:]] == [name == OK for name in pulled]


def test_a_note_is_written_of_one_log_that_was_cosigned(published: list[str], tmp_path: Path) -> None:
    note = tmp_path / "note"
    refused = run("witness", "pull", str(tmp_path / OK), str(tmp_path / OK), *published, "-o", str(note))
    assert (refused.exit_code, "-o takes the note of one log" in refused.stderr) == (Exit.USAGE, True)
    run("witness", "pull", str(tmp_path / BEHIND), *published, "-o", str(note))
    assert not note.exists()
    run("witness", "pull", str(tmp_path / OK), *published, "-o", str(note))
    assert note.read_bytes().startswith(f"{LOG.origin}\n255\n".encode())


def test_refused_heads_are_rows_with_their_moment(published: list[str], tmp_path: Path) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    assert run("witness", "evidence", *published).stdout == ""
    run("witness", "pull", str(tmp_path / TWIN), *published)
    (item,) = reply("witness", "evidence", *published)["evidence"]
    assert before <= datetime.fromisoformat(item["at"]) <= datetime.now(UTC)
    assert (item["log"], item["status"], item["proves"]) == (LOG.origin, 422, "SPLIT-VIEW")
    lines = run("witness", "evidence", *published, "--format", "csv").stdout.splitlines()
    assert (lines[0], len(lines)) == ("at,log,status,proves,says", 2)


def test_a_refusal_that_proves_nothing_leaves_its_notes_and_no_exhibit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusal = SimpleNamespace(origin="x", at=0, status=409, says="older", cosigned=b"one", refused=b"")
    monkeypatch.setattr("cli.session.own_cosigner.read_policies", lambda policies: policies)
    monkeypatch.setattr("ledger.adapters.witness.witness.logs_of", lambda policies: {"x": ("key",)})
    asked: list[Any] = []
    monkeypatch.setattr("ledger.adapters.witness.witness.exhibit_of", keeping(asked, b""))
    shown: list[Any] = []
    monkeypatch.setattr("cli.terminal.output.emit", lambda answer, *more: shown.append(answer.evidence))
    memory: Any = SimpleNamespace(evidence=lambda: [refusal])
    witness.show_evidence(memory, ["p"], str(tmp_path / "out"))
    witness.show_evidence(memory, ["p"], None)
    assert asked == [(refusal, ("key",))] * 2
    assert [(item.at.isoformat(), item.proves) for items in shown for item in items] == [
        ("1970-01-01T00:00:00+00:00", "")
    ] * 2
    assert [path.suffix for path in (tmp_path / "out").iterdir()] == [".note"]


# -- the witnesses of a ledger -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "quorum"), [(1, 1), (2, 2), (3, 2), (4, 3), (5, 4), (6, 4), (7, 5)])
def test_a_default_quorum_outvotes_fewer_than_a_third(n: int, quorum: int) -> None:
    assert witnesses._default_quorum(n) == quorum


@pytest.mark.parametrize(
    ("count", "quorum", "says"), [(0, None, 0), (4, None, 3), (4, 2, 2), (4, 4, 4), (0, 0, 0), (2, 1, 1)]
)
def test_a_policy_asks_for_the_quorum_that_was_named_or_the_default(
    count: int, quorum: int | None, says: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[Any] = []
    told: list[str] = []
    monkeypatch.setattr("ledger.tlog.quorum.format_policy", keeping(written, b"text"))
    monkeypatch.setattr("ledger.tlog.quorum.explain", lambda policy: [f"explained {policy}"])
    monkeypatch.setattr(witnesses, "record_policy", keeping(written, "policy"))
    monkeypatch.setattr("cli.terminal.output.tell", told.append)
    auditor: Any = SimpleNamespace(name="a")
    unlisted: Any = SimpleNamespace(name="b")
    policy = SimpleNamespace(auditors={"one": "k1", "two": "k2"}, urls={"k1": "https://a"})
    journal: Any = SimpleNamespace(folder=SimpleNamespace(keys="keys", policy=policy))
    named: Any = {str(n): (auditor, "url") for n in range(count)}
    aside: Any = {"m": unlisted}
    witnesses.change(journal, named, aside, quorum, "key")
    auditors = {"one": ("k1", "https://a"), "two": ("k2", "")}
    assert written == [("keys", named, says, aside, auditors), (journal, b"text", "key")]
    assert told == ["explained policy"]


def key(name: str, byte: int) -> str:
    return witness_vkey(name, public_key(bytes([byte]) * 32))


def test_witnesses_are_added_by_name_and_listed_with_what_the_quorum_withstands(tmp_path: Path) -> None:
    house = House(tmp_path).furnished()
    nothing = house.reply("witness", "list")
    assert (nothing["witnesses"], nothing["quorum"]) == ([], "none")
    one = house.run("witness", "add", key("w.example/a/fr", 1), "http://127.0.0.1:1")
    assert one.stderr.splitlines() == [
        "1 of 1 must have cosigned: fr",
        "a split view fails as long as none of the 1 lies",
        "heads get their quorum as long as none of the 1 is silent",
        "comity checkpoint asks it; hand the new trust/policy to everyone who verifies",
    ]
    assert "recorded witness-changed" in one.stdout
    assert house.run("witness", "add", key("w.example/b", 2), "https://b.example", "--called", "second").exit_code == 0
    for number in (3, 4):
        assert house.run("witness", "add", key(f"w{number}.example", number), "https://c.example").exit_code == 0
    rows = [line.split("\t") for line in house.run("witness", "list").stdout.splitlines()]
    assert [(row[0], row[1], row[2]) for row in rows] == [
        ("fr", "w.example/a/fr", "http://127.0.0.1:1"),
        ("second", "w.example/b", "https://b.example"),
        ("w3.example", "w3.example", "https://c.example"),
        ("w4.example", "w4.example", "https://c.example"),
    ]
    answer = house.reply("witness", "list")
    assert (answer["may_lie"], answer["may_be_silent"]) == (1, 1)
    assert {(each["size"], each["cosigned"], each["mirror"]) for each in answer["witnesses"]} == {(None, None, False)}
    assert [each["vkey"] for each in answer["witnesses"]][:2] == [key("w.example/a/fr", 1), key("w.example/b", 2)]
    assert house.run("witness", "list").stderr.splitlines() == answer["says"]


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("ftp://x",), Exit.USAGE, "'ftp://x' is not the address of an http server"),
        (("https://x.example", "--called", "two words"), Exit.REFUSED, "POL-KEY"),
        (("https://x.example", "--quorum", "2"), Exit.REFUSED, "POL-"),
    ],
)
def test_a_witness_that_cannot_be_asked_changes_nothing(
    words: tuple[str, ...], code: Exit, says: str, tmp_path: Path
) -> None:
    house = House(tmp_path).furnished()
    policy = (house.ledger / "trust" / "policy").read_bytes()
    done = house.run("witness", "add", key("w.example/a", 1), *words)
    assert (done.exit_code, says in done.stderr) == (code, True), done.stderr
    assert (house.ledger / "trust" / "policy").read_bytes() == policy


@pytest.mark.parametrize("where", ["http://w.example/fr", "https://w.example/fr", "note"])
def test_cosignatures_are_taken_from_a_file_or_from_the_address_of_a_witness(
    where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    journal = SimpleNamespace(origin="log.example", log="log", folder=SimpleNamespace(policy="policy"))
    monkeypatch.setattr("cli.session.open_ledger.writing", lambda: nullcontext(journal))
    monkeypatch.setattr("ledger.adapters.log.published_log.from_url", lambda url: keeping(asked, b"fetched", url))
    monkeypatch.setattr("cli.terminal.file_io.read", keeping(asked, b"read"))
    kept = SimpleNamespace(size=9, digest="ab", note=b"the note")
    taken: list[Any] = []

    def take(log: str, policy: str, offered: bytes) -> Any:
        taken.append((log, policy, offered))
        return SimpleNamespace(kept=kept, met=True)

    monkeypatch.setattr("ledger.adapters.witness.cosigning.take_cosignatures", take)
    shown: list[Any] = []
    monkeypatch.setattr("cli.terminal.output.emit", lambda answer, columns, rows: shown.append((answer, columns, rows)))
    witnesses.take.main([where], standalone_mode=False, obj=Invocation())
    over_http = where != "note"
    assert asked == ([(where, f"{origin_hash('log.example')}/checkpoint", LARGEST_NOTE)] if over_http else [("note",)])
    assert taken == [("log", "policy", b"fetched" if over_http else b"read")]
    ((answer, columns, rows),) = shown
    assert (answer.size, answer.digest, answer.quorum, answer.note) == (9, "ab", True, "the note")
    assert (columns, rows) == (("size", "digest", "quorum"), [answer])
