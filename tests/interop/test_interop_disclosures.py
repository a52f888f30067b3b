"""PyPI's sd-jwt reads our sealed values: an independent implementation of RFC 9901."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ledger.formats.selective_disclosure import veil
from tests.interop.conftest import Ask, Invocation

pytestmark = pytest.mark.interop

VALUES: dict[str, Any] = {
    "summary_of_facts": "Fraud by mail, Müller & Søn; «quoted», 日本語\nsecond line",
    "identifiers": ["user@example.net", "+47 555"],
    "delay": {"reasons": None, "until": "2027-09-01"},
    "count": 9_007_199_254_740_991,
    "emergency": False,
    "grounds": [],
}
VEILED = {name: veil(name, value, bytes([n]) * 16) for n, (name, value) in enumerate(VALUES.items())}


def present(ask: Ask, folder: Path, *names: str) -> Invocation:
    public = {"channel": "portal", "_sd": sorted(d.digest for d in VEILED.values())}
    (folder / "public.json").write_text(json.dumps(public), encoding="utf-8")
    (folder / "disclosures.txt").write_text("\n".join(VEILED[n].text for n in names), encoding="ascii")
    return ask("sd-jwt", folder / "public.json", folder / "disclosures.txt")


def test_sd_jwt_opens_every_value_that_we_veil(ask: Ask, tmp_path: Path) -> None:
    said = present(ask, tmp_path, *VALUES)
    assert said.agrees, said.text
    assert json.loads(said.text) == {"channel": "portal"} | VALUES


def test_sd_jwt_opens_only_what_is_presented(ask: Ask, tmp_path: Path) -> None:
    said = present(ask, tmp_path, "identifiers")
    assert json.loads(said.text) == {"channel": "portal", "identifiers": VALUES["identifiers"]}
    assert json.loads(present(ask, tmp_path).text) == {"channel": "portal"}


def test_sd_jwt_refuses_a_disclosure_that_comes_twice(ask: Ask, tmp_path: Path) -> None:
    assert not present(ask, tmp_path, "identifiers", "identifiers").agrees


def test_sd_jwt_opens_nothing_with_a_disclosure_nobody_signed(ask: Ask, tmp_path: Path) -> None:
    present(ask, tmp_path)
    (tmp_path / "disclosures.txt").write_text(veil("identifiers", ["another"], bytes(16)).text, encoding="ascii")
    said = ask("sd-jwt", tmp_path / "public.json", tmp_path / "disclosures.txt")
    assert json.loads(said.text) == {"channel": "portal"}  # sd-jwt skips the value; `lift` refuses it (SD-UNKNOWN)
