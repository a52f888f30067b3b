"""The file `mirrors` of a trust folder says which witnesses of the policy state that they store the log."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import RecordError
from ledger.formats.ed25519 import public_key
from ledger.tlog.note import Vkey, log_vkey, parse_vkey, witness_vkey
from ledger.tlog.policy import parse_policy
from ledger.trust.mirrors import MirrorAddress, format_mirrors, parse_mirrors
from ledger.trust.trust_folder import fingerprint_of, parse_trust

KEYS = [parse_vkey(witness_vkey(f"mirror.example/{n}", public_key(bytes([n]) * 32))) for n in range(1, 4)]
LOG = log_vkey("ledger.example/xo/karsk", public_key(bytes(32)))
POLICY = parse_policy(f"log {LOG}\nwitness a {KEYS[0].text}\nwitness b {KEYS[1].text}\nquorum none\n".encode())
URL = st.from_regex(r"https?://[a-z0-9.:]{1,20}(/[a-z0-9]{1,9})?", fullmatch=True)


@given(st.dictionaries(st.sampled_from(KEYS[:2]), st.builds(MirrorAddress, URL, URL)))
def test_mirrors_are_read_as_they_were_written(mirrors: dict[Vkey, MirrorAddress]) -> None:
    assert parse_mirrors(format_mirrors(mirrors), POLICY) == mirrors


def test_comments_and_empty_lines_say_nothing() -> None:
    text = f"# ours\n\n  mirror {KEYS[0].text}\thttps://m.example/x/ \n"
    assert parse_mirrors(text.encode(), POLICY) == {
        KEYS[0]: MirrorAddress("https://m.example/x", "https://m.example/x")
    }


def test_a_mirror_may_be_read_elsewhere() -> None:
    text = f"mirror {KEYS[0].text} https://m.example/in https://m.example/out/\n"
    assert parse_mirrors(text.encode(), POLICY)[KEYS[0]] == MirrorAddress(
        "https://m.example/in", "https://m.example/out"
    )


def test_a_key_that_is_no_witness_of_the_policy_is_no_mirror() -> None:
    assert parse_mirrors(f"mirror {KEYS[2].text} https://m.example\n".encode(), POLICY) == {}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("witness x y\n", "TRUST-FORMAT"),
        (f"mirror {KEYS[0].text}\n", "TRUST-FORMAT"),
        (f"mirror {KEYS[0].text} a b c\n", "TRUST-FORMAT"),
        ("mirror x https://m.example\n", "CP-KEY"),
        ("# " + "x" * (1 << 20), "TRUST-FORMAT"),
    ],
)
def test_another_line_is_refused(text: str, code: str) -> None:
    with pytest.raises(RecordError) as refused:
        parse_mirrors(text.encode(), POLICY)
    assert refused.value.code == code


def test_the_fingerprint_of_a_trust_folder_covers_its_mirrors() -> None:
    policy = f"log {LOG}\nwitness m {KEYS[0].text}\nquorum none\n".encode()
    plain = {"policy": policy}
    more = plain | {"mirrors": format_mirrors({KEYS[0]: MirrorAddress.of("https://m.example")})}
    assert fingerprint_of(plain) != fingerprint_of(more)
    assert parse_trust(plain).mirrors == {}
    assert list(parse_trust(more).mirrors) == [KEYS[0]]


def test_a_file_of_the_largest_size_is_read_and_a_bad_line_is_named_by_its_number() -> None:
    assert parse_mirrors(b"#" + b"x" * ((1 << 20) - 1), POLICY) == {}
    for text, where in (("mirror x\n", "mirrors, line 1"), ("# ours\n\nmirror x\n", "mirrors, line 3")):
        with pytest.raises(RecordError, match="TRUST-FORMAT") as refused:
            parse_mirrors(text.encode(), POLICY)
        assert refused.value.where == where
    with pytest.raises(RecordError, match="TRUST-FORMAT") as refused:
        parse_mirrors(b"#" * ((1 << 20) + 1), POLICY)
    assert refused.value.where == "mirrors"


def test_one_address_is_written_once_and_a_second_one_behind_it() -> None:
    one = MirrorAddress.of("https://m.example/in/", "")
    two = MirrorAddress.of("https://m.example/in/", "https://m.example/out/")
    assert (one.monitoring, two.monitoring) == ("https://m.example/in", "https://m.example/out")
    assert format_mirrors({KEYS[0]: one, KEYS[1]: two}).decode() == (
        f"mirror {KEYS[0].text} https://m.example/in\n"
        f"mirror {KEYS[1].text} https://m.example/in https://m.example/out\n"
    )
