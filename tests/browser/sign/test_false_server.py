"""A server that says something false before or after the signature gets none, and no entry is called recorded."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

pytest.importorskip("fido2", reason="needs the extra `server`")
pytest.importorskip("starlette", reason="needs the extra `server`")
pytest.importorskip("http_message_signatures", reason="needs the extra `server`")

from ledger.adapters.keys.key_files import SeedKey, load
from ledger.entries.envelope import open_
from ledger.tlog.note import Checkpoint, format_checkpoint, sign_note
from tests.browser.sign.desk import PATIENCE, Desk, log_of
from tests.browser.sign.honest_desk import as_asked, receipts_of, recorded, request, signed
from tests.server.office import Office

pytestmark = pytest.mark.browser

OTHER = SeedKey(b"\x09" * 32)

# -- before the signature -------------------------------------------------------------------------

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


def _begun_by_the_register(message: dict[str, Any], office: Office) -> None:
    register = office.ask("ilves", "/v1/register").json
    assert register["head"] == _place(message)["head"]
    _place(message).update(begun=register["entries"][0])


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
    "another moment proposed": (
        "SIGN-DIFFERS", lambda m, _: m["drafts"][0]["proposal"].update(on="2027-01-01T00:00:00Z")
    ),
    "another role in the form": ("SIGN-DIFFERS", lambda m, _: _draft(m).update(role="RET")),
    "another instrument in the form": ("SIGN-DIFFERS", lambda m, _: _draft(m).update(instrument="EPOC")),
    "a higher number": ("API-FALSE", lambda m, _: _place(m).update(seq=_place(m)["seq"] + 1)),
    "another leaf before": ("API-FALSE", lambda m, _: _place(m).update(prev="ab" * 32)),
    "another instrument there": ("API-FALSE", lambda m, _: _place(m).update(instrument="EPOC")),
    "the newest of another order": ("API-FALSE", _newest_of_the_register),
    "an earlier entry as the newest": ("API-FALSE", _an_earlier_entry),
    "the beginning of another order": ("API-FALSE", _begun_by_the_register),
    "a later entry as the beginning": ("API-FALSE", lambda m, _: _place(m).update(begun=_place(m)["newest"])),
    "a beginning whose path leads elsewhere": ("PRF-PATH", lambda m, _: _place(m)["begun"]["path"].reverse()),
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


# -- after the signature --------------------------------------------------------------------------


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
