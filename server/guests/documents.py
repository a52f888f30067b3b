"""The bodies and answers of the addresses at which an office invites guests, and a guest uses an invitation."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from projections.documents.times import Time
from server.documents import ApiAnswer, Head
from server.guests.invitations import DAYS, MOST_DAYS
from server.guests.requester import CHECKS, CheckId, Requester
from server.identity.accounts import LONGEST_NAME

Id = Annotated[str, Meta(min_length=1, max_length=64)]
Secret = Annotated[str, Meta(min_length=43, max_length=43)]
InvitationState = Literal["open", "expired", "used", "revoked"]


class NewInvitation(Struct, frozen=True, forbid_unknown_fields=True):
    """A person (`name`) of an office that the order names, and for how many days the link is good."""

    office: Annotated[str, Meta(min_length=1, max_length=200)]
    name: Annotated[str, Meta(min_length=1, max_length=LONGEST_NAME)]
    days: Annotated[int, Meta(ge=1, le=MOST_DAYS)] = DAYS


class InvitationId(Struct, frozen=True, forbid_unknown_fields=True):
    """The id of an invitation."""

    id: Id


class GuestAccount(Struct, frozen=True, forbid_unknown_fields=True):
    """The id of a guest's account."""

    account: Id


class LinkSecret(Struct, frozen=True, forbid_unknown_fields=True):
    """The secret of a link: the part behind its `#`."""

    secret: Secret


class GuestPasskey(Struct, frozen=True, forbid_unknown_fields=True):
    """The secret of a link, and the answer of an authenticator (WebAuthn, RegistrationResponseJSON)."""

    secret: Secret
    credential: dict[str, Any]


class InvitationItem(Struct, frozen=True):
    """One invitation: the person, their office, who has invited, and until when the link is good."""

    id: str
    office: str
    name: str
    by_office: str
    by_name: str
    made: Time
    until: Time
    state: InvitationState


class GuestItem(Struct, frozen=True):
    """A guest: the account, the office, the roles in which their keys may sign now, and whether access has ended."""

    account: str
    name: str
    office: str
    roles: list[str]
    since: Time
    ended: bool


class InvitationAnswer(ApiAnswer, frozen=True, tag="comity.api-invitation/1"):
    """A new invitation with its link, which no other answer has.

    `words` are the fingerprint of the log in words. The guest compares them in the signing page: hand them over by
    another way than the link.
    """

    invitation: InvitationItem
    link: str
    words: str


class GuestsAnswer(ApiAnswer, frozen=True, tag="comity.api-guests/1"):
    """The guests of an order, the invitations to it, and the offices of which people may be invited."""

    order: str
    invitations: list[InvitationItem]
    guests: list[GuestItem]
    offices: list[str]


class PolicyStatement(Struct, frozen=True, forbid_unknown_fields=True):
    """The items that the office of the caller asks of each requester."""

    asked: Annotated[list[CheckId], Meta(max_length=len(CHECKS))]


class PublishedPolicy(Struct, frozen=True):
    """A policy that an office has adopted in the register: its name, from when, its SHA-256, and the entry's index."""

    policy: str
    valid_from: str
    sha256: str
    entry: int


class RequesterAnswer(ApiAnswer, frozen=True, tag="comity.api-requester/1"):
    """What the record proves of the office that has issued an order, as of the head.

    Each item rests on entries, by their index: `GET /v1/entries/{index}` has them with their proofs. `domain` rests on
    the address at which the caller has reached the server. `policies` are the ones that the office of the caller has
    adopted in the register.
    """

    head: Head
    order: str
    requester: Requester
    policies: list[PublishedPolicy]


class PolicyAnswer(ApiAnswer, frozen=True, tag="comity.api-requester-policy/1"):
    """The items that an office asks of each requester, and all that may be asked."""

    office: str
    asked: list[CheckId]
    every: list[CheckId]


class LinkAnswer(ApiAnswer, frozen=True, tag="comity.api-guest-link/1"):
    """What a link says to the person who has it: who invites whom of which office, and until when.

    Nothing of an order is in it.
    """

    name: str
    office: str
    by_office: str
    by_name: str
    until: Time
    origin: str
