"""The pages of the desk: what each person sees, and the way from an order to the form of its next step."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest

pytest.importorskip("starlette", reason="needs the extra `server`")

from ledger.entries.placement import access_of, registry_of
from ledger.facts import KINDS
from ledger.facts.words.kind_words import kinds_in_words
from ledger.law.deadlines.table import REGISTER
from ledger.law.terms.rule import ClockVerdict
from ledger.messages import LANGUAGES
from server.desk.site import texts
from server.desk.steps import recordable
from tests.server.desk.desk import Person, person, words
from tests.server.desk.reading import Form
from tests.server.office import Office, serving_story
from tests.support.samples import sampled
from tests.support.story_files import STORY_NAMES

RECORDABLE = sorted(kind for kind in filter(recordable, KINDS) if kind != "order-issued")


@pytest.fixture(scope="module")
def provider(office: Office) -> Person:
    return person(office, "Petra Hafen", "harbor")


@pytest.fixture(scope="module")
def two_providers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Office, Person, Person]]:
    """Two people of two providers, each with an order that does not name the other one."""
    with serving_story("one-person-two-orders", tmp_path_factory.mktemp("two")) as office:
        yield office, person(office, "Ada Sky", "skylark"), person(office, "Bo Moor", "brightmoor")


def main(page: str) -> str:
    return page[page.index("<main") : page.index("</main>")]


# -- who sees what -----------------------------------------------------------------------------------------------------


def test_a_person_of_an_office_that_the_order_names_sees_it(prosecutor: Person, provider: Person, order: str) -> None:
    for each in (prosecutor, provider):
        assert "KA-2027-0311" in words(each.get("/orders"))
        assert each.get(f"/orders/{order}").status == 200


def test_a_person_of_another_office_sees_neither_the_order_nor_that_there_is_one(
    two_providers: tuple[Office, Person, Person],
) -> None:
    _office, skylark, brightmoor = two_providers
    seen = {
        each: set(re.findall('href="/orders/([0-9a-f-]{36})"', words(each.get("/orders"))))
        for each in (skylark, brightmoor)
    }
    assert len(seen[skylark]) == len(seen[brightmoor]) == 1
    assert seen[skylark] != seen[brightmoor]
    (other,) = seen[brightmoor]
    assert other not in words(skylark.get("/"))
    nothing = "11111111-1111-4111-8111-111111111111"
    for path in ("/orders/{}", "/orders/{}/record", "/orders/{}/record/order-received"):
        hidden, none = skylark.get(path.format(other)), skylark.get(path.format(nothing))
        assert (hidden.status, none.status) == (404, 404)
        assert main(words(hidden)) == main(words(none))


def test_no_page_shows_a_sealed_value(prosecutor: Person, office: Office, order: str) -> None:
    case = office.journal.case(order)
    sealed = [v for e in case.entries for v in e.sealed.values() if isinstance(v, str) and len(v) > 12]
    assert sealed
    for path in (f"/orders/{order}", "/orders", "/", f"/orders/{order}/record/order-corrected"):
        page = words(prosecutor.get(path))
        assert not [value for value in sealed if value in page], path


def test_the_reserved_orders_of_the_ledger_have_no_page(prosecutor: Person, office: Office) -> None:
    for reserved in (registry_of, access_of):
        assert prosecutor.get(f"/orders/{reserved(office.journal.origin)}").status == 404


# -- the board and the list --------------------------------------------------------------------------------------------


def test_the_board_shows_first_what_waits_for_the_person(prosecutor: Person, provider: Person) -> None:
    own, other = words(prosecutor.get("/")), words(provider.get("/"))
    assert own.index('id="mine"') < own.index("NOTICE-REVIEW") < own.index('id="others"')
    assert other.index('id="others"') < other.index("NOTICE-REVIEW")


@pytest.mark.parametrize(("lang", "named"), [("en", "Review of the delayed notice"), ("de", "Überprüfung")])
def test_a_deadline_is_named_in_words(prosecutor: Person, order: str, lang: str, named: str) -> None:
    for path in ("/", f"/orders/{order}"):
        assert named in words(prosecutor.get(f"{path}?lang={lang}")), path


def test_what_meets_a_deadline_is_said_without_codes_of_kinds() -> None:
    for rule in REGISTER:
        left = [each for each in re.findall(r"[a-z]+(?:-[a-z0-9]+)+", kinds_in_words(rule.met_by)) if each in KINDS]
        assert left == [], rule.id
    assert kinds_in_words("court-ruled, or an ad-hoc reply") == "court ruled, or an ad-hoc reply"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_becomes_of_a_deadline_is_said_in_words_in_every_language(lang: str) -> None:
    for verdict in ClockVerdict:
        assert texts(lang)[f"intake_{verdict}"] not in ("", verdict)


def test_what_waits_for_the_person_has_the_forms_that_meet_it(prosecutor: Person, order: str) -> None:
    board = words(prosecutor.get("/"))
    assert f'href="/orders/{order}/record/customer-notified' in board


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("state=disclosed", True),
        ("state=served", False),
        ("party=XV&instrument=2AP-7", True),
        ("provider=Nobody", False),
        ("mine=1", True),
    ],
)
def test_the_list_is_filtered_by_what_is_picked(prosecutor: Person, query: str, found: bool) -> None:
    assert ("KA-2027-0311" in words(prosecutor.get(f"/orders?{query}"))) is found


def test_words_that_find_one_order_lead_to_it(prosecutor: Person, order: str) -> None:
    reply = prosecutor.get("/orders?name=ka-2027-03")
    assert (reply.status, reply.headers["location"]) == (303, f"/orders/{order}")


# -- one order ---------------------------------------------------------------------------------------------------------


def test_an_order_is_titled_by_its_number_and_its_provider(prosecutor: Person, order: str) -> None:
    title = re.search("<h1>(.*?)</h1>", words(prosecutor.get(f"/orders/{order}")), re.DOTALL)
    assert title is not None
    assert re.sub("<.*?>", "", title[1]) == "KA-2027-0311, Harbor Chat Ltd"


def test_the_common_steps_are_those_of_the_persons_roles(prosecutor: Person, provider: Person, order: str) -> None:
    issuing, providing = (words(each.get(f"/orders/{order}")) for each in (prosecutor, provider))
    assert f"/orders/{order}/record/notification-sent" in issuing
    assert f"/orders/{order}/record/notification-sent" not in providing
    assert f'href="/orders/{order}/record/data-disclosed"' in providing


def test_a_person_corrects_entries_of_the_own_office_alone(prosecutor: Person, office: Office, order: str) -> None:
    page = words(prosecutor.get(f"/orders/{order}"))
    timeline = office.ask("ilves", f"/v1/orders/{order}").json["says"]["timeline"]
    for e in timeline:
        assert (f"again={e['leaf']}" in page) is (e["by"] == "ilves" and not e["replaced_by"])


# -- forms -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [RECORDABLE[n] for n in sampled(range(len(RECORDABLE)), 12)])
def test_the_form_of_a_kind_opens_in_an_order_or_in_the_register(prosecutor: Person, order: str, kind: str) -> None:
    reply = prosecutor.get(f"/orders/{order}/record/{kind}")
    assert reply.status == 200, kind


@pytest.mark.parametrize("kind", ["record-accessed", "ex-post-validation-sought", "no-such-kind"])
def test_a_kind_that_is_not_recorded_here_has_no_form(prosecutor: Person, order: str, kind: str) -> None:
    assert prosecutor.get(f"/orders/{order}/record/{kind}").status in (404, 422)


def test_a_new_order_begins_with_its_instrument_which_marks_what_it_asks_for(prosecutor: Person) -> None:
    first = words(prosecutor.get("/record/order-issued"))
    assert 'href="/record/order-issued?f.instrument=2AP-7"' in first
    form = words(prosecutor.get("/record/order-issued?f.instrument=2AP-7"))
    assert "asked for by 2AP:7(3)" in form
    assert ("f.from_party", "XO") in Form(form).pairs


def fill(page: str, **values: str) -> list[tuple[str, str]]:
    """Return the values of the form of a page with some of them changed; `__` stands for a dot."""
    changed = {name.replace("__", "."): value for name, value in values.items()}
    pairs = [(name, value) for name, value in Form(page).pairs if name not in changed]
    return [*pairs, *changed.items()]


def test_a_form_that_is_right_shows_what_would_be_signed(prosecutor: Person, order: str) -> None:
    address = f"/orders/{order}/record/order-closed"
    pairs = fill(words(prosecutor.get(address)), f__outcome="answered", c__role="ISS", do="check")
    reply = prosecutor.post(address, pairs)
    page = reply.body.decode()
    assert reply.status == 200
    assert "closed the file: the order was answered" in words(reply)
    recording = re.search('data-recording="(.*?)"', page)
    assert recording is not None
    draft = json.loads(unescape(recording[1]))["draft"]
    assert (draft["kind"], draft["order"], draft["fields"]) == ("order-closed", order, {"outcome": "answered"})


def test_a_form_with_an_error_keeps_all_that_was_typed_and_links_to_the_field(prosecutor: Person, order: str) -> None:
    address = f"/orders/{order}/record/order-corrected"
    typed = fill(
        words(prosecutor.get(address)), f__changes="<b>two</b>\nlines", f__changed_fields__0="offences", do="check"
    )
    reply = prosecutor.post(address, typed)
    page = words(reply)
    assert reply.status == 422
    assert 'href="#f.material"' in page
    assert 'id="f.material"' in page
    back = dict(Form(reply.body.decode()).pairs)
    assert (back["f.changes"], back["f.changed_fields.0"]) == ("<b>two</b>\nlines", "offences")
    assert "<b>two" not in reply.body.decode()


def test_a_row_is_added_and_removed_without_script(prosecutor: Person, order: str) -> None:
    address = f"/orders/{order}/record/order-corrected"
    pairs = fill(words(prosecutor.get(address)), f__changed_fields__0="offences", do="add:f.changed_fields")
    more = Form(prosecutor.post(address, pairs).body.decode()).pairs
    assert ("f.changed_fields.0", "offences") in more
    assert ("f.changed_fields.1", "") in more
    less = prosecutor.post(address, [*more, ("do", "remove:f.changed_fields.0")])
    assert "f.changed_fields.0" not in dict(Form(less.body.decode()).pairs)


def test_a_correction_begins_with_the_values_of_the_entry(prosecutor: Person, office: Office, order: str) -> None:
    timeline = office.ask("ilves", f"/v1/orders/{order}").json["says"]["timeline"]
    sent = next(e for e in timeline if e["kind"] == "order-transmitted")
    page = words(prosecutor.get(f"/orders/{order}/record/order-transmitted?again={sent['leaf']}"))
    pairs = dict(Form(page).pairs)
    assert (pairs["c.replaces"], pairs["f.channel"]) == (sent["leaf"], sent["fields"]["channel"])


def test_a_name_that_the_register_does_not_have_is_an_error_beside_its_field(prosecutor: Person, order: str) -> None:
    address = f"/orders/{order}/record/order-transmitted"
    pairs = fill(words(prosecutor.get(address)), f__addressee="nobody", f__channel="mail", c__role="ISS", do="check")
    page = words(prosecutor.post(address, pairs))
    assert 'href="#f.addressee"' in page
    assert "nobody is no office of the register" in page


def test_a_form_that_is_sent_after_the_session_ended_is_kept(office: Office, order: str) -> None:
    reply = Person(office, "", "ended").post(f"/orders/{order}/record/order-closed", [("f.outcome", 'a"b')])
    assert reply.status == 401
    assert Form(reply.body.decode()).pairs.count(("f.outcome", 'a"b')) == 1


@pytest.mark.parametrize("lang", ["de", "fr"])
def test_a_page_is_in_the_language_that_is_asked_for_and_keeps_it(prosecutor: Person, lang: str) -> None:
    from server.desk.site import texts

    reply = prosecutor.get(f"/?lang={lang}")
    assert texts(lang)["board_mine"] in words(reply)
    assert f'<html lang="{lang}">' in words(reply)
    assert any(f"comity-lang={lang}" in cookie for cookie in reply.cookies)


PATHS = ("/", "/orders", "/record", "/orders/{}", "/orders/{}/record", "/record/order-issued")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("lang", ["en", "de", "fr"])
def test_every_page_is_made_in_every_language(prosecutor: Person, order: str, path: str, lang: str) -> None:
    assert prosecutor.get(f"{path.format(order)}?lang={lang}").status == 200


def check_every_order(story: str, folder: Path) -> None:
    """Open the page of every order of a story as each office of the register sees it."""
    with serving_story(story, folder) as office:
        offices = {e.public["actor"] for e in office.running.view.registered() if e.kind == "authority-registered"}
        orders = office.running.view.orders_since(0)[1]
        seen = 0
        for actor in sorted(offices):
            worker = person(office, f"of {actor}", actor, key=False)
            assert (worker.get("/").status, worker.get("/orders").status) == (200, 200)
            statuses = [worker.get(f"/orders/{order}").status for order in orders]
            assert set(statuses) <= {200, 404}
            seen += statuses.count(200)
        assert seen >= len(orders)


def test_an_order_has_a_page_whether_a_deadline_runs_or_not(tmp_path: Path) -> None:
    check_every_order("S4", tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("story", STORY_NAMES)
def test_every_order_of_every_story_has_a_page(story: str, tmp_path: Path) -> None:
    check_every_order(story, tmp_path)


def test_a_new_order_whose_instrument_was_taken_back_keeps_what_was_typed(prosecutor: Person) -> None:
    address = "/record/order-issued"
    form = words(prosecutor.get(f"{address}?f.instrument=VOL"))
    reply = prosecutor.post(address, fill(form, f__instrument="", f__reference="PPO-1", do="check"))
    assert reply.status == 422
    assert dict(Form(reply.body.decode()).pairs)["f.reference"] == "PPO-1"
