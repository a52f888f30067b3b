from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from cli.exit_codes import Stop
from cli.stories.player import _leaf

LEAF = "0123456789abcdef" * 4
PLAYED: Any = SimpleNamespace(leaves={("main", "sent"): LEAF}, story=SimpleNamespace(story="S1"))
ENTRY: Any = SimpleNamespace(order="main", label="", kind="order-received")


@pytest.mark.parametrize("label", ["sent", LEAF, "ab" * 32])
def test_a_fact_is_named_by_its_label_or_its_leaf_hash(label: str) -> None:
    assert _leaf(PLAYED, ENTRY, label, "about") == (LEAF if label == "sent" else label)


@pytest.mark.parametrize("label", ["later", LEAF[:-1], f"{LEAF}0", LEAF.upper(), 7, None, ["sent"]])
def test_another_label_names_no_earlier_fact(label: object) -> None:
    with pytest.raises(Stop, match="no earlier fact is called so"):
        _leaf(PLAYED, ENTRY, label, "about")
