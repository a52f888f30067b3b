"""Every JSON document has a published schema, and every document of the command line follows it.

`tests.support.cli.run` validates the documents that all other tests see.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator, ValidationError

from cli.commands.schema import documents, schema_of
from tests.support.cli import check_document, documents_in, ledger_of, reply, run

ROOT = Path(__file__).parents[3]
AS_OF = ("--as-of", "2027-03-10T00:00:00Z")
LATE = ("--as-of", "2027-12-01T00:00:00Z")
COMMANDS = (
    ("orders",),
    ("due", *AS_OF),
    ("show", "main", *LATE),
    ("show", "main", "--only"),
    ("timeline", "main", "--brackets"),
    ("log", "-n", "50"),
    ("judge", "main", "--forum", "US", *AS_OF),
    ("custody", "main"),
    ("replay", "main", "--at", "2027-03-20T00:00:00Z"),
    ("replay", "main", "--diff", "2027-03-01T00:00:00Z..2027-03-16T00:00:00Z"),
    ("register", "main"),
    ("stats", "--art28"),
    ("stats", "--transparency", "--beside", "google"),
    ("views",),
    ("law",),
    ("law", "--parties"),
    ("law", "deadline", "D-7-7", "main", *AS_OF),
    ("vocabulary",),
    ("vocabulary", "order-issued"),
    ("fsck",),
    ("key", "list"),
    ("witness", "list"),
    ("stamp", "list"),
    ("counterparty", "list"),
    ("lapse", "--dry-run"),
    ("checkpoint",),
    ("order", "rename", "main", "mine"),
    ("schema",),
    ("report", "custody", "main"),
    ("report", "evidence-chain", "main"),
    ("report", "dpo", "main"),
    ("report", "audit"),
    ("report", "statistics"),
    ("report", "certification", "main", "--form", "fre-902-13"),
    ("report", "order-form", "main"),
)


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ledger_of("S1", tmp_path_factory.mktemp("schema"))


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_document_follows_its_schema(words: tuple[str, ...], ledger: Path) -> None:
    result = run(*words, "--json", ledger=ledger)
    (document,) = documents_in(result.stdout)
    assert document["format"] != "comity.error/1", document
    Draft202012Validator(schema_of(document["format"])).validate(document)


@pytest.mark.slow
def test_every_schema_is_one_of_the_draft() -> None:
    for name in documents():
        Draft202012Validator.check_schema(schema_of(name))


TEXTS = {  # signed texts, and no JSON: a page has their format
    "comity.audit-statement/1": "formats/audit-statement.md",
    "comity.directory-entry/1": "formats/ledger-directory.md",
    "comity.key-request/1": "signing.md",
}


@pytest.mark.slow
def test_every_format_that_the_program_writes_has_a_schema() -> None:
    written = {
        name
        for folder in ("cli", "comity", "ledger", "projections", "server")
        for path in (ROOT / folder).rglob("*.py")
        for name in re.findall(r"\bcomity\.[a-z0-9-]+/[0-9]+", path.read_text("utf-8"))
    }
    code = "from cli.commands.schema import documents; print(*documents())"  # here other tests have imported them
    known = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert written - set(known.split()) == TEXTS.keys()
    assert all((ROOT / "docs/reference" / page).exists() for page in TEXTS.values())


def test_the_files_beside_a_ledger_follow_their_schemas(ledger: Path) -> None:
    reply("order", "rename", "main", "own", ledger=ledger)
    for name in ("names.json", "story.json"):
        check_document(json.loads((ledger / name).read_text("utf-8")))


def test_a_document_with_a_field_of_another_type_is_refused_by_its_schema(ledger: Path) -> None:
    document = reply("orders", ledger=ledger)
    document["orders"][0]["state"] = 7
    with pytest.raises(ValidationError):
        Draft202012Validator(schema_of("comity.orders/1")).validate(document)


def test_prefix_and_version_of_a_name_may_be_left_out() -> None:
    full = run("schema", "comity.verify/1").stdout
    assert json.loads(full)["title"] == "comity.verify/1"
    assert run("schema", "verify").stdout == run("schema", "verify/1").stdout == run("schema", "comity.verify").stdout
    assert run("schema", "verify").stdout == full
    unknown = run("schema", "verifi")
    assert unknown.exit_code == 2
    assert "comity schema comity.verify/1" in unknown.stderr


def test_without_a_name_every_document_is_listed() -> None:
    assert [each["name"] for each in reply("schema")["documents"]] == list(documents())


@pytest.mark.parametrize(
    ("words", "code", "exit_code"),
    [
        (("orders", "--json", "--bogus"), "USAGE", 2),
        (("show", "--json"), "USAGE", 2),
        (("key", "--format", "json"), "USAGE", 2),
        (("--json", "nonsense"), "USAGE", 2),
        (("judge", "nothing", "--json"), "ORDER-UNKNOWN", 2),
        (("verify", "missing.zip", "--json"), "UNDECIDABLE", 4),
        (("verify", "missing.zip", "--format=json", "--anchor"), "USAGE", 2),
    ],
    ids=str,
)
def test_an_error_is_one_document_and_its_sentence_stays_on_standard_error(
    words: tuple[str, ...], code: str, exit_code: int, ledger: Path
) -> None:
    result = run(*words, ledger=ledger)
    (document,) = documents_in(result.stdout)
    assert (document["format"], document["code"]) == ("comity.error/1", code)
    assert set(document) == {"format", "code", "message", "where", "hint", "message_id", "values"}
    assert result.exit_code == exit_code
    assert document["message"].splitlines()[0] in " ".join(result.stderr.split())


def test_an_error_without_json_leaves_standard_output_empty(ledger: Path) -> None:
    assert run("judge", "nothing", ledger=ledger).stdout == ""


def test_an_error_names_what_is_wrong_and_what_to_do(ledger: Path) -> None:
    (document,) = documents_in(run("verify", "missing.zip", "--json", ledger=ledger).stdout)
    assert document["where"] == "missing.zip"
    (document,) = documents_in(run("judge", "nothing", "--json", ledger=ledger).stdout)
    assert document["hint"]
