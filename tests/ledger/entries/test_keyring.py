"""Keys: the position of an entry decides who may sign; the registry alone refuses a role."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from nacl.signing import SigningKey

from ledger.entries.envelope import Circumstances, EntryPlace, OpenedEntry, Signer, open_, seal
from ledger.entries.keyring import Keyring, Registrar
from ledger.entries.placement import registry_of
from ledger.errors import RecordError
from ledger.facts import build

ORIGIN = "ledger.example/xo/karsk"
REGISTRY = registry_of(ORIGIN)
ORDER = "11111111-2222-4333-8444-555555555555"
NOW = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)


def key(name: str) -> SigningKey:
    return SigningKey(hashlib.sha256(name.encode()).digest())


def public(name: str) -> str:
    return bytes(key(name).verify_key).hex()


def digest(name: str) -> str:
    return hashlib.sha256(bytes.fromhex(public(name))).hexdigest()


class Book:
    """A registry with its key ring; `say` admits an entry and returns its position."""

    def __init__(self) -> None:
        self.ring = Keyring(REGISTRY, Registrar("adm", "XO", public("adm")))
        self.index = 0

    def opened(
        self, by: str, role: str, kind: str, /, *, order: str = REGISTRY, with_key: str = "", **said: Any
    ) -> OpenedEntry:
        secret = key(with_key or by)
        party = said.pop("signer_party", "XO")
        signer = Signer(by, role, party, bytes(secret.verify_key), lambda m: secret.sign(m).signature)
        place = EntryPlace(ORIGIN, order, 1, None, said.pop("instrument", None if order == REGISTRY else "2AP-7"))
        fact = build(kind, said, {})
        return open_(seal(fact, place, signer, Circumstances(NOW, NOW), f"{self.index:032x}", lambda n: b"\0" * n).raw)

    def say(self, by: str, role: str, kind: str, /, **said: Any) -> int:
        self.ring.admit(self.opened(by, role, kind, **said), self.index)
        self.index += 1
        return self.index - 1

    def office(self, actor: str, *roles: str) -> None:
        self.say(
            "adm", "ADM", "authority-registered", actor=actor, party="XO", roles=list(roles), valid_from="2027-01-01"
        )

    def enrol(self, actor: str, *roles: str, name: str = "", next_key: str = "") -> None:
        committed = {"next_key_sha256": digest(next_key)} if next_key else {}
        self.say("adm", "ADM", "key-registered", actor=actor, key=public(name or actor), roles=list(roles), **committed)

    def accept(self, actor: str, role: str, name: str = "") -> int:
        return self.say(actor, role, "key-accepted", with_key=name or actor, key=public(name or actor))


@pytest.fixture
def book() -> Book:
    book = Book()
    book.office("ilves", "ISS")
    book.enrol("ilves", "ISS", next_key="ilves-2")
    book.accept("ilves", "ISS")
    return book


def signs(book: Book, index: int | None = None, name: str = "ilves", **more: Any) -> None:
    entry = book.opened("ilves", "ISS", "order-closed", order=ORDER, with_key=name, outcome="answered", **more)
    book.ring.check(entry, book.index if index is None else index)


def refused(code: str, call: Any, *args: Any, **more: Any) -> None:
    with pytest.raises(RecordError) as found:
        call(*args, **more)
    assert found.value.code == code


def test_an_accepted_key_may_sign_from_the_next_entry_on(book: Book) -> None:
    signs(book)


def test_a_key_may_not_sign_before_or_at_the_entry_that_accepts_it(book: Book) -> None:
    accepted = book.index - 1
    refused("KEY-UNKNOWN", signs, book, accepted)
    signs(book, accepted + 1)


def test_a_registered_key_signs_nothing_until_it_shows_possession() -> None:
    book = Book()
    book.office("ilves", "ISS")
    book.enrol("ilves", "ISS")
    refused("KEY-UNKNOWN", signs, book)
    book.accept("ilves", "ISS")
    signs(book)


def test_a_key_that_is_not_accepted_yet_signs_only_the_entry_that_accepts_it() -> None:
    book = Book()
    book.office("ilves", "ISS")
    book.enrol("ilves", "ISS")
    signer = book.opened("ilves", "ISS", "key-accepted", key=public("ilves")).payload.signer
    with pytest.raises(RecordError, match="registered but not yet accepted") as found:
        book.ring.check_key(signer, book.index)
    assert found.value.code == "KEY-UNKNOWN"
    assert book.ring.check_key(signer, book.index, accepts=True).public == public("ilves")


def test_a_key_is_accepted_by_itself_alone_and_once(book: Book) -> None:
    book.office("orn", "RET")
    book.enrol("orn", "RET")
    refused("KEY-UNKNOWN", book.say, "orn", "RET", "key-accepted", key=public("ilves"))
    refused("KEY-UNKNOWN", book.say, "ilves", "ISS", "key-accepted", key=public("orn"))
    book.accept("orn", "RET")
    refused("KEY-ROTATION", book.accept, "orn", "RET")


@pytest.mark.parametrize("point", ["00" * 32, "01" + "00" * 31, "ab" * 31])
def test_a_register_does_not_begin_with_a_key_that_others_could_sign_for(point: str) -> None:
    refused("KEY-POINT", Keyring, REGISTRY, Registrar("adm", "XO", point))


def test_the_registrar_signs_and_holds_its_role_from_the_first_entry_on() -> None:
    book = Book()
    signer = book.opened("adm", "ADM", "key-revoked", actor="adm", cause="left-office").payload.signer
    assert book.ring.check_key(signer, 0).actor == "adm"
    assert book.ring.holds(signer, 0)


def test_a_key_nobody_enrolled_is_unknown(book: Book) -> None:
    refused("KEY-UNKNOWN", signs, book, name="somebody")


def test_one_office_may_not_sign_with_the_key_of_another(book: Book) -> None:
    book.office("orn", "RET")
    book.enrol("orn", "RET")
    book.accept("orn", "RET")
    refused("KEY-UNKNOWN", signs, book, name="orn")


def test_an_office_may_not_give_itself_another_party(book: Book) -> None:
    refused("KEY-UNKNOWN", signs, book, signer_party="XV")


def test_a_revoked_key_signs_up_to_its_revocation_and_not_beyond(book: Book) -> None:
    book.office("orn", "RET")
    end = book.say("adm", "ADM", "key-revoked", actor="ilves", cause="left-office")
    signs(book, end - 1)
    refused("KEY-ENDED", signs, book, end + 1)


def test_a_compromised_key_ends_and_the_suspicion_may_move_earlier_but_never_later(book: Book) -> None:
    book.say("adm", "ADM", "key-compromised", actor="ilves", suspected_since="2027-02-01T00:00:00Z")
    refused("KEY-ENDED", signs, book)
    first = book.index - 1
    for since, kept in (("2027-03-01T00:00:00Z", "2027-02-01T00:00:00Z"), ("2027-01-01T00:00:00Z",) * 2):
        book.say("adm", "ADM", "key-compromised", actor="ilves", key=public("ilves"), suspected_since=since)
        assert book.ring.keys[public("ilves")].suspected_since == kept
    assert book.ring.keys[public("ilves")].reported == first, "what was signed before the first report is suspect"


@pytest.mark.parametrize("kind", ["key-revoked", "key-compromised"])
def test_only_a_key_of_that_office_is_ended_and_that_is_asked_before_it_is_recorded(kind: str, book: Book) -> None:
    why = {"cause": "left-office"} if kind == "key-revoked" else {"suspected_since": "2027-02-01T00:00:00Z"}
    for actor, named in (("nobody", {}), ("ilves", {"key": public("stranger")}), ("ilves", {"key": public("adm")})):
        entry = book.opened("adm", "ADM", kind, actor=actor, **named, **why)
        refused("KEY-UNKNOWN", book.ring.check, entry, book.index)


def test_an_entry_of_the_registry_has_no_instrument(book: Book) -> None:
    entry = book.opened("adm", "ADM", "key-revoked", instrument="2AP-7", actor="ilves", cause="left-office")
    refused("CTX-INSTRUMENT", book.ring.check, entry, book.index)


def test_a_role_that_is_not_held_is_refused_with_those_that_are(book: Book) -> None:
    signer = book.opened("ilves", "RET", "order-closed", order=ORDER, outcome="answered").payload.signer
    with pytest.raises(RecordError) as found:
        book.ring.check_role(signer, book.index)
    assert (found.value.code, "holds ISS;" in found.value.hint) == ("KEY-ROLE", True)
    unknown = book.opened("orn", "RET", "order-closed", order=ORDER, outcome="answered").payload.signer
    assert not book.ring.holds(unknown, book.index)
    book.office("orn", "RET")
    assert not book.ring.holds(unknown, book.index), "an office without a key holds nothing"


def test_a_key_rotates_itself_only_to_the_key_it_committed_to(book: Book) -> None:
    wrong = {"actor": "ilves", "old_key": public("ilves"), "new_key": public("thief")}
    refused("KEY-ROTATION", book.say, "ilves", "ISS", "key-rotated", **wrong)
    at = book.say("ilves", "ISS", "key-rotated", **wrong | {"new_key": public("ilves-2")})
    refused("KEY-ENDED", signs, book)
    signs(book, at + 1, name="ilves-2")


@pytest.mark.parametrize("name", ["ilves", "adm"])
def test_a_key_is_not_rotated_to_one_that_the_register_has_already(book: Book, name: str) -> None:
    said = {"actor": "ilves", "old_key": public("ilves"), "new_key": public(name)}
    refused("KEY-ROTATION", book.say, "adm", "ADM", "key-rotated", **said)


def test_after_a_loss_the_registrar_rotates_to_a_key_that_then_has_to_accept(book: Book) -> None:
    book.say("adm", "ADM", "key-rotated", actor="ilves", old_key=public("ilves"), new_key=public("ilves-3"))
    refused("KEY-UNKNOWN", signs, book, name="ilves-3")
    book.accept("ilves", "ISS", "ilves-3")
    signs(book, name="ilves-3")


def test_a_second_keeper_ends_the_stolen_key_of_the_first_and_names_the_one_that_follows(book: Book) -> None:
    book.office("deputy", "ADM")
    book.enrol("deputy", "ADM")
    book.accept("deputy", "ADM")
    end = book.say("deputy", "ADM", "key-compromised", actor="adm", suspected_since="2027-01-01T00:00:00Z")
    refused("KEY-ENDED", book.office, "thief", "ISS")
    assert (book.ring.keys[public("adm")].ended, book.ring.keys[public("adm")].reported) == (end, end)
    rotated = {"actor": "adm", "old_key": public("adm"), "new_key": public("adm-2")}
    book.say("deputy", "ADM", "key-rotated", **rotated, next_key_sha256=digest("adm-3"))
    book.accept("adm", "ADM", "adm-2")
    book.say("adm", "ADM", "key-revoked", with_key="adm-2", actor="ilves", cause="left-office")
    rotated = {"actor": "adm", "old_key": public("adm-2"), "new_key": public("adm-3")}
    book.say("adm", "ADM", "key-rotated", with_key="adm-2", **rotated)
    book.say("adm", "ADM", "key-compromised", with_key="adm-3", actor="deputy", suspected_since="2027-02-01T00:00:00Z")


def test_whoever_has_stolen_a_keepers_key_cannot_rotate_it_to_one_of_their_own(book: Book) -> None:
    stolen = {"actor": "adm", "old_key": public("adm"), "new_key": public("thief")}
    refused("KEY-ROTATION", book.say, "adm", "ADM", "key-rotated", **stolen)


def test_who_keeps_the_register_too_rotates_the_key_of_another_in_that_role_alone(book: Book) -> None:
    book.office("orn", "RET", "ADM")
    book.enrol("orn", "RET", "ADM")
    book.accept("orn", "RET")
    said = {"actor": "ilves", "old_key": public("ilves"), "new_key": public("ilves-2")}
    with pytest.raises(RecordError):
        book.say("orn", "RET", "key-rotated", **said)


def test_another_office_rotates_nobodys_key(book: Book) -> None:
    book.office("orn", "RET")
    book.enrol("orn", "RET")
    book.accept("orn", "RET")
    said = {"actor": "ilves", "old_key": public("ilves"), "new_key": public("ilves-2")}
    refused("KEY-ROLE", book.say, "orn", "RET", "key-rotated", **said)


def test_a_key_is_never_enrolled_twice(book: Book) -> None:
    refused("KEY-ROTATION", book.enrol, "ilves", "ISS")


@pytest.mark.parametrize(
    "point",
    [
        "00" * 32,
        "01" + "00" * 31,
        "ec" + "ff" * 30 + "7f",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    ],
)
def test_a_key_that_is_no_point_of_prime_order_is_never_enrolled(book: Book, point: str) -> None:
    refused("KEY-POINT", book.say, "adm", "ADM", "key-registered", actor="ilves", key=point, roles=["ISS"])


@pytest.mark.parametrize("text", ["no key", "", "ab" * 31, public("other").upper(), public("other") + "00"])
def test_a_recorded_text_that_is_no_key_is_never_enrolled(book: Book, text: str) -> None:
    entry = book.opened("adm", "ADM", "key-registered", actor="ilves", key=public("other"), roles=["ISS"])
    payload = msgspec.structs.replace(entry.payload, public={**entry.payload.public, "key": text})
    refused("KEY-POINT", book.ring.check, msgspec.structs.replace(entry, payload=payload), book.index)


def test_the_registrar_enrols_no_key_for_itself(book: Book) -> None:
    refused("KEY-ROLE", book.say, "adm", "ADM", "key-registered", actor="adm", key=public("adm-2"), roles=["ADM"])


def test_a_key_is_not_enrolled_for_an_office_nobody_registered(book: Book) -> None:
    refused("KEY-UNKNOWN", book.enrol, "orn", "RET")


def test_an_office_is_registered_once_and_then_changed(book: Book) -> None:
    refused("KEY-ROLE", book.office, "ilves", "CT")
    book.say("adm", "ADM", "authority-changed", actor="ilves", roles=["ISS", "VAL"], valid_from="2027-02-01")
    assert book.ring.offices["ilves"].roles == ("ISS", "VAL")


def test_the_registry_takes_acts_alone(book: Book) -> None:
    entry = book.opened("adm", "ADM", "key-revoked", actor="ilves", cause="left-office")
    book.ring.check(entry, book.index)
    for speaks in ("observation", "import"):
        other = msgspec.structs.replace(entry, payload=msgspec.structs.replace(entry.payload, speaks=speaks))
        refused("KEY-ROLE", book.ring.check, other, book.index)


@pytest.mark.parametrize("changes", [{"schema": 2}, {"kind": "key-renamed"}])
def test_an_entry_of_a_later_version_changes_no_key_and_its_signer_is_still_checked(
    book: Book, changes: dict[str, Any]
) -> None:
    entry = book.opened("adm", "ADM", "key-revoked", actor="ilves", cause="left-office")
    later = msgspec.structs.replace(entry, payload=msgspec.structs.replace(entry.payload, **changes))
    book.ring.admit(later, book.index)
    assert book.ring.keys[public("ilves")].ended is None
    signer = msgspec.structs.replace(entry.payload.signer, key=public("stranger"))
    strange = msgspec.structs.replace(later, payload=msgspec.structs.replace(later.payload, signer=signer))
    refused("KEY-UNKNOWN", book.ring.admit, strange, book.index)


@pytest.mark.parametrize("more", [{}, {"roles": ["ISS"]}])
def test_an_office_that_is_not_registered_is_not_changed(book: Book, more: dict[str, Any]) -> None:
    refused("KEY-UNKNOWN", book.say, "adm", "ADM", "authority-changed", actor="orn", valid_from="2027-02-01", **more)


def test_an_office_keeps_its_roles_where_a_change_states_none(book: Book) -> None:
    at = book.say("adm", "ADM", "authority-changed", actor="ilves", names={"en": "Ilves"}, valid_from="2027-02-01")
    assert book.ring.offices["ilves"].roles == ("ISS",)
    assert book.ring.offices["ilves"].roles_at(at + 1) == ("ISS",)


def test_a_key_that_has_ended_does_not_end_later(book: Book) -> None:
    ended = book.say("adm", "ADM", "key-revoked", actor="ilves", cause="left-office")
    named = {"actor": "ilves", "key": public("ilves")}
    book.say("adm", "ADM", "key-revoked", **named, cause="left-office")
    book.say("adm", "ADM", "key-compromised", **named, suspected_since="2027-02-01T00:00:00Z")
    book.say("adm", "ADM", "key-rotated", actor="ilves", old_key=public("ilves"), new_key=public("ilves-3"))
    assert book.ring.keys[public("ilves")].ended == ended
    refused("KEY-ENDED", signs, book, ended + 1)


def test_in_the_registry_a_wrong_role_is_refused(book: Book) -> None:
    said = {"actor": "thief", "party": "XO", "roles": ["ISS"], "valid_from": "2027-01-01"}
    refused("KEY-ROLE", book.say, "ilves", "ISS", "authority-registered", **said)
    refused("KEY-ROLE", book.say, "ilves", "ADM", "authority-registered", **said)


def test_outside_the_registry_a_role_that_is_not_held_is_no_failure_and_is_told_apart(book: Book) -> None:
    entry = book.opened("ilves", "CT", "court-ruled", order=ORDER, ruling="other")
    book.ring.check(entry, book.index)
    assert not book.ring.holds(entry.payload.signer, book.index)
    refused("KEY-ROLE", book.ring.check_role, entry.payload.signer, book.index)


def test_a_role_counts_that_key_and_office_hold_at_that_position(book: Book) -> None:
    signer = book.opened("ilves", "ISS", "order-closed", order=ORDER, outcome="answered").payload.signer
    held = book.index
    assert book.ring.holds(signer, held)
    position = book.say("adm", "ADM", "authority-changed", actor="ilves", roles=["VAL"], valid_from="2027-02-01")
    assert book.ring.holds(signer, position)
    assert not book.ring.holds(signer, position + 1)
    refused("KEY-ROLE", book.ring.check_role, signer, position + 1)
    validates = msgspec.structs.replace(signer, role="VAL")
    assert not book.ring.holds(validates, position + 1), "the office may, and this key was enrolled for another role"


def test_what_makes_the_registry_stands_nowhere_else(book: Book) -> None:
    entry = book.opened("ilves", "ISS", "key-accepted", order=ORDER, key=public("ilves"))
    refused("CTX-ORDER", book.ring.check, entry, book.index)


def test_what_belongs_to_an_order_does_not_stand_in_the_registry(book: Book) -> None:
    refused("CTX-ORDER", book.say, "ilves", "ISS", "order-closed", outcome="answered")


def test_a_refused_entry_changes_no_key(book: Book) -> None:
    before = dict(book.ring.keys)
    refused("KEY-POINT", book.say, "adm", "ADM", "key-registered", actor="ilves", key="00" * 32, roles=["ISS"])
    assert book.ring.keys == before
