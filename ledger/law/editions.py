"""Editions of the rules: all rules at one time as JSON, the difference between two of them, the orders it touches."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import orjson
from msgspec import Struct, ValidationError, convert

from ledger.entries.case import Case
from ledger.law.judgement import Judgement
from ledger.law.provisions import EDITION, RULES, rules_digest

FORMAT = "comity.edition/1"


class RuleName(Struct, frozen=True):
    """One rule by its sort and code, with its sentence."""

    kind: str
    id: str
    says: str


class FieldChange(Struct, frozen=True):
    """One field of a rule that differs: its value in the older and in the newer edition; empty where it has none."""

    field: str
    before: str
    after: str


class RuleChange(Struct, frozen=True):
    """One rule that both editions have, with the fields that differ."""

    kind: str
    id: str
    fields: tuple[FieldChange, ...]


class Difference(Struct, frozen=True):
    """What differs between two editions; `unseen` if only the edition number does, with all words the same."""

    added: tuple[RuleName, ...]
    removed: tuple[RuleName, ...]
    changed: tuple[RuleChange, ...]
    unseen: bool

    @property
    def any(self) -> bool:
        """Return True if the editions differ."""
        return bool(self.added or self.removed or self.changed or self.unseen)


def running() -> dict[str, Any]:
    """Return the edition of the rules in force, as its JSON document."""
    rules = orjson.loads(orjson.dumps([asdict(rule) for rule in RULES]))
    return {"format": FORMAT, "edition": EDITION, "digest": rules_digest(), "rules": rules}


def parsed(data: bytes) -> dict[str, Any]:
    """Return an edition from its JSON; `ValueError` if the document is none, or not the one of its digest."""
    document = orjson.loads(data)
    try:
        edition = convert(document, _Edition)
        whole = {"edition": document["edition"], "rules": document["rules"]}
        found = orjson.dumps(whole, option=orjson.OPT_SORT_KEYS)
    except (ValidationError, orjson.JSONEncodeError) as error:
        raise ValueError(f"a document of the format {FORMAT} is expected: {error}") from None
    if edition.format != FORMAT:
        raise ValueError(f"a document of the format {FORMAT} is expected")
    if hashlib.sha256(found).hexdigest() != edition.digest:
        raise AlteredEdition("the digest is not that of the rules: the file was changed")
    if len({(rule.kind, rule.id) for rule in edition.rules}) != len(edition.rules):
        raise ValueError("two rules have the same sort and code")
    return dict(document)


class _Rule(Struct):
    """What a rule of any edition must have; other fields are free."""

    kind: str
    id: str
    says: str
    detail: list[tuple[str, str]] = []


class _Edition(Struct):
    """What an edition must have."""

    format: str
    edition: int
    digest: str
    rules: list[_Rule]


class AlteredEdition(ValueError):
    """An edition whose digest does not match its rules."""


def difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> Difference:
    """Return what differs between two editions; a field that only one of them has is not compared."""
    before, after = _by_name(old["rules"]), _by_name(new["rules"])
    changed = [
        RuleChange(key[0], after[key]["id"], fields)
        for key in before
        if key in after and (fields := tuple(_fields(before[key], after[key])))
    ]
    added = tuple(_name(after[key]) for key in after if key not in before)
    removed = tuple(_name(before[key]) for key in before if key not in after)
    same = not (added or removed or changed)
    return Difference(added, removed, tuple(changed), same and old["edition"] != new["edition"])


def touched(case: Case, judgement: Judgement, found: Difference) -> tuple[str, ...]:
    """Return the added and changed rules, by code, that bear on an order as judged by the newer edition.

    They are the codes of its findings, clocks and ways of counting, an act that one of these cites, a content that its
    order must state, and a change of state of its instrument.
    """
    cited = {c.partition(":")[0] for of in (judgement.findings, judgement.deadlines) for row in of for c in row.cite}
    codes = {f.code for f in judgement.findings}
    codes |= {name for c in judgement.deadlines for name in (c.id, c.policy)}
    issued = any(e.kind == "order-issued" for e in case.entries)
    rows = [*((r.kind, r.id) for r in found.added), *((r.kind, r.id) for r in found.changed)]
    return tuple(
        id
        for kind, id in rows
        if (kind in ("finding", "deadline", "policy") and id in codes)
        or (kind == "act" and id in cited)
        or (kind in ("element", "transition") and issued and id.partition(" ")[0] == case.instrument)
    )


def _by_name(rules: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], Mapping[str, Any]]:
    """Return rules by sort and code; a change of state, whose code is its place in a list, by its sentence."""
    return {
        (r["kind"], f"{r['id'].partition(' ')[0]} {r['says']}" if r["kind"] == "transition" else r["id"]): r
        for r in rules
    }


def _name(rule: Mapping[str, Any]) -> RuleName:
    return RuleName(rule["kind"], rule["id"], rule["says"])


def _fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterable[FieldChange]:
    for name in (n for n in before if n in after and n not in ("kind", "id")):
        if name == "detail":
            yield from _details(before[name], after[name])
        elif before[name] != after[name]:
            yield FieldChange(name, _text(before[name]), _text(after[name]))


def _details(before: Iterable[Sequence[str]], after: Iterable[Sequence[str]]) -> Iterable[FieldChange]:
    old, new = ({name: said for name, said in pairs} for pairs in (before, after))  # noqa: C416 - pairs are lists
    for name in dict.fromkeys((*old, *new)):
        if old.get(name, "") != new.get(name, ""):
            yield FieldChange(name, old.get(name, ""), new.get(name, ""))


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)
