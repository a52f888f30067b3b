"""The sentence of each kind: who did what, with which values, in two languages, with nothing that is sealed."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from unicodedata import category

import msgspec
import pytest
from hypothesis import given as given_any
from hypothesis.strategies import text as texts

from ledger.entries.case import Entry, Unread
from ledger.facts import KINDS
from ledger.facts.vocabulary import ROLES
from projections.render.translation import translation
from projections.sentences.kinds import PATTERNS
from projections.sentences.names import Names, names_of
from projections.sentences.pattern import Choice, choices, fields, parsed
from projections.sentences.quotation import QUOTES
from projections.sentences.sentence import UNKNOWN, says, sentence
from projections.sentences.values import Language
from tests.support.facts import StatedFact, facts, in_full
from tests.support.story_files import STORY_NAMES, cases

GERMAN = Language("de", translation("de").messages)
LANGUAGES = (Language(), GERMAN)
OWN = {"who", "acting"}
NAMED = re.compile("<U\\+[0-9A-F]{4,6}>")
SHAPE = re.compile(r"[{}\[\]<>|]|\bNone\b|  | [.,;:]|\.\.(?!\.)|, \.|: \.")


def german(kind: str) -> str:
    return GERMAN.messages[PATTERNS[kind]]


def entry(stated_fact: StatedFact, *, role: str = "ISS", **more: Any) -> Entry:
    at = datetime(2027, 3, 15, 13, tzinfo=UTC)
    return Entry(
        *("ab" * 32, 9, "order", 10, stated_fact.kind, "2AP-7", "skylark", role, "XV", "cd" * 32, "act", at, at),
        public=stated_fact.public,
        sealed=stated_fact.sealed,
        **more,
    )


def said(stated_fact: StatedFact, names: Names | None = None, **more: Any) -> tuple[str, str]:
    english = sentence(entry(stated_fact, **more), names or Names(()), reveal=True)
    return str(english), english.in_(GERMAN)


def test_every_kind_has_a_pattern_and_every_pattern_is_translated() -> None:
    assert {*PATTERNS} == {*KINDS}
    assert [kind for kind in KINDS if not GERMAN.messages.get(PATTERNS[kind])] == []


SECTION = "Prosecutor's Office of Karsk, Unit for Cybercrime and Electronic Evidence, Third Section"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Prosecutor's Office St. Gallen, J.P. Desk", "Prosecutor's Office St. Gallen, J.P. Desk"),
        ("Lab. The court accepted it", "“Lab. The court accepted it”"),
        ("Lab\nThe court accepted it", "“Lab The court accepted it”"),
        ("Lab\x07", "Lab<U+0007>"),
        ("Lab” passed every check: “Lab", "“Lab’ passed every check: ’Lab”"),
        (SECTION, SECTION),
        ("x" * 210, f"“{'x' * 174}…{'x' * 25}”"),
    ],
)
def test_a_registered_name_that_could_be_a_sentence_is_in_quotation_marks_it_cannot_close_and_is_cut(
    name: str, shown: str
) -> None:
    assert Language().named(name) == shown


@pytest.mark.parametrize("kind", KINDS)
def test_a_pattern_names_fields_of_its_kind_and_no_text_of_others(kind: str) -> None:
    known = KINDS[kind].fields()
    for pattern in (PATTERNS[kind], german(kind)):
        used = {*fields(parsed(pattern))}
        assert used <= known.keys() | OWN
        assert [name for name in used - OWN if known[name].type in ("text", "document", "order")] == []
    assert {*fields(parsed(PATTERNS[kind]))} == {*fields(parsed(german(kind)))}


@pytest.mark.parametrize("kind", KINDS)
def test_a_pattern_needs_only_what_every_entry_of_its_kind_has_and_anybody_may_read(kind: str) -> None:
    known = KINDS[kind].fields()
    for pattern in (PATTERNS[kind], german(kind)):
        needed = {*fields(parsed(pattern), needed=True)} - OWN
        assert [name for name in needed if not known[name].required or known[name].sealed] == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_choice_names_codes_of_its_field_and_leaves_none_out(kind: str) -> None:
    known = KINDS[kind].fields()

    def codes(choice: Choice) -> set[str]:
        if choice.field == "acting":
            return {*ROLES}
        field = known[choice.field]
        return {"yes", "no"} if field.type == "bool" else {*field.one_of}

    for pattern in (PATTERNS[kind], german(kind)):
        for choice in choices(parsed(pattern)):
            if choice.field != "amount":  # no code: it asks whether nothing is paid
                assert {*choice.words} - {"*"} <= codes(choice)
                flag = choice.field not in OWN and known[choice.field].type == "bool"
                assert flag or "*" in choice.words or {*choice.words} == codes(choice)


def test_no_two_kinds_say_the_same() -> None:
    for language in LANGUAGES:
        spoken = [language.word(PATTERNS[kind]) for kind in KINDS]
        assert len(spoken) == len({re.sub(r"[{\[<][^}\]>]*[}\]>]", "", text) for text in spoken})


def test_a_pattern_that_is_not_closed_is_refused() -> None:
    for wrong in ("{who", "[{who}", "<a=b:c", "who}", "who]", "who|", "<a=b:[c>"):
        with pytest.raises(ValueError, match=r"closes nothing|at the end"):
            parsed(wrong)


@pytest.mark.parametrize("story", STORY_NAMES)
def test_every_entry_of_every_story_has_a_sentence_sealed_and_opened(story: str) -> None:
    for e, names in (
        (e, names)
        for case in cases(story).values()
        for names in [names_of(case)]
        for e in (*case.entries, *case.registry)
    ):
        for reveal in (False, True):
            one = sentence(e, names, reveal=reveal)
            for text in (str(one), one.in_(GERMAN)):
                assert text.endswith((".", ".”", ".“")), text
                assert not SHAPE.search(text.replace("...", "")), text
            if PATTERNS[e.kind].startswith("{who}") and e.whose in (None, e.by):
                assert one.startswith(names.office(e.by))


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_with_all_its_values_is_said_in_both_languages(kind: str) -> None:
    english, german_words = said(in_full(kind))
    assert english != german_words
    for text in (english, german_words):
        assert text.endswith(".")
        assert not SHAPE.search(text.replace("...", "")), text


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_not_opened_or_erased_is_left_out(kind: str) -> None:
    stated_fact = in_full(kind)
    for why in Unread:
        closed = stated_fact._replace(sealed=dict.fromkeys(stated_fact.sealed, why))
        for text in said(closed):
            assert "sealed]" not in text
            assert "erased]" not in text
            assert not SHAPE.search(text.replace("...", "")), text
    hidden = sentence(entry(stated_fact), Names(()))
    assert str(hidden) == str(
        sentence(entry(stated_fact._replace(sealed=dict.fromkeys(stated_fact.sealed, Unread.WITHHELD))), Names(()))
    )


@given_any(facts())
def test_any_value_makes_one_line_that_ends(stated_fact: StatedFact) -> None:
    for text in said(stated_fact):
        assert "\n" not in text
        assert text.endswith(".")
        assert len(text) < 1200


HANDED = StatedFact(
    "data-disclosed",
    {"partial": False, "recipient": "orn", "channel": "provider-portal"},
    {"manifest": {"elements": ["name"], "files": [{"name": "return.zip", "size": 50_000_000, "sha256": "ab12" * 16}]}},
)
PLACE = "Europe/Oslo"
REGISTER = (
    StatedFact(
        "party-registered", {"party": "XV", "names": {"en": "Valdoria", "de": "Waldorien"}, "zone": "Europe/Oslo"}, {}
    ),
    StatedFact("authority-registered", {"actor": "skylark", "party": "XV", "names": {"en": "Skylark Mail AS"}}, {}),
    StatedFact("authority-registered", {"actor": "orn", "party": "XV", "names": {"en": "Cyber Unit Karsk"}}, {}),
)
NAMES = Names([entry(stated_fact) for stated_fact in REGISTER])


def test_the_example_of_a_disclosure() -> None:
    assert said(HANDED, NAMES) == (
        "Skylark Mail AS handed over return.zip (50 MB, SHA-256 ab12ab12...) to Cyber Unit Karsk through "
        "the provider's portal.",
        "Skylark Mail AS hat return.zip (50 MB, SHA-256 ab12ab12...) an Cyber Unit Karsk über das Portal des "
        "Diensteanbieters übergeben.",
    )


def test_what_another_office_saw_or_took_over_is_said_as_that() -> None:
    stated_fact = StatedFact("order-received", {}, {})
    assert said(stated_fact, NAMES, whose="orn")[0].startswith(
        "Skylark Mail AS recorded from papers or mail that Cyber Unit Karsk"
    )
    seen = msgspec.structs.replace(entry(stated_fact, whose="orn"), speaks="observation")
    one = sentence(seen, NAMES)
    assert str(one) == "Skylark Mail AS saw that Cyber Unit Karsk received the order."
    assert one.in_(GERMAN) == "Skylark Mail AS hat beobachtet: Cyber Unit Karsk hat die Anordnung erhalten."


def test_a_moment_has_the_local_time_of_the_office_that_acts() -> None:
    stated_fact = StatedFact("request-accepted", {"complete_at": "2027-07-01T22:30:05Z"}, {})
    english, german_words = said(stated_fact, NAMES)
    assert "complete on 1 July 2027 at 22:30:05 UTC (00:30:05 on 2 July 2027 in Oslo)." in english
    assert "am 1. Juli 2027 um 22:30:05 Uhr UTC (00:30:05 Uhr am 2. Juli 2027 in Oslo)." in german_words


def test_states_are_named_in_the_language_of_the_reader() -> None:
    stated_fact = StatedFact("onward-transferred", {"recipient_party": "XV"}, {})
    assert [
        text.count(name) for text, name in zip(said(stated_fact, NAMES), ("Valdoria", "Waldorien"), strict=True)
    ] == [1, 1]


@pytest.mark.parametrize(
    ("stated", "shown"),
    [
        ("EX-1", "exhibit EX-1 for"),
        ("KA-0311/1", "exhibit KA-0311/1 for"),
        ("the knife. The court admitted it", "exhibit “the knife. The court admitted it” for"),
        ("x” was destroyed", "exhibit “x’ was destroyed” for"),
        ("EX-1\nThe court accepted it", "exhibit “EX-1 The court accepted it” for"),
        ("EX-1\x1b[2J", "exhibit “EX-1<U+001B>[2J” for"),
        ("EX-1\u202e1-XE", "exhibit “EX-1<U+202E>1-XE” for"),
        ("x" * 81, f"exhibit “{'x' * 54}…{'x' * 25}” for"),
    ],
)
def test_the_words_of_others_are_in_quotation_marks_they_cannot_close_and_never_too_long(
    stated: str, shown: str
) -> None:
    assert shown in said(StatedFact("evidence-accessed", {"exhibit": stated, "purpose_code": "trial"}, {}))[0]


LONG = "Mailbox of the accounts department at Karsk, exported at the request of the prosecutor, part 1 of 2.tar.gz"


@pytest.mark.parametrize("kind", KINDS)
def test_a_long_value_takes_no_other_value_out_of_a_sentence(kind: str) -> None:
    stated_fact = in_full(kind)
    free = {
        name
        for name, field in KINDS[kind].fields().items()
        if field.type == "str" and not field.one_of and f"{{{name}:digest}}" not in PATTERNS[kind]
    }
    long, short = (
        stated_fact._replace(
            public={name: value if name in free else old for name, old in stated_fact.public.items()},
            sealed={name: value if name in free else old for name, old in stated_fact.sealed.items()},
        )
        for value in (LONG, "short")
    )
    cut = f"{LONG[:54]}…{LONG[-25:]}"
    for long_text, short_text, quoted in zip(said(long), said(short), (f"“{cut}”", f"„{cut}“"), strict=True):
        assert long_text.replace(quoted, "short") == short_text


def test_a_long_file_name_keeps_its_beginning_and_its_ending_and_who_handed_it_to_whom() -> None:
    stated_fact = HANDED._replace(
        sealed={"manifest": {"elements": [], "files": [{"name": LONG, "size": 9, "sha256": "a" * 64}]}}
    )
    assert said(stated_fact, NAMES)[0] == (
        "Skylark Mail AS handed over “Mailbox of the accounts department at Karsk, exported …cutor, part 1 of "
        "2.tar.gz” (9 bytes, SHA-256 aaaaaaaa...) to Cyber Unit Karsk through the provider's portal."
    )


@given_any(texts(max_size=300))
def test_a_cut_has_at_most_eighty_characters_and_no_half_of_one(stated: str) -> None:
    shown = Language().quoted(stated)
    assert (shown is None) == (not stated.split())
    if shown is not None:
        inside = shown.removeprefix("“").removesuffix("”")
        assert len(inside) <= 80 + len("<U+10FFFF>")
        assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]", inside)
        assert not QUOTES & {*inside}
        begin, _, end = inside.partition("…")
        assert not end or not category(end[0]).startswith("M")
        for part in (begin, end):
            assert len(NAMED.findall(part)) == part.count("<U+") or "<U+" in stated


def test_a_cut_takes_no_half_of_a_named_character_and_none_without_its_accents() -> None:
    hidden = Language().quoted("x" * 52 + "\u202e" + "y" * 40)
    assert hidden == f"“{'x' * 52}…{'y' * 25}”"
    assert Language().quoted("x" * 40 + "y" * 20 + "\u202e" + "z" * 23) == f"“{'x' * 40}{'y' * 14}…{'z' * 23}”"
    assert Language().quoted("x" * 60 + "e\u0331" + "z" * 24) == f"“{'x' * 54}…{'z' * 24}”"


def test_invisible_characters_are_named() -> None:
    name = Names(
        [
            entry(
                StatedFact(
                    "authority-registered", {"actor": "skylark", "party": "XV", "names": {"en": "Sky\u200blark"}}, {}
                )
            )
        ]
    )
    assert "Sky<U+200B>lark" in said(HANDED, name)[0]


def test_a_copy_of_a_sentence_is_plain_text() -> None:
    from copy import deepcopy

    one = sentence(entry(HANDED), NAMES)
    assert type(deepcopy(one)) is str


def test_two_long_names_of_offices_that_differ_at_their_end_are_two_names() -> None:
    one, other = (Language().named(f"{'Central Office for Electronic Evidence ' * 6}{end}") for end in ("Nord", "Sued"))
    assert one != other
    assert len(one) == len(other) == 200 + len("“”")


@pytest.mark.parametrize("name", ["Kingdom of V.", "Kingdom of V"])
def test_a_sentence_ends_in_one_full_stop_also_where_a_name_ends_in_one(name: str) -> None:
    names = Names([entry(StatedFact("party-registered", {"party": "XV", "names": {"en": name}}, {}))])
    english, _ = said(StatedFact("transfers-suspended", {"from_party": "XO", "to_party": "XV"}, {}), names)
    assert english.endswith(" to Kingdom of V.")


def test_what_an_entry_of_a_kind_records_is_the_first_sentence_of_the_vocabulary() -> None:
    assert says("no-such-kind") == UNKNOWN
    for kind, of in KINDS.items():
        assert of.says.startswith(says(kind)[:-1])
        assert says(kind).endswith(".")
        assert not says(kind).endswith("..")
        assert ". " not in says(kind)
