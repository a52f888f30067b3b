"""One changed bit in a file of a bundle is always found, even if the maker signs the changed file.

`make slow` tries one bit in four, others for each SEED; with FULL=1 every one.

A bit that only the archive has, such as one of a file's time, changes no file: such a bundle passes, and is said not to
be the archive that its maker wrote (BND-REPACKED).
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from hashlib import sha256

import msgspec
import pytest
from msgspec.structs import replace

from ledger.bundle import layout, zip_profile
from ledger.bundle.archive import pack, unpack
from ledger.bundle.manifest import listing, open_manifest, seal_manifest
from ledger.errors import RecordError
from ledger.trust.trust_folder import parse_trust
from ledger.verify.evidence_bundle import verify
from ledger.verify.report import Verdict
from tests.support.memory_ledger import NOW, ORDER, Hand, Ledger, played
from tests.support.samples import sampled

TRUSTED = ("entries/", "checkpoint", "disclosures/")  # the maker cannot change these either


@cache
def three_entries() -> tuple[Ledger, Hand]:
    """Make the smallest ledger with an order: its registrar issues and transmits it under the registry's one entry."""
    ledger = Ledger()
    office = {"party": "XO", "zone": "UTC", "declarations_verified": True}
    ledger.record(ledger.keeper, "party-registered", office)
    issued = {"instrument": "2AP-7", "from_party": "XO", "to_party": "XV"}
    ledger.record(ledger.keeper, "order-issued", issued, {"identifiers": ["skyl-4471"]}, role="ISS", order=ORDER)
    ledger.record(ledger.keeper, "order-transmitted", {"addressee": "skylark", "channel": "mail"}, order=ORDER)
    return ledger, ledger.keeper


def verdict(data: bytes, trust: dict[str, bytes]) -> Verdict | None:
    """Return the verdict; None where the bit changes the version of the layout, or the archive alone."""
    try:
        report = verify(data, parse_trust(trust), None, NOW.replace(year=2040))
        return None if any(remark.code == "BND-REPACKED" for remark in report.procedure) else report.verdict
    except RecordError as refused:
        if refused.code != "BND-VERSION":
            raise
        return None


def trust_of(ledger: Ledger) -> dict[str, bytes]:
    line = f"{ledger.keeper.actor} {ledger.keeper.party} {ledger.keeper.key}\n"
    return {"policy": ledger.policy(), "registrar": line.encode()}


def survivors(data: bytes, trust: dict[str, bytes], bits: Sequence[int]) -> list[int]:
    """Return the bits whose change leaves the verdict TOTAL-PASSED."""
    changed = bytearray(data)
    found = []
    for bit in bits:
        changed[bit >> 3] ^= 1 << (bit & 7)
        if verdict(bytes(changed), trust) is Verdict.PASSED:
            found.append(bit)
        changed[bit >> 3] ^= 1 << (bit & 7)
    return found


def on_two_cores(data: bytes, trust: dict[str, bytes], bits: Sequence[int]) -> list[int]:
    with ProcessPoolExecutor(2) as pool:
        return [bit for found in pool.map(partial(survivors, data, trust), chunks(bits)) for bit in found]


def chunks(bits: Sequence[int]) -> Iterator[Sequence[int]]:
    yield from (bits[at : at + 5_000] for at in range(0, len(bits), 5_000))


def test_the_bundle_itself_passes() -> None:
    ledger, maker = three_entries()
    assert len(ledger.entries) == 3
    assert verdict(ledger.bundle(maker, role="ADM"), trust_of(ledger)) is Verdict.PASSED


def test_no_bit_of_a_few_hundred_can_be_changed() -> None:
    ledger, maker = three_entries()
    data = ledger.bundle(maker, role="ADM")
    bits = random.Random(7).sample(range(len(data) * 8), 400)
    assert survivors(data, trust_of(ledger), bits) == []


@pytest.mark.slow
def test_no_bit_of_a_bundle_of_three_entries_can_be_changed() -> None:
    ledger, maker = three_entries()
    data = ledger.bundle(maker, role="ADM")
    assert on_two_cores(data, trust_of(ledger), sampled(range(len(data) * 8), 4)) == []


@pytest.mark.slow
def test_no_bit_of_twenty_thousand_in_a_bundle_of_a_whole_story_can_be_changed() -> None:
    ledger, orders, hands = played("S1")
    data = pack(ledger.contents(order=orders["main"]), hands["ilves"].signer("ISS"))
    assert verdict(data, trust_of(ledger)) is Verdict.PASSED
    bits = random.Random(20_000).sample(range(len(data) * 8), 20_000)
    assert on_two_cores(data, trust_of(ledger), bits) == []


# -- a bit changed below the container: checksums and lists adapted ----------------------------------------------------


def reached(data: bytes, trust: dict[str, bytes], path: str, bit: int, maker: Hand | None) -> Verdict | None:
    """Return the verdict on a bundle with a changed bit in one file and new sums; a `maker` seals the manifest."""
    files = dict(unpack(data))
    content = bytearray(files[path])
    content[bit >> 3] ^= 1 << (bit & 7)
    files[path] = bytes(content)
    if maker is not None:
        said = open_manifest(files["manifest.dsse.json"])
        said = msgspec.structs.replace(said, files=listing(files))
        files["manifest.dsse.json"] = seal_manifest(said, maker.signer("ISS"))
    files["SHA256SUMS"] = layout.sums(files)
    return verdict(zip_profile.write(files), trust)


def bits_of(files: dict[str, bytes], paths: Sequence[str], count: int) -> list[tuple[str, int]]:
    chance = random.Random(11)
    return [(path, bit) for path in paths for bit in chance.sample(range(len(files[path]) * 8), count)]


def test_a_stranger_who_also_mends_checksums_and_sums_changes_no_bit_of_any_file() -> None:
    ledger, maker = three_entries()
    data = ledger.bundle(maker, role="ADM")
    files = unpack(data)
    paths = [path for path in files if path != "SHA256SUMS"]
    for path, bit in bits_of(files, paths, 12):
        assert reached(data, trust_of(ledger), path, bit, None) is not Verdict.PASSED, (path, bit)


def test_a_maker_who_signs_the_list_again_changes_no_bit_of_an_entry_a_proof_a_value_or_the_checkpoint() -> None:
    ledger, maker = three_entries()
    data = ledger.bundle(maker, role="ADM")
    files = unpack(data)
    paths = [path for path in files if any(part in path for part in TRUSTED)]
    assert len(paths) == 3 * 2 + 1 + 1
    for path, bit in bits_of(files, paths, 60):
        assert reached(data, trust_of(ledger), path, bit, maker) is Verdict.FAILED, (path, bit)


@pytest.mark.slow
def test_a_maker_who_signs_the_list_again_changes_no_bit_at_all_of_what_is_proven() -> None:
    ledger, maker = three_entries()
    data = ledger.bundle(maker, role="ADM")
    files = unpack(data)
    paths = [path for path in files if any(part in path for part in TRUSTED)]
    with ProcessPoolExecutor(2) as pool:
        assert list(pool.map(partial(unfailed, data, trust_of(ledger), maker), paths)) == [[]] * len(paths)


def unfailed(data: bytes, trust: dict[str, bytes], maker: Hand, path: str) -> list[int]:
    bits = sampled(range(len(unpack(data)[path]) * 8), 4)
    return [bit for bit in bits if reached(data, trust, path, bit, maker) is not Verdict.FAILED]


def test_two_bits_that_leave_the_checksum_as_it_was_are_found_by_the_digest() -> None:
    """CRC-32 is linear: four bytes can always be chosen so that a forged file keeps its checksum."""
    ledger, maker = three_entries()
    files = dict(unpack(ledger.bundle(maker, role="ADM")))
    wanted = zlib.crc32(files["policy"])
    forged = files["policy"].replace(b"none", b"nine")
    files["policy"] = forged + tail_for(forged, wanted)
    assert zlib.crc32(files["policy"]) == wanted
    assert sha256(files["policy"]).digest() != sha256(forged).digest()
    assert verdict(zip_profile.write(files), trust_of(ledger)) is Verdict.FAILED


def tail_for(data: bytes, wanted: int) -> bytes:
    """Return four bytes which, appended to `data`, give it the CRC-32 `wanted`: a walk backwards through the table."""
    table = [zlib.crc32(bytes([n])) ^ zlib.crc32(b"\0") for n in range(256)]
    top = {entry >> 24: n for n, entry in enumerate(table)}
    state, indexes = wanted ^ 0xFFFFFFFF, []
    for _ in range(4):
        n = top[state >> 24]
        indexes.append(n)
        state = ((state ^ table[n]) << 8) & 0xFFFFFFFF
    current, tail = zlib.crc32(data) ^ 0xFFFFFFFF, bytearray()
    for n in reversed(indexes):
        tail.append((current ^ n) & 0xFF)
        current = (current >> 8) ^ table[n]
    return bytes(tail)


def test_a_bundle_cut_short_anywhere_fails() -> None:
    ledger, maker = three_entries()
    data = ledger.bundle(maker, role="ADM")
    for length in random.Random(3).sample(range(len(data)), 200):
        assert verdict(data[:length], trust_of(ledger)) is Verdict.FAILED


def test_a_whole_bundle_of_another_size_of_the_same_log_is_not_taken_for_this_one() -> None:
    """Parts of two valid bundles do not make a third."""
    ledger, maker = three_entries()
    first = unpack(ledger.bundle(maker, role="ADM"))
    note = ledger.checkpoint(2)
    contents = ledger.contents(note=note)
    second = unpack(pack(replace(contents, policy=ledger.policy()), maker.signer("ISS")))
    for path in second:
        if path not in ("mimetype", "policy") and second[path] != first[path]:
            mixed = zip_profile.write({**first, path: second[path]})
            assert verdict(mixed, trust_of(ledger)) is Verdict.FAILED, path
