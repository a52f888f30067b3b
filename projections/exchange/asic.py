"""An ASiC-E container with a CAdES signature: ETSI EN 319 162-1, sections 4.4 and A.

A ZIP whose first file is `mimetype`, stored; the data files; a manifest with the digest of each; and a
signature over the manifest alone. It is written by the strict ZIP of the evidence bundles, so the same files
give the same bytes.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from html import escape

from ledger.bundle import zip_profile

MEDIA = "application/vnd.etsi.asic-e+zip"
MANIFEST = "META-INF/ASiCManifest001.xml"
SIGNATURE = "META-INF/signature001.p7s"

_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n'
_DIGEST = "http://www.w3.org/2001/04/xmlenc#sha256"
_OF_CONTENT = {
    ".zip": "application/zip",
    ".csv": "text/csv",
    ".jsonld": "application/ld+json",
}


def manifest(files: Mapping[str, bytes]) -> bytes:
    """Return the ASiCManifest of `files` (name -> content): the bytes that are signed."""
    listed = "".join(
        f'<asic:DataObjectReference URI="{escape(name)}" MimeType="{_media(name)}">'
        f'<ds:DigestMethod Algorithm="{_DIGEST}"/>'
        f"<ds:DigestValue>{b64encode(sha256(content).digest()).decode()}</ds:DigestValue>"
        "</asic:DataObjectReference>"
        for name, content in files.items()
    )
    return (
        f'{_HEAD}<asic:ASiCManifest xmlns:asic="http://uri.etsi.org/02918/v1.2.1#"'
        ' xmlns:ds="http://www.w3.org/2000/09/xmldsig#">'
        f'<asic:SigReference URI="{SIGNATURE}" MimeType="application/pkcs7-signature"/>'
        f"{listed}</asic:ASiCManifest>"
    ).encode()


def container(files: Mapping[str, bytes], signature: bytes | None) -> bytes:
    """Return the container of `files`; without a signature, `SIGNATURE` over its manifest can be added later."""
    signed = {} if signature is None else {SIGNATURE: signature}
    return zip_profile.write({"mimetype": MEDIA.encode(), **files, MANIFEST: manifest(files), **signed})


def _media(name: str) -> str:
    return _OF_CONTENT.get(name[name.rfind(".") :], "application/octet-stream")
