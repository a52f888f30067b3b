"""A limit of the page has the value that the program gives it, so that neither reads what the other refuses."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ledger.adapters.timestamps import rfc3161
from ledger.bundle import archive_kind, findings, manifest, pdf_attachment, zip_profile
from ledger.entries import absence, split_view, wrong_map
from ledger.formats import canonical_json, dsse, selective_disclosure
from ledger.tlog import note, patricia_tree, policy, tree
from ledger.trust import signed_policy
from ledger.verify import claims, heads
from ledger.verify.audits import statements

pytestmark = pytest.mark.browser

CHECK = Path(__file__).parents[3] / "browser" / "check"
LIMITS: dict[tuple[str, str], Any] = {
    ("bundle/archive_kind", "FILES"): archive_kind.FILES,
    ("bundle/archive_kind", "LARGEST_LIST"): archive_kind.LARGEST_LIST,
    ("bundle/findings", "[MAX_BYTES, MAX_NODES]"): [findings.MAX_BYTES, findings.MAX_NODES],
    ("bundle/manifest", "MAX_BYTES"): manifest.MAX_BYTES,
    ("bundle/manifest", "MAX_NODES"): manifest.MAX_NODES,
    ("bundle/pdf_attachment", "LARGEST"): pdf_attachment.LARGEST,
    ("bundle/pdf_attachment", "FILES"): pdf_attachment.FILES,
    ("bundle/pdf_attachment", "MOST"): pdf_attachment.MOST,
    ("bundle/pdf_attachment", "TABLES"): pdf_attachment.TABLES,
    ("bundle/pdf_attachment", "STRUCTURE"): pdf_attachment.STRUCTURE,
    ("bundle/pdf_attachment", "ROW"): pdf_attachment.ROW,
    ("bundle/pdf_attachment", "HEAD"): pdf_attachment.HEAD,
    ("bundle/pdf_attachment", "NAME"): pdf_attachment.NAME,
    ("bundle/zip_profile", "MAX_ENTRIES"): zip_profile.MAX_ENTRIES,
    ("bundle/zip_profile", "MAX_ENTRY"): zip_profile.MAX_ENTRY,
    ("bundle/zip_profile", "MAX_TOTAL"): zip_profile.MAX_TOTAL,
    ("bundle/zip_profile", "MAX_PARTS"): zip_profile.MAX_PARTS,
    ("entries/envelope", "MAX_ENVELOPE"): dsse.MAX_ENVELOPE,
    ("formats/canonical_json", "MAX_BYTES"): canonical_json.MAX_BYTES,
    ("formats/canonical_json", "MAX_DEPTH"): canonical_json.MAX_DEPTH,
    ("formats/canonical_json", "MAX_NODES"): canonical_json.MAX_NODES,
    ("formats/selective_disclosure", "SALT_SIZE"): selective_disclosure.SALT_SIZE,
    ("formats/selective_disclosure", "MAX_BYTES"): selective_disclosure.MAX_BYTES,
    ("formats/selective_disclosure", "MAX_NODES"): selective_disclosure.MAX_NODES,
    ("timestamps/token", "LARGEST_REPLY"): rfc3161.LARGEST,
    ("timestamps/token", "WORST"): rfc3161.WORST,
    ("tlog/note", "LARGEST_NOTE"): note._LARGEST_NOTE,
    ("tlog/note", "MOST_LINES"): note._MOST_LINES,
    ("tlog/policy", "LARGEST"): policy._LARGEST,
    ("tlog/policy", "MOST_KEYS"): policy._MOST_KEYS,
    ("tlog/tree", "LARGEST_PROOF"): tree._LARGEST_PROOF,
    ("trust/signed_policy", "MAX_STATEMENT"): signed_policy.MAX_STATEMENT,
    ("verify/audits", "MOST"): statements.MOST,
    ("verify/claims", "A_DAY"): claims.A_DAY,
    ("verify/completeness/absence", "LARGEST"): absence.LARGEST,
    ("verify/heads", "DRIFT"): heads.DRIFT,
    ("verify/heads", "LARGEST_PROOF"): heads.LARGEST_PROOF,
    ("verify/heads", "READ"): heads.READ,
}

OPERATORS: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.Mult: operator.mul,
    ast.Pow: operator.pow,
    ast.LShift: operator.lshift,
}


def written(module: str, name: str) -> Any:
    """Return the value that a script of the page gives a constant."""
    text = (CHECK / f"{module}.mjs").read_text(encoding="utf-8")
    found = re.search(rf"^(?:export )?const {re.escape(name)} = ([^;]+);", text, re.MULTILINE)
    assert found, f"{module} has no {name}"
    return value_of(ast.parse(found[1], mode="eval").body)


def value_of(node: ast.expr) -> Any:
    """Return the value of numbers, their products and powers, and lists of such."""
    if isinstance(node, ast.List):
        return [value_of(each) for each in node.elts]
    if isinstance(node, ast.BinOp):
        return OPERATORS[type(node.op)](value_of(node.left), value_of(node.right))
    return ast.literal_eval(node)


@pytest.mark.parametrize(("module", "name"), LIMITS, ids=lambda part: part.strip("[]"))
def test_a_limit_of_the_page_is_that_of_the_program(module: str, name: str) -> None:
    limit = LIMITS[module, name]
    assert written(module, name) == (limit.total_seconds() if isinstance(limit, timedelta) else limit)


def test_exhibits_and_proofs_of_a_map_are_as_large_in_the_page_as_in_the_program() -> None:
    exhibits, absences = (
        (CHECK / f"verify/{name}.mjs").read_text(encoding="utf-8") for name in ("exhibits", "completeness/absence")
    )
    assert re.findall(r"^[^/\n]*1 << ([0-9]+)", exhibits, re.MULTILINE) == ["24", "18"]
    assert (wrong_map.LARGEST, split_view.LARGEST) == (1 << 24, 1 << 18)
    assert f"{{0,{4 * patricia_tree.LARGEST_PROOF}}}" in absences
