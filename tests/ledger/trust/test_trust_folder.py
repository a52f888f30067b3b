"""The content of a trust folder does not depend on the order in which its files are listed."""

from __future__ import annotations

from ledger.trust.trust_folder import parse_trust
from tests.support.memory_ledger import small


def test_the_order_in_which_the_files_of_a_trust_folder_are_listed_does_not_matter() -> None:
    here, there = small()[0].trust_files(), small()[0].trust_files()
    files = {**here, "tsa/a.pem": b"a", "tsa/b.pem": b"b", "others/y/policy": there["policy"]}
    files |= {f"others/x/{file}": text for file, text in there.items()}
    backwards = dict(reversed(files.items()))
    assert parse_trust(backwards) == parse_trust(files)
    assert parse_trust(files).authorities == (b"a", b"b")
    assert [other.registrar is None for other in parse_trust(files).others] == [False, True]
