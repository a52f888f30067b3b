"""Decide which key may sign in which role, from which log position to which: a fold over the registry.

Positions decide, not dates. A key may sign from the entry after its holder accepted it up to the entry that
revoked it, rotated it or reported it as compromised. Rules and codes: docs/reference/verification.md, "Keys
and time". Pre-rotation follows KERI: a key commits to the digest of its successor.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from msgspec import Struct

from ledger.entries.envelope import OpenedEntry
from ledger.entries.payload import SignedBy
from ledger.errors import RecordError
from ledger.facts import KINDS, Fact
from ledger.formats.ed25519 import enrolable
from ledger.messages import Message

REGISTRY_ONLY = frozenset(
    {
        "party-registered",
        "authority-registered",
        "authority-changed",
        "declaration-recorded",
        "key-registered",
        "key-accepted",
        "key-rotated",
        "key-revoked",
        "key-compromised",
        "log-key-rotated",
        "log-succeeded",
        "witness-changed",
        "signing-page-published",
        "archive-made",
    }
)
# These say who may sign, or whose line a head needs. A reader that cannot read one does not know which keys hold.
KEY_KINDS = REGISTRY_ONLY - {"party-registered", "declaration-recorded", "signing-page-published", "archive-made"}
REGISTRY_TOO = frozenset(
    {
        "policy-adopted",
        "timestamp-anchored",
        "event-disputed",
        "notice-published",
        "controller-described",
        "transfers-suspended",
        "suspension-lifted",
    }
)


class Registrar(Struct, frozen=True):
    """The root of a registry, known from outside the log: actor, Party, raw public key in hex."""

    actor: str
    party: str
    key: str


class RegisteredKey(Struct):
    """One enrolled key: `accepted` and `ended` are log positions (from 0); it may sign strictly between them."""

    public: str
    actor: str
    roles: tuple[str, ...]
    accepted: int | None = None
    ended: int | None = None
    next_sha256: str | None = None
    suspected_since: str | None = None
    reported: int | None = None  # position of the first report of compromise


class SigningOffice(Struct):
    """A registered office, person or company: its Party and the roles it holds.

    `changes` has the log position of each entry that gave it roles, oldest first, with these roles.
    """

    actor: str
    party: str
    roles: tuple[str, ...]
    changes: list[tuple[int, tuple[str, ...]]] = []

    def roles_at(self, index: int) -> tuple[str, ...]:
        """Return the roles at a log position: those of the last entry before it."""
        for position, roles in reversed(self.changes):
            if position < index:
                return roles
        return ()

    def refuses(self, party: str, role: str, index: int) -> bool:
        """Return True if the register says otherwise at a log position: another Party, or a role that was taken away.

        A role that the register never gave to the office is not refused: another register may prove it.
        """
        before = [roles for position, roles in self.changes if position < index]
        return bool(before) and (
            self.party != party or (role in {r for roles in before for r in roles} - {*before[-1]})
        )


def fitting_roles(kind: str, held: Sequence[str], used: Collection[str] = ()) -> list[str]:
    """Return the roles of an office in which it may mean to sign an entry of this kind.

    They are the roles that fit the kind, else all that it holds; of these, those in which it has signed in the order
    (`used`), if there are any.
    """
    signers = KINDS[kind].signers if kind in KINDS else ()
    fitting = [role for role in held if role in signers] or list(held)
    return [role for role in fitting if role in used] or fitting


class Keyring(Struct):
    """The keys and offices of one ledger after the entries that were admitted so far.

    `unread` has the log position of each entry of a key kind whose schema, or whose kind, this reader does not know.
    """

    registry: str  # id of the registry order
    registrar: Registrar
    keys: dict[str, RegisteredKey] = {}
    offices: dict[str, SigningOffice] = {}
    unread: list[int] = []

    def __post_init__(self) -> None:
        r = self.registrar
        if not enrolable(bytes.fromhex(r.key)):
            raise RecordError("KEY-POINT", "the registrar's key is not a point of prime order", where=r.actor)
        self.keys[r.key] = RegisteredKey(r.key, r.actor, ("ADM",), accepted=-1)
        self.offices[r.actor] = SigningOffice(r.actor, r.party, ("ADM",), [(-1, ("ADM",))])

    def current(self, actor: str) -> Iterator[RegisteredKey]:
        """Yield the keys with which an actor may sign the next entry."""
        return (k for k in self.keys.values() if k.actor == actor and k.accepted is not None and k.ended is None)

    def admit(self, opened: OpenedEntry, index: int) -> None:
        """Check that the signer may sign at this position, and apply the changes of a registry entry.

        Raises `RecordError`: KEY-UNKNOWN, KEY-ENDED, KEY-ROLE (registry only), KEY-POINT, KEY-ROTATION,
        CTX-ORDER.
        """
        self.check(opened, index)
        if opened.payload.order != self.registry:
            return
        if _kind(opened):
            self._apply(opened, index)
        elif opened.payload.kind in KEY_KINDS or opened.payload.kind.startswith("key-"):
            self.unread.append(index)

    def check(self, opened: OpenedEntry, index: int) -> None:
        """Check that the signer may sign this entry at this position, without a change of the keyring.

        Entries of orders may be checked against a keyring that has read the whole registry, because positions
        decide.
        """
        p = opened.payload
        key = self.check_key(p.signer, index, accepts=p.kind == "key-accepted")
        if p.order == self.registry:
            self._check_registry(opened, key, index)
        elif p.kind in REGISTRY_ONLY:
            raise RecordError("CTX-ORDER", Message("{0} stands in the registry, not in an order", p.kind))

    def check_key(self, signer: SignedBy, index: int, *, accepts: bool = False) -> RegisteredKey:
        """Return the signer's key if it may sign at this position; raises KEY-UNKNOWN or KEY-ENDED if not.

        `accepts`: the entry accepts this key, which is the only entry that a key may sign before it is
        accepted.
        """
        key = self.keys.get(signer.key)
        pending = key is not None and (key.accepted is None or index <= key.accepted)
        if key is None or key.actor != signer.actor or (pending and not accepts):
            reason = "is registered but not yet accepted" if pending else "is not enrolled"
            raise RecordError("KEY-UNKNOWN", f"the key of {signer.actor} {reason} at position {index}")
        if key.ended is not None and index > key.ended:
            raise RecordError("KEY-ENDED", Message("the key of {0} ended at position {1}", key.actor, key.ended))
        office = self.offices.get(signer.actor)
        if office is None or office.party != signer.party:
            raise RecordError(
                "KEY-UNKNOWN", Message("{0} is not registered as an office of {1}", signer.actor, signer.party)
            )
        return key

    def holds(self, signer: SignedBy, index: int) -> bool:
        """Return True if the signer's key, and its office at this position, hold the role that the signer claims."""
        key, office = self.keys.get(signer.key), self.offices.get(signer.actor)
        return (
            key is not None
            and office is not None
            and signer.role in key.roles
            and signer.role in office.roles_at(index)
        )

    def check_role(self, signer: SignedBy, index: int) -> None:
        """Raise `RecordError` KEY-ROLE if the signer does not hold, at this position, the role that it claims."""
        if self.holds(signer, index):
            return
        key, office = self.keys.get(signer.key), self.offices.get(signer.actor)
        roles = [role for role in (key.roles if key else ()) if office and role in office.roles_at(index)]
        raise RecordError(
            "KEY-ROLE",
            Message("{0} does not hold the role {1}", signer.actor, signer.role),
            where=signer.actor,
            hint=Message("this key holds {0}; the registrar enrols a key for another role", ", ".join(roles))
            if roles
            else Message("this key holds no role; the registrar enrols a key for another role"),
        )

    def _check_registry(self, opened: OpenedEntry, key: RegisteredKey, index: int) -> None:
        p = opened.payload
        if p.instrument is not None:
            raise RecordError("CTX-INSTRUMENT", "entries of the registry have no instrument")
        kind = _kind(opened)
        if kind is None:
            return  # a kind of a later version changes no key that this reader knows (`unread`)
        if p.kind not in REGISTRY_ONLY and p.kind not in REGISTRY_TOO:
            raise RecordError("CTX-ORDER", Message("{0} belongs to an order, not to the registry", p.kind))
        if p.speaks != "act":
            raise RecordError("KEY-ROLE", Message("the registry takes acts only"))
        if p.signer.role not in kind.signers or not self.holds(p.signer, index):
            raise RecordError("KEY-ROLE", Message("{0} may not sign {1} as {2}", p.signer.actor, p.kind, p.signer.role))
        check = _CHECKS.get(p.kind)
        if check:
            check(self, p.public, key, p.signer.role)

    # -- what each kind of registry entry asks for -------------------------------------------------------------------

    def _check_office(self, said: dict[str, Any], key: RegisteredKey, role: str) -> None:
        if said["actor"] in self.offices:
            raise RecordError(
                "KEY-ROLE",
                Message("{0} is registered already", said["actor"]),
                hint=Message("record authority-changed"),
            )

    def _check_changed(self, said: dict[str, Any], key: RegisteredKey, role: str) -> None:
        if said["actor"] not in self.offices:
            raise RecordError("KEY-UNKNOWN", Message("{0} is not registered", said["actor"]))

    def _check_enrolment(self, said: dict[str, Any], key: RegisteredKey, role: str) -> None:
        if said["actor"] == key.actor:
            raise RecordError(
                "KEY-ROLE", Message("the registrar may not enrol a key for itself"), hint=Message("rotate it")
            )
        if said["actor"] not in self.offices:
            raise RecordError(
                "KEY-UNKNOWN",
                Message("{0} is not registered", said["actor"]),
                hint=Message("record authority-registered first"),
            )
        self._check_new(said["key"])

    def _check_acceptance(self, said: dict[str, Any], key: RegisteredKey, role: str) -> None:
        if said["key"] != key.public:
            raise RecordError("KEY-UNKNOWN", "a key is accepted by itself: proof of possession")
        if key.accepted is not None:
            raise RecordError("KEY-ROTATION", Message("this key was accepted before"))

    def _check_rotation(self, said: dict[str, Any], key: RegisteredKey, role: str) -> None:
        old = self._named(said["actor"], said["old_key"])
        self._check_new(said["new_key"])
        if key.public == old.public:
            if old.next_sha256 != hashlib.sha256(bytes.fromhex(said["new_key"])).hexdigest():
                raise RecordError("KEY-ROTATION", Message("the new key is not the one committed to before"))
        elif role != "ADM":  # that the key and its office hold it was checked before
            raise RecordError("KEY-ROLE", Message("a key is rotated by itself or by the keeper of the register"))

    def _check_end(self, said: dict[str, Any], key: RegisteredKey, role: str) -> None:
        self._named(said["actor"], said.get("key"))

    def _check_new(self, public: str) -> None:
        if public in self.keys:
            raise RecordError("KEY-ROTATION", Message("this key is in the register already; keys are never used twice"))
        if not re.fullmatch("[0-9a-f]{64}", public) or not enrolable(bytes.fromhex(public)):
            raise RecordError(
                "KEY-POINT", "not 64 hex digits of a point of prime order; anybody could sign under others"
            )

    def _named(self, actor: str, public: str | None) -> RegisteredKey:
        if public is None:
            public = next((k.public for k in self.current(actor)), "")
        key = self.keys.get(public)
        if key is None or key.actor != actor:
            raise RecordError("KEY-UNKNOWN", Message("no such key of {0}", actor))
        return key

    # -- what it changes ----------------------------------------------------------------------------------------------

    def _apply(self, opened: OpenedEntry, index: int) -> None:
        p = opened.payload
        public = p.public
        match p.kind:
            case "authority-registered":
                roles = tuple(public["roles"])
                self.offices[public["actor"]] = SigningOffice(public["actor"], public["party"], roles, [(index, roles)])
            case "authority-changed" if "roles" in public:
                office = self.offices[public["actor"]]
                office.roles = tuple(public["roles"])
                office.changes.append((index, office.roles))
            case "key-registered":
                key = RegisteredKey(
                    public["key"], public["actor"], tuple(public["roles"]), next_sha256=public.get("next_key_sha256")
                )
                self.keys[key.public] = key
            case "key-accepted":
                self.keys[public["key"]].accepted = index
            case "key-rotated":
                old = self.keys[public["old_key"]]
                by_itself = p.signer.key == old.public
                old.ended = index if old.ended is None else old.ended
                new = RegisteredKey(public["new_key"], old.actor, old.roles, next_sha256=public.get("next_key_sha256"))
                new.accepted = index if by_itself else None
                self.keys[new.public] = new
            case "key-revoked":
                key = self._named(public["actor"], public.get("key"))
                key.ended = index if key.ended is None else key.ended
            case "key-compromised":
                key = self._named(public["actor"], public.get("key"))
                key.ended = index if key.ended is None else key.ended
                key.reported = index if key.reported is None else key.reported
                since: str = public["suspected_since"]
                key.suspected_since = min(since, key.suspected_since or since)  # may become earlier, never later
            case _:
                pass


def _kind(opened: OpenedEntry) -> type[Fact] | None:
    """Return the class of an entry's kind if this reader knows it in this schema: only then are its fields checked."""
    kind = KINDS.get(opened.payload.kind)
    return kind if kind is not None and kind.schema == opened.payload.schema else None


_CHECKS = {
    "authority-registered": Keyring._check_office,
    "authority-changed": Keyring._check_changed,
    "key-registered": Keyring._check_enrolment,
    "key-accepted": Keyring._check_acceptance,
    "key-rotated": Keyring._check_rotation,
    "key-revoked": Keyring._check_end,
    "key-compromised": Keyring._check_end,
}
