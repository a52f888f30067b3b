"""What an entry brings that replaces an earlier one: a reason, and the digests that the earlier one stated.

Asked when an entry is recorded (`RecordError` FORM-*). In an entry that is on record already the law says what lacks:
`ledger/law/record_checks/withdrawn.py`.
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

DIGESTS: Final = ("manifest", "digest_before", "digest_after")  # the fields that state digests of what was handed over
ALGORITHMS: Final = ("sha256", "sha512")

Stated = tuple[str, str, str, str]  # field, name of the file (empty where only a digest is stated), algorithm, hex


def stated(values: Mapping[str, Any]) -> Iterator[Stated]:
    """Every digest that these values of an entry state, as far as they can be read here."""
    for field in DIGESTS:
        value = values.get(field)
        if isinstance(value, str) and value:
            yield field, "", "sha256", value
        elif isinstance(value, Mapping):
            for file in value.get("files") or ():
                yield from ((field, file["name"], a, file[a]) for a in ALGORITHMS if file.get(a))


def dropped(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Stated]:
    """The digests of `old` that `new` states neither again nor another one for: of the same file, field, algorithm."""
    again = list(stated(new))
    places = {(field, name, algorithm) for field, name, algorithm, _ in again}
    contents = {(algorithm, digest) for _, _, algorithm, digest in again}
    return [one for one in stated(old) if one[:3] not in places and one[2:] not in contents]


def readers(replaced: Payload) -> list[str]:
    """The roles that may read why an entry was replaced: those that may read all of its sealed fields.

    Of an entry that states none, those of its kind; where its kind has none, every role that may know of it.
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
    """Refuse a replacement without a reason, of no entry of this order, or without the digests stated before.

    `values` are the sealed values that can be read here; what cannot is taken to be as its field asks.
    `RecordError`: FORM-WHY, FORM-REPLACES, FORM-DIGEST.
    """
    if new.replaces is UNSET:
        if WHY.name in new.sealed:
            raise RecordError("FORM-WHY", "a reason is stated and no entry is replaced", where=new.kind)
        return
    check_reason(values.get(WHY.name, "not read here") if WHY.name in new.sealed else None, new.kind)
    if old is None or old.order != new.order:
        says = "an entry replaces an earlier entry of its own order"
        raise RecordError(
            "FORM-REPLACES", says, where=new.kind, hint="where some may not look, the correction stays too"
        )
    if old.signer.actor == new.signer.actor and (field := _without(new, values, old, old_values)):
        hint = "a digest that was wrong is replaced by the right one, never by none"
        raise RecordError("FORM-DIGEST", "the replaced entry states a digest, this one none", where=field, hint=hint)


def check_own(signed: str, signs: str) -> None:
    """Refuse, with FORM-REPLACES, to replace an entry that `signed` has signed where another office signs.

    Asked where people write: such an entry, once sealed, stands and replaces nothing.
    """
    if signed != signs:
        hint = "event-disputed says that an entry of somebody else is wrong"
        raise RecordError("FORM-REPLACES", f"the entry is {signed}'s, and only its signer replaces it", hint=hint)


def check_reason(why: object, where: str = "") -> None:
    """Refuse, with FORM-WHY, what is no reason: nothing, another form than text, or a text without letter and digit."""
    if not isinstance(why, str) or not any(c.isalnum() and unseen(c) is None for c in why):
        hint = "--why TEXT; it is sealed, and those who may read the replaced entry may read it"
        raise RecordError("FORM-WHY", "an entry that replaces another says why", where=where, hint=hint)
    try:
        check(WHY.form, why)
    except FormError as unfit:
        raise RecordError("FORM-WHY", f"expected {unfit.expected}", where=where) from None


def _without(new: Payload, values: Mapping[str, Any], old: Payload, old_values: Mapping[str, Any]) -> str:
    """The field whose digest the replacement leaves out; empty if it leaves out none.

    A file that is no longer listed may be left out: the law goes on counting its digest.
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
    return ""


def _fields(p: Payload, values: Mapping[str, Any]) -> list[str]:
    """The fields in which an entry states a digest; one that cannot be read here is taken to."""
    found = {field for field, *_ in stated(values)}
    return [field for field in DIGESTS if field in found or (field in p.sealed and field not in values)]
