"""Who may see pages of the desk, and what others see in their place."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

pytest.importorskip("starlette", reason="needs the extra `server`")

from tests.server.desk.desk import Person, words
from tests.server.office import Office


def test_a_person_who_has_not_signed_in_is_led_to_the_sign_in_page_and_back(office: Office) -> None:
    reply = office.send("GET", "/orders?state=open&lang=de")
    place = urlsplit(reply.headers["location"])
    assert (reply.status, place.path) == (303, "/sign-in")
    assert parse_qs(place.query) == {"lang": ["de"], "next": ["/orders?state=open&lang=de"]}


def test_a_session_that_has_ended_leads_to_the_sign_in_page(office: Office) -> None:
    reply = Person(office, "", "no-such-session").get("/")
    assert (reply.status, reply.headers["location"].partition("?")[0]) == (303, "/sign-in")


def test_a_page_of_another_site_sends_no_form(prosecutor: Person) -> None:
    reply = prosecutor.post(
        "/record/order-issued", [], origin="https://evil.example", **{"sec-fetch-site": "cross-site"}
    )
    assert reply.status == 403


def test_a_page_allows_no_inline_script_and_no_frame(prosecutor: Person) -> None:
    policy = prosecutor.get("/").headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy


def test_a_page_names_the_person_and_the_office(prosecutor: Person) -> None:
    assert "Dina Ilves" in words(prosecutor.get("/"))


def test_each_language_has_the_same_texts() -> None:
    from ledger.messages import LANGUAGES
    from server.desk.site import texts

    names = [set(texts(each)) for each in LANGUAGES]
    assert names[0] == names[1] == names[2]
