"""Every error that a page can show has words in each language, and these words fit what the program says."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import RecordError
from ledger.facts import KINDS
from ledger.facts.value_forms import Form, ListForm, MapForm, ObjectForm, TextForm
from ledger.law.deadlines.table import REGISTER
from server.error_texts import LANGUAGES, PLACE, accepted_language, error_texts, pattern_of
from server.problems import TITLES, problem_of, text_of
from tests.generate.messages import left_in_english, spoken

ROOT = Path(__file__).parents[2]
OTHERS = [lang for lang in LANGUAGES if lang != "en"]
# Where the errors arise that a page of the desk, of a guest, of intake or of a key can show.
SHOWN = (
    *("server/access.py", "server/access_entries.py", "server/journal_turn.py", "server/problems.py", "server/api"),
    *("server/desk", "server/files", "server/guests", "server/identity", "server/signing", "server/work"),
    *("ledger/entries", "ledger/facts", "ledger/formats", "ledger/application/intake"),
)
# The messages that the program puts together, and their parts, each value as `{}`.
JOINED = {
    "it is {}, before {}": ("it is {}, {}", "before {}"),
    "it is {}, after it is signed at {}": ("it is {}, {}", "after it is signed at {}"),
    "did you mean {}? `{} --as {}` registers it; --unregistered, or a column so called, names it as it is": (
        "did you mean {}?",
        "`{} --as {}` registers it; --unregistered, or a column so called, names it as it is",
    ),
    "{} states: {}": ("{} states: ",),
    "sheet {}, row {}: {}": ("sheet {}, ", "{}row {}: {}"),
    "row {}: {}": ("{}row {}: {}",),
    "nothing on record starts it: {}; {}": ("nothing on record starts it: {}", "{}; {}"),
    "Nothing that can be recorded changes this: an instruction not to disclose was lifted only after the end, and no "
    "rule says what was still to be done.": (
        "Nothing that can be recorded changes this",
        "an instruction not to disclose was lifted only after the end, and no rule says what was still to be done",
    ),
}
SAID = (*SHOWN, "ledger/errors.py", "ledger/law/reading", "ledger/law/next_steps", "ledger/law/deadlines")


def sources(places: tuple[str, ...]) -> Iterator[ast.Module]:
    for place in places:
        path = ROOT / place
        for file in sorted(path.rglob("*.py")) if path.is_dir() else (path,):
            yield ast.parse(file.read_text("utf-8"))


@cache
def shown_codes() -> set[str]:
    """Return the released codes that occur where errors arise that a page can show."""
    page = (ROOT / "docs" / "reference" / "codes.md").read_text("utf-8")
    codes = set(re.findall(r"^\| `([A-Z_-]+)` \|", page, re.MULTILINE))
    nodes = (node for tree in sources(SHOWN) for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return {node.value for node in nodes if isinstance(node.value, str) and node.value in codes}


@cache
def said() -> tuple[set[str], list[re.Pattern[str]]]:
    """Return what the program says: the texts, each value as `{}`, and regular expressions in which it is any text."""
    trees = list(sources(SAID))
    nodes = (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant))
    texts = {node.value for node in nodes if isinstance(node.value, str)}
    texts |= {re.sub(r"\{\d\}", "{}", text) for tree in trees for text in spoken(tree)}
    long = [text for text in texts if len(re.sub("[^a-z]", "", text)) > 5]  # the joints of other texts fit anything
    return texts, [re.compile(re.escape(text).replace(r"\{\}", ".*"), re.DOTALL) for text in long]


@pytest.mark.parametrize("lang", OTHERS)
def test_every_code_that_a_page_can_show_has_a_sentence_in_each_language(lang: str) -> None:
    codes = shown_codes()
    assert {"FACT", "KEY-ROLE", "REFERENCE-TAKEN", "API-DENIED", "TABLE-FORM"} <= codes
    assert codes - set(error_texts(lang).codes) == set()
    assert set(error_texts(lang).codes) - codes == set()
    assert [code for code, words in error_texts(lang).codes.items() if not words.endswith(".")] == []


def test_each_language_has_the_same_messages_with_the_same_values() -> None:
    first, second = (error_texts(lang).messages for lang in OTHERS)
    assert first.keys() == second.keys()
    for messages in (first, second):
        odd = [m for m, own in messages.items() if not set(PLACE.findall(own)) <= set(PLACE.findall(m))]
        assert odd == []


def test_only_a_command_is_left_out_of_a_translated_message() -> None:
    left = {
        name for lang in OTHERS for m, own in error_texts(lang).messages.items()
        for name in set(PLACE.findall(m)) - set(PLACE.findall(own))
    }  # fmt: skip
    assert left <= {"command", "field"}


def test_the_program_says_each_message_that_is_translated() -> None:
    texts, patterns = said()
    lost = []
    for message in error_texts("de").messages:
        bare = re.sub(r" \(it would with .*", "", PLACE.sub("{}", message))  # what a row lacks has two parts
        if not texts.issuperset(JOINED.get(bare, (bare,))) and not any(p.fullmatch(bare) for p in patterns):
            lost.append(message)
    assert lost == []


@pytest.mark.parametrize("lang", OTHERS)
def test_a_message_is_said_by_itself_and_no_other_one_takes_it(lang: str) -> None:
    texts = error_texts(lang)
    for message, own in texts.messages.items():
        filled = PLACE.sub("7", message)
        assert texts.say(filled) == PLACE.sub("7", own), message


def test_a_value_that_repeats_the_text_of_a_message_takes_no_longer_than_another_one() -> None:
    """Hours for one of these where a pattern tries each way to divide a value; a millisecond where it tries one."""
    for message in error_texts("de").messages:
        first, *after = PLACE.split(message)[::2]
        if len(after) > 1:
            value = "".join(f"{text}x" for text in after[:-1]) * 3_000
            found = pattern_of(message).fullmatch(f"{first}x{value}\0")
            assert bool(found) is not bool(after[-1]), message


@pytest.mark.parametrize("lang", OTHERS)
def test_what_starts_a_deadline_has_words_in_each_language(lang: str) -> None:
    assert {rule.wound_by for rule in REGISTER} - error_texts(lang).messages.keys() == set()


def forms_in(form: Form) -> Iterator[Form]:
    yield form
    match form:
        case ListForm():
            yield from forms_in(form.item)
        case ObjectForm():
            for member in form.members.values():
                yield from forms_in(member)
        case MapForm():
            yield from (*forms_in(form.key), *forms_in(form.item))


@pytest.mark.parametrize("lang", OTHERS)
def test_the_form_of_every_field_has_words_and_keeps_its_codes(lang: str) -> None:
    forms = [f for kind in KINDS.values() for field in kind.fields().values() for f in forms_in(field.form)]
    assert {f.expected for f in forms if error_texts(lang).form(f.expected) == f.expected} == set()
    for form in forms:
        said = error_texts(lang).of("FACT", f"expected {form.expected}, got 'x'")
        assert said.english == ""
        assert re.search(r"(?<![\w-])(one of|a list|an object|each|the)(?![\w-])", said.says) is None
        if isinstance(form, TextForm):
            assert [code for code in form.values if code in form.expected and code not in said.says] == []


def test_a_next_step_has_its_values_in_the_language() -> None:
    step = "in the order, by a correction: the issuing authority, the offences"
    assert (
        error_texts("de").say(step)
        == "in der Anordnung, durch eine Berichtigung: die Anordnungsbehörde, die Straftaten"
    )
    restated = (
        "#4 order-received starts no clock: it is dated after its signature (it would with occurred when it happened)"
    )
    assert left_in_english(error_texts("fr").say(restated), "fr") == []
    assert "it would" not in error_texts("fr").say(restated)


def test_codes_that_an_entry_lacks_are_joined_in_the_language() -> None:
    lack = "no proper receipt: it is signed as PDO (it would with role SP or REG)"
    assert "role: SP oder REG" in error_texts("de").say(f"#4 order-received starts no clock: {lack}")


@given(st.text(min_size=1), st.text(min_size=1))
def test_a_value_in_an_error_stays_as_it_was_stated(office: str, role: str) -> None:
    match = pattern_of("{office} does not hold the role {role}").fullmatch(f"{office} does not hold the role {role}")
    assert match is not None
    says = error_texts("de").of("KEY-ROLE", f"<{office}> does not hold the role {role!r}").says
    assert office in says
    assert repr(role) in says


@pytest.mark.parametrize("lang", OTHERS)
def test_what_no_message_fits_is_said_by_its_code_with_the_english_beside_it(lang: str) -> None:
    said = text_of(RecordError("ENV-TYPE", "payload type 'x'", hint="look again"), lang)
    assert said.says == error_texts(lang).codes["ENV-TYPE"]
    assert (said.hint, said.english) == ("", "payload type 'x'. look again")


@pytest.mark.parametrize("lang", OTHERS)
def test_a_code_without_words_is_said_by_the_title_of_its_status(lang: str) -> None:
    said = text_of(RecordError("NEW-CODE", "something new"), lang)
    assert (said.says, said.english) == (error_texts(lang).messages[TITLES[422]], "something new")


def test_an_error_in_english_is_what_the_program_says() -> None:
    said = text_of(RecordError("KEY-ROLE", "a does not hold the role b", hint="try again"), "en")
    assert (said.whole, said.english) == ("a does not hold the role b. try again", "")
    assert "english" not in json.loads(msgspec.json.encode(problem_of(RecordError("FACT", "x"))))


@pytest.mark.parametrize("lang", OTHERS)
def test_every_title_of_a_status_is_in_each_language(lang: str) -> None:
    assert [title for title in TITLES.values() if title not in error_texts(lang).messages] == []


@pytest.mark.parametrize(
    ("header", "lang"),
    [("de-AT,de;q=0.9,en;q=0.8", "de"), ("cs, fr;q=0.5", "fr"), ("", "en"), ("*", "en"), ("en-GB, de", "en")],
)
def test_the_language_of_an_error_is_the_first_accepted_one_that_has_a_catalogue(header: str, lang: str) -> None:
    assert accepted_language(header) == lang
