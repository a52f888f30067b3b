"""What arrives, is stamped, is said of persons and is succeeded: what each command takes and every line it prints."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cli.commands import receive, stamp, subject
from cli.exit_codes import Exit, Stop
from cli.invocation import Invocation
from ledger.errors import LedgerError
from tests.support.cli import ORIGIN, House, ledger_of, reply, run
from tests.support.time_stamp_authority import Authority

AT = datetime(2027, 3, 1, 12, tzinfo=UTC)


# -- receive -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def arriving(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that receives bytes and returns what was done; each letter behind `PK` is an arrival."""
    done: list[Any] = []
    journal = SimpleNamespace(origin="log.example/ours")

    def opened(raw: bytes) -> Any:
        name = raw.decode()
        log = "log.example/ours" if "ours" in name else "log.example/theirs"
        return SimpleNamespace(raw=raw, payload=SimpleNamespace(order=name, log=log))

    def from_bundle(journal: Any, data: bytes, order: str | None, say: Any, *, anyway: bool) -> Any:
        done.append(("bundle", order, anyway))
        return [SimpleNamespace(raw=letter.encode()) for letter in data[2:].decode()], "verified"

    def from_entry(journal: Any, entry: Any, proof: bytes, say: Any, *, anyway: bool) -> Any:
        done.append(("entry", entry.raw[:11], proof, anyway))
        return [entry], "checked"

    def take_in(
        journal: Any, arrivals: Any, signer: Any, check: str, before: Any, name: Any, backs: Any, *, anyway: bool
    ) -> Exit:
        done.append((len(arrivals), signer, check, name, backs, anyway))
        return Exit.FINDINGS

    def sealed(journal: Any, entry: Any, *who: Any) -> Exit:
        done.append(("sealed", *who))
        return Exit.FINDINGS

    monkeypatch.setattr(receive, "writing", lambda: nullcontext(journal))
    monkeypatch.setattr(receive, "open_", opened)
    monkeypatch.setattr(receive, "find", lambda journal, name: f"id of {name}")
    monkeypatch.setattr(receive, "hand", lambda journal, kind, *who: f"signer of {kind}")
    monkeypatch.setattr(receive, "proof_beside", lambda file: b"proof")
    monkeypatch.setattr(receive, "orders_in", lambda data: ())
    monkeypatch.setattr(receive, "before_reception", lambda journal, orders: "before")
    monkeypatch.setattr(receive, "from_bundle", from_bundle)
    monkeypatch.setattr(receive, "from_entry", from_entry)
    monkeypatch.setattr(receive, "_take_in", take_in)
    monkeypatch.setattr(receive, "_sealed_for_us", sealed)

    def run_it(data: bytes, *words: str) -> list[Any]:
        (tmp_path / "file").write_bytes(data)
        command = receive.receive
        done.append(command.main([str(tmp_path / "file"), *words], standalone_mode=False, obj=Invocation()))
        return done

    return run_it


SIGNER = f"signer of {receive.KIND}"


@pytest.mark.parametrize(
    ("data", "words", "steps"),
    [
        (b"PKaab", (), [("bundle", None, False), (3, SIGNER, "verified", None, None, False)]),
        (b"PKaa", ("--order", "P-1"), [("bundle", "id of P-1", False), (2, SIGNER, "verified", "P-1", None, False)]),
        (b"PKa", ("--backs", "#7", "--anyway"), [("bundle", None, True), (1, SIGNER, "verified", None, "#7", True)]),
        (
            b'{"payload": theirs',
            ("--backs", "#7"),
            [("entry", b'{"payload":', b"proof", False), (1, SIGNER, "checked", None, "#7", False)],
        ),
        (b'{"payload": ours', ("--as", "a", "--role", "SP", "--key", "k"), [("sealed", "a", "SP", "k")]),
    ],
)
def test_a_bundle_or_an_entry_is_taken_in(arriving: Any, data: bytes, words: tuple[str, ...], steps: list[Any]) -> None:
    assert arriving(data, *words) == [*steps, Exit.FINDINGS]


@pytest.mark.parametrize(
    ("data", "words", "code", "says"),
    [
        (b"neither", (), Exit.UNDECIDABLE, "file is neither a bundle nor a sealed entry"),
        (b"PKab", ("--order", "P-1"), Exit.USAGE, "--order is for a bundle of one order, and this brings more"),
        (b"PKaa", ("--backs", "#7"), Exit.USAGE, "--backs is for one entry, and this brings more"),
        (b"PK", ("--backs", "#7"), Exit.USAGE, "--backs is for one entry, and this brings more"),
    ],
)
def test_what_brings_something_else_is_not_taken_in(
    arriving: Any, data: bytes, words: tuple[str, ...], code: Exit, says: str
) -> None:
    with pytest.raises(Stop, match=says) as stopped:
        arriving(data, *words)
    assert stopped.value.code is code


# -- stamp -------------------------------------------------------------------------------------------------------------

pytest.importorskip("rfc3161_client", reason="needs the extra `tsa`")


@pytest.fixture
def stamping(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return what was done, as lists by name; an authority that is called `silent` or `ahead` fails."""
    did = SimpleNamespace(asked=[], kept=[], recorded=[], shown=[], told=[], doubted=[], urls={})
    heads = SimpleNamespace(stamp=did.kept.append)
    journal = SimpleNamespace(folder=SimpleNamespace(path=Path("ledger")), heads=heads, now=lambda: AT)
    root = SimpleNamespace(hex=lambda: "ab" * 32)
    head = SimpleNamespace(note=b"note", checkpoint=SimpleNamespace(size=9, root=root, origin=ORIGIN))

    def obtain(url: str, note: bytes, roots: Any, now: datetime, *, sha512: bool) -> bytes:
        did.asked.append((url, note, roots, sha512))
        if "silent" in url:
            raise LedgerError("HTTP-SILENT", "no answer")
        if "ahead" in url:
            raise LedgerError("CLOCK-AHEAD", "an hour ahead")
        return url.encode()

    def record(journal: Any, token: Any, size: int, root: str, signer: Any) -> None:
        did.recorded.append((token.authority, size, root, signer))

    of = "ledger.adapters.timestamps.rfc3161"
    monkeypatch.setattr(f"{of}.need", lambda: did.asked.append("needed"))
    monkeypatch.setattr(f"{of}.authorities", lambda folder: did.urls)
    monkeypatch.setattr(f"{of}.trusted", lambda folder: f"roots of {folder}")
    monkeypatch.setattr(f"{of}.obtain", obtain)
    monkeypatch.setattr("cli.session.open_ledger.writing", lambda: nullcontext(journal))
    monkeypatch.setattr("cli.session.open_ledger.hand", lambda journal, *who: who)
    monkeypatch.setattr("cli.session.clock_check.doubted", did.doubted.append)
    monkeypatch.setattr("ledger.application.export.witnessed_head.published_head", lambda journal: head)
    monkeypatch.setattr("ledger.tlog.note.note_digest", lambda note: "digest")
    monkeypatch.setattr("cli.session.ledger_choice.now", lambda folder=None: AT)
    monkeypatch.setattr(stamp, "_record", record)
    monkeypatch.setattr("cli.terminal.output.tell", did.told.append)
    monkeypatch.setattr("cli.terminal.output.emit", lambda answer, columns, rows: did.shown.append((answer, rows)))
    kept = [SimpleNamespace(digest=f"earlier {n}") for n in range(2)]
    monkeypatch.setattr(stamp, "_rows", lambda path: [*kept, *did.kept])
    return did


def stamped(*words: str) -> Any:
    return stamp.stamp.main([*words], standalone_mode=False, obj=Invocation())


def test_each_authority_stamps_the_head_and_only_its_new_stamps_are_shown(stamping: Any) -> None:
    stamping.urls.update(one="https://one", two="https://two", three="https://three")
    assert stamped("--as", "clock", "--key", "k") is Exit.DONE
    roots = "roots of ledger/trust/tsa"
    digests = {"one": False, "two": True, "three": False}
    assert stamping.asked == [
        "needed",
        *((f"https://{name}", b"note", roots, sha512) for name, sha512 in digests.items()),
    ]
    assert [(token.head, token.authority, token.reply, token.at) for token in stamping.kept] == [
        ("digest", name, f"https://{name}".encode(), AT) for name in ("one", "two", "three")
    ]
    signer = ("timestamp-anchored", "clock", "SYS", "k")
    assert stamping.recorded == [(name, 9, "ab" * 32, signer) for name in ("one", "two", "three")]
    ((answer, rows),) = stamping.shown
    assert (answer.origin, answer.size, answer.head) == (ORIGIN, 9, "digest")
    assert rows == stamping.kept, "and none of the earlier ones"
    assert (stamping.told, stamping.doubted) == ([], [])


def test_an_authority_that_fails_is_named_and_the_command_ends_with_a_finding(stamping: Any) -> None:
    stamping.urls.update(silent="https://silent", ahead="https://ahead", good="https://good")
    assert stamped() is Exit.FINDINGS
    assert stamping.told == ["silent: HTTP-SILENT: no answer"]
    assert [fault.code for fault in stamping.doubted] == ["CLOCK-AHEAD"]
    assert [token.authority for token in stamping.kept] == ["good"]
    assert stamping.recorded == []


def test_one_authority_alone_is_not_enough_and_none_is_refused(stamping: Any) -> None:
    with pytest.raises(Stop, match="this ledger names no time-stamp authority"):
        stamped()
    stamping.urls.update(one="https://one")
    assert stamped() is Exit.DONE
    says = "one authority alone can be wrong about the time: name a second one, of another operator"
    assert stamping.told == [says]


def test_an_authority_is_named_with_its_root(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509 import load_pem_x509_certificate

    (tmp_path / "house").mkdir()
    house, authority = House(tmp_path / "house").furnished(), Authority(tmp_path / "x")
    pem, der = tmp_path / "x" / "ca.pem", tmp_path / "ca.der"
    der.write_bytes(load_pem_x509_certificate(pem.read_bytes()).public_bytes(Encoding.DER))
    done = house.run("stamp", "add", "one", "http://127.0.0.1:1", "--root", str(pem))
    assert done.exit_code == Exit.DONE, done.output
    assert done.stderr == "comity stamp asks it; hand trust/tsa to everyone who verifies\n"
    assert done.stdout.startswith("one\thttp://127.0.0.1:1\tCN=")
    assert house.reply("stamp", "add", "two", "https://two.example", "--root", str(der))["name"] == "two"
    tsa = house.ledger / "trust" / "tsa"
    assert sorted(path.name for path in tsa.iterdir()) == ["authorities", "one.pem", "two.der"]
    assert (tsa / "authorities").read_text() == "one http://127.0.0.1:1\ntwo https://two.example\n"
    assert (tsa / "two.der").read_bytes() == der.read_bytes()
    assert (tsa / "one.pem").read_bytes() == authority.root
    for words, code, says in (
        (("three", "https://a b"), Exit.USAGE, "'https://a b' is not the address of an http server"),
        (("three", "ftp://a"), Exit.USAGE, "'ftp://a' is not the address of an http server"),
        (("one", "https://a"), Exit.USAGE, "there is an authority one already"),
    ):
        refused = house.run("stamp", "add", *words, "--root", str(pem))
        assert (refused.exit_code, says in refused.stderr) == (code, True)
    leaf = house.run("stamp", "add", "three", "https://a", "--root", str(tmp_path / "x" / "tsa.pem"))
    assert (leaf.exit_code, "holds no root certificate, only what stands below one" in leaf.stderr) == (
        *(Exit.UNDECIDABLE, True),
    )
    assert house.reply("stamp", "list")["tokens"] == []


# -- persons -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def persons(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Collect what is said of persons; a name in capitals is one of the log of accesses."""
    did: list[Any] = []
    keys = SimpleNamespace(
        stored_name=lambda name: f"stored {name}",
        merge=lambda *names: did.append(("merge", *names)),
        split=lambda *names: did.append(("split", *names)),
    )

    def apart(journal: Any, *names: str) -> None:
        did.append(("apart", *names))

    monkeypatch.setattr("cli.session.open_ledger.writing", lambda: nullcontext("journal"))
    monkeypatch.setattr("cli.session.open_ledger.find", lambda journal, order: f"id of {order}")
    monkeypatch.setattr(subject, "subject_name", lambda name, find: name.strip())
    monkeypatch.setattr(subject, "_subject_keys", lambda journal: keys)
    monkeypatch.setattr(subject, "_apart", apart)
    monkeypatch.setattr(subject, "_emit", lambda journal, did_what, name: did.append(("said", did_what, name)))
    return did


def test_two_names_of_one_person_are_merged(persons: list[Any]) -> None:
    assert subject.same.main(["a", " b "], standalone_mode=False, obj=Invocation()) is Exit.DONE
    names = ("stored a", "stored b")
    assert persons == [("apart", *names), ("merge", *names), ("said", "same", "stored a")]


def test_a_name_of_another_person_in_one_order_is_split(persons: list[Any]) -> None:
    assert subject.other.main(["a", "P-1", "b"], standalone_mode=False, obj=Invocation()) is Exit.DONE
    assert persons == [("apart", "stored a", "b"), ("split", "stored a", "id of P-1", "b"), ("said", "other", "b")]
    persons.clear()
    with pytest.raises(Stop, match="both names are the same"):
        subject.other.main(["a", "P-1", " a"], standalone_mode=False, obj=Invocation())
    assert persons == []


# -- a successor -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("test", [False, True])
def test_a_successor_is_recorded_and_every_step_after_it_is_said(test: bool, tmp_path: Path) -> None:
    house, heir = House(tmp_path).furnished(), tmp_path / "heir"
    if test:
        (house.ledger / "TEST").touch()
    words = ("succeed", str(house.ledger), str(heir), "--origin", f"{ORIGIN}/2", "--cause", "planned")
    done = house.run(*words)
    assert done.exit_code == Exit.DONE, done.output
    assert done.stdout.startswith("recorded log-succeeded, entry #1 of the register\n")
    assert done.stderr.splitlines() == [
        f"the guard of {ORIGIN} is retired: here it signs nothing more",
        f"{ORIGIN} is frozen at 7 entries; hand {heir}/trust to everyone who verifies",
        "witnesses know the new log once you ask them: comity witness add; then register offices and keys again",
    ]
    assert (heir / "TEST").exists() == test
    kinds = [row["kind"] for row in reply("log", "-n", "9", ledger=heir, **house.env)["log"]]
    assert (kinds[-1], kinds.count("log-succeeded")) == ("log-succeeded", 1)
    again = house.run(*words)
    assert (again.exit_code, "LEDGER-EXISTS" in again.stderr) == (Exit.REFUSED, True)
    same = house.run("succeed", str(house.ledger), str(tmp_path / "x"), "--origin", ORIGIN, "--cause", "other")
    assert same.exit_code == Exit.USAGE
    assert f"{ORIGIN} is the old log" in same.stderr
    assert "a successor has another name, such as the same with /2 behind it" in same.stderr


# -- an order and its matter -------------------------------------------------------------------------------------------


def test_rows_of_a_matter_name_the_order_and_those_of_one_order_do_not(tmp_path: Path) -> None:
    ledger = ledger_of("S3", tmp_path)
    both = [line.split("\t") for line in run("timeline", "second", ledger=ledger).stdout.splitlines()]
    alone = [line.split("\t") for line in run("timeline", "second", "--only", ledger=ledger).stdout.splitlines()]
    assert {row[-1] for row in both} == {"main", "second"}
    assert {len(row) for row in both} == {len(alone[0]) + 1}
    found = reply("show", "second", "--as-of", "2027-03-10T00:00:00Z", ledger=ledger)
    leaves = {each["leaf"] for each in reply("timeline", "second", ledger=ledger)["timeline"]}
    (due,) = found["due"]
    assert due["entries"]
    assert {*due["entries"]} <= leaves
