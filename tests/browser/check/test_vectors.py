"""Published vectors through the page's functions, in Node.js and in browsers: the answers are those of the program."""

from __future__ import annotations

import json
import random
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from ledger.errors import RecordError
from ledger.facts import KINDS
from ledger.facts.value_forms import Form, FormError, check
from ledger.formats.canonical_json import canonical, parse_json
from ledger.formats.characters import is_nfc, unassigned, unseen, visible
from ledger.formats.ed25519 import enrolable, public_key, sign, verify_signature
from ledger.tlog.note import open_note, parse_checkpoint, parse_vkey
from ledger.tlog.patricia_tree import LARGEST_PROOF, PatriciaTree, check_lookup
from ledger.tlog.policy import parse_policy
from ledger.tlog.tree import check_consistency, check_inclusion, parse_proof
from tests.browser.support.node import Asked, Page, Refusal
from tests.fuzz.inputs import changed
from tests.generate.map_vectors import ABSENCE, PLACE, REFUSED
from tests.ledger.formats.test_characters import samples
from tests.ledger.tlog.plain_patricia import random_key, random_pairs

pytestmark = pytest.mark.browser

VECTORS = Path(__file__).parents[3] / "fixtures" / "vectors"
SHARED = Path(__file__).parents[4] / "shared" / "vectors"
FROZEN = json.loads((VECTORS / "frozen_pynacl.json").read_text("utf-8"))

needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="needs ../shared, which stands beside the project")


def read(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


def outcome(ask: Callable[[], Any]) -> Any:
    """Return the answer, or the code of a refusal."""
    try:
        return ask()
    except (RecordError, Refusal) as refused:
        return f"refused: {refused.code}"


# -- Ed25519 -----------------------------------------------------------------------------------------------------------


@needs_shared
def test_every_unusual_point_gets_the_answer_of_libsodium(reader: Asked) -> None:
    vectors = read(SHARED / "cctv-ed25519" / "ed25519vectors.json")
    keys, signatures = ([bytes.fromhex(v[name]) for v in vectors] for name in ("key", "sig"))
    signed = zip(keys, [v["msg"].encode() for v in vectors], signatures, strict=True)
    holds = reader.ask_each("signature", [{"key": k, "message": m, "signature": s} for k, m, s in signed])
    own, points = (reader.ask_each("enrolable", [{"key": each[:32]} for each in some]) for some in (keys, signatures))
    rows = zip([v["number"] for v in vectors], holds, own, points, strict=True)
    assert [list(row) for row in rows] == FROZEN["rows"]


@needs_shared
def test_wycheproof_signatures_are_accepted_as_libsodium_does(reader: Asked) -> None:
    asked = {
        test["tcId"]: {
            "key": bytes.fromhex(group["publicKey"]["pk"]),
            "message": bytes.fromhex(test["msg"]),
            "signature": bytes.fromhex(test["sig"]),
        }
        for group in read(SHARED / "wycheproof" / "ed25519_test.json")["testGroups"]
        for test in group["tests"]
    }
    holds = zip(asked, reader.ask_each("signature", asked.values()), strict=True)
    accepted = {number for number, held in holds if held}
    assert accepted == set(FROZEN["wycheproof_ed25519"]["accepted_tcIds"])


def test_what_is_signed_verifies_and_nothing_near_it_does(reader: Asked) -> None:
    chance = random.Random(1)
    order = 2**252 + 27742317777372353535851937790883648493
    asked = []
    for _ in range(40):
        seed, message = chance.randbytes(32), chance.randbytes(chance.randrange(200))
        key, good = public_key(seed), sign(seed, message)
        malleable = good[:32] + (int.from_bytes(good[32:], "little") + order).to_bytes(32, "little")
        flipped = bytes(byte ^ (n == chance.randrange(64)) for n, byte in enumerate(good))
        for signature in (good, malleable, flipped, good[:-1], good + b"\0"):
            asked.append({"key": key, "message": message, "signature": signature})
    assert reader.ask_each("signature", asked) == [verify_signature(*each.values()) for each in asked]
    keys = [each["key"] for each in asked[::5]]
    assert reader.ask_each("enrolable", [{"key": key} for key in keys]) == [enrolable(key) for key in keys]


# -- SHA-256, trees, proofs --------------------------------------------------------------------------------------------


def test_the_digest_of_small_inputs_is_sha256(reader: Asked) -> None:
    chance = random.Random(2)
    some = [chance.randbytes(size) for size in (*range(140), 1000, 65_537)]
    assert reader.ask_each("sha256", [{"data": data} for data in some]) == [sha256(data).hexdigest() for data in some]


@needs_shared
@pytest.mark.parametrize("kind", ["inclusion", "consistency"])
def test_published_proofs_and_their_mutations_are_judged_alike(reader: Asked, kind: str) -> None:
    files = sorted((SHARED / "merkle-proofs" / kind).rglob("*.json"))
    assert files
    for file in files:
        v = read(file)
        path = [b64decode(each) for each in v["proof"] or ()]
        if kind == "inclusion":
            leaf, root = b64decode(v["leafHash"]), b64decode(v["root"])
            at = {"index": v["leafIdx"], "size": v["treeSize"]}
            ours = outcome(lambda: reader.ask("inclusion", leaf=leaf, path=path, root=root, **at))  # noqa: B023
            assert ours == outcome(lambda: check_inclusion(v["leafIdx"], v["treeSize"], leaf, path, root)), file  # noqa: B023
        else:
            m, n, old, new = v["size1"], v["size2"], b64decode(v["root1"]), b64decode(v["root2"])
            ours = outcome(lambda: reader.ask("consistency", m=m, n=n, rootM=old, rootN=new, path=path))  # noqa: B023
            assert ours == outcome(lambda: check_consistency(m, n, old, new, path)), file  # noqa: B023


def proof_of(data: bytes) -> list[Any]:
    proof = parse_proof(data)
    return [str(proof.index), len(proof.path), proof.note]


def test_proof_files_are_read_alike(reader: Asked) -> None:
    cases = read(VECTORS / "tlog-proof" / "cases.json")
    for case in [*cases["frame"], *cases["complete"]["cases"]]:
        if "proof" not in case:
            continue  # one far too long, described but not written out
        data = case["proof"].encode()
        said = outcome(lambda: reader.ask("proof", data=data))  # noqa: B023
        if isinstance(said, list):
            said[2] = b64decode(said[2])
        assert said == outcome(lambda: proof_of(data)), case["id"]  # noqa: B023


@pytest.mark.parametrize(
    ("index", "nodes", "length", "fits"),
    [
        (0, 63, 32, True),
        (0, 64, 32, False),
        (0, 1, 31, False),
        (2**63 - 1, 1, 32, True),
        (2**63, 1, 32, False),
    ],
)
def test_a_proof_file_is_read_up_to_its_limits(reader: Asked, index: int, nodes: int, length: int, fits: bool) -> None:
    note = b"a.example/log\n1\n" + b64encode(bytes(32)) + b"\n\n"
    path = (b64encode(bytes(length)) + b"\n") * nodes
    data = b"c2sp.org/tlog-proof@v1\nindex %d\n" % index + path + b"\n" + note
    wanted: Any = [str(index), nodes, b64encode(note).decode()] if fits else "refused: PRF-FORMAT"
    assert outcome(lambda: reader.ask("proof", data=data)) == wanted
    ours = outcome(lambda: proof_of(data))
    assert (ours if isinstance(ours, str) else [*ours[:2], b64encode(ours[2]).decode()]) == wanted


def looked_up(reader: Asked, cases: Sequence[Mapping[str, bytes]]) -> list[Any]:
    """Return what the page says to each proof of a map; a refusal as its code."""
    return [outcome(lambda: reader.ask("lookup", **case)) for case in cases]  # noqa: B023


def program_says(case: Mapping[str, bytes]) -> Any:
    value = outcome(lambda: check_lookup(**case))
    return b64encode(value).decode() if isinstance(value, bytes) else value


def map_cases(folder: Path, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / name).read_text("ascii").splitlines()]


def test_published_proofs_of_the_map_of_heads_show_what_they_say(reader: Asked) -> None:
    shown = map_cases(VECTORS / "mpt", "mpt_inclusion_kats.jsonl")
    leaves = [case["leaves"][case["target_index"]] for case in shown]
    shows = [
        {"key": leaf["key"], "proof": case["proof"], "root": case["root"]}
        for case, leaf in zip(shown, leaves, strict=True)
    ]
    assert [reader.ask("lookup", **case) for case in shows] == [leaf["value"] for leaf in leaves]
    roots = map_cases(VECTORS / "mpt", "mpt_root_kats.jsonl")
    for case in roots:
        tree = PatriciaTree({b64decode(leaf["key"]): b64decode(leaf["value"]) for leaf in case["leaves"]})
        asked = [{"key": b64decode(leaf["key"])} for leaf in case["leaves"]]
        assert reader.ask_each(
            "lookup", [{**each, "proof": tree.prove(each["key"]), "root": case["root"]} for each in asked]
        ) == [leaf["value"] for leaf in case["leaves"]]
    absent, wrong = (map_cases(PLACE, name) for name in (ABSENCE, REFUSED))
    asked = [{name: b64decode(case[name]) for name in ("key", "proof", "root")} for case in (*absent, *wrong)]
    said = looked_up(reader, asked)
    assert said == [program_says(case) for case in asked]
    assert said[: len(absent)] == [None] * len(absent)
    assert set(said[len(absent) :]) == {"refused: MAP-FORMAT", "refused: MAP-PATH"}


def test_a_tree_that_was_made_wrongly_gives_no_second_answer(reader: Asked) -> None:
    key, other, value = bytes(32), b"\x80" + bytes(31), b"1" * 32
    misplaced, sibling = sha256(other + value).digest(), sha256(b"a sibling").digest()
    first, second = (sha256(key + each).digest() for each in (value, bytes(32)))
    cases = (
        (b"\x02" + other + value + b"\x00" + sibling, misplaced + sibling + b"\x00"),
        (b"\x01" + value + b"\x07" + second, first + second + b"\x07"),
        (b"\x01" + bytes(32) + b"\x07" + first, first + second + b"\x07"),
    )
    asked = [{"key": key, "proof": b"mptproof" + proof, "root": sha256(top).digest()} for proof, top in cases]
    assert looked_up(reader, asked) == [program_says(case) for case in asked]
    assert looked_up(reader, asked) == ["refused: MAP-PATH", b64encode(value).decode(), "refused: MAP-PATH"]


def test_the_longest_proof_of_the_map_of_heads_is_read(reader: Asked) -> None:
    tree = PatriciaTree({(1 << bit >> 1).to_bytes(32, "big"): bytes(32) for bit in range(257)})
    longest = {"key": bytes(32), "proof": tree.prove(bytes(32)), "root": tree.root()}
    assert len(longest["proof"]) == LARGEST_PROOF
    assert looked_up(reader, [longest]) == [b64encode(bytes(32)).decode()]


def test_changed_proofs_of_the_map_of_heads_are_judged_alike(reader: Asked) -> None:
    chance = random.Random(3)
    asked, known = [], []
    for _ in range(60):
        pairs = random_pairs(chance)
        tree = PatriciaTree(pairs)
        for key in (*list(pairs)[:1], random_key(chance, pairs)):
            proof = tree.prove(key)
            known.append({"key": key, "proof": proof, "root": tree.root()})
            asked += [{**known[-1], "proof": changed(proof, "raw", chance)} for _ in range(4)]
            asked.append({**known[-1], "key": random_key(chance, {key: key})})
    assert looked_up(reader, known) == [program_says(case) for case in known]
    said = looked_up(reader, asked)
    assert said == [program_says(case) for case in asked]
    assert {"refused: MAP-FORMAT", "refused: MAP-PATH"} <= set(map(str, said))
    for case in known[:30]:
        for short in (b"", bytes(31), bytes(33)):
            for name in ("key", "root"):
                with pytest.raises(Refusal, match="MAP-FORMAT"):
                    reader.ask("lookup", **{**case, name: short})


# -- notes, policies, JSON ---------------------------------------------------------------------------------------------


def test_verifier_keys_notes_and_checkpoints_are_read_alike(reader: Asked) -> None:
    for case in read(VECTORS / "notes" / "vkeys.json")["cases"]:
        text = case["vkey"]
        assert outcome(lambda: reader.ask("vkey", text=text)) == outcome(lambda: parse_vkey(text).text)  # noqa: B023
    for case in read(VECTORS / "notes" / "checkpoints.json")["cases"]:
        text = case["text"]
        said = outcome(lambda: reader.ask("checkpoint", text=text))  # noqa: B023
        assert said == outcome(lambda: checkpoint_of(text)), case["id"]  # noqa: B023
    cosigned = read(VECTORS / "notes" / "cosignatures.json")["cases"]
    for case in [*read(VECTORS / "notes" / "signed_notes.json")["cases"], *cosigned]:
        raw = b64decode(case["note_base64"]) if "note_base64" in case else case["note"].encode()
        keys = case["keys"]
        said = outcome(lambda: reader.ask("note", note=raw, keys=keys))  # noqa: B023
        assert said == outcome(lambda: note_of(raw, keys)), case["id"]  # noqa: B023


def checkpoint_of(text: str) -> list[str]:
    checkpoint = parse_checkpoint(text)
    return [checkpoint.origin, str(checkpoint.size), checkpoint.root.hex()]


def note_of(raw: bytes, keys: list[str]) -> dict[str, Any]:
    opened = open_note(raw, [parse_vkey(key) for key in keys])
    times = dict(opened.cosigned)
    return {"text": opened.text, "verified": [[key.id, times.get(key)] for key in opened.verified]}


def test_policies_are_read_alike_and_met_by_the_same_witnesses(reader: Asked) -> None:
    for case in read(VECTORS / "tlog-policy" / "cases.json")["cases"]:
        text = b64decode(case["policy_base64"]) if "policy_base64" in case else case["policy"].encode()
        cosigned = [each["cosigned_by"] for each in case.get("evaluate", [])]
        said = outcome(lambda: reader.ask("policy", text=text, cosigned=cosigned))  # noqa: B023
        assert said == outcome(lambda: met(text, cosigned)), case["id"]  # noqa: B023


def met(text: bytes, cosigned: list[list[str]]) -> list[bool]:
    policy = parse_policy(text)
    return [policy.met(set(names)) for names in cosigned]


@needs_shared
def test_hostile_json_is_refused_with_the_same_code(reader: Asked) -> None:
    hostile = SHARED / "json-parsing"
    for row in read(hostile / "expectations.json")["files"]:
        raw = (hostile / row["file"]).read_bytes()
        said = outcome(lambda: reader.ask("json", data=raw))  # noqa: B023
        wanted = outcome(lambda: parse_json(raw) and None)  # noqa: B023
        assert said == (wanted or None), row["file"]


@pytest.mark.parametrize("depth", [16, 17, 1024, 1025])
@pytest.mark.parametrize("brackets", ["[]", "{}"])
def test_depth_is_counted_alike(reader: Asked, depth: int, brackets: str) -> None:
    opening, closing = ("[", "]") if brackets == "[]" else ('{"a":', "}")
    raw = (opening * depth + "1" + closing * depth).encode()
    assert outcome(lambda: reader.ask("json", data=raw)) == outcome(lambda: parse_json(raw) and None)


# -- characters --------------------------------------------------------------------------------------------------------


def test_every_text_is_read_alike_whatever_unicode_the_browser_has(reader: Asked) -> None:
    """Compare every code point and sixty thousand random texts: form C, unassigned and invisible characters."""
    texts = samples()
    for start in range(0, len(texts), 50_000):
        some = texts[start : start + 50_000]
        said = reader.ask("characters", texts=some)
        wanted = [[is_nfc(t), unassigned(t), unseen(t), unseen(t, "at-home"), visible(t)] for t in some]
        assert [pair for pair in zip(some, said, wanted, strict=True) if pair[1] != pair[2]] == []


# -- the vocabulary ----------------------------------------------------------------------------------------------------

WORDS = (
    "", "x", "XO", "xo", "a-b", "a b", "é", "e\u0301", "a\nb", "\u200d", "\u2028", "\U0001f600", "ISS", "2AP-7",
    "EPOC", "true",
    "ab" * 32, "AB" * 32, "ab" * 64, "11111111-2222-4333-8444-555555555555", "2027-02-28", "2027-02-29", "2028-02-29",
    "0000-01-01",
    "2027-01-01T00:00:00Z", "2027-01-01T24:00:00Z", "2027-01-01T23:59:60Z", "2027-13-01T00:00:00Z",
    "2027-01-01T00:00:00+00:00",
    "P1D", "P1W", "PT1H", "P", "PT", "P1Y2M3DT4H5M6S", "P1W1D", "P1234567D", "mail", "login-ip",
    "message-content#mailbox-2",
    "login-ip#", "text/plain", "text/", "policy", "a" * 81, "a" * 201, "approved", "public-prosecutor", "K-1\n", " x",
    "a/b/c.txt",
)  # fmt: skip
FILE = {"name": "a.bin", "size": 3, "sha256": "ab" * 32}
VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2**53 - 1, [], [""], ["x", 7], ["ISS"], ["2027-01-01"], {}, {"en": "Office"},
    {"EN": "x"}, {"en": 7},
    {"code": "c", "media": "text/plain", "size": 1, "sha256": "ab" * 32},
    {"code": "c", "media": "text/plain", "size": 1},
    {"code": "c", "media": "text/plain", "size": -1, "sha256": "ab" * 32}, {"elements": [], "files": []},
    {"elements": ["login-ip"], "files": [FILE]}, {"elements": [], "files": [{"name": "a", "size": 1}]},
    {"elements": [], "files": [{**FILE, "more": 1}]}, {"elements": [], "files": [{**FILE, "name": ""}]}, [FILE],
)  # fmt: skip


def test_a_value_has_the_form_its_kind_asks_for_in_both_or_in_neither(node: Page) -> None:
    forms = {repr(f.form): (f.form, kind, f.name) for kind, fact in KINDS.items() for f in fact.fields().values()}
    fitting = 0
    for form, kind, name in forms.values():
        codes = KINDS[kind].fields()[name].one_of
        for value in (*WORDS, *VALUES, *([word] for word in WORDS), *codes, [*codes]):
            try:
                raw = canonical([value])
            except RecordError:
                continue  # not JSON of ours: the page never reads it
            said = outcome(lambda: node.ask("fact", kind=kind, name=name, json=raw))  # noqa: B023
            wanted = "refused: FACT" if not fits(form, value) else None
            if value is not None or not KINDS[kind].fields()[name].always:
                assert said == wanted, (kind, name, value)
            fitting += wanted is None
    assert fitting > 400


def fits(form: Form, value: Any) -> bool:
    try:
        check(form, value)
    except FormError:
        return False
    return True
