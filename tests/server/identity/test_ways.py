"""Every way of being known at every address, as a table: one row for each address, one column for each way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from ledger.adapters.http_signatures import sign_request
from ledger.adapters.keys.key_files import Key, SeedKey
from ledger.adapters.keys.open_key import open_key
from server.api.pages import PATHS
from server.api.sign_in import EVERY_ROUTE
from server.files.settings import FileSettings
from server.identity.callers import SESSION, Peers
from tests.server.identity.certificates import issue
from tests.server.office import Office, Reply, serving
from tests.support.cli import House

# ISS: an office that sees the order. SP: one that it does not name. `new`: a key that its holder has not accepted.
# yes: answered. who: 401, the sender is not known. no: 403. none: 404, as for an order that does not exist.
TABLE = """
    address                         nobody  ISS  SP    new   other  s:ISS s:SP  s:ended c:ISS c:SP  c:other
    GET /health                     yes     yes  yes   yes   who    yes   yes   yes     yes   yes   yes
    GET /ready                      yes     yes  yes   yes   who    yes   yes   yes     yes   yes   yes
    GET /v1/head                    yes     yes  yes   yes   who    yes   yes   yes     yes   yes   yes
    GET /v1/kinds                   yes     yes  yes   yes   who    yes   yes   yes     yes   yes   yes
    GET /v1/kinds/{kind}            yes     yes  yes   yes   who    yes   yes   yes     yes   yes   yes
    GET /v1/vocabulary              yes     yes  yes   yes   who    yes   yes   yes     yes   yes   yes
    GET /v1/register                who     yes  yes   yes   who    yes   yes   who     yes   yes   who
    GET /v1/consistency             who     yes  yes   yes   who    yes   yes   who     yes   yes   who
    GET /v1/entries                 who     yes  yes   no    who    yes   yes   who     yes   yes   who
    GET /v1/entries/{index}         who     yes  none  no    who    yes   none  who     yes   none  who
    GET /v1/orders                  who     yes  yes   no    who    yes   yes   who     yes   yes   who
    GET /v1/orders/{order}          who     yes  none  no    who    yes   none  who     yes   none  who
    GET /v1/orders/{order}/entries  who     yes  none  no    who    yes   none  who     yes   none  who
    GET /v1/orders/{order}/place    who     yes  none  none  who    yes   none  who     yes   none  who
    GET /v1/orders/{order}/bundle   who     yes  none  no    who    yes   none  who     yes   none  who
    POST /v1/orders/{order}/bundle  who     yes  yes   no    who    yes   yes   who     yes   yes   who
    GET /v1/orders/{order}/files    who     yes  none  no    who    yes   none  who     yes   none  who
    POST /v1/orders/{order}/files   who     yes  yes   no    who    yes   yes   who     yes   yes   who
    GET /v1/orders/{order}/files/{object}  who none none no who     none  none  who     none  none  who
    POST /v1/orders/{order}/opened-files   who yes  yes  no who     yes   yes   who     yes   yes   who
    POST /v1/entries                who     yes  yes   yes   who    yes   yes   who     yes   yes   who
    POST /v1/drafts                 who     yes  yes   yes   who    yes   yes   who     yes   yes   who
    GET /v1/events                  who     yes  yes   no    who    yes   yes   who     yes   yes   who
    POST /v1/sign-in/passkey/options     yes yes yes   yes   who    yes   yes   yes     yes   yes   yes
    POST /v1/sign-in/passkey        yes     yes  yes   yes   who    yes   yes   yes     yes   yes   yes
    POST /v1/sign-in/enrolment/options   yes yes yes   yes   who    yes   yes   yes     yes   yes   yes
    POST /v1/sign-in/enrolment      yes     yes  yes   yes   who    yes   yes   yes     yes   yes   yes
    POST /v1/sign-out               yes     yes  yes   yes   who    yes   yes   yes     yes   yes   yes
    POST /v1/account/sessions/end   who     no   no    no    who    yes   yes   who     yes   yes   who
    GET /v1/account                 who     no   no    no    who    yes   yes   who     yes   yes   who
    POST /v1/account/passkeys/remove     who no  no    no    who    yes   yes   who     yes   yes   who
    GET /v1/account/keys            who     no   no    no    who    yes   yes   who     yes   yes   who
    POST /v1/account/keys           who     no   no    no    who    yes   yes   who     yes   yes   who
    POST /v1/account/keys/end       who     no   no    no    who    yes   yes   who     yes   yes   who
    POST /v1/account/keys/withdraw  who     no   no    no    who    yes   yes   who     yes   yes   who
    GET /v1/key-requests            who     no   no    no    who    no    no    who     no    no    who
    POST /v1/key-requests/refuse    who     no   no    no    who    yes   yes   who     yes   yes   who
    GET /v1/orders/{order}/guests   who     yes  none  no    who    yes   none  who     yes   none  who
    POST /v1/orders/{order}/guests  who     yes  yes   no    who    yes   yes   who     yes   yes   who
    GET /v1/orders/{order}/requester  who yes  none  no    who    yes   none  who     yes   none  who
    GET /v1/requester-policy        who     yes  yes   no    who    yes   yes   who     yes   yes   who
    POST /v1/requester-policy       who     no   no    no    who    yes   yes   who     yes   yes   who
    POST /v1/guests/revoke          who     yes  yes   no    who    yes   yes   who     yes   yes   who
    POST /v1/guests/end             who     yes  yes   no    who    yes   yes   who     yes   yes   who
    POST /v1/guest/link             yes     yes  yes   yes   who    yes   yes   yes     yes   yes   yes
    POST /v1/guest/passkey/options  yes     yes  yes   yes   who    yes   yes   yes     yes   yes   yes
    POST /v1/guest/passkey          yes     yes  yes   yes   who    yes   yes   yes     yes   yes   yes
    GET /sign-in                    yes     yes  yes   yes   yes    yes   yes   yes     yes   yes   yes
    GET /sign-in.js                 yes     yes  yes   yes   yes    yes   yes   yes     yes   yes   yes
    GET /sign-in.css                yes     yes  yes   yes   yes    yes   yes   yes     yes   yes   yes
    GET /sign-in/oidc               none    none none  none  none   none  none  none    none  none  none
    GET /sign-in/oidc/callback      none    none none  none  none   none  none  none    none  none  none
"""
SHOWN = {200: "yes", 400: "yes", 401: "who", 403: "no", 404: "none"}
QUERY = {"/v1/consistency": "?start=1&end=2", "/v1/orders/{order}/bundle": "?audience=SP"}
NO_ORDER = "00000000-0000-4000-8000-000000000000"


@dataclass
class Place:
    """A served ledger in which an office asks for data, and another one has nothing to do with it."""

    office: Office
    order: str
    index: int
    keys: dict[str, Key]
    certificates: dict[str, str] = field(default_factory=dict)

    def session(self, who: str) -> str:
        """Return the id of a new session; that of `ended` has ended."""
        running = self.office.running
        account = running.accounts.find(who).id
        token = running.sessions.begin(account, "passkey")
        if who == "ended":
            running.accounts.end_sessions(account)
        return token

    def ask(self, way: str, method: str, path: str) -> Reply:
        """Ask one address in one way, with an empty object where there is a body."""
        body = b"{}" if method == "POST" else None
        headers = {"content-type": "application/json"} if body else {"last-event-id": "x"}
        if method == "POST":
            headers |= {"origin": self.office.url, "sec-fetch-site": "same-origin"}
        kind, _, who = way.partition(":")
        if kind == "s":
            headers["cookie"] = f"{SESSION}={self.session(who)}"
        elif kind == "c":
            headers["client-cert"] = self.certificates[who]
        elif way != "nobody":
            headers = sign_request(self.keys[way], method, self.office.url + path, headers, body)
        return self.office.send(method, path, body, headers)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    house = House(tmp_path_factory.mktemp("ways")).begun().with_office("ilves", "ISS").with_office("skylark", "SP")
    house.reply("key", "new", "later")
    house.run("key", "enrol", "later", "--role", "SP", "--party", "XO", "--office", "Office")
    order = house.order()
    keys: dict[str, Key] = {
        way: open_key(str(house.keys / name)) for way, name in (("ISS", "ilves"), ("SP", "skylark"), ("new", "later"))
    }
    keys["other"] = SeedKey(b"\x07" * 32)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in house.env.items():
            patch.setenv(name, value)
        kept = FileSettings(str(house.folder / "files"))
        with serving(house.ledger, proxies=Peers.of(["127.0.0.1"]), files=kept) as office:
            made = Place(office, order, office.running.view.size() - 1, keys)
            accounts = office.running.accounts
            for who, actor in (("ISS", "ilves"), ("SP", "skylark"), ("ended", "ilves"), ("other", "ilves")):
                account, certificate = accounts.add(who, actor).id, issue(who)
                made.certificates[who] = certificate.header
                if who != "other":
                    accounts.link_certificate(account, certificate.fingerprint)
            yield made


def rows() -> Iterator[tuple[str, str, dict[str, str]]]:
    first, *lines = (line.split() for line in TABLE.strip().splitlines())
    for method, path, *cells in lines:
        yield method, path, dict(zip(first[1:], cells, strict=True))


def test_every_address_is_in_the_table() -> None:
    addresses = {(route.method, route.path) for route in EVERY_ROUTE} | {("GET", path) for path in PATHS}
    assert {(method, path) for method, path, _ in rows()} == addresses


@pytest.mark.parametrize(("method", "path", "cells"), list(rows()), ids=lambda value: str(value)[:40])
def test_who_is_answered_where_is_the_table(place: Place, method: str, path: str, cells: dict[str, str]) -> None:
    asked = path.format(order=place.order, index=place.index, kind="order-issued", object="0" * 32) + QUERY.get(
        path, ""
    )
    found = {way: SHOWN[reached(place, way, method, asked).status] for way in cells}
    assert found == cells


def reached(place: Place, way: str, method: str, path: str) -> Reply:
    """Ask, without the waits that failed sign-ins of other rows have brought."""
    from server.identity.lockout import Lockout

    place.office.running.sign_in.of_addresses = Lockout()
    return place.ask(way, method, path)


@pytest.mark.parametrize("way", ["SP", "s:SP", "c:SP"])
@pytest.mark.parametrize("path", ["", "/entries", "/place", "/bundle?audience=SP"])
def test_an_order_of_others_is_answered_as_one_that_does_not_exist(place: Place, way: str, path: str) -> None:
    there, absent = (place.ask(way, "GET", f"/v1/orders/{order}{path}") for order in (place.order, NO_ORDER))
    timed = ("date", "x-request-id")
    assert (there.status, there.body) == (absent.status, absent.body)
    assert {k: v for k, v in there.headers.items() if k not in timed} == {
        k: v for k, v in absent.headers.items() if k not in timed
    }


def test_the_list_of_orders_is_the_same_however_an_office_is_known(place: Place) -> None:
    for who, count in (("ISS", 1), ("SP", 0)):
        lists = [place.ask(way, "GET", "/v1/orders").json["orders"] for way in (who, f"s:{who}", f"c:{who}")]
        assert [len(each) for each in lists] == [count] * 3
        assert lists[0] == lists[1] == lists[2]


def test_a_certificate_of_a_browser_counts_on_pages_of_the_server_alone(place: Place) -> None:
    asked = {"client-cert": place.certificates["ISS"], "content-type": "application/json"}
    for headers, code in (
        ({"origin": "https://evil.example", "sec-fetch-site": "cross-site"}, "API-ORIGIN"),
        ({"sec-fetch-site": "same-origin"}, "API-ORIGIN"),
        ({"origin": place.office.url, "sec-fetch-site": "same-origin"}, "API-REQUEST"),
        ({}, "API-REQUEST"),  # a program
    ):
        assert place.office.send("POST", "/v1/entries", b"{}", asked | headers).code == code


def test_a_locked_person_is_not_known_by_a_certificate(place: Place) -> None:
    accounts = place.office.running.accounts
    account = accounts.find("SP").id
    accounts.lock(account)
    assert place.ask("c:SP", "GET", "/v1/account").code == "API-CERTIFICATE"
    accounts.unlock(account)
    assert place.ask("c:SP", "GET", "/v1/account").status == 200


@pytest.mark.parametrize("value", ["", ":", "::", ":AAAA:", ":*:", "AAAA", f":{'A' * 20_000}:"])
def test_a_header_that_has_no_certificate_is_refused(place: Place, value: str) -> None:
    reply = place.office.send("GET", "/v1/orders", None, {"client-cert": value})
    assert (reply.status, reply.code) in ((401, "API-CERTIFICATE"), (431, "API-HEAD"))


def test_a_header_with_a_certificate_is_believed_from_a_proxy_alone(house: Office) -> None:
    certificate, accounts = issue("linked"), house.running.accounts
    accounts.link_certificate(accounts.add("linked", "ilves").id, certificate.fingerprint)
    reply = house.send("GET", "/v1/orders", None, {"client-cert": certificate.header})
    assert (reply.status, reply.code) == (401, "API-CERTIFICATE")
