"""Parse one row of a table: a fact, its actor, its time and its signer; or all faults of the row.

A row is a statement about the past, so by default it speaks as `import`: the signer took it over. The act is that of
the `actor` of the row, and the source of its time is then the statement of the other party.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import partial
from typing import Any, cast

import msgspec

from cli.exit_codes import Stop
from cli.imports.columns import COLUMNS, IMPORTED, NEEDED, kind_named, near, one_of, text_of, yes_or_no
from cli.imports.row_index import NOT_YET, Index, Named
from cli.imports.tables import TableRow, Wrong
from cli.session import ledger_choice
from cli.session.field_values import Refer, digest, document, value_of
from cli.session.open_ledger import hand
from cli.session.recording import SOURCES, SPEAKS, audience_of
from cli.session.subjects import subjects_of
from ledger.application.journal import Journal
from ledger.application.record_fact import issued_reference, issuer
from ledger.application.write.draft import Draft, kept_subjects
from ledger.command_line import quoted
from ledger.entries.case import check_dates, wire
from ledger.entries.envelope import Circumstances, Signer, open_
from ledger.entries.form import named_in, slips
from ledger.entries.replacement import check_own, check_reason
from ledger.errors import RecordError
from ledger.facts import (
    KINDS,
    WHY,
    Fact,
    Field,
    build,
    check_audience,
    hint_for,
    public_of,
    sealed_of,
)
from ledger.facts.value_forms import FormError, check, check_before_signing
from ledger.facts.value_types import DIGEST
from ledger.facts.vocabulary import INSTRUMENTS, OnSource, Speaks
from ledger.formats.time_zones import zone


@dataclass(frozen=True, slots=True)
class ParsedRow:
    """A parsed row: the order of its entry, the draft of its fact, and its label for later rows."""

    row: TableRow
    order: Named
    draft: Draft
    label: str | None


class Wrongs(Exception):
    """All faults of a row."""

    def __init__(self, wrongs: list[Wrong]) -> None:
        super().__init__(len(wrongs))
        self.wrongs = wrongs


class RowParser:
    """Parse the rows of one table in order; `folder` contains the files that its cells name."""

    def __init__(
        self,
        journal: Journal,
        index: Index,
        *,
        folder: str = ".",
        actor: str | None = None,
        role: str | None = None,
        key_file: str | None = None,
        zone: str | None = None,
    ) -> None:
        self._journal = journal
        self.index = index
        self._folder = folder
        self._actor, self._role, self._key_file = actor, role, key_file
        self._zone = _zone(zone) if zone else None
        self._signers: dict[tuple[str, str, str], Signer | Stop | RecordError] = {}
        self._offices = journal.read_keyring().offices
        self._known = journal.cases.known(journal.read_keyring())
        self._now = journal.now()
        self.rows = 0  # read so far
        self.strangers: dict[str, int] = {}  # unregistered actors -> number of their rows

    def parse(self, row: TableRow) -> ParsedRow:
        """Parse a row; `Wrongs` if it is no fact that can be recorded."""
        wrongs: list[Wrong] = []
        self._row = row
        cells = dict(row.cells)

        def tried(column: str, do: Callable[[], Any]) -> Any:
            try:
                return do()
            except Wrong as wrong:
                wrongs.append(wrong if wrong.column else Wrong(column, wrong.says, wrong.hint))
            except (Stop, RecordError) as error:
                says = error.message if isinstance(error, Stop) else error.says
                code = error.code if isinstance(error, RecordError) else ""
                wrongs.append(Wrong(column, says.removeprefix(f"{column}: "), error.hint, code))
            return None

        kind = cells.get("kind")
        own = KINDS[kind].fields() if isinstance(kind, str) and kind in KINDS else {}  # one kind has a field `subject`
        common = {
            name: text_of(name, cells.pop(name), wrongs)
            for name in COLUMNS
            if name in cells and not (name == "subject" and name in own)
        }
        for name in NEEDED:
            if not common.get(name):
                wrongs.append(Wrong(name, "expected in every row, got nothing", COLUMNS[name]))
        kind = tried("kind", lambda: kind_named(common["kind"])) if common.get("kind") else None
        on = tried("occurred", lambda: self._past(common["occurred"])) if common.get("occurred") else None
        order = tried("order", lambda: self._order(common, kind, cells)) if common.get("order") else None
        signer = tried("signer", lambda: self._signer(common, kind)) if kind else None
        circumstances = tried("speaks", lambda: self._said(common, on, signer, order)) if on and signer else None
        fact = self._fact(kind, cells, order, wrongs, tried) if kind else None
        label = common.get("label")
        if label and order:  # also of a wrong row, or each row that refers to it would be wrong
            tried("label", lambda: self.index.label(order.id, label))
        if wrongs or order is None or signer is None or circumstances is None or fact is None:
            raise Wrongs(wrongs)
        tried("audience", lambda: check_audience(fact.kind, circumstances.audience or {}))
        subjects = tried("subject", lambda: self._subjects(common, fact, circumstances, order)) or {}
        entry = tried("id", lambda: self._entry(common, order, fact, circumstances, signer))
        draft = Draft(fact, order.id, signer, circumstances, entry, order.instrument, subjects)
        unregistered = tried("unregistered", lambda: yes_or_no(common.get("unregistered") or "no"))
        lookalike = tried("lookalike", lambda: yes_or_no(common.get("lookalike") or "no"))
        version = tried("version", lambda: self._version(common, fact.kind))
        if not wrongs and not (order.there and self._journal.has(entry)):  # an entry on record is not checked again
            named = partial(self._named, order)
            for slip in slips(
                fact, self._known, self._now, whose=circumstances.whose, named=named, unregistered=unregistered
            ):
                column = slip.where.removeprefix(f"{fact.kind}.")
                wrongs.append(Wrong("actor" if column == "whose" else column, slip.says, slip.hint, slip.code))
            if fact.kind == "order-issued":
                office = issuer(draft, self._offices)
                name = public_of(fact).get("reference") or common["order"]
                tried("reference", lambda: self.index.issue(name, office, order, version=version))
            if not wrongs and (quoted := issued_reference(draft, self._offices)) is not None:
                tried("reference", lambda: self.index.quote(*quoted, order, lookalike=lookalike))
        if wrongs:
            raise Wrongs(wrongs)
        return ParsedRow(row, order, draft, label or None)

    def _named(self, order: Named) -> set[str]:
        """Return the offices and Parties in the entries of an order on record."""
        return named_in(self._journal.case(order.id, reveal=False).entries) if order.there else set()

    def _version(self, common: Mapping[str, str], kind: str) -> bool:
        """Return True if a row of an issued order is a new version or corrects an entry."""
        version = yes_or_no(common.get("version") or "no")
        if version and kind != "order-issued":
            raise Wrong("", f"only order-issued makes a new version, and this is {kind}")
        return version or bool(common.get("replaces"))

    # -- the columns all kinds share ----------------------------------------------------------------------------------

    def _order(self, common: Mapping[str, str], kind: str | None, cells: dict[str, Any]) -> Named:
        name, instrument = common["order"], common.get("instrument")
        if kind and "instrument" in IMPORTED[kind].fields() and instrument:
            cells["instrument"] = instrument
        if kind == "order-issued":
            self.index.check_own_name(name)
        order = self.index.order(name, issues=kind == "order-issued")
        if order is None:
            order = self.index.open(name, instrument or "")  # also if wrong: later rows need it
            if instrument is None:
                hint = "is the reference right? only the first row of a new order needs it"
                raise Wrong("instrument", f"no order is called {name!r}, and the row that opens one names it", hint)
            if instrument not in INSTRUMENTS:
                raise Wrong("instrument", f"expected an instrument, got {instrument!r}", near(instrument, INSTRUMENTS))
        elif not order.there and order.instrument and instrument not in (None, order.instrument):
            raise Wrong("instrument", f"an earlier row opened this order under {order.instrument}")
        if kind == "order-issued" and not (order.there and self.index.by_id(name)):
            office, mark, reference = name.partition("/")
            issues = cells.get("issuing_authority") or common.get("actor") or common.get("signer") or self._actor
            cells.setdefault("reference", reference if mark and office == issues else name)
        return order

    def _signer(self, common: Mapping[str, str], kind: str) -> Signer:
        actor = common.get("signer") or self._actor or ""
        others = common.get("actor") not in (None, actor)
        role = common.get("role") or self._role or self._any_role(actor, kind, others)
        key = (actor, role, kind)
        if key not in self._signers:
            try:
                self._signers[key] = hand(self._journal, kind, actor or None, role or None, self._key_file)
            except (Stop, RecordError) as error:  # the next row of this signer then fails at once with the same fault
                self._signers[key] = error
        signer = self._signers[key]
        if isinstance(signer, Signer):
            return signer
        raise signer

    def _any_role(self, actor: str, kind: str, others: bool) -> str:
        """Return any role of the signer, for an act of another actor, or one that none of its roles may do."""
        roles = self._offices[actor].roles if actor in self._offices else ()
        fitting = [role for role in roles if role in IMPORTED[kind].signers]
        return next(iter(fitting or roles), "") if others or not fitting else ""

    def _said(self, common: Mapping[str, str], on: datetime, signer: Signer, order: Named | None) -> Circumstances:
        speaks = one_of("speaks", common.get("speaks") or "import", SPEAKS)
        whose = common.get("actor")
        whose = None if whose == signer.actor else whose
        if whose is not None and speaks == "act":
            raise Wrong("actor", f"an act is its signer's own, and {signer.actor} signs", "speak as import")
        if whose is not None and whose not in self._offices:
            self.strangers[whose] = self.strangers.get(whose, 0) + 1
        source = one_of("on_source", common.get("on_source") or ("other-party" if whose else "own-act"), SOURCES)
        replaces, why = common.get("replaces"), common.get("why")
        leaf = self._leaf(order, "replaces", replaces) if replaces and order else None
        if replaces:
            _reason(why)
            self._own(leaf, signer)
        elif why:
            raise Wrong("why", "a reason is stated and no entry is replaced", COLUMNS["replaces"])
        audience = dict(audience_of(line) for line in (common.get("audience") or "").splitlines() if line.strip())
        return Circumstances(
            on=on,
            signed_at=self._now,
            speaks=cast(Speaks, speaks),
            on_source=cast(OnSource, source),
            whose=whose,
            replaces=leaf,
            why=why or None,
            audience=audience or None,
        )

    def _subjects(self, common: Mapping[str, str], fact: Fact, said: Circumstances, order: Named) -> dict[str, str]:
        """Return the data subjects of the sealed fields of a row; `Stop` for a field that it does not seal."""
        lines = [line for line in common.get("subject", "").splitlines() if line.strip()]
        sealed = [*sealed_of(fact), *([WHY.name] if said.why is not None else [])]
        before = self.index.whose(order.id, common["replaces"]) if common.get("replaces") else {}
        subjects = {**kept_subjects(before, sealed), **subjects_of(lines, fact.kind, sealed, self._other)}
        if subjects and (label := common.get("label")):
            self.index.belongs(order.id, label, {field: subjects.get(field) for field in sealed})
        for name in subjects.values():
            self.index.subject(name, order.id)
        return subjects

    def _other(self, name: str) -> str:
        order = self.index.order(name)
        if order is None:
            raise Stop(f"no order is called {name!r} here or in an earlier row")
        return order.id

    def _past(self, text: str) -> datetime:
        on = self._moment(text)
        check_dates(on, self._now)
        return on

    def _moment(self, text: str) -> datetime:
        """Parse a moment of a row; without an offset it is in --zone, where it must be unambiguous."""
        try:
            bare = datetime.fromisoformat(text) if self._zone else None
        except ValueError:
            bare = None
        if bare is None or bare.tzinfo is not None:
            return ledger_choice.moment(text, "occurred")
        early, late = (bare.replace(tzinfo=self._zone, fold=fold) for fold in (0, 1))
        if early.utcoffset() != late.utcoffset():
            raise Wrong("occurred", f"{text!r} comes twice or never where clocks change", "write its offset")
        return ledger_choice.moment(early.isoformat(), "occurred")

    def _entry(self, common: Mapping[str, str], order: Named, fact: Fact, said: Circumstances, signer: Signer) -> str:
        """Return the id of the entry of a row. It is public, so no sealed value goes into it."""
        if common.get("id"):
            return self.index.own_id(order.id, common["id"])
        what: list[Any] = [self._journal.origin, order.id, fact.kind, public_of(fact), said.on.isoformat()]
        who = [signer.actor, signer.role, said.speaks, said.on_source, said.whose, said.replaces]
        return self.index.entry_id(json.dumps([*what, *who], sort_keys=True, ensure_ascii=False))

    # -- the fields of its kind ---------------------------------------------------------------------------------------

    def _fact(
        self,
        kind: str,
        cells: Mapping[str, Any],
        order: Named | None,
        wrongs: list[Wrong],
        tried: Callable[[str, Callable[[], Any]], Any],
    ) -> Fact | None:
        """Return the fact of the cells if none is wrong; add each wrong one to `wrongs`."""
        fields = IMPORTED[kind].fields()
        sides: dict[bool, dict[str, Any]] = {False: {}, True: {}}
        for name, cell in cells.items():
            if name not in fields:
                wrongs.append(
                    Wrong(name, f"{kind} has no such field", f"`comity vocabulary {quoted(kind)}` lists them")
                )
                continue
            value = tried(name, partial(self._value, fields[name], cell, order))
            if value is not None:
                sides[fields[name].sealed][name] = value
        for f in fields.values():
            if f.required and f.name not in cells:
                wrongs.append(Wrong(f.name, f"expected {f.form.expected}, got nothing"))
        return None if wrongs else build(kind, sides[False], sides[True])

    def _value(self, field: Field, cell: Any, order: Named | None) -> Any:
        """Parse the value of a field; `Wrong` if it does not have its form, without repeating a sealed value."""
        value = self._read(field, cell, order)
        try:
            check(field.form, value)
            check_before_signing(field.form, value)
        except FormError as unfit:
            got = "" if field.sealed or not isinstance(unfit.got, str) else f", got {unfit.got!r}"
            says = f"expected {unfit.expected}{got}"
            raise Wrong(f"{field.name}{unfit.path}", says, hint_for(unfit)) from None
        return value

    def _read(self, field: Field, cell: Any, order: Named | None) -> Any:
        def event(text: str) -> str:
            return self._leaf(order, field.name, text)

        def other(text: str) -> str:
            named = self.index.order(text)
            return named.id if named else self.index.promised(text, self._row.number, self._row.line, field.name)

        if isinstance(cell, str) and cell[:1] in "[{" and _structured(field.type):
            try:
                cell = msgspec.json.decode(cell)
            except msgspec.DecodeError as error:
                raise Wrong(field.name, f"begins like JSON and is none: {error}") from None
        if not isinstance(cell, str):
            return _resolved(field, cell, event, other)
        if field.type == "instant":
            return wire(ledger_choice.moment(cell, field.name))
        if field.form is DIGEST:
            return digest(field, cell, self._folder)
        if field.type == "document":
            return document(os.path.join(self._folder, cell), field.name.replace("_", "-"))
        if field.type == "manifest":
            raise Wrong(field.name, "a manifest is written as JSON", 'as {"elements": ["name"], "files": [...]}')
        values = cell.splitlines() if field.type.startswith("list[") or field.type == "names" else [cell]
        return value_of(field, values, event=event, order=other)

    def _own(self, leaf: str | None, signer: Signer) -> None:
        """Refuse to replace an entry of another signer on record; an earlier row has no leaf yet and is not checked."""
        row = None if leaf is None else self._journal.store.by_leaf(bytes.fromhex(leaf))
        if row is not None:
            try:
                check_own(open_(row[1], verify=False).payload.signer.actor, signer.actor)
            except RecordError as refused:
                raise Wrong("replaces", refused.says, refused.hint) from None

    def _leaf(self, order: Named | None, column: str, text: str) -> str:
        leaf = self.index.leaf(order.id, text) if order else NOT_YET
        if leaf is None:
            hint = "an earlier row's label, or of an entry on record its number (#3) or leaf hash"
            raise Wrong(column, f"names {text!r}, and no earlier entry of this order is called so", hint)
        return leaf


def _zone(name: str) -> tzinfo:
    time_zone = zone(name)
    if time_zone is UTC and name.upper() not in ("UTC", "Z"):
        raise Stop(f"--zone {name}: no such time zone", hint="a zone is named as Europe/Oslo")
    return time_zone


def _reason(why: str | None) -> None:
    try:
        check_reason(why)
    except RecordError as refused:
        raise Wrong("why", refused.says, COLUMNS["why"]) from None


def _structured(type: str) -> bool:
    return type in ("document", "manifest", "names") or type.startswith("list[")


def _resolved(field: Field, value: Any, event: Refer, order: Refer) -> Any:
    """Return a JSON value with entries and orders replaced by hashes and ids, also in lists."""
    refer = {"event": event, "order": order}.get(field.type.removeprefix("list[").removesuffix("]"))
    if refer is None or not isinstance(value, list):
        return value
    return [refer(each) if isinstance(each, str) else each for each in value]
