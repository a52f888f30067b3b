"""Where everything lies in an evidence bundle: names of files, their order, and what each name means.

One log's folder under the hash of its origin, so that no name in the archive depends on what an origin may contain.
Layout: docs/formats.md, "Evidence bundle".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from ledger.note import origin_hash
from ledger.refusal import Refused

MEDIA_TYPE = b"application/vnd.comity.evidence-bundle.v1+zip"

MIMETYPE = "mimetype"
README = "READ-ME-FIRST.html"
SUMS = "SHA256SUMS"
MANIFEST = "manifest.dsse.json"
POLICY = "policy"

_TOP = (MIMETYPE, README, SUMS, MANIFEST, "policy.dsse.json", POLICY, "logs", "foreign", "documents", "views")
_NUMBER = "(?:0|[1-9][0-9]{0,15})"
_HEX = "[0-9a-f]{64}"
_IN_LOG = re.compile(
    f"checkpoint|heads/(?P<head>{_HEX})|consistency/(?P<m>{_NUMBER})-(?P<n>{_NUMBER})"
    rf"|entries/(?P<entry>{_NUMBER})\.(?P<part>dsse\.json|tlog-proof)|disclosures/(?P<opens>{_NUMBER})\.txt"
    r"|(?P<token>(?:[a-zA-Z0-9._-]+/)?[a-zA-Z0-9._-]+\.tsr|tsa/.+)"
)
_BESIDE = re.compile(rf"documents/(?P<document>{_HEX})|foreign/(?P<foreign>{_HEX}(?:\.tlog-proof|\.txt)?)")


def folder(origin: str) -> str:
    """The folder of a log in the archive."""
    return f"logs/{origin_hash(origin)}"


def rank(path: str) -> tuple[int, str]:
    """Sorts paths into the order of the archive: by what they are, then byte by byte."""
    top = path.partition("/")[0]
    return (_TOP.index(top) if top in _TOP else len(_TOP), path)


def sums(files: Mapping[str, bytes]) -> bytes:
    """SHA256SUMS in coreutils' format over every other file, in the order of the archive: `sha256sum -c` reads it."""
    return b"".join(b"%b  %b\n" % (sha256(files[p]).hexdigest().encode(), p.encode()) for p in files if p != SUMS)


@dataclass(slots=True)
class Arranged:
    """The files of one log's bundle by what they are; nothing of it is checked yet.

    Entries, proofs and disclosures by log index, heads by the hex SHA-256 that names them, consistency proofs by their
    two sizes, time-stamp tokens by path; `foreign` by SHA-256, beside an entry its proof under `<sha256>.tlog-proof`
    and what opens its values under `<sha256>.txt`.
    """

    checkpoint: bytes = b""
    heads: dict[str, bytes] = field(default_factory=dict)
    consistency: dict[tuple[int, int], bytes] = field(default_factory=dict)
    tokens: dict[str, bytes] = field(default_factory=dict)
    entries: dict[int, bytes] = field(default_factory=dict)
    proofs: dict[int, bytes] = field(default_factory=dict)
    disclosures: dict[int, bytes] = field(default_factory=dict)
    foreign: dict[str, bytes] = field(default_factory=dict)
    documents: dict[str, bytes] = field(default_factory=dict)


def arrange(files: Mapping[str, bytes], origin: str) -> Arranged:
    """Sort the files of a bundle; BND-MANIFEST for a name that the layout does not have, or what it cannot lack."""
    found = Arranged()
    here = folder(origin) + "/"
    for path, content in files.items():
        if path.startswith(here) and (name := _IN_LOG.fullmatch(path, len(here))):
            _place(found, name, content)
        elif match := _BESIDE.fullmatch(path):
            (found.documents if match["document"] else found.foreign)[match["document"] or match["foreign"]] = content
        elif path not in _TOP and not path.startswith("views/"):
            raise Refused("BND-MANIFEST", f"no such file belongs into a bundle of {origin}", where=path)
    _require(files, (MIMETYPE, README, SUMS, MANIFEST, POLICY, here + "checkpoint"))
    found.entries = dict(sorted(found.entries.items()))
    return found


def _place(found: Arranged, name: re.Match[str], content: bytes) -> None:
    if name["head"]:
        found.heads[name["head"]] = content
    elif name["m"]:
        found.consistency[int(name["m"]), int(name["n"])] = content
    elif name["entry"]:
        (found.entries if name["part"] == "dsse.json" else found.proofs)[int(name["entry"])] = content
    elif name["opens"]:
        found.disclosures[int(name["opens"])] = content
    elif name["token"]:
        found.tokens[name[0]] = content
    else:
        found.checkpoint = content


def _require(files: Mapping[str, bytes], paths: Iterable[str]) -> None:
    for path in paths:
        if path not in files:
            raise Refused("BND-MANIFEST", "a bundle without it is none", where=path)
