"""The bodies and answers of the addresses at which persons ask for keys, and registrars decide."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Annotated, Literal

from msgspec import Meta, Struct

from ledger.facts.governance import RevocationCause
from ledger.facts.value_types import HEX_DIGITS
from ledger.tlog.note import Vkey
from ledger.trust.signed_policy import spoken
from projections.documents.times import Time
from server.documents import ApiAnswer
from server.identity.key_requests import LONGEST_DEVICE, LONGEST_REASON, Act

KeyHex = Annotated[str, Meta(pattern=f"^{HEX_DIGITS}$")]
KeyState = Literal["unregistered", "pending", "current", "ended", "compromised"]


class NewKeyRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """A public key (hex) that the signing page has made on a device, and the proof (base64url) that it holds the key.

    The proof is the Ed25519 signature of the key over `comity.key-request/1`, the origin of the log, the id of the
    account and the key, each followed by a line feed. With `old_key` the new key is to take the place of that one.
    """

    key: KeyHex
    device: Annotated[str, Meta(min_length=1, max_length=LONGEST_DEVICE)]
    proof: Annotated[str, Meta(min_length=86, max_length=86)]
    old_key: KeyHex | None = None


class KeyEndRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """A key of the person (hex) that is to end, and why."""

    key: KeyHex
    cause: RevocationCause


class KeyRequestId(Struct, frozen=True, forbid_unknown_fields=True):
    """The id of a request."""

    id: Annotated[str, Meta(min_length=1, max_length=64)]


class KeyRefusal(Struct, frozen=True, forbid_unknown_fields=True):
    """The id of a request, and the reason for its refusal, which its person reads."""

    id: Annotated[str, Meta(min_length=1, max_length=64)]
    reason: Annotated[str, Meta(min_length=1, max_length=LONGEST_REASON)]


class LogKey(Struct, frozen=True):
    """The origin of the log, its keys (c2sp.org/signed-note) with a space between, and the SHA-256 of that text.

    `words` is the fingerprint in words of five letters. A person compares them with what the registrar has said before
    a device makes a key for this log.
    """

    origin: str
    key: str
    fingerprint: str
    words: str

    @staticmethod
    def of(origin: str, keys: Iterable[Vkey]) -> LogKey:
        """Return the keys of a log, of which the newest comes last."""
        text = " ".join(key.text for key in keys)
        fingerprint = sha256(text.encode()).hexdigest()
        return LogKey(origin, text, fingerprint, spoken(fingerprint))


class AccountKey(Struct, frozen=True):
    """One key of a person: its state in the register, its roles there, and the name of its device, if it has one.

    `unregistered`: linked to the account, and not in the register. `pending`: its holder has not accepted it yet.
    """

    key: str
    state: KeyState
    roles: list[str]
    device: str


class KeyRequestItem(Struct, frozen=True):
    """One request: `enrol` asks for a key, `replace` for a key in place of `old_key`, `end` that a key ends."""

    id: str
    act: Act
    key: str
    old_key: str
    device: str
    cause: str
    made: Time
    state: Literal["waiting", "granted", "refused"]
    reason: str


class AccountKeysAnswer(ApiAnswer, frozen=True, tag="comity.api-account-keys/1"):
    """The keys of the person who asks, and what they have asked the registrar for."""

    log: LogKey
    keys: list[AccountKey]
    requests: list[KeyRequestItem]


class KeyRequestAnswer(ApiAnswer, frozen=True, tag="comity.api-key-request/1"):
    """A request that waits for the registrar."""

    request: KeyRequestItem


class InvitedBy(Struct, frozen=True):
    """The invitation of a guest: the order, the office that has invited, and when the guest used the link."""

    order: str
    by_office: str
    since: Time


class WaitingKeyRequest(Struct, frozen=True):
    """A request of a person, with what a registrar has to compare: the person, their office and their other keys.

    `roles` are the roles of the office, or those of them that the account has: a key is enrolled for some of them.
    `invited` is null unless the person is a guest.
    """

    account: str
    name: str
    office: str
    roles: list[str]
    request: KeyRequestItem
    keys: list[AccountKey]
    invited: InvitedBy | None = None


class KeyRequestsAnswer(ApiAnswer, frozen=True, tag="comity.api-key-requests/1"):
    """The requests that wait, oldest first."""

    requests: list[WaitingKeyRequest]
