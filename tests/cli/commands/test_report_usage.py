"""A report with options that do not fit it is refused before anything is read."""

from __future__ import annotations

import pytest

from tests.support.cli import run

LETTER = ("--because", "trial", "--as", "ilves")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("custody", "custody is a report on one ORDER"),
        ("statistics main", "statistics is of the whole ledger"),
        ("audit main", "audit is of the whole ledger"),
        ("certification main", "a certificate follows a law: --form"),
        ("custody main --form fre-902-14", "custody has no --form"),
        ("statistics --format case", "CASE is of one ORDER"),
        ("custody main --attach x.zip", "--attach puts an order's bundle"),
        ("statistics --attach x.zip --format pdf", "--attach puts an order's bundle"),
        ("custody main --format csv", "csv"),
        ("custody main --template", "--template is of processing"),
        ("custody main -o x.docx", "nothing here is written as .docx"),
        ("hearing main --format html", "a hearing bundle is one paper"),
        ("hearing main --format case", "a hearing bundle is one paper"),
        ("custody main --depth diagnostic", "--depth is of a hearing bundle"),
        ("custody --bundle x.zip --record", "with --bundle nothing is recorded"),
        ("custody --bundle x.zip --attach y.zip", "with --bundle nothing is recorded"),
        ("custody --bundle x.zip --form fre-902-14", "with --bundle nothing is recorded"),
        ("custody --bundle x.zip --for CT", "with --bundle nothing is recorded"),
        ("custody --root-fingerprint x --record", "with --bundle nothing is recorded"),
        ("custody --anchor x.zip --record", "with --bundle nothing is recorded"),
        ("custody main --sign seal.p12", "--sign signs a PDF"),
        ("letter main --format case", "a letter"),
        ("hearing main --record", "hearing is recorded by no report-issued"),
        ("processing --record", "processing is recorded by no report-issued"),
        ("custody main --format json --lang de", "JSON is in English always"),
        ("custody main --format case --lang de", "JSON is in English always"),
        ("audit --as-of 2027-01-01T00:00:00Z", "audit reads the ledger as it is"),
        ("audit --reveal", "audit opens nothing: no --reveal"),
        ("statistics --reveal", "statistics opens nothing: no --reveal"),
        ("custody main --from 2027-01-01T00:00:00Z", "are of statistics"),
        ("custody main --to 2027-01-01T00:00:00Z", "are of statistics"),
        ("custody main --party XO", "are of statistics"),
        ("custody main --provider skylark", "are of statistics"),
        ("audit --beside none", "are of statistics"),
        ("custody main --for CT", "--for is of an order form"),
        ("order-form main --format case --reveal", "CASE is of the whole order"),
        ("custody main --record", "--record is of a report in a file"),
    ],
)
def test_options_that_do_not_fit_a_report_are_refused(words: str, says: str) -> None:
    done = run("report", *words.split(), ledger=None, COLUMNS="400")
    assert done.exit_code == 2, done.output
    assert says in done.output
