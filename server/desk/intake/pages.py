"""The page on which a person takes in a table or mails: the check of a file, and the drafts that the person signs.

A file is parsed in memory, one at a time for each of two places, and is kept nowhere. Nothing is recorded by the check.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from starlette.responses import Response
from starlette.routing import Route

from ledger.application.intake.expand import CellNote, FactRow, expand
from ledger.application.intake.letter import KINDS_OF_LETTERS, letter_cells
from ledger.application.intake.mail.authentication import word_of_server
from ledger.application.intake.mail.mail_fact import cells_of, fact_of, sentences, time_of
from ledger.application.intake.mail.mail_file import read_mail
from ledger.application.intake.outlook import ClockCount, FindingCount
from ledger.application.intake.profile_store import AdoptedProfile, find_profile, in_force, read_adopted
from ledger.application.intake.table_file import read_table
from ledger.entries.case import Case
from ledger.errors import Busy, LedgerError, RecordError
from ledger.facts import KINDS
from ledger.law.terms.periods import PERIODS
from ledger.messages import Message, plain
from projections.render.translation import Translation
from server.access import Caller
from server.desk.gate import Gate, Visitor
from server.desk.intake.drafts import HEADED, DraftMaker, Taken
from server.desk.site import HEADERS, Place, page
from server.documents import Draft
from server.error_texts import error_texts

ADDRESS: Final = "/intake"
LARGEST: Final = 1 << 23  # bytes of a file
AT_ONCE: Final = 2  # files that are parsed at the same time
WAIT: Final = 30.0  # seconds for a place
KINDS_OF_MAIL: Final = (
    "", "order-transmitted", "order-received", "additional-information-provided", "customer-notified",
)  # fmt: skip
MOST_FAULTS: Final = 200
_TEXTS: Final = ("step_", "SIGN-", "refused_says", "unsure_says", "intake_")
_NOTES: Final = ("faults", "notes", "says", "unwound")
_WORD: Final = re.compile(r"[\w./-]*\d[\w./-]*")


class Note(Struct, frozen=True, omit_defaults=True):
    """What is said of a cell or a mail, in the language of the page; `english` has the details that it leaves out."""

    row: int
    column: str
    says: str
    hint: str = ""
    english: str = ""


class IntakeCheck(Struct, frozen=True, kw_only=True):
    """What a file states: its rows, what is on record, faults and notes, what would change, and the drafts to sign.

    With faults there is no draft: a file is taken whole. `says` are about a mail. `names` has the names of
    the deadlines, by their ids, in the language of the page, as the findings are.
    """

    file: str
    sheet: str = ""
    rows: int = 0
    already: int = 0
    orders: int = 0
    new_orders: int = 0
    faults: list[Note] = []
    more_faults: int = 0
    notes: list[Note] = []
    says: list[Note] = []
    unwound: list[Note] = []
    clocks: list[ClockCount] = []
    names: dict[str, str] = {}
    findings: list[FindingCount] = []
    unregistered: bool = False
    lookalike: bool = False
    drafts: list[Draft] = []


class IntakePages:
    """The pages of one server about intake; `folder` is that of the ledger, with its mapping profiles."""

    def __init__(self, gate: Gate, folder: Path) -> None:
        self._gate = gate
        self._services = gate.services
        self._folder = folder
        self._places = BoundedSemaphore(AT_ONCE)

    def routes(self) -> list[Route]:
        """Return the routes of the page and of its check; the navigation of the gate gets the place."""
        self._gate.places += (Place(ADDRESS, "intake"),)
        return [
            self._gate.route(ADDRESS, self._page),
            self._gate.route(f"{ADDRESS}/check", self._check, sends=True, file=LARGEST),
        ]

    def _profiles(self) -> list[AdoptedProfile]:
        view = self._services.view
        return in_force(view.registered(), view.now().date())

    def _page(self, visitor: Visitor) -> Response:
        frame, roles = visitor.frame, visitor.caller.roles
        return page(
            "intake/page.html.j2",
            frame,
            frame.text["intake"],
            ADDRESS,
            profiles=self._profiles(),
            kinds=KINDS_OF_MAIL,
            of_letters=[kind for kind in KINDS_OF_LETTERS if not roles.isdisjoint(KINDS[kind].signers)],
            offices=[
                office for office in sorted(self._services.view.keyring.offices()) if office != visitor.caller.actor
            ],
            largest=LARGEST >> 20,
            script_texts={name: says for name, says in frame.text.items() if name.startswith(_TEXTS)},
        )

    def _check(self, visitor: Visitor) -> Response:
        if not visitor.sends:
            raise RecordError("API-METHOD", Message("a file is sent to this address"))
        name = visitor.asked("name")[:200] or "file"
        if not self._places.acquire(timeout=WAIT):
            raise Busy("the place where files are read")
        try:
            read = {"mail": self._mail, "letter": self._letter}.get(visitor.asked("what"), self._table)
            checked = read(visitor, name)
        except (RecordError, LedgerError) as error:
            fault = Note(0, "", Message(HEADED, error.code, error.says), error.hint)
            checked = IntakeCheck(file=name, faults=[fault])
        finally:
            self._places.release()
        shown = in_words(checked, visitor.frame.translation)
        return Response(msgspec.json.encode(shown, enc_hook=plain), 200, HEADERS, "application/json")

    # -- tables --------------------------------------------------------------------------------------------------------

    def _table(self, visitor: Visitor, name: str) -> IntakeCheck:
        caller = visitor.caller
        found = find_profile(self._profiles(), visitor.asked("profile"), caller.actor)
        profile, _ = read_adopted(self._folder, found)
        rule = profile.table
        table = read_table(visitor.body, name, sheet=rule.sheet, encoding=rule.encoding, delimiter=rule.delimiter)
        made = expand(table, profile, name)
        taken = DraftMaker(self._services, caller).take(made.facts)
        faults = sorted((*made.faults, *taken.faults), key=lambda fault: fault.row)
        return _answer(name, taken, faults, sheet=made.sheet, rows=made.rows, notes=_notes(made.notes))

    # -- mails ---------------------------------------------------------------------------------------------------------

    def _mail(self, visitor: Visitor, name: str) -> IntakeCheck:
        caller, kind, server = visitor.caller, visitor.asked("kind"), visitor.asked("server").strip()
        if kind not in KINDS_OF_MAIL:
            raise RecordError("API-REQUEST", Message("a mail is not taken for this kind here"), where="kind")
        mail = read_mail(visitor.body, name)
        word = word_of_server(mail, server) if server else None
        fact = fact_of(mail, name, kind, word)
        says = [*sentences(mail, word, None), *time_of(fact)]
        maker = DraftMaker(self._services, caller)
        reference = visitor.asked("order").strip() or self._named(caller, mail_texts(mail.subject, mail.files))
        case = maker.case_of(maker.order_of(reference))
        if case is None:
            raise RecordError(
                "MAIL-FACT", Message("no order that you may see has the reference {0}", repr(reference)), where=name
            )
        cells = {**cells_of(mail, fact, reference), **_addressed(fact.kind, case)}
        if any(mail.sha256 in str(e.public) for e in case.entries):
            return IntakeCheck(file=name, rows=1, already=1, says=_lines(says))
        taken = maker.take([FactRow(1, fact.kind, cells, {})])
        return _answer(name, taken, taken.faults, rows=1, notes=[], says=_lines(says))

    # -- letters -------------------------------------------------------------------------------------------------------

    def _letter(self, visitor: Visitor, name: str) -> IntakeCheck:
        """Return the draft of what a scanned letter shows; an entry that rests on the same file is on record."""
        order, whose = visitor.asked("order").strip(), visitor.asked("whose")
        kind, day, zone = visitor.asked("kind"), visitor.asked("day"), visitor.frame.zone
        cells = letter_cells(visitor.body, name, order, kind, day=day, zone=zone, whose=whose)
        maker = DraftMaker(self._services, visitor.caller)
        case = maker.case_of(maker.order_of(order))
        if case is None:
            says = Message("no order that you may see has the reference {0}", repr(order))
            raise RecordError("API-MISSING", says, hint=Message("state the reference of the order"))
        digest = sha256(visitor.body).hexdigest()
        if any(digest in str(e.public) for e in case.entries):
            return IntakeCheck(file=name, rows=1, already=1)
        taken = maker.take([FactRow(1, kind, cells, {})])
        return _answer(name, taken, taken.faults, rows=1, notes=[])

    def _named(self, caller: Caller, texts: Sequence[str]) -> str:
        """Return the reference that texts quote of an order that the caller may see; `RecordError` MAIL-FACT."""
        words = dict.fromkeys(word.strip("./-_") for text in texts for word in _WORD.findall(text))
        view, known = self._services.view, {}
        for word in list(words)[:20]:
            for item in view.orders(caller, 0, 5, name=word).orders if len(word) >= 2 else ():
                if item.order.ref and item.order.ref.casefold() == word.casefold():
                    known[item.order.ref] = item.order.order
        if len(known) != 1:
            some = (
                Message("it quotes several orders: {0}", ", ".join(known))
                if known
                else Message("it quotes no order that you may see")
            )
            raise RecordError("MAIL-FACT", some, hint=Message("state the reference of the order"))
        return str(next(iter(known)))


def in_words(checked: IntakeCheck, language: Translation) -> IntakeCheck:
    """Return what a file states with the names of its deadlines, and its findings, in a language."""
    names = {clock.id: language.words(PERIODS.get(clock.id, clock.id)) for clock in checked.clocks}
    findings = [replace(found, says=language.words(found.says)) for found in checked.findings]
    said = {name: [noted(note, language.lang) for note in getattr(checked, name)] for name in _NOTES}
    return replace(checked, names=names, findings=findings, **said)


def noted(note: Note, lang: str) -> Note:
    """Return a note in a language; the heading of a fault stays as it is."""
    if lang == "en":
        return note
    if not (isinstance(note.says, Message) and note.says.id == HEADED):
        said = error_texts(lang).of("", note.says, note.hint)
        return replace(note, says=said.whole, hint="", english=said.english)
    name, says = (each if isinstance(each, str) else "" for each in note.says.values)
    said = error_texts(lang).of(name, says, note.hint)
    return replace(note, says=f"{name}: {said.whole}", hint="", english=said.english)


def mail_texts(subject: str, files: Sequence[Any]) -> list[str]:
    """Return the texts of a mail that may quote an order."""
    return [subject, *(file.name for file in files)]


def _addressed(kind: str, case: Case) -> dict[str, str]:
    """Return whose act a mail shows, where the order names one provider alone."""
    sent = [e.public["addressee"] for e in case.entries if e.kind == "order-transmitted"][-1:]
    named = [p for e in case.entries if e.kind == "order-issued" for p in e.get("providers", ())]
    found = list(dict.fromkeys(sent or named))
    if kind == "order-transmitted":
        return {"channel": "mail", **({"addressee": found[0]} if len(found) == 1 else {})}
    return {"actor": found[0]} if kind == "order-received" and len(found) == 1 else {}


def _notes(some: Iterable[CellNote]) -> list[Note]:
    return [Note(each.row, each.column, each.says, each.hint) for each in some]


def _lines(some: Iterable[str]) -> list[Note]:
    return [Note(0, "", each) for each in some]


def _answer(name: str, taken: Taken, faults: Sequence[CellNote], **more: Any) -> IntakeCheck:
    outlook = taken.outlook
    return IntakeCheck(
        file=name,
        already=taken.already,
        orders=taken.orders,
        new_orders=taken.new_orders,
        faults=_notes(faults[:MOST_FAULTS]),
        more_faults=max(0, len(faults) - MOST_FAULTS),
        unwound=_lines(taken.unwound),
        clocks=outlook.clocks if outlook else [],
        findings=outlook.findings if outlook else [],
        unregistered=taken.unregistered,
        lookalike=taken.lookalike,
        drafts=[] if faults else taken.drafts,
        **more,
    )
