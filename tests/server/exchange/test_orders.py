"""A peer records into the orders that concern it, and into no others of ours, whatever ids it knows."""

from __future__ import annotations

from ledger.adapters.keys.open_key import open_key
from ledger.application.write.draft import Draft
from ledger.entries.envelope import Circumstances, Signer
from ledger.facts import build
from tests.server.exchange.offices import Offices

ISSUE = (
    "comity issue --instrument EPOC --to XV --provider bird --unregistered --reference E-8 --category subscriber "
    "--element name --from order.json --as ilves"
)
SENT = "comity record order-transmitted E-8 -f addressee=bird -f channel=post --unregistered --as ilves"


def test_entries_of_an_order_that_does_not_concern_the_peer_wait_for_a_person(offices: Offices) -> None:
    order = offices.answer("karsk", ISSUE)["order"]
    offices.type("karsk", SENT)
    with offices.opened("skylark") as (journal, _):  # skylark knows nothing of the order but its id
        key, now = open_key(str(offices.root / "skylark" / ".config" / "comity" / "keys" / "skylark")), journal.now()
        signer = Signer("skylark", "SP", "XV", key.public, key.sign)
        fact = build("no-data-held", {}, {})
        journal.record_batch([Draft(fact, order, signer, Circumstances(now, now), instrument="EPOC")])
    with offices.serving("karsk") as karsk:
        offices.configure("skylark", karsk.url)
        offices.configure("karsk", None)
        before = offices.kinds("karsk")
        sent = offices.type("skylark", f"comity exchange send {order} --to karsk --as skylark --config serve.toml", 3)
        assert "EXCHANGE-ORDER" in sent
        assert offices.kinds("karsk") == before
        assert offices.answer("karsk", "comity judge E-8")["state"] == "SERVED"
        (held,) = offices.answer("karsk", "comity exchange list")["bundles"]
        assert (held["state"], held["code"]) == ("quarantined", "EXCHANGE-ORDER")
        offices.type("karsk", f"comity exchange release {held['digest']} --as ilves")
        assert "counterparty-record-received" in offices.kinds("karsk")[len(before) :]
