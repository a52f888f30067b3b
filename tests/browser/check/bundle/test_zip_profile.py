"""Each byte of the headers of an archive, changed: page and program refuse it under the same rule."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from ledger.bundle.zip_profile import write
from tests.browser.check.test_conformance import differences
from tests.browser.support.node import Page
from tests.browser.support.recorder import question, report_fields
from tests.support.memory_ledger import NOW, changed, checked, rezipped, small

pytestmark = pytest.mark.browser

LOCAL, CENTRAL, END = 30, 46, 22


def spoilt(archive: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield an archive with one byte of a header changed, in the first and the last of each."""
    central = archive.index(b"PK\x01\x02")
    last = archive.rindex(b"PK\x03\x04", 0, central)
    parts = {"local": (0, LOCAL), "last local": (last, LOCAL), "central": (central, CENTRAL), "end": (-END, END)}
    for name, (begin, size) in parts.items():
        for at in range(size):
            for made in (archive[begin + at] ^ 1, archive[begin + at] ^ 0x80, 0xFF):
                place = (begin + at) % len(archive)
                yield f"{name} {at}: {made}", archive[:place] + bytes((made,)) + archive[place + 1 :]


def test_a_header_with_one_byte_changed_is_refused_by_both_under_the_same_rule(node: Page) -> None:
    ledger, ilves = small()
    whole, trust = ledger.bundle(ilves), ledger.trust()
    assert whole == write(files := dict(_files(whole))), files.keys()
    for what, data in spoilt(whole):
        wanted = report_fields(checked(data, ledger))
        ours = node.ask("verify", **question(data, trust, None, NOW))
        assert [_without(each, what) for each in ours["reasons"]] == [
            _without(each, what) for each in wanted["reasons"]
        ]
        assert ours["verdict"] == wanted["verdict"], what


def _without(reason: dict[str, str], what: str) -> dict[str, str]:
    """Return a reason; without its place where the length of a name is wrong, so that there is no name."""
    return {"code": reason["code"]} if re.match(r"(last )?local 2[67]:", what) else reason


def _files(archive: bytes) -> Iterator[tuple[str, bytes]]:
    from ledger.bundle.zip_profile import read

    yield from read(archive).items()


LONG = "n" * 80
PATHS = [
    *("a/b/c/d/e/f/g", "a/b/c/d/e/f/g/h", LONG, f"{LONG}n", f"a/{LONG}", f"a/{LONG}n", ".a", "a/.b", "-a", "_a", "a b"),
    *(
        "a.-_b",
        "a/",
        "/a",
        "a//b",
        "A/policy",
        "POLICY",
        "policy/a",
        "heads",
        "views",
        "entries.x",
        "a\\b",
        "ä",
        "a\x00",
    ),
]


@pytest.mark.parametrize("path", PATHS)
def test_a_name_of_a_file_is_refused_by_both_or_by_neither(path: str, node: Page) -> None:
    ledger, ilves = small()
    data = rezipped(ledger.bundle(ilves), lambda files: files.update({path: b"x"}))
    wanted = report_fields(checked(data, ledger))
    assert not differences(node.ask("verify", **question(data, ledger.trust(), None, NOW)), wanted)


@pytest.mark.parametrize("path", ["views/timeline.csv", "views/findings.json", "views/a/b"])
def test_a_view_beside_the_findings_of_the_maker_is_said_not_to_be_compared(path: str, node: Page) -> None:
    ledger, ilves = small()
    data = changed(ledger.bundle(ilves), lambda files: files.update({path: b"x"}), ilves.signer("ISS"))
    wanted = report_fields(checked(data, ledger))
    ours = node.ask("verify", **question(data, ledger.trust(), None, NOW))
    assert not differences(ours, wanted)
    assert any("were not compared" in each and "views" in each for each in ours["notProven"]) is (
        path[6:] != "findings.json"
    )
