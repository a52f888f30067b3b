"""Delivery evidence becomes proof of sending or receipt; other files are refused; hostile XML does no harm."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cli.exit_codes import Exit, Stop
from cli.imports import delivery
from cli.imports.delivery import _compare
from cli.imports.rem_evidence import GOOD, read_evidence
from cli.imports.safe_xml import DEEPEST, LARGEST, parse
from ledger.application.journal import Journal
from ledger.entries.case import Entry
from tests.support.cli import ledger_of, run
from tests.support.import_tables import entries
from tests.support.scenarios import given, issued

# The form that the connectors of e-CODEX write (TS102640_v2.xsd), with names of our stories.
REM = """<?xml version="1.0" encoding="UTF-8"?>
<{type} xmlns="http://uri.etsi.org/02640/v2#" xmlns:ds="http://www.w3.org/2000/09/xmldsig#" version="2.1.1" Id="e1">
  <EventCode>http:uri.etsi.org/02640/Event#{event}</EventCode>
  {reasons}
  <EvidenceIdentifier>5bf19474-7ee3-4c18-a865-e435b8c7d3fc
  </EvidenceIdentifier>
  <EvidenceIssuerDetails><NamesPostalAddresses><NamePostalAddress><EntityName><Name>Gateway of Valdoria</Name>
  </EntityName></NamePostalAddress></NamesPostalAddresses></EvidenceIssuerDetails>
  <EventTime>{at}</EventTime>
  <SenderDetails><AttributedElectronicAddress>karsk@xo.example</AttributedElectronicAddress></SenderDetails>
  <RecipientsDetails><EntityDetails><AttributedElectronicAddress>
      legal@skylark.example</AttributedElectronicAddress></EntityDetails></RecipientsDetails>
  <SenderMessageDetails isNotification="false"><MessageIdentifierByREMMD>m-17</MessageIdentifierByREMMD>
    <ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue>{digest}</ds:DigestValue>
  </SenderMessageDetails>
</{type}>
"""
_DELIVERY = "DeliveryNonDeliveryToRecipient"


def rem(
    type: str = _DELIVERY, event: str = "Delivery", *, at: str = "2027-03-02T09:30:00.421+01:00", reasons: str = ""
) -> bytes:
    """Return one piece of evidence."""
    return REM.format(
        type=type, event=event, at=at, reasons=reasons, digest=base64.b64encode(bytes(32)).decode()
    ).encode()


def asics(inside: dict[str, bytes], *, digest_of: bytes | None = None) -> bytes:
    """Pack an ASiC-S as e-CODEX does: a ZIP of files in a ZIP, with a reference to it in the signature."""
    content = _zip(inside)
    digest = base64.b64encode(hashlib.sha256(digest_of or content).digest()).decode()
    signature = (
        '<s:XAdESSignatures xmlns:s="http://uri.etsi.org/02918/v1.2.1#" xmlns:ds="http://www.w3.org/2000/09/xmldsig#">'
        '<ds:Signature><ds:SignedInfo><ds:Reference URI="SignedContent.zip"><ds:DigestMethod Algorithm='
        f'"http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue>{digest}</ds:DigestValue></ds:Reference>'
        "</ds:SignedInfo></ds:Signature></s:XAdESSignatures>"
    )
    mimetype = b"application/vnd.etsi.asic-s+zip"
    return _zip({"mimetype": mimetype, "META-INF/signatures.xml": signature.encode(), "SignedContent.zip": content})


def _zip(files: dict[str, bytes]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, raw in files.items():
            archive.writestr(name, raw)
    return data.getvalue()


def taken(folder: Path, data: bytes, *more: str) -> tuple[Path, int, str, list[Entry]]:
    """Import a file into the ledger of S1; return the ledger, exit status, output, and the new entries."""
    ledger = folder / "ledger"
    if not ledger.exists():
        ledger_of("S1", folder)
    before = len(entries(ledger))
    file = folder / "evidence"
    file.write_bytes(data)
    result = run("import", "delivery", str(file), "--order", "main", "--as", "ilves", *more, ledger=ledger)
    with Journal.open(ledger, writable=False) as journal:
        case = journal.case(journal.find("759427d8"))
    return ledger, result.exit_code, result.output, [e for e in case.entries if e.index >= before]


def signed(data: bytes) -> bytes:
    """Return evidence with a signature that no one has checked."""
    head, end, rest = data.rpartition(b"</")
    return head + b"<ds:Signature><ds:SignatureValue>AAAA</ds:SignatureValue></ds:Signature>" + end + rest


@pytest.mark.parametrize("type", sorted(GOOD))
def test_good_evidence_is_recorded_at_its_own_time_with_its_digest(type: str, tmp_path: Path) -> None:
    kind, event = GOOD[type]
    data = signed(rem(type, event))
    _, code, output, (entry,) = taken(tmp_path, data, "--validated-by", "ec-dss")
    assert code == 0, output
    assert (entry.kind, entry.speaks, entry.on_source) == (kind, "import", "receipt-stamp")
    assert entry.on == datetime(2027, 3, 2, 8, 30, tzinfo=UTC)
    proof = entry.get("proof") or entry.get("record")
    assert (proof["sha256"], proof["size"]) == (hashlib.sha256(data).hexdigest(), len(data))
    if kind == "order-received":
        assert (entry.whose, entry.get("proof_kind")) == ("skylark", "delivery-receipt")
    for word in ("Gateway of Valdoria", "karsk@xo.example", "legal@skylark.example", "m-17", "there, not checked"):
        assert word in output
    assert proof["code"] == "delivery-evidence-validated-by-ec-dss"


@pytest.mark.parametrize("data", [rem(), signed(rem()), asics({"DELIVERY.xml": rem()})])
def test_evidence_that_no_one_has_validated_is_a_claim_signed_or_not(data: bytes, tmp_path: Path) -> None:
    _, code, output, (entry,) = taken(tmp_path, data)
    assert code == 0, output
    assert (entry.kind, entry.on_source, entry.get("proof_kind")) == ("order-received", "other-party", None)
    assert entry.get("proof")["code"] == "delivery-evidence"


def test_evidence_without_a_signature_was_validated_by_no_one(tmp_path: Path) -> None:
    _, code, output, more = taken(tmp_path, rem(), "--validated-by", "ec-dss")
    assert (code, more, "no signature that anybody" in output) == (2, [], True)
    _, code, output, more = taken(tmp_path, signed(rem()), "--validated-by", "EC DSS")
    assert (code, more, "no name of a validator" in output) == (2, [], True)


def test_the_same_file_is_recorded_once(tmp_path: Path) -> None:
    for type, event in ((_DELIVERY, "Delivery"), ("SubmissionAcceptanceRejection", "Acceptance")):
        assert len(taken(tmp_path, rem(type, event))[3]) == 1
        _, code, output, more = taken(tmp_path, rem(type, event))
        assert (code, more, "already recorded" in output) == (0, [], True)


@pytest.mark.parametrize(
    ("type", "event"),
    [(_DELIVERY, "NonDelivery"), ("SubmissionAcceptanceRejection", "Rejection"), ("RelayREMMDFailure", "Failure")],
)
def test_evidence_that_something_did_not_happen_proves_no_receipt(type: str, event: str, tmp_path: Path) -> None:
    why = (
        "<EventReasons><EventReason><Code>x#R_Unknown</Code><Details>no such box</Details></EventReason></EventReasons>"
    )
    _, code, output, more = taken(tmp_path, rem(type, event, reasons=why))
    assert (code, more) == (5, [])
    assert "proves no receipt" in output
    assert "no such box" in output


def test_a_dry_run_prints_the_fact_and_signs_nothing(tmp_path: Path) -> None:
    _, code, output, more = taken(tmp_path, signed(rem()), "--dry-run", "--validated-by", "ec-dss")
    assert (code, more) == (0, [])
    document = json.loads(output[output.index("{") : output.rindex("}") + 1])
    assert document["public"]["proof_kind"] == "delivery-receipt"


def test_evidence_in_a_container_is_found_and_the_container_is_what_is_recorded(tmp_path: Path) -> None:
    data = asics({"order.pdf": b"%PDF-1.7", "DELIVERY.xml": rem()})
    _, code, output, (entry,) = taken(tmp_path, data)
    assert code == 0, output
    assert entry.get("proof")["media"] == "application/vnd.etsi.asic-s+zip"
    assert entry.get("proof")["sha256"] == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize(
    ("data", "code", "says"),
    [
        (asics({"order.pdf": b"%PDF"}), 4, "holds no delivery evidence"),
        (asics({"a.xml": rem(), "b.xml": rem()}), 4, "2 pieces of evidence"),
        (asics({"a.xml": rem()}, digest_of=b"another"), 5, "is not what its signature covers"),
        (_zip({"a.xml": rem()}), 4, "no ASiC-S container"),
        (_zip({"a.xml": rem()})[:-30], 4, "not a ZIP that can be read"),
        (_zip({"META-INF/signatures.xml": b"<a/>", "x": b"y"}), 5, "is covered by no signature"),
        (b"<html xmlns='http://uri.etsi.org/02640/v2#'/>", 4, "its root is 'html'"),
        (rem().replace(b"02640/v2", b"02640/v9"), 4, "no delivery evidence"),
        (rem(at="2027-03-02T09:30:00"), 4, "no moment with an offset"),
        (rem(at="2027-13-02T09:30:00Z"), 4, "2027-13-02"),
        (b"not XML at all", 4, "not XML"),
        (b"", 4, "not XML"),
    ],
)
def test_what_is_no_evidence_is_refused_and_leaves_nothing(data: bytes, code: int, says: str, tmp_path: Path) -> None:
    _, ended, output, more = taken(tmp_path, data)
    assert (ended, more) == (code, []), output
    assert says in output


# -- hostile XML -------------------------------------------------------------------------------------------------------

_BOMB = b'<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;">]><a>&d;</a>'
_OTHER_FILE = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>&x;</a>'
_OTHER_DTD = b'<!DOCTYPE a SYSTEM "http://127.0.0.1/evil.dtd"><a/>'
_PARAMETER = b'<!DOCTYPE a [<!ENTITY % p SYSTEM "file:///etc/hostname"> %p;]><a/>'


@pytest.mark.parametrize("data", [_BOMB, _OTHER_FILE, _OTHER_DTD, _PARAMETER])
def test_a_document_type_is_where_reading_ends(data: bytes) -> None:
    with pytest.raises(Stop, match="declares a document type") as stopped:
        parse(data, "x.xml")
    assert stopped.value.code is Exit.UNDECIDABLE


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"<a>" * (DEEPEST + 2), "deep in each other"),
        (b"<a>" + b" " * LARGEST + b"</a>", "too many"),
        (b"<a>&undefined;</a>", "not XML"),
        (b"<a></b>", "not XML"),
        (b"<a/><a/>", "not XML"),
        (b"<?xml version='1.0' encoding='latin-1'?><a>\xe9</a>", "not XML in UTF-8"),
        ("<?xml version='1.0' encoding='utf-16'?><a/>".encode("utf-16"), "not XML in UTF-8"),
    ],
)
def test_xml_that_is_too_much_or_none_is_said_so(data: bytes, says: str) -> None:
    with pytest.raises(Stop, match=says):
        parse(data, "x.xml")


def test_a_container_that_unpacks_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.imports.rem_evidence.CONTAINER", 8_000)
    with pytest.raises(Stop, match="unpacks to more"):
        read_evidence(asics({"a.xml": b"<a>" + b" " * 1_000_000 + b"</a>"}), "bomb.asics")


@pytest.mark.parametrize(
    ("digest", "documents", "says"),
    [
        (("sha256", "ab" * 32), ["ab" * 32], "its message is the order as it was served, by digest"),
        (("sha256", "ab" * 32), ["cd" * 32, "ab" * 32], "its message is the order as it was served, by digest"),
        (("sha256", "ab" * 32), ["cd" * 32], "its message is not the order document on record, by digest"),
        (("sha256", "ab" * 32), [None], ""),
        (("sha512", "ab" * 64), ["ab" * 32], ""),
        (None, ["ab" * 32], ""),
    ],
)
def test_a_message_with_a_sha256_is_compared_with_each_order_document(
    digest: tuple[str, str] | None,
    documents: list[str | None],
    says: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    evidence = replace(read_evidence(rem(), "e.xml"), digest=digest)
    file = {"code": "order", "media": "application/pdf", "size": 1}
    served: list[dict[str, Any]] = [{"order_document": {**file, "sha256": each}} if each else {} for each in documents]
    _compare(
        evidence, given(*(issued("2027-03-01T09:00Z", label=f"{n}", **more) for n, more in enumerate(served))).case
    )
    assert capsys.readouterr().err.strip() == says


# -- what is said of evidence ------------------------------------------------------------------------------------------


def evidence(**said: Any) -> Any:
    plain = {
        "type": "A", "event": "B", "at": datetime(2027, 6, 1, 12, tzinfo=UTC), "id": "e-1", "issuer": "", "sender": "",
        "recipients": (), "message": None, "signed": False, "digest": None,
    }  # fmt: skip
    return SimpleNamespace(**{**plain, **said})


@pytest.mark.parametrize(
    ("said", "second", "third"),
    [
        pytest.param({}, "  ", "  message not named; signature missing: anybody can have written it", id="bare"),
        pytest.param(
            {"issuer": "G", "sender": "s", "recipients": ("r", "q"), "message": "m-1", "signed": True},
            "  by G, from s, to r, q",
            "  message m-1; signature there, not checked here",
            id="full",
        ),
        pytest.param(
            {"sender": "s"},
            "  from s",
            "  message not named; signature missing: anybody can have written it",
            id="sender-alone",
        ),
    ],
)
def test_evidence_is_told_with_who_is_named_and_whether_it_is_signed(
    said: dict[str, Any], second: str, third: str, capsys: pytest.CaptureFixture[str]
) -> None:
    delivery._tell(evidence(**said))
    assert capsys.readouterr().err.split("\n") == ["A B, 2027-06-01T12:00:00Z, evidence e-1", second, third, ""]


SERVED = {"sha256": "ab" * 32}


@pytest.mark.parametrize(
    ("digest", "served", "says"),
    [
        pytest.param(("sha256", "ab" * 32), [SERVED], "the order as it was served", id="same"),
        pytest.param(("sha256", "cd" * 32), [SERVED], "not the order document on record", id="another"),
        pytest.param(("sha256", "ab" * 32), [None, SERVED], "the order as it was served", id="one-of-two"),
        pytest.param(("sha256", "ab" * 32), [None], None, id="nothing-served"),
        pytest.param(("sha512", "ab" * 32), [SERVED], None, id="another-digest"),
        pytest.param(None, [SERVED], None, id="no-digest"),
    ],
)
def test_a_message_is_compared_with_the_order_as_it_was_served(
    digest: tuple[str, str] | None, served: list[Any], says: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    entries = [SimpleNamespace(kind="order-issued", get={"order_document": each}.get) for each in served]
    entries.append(SimpleNamespace(kind="order-received", get={"order_document": {"sha256": "cd" * 32}}.get))
    case: Any = SimpleNamespace(entries=entries)
    delivery._compare(evidence(digest=digest), case)
    assert capsys.readouterr().err == ("" if says is None else f"  its message is {says}, by digest\n")


def case_of(transmitted: list[str], providers: list[list[str]]) -> Any:
    entries = [SimpleNamespace(kind="order-issued", public={}, get={"providers": each}.get) for each in providers]
    entries += [SimpleNamespace(kind="order-transmitted", public={"addressee": each}) for each in transmitted]
    return SimpleNamespace(entries=entries)


@pytest.mark.parametrize(
    ("transmitted", "providers", "addressee"),
    [
        (["harbor", "skylark"], [["aspen"]], "skylark"),
        ([], [["aspen"]], "aspen"),
        ([], [["aspen"], ["aspen"]], "aspen"),
    ],
)
def test_the_addressee_is_the_last_one_on_record_else_the_only_provider(
    transmitted: list[str], providers: list[list[str]], addressee: str
) -> None:
    assert delivery.addressee_of(case_of(transmitted, providers)) == addressee


@pytest.mark.parametrize(
    ("providers", "named"), [([["aspen", "birch"]], "aspen, birch"), ([[]], "nobody"), ([], "nobody")]
)
def test_an_addressee_is_not_guessed(providers: list[list[str]], named: str) -> None:
    with pytest.raises(Stop, match="who was to receive it") as stopped:
        delivery.addressee_of(case_of([], providers))
    assert stopped.value.hint == f"say --whose ACTOR; the order names {named}"
