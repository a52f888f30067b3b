"""Record one fact from the options of a command: check, show, confirm, sign and store it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any, cast

import click
from msgspec import Struct

from cli.exit_codes import Exit, Stop
from cli.session.local_time import MOMENT
from cli.session.options import AS, KEY, ROLE
from cli.session.record_target import Place, RecordTarget, recording_at
from cli.session.subjects import SUBJECT, subjects_of
from cli.terminal import file_io, output, prompts
from cli.terminal.answer import CommandAnswer, Time
from cli.terminal.file_io import check_new, write_new
from cli.terminal.next_commands import tell_next
from cli.terminal.receipt import tell

if TYPE_CHECKING:
    from ledger.application.record_fact import RecordPlan
    from ledger.application.write.draft import Draft
    from ledger.entries.case import Entry
    from ledger.entries.envelope import Signer
    from ledger.entries.payload import Condition
    from ledger.facts import Fact


FINAL = {  # kinds that cannot be withdrawn, and the sentence to confirm before they are signed
    "order-withdrawn": "the order is withdrawn, and the holder of its data must act on it",
    "order-repudiated": "the order is disowned: it counts as never made",
    "key-revoked": "the key can never sign again",
}


FurtherFact = tuple[str, Mapping[str, Any]]  # the kind and the public fields
BEFORE_ORDER = "W-BEFORE-ORDER"
ASKED = ("order-issued", "data-disclosed")  # kinds that a person at a terminal confirms where they are a violation


SPEAKS = ("act", "observation", "import")


SOURCES = ("own-act", "receipt-stamp", "other-party", "estimate")


_OPTIONS = (
    click.option("--field", "-f", "fields", multiple=True, metavar="NAME=VALUE", help="One field; repeatable."),
    click.option("--from", "source", metavar="FILE", help="Fields as JSON, from a file or - for standard input."),
    click.option("--elements", multiple=True, metavar="LIST", help="The data elements in the files of a manifest."),
    click.option("--on", type=MOMENT, help="When it happened (default: now; with --replaces, when that entry did)."),
    AS,
    ROLE,
    KEY,
    click.option("--speaks", type=click.Choice(SPEAKS), default="act", help="Done, seen, or taken over from paper."),
    click.option("--whose", metavar="ACTOR", help="Whose act an observation or import reports."),
    click.option("--on-source", type=click.Choice(SOURCES), default="own-act", help="How it is known when."),
    click.option("--replaces", metavar="ENTRY", help="Your own earlier entry that this one puts right, as 7."),
    click.option("--why", metavar="TEXT", help="Why it is put right; sealed, and needed with --replaces."),
    click.option(
        "--unless", metavar="KINDS[@ORDERS]", help="Only if nothing of these kinds is in these orders since --behind."
    ),
    click.option(
        "--behind", type=click.IntRange(min=0), metavar="N", help="The entries of the log you had seen (else all)."
    ),
    click.option("--audience", multiple=True, metavar="FIELD=ROLES", help="Who may read a sealed field instead."),
    SUBJECT,
    click.option("--id", "entry", metavar="HEX", help="32 hex digits: the same command twice is recorded once."),
    click.option("--unregistered", is_flag=True, help="Name offices and Parties that no register knows."),
    click.option("--dry-run", is_flag=True, help="Print the unsigned fact and the findings it would raise."),
    click.option("--yes", is_flag=True, help="Do not ask."),
    click.option("--receipt", metavar="FILE", help="Write the proof that it stands in the log (a tlog-proof)."),
)  # fmt: skip


@dataclass(frozen=True)
class RecordOptions:
    """The options common to all commands that record: how a fact is to be recorded."""

    fields: tuple[str, ...]
    source: str | None
    elements: tuple[str, ...]
    on: datetime | None
    actor: str | None
    role: str | None
    key_file: str | None
    speaks: str
    whose: str | None
    on_source: str
    replaces: str | None
    why: str | None
    audience: tuple[str, ...]
    subjects: tuple[str, ...]
    entry: str | None
    dry_run: bool
    yes: bool
    receipt: str | None
    unregistered: bool = False
    unless: str | None = None
    behind: int | None = None


def recording(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options common to all commands that record; the command gets them first, as `RecordOptions`."""
    names = RecordOptions.__dataclass_fields__

    def run(**given: Any) -> Any:
        options = RecordOptions(**{name: given.pop(name) for name in names})
        return command(options, **given)

    run.__doc__ = command.__doc__
    run.__click_params__ = getattr(command, "__click_params__", [])  # type: ignore[attr-defined]
    for option in reversed(_OPTIONS):
        run = option(run)
    return run


def put(
    asked: RecordOptions,
    kind: str,
    order: str | None,
    *,
    public: Mapping[str, Any] | None = None,
    sealed: Mapping[str, Any] | None = None,
    complete: Callable[[Signer, datetime, RecordTarget, Mapping[str, Any]], dict[str, Any]] = lambda *known: {},
    instrument: str | None = None,
    lookalike: bool = False,
    files: Sequence[str] = (),
    together: Callable[[Mapping[str, Any], RecordTarget], Sequence[FurtherFact]] | None = None,
) -> Exit:
    """Record one fact, or print the unsigned fact with --dry-run; print the receipt, and findings on stderr.

    `public` and `sealed` are the fields from a command's own options. `complete` returns the fields
    that its signer, the moment, the ledger and the stated public fields imply. `files` are the paths of
    files that are handed over. `together` returns, for the public fields of the fact, the further facts of the order
    that are recorded with it, all or none, at the same moment and by the same office.
    """
    from ledger.facts import build, public_of

    if asked.receipt:
        check_new(asked.receipt, "a receipt")
    with recording_at(asked.actor, asked.key_file) as target:
        place = Place.of(target, kind, order, asked.entry or target.entry_id())
        fields = _fields(asked, kind, place)
        signer = target.signer(kind, asked.actor, asked.role, asked.key_file, place.order if place.case else None)
        if asked.speaks == "act" and (another := of_another(kind, signer)):
            output.tell(another)
        on = _moment(asked, place)
        typed = _together(dict(public or {}), fields[0])
        fact = build(kind, {**complete(signer, on, target, typed), **typed}, _together(dict(sealed or {}), fields[1]))
        draft = _draft(asked, place, fact, signer, on, instrument)
        same, alike = target.same_subjects(draft), target.similar_subjects(draft)
        for says in (*same, *alike):
            output.tell(says)
        plan = target.prepare(draft, place.case, unregistered=asked.unregistered, lookalike=lookalike)
        further = () if together is None else together(public_of(fact), target)
        plans = [plan, *_further(asked, place, plan, further)] if further else [plan]
        for finding in () if asked.dry_run else (finding for each in plans for finding in each.findings):
            output.tell(f"{output.paint(finding.code, output.COLOURS.get(finding.level.value))}: {finding.says}")
        if not asked.dry_run:
            tell_in_force(target, plan)
        if asked.dry_run:
            for each in plans[:-1]:
                _dry_fact(each)
            return _dry(plans[-1])
        if BEFORE_ORDER in {finding.code for finding in plan.findings} and prompts.attended():
            prompts.confirm("it is dated before the order was made", yes=asked.yes)
        if same and not plan.recorded and prompts.attended():
            prompts.confirm("if not: comity subject other, or another name", yes=asked.yes)
        if alike and not plan.recorded and prompts.attended():
            prompts.confirm("one person has one name: that name, or comity subject same", yes=asked.yes)
        if kind in FINAL and not plan.recorded:
            prompts.confirm(FINAL[kind], yes=asked.yes)
        if kind in ASKED and prompts.attended():
            ask_to_sign(target, plan, yes=asked.yes)
        if further:
            receipts = target.record_together(plans)
            receipt = receipts[0]
            for each, stored in zip(plans[:-1], receipts, strict=False):
                tell(target, each.draft.fact.kind, stored, last=False)
            tell(target, plans[-1].draft.fact.kind, receipts[-1])
        else:
            receipt = target.record(plan)
            tell(target, kind, receipt, files)
        if asked.receipt:
            write_new(asked.receipt, receipt.proof)
    return Exit.DONE


def _moment(asked: RecordOptions, place: Place) -> datetime:
    """Return when it happened: as stated, else when the entry did that it puts right, else now."""
    now = place.target.now()
    if asked.on is not None or asked.replaces is None:
        return asked.on or now
    leaf = place.event(asked.replaces)
    entries: Sequence[Entry] = () if place.case is None else place.case.entries
    return next((e.on for e in entries if e.leaf == leaf and e.on <= now), now)


def _further(
    asked: RecordOptions, place: Place, first: RecordPlan, facts: Sequence[FurtherFact]
) -> Iterator[RecordPlan]:
    """Prepare further facts of an order behind a first one that is not stored yet: same moment, same office."""
    from msgspec.structs import replace as with_values

    from ledger.entries.case import Case
    from ledger.facts import KINDS, build
    from ledger.law.judge import with_entry

    target, draft = place.target, first.draft
    case = place.case or Case(place.order, "", (), tuple(target.register()))
    plain = replace(asked, subjects=(), replaces=None, why=None, audience=(), unless=None, behind=None)
    for number, (kind, public) in enumerate(facts, 1):
        seen = with_values(target.preview(draft), leaf=f"{number:064x}", seq=len(case.entries) + 1)
        case = with_entry(case, seen)
        signer = first.draft.signer
        if signer.role not in KINDS[kind].signers:
            signer = target.signer(kind, signer.actor, None, asked.key_file)
        entry = asked.entry and sha256(f"{asked.entry} {number}".encode()).hexdigest()[:32]
        fact = build(kind, dict(public), {})
        draft = _draft(replace(plain, entry=entry), place, fact, signer, first.draft.said.on, case.instrument)
        yield target.prepare(draft, case, unregistered=asked.unregistered, lookalike=False)


def of_another(kind: str, signer: Signer) -> str:
    """Return a sentence that says whose act an entry would be, if it is none of the role of its signer; else ""."""
    from ledger.facts import KINDS

    roles = KINDS[kind].signers if kind in KINDS else ()
    if not roles or signer.role in roles:
        return ""
    says = f"{signer.actor} signs as {signer.role}, and {kind} is an act of another office ({', '.join(roles)})"
    return f"{says}; of what that office did, state --speaks observation --whose ACTOR"


def ask_to_sign(target: RecordTarget, plan: RecordPlan, *, yes: bool) -> None:
    """Say what will be signed, and ask a person whether to sign although the law reports violations.

    Raises `click.Abort` for no.
    """
    violations = sum(finding.level.value == "V" for finding in plan.findings)
    if violations and not yes:
        output.tell(
            f"{output.counted(violations, 'violation')}; the law refuses nothing, and an entry cannot be undone"
        )
        output.tell(what_is_signed(target, plan))
        click.confirm("sign?", default=False, abort=True, err=True)


def what_is_signed(target: RecordTarget, plan: RecordPlan) -> str:
    """Return what a prepared fact will say, in one sentence with all its values."""
    from projections.sentences.names import Names
    from projections.sentences.sentence import sentence

    return sentence(target.preview(plan.draft), Names(target.register()), reveal=True)


def tell_in_force(target: RecordTarget, plan: RecordPlan) -> None:
    """Print the commands that say from when an act binds the Parties, if it is not known to bind them."""
    from ledger.facts import public_of
    from ledger.law.next_steps.lookup import NOT_IN_FORCE
    from ledger.law.next_steps.other_instruments import binding_steps
    from ledger.law.parties.party_register import fold

    if NOT_IN_FORCE not in {finding.code for finding in plan.findings}:
        return
    public = public_of(plan.draft.fact)
    parties = [public[name] for name in ("from_party", "to_party") if name in public]
    binding = binding_steps(fold(target.register()), str(public.get("instrument")), parties)
    tell_next(*(str(step.command) for step in binding), heading="if it does bind them, say from when, as a DAY:")


def _fields(asked: RecordOptions, kind: str, place: Place) -> tuple[dict[str, Any], dict[str, Any]]:
    from cli.session.field_values import from_json, merged, resolved, stated

    typed = stated(kind, asked.fields, event=place.event, order=place.target.find, elements=asked.elements)
    if asked.source is None:
        return typed
    in_file = from_json(file_io.read(asked.source), asked.source, kind)
    read = [resolved(kind, fields, event=place.event, order=place.target.find) for fields in in_file]
    return merged(read[0], typed[0], typed[0]), merged(read[1], typed[1], typed[1])


def _together(options: dict[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
    from cli.session.field_values import merged

    return merged(options, fields, options)


def _draft(
    asked: RecordOptions,
    place: Place,
    fact: Fact,
    signer: Signer,
    on: datetime,
    instrument: str | None,
) -> Draft:
    from ledger.application.write.draft import Draft
    from ledger.entries.envelope import Circumstances
    from ledger.entries.replacement import check_own, check_reason
    from ledger.facts import WHY, sealed_of
    from ledger.facts.vocabulary import OnSource, Speaks

    if asked.whose is not None and asked.speaks == "act":
        raise Stop("--whose is for what was seen or taken over", hint="add --speaks observation or --speaks import")
    if asked.why is not None and asked.replaces is None:
        raise Stop("--why is for an entry that replaces another", hint="add --replaces ENTRY")
    replaces = None if asked.replaces is None else place.event(asked.replaces)
    if replaces is not None:
        check_reason(asked.why, fact.kind)  # before a passphrase is asked for
        entries: Sequence[Entry] = () if place.case is None else place.case.entries
        check_own(next((e.by for e in entries if e.leaf == replaces), signer.actor), signer.actor)
    if asked.behind is not None and asked.unless is None:
        raise Stop("--behind is the position of a condition", hint="add --unless KINDS@ORDERS")
    audience = dict(audience_of(text) for text in asked.audience)
    circumstances = Circumstances(
        on=on,
        signed_at=place.target.now(),
        speaks=cast(Speaks, asked.speaks),
        on_source=cast(OnSource, asked.on_source),
        whose=asked.whose,
        replaces=replaces,
        why=asked.why,
        audience=audience or None,
        other=place.target.newest_foreign(place.order, place.case),
        unless=None if asked.unless is None else condition_of(asked.unless, asked.behind, place),
    )
    sealed = [*sealed_of(fact), *([WHY.name] if asked.why is not None else [])]
    subjects = subjects_of(asked.subjects, fact.kind, sealed, place.target.find)
    return Draft(fact, place.order, signer, circumstances, entry=asked.entry, instrument=instrument, subjects=subjects)


def audience_of(said: str) -> tuple[str, list[str]]:
    """Return a sealed field and the roles that may read it, from `FIELD=ROLE,ROLE`."""
    name, mark, roles = said.partition("=")
    if not mark:
        raise Stop(f"--audience {said}: this is field=ROLE,ROLE")
    return name, [role.strip() for role in roles.split(",") if role.strip()]


def condition_of(said: str, behind: int | None, place: Place) -> Condition:
    """Return the condition of an entry from `KIND,KIND@ORDER,ORDER`; without orders, its own order is meant."""
    from ledger.entries.payload import Condition
    from ledger.facts import kind_of

    kinds, _, orders = said.partition("@")
    named = [name.strip() for name in kinds.split(",")]
    for name in named:
        kind_of(name)
    ids = [_order_or_register(place, name.strip()) for name in orders.split(",")] if orders else [place.order]
    return Condition(place.target.size() if behind is None else behind, sorted(set(ids)), sorted(set(named)))


def _order_or_register(place: Place, name: str) -> str:
    return place.target.registry if name == "register" else place.target.find(name)


class SignerItem(Struct, frozen=True):
    """The office that would sign, in which role, and its public key in hex."""

    actor: str
    role: str
    party: str
    key: str


class ConditionItem(Struct, frozen=True):
    """The condition of an entry: nothing of these kinds in these orders behind the first `after` entries."""

    after: int
    orders: list[str]
    kinds: list[str]

    @classmethod
    def of(cls, condition: Condition | None) -> ConditionItem | None:
        return None if condition is None else cls(condition.after, condition.orders, condition.kinds)


class RaisedItem(Struct, frozen=True):
    """One finding that the fact would raise."""

    code: str
    level: str
    says: str
    cite: tuple[str, ...]


class FactAnswer(CommandAnswer, tag="comity.fact/1"):
    """A fact as it would be recorded (`--dry-run`), and the findings it would raise."""

    kind: str
    order: str
    signer: SignerItem
    speaks: str
    whose: str | None
    replaces: str | None
    why: str | None
    on: Time
    on_source: str | None
    public: dict[str, Any]
    sealed: dict[str, Any]
    audience: dict[str, list[str]]
    unless: ConditionItem | None
    subjects: dict[str, str]
    findings: list[RaisedItem]


def _dry(plan: RecordPlan) -> Exit:
    _dry_fact(plan)
    output.tell("nothing was signed, nothing was recorded")
    return Exit.DONE


def _dry_fact(plan: RecordPlan) -> None:
    from ledger.facts import public_of, sealed_of

    draft, circumstances, signer = plan.draft, plan.draft.said, plan.draft.signer
    answer = FactAnswer(
        kind=draft.fact.kind,
        order=draft.order,
        signer=SignerItem(signer.actor, signer.role, signer.party, signer.public.hex()),
        speaks=circumstances.speaks,
        whose=circumstances.whose,
        replaces=circumstances.replaces,
        why=circumstances.why,
        on=circumstances.on,
        on_source=circumstances.on_source,
        public=output.jsonable(public_of(draft.fact)),
        sealed=output.jsonable(sealed_of(draft.fact)),
        audience=output.jsonable(circumstances.audience or {}),
        unless=ConditionItem.of(circumstances.unless),
        subjects=output.jsonable(draft.subjects),
        findings=[RaisedItem(f.code, f.level.value, f.says, f.cite) for f in plan.findings],
    )
    output.show_json(answer)
