"""The page makes of each entry the sentence that the papers have: every entry of every story, in each language."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import lists, sampled_from, text
from msgspec.structs import replace

from ledger.bundle.archive import pack
from ledger.entries.case import Case, Entry, ReceivedRegister, Unread
from ledger.formats.confusables_table import ALIKE
from ledger.formats.misleading_names import misleading
from ledger.formats.reserved_names_table import CODES, WORDS
from ledger.messages import LANGUAGES
from ledger.trust.trust_folder import format_registrar
from ledger.verify.evidence_bundle import verify
from projections.sentences.catalogue import catalogue
from projections.sentences.names import names_of
from projections.sentences.sentence import sentence
from projections.sentences.values import Language
from tests.browser.support.node import Page
from tests.projections.views.evidence_files import plain_entry
from tests.support.facts import StatedFact, facts
from tests.support.memory_ledger import NOW, played
from tests.support.story_files import STORY_NAMES, cases

pytestmark = pytest.mark.browser

CLOSED: Mapping[str, Unread | None] = {"opened": None, "withheld": Unread.WITHHELD, "erased": Unread.ERASED}
SPOKEN = {lang: Language(lang, catalogue(lang)) for lang in LANGUAGES}


def said(case: Case, language: str) -> list[str]:
    """Return what papers say of the register and of an order."""
    names = names_of(case)
    return [sentence(e, names, reveal=True).in_(SPOKEN[language]) for e in (*case.registry, *case.entries)]


def leaves(case: Case) -> list[str]:
    return [e.leaf for e in (*case.registry, *case.entries)]


def asked(case: Case, language: str) -> dict[str, Any]:
    own, registry = ([plain_entry(e) for e in entries] for entries in (case.entries, case.registry))
    return {"own": own, "registry": registry, "order": case.order, "language": language}


def closed(e: Entry, why: Unread | None) -> Entry:
    return e if why is None else replace(e, sealed={name: value and why for name, value in e.sealed.items()})


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("state", CLOSED)
def test_the_page_says_of_every_entry_of_every_story_what_the_papers_say(node: Page, state: str, language: str) -> None:
    for name in STORY_NAMES:
        shut = [replace(c, entries=tuple(closed(e, CLOSED[state]) for e in c.entries)) for c in cases(name).values()]
        answers = node.ask_each("sentences", [asked(case, language) for case in shut])
        assert answers == [said(case, language) for case in shut], name


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("audience", ["CT", "NOT"])
@pytest.mark.parametrize("name", ["S1", "S2", "S3", "S4", "S6", "S9"])
def test_the_page_says_of_a_bundle_what_the_papers_say_of_it(
    node: Page, name: str, audience: str, language: str
) -> None:
    ledger, orders, hands = played(name)
    first = ledger.seen_by([orders["main"]])[0][1]
    bundle = pack(ledger.contents(audience, order=orders["main"]), hands[first.by].signer(first.role))
    trust = ledger.trust()
    report = verify(bundle, trust, None, NOW.replace(year=2040))
    assert report.case is not None
    registrar = format_registrar(trust.registrar) if trust.registrar else None
    held = {"policy": ledger.policy(), "registrar": registrar, "now": NOW.replace(year=2040).timestamp()}
    answer = node.ask("recorded", data=bundle, language=language, **held)
    assert answer == dict(zip(leaves(report.case), said(report.case, language), strict=True))


class Unknown(NamedTuple):
    """What the program knows of an entry and the page does not: why, a case with it, and the same case without it."""

    reason: str
    known: Callable[[Case], Case]


def _each(**more: Any) -> Callable[[Case], Case]:
    return lambda case: replace(case, entries=tuple(replace(e, **more) for e in case.entries))


def _carriers(case: Case) -> Case:
    kind = "counterparty-record-received"
    return replace(case, entries=tuple(replace(e, kind=kind, unproven="ENT-UNPROVEN") for e in case.entries))


def _elsewhere(case: Case) -> Case:
    names = {"actor": "skylark", "names": {"en": "Registered elsewhere"}}
    other = replace(case.registry[0], kind="authority-registered", public=names)
    return replace(case, others=(ReceivedRegister("ledger.example/other", "XZ", (other,)),))


def _joined(_: Case) -> Case:
    """Return an order with an entry of another one that was joined with it, which a later entry names."""
    case = cases("S2")["main"]
    first = next(e.leaf for e in case.entries if e.kind == "non-disclosure-instructed")
    more = {"prefix": "I", "order": "another"}
    return replace(case, entries=tuple(replace(e, **more) if e.leaf == first else e for e in case.entries))


UNKNOWN: Mapping[str, Unknown] = {
    "the code of what is not proven of a wrapped entry": Unknown(
        "the page shows it as a finding of its own, with the entry", _carriers
    ),
    "that only the register of another log knows the signer": Unknown(
        "the page shows it as a finding of its own, with the entry", _each(known_to="ledger.example/other")
    ),
    "the names in registers of other logs": Unknown(
        "the page proves with them that an entry is of its signer, and shows the register of its own log", _elsewhere
    ),
    "the numbers of entries of an order that was joined with this one": Unknown(
        "the page shows such an order as another one of the bundle, after this one", _joined
    ),
}


@pytest.mark.parametrize("what", UNKNOWN)
def test_what_the_page_does_not_know_of_an_entry_is_all_that_its_sentence_lacks(node: Page, what: str) -> None:
    whole = UNKNOWN[what].known(cases("S1")["main"])
    shown = (replace(e, unproven="", known_to=None) for e in whole.entries if not e.prefix)
    without = replace(whole, others=(), entries=tuple(shown))
    for language in LANGUAGES:
        assert node.ask("sentences", **asked(without, language)) == said(without, language)
        sentences = dict(zip(leaves(whole), said(whole, language), strict=True))
        assert [sentences[leaf] for leaf in leaves(without)] != said(without, language)


def entry(stated: StatedFact, number: int) -> Entry:
    at = datetime(2027, 3, 15, 13, tzinfo=UTC)
    place = (f"{number:064x}", number, "order", number, stated.kind, "2AP-7", "skylark", "ISS", "XV", "cd" * 32, "act")
    return Entry(*place, at, at, public=stated.public, sealed=stated.sealed)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(lists(facts(), min_size=1, max_size=20), text(max_size=100), sampled_from(LANGUAGES))
def test_the_page_says_of_any_values_what_the_papers_say(
    node: Page, some: list[StatedFact], name: str, language: str
) -> None:
    case = cases("S1")["main"]
    office = {"actor": "skylark", "names": {"en": name}} if name else {"actor": "skylark"}
    registry = (*case.registry, replace(case.registry[0], kind="authority-changed", public=office))
    odd = replace(case, registry=registry, entries=tuple(entry(each, n) for n, each in enumerate(some)))
    assert node.ask("sentences", **asked(odd, language)) == said(odd, language)


def look_alikes(seed: int) -> Iterator[str]:
    """Yield names at random that look like words of this program, or like a digest, or mix scripts."""
    chance = random.Random(seed)
    alike = {made: "".join(those) for made, those in ALIKE.items()}
    words = (*CODES.split(), *WORDS, "9f86d081884c7d65", "sha256:9f86d081", "Court", "Суд", "Ωmega", "Müller")
    for _ in range(5_000):
        word = chance.choice((str.upper, str.lower, str))(chance.choice(words))
        some = (chance.choice(alike[c]) if c in alike and chance.random() < 0.3 else c for c in word)
        yield "".join(f"{c}{chance.choice(' -.')}" if chance.random() < 0.05 else c for c in some)


def test_the_page_finds_the_same_names_misleading_as_the_program(node: Page) -> None:
    names = list(look_alikes(15))
    found = node.ask("misleading", texts=names)
    assert found == [misleading(name) is not None for name in names]
    assert 100 < sum(found) < len(names) - 100
