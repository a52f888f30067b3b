"""A person enrols a key, signs what the page shows, and reads "Recorded" when the log has signed; lies are refused."""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64decode
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import pytest

pytest.importorskip("fido2", reason="needs the extra `server`")
pytest.importorskip("starlette", reason="needs the extra `server`")
pytest.importorskip("http_message_signatures", reason="needs the extra `server`")

from ledger.adapters.keys.key_files import SeedKey, load
from ledger.entries.case import wire
from ledger.entries.envelope import Circumstances, EntryPlace, Signer, open_, seal
from ledger.facts import KINDS, build
from ledger.formats.ed25519 import verify_signature
from ledger.tlog.note import Checkpoint, format_checkpoint, sign_note
from tests.browser.sign.desk import PATIENCE, Desk, enrolment, log_of, pages
from tests.browser.support.webdriver import Browser
from tests.server.office import Office, serving_story
from tests.support.cli import reply

pytestmark = pytest.mark.browser

OTHER = SeedKey(b"\x09" * 32)


@pytest.fixture(scope="module")
def office(signing_page: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("office")
    with serving_story("S2", folder, signing_page=signing_page.read_bytes()) as served:
        yield served


@pytest.fixture(scope="module")
def desk(browser: Browser, office: Office) -> Iterator[Desk]:
    """Return a desk from which a person has enrolled the key file of ilves."""
    with pages() as port:
        made = Desk(browser, f"http://localhost:{port}", f"http://sign.localhost:{office.port}/")
        made.open()
        answer = made.enrol_file(*log_of(office), str(office.ledger / "keys" / "PUBLIC-ilves"))
        assert answer.get("public") == office.key("ilves").public.hex(), answer
        yield made
        made.close()


@pytest.fixture(scope="module")
def order(office: Office) -> str:
    return str(reply("orders", ledger=office.ledger)["orders"][0]["order"])


@pytest.fixture
def opened(desk: Desk) -> Desk:
    """Return the desk with a fresh signing page."""
    desk.open()
    return desk


def drafted(office: Office, order: str, **fields: Any) -> dict[str, Any]:
    """Return a draft by ilves that disputes the newest entry of an order."""
    newest = place_of(office, order)["prev"]
    return {
        "kind": "event-disputed",
        "order": order,
        "instrument": place_of(office, order)["instrument"],
        "fields": {"about": newest, "statement": "Der Empfang war am 16. März.", **fields},
        "role": "ISS",
        "actor": "ilves",
        "party": "XO",
        "on": wire(datetime.now(UTC).replace(microsecond=0)),
        "on_source": "own-act",
        "speaks": "act",
    }


def place_of(office: Office, order: str) -> dict[str, Any]:
    found: dict[str, Any] = office.ask("ilves", f"/v1/orders/{order}/place").json
    return found


def consistency(office: Office, start: int, end: int) -> dict[str, Any] | None:
    found: dict[str, Any] = office.ask("ilves", f"/v1/consistency?start={start}&end={end}").json
    return found if 0 < start < end else None


def proposed(office: Office, draft: dict[str, Any], place: dict[str, Any]) -> dict[str, Any]:
    """Return the payload that an honest server proposes for a draft."""
    fields = KINDS[draft["kind"]].fields()
    sides: tuple[dict[str, Any], dict[str, Any]] = ({}, {})
    for name, value in draft["fields"].items():
        sides[fields[name].sealed][name] = value
    on = datetime.fromisoformat(draft["on"])
    where = EntryPlace(log_of(office)[0], draft["order"], place["seq"], place["prev"], place["instrument"])
    key = office.key("ilves")
    signer = Signer(draft["actor"], draft["role"], draft["party"], key.public, key.sign)
    raw = seal(build(draft["kind"], *sides), where, signer, Circumstances(on, on), "00" * 16, bytes).raw
    payload: dict[str, Any] = msgspec.to_builtins(open_(raw).payload)
    payload["public"].pop("_sd", None)
    return payload


def request(desk: Desk, office: Office, order: str, **fields: Any) -> dict[str, Any]:
    """Return the message with which an honest desk asks for a signature."""
    log = log_of(office)[0]
    draft, place = drafted(office, order, **fields), place_of(office, order)
    seen = desk.ask("keys", log=log)["size"]
    proofs = {"head": place["head"], "consistency": consistency(office, seen, place["head"]["size"])}
    item = {"draft": draft, "place": place, "proposal": proposed(office, draft, place)}
    return {"type": "sign", "log": log, "proofs": proofs, "drafts": [item], "public": office.key("ilves").public.hex()}


def signed(desk: Desk, message: dict[str, Any]) -> dict[str, Any]:
    """Return what the page answers to a person who signs."""
    id_ = desk.post(message)
    desk.agree()
    return desk.wait_for(id_=id_)


def recorded(office: Office, answer: dict[str, Any]) -> list[dict[str, Any]]:
    """Hand in what was signed; return the receipts."""
    said = office.ask("ilves", "/v1/entries", json.dumps(answer["submission"]).encode())
    assert said.status == 200, said.body
    found: list[dict[str, Any]] = said.json["receipts"]
    return found


def size_of(receipts: list[dict[str, Any]]) -> int:
    return int(receipts[0]["proof"].split("\n\n")[1].split("\n")[1])


def receipts_of(office: Office, answer: dict[str, Any], receipts: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "type": "receipts",
        "receipts": receipts,
        "consistency": consistency(office, answer["size"], size_of(receipts)),
    }


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


OTHER_KEY = "story.example/s2+00000000+" + b64encode(b"\x01" + OTHER.public).decode()
OTHER_FINGERPRINT = sha256(OTHER_KEY.encode()).hexdigest()


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


def as_asked(message: dict[str, Any]) -> dict[str, Any]:
    return {"type_": message["type"], **{name: value for name, value in message.items() if name != "type"}}


def test_everything_that_is_signed_is_shown_before(opened: Desk, office: Office, order: str) -> None:
    message = request(opened, office, order)
    opened.post(message)
    with opened.person() as page:
        page.wait("return document.querySelectorAll('.ticks input').length", PATIENCE)
    said = opened.says()
    draft = message["drafts"][0]["draft"]
    for shown in (draft["kind"], order, "ilves", "XO", draft["fields"]["about"], "Der Empfang war am 16. März.", "sealed"):
        assert shown in said
    assert f"its entry {message['drafts'][0]['place']['seq']}" in said


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
        {"draft": second, "place": None, "proposal": proposed(office, second, {**nowhere, "seq": 2, "prev": "00" * 32})},
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


# -- lies of the server, before the signature -------------------------------------------------------------------------

Lie = Callable[[dict[str, Any], Office], object]


def _place(message: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = message["drafts"][0]["place"]
    return found


def _draft(message: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = message["drafts"][0]["draft"]
    return found


def _newest_of_the_register(message: dict[str, Any], office: Office) -> None:
    register = office.ask("ilves", "/v1/register").json
    other = register["entries"][-1]
    _place(message).update(newest=other, head=register["head"], prev=other["leaf"])
    message["proofs"]["head"] = register["head"]


def _an_earlier_entry(message: dict[str, Any], office: Office) -> None:
    place = _place(message)
    entries = office.ask("ilves", f"/v1/orders/{place['order']}/entries").json
    earlier = [each for each in entries["entries"] if open_(each["entry"].encode()).payload.order == place["order"]][-2]
    place.update(newest=earlier, head=entries["head"])
    message["proofs"]["head"] = entries["head"]


def _signed_by(seed: bytes, message: dict[str, Any], *, larger: int = 0, root: bytes = b"\x07" * 32) -> None:
    origin, size = message["log"], message["proofs"]["head"]["size"] + larger
    note = sign_note(format_checkpoint(Checkpoint(origin, size, root)), origin, seed)
    message["proofs"]["head"] = _place(message)["head"] = {"size": size, "note": note}


def _log_seed(office: Office) -> bytes:
    return load(office.journal.home.log(office.journal.origin) / "log.key").seed


def _fork(message: dict[str, Any], office: Office) -> None:
    _signed_by(_log_seed(office), message)


def _fork_that_is_larger(message: dict[str, Any], office: Office) -> None:
    before = message["proofs"]["head"]["size"]
    _signed_by(_log_seed(office), message, larger=1)
    path = [b64encode(bytes([n]) * 32).decode() for n in range(6)]
    message["proofs"]["consistency"] = {
        "format": "comity.api-consistency/1", "head": message["proofs"]["head"],
        "start": before, "end": before + 1, "path": path,
    }  # fmt: skip


def _smaller(message: dict[str, Any], office: Office) -> None:
    _signed_by(_log_seed(office), message, larger=-1)


LIES: dict[str, tuple[str, Lie]] = {
    "a value of the form": ("SIGN-DIFFERS", lambda m, _: _draft(m)["fields"].update(about="ab" * 32)),
    "a proposed value": ("SIGN-DIFFERS", lambda m, _: m["drafts"][0]["proposal"]["public"].update(about="ab" * 32)),
    "another value proposed": ("SIGN-DIFFERS", lambda m, _: m["drafts"][0]["proposal"]["public"].update(more="x")),
    "another kind proposed": ("SIGN-DIFFERS", lambda m, _: m["drafts"][0]["proposal"].update(kind="order-closed")),
    "another moment proposed": ("SIGN-DIFFERS", lambda m, _: m["drafts"][0]["proposal"].update(on="2027-01-01T00:00:00Z")),
    "another role in the form": ("SIGN-DIFFERS", lambda m, _: _draft(m).update(role="RET")),
    "another instrument in the form": ("SIGN-DIFFERS", lambda m, _: _draft(m).update(instrument="EPOC")),
    "a higher number": ("API-FALSE", lambda m, _: _place(m).update(seq=_place(m)["seq"] + 1)),
    "another leaf before": ("API-FALSE", lambda m, _: _place(m).update(prev="ab" * 32)),
    "another instrument there": ("API-FALSE", lambda m, _: _place(m).update(instrument="EPOC")),
    "the newest of another order": ("API-FALSE", _newest_of_the_register),
    "an earlier entry as the newest": ("API-FALSE", _an_earlier_entry),
    "a path that leads elsewhere": ("PRF-PATH", lambda m, _: _place(m)["newest"]["path"].reverse()),
    "an entry with a broken signature": (
        "SIG-BAD", lambda m, _: _place(m)["newest"].update(entry=broken(_place(m)["newest"]["entry"]))
    ),
    "a head by another key": ("CP-SIG", lambda m, _: _signed_by(OTHER.seed, m)),
    "a head of another size": ("API-FALSE", lambda m, _: m["proofs"]["head"].update(size=3)),
    "a fork": ("SPLIT-VIEW", _fork),
    "a larger fork": ("CP-CONSISTENCY", _fork_that_is_larger),
    "a smaller log": ("LOG-ROLLBACK", _smaller),
    "a key that is not here": ("", lambda m, _: m.update(public="ab" * 32)),
    "another log": ("SIGN-LEDGER", lambda m, _: m.update(log="other.example")),
    "no entry": ("SIGN-MESSAGE", lambda m, _: m.update(drafts=[])),
    "a confidential kind": ("API-KIND", lambda m, _: _draft(m).update(kind="ex-post-validation-sought", fields={})),
    "a day that has not come": ("FORM-DATE", lambda m, _: _draft(m).update(on="2099-01-01T00:00:00Z")),
}  # fmt: skip


def broken(line: str) -> str:
    """Return a line of DSSE with another signature."""
    value = json.loads(line)
    value["signatures"][0]["sig"] = b64encode(bytes(64)).decode()
    return json.dumps(value, separators=(",", ":"))


@pytest.mark.parametrize("lie", [name for name, (code, _) in LIES.items() if code])
def test_a_server_that_changes_something_before_the_signature_gets_none(
    opened: Desk, office: Office, order: str, lie: str
) -> None:
    opened.ask("keys", log=log_of(office)[0])
    honest = request(opened, office, order)
    code, change = LIES[lie]
    message = deepcopy(honest)
    if code in ("SPLIT-VIEW", "CP-CONSISTENCY", "LOG-ROLLBACK"):
        remember(opened, honest)
        message["proofs"]["consistency"] = None
    change(message, office)
    answer = opened.ask(**as_asked(message))
    assert (answer["type"], answer["code"]) == ("refused", code)
    assert "submission" not in answer


def remember(desk: Desk, message: dict[str, Any]) -> None:
    """Let the page see an honest head, and cancel."""
    id_ = desk.post(message)
    with desk.person() as page:
        page.wait("return document.querySelectorAll('.ticks input').length", PATIENCE)
        page.run("[...document.querySelectorAll('.actions button')].at(-1).click()")
    desk.wait_for(id_=id_)


def test_without_the_key_in_this_browser_only_its_file_signs(opened: Desk, office: Office, order: str) -> None:
    message = request(opened, office, order)
    message["public"] = OTHER.public.hex()
    message["drafts"][0]["proposal"] = None
    opened.post(message)
    with opened.person() as page:
        page.wait("return document.querySelector('#key-file')", PATIENCE)
        buttons = page.run("return [...document.querySelectorAll('.actions button')].map((each) => each.textContent)")
    assert buttons == ["Cancel"]


# -- lies of the server, after the signature --------------------------------------------------------------------------


def _other_receipt(receipts: list[dict[str, Any]], office: Office) -> None:
    entry = office.ask("ilves", "/v1/entries/3").json
    receipts[0]["proof"] = entry["proof"]


AFTER: dict[str, tuple[str, Callable[[list[dict[str, Any]], Office], object]]] = {
    "another leaf": ("API-FALSE", lambda r, _: r[0].update(leaf="ab" * 32)),
    "another order": ("API-FALSE", lambda r, _: r[0].update(order="8f14e45f-ceea-467f-9575-7d5a1e2b3c4d")),
    "another number": ("API-FALSE", lambda r, _: r[0].update(seq=1)),
    "another index": ("API-FALSE", lambda r, _: r[0].update(index=r[0]["index"] - 1)),
    "the proof of another entry": ("API-FALSE", _other_receipt),
    "a proof that ends": ("PRF-FORMAT", lambda r, _: r[0].update(proof=r[0]["proof"][:100])),
    "no receipt": ("API-FALSE", lambda r, _: r.clear()),
    "twice the receipt": ("API-FALSE", lambda r, _: r.append(r[0])),
}  # fmt: skip


@pytest.mark.parametrize("lie", AFTER)
def test_a_receipt_that_proves_nothing_is_no_record(opened: Desk, office: Office, order: str, lie: str) -> None:
    answer = signed(opened, request(opened, office, order, statement=lie))
    receipts = recorded(office, answer)
    code, change = AFTER[lie]
    false = deepcopy(receipts)
    change(false, office)
    message = {**receipts_of(office, answer, receipts), "receipts": false}
    refused = opened.ask(**as_asked(message))
    assert (refused["type"], refused["code"]) == ("refused", code)
    assert "Recorded" not in opened.says()
    assert opened.ask(**as_asked(receipts_of(office, answer, receipts)))["type"] == "recorded"
