"""Sealed values: each opens to the stated value, and no other value fits its signed digest."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import RecordError
from ledger.formats.selective_disclosure import digest_of, lift, parse_disclosure, veil

SALT = bytes(range(16))
JANE = veil("target_name", "Jane Doe", SALT)
MAIL = veil("target_mail", ["jane@example.net"], bytes(16))

names = st.from_regex(r"[a-z_][a-z0-9_]{0,20}", fullmatch=True).filter(lambda name: name not in ("_sd", "_sd_alg"))
texts = st.text(st.characters(categories=["L", "N", "P", "S"]), max_size=20).filter(lambda text: text.isascii())
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | texts | st.just("Z\u00fcrich\n\U0001f3d4"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
    max_leaves=12,
)


def refused(code: str, says: str = "") -> Any:
    return pytest.raises(RecordError, match=rf"^{code}\b.*{says}")


def spelled(plain: bytes) -> str:
    """Encode any bytes as a disclosure string, as a dishonest signer could."""
    return urlsafe_b64encode(plain).rstrip(b"=").decode()


@pytest.mark.parametrize(
    ("text", "digest"),
    [
        (
            "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0",
            "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0",
        ),
        ("WyI2cU1RdlJMNWhhaiIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0", "uutlBuYeMDyjLLTpf6Jxi7yNkEF35jdyWMn9U7b_RYY"),
    ],
    ids=["RFC 9901 4.2.3", "its drafts"],
)
def test_the_digest_is_over_the_string_as_published(text: str, digest: str) -> None:
    assert digest_of(text) == digest


def test_a_disclosure_string_can_be_read_with_standard_tools() -> None:
    assert JANE.text == spelled(b'["AAECAwQFBgcICQoLDA0ODw","target_name","Jane Doe"]')
    assert JANE.digest == spelled(sha256(JANE.text.encode()).digest())


@given(names, values, st.binary(min_size=16, max_size=16))
def test_what_was_veiled_is_lifted(name: str, value: Any, salt: bytes) -> None:
    made = veil(name, value, salt)
    assert parse_disclosure(made.text) == made
    assert lift([made.text], [made.digest, JANE.digest]) == {name: value}


@given(values, st.binary(min_size=16, max_size=16), st.binary(min_size=16, max_size=16))
def test_the_same_value_under_another_salt_or_name_has_another_digest(value: Any, one: bytes, two: bytes) -> None:
    assert (veil("a", value, one).digest == veil("a", value, two).digest) == (one == two)
    assert veil("a", value, one).digest != veil("b", value, one).digest


@given(st.data())
def test_no_changed_character_of_a_disclosure_is_believed(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(JANE.text) - 1))
    other = data.draw(st.characters(codec="ascii").filter(lambda c: c != JANE.text[at]))
    with refused("SD-UNKNOWN"):
        lift([JANE.text[:at] + other + JANE.text[at + 1 :]], [JANE.digest])


def test_values_come_in_the_order_of_their_strings_and_the_rest_stays_veiled() -> None:
    sd = sorted([JANE.digest, MAIL.digest, veil("officer", "N. N.", SALT).digest])
    assert list(lift([MAIL.text, JANE.text], sd).items()) == [
        ("target_mail", ["jane@example.net"]),
        ("target_name", "Jane Doe"),
    ]
    assert lift([], sd) == {}


def test_a_disclosure_of_another_entry_opens_nothing() -> None:
    with refused("SD-UNKNOWN"):
        lift([JANE.text, MAIL.text], [JANE.digest])
    with refused("SD-UNKNOWN"):
        lift([JANE.text], [])


def test_a_digest_a_string_and_a_name_stand_once() -> None:
    with refused("SD-DUP", "two places"):
        lift([JANE.text], [JANE.digest, JANE.digest])
    with refused("SD-DUP", "same disclosure"):
        lift([JANE.text, JANE.text], [JANE.digest])
    john = veil("target_name", "John Doe", SALT)
    with refused("SD-DUP", "has a value already"):
        lift([JANE.text, john.text], [JANE.digest, john.digest])
    with refused("SD-DUP", "has a value already"):
        lift([JANE.text], [JANE.digest], public=["channel", "target_name"])


NO_NAMES = ["_sd", "_sd_alg", "...", "", "A", "target name", "\u0430", "__proto__é", "a" * 65, "1a"]


@pytest.mark.parametrize("name", NO_NAMES)
def test_a_name_that_is_reserved_or_none_is_neither_veiled_nor_lifted(name: str) -> None:
    with refused("SD-NAME"):
        veil(name, 1, SALT)
    text = JANE.text.replace(JANE.text, spelled(f'["AAECAwQFBgcICQoLDA0ODw","{name}",1]'.encode()))
    with refused("SD-NAME"):
        lift([text], [digest_of(text)])


def test_a_caller_can_reserve_more_names_but_not_release_any() -> None:
    with refused("SD-NAME", "cannot be disclosed"):
        lift([JANE.text], [JANE.digest], {"target_name"})
    text = spelled(b'["AAECAwQFBgcICQoLDA0ODw","_sd",[]]')
    with refused("SD-NAME"):
        lift([text], [digest_of(text)], ())


@pytest.mark.parametrize("key", ["_sd", "_sd_alg", "..."])
def test_no_further_digest_hides_inside_a_value(key: str) -> None:
    with refused("SD-NAME", "inside a disclosed value"):
        veil("a", [{"b": {key: ["x"]}}], SALT)
    assert veil("a", [key, f'"{key}":'], SALT).value == [key, f'"{key}":']  # as text it is only text


SALTED = '"AAECAwQFBgcICQoLDA0ODw"'


NO_DISCLOSURES = [
    ("SD-FORMAT", f'[{SALTED},"a"]'),
    ("SD-FORMAT", f'[{SALTED},"a",1,2]'),
    ("SD-FORMAT", f'{{"salt":{SALTED}}}'),
    ("SD-FORMAT", '[1,"a",1]'),
    ("SD-FORMAT", '[null,"a",1]'),
    ("SD-FORMAT", f"[{SALTED},1,1]"),
    ("SD-FORMAT", '["","a",1]'),
    ("SD-FORMAT", '["AAECAwQFBgcICQoLDA0O","a",1]'),  # 15 bytes
    ("SD-FORMAT", '["AAECAwQFBgcICQoLDA0ODxA","a",1]'),  # 17 bytes
    ("SD-FORMAT", '["AAECAwQFBgcICQoLDA0ODx","a",1]'),  # stray bits
    ("SD-FORMAT", '["AAECAwQFBgcICQoLDA0ODw==","a",1]'),
    ("JSON-FORM", f'[{SALTED}, "a", 1]'),  # the output of another serialiser
    ("JSON-FORM", f'[{SALTED},"a",{{"b":1,"b":2}}]'),
    ("JSON-FORM", f'[{SALTED},"a",{{"c":1,"b":2}}]'),
    ("JSON-FORM", f'[{SALTED},"a",1]\n'),
    ("JSON-FORM", f'[{SALTED},"a",1'),
    ("JSON-FORM", ""),
    ("JSON-NUMBER", f'[{SALTED},"a",1.5]'),
    ("JSON-NUMBER", f'[{SALTED},"a",9007199254740992]'),
    ("JSON-KEY", f'[{SALTED},"a",{{"B":1}}]'),
    ("JSON-CHAR", f'[{SALTED},"a","\u202e"]'),
    ("JSON-NFC", f'[{SALTED},"a","e\u0301"]'),
    ("JSON-DEPTH", f'[{SALTED},"a",{"[" * 16}{"]" * 16}]'),
    ("JSON-DEPTH", f'[{SALTED},"a",{"[" * 100_000}{"]" * 100_000}]'),
]


@pytest.mark.parametrize(("code", "plain"), NO_DISCLOSURES)
def test_a_string_that_was_signed_and_is_no_disclosure_is_refused(code: str, plain: str) -> None:
    text = spelled(plain.encode())
    with refused(code):
        lift([text], [digest_of(text)])


@pytest.mark.parametrize(
    "text", [JANE.text + "=", JANE.text + "==", JANE.text + "\n", f" {JANE.text}", "A", "\u212a", "\ud800"]
)
def test_a_string_in_another_spelling_is_refused_even_where_it_was_signed(text: str) -> None:
    with refused("SD-FORMAT"):
        lift([text], [digest_of(text)])


def test_one_value_may_be_large_and_not_larger() -> None:
    assert len(veil("a", [0] * 99_999, SALT).value) == 99_999
    assert len(parse_disclosure(veil("a", [0] * 99_999, SALT).text).value) == 99_999
    with refused("JSON-SIZE"):
        veil("a", [0] * 100_000, SALT)
    text = spelled(f'[{SALTED},"a",[{",".join(["0"] * 100_000)}]]'.encode())
    with refused("JSON-SIZE"):
        parse_disclosure(text)
    room = 8_388_608 - len(b'["AAECAwQFBgcICQoLDA0ODw","a",""]')
    assert parse_disclosure(veil("a", "x" * room, SALT).text).value == "x" * room
    with refused("JSON-SIZE"):
        veil("a", "x" * (room + 1), SALT)
    text = spelled(f'[{SALTED},"a","{"x" * (room + 1)}"]'.encode())
    with refused("JSON-SIZE"):
        lift([text], [digest_of(text)])


@pytest.mark.parametrize("value", [1.0, float("nan"), 2**53, (1, 2), b"bytes", {1: 2}, object()])
def test_a_value_that_is_none_on_the_wire_is_not_veiled(value: Any) -> None:
    with refused("JSON-(NUMBER|KEY)"):
        veil("a", value, SALT)


@pytest.mark.parametrize("size", [0, 15, 17, 32])
def test_a_salt_has_sixteen_bytes(size: int) -> None:
    with pytest.raises(ValueError):
        veil("a", 1, bytes(size))
