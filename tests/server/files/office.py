"""An office server that keeps files, with orders whose entries state them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from secrets import token_hex

import msgspec

from comity.remote.files import RemoteFiles
from comity.remote.ledger import RemoteLedger
from ledger.adapters.http_signatures import sign_request
from server.files.pieces import PIECE, pieces_of
from server.files.settings import FileSettings
from tests.server.office import Office, Reply, serving_story

PURPOSE, PERSON = "investigation", "Dina Ilves"


@dataclass(frozen=True)
class Keeping:
    """An office server whose files are in `folder`; `state` is for the memory of clients."""

    office: Office
    folder: Path
    state: Path
    clients: dict[str, RemoteLedger] = field(default_factory=dict)

    def client(self, actor: str) -> RemoteLedger:
        """Return the client of an office."""
        if actor not in self.clients:
            self.clients[actor] = self.office.connect(actor, self.state / actor)
        return self.clients[actor]

    def files(self, actor: str) -> RemoteFiles:
        """Return the client of an office for files."""
        ledger = self.client(actor)
        return RemoteFiles(ledger.connection, ledger.reader, ledger.recorder)

    def order(self) -> str:
        """Record a new order and return its id."""
        fields = {"instrument": "VOL", "from_party": "XO", "to_party": "XV", "providers": ["harbor"]}
        return self.client("ilves").record("order-issued", fields, role="ISS").order

    def arrived(self, order: str, *contents: bytes, actor: str = "ilves", names: tuple[str, ...] = ()) -> str:
        """Record that files have arrived, with their digests under seal; return the leaf hash of the entry."""
        files = [
            {"name": name, "size": len(data), "sha256": sha256(data).hexdigest()}
            for name, data in zip(names or [f"{n}.zip" for n in range(len(contents))], contents, strict=True)
        ]
        fields = {"manifest": {"elements": ["name"], "files": files}}
        if actor == "harbor":
            disclosed = {"partial": False, "channel": "mail", **fields}
            return self.client(actor).record("data-disclosed", disclosed, order, role="SP").leaf
        return self.client(actor).record("evidence-received", {"check": "equal", **fields}, order, role="ISS").leaf

    def offer(self, actor: str, order: str, data: bytes) -> Reply:
        """Ask the server to take a file."""
        body = {"sha256": sha256(data).hexdigest(), "size": len(data)}
        return self.office.ask(actor, f"/v1/orders/{order}/files", json.dumps(body).encode())

    def piece(self, actor: str, order: str, name: str, number: int, part: bytes, **more: str) -> Reply:
        """Send a piece of a file."""
        path = f"/v1/orders/{order}/files/{name}/pieces/{number}"
        headers = {"content-type": "application/octet-stream", **more}
        signed = sign_request(self.office.key(actor), "PUT", self.office.url + path, headers, part)
        return self.office.send("PUT", path, part, signed)

    def send(self, actor: str, order: str, data: bytes) -> Reply:
        """Send a whole file piece by piece; return the last answer."""
        begun = self.offer(actor, order, data)
        for n in range(pieces_of(len(data))) if begun.status == 200 else ():
            begun = self.piece(actor, order, begun.json["object"], n, data[n * PIECE : (n + 1) * PIECE])
        return begun

    def stored(self) -> list[Path]:
        """Return every file in the store."""
        return sorted(path for path in self.folder.rglob("*") if path.is_file() and path.parent.suffix != ".locks")

    def path(self, data: bytes, name: str = "x.bin") -> Path:
        """Return a new file with a content."""
        path = self.state / "sent" / token_hex(4) / name
        path.parent.mkdir(parents=True)
        path.write_bytes(data)
        return path

    def fetch(self, order: str, leaf: str, actor: str = "ilves", role: str = "ISS") -> dict[str, bytes]:
        """Open the files of an entry and fetch all of them, by their names."""
        files = self.files(actor)
        signer = self.client(actor).recorder.signer("record-accessed", role)
        opened = files.open(order, leaf, PURPOSE, PERSON, "to look at them", signer)
        got = {}
        for each in opened.files:
            path = self.state / f"{token_hex(8)}.got"
            files.fetch(opened, each, path)
            got[each.name] = path.read_bytes()
        return got


@contextmanager
def keeping(tmp: Path, files: FileSettings | None = None, **limits: float) -> Iterator[Keeping]:
    """Serve a fresh ledger that keeps files in a folder, or as `files` says."""
    folder = tmp / "files"
    stated = {"folder": str(folder)} | {name.replace("_", "-"): value for name, value in limits.items()}
    settings = files or msgspec.convert(stated, FileSettings)
    (tmp / "ledger").mkdir()
    with serving_story("S2", tmp / "ledger", files=settings) as office:
        made = Keeping(office, folder, tmp / "state")
        try:
            yield made
        finally:
            for client in made.clients.values():
                client.close()
