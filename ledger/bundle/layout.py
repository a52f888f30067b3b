"""Define the layout of an evidence bundle: names of files, their order, and what each name means.

The folder of a log is named by the hash of its origin, so that no name in the archive depends on the
characters of an origin. Layout: docs/reference/formats/evidence-bundle.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from hashlib import sha256

from msgspec import Struct, field

from ledger.errors import RecordError
from ledger.tlog.names import origin_hash

VERSION = 2  # the layout that this program writes
MEDIA_TYPES = {v: b"application/vnd.comity.evidence-bundle.v%d+zip" % v for v in (1, VERSION)}
_MEDIA_TYPE = re.compile(rb"application/vnd\.comity\.evidence-bundle\.v([1-9][0-9]{0,3})\+zip")
_FIRST = b"mimetype"
_LOCAL_HEADER = 30  # bytes of a ZIP local file header before the name (APPNOTE 4.3.7)

MIMETYPE = "mimetype"
README = "READ-ME-FIRST.html"
SUMS = "SHA256SUMS"
MANIFEST = "manifest.dsse.json"
POLICY = "policy"

OTHERS, MAP, VIEWS = "others", "map", "views"
COMMIT = "map/heads-committed"  # the entry and its proof, with two endings

_SIGNED_POLICY = "policy.dsse.json"
_FILES = (MIMETYPE, README, SUMS, MANIFEST, _SIGNED_POLICY, POLICY)
_TOP = (*_FILES, "logs", "foreign", "documents", VIEWS, OTHERS, MAP)
_NUMBER = "(?:0|[1-9][0-9]{0,15})"
_HEX = "[0-9a-f]{64}"
_UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_IN_LOG = re.compile(
    f"checkpoint|heads/(?P<head>{_HEX})|consistency/(?P<m>{_NUMBER})-(?P<n>{_NUMBER})"
    rf"|entries/(?P<entry>{_NUMBER})\.(?P<part>dsse\.json|tlog-proof)|disclosures/(?P<opens>{_NUMBER})\.txt"
    r"|(?P<token>(?:[a-zA-Z0-9._-]+/)?[a-zA-Z0-9._-]+\.tsr|tsa/.+)"
)
_IN_OTHERS = re.compile(rf"others/(?P<log>{_HEX})/entries/(?P<entry>{_NUMBER})\.(?P<part>dsse\.json|tlog-proof)")
_IN_MAP = re.compile(
    rf"map/(?:(?P<commit>heads-committed)\.(?P<part>dsse\.json|tlog-proof)|(?P<order>{_UUID})\.mptproof"
    rf"|audits/(?P<audit>{_HEX}\.(?:statement|note|proof))"
    "|[a-zA-Z0-9._-]{1,200}(?:/[a-zA-Z0-9._-]{1,200})?)"
)
_BESIDE = re.compile(rf"documents/(?P<document>{_HEX})|foreign/(?P<foreign>{_HEX}(?:\.tlog-proof|\.txt)?)")


def version_of(data: bytes) -> int | None:
    """Return the layout version that the bytes of an archive claim; None if they do not begin as a bundle does.

    Only the first file of the archive is read, which is not compressed: a newer version may have another ZIP
    profile.
    """
    begins = _LOCAL_HEADER + len(_FIRST)
    if not data.startswith(b"PK\x03\x04") or data[_LOCAL_HEADER:begins] != _FIRST:
        return None
    claimed = _MEDIA_TYPE.match(data, begins)
    return int(claimed[1]) if claimed else None


def check_version(data: bytes) -> None:
    """Raise `RecordError` BND-VERSION for a bundle of a later layout, which this program cannot read."""
    _check(version_of(data))


def check_claimed(media_type: bytes) -> None:
    """Raise `RecordError` BND-VERSION if the content of the first file names a later layout."""
    claimed = _MEDIA_TYPE.fullmatch(media_type)
    _check(int(claimed[1]) if claimed else None)


def _check(version: int | None) -> None:
    if version is not None and version > VERSION:
        says = f"this bundle was made by a newer version: its layout is {version}, this program reads up to {VERSION}"
        raise RecordError("BND-VERSION", says, hint="verify it with a newer version of this program")


def folder(origin: str) -> str:
    """Return the folder of a log in the archive."""
    return f"logs/{origin_hash(origin)}"


def rank(path: str) -> tuple[int, str]:
    """Return the sort key of a path for the order of the archive: by the kind of file, then byte by byte."""
    top = path.partition("/")[0]
    return (_TOP.index(top) if top in _TOP else len(_TOP), path)


def sums(files: Mapping[str, bytes]) -> bytes:
    """Return SHA256SUMS over every other file, in the order of the archive and the format of `sha256sum -c`."""
    return b"".join(b"%b  %b\n" % (sha256(files[p]).hexdigest().encode(), p.encode()) for p in files if p != SUMS)


class Arranged(Struct):
    """The files of one log's bundle by their meaning; nothing is verified yet.

    Entries, proofs and disclosures are by log index, heads by the hex SHA-256 in their name, consistency
    proofs by their two sizes, time-stamp tokens by path. `foreign` is by SHA-256: an entry, its proof under
    `<sha256>.tlog-proof`, and the disclosures of its values under `<sha256>.txt`. `others` has register
    entries of other logs with their proofs, by the origin hash of their log and by log index there; an empty
    text means a missing file. `commit` is the entry by which the heads of all orders were committed, and its
    proof; None means that the file is missing. `map_proofs` are the proofs of heads by order id. `audits`
    has the files of auditors' statements by name. `unread` are the paths of files that this version does not read.
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
    others: dict[str, dict[int, tuple[bytes, bytes]]] = field(default_factory=dict)
    commit: tuple[bytes | None, bytes | None] = (None, None)
    map_proofs: dict[str, bytes] = field(default_factory=dict)
    audits: dict[str, bytes] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)


def arrange(files: Mapping[str, bytes], origin: str, version: int = VERSION) -> Arranged:
    """Sort the files of a bundle of a layout version by their meaning.

    Raises BND-MANIFEST for a name outside the layout, or for a missing required file. Other files under `map/`
    than commit, proofs and statements of auditors are not read by this version.
    """
    parts = Arranged()
    here = folder(origin) + "/"
    for path, content in files.items():
        if path.startswith(here) and (name := _IN_LOG.fullmatch(path, len(here))):
            _place(parts, name, content)
        elif match := _BESIDE.fullmatch(path):
            (parts.documents if match["document"] else parts.foreign)[match["document"] or match["foreign"]] = content
        elif version > 1 and (name := _IN_OTHERS.fullmatch(path)):
            register = parts.others.setdefault(name["log"], {})
            raw, proof = register.get(int(name["entry"]), (b"", b""))
            register[int(name["entry"])] = (content, proof) if name["part"] == "dsse.json" else (raw, content)
        elif version > 1 and (name := _IN_MAP.fullmatch(path)):
            _place_in_map(parts, name, content)
        elif not (path in _FILES or path.startswith("views/")):
            raise RecordError("BND-MANIFEST", f"no such file belongs into a bundle of {origin}", where=path)
        elif path == _SIGNED_POLICY:
            parts.unread.append(path)
    _require(files, (MIMETYPE, README, SUMS, MANIFEST, POLICY, here + "checkpoint"))
    parts.entries = dict(sorted(parts.entries.items()))
    return parts


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


def _place_in_map(found: Arranged, name: re.Match[str], content: bytes) -> None:
    if name["commit"]:
        raw, proof = found.commit
        found.commit = (content, proof) if name["part"] == "dsse.json" else (raw, content)
    elif name["order"]:
        found.map_proofs[name["order"]] = content
    elif name["audit"]:
        found.audits[name["audit"]] = content
    else:
        found.unread.append(name[0])


def _require(files: Mapping[str, bytes], paths: Iterable[str]) -> None:
    for path in paths:
        if path not in files:
            raise RecordError("BND-MANIFEST", "a bundle without it is none", where=path)
