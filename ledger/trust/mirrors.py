"""Read and write the file `mirrors` of a trust folder: which cosigners of the policy state that they store the log.

    mirror mirror.example/xv+2c9d3a01+BEk0... https://mirror.example/xv

One line for each key, with the address where entries are sent and, if it is another one, the address where they are
read. A key in this file is also a `witness` of the policy. c2sp.org/tlog-policy knows no other word for a cosigner, and
c2sp.org/tlog-cosignature leaves it to those who write a policy to say what else a cosigner states. A line whose key is
not in the policy says nothing yet.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from ledger.errors import RecordError
from ledger.tlog.note import Vkey, parse_vkey
from ledger.tlog.policy import Policy

_LARGEST = 1 << 20  # bytes


class MirrorAddress(Struct, frozen=True):
    """Where a mirror takes entries and where it shows them: prefixes as in c2sp.org/tlog-mirror, without last slash."""

    submission: str
    monitoring: str

    @classmethod
    def of(cls, submission: str, monitoring: str = "") -> MirrorAddress:
        """Return the addresses of a mirror; by default it shows entries where it takes them."""
        return cls(submission.rstrip("/"), (monitoring or submission).rstrip("/"))


Mirrors = Mapping[Vkey, MirrorAddress]


def parse_mirrors(data: bytes, policy: Policy) -> dict[Vkey, MirrorAddress]:
    """Return the keys of mirrors among the witnesses of a policy, with their addresses; TRUST-FORMAT, CP-KEY."""
    mirrors, known = {}, set(policy.witnesses.values())
    if len(data) > _LARGEST:
        raise RecordError("TRUST-FORMAT", f"more than {_LARGEST} bytes", where="mirrors")
    for number, line in enumerate(data.decode("utf-8", "replace").split("\n"), 1):
        items = line.split()
        if not items or items[0].startswith("#"):
            continue
        if not 3 <= len(items) <= 4 or items[0] != "mirror":
            says = "a line reads: mirror VKEY URL, and another URL if entries are read elsewhere"
            raise RecordError("TRUST-FORMAT", says, where=f"mirrors, line {number}")
        if (key := parse_vkey(items[1])) in known:
            mirrors[key] = MirrorAddress.of(*items[2:])
    return mirrors


def format_mirrors(mirrors: Mirrors) -> bytes:
    """Return the file that `parse_mirrors` reads."""
    lines = []
    for key, address in mirrors.items():
        elsewhere = "" if address.monitoring == address.submission else f" {address.monitoring}"
        lines.append(f"mirror {key.text} {address.submission}{elsewhere}\n")
    return "".join(lines).encode()
