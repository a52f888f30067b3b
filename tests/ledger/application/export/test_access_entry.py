"""The access of a bundle names the orders whose values it opens, and why; a failure is said in plain characters."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from ledger.application.export.access_entry import ExportAccess, _plain, export_access
from ledger.facts.vocabulary import ROLES
from tests.support.memory_ledger import COMPANION, ISSUED, ORDER, SEALED, Ledger, small


def journal_of(ledger: Ledger, companions: dict[str, str] | None) -> Any:
    """Return what of a journal is read: the register, and the keys with the companions of orders, if they are here."""
    keys = None if companions is None else SimpleNamespace(main_of=companions.get)
    return SimpleNamespace(registry=ledger.registry, subject_keys=keys)


@pytest.mark.parametrize(
    ("companions", "orders"),
    [({COMPANION: ORDER}, (ORDER,)), ({}, (ORDER, COMPANION)), (None, (ORDER, COMPANION))],
    ids=["its companion", "another order", "without keys"],
)
def test_a_bundle_opens_its_order_and_others_of_which_it_has_values(
    companions: dict[str, str] | None, orders: tuple[str, ...]
) -> None:
    ledger, ilves = small()
    asked = {"asked_of": "judge"}
    ledger.record(ilves, "ex-post-validation-sought", asked, {"main_order": ORDER}, order=COMPANION)
    access = export_access(journal_of(ledger, companions), ledger.contents("CT", COMPANION), None, "Ada")
    why = f"to make a bundle for CT ({ROLES['CT']}): trial"
    assert access == ExportAccess(orders, "trial", why, "Ada")
    assert export_access(journal_of(ledger, {}), ledger.contents("SP", COMPANION), "a hearing", "Ada").because == (
        f"to make a bundle for SP ({ROLES['SP']}): a hearing"
    )


def test_the_other_orders_of_an_access_are_sorted_and_no_signature_is_verified_again() -> None:
    ledger, ilves = small()
    others = [f"{digit * 8}-2222-4333-8444-555555555555" for digit in "95d07c3b"]
    opened: dict[int, Any] = {}
    for order in others:
        index = ledger.record(ilves, "order-issued", ISSUED, SEALED, order=order)
        envelope = json.loads(ledger.entries[index])
        envelope["signatures"][0]["sig"] = json.loads(ledger.entries[0])["signatures"][0]["sig"]
        ledger.entries[index] = json.dumps(envelope, separators=(",", ":"), sort_keys=True).encode()
        opened[index] = ("text",)
    about = SimpleNamespace(order=ORDER, audience="CT", purpose="trial")
    entries = [(index, raw, b"proof") for index, raw in enumerate(ledger.entries)]
    contents: Any = SimpleNamespace(about=about, entries=entries, disclosures=opened)
    keys: list[dict[str, str] | None] = [None, {}]
    for companions in keys:
        access = export_access(journal_of(ledger, companions), contents, None, "Ada")
        assert access.orders == (ORDER, *sorted(others))


def test_an_order_of_which_nothing_is_opened_is_not_accessed() -> None:
    ledger, ilves = small()
    ledger.record(ilves, "order-transmitted", {"addressee": "skylark", "channel": "mail"}, order=COMPANION)
    access = export_access(journal_of(ledger, {}), ledger.contents("CT", COMPANION), None, "Ada")
    assert access.orders == (ORDER,)


def test_a_failed_export_replaces_its_access_by_what_went_wrong_in_plain_characters() -> None:
    noted: list[tuple[Any, dict[str, Any]]] = []
    journal: Any = SimpleNamespace(note_access=lambda orders, signer, **said: noted.append((orders, said)))
    access = ExportAccess((ORDER,), "trial", "to make a bundle", "Ada")
    signer: Any = SimpleNamespace(actor="ilves", role="ISS", public=bytes(32))
    access.record(journal, signer, "e1")
    access.record_failure(journal, signer, SimpleNamespace(index=7, leaf="ab"), "disk \u202efull\n" + "x" * 400)  # type: ignore[arg-type]
    same = {"view": "export", "purpose": "trial", "person": "Ada"}
    says = f"nothing was handed out after entry 7 of the log: disk ?full?{'x' * 289}"
    assert noted == [
        ((ORDER,), {**same, "because": "to make a bundle", "entry": "e1"}),
        ((ORDER,), {**same, "because": says, "replaces": "ab"}),
    ]
    assert (_plain(" ~\x7f\x1f"), len(_plain("x" * 301))) == (" ~??", 300)


def test_the_digest_of_an_access_depends_on_each_of_its_parts() -> None:
    def digest(access: ExportAccess, **other: Any) -> str:
        signer: Any = SimpleNamespace(**{"actor": "ilves", "role": "ISS", "public": bytes(32), **other})
        return access.digest(signer)

    one = ExportAccess((ORDER,), "trial", "why", "Ada")
    changed: list[dict[str, Any]] = [{name: "other"} for name in ("orders", "purpose", "because", "person")]
    others = [replace(one, **change) for change in changed]
    digests = {digest(each) for each in (one, *others)}
    digests |= {digest(one, **{name: value}) for name, value in (("actor", "x"), ("role", "x"), ("public", b"x"))}
    assert len(digests) == 8
    assert digest(ExportAccess((ORDER,), "trial", "why", "Ada")) == digest(one)
