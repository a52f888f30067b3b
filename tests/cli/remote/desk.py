"""A person at a machine of their own, who types commands that ask an office server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cli.app import comity
from tests.server.office import Office
from tests.support.cli import check_document, documents_in


class Person:
    """A user with folders of their own, who asks the server of an office."""

    def __init__(self, folder: Path, office: Office) -> None:
        self.folder, self.url = folder, office.url
        self.env = {"XDG_STATE_HOME": str(folder / "state"), "XDG_CONFIG_HOME": str(folder / "config")}

    def run(self, *args: str) -> Result:
        result = CliRunner().invoke(comity, [*args, "--ledger", self.url], env=self.env)
        assert "Traceback" not in result.output
        assert result.exit_code != 70, result.output
        for document in documents_in(result.stdout) if "--json" in args else ():
            check_document(document)
        return result

    def reply(self, *args: str, exit_code: int = 0) -> dict[str, Any]:
        result = self.run(*args, "--json")
        assert result.exit_code == exit_code, result.output
        answer: dict[str, Any] = json.loads(result.stdout)
        return answer

    def trusting(self, trust: Path, *more: str) -> Person:
        """Keep a trust folder for the server."""
        done = self.run("remote", "add", self.url, "--trust", str(trust), "--yes", *more)
        assert done.exit_code == 0, done.output
        return self


def of_story(office: Office, actor: str, folder: Path) -> Person:
    """Return a person with the key of an office of a played ledger."""
    key = office.ledger / "keys" / f"PUBLIC-{actor}"
    return Person(folder, office).trusting(office.ledger / "trust", "--key", str(key))


@contextmanager
def dishonest(where: str, change: Any) -> Iterator[None]:
    """Change what a client is answered at addresses that end so."""
    from comity.remote.connection import Connection

    send = Connection._send

    def changed(self: Connection, method: str, path: str, sent: Any) -> tuple[int, str, bytes]:
        status, media, content = send(self, method, path, sent)
        if path.endswith(where) and status == 200:
            document = json.loads(content)
            change(document)
            content = json.dumps(document).encode()
        return status, media, content

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Connection, "_send", changed)
        yield
