"""Read what a verifier holds from elsewhere: a trust folder, or a checkpoint from an independent source.

A bundle cannot prove that it is authentic. Keys of the log and of witnesses come from a policy. Keys of
people come from the registry, as far as it leads back to the signature of a registrar whose key came by
another way. Alternatively, a checkpoint from the court file pins the whole log. Without either the best
verdict is INDETERMINATE NO_TRUST_ANCHOR.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from hashlib import sha256

from msgspec import Struct, field

from ledger.entries.keyring import Registrar
from ledger.errors import RecordError
from ledger.tlog.note import Checkpoint, Vkey, parse_checkpoint
from ledger.tlog.policy import Policy, parse_policy
from ledger.trust.mirrors import Mirrors, parse_mirrors

_REGISTRAR = re.compile(r"([a-z0-9_.-]{1,200}) ([A-Z][A-Z0-9-]{1,31}) ([0-9a-f]{64})\n?")
OTHERS = "others/"
_FILE = re.compile(r"(?:others/[^/]+/)?(?:policy|registrar)|mirrors|tsa/[^/]+\.(?:pem|crt|cer|der)")
_TSA = re.compile(r"tsa/.*\.(?:pem|crt|cer|der)")


class Sizes(Struct, frozen=True):
    """The sizes that a key of a log signs: from `first` on, and below `end` unless that is None."""

    first: int
    end: int | None = None

    def __contains__(self, size: int) -> bool:
        return self.first <= size and (self.end is None or size < self.end)


class Trust(Struct, frozen=True):
    """A parsed trust folder: the policy, its exact text, and the registrar; without one, people's keys have no root.

    `authorities` are the certificate files of trusted time-stamp authorities and of their issuers. `others`
    is the trust in the records of other parties. `mirrors` are the witnesses of the policy that state that they store
    the log, with their addresses. Only a signed policy (`signed_policy`) sets `sizes`, the
    sizes that each key of a log signs (by vkey), and `until`, the moment when it expires (UTC).
    """

    policy: Policy
    raw: bytes
    registrar: Registrar | None
    authorities: tuple[bytes, ...] = ()
    others: tuple[Trust, ...] = ()
    sizes: Mapping[str, Sizes] = field(default_factory=dict)
    until: datetime | None = None
    mirrors: Mirrors = field(default_factory=dict)

    def signs(self, key: Vkey, size: int) -> bool:
        """Return True if `key` of the log signs a tree of this size, or if no sizes are given for it."""
        return key.text not in self.sizes or size in self.sizes[key.text]


def parse_trust(files: Mapping[str, bytes]) -> Trust:
    """Read a trust folder: `policy` (c2sp.org/tlog-policy) and `registrar` (one line: actor, Party, 64 hex digits).

    `registrar` and `mirrors` may be missing. Files under `tsa/` are certificates of time-stamp authorities,
    folders under `others/` the trust in other records. Raises POL-* for a bad policy, TRUST-FORMAT for a
    missing one, or for a bad line of a registrar or a mirror.
    """
    if "policy" not in files:
        raise RecordError("TRUST-FORMAT", "a trust folder has a file named policy", where="policy")
    raw = files["policy"]
    registrar = parse_registrar(files["registrar"]) if "registrar" in files else None
    authorities = tuple(files[name] for name in sorted(files) if _TSA.match(name))
    policy = parse_policy(raw)
    mirrors = parse_mirrors(files.get("mirrors", b""), policy)
    return Trust(policy, raw, registrar, authorities, tuple(_others(files)), mirrors=mirrors)


def trusted_files(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the files of a plain trust folder that a verifier reads, sorted by name."""
    return {name: files[name] for name in sorted(files) if _FILE.fullmatch(name)}


def fingerprint_of(files: Mapping[str, bytes]) -> str:
    """Return the fingerprint of a plain trust folder in hex: the digest of the list of its files with their digests.

    The list has the format of `sha256sum`, sorted by name.
    """
    lines = (f"{sha256(data).hexdigest()}  {name}\n" for name, data in trusted_files(files).items())
    return sha256("".join(lines).encode()).hexdigest()


def _others(files: Mapping[str, bytes]) -> Iterator[Trust]:
    """Yield the trust folders under `others/`: one for each party whose entries are wrapped in the record."""
    folders: dict[str, dict[str, bytes]] = {}
    for path, content in sorted(files.items()):
        if path.startswith(OTHERS):
            name, _, file = path.removeprefix(OTHERS).partition("/")
            folders.setdefault(name, {})[file] = content
    return map(parse_trust, folders.values())


def parse_registrar(line: bytes) -> Registrar:
    """Read the line that names the registrar; TRUST-FORMAT unless it is `<actor> <party> <64 hex digits>`."""
    match = _REGISTRAR.fullmatch(line.decode("ascii", "replace"))
    if match is None:
        raise RecordError(
            "TRUST-FORMAT",
            "the registrar is one line: actor, Party, public key in 64 hex digits",
            where="registrar",
            hint="for example: registrar XO 3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29",
        )
    return Registrar(match[1], match[2], match[3])


def format_registrar(registrar: Registrar) -> bytes:
    """Return the line that `parse_registrar` reads."""
    return f"{registrar.actor} {registrar.party} {registrar.key}\n".encode()


def parse_anchor(data: bytes) -> Checkpoint:
    """Read a checkpoint that was held independently: a whole note, or its three lines as typed from paper.

    Signature lines are ignored: the independent source makes it an anchor. Carriage returns, blank lines
    around it and spaces at the ends of lines, which typing leaves, are accepted. Raises CP-FORMAT, CP-ORIGIN.
    """
    if len(data) > 65_536:
        raise RecordError("CP-FORMAT", f"{len(data)} bytes are no checkpoint", where="anchor")
    typed = data.decode("utf-8", "replace").removeprefix("\ufeff")
    lines = [line.strip() for line in typed.strip().splitlines()]
    if len(lines) > 3 and lines[3]:
        raise RecordError("CP-FORMAT", "a checkpoint has three lines: origin, size, root", where="anchor")
    try:
        return parse_checkpoint("".join(f"{line}\n" for line in lines[:3]))
    except RecordError as wrong:
        raise RecordError(wrong.code, wrong.says, where="anchor", hint="three lines: origin, size, root") from wrong
