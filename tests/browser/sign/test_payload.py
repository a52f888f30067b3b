"""The page builds from a draft the payload that the program builds, given the same id, salts and times."""

from __future__ import annotations

import random
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from copy import deepcopy
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given

from ledger.adapters.keys.key_files import SeedKey, write
from ledger.entries.case import Entry, Unread, wire
from ledger.entries.envelope import Circumstances, EntryPlace, Signer, open_, seal
from ledger.entries.payload import Condition, Document, Payload
from ledger.facts import KINDS, build
from ledger.formats.dsse import EVENT_TYPE, open_bytes
from ledger.formats.ed25519 import public_key, sign
from tests.browser.support.node import Page, Refusal
from tests.support.facts import StatedFact, facts, in_full
from tests.support.samples import examples
from tests.support.story_files import STORY_NAMES, cases

pytestmark = pytest.mark.browser

SEED = bytes(range(32))
PUBLIC = public_key(SEED)
LOG, ORDER = "ledger.example/xo/karsk", "8f14e45f-ceea-467f-9575-7d5a1e2b3c4d"
NOW = datetime(2027, 3, 15, 13, 0, tzinfo=UTC)
HERE = sorted(kind for kind, cls in KINDS.items() if not cls.shown_to)
PLAIN = Circumstances(datetime(2027, 3, 15, 12, 0, tzinfo=UTC), NOW)
BY = Signer("ilves", "ISS", "XO", PUBLIC, lambda message: sign(SEED, message))


def asked(
    kind: str, fields: Mapping[str, Any], place: EntryPlace, signer: Signer, said: Circumstances
) -> dict[str, Any]:
    """Return the question of a draft to the page, with an id and salts drawn from its values."""
    draft = {
        "kind": kind,
        "order": place.order,
        "instrument": place.instrument,
        "fields": dict(fields),
        "role": signer.role,
        "actor": signer.actor,
        "party": signer.party,
        "on": wire(said.on),
        "on_source": said.on_source,
        "speaks": said.speaks,
        "whose": said.whose,
        "replaces": said.replaces,
        "why": said.why,
        "refs": list(said.refs),
        "audience": said.audience,
        "documents": msgspec.to_builtins(said.documents),
        "unless": msgspec.to_builtins(said.unless),
    }
    drawn = random.Random(f"{kind} {said}").randbytes(16 * (len(KINDS[kind].fields()) + 2)).hex()
    where = {"log": place.log, "seq": place.seq, "prev": place.prev, "instrument": place.instrument}
    by = {"key": signer.public.hex(), "actor": signer.actor, "role": signer.role, "party": signer.party}
    return {"draft": draft, "place": where, "signer": by, "signed_at": wire(said.signed_at), "random": drawn}


def sealed(stated: StatedFact, place: EntryPlace, signer: Signer, said: Circumstances, drawn: str) -> dict[str, Any]:
    """Return what the program makes of the same values."""
    left = bytearray.fromhex(drawn)

    def take(size: int) -> bytes:
        taken = bytes(left[:size])
        del left[:size]
        return taken

    entry = take(16).hex()
    made = seal(build(*stated), place, signer, said, entry, take)
    _, body = open_bytes(made.raw, EVENT_TYPE)
    return {"body": body.decode(), "disclosures": [each.text for each in made.disclosures]}


Case = tuple[StatedFact, EntryPlace, Signer, Circumstances]


def check(page: Page, some: Iterable[Case]) -> None:
    """Check that page and program make the same of each case."""
    listed = list(some)
    questions = [asked(s.kind, {**s.public, **s.sealed}, place, by, said) for s, place, by, said in listed]
    for case, question, answer in zip(listed, questions, page.ask_each("payload", questions), strict=True):
        assert answer == sealed(*case, question["random"]), case[0].kind


def test_every_kind_with_every_field_is_built_as_the_program_builds_it(signing: Page) -> None:
    place = EntryPlace(LOG, ORDER, 7, "ab" * 32, "2AP-7")
    check(signing, ((in_full(kind), place, BY, PLAIN) for kind in HERE))


def test_every_entry_of_every_story_is_built_as_the_program_builds_it(signing: Page) -> None:
    entries = {
        e.leaf: e for name in STORY_NAMES for case in cases(name).values() for e in (*case.registry, *case.entries)
    }
    assert len(entries) > 500
    check(signing, map(of_story, (e for e in entries.values() if e.kind in HERE and e.origin is None)))


def of_story(entry: Entry) -> Case:
    opened = {name: value for name, value in entry.sealed.items() if not isinstance(value, Unread) and name != "why"}
    why = entry.sealed.get("why")
    said = Circumstances(
        entry.on, entry.at, entry.speaks, entry.on_source, entry.whose, entry.replaces,  # type: ignore[arg-type]
        why if isinstance(why, str) else None, audience=entry.audience, unless=entry.unless,
    )  # fmt: skip
    prev = None if entry.seq <= 1 else entry.leaf
    place = EntryPlace(LOG, ORDER, max(entry.seq, 1), prev, entry.instrument)
    signer = Signer(entry.by, entry.role, entry.party, PUBLIC, BY.sign)
    public = {name: value for name, value in entry.public.items() if name != "_sd"}
    known = KINDS[entry.kind].fields()
    sides: tuple[dict[str, Any], dict[str, Any]] = ({}, {})
    for name, value in {**public, **opened}.items():
        if name in ("key", "old_key", "new_key") and entry.kind.startswith("key-"):
            sides[0][name] = sha256(value.encode()).hexdigest()  # these orders call keys by names
        elif value is not None:
            sides[known[name].sealed][name] = value
    return StatedFact(entry.kind, *sides), place, signer, said


@examples(100, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None)
@given(facts())
def test_values_of_every_form_are_built_as_the_program_builds_them(signing: Page, stated: StatedFact) -> None:
    if stated.kind in HERE:
        check(signing, [(stated, EntryPlace(LOG, ORDER, 1, None, None), BY, PLAIN)])


def test_what_the_signer_says_of_a_fact_is_built_as_the_program_builds_it(signing: Page) -> None:
    other = "0f" * 16
    unless = Condition(
        4, [ORDER, f"{other[:8]}-ceea-467f-9575-7d5a1e2b3c4d"][::-1], ["data-disclosed", "order-withdrawn"]
    )
    said = Circumstances(
        NOW, NOW, "import", "receipt-stamp", "skylark", "cd" * 32, "Die Zeit war falsch: 13 Uhr, nicht 12 Uhr.",
        ("PPO-1", "7/2027"), {"why": ["ISS", "SP"], "custodian_information": ["CT"]},
        (Document("annex", "application/pdf", 12, "ef" * 32),), unless=unless,
    )  # fmt: skip
    stated = in_full("data-disclosed")
    said = msgspec.structs.replace(said, audience={"why": ["ISS", "SP"], next(iter(stated.sealed)): ["CT"]})
    check(signing, [(stated, EntryPlace(LOG, ORDER, 2, "ab" * 32, "VOL"), BY, said)])


DRAFT = asked("no-data-held", {}, EntryPlace(LOG, ORDER, 2, "ab" * 32, "VOL"), BY, PLAIN)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"kind": "order-isued"}, "FACT-KIND"),
        ({"kind": "ex-post-validation-sought"}, "API-KIND"),
        ({"fields": {"unknown": "x"}}, "FACT"),
        ({"fields": {"scope": 1.5}}, "FACT"),
        ({"audience": {"nothing": ["SP"]}}, "FACT"),
        ({"audience": {"why": ["KING"]}}, "FACT"),
        ({"why": "a\u202eb"}, "JSON-CHAR"),
        ({"whose": "ilv\u200bes"}, "JSON-CHAR"),
        ({"why": "e\u0301"}, "JSON-NFC"),
        ({"refs": ["x" * 190] * 180}, "ENV-SIZE"),
        ({"on": "2027-02-30T00:00:00Z"}, "JSON-MEMBER"),
        ({"order": "register"}, "JSON-MEMBER"),
        ({"more": 1}, "JSON-MEMBER"),
        ({"unless": {"after": -1, "orders": [ORDER], "kinds": ["data-disclosed"]}}, "JSON-MEMBER"),
    ],
)
def test_a_draft_that_cannot_be_an_entry_is_refused(signing: Page, change: dict[str, Any], code: str) -> None:
    with pytest.raises(Refusal) as refused:
        signing.ask("payload", **{**DRAFT, "draft": {**DRAFT["draft"], **change}})
    assert refused.value.code == code


def proposal() -> dict[str, Any]:
    """Return what an honest server proposes for `DRAFT`: without salts, and with another id and other moments."""
    stated = StatedFact("no-data-held", {}, {})
    place = EntryPlace(LOG, ORDER, 2, "ab" * 32, "VOL")
    raw = seal(build(*stated), place, BY, PLAIN, "00" * 16, bytes).raw
    found: dict[str, Any] = msgspec.to_builtins(open_(raw).payload)
    found["public"].pop("_sd", None)
    return found | {"signed_at": "2027-03-15T13:04:00Z", "seen": {"origin": LOG, "size": 9, "note": "0" * 64}}


def test_an_honest_proposal_is_what_the_page_has_built(signing: Page) -> None:
    assert signing.ask("compare", **DRAFT, proposal=proposal(), chained=False)


CHANGED = {
    "v": 2, "log": "other.example", "order": ORDER[::-1], "seq": 3, "prev": "cd" * 32, "kind": "data-disclosed",
    "schema": 2, "instrument": "EPOC", "refs": ["x"], "speaks": "observation", "on": "2027-03-15T12:00:01Z",
    "on_source": "estimate", "public": {"partial": True}, "sealed": ["why"],
    "documents": [{"code": "a", "media": "b", "size": 1, "sha256": "0" * 64}], "whose": "other", "replaces": "ab" * 32,
    "audience": {"why": ["CT"]}, "other": {}, "unless": {"after": 1, "orders": [ORDER], "kinds": ["order-closed"]},
    "signer": {"key": "00" * 32, "actor": "ilves", "role": "ISS", "party": "XO"},
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGED)
def test_a_proposal_that_differs_in_one_member_is_refused(signing: Page, name: str) -> None:
    with pytest.raises(Refusal) as refused:
        signing.ask("compare", **DRAFT, proposal=proposal() | {name: CHANGED[name]}, chained=False)
    assert refused.value.code == "SIGN-DIFFERS"


@pytest.mark.parametrize("name", sorted(proposal().keys() - {"entry", "signed_at", "seen"}))
def test_a_proposal_without_a_member_is_refused(signing: Page, name: str) -> None:
    left = deepcopy(proposal())
    del left[name]
    with pytest.raises(Refusal) as refused:
        signing.ask("compare", **DRAFT, proposal=left, chained=False)
    assert refused.value.code == "SIGN-DIFFERS"


def test_every_member_of_a_payload_is_compared_but_those_that_the_signer_decides() -> None:
    assert {*CHANGED} == {*Payload.__struct_fields__} - {"entry", "signed_at", "seen"}


@pytest.mark.parametrize("passphrase", ["", "Käse und Brot"])
def test_an_entry_sealed_with_a_key_file_is_the_entry_that_the_program_seals(
    signing: Page, passphrase: str, tmp_path: Path
) -> None:
    write(tmp_path / "key", SeedKey(SEED), passphrase=passphrase.encode() or None)
    file = (tmp_path / "key").read_bytes()
    assert signing.ask("key", file=file, passphrase=passphrase) == PUBLIC.hex()
    made = signing.ask("seal", **DRAFT, file=file, passphrase=passphrase)
    place = EntryPlace(LOG, ORDER, 2, "ab" * 32, "VOL")
    assert made["line"].encode() == seal(build("no-data-held", {}, {}), place, BY, PLAIN, made["entry"], bytes).raw
    if passphrase:
        for wrong in ("", "Kase und Brot"):
            with pytest.raises(Refusal) as refused:
                signing.ask("key", file=file, passphrase=wrong)
            assert refused.value.code == "KEY-LOCKED"


def test_a_file_that_is_no_key_is_refused(signing: Page, tmp_path: Path) -> None:
    write(tmp_path / "key", SeedKey(SEED))
    lines = (tmp_path / "key").read_text("ascii").splitlines(keepends=True)
    body = b64decode("".join(lines[1:-1]))
    swapped = body.replace(PUBLIC, public_key(bytes(32)))
    for wrong in (b"", b"-----BEGIN", body, body[:-70], swapped, body.replace(b"none", b"nine", 1)):
        armoured = b"".join((lines[0].encode(), b64encode(wrong), b"\n", lines[-1].encode()))
        for file in (wrong, armoured[: 20 if wrong is body else None]):
            with pytest.raises(Refusal) as refused:
                signing.ask("key", file=file, passphrase="")
            assert refused.value.code == "KEY-FORMAT"


@pytest.mark.parametrize(
    "message",
    [
        None, 7, "sign", [], {}, {"type": "sign"}, {"type": "__proto__"},
        {"type": "reveal", "format": "comity.signing/1"},
        {"format": "comity.signing/1", "type": "keys", "id": "1"},
        {"format": "comity.signing/1", "type": "keys", "id": "1", "log": "x", "more": 1},
        {"format": "comity.signing/2", "type": "keys", "id": "1", "log": "x"},
        {"format": "comity.signing/1", "type": "keys", "id": 1, "log": "x"},
        {"format": "comity.signing/1", "type": "receipts", "id": "1", "receipts": [{}], "consistency": None},
    ],
)  # fmt: skip
def test_anything_but_a_message_of_the_format_is_refused(signing: Page, message: Any) -> None:
    with pytest.raises(Refusal):
        signing.ask("message", message=message)


@pytest.mark.parametrize(("browser", "code"), [("withoutEd25519", "SIGN-BROWSER"), ("withoutStore", "SIGN-STORAGE")])
def test_a_browser_that_cannot_make_or_keep_a_key_gets_none(signing: Page, browser: str, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        signing.ask(browser)
    assert refused.value.code == code
