"""Auditors in a trust policy: their keys, their names, and the rewriting of a policy that has some."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import RecordError
from ledger.formats.ed25519 import public_key
from ledger.tlog.note import MLDSA44, Vkey, log_vkey, parse_vkey, witness_vkey
from ledger.tlog.policy import parse_policy
from ledger.tlog.quorum import format_policy, with_auditor

LOG = parse_vkey(log_vkey("ledger.example/xo/karsk", public_key(bytes(32))))
WITNESS = parse_vkey(witness_vkey("witness.example/w", public_key(b"w" * 32)))
NAME = f"auditor.example/karsk/audit/{'ab' * 32}"
KEY = Vkey.of(NAME, MLDSA44, b"k" * 1312)
OTHER = Vkey.of(f"auditor.example/lorn/audit/{'cd' * 32}", MLDSA44, b"o" * 1312)
PLAIN = f"log {LOG.text}\nquorum none\n".encode()


def policy(*lines: str) -> Any:
    return parse_policy(PLAIN + "".join(f"{line}\n" for line in lines).encode())


def refused(code: str, *lines: str) -> None:
    with pytest.raises(RecordError) as error:
        policy(*lines)
    assert error.value.code == code


def test_an_auditor_line_names_a_key_and_may_have_a_url() -> None:
    parsed = policy(f"auditor karsk {KEY.text}", f"auditor lorn {OTHER.text} https://auditor.example/lorn")
    assert parsed.auditors == {"karsk": KEY, "lorn": OTHER}
    assert parsed.urls == {OTHER: "https://auditor.example/lorn"}


def test_an_auditor_counts_toward_no_quorum() -> None:
    refused("POL-NAME", f"auditor karsk {KEY.text}", "group both all karsk")
    with pytest.raises(RecordError, match="POL-NAME"):
        parse_policy(f"log {LOG.text}\nauditor karsk {KEY.text}\nquorum karsk\n".encode())
    assert policy(f"auditor karsk {KEY.text}").names([KEY]) == set()


@pytest.mark.parametrize(
    "key",
    [
        WITNESS,
        LOG,
        Vkey.of("witness.example/pq", MLDSA44, b"p" * 1312),
        Vkey.of(f"auditor.example/karsk/audit/{'AB' * 32}", MLDSA44, b"p" * 1312),
        Vkey.of(f"/audit/{'ab' * 32}", MLDSA44, b"p" * 1312),
        Vkey.of(f"{NAME}/", MLDSA44, b"p" * 1312),
    ],
    ids=lambda key: key.name,
)
def test_a_key_of_another_type_or_name_is_no_auditors(key: Vkey) -> None:
    refused("POL-KEY", f"auditor karsk {key.text}")


def test_an_auditor_is_not_the_log_that_it_audits() -> None:
    as_log = Vkey.of(LOG.name, MLDSA44, KEY.public)
    refused("POL-KEY", f"log {as_log.text}", f"auditor karsk {KEY.text}")
    refused("POL-KEY", f"auditor karsk {KEY.text}", f"log {as_log.text}")


def test_an_auditor_is_neither_a_witness_nor_another_auditor() -> None:
    as_witness = Vkey.of("witness.example/pq", MLDSA44, KEY.public)
    under_two_names = Vkey.of(f"auditor.example/lorn/audit/{'cd' * 32}", MLDSA44, KEY.public)
    refused("POL-KEY", f"witness w {as_witness.text}", f"auditor karsk {KEY.text}")
    refused("POL-KEY", f"auditor karsk {KEY.text}", f"witness w {as_witness.text}")
    refused("POL-KEY", f"auditor karsk {KEY.text}", f"auditor lorn {under_two_names.text}")


@pytest.mark.parametrize("line", ["witness karsk {w}", "group karsk any w", "auditor karsk {o}"])
def test_a_name_is_used_once_in_either_order(line: str) -> None:
    first, second = f"auditor karsk {KEY.text}", line.format(w=WITNESS.text, o=OTHER.text)
    before = [f"witness w {WITNESS.text}"] if "group" in line else []
    refused("POL-NAME", *before, first, second)
    refused("POL-NAME", *before, second, first)


@pytest.mark.parametrize("line", ["auditor", "auditor karsk", "auditor all {k}", "auditor 7 {k}", "auditor k {k} a b"])
def test_a_malformed_auditor_line_is_refused(line: str) -> None:
    refused("POL-NAME" if " all " in line or " 7 " in line else "POL-FORMAT", line.format(k=KEY.text))


@pytest.mark.parametrize("name", ["prüfer", "k" * 65, "\N{SNOWMAN}"])
def test_the_name_of_an_auditor_is_printable_everywhere(name: str) -> None:
    refused("POL-NAME", f"auditor {name} {KEY.text}")


@given(st.booleans(), st.booleans())
def test_a_policy_that_is_written_again_keeps_its_auditors(witnessed: bool, url: bool) -> None:
    witnesses = {"w": (WITNESS, "https://witness.example")} if witnessed else {}
    auditors = {"karsk": (KEY, "https://auditor.example/karsk" if url else "")}
    text = format_policy(LOG, witnesses, len(witnesses), auditors=auditors)
    assert parse_policy(text).auditors == {"karsk": KEY}
    assert parse_policy(text).urls.get(KEY, "") == auditors["karsk"][1]
    assert dict(parse_policy(with_auditor(text, "lorn", OTHER)).auditors) == {"karsk": KEY, "lorn": OTHER}
