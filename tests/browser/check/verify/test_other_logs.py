"""Registers of other logs that a bundle hands over: the page says what the program says, and never crashes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ledger.adapters.keys import mldsa
from ledger.verify.evidence_bundle import verify
from tests.browser.check.test_conformance import differences
from tests.browser.rows.case import held
from tests.browser.support.node import Page
from tests.browser.support.recorder import question, report_fields
from tests.ledger.entries.test_log_keys import first, policy, second
from tests.ledger.verify.other_records.test_not_known_here import WORLDS
from tests.ledger.verify.other_records.test_received_entries import (
    FORMLESS,
    LATER,
    MISFORMED,
    World,
    handed_over,
    later,
    misformed,
)
from tests.support.memory_ledger import NOW, ORDER, checked

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("public", FORMLESS)
def test_a_change_of_keys_without_its_form_in_the_register_of_another_log_is_no_error_of_the_page(
    node: Page, public: dict[str, Any]
) -> None:
    world, trust, data = handed_over(public)
    report = report_fields(verify(data, trust, None, NOW, mldsa=mldsa.verify))
    files = {**world.there.trust_files(), "policy": policy(first(world.there), second(world.there))}
    there = {f"others/xv/{name}": text for name, text in files.items()}
    said = node.ask("verify", data=data, others=there, anchor=None, now=NOW.timestamp(), **held(world.here))
    assert (said["verdict"], said["reasons"]) == (report["verdict"], report["reasons"])
    assert {r["code"] for r in said["remarks"]} == {r["code"] for r in report["remarks"]} >= {"ENT-UNPROVEN"}


def agreed(node: Page, world: World, data: bytes) -> set[str]:
    """Assert that page and program say the same; return the codes of their findings."""
    report = report_fields(verify(data, world.trust(), None, NOW, mldsa=mldsa.verify))
    there = {f"others/xv/{name}": text for name, text in world.there.trust_files().items()}
    said = node.ask("verify", data=data, others=there, anchor=None, now=NOW.timestamp(), **held(world.here))
    assert (said["verdict"], said["reasons"]) == (report["verdict"], report["reasons"])
    codes = [{r["code"] for r in asked["remarks"]} - {"CMP-README"} for asked in (said, report)]
    assert codes[0] == codes[1]
    return codes[0]


@pytest.mark.parametrize("made", WORLDS)
def test_the_page_says_of_offices_that_it_does_not_know_what_the_program_says(
    node: Page, made: Callable[[], World]
) -> None:
    world = made()
    report = checked(data := world.data(), world.here, trust=world.trust())
    ours = node.ask("verify", **question(data, world.trust(), None, NOW))
    assert not differences(ours, report_fields(report))
    assert report.case is not None
    counted = [[e.kind, e.by] for e in report.case.entries if e.received is not None and not e.known_to]
    assert ours["acts"] == counted


@pytest.mark.parametrize(("kind", "public"), MISFORMED)
def test_an_arrived_entry_in_which_a_field_has_not_its_form_is_no_error_of_the_page(
    node: Page, kind: str, public: dict[str, Any]
) -> None:
    assert "ENT-MISMATCH" in agreed(node, *misformed(kind, public))


@pytest.mark.parametrize("which", LATER)
def test_what_an_entry_of_a_schema_that_is_not_known_here_supports_is_not_proven_on_the_page_either(
    node: Page, which: str
) -> None:
    world = later(which)
    registers = {world.there.origin: world.there.register()}
    data = world.here.bundle(world.ilves, foreign=world.foreign, others=registers, order=ORDER)
    assert "ENT-UNPROVEN" in agreed(node, world, data)
