"""Sign a PDF report as an incremental update: PAdES-B-B, or B-T with a time stamp (ETSI EN 319 142-1).

The bytes of the report stay as they are. What is added: a signature field without a visible part on the last page
(with an empty appearance, ISO 19005-1, 6.9), its element in the structure tree (ISO 14289-1, 7.18.4: a form
field is tagged), and the signature. The
metadata are not changed, so that PDF/A finds the same in both places (ISO 19005-3, 6.6.3), and the same key
over the same report makes the same file, as far as its algorithm allows that (RSA without a time stamp).
"""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from io import BytesIO

from pyhanko.pdf_utils.content import RawContent
from pyhanko.pdf_utils.generic import (
    ArrayObject,
    ByteStringObject,
    DictionaryObject,
    IndirectObject,
    NameObject,
    NumberObject,
    PdfObject,
)
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.layout import BoxConstraints
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter, append_signature_field
from pyhanko.sign.signers.pdf_signer import PdfSignatureMetadata, PdfSigner

from ledger.adapters.document_signatures.certificate_key import CertificateKey
from ledger.adapters.document_signatures.cms_signature import over_digest, room, signer
from ledger.adapters.document_signatures.time_stamp import TimeStamper

FIELD = "Signature"


class _Update(IncrementalPdfFileWriter):
    """Write an update that leaves the metadata as they are, and whose file identifier follows from the content."""

    def _update_meta(self) -> None:
        pass

    @classmethod
    def _handle_id(cls, prev: PdfFileReader) -> ArrayObject:
        prev.stream.seek(0)
        first, _ = prev.trailer["/ID"]
        return ArrayObject([first, ByteStringObject(sha256(prev.stream.read()).digest()[:16])])


def sign_pdf(pdf: bytes, key: CertificateKey, at: datetime, stamp: TimeStamper | None, label: str) -> bytes:
    """Return a PDF with one more signature; `at` is the claimed time, `label` the name of the field for readers."""
    update = _Update(BytesIO(pdf))
    signatures = len(update.prev.embedded_signatures)
    name = f"{FIELD}{signatures + 1}"
    append_signature_field(update, SigFieldSpec(name, on_page=-1, readable_field_name=label))
    field = update.root["/AcroForm"]["/Fields"].raw_get(-1)
    nothing = RawContent(b"", box=BoxConstraints(1, 1)).as_form_xobject()
    field.get_object()["/AP"] = _dictionary(N=update.add_object(nothing))
    if not signatures:  # validators call a later change of the structure tree a change of what was signed
        _tag(update, field)
    meta = PdfSignatureMetadata(field_name=name, subfilter=SigSeedSubFilter.PADES, md_algorithm=key.digest)
    session = PdfSigner(meta, signer(key)).init_signing_session(update, existing_fields_only=True)
    session.system_time = at
    prepared = session.prepare_tbs_document(None, bytes_reserved=2 * room(key, stamped=stamp is not None))
    out = BytesIO()
    digest, _ = prepared.digest_tbs_document(output=out)
    digest.fill_with_cms(out, over_digest(digest.document_digest, key, stamp))
    return out.getvalue()


def _tag(update: _Update, field: IndirectObject) -> None:
    """Add the structure element of a form field, the last one of the document."""
    widget = field.get_object()
    tree = update.root["/StructTreeRoot"]
    top = tree["/K"].raw_get(0)
    number = tree["/ParentTreeNextKey"]
    reference = _dictionary(Type=NameObject("/OBJR"), Obj=field, Pg=widget.raw_get("/P"))
    element = update.add_object(_dictionary(Type=NameObject("/StructElem"), S=NameObject("/Form"), P=top, K=reference))
    top.get_object()["/K"].append(element)
    update.mark_update(top)
    tree["/ParentTree"]["/Nums"].extend((number, element))
    tree["/ParentTreeNextKey"] = NumberObject(number + 1)
    update.update_container(tree)
    widget["/StructParent"] = number


def _dictionary(**entries: PdfObject) -> DictionaryObject:
    return DictionaryObject({NameObject(f"/{key}"): value for key, value in entries.items()})
