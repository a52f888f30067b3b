"""Whose disclosure counts, by the register of offices and Parties: page and program name the same one."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from msgspec.structs import replace

from ledger.entries.case import Case
from projections.views.exhibit_digests import Digest
from tests.browser.support.node import Page
from tests.projections.views.evidence_files import A, B, arrives, evidence_of, hands_over, manifest, question
from tests.support.scenarios import Fact, Office, Party, disclosed, fact, given, issued

pytestmark = pytest.mark.browser

FILE = Digest("a.zip", 1, A, None)


def both(node: Page, case: Case, file: Digest = FILE) -> dict[str, Any]:
    """Return what the page says of a file, after comparing it with the program."""
    said: dict[str, Any] = node.ask("evidence", **question(case, file))
    wanted = evidence_of(case, file)
    assert {name: said[name] for name in wanted} == wanted
    return said


def story(office: Office, *register: Fact, zone: str = "Europe/Stockholm", hour: str = "09:00") -> Case:
    """Return an order whose file an office of this register hands over on 5 March."""
    handed = disclosed(f"2027-03-05T{hour}Z", label="one", manifest=manifest(("a.zip", A)))
    made = given(issued("2027-03-01T09:00Z"), handed, arrives("got", 8, "EX-A", ("a.zip", A)))
    return made.among(skylark=office).where("XV", zone=zone).registered(*register).case


def test_an_office_counts_up_to_its_last_day_where_it_is(node: Page) -> None:
    seen = set()
    days = ("2027-03-03", "2027-03-04", "2027-03-05", "2027-03-06", None)
    zones = ("Europe/Stockholm", "Pacific/Auckland", "America/Los_Angeles", "UTC")
    for until, zone, hour in product(days, zones, ("00:30", "09:00", "23:30")):
        office = Office("XV", ("SP",), valid_until=until)
        said = both(node, story(office, zone=zone, hour=hour))
        seen.add((until, said["given"] is not None))
    assert {("2027-03-03", False), ("2027-03-06", True), (None, True)} <= seen
    assert {("2027-03-05", True), ("2027-03-05", False)} <= seen, "the day of the place decides"


def changed(kind: str, day: str, by: str = "registrar", role: str = "ADM", **stated: Any) -> Fact:
    fields = {"actor": "skylark", "valid_from": day, **stated}
    return fact(kind, "2027-02-01T09:00Z", by, role, label=f"{kind} {day} {sorted(stated)}", **fields)


@pytest.mark.parametrize(
    "register",
    [
        (changed("authority-changed", "2027-02-01", roles=["ISS"]),),
        (changed("authority-changed", "2027-03-05", roles=["ISS"]),),
        (changed("authority-changed", "2027-03-06", roles=["ISS"]),),
        (changed("authority-changed", "2027-02-01", names={"en": "Another"}),),
        (changed("authority-changed", "2027-02-01", roles=["ISS"], by="skylark", role="SP"),),
        (
            changed("authority-changed", "2027-02-01", roles=["ISS"]),
            changed("authority-changed", "2027-02-02", roles=["SP"]),
        ),
        (changed("authority-changed", "2027-02-01", valid_until="2027-03-04"),),
        (changed("authority-changed", "2027-02-01", party="XO"),),
        (changed("authority-registered", "2027-02-01", party="XV", roles=["NOT"]),),
    ],
)
def test_a_change_of_an_office_counts_from_its_day_if_a_registrar_signs_it(
    node: Page, register: tuple[Fact, ...]
) -> None:
    both(node, story(Office("XV", ("SP",)), *register))


def test_a_change_that_its_signer_replaced_does_not_count_and_one_that_another_would_replace_does(node: Page) -> None:
    ended = changed("authority-changed", "2027-02-01", valid_until="2027-03-04")
    named = changed("authority-changed", "2027-02-02", names={"en": "Another"})
    case = story(Office("XV", ("SP",)), ended, named)
    *earlier, first, last = case.registry
    last = replace(last, replaces=first.leaf)
    assert both(node, replace(case, registry=(*earlier, first, last)))["given"] is not None
    assert both(node, replace(case, registry=(*earlier, first, replace(last, by="another"))))["given"] is None


def test_an_office_that_is_not_registered_and_a_role_that_it_has_not_are_told_alike(node: Page) -> None:
    both(node, story(Office("XV", ())))
    both(node, story(Office("XV", ("SP",)), zone="No/Where"))
    handed = hands_over("one", 5, ("a.zip", A), by="nobody-known", role="SP")
    both(node, given(issued("2027-03-01T09:00Z"), handed).case)
    both(node, given(issued("2027-03-01T09:00Z"), replace(hands_over("one", 5, ("a.zip", A)), held=False)).case)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_of_several_digests_of_a_file_the_one_that_decides_most_is_told(node: Page, order: tuple[int, int]) -> None:
    listed = [{"name": "a.zip", "size": 1, "digest": "sha3-256:" + "2" * 64}]
    case = given(
        issued("2027-03-01T09:00Z"), hands_over("one", 5, manifest={"elements": ["name"], "files": listed})
    ).case
    asked = question(case, Digest("other.zip", 1, B, None))
    digests = ["sha3-256:" + "2" * 64, "sha3-512:" + "3" * 128]
    said = node.ask("evidence", **{**asked, "digests": [digests[n] for n in order]})
    assert said["verdict"] == "equal"
    named = question(case, Digest("a.zip", 1, B, None))
    other = ["sha3-256:" + "4" * 64, "sha3-512:" + "3" * 128]
    said = node.ask("evidence", **{**named, "digests": [other[n] for n in order]})
    assert said["verdict"] == "differs"


def test_a_party_without_a_zone_has_the_days_of_utc(node: Page) -> None:
    made = given(
        issued("2027-03-01T09:00Z"), disclosed("2027-03-05T23:30Z", label="one", manifest=manifest(("a.zip", A)))
    )
    office = Office("XZ", ("SP",), valid_until="2027-03-05")
    assert both(node, made.among(skylark=office).case)["given"] is not None
    assert Party("UTC").zone == "UTC"
