"""Page and program draw the line at the same second where a time is too early, too late or too old."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from msgspec.structs import replace

from ledger.verify.evidence_bundle import verify
from tests.browser.check.test_conformance import differences
from tests.browser.support.node import Page
from tests.browser.support.recorder import question, report_fields
from tests.support.memory_ledger import ORDER, Ledger, small

pytestmark = pytest.mark.browser

AT = datetime(2027, 3, 1, 12, tzinfo=UTC)
DRIFT, DAY = 300, 86_400
AROUND = (-DRIFT - 1, -DRIFT, -DRIFT + 1, -1, 0, 1, DRIFT - 1, DRIFT, DRIFT + 1)
SENT = {"addressee": "skylark", "channel": "mail"}

Asked = tuple[bytes, Ledger, datetime]


def seconds(count: int) -> timedelta:
    return timedelta(seconds=count)


def made(witnesses: int, seen: int, made_at: int, test: bool, now: int) -> Asked:
    """Return a bundle of a head that witnesses saw, and the moment at which it is verified, in seconds around AT."""
    ledger, ilves = small(witnesses=witnesses)
    note = ledger.checkpoint(None, *[AT + seconds(seen)] * witnesses)
    contents = ledger.contents(note=note)
    about = replace(contents.about, made_at=AT + seconds(made_at), test=test)
    return ledger.bundle(ilves, note=note, about=about), ledger, AT + seconds(now)


def signed(witnesses: int, cites: bool, on: int, at: int) -> Asked:
    """Return a bundle with an entry between two heads, which witnesses saw at AT and an hour later."""
    ledger, ilves = small(witnesses=witnesses)
    note = ledger.witnessed(*[AT] * witnesses)
    if not cites:
        ledger.seen = None
    ledger.record(ilves, "order-transmitted", SENT, order=ORDER, on=AT + seconds(on), at=AT + seconds(at))
    last = ledger.checkpoint(None, *[AT + seconds(3_600)] * witnesses)
    assert note != last
    return ledger.bundle(ilves, note=last), ledger, AT + timedelta(days=30)


def bundles() -> Iterator[Asked]:
    for witnesses, test, now in product((0, 1), (True, False), AROUND):
        yield made(witnesses, 0, 0, test, now)
    for witnesses, old in product((1, 3), (*AROUND, DAY - 1, DAY, DAY + 1)):
        yield made(witnesses, 0, old, False, 10 * DAY)
    for witnesses, seen in product((1, 3), AROUND):
        yield made(witnesses, seen, 0, False, 0)
    for witnesses, cites, moved in product((1, 3), (True, False), AROUND):
        yield signed(witnesses, cites, moved, moved)
        yield signed(witnesses, cites, 3_600 + moved, 3_600)
        yield signed(witnesses, cites, 3_600, 3_600 + moved)


def test_page_and_program_draw_the_line_at_the_same_second(node: Page) -> None:
    asked = list(bundles())
    seen = set()
    wanted = [report_fields(verify(data, ledger.trust(), None, now)) for data, ledger, now in asked]
    found = node.ask_each("verify", (question(data, ledger.trust(), None, now) for data, ledger, now in asked))
    for ours, theirs, (_, _, now) in zip(found, wanted, asked, strict=True):
        assert not differences(ours, theirs), now
        seen |= {each["code"] for each in (*theirs["remarks"], *theirs["reasons"])}
    assert {"CMP-MADE-AT", "CMP-OLD-HEAD", "TIME-FUTURE", "TIME-LATE", "TIME-CLAIM", "CP-FUTURE"} <= seen
