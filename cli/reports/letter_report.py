"""Make a letter to the person: refused first, then recorded as an access, then made; what records that it was sent."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from cli.access.recorded_access import Stated, opener, revealed
from cli.exit_codes import Exit, Stop
from cli.session.ledger_reader import LedgerReader
from cli.terminal import output
from ledger.command_line import quoted
from ledger.entries.case import Case
from ledger.entries.envelope import Signer
from ledger.facts.value_forms import LINE, fits
from ledger.trust.trust_folder import Trust

if TYPE_CHECKING:
    from projections.reports.letters.context import LetterRequest
    from projections.reports.letters.letter import Letter, LetterKind, Omission

LETTERS = ("notice", "access", "erasure")
OMISSIONS = ("grounds", "restriction")
PARTS = "legal-basis,purpose,data-categories,retention,recipients,access-and-rectification,remedies"
ACCESS_PARTS = "copy,legal-basis,purpose,retention,recipients,redress"
VIEW = "export"  # of record-accessed: values leave the office
PERSON = "CUST"


@dataclass(frozen=True, slots=True)
class LetterOptions:
    """What a command states on a letter."""

    letter: str | None = None
    subject: str | None = None
    addressee: tuple[str, ...] = ()
    enclosures: tuple[str, ...] = ()
    omit: str | None = None

    def check(self, kind: str) -> None:
        """Refuse options of a letter with another report, and a letter without its kind."""
        if kind != "letter" and self != LetterOptions():
            raise click.UsageError("--kind, --subject, --addressee, --enclosure and --omit are of a letter")
        for name, lines in (("--addressee", self.addressee), ("--enclosure", self.enclosures)):
            if not all(map(_is_line, lines)):
                raise click.UsageError(f"{name} is one line of text, without control characters")
        if kind == "letter" and self.letter is None:
            raise click.UsageError(f"a letter is --kind {'|'.join(LETTERS)}")


def _is_line(text: str) -> bool:
    """Return True for text without control and bidi-control characters and without bytes that are not UTF-8."""
    return bool(fits(LINE)(text)) and not any(unicodedata.category(c) == "Cs" for c in text)


def letter_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a letter; the command gets `letters`."""

    @wraps(command)
    def collected(
        *args: Any,
        letter: str | None,
        subject: str | None,
        addressee: tuple[str, ...],
        enclosure: tuple[str, ...],
        omit: str | None,
        **more: Any,
    ) -> Any:
        return command(*args, letters=LetterOptions(letter, subject, addressee, enclosure, omit), **more)

    options = (
        click.option("--kind", "letter", type=click.Choice(LETTERS), help="Of a letter: notice, access or erasure."),
        click.option("--subject", metavar="NAME", help="Of a letter: the person, if not the target of ORDER."),
        click.option(
            "--addressee", multiple=True, metavar="LINE", help="Of a letter: a line of the address; repeatable."
        ),
        click.option("--enclosure", multiple=True, metavar="TEXT", help="Of a letter: what goes with it; repeatable."),
        click.option(
            "--omit",
            type=click.Choice(OMISSIONS),
            help="Of an access letter: leave unsaid why access is restricted, or that it is (LED art. 15(3)).",
        ),
    )
    for option in reversed(options):
        collected = option(collected)
    return collected


def made_letter(
    reader: LedgerReader,
    asked: LetterOptions,
    case: Case,
    as_of: datetime | None,
    trust: Trust | None,
    stated: Stated,
    actor: str | None,
    lang: str,
) -> Letter:
    """Return a letter after its access entry; `Stop` with REFUSED, and nothing opened, where the law forbids it."""
    from cli.reports.order_report import making
    from projections.reports.letters.letter import LetterRefused
    from projections.reports.letters.make import letter

    if not stated.because or not stated.because.strip() or not actor:
        raise Stop("a letter opens sealed values: it needs a reason and a person", hint="--because TEXT --as ACTOR")
    request = _request(asked, _signer(actor, stated), lang)
    mine = _of_person(reader, asked.subject, case)
    moment = as_of or reader.now()
    if not mine.known(moment).entries:
        raise Stop(f"nothing of this order was on record at {output.plain(moment)}", hint="a later --as-of")
    try:
        letter(request, mine.known(moment), making(reader, case.order, moment, trust))  # what is refused opens nothing
        revealed([case.order], VIEW, True, stated, actor, PERSON)
        moment = as_of or reader.now()
        return letter(request, mine.known(moment), making(reader, case.order, moment, trust, reveal=True))
    except LetterRefused as refused:
        raise Stop(f"no {asked.letter} letter: {refused.says}", hint=refused.hint, code=Exit.REFUSED) from None


def _signer(actor: str, stated: Stated) -> Signer:
    from cli.session.open_ledger import writing

    with writing() as journal:
        return opener(journal, actor, view=VIEW, reader=PERSON, purpose=stated.purpose)


def _request(asked: LetterOptions, signer: Signer, lang: str) -> LetterRequest:
    from projections.reports.letters.context import LetterRequest

    kind: LetterKind = asked.letter  # type: ignore[assignment]  # one of LETTERS
    omit: Omission = asked.omit or ""  # type: ignore[assignment]  # one of OMISSIONS
    return LetterRequest(kind, signer.actor, signer.role, lang, asked.addressee, asked.enclosures, omit)


def _of_person(reader: LedgerReader, subject: str | None, case: Case) -> Case:
    """Return the case with the sealed values of the person alone, who is the target unless another one is named."""
    from cli.session.subjects import subject_name
    from ledger.application.erasure_scope import covered
    from ledger.application.write.draft import target_of
    from projections.reports.letters.make import DESTROYED, of_subject

    if reader.subject_keys is None:
        return of_subject(case, ())
    named = target_of(case.order) if subject is None else subject_name(subject, reader.find)
    named = reader.subject_keys.stored_name(named)
    found = covered(reader.store, reader.subject_keys, named, case.order)
    erased = reader.subject_keys.erased_keys(named, [case.order])
    if subject is not None and not found.keys and not erased:
        raise Stop(
            f"no data subject of this order is called {subject!r} here",
            hint="without --subject: the target of the order",
        )
    values = [*found.values, *(value for key_id in erased for value in reader.store.encrypted_with(key_id))]
    destroyed = {str(e.get("key_ref")) for e in case.entries if e.kind == DESTROYED} - {*erased}
    others = {key_id for key_id in destroyed if reader.store.encrypted_with(key_id)}
    return of_subject(case, [(index, name) for index, _, name, _ in values], others)


def tell_missing(made: Letter) -> Exit:
    """Tell what an act asks for and the letter does not have; FINDINGS if anything is missing."""
    for lack in made.missing:
        output.tell(f"MISSING: {lack.says} ({', '.join(lack.cite)}); add: {lack.add}")
    return Exit.FINDINGS if made.missing else Exit.DONE


def tell_recording(made: Letter, order: str, file: str, actor: str) -> None:
    """Tell the command that records that the letter was sent."""
    words = recording_words(made, order, file, actor)
    output.tell(
        f"when it is sent: {' '.join(words)}" if words else "the answer is on record: sending it records nothing"
    )


def recording_words(made: Letter, order: str, file: str, actor: str) -> Sequence[str]:
    """Return the words of the command that records that a letter was sent; empty where its act is on record."""
    named = quoted(order)
    match made.letter:
        case "notice":
            notice = [] if file == "-" else ["--notice", quoted(os.path.normpath(file))]
            return [
                f"comity notify-customer {named} --channel letter --includes {PARTS}",
                *notice,
                f"--as {quoted(actor)}",
            ]
        case "access" if made.sources and not made.restricted:
            answers = f"-f {quoted(f'answers=#{made.answers}')} -f includes={ACCESS_PARTS}"
            return [f"comity record access-granted {named} {answers} --as {quoted(actor)}"]
    return ()
