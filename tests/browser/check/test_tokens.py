"""Time-stamp tokens in the page: genuine, wrong and damaged ones give the answer of the program."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from ledger.adapters.timestamps.rfc3161 import LARGEST, read_stamp
from ledger.errors import RecordError
from ledger.tlog.note import note_digest
from ledger.trust.trust_folder import Trust, format_registrar, parse_trust
from ledger.verify.evidence_bundle import verify
from tests.browser.check.test_conformance import differences
from tests.browser.page.test_page import ask, text
from tests.browser.support.node import Page, Refusal
from tests.browser.support.recorder import question, report_fields
from tests.browser.support.token_cases import (
    AT,
    DATA,
    EACH,
    GOOD,
    HOSTILE,
    PLAIN,
    RSA,
    UNREAD,
    WRONG,
    Case,
    authority,
    chain,
    under_root,
)
from tests.browser.support.webdriver import ENTER, Browser
from tests.support.memory_ledger import NOW, ORDER, small
from tests.support.tokens import Stamper

pytestmark = pytest.mark.browser

VECTORS = Path(__file__).parents[3] / "fixtures" / "vectors" / "rfc3161"
EXPECTED = json.loads((VECTORS / "expectations.json").read_bytes())
SPOILT, STAMPED = 2_000, 200


def asked(ask: Callable[[bytes, bytes, list[bytes]], Any], case: Case) -> Any:
    """Return what a token states, or the code of its refusal."""
    try:
        return ask(*case)
    except (RecordError, Refusal) as refused:
        return refused.code


def program(reply: bytes, data: bytes, trusted: list[bytes]) -> list[Any]:
    stamp = read_stamp(reply, data, trusted)
    return [stamp.at.timestamp(), stamp.by.timestamp(), stamp.authority]


def page_of(node: Page) -> Callable[[bytes, bytes, list[bytes]], list[Any]]:
    def stated(reply: bytes, data: bytes, trusted: list[bytes]) -> list[Any]:
        stamp = node.ask("stamp", reply=reply, data=data, trusted=trusted)
        return [stamp["at"], stamp["by"], stamp["authority"]]

    return stated


def both(node: Page, case: Case) -> tuple[Any, Any]:
    return asked(program, case), asked(page_of(node), case)


@pytest.mark.parametrize("name", GOOD)
def test_a_token_that_holds_says_the_same_to_page_and_program(node: Page, name: str) -> None:
    theirs, ours = both(node, GOOD[name])
    assert isinstance(theirs, list)
    assert ours == theirs


@dataclass
class Spelt(Stamper):
    """An authority whose name is a string of another type."""

    spelt: str = "UTF8String"

    @property
    def subject(self) -> x509.Name:
        named = x509.NameAttribute(NameOID.COMMON_NAME, self.name, getattr(x509.name._ASN1Type, self.spelt))
        return x509.Name([named])


@pytest.mark.parametrize(
    ("spelt", "name"),
    [
        ("PrintableString", "Stamper 3"),
        ("IA5String", "Stamper@3"),
        ("BMPString", "Żubr 3"),
        ("UniversalString", "Żubr 🕰"),
        ("UTF8String", "Żubr 🕰"),
    ],
)
def test_the_name_of_an_authority_is_read_in_each_type_of_string(node: Page, spelt: str, name: str) -> None:
    theirs, ours = both(node, under_root(Spelt(name, spelt=spelt)))
    assert ours == theirs
    assert ours[2] == f"CN={name}"


@pytest.mark.parametrize("case", EXPECTED["responses"], ids=lambda case: case["file"])
def test_a_token_of_a_real_authority_is_judged_at_its_time(node: Page, case: dict[str, str]) -> None:
    message, chained = bytes.fromhex(case["message_hex"]), (VECTORS / case["chain"]).read_bytes()
    theirs, ours = both(node, ((VECTORS / case["file"]).read_bytes(), message, [chained]))
    assert ours == theirs
    assert isinstance(ours, list) == case["expect"].startswith("accept")
    assert "Spoofed" not in str(ours)


@pytest.mark.parametrize("case", EXPECTED["hand_made"], ids=lambda case: case["is"])
def test_an_answer_without_a_token_is_none(node: Page, case: dict[str, str]) -> None:
    theirs, ours = both(node, (bytes.fromhex(case["hex"]), DATA, [PLAIN.root.pem]))
    assert ours == theirs == ("TST-STATUS" if "rejection" in case["is"] else "TST-FORMAT")


@pytest.mark.parametrize("name", WRONG)
def test_a_token_that_shows_nothing_is_refused_under_the_same_code(node: Page, name: str) -> None:
    code, case = WRONG[name]
    assert both(node, case) == (code, code)


@pytest.mark.parametrize("name", UNREAD)
def test_what_the_page_does_not_read_is_a_doubt_whatever_the_program_makes_of_it(node: Page, name: str) -> None:
    theirs, ours = both(node, UNREAD[name])
    assert ours == "TST-FORMAT"
    assert isinstance(theirs, list) or name == "signed by RSA-PSS"


# -- random bytes ------------------------------------------------------------------------------------------------------


def real() -> list[Case]:
    return [
        ((VECTORS / c["file"]).read_bytes(), bytes.fromhex(c["message_hex"]), [(VECTORS / c["chain"]).read_bytes()])
        for c in EXPECTED["responses"]
        if c["expect"].startswith("accept")
    ]


def test_whatever_bytes_a_token_has_it_holds_in_both_or_in_neither(node: Page) -> None:
    """Both may refuse under different codes a certificate with more than one fault."""
    chance, seen = Random(11), Counter[str]()
    cases = [*real(), *GOOD.values()]
    for n in range(SPOILT):
        reply, data, trusted = chance.choice(cases)
        spoilt, at = bytearray(reply), chance.randrange(len(reply))
        if chance.random() < 0.7:
            spoilt[at] ^= 1 << chance.randrange(8)
        elif chance.random() < 0.5:
            spoilt[at] = chance.choice(b"\x00\x01\x02\x06\x17\x30\x31\x7f\x80\x81\x84\xa0\xa1\xff")
        else:
            spoilt[at : at + chance.randrange(3)] = chance.randbytes(chance.randrange(3))
        theirs, ours = both(node, (bytes(spoilt), data, trusted))
        if ours == theirs:
            seen["held" if isinstance(ours, list) else ours] += 1
            continue
        assert isinstance(ours, str), f"{n}: the page takes what is {theirs} to the program"
        assert isinstance(theirs, str) or ours == "TST-FORMAT", f"{n}: {ours}, and the program takes it"
        seen["apart"] += 1
    assert seen["apart"] < SPOILT * 0.02, seen
    assert min(seen[each] for each in ("held", "TST-FORMAT", "TST-CHAIN", "TST-SIG", "TST-IMPRINT", "TST-EKU")) > 5, (
        seen
    )


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_der_is_refused_without_going_into_it(node: Page, name: str) -> None:
    assert len(HOSTILE[name]) <= LARGEST
    assert both(node, (HOSTILE[name], DATA, [PLAIN.root.pem])) == ("TST-FORMAT", "TST-FORMAT")


def test_certificates_slipped_in_by_the_hundred_change_nothing(node: Page) -> None:
    """All have the name of the root as their subject and issuer; none of their keys is used."""
    root = Stamper("Stamper Root", extensions=authority())
    crowd = tuple(replace(root, serial=n).der for n in range(8, 126))
    case = under_root(PLAIN, certificates=(PLAIN.der, *crowd))
    assert len(case[0]) > LARGEST / 2
    theirs, ours = both(node, case)
    assert ours == asked(program, under_root(PLAIN))
    assert ours == theirs


@pytest.mark.parametrize("file", [b"", b"text", b"-----BEGIN CERTIFICATE-----\nnone\n-----END CERTIFICATE-----\n"])
def test_what_is_no_certificate_is_said_to_be_none(node: Page, file: bytes) -> None:
    assert both(node, (under_root(PLAIN)[0], DATA, [file])) == ("TRUST-FORMAT", "TRUST-FORMAT")


# -- in bundles --------------------------------------------------------------------------------------------------------


def stamped(chance: Random) -> tuple[bytes, Trust]:
    """Make a bundle with time stamps of every sort over its heads, and the trust to verify it under."""
    ledger, ilves = small(witnesses=chance.randrange(3))
    early = ledger.checkpoint(None, *([AT] * ledger.witnesses))
    ledger.heads[note_digest(early)] = early
    ledger.record(ilves, "order-transmitted", {"addressee": "skylark", "channel": "mail"}, order=ORDER)
    note = ledger.checkpoint(None, *([AT] * ledger.witnesses))
    tokens = {}
    for n in range(chance.randrange(1, 5)):
        over = chance.choice((early, note, note))
        place = f"heads/{note_digest(early)}" if over is early else "checkpoint"
        at = AT + timedelta(seconds=chance.choice((-900, -301, -300, -299, 0, 7, 299, 301, 90_000, 10**8)))
        reply = chance.choice((PLAIN, RSA)).stamp(
            chance.choice((over, over, over, note)), at, chance.choice((None, timedelta(seconds=1, milliseconds=1))),
            imprint=chance.choice(("sha256", "sha256", "sha512", "sha1")),
        )  # fmt: skip
        match chance.randrange(8):
            case 0:
                reply = reply[:-1] + bytes((reply[-1] ^ 1,))
            case 1:
                reply = reply[: chance.randrange(len(reply))]
            case 2:
                place = chance.choice(("other", "tsa/checkpoint", f"heads/{'ab' * 32}"))
        tokens[f"{place}.{n}.tsr"] = reply
    files = {"policy": ledger.policy(chance.choice(("none", "every")) if ledger.witnesses else "none")}
    files |= {"registrar": format_registrar(ledger.trust().registrar or pytest.fail("no registrar"))}
    roots = {"tsa/a.pem": PLAIN.root.pem, "tsa/b.der": RSA.root.der, "tsa/c.crt": RSA.pem}
    files |= {name: roots[name] for name in chance.sample(sorted(roots), chance.randrange(4))}
    return ledger.bundle(ilves, note=note, tokens=tokens, policy=files["policy"]), parse_trust(files)


def test_page_and_program_say_the_same_of_bundles_with_time_stamps_of_every_sort(node: Page) -> None:
    seen: Counter[str] = Counter()
    for n in range(STAMPED):
        data, trust = stamped(Random(n))
        wanted = report_fields(verify(data, trust, None, NOW, stamps=read_stamp))
        ours = node.ask("verify", **question(data, trust, None, NOW, stamps=True))
        assert not differences(ours, wanted), n
        seen.update({each["code"] for each in (*wanted["remarks"], *wanted["reasons"])})
    assert {"TST-IMPRINT", "TST-SIG", "TST-CHAIN", "TST-TIME", "TST-DISAGREE", "TST-FORMAT"} <= set(seen)


# -- in the browser ----------------------------------------------------------------------------------------------------


def test_certificates_given_from_outside_date_a_bundle(browser: Browser, page: Path, tmp_path: Path, axe: str) -> None:
    ledger, ilves = small()
    at = (datetime.now(UTC) - timedelta(minutes=1)).replace(second=30, microsecond=0)
    replies = [each.stamp(ledger.checkpoint(), at, certificates=chain(each)) for each in EACH]
    tokens = {f"checkpoint.{n}.tsr": reply for n, reply in enumerate([*replies, RSA.stamp(DATA, at)])}
    roots = [each.root.pem for each in EACH if each is not RSA]
    files = {
        "order.evidence.zip": ledger.bundle(ilves, tokens=tokens), "policy": ledger.policy(),
        "registrar": format_registrar(ledger.trust().registrar or pytest.fail("no registrar")),
        "roots.pem": b"".join(roots), "other.der": RSA.root.der, "no.pem": b"nothing",
    }  # fmt: skip
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    held = {name: tmp_path / name for name in ("policy", "registrar")}
    assert ask(browser, page, tmp_path / "order.evidence.zip", **held).startswith("Integrity: TOTAL-PASSED.")
    assert "7 tokens, not looked at: no certificates" in text(browser, "#result")
    browser.type("#authorities-file", f"{tmp_path / 'roots.pem'}\n{tmp_path / 'other.der'}")
    browser.wait("return document.getElementById('authorities').value.split('-----BEGIN').length === 7")
    browser.type("#question button", ENTER)
    browser.wait("return document.getElementById('result').textContent.includes('6 of 7 tokens hold')")
    shown = text(browser, "#result")
    assert f"it existed by {at.day} {at:%B %Y} at {at:%H:%M:%S} UTC" in shown
    assert "CN=RSA Root, SHA-256 of the certificate" in shown
    assert "over other bytes than these; this time stamp shows nothing" in shown
    assert browser.run(f"{axe}; return axe.run()")["violations"] == []
    assert "TRUST-FORMAT" in ask(
        browser, page, tmp_path / "order.evidence.zip", **held, authorities=tmp_path / "no.pem"
    )
    assert browser.run("return document.activeElement.id") == "authorities"
