"""The facts in an ETSI TS 103 120 (HI-1) message, as rows of the table that `comity import` takes.

Messages of this project give back the facts they were made of. Of other messages it reads the places with one
meaning: reference, times, providers, identifiers, documents. It names the rest and does not guess.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson

from ledger.facts import KINDS, Field
from projections.exchange.hi1_writer import AUTHORISATION, DISCLOSURE, DOCUMENT, NOTIFICATION, OWNER, PRESERVATION

_TASKS = (DISCLOSURE, PRESERVATION)
_ACTOR = re.compile(r"[a-z0-9_.-]{1,200}")
_FILES = ("order_document", "translation")


class NoMessage(ValueError):
    """The bytes are no HI-1 message; the text says what is missing."""


Object = Mapping[str, Any]


def rows_of(raw: bytes, instrument: str | None = None) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the rows that a message makes, in their order, and what in it was not understood.

    `instrument` is what the order is made under, where the message does not say it in our words. Raises
    `NoMessage`.
    """
    try:
        message = orjson.loads(raw)
        header = message["Header"]
        requests = message["Payload"]["RequestPayload"]["ActionRequests"]["ActionRequest"]
        ends = [header[side]["CountryCode"] for side in ("SenderIdentifier", "ReceiverIdentifier")]
        reader = _Reader(ends, header["SenderIdentifier"]["UniqueIdentifier"], header["Timestamp"], instrument)
        for request in requests:
            reader.take(request)
        return reader.rows(), reader.unread
    except orjson.JSONDecodeError as error:
        raise NoMessage(f"not JSON: {error}") from None
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise NoMessage(f"not an HI-1 message with requests: {error!r} is not as the schema has it") from None


class _Reader:
    def __init__(self, ends: list[str], sender: str, at: str, instrument: str | None) -> None:
        self.from_party, self.to_party = ends
        self.sender = sender
        self.at = re.sub(r"\.[0-9]+", "", at)
        self.instrument = instrument
        self.objects: list[Object] = []
        self.unread: list[str] = []

    def take(self, request: Object) -> None:
        """Take one requested action: what is created or updated; nothing else says a fact."""
        action = next((name for name in request if name != "ActionIdentifier"), "nothing")
        if action in ("CREATE", "UPDATE"):
            self.objects.append(request[action]["HI1Object"])
        else:
            self.unread.append(f"action {request.get('ActionIdentifier')}: {action} tells no fact")

    def rows(self) -> list[dict[str, Any]]:
        """Yield a row for each approval, order and notification."""
        orders = [o for o in self.objects if o["@xsi:type"] == AUTHORISATION]
        if not orders:  # tasks alone, as TS 103 976 sends them: together they are one order
            orders = [
                {"@xsi:type": AUTHORISATION, "ObjectIdentifier": o["ObjectIdentifier"], **_bare(o)}
                for o in self._tasks()[:1]
            ]
        rows: list[dict[str, Any]] = []
        for order in orders:
            mine = [o for o in self.objects if len(orders) == 1 or order["ObjectIdentifier"] in _about(o)]
            rows += self._order(order, mine)
        types = (AUTHORISATION, *_TASKS, DOCUMENT, NOTIFICATION)
        self.unread += [f"a {o['@xsi:type'].rpartition('}')[2]}" for o in self.objects if o["@xsi:type"] not in types]
        return rows

    def _tasks(self) -> list[Object]:
        return [o for o in self.objects if o["@xsi:type"] in _TASKS]

    def _order(self, order: Object, mine: list[Object]) -> Iterator[dict[str, Any]]:
        fields = self._stated(order, mine)
        instrument = fields.get("instrument")
        common = {"order": fields.get("reference") or order["ObjectIdentifier"], "instrument": instrument}
        details = order.get("auth:AuthorisationApprovalDetails", [])
        for a in details:
            kind = a.get("common:ApprovalType")
            if kind in ("order-supervised", "order-validated"):
                who = a.get("common:ApproverDetails", {})
                yield {
                    **common,
                    "kind": kind,
                    "occurred": a.get("common:ApprovalTimestamp"),
                    "actor": self._actor(who.get("common:ApproverName"), kind),
                    "label": a.get("common:ApprovalReference"),
                    "capacity": who.get("common:ApproverRole"),
                    "decision": a.get("common:ApprovalDescription"),
                }
            elif kind != "order-issued":
                self.unread.append(f"an approval of the type {kind!r}")
        yield {
            **common,
            "kind": "order-issued",
            "occurred": order.get("auth:AuthorisationCreationTimestamp") or self.at,
            "actor": self._actor(order.get("OwnerIdentifier") or self.sender, "the owner"),
            "label": order.get("ExternalIdentifier"),
            **fields,
        }
        notified = [self._notified(o, common) for o in mine if o["@xsi:type"] == NOTIFICATION]
        yield from (row for row in notified if row)
        served = order.get("auth:AuthorisationServedTimestamp")
        if served and not any(row and row["kind"] == "order-received" for row in notified):
            whose = next(iter(fields.get("providers", ())), None)
            yield {**common, "kind": "order-received", "occurred": served, "actor": whose}

    def _stated(self, order: Object, mine: list[Object]) -> dict[str, Any]:
        """Return the fields of order-issued, from the authorisation, its tasks and its documents."""
        tasks = [o for o in mine if o["@xsi:type"] in _TASKS]
        documents = [o for o in mine if o["@xsi:type"] == DOCUMENT]
        own = [a for a in order.get("auth:AuthorisationApprovalDetails", []) if "common:ApprovalIsEmergency" in a]
        requests = [task.get("task:RequestDetails", {}) for task in tasks]
        values = [v for r in requests for v in r.get("task:RequestValues", {}).get("task:RequestValue", ())]
        fields: dict[str, Any] = {
            "instrument": self._ours(order.get("auth:AuthorisationLegalType"), "Instrument") or self.instrument,
            "from_party": order.get("auth:AuthorisationJurisdiction") or self.from_party,
            "to_party": self.to_party,
            "reference": order.get("auth:AuthorisationReference")
            or next((t.get("task:Reference") for t in tasks), None),
            "issuing_authority": self._actor(order.get("auth:AuthorisationLegalEntity"), "the legal entity"),
            "providers": self._actors(order.get("auth:AuthorisationCSPID", {}).get("auth:CSPID", ())),
            "emergency": own[0]["common:ApprovalIsEmergency"] if own else None,
            "information_sought": order.get("auth:AuthorisationManualInformation"),
            "special_instructions": self._all(
                order.get("auth:AuthorisationFlags", {}).get("auth:AuthorisationFlag", ()), "Flag"
            ),
            "data_categories": self._all([r["task:Type"] for r in requests if "task:Type" in r], "DataCategory"),
            "elements_sought": self._all(
                [s for r in requests for s in r.get("task:Subtype", {}).get("task:RequestSubtype", ())], "Element"
            ),
            "identifiers": _unique(v["task:Value"] for v in values if _format(v) != "DomainName"),
            "domain_names": _unique(v["task:Value"] for v in values if _format(v) == "DomainName"),
            "time_range": next((_days(r) for r in requests if _days(r)), None),
        }
        for document in documents:
            fields |= self._document(document)
        return {name: value for name, value in fields.items() if value not in (None, [])}

    def _document(self, o: Object) -> dict[str, Any]:
        what = self._ours(o.get("doc:DocumentType"), "Document")
        properties = o.get("doc:DocumentProperties", {}).get("doc:DocumentProperty", ())
        if what == "order-form":
            pairs = [(p["doc:PropertyType"]["common:Value"], p["doc:PropertyValue"]) for p in properties]
            return _values("order-issued", pairs)
        body = o.get("doc:DocumentBody", {})
        size = next((p["doc:PropertyValue"] for p in properties if p["doc:PropertyType"]["common:Value"] == "size"), "")
        if what not in _FILES or body.get("doc:ChecksumType") != "SHA-256" or not size.isdecimal():
            self.unread.append(f"document {o.get('doc:DocumentName') or o['ObjectIdentifier']}: of no kind known here")
            return {}
        file = {
            "code": o["doc:DocumentName"],
            "media": body["doc:ContentType"],
            "size": int(size),
            "sha256": body["doc:Checksum"],
        }
        return {what: file}

    def _notified(self, o: Object, common: dict[str, Any]) -> dict[str, Any] | None:
        kind = self._ours(o.get("notification:NotificationType"), "Kind")
        if kind not in KINDS:
            self.unread.append(f"notification {o['ObjectIdentifier']}: {o.get('notification:NotificationDetails', '')}")
            return None
        statuses = o.get("notification:StatusOfAssociatedObjects", {}).get("notification:AssociatedObjectStatus", ())
        pairs = [
            (
                s["notification:Status"]["common:Name"],
                s.get("notification:Details") or s["notification:Status"]["common:Value"],
            )
            for s in statuses
        ]
        return {
            **common,
            "kind": kind,
            "occurred": o.get("notification:NotificationTimestamp"),
            "actor": self._actor(o.get("OwnerIdentifier"), kind),
            "label": o.get("ExternalIdentifier"),
            **_values(kind, pairs),
        }

    def _ours(self, word: Object | None, name: str) -> str | None:
        """Return the value of a word of our own dictionary; another's is named as not understood."""
        if word is None:
            return None
        if word["common:Owner"] == OWNER and word["common:Name"] == name:
            return str(word["common:Value"])
        self.unread.append(f"{word['common:Owner']} {word['common:Name']} {word['common:Value']}")
        return None

    def _all(self, words: Iterable[Object], name: str) -> list[str]:
        return _unique(value for word in words if (value := self._ours(word, name)) is not None)

    def _actor(self, name: Any, what: str) -> str | None:
        if name is None or (isinstance(name, str) and _ACTOR.fullmatch(name)):
            return name
        self.unread.append(f"{what} is called {name!r}, which is no identifier of an office")
        return None

    def _actors(self, ends: Iterable[Object]) -> list[str]:
        return [name for end in ends if (name := self._actor(end["UniqueIdentifier"], "a provider"))]


def _bare(task: Object) -> dict[str, Any]:
    return {name: task[name] for name in ("OwnerIdentifier", "ExternalIdentifier") if name in task}


def _about(o: Object) -> Iterable[str]:
    about: Iterable[str] = o.get("AssociatedObjects", {}).get("AssociatedObject", ())
    return about


def _format(value: Object) -> str:
    return str(value["task:FormatType"]["task:FormatName"])


def _days(request: Object) -> str | None:
    span = [request.get(f"task:{end}Time", "") for end in ("Start", "End")]
    return "/".join(moment[:10] for moment in span) if all(span) else None


def _unique(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))


def _values(kind: str, said: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Fields of a kind from pairs of name and text, one pair for each item of a list."""
    fields = KINDS[kind].fields()
    read: dict[str, Any] = {}
    for name, text in said:
        field = fields.get(name)
        if field is not None and field.type.startswith("list["):
            read.setdefault(name, []).append(_one(field, text))
        else:
            read[name] = text if field is None else _one(field, text)
    return read


def _one(field: Field, text: str) -> Any:
    plain = field.type.removeprefix("list[").removesuffix("]") not in ("int", "bool", "document", "manifest", "names")
    if plain:
        return text
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text  # said as it is, and refused with its place when it becomes a fact
