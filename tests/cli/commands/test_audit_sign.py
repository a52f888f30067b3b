"""Auditors on the command line: make a key, audit a log, name the auditor, take its notes, and see the verdict."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cli.command_tables import AUDIT
from cli.commands import audit_sign
from cli.exit_codes import Exit, Stop
from ledger.bundle.archive import unpack
from ledger.tlog.note import MLDSA44, Vkey, parse_vkey
from ledger.tlog.policy import parse_policy
from tests.support.cli import House, documents_in, run

pytest.importorskip("cryptography.hazmat.primitives.asymmetric.mldsa", reason="needs cryptography 50")

NAME = "auditor.example/karsk"


@dataclass
class Case:
    """An office with its ledger, and an auditor who holds the office's trust folder of the beginning."""

    house: House

    @property
    def trust(self) -> Path:
        return self.house.folder / "held"

    def ok(self, *words: str) -> dict[str, Any]:
        done = self.house.run(*words, "--json")
        assert done.exit_code == 0, done.output
        return dict(next(iter(documents_in(done.stdout)), {}))

    def new(self) -> str:
        return str(self.ok("audit", "new", NAME)["vkey"])

    def sign(self, where: Path | None = None, *more: str) -> tuple[int, dict[str, Any]]:
        words = ("audit", "sign", str(where or self.house.ledger), "--name", NAME, "--trust", str(self.trust), *more)
        done = self.house.away(*words, "--json")
        return done.exit_code, json.loads(done.stdout) if done.stdout else {"error": done.output}

    def audits(self) -> str:
        return str(self.house.folder / "audits")

    def taken(self) -> Case:
        """Name the auditor, let it audit, and take what it returns."""
        self.ok("audit", "add", self.new())
        self.ok("checkpoint")
        code, _ = self.sign(None, "-o", self.audits())
        assert code == 0
        self.ok("audit", "take", self.audits())
        return self

    def export(self) -> Path:
        bundle = self.house.folder / "ct.evidence.zip"
        bundle.unlink(missing_ok=True)
        done = self.house.run("export", "PPO-1", "--audience", "CT", "--as", "ilves", "-o", str(bundle))
        assert done.exit_code == 0, done.output
        return bundle

    def verify(self, what: Path, trust: Path | None = None) -> tuple[int, dict[str, Any], str]:
        words = ("verify", str(what), "--trust", str(trust or self.house.ledger / "trust"))
        done = self.house.away(*words, "--json")
        return done.exit_code, json.loads(done.stdout), self.house.away(*words).stdout


@pytest.fixture
def case(tmp_path: Path) -> Case:
    house = House(tmp_path).furnished()
    made = Case(house)
    made.ok("checkpoint")
    shutil.copytree(house.ledger / "trust", made.trust)
    return made


def test_an_auditor_is_named_audits_and_the_verdict_says_what_it_checked(case: Case) -> None:
    bundle = case.taken().export()
    code, answer, text = case.verify(bundle)
    assert (code, answer["verdict"]) == (Exit.DONE, "TOTAL-PASSED")
    size = answer["head"]["size"]
    (audit,) = answer["audits"]
    assert (audit["name"], audit["auditor"], audit["checks"]) == (
        "karsk",
        NAME,
        ["signatures", "chain", "places", "map-roots"],
    )
    ((start, end),) = audit["ranges"]
    assert (start, end < size) == (0, True), "the entry on the export itself came later"
    assert "What auditors of your policy state" in text
    words = " ".join(text.split())
    assert f"karsk ({NAME}) checked the entries 0-{end - 1} of the {size} in this log." in words
    assert f"used the program {audit['program']} and the rules {audit['rules']}" in words
    lacking = f"entry {end}" if end + 1 == size else f"entries {end}-{size - 1}"
    assert f"That the auditor karsk checked the {lacking}:" in words
    assert "[CMP-NOT-AUDITED]" in words


def test_a_verifier_whose_policy_names_no_auditor_is_told_that_a_note_was_left(case: Case) -> None:
    bundle = case.taken().export()
    _, answer, _ = case.verify(bundle, case.trust)
    assert answer["audits"] == []
    assert any("your policy names none who signed" in says for says in answer["not_proven"])


def test_a_ledger_folder_and_its_list_say_the_same(case: Case) -> None:
    case.taken()
    listed = case.ok("audit", "list")
    assert listed["auditors"][0]["ranges"] == [[0, listed["size"]]]
    assert listed["problems"] == []
    code, answer, _ = case.verify(case.house.ledger)
    assert (code, answer["audits"][0]["ranges"]) == (0, [[0, listed["size"]]])


def test_the_next_run_reads_and_signs_what_is_new(case: Case) -> None:
    case.taken()
    _, first = case.sign()
    assert (first["signed"], first["read"]) == ([], 0)
    case.house.reply(
        "record",
        "party-registered",
        "-f",
        "party=XN",
        "-f",
        "zone=UTC",
        "-f",
        "declarations_verified=false",
        "--as",
        "registrar",
    )
    case.ok("checkpoint")
    _, second = case.sign()
    assert second["read"] == second["size"] - first["size"]
    assert second["signed"][0][0] == first["size"]
    _, third = case.sign(None, "--whole")
    assert third["signed"] == [[0, second["size"]]]


def test_a_published_log_and_a_backup_are_audited_too(case: Case, tmp_path: Path) -> None:
    case.new()
    published, copy = tmp_path / "published", tmp_path / "copy"
    case.ok("log", "publish", str(published))
    _, from_published = case.sign(published)
    case.ok("backup", str(case.house.ledger), "-o", str(tmp_path / "copy.tar"))
    case.ok("restore", str(tmp_path / "copy.tar"), str(copy), "--behind")
    code, from_copy = case.sign(copy, "--state", str(tmp_path / "elsewhere"))
    assert code != 0, "the key is in another folder"
    case.ok("audit", "new", NAME, "--state", str(tmp_path / "elsewhere"))
    _, from_copy = case.sign(copy, "--state", str(tmp_path / "elsewhere"))
    assert from_copy["signed"] == from_published["signed"] == [[0, from_copy["size"]]]


def test_notes_are_published_with_the_log_and_backed_up(case: Case, tmp_path: Path) -> None:
    case.taken()
    case.ok("log", "publish", str(tmp_path / "published"))
    names = (tmp_path / "published" / "audits" / "index").read_text().splitlines()
    assert sorted(name.rpartition(".")[2] for name in names) == ["note", "statement"]
    assert all((tmp_path / "published" / "audits" / name).is_file() for name in names)
    case.ok("backup", str(case.house.ledger), "-o", str(tmp_path / "copy.tar"))
    case.ok("restore", str(tmp_path / "copy.tar"), str(tmp_path / "copy"), "--behind")
    assert (tmp_path / "copy" / "log" / "audits" / "index").read_text().splitlines() == names


def test_a_ledger_that_was_changed_is_not_signed(case: Case, tmp_path: Path) -> None:
    from tests.ledger.application.integrity.test_verify_log import open_file

    case.new()
    copy = Path(shutil.copytree(case.house.ledger, tmp_path / "copy"))
    with open_file(copy / "entries.db") as c:
        c.execute("UPDATE stored_events SET state = (SELECT state FROM stored_events WHERE rowid = 2) WHERE rowid = 3")
        c.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    c.close()
    code, answer = case.sign(copy)
    assert (code, answer["signed"]) == (Exit.PROVED_BAD, [])
    assert [problem["code"] for problem in answer["problems"]] == ["LOG-CORRUPT"]


def test_what_cannot_be_read_is_undecidable_and_nothing_is_signed(case: Case, tmp_path: Path) -> None:
    case.new()
    code, answer = case.sign(tmp_path / "nothing")
    assert (code, answer["signed"], answer["problems"][0]["code"]) == (Exit.UNDECIDABLE, [], "LOG-UNREACHABLE")


def test_a_key_is_made_once_for_each_program(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    first = case.new()
    assert case.house.run("audit", "new", NAME).exit_code == Exit.REFUSED
    monkeypatch.setattr("ledger.application.auditing.program.program_digest", lambda: "ab" * 32)
    code, _ = case.sign()
    assert code == Exit.USAGE, "another version of the program needs its own key"
    assert case.new() != first


def test_notes_of_an_auditor_that_the_policy_does_not_name_are_not_taken(case: Case) -> None:
    case.new()
    case.sign(None, "-o", case.audits())
    done = case.house.run("audit", "take", case.audits())
    assert (done.exit_code, "comity audit add" in done.output) == (Exit.REFUSED, True)


def test_notes_of_others_beside_those_of_the_auditor_are_counted_and_left(case: Case) -> None:
    case.ok("audit", "add", case.new())
    case.ok("checkpoint")
    case.sign(None, "-o", case.audits())
    done = case.house.run("audit", "take", case.audits())
    assert (done.exit_code, "left" in done.stderr) == (0, False)
    (note,) = Path(case.audits()).glob("*.note")
    (note.parent / f"{'ab' * 32}.note").write_text(note.read_text().replace("\u2014 ", "\u2014 other."))
    done = case.house.run("audit", "take", case.audits())
    assert (done.exit_code, "1 note left: on another log, or" in done.stderr) == (0, True)
    taken = case.ok("audit", "take", case.audits())
    assert (taken["left"], list(taken["taken"]), taken["taken"]["karsk"][0][0]) == (1, ["karsk"], 0)
    rows = case.house.run("audit", "take", case.audits(), "--format", "csv").stdout.splitlines()
    ((start, end),) = taken["taken"]["karsk"]
    assert rows == ["auditor,first,last", f"karsk,{start},{end - 1}"]


def test_a_note_that_does_not_hold_is_not_taken(case: Case) -> None:
    case.ok("audit", "add", case.new())
    case.ok("checkpoint")
    case.sign(None, "-o", case.audits())
    (note,) = Path(case.audits()).glob("*.note")
    text = note.read_bytes().decode().split("\n")
    text[1] = "subtree 0 1"
    note.write_text("\n".join(text))
    done = case.house.run("audit", "take", case.audits())
    assert (done.exit_code, "CP-SIG" in done.output) == (Exit.REFUSED, True)
    assert not (case.house.ledger / "log" / "audits").exists()


def test_who_names_an_auditor_is_told_to_hand_the_policy_on(case: Case) -> None:
    done = case.house.run("audit", "add", case.new())
    assert done.exit_code == 0
    assert "hand the new trust/policy to everyone who verifies" in " ".join(done.stderr.split())


def test_a_policy_keeps_its_auditors_when_a_witness_is_added(case: Case) -> None:
    vkey = case.new()
    case.ok("audit", "add", vkey, "--called", "karsk-2027")
    witness = case.ok("witness", "new", "witness.example/xo", "--state", str(case.house.folder / "witness"))["vkeys"][0]
    case.ok("witness", "add", witness, "http://127.0.0.1:9")
    policy = parse_policy((case.house.ledger / "trust" / "policy").read_bytes())
    assert {name: key.text for name, key in policy.auditors.items()} == {"karsk-2027": vkey}
    assert list(policy.witnesses) == ["xo"]


def test_a_witness_or_a_plain_key_is_refused_as_an_auditor(case: Case) -> None:
    witness = case.ok("witness", "new", "witness.example/xo", "--mldsa", "--state", str(case.house.folder / "w"))
    for vkey in witness["vkeys"]:
        done = case.house.run("audit", "add", vkey)
        assert (done.exit_code, "AUD-KEY" in done.output) == (Exit.REFUSED, True)
    case.ok("audit", "add", case.new())
    assert case.house.run("audit", "add", case.ok("audit", "list")["auditors"][0]["vkey"]).exit_code == Exit.REFUSED


def test_a_witness_of_the_log_does_not_audit_it(case: Case) -> None:
    witness = parse_vkey(case.new())
    text = f"witness w {Vkey.of('witness.example/w', MLDSA44, witness.public).text}\n"
    policy = case.trust / "policy"
    policy.write_text(policy.read_text().replace("quorum", f"{text}quorum", 1))
    code, _ = case.sign()
    assert code == Exit.REFUSED


def test_what_is_no_file_is_not_taken(case: Case, tmp_path: Path) -> None:
    case.taken()
    os.mkfifo(tmp_path / "audits" / f"{'ab' * 32}.note")
    done = case.house.run("audit", "take", case.audits())
    assert (done.exit_code, "NOT-A-FILE" in done.output) == (Exit.UNDECIDABLE, True)


def test_a_bundle_holds_the_statement_below_map(case: Case) -> None:
    files = unpack(case.taken().export().read_bytes())
    endings = sorted(name.rpartition(".")[2] for name in files if name.startswith("map/audits/"))
    assert endings == ["note", "proof", "statement"]


def test_every_command_of_auditors_is_tried_here() -> None:
    assert set(AUDIT) == {"new", "sign", "add", "list", "take"}


@pytest.mark.parametrize(
    ("signed", "wrong", "remarks", "rows", "end"),
    [
        (
            [(0, 4), (6, 7)],
            [],
            [],
            [("signed", "entries 0 to 3"), ("signed", "entries 6 to 6")],
            "statement and notes: d",
        ),
        ([], [], [], [("", "nothing is new: every entry is in a note already")], "statement and notes: d"),
        ([], ["CP-SIG"], ["R"], [("CP-SIG", "says CP-SIG"), ("R", "says R")], "nothing was signed"),
        ([], [], ["R"], [("R", "says R")], "statement and notes: d"),
    ],
)
def test_what_an_audit_did_is_a_row_and_where_its_notes_are_a_line(
    signed: Any, wrong: list[str], remarks: list[str], rows: Any, end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    emitted: list[Any] = []
    said: list[str] = []
    monkeypatch.setattr(audit_sign.ui, "emit", lambda *words: emitted.append(words))  # type: ignore[attr-defined]
    monkeypatch.setattr(audit_sign.ui, "tell", said.append)  # type: ignore[attr-defined]
    problems = [[SimpleNamespace(code=code, says=f"says {code}") for code in some] for some in (wrong, remarks)]
    for size, of in ((7, 7), (None, 0)):
        seen = SimpleNamespace(log="log.example", where="there", size=size, entries=3)
        done: Any = SimpleNamespace(seen=seen, signed=signed, wrong=problems[0], remarks=problems[1])
        audit_sign._tell(done, SimpleNamespace(text="vkey"), b"stated", "d")  # type: ignore[arg-type]
        answer, columns, found = emitted.pop()
        assert (columns, found) == (("code", "says"), rows)
        assert said[0] == f"log.example: 3 of {of} entries were read in this run"
        assert said[1].startswith(end)
        assert len(said) == 2
        said.clear()
        assert (answer.log, answer.where, answer.size, answer.read) == ("log.example", "there", size, 3)
        assert (answer.vkey, answer.statement, answer.folder, answer.signed) == ("vkey", "stated", "d", signed)
        assert [[each.code for each in some] for some in (answer.problems, answer.remarks)] == [wrong, remarks]


def held(*logs: str, registrar: str | None = "adm", witness: bytes = b"w") -> Any:
    keys = [SimpleNamespace(name=name, public=name.encode()) for name in logs]
    policy = SimpleNamespace(logs=keys, witnesses={"w": SimpleNamespace(public=witness)})
    return SimpleNamespace(policy=policy, registrar=registrar)


@pytest.mark.parametrize(
    ("trust", "says", "code"),
    [
        (held(), "t names 0 logs, and one is audited at a time", Exit.USAGE),
        (held("a", "b"), "t names 2 logs, and one is audited at a time", Exit.USAGE),
        (held("a", witness=b"own"), "own-id is a key of the log or of a witness there", Exit.REFUSED),
        (held("own"), "own-id is a key of the log or of a witness there", Exit.REFUSED),
    ],
)
def test_an_auditor_audits_one_log_and_is_nothing_else_there(
    trust: Any, says: str, code: Exit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_sign, "read_trust", lambda place: trust)
    own: Any = SimpleNamespace(public=b"own", id="own-id")
    with pytest.raises(Stop, match=says) as stopped:
        audit_sign._log("t", own)
    assert stopped.value.code is code
    monkeypatch.setattr(audit_sign, "read_trust", lambda place: held("a", "a"))
    assert audit_sign._log("t", own)[1] == "a", "two keys of one log"


def test_without_a_registrar_no_key_is_checked_and_nothing_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    key = SimpleNamespace(public=b"own", id="own-id")
    monkeypatch.setattr(audit_sign, "open_auditor", lambda name, state: (SimpleNamespace(key=key), Path("state")))
    monkeypatch.setattr(audit_sign, "read_trust", lambda place: held("a", registrar=None))
    monkeypatch.setattr(audit_sign, "audit_log", lambda *_, **__: pytest.fail("a log was read"))
    done = run("audit", "sign", "somewhere", "--name", NAME, "--trust", "t")
    assert (done.exit_code, "t names no registrar" in done.stderr) == (Exit.USAGE, True), done.output
