"""What a record of processing lacks is named, with how it is stated."""

from __future__ import annotations

import json

import pytest

from cli.exit_codes import Exit
from cli.reports.processing_report import tell_missing, template
from ledger.facts import kind_of


def test_each_missing_content_is_a_line_and_a_finding(capsys: pytest.CaptureFixture[str]) -> None:
    assert tell_missing(()) is Exit.DONE
    assert capsys.readouterr().err == ""
    assert tell_missing(("purposes", "recipients")) is Exit.FINDINGS
    first, second, last = capsys.readouterr().err.splitlines()
    assert (first, second) == ("MISSING: purposes", "MISSING: recipients")
    assert last.startswith("`comity report processing --template` prints the contents to state; then: comity record")


def test_the_template_has_every_field_with_null_that_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    fields = kind_of("controller-described").fields()
    values = json.loads(template())
    assert values == {name: [None] if f.type.startswith("list") else None for name, f in fields.items()}
    assert [None] in values.values()
    assert None in values.values()
    assert capsys.readouterr().err.splitlines() == [f"{name}: {f.says}" for name, f in fields.items()]
