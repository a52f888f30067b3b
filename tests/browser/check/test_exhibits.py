"""The page and the program agree on exhibits and on proofs of absence: what each proves, and for whom."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from ledger.adapters.keys import mldsa
from ledger.trust.trust_folder import Trust, format_registrar, parse_trust
from ledger.verify.completeness.absence import verify_absence
from ledger.verify.exhibits import verify_exhibit
from tests.browser.check.test_conformance import OWN_WORDS
from tests.browser.support.node import Asked, Page
from tests.browser.support.recorder import report_fields
from tests.ledger.entries.test_log_keys import policies
from tests.ledger.entries.test_wrong_map import MADE
from tests.ledger.verify.completeness.test_absence import (
    AT,
    DOUBLY,
    LEDGER,
    LINES,
    OTHERWISE,
    PROOF,
    STALE,
    WRONG,
    changed,
    proven,
    written,
)
from tests.ledger.verify.test_exhibits import (
    BREAK,
    KEY,
    LARGER,
    NOTHING,
    ORDER_NOTHING,
    SPLIT,
    SPLIT_ORDER,
    TRUE,
    TWICE,
    omitted,
    reworded,
    sized,
    trust,
)
from tests.support.hash_log import HashLog
from tests.support.memory_ledger import NOW, ORDER

pytestmark = pytest.mark.browser

EXHIBITS = [SPLIT, LARGER, omitted(), SPLIT_ORDER, BREAK, TWICE]
EXHIBITS += [exhibit for exhibit, _ in NOTHING + ORDER_NOTHING]
EXHIBITS += MADE
EXHIBITS += [data for exhibit in (SPLIT, LARGER, omitted(), SPLIT_ORDER, MADE[0]) for data in reworded(exhibit)]
TRUSTS = {
    "its log": trust(TRUE.key, KEY),
    "its log at some sizes": sized(0, 9, TRUE.key, KEY),
    "its log at others": sized(8, 9, TRUE.key, KEY),
    "another log": trust(HashLog("ledger.example/other").key),
    "nothing": None,
}


@pytest.mark.parametrize("held", TRUSTS.values(), ids=TRUSTS)
def test_an_exhibit_proves_the_same_to_both(held: Trust | None, reader: Asked) -> None:
    for exhibit in EXHIBITS:
        sizes = {key: [span.first, span.end] for key, span in held.sizes.items()} if held else {}
        asked = reader.ask("exhibit", data=exhibit, policy=held.raw if held else None, sizes=sizes)
        expected = report_fields(verify_exhibit(exhibit, held))
        assert asked.pop("acts") == []  # an exhibit has no entries of an order
        for report in (asked, expected):
            for reason in report["reasons"]:
                del reason["where"]
                reason.pop("entries", None)
                if reason["code"] in OWN_WORDS | {"SPLIT-FORMAT", "SPLIT-UNPROVEN", "PRF-PATH"}:
                    del reason["says"]
        assert asked == expected, exhibit


# -- proofs of absence -------------------------------------------------------------------------------------------------

CHANCES = 300
OF = "the bundle itself"  # the page has one sentence for bundles and proofs


def by_chance(seed: int) -> bytes:
    """Return the proof with a letter of its members changed."""
    chance = random.Random(seed)
    document = json.loads(PROOF)
    line = chance.choice([document, document["commit"], chance.choice(document["register"])])
    name = chance.choice([name for name in line if isinstance(line[name], str)])
    at = chance.randrange(len(line[name]) + 1)
    line[name] = line[name][:at] + chance.choice("0af/Z=\n ") + line[name][at + chance.choice((0, 1, 1)) :]
    return written(document)


@pytest.mark.parametrize(("more", "code"), [(0, "ENV-SIZE"), (1, "ABSENCE-FORMAT")])
def test_a_proof_of_absence_has_at_most_16_megabytes_for_both(more: int, code: str, node: Page) -> None:
    def pad(document: dict[str, Any]) -> None:
        entry = document["commit"]["entry"]
        document["commit"]["entry"] = entry + " " * (16_777_216 + more - len(PROOF))

    data = changed(pad)
    assert len(data) == 16_777_216 + more
    policy = LEDGER.trust().raw
    asked = node.ask("absence", data=data, policy=policy, registrar=None, anchor=None, now=NOW.timestamp())
    report = verify_absence(data, parse_trust({"policy": policy}), None, NOW)
    for codes in ([reason["code"] for reason in asked["reasons"]], [reason.code for reason in report.reasons]):
        assert codes[0] == code


def test_a_proof_of_absence_shows_the_same_to_both(reader: Asked) -> None:
    trust = LEDGER.trust()
    assert trust.registrar is not None
    documents = [PROOF, proven(LEDGER, AT, ORDER), *(changed(change) for _, change in WRONG), *OTHERWISE, STALE]
    documents += [by_chance(seed) for seed in range(CHANCES)]
    registrar = format_registrar(trust.registrar)
    for data in documents:
        for policy, keeper in ((trust.raw, registrar), (trust.raw, None), (None, None)):
            held = None if policy is None else LEDGER.trust() if keeper else parse_trust({"policy": trust.raw})
            asked = reader.ask("absence", data=data, policy=policy, registrar=keeper, anchor=None, now=NOW.timestamp())
            expected = report_fields(verify_absence(data, held, None, NOW))
            expected["notProven"] = [says.replace("the proof itself", OF) for says in expected["notProven"]]
            for report in (asked, expected):
                for reason in report["reasons"]:
                    if reason["code"] in OWN_WORDS | {"ABSENCE-FORMAT", "PRF-PATH"}:
                        del reason["says"]
                for step in report["steps"]:
                    if step["result"] != "passed":
                        del step["says"]
            for name in ("verdict", "reasons", "notProven", "entries", "signatures"):
                assert asked[name] == expected[name], (name, data)
            codes = [[remark["code"] for remark in report["remarks"]] for report in (asked, expected)]
            assert codes[0] == codes[1], data
            numbers = [[(step["number"], step["result"]) for step in report["steps"]] for report in (asked, expected)]
            assert numbers[0] == numbers[1], data


@pytest.mark.parametrize("name", LINES)
def test_a_proof_of_absence_under_a_head_of_two_lines_shows_the_same_to_both(node: Page, name: str) -> None:
    data, codes = LINES[name]
    held = DOUBLY.trust(policies(DOUBLY)[0])
    assert held.registrar is not None
    keeper = format_registrar(held.registrar)
    asked = node.ask("absence", data=data, policy=held.raw, registrar=keeper, anchor=None, now=NOW.timestamp())
    expected = report_fields(verify_absence(data, held, None, NOW, mldsa=mldsa.verify))
    assert asked["verdict"] == expected["verdict"]
    assert [reason["code"] for reason in asked["reasons"]] == codes
