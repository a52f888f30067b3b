"""An ASiC-E container: its type first, each file with its digest in the manifest, and the signature if there is one."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from xml.etree import ElementTree

from ledger.bundle import zip_profile
from projections.exchange.asic import MANIFEST, MEDIA, SIGNATURE, container, manifest

FILES = {"a.zip": b"one", "b.csv": b"two", "c.jsonld": b"three", "d.txt": b"four", "e": b"", "f.tar.zip": b"six"}
SIGNED, DIGESTS = "{http://uri.etsi.org/02918/v1.2.1#}", "{http://www.w3.org/2000/09/xmldsig#}"


def test_the_manifest_lists_each_file_once_with_its_type_and_its_digest() -> None:
    root = ElementTree.fromstring(manifest(FILES))  # noqa: S314 - made here
    assert root.tag == f"{SIGNED}ASiCManifest"
    signature, *listed = root
    assert signature.attrib == {"URI": SIGNATURE, "MimeType": "application/pkcs7-signature"}
    assert [(each.attrib["URI"], each.attrib["MimeType"]) for each in listed] == [
        ("a.zip", "application/zip"),
        ("b.csv", "text/csv"),
        ("c.jsonld", "application/ld+json"),
        ("d.txt", "application/octet-stream"),
        ("e", "application/octet-stream"),
        ("f.tar.zip", "application/zip"),
    ]
    for each, content in zip(listed, FILES.values(), strict=True):
        method, value = each
        assert method.attrib == {"Algorithm": "http://www.w3.org/2001/04/xmlenc#sha256"}
        assert value.text == b64encode(hashlib.sha256(content).digest()).decode()


def test_a_name_with_signs_of_xml_is_escaped() -> None:
    root = ElementTree.fromstring(manifest({'a&<">.zip': b""}))  # noqa: S314 - made here
    assert root[1].attrib["URI"] == 'a&<">.zip'


def test_the_container_begins_with_its_type_and_has_a_signature_only_if_there_is_one() -> None:
    files = {"a.zip": b"one"}
    assert dict(zip_profile.read(container(files, b"sig"))) == {
        "mimetype": MEDIA.encode(), "a.zip": b"one", MANIFEST: manifest(files), SIGNATURE: b"sig",
    }  # fmt: skip
    assert [*zip_profile.read(container(files, None))] == ["mimetype", "a.zip", MANIFEST]
    assert [*zip_profile.read(container(files, b""))][-1] == SIGNATURE
