"""OpenSSL and Comity agree on every time stamp at the moment that it states; today OpenSSL refuses the expired ones."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from ledger.adapters.timestamps.rfc3161 import certificates, read_stamp
from ledger.errors import RecordError
from tests.interop.conftest import Ask

VECTORS = Path(__file__).parents[2] / "fixtures" / "vectors" / "rfc3161"
CASES = json.loads((VECTORS / "expectations.json").read_bytes())["responses"]
pytestmark = pytest.mark.interop


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["file"])
def test_openssl_and_we_agree_at_the_moment_a_token_gives(case: dict[str, str], ask: Ask, tmp_path: Path) -> None:
    reply, chain = VECTORS / case["file"], (VECTORS / case["chain"]).read_bytes()
    *between, root = certificates(chain)
    (tmp_path / "root.pem").write_bytes(root.public_bytes(Encoding.PEM))
    (tmp_path / "between.pem").write_bytes(b"".join(c.public_bytes(Encoding.PEM) for c in between))
    (tmp_path / "data").write_bytes(bytes.fromhex(case["message_hex"]))
    try:
        read_stamp(reply.read_bytes(), bytes.fromhex(case["message_hex"]), [chain])
        ours = True
    except RecordError:
        ours = False
    asked = ["ts", "-verify", "-data", tmp_path / "data", "-in", reply, "-CAfile", tmp_path / "root.pem"]
    if between:
        asked += ["-untrusted", tmp_path / "between.pem"]
    then = int(datetime.fromisoformat(case["gen_time"]).timestamp())
    assert ask("openssl", *asked, "-attime", then).agrees is ours
    if case["expect"] == "accept-at-gen-time":
        assert not ask("openssl", *asked).agrees
