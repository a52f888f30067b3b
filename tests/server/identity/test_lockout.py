"""Waits grow with failures, are forgotten, and take bounded memory; a ticket has one purpose, one use and an end."""

from __future__ import annotations

import pytest

from ledger.errors import RecordError, TooManyAttempts
from server.identity import lockout
from server.identity.lockout import FORGOTTEN, FREE, LONGEST, MOST, Lockout, network_of, wait_after
from server.identity.tickets import LENGTH, Tickets


def test_waits_double_up_to_a_quarter_of_an_hour() -> None:
    assert [wait_after(n) for n in range(FREE + 4)] == [0] * (FREE + 1) + [2, 4, 8]
    assert wait_after(1_000_000) == LONGEST == 900


def test_a_wait_ends_and_failures_are_forgotten_later() -> None:
    now = [0.0]
    waits = Lockout(lambda: now[0])
    for number in range(FREE + 2):
        waits.check("name")
        waits.fail("name")
        if number == FREE:
            now[0] += 2
    with pytest.raises(TooManyAttempts) as wait:
        waits.check("name")
    assert wait.value.seconds == 4
    waits.check("another")
    now[0] += 4
    waits.check("name")
    waits.fail("name")
    with pytest.raises(TooManyAttempts, match="API-WAIT"):
        waits.check("name")
    now[0] += FORGOTTEN
    waits.fail("name")
    waits.check("name")


def test_who_signs_in_has_no_failures() -> None:
    waits = Lockout(lambda: 0.0)
    for _ in range(FREE + 1):
        waits.fail("name")
    waits.clear("name")
    waits.check("name")


def test_the_failures_of_many_names_take_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MOST == 10_000
    monkeypatch.setattr(lockout, "MOST", 3)
    waits = Lockout(lambda: 0.0)
    for _ in range(FREE + 1):
        waits.fail("often")
    for number in range(2):
        waits.fail(str(number))
    with pytest.raises(TooManyAttempts):
        waits.check("often")
    waits.fail("one more")
    waits.check("often")


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("no address", "unknown"),
    ],
)
def test_an_address_of_ipv6_is_counted_by_its_network(address: str, network: str) -> None:
    assert network_of(address) == network


def test_a_ticket_has_one_purpose_one_use_and_an_end() -> None:
    now, spent = [1_000.0], set[str]()

    def spend(sender: str, nonce: str, until: int) -> bool:
        fresh = nonce not in spent
        spent.add(nonce)
        return fresh

    tickets = Tickets(b"\x01" * 32, spend, lambda: now[0])
    ticket = tickets.make("sign-in", 60)
    tickets.check("sign-in", ticket)
    tickets.use(ticket)
    changed = bytes([ticket[0], ticket[1] ^ 1]) + ticket[2:]
    other = Tickets(b"\x02" * 32, spend, lambda: now[0])
    with pytest.raises(RecordError, match="used before"):
        tickets.use(ticket)
    for asked, purpose, given in (
        (tickets, "enrolment", ticket),
        (tickets, "sign-in", ticket[:-1]),
        (tickets, "sign-in", b"\x00" * LENGTH),
        (tickets, "sign-in", changed),
        (other, "sign-in", ticket),
    ):
        with pytest.raises(RecordError, match="API-SIGN-IN"):
            asked.check(purpose, given)
    assert tickets.derive("state", ticket) != tickets.derive("nonce", ticket)
    now[0] += 61
    with pytest.raises(RecordError, match="expired"):
        tickets.check("sign-in", ticket)
