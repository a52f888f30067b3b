"""Check the form of a fact before it is signed, beyond the form of its fields. These checks are not law.

Commands and tables make these checks. They never refuse an entry that is already recorded; it gets at most a
finding. The types of `ledger.facts.value_types` decide which checks apply, so a new kind is checked as well.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from itertools import takewhile
from typing import Any, Final

from msgspec import Struct

from ledger.command_line import command_line
from ledger.entries.case import DRIFT, EARLIEST, Entry, wire
from ledger.entries.replacement import DIGESTS, stated
from ledger.errors import RecordError
from ledger.facts import KINDS, Fact, meant, public_of, sealed_of
from ledger.facts.value_forms import FormError, TextForm, check, is_typed, texts
from ledger.facts.value_types import NAME
from ledger.formats.misleading_names import LOOKS_LIKE, misleading
from ledger.messages import Message, Moment, joined

BY_COMMAND: Final = {  # kinds that state an act of the program -> the commands that do and record it
    "record-accessed": "--reveal of the command that shows the values, or `comity export`, `comity file`",
    "payload-key-destroyed": "`comity erase`",
    "counterparty-record-received": "`comity receive`",
    "heads-committed": "`comity log commit`, or `comity export`",
    "archive-made": "`comity archive`",
}
_NEW: Final = {"authority-registered": "actor", "party-registered": "party"}  # kinds that give an id -> its field
_FURTHEST = timedelta(hours=14)  # how far the day in a place may be ahead of UTC


class RegisteredNames(Struct, frozen=True):
    """The names of a register: offices, their Parties and the registered Parties, and the registrar."""

    offices: Collection[str]
    parties: Collection[str]
    registrar: str = "registrar"


def check_by_hand(kind: str) -> None:
    """Refuse, with COMMAND-ONLY, a typed fact of a kind that states an act of the program."""
    if command := BY_COMMAND.get(kind):
        says = Message("{0} says what this program has done, so it is recorded by what does it, and not by hand", kind)
        raise RecordError("COMMAND-ONLY", says, where=kind, hint=Message("{0} records it", command))


def slips(
    fact: Fact,
    known: RegisteredNames,
    signed_at: datetime,
    *,
    whose: str | None = None,
    named: Callable[[], Collection[str]] = tuple,
    unregistered: bool = False,
) -> Iterator[RecordError]:
    """Yield a refusal for each value of a fact that is probably a mistake, with the value that would be right.

    The fact is about to be signed at `signed_at`. `named` returns the offices and Parties that its order
    already names; it is called only for a name that the register does not have. `RecordError`: OFFICE-UNKNOWN
    and PARTY-UNKNOWN unless `unregistered`, FORM-DATE, FORM-EQUAL, NAME-MISLEADING; `where` is kind and field.
    """
    values = {**public_of(fact), **sealed_of(fact)}
    if whose is not None:
        for slip in _stranger("whose", whose, NAME, known, signed_at):
            if slip.code == "FACT" or not (unregistered or whose in named()):
                yield slip
    for name, field in fact.fields().items():
        for path, text, word in texts(field.form, values[name], name) if name in values else ():
            if word.registered and not unregistered:
                errors = _stranger(f"{fact.kind}.{path}", text, word, known, signed_at)
                yield from (slip for slip in errors if text not in named())
            if word.past and (says := _out_of_time(text, word, signed_at)):
                yield RecordError(
                    "FORM-DATE",
                    says,
                    where=f"{fact.kind}.{path}",
                    hint=Message("look at the year; this states what has happened already"),
                )
    yield from _unequal(fact, values)
    if not values.get("names_reason"):
        yield from _misleading(fact, values)


def named_in(entries: Iterable[Entry]) -> set[str]:
    """Return the offices and Parties that the entries of an order name: signers, actors and participants."""
    names: set[str] = set()
    for e in entries:
        names |= {e.by, e.actor}
        kind = KINDS.get(e.kind)
        for name, field in kind.fields().items() if kind is not None else ():
            if not field.sealed and name in e.public:
                names |= {text for _, text, word in texts(field.form, e.public[name]) if word.registered}
    return names


def _stranger(where: str, text: str, word: TextForm, known: RegisteredNames, now: datetime) -> Iterator[RecordError]:
    """Yield a refusal for an unregistered office or Party, with the probable name and the command that registers it."""
    try:
        check(word, text)
    except FormError as unfit:
        yield RecordError("FACT", Message("expected {0}, got {1}", unfit.expected, repr(text)), where=where)
        return
    office = word.type == "actor"
    among = known.offices if office else known.parties
    if text in among:
        return
    kind, fields = (
        ("authority-registered", (f"actor={text}", "party=PARTY", "roles=ROLE", f"valid_from={now.date()}"))
        if office
        else ("party-registered", (f"party={text}", "zone=ZONE", "declarations_verified=false"))
    )
    stated = (word for field in fields for word in ("-f", field))
    command = command_line("record", kind, *stated, "--as", known.registrar)
    hint: str = Message("`{0}` registers it; --unregistered, or a column so called, names it as it is", command)
    if near := meant(text, among):
        hint = joined(" ", (near, hint))
    yield RecordError(
        "OFFICE-UNKNOWN" if office else "PARTY-UNKNOWN",
        Message(f"{{0}} is no {'office' if office else 'Party'} of the register", text),
        where=where,
        hint=hint,
    )


def _out_of_time(text: str, word: TextForm, signed_at: datetime) -> str:
    """Say why a date or moment cannot be past at `signed_at`; empty if it can."""
    if text < str(EARLIEST.year):  # texts of the wire sort by time
        return Message("it is {0}, before {1}", Moment(text), EARLIEST.year)
    latest = (signed_at + _FURTHEST).date().isoformat() if word.type == "date" else wire(signed_at + DRIFT)
    if text <= latest:
        return ""
    return Message("it is {0}, after it is signed at {1}", Moment(text), Moment(wire(signed_at)))


def _misleading(fact: Fact, values: Mapping[str, Any]) -> Iterator[RecordError]:
    """Yield a refusal for each new name of an office or a Party that reads like words of this program."""
    if "names_reason" not in fact.fields():
        return
    names = {f"names.{lang}": name for lang, name in values.get("names", {}).items()}
    if new := _NEW.get(fact.kind):
        names[new] = values[new]
    for field, name in names.items():
        if why := misleading(name):
            says = Message(
                "{0} is a code or a result in the words of this program: a reader takes it for one"
                if why == "words"
                else "{0} has nothing but hex digits: a reader takes it for a digest"
                if why == "digest"
                else "{0} has a word with letters of two scripts that look alike: a reader takes it for another name",
                repr(name),
            )
            yield RecordError(
                "NAME-MISLEADING",
                says,
                where=f"{fact.kind}.{field}",
                hint=Message(
                    "register it under a longer name; or `comity record {0}` with names_reason, a code that says why",
                    fact.kind,
                ),
            )


def _unequal(fact: Fact, values: Mapping[str, Any]) -> Iterator[RecordError]:
    """Yield a refusal if digests are reported as equal, but none or two different ones are stated."""
    fields = [name for name in DIGESTS if name in fact.fields()]
    if values.get("check") != "equal" or not fields:
        return
    digests = list(stated(values))
    where = f"{fact.kind}.{fields[0]}"
    if not digests:
        hint = Message("{0}=FILE hashes the file; where nothing was compared it is check=not-checked", fields[0])
        yield RecordError(
            "FORM-EQUAL",
            Message("check=equal is said of no digest: state the one that is equal"),
            where=where,
            hint=hint,
        )
    elif len({d for field, _, _, d in digests if field != "manifest"}) > 1:
        says = Message("check=equal is said of two digests that differ")
        yield RecordError("FORM-EQUAL", says, where=where, hint=Message("check=differ is said of these; look at both"))


def out_of_type(e: Entry) -> bool:
    """Return True if a recorded entry states a value that today's checks of type or date would refuse.

    A value without the form of its field has a separate finding, and so has an act dated after its signature.
    Manifests are not checked.
    """
    if e.on < EARLIEST:
        return True
    for name, word in _typed(e.kind):
        value = e.get(name)
        for text in value if isinstance(value, list) else (value,):
            if isinstance(text, str) and not (
                is_typed(word.strict_pattern, word.strict_check, text)
                and not (word.past and _out_of_time(text, word, e.at))
            ):
                return True
    return False


@cache  # most kinds have no such field
def _typed(kind: str) -> tuple[tuple[str, TextForm], ...]:
    cls = KINDS.get(kind)
    words = [(n, getattr(f.form, "item", f.form)) for n, f in (() if cls is None else cls.fields().items())]
    return tuple((n, w) for n, w in words if isinstance(w, TextForm) and (w.strict_pattern or w.strict_check or w.past))


def issuing_office(speaks: str, by: str, among: Collection[str], *said: str | None) -> str:
    """Return the office to which an order-issued belongs.

    An act belongs to the office of its signer `by`. An observation or import belongs to the first office of
    `said` (the issuing authority, then the actor) that the register knows, else to its signer's.
    """
    others = () if speaks == "act" else said
    return next((office for office in others if office is not None and office in among), by)


def plain(reference: str) -> str:
    """Normalise a reference for comparison, as people read it out: without case, white space and kinds of dashes."""
    if reference.isascii():  # nearly all are ASCII, and issuing an order reads all of them
        return "".join(reference.lower().split())
    folded = unicodedata.normalize("NFKC", reference).casefold()
    return "".join("-" if _is_dash(c) else c for c in folded if not c.isspace())


def one_slip(typed: str, meant: str) -> bool:
    """Return True if two plain references differ in one place by up to two characters: as a wrong digit."""
    longest = max(len(typed), len(meant))
    if longest < 4 or abs(len(typed) - len(meant)) > 2:
        return False
    begins = _shared(typed, meant)
    return longest - begins - _shared(typed[begins:][::-1], meant[begins:][::-1]) <= 2


def _shared(one: str, other: str) -> int:
    """Return the number of characters with which both texts begin."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def shapes(reference: str) -> frozenset[str]:
    """Return how a reference looks (UTS 39), in upper and in lower case: lookalike letters become ASCII."""
    folded = unicodedata.normalize("NFKC", reference)
    text = "".join("-" if _is_dash(c) else c for c in folded if not c.isspace())
    return frozenset(each.translate(LOOKS_LIKE) for each in (text.upper(), text.casefold()))


def looks_alike(one: str, other: str) -> bool:
    """Return True if two references look alike but have different letters. Two ASCII references never do."""
    return not (one.isascii() and other.isascii()) and not shapes(one).isdisjoint(shapes(other))


def _is_dash(c: str) -> bool:
    return unicodedata.category(c) == "Pd" or c in "\u02d7\u2043\u2212"


def check_quotable(
    reference: str,
    own: Collection[str],
    beginning: Callable[[str], Collection[str]],
    offices: Collection[str],
) -> None:
    """Refuse, with FACT, a reference that cannot be typed, or that can be read as another name of an order.

    `own` are the references that the order already has; they are not checked again. `beginning` returns the
    ids of the orders that begin with a text. `offices` are those of the register. File numbers such as `47 Js
    123/26` are accepted.
    """
    if reference in own:
        return
    where, text = "order-issued.reference", plain(reference)
    folded = unicodedata.normalize("NFKC", reference)
    simple = " ".join("".join("-" if _is_dash(c) else c for c in folded).split())
    if any((c.isspace() and c != " ") or (_is_dash(c) and c != "-") for c in reference) or "  " in reference:
        says = Message(
            "expected a reference without white space but single blanks and without dashes but -, got {0}",
            repr(reference),
        )
        raise RecordError("FACT", says, where=where, hint=Message("such as {0}", simple))
    office, stroke, rest = folded.partition("/")
    if stroke and office in offices:
        says = Message("expected a reference that does not begin as OFFICE/REFERENCE, got {0}", repr(reference))
        raise RecordError(
            "FACT", says, where=where, hint=Message("{0} is an office; such as {1}", office, rest.strip())
        )
    if re.match("[0-9a-f]{8}", text) and (re.fullmatch("(?=.*[a-f])[0-9a-f-]+", text) or beginning(text[:8])):
        hint = Message("the beginning of an id names an order; such as PPO-2026-123")
        raise RecordError(
            "FACT", Message("expected a reference that begins no id, got {0}", repr(reference)), where=where, hint=hint
        )


def check_reference(
    reference: str, office: str, order: str, taken: Iterable[tuple[str, str, Sequence[str]]], hint: str = ""
) -> None:
    """Refuse, with REFERENCE-TAKEN, a reference under which its office has issued another order here.

    `taken` are the orders with the same or a similar reference: id, reference, and the offices that issued
    it.
    """
    for other, quoted, offices in taken:
        if other != order and office in offices:
            says = Message("{0} has an order of the reference {1} here already, {2}", office, repr(quoted), other[:8])
            if quoted != reference:
                says = Message("{0}; {1} looks like it", says, repr(reference))
            raise RecordError(
                "REFERENCE-TAKEN",
                says,
                where="order-issued.reference",
                hint=hint
                or Message("another order has another reference; a new version of that one: --order {0}", other[:8]),
            )


def check_lookalike(reference: str, office: str, order: str, alike: Iterable[tuple[str, str, Sequence[str]]]) -> None:
    """Refuse, with REFERENCE-ALIKE, a reference that looks like that of another order of its office.

    `alike` are the orders whose references have different letters that look the same (`looks_alike`), as in
    `check_reference`.
    """
    for other, quoted, offices in alike:
        if other != order and quoted != reference and office in offices:
            letters = ", ".join(sorted({f"{c} U+{ord(c):04X}" for c in reference + quoted if not c.isascii()}))
            raise RecordError(
                "REFERENCE-ALIKE",
                Message(
                    "{0} has an order of the reference {1} here, {2}; {3} looks the same and is of other letters ({4})",
                    office,
                    repr(quoted),
                    other[:8],
                    repr(reference),
                    letters,
                ),
                where="order-issued.reference",
                hint=Message(
                    "type it as the other one is; or `comity issue --lookalike`, a column so called: it is meant so"
                ),
            )
