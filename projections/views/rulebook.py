"""The rules in force by act and article, each with the words it rests on, and what of each article has no rule."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ledger.facts import KINDS
from ledger.facts.vocabulary import INSTRUMENTS
from ledger.law.provisions import RULES, Provision
from ledger.law.rules.acts import ACTS
from ledger.law.rules.citations import citation
from ledger.law.terms.rule import LEVELS
from ledger.law.wording import TEXTS, Article, article_of, quotations

HEADINGS = {
    "act": "Acts",
    "policy": "How time is counted",
    "finding": "Findings",
    "deadline": "Clocks",
    "element": "What an order states",
    "transition": "How the state moves",
}
SORTS = {
    "act": "act",
    "policy": "way of counting",
    "finding": "finding",
    "deadline": "clock",
    "element": "content of an order",
    "transition": "change of state",
}
MARKS = {
    "text": "the wording of the provision was read",
    "known": "certain from knowledge, not verified against the text",
    "likely": "believed right; check it before you rely on it",
    "design": "a choice of this project; no source claims it",
}
CRITERIA = tuple(f"A{n}" for n in range(1, 9))
OWN = "Rules of this program"  # of no act


@dataclass(frozen=True, slots=True)
class BookRule:
    """One rule of the book: its anchor in the page, the quoted words after their provisions, its details in words."""

    rule: Provision
    anchor: str
    sort: str
    words: tuple[tuple[str, str], ...]
    facts: tuple[tuple[str, str], ...]
    links: tuple[tuple[str, str | None], ...]  # each citation with its ELI, which is its address too

    @property
    def brief(self) -> bool:
        """Return True for a rule that one line says: a content of an order, or a change of state."""
        return self.rule.kind in ("element", "transition")


@dataclass(frozen=True, slots=True)
class BookArticle:
    """One article with the rules that rest on it first, and those printed under another article (anchor, code)."""

    anchor: str
    number: str
    title: str
    rules: tuple[BookRule, ...]
    also: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class BookAct:
    """One act: its own row, the source of its text (empty where none is known), its articles in order."""

    anchor: str
    title: str
    act: Provision | None
    source: str
    articles: tuple[BookArticle, ...]

    @property
    def words(self) -> tuple[tuple[str, str], ...]:
        """The quoted words on the day from which the act applies, after their provision."""
        return quoted(self.act) if self.act else ()

    @property
    def count(self) -> int:
        """How many rules are printed under this act."""
        return sum(len(a.rules) for a in self.articles)


@dataclass(frozen=True, slots=True)
class Coverage:
    """One article of an act: its rules and kinds of fact by name, and what of it has no rule and why."""

    act: str
    article: str
    title: str
    rules: tuple[str, ...]
    kinds: tuple[str, ...]
    without: str


def rulebook(about: str | None = None) -> list[Provision]:
    """Return all rules in the order of the law, or the rules about something; empty if there is none.

    `about` is an instrument under which they can apply, the id of one rule, or a provision that they rest on.
    """
    if about is None or about in INSTRUMENTS:
        return [r for r in RULES if about is None or not r.instruments or about in r.instruments]
    return [r for r in RULES if r.id == about] or [
        r for r in RULES if any(cite == about or cite.startswith(f"{about}(") for cite in r.cite)
    ]


def words(rule: Provision) -> list[str]:
    """Return the quoted words of the provisions that a rule cites."""
    return [said for _, said in quoted(rule)]


def quoted(rule: Provision) -> tuple[tuple[str, str], ...]:
    """Return the quoted words of a rule, each once, after its provision and whether they were read second hand."""
    found = {said: provision for cite in reversed(rule.cite) for provision, said in reversed(quotations(cite))}
    return tuple((_where(provision), said) for said, provision in reversed(found.items()))


def _where(provision: str) -> str:
    return provision if TEXTS[provision.partition(":")[0]].read else f"{provision}, second hand"


def book(rules: Sequence[Provision]) -> list[BookAct]:
    """Return rules by act and article, each of them once; those of no act come last, by what they are."""
    acts: dict[str, Provision] = {}
    parts: dict[str, dict[str, list[Provision]]] = {code: {} for code in ACTS}
    own: dict[str, list[Provision]] = {}
    for rule in rules:
        if rule.kind == "act":
            acts[rule.id] = rule
            continue
        code, number = _home(rule)
        if code:
            parts[code].setdefault(number, []).append(rule)
        else:
            own.setdefault(_own_heading(rule), []).append(rule)
    also = _also(rules)
    made = [
        _act(code, acts.get(code), by_article, also) for code, by_article in parts.items() if by_article or code in acts
    ]
    chapters = tuple(
        BookArticle(f"own-{n}", "", heading, tuple(map(_of_rule, some)), ())
        for n, (heading, some) in enumerate(own.items(), 1)
    )
    return [*made, BookAct("own", OWN, None, "", chapters)] if chapters else made


def coverage() -> list[Coverage]:
    """Return every article of the acts whose articles are listed, in the order of the acts.

    A content of an order is named by the finding for its absence.
    """
    rules = _by_article((r.id, r.cite) for r in RULES if r.kind not in ("act", "element"))
    kinds = _by_article((name, kind.basis) for name, kind in KINDS.items())
    return [
        Coverage(
            text.code,
            a.number,
            a.title,
            rules.get((text.code, a.number), ()),
            kinds.get((text.code, a.number), ()),
            a.without,
        )
        for text in TEXTS.values()
        for a in text.articles
    ]


def anchor(kind: str, id: str) -> str:
    """Return the anchor of a rule in the page."""
    return f"{kind}-{_slug(id)}"


def _by_article(cited: Iterable[tuple[str, Iterable[str]]]) -> Mapping[tuple[str, str], tuple[str, ...]]:
    found: dict[tuple[str, str], dict[str, None]] = {}
    for name, cites in cited:
        for cite in cites:
            found.setdefault((cite.partition(":")[0], article_of(cite)), {})[name] = None
    return {key: tuple(names) for key, names in found.items()}


def _home(rule: Provision) -> tuple[str, str]:
    """Return the act and the article under which a rule is printed: those of its first citation, or none."""
    code = rule.cite[0].partition(":")[0] if rule.cite else ""
    return (code, article_of(rule.cite[0])) if code in ACTS else ("", "")


def _also(rules: Iterable[Provision]) -> Mapping[tuple[str, str], tuple[tuple[str, str], ...]]:
    """Return by act and article the rules that cite it and are printed elsewhere."""
    found: dict[tuple[str, str], dict[tuple[str, str], None]] = {}
    for rule in rules:
        if rule.kind == "act":
            continue
        home = _home(rule)
        for cite in rule.cite:
            place = (cite.partition(":")[0], article_of(cite))
            if place != home and place[0] in ACTS:
                found.setdefault(place, {})[anchor(rule.kind, rule.id), rule.id] = None
    return {place: tuple(rows) for place, rows in found.items()}


def _act(
    code: str,
    act: Provision | None,
    by_article: Mapping[str, list[Provision]],
    also: Mapping[tuple[str, str], tuple[tuple[str, str], ...]],
) -> BookAct:
    text = TEXTS.get(code)
    titles: dict[str, Article] = {a.number: a for a in text.articles} if text else {}
    order = list(titles)
    numbers = {*by_article, *(number for of, number in also if of == code)}
    articles = tuple(
        BookArticle(
            f"{_slug(code)}-{_slug(number) or 'act'}",
            number,
            titles[number].title if number in titles else "",
            tuple(_of_rule(r) for r in sorted(by_article.get(number, ()), key=_place)),
            also.get((code, number), ()),
        )
        for number in sorted(numbers, key=lambda n: (order.index(n) if n in order else len(order), _numbers(n)))
    )
    return BookAct(_slug(code), ACTS[code].says, act, text.source if text else "", articles)


def _of_rule(rule: Provision) -> BookRule:
    facts = tuple(_fact(name, value) for name, value in rule.detail if value and name != "length")
    links = tuple((cite, citation(cite).eli) for cite in rule.cite)
    return BookRule(rule, anchor(rule.kind, rule.id), SORTS[rule.kind], quoted(rule), facts, links)


def _fact(name: str, value: str) -> tuple[str, str]:
    """Return a detail of a rule in words for readers of the book."""
    if name == "level":
        return "Level", LEVELS[value]
    if name in CRITERIA:
        return f"Criterion {name}", value.lower()
    return name.capitalize(), value


def _own_heading(rule: Provision) -> str:
    if rule.kind == "transition":
        return f"How the state of an order under {rule.instruments[0]} moves"
    return HEADINGS[rule.kind]


def _place(rule: Provision) -> tuple[list[tuple[int, str]], int]:
    return _numbers(rule.cite[0]), list(SORTS).index(rule.kind)


def _numbers(text: str) -> list[tuple[int, str]]:
    """Return a key that sorts 7(2) before 7(10)."""
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.findall(r"\d+|[a-z]+", text.lower())]


def _slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-")
