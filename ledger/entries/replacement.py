"""Check an entry that replaces an earlier one: it has a reason, and the digests that the earlier one stated.

These checks run when an entry is recorded (`RecordError` FORM-*). For recorded entries the law reports what
is missing: `ledger/law/record_checks/withdrawn.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from msgspec import UNSET

from ledger.entries.payload import Payload
from ledger.errors import RecordError
from ledger.facts import KINDS, WHY
from ledger.facts.value_forms import FormError, check
from ledger.facts.vocabulary import ROLES
from ledger.formats.characters import unseen
from ledger.messages import Message

DIGESTS: Final = ("manifest", "digest_before", "digest_after")  # the fields with digests of the handed-over data
# The digests of a file, by their fields. `digest` names its algorithm: `sha3-512:` and hex.
ALGORITHMS: Final = ("sha256", "sha512", "digest")
# Algorithms with known collisions, and a checksum; written without hyphens. Which ones is [known];
# 2025/1550:3.3.3(a)(7) asks for one "not subject to publicly disclosed weaknesses such as collisions" [text].
BROKEN: Final = frozenset(("crc32", "md2", "md4", "md5", "sha0", "sha1"))

Stated = tuple[str, str, str, str]  # field, name of the file (empty for a single digest), algorithm, hex


def stated(values: Mapping[str, Any]) -> Iterator[Stated]:
    """Yield every digest that these values of an entry state, as far as they can be read here."""
    for field in DIGESTS:
        value = values.get(field)
        if isinstance(value, str) and value:
            yield field, "", "sha256", value
        elif isinstance(value, Mapping):
            for file in value.get("files") or ():
                yield from ((field, file["name"], a, file[a]) for a in ALGORITHMS if file.get(a))


def is_broken(digest: str) -> bool:
    """Return True for a digest by an algorithm for which other files with the same digest can be made."""
    return digest.partition(":")[0].replace("-", "") in BROKEN


def has_strong_digest(file: Mapping[str, Any]) -> bool:
    """Return True if a file of a manifest has a digest that is not broken."""
    return any(file.get(a) and not is_broken(str(file[a])) for a in ALGORITHMS)


def contradicts(a: str, b: str) -> bool:
    """Return True if two digests of one field differ and are by the same algorithm."""
    return a != b and (":" not in a or a.partition(":")[0] == b.partition(":")[0])


def dropped(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Stated]:
    """Return the digests of `old` for which `new` has neither the same digest nor one of the same place.

    A place is a field, the name of a file, and an algorithm.
    """
    again = list(stated(new))
    places = {(field, name, algorithm) for field, name, algorithm, _ in again}
    contents = {(algorithm, digest) for _, _, algorithm, digest in again}
    return [one for one in stated(old) if one[:3] not in places and one[2:] not in contents]


def readers(replaced: Payload) -> list[str]:
    """Return the roles that may read why an entry was replaced: the roles that may read all of its sealed fields.

    For an entry without sealed fields, the sealed fields of its kind decide; without any, every role that may
    know of the kind.
    """
    kind = KINDS.get(replaced.kind)
    fields = {} if kind is None else {name: field.audience for name, field in kind.fields().items() if field.sealed}
    own = {} if replaced.audience is UNSET else replaced.audience
    allowed = set(kind.shown_to if kind is not None and kind.shown_to else ROLES)
    for name in replaced.sealed or fields:
        allowed &= set(own.get(name) or fields.get(name, ()))
    return [role for role in ROLES if role in allowed | {replaced.signer.role}]


def check_replacement(
    new: Payload, values: Mapping[str, Any], old: Payload | None, old_values: Mapping[str, Any]
) -> None:
    """Refuse a replacement without a reason, without an entry of this order, or without the digests stated before.

    `values` are the sealed values that can be read here; an unreadable value is assumed to be correct.
    `RecordError`: FORM-WHY, FORM-REPLACES, FORM-DIGEST.
    """
    if new.replaces is UNSET:
        if WHY.name in new.sealed:
            raise RecordError("FORM-WHY", Message("a reason is stated and no entry is replaced"), where=new.kind)
        return
    check_reason(values.get(WHY.name, "not read here") if WHY.name in new.sealed else None, new.kind)
    if old is None or old.order != new.order:
        says = Message("an entry replaces an earlier entry of its own order")
        raise RecordError(
            "FORM-REPLACES", says, where=new.kind, hint=Message("where some may not look, the correction stays too")
        )
    if old.signer.actor == new.signer.actor and (field := _without(new, values, old, old_values)):
        hint = Message("a digest that was wrong is replaced by the right one, never by none")
        raise RecordError(
            "FORM-DIGEST", Message("the replaced entry states a digest, this one none"), where=field, hint=hint
        )


def check_own(signed: str, signs: str) -> None:
    """Refuse, with FORM-REPLACES, that one office replaces an entry that another one has signed.

    The check is for typed input: such an entry, once sealed, is kept and replaces nothing.
    """
    if signed != signs:
        hint = Message("event-disputed says that an entry of somebody else is wrong")
        raise RecordError(
            "FORM-REPLACES", Message("the entry is {0}'s, and only its signer replaces it", signed), hint=hint
        )


def check_reason(why: object, where: str = "") -> None:
    """Refuse, with FORM-WHY, an empty reason, one that is not a text, and a text without letter or digit."""
    if not isinstance(why, str) or not any(c.isalnum() and unseen(c) is None for c in why):
        hint = Message("--why TEXT; it is sealed, and those who may read the replaced entry may read it")
        raise RecordError("FORM-WHY", Message("an entry that replaces another says why"), where=where, hint=hint)
    try:
        check(WHY.form, why)
    except FormError as unfit:
        raise RecordError("FORM-WHY", Message("expected {0}", unfit.expected), where=where) from None


def _without(new: Payload, values: Mapping[str, Any], old: Payload, old_values: Mapping[str, Any]) -> str | None:
    """Return the field whose digest the replacement leaves out; None if it leaves out none.

    A file that is no longer listed may be left out: the law still counts its digest.
    """
    kind = KINDS.get(new.kind)
    before, after = _fields(old, old_values), _fields(new, values)
    for field in before:
        if field not in after and (not after or (kind is not None and field in kind.fields())):
            return f"{new.kind}.{field}"
    if "manifest" in values:
        listed = {file["name"] for file in values["manifest"]["files"]} if values["manifest"] else set()
        lost = [name for field, name, *_ in dropped(old_values, values) if field == "manifest"]
        if any(name in listed for name in lost) or (lost and not list(stated(values))):
            return f"{new.kind}.manifest"
    return None


def _fields(p: Payload, values: Mapping[str, Any]) -> list[str]:
    """Return the fields in which an entry states a digest; an unreadable field counts as one."""
    fields = {field for field, *_ in stated(values)}
    return [field for field in DIGESTS if field in fields or (field in p.sealed and field not in values)]
