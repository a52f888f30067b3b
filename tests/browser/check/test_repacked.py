"""Bundles that were zipped again: the page and the program accept and refuse the same ones, with the same report."""

from __future__ import annotations

import random

import pytest

from ledger.bundle.archive_kind import is_bundle
from ledger.bundle.repacked import reread
from ledger.errors import RecordError
from ledger.verify.evidence_bundle import verify
from tests.browser.rows.case import held
from tests.browser.support.node import Page, Refusal
from tests.ledger.bundle.test_repacked import AGAIN, BUNDLE, FILES, HOSTILE, LATER, LEDGER, zipped

pytestmark = pytest.mark.browser

Invocation = tuple[str, list[tuple[str, str]], list[tuple[str, str]], int]


def ours(data: bytes) -> Invocation | str:
    try:
        report = verify(data, LEDGER.trust(), None, LATER)
    except RecordError as refused:
        return refused.code
    reasons = [(r.code, r.says) for r in report.reasons]
    remarks = [(r.code, r.says) for r in report.procedure if r.code == "BND-REPACKED"]
    return str(report.verdict), reasons, remarks, report.entries


def theirs(node: Page, data: bytes) -> Invocation | str:
    try:
        said = node.ask("verify", data=data, **held(LEDGER), anchor=None, now=int(LATER.timestamp()))
    except Refusal as refused:
        return refused.code
    reasons = [(r["code"], r["says"]) for r in said["reasons"]]
    remarks = [(r["code"], r["says"]) for r in said["remarks"] if r["code"] == "BND-REPACKED"]
    return said["verdict"], reasons, remarks, said["entries"]


@pytest.mark.parametrize("how", AGAIN)
def test_page_and_program_say_the_same_of_a_bundle_zipped_again(node: Page, how: str) -> None:
    said = theirs(node, AGAIN[how])
    assert said == ours(AGAIN[how])
    assert not isinstance(said, str)
    assert (said[0], said[2][0][0]) == ("TOTAL-PASSED", "BND-REPACKED")


@pytest.mark.parametrize("what", HOSTILE)
def test_page_and_program_refuse_the_same_archives(node: Page, what: str) -> None:
    data = HOSTILE[what]()
    assert node.ask("meant", data=data) == is_bundle(data)
    assert theirs(node, data) == ours(data)


def test_page_and_program_agree_on_a_newer_bundle_that_was_zipped_again(node: Page) -> None:
    newer = zipped({**FILES, "mimetype": b"application/vnd.comity.evidence-bundle.v99+zip"})
    assert theirs(node, newer) == ours(newer) == "BND-VERSION"


@pytest.mark.parametrize("how", ["through a pipe", "stored through a pipe"])
def test_what_is_said_behind_a_file_is_what_its_directory_says(node: Page, how: str) -> None:
    whole = AGAIN[how]
    at = whole.index(b"PK\x07\x08")
    for place in range(at, at + 16):
        spoilt = bytearray(whole)
        spoilt[place] ^= 1
        data = bytes(spoilt)
        assert theirs(node, data) == ours(data)
        assert reread(data) is None


def test_page_and_program_agree_on_archives_that_chance_spoilt(node: Page) -> None:
    chance = random.Random(33)
    for whole in (BUNDLE, AGAIN["packed"], AGAIN["through a pipe"], AGAIN["stored through a pipe"]):
        for _ in range(120):
            data = bytearray(whole)
            for _ in range(chance.randint(1, 2)):
                data[chance.choice((chance.randrange(len(data)), chance.randrange(len(data) - 900, len(data))))] = (
                    chance.randrange(256)
                )
            spoilt = bytes(data)
            mine = ours(spoilt)
            if whole in (BUNDLE, AGAIN["stored through a pipe"]) or reread(spoilt) is not None:
                assert theirs(node, spoilt) == mine  # Node.js accepts bytes after a deflated file
