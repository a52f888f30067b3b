"""Delivery evidence is read with what it has; what it lacks is empty, and a moment without an offset is none."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime

import pytest

from cli.exit_codes import Exit, Stop
from cli.imports.rem_evidence import _references, read_evidence
from cli.imports.safe_xml import DEEPEST, LARGEST, LONGEST, MOST, parse

KIND = "DeliveryNonDeliveryToRecipient"
AT = "2027-03-02T09:30:00+01:00"


def rem(inside: str = "", *, root: str = KIND, at: str = AT, space: str = "http://uri.etsi.org/02640/v2#") -> bytes:
    text = f'<{root} xmlns="{space}" xmlns:ds="http://www.w3.org/2000/09/xmldsig#">'
    event = f"<EventCode>http:uri.etsi.org/Event#Delivery</EventCode><EventTime>{at}</EventTime>"
    return f"{text}{event}{inside}</{root}>".encode()


def test_evidence_with_an_event_and_a_moment_alone_is_read() -> None:
    found = read_evidence(rem(), "a.xml")
    assert (found.type, found.event, found.at) == (KIND, "Delivery", datetime(2027, 3, 2, 8, 30, tzinfo=UTC))
    assert (found.id, found.issuer, found.sender, found.message) == ("", "", "", "")
    assert (found.recipients, found.reasons, found.digest, found.signed) == ((), (), None, False)


def address(name: str) -> str:
    return f"<AttributedElectronicAddress>{name}</AttributedElectronicAddress>"


@pytest.mark.parametrize(
    ("details", "who"),
    [
        (address("a@x.example"), "a@x.example"),
        ("<ElectronicAddress>b@x.example</ElectronicAddress>", "b@x.example"),
        (f"<ElectronicAddress>b@x.example</ElectronicAddress>{address('a@x.example')}", "a@x.example"),
        (f"<N><Name>Sky</Name><Name>Lark</Name></N>{address('a@x.example')}", "Sky a@x.example"),
        (f"<Name>a@x.example</Name>{address('a@x.example')}", "a@x.example"),
        ("<Name></Name>", ""),
        ("", ""),
    ],
)
def test_an_entity_is_its_first_name_and_its_address(details: str, who: str) -> None:
    inside = f"<SenderDetails>{details}</SenderDetails><EvidenceIssuerDetails>{details}</EvidenceIssuerDetails>"
    found = read_evidence(rem(inside), "a.xml")
    assert (found.sender, found.issuer) == (who, who)


def test_recipients_without_a_name_are_left_out() -> None:
    each = "".join(f"<EntityDetails>{one}</EntityDetails>" for one in (address("a@x"), "", address("b@x")))
    assert read_evidence(rem(f"<RecipientsDetails>{each}</RecipientsDetails>"), "a").recipients == ("a@x", "b@x")
    assert read_evidence(rem("<RecipientsDetails/>"), "a").recipients == ()


def message(inside: str) -> str:
    return f"<SenderMessageDetails>{inside}</SenderMessageDetails>"


def test_a_message_is_named_by_the_service_else_by_its_sender() -> None:
    both = "<MessageIdentifierByREMMD>m-1</MessageIdentifierByREMMD>"
    own = "<UAMessageIdentifier>u-1</UAMessageIdentifier>"
    for inside, name in ((both, "m-1"), (own, "u-1"), (own + both, "m-1"), ("", "")):
        assert read_evidence(rem(message(inside)), "a").message == name


def test_a_digest_has_its_algorithm_and_is_left_out_if_it_is_none() -> None:
    method = '<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>'
    value = f"<ds:DigestValue>{base64.b64encode(b'abc').decode()}</ds:DigestValue>"
    assert read_evidence(rem(message(method + value)), "a").digest == ("sha256", b"abc".hex())
    for inside in (method, value, f"{method}<ds:DigestValue>***</ds:DigestValue>", ""):
        assert read_evidence(rem(message(inside)), "a").digest is None
    bare = f"<ds:DigestMethod/>{value}"
    assert read_evidence(rem(message(bare)), "a").digest == ("", b"abc".hex())


def test_a_reference_says_something_of_its_own_file_by_an_algorithm_that_is_known() -> None:
    digest = base64.b64encode(hashlib.sha256(b"content").digest()).decode()
    sha256 = '<DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>'
    for uri, method, value, found in (
        ("a.xml", sha256, digest, [True]),
        ("a.xml", sha256, "AAAA", [False]),
        ("b.xml", sha256, digest, []),
        ("a.xml", '<DigestMethod Algorithm="urn:other"/>', digest, []),
        ("a.xml", "", digest, []),
    ):
        reference = f'<Reference URI="{uri}">{method}<DigestValue>{value}</DigestValue></Reference>'
        assert list(_references(parse(f"<S>{reference}</S>".encode(), "s"), "a.xml", b"content")) == found


def test_reasons_have_their_code_and_details() -> None:
    reasons = (
        "<EventReasons><EventReason><Code>http://x#Full</Code><Details>the box is full</Details></EventReason>"
        "<EventReason><Code>Late</Code></EventReason></EventReasons>"
    )
    assert read_evidence(rem(reasons), "a").reasons == ("Full the box is full", "Late")
    assert read_evidence(rem("<ds:Signature/>"), "a").signed


@pytest.mark.parametrize(
    ("at", "moment"),
    [
        ("2027-03-02T09:30:00Z", datetime(2027, 3, 2, 9, 30, tzinfo=UTC)),
        ("2027-03-02T09:30:00.999-05:30", datetime(2027, 3, 2, 15, 0, tzinfo=UTC)),
        ("2027-03-02T09:30:00", None),
        ("2027-03-02 09:30:00Z", None),
        ("2027-13-02T09:30:00Z", None),
        ("9999-12-31T23:59:59-01:00", None),
        ("", None),
    ],
)
def test_a_moment_has_an_offset_and_no_fraction(at: str, moment: datetime | None) -> None:
    if moment is not None:
        assert read_evidence(rem(at=at), "a").at == moment
        return
    with pytest.raises(Stop, match="its event has the time") as stopped:
        read_evidence(rem(at=at), "a")
    assert stopped.value.code is Exit.UNDECIDABLE


@pytest.mark.parametrize(("root", "space"), [("Other", "http://uri.etsi.org/02640/v2#"), (KIND, "http://x")])
def test_another_document_is_no_evidence(root: str, space: str) -> None:
    with pytest.raises(Stop, match="is no delivery evidence") as stopped:
        read_evidence(rem(root=root, space=space), "a")
    assert stopped.value.code is Exit.UNDECIDABLE


# -- the parser --------------------------------------------------------------------------------------------------------


def test_elements_are_found_by_path_and_below() -> None:
    root = parse(b"<a><b k='v'> x\n y <c>1</c></b><b/><d><c>2</c><e><c>3</c></e></d></a>", "x.xml")
    assert root.name == "a"
    first = root.find("b")
    assert first is root.children[0]
    assert (first.text, first.attributes) == ("x y", {"k": "v"})
    assert root.find() is root
    assert (root.text_at("b", "c"), root.text_at("d", "e", "c"), root.text_at("d", "x")) == ("1", "3", "")
    assert (root.find("b", "x", "c"), root.find("x")) == (None, None)
    assert [each.text for each in root.all("c")] == ["1", "2", "3"]
    assert root.all("a") == []
    spaced = parse(b"<n:a xmlns:n='urn:x' xmlns='urn:y'><b/></n:a>", "x.xml")
    assert [(e.space, e.name) for e in (spaced, *spaced.children)] == [("urn:x", "a"), ("urn:y", "b")]


def nested(depth: int) -> bytes:
    return b"<a>" * depth + b"</a>" * depth


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (nested(DEEPEST), None),
        (nested(DEEPEST + 1), f"elements lie more than {DEEPEST} deep"),
        (b"<a>" + b"<b/>" * (MOST - 1) + b"</a>", None),
        (b"<a>" + b"<b/>" * MOST + b"</a>", f"more than {MOST} elements and attributes"),
        (b"<a>" + b"<b c='1'/>" * (MOST // 2) + b"</a>", f"more than {MOST} elements and attributes"),
        (b"<a>" + b"<b c='1'/>" * (MOST // 2 - 1) + b"</a>", None),
        (b"<" + b"a" * LONGEST + b"/>", None),
        (b"<" + b"a" * (LONGEST + 1) + b"/>", f"a name of more than {LONGEST} characters"),
        (b"<a " + b"b" * LONGEST + b"='1'/>", None),
        (b"<a " + b"b" * (LONGEST + 1) + b"='1'/>", f"a name of more than {LONGEST} characters"),
        (b"<a xmlns='" + b"u" * (LONGEST - 2) + b"'/>", None),
        (b"<a xmlns='" + b"u" * LONGEST + b"'/>", f"a namespace of more than {LONGEST} characters"),
        (b'<a xmlns:b = "' + b"u" * LONGEST + b'"/>', f"a namespace of more than {LONGEST} characters"),
        (b"<a>".ljust(LARGEST - 4) + b"</a>", None),
        (b"<a>".ljust(LARGEST - 3) + b"</a>", f"{LARGEST + 1} bytes are too many"),
        ("<a/>".encode("utf-16-le"), "not XML in UTF-8"),
        (b"<a>", "not XML in UTF-8: "),
        (b"<a/><b/>", "not XML in UTF-8: "),
        (b"<a>\xe9</a>", "not XML in UTF-8: "),
        (b"<!DOCTYPE a><a/>", "it declares a document type, so it is not read"),
    ],
)
def test_a_document_is_read_within_its_bounds(data: bytes, says: str | None) -> None:
    if says is None:
        assert parse(data, "x.xml").name[0] == "a"
        return
    with pytest.raises(Stop) as stopped:
        parse(data, "x.xml")
    assert stopped.value.message.startswith(f"x.xml: {says}")
    assert stopped.value.code is Exit.UNDECIDABLE
    assert ("other files" in stopped.value.hint) == ("document type" in says)
