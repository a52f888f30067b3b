"""A guard whose log has a successor signs nothing more, wherever it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest

from ledger.adapters.folders.user_folders import Home
from ledger.adapters.guard.guard_place import GUARD_DB, SharedPlace
from ledger.adapters.guard.sign_once_guard import Guard
from ledger.application import successor
from ledger.application.restore import RETIRED
from ledger.application.successor import retire, signs, succession
from ledger.errors import LedgerError
from tests.ledger.adapters.guard.every_guard import state
from tests.support.files.system_calls import synced
from tests.support.memory_ledger import ORIGIN, small


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
