"""A message of another program is read field by field from the places with one meaning, and the rest is named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from projections.exchange.hi1_reader import rows_of
from projections.exchange.hi1_writer import AUTHORISATION, DISCLOSURE, DOCUMENT, NOTIFICATION, OWNER, PRESERVATION
from tests.projections.exchange.test_hi1 import message

AT = "2026-11-24T13:37:44Z"  # of the message
ID, OTHER = "0d5dc1e2-1d4f-4c06-9f7e-2c4a52e2b8f1", "0d5dc1e2-1d4f-4c06-9f7e-2c4a52e2b8f2"


def ours(name: str, value: str, owner: str = OWNER) -> dict[str, str]:
    return {"common:Owner": owner, "common:Name": name, "common:Value": value}


def order(**fields: Any) -> dict[str, Any]:
    return {"@xsi:type": AUTHORISATION, "ObjectIdentifier": ID} | {
        name if ":" in name or name.endswith(("Identifier", "Objects")) else f"auth:Authorisation{name}": value
        for name, value in fields.items()
    }


def task(kind: str = DISCLOSURE, **details: Any) -> dict[str, Any]:
    stated = {f"task:{name}": value for name, value in details.items()}
    return {"@xsi:type": kind, "ObjectIdentifier": OTHER, "task:RequestDetails": stated}


def document(what: str = "order_document", properties: Mapping[str, str] | None = None, **body: str) -> dict[str, Any]:
    whole = {"doc:ContentType": "application/pdf", "doc:Checksum": "ab" * 32, "doc:ChecksumType": "SHA-256"}
    listed = [{"doc:PropertyType": {"common:Value": name}, "doc:PropertyValue": value}
              for name, value in (properties if properties is not None else {"size": "17"}).items()]  # fmt: skip
    return {
        "@xsi:type": DOCUMENT, "ObjectIdentifier": OTHER, "doc:DocumentName": "order.pdf",
        "doc:DocumentType": ours("Document", what), "doc:DocumentProperties": {"doc:DocumentProperty": listed},
        "doc:DocumentBody": whole | {f"doc:{name}": value for name, value in body.items()},
    }  # fmt: skip


def notification(kind: str, *pairs: tuple[str, str], **more: Any) -> dict[str, Any]:
    statuses = [{"notification:Status": {"common:Name": name, "common:Value": "x"}, "notification:Details": text}
                for name, text in pairs]  # fmt: skip
    return {
        "@xsi:type": NOTIFICATION, "ObjectIdentifier": OTHER, "OwnerIdentifier": "skylark",
        "notification:NotificationType": ours("Kind", kind), "notification:NotificationTimestamp": AT,
        "notification:StatusOfAssociatedObjects": {"notification:AssociatedObjectStatus": statuses}, **more,
    }  # fmt: skip


def read(*objects: Mapping[str, Any], instrument: str | None = "2AP-7") -> tuple[list[dict[str, Any]], list[str]]:
    rows, unread = rows_of(message(*objects), instrument)
    return [{name: value for name, value in row.items() if value is not None} for row in rows], unread


def one(*objects: Mapping[str, Any]) -> dict[str, Any]:
    (row,), unread = read(*objects)
    assert unread == ["the owner is called 'LEA of Orsinia', which is no identifier of an office"]
    return row


PLAIN = {
    "order": ID,
    "kind": "order-issued",
    "occurred": AT,
    "instrument": "2AP-7",
    "from_party": "XO",
    "to_party": "XV",
}


def test_an_order_without_values_states_the_two_ends_of_the_message_and_its_moment() -> None:
    assert one(order()) == PLAIN


APPROVAL = {"common:ApprovalType": "order-issued"}


@pytest.mark.parametrize(
    ("fields", "row"),
    [
        ({"Reference": "E-7"}, {"order": "E-7", "reference": "E-7"}),
        ({"Jurisdiction": "XQ"}, {"from_party": "XQ"}),
        ({"LegalType": ours("Instrument", "EPOC")}, {"instrument": "EPOC"}),
        ({"LegalEntity": "ilves"}, {"issuing_authority": "ilves"}),
        ({"CreationTimestamp": "2026-11-01T09:00:00Z"}, {"occurred": "2026-11-01T09:00:00Z"}),
        ({"ManualInformation": "why"}, {"information_sought": "why"}),
        ({"ExternalIdentifier": "label"}, {"label": "label"}),
        ({"CSPID": {"auth:CSPID": [{"UniqueIdentifier": "skylark"}, {"UniqueIdentifier": "fjord"}]}},
         {"providers": ["skylark", "fjord"]}),
        ({"Flags": {"auth:AuthorisationFlag": [ours("Flag", "confidentiality"), ours("Flag", "confidentiality")]}},
         {"special_instructions": ["confidentiality"]}),
        ({"ApprovalDetails": [APPROVAL | {"common:ApprovalIsEmergency": True}]}, {"emergency": True}),
        ({"ApprovalDetails": [APPROVAL | {"common:ApprovalIsEmergency": False}]}, {"emergency": False}),
    ],
)  # fmt: skip
def test_each_field_of_an_authorisation_is_read_from_its_place(fields: dict[str, Any], row: dict[str, Any]) -> None:
    assert one(order(**fields)) == PLAIN | row


def test_tasks_say_what_is_sought_of_whom_and_for_which_days() -> None:
    formats = (("Email", "a@b.example"), ("DomainName", "b.example"), ("Email", "a@b.example"))
    values = [{"task:FormatType": {"task:FormatName": name}, "task:Value": value}
              for name, value in formats]  # fmt: skip
    details: dict[str, Any] = {
        "Type": ours("DataCategory", "traffic"), "Subtype": {"task:RequestSubtype": [ours("Element", "name")]},
        "RequestValues": {"task:RequestValue": values},
        "StartTime": "2026-01-02T00:00:00Z", "EndTime": "2026-02-03T00:00:00Z",
    }  # fmt: skip
    assert one(order(), task(PRESERVATION), task(**details)) == PLAIN | {
        "data_categories": ["traffic"],
        "elements_sought": ["name"],
        "identifiers": ["a@b.example"],
        "domain_names": ["b.example"],
        "time_range": "2026-01-02/2026-02-03",
    }
    assert "time_range" not in one(order(), task(StartTime="2026-01-02T00:00:00Z"))


def test_a_supervision_or_validation_is_a_row_before_the_order_and_another_approval_is_named() -> None:
    approvals = [
        {"common:ApprovalType": kind, "common:ApprovalTimestamp": AT, "common:ApprovalDescription": "approved",
         "common:ApprovalReference": "a", "common:ApproverDetails": {
             "common:ApproverName": "vilar", "common:ApproverRole": "judge"}}
        for kind in ("order-supervised", "order-validated", "blessing", "order-issued")
    ]  # fmt: skip
    rows, unread = read(order(ApprovalDetails=approvals, OwnerIdentifier="ilves"))
    assert [row["kind"] for row in rows] == ["order-supervised", "order-validated", "order-issued"]
    assert rows[0] == {
        "order": ID, "instrument": "2AP-7", "kind": "order-supervised", "occurred": AT, "actor": "vilar", "label": "a",
        "capacity": "judge", "decision": "approved",
    }  # fmt: skip
    assert rows[2]["actor"] == "ilves"
    assert unread == ["an approval of the type 'blessing'"]


def test_a_document_is_taken_with_its_digest_and_size_or_named() -> None:
    file = {"code": "order.pdf", "media": "application/pdf", "size": 17, "sha256": "ab" * 32}
    for what in ("order_document", "translation"):
        assert one(order(), document(what)) == PLAIN | {what: file}
    for wrong in (
        document("another"), document(ChecksumType="MD5"), document(properties={}), document(properties={"size": "-1"}),
        document(properties={"length": "17"}),
    ):  # fmt: skip
        (row,), unread = read(order(OwnerIdentifier="ilves"), wrong)
        assert row == PLAIN | {"actor": "ilves"}
        assert unread == ["document order.pdf: of no kind known here"]
    (_,), unread = read(order(OwnerIdentifier="ilves"), {**document("another"), "doc:DocumentName": None})
    assert unread == [f"document {OTHER}: of no kind known here"]


def test_the_form_of_an_order_gives_fields_as_they_were_written() -> None:
    form = document("order-form", {"case_ref": "KA-1", "offences": "fraud", "emergency": "true", "offence": "x"})
    assert one(order(), form) == PLAIN | {
        "case_ref": "KA-1", "offences": ["fraud"], "emergency": True, "offence": "x",
    }  # fmt: skip


def test_a_notification_of_a_kind_is_a_row_and_another_one_is_named() -> None:
    rows, unread = read(
        order(OwnerIdentifier="ilves", Reference="E-7"),
        notification("order-received", ("proof_kind", "portal-log"), ExternalIdentifier="got"),
        notification("something-else", **{"notification:NotificationDetails": "what"}),
    )
    assert rows[1:] == [
        {"order": "E-7", "instrument": "2AP-7", "kind": "order-received", "occurred": AT, "actor": "skylark",
         "label": "got", "proof_kind": "portal-log"},
    ]  # fmt: skip
    assert unread == [f"notification {OTHER}: what"]


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("manifest", '{"elements": ["name"], "files": []}', {"elements": ["name"], "files": []}),
        ("certificate", '{"size": 1}', {"size": 1}),
        ("manifest", "no JSON", "no JSON"),
        ("channel", "7", "7"),
        ("withheld", "7", ["7"]),
        ("unknown", "7", "7"),
    ],
)
def test_a_value_is_a_text_unless_its_field_has_members(name: str, text: str, value: Any) -> None:
    rows, _ = read(order(OwnerIdentifier="ilves"), notification("data-disclosed", (name, text)))
    assert rows[1][name] == value


def test_the_moment_of_service_is_a_receipt_of_the_first_provider_unless_one_is_notified() -> None:
    served = order(
        OwnerIdentifier="ilves", ServedTimestamp=AT,
        CSPID={"auth:CSPID": [{"UniqueIdentifier": "skylark"}, {"UniqueIdentifier": "fjord"}]},
    )  # fmt: skip
    rows, _ = read(served)
    assert rows[1:] == [
        {"order": ID, "instrument": "2AP-7", "kind": "order-received", "occurred": AT, "actor": "skylark"}
    ]
    rows, _ = read(served, notification("order-received"))
    assert [row["kind"] for row in rows] == ["order-issued", "order-received"]
    rows, _ = read(served, notification("data-disclosed"))
    assert [row["kind"] for row in rows] == ["order-issued", "data-disclosed", "order-received"]
    rows, _ = read(order(OwnerIdentifier="ilves", ServedTimestamp=AT))
    assert "actor" not in rows[1]


def test_of_several_orders_each_takes_the_objects_that_name_it() -> None:
    first = order(OwnerIdentifier="ilves", Reference="E-1")
    second = {**order(OwnerIdentifier="orn", Reference="E-2"), "ObjectIdentifier": OTHER}
    about = {"AssociatedObjects": {"AssociatedObject": [OTHER]}}
    rows, unread = read(first, second, task(Type=ours("DataCategory", "content")) | about, {**document(), **about})
    assert [(row["order"], "data_categories" in row, "order_document" in row) for row in rows] == [
        ("E-1", False, False), ("E-2", True, True),
    ]  # fmt: skip
    assert unread == []


def test_an_object_of_another_type_is_named_by_its_last_word() -> None:
    _, unread = read(order(OwnerIdentifier="ilves"), {"@xsi:type": "{http://x}Delivery", "ObjectIdentifier": OTHER})
    assert unread == ["a Delivery"]
