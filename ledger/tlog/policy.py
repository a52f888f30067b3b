"""Read a trust policy: the trusted logs and witnesses, how many witnesses must have seen a checkpoint, and auditors.

    log ledger.example/xo/karsk+c3fc0c24+Adwk04gl1jQl...
    witness y witness.example/fr-y+66cc80a3+BMykNjsNccI7...
    witness z witness.example/nl-z+4c4c446c+BPov8UsmuCEy...
    group both all y z
    quorum both
    auditor karsk auditor.example/karsk/audit/8d85...+3f0c2a91+Bm9Z...

Source: c2sp.org/tlog-policy, which has no `auditor` lines and treats names as octets. Here they are strings, in
which an octet outside UTF-8 is a lone surrogate (print key names, not these). Stricter for security: a key has
one purpose. A log signs with 0x01 (Ed25519), 0x06 (ML-DSA-44), or with keys of both.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

from msgspec import Struct

from ledger.errors import RecordError
from ledger.formats.ed25519 import enrolable
from ledger.tlog.audit_statement import named_statement
from ledger.tlog.note import COSIGNATURE, ED25519, MLDSA44, Vkey, decimal, parse_vkey

NONE = "none"

_LARGEST = 1 << 20
_MOST_KEYS = 256  # logs, witnesses and auditors together; a note has at most 16 lines
_OCTETS = re.compile(rb"[\t\n\x20-\x7e\x80-\xff]*")
_PLAIN = re.compile(r"[!-~]{1,64}")  # the name of an auditor, which reports print
_RESERVED = re.compile(r"all|any|none|[0-9]+")


class WitnessGroup(Struct, frozen=True):
    """Witnesses or earlier groups, of which `threshold` must have cosigned."""

    members: tuple[str, ...]
    threshold: int


class Policy(Struct, frozen=True):
    """A parsed trust policy: `quorum` is the name of a witness or group, or "none".

    `groups` are in the order of their definition, so that members come before their groups. `urls` has the
    address of a log, witness or auditor if the text gives one. `auditors` are the keys whose statements are
    asked for, by their names in the policy; they count toward no quorum.
    """

    logs: tuple[Vkey, ...]
    witnesses: Mapping[str, Vkey]
    groups: Mapping[str, WitnessGroup]
    quorum: str
    urls: Mapping[Vkey, str] = {}
    auditors: Mapping[str, Vkey] = {}

    def names(self, keys: Iterable[Vkey]) -> set[str]:
        """Return the policy's names for the witnesses among `keys`."""
        cosigners = set(keys)
        return {name for name, key in self.witnesses.items() if key in cosigners}

    def met(self, names: Collection[str]) -> bool:
        """Return True if cosignatures of the witnesses `names` meet the quorum."""
        seen = self.witnesses.keys() & set(names)
        for name, group in self.groups.items():
            if len(seen.intersection(group.members)) >= group.threshold:
                seen.add(name)
        return self.quorum == NONE or self.quorum in seen

    def voters(self) -> frozenset[str]:
        """Return the witnesses whose cosignatures can count toward the quorum; times of the others prove nothing."""
        wanted = {self.quorum}
        for name, group in reversed(list(self.groups.items())):
            if name in wanted:
                wanted.update(group.members)
        return frozenset(wanted & self.witnesses.keys())

    def faults(self) -> int | None:
        """Return how many witnesses may be dishonest while brackets of times stay true; None if there are no brackets.

        max(0, 2k - n - 1) for one group of k out of n witnesses, where a single witness is a group of one;
        None for `quorum none` and for groups of groups.
        """
        group = WitnessGroup((self.quorum,), 1) if self.quorum in self.witnesses else self.groups.get(self.quorum)
        if group is None or not self.witnesses.keys() >= set(group.members):
            return None
        return max(0, 2 * group.threshold - len(group.members) - 1)


NO_POLICY = Policy((), {}, {}, NONE)  # names no log, witness or auditor


def parse_policy(data: bytes) -> Policy:
    """Read a policy text.

    POL-FORMAT: a malformed line, or more than 256 keys. POL-KEY: a key that is malformed, of the wrong type,
    of low order, or not distinguishable from another one. POL-NAME: a name that is reserved, taken or
    unknown. POL-QUORUM: an impossible threshold or quorum.
    """
    if len(data) > _LARGEST or not _OCTETS.fullmatch(data) or data[-1:] not in (b"", b"\n"):
        raise RecordError("POL-FORMAT", "a policy has lines, each ended by a newline, without control characters")
    draft = _Draft()
    for number, line in enumerate(data.decode("utf-8", "surrogateescape").split("\n"), 1):
        items = [item for item in re.split("[ \t]+", line) if item]
        if items and not items[0].startswith("#"):
            draft.read(items, f"line {number}")
    return draft.policy()


class _Draft:
    """A policy while its lines are read."""

    def __init__(self) -> None:
        self.logs: list[Vkey] = []
        self.witnesses: dict[str, Vkey] = {}
        self.auditors: dict[str, Vkey] = {}
        self.groups: dict[str, WitnessGroup] = {}
        self.urls: dict[Vkey, str] = {}
        self.quorum: str | None = None
        self.keys: dict[bytes | str, Vkey] = {}
        self.grouped: set[str] = set()

    def read(self, items: list[str], where: str) -> None:
        match items:
            case ["log", vkey, *url]:
                self.logs.append(self.key(vkey, url, (ED25519, MLDSA44), where))
            case ["witness", name, vkey, *url]:
                self.new(name, where)
                self.witnesses[name] = self.key(vkey, url, (COSIGNATURE, MLDSA44), where)
            case ["auditor", name, vkey, *url]:
                self.new(name, where)
                if not _PLAIN.fullmatch(name):
                    raise RecordError("POL-NAME", "an auditor has a name of 1 to 64 ASCII characters", where=where)
                self.auditors[name] = self.key(vkey, url, (MLDSA44,), where)
                try:
                    named_statement(self.auditors[name])
                except RecordError as refused:
                    raise RecordError("POL-KEY", refused.says, where=where) from refused
            case ["group", name, threshold, *members]:
                self.new(name, where)
                self.groups[name] = self.group(threshold, members, where)
            case ["quorum", name]:
                if self.quorum is not None:
                    raise RecordError("POL-QUORUM", "a second quorum line", where=where)
                if name != NONE:
                    self.defined(name, where)
                self.quorum = name
            case _:
                raise RecordError("POL-FORMAT", f"not a line of a policy: {items[0]!r}", where=where)

    def policy(self) -> Policy:
        if self.quorum is None:
            raise RecordError("POL-QUORUM", "no quorum line", hint="quorum none, if no witness is asked for")
        return Policy(tuple(self.logs), self.witnesses, self.groups, self.quorum, self.urls, self.auditors)

    def key(self, vkey: str, url: list[str], types: Collection[int], where: str) -> Vkey:
        try:
            key = parse_vkey(vkey)
        except RecordError as refused:
            raise RecordError("POL-KEY", refused.says, where=where) from refused
        if key.type not in types:
            raise RecordError("POL-KEY", f"a key of type 0x{key.type:02x} does not do this job", where=where)
        if key.type != MLDSA44 and not enrolable(key.public):
            raise RecordError("POL-KEY", "this key is no point of prime order: others could sign for it", where=where)
        if other := self.keys.get(key.public) or self.keys.get(key.id):  # an id has 32 bits, so a collision can be made
            raise RecordError("POL-KEY", f"not to be told from {other.id}: one key, one name, one job", where=where)
        if len(self.keys) >= 2 * _MOST_KEYS:
            raise RecordError("POL-FORMAT", f"more than {_MOST_KEYS} keys", where=where)
        self.keys |= {key.public: key, key.id: key}
        if len(url) > 1 or (url and url[0].startswith("#")):
            raise RecordError("POL-FORMAT", "too much after the key; a comment is a line of its own", where=where)
        if url:
            self.urls[key] = url[0]
        return key

    def group(self, threshold: str, members: list[str], where: str) -> WitnessGroup:
        for member in members:
            self.defined(member, where)
            if member in self.grouped:
                raise RecordError("POL-NAME", f"{member!r} is a member already", where=where)
            self.grouped.add(member)
        try:
            k = {"any": 1, "all": len(members)}.get(threshold) or decimal(threshold)
        except ValueError as error:
            raise RecordError(
                "POL-QUORUM", f"a threshold is all, any or a number: {threshold!r}", where=where
            ) from error
        if not 1 <= k <= len(members):
            raise RecordError("POL-QUORUM", f"{threshold} of {len(members)} members cannot be", where=where)
        return WitnessGroup(tuple(members), k)

    def new(self, name: str, where: str) -> None:
        if _RESERVED.fullmatch(name) or name in {*self.witnesses, *self.groups, *self.auditors}:
            raise RecordError("POL-NAME", f"the name {name!r} is reserved or taken", where=where)

    def defined(self, name: str, where: str) -> None:
        if name not in self.witnesses and name not in self.groups:
            raise RecordError("POL-NAME", f"no witness or group {name!r} is defined above", where=where)
