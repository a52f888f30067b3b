"""A kept ledger of a benchmark is made anew where its shape changes, and only there."""

from __future__ import annotations

import pytest

from benchmarks.data.ledgers import shape

SOURCE = "import a\nfrom b import (\n    c,\n    d,\n)\nfrom e import f\n\nX = 1\n"


@pytest.mark.parametrize(
    "line", ["import z\n", "from b import c, d\n", "from b import (\n    c,\n)\n", "import a as f\n"]
)
def test_where_a_name_comes_from_makes_no_other_ledger(line: str) -> None:
    assert shape(line + SOURCE) == shape(SOURCE) == "\nX = 1\n"


@pytest.mark.parametrize("changed", ["X = 2\n", "X = 1\nimported = (1)\n", "X = 1\n    import a\n"])
def test_every_other_line_makes_another_ledger(changed: str) -> None:
    assert shape(SOURCE.replace("X = 1\n", changed)) == f"\n{changed}"
