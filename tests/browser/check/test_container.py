"""Archives and containers: the page and the program classify them alike and extract the same files."""

from __future__ import annotations

import random
from base64 import b64encode

import pytest

from ledger.bundle.archive_kind import Inside, inside, is_bundle, is_container
from ledger.errors import RecordError
from ledger.verify.evidence_bundle import verify
from tests.browser.rows.case import held
from tests.browser.support.node import Page, Refusal
from tests.ledger.bundle.test_archive_kind import BUNDLE, CONTAINER, DAMAGED, OTHERS, STILL, TAKEN, UNLISTED
from tests.support.memory_ledger import NOW, small

pytestmark = pytest.mark.browser

ALL = {**OTHERS, **STILL, **TAKEN, **DAMAGED, **UNLISTED, "nothing": b"", "a letter": b"Dear Sir or Madam"}


def ours(data: bytes) -> Inside | str | None:
    try:
        return inside(data)
    except RecordError as refused:
        return refused.code


def theirs(node: Page, data: bytes) -> Inside | str | None:
    try:
        found = node.ask("container", data=data)
    except Refusal as refused:
        return refused.code
    if found is None:
        return None
    assert found[1] == b64encode(BUNDLE).decode()
    return Inside(found[0], BUNDLE, found[2])


def meant(data: bytes) -> bool:
    return is_bundle(data) or (is_container(data) and ours(data) is not None)


@pytest.mark.parametrize("name", ALL)
def test_page_and_program_tell_archives_apart_alike(node: Page, name: str) -> None:
    assert node.ask("meant", data=ALL[name]) == meant(ALL[name])


@pytest.mark.parametrize("name", [*TAKEN, *DAMAGED, *UNLISTED])
def test_page_and_program_take_the_same_out_of_a_container(node: Page, name: str) -> None:
    assert theirs(node, ALL[name]) == ours(ALL[name])


def test_page_and_program_agree_on_containers_that_chance_spoilt(node: Page) -> None:
    chance = random.Random(52)
    for whole in (CONTAINER, TAKEN["deflated"]):
        for _ in range(200):
            data = bytearray(whole)
            for _ in range(chance.randint(1, 3)):
                data[chance.choice((chance.randrange(len(data)), chance.randrange(len(data) - 600, len(data))))] = (
                    chance.randrange(256)
                )
            spoilt = bytes(data)
            assert node.ask("meant", data=spoilt) == meant(spoilt)
            if whole is CONTAINER or ours(spoilt) != "BND-CONTAINER":  # Node.js accepts bytes after a deflated file
                assert theirs(node, spoilt) == ours(spoilt)


@pytest.mark.parametrize("data", [CONTAINER, TAKEN["deflated"], *DAMAGED.values()])
def test_the_report_of_a_container_is_that_of_the_program(node: Page, data: bytes) -> None:
    ledger, _ = small()
    said = node.ask("verify", data=data, **held(ledger), anchor=None, now=int(NOW.timestamp()))
    report = verify(data, ledger.trust(), None, NOW)
    assert said["verdict"] == report.verdict
    assert [(r["code"], r["where"], r["says"]) for r in said["reasons"]] == [
        (r.code, r.where, r.says) for r in report.reasons
    ]
    assert set(report.not_proven) <= set(said["notProven"])  # the page reads fewer parts
