"""The bodies and answers of the addresses by which people sign in and out, and see how they are known."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from projections.documents.times import Time
from server.documents import ApiAnswer

Code = Annotated[str, Meta(min_length=1, max_length=100)]


class Empty(Struct, frozen=True, forbid_unknown_fields=True):
    """A body without content: `{}`."""


class PasskeyAssertion(Struct, frozen=True, forbid_unknown_fields=True):
    """The answer of an authenticator (WebAuthn, AuthenticationResponseJSON)."""

    credential: dict[str, Any]


class EnrolmentCode(Struct, frozen=True, forbid_unknown_fields=True):
    """A code that an administrator has made, which is good for 30 minutes."""

    code: Code


class NewPasskey(Struct, frozen=True, forbid_unknown_fields=True):
    """The code, and the answer of an authenticator (WebAuthn, RegistrationResponseJSON)."""

    code: Code
    credential: dict[str, Any]


class PasskeyId(Struct, frozen=True, forbid_unknown_fields=True):
    """The id of a passkey, as `/v1/account` shows it."""

    id: Annotated[str, Meta(min_length=1, max_length=1400)]


class PasskeyOptionsAnswer(ApiAnswer, frozen=True, tag="comity.api-passkey-options/1"):
    """What a browser needs for an authenticator (WebAuthn, `publicKey` as JSON), good for 5 minutes."""

    options: dict[str, Any]


class SignedInAnswer(ApiAnswer, frozen=True, tag="comity.api-signed-in/1"):
    """The person who has signed in, and until when at the longest. The session is a cookie that scripts cannot read."""

    name: str
    office: str
    until: Time


class PasskeyItem(Struct, frozen=True):
    """One passkey: its id, when it was registered, and when it was used last, null if never."""

    id: str
    made: Time
    used: Time | None


class AccountAnswer(ApiAnswer, frozen=True, tag="comity.api-account/1"):
    """The person who asks: their office, the roles in which they may see, and the keys and passkeys that are theirs.

    With the keys (hex) their entries are signed; the server has none of them.
    """

    account: str
    name: str
    office: str
    party: str
    roles: list[str]
    keys: list[str]
    passkeys: list[PasskeyItem]


class EndedAnswer(ApiAnswer, frozen=True, tag="comity.api-ended/1"):
    """What has ended: a number of sessions or passkeys."""

    ended: int
