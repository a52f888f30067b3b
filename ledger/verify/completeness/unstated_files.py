"""Name the files of a bundle that no entry states: they are listed and signed by its maker alone."""

from __future__ import annotations

import re
from base64 import b64decode, urlsafe_b64decode
from collections.abc import Iterable, Iterator, Mapping

from ledger.bundle.layout import Arranged
from ledger.entries.envelope import OpenedEntry
from ledger.entries.wrapped_entry import VALUES
from ledger.tlog.names import origin_hash
from ledger.tlog.tree import leaf_hash
from ledger.verify.progress import VerificationLog, counted

_DIGEST = re.compile(rb"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_PAYLOAD = re.compile(rb'\{"payload":"((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)"')
NAMED = 20  # the most files that a sentence lists


def note_unstated(parts: Arranged, opened: Mapping[int, OpenedEntry], book: VerificationLog) -> None:
    """Add CMP-UNSTATED if no entry, and no value that is opened here, states the digest of a file of the bundle.

    An entry of another record is stated by its wrapper or by a reference, and its register by the name of its log.
    """
    found = sorted(_unstated(parts, opened))
    if found:
        listed = ", ".join([*found[:NAMED], *(["..."] if len(found) > NAMED else [])])
        book.remark("CMP-UNSTATED", f"no entry that is read here states {counted(len(found), 'file')}: {listed}")


def _unstated(parts: Arranged, opened: Mapping[int, OpenedEntry]) -> Iterator[str]:
    stated = set(_digests(map(_payload, parts.entries.values())))
    stated.update(_digests(map(_values, parts.disclosures.values())))
    foreign = {name: raw for name, raw in parts.foreign.items() if len(name) == 64}
    theirs = {name for name, raw in foreign.items() if name in stated or leaf_hash(raw).hex() in stated}
    for name in theirs:
        stated.update(_digests((_payload(foreign[name]), _values(parts.foreign.get(f"{name}{VALUES}", b"")))))
    yield from (f"foreign/{name}" for name in parts.foreign if name[:64] not in theirs)
    yield from (f"documents/{name}" for name in parts.documents if name not in stated)
    logs = {origin_hash(origin) for entry in opened.values() for origin in _logs(entry)}
    yield from (f"others/{name}" for name in parts.others if name not in logs)
    yield from parts.unread


def _digests(texts: Iterable[bytes]) -> Iterator[str]:
    return (digest.decode() for text in texts for digest in _DIGEST.findall(text))


def _payload(raw: bytes) -> bytes:
    match = _PAYLOAD.match(raw)
    return b64decode(match[1]) if match else b""


def _values(text: bytes) -> bytes:
    return b"\n".join(urlsafe_b64decode(line + b"=" * (-len(line) % 4)) for line in text.split())


def _logs(entry: OpenedEntry) -> Iterator[str]:
    p = entry.payload
    yield from (p.public[name] for name in ("origin", "predecessor") if isinstance(p.public.get(name), str))
    if p.other:
        yield p.other.origin
