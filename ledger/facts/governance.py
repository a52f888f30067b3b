"""Offices, keys, declarations, disputes, and the log itself."""

from __future__ import annotations

from typing import Annotated, Literal

from ledger.facts.kind import Fact, SealedField
from ledger.facts.readers import ALL_SIDES_AND_OVERSIGHT, CORRESPONDENTS
from ledger.facts.value_types import (
    Actor,
    AttachedFile,
    Date,
    Digest,
    Event,
    Language,
    Names,
    NewActor,
    Party,
    PastInstant,
    PublicKey,
    Role,
    State,
    Text,
    Treaty,
    Zone,
)
from ledger.facts.vocabulary import SIGNERS

NameReason = Literal["by-law", "company-register", "trade-name"]


class PartyRegistered(Fact):
    """A Party enters the register, with its calendar and what is known of its treaties."""

    basis = ("2AP:19",)
    signers = ("ADM",)

    party: Annotated[State, "The Party."]
    names: Annotated[Names | None, "What it is called."] = None
    names_reason: Annotated[
        NameReason | None, "Why it has a name that reads like words of this program, which is refused otherwise."
    ] = None
    zone: Annotated[Zone, "Its time zone, by IANA name."]
    holidays: Annotated[
        tuple[Date, ...] | None,
        "Its public holidays. Absent: those of the pinned package; an empty list: none.",
    ] = None
    declarations_verified: Annotated[bool, "Somebody read its declarations, or read that there are none."]
    in_force: Annotated[tuple[Treaty, ...] | None, "Treaties taken to be in force, as 2AP=2027-01-01."] = None
    not_bound_by: Annotated[tuple[str, ...] | None, "Acts that do not bind the Party, as EPOC."] = None
    languages: Annotated[
        tuple[Language, ...] | None,
        "Its official languages, and those that it accepts, as two-letter codes.",
    ] = None


class AuthorityRegistered(Fact):
    """An office enters the register."""

    basis = ("2AP:7(5)(e)", "2AP:8(10)", "EPOC:31(1)")
    signers = ("ADM",)

    actor: Annotated[NewActor, "The office."]
    party: Annotated[Party, "Whose office."]
    roles: Annotated[tuple[Role, ...], "In which roles it may sign."]
    names: Annotated[Names | None, "What it is called, as reports print it."] = None
    names_reason: Annotated[
        NameReason | None, "Why it has a name that reads like words of this program, which is refused otherwise."
    ] = None
    designations: Annotated[tuple[str, ...] | None, "Declarations under which it is designated."] = None
    valid_from: Annotated[Date, "From when."]
    valid_until: Annotated[Date | None, "Until when."] = None
    source: Annotated[AttachedFile | None, "Where this was read."] = None
    languages: Annotated[tuple[Language, ...] | None, "The languages that it accepts, as two-letter codes."] = None


class AuthorityChanged(Fact):
    """The entry of an office is changed."""

    basis = ("2AP:7(5)(f)", "2AP:8(12)", "EPOC:31")
    signers = ("ADM",)

    actor: Annotated[Actor, "The office."]
    roles: Annotated[tuple[Role, ...] | None, "Its roles from now on."] = None
    names: Annotated[Names | None, "What it is called from now on."] = None
    names_reason: Annotated[
        NameReason | None, "Why it has a name that reads like words of this program, which is refused otherwise."
    ] = None
    designations: Annotated[tuple[str, ...] | None, "Its designations from now on."] = None
    valid_from: Annotated[Date, "From when."]
    valid_until: Annotated[Date | None, "Until when."] = None
    source: Annotated[AttachedFile | None, "Where this was read."] = None
    languages: Annotated[tuple[Language, ...] | None, "The languages that it accepts, as two-letter codes."] = None


class DeclarationRecorded(Fact):
    """A declaration, reservation or notification of a Party enters the register."""

    basis = ("2AP:19", "EPOC:31")
    signers = ("ADM",)

    party: Annotated[Party, "Whose."]
    declaration: Annotated[str, "Its code."]
    terms: Annotated[str | None, "Its terms, as a code."] = None
    verified: Annotated[bool, "Somebody read the text itself."]
    valid_from: Annotated[Date, "From when."]
    valid_until: Annotated[Date | None, "Until when."] = None
    source: Annotated[AttachedFile | None, "Where this was read."] = None
    named_circumstances: Annotated[tuple[str, ...] | None, "The circumstances it names."] = None


class KeyRegistered(Fact):
    """A key enters the register."""

    basis = ("2AP:7(6)",)
    signers = ("ADM",)

    actor: Annotated[Actor, "Whose key."]
    key: Annotated[PublicKey, "The public key."]
    roles: Annotated[tuple[Role, ...], "The roles in which it may sign."]
    next_key_sha256: Annotated[Digest | None, "Digest of the key that will follow: a rotation must lead there."] = None

    holder: Annotated[Text | None, SealedField(ALL_SIDES_AND_OVERSIGHT), "The person who holds it."] = None


class KeyAccepted(Fact):
    """The holder shows possession of a registered key. From this place in the log on, it may sign."""

    basis = ("2AP:7(6)",)
    signers = SIGNERS

    key: Annotated[PublicKey, "The public key; it signs this entry itself."]


class KeyRotated(Fact):
    """A key is replaced by a new one: by the old key, towards the one committed before, or by the keeper of the
    register after a loss."""  # noqa: D205, D209

    basis = ("2AP:7(6)",)
    signers = SIGNERS

    actor: Annotated[Actor, "Whose key."]
    old_key: Annotated[PublicKey, "The old public key."]
    new_key: Annotated[PublicKey, "The new public key."]
    next_key_sha256: Annotated[Digest | None, "Digest of the key that will follow the new one."] = None


RevocationCause = Literal["left-office", "replaced", "lost", "compromised", "other"]


class KeyRevoked(Fact):
    """A key may sign no more. From this place in the log on, its signatures are refused."""

    basis = ("2AP:7(6)",)
    signers = ("ADM",)

    actor: Annotated[Actor, "Whose key."]
    key: Annotated[PublicKey | None, "The public key; without it, the key the office then holds."] = None
    cause: Annotated[RevocationCause, "Why."]


class KeyCompromised(Fact):
    """A key may have been in wrong hands since a given moment."""

    basis = ("2AP:7(6)",)
    signers = ("ADM",)

    actor: Annotated[Actor, "Whose key."]
    key: Annotated[PublicKey | None, "The public key; without it, the key the office then holds."] = None
    suspected_since: Annotated[PastInstant, "Since when."]


class PolicyAdopted(Fact):
    """A written policy comes into force, such as a provider's policy on telling customers."""

    basis = ()
    signers = ("ADM", "ISS", "RET", "SP", "REG")

    policy: Annotated[str, "Its name and version."]
    document: Annotated[AttachedFile, "The text."]
    valid_from: Annotated[Date, "From when."]


class TimestampAnchored(Fact):
    """The state of the log gets a time stamp from outside."""

    basis = ("eIDAS:41", "eIDAS:42")
    signers = ("SYS",)

    tree_size: Annotated[int, "Number of entries covered."]
    root: Annotated[Digest, "SHA-256 root, in hexadecimal."]
    token: Annotated[AttachedFile, "The time stamp."]


class HeadsCommitted(Fact):
    """The ledger states, under one root, which entries each of its orders has."""

    basis = ()
    signers = ("SYS",)

    size: Annotated[int, "Number of entries covered: the first ones of the log."]
    map_root: Annotated[Digest, "Root of the map of heads of these entries, in hexadecimal."]


class EventDisputed(Fact):
    """A party says that an entry is wrong. Both are shown; nothing is decided here."""

    basis = ()
    signers = ("ISS", "SEEK", "RET", "SP", "REG", "NOT", "CAQ", "CAR", "POC", "DEF", "DPO")

    about: Annotated[Event, "The entry in dispute."]

    statement: Annotated[Text | None, SealedField(CORRESPONDENTS), "What is said to be right."] = None


class LogKeyRotated(Fact):
    """From this size on, another key signs the checkpoints of this log."""

    basis = ()
    signers = ("ADM",)

    old_key: Annotated[str, "The old verifier key; none if the new key signs in addition."]
    new_key: Annotated[str, "The new verifier key."]
    from_size: Annotated[int, "The first size it signs."]


SuccessionCause = Literal["lost-storage", "restored-backup", "split-view", "key-compromise", "planned", "other"]


class LogSucceeded(Fact):
    """This log takes the place of one that was lost or split."""  # noqa: D404

    basis = ()
    signers = ("ADM",)

    predecessor: Annotated[str, "Origin of the old log."]
    size: Annotated[int, "Its last cosigned size."]
    root: Annotated[Digest, "Its root at that size, in hexadecimal."]
    lost: Annotated[tuple[int, ...] | None, "Places known to be lost."] = None
    cause: Annotated[SuccessionCause, "Why."]


class WitnessChanged(Fact):
    """The witnesses this log asks, or the quorum it needs, change."""

    basis = ()
    signers = ("ADM",)

    policy_text: Annotated[AttachedFile, "The new policy text."]


class SigningPagePublished(Fact):
    """The office serves this signing page, in which people of the office keep their keys and sign."""

    basis = ()
    signers = ("ADM",)

    sha256: Annotated[Digest, "SHA-256 of the page, in hexadecimal."]
    base: Annotated[str, "The address under which it is served."]
    version: Annotated[str, "The version of Comity that it is from."]


class ArchiveMade(Fact):
    """The entries of this log are written to an archive. The entry states what the archive has."""

    basis = ()
    signers = ("ADM",)

    size: Annotated[int, "How many entries of the log it has."]
    root: Annotated[Digest, "The root of these entries, in hexadecimal."]
    manifest_digest: Annotated[Digest, "SHA-256 of the manifest of the archive, in hexadecimal."]
    format: Annotated[str, "The format of the archive, with its version."]
