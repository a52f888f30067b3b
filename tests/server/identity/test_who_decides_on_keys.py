"""Who may do what with keys at the office server, as a table: one row for each act, one column for each caller."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.server.identity.browser import Browser
from tests.server.identity.test_key_requests import (
    KEYS,
    QUEUE,
    accept,
    ask,
    enrol,
    entry,
    new_key,
    person,
    registrar,
    states,
)
from tests.server.office import Office, Reply

# own: the person of the key. peer: another person of the same office. party: a person of another Party's office.
# aud: a person of the registrar's office whose account has another role. adm: a registrar with the registrar's key.
# yes: done. no: 403. none: as if there were no such key or request.
TABLE = """
    act                         own   peer  party  aud   adm
    ask for an own key          yes   yes   yes    yes   yes
    ask for the key as one's    yes   none  none   none  none
    ask that the key ends       yes   none  none   none  none
    withdraw the request        yes   none  none   none  none
    see all requests            no    no    no     no    yes
    refuse the request          no    no    no     no    yes
    enter a key                 no    no    no     no    yes
    accept the key              yes   no    no     no    no
    end the key                 no    no    no     no    yes
"""
SHOWN = {200: "yes", 401: "no", 403: "no", 404: "none", 422: "none"}
WHO = ("own", "peer", "party", "aud", "adm")


class Case:
    """A person with a key in the register and a request that waits, and a caller."""

    def __init__(self, office: Office, who: str) -> None:
        self.office = office
        (self.own, self.account), self.key, self.waits = person(office, "ilves"), new_key(), new_key()
        ask(self.own, self.account, self.key)
        enrol(office, self.key)
        states(self.own)
        self.request = ask(self.own, self.account, self.waits).json["request"]["id"]
        made: dict[str, Callable[[], tuple[Browser, str]]] = {
            "own": lambda: (self.own, self.account),
            "peer": lambda: person(office, "ilves"),
            "party": lambda: person(office, "harbor"),
            "aud": lambda: person(office, "registrar", ("AUD",)),
            "adm": lambda: (registrar(office), office.running.accounts.find("Rita").id),
        }
        self.caller, self.id = made[who]()

    def record(self, kind: str, **fields: object) -> Reply:
        """Hand in an entry of the registrar's key."""
        key = self.office.key("registrar")
        made = entry(self.office, key, "registrar", "ADM", kind, fields)
        return self.caller.post("/v1/entries", {"entries": [made], "unregistered": True})


ACTS: dict[str, Callable[[Case], Reply]] = {
    "ask for an own key": lambda c: ask(c.caller, c.id, new_key()),
    "ask for the key as one's": lambda c: ask(c.caller, c.id, c.waits),
    "ask that the key ends": lambda c: c.caller.post(f"{KEYS}/end", {"key": c.key.public.hex(), "cause": "lost"}),
    "withdraw the request": lambda c: c.caller.post(f"{KEYS}/withdraw", {"id": c.request}),
    "see all requests": lambda c: c.caller.get(QUEUE),
    "refuse the request": lambda c: c.caller.post(f"{QUEUE}/refuse", {"id": c.request, "reason": "no"}),
    "enter a key": lambda c: c.record("key-registered", actor="ilves", key=new_key().public.hex(), roles=["ISS"]),
    "accept the key": lambda c: accept(c.caller, c.key),
    "end the key": lambda c: c.record("key-revoked", actor="ilves", key=c.key.public.hex(), cause="lost"),
}


def rows() -> dict[str, list[str]]:
    found = [line.rsplit(maxsplit=len(WHO)) for line in TABLE.strip().splitlines()[1:]]
    return {act.strip(): shown for act, *shown in found}


@pytest.mark.parametrize("act", ACTS)
def test_who_may_do_what_with_keys_is_the_table(house: Office, act: str) -> None:
    registrar(house)
    shown = {who: SHOWN[ACTS[act](Case(house, who)).status] for who in WHO}
    assert shown == dict(zip(WHO, rows()[act], strict=True))


def test_the_table_has_each_act() -> None:
    assert set(rows()) == set(ACTS)
