"""A table or a mail at the desk: what it states, as drafts of the person who asks; and what it must not say."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

pytest.importorskip("starlette", reason="needs the extra `server`")
pytest.importorskip("python_calamine", reason="needs the extra `spreadsheet`")

from server.desk.intake import pages
from tests.generate.messages import left_in_english
from tests.server.desk.desk import Person, marked, own_words, person, words
from tests.server.office import Office, Reply, serving
from tests.support.cli import House
from tests.support.intake.mails import SERVER, delivery_report, mail
from tests.support.intake.tables import HEADINGS, PROFILE, csv_of, profile_file, rows
from tests.support.intake.workbooks import xlsx

if TYPE_CHECKING:
    pass

HERE = PROFILE.replace('to_party = "XV"', 'to_party = "XO"')


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Return an office with a profile, ten orders that were imported, and an office that sees none of them."""
    folder = tmp_path_factory.mktemp("intake")
    house = House(folder).begun().with_office("ilves", "ISS").with_office("skylark", "SP").with_office("ember", "SP")
    assert house.run("import", "adopt", str(profile_file(folder, HERE)), "--as", "ilves").exit_code == 0
    table = folder / "old.csv"
    table.write_bytes(csv_of(rows(10)))
    house.reply("import", str(table), "--profile", "karsk-orders", "--as", "ilves")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in house.env.items():
            patch.setenv(name, value)
        with serving(house.ledger) as served:
            yield served


@pytest.fixture(scope="module")
def prosecutor(office: Office) -> Person:
    return person(office, "Dina Ilves", "ilves", key=False)


@pytest.fixture(scope="module")
def stranger(office: Office) -> Person:
    return person(office, "Em Ber", "ember", key=False)


def sent(by: Person, data: bytes, **query: str) -> Reply:
    asked = {"what": "table", "name": "t", "profile": "ilves/karsk-orders", **query}
    from server.identity.callers import SESSION

    headers = {
        "cookie": f"{SESSION}={by.token}",
        "origin": by.office.url,
        "sec-fetch-site": "same-origin",
        "content-type": "application/octet-stream",
    }
    return by.office.send("POST", f"/intake/check?{urlencode(asked)}", data, headers)


def checked(by: Person, data: bytes, **query: str) -> dict[str, Any]:
    reply = sent(by, data, **query)
    assert reply.status == 200, reply.body
    answer: dict[str, Any] = json.loads(reply.body)
    return answer


def test_the_page_offers_the_profiles_in_force_in_each_language(prosecutor: Person) -> None:
    for lang, title in (("en", "Intake"), ("de", "Übernahme"), ("fr", "Reprise")):
        page = words(prosecutor.get(f"/intake?lang={lang}"))
        assert f"<h1>{title}</h1>" in page
        assert "karsk-orders 1 (ilves)" in page


def test_deadlines_and_findings_of_a_table_are_in_words_of_the_language(prosecutor: Person) -> None:
    table = xlsx({"Příkazy": [HEADINGS, *rows(4, first=301)]})
    for lang, deadline in (("de", "Antwort des Diensteanbieters"), ("fr", "réponse du fournisseur")):
        answer = checked(prosecutor, table, lang=lang)
        assert answer["names"]["D-7-7"] == deadline
        assert answer["names"].keys() == {clock["id"] for clock in answer["clocks"]}
        assert [f["says"] for f in answer["findings"] if left_in_english(f["says"], lang)] == []


@pytest.mark.parametrize("lang", ["de", "fr"])
def test_an_order_that_a_table_states_in_part_has_its_next_steps_in_the_language(lang: str, prosecutor: Person) -> None:
    orders = json.loads(prosecutor.get("/v1/orders").body)["orders"]
    for item in orders[:4]:
        page = words(prosecutor.get(f"/orders/{item['order']['order']}?lang={lang}"))
        assert f'<html lang="{lang}">' in page
        assert (marked(page), left_in_english(own_words(page), lang)) == ([], [])


def test_a_table_becomes_drafts_of_the_person_and_says_which_deadlines_start_and_which_do_not(
    prosecutor: Person,
) -> None:
    answer = checked(prosecutor, xlsx({"Příkazy": [HEADINGS, *rows(4, first=101)]}))
    assert (answer["rows"], answer["orders"], answer["new_orders"], len(answer["drafts"])) == (4, 4, 4, 11)
    assert {c["verdict"]: c["orders"] for c in answer["clocks"] if c["id"] == "D-7-7"} == {
        "MISSED": 3,
        "UNDETERMINED": 1,
    }
    assert answer["names"]["D-7-7"] == "answer of the provider"
    assert "no row says when the order arrived" in " ".join(note["says"] for note in answer["unwound"])
    issued = answer["drafts"][0]
    assert (issued["kind"], issued["actor"], issued["role"], issued["speaks"]) == (
        "order-issued",
        "ilves",
        "ISS",
        "import",
    )
    assert issued["fields"]["reference"] == "KA-0101/2026"
    assert issued["fields"]["identifiers"] == ["účet-101"]


def test_what_is_on_record_is_left_out_also_where_the_command_recorded_it(prosecutor: Person, office: Office) -> None:
    before = office.running.view.size()
    answer = checked(prosecutor, csv_of(rows(11)))
    assert (answer["already"], len(answer["drafts"]), answer["new_orders"]) == (28, 3, 1)
    assert office.running.view.size() == before


def test_a_fault_names_sheet_row_and_column_and_leaves_no_draft(prosecutor: Person) -> None:
    table = rows(3, first=201)
    table[1][1] = "31.02.2026"
    table[2][4] = "Unknown"
    answer = checked(prosecutor, xlsx({"Příkazy": [HEADINGS, *table]}))
    assert [(fault["row"], fault["column"]) for fault in answer["faults"]] == [
        (3, "Vydáno"),
        (4, "Poskytovatel"),
    ]
    assert answer["drafts"] == []


def test_an_order_that_a_person_may_not_see_is_not_shown_to_be_on_record(stranger: Person, prosecutor: Person) -> None:
    answer = checked(stranger, csv_of(rows(1)))
    assert answer["already"] == 0
    assert answer["drafts"] == []
    assert "there is no order that this caller may see" in answer["faults"][0]["says"]


def test_a_file_that_is_no_table_is_a_fault(prosecutor: Person) -> None:
    for data, says in ((b"PK\x03\x04broken", "TABLE-FORM"), (b"a;b\n1;2\n", "TABLE-COLUMNS")):
        answer = checked(prosecutor, data)
        assert answer["faults"][0]["says"].startswith(says)
    assert checked(prosecutor, csv_of([]), profile="nothing")["faults"][0]["says"].startswith("PROFILE-UNKNOWN")


@pytest.mark.parametrize(("lang", "column"), [("de", "keine Spalte heißt"), ("fr", "aucune colonne ne s’appelle")])
def test_what_is_wrong_in_a_file_is_in_the_language_of_the_page(lang: str, column: str, prosecutor: Person) -> None:
    table = rows(4, first=201)
    table[1][1] = "soon"
    table[2][4] = "Unknown"
    result, stamp = f"Authentication-Results: {SERVER}; spf=pass", f"by {SERVER}; Tue, 03 Mar 2026 10:15:30 +0100"
    order = {"order": "KA-0004/2026", "kind": "order-received"}
    answers = [
        checked(prosecutor, xlsx({"Příkazy": [HEADINGS, *table]}), lang=lang),
        checked(prosecutor, b"a;b\n1;2\n", lang=lang),
        checked(prosecutor, b"PK\x03\x04broken", lang=lang),
        checked(prosecutor, xlsx({"Příkazy": [HEADINGS, *rows(4, first=301)]}), lang=lang),
        checked(prosecutor, mail("Re: KA-0004/2026"), what="mail", kind="order-received", lang=lang),
        checked(prosecutor, delivery_report(subject="hello"), what="mail", lang=lang),
        checked(prosecutor, delivery_report(subject="KA-0004/2026"), what="mail", lang=lang),
        checked(prosecutor, delivery_report(subject="KA-0004/2026"), what="mail", server=SERVER, lang=lang),
        checked(prosecutor, mail("a", before=["Subject: b", result]), what="mail", server=SERVER, lang=lang, **order),
        checked(prosecutor, mail("a", stamp=f"{stamp}\r\n{result}"), what="mail", server=SERVER, lang=lang, **order),
        checked(prosecutor, mail("a", before=[result], stamp=""), what="mail", server=SERVER, lang=lang, **order),
        checked(prosecutor, mail(before=["X Y: b"]), what="mail", lang=lang),
        checked(prosecutor, b"%PDF-1.7", what="letter", order="KA-0001/2026", kind="customer-notified", lang=lang),
    ]
    notes = [note for each in answers for name in ("faults", "notes", "says", "unwound") for note in each[name]]
    assert len(notes) > 10
    assert column in answers[1]["faults"][0]["says"]
    said = [note["says"] for note in notes]
    assert [says for says in said if left_in_english(says, lang) or re.search(r"\b(the|is|no|of)\b", says)] == []
    assert [note["english"] for note in notes if note.get("english", "") and "TABLE-FORM" not in note["says"]] == []


def test_a_file_beyond_the_bound_is_refused_while_it_arrives(prosecutor: Person) -> None:
    assert sent(prosecutor, bytes(pages.LARGEST + 1)).status == 413


def test_a_file_without_a_session_or_from_another_site_is_refused(office: Office, prosecutor: Person) -> None:
    nobody = Person(office, "", "x")
    assert sent(nobody, b"a;b\n").status == 401
    reply = office.send("POST", "/intake/check", b"a", {"content-type": "application/octet-stream"})
    assert reply.status in (401, 403)


def test_a_form_is_not_taken_for_a_file(prosecutor: Person) -> None:
    assert prosecutor.post("/intake/check", [("a", "b")]).status == 415


# -- mails -------------------------------------------------------------------------------------------------------------


def test_a_report_of_delivery_becomes_the_receipt_of_the_order_that_it_quotes(prosecutor: Person) -> None:
    report = delivery_report(subject="Order KA-0004/2026")
    claimed = checked(prosecutor, report, what="mail")
    assert (claimed["drafts"][0]["on_source"], len(claimed["unwound"])) == ("other-party", 1)
    assert "its time is the claim of the report, which anybody can write: no receipt is proven" in [
        note["says"] for note in claimed["says"]
    ]
    answer = checked(prosecutor, report, what="mail", server=SERVER)
    (draft,) = answer["drafts"]
    assert (draft["kind"], draft["whose"], draft["on_source"]) == ("order-received", "skylark", "receipt-stamp")
    assert draft["fields"]["proof"]["code"] == f"mail-stamped-by-{SERVER}"
    assert answer["unwound"] == []


def test_a_mail_says_what_is_a_claim_and_starts_no_clock(prosecutor: Person) -> None:
    answer = checked(prosecutor, mail("Re: KA-0004/2026"), what="mail", kind="order-received")
    assert "nothing in it is proven: a header is what somebody wrote" in [note["says"] for note in answer["says"]]
    assert len(answer["unwound"]) == 1


@pytest.mark.parametrize("subject", ["hello", "KA-0001/2026 and KA-0002/2026", "KA-9999/2026"])
def test_a_mail_that_quotes_no_order_or_several_is_a_fault(subject: str, prosecutor: Person) -> None:
    answer = checked(prosecutor, delivery_report(subject=subject), what="mail")
    assert answer["faults"][0]["says"].startswith("MAIL-FACT")


def test_a_mail_of_an_order_that_a_person_may_not_see_is_a_fault(stranger: Person) -> None:
    answer = checked(stranger, delivery_report(subject="KA-0004/2026"), what="mail")
    assert "no order that you may see" in answer["faults"][0]["says"]


def test_a_scanned_letter_becomes_a_draft_with_its_digest(prosecutor: Person, stranger: Person) -> None:
    reference = "KA-0001/2026"
    scan = b"%PDF-1.7 \xc3\xbc"
    stated = {"what": "letter", "order": reference, "kind": "customer-notified", "name": "2026-03-01 Brief ü.pdf"}
    answer = checked(prosecutor, scan, **stated)
    assert answer["faults"] == []
    (draft,) = answer["drafts"]
    assert (draft["kind"], draft["on"][:10], draft["on_source"]) == ("customer-notified", "2026-03-01", "estimate")
    document = next(value for value in draft["fields"].values() if isinstance(value, dict) and "sha256" in value)
    assert (document["sha256"], document["media"]) == (sha256(scan).hexdigest(), "application/pdf")
    undated = checked(prosecutor, scan, **{**stated, "name": "Brief.pdf"})
    assert "nothing says on which day it happened" in undated["faults"][0]["says"]
    other = checked(prosecutor, scan, **{**stated, "name": "Brief.pdf", "day": "2026-03-02", "whose": "skylark"})
    assert (other["drafts"][0]["on"][:10], other["drafts"][0]["whose"]) == ("2026-03-02", "skylark")
    for day in ("0001-01-01", "9999-12-31", "0000-00-00"):
        far = checked(prosecutor, scan, **{**stated, "day": day})
        assert far["drafts"] == []
        assert far["faults"]
    none = checked(prosecutor, scan, **{**stated, "kind": "order-closed"})
    assert "not taken from a letter alone" in none["faults"][0]["says"]
    unseen = checked(stranger, scan, **{**stated, "kind": "order-received"})
    assert "API-MISSING" in unseen["faults"][0]["says"]
