"""Witnesses on the command line: create, serve, pull, name in the policy, and report an objection."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cli.command_tables import WITNESS
from cli.exit_codes import Exit
from ledger.entries.split_view import check_split
from ledger.tlog.note import MLDSA44, lines_of, open_checkpoint, parse_vkey, witness_vkey
from ledger.tlog.policy import parse_policy
from tests.support.cli import ledger_of, reply, run
from tests.support.hash_log import HashLog

pytest.importorskip("starlette", reason="needs the extra `server`")
pytest.importorskip("httpx", reason="needs the extra `server`")

NAME = "witness.example/xo"
LOG = HashLog(size=300)
ROOT = Path(__file__).parents[3]


@pytest.fixture
def logs(tmp_path: Path) -> str:
    """Write a policy file that names the log of these tests."""
    path = tmp_path / "logs.policy"
    path.write_text(f"log {LOG.key.text}\nquorum none\n")
    return str(path)


@pytest.fixture
def state(tmp_path: Path) -> str:
    """Create a witness and return its state folder."""
    assert run("witness", "new", NAME, "--state", str(tmp_path / "state")).exit_code == 0
    return str(tmp_path / "state")


def vkey(state: str) -> str:
    from ledger.adapters.keys.key_files import load

    return witness_vkey(NAME, load(Path(state) / "witness.key").public)


@contextmanager
def serving(state: str, policy: str | Path) -> Iterator[str]:
    """Run `comity witness serve` as a separate process on a free port; yield its URL."""
    code = "from cli.app import main; main()"
    args = ["witness", "serve", "--name", NAME, "--state", state, "--policy", str(policy), "--listen", "127.0.0.1:0"]
    with subprocess.Popen(
        [sys.executable, "-c", code, *args], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stderr is not None
        said: list[str] = []
        for line in process.stderr:
            said.append(line)
            if line.startswith("listening on "):
                break
        assert said[-1].startswith("listening on "), said
        try:
            yield said[-1].removeprefix("listening on ").strip()
        finally:
            process.send_signal(signal.SIGTERM)
            assert "Traceback" not in process.stderr.read()


@pytest.mark.parametrize("name", WITNESS)
def test_every_command_has_examples_and_one_line(name: str) -> None:
    shown = run("witness", name, "--help")
    assert shown.output.startswith("Examples:\n  comity witness ")
    assert WITNESS[name][1][0].islower()


def test_a_new_witness_prints_the_key_that_goes_into_policies(tmp_path: Path) -> None:
    answer = reply("witness", "new", NAME, "--state", str(tmp_path / "w"))
    assert answer["vkeys"] == [vkey(str(tmp_path / "w"))]
    assert answer["format"] == "comity.witness/1"
    assert sorted(p.name for p in (tmp_path / "w").iterdir() if not p.name.startswith("witness.db-")) == [
        "witness.db",
        "witness.key",
        "witness.key.pub",
    ]
    assert (tmp_path / "w" / "witness.key").stat().st_mode & 0o777 == 0o600


def test_a_witness_is_never_made_twice_and_never_without_its_memory(tmp_path: Path, state: str, logs: str) -> None:
    again = run("witness", "new", NAME, "--state", state)
    assert again.exit_code == Exit.REFUSED
    (Path(state) / "witness.db").unlink()
    lost = run("witness", "pull", str(tmp_path), "--name", NAME, "--state", state, "--policy", logs)
    assert lost.exit_code == Exit.REFUSED
    assert "WITNESS-LOST" in lost.output
    assert run("witness", "new", NAME, "--state", state).exit_code == Exit.REFUSED


def test_a_name_that_no_key_can_have_makes_nothing(tmp_path: Path) -> None:
    assert run("witness", "new", "a name", "--state", str(tmp_path / "w")).exit_code == Exit.REFUSED


@pytest.mark.parametrize("hidden", ["\u200b", "\u200d", "\u202e", "\U0001e08f"])
def test_a_witness_has_a_name_that_shows_every_character_it_has(tmp_path: Path, hidden: str) -> None:
    done = run("witness", "new", f"{NAME}{hidden}", "--state", str(tmp_path / "w"))
    assert done.exit_code == Exit.REFUSED
    assert "CP-KEY" in done.stderr
    key = witness_vkey(f"{NAME}{hidden}", bytes([1] * 32))
    ledger = ledger_of("S1", tmp_path)
    assert "CP-KEY" in run("witness", "add", key, "http://127.0.0.1:1", ledger=ledger).stderr
    assert not (tmp_path / "w").exists()


def test_a_witness_without_a_folder_of_its_own_lives_in_the_users_state(tmp_path: Path) -> None:
    answer = reply("witness", "new", NAME, XDG_STATE_HOME=str(tmp_path))
    assert answer["state"].startswith(str(tmp_path / "comity" / "witness"))


def test_pulling_cosigns_and_hands_back_a_note(tmp_path: Path, state: str, logs: str) -> None:
    common = ["--name", NAME, "--state", state, "--policy", logs]
    for size in (3, 300):
        LOG.publish(tmp_path / "log", size)
        answer = reply("witness", "pull", str(tmp_path / "log"), *common, "-o", str(tmp_path / "note"))
        assert answer["logs"] == [{"log": LOG.origin, "size": size, "status": 200, "says": "cosigned"}]
        head = open_checkpoint((tmp_path / "note").read_bytes(), LOG.origin, LOG.key, [parse_vkey(vkey(state))])
        assert (head.checkpoint.size, len(head.cosignatures)) == (size, 1)
    LOG.publish(tmp_path / "log", 200)
    behind = run("witness", "pull", str(tmp_path / "log"), *common)
    assert behind.exit_code == Exit.REFUSED
    gone = run("witness", "pull", str(tmp_path / "nothing"), *common)
    assert gone.exit_code != Exit.DONE
    assert "LOG-UNREACHABLE" in gone.output


def test_a_fork_that_is_pulled_ends_in_1_and_leaves_an_exhibit(tmp_path: Path, state: str, logs: str) -> None:
    common = ["--name", NAME, "--state", state, "--policy", logs]
    reply("witness", "pull", str(LOG.publish(tmp_path / "log", 256)), *common)
    twin = LOG.fork(100, 300).publish(tmp_path / "twin", 300)
    done = run("witness", "pull", str(twin), *common)
    assert done.exit_code == Exit.PROVED_BAD
    assert "SPLIT-VIEW" in done.stdout
    (exhibit,) = (Path(state) / "evidence").iterdir()
    assert check_split(exhibit.read_bytes(), LOG.key).two.size == 300


def test_evidence_is_shown_with_what_it_proves_and_written_out(tmp_path: Path, state: str, logs: str) -> None:
    common = ["--name", NAME, "--state", state, "--policy", logs]
    assert reply("witness", "evidence", *common)["evidence"] == []
    reply("witness", "pull", str(LOG.publish(tmp_path / "log", 255)), *common)
    run("witness", "pull", str(LOG.fork(100, 300).publish(tmp_path / "twin", 300)), *common)
    (row,) = reply("witness", "evidence", *common, "-o", str(tmp_path / "out"))["evidence"]
    assert (row["log"], row["status"], row["proves"]) == (LOG.origin, 422, "SPLIT-VIEW")
    written = sorted(path.name.partition(".")[2] for path in (tmp_path / "out").iterdir())
    assert written == ["note", "note", "split-view.json"]


def test_a_ledger_asks_the_witness_its_registrar_has_named(tmp_path: Path, state: str) -> None:
    ledger = ledger_of("S1", tmp_path)
    policy = ledger / "trust" / "policy"
    before = reply("checkpoint", ledger=ledger)
    assert before["quorum"] is None
    with serving(state, policy) as url:
        added = reply("witness", "add", vkey(state), url, ledger=ledger)
        assert added["kind"] == "witness-changed"
        told_policy = parse_policy(policy.read_bytes())
        assert told_policy.met({"xo"})
        assert not told_policy.met(())
        after = reply("checkpoint", ledger=ledger)
        assert (after["size"], after["cosignatures"], after["quorum"]) == (before["size"] + 1, 1, True)
        listed = reply("witness", "list", ledger=ledger)
        assert listed["witnesses"][0]["size"] == after["size"]
        assert (listed["may_lie"], listed["may_be_silent"]) == (0, 0)
        taken = reply("witness", "take", url, ledger=ledger)
        assert taken["quorum"] is True
    down = run("checkpoint", "--json", ledger=ledger)
    assert down.exit_code == 0
    assert "xo: HTTP-SILENT" in down.stderr
    assert json.loads(down.stdout)["quorum"] is True  # the earlier cosignature counts as long as the head does


def test_the_recorded_policy_is_the_one_in_the_trust_folder(tmp_path: Path, state: str) -> None:
    import hashlib

    ledger = ledger_of("S1", tmp_path)
    added = reply("witness", "add", vkey(state), "https://witness.example", "--called", "w", ledger=ledger)
    text = (ledger / "trust" / "policy").read_bytes()
    assert f"witness w {vkey(state)} https://witness.example\n" in text.decode()
    shown = run("log", "--json", ledger=ledger).stdout
    assert added["kind"] in shown
    from ledger.adapters.folders.ledger_folder import read_folder
    from ledger.adapters.storage.entry_reader import EntryReader
    from ledger.entries.envelope import open_

    store = EntryReader(read_folder(ledger).entries)
    raw = store.at(added["index"])
    assert raw is not None
    assert open_(raw).payload.public["policy_text"]["sha256"] == hashlib.sha256(text).hexdigest()
    store.close()


def test_nothing_is_recorded_for_a_witness_that_cannot_be_named(tmp_path: Path, state: str) -> None:
    ledger = ledger_of("S1", tmp_path)
    policy = ledger / "trust" / "policy"
    key = vkey(state)
    reply("witness", "add", key, "https://witness.example", ledger=ledger)
    size, text = reply("checkpoint", ledger=ledger)["size"], policy.read_bytes()
    other = f"{key[:-4]}AAA="
    for args, code in (
        ((key, "https://witness.example"), Exit.USAGE),  # the name is used already
        ((key, "https://witness.example", "--called", "again"), Exit.REFUSED),  # the key is used already
        ((other, "https://witness.example", "--called", "b"), Exit.REFUSED),
        ((key, "witness.example", "--called", "b"), Exit.USAGE),
        ((LOG.key.text, "https://witness.example", "--called", "b"), Exit.REFUSED),
    ):
        assert run("witness", "add", *args, ledger=ledger).exit_code == code, args
    second = reply("witness", "new", "witness.example/b", "--state", str(tmp_path / "b"))["vkeys"][0]
    assert run("witness", "add", second, "https://b.example", "--quorum", "3", ledger=ledger).exit_code == Exit.REFUSED
    assert policy.read_bytes() == text
    policy.write_bytes(text.replace(b"quorum witnesses", b"group mine any witnesses\nquorum mine"))
    by_hand = run("witness", "add", second, "https://b.example", ledger=ledger)
    assert (by_hand.exit_code, "groups of its own making" in by_hand.stderr) == (Exit.USAGE, True)
    policy.write_bytes(text)
    assert reply("checkpoint", ledger=ledger)["size"] == size


def test_the_quorum_grows_with_its_witnesses_and_is_explained(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    thresholds = []
    for name in "abcd":
        made = reply("witness", "new", f"witness.example/{name}", "--state", str(tmp_path / name))
        done = run("witness", "add", made["vkeys"][0], f"https://{name}.example", ledger=ledger)
        assert done.exit_code == 0, done.output
        policy = parse_policy((ledger / "trust" / "policy").read_bytes())
        thresholds.append(policy.groups["witnesses"].threshold)
    assert thresholds == [1, 2, 2, 3]
    assert "a split view fails as long as at most 1 of the 4 lies" in done.stderr


def test_a_fork_of_a_ledger_meets_its_witness_on_the_command_line(tmp_path: Path, state: str) -> None:
    import shutil

    ledger = ledger_of("S1", tmp_path)
    with serving(state, ledger / "trust" / "policy") as url:
        reply("witness", "add", vkey(state), url, ledger=ledger)
        reply("checkpoint", ledger=ledger)
        twin = Path(shutil.copytree(ledger, tmp_path / "twin"))
        for folder, actor in ((ledger, "one"), (twin, "two")):
            name = f"names=en={actor}"
            recorded = run(
                "record", "authority-registered", "-f", f"actor={actor}", "-f", "party=XO", "-f", "roles=ISS",
                "-f", "valid_from=2027-01-01", "-f", name, "--as", "registrar", ledger=folder,
            )  # fmt: skip
            assert recorded.exit_code == 0, recorded.output
        assert reply("checkpoint", ledger=ledger)["quorum"] is True
        done = run("checkpoint", ledger=twin)
    assert done.exit_code != Exit.DONE
    assert "LOG-EQUIVOCATION" in done.stderr
    assert "it proves that this log signed two trees" in done.stderr
    (exhibit,) = (twin / "evidence").glob("*.split-view.json")
    check_split(exhibit.read_bytes(), parse_policy((ledger / "trust" / "policy").read_bytes()).logs[0])


def test_a_witness_with_two_keys_is_two_witnesses_of_one_address(tmp_path: Path) -> None:
    pytest.importorskip("cryptography.hazmat.primitives.asymmetric.mldsa", reason="needs cryptography 50")
    ledger = ledger_of("S1", tmp_path)
    state = str(tmp_path / "w")
    vkeys = reply("witness", "new", NAME, "--state", state, "--mldsa")["vkeys"]
    assert parse_vkey(vkeys[1]).type == MLDSA44
    with serving(state, ledger / "trust" / "policy") as url:
        reply("witness", "add", vkeys[0], url, ledger=ledger)
        reply("witness", "add", vkeys[1], url, "--called", "pq", "--quorum", "2", ledger=ledger)
        done = reply("checkpoint", ledger=ledger)
    assert (done["cosignatures"], done["quorum"]) == (2, True)
    assert len(lines_of(done["note"].encode(), [parse_vkey(v) for v in vkeys])) == 2
    assert run("fsck", ledger=ledger).exit_code in (Exit.DONE, Exit.FINDINGS)


def test_an_address_that_is_none_is_usage(state: str, logs: str) -> None:
    for listen in ("7380", "localhost:", "localhost:99999", "localhost:x"):
        done = run("witness", "serve", "--name", NAME, "--state", state, "--policy", logs, "--listen", listen)
        assert done.exit_code == Exit.USAGE, done.output


def test_a_witness_of_no_log_is_usage(tmp_path: Path, state: str) -> None:
    (tmp_path / "empty").write_text("quorum none\n")
    done = run("witness", "pull", str(tmp_path), "--name", NAME, "--state", state, "--policy", str(tmp_path / "empty"))
    assert done.exit_code == Exit.USAGE
