"""A container holds one bundle and a signature over its manifest, or has the manifest in a second file for a card."""

from __future__ import annotations

import zipfile
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from cli.exit_codes import Stop
from cli.exports import asic_container
from cli.exports.formats import ExportRequest
from cli.handover.paper_signer import SigningOptions
from projections.exchange.asic import MANIFEST, SIGNATURE, manifest

BUNDLE = b"PK\x05\x06 a bundle"
ORDER = "11111111-2222-4333-8444-555555555555"


class Signer:
    """A key that signs by a digest, and says so."""

    has_spoken = False

    def detached(self, data: bytes) -> bytes:
        return b"signed " + sha256(data).digest()

    def tell(self) -> None:
        self.has_spoken = True


class Bundles:
    """What hands the bundle out: the names that were asked for, and whether the access was closed."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.closed = 0
        self.before_close: Callable[[], object] = lambda: None

    @contextmanager
    def made(self, wanted: ExportRequest, name: str) -> Iterator[tuple[bytes, Callable[[], None]]]:
        self.names.append(name)
        assert wanted.order == ORDER
        yield BUNDLE, self.close

    def close(self) -> None:
        self.before_close()
        self.closed += 1


@pytest.fixture
def bundles(monkeypatch: pytest.MonkeyPatch) -> Bundles:
    made = Bundles()
    monkeypatch.setattr(asic_container, "_bundle", made.made)
    return made


@pytest.fixture
def signer(monkeypatch: pytest.MonkeyPatch) -> Signer:
    made = Signer()
    monkeypatch.setattr(asic_container, "paper_signer", lambda options: made if options.key else None)
    return made


def asked(file: Path | str, key: str | None = None, *, unsigned: bool = False) -> ExportRequest:
    handed: Any = None
    return ExportRequest(ORDER, str(file), handed, signing=SigningOptions(key), unsigned=unsigned)


def parts(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(data)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def test_a_signed_container_holds_the_bundle_and_a_signature_over_its_manifest(
    tmp_path: Path, bundles: Bundles, signer: Signer, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "KA-2027.v2.asice"
    assert asic_container.asic(asked(file, "key.p12")) is None
    found = parts(file.read_bytes())
    assert found["KA-2027.v2.evidence.zip"] == BUNDLE
    assert b64encode(sha256(BUNDLE).digest()) in found[MANIFEST]
    assert found[SIGNATURE] == signer.detached(found[MANIFEST])
    assert [each.name for each in tmp_path.iterdir()] == [file.name], "nothing is left for a card to sign"
    assert (bundles.names, bundles.closed, signer.has_spoken) == (["KA-2027.v2.evidence.zip"], 1, True)
    assert "sign this" not in capsys.readouterr().err


def test_an_unsigned_container_is_two_files_and_what_is_left_to_do_is_named(
    tmp_path: Path, bundles: Bundles, signer: Signer, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "court.asice"
    assert asic_container.asic(asked(file, unsigned=True)) is None
    found = parts(file.read_bytes())
    assert SIGNATURE not in found
    assert (tmp_path / "court.asice.manifest.xml").read_bytes() == found[MANIFEST]
    assert found[MANIFEST] == manifest({"court.evidence.zip": BUNDLE})
    assert (bundles.closed, signer.has_spoken) == (1, False)
    assert f"add the signature as {SIGNATURE}" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize("name", ["Köln 7.asice", f"{'a' * 80}.asice", "-f.asice", "Az. 12 §.asice"])
def test_a_container_may_have_any_name_and_its_bundle_has_one_that_every_archive_may_hold(
    name: str, tmp_path: Path, bundles: Bundles, signer: Signer
) -> None:
    asic_container.asic(asked(tmp_path / name, "key.p12"))
    assert parts((tmp_path / name).read_bytes())["order.evidence.zip"] == BUNDLE


def test_a_signed_container_goes_to_standard_output_as_its_bytes(
    tmp_path: Path, bundles: Bundles, signer: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    data = asic_container.asic(asked("-", "key.p12"))
    assert data is not None
    assert parts(data)["order.evidence.zip"] == BUNDLE
    assert (bundles.names, list(tmp_path.iterdir())) == (["order.evidence.zip"], [])


@pytest.mark.parametrize(
    ("file", "key", "unsigned", "says"),
    [
        ("a.asice", None, False, "is signed by --sign KEY, or made with --unsigned"),
        ("a.asice", "key.p12", True, "is signed by --sign KEY, or made with --unsigned"),
        ("-", None, True, "an unsigned container is two files"),
    ],
)
def test_a_container_without_a_decision_on_its_signature_is_refused_before_a_bundle_is_made(
    file: str, key: str | None, unsigned: bool, says: str, tmp_path: Path, bundles: Bundles, signer: Signer
) -> None:
    place = file if file == "-" else tmp_path / file
    with pytest.raises(Stop, match=says):
        asic_container.asic(asked(place, key, unsigned=unsigned))
    assert (bundles.names, list(tmp_path.iterdir())) == ([], [])


def test_a_manifest_that_is_there_is_not_replaced_and_no_bundle_is_made(
    tmp_path: Path, bundles: Bundles, signer: Signer
) -> None:
    kept = tmp_path / "court.asice.manifest.xml"
    kept.write_text("signed by a card")
    with pytest.raises(Stop, match=r"manifest\.xml is there already"):
        asic_container.asic(asked(tmp_path / "court.asice", unsigned=True))
    assert (bundles.names, kept.read_text(), len(list(tmp_path.iterdir()))) == ([], "signed by a card", 1)
    asic_container.asic(asked(tmp_path / "court.asice", "key.p12"))
    assert kept.read_text() == "signed by a card", "it has nothing to do with a signed container"


@pytest.mark.parametrize("key", [None, "key.p12"])
def test_a_container_that_cannot_be_written_leaves_no_manifest_behind_and_hands_nothing_out(
    key: str | None, tmp_path: Path, bundles: Bundles, signer: Signer
) -> None:
    file = tmp_path / "court.asice"
    bundles.before_close = lambda: file.write_bytes(b"of somebody else")
    with pytest.raises(Stop, match="is there already"):
        asic_container.asic(asked(file, key, unsigned=key is None))
    assert [each.name for each in tmp_path.iterdir()] == ["court.asice"]
    assert (file.read_bytes(), signer.has_spoken) == (b"of somebody else", False)
