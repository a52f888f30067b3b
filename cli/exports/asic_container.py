"""Put the evidence bundle into an ASiC-E container, signed with a certificate, or unsigned for a card to sign."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cli.exit_codes import Stop
from cli.exports.formats import ExportRequest
from cli.handover.paper_signer import paper_signer
from cli.remote.servers import chosen_url
from cli.terminal import output
from ledger.errors import RecordError

TO_SIGN = ".manifest.xml"


def asic(wanted: ExportRequest) -> bytes | None:
    """Write the container of one bundle; without a signature, also write its manifest, which a card then signs.

    Return the bytes instead if they go to standard output.
    """
    from cli.terminal.file_io import check_new, write_new
    from projections.exchange.asic import SIGNATURE, container, manifest

    if wanted.unsigned == (wanted.signing.key is not None):
        raise Stop("a container is signed by --sign KEY, or made with --unsigned")
    if wanted.unsigned and wanted.file == "-":
        raise Stop("an unsigned container is two files", hint="-o FILE")
    name = _name_inside(wanted.file)
    signer = paper_signer(wanted.signing)
    to_sign = Path(f"{wanted.file}{TO_SIGN}")
    if signer is None:
        check_new(str(to_sign), "a manifest")
    with _bundle(wanted, name) as (evidence, close_access):
        files = {name: evidence}
        data = container(files, signer.detached(manifest(files)) if signer else None)
        if signer is None:
            write_new(str(to_sign), manifest(files))
        if wanted.file == "-":
            return data
        try:
            write_new(wanted.file, data, close_access)
        except BaseException:
            if signer is None:
                to_sign.unlink()
            raise
    if signer is None:
        output.tell(f"{to_sign}: sign this (CAdES, detached), and add the signature as {SIGNATURE}")
    else:
        signer.tell()
    return None


def _name_inside(file: str) -> str:
    """Return the name of the bundle in a container: that of the container, if an archive may hold it as it is."""
    from ledger.bundle.zip_profile import check_paths

    name = f"{Path(file).stem}.evidence.zip"
    try:
        check_paths([name])
    except RecordError:
        return "order.evidence.zip"
    return name


@contextmanager
def _bundle(wanted: ExportRequest, name: str) -> Iterator[tuple[bytes, Callable[[], None]]]:
    """Yield the bundle, of the folder or verified of a server, and what hands it out; a server's is handed out."""
    if (url := chosen_url()) is not None:
        from cli.handover.served_bundle import served_bundle
        from cli.session.open_ledger import secret

        yield served_bundle(url, secret, wanted.one, name, wanted.handed), lambda: None
        return
    from cli.handover.evidence_bundle import bundle

    with bundle(wanted.one, name, wanted.handed) as evidence:
        yield evidence.data, evidence.close_access
