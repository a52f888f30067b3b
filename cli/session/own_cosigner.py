"""The witness or the mirror of this machine: its state folder with its keys and memory, its logs, its server."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Generic, TypeVar

from cli.exit_codes import Exit, Stop
from cli.terminal import file_io
from cli.terminal import output as ui
from ledger.adapters.folders.new_folder import new_folder
from ledger.adapters.folders.user_folders import Home, private_folder
from ledger.adapters.keys import key_files, mldsa
from ledger.adapters.witness.witness import Cosigner, cosigners, logs_of
from ledger.adapters.witness.witness_state import Memory
from ledger.tlog.names import check_name, origin_hash
from ledger.tlog.note import COSIGNATURE, MLDSA44, Vkey
from ledger.tlog.policy import Policy, parse_policy

M = TypeVar("M", bound=Memory)


def state_folder(role: str, name: str, state: str | None) -> Path:
    """Return the folder of a `witness` or `mirror`: the given one, or that of its name in the user's state folder."""
    return Path(state) if state else Home.user().state / role / origin_hash(name)


def make_cosigner(
    memory: type[Memory], name: str, folder: Path, *, mldsa_key: bool, inside: Sequence[str] = ()
) -> list[str]:
    """Make a witness or mirror: its keys, its memory, and the folders `inside`; return its verifier keys.

    `Stop` if the folder has one of these files; `RecordError` CP-KEY for an invalid name.
    """
    role = memory.role
    check_name(name)
    Vkey.of(name, MLDSA44, bytes(1312))  # raises CP-KEY for an invalid name before a file is made
    if files := [file for file in (f"{role}.key", "mldsa.key", f"{role}.db") if (folder / file).exists()]:
        raise Stop(f"{folder} has a {files[0]} already", hint=f"a {role} is never made twice", code=Exit.REFUSED)
    with new_folder(str(folder)) as making:
        keys = [Vkey.of(name, COSIGNATURE, key_files.new(making / f"{role}.key").public)]
        if mldsa_key:
            keys.append(Vkey.of(name, MLDSA44, mldsa.new(making / "mldsa.key").public))
        for each in inside:
            private_folder(making / each)
        memory.create(making / f"{role}.db", keys[0].text).close()
    return [key.text for key in keys]


class OwnCosigner(Generic[M]):
    """Hold the keys and the memory of a witness or mirror, opened; by default those of its state folder."""

    def __init__(
        self, memory: type[M], name: str, folder: Path, key_file: str | None = None, mldsa_file: str | None = None
    ) -> None:
        self.folder = folder
        key = key_files.load(Path(key_file) if key_file else folder / f"{memory.role}.key")
        second_file = Path(mldsa_file) if mldsa_file else folder / "mldsa.key"
        second = mldsa.load(second_file) if mldsa_file or second_file.exists() else None
        self.vkeys = [Vkey.of(name, COSIGNATURE, key.public)]
        if second is not None:
            self.vkeys.append(Vkey.of(name, MLDSA44, second.public))
        self.cosigners: list[Cosigner] = cosigners(name, key, second)
        self.memory = memory(folder / f"{memory.role}.db", self.vkeys[0].text)

    def logs(self, policies: Sequence[str]) -> dict[str, list[Vkey]]:
        """Return the logs that policy files name, by origin; `Stop` if none."""
        logs = logs_of(read_policies(policies), self.vkeys)
        if not logs:
            raise Stop("the policies name no log", hint="a line reads: log VKEY")
        return logs

    def close(self) -> None:
        """Close the memory."""
        self.memory.close()


def read_policies(files: Sequence[str]) -> list[Policy]:
    """Return the policies in files."""
    return [parse_policy(file_io.read(file)) for file in files]


def address(listen: str, example: str) -> tuple[str, int]:
    """Return host and port of HOST:PORT; `Stop` with the example if it is none."""
    host, _, port = listen.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65_535:
        raise Stop(f"{listen!r} is no address to listen on", hint=f"--listen {example}")
    return host.strip("[]"), int(port)


@contextmanager
def announced(vkeys: Sequence[Vkey], listen: str) -> Iterator[Callable[[str], None]]:
    """Print the verifier keys; yield the function that prints the URL of the server. `Stop` if it cannot listen."""
    for vkey in vkeys:
        ui.tell(vkey.text)
    try:
        yield lambda url: ui.tell(f"listening on {url}")
    except OSError as error:
        raise Stop(f"{listen}: {error.strerror}", code=Exit.UNDECIDABLE) from None
