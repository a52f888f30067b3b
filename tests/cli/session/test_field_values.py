"""Tests of the values that users type for the fields of a fact."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import click
import pytest

from cli.exit_codes import Exit, Stop
from cli.session.field_values import digest, digests, document, from_json, manifest, merged, stated
from ledger.errors import RecordError
from ledger.facts import FactError, kind_of


def said(kind: str, *given: str, **more: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    return stated(kind, given, event=lambda text: f"leaf of {text}", order=lambda text: f"id of {text}", **more)


def test_each_value_is_read_as_its_type_and_put_on_its_side() -> None:
    public, sealed = said(
        "order-issued",
        "reference=PPO-2026-123",
        "emergency=no",
        "date-issued=2027-03-01",
        "data_categories=subscriber, traffic",
        "data_categories=content",
        "domestic_legal_grounds=Code of Criminal Procedure, s. 88",
        "supervision=#1",
        "prior_order=PPO-1",
        "identifiers=skyl-4471",
        "identifiers=b, c",
        "summary_of_facts=goods, never sent",
    )
    assert public == {
        "reference": "PPO-2026-123",
        "emergency": False,
        "date_issued": "2027-03-01",
        "data_categories": ["subscriber", "traffic", "content"],
        "domestic_legal_grounds": ["Code of Criminal Procedure, s. 88"],
        "supervision": "leaf of #1",
        "prior_order": "id of PPO-1",
    }
    assert sealed == {"identifiers": ["skyl-4471", "b, c"], "summary_of_facts": "goods, never sent"}


def test_a_moment_is_written_in_utc() -> None:
    public, _ = said("receipt-disputed", "claimed_on=2027-03-01T10:00+01:00", "about=abcd")
    assert public == {"claimed_on": "2027-03-01T09:00:00Z", "about": "leaf of abcd"}


def test_names_are_said_by_language() -> None:
    public, _ = said("authority-registered", "names=en=Office", "names=sr=Kancelarija")
    assert public == {"names": {"en": "Office", "sr": "Kancelarija"}}


@pytest.mark.parametrize(
    ("kind", "pair", "says"),
    [
        ("order-issued", "emergency", "this is name=value"),
        ("order-issued", "emergancy=yes", "has no field emergancy"),
        ("order-issued", "emergency=maybe", "yes or no"),
        ("order-issued", "date_issued=1 March", "is a day"),
        ("log-key-rotated", "from_size=many", "a whole number"),
        ("receipt-disputed", "claimed_on=2027-03-01T10:00", "needs its offset"),
        ("authority-registered", "names=Office", "by language"),
    ],
)
def test_what_cannot_be_read_is_usage_and_says_what_was_expected(kind: str, pair: str, says: str) -> None:
    with pytest.raises(Stop, match=says) as stop:
        said(kind, pair)
    assert stop.value.code == Exit.USAGE


def test_a_field_with_one_value_is_not_said_twice() -> None:
    with pytest.raises(Stop, match="one value"):
        said("order-issued", "reference=a", "reference=b")


def test_a_kind_nobody_knows_is_a_refusal_that_names_the_nearest() -> None:
    with pytest.raises(FactError) as error:
        said("order-isued", "reference=a")
    assert "order-issued" in error.value.hint


def test_a_digest_is_typed_or_that_of_a_file_and_a_sealed_text_is_not_repeated(tmp_path: Path) -> None:
    (tmp_path / "return.zip").write_bytes(b"x")
    fields = kind_of("custody-transferred").fields()
    closed, open_ = fields["digest_before"], fields["exhibit"]
    assert (closed.sealed, open_.sealed) == (True, False)
    made = hashlib.sha256(b"x").hexdigest()
    assert digest(closed, made) == made
    assert digest(closed, "return.zip", str(tmp_path)) == made
    for field in (closed, open_):
        with pytest.raises(RecordError) as error:
            digest(field, "no such file", str(tmp_path))
        assert (error.value.code, error.value.where) == ("FACT", field.name)
        assert ("no such file" in error.value.says) is not field.sealed
        assert f"{field.name}=return.zip hashes a file" in error.value.hint


def test_files_are_hashed_where_they_lie(tmp_path: Path) -> None:
    file = tmp_path / "return.json"
    file.write_bytes(b"x" * (3 << 20))
    short, long = hashlib.sha256(file.read_bytes()).hexdigest(), hashlib.sha512(file.read_bytes()).hexdigest()
    assert digests([str(file)]) == [(3 << 20, short, long)]
    assert document(str(file), "certificate") == {
        "code": "certificate",
        "media": "application/json",
        "size": 3 << 20,
        "sha256": short,
    }
    assert manifest([str(file)], ["name,postal-address", "registration-ip"]) == {
        "elements": ["name", "postal-address", "registration-ip"],
        "files": [{"name": "return.json", "size": 3 << 20, "sha256": short, "sha512": long}],
    }
    assert list(tmp_path.iterdir()) == [file]


def test_a_file_with_an_unknown_ending_is_a_document_of_bytes(tmp_path: Path) -> None:
    file = tmp_path / "return.of-no-kind"
    file.write_bytes(b"")
    assert document(str(file), "other")["media"] == "application/octet-stream"


def test_an_empty_file_has_a_digest_too(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    assert digests([str(tmp_path / "empty")])[0][:2] == (0, hashlib.sha256().hexdigest())


def test_a_missing_file_or_a_folder_is_undecidable_and_named(tmp_path: Path) -> None:
    for path in (tmp_path / "nothing", tmp_path):
        with pytest.raises(Stop, match=str(path)) as stop:
            digests([str(path)])
        assert stop.value.code == Exit.UNDECIDABLE


def test_a_file_with_a_comma_in_its_name_is_one_file_and_other_commas_part_files(tmp_path: Path) -> None:
    for name in ("answer, part 1.json", "a", "b"):
        (tmp_path / name).write_text(name)
    texts = (f"manifest={tmp_path}/answer, part 1.json", f"manifest={tmp_path}/a,{tmp_path}/b")
    _, sealed = said("evidence-received", *texts)
    assert [file["name"] for file in sealed["manifest"]["files"]] == ["answer, part 1.json", "a", "b"]


def test_two_files_of_one_name_are_not_one_manifest(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x").touch()
    with pytest.raises(Stop, match="two files are called x"):
        manifest([str(tmp_path / "a" / "x"), str(tmp_path / "b" / "x")], [])


def test_a_fact_is_read_from_json_in_two_parts_or_in_one() -> None:
    in_two = {"kind": "order-issued", "public": {"reference": "a"}, "sealed": {"identifiers": ["b"]}}
    in_one = {"reference": "a", "identifiers": ["b"]}
    for fields in (in_two, in_one):
        assert from_json(json.dumps(fields).encode(), "f", "order-issued") == (
            {"reference": "a"},
            {"identifiers": ["b"]},
        )


@pytest.mark.parametrize(
    ("fact", "public", "sealed"),
    [
        pytest.param({"public": {"reference": "a"}}, {"reference": "a"}, {}, id="public-alone"),
        pytest.param({"sealed": {"identifiers": ["b"]}}, {}, {"identifiers": ["b"]}, id="sealed-alone"),
        pytest.param({"public": "x", "sealed": {}}, {"public": "x", "sealed": {}}, {}, id="public-is-no-object"),
        pytest.param({"public": {}, "sealed": ["x"]}, {"public": {}, "sealed": ["x"]}, {}, id="sealed-is-no-object"),
        pytest.param({"sealed": "x", "identifiers": []}, {"sealed": "x"}, {"identifiers": []}, id="a-field-of-its-own"),
        pytest.param({"kind": "order-issued"}, {}, {}, id="no-field"),
    ],
)
def test_two_parts_are_two_objects_and_anything_else_is_a_field(
    fact: dict[str, Any], public: dict[str, Any], sealed: dict[str, Any]
) -> None:
    assert from_json(json.dumps(fact).encode(), "f", "order-issued") == (public, sealed)


@pytest.mark.parametrize(("raw", "code"), [(b"{", 4), (b"[]", 4), (b'{"kind": "order-closed"}', 2)])
def test_json_that_is_no_such_fact_is_refused_before_anything_is_recorded(raw: bytes, code: int) -> None:
    with pytest.raises(Stop) as stop:
        from_json(raw, "f", "order-issued")
    assert stop.value.code == code


def test_a_field_said_twice_says_the_same_or_is_usage() -> None:
    assert merged({"a": 1}, {"a": 1, "b": 2}, ["a"]) == {"a": 1, "b": 2}
    with pytest.raises(click.UsageError):
        merged({"a": 1}, {"a": 2}, ["a"])
