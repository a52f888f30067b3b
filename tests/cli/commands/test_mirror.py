"""Mirrors on the command line: make, serve, add, push, check, restore; and what a mirror's cosignature is called."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from cli.command_tables import MIRROR
from cli.exit_codes import Exit
from ledger.adapters.folders.ledger_folder import read_folder
from ledger.adapters.keys.key_files import load
from ledger.adapters.log.checkpoints import CheckpointStore
from ledger.adapters.storage.entry_reader import EntryReader
from ledger.entries.split_view import check_split
from ledger.tlog.names import origin_hash
from ledger.tlog.note import MLDSA44, parse_vkey, witness_vkey
from ledger.tlog.policy import parse_policy
from ledger.trust.mirrors import parse_mirrors
from tests.support.cli import ORIGIN, House, reply, run
from tests.support.hash_log import HashLog
from tests.support.served import served

pytest.importorskip("starlette", reason="needs the extra `server`")
pytest.importorskip("httpx", reason="needs the extra `server`")

from ledger.adapters.mirror.mirror import Mirror
from ledger.adapters.mirror.mirror_state import MirrorState
from ledger.adapters.mirror.server import server
from ledger.adapters.witness.witness import cosigners, logs_of

NAME = "mirror.example/xv"
ROOT = Path(__file__).parents[3]
SAYS = "are stored by mirror.example/xv: so it states"


@contextmanager
def serving(state: Path, policy: Path) -> Iterator[str]:
    """Run `comity mirror serve` as a separate process; yield its URL."""
    code = "from cli.app import main; main()"
    args = ["mirror", "serve", "--name", NAME, "--state", str(state), "--policy", str(policy)]
    with subprocess.Popen(
        [sys.executable, "-c", code, *args, "--listen", "127.0.0.1:0"],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stderr is not None
        said: list[str] = []
        for line in process.stderr:
            said.append(line)
            if line.startswith("listening on "):
                break
        assert "".join(said[-1:]).startswith("listening on "), said
        try:
            yield said[-1].removeprefix("listening on ").strip()
        finally:
            process.send_signal(signal.SIGTERM)
            assert "Traceback" not in process.stderr.read()


@pytest.fixture
def house(tmp_path: Path) -> House:
    made = House(tmp_path / "house").furnished()
    sealed = ("-f", "until=2030-01-01", "-f", "reasons=others are being looked for", "--as", "ilves")
    done = made.run("record", "confidentiality-requested", "PPO-1", *sealed)
    assert done.exit_code == 0, done.output
    return made


def grow(house: House) -> None:
    """Record one entry."""
    fields = ("-f", "party=XN", "-f", "zone=UTC", "-f", "declarations_verified=false", "--as", "registrar")
    done = house.run("record", "party-registered", *fields)
    assert done.exit_code == 0, done.output


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Make a mirror and return its state folder."""
    assert run("mirror", "new", NAME, "--state", str(tmp_path / "mirror")).exit_code == 0
    return tmp_path / "mirror"


def vkey(state: Path) -> str:
    return witness_vkey(NAME, load(state / "mirror.key").public)


@contextmanager
def threaded(state: Path, policy: Path) -> Iterator[str]:
    """Serve a mirror in a thread of this process; yield its URL."""
    key = parse_vkey(vkey(state))
    logs = logs_of([parse_policy(policy.read_bytes())], [key])
    with (
        closing(MirrorState(state / "mirror.db", key.text)) as memory,
        closing(Mirror(memory, cosigners(NAME, load(state / "mirror.key"), None), logs, state / "logs")) as mirror,
        served(server(mirror)) as port,
    ):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def mirrored(house: House, state: Path, *words: str) -> Iterator[str]:
    """Serve a mirror of this ledger, add it and send it everything; yield its URL."""
    with threaded(state, house.ledger / "trust" / "policy") as url:
        assert house.run("mirror", "add", vkey(state), url, *words).exit_code == 0
        house.reply("mirror", "push")
        yield url


def reads(url: str) -> str:
    return f"{url}/{origin_hash(ORIGIN)}"


def files(state: Path) -> Path:
    return state / "logs" / origin_hash(ORIGIN)


def entries(ledger: Path) -> list[bytes]:
    store = EntryReader(read_folder(ledger).entries)
    try:
        return [raw for _, raw in store.page(0, store.size())]
    finally:
        store.close()


@pytest.mark.parametrize("name", MIRROR)
def test_every_command_has_examples_and_one_line(name: str) -> None:
    shown = run("mirror", name, "--help")
    assert shown.output.startswith("Examples:\n  comity mirror ")
    assert MIRROR[name][1][0].islower()


def test_a_new_mirror_prints_the_keys_that_go_into_policies(tmp_path: Path) -> None:
    answer = reply("mirror", "new", NAME, "--mldsa", "--state", str(tmp_path / "m"))
    assert answer["vkeys"][0] == vkey(tmp_path / "m")
    assert parse_vkey(answer["vkeys"][1]).type == MLDSA44
    assert {"mirror.key", "mirror.key.pub", "mldsa.key", "mirror.db", "logs"} <= {
        path.name for path in (tmp_path / "m").iterdir()
    }
    assert (tmp_path / "m" / "mirror.key").stat().st_mode & 0o777 == 0o600


def test_a_mirror_is_never_made_twice_and_never_without_its_memory(house: House, state: Path) -> None:
    assert run("mirror", "new", NAME, "--state", str(state)).exit_code == Exit.REFUSED
    (state / "mirror.db").unlink()
    policy = str(house.ledger / "trust" / "policy")
    lost = run("mirror", "serve", "--name", NAME, "--state", str(state), "--policy", policy)
    assert lost.exit_code == Exit.REFUSED
    assert "WITNESS-LOST" in lost.output
    assert "comity mirror new" in lost.output


def test_a_mirror_whose_key_is_that_of_a_log_or_a_witness_is_refused(house: House, state: Path, tmp_path: Path) -> None:
    policy = tmp_path / "policy"
    policy.write_text(f"log {vkey(state).replace(NAME, NAME)}\nquorum none\n")
    serve = ("mirror", "serve", "--name", NAME, "--state", str(state), "--policy", str(policy))
    assert "POL-KEY" in run(*serve).output  # a witness's type of key signs no log
    assert run("witness", "new", NAME, "--state", str(tmp_path / "w")).exit_code == 0
    for name in ("witness.key", "witness.key.pub"):
        shutil.copy(tmp_path / "w" / name, state / name.replace("witness", "mirror"))
    other = ("mirror", "serve", "--name", NAME, "--state", str(state), "--policy", str(house.ledger / "trust/policy"))
    assert "WITNESS-LOST" in run(*other).output  # the memory is of another key
    key = witness_vkey(NAME, load(tmp_path / "w" / "witness.key").public)
    assert house.run("witness", "add", key, "https://witness.example/xv", "--called", "w").exit_code == 0
    for called in (NAME, "mirror.example/another"):
        same = witness_vkey(called, load(tmp_path / "w" / "witness.key").public)
        refused = house.run("mirror", "add", same, "https://mirror.example/xv")
        assert refused.exit_code == Exit.REFUSED
        assert "one key makes one statement" in refused.stderr
    assert not (house.ledger / "trust" / "mirrors").exists()


def test_a_mirror_is_a_witness_that_does_not_count_by_default(house: House, state: Path) -> None:
    assert house.run("mirror", "add", vkey(state), "https://mirror.example/xv/").exit_code == 0
    folder = read_folder(house.ledger)
    assert folder.policy.quorum == "none"
    assert list(folder.policy.witnesses) == ["xv-mirror"]
    key = folder.policy.witnesses["xv-mirror"]
    assert key not in folder.policy.urls  # it is not asked as a witness
    assert folder.mirrors[key].submission == "https://mirror.example/xv"
    witness = witness_vkey("witness.example/fr", load(house.keys / "ilves").public)
    assert house.run("witness", "add", witness, "https://witness.example/fr").exit_code == 0
    policy = parse_policy((house.ledger / "trust" / "policy").read_bytes())
    assert policy.voters() == {"fr"}
    assert set(policy.witnesses) == {"fr", "xv-mirror"}


@pytest.mark.parametrize("url", ["mirror.example", "http://a b", "http://a\nmirror", "ftp://mirror.example", ""])
def test_an_address_that_is_none_changes_nothing(house: House, state: Path, url: str) -> None:
    for words in ((url,), ("https://mirror.example", "--reads", url)) if url else ((url,),):
        assert house.run("mirror", "add", vkey(state), *words).exit_code == Exit.USAGE
    assert not (house.ledger / "trust" / "mirrors").exists()
    assert house.run("checkpoint").exit_code == 0


def test_a_mirror_that_counts_makes_a_quorum(house: House, state: Path) -> None:
    with mirrored(house, state, "--quorum", "1"):
        checkpoint = house.reply("checkpoint")
        assert (checkpoint["quorum"], checkpoint["stored_by"]) == (True, [NAME])
        done = house.run("export", "PPO-1", "--audience", "COURT", "-o", str(house.folder / "b.zip"), "--as", "ilves")
        assert done.exit_code == 0, done.output  # the newer head was sent to the mirror
        bundle = house.reply("verify", str(house.folder / "b.zip"), "--trust", str(house.ledger / "trust"))
        assert [(each["name"], each["size"]) for each in bundle["stored_by"]] == [(NAME, bundle["head"]["size"])]


def test_checkpoint_witnesses_and_verify_say_what_a_mirror_states(house: House, state: Path, tmp_path: Path) -> None:
    with mirrored(house, state) as url:
        size = house.reply("checkpoint")["size"]
        assert f"all entries up to {size} {SAYS}" in house.run("checkpoint").stderr
        listed = house.reply("witness", "list")["witnesses"]
        assert [(each["mirror"], each["size"], each["url"]) for each in listed] == [(True, size, url)]
        assert f"all entries up to {size} {SAYS}" in house.run("witness", "list").stderr
        done = house.run("export", "PPO-1", "--audience", "COURT", "-o", str(tmp_path / "b.zip"), "--as", "ilves")
        assert done.exit_code == 0, done.output
        house.run("checkpoint")
        trust = tmp_path / "trust"
        shutil.copytree(house.ledger / "trust", trust)
        shown = house.run("verify", str(house.ledger), "--trust", str(trust))
        assert SAYS in shown.stdout
        answer = house.reply("verify", str(house.ledger), "--trust", str(trust))
        assert [(each["name"], each["size"]) for each in answer["stored_by"]] == [(NAME, answer["head"]["size"])]
        (trust / "mirrors").unlink()  # to a reader without this file, it is a cosignature and nothing more
        assert house.reply("verify", str(house.ledger), "--trust", str(trust))["stored_by"] == []


def test_a_stick_for_a_court_names_the_mirrors(house: House, state: Path, tmp_path: Path) -> None:
    assert house.run("mirror", "add", vkey(state), "https://mirror.example/xv").exit_code == 0
    stick = tmp_path / "stick"
    assert house.run("trust", "stick", str(house.ledger / "trust"), str(stick)).exit_code == 0
    assert (stick / "mirrors").read_bytes() == (house.ledger / "trust" / "mirrors").read_bytes()
    assert "which of the witnesses state that they store all entries" in (stick / "READ-ME.txt").read_text("utf-8")
    words = json.loads(house.run("trust", "check", str(stick), "--json").stdout)["words"]
    (stick / "mirrors").write_bytes(b"")
    assert json.loads(house.run("trust", "check", str(stick), "--json").stdout)["words"] != words


def test_a_silent_mirror_stops_no_recording_and_is_named(house: House, state: Path) -> None:
    assert house.run("mirror", "add", vkey(state), "http://127.0.0.1:9").exit_code == 0
    before = house.reply("checkpoint")
    assert before["stored_by"] == []
    grow(house)
    assert "xv-mirror: HTTP-SILENT" in house.run("checkpoint").stderr
    pushed = house.run("mirror", "push", "--json")
    assert pushed.exit_code == Exit.UNDECIDABLE
    assert [each["code"] for each in json.loads(pushed.stdout)["mirrors"]] == ["HTTP-SILENT"]
    assert house.run("mirror", "check", "--json").exit_code == Exit.UNDECIDABLE


def test_publishing_sends_the_entries_to_the_mirrors(house: House, state: Path, tmp_path: Path) -> None:
    with serving(state, house.ledger / "trust" / "policy") as url:
        assert house.run("mirror", "add", vkey(state), url).exit_code == 0
        grow(house)
        published = house.reply("log", "publish", str(tmp_path / "published"))
        assert (published["size"], published["stored_by"]) == (house.reply("checkpoint")["size"], [NAME])


def test_a_mirror_shows_the_log_to_a_monitor(house: House, state: Path, tmp_path: Path) -> None:
    with mirrored(house, state) as url:
        words = ("--trust", str(house.ledger / "trust"), "--state", str(tmp_path / "watch"), "--entries")
        (seen,) = house.reply("monitor", reads(url), *words)["logs"]
        assert (seen["alarms"], seen["entries"]) == ([], house.reply("checkpoint")["size"])


def test_a_mirror_is_checked_entry_by_entry(house: House, state: Path) -> None:
    with mirrored(house, state) as url:
        size = house.reply("checkpoint")["size"]
        (checked,) = house.reply("mirror", "check")["mirrors"]
        assert (checked["reads"], checked["size"], checked["code"]) == (reads(url), size, "")
        bundle = files(state) / f"tile/entries/000.p/{size}"
        bundle.write_bytes(bundle.read_bytes().replace(b"a", b"b", 1))
        lying = house.run("mirror", "check", "--json")
        assert lying.exit_code == Exit.PROVED_BAD
        assert json.loads(lying.stdout)["mirrors"][0]["code"] == "MIRROR-LACKS"


def test_a_fork_that_was_refused_is_shown_with_what_it_proves(state: Path, tmp_path: Path) -> None:
    from ledger.adapters.mirror.mirror_state import MirrorState
    from ledger.adapters.witness.witness import Witness

    log, policy = HashLog(size=9), tmp_path / "policy"
    policy.write_text(f"log {log.key.text}\nquorum none\n")
    memory = MirrorState(state / "mirror.db", vkey(state))
    pending = Witness(memory, (), {log.origin: [log.key]})
    assert pending.add_checkpoint(log.request(0, 5)).status == 200
    assert pending.add_checkpoint(log.fork(3, 9).request(5, 9)).status == 422
    memory.close()
    words = ("--name", NAME, "--state", str(state), "--policy", str(policy))
    (row,) = reply("mirror", "evidence", *words, "-o", str(tmp_path / "out"))["evidence"]
    assert (row["log"], row["status"], row["proves"]) == (log.origin, 422, "SPLIT-VIEW")
    (exhibit,) = (tmp_path / "out").glob("*.split-view.json")
    assert check_split(exhibit.read_bytes(), log.key).two.size == 9


def test_commands_of_a_ledger_without_mirrors_say_so(house: House) -> None:
    for name in ("push", "check"):
        done = house.run("mirror", name)
        assert done.exit_code == Exit.USAGE
        assert "this ledger has no mirror" in done.stderr


# -- restoring ---------------------------------------------------------------------------------------------------------


def lost(house: House, tmp_path: Path) -> Path:
    """Move the ledger away; return the trust folder that somebody else holds."""
    trust = tmp_path / "held-trust"
    shutil.copytree(house.ledger / "trust", trust)
    house.ledger.rename(house.folder / "lost")
    return trust


def test_a_lost_ledger_comes_back_from_its_mirror_without_its_sealed_values(
    house: House, state: Path, tmp_path: Path
) -> None:
    with mirrored(house, state) as url:
        before, size = entries(house.ledger), house.reply("checkpoint")["size"]
        trust = lost(house, tmp_path)
        for n, where in enumerate((reads(url), str(files(state)))):
            back = house.folder / f"back{n}"
            done = house.away("restore", str(back), "--from-mirror", where, "--trust", str(trust), "--json")
            assert done.exit_code == 0, done.output
            answer = json.loads(done.stdout)
            assert (answer["size"], answer["file"], answer["mirrored"]["mirrors"]) == (size, "", [NAME])
            assert answer["mirrored"]["sealed_values"] > 0
            assert "a mirror has no sealed values" in done.stderr
            assert entries(back) == before
        house.ledger = back
        assert house.run("show", "PPO-1").exit_code == 0
        assert house.run("fsck").exit_code == Exit.DONE
        grow(house)
        assert house.reply("mirror", "push")["size"] == size + 1  # the log goes on, in the same mirror


def test_an_old_copy_is_completed_by_the_mirror_and_keeps_its_sealed_values(
    house: House, state: Path, tmp_path: Path
) -> None:
    with mirrored(house, state) as url:
        copy = str(tmp_path / "copy.tar")
        assert house.run("backup", str(house.ledger), "-o", copy).exit_code == 0
        grow(house)
        house.reply("mirror", "push")
        before = entries(house.ledger)
        lost(house, tmp_path)
        behind = house.away("restore", copy, str(house.folder / "back"))
        assert "LOG-ROLLBACK" in behind.stderr
        done = house.away("restore", copy, str(house.folder / "back"), "--from-mirror", reads(url), "--json")
        assert done.exit_code == 0, done.output
        answer = json.loads(done.stdout)
        assert answer["size"] == len(before)
        assert 0 < answer["mirrored"]["entries"] < len(before)
        assert entries(house.folder / "back") == before
        shutil.copy(house.folder / "lost" / "keys.db", house.folder / "back" / "keys.db")
        house.ledger = house.folder / "back"
        assert house.run("fsck").exit_code == Exit.DONE, house.run("fsck").output


LIES = ("changed", "cut", "gone", "unsigned", "forged", "older")


@pytest.mark.parametrize("lie", LIES)
def test_a_mirror_that_lies_gives_no_ledger(house: House, state: Path, tmp_path: Path, lie: str) -> None:
    with mirrored(house, state):
        first = shutil.copytree(files(state), tmp_path / "first")
        grow(house)
        house.reply("mirror", "push")
        size = house.reply("checkpoint")["size"]
    there = files(state)
    bundle, checkpoint = there / f"tile/entries/000.p/{size}", there / "checkpoint"
    if lie == "changed":
        bundle.write_bytes(bundle.read_bytes().replace(b'"payload":"ey', b'"payload":"eY', 1))
    elif lie == "cut":
        data = bundle.read_bytes()
        bundle.write_bytes(data[: 2 + int.from_bytes(data[:2], "big")])
    elif lie == "gone":
        bundle.unlink()
    elif lie == "unsigned":
        checkpoint.write_bytes(b"".join(checkpoint.read_bytes().splitlines(keepends=True)[:5]))
    elif lie == "forged":
        checkpoint.write_bytes(checkpoint.read_bytes().replace(f"\n{size}\n".encode(), f"\n{size + 1}\n".encode()))
    else:
        there = first
    trust = lost(house, tmp_path)
    back = house.folder / "back"
    done = house.away("restore", str(back), "--from-mirror", str(there), "--trust", str(trust))
    assert done.exit_code != Exit.DONE
    code = {"gone": "LOG-UNREACHABLE", "unsigned": "CP-SIG", "forged": "CP-SIG", "older": "LOG-ROLLBACK"}
    assert code.get(lie, "LOG-") in done.stderr
    assert not back.exists()
    assert [path.name for path in house.folder.iterdir() if path.name.startswith(".back")] == []


def test_restoring_needs_a_trust_folder_that_names_mirrors(house: House, state: Path, tmp_path: Path) -> None:
    with mirrored(house, state) as url:
        trust = lost(house, tmp_path)
        back = str(house.folder / "back")
        assert house.away("restore", back, "--from-mirror", reads(url)).exit_code == Exit.USAGE
        assert house.away("restore", back).exit_code == Exit.USAGE
        assert house.away("restore", "x.tar", back, "--trust", str(trust)).exit_code == Exit.USAGE
        for name in ("mirrors", "registrar", "policy"):
            (trust / name).rename(tmp_path / name)
            without = house.away("restore", back, "--from-mirror", reads(url), "--trust", str(trust))
            assert "TRUST-FORMAT" in without.stderr
            (tmp_path / name).rename(trust / name)


def test_a_restored_ledger_goes_on_while_its_mirror_is_silent(house: House, state: Path, tmp_path: Path) -> None:
    with mirrored(house, state):
        pass
    trust = lost(house, tmp_path)
    house.ledger = house.folder / "back"
    done = house.away("restore", str(house.ledger), "--from-mirror", str(files(state)), "--trust", str(trust))
    assert done.exit_code == 0, done.output
    grow(house)


def test_a_restored_ledger_asks_its_mirrors_before_it_signs(house: House, state: Path, tmp_path: Path) -> None:
    copy = str(tmp_path / "copy.tar")
    with mirrored(house, state):
        assert house.run("backup", str(house.ledger), "-o", copy).exit_code == 0
        grow(house)
        house.reply("mirror", "push")
        shutil.rmtree(house.folder / "state")  # nothing of this machine knows how far the log had come
        house.ledger.rename(house.folder / "lost")
        done = house.away("restore", copy, str(house.folder / "back"))
        assert done.exit_code == Exit.PROVED_BAD
        assert "LOG-ROLLBACK" in done.stderr


def test_heads_keep_the_cosignature_of_a_mirror(house: House, state: Path) -> None:
    with mirrored(house, state):
        folder = read_folder(house.ledger)
        heads = CheckpointStore(folder.heads, writable=False)
        newest = heads.newest()
        heads.close()
        assert newest is not None
        assert NAME.encode() in newest.note
        assert parse_mirrors((house.ledger / "trust/mirrors").read_bytes(), folder.policy) == folder.mirrors
