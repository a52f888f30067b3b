"""What a key and a log may be called: seen characters, and origins of one form and length."""

from __future__ import annotations

from hashlib import sha256

import pytest

from ledger.errors import RecordError, TooManyAttempts, TooManyRequests
from ledger.tlog.names import check_foreign_origin, check_name, check_origin, origin_hash


def code(call: object, name: str) -> str:
    assert callable(call)
    with pytest.raises(RecordError) as refused:
        call(name)
    assert refused.value.where == repr(name)
    return refused.value.code


@pytest.mark.parametrize("name", ["witness.example/a", "Zeuge Köln", "証人"])
def test_a_name_of_seen_characters_may_be_one_of_a_key(name: str) -> None:
    check_name(name)


@pytest.mark.parametrize("name", ["a\u200bb", "a\u202eb", "a\u00adb", "a\U000e0041", "a\u0378b", "a\U0001fae9"])
def test_a_name_with_a_character_that_is_not_seen_or_not_assigned_is_none(name: str) -> None:
    assert code(check_name, name) == "CP-KEY"


@pytest.mark.parametrize("origin", ["a", "ledger.example/xo/karsk", "l.example:8080/a_b~c/d.e-f", "a/" + "b" * 198])
def test_an_own_origin_is_a_lower_case_url_of_at_most_200_bytes(origin: str) -> None:
    check_origin(origin)
    check_foreign_origin(origin)


@pytest.mark.parametrize(
    "origin", ["", "/a", "a/", "a//b", "A", "https://a", "a b", "a+b", "ä", "a/" + "b" * 199, "a\n"]
)
def test_any_other_own_origin_is_refused(origin: str) -> None:
    assert code(check_origin, origin) == "CP-ORIGIN"


def test_an_origin_of_others_is_ascii_without_space_and_plus_of_at_most_255_bytes() -> None:
    for origin in ("!", "~", "Sigsum.org/v1", "a" * 255):
        check_foreign_origin(origin)
    for origin in ("", "a b", "a+b", "ö", "a" * 256, "a\n", "\x7f"):
        assert code(check_foreign_origin, origin) == "CP-ORIGIN"
    assert origin_hash("a") == sha256(b"a").hexdigest()


@pytest.mark.parametrize("raised", [TooManyAttempts(7), TooManyRequests("busy", 7)])
def test_who_has_to_wait_learns_for_how_many_seconds(raised: TooManyAttempts | TooManyRequests) -> None:
    assert raised.seconds == 7
    assert "7 s" in raised.hint
    assert str(raised).startswith(f"{raised.code}: ")
