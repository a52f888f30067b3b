"""A field of an order is checked where it belongs, sealed or public, and each that has not its form is a row."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cli.commands import lint
from cli.commands.lint import _order_fields, _register

PUBLIC = {"instrument": "EPOC", "from_party": "XO", "to_party": "XV", "providers": ["skylark"]}
SEALED = {"summary_of_facts": "a fraud", "necessity_grounds": "no other way"}


def fields(tmp_path: Path, **given: Any) -> Any:
    file = tmp_path / "order.json"
    file.write_text(json.dumps(given), "utf-8")
    return _order_fields(str(file))


@pytest.mark.parametrize("given", [{"public": PUBLIC, "sealed": SEALED}, {**PUBLIC, **SEALED}])
def test_public_and_sealed_fields_are_kept_apart(given: dict[str, Any], tmp_path: Path) -> None:
    assert fields(tmp_path, **given) == (PUBLIC, SEALED, [])


@pytest.mark.parametrize(
    ("changed", "public", "sealed"),
    [
        ({"providers": 3}, {k: v for k, v in PUBLIC.items() if k != "providers"}, SEALED),
        ({"summary_of_facts": 3}, PUBLIC, {"necessity_grounds": "no other way"}),
        ({"instrument": "XX-1"}, {k: v for k, v in PUBLIC.items() if k != "instrument"}, SEALED),
    ],
)
def test_a_field_without_its_form_is_left_out_and_named(
    changed: dict[str, Any], public: dict[str, Any], sealed: dict[str, Any], tmp_path: Path
) -> None:
    good, closed, (row,) = fields(tmp_path, **{**PUBLIC, **SEALED, **changed})
    assert (good, closed) == (public, sealed)
    assert (row.level, row.cite, row.commands) == ("form", "", [])
    assert next(iter(changed)) in row.says


@pytest.mark.parametrize(
    ("offices", "issuer"),
    [
        ({"ilves": ("XO", "ISS")}, "ilves"),
        ({"ilves": ("XO", "ISS"), "lind": ("XO", "ISS")}, "issuer"),
        ({"ilves": ("XO", "ISS"), "orn": ("XV", "ISS"), "court": ("XO", "CT")}, "ilves"),
        ({}, "issuer"),
    ],
)
def test_in_a_ledger_the_order_is_of_its_party_and_its_only_issuer(
    offices: dict[str, tuple[str, str]], issuer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def reading(*, describe: bool) -> Iterator[Any]:
        assert not describe
        known = {a: SimpleNamespace(actor=a, party=p, roles=(r,)) for a, (p, r) in offices.items()}
        yield SimpleNamespace(
            party=lambda: "XO",
            keyring=lambda: SimpleNamespace(offices=known),
            register=lambda: ["e"],
            now=lambda: "now",
        )

    monkeypatch.setattr("cli.session.ledger_reader.reading_anywhere", reading)
    monkeypatch.setattr(lint, "ledger_choice", SimpleNamespace(has_ledger=lambda: True))
    found: Any = _register()
    assert found == (("e",), "now", {"from_party": "XO", "issuing_authority": issuer})


def test_without_a_ledger_real_parties_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lint, "ledger_choice", SimpleNamespace(has_ledger=lambda: False, now=lambda: "now"))
    monkeypatch.setattr(lint, "known_register", lambda moment: f"known at {moment}")
    found: Any = _register()
    assert found == ("known at now", "now", {"issuing_authority": "issuer"})
