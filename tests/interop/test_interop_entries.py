"""Three DSSE libraries in three languages, and openssl alone, verify our sealed entries."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ledger.entries.envelope import Circumstances, EntryPlace, Sealed, Signer, seal
from ledger.facts import build
from ledger.formats.dsse import EVENT_TYPE, pae
from ledger.formats.ed25519 import public_key, sign
from tests.interop.conftest import Ask

pytestmark = pytest.mark.interop

SEED = bytes(range(32))
PUBLIC = public_key(SEED)
SPKI_ED25519 = bytes.fromhex("302a300506032b6570032100")  # RFC 8410: the prefix of a raw public key in DER
LIBRARIES = ("go-securesystemslib", "securesystemslib", "@sigstore/core")
FACTS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("order-received", {"proof_kind": "own-stamp"}, {"circumstances": ["minor"]}),
    ("key-accepted", {"key": PUBLIC.hex()}, {}),
    (
        "order-issued",
        {"instrument": "2AP-7", "from_party": "XO", "to_party": "XV", "reference": "PPO-2026-123 «ø»"},
        {"summary_of_facts": "line one\nline two, naïve, 日本語", "identifiers": ["user@example.net"]},
    ),
]


def sealed(number: int) -> Sealed:
    kind, public, hidden = FACTS[number]
    at = datetime(2026, 11, 24, 13, 37, 44, tzinfo=UTC)
    return seal(
        build(kind, public, hidden),
        EntryPlace("ledger.example/xo/karsk", "6ba7b810-9dad-11d1-80b4-00c04fd430c8", 1, None, "2AP-7"),
        Signer("skylark", "SP", "XV", PUBLIC, lambda message: sign(SEED, message)),
        Circumstances(on=at, signed_at=at),
        "00" * 16,
        lambda n: bytes(n),
    )


@pytest.mark.parametrize("number", range(len(FACTS)))
@pytest.mark.parametrize("library", LIBRARIES)
def test_a_dsse_library_verifies_our_entry_and_reads_the_same_payload(
    ask: Ask, tmp_path: Path, library: str, number: int
) -> None:
    entry = tmp_path / "entry.dsse.json"
    entry.write_bytes(sealed(number).raw)
    said = ask(library, entry, PUBLIC.hex(), EVENT_TYPE)
    assert said.agrees, said.text
    payload = said.text.partition("payload ")[2].strip()
    assert payload.encode() == base64.b64decode(json.loads(entry.read_bytes())["payload"])


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_dsse_library_objects_to_another_key_another_type_and_another_byte(
    ask: Ask, tmp_path: Path, library: str
) -> None:
    entry = tmp_path / "entry.dsse.json"
    entry.write_bytes(sealed(0).raw)
    assert not ask(library, entry, public_key(bytes(32)).hex(), EVENT_TYPE).agrees
    assert not ask(library, entry, PUBLIC.hex(), "application/vnd.comity.manifest.v1+json").agrees
    value = json.loads(entry.read_bytes())
    payload = base64.b64decode(value["payload"]).replace(b'"XV"', b'"XO"')
    entry.write_text(json.dumps(value | {"payload": base64.b64encode(payload).decode()}), encoding="ascii")
    assert not ask(library, entry, PUBLIC.hex(), EVENT_TYPE).agrees


def test_openssl_alone_verifies_our_entry(ask: Ask, tmp_path: Path) -> None:
    value = json.loads(sealed(2).raw)
    key, message, signature = (tmp_path / name for name in ("key.der", "message", "signature"))
    key.write_bytes(SPKI_ED25519 + PUBLIC)
    signature.write_bytes(base64.b64decode(value["signatures"][0]["sig"]))
    check = ["pkeyutl", "-verify", "-pubin", "-inkey", key, "-keyform", "DER", "-rawin", "-in", message]
    for payload, agrees in ((base64.b64decode(value["payload"]), True), (b"{}", False)):
        message.write_bytes(pae(value["payloadType"], payload))
        assert ask("openssl", *check, "-sigfile", signature).agrees is agrees
