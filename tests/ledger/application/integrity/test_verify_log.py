"""A ledger folder is verified as a bundle is: the verifier trusts no file in it, follows no link and writes none."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sqlite3
from contextlib import closing, suppress
from itertools import product
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from cli.exit_codes import Exit
from ledger.adapters.storage.entry_reader import EntryReader
from ledger.application.backup import restore_copy
from ledger.application.integrity import own_check, verify_ledger
from ledger.application.integrity.check_run import MOST
from ledger.application.integrity.own_check import OwnCheck, check_own
from ledger.application.integrity.verify_log import (
    _Files,
    _NamingEntries,
    _say_what_is_not_proven,
    _shortened,
    verify_log,
)
from ledger.entries.payload import Condition
from ledger.tlog.note import sign_note, witness_vkey
from ledger.verify import claims
from ledger.verify.progress import VerificationLog
from ledger.verify.report import VerificationStep
from tests.ledger.application.integrity.test_audit import shelf_of
from tests.support.cli import ledger_of, reply, run
from tests.support.memory_ledger import ISSUED, ORDER, Ledger, small

SEED = bytes([7] * 32)


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return ledger_of("S1", tmp_path)


@pytest.fixture
def copy(ledger: Path, tmp_path: Path) -> Path:
    """Copy the folder as a court gets it: without guard, keys and the office's own files."""
    gone = shutil.ignore_patterns("state", "keys", "keys.db*", "views.db*", "story.json")
    return Path(shutil.copytree(ledger, tmp_path / "copy", ignore=gone))


@pytest.fixture
def trust(ledger: Path, tmp_path: Path) -> Path:
    """Copy the trust folder, as trust that came by another channel."""
    return Path(shutil.copytree(ledger / "trust", tmp_path / "trust"))


def verdict(folder: Path, *args: str) -> tuple[int, dict[str, Any]]:
    done = run("verify", str(folder), *args, "--json")
    return done.exit_code, json.loads(done.stdout)


def codes(report: dict[str, Any]) -> list[str]:
    return [reason["code"] for reason in report["reasons"]]


def open_file(path: Path) -> sqlite3.Connection:
    """Open a database and drop its triggers, so that a test can change it."""
    c = sqlite3.connect(path, isolation_level=None)
    for (name,) in c.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        c.execute(f"DROP TRIGGER {name}")
    return c


def cut(folder: Path, size: int) -> None:
    """Remove the newest entries."""
    with closing(open_file(folder / "entries.db")) as c:
        for table, column in (("stored_events", "rowid - 1"), ("log_leaf", "idx"), ("ciphertext", "idx")):
            c.execute(f"DELETE FROM {table} WHERE {column} >= ?", (size,))  # noqa: S608
        c.execute("PRAGMA wal_checkpoint(TRUNCATE)")


# -- trust -------------------------------------------------------------------------------------------------------------


def test_a_copy_passes_under_trust_from_elsewhere_and_fills_the_steps_of_a_bundle(copy: Path, trust: Path) -> None:
    code, report = verdict(copy, "--trust", str(trust))
    assert (code, report["verdict"], report["entries"], report["not_covered"]) == (0, "TOTAL-PASSED", 39, 0)
    assert [step["step"] for step in report["steps"]] == list(VerificationStep)
    ran = {step["step"]: step["result"] for step in report["steps"]}
    assert {n for n, result in ran.items() if result == "not run"} == {3, 5, 7, 13, 14, 16}
    assert {result for n, result in ran.items() if n not in (3, 5, 7, 13, 14, 16)} == {"passed"}


def test_a_folder_without_trust_is_indeterminate_in_ones_own_office_too(ledger: Path, copy: Path) -> None:
    for folder in (ledger, copy):
        code, report = verdict(folder)
        assert (code, report["verdict"], codes(report)) == (Exit.FINDINGS, "INDETERMINATE", ["NO_TRUST_ANCHOR"])


def test_a_policy_without_a_registrar_takes_none_from_the_folder_silently(copy: Path, trust: Path) -> None:
    (trust / "registrar").unlink()
    code, report = verdict(copy, "--trust", str(trust))
    assert (code, report["verdict"], codes(report)) == (Exit.FINDINGS, "INDETERMINATE", ["NO_TRUST_ANCHOR"])
    assert any("registrar keeps the register" in says for says in report["not_proven"])
    assert verdict(copy, "--trust", str(trust / "policy"))[0] == Exit.FINDINGS


def test_a_folder_without_a_registrar_of_its_own_is_judged_by_the_trusted_one(copy: Path, trust: Path) -> None:
    shutil.rmtree(copy / "trust")
    assert verdict(copy, "--trust", str(trust))[0] == 0
    assert run("verify", str(copy), "--json").exit_code in (Exit.FINDINGS, Exit.PROVED_BAD, Exit.UNDECIDABLE)


def test_a_registrar_of_the_folders_own_is_not_asked(copy: Path, trust: Path) -> None:
    (copy / "trust" / "registrar").write_text(f"registrar XO {'58' + '66' * 31}\n")
    assert verdict(copy, "--trust", str(trust))[0] == 0
    (trust / "registrar").write_text(f"registrar XO {'58' + '66' * 31}\n")
    code, report = verdict(copy, "--trust", str(trust))
    assert (code, codes(report)[0]) == (Exit.PROVED_BAD, "KEY-UNKNOWN")


def test_an_anchor_alone_says_which_entries_and_not_whose(copy: Path, tmp_path: Path) -> None:
    anchor = tmp_path / "anchor"
    shutil.copy(copy / "log" / "checkpoint", anchor)
    code, report = verdict(copy, "--anchor", str(anchor))
    assert (code, codes(report)) == (Exit.FINDINGS, ["NO_TRUST_ANCHOR"])


def test_the_folders_own_trust_is_the_verifiers_choice(copy: Path) -> None:
    assert verdict(copy, "--trust", str(copy / "trust"))[0] == 0
    assert verdict(copy, "--trust", str(copy))[0] == 0


def test_a_test_ledger_says_test(copy: Path, trust: Path) -> None:
    assert "TEST" in run("verify", str(copy), "--trust", str(trust)).stdout
    (copy / "TEST").unlink()
    assert "TEST" not in run("verify", str(copy), "--trust", str(trust)).stdout


def test_that_the_entries_are_true_is_never_proven(copy: Path, trust: Path) -> None:
    report = verdict(copy, "--trust", str(trust))[1]
    assert [says.split(":")[0] for says in report["not_proven"][:2]] == ["TEST", "NO-WITNESS"]
    assert report["not_proven"][-1].startswith("That what the entries say is true")


def folder_of(made: Ledger, folder: Path) -> tuple[Path, Path]:
    """Write a ledger of the verifier's tests as a folder, and its trust folder; return both paths."""
    for name, data in made.trust_files().items():
        for place in (folder / "ledger" / "trust", folder / "trust"):
            place.mkdir(parents=True, exist_ok=True)
            (place / name).write_bytes(data)
    (folder / "ledger" / "log").mkdir()
    (folder / "ledger" / "log" / "checkpoint").write_bytes(made.checkpoint())
    (folder / "ledger" / "foreign").mkdir()
    for name, data in made.foreign.items():
        (folder / "ledger" / "foreign" / name).write_bytes(data)
    shelf_of(made, folder / "ledger" / "entries.db")
    return folder / "ledger", folder / "trust"


def test_what_entries_claim_falsely_is_found_in_a_folder_too(tmp_path: Path) -> None:
    made, ilves = small()
    index = made.record(ilves, "court-ruled", {"ruling": "dispute-settled"}, order=ORDER, role="CT")
    folder, trust = folder_of(made, tmp_path)
    code, report = verdict(folder, "--trust", str(trust))
    assert (code, report["verdict"]) == (0, "TOTAL-PASSED")
    assert [(f["code"], f["level"], f["entries"]) for f in report["procedure"]] == [
        ("V-ROLE-NOT-HELD", "V", [made.leaf(index)])
    ]


@pytest.mark.parametrize("odd", [1, MOST, MOST + 3])
def test_the_first_findings_on_entries_are_listed_and_the_others_counted(odd: int, tmp_path: Path) -> None:
    made, ilves = small()
    unseen = {**ISSUED, "case_ref": "KA\u200b-2027-0311"}
    found = [made.record(ilves, "order-issued", unseen, order=ORDER, loose=True) for _ in range(odd)]
    folder, trust = folder_of(made, tmp_path)
    code, report = verdict(folder, "--trust", str(trust))
    assert (code, report["verdict"]) == (0, "TOTAL-PASSED")
    listed = [(f["code"], f["entries"]) for f in report["procedure"]]
    assert listed == [("TEXT-UNSEEN", [made.leaf(index)]) for index in found[:MOST]]
    more = f"What {odd - MOST} more findings on entries say: the first {MOST} are listed."
    assert (more in report["not_proven"]) is (odd > MOST)


def test_a_wrapped_entry_whose_bytes_are_not_here_is_found_in_a_folder_too(tmp_path: Path) -> None:
    made, ilves = small()
    said = {"origin": "other.test/log", "index": 3, "leaf": "ab" * 32, "envelope": "cd" * 32, "proof_check": "verifies"}
    made.record(ilves, "counterparty-record-received", said, order=ORDER)
    folder, trust = folder_of(made, tmp_path)
    code, report = verdict(folder, "--trust", str(trust))
    assert (code, [f["code"] for f in report["procedure"]]) == (0, ["ENT-ABSENT"])
    (folder / "foreign" / ("cd" * 32)).write_bytes(b"something else")
    code, report = verdict(folder, "--trust", str(trust))
    assert (code, [f["code"] for f in report["procedure"]]) == (0, ["ENT-MISMATCH"])


# -- what the log has signed -------------------------------------------------------------------------------------------


def test_a_folder_without_a_checkpoint_is_indeterminate(copy: Path, trust: Path) -> None:
    shutil.rmtree(copy / "log")
    code, report = verdict(copy, "--trust", str(trust))
    assert (code, report["verdict"], codes(report)) == (Exit.FINDINGS, "INDETERMINATE", ["CP-SIG"])
    (copy / "heads.db").unlink()
    code, report = verdict(copy, "--trust", str(trust))
    assert (code, report["verdict"], codes(report)) == (Exit.FINDINGS, "INDETERMINATE", ["CP-SIG"])
    assert report["entries"] == 0
    assert report["not_covered"] == 39


def test_a_copy_that_was_cut_does_not_pass_with_or_without_its_log(copy: Path, trust: Path) -> None:
    cut(copy, 31)
    code, report = verdict(copy, "--trust", str(trust))
    assert (code, codes(report)[0]) == (Exit.PROVED_BAD, "LOG-ROLLBACK")
    shutil.rmtree(copy / "log")
    assert verdict(copy, "--trust", str(trust))[0] == Exit.PROVED_BAD  # the stored heads still show it
    (copy / "heads.db").unlink()
    code, report = verdict(copy, "--trust", str(trust))
    assert (code, report["verdict"], codes(report)) == (Exit.FINDINGS, "INDETERMINATE", ["CP-SIG"])


def test_a_kept_head_that_promises_other_entries_is_found(copy: Path, trust: Path) -> None:
    origin = (copy / "log" / "checkpoint").read_text().splitlines()[0]
    note = sign_note(f"{origin}\n5\n{'A' * 43}=\n", origin, SEED).encode()
    keep_note(copy, note)
    for place in (copy, trust):
        add_log_key(place if place == trust else copy / "trust", origin)
    code, report = verdict(copy, "--trust", str(trust))
    assert (code, codes(report)[0]) == (Exit.PROVED_BAD, "LOG-CORRUPT")


def keep_note(folder: Path, note: bytes) -> None:
    from ledger.tlog.note import note_digest

    with closing(open_file(folder / "heads.db")) as c:
        values = (note_digest(note), 5, note, "2027-01-01T00:00:00Z")
        c.execute("INSERT INTO head (digest, size, note, at) VALUES (?, ?, ?, ?)", values)
        c.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def add_log_key(trust: Path, origin: str) -> None:
    from ledger.formats.ed25519 import public_key
    from ledger.tlog.note import log_vkey

    policy = trust / "policy"
    policy.write_text(f"log {log_vkey(origin, public_key(SEED))}\n{policy.read_text()}")


def test_entries_behind_the_newest_checkpoint_are_not_covered_and_said_so(copy: Path, trust: Path) -> None:
    older(copy, trust, 31)
    done = run("verify", str(copy), "--trust", str(trust))
    assert "31 entries" in done.stdout
    assert "8 entries more behind that size: not covered." in done.stdout
    assert "entries 31 to 38" in " ".join(done.stdout.split())
    report = verdict(copy, "--trust", str(trust))[1]
    assert (report["entries"], report["not_covered"]) == (31, 8)
    assert report["not_proven"][1].startswith("That entries 31 to 38 will stay")


def test_a_checkpoint_that_covers_nothing_proves_nothing(copy: Path, trust: Path) -> None:
    older(copy, trust, 0)
    code, report = verdict(copy, "--trust", str(trust))
    assert (code, report["verdict"], codes(report)) == (Exit.FINDINGS, "INDETERMINATE", ["PRF-INDEX"])
    assert (report["entries"], report["not_covered"]) == (0, 39)


def older(folder: Path, trust: Path, size: int) -> None:
    """Publish a head of a smaller size, and delete the later ones, as in an older copy of log/."""
    import base64

    from ledger.adapters.storage.entry_reader import EntryReader
    from ledger.tlog.tree import EMPTY_ROOT, root

    origin = (folder / "log" / "checkpoint").read_text().splitlines()[0]
    with closing(EntryReader(folder / "entries.db")) as shelf:
        top = root(size, shelf.hashes) if size else EMPTY_ROOT
    add_log_key(trust, origin)
    text = f"{origin}\n{size}\n{base64.b64encode(top).decode()}\n"
    (folder / "log" / "checkpoint").write_text(sign_note(text, origin, SEED))
    (folder / "heads.db").unlink()


def test_the_origin_is_held_against_the_policy(copy: Path, tmp_path: Path) -> None:
    other = ledger_of("S2", tmp_path / "other")
    for gone in (None, copy / "log"):
        if gone is not None:
            shutil.rmtree(gone)
        code, report = verdict(copy, "--trust", str(other / "trust"))
        assert (code, report["verdict"], codes(report)) == (Exit.FINDINGS, "INDETERMINATE", ["CP-ORIGIN"])


def test_a_checkpoint_of_another_log_is_refused(copy: Path, trust: Path, tmp_path: Path) -> None:
    other = ledger_of("S2", tmp_path / "other")
    shutil.copy(other / "log" / "checkpoint", copy / "log" / "checkpoint")
    code, report = verdict(copy, "--trust", str(trust))
    assert (code, codes(report)[0]) == (Exit.PROVED_BAD, "CP-ORIGIN")


def test_a_checkpoint_that_the_trusted_key_did_not_sign_is_refused(copy: Path, trust: Path) -> None:
    text = (copy / "log" / "checkpoint").read_text().split("\n\n")[0] + "\n"
    (copy / "log" / "checkpoint").write_text(sign_note(text, text.split("\n")[0], SEED))
    code, report = verdict(copy, "--trust", str(trust))
    assert (code, codes(report)) == (Exit.PROVED_BAD, ["CP-SIG"])


def test_the_quorum_of_the_verifiers_policy_is_asked_for(copy: Path, trust: Path) -> None:
    policy = trust / "policy"
    witness = witness_vkey("w.example", bytes([0x58, *[0x66] * 31]))
    policy.write_text(f"{policy.read_text().splitlines()[0]}\nwitness w {witness}\nquorum w\n")
    code, report = verdict(copy, "--trust", str(trust))
    assert (code, report["verdict"], codes(report)) == (Exit.FINDINGS, "INDETERMINATE", ["CP-QUORUM"])
    assert not any(says.startswith("NO-WITNESS") for says in report["not_proven"])


def test_a_policy_of_two_logs_is_asked_about_the_one_that_is_here(copy: Path, trust: Path, tmp_path: Path) -> None:
    other = ledger_of("S2", tmp_path / "other") / "trust" / "policy"
    policy = trust / "policy"
    policy.write_text(f"{other.read_text().splitlines()[0]}\n{policy.read_text()}")
    assert verdict(copy, "--trust", str(trust))[0] == 0
    shutil.copy(policy, copy / "trust" / "policy")
    assert verdict(copy, "--trust", str(trust))[0] == 0


def test_a_key_reported_later_leaves_its_entries_in_doubt_as_in_a_bundle(ledger: Path, tmp_path: Path) -> None:
    args = ("key", "compromised", "skylark", "--since", "2027-01-01T00:00:00Z", "--yes")
    done = run(*args, ledger=ledger)
    assert done.exit_code == 0, done.output
    code, report = verdict(ledger, "--trust", str(ledger / "trust"))
    assert (code, codes(report)) == (Exit.FINDINGS, ["KEY-SUSPECT"])
    assert "skylark may have been in wrong hands since 2027-01-01T00:00:00Z" in report["reasons"][0]["says"]


# -- files that are not databases --------------------------------------------------------------------------------------


def spoil(kind: str, path: Path) -> None:
    path.unlink(missing_ok=True)
    path.parent.mkdir(exist_ok=True)
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "link":
        (path.parent / "elsewhere").write_bytes(b"elsewhere")
        path.symlink_to("elsewhere")
    elif kind == "folder":
        path.mkdir()
    elif kind == "socket":
        with closing(socket.socket(socket.AF_UNIX)) as s:
            s.bind(str(path))
    else:
        with path.open("wb") as file:
            file.truncate(1 << 40)


KINDS = ("pipe", "device", "link", "folder", "large", "socket")
NAMES = ("log/checkpoint", "trust/policy", "entries.db", "heads.db", "entries.db-wal")


@pytest.mark.parametrize(("kind", "name"), [*product(KINDS, NAMES)])
def test_what_is_no_regular_file_of_its_size_is_refused_calmly(kind: str, name: str, copy: Path, trust: Path) -> None:
    spoil(kind, copy / name)
    done = run("verify", str(copy), "--trust", str(trust))
    assert done.exit_code in (Exit.UNDECIDABLE, Exit.PROVED_BAD), done.output
    if kind != "large":
        assert done.exit_code == Exit.UNDECIDABLE
        assert "no regular file" in done.stderr


@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "large", "link"])
@pytest.mark.parametrize("name", ["policy", "registrar", "tsa/x.pem", "others/x/policy", "1.trust.json"])
def test_a_trust_folder_is_read_as_carefully(kind: str, name: str, copy: Path, trust: Path) -> None:
    (trust / name).parent.mkdir(parents=True, exist_ok=True)
    spoil(kind, trust / name)
    done = run("verify", str(copy), "--trust", str(trust))
    assert done.exit_code == Exit.UNDECIDABLE, done.output
    assert done.stdout == ""


def test_a_folder_behind_a_link_is_not_entered(copy: Path, trust: Path) -> None:
    (copy / "log").rename(copy.parent / "log")
    (copy / "log").symlink_to(copy.parent / "log")
    done = run("verify", str(copy), "--trust", str(trust))
    assert done.exit_code == Exit.UNDECIDABLE
    assert "links are not followed" in done.stderr


# -- hostile databases -------------------------------------------------------------------------------------------------


def test_a_flipped_byte_in_the_schema_is_no_crash(copy: Path, trust: Path) -> None:
    original = (copy / "entries.db").read_bytes()
    at = original.index(b"CREATE TABLE stored_events")
    for offset, value in ((0, 0xFF), (8, 0xFF), (13, 0x00), (20, 0xC3), (30, 0xFE)):
        data = bytearray(original)
        data[at + offset] = value
        (copy / "entries.db").write_bytes(data)
        done = run("verify", str(copy), "--trust", str(trust))
        assert done.exit_code in (Exit.PROVED_BAD, Exit.UNDECIDABLE), done.output


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE VIEW theirs AS SELECT 1",
        "CREATE TABLE theirs (a)",
        "CREATE TRIGGER theirs BEFORE INSERT ON log_leaf BEGIN SELECT 1; END",
        "CREATE INDEX theirs ON log_leaf (idx)",
        "ANALYZE",
    ],
)
@pytest.mark.parametrize("name", ["entries.db", "heads.db"])
def test_a_table_that_no_ledger_has_is_not_asked(statement: str, name: str, copy: Path, trust: Path) -> None:
    with closing(sqlite3.connect(copy / name)) as c:
        c.execute(
            statement.replace("log_leaf (idx)", "head (n)")
            if name == "heads.db" and "INDEX" in statement
            else statement.replace("log_leaf", "head")
            if name == "heads.db"
            else statement
        )
        c.commit()
        c.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    code, report = verdict(copy, "--trust", str(trust))
    assert (code, codes(report)) == (Exit.PROVED_BAD, ["LOG-CORRUPT"])


def test_a_newer_version_of_the_store_is_undecidable(copy: Path, trust: Path) -> None:
    with closing(sqlite3.connect(copy / "entries.db")) as c:
        c.execute("PRAGMA user_version = 2")
        c.commit()
    done = run("verify", str(copy), "--trust", str(trust))
    assert done.exit_code == Exit.UNDECIDABLE
    assert "LEDGER-VERSION" in done.stderr


def test_a_number_of_entries_that_no_file_holds_does_not_keep_anybody_busy(copy: Path, trust: Path) -> None:
    with closing(open_file(copy / "entries.db")) as c:
        c.execute("UPDATE stored_events SET rowid = 4611686018427387904 WHERE rowid = 39")
        c.execute("UPDATE log_leaf SET idx = 4611686018427387903 WHERE idx = 38")
        c.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    code, report = verdict(copy, "--trust", str(trust))
    assert (code, codes(report)) == (Exit.PROVED_BAD, ["LOG-CORRUPT"])


def test_entries_before_the_first_are_not_hidden_from_the_tree(copy: Path, trust: Path) -> None:
    with closing(open_file(copy / "entries.db")) as c:
        values = c.execute("SELECT topic, state FROM stored_events WHERE rowid = 1").fetchone()
        c.execute("INSERT INTO stored_events VALUES (-5, 'x', 1, ?, ?, NULL, NULL)", values)
        c.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert verdict(copy, "--trust", str(trust))[0] == Exit.PROVED_BAD


@pytest.mark.parametrize("value", [b"\xff" * 40, b"", b"x" * 5000])
def test_a_column_that_is_not_what_it_should_be_is_a_verdict(value: bytes, copy: Path, trust: Path) -> None:
    for statement in (
        "UPDATE stored_events SET originator_id = CAST(? AS TEXT) WHERE rowid = 20",
        "UPDATE stored_events SET topic = CAST(? AS TEXT) WHERE rowid = 20",
        "UPDATE stored_events SET state = ? WHERE rowid = 1",
    ):
        with closing(open_file(copy / "entries.db")) as c:
            c.execute(statement, (value,))
            c.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        assert verdict(copy, "--trust", str(trust))[0] == Exit.PROVED_BAD


@pytest.mark.parametrize("note", [b"", b"\xff", b"x" * 70_000, b"a\nb\nc\n\n"])
def test_hostile_heads_are_a_verdict(note: bytes, copy: Path, trust: Path) -> None:
    keep_note(copy, note)
    assert verdict(copy, "--trust", str(trust))[0] == Exit.PROVED_BAD


# -- nothing is written, no server is asked ----------------------------------------------------------------------------


def state(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(p.relative_to(folder)): (p.stat().st_mtime_ns, p.read_bytes()) for p in folder.rglob("*") if p.is_file()
    }


def test_verifying_writes_nothing_into_the_folder(copy: Path, trust: Path) -> None:
    before = state(copy)
    assert verdict(copy, "--trust", str(trust))[0] == 0
    assert state(copy) == before


def test_entries_that_are_still_in_the_wal_are_read_from_it_and_it_stays(ledger: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(ledger / "entries.db")) as held:
        held.execute("SELECT 1 FROM stored_events").fetchone()  # an open reader, as an office's server, keeps the WAL
        args = ("record", "order-closed", "main", "-f", "outcome=answered", "--as", "ilves")
        assert run(*args, ledger=ledger).exit_code == 0
        assert (ledger / "entries.db-wal").stat().st_size > 0
        handed = Path(shutil.copytree(ledger, tmp_path / "handed"))
        (handed / "entries.db-shm").unlink(missing_ok=True)
        before = state(handed)
        code, report = verdict(handed, "--trust", str(ledger / "trust"))
        assert (code, report["entries"]) == (0, 40)
        assert state(handed) == before
        assert verdict(ledger, "--trust", str(ledger / "trust"))[1]["entries"] == 40


def test_no_address_in_the_folder_is_followed(copy: Path, trust: Path) -> None:
    called: list[object] = []
    with closing(socket.socket()) as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        server.settimeout(1)

        def wait() -> None:
            with suppress(TimeoutError):
                called.append(server.accept())

        thread = Thread(target=wait)
        thread.start()
        (copy / "entries.db").rename(copy.parent / "entries.db")
        (copy / "store").write_text(f"postgresql://127.0.0.1:{server.getsockname()[1]}/x\n")
        done = run("verify", str(copy), "--trust", str(trust))
        thread.join()
    assert called == []
    assert done.exit_code == Exit.UNDECIDABLE
    assert "--store" in done.stderr


def test_a_published_log_is_told_from_a_ledger_and_the_command_for_it_named(
    ledger: Path, trust: Path, tmp_path: Path
) -> None:
    assert run("log", "publish", str(tmp_path / "published"), ledger=ledger).exit_code == 0
    for folder in (tmp_path / "published", ledger / "log"):
        done = run("verify", str(folder), "--trust", str(trust))
        assert (done.exit_code, done.stdout) == (Exit.UNDECIDABLE, "")
        assert f"comity monitor {folder} --trust TRUST --entries" in done.stderr
    seen = ("--trust", str(trust), "--entries", "--state", str(tmp_path / "m"))
    assert run("monitor", str(tmp_path / "published"), *seen).exit_code == 0


def test_a_store_is_of_a_folder(copy: Path, trust: Path) -> None:
    done = run("verify", str(copy / "log" / "checkpoint"), "--store", "postgresql://x/y")
    assert done.exit_code == Exit.USAGE


def test_a_folder_that_is_written_to_meanwhile_is_busy(
    copy: Path, trust: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def touched(*args: Any, **more: Any) -> Any:
        os.utime(copy / "entries.db", (1, 1))
        return verify_log(*args, **more)

    monkeypatch.setattr(verify_ledger, "verify_log", touched)
    done = run("verify", str(copy), "--trust", str(trust))
    assert done.exit_code == Exit.BUSY
    assert done.stdout == ""


# -- the operator's own check ------------------------------------------------------------------------------------------


def test_fsck_has_words_of_its_own(ledger: Path) -> None:
    answer = reply("fsck", ledger=ledger)
    assert (answer["format"], answer["verdict"]) == ("comity.fsck/1", "CONSISTENT")
    done = run("fsck", ledger=ledger)
    assert done.stdout.startswith("Ledger: CONSISTENT\n")
    assert "TOTAL" not in done.output
    cut(ledger, 31)
    done = run("fsck", ledger=ledger)
    assert (done.exit_code, done.stdout.splitlines()[0]) == (Exit.PROVED_BAD, "Ledger: INCONSISTENT LOG-ROLLBACK")
    assert "TOTAL" not in done.output


def test_fsck_finds_no_rollback_where_another_process_records_meanwhile(
    ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = ("--instrument", "VOL", "--to", "XV", "--provider", "skylark", "--unregistered", "--reference", "PPO-1")

    def meanwhile(*asked: Any) -> OwnCheck:
        checked = check_own(*asked)
        monkeypatch.setattr(EntryReader, "size", lambda reader: recorded(size(reader)))
        return checked

    def recorded(before: int) -> int:
        monkeypatch.setattr(EntryReader, "size", size)
        done = run("issue", *order, "--category", "subscriber", "--as", "ilves", "--yes", ledger=ledger)
        assert done.exit_code == 0, done.output
        return before

    size = EntryReader.size
    assert vars(restore_copy)["check_own"] is check_own, "imported during the patch, it would keep it"
    monkeypatch.setattr(own_check, "check_own", meanwhile)
    assert reply("fsck", ledger=ledger)["verdict"] == "CONSISTENT"


@pytest.mark.parametrize("gone", ["state", "log"])
def test_fsck_is_undecided_where_nothing_can_be_compared(gone: str, ledger: Path) -> None:
    for path in ledger.glob("state/*/guard.db*") if gone == "state" else (ledger / "log" / "checkpoint",):
        path.unlink()
    done = run("fsck", "--json", ledger=ledger)
    assert (done.exit_code, json.loads(done.stdout)["verdict"]) == (Exit.FINDINGS, "UNDECIDED")
    assert "TOTAL" not in run("fsck", ledger=ledger).output


def test_an_entry_that_was_taken_in_spite_of_its_condition_is_found_in_a_folder_too(tmp_path: Path) -> None:
    made, ilves = small()
    sent = {"addressee": "skylark", "channel": "mail"}
    opposed = made.record(ilves, "order-transmitted", sent, order=ORDER)
    unless = Condition(opposed, [ORDER], ["order-transmitted"])
    index = made.record(ilves, "order-transmitted", sent, order=ORDER, unless=unless)
    made.record(ilves, "order-transmitted", sent, order=ORDER, unless=replace(unless, after=index + 1))
    folder, trust = folder_of(made, tmp_path)
    code, report = verdict(folder, "--trust", str(trust))
    assert (code, report["verdict"]) == (0, "TOTAL-PASSED")
    assert [(f["code"], f["entries"]) for f in report["procedure"]] == [("CTX-CONDITION", [made.leaf(index)])]


def said(loose: int = 0, rests: int = 0, sealed: int = 0, findings: int = 0, *, test: bool = False) -> list[str]:
    book = VerificationLog()
    noted = SimpleNamespace(sealed=sealed, findings=findings, remarks=["one"] * min(findings, 2))
    walked: Any = SimpleNamespace(size=9, rests=rests, noted=noted)
    files: Any = SimpleNamespace(test=test)
    states: Any = None
    _say_what_is_not_proven(files, walked, loose, states, book)
    return [*book.gravest, "|", *book.not_proven]


def test_what_a_verification_leaves_unproven_is_said_gravest_first() -> None:
    assert said() == ["|", claims.NOT_TRUE]
    assert said(loose=1)[0] == "That entry 8 will stay: no checkpoint that the log has signed covers it."
    assert said(loose=3)[0] == "That entries 6 to 8 will stay: no checkpoint that the log has signed covers them."
    rests = "That the first 4 entries are whole: an earlier audit checked the ones this run did not read."
    assert said(loose=1, rests=4, test=True)[:2] == [claims.TEST, rests]
    assert said(sealed=1)[1:-1] == ["What stands in 1 sealed value: the commitments are proven, the values are not."]
    assert said(sealed=2)[1:-1] == ["What stands in 2 sealed values: the commitments are proven, the values are not."]
    assert said(findings=2)[1:-1] == []
    assert said(findings=3)[1:-1] == [f"What 1 more findings on entries say: the first {MOST} are listed."]


def test_a_long_list_of_sentences_is_cut_and_says_so() -> None:
    assert list(_shortened(["a", "b", "a"])) == ["a", "b"]
    many = [str(n) for n in range(MOST + 2)]
    assert list(_shortened(many[:MOST])) == many[:MOST]
    assert list(_shortened([*many, "0"])) == [*many[:MOST], "And 2 more of this kind."]


def test_the_files_and_the_entries_that_are_read_one_by_one_are_counted() -> None:
    held = {"a": b"A", "b": b"B"}
    files: Any = SimpleNamespace(foreign=held.get, foreign_names=lambda: list(held))
    found = _Files(files)
    assert (len(found), list(found), found["a"], found.get("c")) == (2, ["a", "b"], b"A", None)
    assert dict(found) == held
    made, _ = small()
    store: Any = SimpleNamespace(at=lambda index: made.entries[index])
    naming = _NamingEntries(store, [4, 2])
    assert (len(naming), list(naming), naming[4].leaf) == (2, [4, 2], made.leaf(4))
