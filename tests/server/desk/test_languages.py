"""No page of the desk says in English what a catalogue has words for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from pathlib import Path

import pytest

from ledger.messages import Message

pytest.importorskip("fido2", reason="needs the extra `server`")
pytest.importorskip("starlette", reason="needs the extra `server`")
pytest.importorskip("http_message_signatures", reason="needs the extra `server`")

from ledger.facts import KINDS
from ledger.facts.words.kind_words import explanation, kinds_in_words
from ledger.facts.words.shared import PURPOSES
from ledger.law.deadlines.table import REGISTER
from ledger.messages import LANGUAGES
from projections.render.translation import translation
from server.desk.site import Frame
from tests.generate.messages import left_in_english
from tests.server.desk.desk import Person, marked, own_words, person, words
from tests.server.office import Office, serving_story
from tests.support.cli import reply

OTHERS = [lang for lang in LANGUAGES if lang != "en"]
PLACES = ("/", "/orders", "/persons", "/keys", "/notices", "/intake", "/record", "/nowhere")
OF_ORDER = ("", "/record", "/files", "/guests", "/requester")


@pytest.fixture(scope="module")
def people(office: Office) -> list[Person]:
    """Return a person of each office of the ledger."""
    return [person(office, f"Reads of the {lang} at {actor}", actor, key=False) for lang, actor in
            (("all", actor) for actor in office.running.view.keyring.offices())]  # fmt: skip


def read(some: list[Person], order: str) -> Iterator[tuple[Person, str]]:
    """Yield each page of the desk with a person who gets it."""
    for reader in some:
        yield from ((reader, path) for path in (*PLACES, *(f"/orders/{order}{part}" for part in OF_ORDER)))
    for kind in KINDS:
        yield some[0], f"/orders/{order}/record/{kind}"


@pytest.mark.slow
@pytest.mark.parametrize("lang", OTHERS)
def test_no_page_leaves_a_sentence_in_english(people: list[Person], order: str, lang: str) -> None:
    left: dict[str, str] = {}
    for reader, path in read(people, order):
        page = words(reader.get(f"{path}?lang={lang}"))
        for name in sorted((each.name for each in reader.office.running.accounts.all()), key=len, reverse=True):
            page = page.replace(escape(name), " ")  # of people in other tests; one is a part of another
        if f'<html lang="{lang}">' in page:
            left |= dict.fromkeys((*left_in_english(own_words(page), lang), *marked(page)), path)
    assert left == {}


@pytest.mark.parametrize("lang", OTHERS)
def test_a_catalogue_has_what_explains_a_field_a_deadline_and_who_acts(lang: str) -> None:
    frame = Frame(lang, "/")
    fields = [field for kind in KINDS.values() for field in kind.fields().values()]
    said: set[str] = {
        *(explanation(field.says) for field in fields),
        *(explanation(kind.says) for kind in KINDS.values()),
    }
    said |= {kinds_in_words(rule.met_by) for rule in REGISTER} | {Message(rule.acts) for rule in REGISTER}
    assert [text for text in sorted(said) if "lang=" in frame.explain(text)] == []


def test_a_text_that_is_no_message_is_shown_as_it_is_and_never_looked_up() -> None:
    assert Frame("de", "/").explain("try again") == "try again"


def test_a_text_of_the_desk_is_not_marked_as_english_on_a_page_in_another_language() -> None:
    frame = Frame("de", "/")
    assert "lang=" not in frame.explain(frame.text["c_on_says"])
    assert frame.explain(Message("No catalogue has this.")) == '<span lang="en">No catalogue has this.</span>'


@pytest.mark.parametrize("lang", OTHERS)
def test_what_would_be_signed_and_the_errors_of_a_form_are_in_the_language_of_the_page(
    people: list[Person], order: str, lang: str
) -> None:
    reader = people[0]
    for kind in ("order-corrected", "customer-notified", "evidence-received", "order-withdrawn"):
        path = f"/orders/{order}/record/{kind}?lang={lang}"
        typed = [("do", "check"), ("order", order), ("c.on", "yesterday"), ("c.on@zone", "UTC"), ("f.about", "x")]
        for pairs in ([("do", "check"), ("order", order)], typed):
            page = own_words(words(reader.post(path, pairs)))
            assert left_in_english(page, lang) == [], (kind, pairs)


@pytest.mark.parametrize("lang", OTHERS)
def test_what_a_whole_entry_is_refused_for_is_in_the_language_of_the_page(
    people: list[Person], order: str, lang: str
) -> None:
    sent = f"/orders/{order}/record/order-transmitted"
    begun = [("do", "check"), ("c.role", "ISS"), ("f.channel", "mail")]
    refused = [
        (sent, [*begun, ("f.addressee", "nowhere")]),
        (sent, [*begun, ("f.addressee", "skylark"), ("c.on", "1950-01-01T10:00:00"), ("c.on@zone", "UTC")]),
        (sent, [*begun, ("f.addressee", "skylark"), ("c.on", "2999-01-01T10:00:00"), ("c.on@zone", "UTC")]),
        (sent, [*begun, ("f.addressee", "skylark"), ("c.on", "2026-03-29T02:30:00"), ("c.on@zone", "Europe/Prague")]),
        ("/bulk", [*begun, ("o", order), ("kind", "order-transmitted"), ("f.addressee", "nowhere")]),
    ]
    reader = next(each for each in people if "ISS" in words(each.get("/orders?lang=en")))
    for path, pairs in refused:
        reply = reader.post(f"{path}?lang={lang}", pairs)
        page = words(reply)
        assert reply.status == 422, (path, pairs)
        assert '<span class="soft small" lang="en">' not in page, (path, pairs)
        assert left_in_english(own_words(page), lang) == [], (path, pairs)
        english = words(reader.post(f"{path}?lang=en", pairs))
        wrong = re.search(r'(?:href="#[fc][^"]*"|bulk.*?)>(?:[^<]*: )?([^<]+)</a>', english, re.DOTALL)
        if path != "/bulk":
            assert wrong is not None
            assert wrong[1].strip() not in page


@pytest.mark.parametrize("lang", OTHERS)
def test_a_value_in_a_translated_error_is_no_markup(people: list[Person], lang: str) -> None:
    page = people[0].get(f"/record/%3Cimg%20src%3Dx%3E?lang={lang}").body.decode()
    assert "&lt;img src=x&gt;" in page
    assert "<img" not in page


@pytest.mark.parametrize("lang", OTHERS)
def test_each_page_that_stops_says_why_in_the_language_of_the_page(people: list[Person], order: str, lang: str) -> None:
    reader = people[0]
    replies = {
        404: reader.get(f"/orders/00000000-0000-0000-0000-000000000000?lang={lang}"),
        405: reader.get(f"/intake/check?lang={lang}"),
        400: reader.post(f"/notices?lang={lang}", [("do", "dance")]),
        422: reader.get(f"/record/record-accessed?lang={lang}"),
        415: reader.post(f"/intake/check?lang={lang}", [("a", "b")]),
        413: reader.post(f"/orders/{order}/record/order-closed?lang={lang}", [("a", "b" * (1 << 20))]),
    }
    for status, stopped in replies.items():
        page = words(stopped)
        assert stopped.status == status, page
        assert f'<html lang="{lang}">' in page
        assert '<p class="soft small" lang="en">' not in page, status
        assert left_in_english(own_words(page), lang) == [], status


@pytest.mark.parametrize("lang", OTHERS)
def test_a_problem_of_the_api_is_in_the_language_that_a_script_of_the_page_accepts(
    people: list[Person], order: str, lang: str
) -> None:
    reader = people[0]
    reply = reader.get("/v1/orders/00000000-0000-0000-0000-000000000000", **{"accept-language": lang})
    assert reply.status == 404
    assert reply.json["detail"] == translation(lang).say("there is no order that this caller may see")
    assert reply.json["title"] == translation(lang).say("There is no such thing that this caller may see.")
    assert reader.get("/v1/orders/00000000-0000-0000-0000-000000000000").json["detail"].startswith("there is no")


@pytest.mark.parametrize("lang", OTHERS)
def test_a_purpose_is_chosen_by_its_words_in_the_language_of_the_page(people: list[Person], lang: str) -> None:
    page = words(people[0].get(f"/persons?lang={lang}"))
    chosen = re.findall(r'<option value="([a-z-]+)">([^<]*)</option>', page)
    assert len(chosen) > 3
    assert [code for code, says in chosen if says in (code, PURPOSES.words[code])] == []


def test_the_count_of_findings_is_in_the_language_of_the_page(people: list[Person], order: str) -> None:
    for lang, counted in (("de", "1 Verstoß, 1 Lücke"), ("fr", "1 violation, 1 lacune")):
        assert f"<dd>{counted}</dd>" in words(people[0].get(f"/orders/{order}?lang={lang}"))


@pytest.mark.slow
@pytest.mark.parametrize("story", ["corrections", "S4", "S9", "disputed-instruction"])
def test_no_page_of_an_order_leaves_a_sentence_in_english(story: str, tmp_path: Path) -> None:
    with serving_story(story, tmp_path) as served:
        reader = person(served, "Reads", next(iter(served.running.view.keyring.offices())), key=False)
        for item in reply("orders", ledger=served.ledger)["orders"]:
            for lang in OTHERS:
                page = own_words(words(reader.get(f"/orders/{item['order']}?lang={lang}")))
                assert left_in_english(page, lang) == [], (item["order"], lang)
