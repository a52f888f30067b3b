"""What a server's bundle opens is checked value by value before anyone signs for it."""

from __future__ import annotations

from hashlib import sha256

import pytest

pytest.importorskip("httpx", reason="needs the extra `server`")
pytest.importorskip("http_message_signatures", reason="needs the extra `server`")

from comity.remote.bundles import BundleWanted, _check_opened
from ledger.bundle.archive import unpack
from ledger.bundle.layout import MANIFEST
from ledger.bundle.manifest import open_manifest
from ledger.errors import RecordError
from tests.ledger.verify.other_records.test_received_entries import DISCLOSED, World
from tests.ledger.verify.other_records.test_received_entries import MANIFEST as VALUES
from tests.support.memory_ledger import ORDER, Hand, Ledger, small


def wanted(audience: str) -> BundleWanted:
    return BundleWanted(ORDER, audience, "trial", lambda: "Dina Ilves")


def check(data: bytes, audience: str, *, opens: bool = True) -> None:
    files = unpack(data)
    _check_opened(files, open_manifest(files[MANIFEST]), wanted(audience), opens=opens)


def refused(data: bytes, audience: str, *, opens: bool = True) -> str:
    with pytest.raises(RecordError) as error:
        check(data, audience, opens=opens)
    assert error.value.code == "API-FALSE"
    return error.value.says


@pytest.fixture(scope="module")
def made() -> tuple[Ledger, Hand]:
    return small()


def test_a_bundle_that_opens_what_its_audience_may_read_passes(made: tuple[Ledger, Hand]) -> None:
    ledger, ilves = made
    for audience in ("CT", "SP"):
        data = ledger.bundle(ilves, audience)
        assert any("/disclosures/" in path for path in unpack(data))
        check(data, audience)


def test_a_value_that_the_audience_may_not_read_is_named_with_its_entry(made: tuple[Ledger, Hand]) -> None:
    ledger, ilves = made
    at = ledger.size - 1
    court, provider = ledger.bundle(ilves, "CT"), ledger.bundle(ilves, "SP")
    assert refused(court, "SP") == f"the bundle opens summary_of_facts of entry {at}, which its audience may not read"
    for data in (court, provider):
        assert f"of entry {at}, which its audience may not read" in refused(data, "SYS")


def test_nothing_is_opened_that_the_server_had_not_named(made: tuple[Ledger, Hand]) -> None:
    ledger, ilves = made
    for audience in ("CT", "SP"):
        assert "had not named" in refused(ledger.bundle(ilves, audience), audience, opens=False)
    closed = ledger.bundle(ilves, "CT", disclosures={})
    for opens in (False, True):
        check(closed, "CT", opens=opens)


# -- entries of another log --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def arrived() -> tuple[World, int]:
    """Return two logs, and the index here of the wrapper of an entry of the other one, of which a value is opened."""
    world = World()
    at = world.says("data-disclosed", public=DISCLOSED, sealed=VALUES)
    index = world.arrives(at)
    world.foreign[f"{sha256(world.there.entries[at]).hexdigest()}.txt"] = f"{world.there.held[at][0].text}\n".encode()
    return world, index


def test_a_value_of_another_logs_entry_is_opened_for_those_alone_whom_its_signer_meant(
    arrived: tuple[World, int],
) -> None:
    world, index = arrived
    for audience in ("ISS", "CT"):
        check(world.here.bundle(world.ilves, audience, foreign=world.foreign), audience)
    data = world.here.bundle(world.ilves, "SYS", foreign=world.foreign)
    assert refused(data, "SYS") == f"the bundle opens manifest of entry {index}, which its audience may not read"


def test_an_entry_of_another_log_whose_values_are_closed_needs_no_leave(arrived: tuple[World, int]) -> None:
    world, _ = arrived
    closed = {name: data for name, data in world.foreign.items() if not name.endswith(".txt")}
    check(world.here.bundle(world.ilves, "SYS", foreign=closed, disclosures={}), "SYS", opens=False)


def test_values_beside_an_entry_that_is_not_there_open_nothing(arrived: tuple[World, int]) -> None:
    world, _ = arrived
    data = world.here.bundle(world.ilves, "SYS", foreign=world.foreign)
    files = {path: content for path, content in unpack(data).items() if not _is_wrapped(path)}
    assert len(files) < len(unpack(data))
    _check_opened(files, open_manifest(files[MANIFEST]), wanted("SYS"), opens=True)


def _is_wrapped(path: str) -> bool:
    return path.startswith("foreign/") and "." not in path
