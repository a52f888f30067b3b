"""The published examples of formats have the digests that their page names.

The test uses only SHA-256, Ed25519 and the words of the specifications, so no code of `ledger` checks itself.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode, urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from pathlib import Path

import pytest
from nacl.signing import VerifyKey

from tests.ledger.tlog.plain_patricia import plain_proof, plain_root

FOLDER = Path(__file__).parents[2] / "docs" / "reference" / "formats" / "vectors"
VALUES = dict(re.findall(r"^\| ([^|]+?) \| [^|]+ \| `([^`]+)` \|$", (FOLDER / "index.md").read_text("utf-8"), re.M))
RAW = (FOLDER / "entry.dsse.json").read_bytes()
ENVELOPE = json.loads(RAW)
PAYLOAD = b64decode(ENVELOPE["payload"])
ORIGIN, SIZE, ROOT = (FOLDER / "checkpoint").read_text("utf-8").split("\n")[:3]


def node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def leaf() -> bytes:
    return sha256(b"\x00" + RAW).digest()


def test_payload_and_leaf_have_their_digests() -> None:
    assert VALUES["SHA-256 of the payload"] == sha256(PAYLOAD).hexdigest()
    assert VALUES["leaf hash: SHA-256 of 00 and the file"] == leaf().hex()


def test_the_signer_signed_the_payload() -> None:
    key = json.loads(PAYLOAD)["signer"]["key"]
    kind = ENVELOPE["payloadType"].encode()
    encoded = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(PAYLOAD), PAYLOAD)
    VerifyKey(bytes.fromhex(key)).verify(encoded, b64decode(ENVELOPE["signatures"][0]["sig"]))
    assert VALUES["Ed25519 key of the signer"] == key
    assert VALUES["keyid: SHA-256 of that key"] == sha256(bytes.fromhex(key)).hexdigest()
    assert ENVELOPE["signatures"][0]["keyid"] == VALUES["keyid: SHA-256 of that key"]


def test_the_proof_leads_to_the_root_of_the_checkpoint() -> None:
    header, index, *rest = (FOLDER / "entry.tlog-proof").read_text("utf-8").split("\n")
    assert header == "c2sp.org/tlog-proof@v1"
    path = [b64decode(line) for line in rest[: rest.index("")]]
    number, last, found = int(index.removeprefix("index ")), int(SIZE) - 1, leaf()
    for other in path:  # RFC 9162, section 2.1.3.2
        if number % 2 or number == last:
            found = node(other, found)
            while not number % 2 and number:
                number, last = number >> 1, last >> 1
        else:
            found = node(found, other)
        number, last = number >> 1, last >> 1
    assert last == 0
    assert found.hex() == VALUES["root"]
    assert b64decode(ROOT).hex() == VALUES["root"]


def test_the_key_of_the_policy_signed_the_checkpoint() -> None:
    _, vkey = (FOLDER / "policy").read_text("utf-8").split("\n")[0].split(" ")
    name, short, key = vkey.split("+", 2)
    text, _, lines = (FOLDER / "checkpoint").read_text("utf-8").partition("\n\n")
    _, signer, signature = lines.split()
    assert (signer, name) == (ORIGIN, ORIGIN)
    raw = b64decode(signature)
    assert raw[:4].hex() == short == sha256(name.encode() + b"\n" + b64decode(key)).hexdigest()[:8]
    VerifyKey(b64decode(key)[1:]).verify(text.encode() + b"\n", raw[4:])


def test_the_disclosure_has_a_digest_in_the_entry() -> None:
    disclosure = (FOLDER / "disclosures.txt").read_text("ascii").strip()
    digest = urlsafe_b64encode(sha256(disclosure.encode()).digest()).rstrip(b"=").decode()
    assert digest == VALUES["digest in `_sd`"]
    assert digest in json.loads(PAYLOAD)["public"]["_sd"]
    assert json.loads(urlsafe_b64decode(disclosure + "=" * (-len(disclosure) % 4)))[1] == "reasons"


# -- the map of heads --------------------------------------------------------------------------------------------------

MAP = (FOLDER.parent / "map-of-heads.md").read_text("utf-8")


def test_the_example_of_the_map_of_heads_follows_from_its_entries() -> None:
    keys = {
        row[0]: (row[1], row[2]) for row in re.findall(r"^\| order (\w)\b.*? \| `(.+)` \| key `(.+)` \|$", MAP, re.M)
    }
    assert len(keys) == 3
    for order, key in keys.values():
        assert sha256(f"comity/order\n{order}".encode()).hexdigest() == key
    one, two, three = (sha256(b"\x00" + entry).digest() for entry in (b"one", b"two", b"three"))
    named = dict(re.findall(r"^\| (value of A|value of B|root) \| `(\w+)` \|$", MAP, re.M))
    assert named["value of A"] == node(one, three).hex()
    assert named["value of B"] == two.hex()
    pairs = {bytes.fromhex(keys[name][1]): bytes.fromhex(named[f"value of {name}"]) for name in "AB"}
    assert named["root"] == plain_root(pairs).hex()
    proofs = dict(re.findall(r"^\| ([AC]) \| `(\w+)` \|$", MAP, re.M))
    assert proofs == {name: plain_proof(pairs, bytes.fromhex(keys[name][1])).hex() for name in "AC"}


def test_the_vectors_of_absence_follow_from_the_definition_of_the_tree() -> None:
    for name, count in (("mpt_non_inclusion_kats.jsonl", 40), ("mpt_refused_kats.jsonl", 21)):
        lines = (FOLDER / name).read_text("ascii").splitlines()
        assert len(lines) == count == len({json.loads(line)["label"] for line in lines})
        assert f"{count} proofs" in (FOLDER / "index.md").read_text("utf-8")
        for line in lines:
            case = json.loads(line)
            pairs = {b64decode(leaf["key"]): b64decode(leaf["value"]) for leaf in case["leaves"]}
            key, proof = b64decode(case["key"]), b64decode(case["proof"])
            assert b64decode(case["root"]) == plain_root(pairs)
            assert (proof == plain_proof(pairs, key)) == (name == "mpt_non_inclusion_kats.jsonl")
            assert key not in pairs or name == "mpt_refused_kats.jsonl"


# -- statements of auditors --------------------------------------------------------------------------------------------

AUDITS = [json.loads(line) for line in (FOLDER / "audit_kats.jsonl").read_text("utf-8").splitlines()]


def tree(low: int, high: int) -> bytes:
    """Return the RFC 6962 root over the entries [low, high) of the log of the vectors."""
    if high - low == 1:
        return sha256(b"\x00entry %d" % low).digest()
    middle = low + (1 << (high - low - 1).bit_length() - 1)
    return node(tree(low, middle), tree(middle, high))


def test_statements_of_auditors_are_signed_over_their_text_range_and_root() -> None:
    mldsa = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.mldsa", reason="needs cryptography 50")
    held = [case for case in AUDITS if not case["code"]]
    assert len(held) == 9
    for case in held:
        assert b64decode(case["root"]) == tree(0, case["size"])
        name, keyid, typed = case["vkey"].split("+", 2)
        raw = b64decode(typed)
        assert raw[0] == 6
        assert name == f"auditor.example/karsk/audit/{sha256(case['statement'].encode()).hexdigest()}"
        assert keyid == sha256(name.encode() + b"\n" + raw).hexdigest()[:8]
        origin, line, root, blank, *lines = case["note"].split("\n")
        start, end = map(int, line.removeprefix("subtree ").split(" "))
        assert (blank, b64decode(root)) == ("", tree(start, end))
        blob = b64decode(next(each.split(" ")[2] for each in lines if name in each))
        assert blob[:12] == bytes.fromhex(keyid) + bytes(8)
        message = b"subtree/v1\n\0" + bytes([len(name)]) + name.encode() + bytes(8)
        message += bytes([len(origin)]) + origin.encode() + start.to_bytes(8, "big") + end.to_bytes(8, "big")
        mldsa.MLDSA44PublicKey.from_public_bytes(raw[1:]).verify(blob[12:], message + b64decode(root))


def test_the_page_of_statements_of_auditors_shows_and_counts_the_vectors() -> None:
    page = (FOLDER.parent / "audit-statement.md").read_text("utf-8")
    case = next(case for case in AUDITS if case["label"] == "entries_8_to_13")
    assert f"```\n{case['statement']}```" in page
    assert f"```\n{case['note'].partition('—')[0]}— {case['vkey'].partition('/audit/')[0]}/audit/" in page
    index = (FOLDER / "index.md").read_text("utf-8")
    refused = sum(bool(case["code"]) for case in AUDITS)
    assert f"has {len(AUDITS)} cases" in index
    assert f"null for {len(AUDITS) - refused} statements" in index
    assert f"under which {refused} are refused" in index
    assert len({case["label"] for case in AUDITS}) == len(AUDITS)
