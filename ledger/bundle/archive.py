"""Pack an order and its proofs into one file that can be verified without its ledger, and unpack it.

`pack` makes an evidence bundle, the same bytes for the same input. `unpack` reads one without trust in its
content; `ledger.verify` decides what it proves. Format: docs/reference/formats/evidence-bundle.md.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from ledger.bundle import layout, zip_profile
from ledger.bundle.audience import COUNTED_ONLY
from ledger.bundle.contents import Contents
from ledger.bundle.cover_page import read_me_first
from ledger.bundle.layout import (
    COMMIT,
    MANIFEST,
    MAP,
    MEDIA_TYPES,
    MIMETYPE,
    OTHERS,
    POLICY,
    README,
    SUMS,
    check_claimed,
    check_version,
)
from ledger.bundle.manifest import Closed, HeadOf, Manifest, listing, seal_manifest
from ledger.bundle.repacked import reread
from ledger.entries.case import wire
from ledger.entries.envelope import OpenedEntry, Signer, open_
from ledger.entries.payload import SignedBy
from ledger.entries.placement import Chains
from ledger.errors import RecordError
from ledger.tlog.names import origin_hash
from ledger.tlog.note import b64


def pack(contents: Contents, signer: Signer) -> bytes:
    """Return the evidence bundle of `contents`, with a manifest signed by `signer`.

    Raises `RecordError`: CTX-* if an order is incomplete, BND-ZIP and BND-MANIFEST if no reader would accept
    the result.
    """
    opened = [open_(raw, verify=False) for _, raw, _ in sorted(contents.entries)]
    chains = Chains(contents.origin)
    for entry in opened:
        chains.follow(entry)
    about = contents.about
    manifest = Manifest(
        log=contents.origin,
        order=about.order,
        audience=about.audience,
        purpose=about.purpose,
        legal_basis=list(about.legal_basis),
        made_at=wire(about.made_at),
        tool=about.tool,
        rules=about.rules,
        test=about.test,
        heads={order: HeadOf(link.seq, link.leaf) for order, link in chains.heads.items()},
        withheld=[Closed(w.index, w.field, w.why) for w in about.withheld if about.audience not in COUNTED_ONLY],
        withheld_count=len(about.withheld),
        files=[],
        signer=SignedBy(signer.public.hex(), signer.actor, signer.role, signer.party),
    )
    return assemble(_lay_out(contents, manifest, opened), manifest, signer)


def assemble(files: Mapping[str, bytes], manifest: Manifest, signer: Signer) -> bytes:
    """Return the archive of `files` in the order of the layout, with SHA256SUMS and the manifest that lists them."""
    files = {path: files[path] for path in sorted(files, key=layout.rank)}
    files[MANIFEST] = seal_manifest(_with_files(manifest, files), signer)
    files[SUMS] = b""
    files = {path: files[path] for path in sorted(files, key=layout.rank)}
    files[SUMS] = layout.sums(files)
    return zip_profile.write(files)


def unpack(data: bytes) -> dict[str, bytes]:
    """Return the files of a bundle, path -> content, in the order of the layout; only the container is checked.

    Raises `RecordError` BND-ZIP with the entry and the rule it breaks, BND-VERSION for a bundle of a later
    layout.
    """
    return unpacked(data)[0]


def unpacked(data: bytes) -> tuple[dict[str, bytes], bool]:
    """Unpack a bundle, and say whether `pack` could have made the archive: False if it was zipped again."""
    check_version(data)
    try:
        return _strictly(data), True
    except RecordError:
        files = reread(data)
        if files is None or MIMETYPE not in files:
            raise
        check_claimed(files[MIMETYPE])
        if files[MIMETYPE] not in MEDIA_TYPES.values():
            raise
        return files, False


def _strictly(data: bytes) -> dict[str, bytes]:
    files = zip_profile.read(data)
    paths = list(files)
    if not paths or paths[0] != MIMETYPE or files[MIMETYPE] not in MEDIA_TYPES.values():
        types = " or ".join(each.decode() for each in MEDIA_TYPES.values())
        raise RecordError("BND-ZIP", f"the first file must say {types}", where=MIMETYPE)
    for path, belongs in zip(paths, sorted(paths, key=layout.rank), strict=True):
        if path != belongs:
            raise RecordError("BND-ZIP", f"it stands where {belongs} belongs", where=path)
    return files


def _lay_out(contents: Contents, manifest: Manifest, opened: list[OpenedEntry]) -> dict[str, bytes]:
    here = layout.folder(contents.origin)
    files = {MIMETYPE: MEDIA_TYPES[manifest.v], POLICY: contents.policy, f"{here}/checkpoint": contents.checkpoint}
    indexes = [n for n, _, _ in sorted(contents.entries)]
    stamped = any(path.endswith(".tsr") for path in contents.tokens)
    files[README] = read_me_first(manifest, contents.checkpoint, opened, indexes, stamped=stamped)
    files |= {f"{here}/heads/{digest}": note for digest, note in contents.heads.items()}
    for (m, n), path in contents.consistency.items():
        files[f"{here}/consistency/{m}-{n}"] = "".join(f"{b64(node)}\n" for node in path).encode()
    for index, raw, proof in contents.entries:
        files[f"{here}/entries/{index}.dsse.json"] = raw
        files[f"{here}/entries/{index}.tlog-proof"] = proof
    for index, texts in contents.disclosures.items():
        files[f"{here}/disclosures/{index}.txt"] = "".join(f"{text}\n" for text in texts).encode()
    files |= {f"{here}/{path}": token for path, token in contents.tokens.items()}
    files |= {f"documents/{digest}": content for digest, content in contents.documents.items()}
    files |= {f"foreign/{digest}": content for digest, content in contents.foreign.items()}
    for origin, register in contents.others.items():
        for index, (raw, proof) in register.items():
            files[f"{OTHERS}/{origin_hash(origin)}/entries/{index}.dsse.json"] = raw
            files[f"{OTHERS}/{origin_hash(origin)}/entries/{index}.tlog-proof"] = proof
    files |= {f"{MAP}/audits/{name}": content for name, content in contents.audits.items()}
    files |= {f"views/{path}": content for path, content in contents.views.items()}
    if contents.commit is not None:
        files[f"{COMMIT}.dsse.json"], files[f"{COMMIT}.tlog-proof"] = contents.commit
        files |= {f"{MAP}/{order}.mptproof": proof for order, proof in contents.map_proofs.items()}
    return files


def _with_files(manifest: Manifest, files: Mapping[str, bytes]) -> Manifest:
    return msgspec.structs.replace(manifest, files=listing(files))
