"""Tests of the word list in `tests/plain_english.py`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.plain_english import findings

PYTHON = '''
"""Say what stands
in the file; "the law lies" is a quotation, and `told` is code."""

value = "whoever"  # the reader stands for the
# office, by
# itself
'''


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("module.py", PYTHON, [(2, "stands"), (6, "by itself")]),
        (
            "page.md",
            "It lies here.\n\n```\nnobody told\n```\n“those\nthat” and those\nthat\n",
            [(1, "lies"), (7, "those that")],
        ),
        ("page.mjs", 'const told = "https://told";\n// beside\n/* one\n   shelf */', [(2, "beside"), (4, "shelf")]),
        ("run.sh", "told=1\n# out of sight\n", [(2, "out of sight")]),
    ],
)
def test_a_listed_word_is_found_in_prose_and_not_in_code_or_quotations(
    tmp_path: Path, name: str, text: str, found: list[tuple[int, str]]
) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert list(findings(tmp_path / name)) == found
