"""The program says of each file of the shared table what the table says; the verifier page is held to the same."""

from __future__ import annotations

from typing import Any

import pytest

from projections.views.exhibit_digests import Digest
from tests.projections.views.evidence_files import CASES, A, Held, case_of, evidence_of, hands_over, labelled, manifest
from tests.support.scenarios import fact


@pytest.mark.parametrize("held", CASES.values(), ids=CASES)
def test_the_program_says_of_a_file_what_the_table_says(held: Held) -> None:
    said = evidence_of(case_of(held.facts), held.file)
    found = (said["verdict"], labelled(said["equal"]), labelled(said["differs"]))
    assert found == (held.verdict, held.equal, held.differs)
    one = [labelled([said[name]]) if said[name] else None for name in ("changed", "given", "reported")]
    assert one == [held.changed, held.given, held.reported]


def test_a_long_chain_of_transmissions_that_name_each_other_is_compared() -> None:
    chain = [hands_over("0", 2, ("a.zip", A))]
    for n in range(1, 1_500):
        named: dict[str, Any] = {"about": str(n - 1), "manifest": manifest(("a.zip", A))}
        chain.append(
            fact(
                "data-transmitted-by-state", f"2027-03-{28 - n % 20:02}T09:00Z", "central", "CAR", label=str(n), **named
            )
        )
    said = evidence_of(case_of(tuple(chain)), Digest("a.zip", 1, A, None))
    assert (said["verdict"], len(said["equal"])) == ("equal", 1_500)
