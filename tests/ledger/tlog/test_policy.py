"""Trust policies: every published case, the quorum for every set of witnesses, and refused keys."""

from __future__ import annotations

import json
from base64 import b64decode
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import RecordError
from ledger.formats.ed25519 import public_key
from ledger.tlog.note import COSIGNATURE, ED25519, MLDSA44, Vkey, log_vkey, witness_vkey
from ledger.tlog.policy import Policy, WitnessGroup, parse_policy

VECTORS = Path(__file__).parents[3] / "fixtures" / "vectors"
CASES = json.loads((VECTORS / "tlog-policy" / "cases.json").read_text("utf-8"))["cases"]
VKEYS = json.loads((VECTORS / "notes" / "vkeys.json").read_text("utf-8"))["cases"]

# the rule that must object to each refused case
OBJECTIONS = {
    "formats-tidy-as-published": "POL-KEY",
    "formats-comment-after-items": "POL-FORMAT",
    "formats-threshold-2-of-4-duplicate-keys": "POL-KEY",
    "formats-no-quorum": "POL-QUORUM",
    "formats-quorum-unknown": "POL-NAME",
    "formats-name-twice": "POL-NAME",
    "formats-threshold-negative": "POL-QUORUM",
    "formats-witness-named-all": "POL-NAME",
    "formats-group-named-none": "POL-NAME",
    "own-two-quorums": "POL-QUORUM",
    "own-quorum-before-definition": "POL-NAME",
    "own-group-before-member": "POL-NAME",
    "own-group-in-itself": "POL-NAME",
    "own-member-in-two-groups": "POL-NAME",
    "own-member-twice": "POL-NAME",
    "own-threshold-0": "POL-QUORUM",
    "own-threshold-too-large": "POL-QUORUM",
    "own-threshold-01": "POL-QUORUM",
    "own-empty-group": "POL-QUORUM",
    "own-none-as-member": "POL-NAME",
    "own-log-key-twice": "POL-KEY",
    "own-log-and-witness-share-key": "POL-KEY",
    "own-log-with-cosigner-key": "POL-KEY",
    "own-unknown-keyword": "POL-FORMAT",
    "own-upper-case-keyword": "POL-FORMAT",
    "own-crlf": "POL-FORMAT",
    "own-nul": "POL-FORMAT",
    "own-vertical-tab": "POL-FORMAT",
    "own-no-final-newline": "POL-FORMAT",
    "own-key-id-wrong": "POL-KEY",
    "own-extra-field": "POL-FORMAT",
    "own-empty": "POL-QUORUM",
    "own-bom": "POL-FORMAT",
    "own-nbsp-is-not-a-separator": "POL-FORMAT",
}


def public(label: str) -> bytes:
    return public_key(sha256(f"comity test vector: {label}".encode()).digest())


def witnesses(count: int) -> str:
    return "".join(f"witness w{n} {witness_vkey(f'w{n}.example', public(f'w{n}'))}\n" for n in range(count))


def policy(*lines: str) -> Policy:
    return parse_policy("".join(f"{line}\n" for line in lines).encode())


def k_of_n(k: int, n: int) -> Policy:
    return policy(witnesses(n).rstrip("\n"), f"group g {k} {' '.join(f'w{i}' for i in range(n))}", "quorum g")


def refused(code: str, says: str = "") -> Any:
    return pytest.raises(RecordError, match=rf"^{code}\b.*{says}")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_a_policy_reads_as_the_vector_says(case: dict[str, Any]) -> None:
    text = b64decode(case["policy_base64"]) if "policy_base64" in case else case["policy"].encode()
    if not case["valid"]:
        with refused(OBJECTIONS[case["id"]]):
            parse_policy(text)
        return
    read = parse_policy(text)
    assert [log.name for log in read.logs] == case["logs"]
    assert read.quorum == case.get("quorum", read.quorum)
    for evaluation in case.get("evaluate", []):
        assert read.met(set(evaluation["cosigned_by"])) == evaluation["quorum_met"]


def test_names_are_octets_and_not_characters() -> None:
    case = next(case for case in CASES if case["id"] == "own-invalid-utf8-name")
    read = parse_policy(b64decode(case["policy_base64"]))
    (name,) = read.witnesses
    assert name.encode("utf-8", "surrogateescape") == b"\xff\xfe"
    assert read.quorum == name
    assert read.met({name})


@given(st.integers(1, 7).flatmap(lambda n: st.tuples(st.integers(1, n), st.just(n), st.sets(st.integers(0, 8)))))
def test_a_group_is_met_by_its_threshold_and_by_nobody_else(drawn: tuple[int, int, set[int]]) -> None:
    k, n, cosigned = drawn
    assert k_of_n(k, n).met({f"w{i}" for i in cosigned}) == (len(cosigned & set(range(n))) >= k)


def test_groups_of_groups_are_met_level_by_level_however_deep() -> None:
    depth = 3_000
    groups = ["group g0 any w0", *(f"group g{n} all g{n - 1}" for n in range(1, depth))]
    deep = policy(witnesses(1).rstrip("\n"), *groups, f"quorum g{depth - 1}")
    assert deep.met({"w0"})
    assert not deep.met(set())
    assert not deep.met({"g0", f"g{depth - 1}"})  # only witnesses cosign, a group's name is no cosignature


def test_a_quorum_of_none_is_met_by_nobody() -> None:
    assert policy("quorum none").met(set())
    assert policy("quorum none").voters() == frozenset()


@pytest.mark.parametrize(
    ("k", "n", "faults"),
    [(1, 1, 0), (2, 2, 1), (3, 3, 2), (3, 4, 1), (4, 5, 2), (5, 7, 2), (1, 2, 0), (1, 3, 0), (2, 3, 0), (2, 4, 0)],
)
def test_a_k_of_n_group_stands_so_many_liars(k: int, n: int, faults: int) -> None:
    assert k_of_n(k, n).faults() == faults == max(0, 2 * k - n - 1)


def test_a_single_witness_is_a_group_of_one() -> None:
    alone = policy(witnesses(2).rstrip("\n"), "quorum w1")
    assert alone.faults() == 0
    assert alone.voters() == {"w1"}


def test_other_policies_give_no_bracket() -> None:
    nested = policy(witnesses(3).rstrip("\n"), "group a all w0 w1", "group b any a w2", "quorum b")
    assert nested.faults() is None
    assert nested.voters() == {"w0", "w1", "w2"}
    assert policy(witnesses(1).rstrip("\n"), "quorum none").faults() is None


def test_a_witness_outside_the_quorum_does_not_vote() -> None:
    read = policy(witnesses(4).rstrip("\n"), "group a all w0 w1", "group unused any w2", "quorum a")
    assert read.voters() == {"w0", "w1"}
    assert not read.met({"w2", "w3"})


def test_cosigners_are_counted_by_key() -> None:
    read = policy(witnesses(3).rstrip("\n"), "group g 2 w0 w1 w2", "quorum g")
    keys = list(read.witnesses.values())
    stranger = Vkey.of("w1.example", COSIGNATURE, public("somebody else"))
    assert read.names([keys[0], keys[0], stranger]) == {"w0"}
    assert not read.met(read.names([keys[0], keys[0], stranger]))
    assert read.met(read.names(keys[:2]))


def test_an_address_belongs_to_the_key_before_it() -> None:
    log, witness = log_vkey("ledger.example/a", public("log")), witness_vkey("w.example", public("w"))
    read = policy(f"log {log}", f"witness w {witness} https://w.example/", "quorum w")
    assert read.urls == {read.witnesses["w"]: "https://w.example/"}
    with refused("POL-FORMAT", "line 1: .*comment is a line of its own"):
        policy(f"log {log} # ours", "quorum none")
    with refused("POL-FORMAT", "line 1: .*comment is a line of its own"):
        policy(f"log {log} #ours", "quorum none")


@pytest.mark.parametrize("case", [case for case in VKEYS if case.get("syntax_valid")], ids=range(4))
def test_a_key_that_anybody_can_sign_for_is_not_trusted(case: dict[str, Any]) -> None:
    with refused("POL-KEY", "prime order"):
        policy(f"log {case['vkey']}", "quorum none")
    weak = Vkey.of("w.example", COSIGNATURE, bytes.fromhex(case["public_key_hex"])).text
    with refused("POL-KEY", "prime order"):
        policy(f"witness w {weak}", "quorum w")


def test_two_keys_with_one_name_and_one_id_are_refused() -> None:
    first, second = (witness_vkey("witness.example/twin", public(f"twin {n}")) for n in (28033, 34348))
    assert first[:29] == second[:29] == "witness.example/twin+aa9bfa12"
    with refused("POL-KEY", "line 2: not to be told from"):
        policy(f"witness a {first}", f"witness b {second}", "quorum a")
    policy(f"witness a {first}", "quorum a")
    policy(f"witness b {second}", "quorum b")


def test_a_key_has_one_job() -> None:
    log = f"log {log_vkey('ledger.example/a', public('one key'))}"
    witness = f"witness w {witness_vkey('w.example', public('one key'))}"
    for lines in ((log, witness), (witness, log)):
        with refused("POL-KEY", "one key, one name, one job"):
            policy(*lines, "quorum none")


def test_an_ml_dsa_key_is_that_of_a_witness_or_of_a_log() -> None:
    text = next(case["vkey"] for case in VKEYS if case["valid"] and case["type"] == "0x06")
    assert policy(f"witness pq {text}", "quorum pq").witnesses["pq"].type == MLDSA44
    first = log_vkey(text.partition("+")[0], public("first"))
    assert [key.type for key in policy(f"log {first}", f"log {text}", "quorum none").logs] == [ED25519, MLDSA44]
    with refused("POL-KEY", "one key, one name, one job"):
        policy(f"log {text}", f"witness pq {text}", "quorum none")
    with refused("POL-KEY", "type 0x04"):
        policy(f"log {witness_vkey('w.example', public('w'))}", "quorum none")


def test_a_name_in_a_key_is_utf_8() -> None:
    with refused("POL-KEY"):
        parse_policy(b"log \xff" + Vkey.of("x", ED25519, public("x")).text.encode() + b"\nquorum none\n")


@given(st.binary())
def test_bytes_that_are_no_policy_are_refused_and_nothing_else_happens(data: bytes) -> None:
    with pytest.raises(RecordError, match=r"^POL-"):
        parse_policy(data + b"\nend\n")


def test_a_policy_of_more_than_a_megabyte_is_refused() -> None:
    with refused("POL-FORMAT"):
        parse_policy(b"#" * (1 << 20) + b"\nquorum none\n")


def test_blank_lines_comments_and_tabs_say_nothing_and_a_wrong_line_is_named_by_its_number() -> None:
    log = log_vkey("ledger.example/a", public("log"))
    read = parse_policy(f"# ours\n\n \t# indented\n\tlog \t {log}  https://a.example/ \n#\nquorum none\n".encode())
    assert [key.text for key in read.logs] == [log]
    assert read.urls == {read.logs[0]: "https://a.example/"}
    with refused("POL-FORMAT", "line 3: not a line of a policy: 'what'"):
        parse_policy(b"\n\nwhat\nquorum none\n")
    with refused("POL-QUORUM", "line 2: a second quorum line"):
        parse_policy(b"quorum none\nquorum none\n")
    with refused("POL-QUORUM", "no quorum line"):
        parse_policy(b"")


@pytest.mark.parametrize(("threshold", "k"), [("any", 1), ("all", 3), ("1", 1), ("2", 2), ("3", 3)])
def test_a_threshold_is_all_any_or_a_number_of_members(threshold: str, k: int) -> None:
    read = policy(witnesses(3).rstrip("\n"), f"group g {threshold} w0 w1 w2", "quorum g")
    assert read.groups == {"g": WitnessGroup(("w0", "w1", "w2"), k)}


@pytest.mark.parametrize("threshold", ["0", "4", "02", "-1", "Any", "x", "1.0"])
def test_any_other_threshold_is_refused(threshold: str) -> None:
    with refused("POL-QUORUM", "line 4"):
        policy(witnesses(3).rstrip("\n"), f"group g {threshold} w0 w1 w2", "quorum g")
    with refused("POL-QUORUM"):
        policy("group g all", "quorum g")


@pytest.mark.parametrize("name", ["all", "any", "none", "7", "007"])
def test_a_name_that_means_something_else_is_given_to_no_witness_and_no_group(name: str) -> None:
    key = witness_vkey("w.example", public("w"))
    with refused("POL-NAME", "is reserved or taken"):
        policy(f"witness {name} {key}", "quorum none")
    with refused("POL-NAME", "is reserved or taken"):
        policy(f"witness w {key}", f"group {name} any w", "quorum w")
    for near in (name.upper() + "x", f"{name}-"):
        assert policy(f"witness {near} {key}", f"quorum {near}").quorum == near


def test_a_quorum_is_a_witness_or_a_group_that_was_defined_before_it() -> None:
    lines = witnesses(1).rstrip("\n")
    assert policy(lines, "group g any w0", "quorum g").quorum == "g"
    assert policy(lines, "quorum w0").quorum == "w0"
    for name in ("w1", "g", "None"):
        with refused("POL-NAME", "no witness or group"):
            policy(lines, f"quorum {name}")
    with refused("POL-NAME", "is a member already"):
        policy(lines, "group g any w0", "group h any w0", "quorum g")
