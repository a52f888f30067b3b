"""Say what the record proves of the office that asks, item by item, before a guest discloses anything.

Each item rests on entries, by their index in the log: a reader can verify them in a bundle without this server. An
item that the record does not prove is not proven, whatever may be true.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Final, Literal, get_args
from urllib.parse import urlsplit

from msgspec import Struct

from ledger.entries.case import Case, Entry
from ledger.entries.keyring import RegisteredKey
from ledger.law.parties.party_register import fold

CheckId = Literal["signature", "key", "registrar", "key-current", "office", "source", "validated", "notified", "domain"]
Answer = Literal["proven", "not-proven", "not-asked"]
CHECKS: Final[tuple[CheckId, ...]] = get_args(CheckId)
VALIDATES: Final = ("order-supervised", "order-validated")


class Check(Struct, frozen=True):
    """One item: what it is about, its answer, the entries (index in the log, from 0) that it rests on, and a value."""

    id: CheckId
    answer: Answer
    entries: list[int]
    value: str


class Requester(Struct, frozen=True):
    """The office that has issued an order: its id, Party, registered name, and the key (hex) that signed the issue."""

    office: str
    party: str
    name: str
    role: str
    key: str
    issued: int
    checks: list[Check]


def issue_of(case: Case) -> Entry | None:
    """Return the newest entry that issues an order; None without one."""
    return next((e for e in reversed(case.entries) if e.kind == "order-issued" and e.order == case.order), None)


def requester(
    case: Case,
    issued: Entry,
    keys: Iterable[RegisteredKey],
    *,
    signed: bool,
    origin: str,
    base: str,
    asked: Collection[CheckId] = CHECKS,
) -> Requester:
    """Return what the record proves of the office that has issued an order.

    `keys` are those of the office in the register, `signed` says that the signature of the issue holds, `base` is the
    URL at which the reader has reached the server of the log `origin`. An item that is not among `asked` is not asked.
    """
    register = fold(case.registry)
    office = register.office(issued.by)
    known = next((key for key in keys if key.public == issued.key), None)
    facts = _Facts(case, issued, known, signed=signed, origin=origin, base=base)
    checks = [
        Check(id, ("proven" if holds else "not-proven") if id in asked else "not-asked", [e.index for e in some], value)
        for id, holds, some, value in facts.all(register.roles(issued.by, issued.at))
    ]
    name = "" if office is None else next(iter(office.names.values()), "")
    return Requester(issued.by, issued.party, name, issued.role, issued.key, issued.index, checks)


_Fact = tuple[CheckId, bool, Sequence[Entry], str]


class _Facts:
    """What is on record of one issue."""

    def __init__(
        self, case: Case, issued: Entry, key: RegisteredKey | None, *, signed: bool, origin: str, base: str
    ) -> None:
        self._case = case
        self._issued = issued
        self._key = key
        self._signed = signed
        self._origin = origin
        self._base = base

    def all(self, roles: Collection[str]) -> list[_Fact]:
        """Return every item; `roles` are those of the office when the issue was signed."""
        issued, key = self._issued, self._key
        own = issued.speaks == "act" and issued.get("issuing_authority") in (None, issued.by)
        entered = self._of_key("key-registered", "key-rotated")
        accepted = self._of_key("key-accepted")
        ended = self._of_key("key-revoked", "key-compromised")
        offices = [
            e for e in self._registry("authority-registered", "authority-changed") if e.get("actor") == issued.by
        ]
        sources = [e for e in offices if e.get("source")]
        by_others = [e for e in entered if e.by != issued.by]
        in_time = key is not None and key.accepted is not None and key.accepted < issued.index
        validated = [e for e in self._case.entries if e.kind in VALIDATES and e.held]
        notified = [e for e in self._case.entries if e.kind == "notification-sent" and e.held]
        domain, host = self._origin.partition("/")[0], urlsplit(self._base).hostname or ""
        return [
            ("signature", self._signed and issued.held and own, [issued], issued.key),
            ("key", in_time, [*entered, *accepted], issued.key),
            ("registrar", bool(by_others), by_others, ", ".join(dict.fromkeys(e.by for e in by_others))),
            ("key-current", in_time and not ended and key is not None and key.ended is None, ended, ""),
            ("office", bool(offices) and issued.role in roles, offices, issued.by),
            ("source", bool(sources), sources, ", ".join(_digest(e) for e in sources[-1:])),
            ("validated", bool(validated), validated, ", ".join(dict.fromkeys(e.by for e in validated))),
            ("notified", bool(notified), notified, ", ".join(str(e.get("notified_authority")) for e in notified)),
            ("domain", _is_of(self._base, domain), [], f"{domain}, {host}"),
        ]

    def _registry(self, *kinds: str) -> list[Entry]:
        return [e for e in self._case.registry if e.kind in kinds]

    def _of_key(self, *kinds: str) -> list[Entry]:
        """Return the entries of the register that name the key of the issue, or that end the key of its office."""
        names = ("key", "new_key")
        return [
            e
            for e in self._registry(*kinds)
            if self._issued.key in [e.get(name) for name in names]
            or (e.get("actor") == self._issued.by and not any(e.get(name) for name in names))
        ]


def _digest(entry: Entry) -> str:
    source = entry.get("source")
    return f"SHA-256 {source['sha256']}" if isinstance(source, dict) and source.get("sha256") else str(source)


def _is_of(base: str, domain: str) -> bool:
    """Return True if a URL is under HTTPS at a domain or a name below it."""
    parts = urlsplit(base)
    host = parts.hostname or ""
    return parts.scheme == "https" and "." in domain and (host == domain or host.endswith(f".{domain}"))
