"""The mutants of the scripts of the verifier page."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutate.page import page_mutants

SCRIPT = """import { other } from './other.mjs';

export function first(list, é) {
  if (é.length > 3 || !list) return null;
  other(list);
  return list.some((each) => each === 'a') ? false : list;
}
"""


@pytest.mark.browser
def test_a_script_is_changed_in_its_conditions_calls_and_results_and_never_into_itself(tmp_path: Path) -> None:
    (tmp_path / "thing.mjs").write_text(SCRIPT)
    found = page_mutants(tmp_path, {"thing.mjs": SCRIPT.encode()})
    made = {(each.what, each.made) for each in found}
    assert {
        ("comparison", "if (é.length >= 3 || !list) return null;"),
        ("constant", "if (é.length > 4 || !list) return null;"),
        ("and/or", "if (é.length > 3 && !list) return null;"),
        ("operand dropped", "if (é.length > 3 || false) return null;"),
        ("call deleted", "{}"),
        ("function", "return list.every((each) => each === 'a') ? false : list;"),
        ("compared string", "return list.some((each) => each === 'a~') ? false : list;"),
        ("return None", "return null;"),
    } <= made
    assert all(each.before != each.made for each in found)
    assert {each.function for each in found} == {"first"}
