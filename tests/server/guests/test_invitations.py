"""An issuing office invites a person of another office to an order, by a link that is used once and gives no role."""

from __future__ import annotations

import secrets
from contextlib import closing
from pathlib import Path

import pytest

from ledger.errors import RecordError
from server.guests.invitations import DAY, KEPT, MOST_OPEN, Invitations
from server.identity.accounts import Accounts
from server.identity.database import SQLiteDatabase
from server.identity.lockout import Lockout
from server.identity.passkeys import Registered
from tests.server.guests.guests import FIRST, SECOND, enrolled, invite, secret_of, session, use
from tests.server.identity.browser import Browser
from tests.server.office import Office

NO_ORDER = "00000000-0000-4000-8000-000000000000"


def test_a_link_lets_a_person_make_a_passkey_and_sign_in(house: Office) -> None:
    made = invite(session(house, "ilves"), name="Ída Ñorð-Öster")
    assert (made.status, made.json["invitation"]["state"]) == (200, "open")
    said = Browser(house).post("/v1/guest/link", {"secret": secret_of(made)})
    assert (said.json["name"], said.json["office"], said.json["by_office"]) == ("Ída Ñorð-Öster", "norcentral", "ilves")
    assert FIRST not in said.body.decode(), "a link says nothing of the order"
    reply, browser, authenticator = use(house, secret_of(made))
    assert (reply.status, browser.get("/v1/account").json["name"]) == (200, "Ída Ñorð-Öster")
    again = Browser(house)
    assert again.sign_in(authenticator).status == 200


def test_a_link_is_used_once(house: Office) -> None:
    secret = secret_of(invite(session(house, "ilves")))
    assert use(house, secret)[0].status == 200
    for path, body in (
        ("/v1/guest/link", {"secret": secret}),
        ("/v1/guest/passkey/options", {"secret": secret}),
        ("/v1/guest/passkey", {"secret": secret, "credential": {}}),
    ):
        assert Browser(house).post(path, body).code == "API-SIGN-IN"


def test_two_people_with_one_link_make_one_account(house: Office) -> None:
    secret = secret_of(invite(session(house, "ilves")))
    browser, before = Browser(house), len(house.running.accounts.all())
    options = browser.post("/v1/guest/passkey/options", {"secret": secret}).json["options"]
    assert use(house, secret)[0].status == 200
    from tests.server.identity.browser import Authenticator

    late = browser.post("/v1/guest/passkey", {"secret": secret, "credential": Authenticator(house.url).create(options)})
    assert (late.code, len(house.running.accounts.all())) == ("API-SIGN-IN", before + 1)


def test_a_challenge_of_another_invitation_is_refused(house: Office) -> None:
    from tests.server.identity.browser import Authenticator

    by = session(house, "ilves")
    first, second = secret_of(invite(by)), secret_of(invite(by))
    browser = Browser(house)
    options = browser.post("/v1/guest/passkey/options", {"secret": first}).json["options"]
    made = Authenticator(house.url).create(options)
    assert browser.post("/v1/guest/passkey", {"secret": second, "credential": made}).code == "API-SIGN-IN"


def test_a_revoked_link_is_refused_and_only_an_open_one_is_revoked(house: Office) -> None:
    by = session(house, "ilves")
    made = invite(by)
    id = made.json["invitation"]["id"]
    assert by.post("/v1/guests/revoke", {"id": id}).status == 200
    assert use(house, secret_of(made))[0].code == "API-SIGN-IN"
    assert by.post("/v1/guests/revoke", {"id": id}).code == "API-MISSING"


def test_guessing_links_makes_an_address_wait(house: Office) -> None:
    house.running.sign_in.of_addresses = Lockout()
    for _ in range(6):
        assert Browser(house).post("/v1/guest/link", {"secret": secrets.token_urlsafe(32)}).code == "API-SIGN-IN"
    assert Browser(house).post("/v1/guest/link", {"secret": secrets.token_urlsafe(32)}).code == "API-WAIT"
    house.running.sign_in.of_addresses = Lockout()


def test_a_link_is_used_from_a_page_of_the_server_alone(house: Office) -> None:
    secret = secret_of(invite(session(house, "ilves")))
    foreign = Browser(house).post("/v1/guest/link", {"secret": secret}, {"origin": "https://evil.example"})
    assert foreign.code == "API-ORIGIN"


# The issuing office of both orders is ilves; central (CAR) has issued none. `none`: as if there were no such order.
WHO = {
    "ilves": "yes",
    "registrar": "yes",
    "central": "no",
    "orn": "no",
    "fjordlink": "no",
    "norcentral": "no",
}


@pytest.mark.parametrize("actor", WHO)
def test_who_may_invite_is_the_issuing_office_and_a_registrar(house: Office, actor: str) -> None:
    by = session(house, actor)
    made = invite(by)
    shown = by.get(f"/v1/orders/{FIRST}/guests")
    assert (made.status, shown.status) == ((200, 200) if WHO[actor] == "yes" else (403, 403))
    assert invite(by, order=NO_ORDER).status == 404


def test_a_person_without_an_issuing_role_does_not_invite(house: Office) -> None:
    assert invite(session(house, "ilves", ("VAL",))).code == "API-DENIED"


def test_who_may_not_invite_may_not_revoke_or_end(house: Office) -> None:
    made = invite(session(house, "ilves")).json["invitation"]["id"]
    guest = enrolled(house)
    for actor in ("orn", "central", "norcentral", "fjordlink"):
        by = session(house, actor)
        assert by.post("/v1/guests/revoke", {"id": made}).status in (403, 404)
        assert by.post("/v1/guests/end", {"account": guest.account}).status in (403, 404)
    assert guest.browser.get("/v1/account").status == 200


@pytest.mark.parametrize("office", ["ilves", "central", "orn", "registrar", "node", "nowhere", "XN", ""])
def test_people_of_offices_that_keep_the_ledger_or_are_not_named_cannot_be_guests(house: Office, office: str) -> None:
    refused = invite(session(house, "ilves"), office)
    assert refused.code == ("API-REQUEST" if not office else "GUEST-OFFICE")


def test_an_office_that_the_order_does_not_name_is_refused(house: Office) -> None:
    assert invite(session(house, "ilves"), "norcentral", SECOND).code == "GUEST-OFFICE"
    assert invite(session(house, "ilves"), "fjordlink", SECOND).status == 200


def test_a_name_that_has_an_account_or_an_open_invitation_is_refused(house: Office) -> None:
    by = session(house, "ilves")
    name = f"Twice {secrets.token_hex(4)}"
    assert invite(by, name=name).status == 200
    assert invite(by, name=name).code == "ACCOUNT-NAME"
    assert invite(by, name=" blank ").code == "ACCOUNT-NAME"
    assert invite(by, name="two\nlines").code == "ACCOUNT-NAME"


def test_what_was_done_is_noted_by_ids_and_no_secret_is_kept(house: Office) -> None:
    made = invite(session(house, "ilves"))
    secret, id = secret_of(made), made.json["invitation"]["id"]
    use(house, secret)
    acts = [(each.act, each.account) for each in house.running.accounts.acts()]
    assert ("guest-invited", id) in acts
    account = house.running.accounts.find(made.json["invitation"]["name"]).id
    assert ("guest-enrolled", account) in acts
    kept = (house.ledger / "identity.db").read_bytes()
    wal = house.ledger / "identity.db-wal"
    assert secret.encode() not in kept + (wal.read_bytes() if wal.exists() else b"")


# -- the store, with a clock of the test -------------------------------------------------------------------------------


class Store:
    def __init__(self, folder: Path) -> None:
        self.now = 1_000_000.0
        self.database = SQLiteDatabase(folder / "identity.db")
        self.accounts = Accounts(self.database, lambda: self.now)
        self.kept = Invitations(self.database, self.accounts, lambda: self.now)

    def invite(self, name: str = "Ida", days: int = 7) -> str:
        return self.kept.invite(FIRST, "norcentral", name, "ilves", "Dina", days)[1]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


PASSKEY = Registered("aWQ", "cHVibGlj", 0)


def test_a_link_ends_after_its_days(store: Store) -> None:
    with closing(store.database):
        secret = store.invite(days=2)
        store.now += 2 * DAY
        assert store.kept.of_secret(secret)[0].name == "Ida"
        store.now += 1
        for call in (lambda: store.kept.of_secret(secret), lambda: store.kept.use(secret, PASSKEY)):
            with pytest.raises(RecordError, match="API-SIGN-IN"):
                call()
        assert store.accounts.all() == []


def test_a_name_is_free_again_when_its_link_has_ended_and_is_deleted_a_month_later(store: Store) -> None:
    with closing(store.database):
        store.invite()
        store.now += 7 * DAY + 1
        store.invite()
        store.now += 7 * DAY + KEPT
        store.invite("Other")
        assert [each.name for each in store.kept.of_order(FIRST)] == ["Ida", "Other"]


def test_an_order_has_a_limited_number_of_open_links(store: Store) -> None:
    with closing(store.database):
        for number in range(MOST_OPEN):
            store.invite(f"Person {number}")
        with pytest.raises(RecordError, match="GUEST-INVITED"):
            store.invite()


def test_removing_the_account_of_a_guest_deletes_the_guest_and_the_name(store: Store) -> None:
    with closing(store.database):
        account = store.kept.use(store.invite(), PASSKEY)
        assert store.kept.is_guest(account.id)
        store.accounts.remove(account.id)
        assert not store.kept.is_guest(account.id)
        assert store.database.rows("SELECT name FROM invitation") == []


def test_a_passkey_that_is_registered_already_uses_nothing_up(store: Store) -> None:
    with closing(store.database):
        store.kept.use(store.invite(), PASSKEY)
        other = store.invite("Other")
        with pytest.raises(RecordError, match="API-SIGN-IN"):
            store.kept.use(other, PASSKEY)
        assert [each.name for each in store.accounts.all()] == ["Ida"]
        assert store.kept.use(other, Registered("b3RoZXI", "cHVibGlj", 0)).name == "Other"
