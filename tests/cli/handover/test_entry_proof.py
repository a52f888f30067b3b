"""The proof of a sealed entry is the file next to it with the same name and the ending of proofs."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.exit_codes import Exit, Stop
from cli.handover.entry_proof import proof_beside


@pytest.mark.parametrize("name", ["entry.dsse.json", "entry.dsse", "entry.json", "entry"])
def test_the_proof_has_the_name_of_its_entry_without_the_endings(name: str, tmp_path: Path) -> None:
    (tmp_path / "entry.tlog-proof").write_bytes(b"the proof")
    (tmp_path / f"{name}.tlog-proof").write_bytes(b"the proof" if name == "entry" else b"another one")
    assert proof_beside(str(tmp_path / name)) == b"the proof"


def test_an_entry_without_its_proof_says_under_which_name_it_is_looked_for(tmp_path: Path) -> None:
    with pytest.raises(Stop, match="its proof is missing") as found:
        proof_beside(str(tmp_path / "a.dsse.json"))
    assert (found.value.code, found.value.hint) == (Exit.UNDECIDABLE, "put it beside the entry as a.tlog-proof")


def test_an_entry_from_a_pipe_has_no_file_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("-.tlog-proof").write_bytes(b"of another entry")
    with pytest.raises(Stop) as found:
        proof_beside("-")
    assert (found.value.code, found.value.hint) == (Exit.UNDECIDABLE, "put it beside the entry as NAME.tlog-proof")
