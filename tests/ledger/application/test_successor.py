"""A guard whose log has a successor signs nothing more, wherever it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from ledger.adapters.folders.user_folders import Home
from ledger.adapters.guard.guard_place import GUARD_DB, SharedPlace
from ledger.adapters.guard.sign_once_guard import Guard
from ledger.application import successor
from ledger.application.restore import RETIRED
from ledger.application.successor import last_head, retire, signs, succession
from ledger.errors import LedgerError, RecordError
from ledger.tlog.note import open_checkpoint
from tests.ledger.adapters.guard.every_guard import state
from tests.support.files.system_calls import synced
from tests.support.memory_ledger import BEGINS, ORIGIN, small


def test_a_guard_in_a_file_is_renamed_once(tmp_path: Path) -> None:
    home = Home.inside(tmp_path)
    folder = home.log(ORIGIN)
    assert (signs(home, ORIGIN), retire(home, ORIGIN)) == (False, False)
    Guard.create(folder / GUARD_DB, state(3)).close()
    assert signs(home, ORIGIN)
    with synced() as names:
        assert retire(home, ORIGIN)
    assert names[-1] == folder.name
    assert sorted(path.name for path in folder.iterdir()) == [RETIRED]
    assert (signs(home, ORIGIN), retire(home, ORIGIN)) == (False, False)


def test_a_damaged_guard_is_retired_as_it_is(tmp_path: Path) -> None:
    home = Home.inside(tmp_path)
    home.log(ORIGIN).mkdir(parents=True)
    (home.log(ORIGIN) / GUARD_DB).write_bytes(b"no database")
    assert signs(home, ORIGIN)
    assert retire(home, ORIGIN)
    assert (home.log(ORIGIN) / RETIRED).read_bytes() == b"no database"


class Shared:
    """A guard at an address, which raises this code or nothing."""

    code = ""
    said: ClassVar[list[str]] = []

    def __init__(self, place: Any) -> None:
        assert isinstance(place, SharedPlace)

    def last(self) -> None:
        if self.code:
            raise LedgerError(self.code, "x")

    def retire(self) -> None:
        self.said.append("retired")

    def close(self) -> None:
        self.said.append("closed")


@pytest.mark.parametrize("code", ["GUARD-MISSING", "GUARD-CLOSED", "GUARD-AWAY", ""])
def test_a_shared_guard_is_asked_and_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    said: list[str] = []
    monkeypatch.setattr(Shared, "code", code)
    monkeypatch.setattr(Shared, "said", said)
    monkeypatch.setattr(successor, "Guard", Shared)
    monkeypatch.setattr(successor, "place_in", lambda folder: SharedPlace("etcd://one:2379", ORIGIN))
    home = Home.inside(tmp_path)
    asked: Callable[[], bool] = lambda: signs(home, ORIGIN)  # noqa: E731
    if code == "GUARD-AWAY":
        with pytest.raises(LedgerError, match=code):
            asked()
        return
    assert asked() is (not code)
    assert retire(home, ORIGIN) is (not code)
    assert said == (["closed"] * 2 if code else ["closed", "closed", "retired", "closed"])


def test_the_last_head_of_the_old_log_is_named_with_what_was_lost() -> None:
    ledger, _ = small()
    note = ledger.checkpoint()
    public, document = succession(note, "key-lost", [7, 3, 7])
    assert (public["predecessor"], public["size"], public["cause"], public["lost"]) == (
        ORIGIN,
        ledger.size,
        "key-lost",
        [3, 7],
    )
    assert (document.size, document.media) == (len(note), "text/plain")
    assert "lost" not in succession(note, "key-lost")[0]


# -- the last head of a lost log ---------------------------------------------------------------------------------------


def seen(monkeypatch: pytest.MonkeyPatch, *notes: bytes) -> None:
    heads = {str(n): SimpleNamespace(note=note) for n, note in enumerate(notes)}
    monkeypatch.setattr(successor, "remembered", lambda policy, keys: heads)


def test_a_lost_log_goes_on_behind_its_newest_head_or_the_one_that_is_given(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ledger, _ = small()
    older, newer = ledger.checkpoint(2), ledger.checkpoint(4)
    seen(monkeypatch, older, b"no note", newer)
    assert last_head(ledger.trust(), None, None) == newer
    assert last_head(ledger.trust(), None, older) == older
    with pytest.raises(RecordError):
        last_head(ledger.trust(), None, b"no note")
    seen(monkeypatch)
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "checkpoint").write_bytes(newer)
    assert last_head(ledger.trust(), tmp_path, None) == newer
    (tmp_path / "log" / "checkpoint").unlink()
    with pytest.raises(LedgerError, match=f"nothing here shows what {ORIGIN} had signed") as found:
        last_head(ledger.trust(), tmp_path, None)
    assert found.value.code == "NO-HEAD"


def test_a_cosigned_head_comes_before_a_larger_one_without_cosignatures(monkeypatch: pytest.MonkeyPatch) -> None:
    ledger, _ = small(witnesses=1)
    cosigned, plain = ledger.checkpoint(3, BEGINS), ledger.checkpoint(5)
    heads = [
        open_checkpoint(n, ORIGIN, ledger.trust().policy.logs, tuple(ledger.trust().policy.witnesses.values()))
        for n in (cosigned, plain)
    ]
    assert [bool(head.cosignatures) for head in heads] == [True, False]
    seen(monkeypatch, plain, cosigned)
    assert last_head(ledger.trust(), None, None) == cosigned


def test_two_trees_of_one_size_are_a_split_view_unless_somebody_says_which_was_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one, two = small()[0], small(clock=BEGINS + timedelta(days=1))[0]
    seen(monkeypatch, one.checkpoint(4), two.checkpoint(4))
    with pytest.raises(LedgerError, match="two trees of 4 entries") as found:
        last_head(one.trust(), None, None)
    assert found.value.code == "SPLIT-VIEW"
    assert last_head(one.trust(), None, two.checkpoint(4)) == two.checkpoint(4)
    seen(monkeypatch, one.checkpoint(3), two.checkpoint(4))
    assert last_head(one.trust(), None, None) == two.checkpoint(4)
