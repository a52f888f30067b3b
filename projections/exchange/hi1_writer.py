"""An order between authority and provider as one ETSI TS 103 120 (HI-1) message in JSON.

An order becomes an authorisation, its tasks and its form. What follows between the authority and the provider
becomes notifications about it. What the format has no place for is left out and named: `lossy`. Where HI-1
leaves its words to dictionaries, ours has the owner `comity` and the vocabulary's words. The leaf hash of each
entry is next to what was made of it, so that a provider's copy can be compared with the record.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import orjson

from ledger.entries.case import Case, Entry, Unread, wire
from ledger.facts import KINDS, WHY, Field
from projections.views.replaced import replaced

VERSION = {"ETSIVersion": "V1.16.1", "NationalProfileOwner": "comity", "NationalProfileVersion": "1"}
OWNER = "comity"
SP = "SP"
LEG = frozenset({"order", "preservation", "answer", "escalation", "emergency"})  # groups between the two of them
APPROVALS = frozenset({"order-supervised", "order-validated"})
PRESERVING = frozenset({"BC-16", "BC-29", "EPOC-PR", "UNCC-42"})
_LONG, _SHORT = 65_535, 255  # TS 103 280, LongString and ShortString

AUTHORISATION = "{http://uri.etsi.org/03120/common/2020/09/Authorisation}AuthorisationObject"
DISCLOSURE = "{http://uri.etsi.org/03120/common/2020/09/Task}LDTaskObject"
PRESERVATION = "{http://uri.etsi.org/03120/common/2020/09/Task}LPTaskObject"
DOCUMENT = "{http://uri.etsi.org/03120/common/2020/09/Document}DocumentObject"
NOTIFICATION = "{http://uri.etsi.org/03120/common/2016/02/Notification}NotificationObject"
_NAMESPACES = {
    "@xmlns": "http://uri.etsi.org/03120/common/2019/10/Core",
    "@xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
    "@xmlns:common": "http://uri.etsi.org/03120/common/2016/02/Common",
    "@xmlns:auth": "http://uri.etsi.org/03120/common/2020/09/Authorisation",
    "@xmlns:task": "http://uri.etsi.org/03120/common/2020/09/Task",
    "@xmlns:doc": "http://uri.etsi.org/03120/common/2020/09/Document",
    "@xmlns:notification": "http://uri.etsi.org/03120/common/2016/02/Notification",
}
_CANCELLED = {"common:Owner": "ETSI", "common:Name": "AuthorisationDesiredStatus", "common:Value": "Cancelled"}
PLACED = frozenset(  # fields of order-issued with a place of their own; the others are properties of the form
    "instrument reference from_party issuing_authority providers emergency special_instructions information_sought"
    " data_categories elements_sought identifiers domain_names time_range order_document translation".split()
)


@dataclass(frozen=True, slots=True)
class OmittedValue:
    """Hold what the message does not say: an entry by leaf hash and kind, one field of it or all of it, and why."""

    entry: str
    kind: str
    field: str | None
    why: str


def hi1(case: Case, *, reveal: bool = False) -> tuple[bytes, tuple[OmittedValue, ...]]:
    """Return the message of an order as JSON, and what it had to leave out; empty if the order was never issued.

    The message has sealed values only where `reveal` is set, and then only the values that a provider may read.
    """
    replacements = replaced(case)
    issued = next((e for e in case.issued if e.leaf not in replacements), None)
    if issued is None:
        return b"", tuple(OmittedValue(e.leaf, e.kind, None, "the order was never issued") for e in case.entries)
    writer = _Writer(case, issued, reveal)
    return orjson.dumps(writer.message(), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE), tuple(writer.lossy)


class _Writer:
    """Build one message and record what it leaves out."""

    def __init__(self, case: Case, issued: Entry, reveal: bool) -> None:
        self.case, self.issued, self.reveal = case, issued, reveal
        self.gone = replaced(case)
        self.lossy: list[OmittedValue] = []
        self.carried: set[str] = set()
        self.country = _country(issued.public["from_party"])

    def message(self) -> dict[str, Any]:
        leg = [e for e in self.case.acting if self._leg(e)]
        approvals = [self._approval(e) for e in leg if e.kind in APPROVALS]
        stated = self._fields(self.issued)
        authorisation = self._authorisation(stated, approvals, leg)
        objects = [authorisation, *self._tasks(stated), *self._documents(stated)]
        self.carried.add(self.issued.leaf)
        for e in leg:
            if e.leaf != self.issued.leaf and e.kind not in APPROVALS:
                objects += self._notification(e)
        self.lossy.append(OmittedValue("", "every entry", None, "its signature, role, place in the chain, and proof"))
        authorisation["auth:NationalAuthorisationParameters"] = {
            "auth:CountryCode": self.country,
            "comity:lossy": [asdict(lost) for lost in self.lossy],
        }
        requests = [{"ActionIdentifier": n, "CREATE": {"HI1Object": o}} for n, o in enumerate(objects)]
        last = max(e.at for e in leg)  # of those alone that the provider may know of
        provider = next(iter(stated.get("providers", ())), "provider")
        return {
            "Header": {**_NAMESPACES, **self._header(provider, wire(last))},
            "Payload": {"RequestPayload": {"ActionRequests": {"ActionRequest": requests}}},
        }

    def _header(self, provider: str, at: str) -> dict[str, Any]:
        public = self.issued.public
        return {
            "SenderIdentifier": {"CountryCode": self.country, "UniqueIdentifier": self.issued.actor},
            "ReceiverIdentifier": {"CountryCode": _country(public["to_party"]), "UniqueIdentifier": provider},
            "TransactionIdentifier": _id(self.issued.leaf, at),
            "Timestamp": at.replace("Z", ".000000Z"),  # microseconds here and nowhere else, as the schema has it
            "Version": VERSION,
        }

    # -- the order ----------------------------------------------------------------------------------------------------

    def _authorisation(
        self, stated: dict[str, Any], approvals: list[dict[str, Any]], leg: list[Entry]
    ) -> dict[str, Any]:
        e = self.issued
        received = next((r for r in leg if r.kind == "order-received"), None)
        withdrawn = next((r for r in leg if r.kind == "order-withdrawn"), None)
        own = {
            "common:ApprovalType": e.kind,
            "common:ApprovalReference": e.leaf,
            "common:ApproverDetails": {"common:ApproverName": e.actor, "common:ApproverRole": e.role},
            "common:ApprovalTimestamp": wire(e.on),
        }
        if "emergency" in stated:
            own["common:ApprovalIsEmergency"] = stated["emergency"]
        return {
            **self._object(AUTHORISATION, e, e.order),
            **_if("auth:AuthorisationReference", stated.get("reference")),
            "auth:AuthorisationLegalType": _word("Instrument", stated["instrument"]),
            **_if("auth:AuthorisationDesiredStatus", _CANCELLED if withdrawn else None),
            **_if("auth:AuthorisationCSPID", self._providers(stated)),
            "auth:AuthorisationCreationTimestamp": wire(e.on),
            **_if("auth:AuthorisationServedTimestamp", wire(received.on) if received else None),
            **_if("auth:AuthorisationTerminationTimestamp", wire(withdrawn.on) if withdrawn else None),
            "auth:AuthorisationApprovalDetails": [*approvals, own],
            **_if("auth:AuthorisationFlags", _words("auth:AuthorisationFlag", stated.get("special_instructions"))),
            **_if("auth:AuthorisationManualInformation", stated.get("information_sought")),
            "auth:AuthorisationJurisdiction": stated["from_party"],
            **_if("auth:AuthorisationLegalEntity", stated.get("issuing_authority")),
        }

    def _providers(self, stated: dict[str, Any]) -> dict[str, Any] | None:
        country = _country(stated["to_party"])
        ids = [{"CountryCode": country, "UniqueIdentifier": p} for p in stated.get("providers", ())]
        return {"auth:CSPID": ids} if ids else None

    def _approval(self, e: Entry) -> dict[str, Any]:
        stated = self._fields(e, only=("capacity", "decision"))
        self.carried.add(e.leaf)
        return {
            "common:ApprovalType": e.kind,
            "common:ApprovalDescription": stated["decision"],
            "common:ApprovalReference": e.leaf,
            "common:ApproverDetails": {"common:ApproverName": e.actor, "common:ApproverRole": stated["capacity"]},
            "common:ApprovalTimestamp": wire(e.on),
        }

    def _tasks(self, stated: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield a task for each category of data, all with the same identifiers, elements and time."""
        e = self.issued
        values = [_value("Identifier", v) for v in stated.get("identifiers", ())]
        values += [_value("DomainName", v) for v in stated.get("domain_names", ())]
        span = _span(stated.get("time_range"))
        if "time_range" in stated and not span:
            self._lose(e, "time_range", "not two days with a slash between")
        details = {
            **span,
            **_if("task:RequestValues", _listed("task:RequestValue", values)),
            **_if("task:Subtype", _words("task:RequestSubtype", stated.get("elements_sought"), "Element")),
        }
        categories = stated.get("data_categories") or ([None] if details else [])
        preserving = stated["instrument"] in PRESERVING
        for number, category in enumerate(categories, 1):
            reference = f"{self.country}-{stated.get('reference') or e.order}-{number}"
            yield {
                **self._object(PRESERVATION if preserving else DISCLOSURE, e, _id(e.leaf, f"task {number}")),
                **({} if preserving else {"task:Reference": reference}),
                "task:RequestDetails": {**_if("task:Type", category and _word("DataCategory", category)), **details},
            }

    def _documents(self, stated: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield the form of the order, with its other fields as properties, and the files that were served."""
        e = self.issued
        properties = [
            {"doc:PropertyType": _word("Field", name), "doc:PropertyValue": text}
            for name, value in stated.items()
            if name not in PLACED
            for text in self._texts(e, name, value, _LONG)
        ]
        yield {
            **self._object(DOCUMENT, e, _id(e.leaf, "form")),
            "doc:DocumentType": _word("Document", "order-form"),
            "doc:DocumentProperties": {"doc:DocumentProperty": properties},
        }
        for name in ("order_document", "translation"):
            if (file := stated.get(name)) is not None:
                size = {"doc:PropertyType": _word("File", "size"), "doc:PropertyValue": str(file["size"])}
                yield {
                    **self._object(DOCUMENT, e, _id(e.leaf, name)),
                    "doc:DocumentName": file["code"],
                    "doc:DocumentType": _word("Document", name),
                    "doc:DocumentProperties": {"doc:DocumentProperty": [size]},
                    "doc:DocumentBody": {
                        "doc:ContentType": file["media"],
                        "doc:Checksum": file["sha256"],
                        "doc:ChecksumType": "SHA-256",
                    },
                }

    # -- what follows -------------------------------------------------------------------------------------------------

    def _notification(self, e: Entry) -> list[dict[str, Any]]:
        """Return one entry as a notification, its fields as statuses of the order.

        Empty if a required field would be missing.
        """
        lost = len(self.lossy)
        stated = self._fields(e)
        if any(field.required and name not in stated for name, field in KINDS[e.kind].fields().items()):
            del self.lossy[lost:]
            self._lose(e, None, "a field it cannot be without may not be told here")
            return []
        statuses = []
        for name, value in stated.items():
            for text in self._texts(e, name, value, _LONG):
                short = len(text) <= _SHORT
                status = {"notification:AssociatedObject": self.issued.order}
                statuses.append(
                    status
                    | {"notification:Status": _word(name, text if short else "see Details")}
                    | ({} if short else {"notification:Details": text})
                )
        self.carried.add(e.leaf)
        return [
            {
                **self._object(NOTIFICATION, e, _id(e.leaf, "notification")),
                "notification:NotificationDetails": KINDS[e.kind].says,
                "notification:NotificationType": _word("Kind", e.kind),
                "notification:NewNotification": True,
                "notification:NotificationTimestamp": wire(e.on),
                **_if(
                    "notification:StatusOfAssociatedObjects", _listed("notification:AssociatedObjectStatus", statuses)
                ),
            }
        ]

    def _object(self, type: str, e: Entry, id: str) -> dict[str, Any]:
        return {
            "@xsi:type": type,
            "ObjectIdentifier": id,
            "CountryCode": _country(e.party),
            "OwnerIdentifier": e.actor,
            "Generation": 1,
            "ExternalIdentifier": e.leaf,
            **({} if type == AUTHORISATION else {"AssociatedObjects": {"AssociatedObject": [self.issued.order]}}),
        }

    # -- what is expressed, and what is lost ---------------------------------------------------------------------------

    def _leg(self, e: Entry) -> bool:
        """Return True if HI-1 can express the entry; otherwise add it to `lossy`, unless its existence is hidden."""
        kind = KINDS.get(e.kind)
        if kind is None or kind.shown_to:
            return False  # not even that it exists: to a provider there is nothing to be named as lost
        if kind.group not in LEG:
            self._lose(e, None, "no object of HI-1 is about this")
            return False
        if e.after_signature:
            self._lose(e, None, "it is dated after its own signature")
            return False
        if e.leaf in self.gone:
            self._lose(e, None, "it was put right by a later entry")
            return False
        return True

    def _fields(self, e: Entry, only: Iterable[str] | None = None) -> dict[str, Any]:
        """Return the values of an entry that its message may have; the others are lost."""
        stated: dict[str, Any] = {}
        if e.stated(WHY.name):
            self._lose(e, WHY.name, "a message does not say what it puts right")
        for name, field in KINDS[e.kind].fields().items():
            if not e.stated(name):
                continue
            readers = e.audience.get(name, field.audience)
            if field.sealed and SP not in readers and field.always:
                continue  # that it was stated is itself not for the provider
            why = self._why_not(e, field, readers, only)
            if why:
                self._lose(e, name, why)
            else:
                stated[name] = e.get(name)
        return stated

    def _why_not(self, e: Entry, field: Field, readers: Iterable[str], only: Iterable[str] | None) -> str:
        if field.sealed and SP not in readers:
            return "not for the provider"
        if field.sealed and (not self.reveal or isinstance(e.sealed.get(field.name), Unread)):
            return "sealed, and not opened"
        if only is not None and field.name not in only:
            return "an approval has no place for it"
        if "order" in field.type:  # or a list of them
            return "it speaks of another order"
        if "event" in field.type and not self._known(e.get(field.name)):
            return "the entry it speaks of is not in the message"
        return ""

    def _known(self, leaves: Any) -> bool:
        return self.carried.issuperset([leaves] if isinstance(leaves, str) else leaves)

    def _texts(self, e: Entry, name: str, value: Any, longest: int) -> list[str]:
        """Return a value as texts, one for each item of a list."""
        items = value if isinstance(value, list | tuple) else [value]
        texts = [v if isinstance(v, str) else orjson.dumps(v, option=orjson.OPT_SORT_KEYS).decode() for v in items]
        if any(len(text) > longest for text in texts):
            self._lose(e, name, f"longer than {longest} characters")
            return []
        return texts

    def _lose(self, e: Entry, field: str | None, why: str) -> None:
        self.lossy.append(OmittedValue(e.leaf, e.kind, field, why))


# -- words -------------------------------------------------------------------------------------------------------------


def _word(name: str, value: str) -> dict[str, str]:
    return {"common:Owner": OWNER, "common:Name": name, "common:Value": value}


def _listed(member: str, items: list[dict[str, Any]]) -> dict[str, Any] | None:
    return {member: items} if items else None


def _words(member: str, values: Iterable[str] | None, name: str = "Flag") -> dict[str, Any] | None:
    return _listed(member, [_word(name, value) for value in values or ()])


def _value(format: str, value: str) -> dict[str, Any]:
    return {"task:FormatType": {"task:FormatOwner": OWNER, "task:FormatName": format}, "task:Value": value}


def _if(name: str, value: Any) -> dict[str, Any]:
    return {} if value is None else {name: value}


def _country(party: str) -> str:
    """Return a Party as ISO 3166 has it; XX, which ISO leaves to its users, for a code of another length."""
    return party if re.fullmatch("[A-Z]{2}", party) else "XX"


def _id(leaf: str, part: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{leaf} {part}"))


def _span(text: Any) -> dict[str, str]:
    days = text.split("/") if isinstance(text, str) else []
    try:
        first, last = (date.fromisoformat(day).isoformat() for day in days)
    except ValueError:
        return {}
    return {"task:StartTime": f"{first}T00:00:00Z", "task:EndTime": f"{last}T00:00:00Z"}
