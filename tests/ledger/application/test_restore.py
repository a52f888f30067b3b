"""A log that is put back has at least the entries that others saw, in the same tree."""

from __future__ import annotations

import pytest

from ledger.application.restore import _compare
from ledger.errors import LedgerError
from ledger.tlog.note import Checkpoint
from ledger.tlog.tree import root
from tests.support.hash_log import HashLog


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
