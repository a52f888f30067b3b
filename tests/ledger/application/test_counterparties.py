"""The log of a party is trusted as our registrar pinned it, and by no file that came later."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from ledger.adapters.folders.received_files import FilesIn
from ledger.application.counterparties import (
    adoption,
    keep_counterparty,
    keep_register,
    origin_of,
    pinned,
    policy_document,
    read_counterparty,
    registers,
    registers_by,
    trust_in,
    trusted,
)
from ledger.entries.case import Entry
from ledger.errors import LedgerError, RecordError
from ledger.tlog.names import origin_hash
from tests.support.files.system_calls import synced
from tests.support.memory_ledger import NOW, hand, small


@pytest.fixture(scope="module")
def handed() -> Mapping[str, bytes]:
    return small()[0].trust_files()


@pytest.fixture
def theirs(handed: Mapping[str, bytes], tmp_path: Path) -> Path:
    folder = tmp_path / "theirs"
    folder.mkdir()
    for name, content in handed.items():
        (folder / name).write_bytes(content)
    return folder


def adopted(public: Mapping[str, Any], kind: str = "policy-adopted", role: str = "ADM") -> Entry:
    who = {"by": "adm", "role": role, "party": "XO", "key": "", "speaks": "act"}
    return Entry("", 0, "registry", 1, kind, None, **who, on=NOW, at=NOW, public=public)  # type: ignore[arg-type]


def pin(theirs: Path, mine: Path) -> tuple[str, Entry]:
    """Pin a party's folder; return its origin and the entry of the register."""
    trust, files = read_counterparty(theirs)
    assert keep_counterparty(mine, trust, files) == mine / "others" / origin_hash(origin_of(trust))
    return origin_of(trust), adopted(adoption(trust, files, "2027-01-01"))


# -- what a party hands over -------------------------------------------------------------------------------------------


def test_a_party_hands_over_the_policy_of_one_log_and_its_registrar(theirs: Path, handed: Mapping[str, bytes]) -> None:
    (theirs / "secret").write_text("never read")
    trust, files = read_counterparty(theirs)
    assert files == handed
    assert origin_of(trust) == small()[0].origin
    policy = (theirs / "policy").read_bytes()
    (theirs / "policy").unlink()
    with pytest.raises(RecordError):
        read_counterparty(theirs)
    (theirs / "policy").write_bytes(policy)
    (theirs / "registrar").unlink()
    with pytest.raises(RecordError, match="it names no registrar") as found:
        read_counterparty(theirs)
    assert (found.value.code, found.value.where) == ("TRUST-FORMAT", "registrar")


def test_the_policy_of_two_logs_is_none_of_a_party(theirs: Path) -> None:
    lines = (theirs / "policy").read_bytes().splitlines(keepends=True)
    other = small(origin="ledger.test/other", log=hand("another log"))[0].policy().splitlines(keepends=True)
    logs = [line for line in other if line.startswith(b"log ")]
    (theirs / "policy").write_bytes(b"".join([*logs, *lines]))
    with pytest.raises(RecordError, match="it names more logs than one") as found:
        read_counterparty(theirs)
    assert (found.value.code, found.value.where) == ("TRUST-FORMAT", "policy")


def test_the_register_names_the_digest_of_both_files(theirs: Path, handed: Mapping[str, bytes]) -> None:
    trust, files = read_counterparty(theirs)
    both = handed["registrar"] + handed["policy"]  # cat registrar policy | sha256sum
    assert adoption(trust, files, "2027-01-01") == {
        "policy": f"counterparty {origin_of(trust)}",
        "document": {
            "code": "policy",
            "media": "text/plain",
            "size": len(both),
            "sha256": sha256(both).hexdigest(),
        },
        "valid_from": "2027-01-01",
    }
    assert policy_document(b"x")["size"] == 1


# -- what our registrar pinned -----------------------------------------------------------------------------------------


def test_a_pinned_log_is_trusted_while_its_files_are_the_pinned_ones(theirs: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    with synced() as names:
        origin, entry = pin(theirs, mine)
    place = mine / "others" / origin_hash(origin)
    assert names[-1] == place.name
    assert sorted(path.name for path in place.iterdir()) == ["policy", "registrar"]
    assert trust_in(mine, [entry], origin) == read_counterparty(theirs)[0]
    assert trusted(mine, iter([entry])) == [read_counterparty(theirs)[0]]
    for name in ("policy", "registrar"):
        content = (place / name).read_bytes()
        (place / name).write_bytes(content + b"# a comment\n")
        with pytest.raises((LedgerError, RecordError)):
            trust_in(mine, [entry], origin)
        assert trusted(mine, [entry]) == []
        (place / name).write_bytes(content)
    (place / "policy").write_bytes((place / "policy").read_bytes() + b"\n# a comment\n")
    with pytest.raises(LedgerError, match="is not what our registrar pinned") as found:
        trust_in(mine, [entry], origin)
    assert found.value.code == "TRUST"


def test_a_log_that_is_not_pinned_has_no_trust_whatever_files_there_are(theirs: Path, tmp_path: Path) -> None:
    origin, entry = pin(theirs, tmp_path / "mine")
    for registry in ([], [adopted(entry.public, role="ISS")], [adopted(entry.public, kind="note-recorded")]):
        with pytest.raises(RecordError, match=f"has pinned no keys of {origin}") as found:
            trust_in(tmp_path / "mine", registry, origin)
        assert found.value.code == "NO_TRUST_ANCHOR"
        assert trusted(tmp_path / "mine", registry) == []


def test_the_newest_pin_of_a_log_counts_and_other_policies_pin_none() -> None:
    def policy(name: object, digest: str) -> Entry:
        return adopted({"policy": name, "document": {"sha256": digest}})

    registry = [policy("counterparty a", "1"), policy("counterparty b", "2"), policy("counterparty a", "3")]
    registry += [policy("time policy", "4"), policy(None, "5"), policy(7, "6")]
    assert pinned(registry) == {"a": "3", "b": "2"}


# -- received registers ------------------------------------------------------------------------------------------------


def test_register_entries_are_kept_by_log_and_index_and_a_later_proof_replaces_an_earlier_one(tmp_path: Path) -> None:
    received = FilesIn(tmp_path)
    assert registers(received) == {}
    keep_register(received, "a.example", {3: (b"3", b"proof"), 10: (b"10", b"proof")})
    keep_register(received, "b.example", {0: (b"0", b"proof")})
    keep_register(received, "a.example", {3: (b"3", b"later")})
    assert registers(received) == {
        origin_hash("a.example"): {3: (b"3", b"later"), 10: (b"10", b"proof")},
        origin_hash("b.example"): {0: (b"0", b"proof")},
    }


def test_received_registers_are_read_in_the_order_of_their_logs(tmp_path: Path) -> None:
    received = FilesIn(tmp_path)
    origins = [f"{letter}.example" for letter in "abcdef"]
    for origin in origins:
        keep_register(received, origin, {0: (b"0", b"proof")})
    assert list(registers(received)) == sorted(map(origin_hash, origins))


@pytest.mark.parametrize(
    "names",
    [
        ["3.dsse.json"],
        ["3.tlog-proof"],
        ["3.dsse.json", "4.tlog-proof"],
        ["x.dsse.json", "x.tlog-proof"],
        [".dsse.json", ".tlog-proof"],
        ["-3.dsse.json", "-3.tlog-proof"],
        ["٣.dsse.json", "٣.tlog-proof"],
        ["3", "3.tlog-proof"],
    ],
)
def test_a_register_entry_has_an_index_and_a_proof_beside_it(names: list[str]) -> None:
    assert registers_by(lambda place: names if place else ["p"], lambda path: b"x") == {}


@pytest.mark.parametrize("missing", ["p/3.dsse.json", "p/3.tlog-proof"])
def test_a_register_entry_that_cannot_be_read_is_left_out(missing: str) -> None:
    names = ["3.dsse.json", "3.tlog-proof", "4.dsse.json", "4.tlog-proof"]
    found = registers_by(
        lambda place: names if place else ["p"], lambda path: None if path == missing else path.encode()
    )
    assert found == {"p": {4: (b"p/4.dsse.json", b"p/4.tlog-proof")}}
