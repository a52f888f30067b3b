"""A person enrols a key, signs what the page shows, and reads "Recorded" when the log has signed for it."""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64decode
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest

pytest.importorskip("fido2", reason="needs the extra `server`")
pytest.importorskip("starlette", reason="needs the extra `server`")
pytest.importorskip("http_message_signatures", reason="needs the extra `server`")

from ledger.adapters.keys.key_files import SeedKey
from ledger.entries.envelope import open_
from ledger.formats.ed25519 import verify_signature
from tests.browser.sign.desk import PATIENCE, Desk, enrolment, log_of
from tests.browser.sign.honest_desk import as_asked, proposed, receipts_of, recorded, request, signed, size_of
from tests.server.office import Office

pytestmark = pytest.mark.browser

OTHER = SeedKey(b"\x09" * 32)
OTHER_KEY = "story.example/s2+00000000+" + b64encode(b"\x01" + OTHER.public).decode()
OTHER_FINGERPRINT = sha256(OTHER_KEY.encode()).hexdigest()


# -- keys -------------------------------------------------------------------------------------------------------------


def test_a_person_makes_a_key_and_the_desk_gets_the_proof_that_the_browser_holds_it(
    opened: Desk, office: Office
) -> None:
    log, key = log_of(office)
    answer = opened.enrol(log, key, "Mari Saar", "saar")
    text = f"comity.key-request/1\n{log}\naccount-saar\n{answer['public']}\n".encode()
    assert verify_signature(bytes.fromhex(answer["public"]), text, urlsafe_b64decode(answer["proof"] + "=="))
    keys = opened.ask("keys", log=log)["keys"]
    assert {answer["public"], office.key("ilves").public.hex()} <= {each["public"] for each in keys}
    assert all(each.keys() == {"public", "device", "made"} for each in keys)


def test_nothing_is_made_before_both_boxes_are_ticked(opened: Desk, office: Office) -> None:
    opened.post(enrolment(*log_of(office)))
    with opened.person() as page:
        page.wait("return document.querySelector('#task button')", PATIENCE)
        page.run("document.querySelector('#tick-0').click(); document.querySelector('#task button').click()")
        assert "both boxes" in page.run("return document.querySelector('#status').textContent")
    assert not [each for each in opened.received() if each["data"]["type"] == "enrolled"]


def test_the_person_can_cancel_and_no_second_request_takes_the_place_of_the_first(opened: Desk, office: Office) -> None:
    first = opened.post(enrolment(*log_of(office)))
    opened.says()
    assert opened.ask(**enrolment_as_asked(office))["code"] == "SIGN-BUSY"
    with opened.person() as page:
        page.run("[...document.querySelectorAll('.actions button')].at(-1).click()")
    assert opened.wait_for(id_=first)["code"] == "SIGN-DECLINED"


def enrolment_as_asked(office: Office) -> dict[str, Any]:
    message = enrolment(*log_of(office))
    return {"type_": message.pop("type"), **message}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda m: m["ledger"].update(fingerprint="ab" * 32), "SIGN-LEDGER"),
        (lambda m: m["ledger"].update(log="other.example/log"), "CP-KEY"),
        (lambda m: m["ledger"].update(key=OTHER_KEY, fingerprint=OTHER_FINGERPRINT), "SIGN-ORIGIN"),
        (lambda m: m["ledger"].update(log="new.example", key="no key"), "CP-KEY"),
        (lambda m: m.update(more=1), "JSON-MEMBER"),
    ],
)
def test_a_request_for_a_key_that_does_not_fit_is_refused(
    opened: Desk, office: Office, change: Callable[[Any], object], code: str
) -> None:
    message = enrolment(*log_of(office))
    change(message)
    assert opened.ask(message.pop("type"), **message)["code"] == code


# -- signatures -------------------------------------------------------------------------------------------------------


def test_an_entry_is_shown_signed_recorded_and_called_recorded_when_its_receipt_holds(
    opened: Desk, office: Office, order: str
) -> None:
    message = request(opened, office, order)
    id_ = opened.post(message)
    opened.agree()
    answer = opened.wait_for(id_=id_)
    assert "Recorded" not in opened.says()
    entry = open_(answer["submission"]["entries"][0]["entry"].encode())
    assert entry.payload.public["about"] == message["drafts"][0]["draft"]["fields"]["about"]
    assert entry.payload.sealed == ["statement"]
    receipts = recorded(office, answer)
    said = opened.ask(**as_asked(receipts_of(office, answer, receipts)))
    assert said["type"] == "recorded"
    assert said["receipts"] == [{name: receipts[0][name] for name in ("index", "leaf", "order", "seq")}]
    assert "Recorded" in opened.says()
    assert opened.ask("keys", log=log_of(office)[0])["size"] == size_of(receipts)


def test_everything_that_is_signed_is_shown_before(opened: Desk, office: Office, order: str) -> None:
    message = request(opened, office, order)
    opened.post(message)
    with opened.person() as page:
        page.wait("return document.querySelectorAll('.ticks input').length", PATIENCE)
    said = opened.says()
    draft = message["drafts"][0]["draft"]
    for shown in (
        draft["kind"],
        order,
        "ilves",
        "XO",
        draft["fields"]["about"],
        "Der Empfang war am 16. März.",
        "sealed",
    ):
        assert shown in said
    assert f"its entry {message['drafts'][0]['place']['seq']}" in said
    began = open_(message["drafts"][0]["place"]["begun"]["entry"].encode()).payload
    began = open_(message["drafts"][0]["place"]["begun"]["entry"].encode()).payload
    assert f"{began.public['case_ref']} of {began.signer.actor}, begun on" in said


def test_an_order_whose_first_entry_is_not_shown_has_a_reference_that_is_not_proven(
    opened: Desk, office: Office, order: str
) -> None:
    message = request(opened, office, order)
    message["drafts"][0]["place"]["begun"] = None
    opened.post(message)
    with opened.person() as page:
        page.wait("return document.querySelectorAll('.ticks input').length", PATIENCE)
    assert "its reference is not proven here" in opened.says()


def test_a_new_order_and_the_entry_behind_it_are_signed_together(opened: Desk, office: Office, order: str) -> None:
    new = "8f14e45f-ceea-467f-9575-7d5a1e2b3c4d"
    message = request(opened, office, order)
    draft = message["drafts"][0]["draft"]
    first = {**draft, "order": new, "instrument": "VOL", "kind": "order-issued",
             "fields": {"instrument": "VOL", "from_party": "XO", "to_party": "XV"}}  # fmt: skip
    second = {**draft, "order": new, "instrument": "VOL"}
    nowhere = {"seq": 1, "prev": None, "instrument": "VOL"}
    message["drafts"] = [
        {"draft": first, "place": None, "proposal": proposed(office, first, nowhere)},
        {
            "draft": second,
            "place": None,
            "proposal": proposed(office, second, {**nowhere, "seq": 2, "prev": "00" * 32}),
        },
    ]
    answer = signed(opened, message)
    one, two = (open_(each["entry"].encode()) for each in answer["submission"]["entries"])
    assert (two.payload.seq, two.payload.prev) == (2, one.leaf)


def test_the_page_shows_that_another_entry_came_first_and_asks_again(opened: Desk, office: Office, order: str) -> None:
    late = signed(opened, request(opened, office, order, statement="late"))
    opened.open()
    recorded(office, signed(opened, request(opened, office, order, statement="first")))
    refused = office.ask("ilves", "/v1/entries", json.dumps(late["submission"]).encode())
    assert refused.code == "CTX-CHAIN"
    opened.post(request(opened, office, order, statement="late"))
    with opened.person() as page:
        page.wait("return document.querySelectorAll('.ticks input').length", PATIENCE)
    assert "Another entry was recorded first" in opened.says()
    opened.agree()


def test_without_the_key_in_this_browser_only_its_file_signs(opened: Desk, office: Office, order: str) -> None:
    message = request(opened, office, order)
    message["public"] = OTHER.public.hex()
    message["drafts"][0]["proposal"] = None
    opened.post(message)
    with opened.person() as page:
        page.wait("return document.querySelector('#key-file')", PATIENCE)
        buttons = page.run("return [...document.querySelectorAll('.actions button')].map((each) => each.textContent)")
    assert buttons == ["Cancel"]
