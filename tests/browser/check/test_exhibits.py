"""The page and the program agree on exhibits: which ones convict a log, for whom, and which prove nothing."""

from __future__ import annotations

import pytest

from ledger.trust.trust_folder import Trust
from ledger.verify.exhibits import verify_exhibit
from tests.browser.check.test_conformance import OWN_WORDS
from tests.browser.support.node import Asked
from tests.browser.support.recorder import told
from tests.ledger.entries.test_wrong_map import MADE
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
    sized,
    trust,
)
from tests.support.hash_log import HashLog

pytestmark = pytest.mark.browser

EXHIBITS = [SPLIT, LARGER, omitted(), SPLIT_ORDER, BREAK, TWICE]
EXHIBITS += [exhibit for exhibit, _ in NOTHING + ORDER_NOTHING]
EXHIBITS += MADE
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
        expected = told(verify_exhibit(exhibit, held))
        for report in (asked, expected):
            for reason in report["reasons"]:
                del reason["where"]
                reason.pop("entries", None)
                if reason["code"] in OWN_WORDS | {"SPLIT-FORMAT", "SPLIT-UNPROVEN", "PRF-PATH"}:
                    del reason["says"]
        assert asked == expected, exhibit
