"""The square of a checkpoint: its three lines and nothing else, as a separate file or inside a page."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import segno

from projections.render.qr_code import checkpoint_qr_code
from projections.reports.front_page import ReportCheckpoint

KEPT = datetime(2027, 9, 1, tzinfo=UTC)


def head(origin: str = "log.example/x", size: int = 7, root: str = "cm9vdA==", key: str = "key") -> ReportCheckpoint:
    return ReportCheckpoint(origin, size, root, key, KEPT, ())


def test_a_square_is_a_separate_file_or_a_part_of_a_page() -> None:
    alone, inside = (checkpoint_qr_code(head(), inside=inside) for inside in (False, True))
    assert alone.startswith(b"<svg xmlns=")
    assert not alone.endswith(b"\n")
    assert (b" width=" in alone, b" width=" in inside) == (True, False)
    assert b"xmlns" not in inside
    assert inside.partition(b"<path")[2] == alone.partition(b"<path")[2]


@pytest.mark.parametrize("other", [head(origin="log.example/y"), head(size=8), head(root="Um9vdA==")])
def test_another_line_is_another_square(other: ReportCheckpoint) -> None:
    assert checkpoint_qr_code(other) != checkpoint_qr_code(head())
    assert checkpoint_qr_code(head(key="another")) == checkpoint_qr_code(head())


def test_a_square_has_the_level_of_correction_and_the_edge_that_its_size_shows() -> None:
    code = segno.make("log.example/x\n7\ncm9vdA==\n", error="m", micro=False)
    wide, tall = code.symbol_size(border=2)
    assert f'viewBox="0 0 {wide} {tall}"'.encode() in checkpoint_qr_code(head(), inside=True)
