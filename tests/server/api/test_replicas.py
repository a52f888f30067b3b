"""Two servers of one log answer one client, and neither under a head before the one that it has verified."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from comity.remote.ledger import RemoteLedger
from ledger.adapters.keys.key_files import load
from tests.server.office import Office, serving
from tests.support.cli import House

SENT = {"addressee": "ilves", "channel": "provider-portal"}


@pytest.fixture
def offices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Office, Office]]:
    """Serve one ledger twice; neither server looks at what the other one stored."""
    monkeypatch.setattr("server.api.recording.FOLLOW", 3_600.0)
    house = House(tmp_path / "house").furnished()
    for name, value in house.env.items():
        monkeypatch.setenv(name, value)
    with serving(house.ledger) as one, serving(house.ledger) as two:
        yield one, two


def client(office: Office, state: Path) -> RemoteLedger:
    """Return a client of one server, which remembers what it and clients before it have verified."""
    return office.connect(load(next(path for path in (office.ledger.parent / "config").rglob("ilves"))), state)


def test_what_one_server_recorded_is_read_at_the_other_at_once(offices: tuple[Office, Office], tmp_path: Path) -> None:
    for one, other in (offices, offices[::-1]):
        with client(one, tmp_path / "state") as here:
            got = here.record("order-transmitted", SENT, "PPO-1", role="ISS")
        with client(other, tmp_path / "state") as there:
            assert there.size() > got.index
            assert there.order("PPO-1").timeline()[-1].entry.leaf == got.leaf


def test_a_head_that_another_process_verified_later_is_proven_by_either_server(
    offices: tuple[Office, Office], tmp_path: Path
) -> None:
    one, two = offices
    with client(one, tmp_path / "state") as here, client(two, tmp_path / "state") as there:
        got = here.record("order-transmitted", SENT, "PPO-1", role="ISS")
        assert there.size() == got.index  # its own server has not looked yet, and shows that its head is a beginning


@pytest.mark.parametrize("size", ["-1", "many", "1" * 16])
def test_a_verified_size_is_a_whole_number(offices: tuple[Office, Office], size: str) -> None:
    refused = offices[0].send("GET", "/v1/head", headers={"Comity-Seen": size})
    assert (refused.status, refused.code) == (400, "API-REQUEST")


def test_a_size_that_no_log_has_changes_nothing(offices: tuple[Office, Office]) -> None:
    plain = offices[0].send("GET", "/v1/head").json
    assert offices[0].send("GET", "/v1/head", headers={"Comity-Seen": "999999999999999"}).json == plain
