"""Page and program agree on what the maker of a bundle states that it found, and on a file that cannot be read."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from ledger.verify.report import Report
from tests.browser.check.test_conformance import differences
from tests.browser.support.node import Page
from tests.browser.support.recorder import question, report_fields
from tests.ledger.bundle.test_findings import BROKEN, BYTES, FILE, made
from tests.support.memory_ledger import NOW, Ledger, changed, checked, small

pytestmark = pytest.mark.browser


def longer(name: str, most: int, more: int, value: dict[str, Any]) -> None:
    """Repeat what a member of a finding has, up to a size."""
    found = next(each for each in value["findings"] if each[name])
    found[name] = found[name][:1] * (most + more)


LIMITS: dict[str, Callable[[int, dict[str, Any]], None]] = {
    "sentence": partial(longer, "says", 4_000),
    "citations": partial(longer, "cite", 50),
    "entries": partial(longer, "entries", 100),
    "findings": lambda more, value: value.update(findings=value["findings"][:1] * (1_000 + more)),
}


def agreed(node: Page, data: bytes, ledger: Ledger) -> tuple[Report, str, int]:
    """Return the report of the program, and the state and the number of findings that the page shows."""
    report = checked(data, ledger)
    said = node.ask("verify", **question(data, ledger.trust(), None, NOW))
    assert not differences(said, report_fields(report))
    state, count = said["makers"]
    return report, state, count


@pytest.mark.parametrize("what", [*BROKEN, *BYTES])
def test_findings_that_the_program_cannot_read_the_page_does_not_show(node: Page, what: str) -> None:
    if what in BROKEN:
        data, ledger = made(BROKEN[what])
    else:
        ledger, ilves = small()
        data = changed(ledger.bundle(ilves), lambda files: files.update({FILE: BYTES[what]}), ilves.signer("ISS"))
    report, state, count = agreed(node, data, ledger)
    assert report.makers
    assert (state, count) == (report.makers.state, 0) == ("unreadable", 0)


@pytest.mark.parametrize("name", [*LIMITS])
def test_findings_of_the_largest_size_are_read_by_both_and_larger_ones_by_neither(node: Page, name: str) -> None:
    for more, state in ((0, "stated"), (1, "unreadable")):
        data, ledger = made(partial(LIMITS[name], more))
        report, said, count = agreed(node, data, ledger)
        assert report.makers
        assert (said, report.makers.state, count > 0) == (state, state, not more)


def test_findings_of_the_maker_are_read_alike_and_absent_ones_are_not_none(node: Page) -> None:
    data, ledger = made()
    report, state, count = agreed(node, data, ledger)
    assert report.makers
    assert report.makers.stated
    assert (state, count) == ("stated", len(report.makers.stated.findings))
    ledger, ilves = small()
    assert agreed(node, ledger.bundle(ilves), ledger)[1:] == ("none", 0)


def test_a_file_is_digested_in_small_pieces_and_never_read_as_a_whole(node: Page) -> None:
    data = bytes(range(256)) * 36_001  # a little more than two pieces
    names = (
        "blake2b",
        "blake2s",
        "md5",
        "sha1",
        "sha-1",
        "sha224",
        "sha256",
        "sha384",
        "sha512",
        "sha3-224",
        "sha3-256",
        "sha3-384",
        "sha3-512",
    )
    said = node.ask("digests", data=data, names=names)
    python = {"sha-1": "sha1"}
    wanted = {n: hashlib.new(python.get(n, n.replace("sha3-", "sha3_")), data).hexdigest() for n in names}
    assert said["digests"] == wanted
    assert said["pieces"] == [2**22, 2**22, len(data) - 2**23]
    assert node.ask("digests", data=b"", names=["sha256"])["digests"] == {"sha256": hashlib.sha256().hexdigest()}
