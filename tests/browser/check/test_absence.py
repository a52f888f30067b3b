"""The page and the program agree on proofs that an order is absent, honest ones and changed ones."""

from __future__ import annotations

import json
import random
import re

import pytest

from ledger.trust.trust_folder import format_registrar, parse_trust
from ledger.verify.absence import verify_absence
from tests.browser.check.test_conformance import OWN_WORDS
from tests.browser.support.node import Asked
from tests.browser.support.recorder import told
from tests.ledger.verify.test_absence import AT, LEDGER, PROOF, WRONG, changed, proven
from tests.support.memory_ledger import NOW, ORDER

pytestmark = pytest.mark.browser

CHANCES = 300
OF = "the proof (itself|was given)"  # the page has one sentence for bundles and proofs


def by_chance(seed: int) -> bytes:
    """Return the proof with a letter of its members changed."""
    chance = random.Random(seed)
    document = json.loads(PROOF)
    line = chance.choice([document, document["commit"], chance.choice(document["register"])])
    name = chance.choice([name for name in line if isinstance(line[name], str)])
    at = chance.randrange(len(line[name]) + 1)
    line[name] = line[name][:at] + chance.choice("0af/Z=\n ") + line[name][at + chance.choice((0, 1, 1)) :]
    return json.dumps(document).encode()


def test_a_proof_of_absence_shows_the_same_to_both(reader: Asked) -> None:
    trust = LEDGER.trust()
    assert trust.registrar is not None
    documents = [PROOF, proven(LEDGER, AT, ORDER), *(changed(change) for _, change in WRONG)]
    documents += [by_chance(seed) for seed in range(CHANCES)]
    registrar = format_registrar(trust.registrar)
    for data in documents:
        for policy, keeper in ((trust.raw, registrar), (trust.raw, None), (None, None)):
            held = None if policy is None else LEDGER.trust() if keeper else parse_trust({"policy": trust.raw})
            asked = reader.ask("absence", data=data, policy=policy, registrar=keeper, anchor=None, now=NOW.timestamp())
            expected = json.loads(re.sub(OF, r"the bundle \1", json.dumps(told(verify_absence(data, held, None, NOW)))))
            for report in (asked, expected):
                for reason in report["reasons"]:
                    if reason["code"] in OWN_WORDS | {"ABSENCE-FORMAT", "PRF-PATH"}:
                        del reason["says"]
                for step in report["steps"]:
                    if step["result"] != "passed":
                        del step["says"]
            for name in ("verdict", "reasons", "notProven", "entries", "signatures"):
                assert asked[name] == expected[name], (name, data)
            numbers = [[(step["number"], step["result"]) for step in report["steps"]] for report in (asked, expected)]
            assert numbers[0] == numbers[1], data
