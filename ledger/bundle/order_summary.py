"""What the entries of a bundle say of the order, as rows for READ-ME-FIRST.html: who asked whom for what, what came."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from ledger.entries.envelope import OpenedEntry
from ledger.entries.payload import Payload
from ledger.facts import KINDS
from ledger.facts.vocabulary import INSTRUMENTS
from ledger.facts.words.data import ELEMENT_WORDS

ANSWERS: Final = {
    "data-disclosed": "data were handed over",
    "data-transmitted-by-state": "data were handed over by the requested State",
    "evidence-received": "the data were received",
    "no-data-held": "no such data are held",
    "order-declined": "the order was declined",
}
REGISTERING: Final = ("authority-registered", "authority-changed")


def order_rows(opened: Sequence[OpenedEntry], indexes: Sequence[int], order: str) -> list[tuple[str, str]]:
    """Return rows of a name and a text, neither of them escaped.

    `opened` are the entries of the bundle at `indexes` of the log. Sealed values are not read, and no field of an entry
    in a schema that is not known. An order of another ledger has its entries in `foreign/` and gives no rows.
    """
    known = [(n, e.payload) for n, e in zip(indexes, opened, strict=True) if _is_known(e.payload)]
    own = [(n, payload) for n, payload in known if payload.order == order]
    issued = next((payload for _, payload in own if payload.kind == "order-issued"), None)
    if issued is None:
        return []
    names = _names(payload for _, payload in known)
    said, instrument = issued.public, issued.instrument or ""
    asked = [ELEMENT_WORDS.get(name.partition("#")[0], name) for name in said.get("elements_sought", ())]
    providers = ", ".join(names.get(actor, actor) for actor in said.get("providers", ()))
    by = said.get("issuing_authority", "")
    came = (f"{ANSWERS[p.kind]}, entry {n} of the log" for n, p in own if p.kind in ANSWERS)
    return [
        ("Asked by", _with(names.get(by, by) or "an office that is not stated", "of", said.get("from_party"))),
        ("Asked of", _with(providers or "an addressee that is not stated", "in", said.get("to_party"))),
        ("Asked for", ", ".join(dict.fromkeys(asked or said.get("data_categories", ()))) or "not stated"),
        ("Under", f"{INSTRUMENTS.get(instrument, 'an instrument not known to this program')} ({instrument})"),
        ("Legal basis that the order states", "; ".join(said.get("domestic_legal_grounds", ())) or "not stated"),
        ("What came", "; ".join(came) or "nothing that is in this bundle"),
    ]


def _is_known(payload: Payload) -> bool:
    fact = KINDS.get(payload.kind)
    return fact is not None and fact.schema == payload.schema


def _names(payloads: Iterable[Payload]) -> Mapping[str, str]:
    """Return the names of offices, English first, by actor, as the registers of this bundle have them last."""
    registering = (p.public for p in payloads if p.kind in REGISTERING and p.public.get("names"))
    return {said["actor"]: said["names"].get("en") or next(iter(said["names"].values())) for said in registering}


def _with(who: str, word: str, party: Any) -> str:
    return f"{who} {word} {party}" if party else who
