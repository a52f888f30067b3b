"""A certificate is of a key if it says so; one whose key cannot be read here is of no key."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.exceptions import UnsupportedAlgorithm

from ledger.adapters.document_signatures.certificate_file import has_key


class Certificate:
    def __init__(self, key: object) -> None:
        self.key = key

    def public_key(self) -> object:
        if isinstance(self.key, Exception):
            raise self.key
        return self.key


def test_a_certificate_is_of_its_key_and_of_no_other() -> None:
    one: Any = "key"
    assert has_key(Certificate("key"), one) is True  # type: ignore[arg-type]
    assert has_key(Certificate("other"), one) is False  # type: ignore[arg-type]


@pytest.mark.parametrize("error", [ValueError("no key"), UnsupportedAlgorithm("a curve")])
def test_a_key_that_cannot_be_read_is_not_the_key(error: Exception) -> None:
    key: Any = "key"
    assert has_key(Certificate(error), key) is False  # type: ignore[arg-type]
