"""A bundle is read from a signed container as it was put in, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.exit_codes import Exit, Stop
from cli.records.bundle_reader import open_bundle
from ledger.adapters.document_signatures.cms_signature import detached
from ledger.bundle import zip_profile
from projections.exchange.asic import container, manifest
from tests.ledger.bundle.test_archive_kind import rewritten
from tests.support.memory_ledger import NOW as READ_AT
from tests.support.memory_ledger import small
from tests.support.signatures.certificates import NOW
from tests.support.signatures.signed_papers import authority, genuine, key

NAME = "court.evidence.zip"


def signed_container(bundle: bytes, stamped: bool) -> bytes:
    stamp = authority().stamp if stamped else None
    return container({NAME: bundle}, detached(manifest({NAME: bundle}), key(), NOW, stamp))


@pytest.mark.parametrize("stamped", [False, True])
def test_the_bundle_of_a_signed_container_is_read_and_its_signature_is_not_said_to_hold(
    stamped: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "court.asice"
    file.write_bytes(signed_container(genuine(), stamped))
    read = open_bundle(str(file), small()[0].trust(), None, READ_AT)
    assert str(read.bundle.report.verdict) == "TOTAL-PASSED"
    assert "not the signature of the container" in " ".join(capsys.readouterr().err.split())


def test_a_container_whose_bundle_was_exchanged_after_it_was_signed_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "court.asice"
    parts = zip_profile.read(signed_container(b"another", stamped=False))
    file.write_bytes(rewritten({**parts, NAME: genuine()}))
    with pytest.raises(Stop) as stop:
        open_bundle(str(file), None, None, READ_AT)
    assert (stop.value.code, "proved wrong" in stop.value.message) == (Exit.PROVED_BAD, True)
