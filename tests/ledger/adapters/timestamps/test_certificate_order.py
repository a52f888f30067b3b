"""The certificates of a reply are sorted as DER sorts a set; every other reply stays as it is."""

from __future__ import annotations

from itertools import permutations

import pytest

from ledger.adapters.timestamps.certificate_order import in_order


def der(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 + len(length)]) + length + content


def reply(*certificates: bytes, tag: int = 0xA0, behind: bytes = b"") -> bytes:
    """Return a reply whose signed data has these certificates, and the infos of signers behind them."""
    before = der(0x02, b"\x03"), der(0x31, b"hashes"), der(0x30, b"content" * 30)
    signed = der(0x30, *before, der(tag, *certificates), der(0x31, b"signers"), behind)
    return der(0x30, der(0x30, b"granted"), der(0x30, der(0x06, b"signed"), der(0xA0, signed)))


CERTIFICATES = [der(0x30, b"x" * size) for size in (3, 127, 128, 255, 256, 300)]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_certificates_of_any_length_are_sorted_by_their_bytes(count: int) -> None:
    for chosen in permutations(CERTIFICATES, count):
        given = reply(*chosen)
        assert in_order(given) == reply(*sorted(chosen))
        assert len(in_order(given)) == len(given)
    assert in_order(reply(*CERTIFICATES[::-1])) == reply(*sorted(CERTIFICATES))


def test_a_reply_without_certificates_or_with_other_parts_in_their_place_stays() -> None:
    two = [der(0x30, b"b"), der(0x30, b"a")]
    assert in_order(reply(*two)) != reply(*two)
    for other in (reply(), reply(*two, tag=0xA1), reply(*two, tag=0x31)):
        assert in_order(other) == other


def test_a_reply_that_ends_early_or_whose_certificate_is_longer_than_the_set_stays() -> None:
    two = [der(0x30, b"b"), der(0x30, b"a")]
    whole = reply(*two)
    for end in range(len(whole)):
        assert in_order(whole[:end]) == whole[:end]
    longer = reply(two[0], b"\x30\x02a")  # its second byte would be the tag behind the set
    assert in_order(longer) == longer
    for more in (b"", b"more"):
        assert in_order(whole + more) == reply(*two[::-1]) + more


def test_a_length_that_is_not_said_counts_as_none() -> None:
    """BER has such lengths, and DER has not."""
    unsaid, short = b"\x30\x80", der(0x30, b"a")
    assert in_order(reply(unsaid, short)) == reply(short, unsaid)
