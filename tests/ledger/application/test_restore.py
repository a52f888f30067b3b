"""A log that is put back has at least the entries that others saw, in the same tree."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.application.restore import _compare, _quorum, mark_restored
from ledger.errors import LedgerError
from ledger.formats.ed25519 import public_key
from ledger.tlog.note import Checkpoint, Head, log_vkey, witness_vkey
from ledger.tlog.policy import parse_policy
from ledger.tlog.tree import root
from tests.support.files.system_calls import synced
from tests.support.hash_log import HashLog
from tests.support.memory_ledger import hand


def test_a_seen_head_is_a_beginning_of_what_is_there() -> None:
    log = HashLog(size=5)
    for size in range(6):
        _compare(Checkpoint("o", size, root(size, log.read)), "a witness", 5, log.read)
        if size:
            other = Checkpoint("o", size, bytes(32))
            with pytest.raises(LedgerError, match=f"a witness has seen another tree of {size} entries of o") as found:
                _compare(other, "a witness", 5, log.read)
            assert found.value.code == "LOG-FORKED"
    with pytest.raises(LedgerError, match="a witness has seen 6 entries of o, and there are 5 here") as found:
        _compare(Checkpoint("o", 6, bytes(32)), "a witness", 5, log.read)
    assert found.value.code == "LOG-ROLLBACK"


A, B, C = ("https://a.example", "https://b.example/w", "https://c.example")


@pytest.mark.parametrize(
    ("quorum", "answering", "met"),
    [
        ("two", [], False),
        ("two", [A], False),
        ("two", [A, B], True),
        ("two", [A, B, C], True),
        ("a", [A], True),
        ("a", [B, C], False),
        ("none", [], False),
        ("none", [A, B, C], False),  # a policy that asks for no witness says of none that it knows every head
    ],
)
def test_a_guard_is_made_again_by_the_witnesses_of_a_quorum_and_never_by_a_policy_that_asks_none(
    quorum: str, answering: list[str], met: bool
) -> None:
    keys = [witness_vkey(f"witness.test/{name}", public_key(hand(name).seed)) for name in "abc"]
    lines = [f"log {log_vkey('o', public_key(hand('log').seed))}"]
    lines += [f"witness {name} {key} {url}/" for name, key, url in zip("abc", keys, (A, B, C), strict=True)]
    policy = parse_policy("\n".join([*lines, "group two 2 a b c", f"quorum {quorum}", ""]).encode())
    head = Head(Checkpoint("o", 0, root(0, HashLog(size=0).read)), b"", ())
    assert _quorum(policy, dict.fromkeys(answering, head)) is met


def test_the_mark_of_a_restored_ledger_is_durable(tmp_path: Path) -> None:
    with synced() as names:
        mark_restored(tmp_path)
    assert names == [".RESTORED.new", tmp_path.name]
    assert [path.name for path in tmp_path.iterdir()] == ["RESTORED"]
