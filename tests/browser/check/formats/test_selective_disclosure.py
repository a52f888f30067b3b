"""A disclosure string opens the same value in page and program, or is refused by both under the same code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ledger.errors import RecordError
from ledger.formats.selective_disclosure import digest_of, lift, veil
from tests.browser.support.node import Page, Refusal
from tests.ledger.formats.test_selective_disclosure import JANE, MAIL, NO_DISCLOSURES, NO_NAMES, SALT, SALTED, spelled

pytestmark = pytest.mark.browser


def lifted(work: Callable[[], Any]) -> Any:
    """Return what `work` returns, or the code of its refusal."""
    try:
        return work()
    except (RecordError, Refusal) as refused:
        return refused.code


def by_both(node: Page, texts: list[str], signed: list[str], public: tuple[str, ...] = ()) -> Any:
    """Return the values by name or the code, in which page and program agree."""
    program = lifted(lambda: lift(texts, signed, public=public))
    page = lifted(lambda: dict(node.ask("lift", texts=texts, signed=signed, public=public)))
    assert page == program
    return program


@pytest.mark.parametrize(("code", "plain"), NO_DISCLOSURES)
def test_a_string_that_was_signed_and_is_no_disclosure_is_refused_by_both(code: str, plain: str, node: Page) -> None:
    text = spelled(plain.encode())
    assert by_both(node, [text], [digest_of(text)]) == code


@pytest.mark.parametrize("name", NO_NAMES)
def test_a_name_that_is_reserved_or_none_is_refused_by_both(name: str, node: Page) -> None:
    text = spelled(f'[{SALTED},"{name}",1]'.encode())
    assert by_both(node, [text], [digest_of(text)]) == "SD-NAME"


@pytest.mark.parametrize("key", ["_sd", "_sd_alg", "..."])
def test_no_further_digest_hides_inside_a_value(key: str, node: Page) -> None:
    text = spelled(f'[{SALTED},"a",[{{"{key}":1}}]]'.encode())
    assert by_both(node, [text], [digest_of(text)]) in ("SD-NAME", "JSON-KEY")
    quoted = veil("a", [key, f'"{key}":'], SALT)
    assert by_both(node, [quoted.text], [quoted.digest]) == {"a": quoted.value}


@pytest.mark.parametrize("spelling", ["{}=", "{}==", "{}\n", " {}", "A", "\u212a"])
def test_a_string_in_another_spelling_is_refused_by_both(spelling: str, node: Page) -> None:
    text = spelling.format(JANE.text)
    assert by_both(node, [text], [digest_of(text)]) == "SD-FORMAT"


def test_values_are_those_of_the_strings_and_each_name_digest_and_string_stands_once(node: Page) -> None:
    other = veil("target_name", "John Doe", SALT)
    both = {"target_mail": ["jane@example.net"], "target_name": "Jane Doe"}
    assert by_both(node, [MAIL.text, JANE.text], [JANE.digest, MAIL.digest]) == both
    assert by_both(node, [], [JANE.digest]) == {}
    assert by_both(node, [MAIL.text], [JANE.digest]) == "SD-UNKNOWN"
    assert by_both(node, [JANE.text] * 2, [JANE.digest]) == "SD-DUP"
    assert by_both(node, [JANE.text, other.text], [JANE.digest, other.digest]) == "SD-DUP"
    assert by_both(node, [JANE.text], [JANE.digest], public=("channel", "target_name")) == "SD-DUP"


@pytest.mark.parametrize(
    ("nodes", "octets", "taken"), [(99_999, 0, True), (100_000, 0, False), (0, 0, True), (0, 1, False)]
)
def test_a_value_may_be_as_large_for_both(nodes: int, octets: int, taken: bool, node: Page) -> None:
    room = 8_388_608 - len(f'[{SALTED},"a",""]') + octets
    value = f"[{','.join(['0'] * nodes)}]" if nodes else f'"{"x" * room}"'
    text = spelled(f'[{SALTED},"a",{value}]'.encode())
    found = by_both(node, [text], [digest_of(text)])
    assert (found == "JSON-SIZE") is not taken
