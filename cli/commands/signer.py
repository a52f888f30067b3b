"""`comity signer`: run a separate process with the guard and the log key, which signs checkpoints for a ledger."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.click_extensions import command
from cli.exit_codes import Exit, Stop
from cli.invocation import said
from cli.session import ledger_choice
from cli.terminal import output
from cli.terminal.answer import CommandAnswer
from cli.terminal.log_output import VERBOSE
from ledger.command_line import quoted, quoted_path
from ledger.errors import LedgerError

if TYPE_CHECKING:
    import socket as sockets
    from types import FrameType

    from ledger.adapters.log.signer_place import SignerPlace


@command(
    "comity signer serve /var/lib/comity-signer --socket /run/comity/signer",
    "comity signer serve ~/.local/state/comity/8f3c... --socket signer.sock",
    "comity signer serve DIR --clients machines.toml --listen 'tls://signer.example:7443?ca=/c/ca.pem&cert=...&key=...'",
)
@click.argument("folder", metavar="DIR")
@click.option("--socket", "socket", metavar="PATH", help="Where it listens: a Unix socket of mode 0600.")
@click.option("--listen", "address", metavar="ADDRESS", help="Or over TLS, for clients with a certificate of `ca`.")
@click.option("--clients", metavar="FILE", help="The machines that may ask over TLS, TOML; read again when it changes.")
@VERBOSE
def serve(folder: str, socket: str | None, address: str | None, clients: str | None) -> None:
    """Sign checkpoints for the log whose guard and key are in DIR, until stopped.

    It signs a checkpoint only if a proof shows that it begins with the one it signed last, and never two of one size.
    """
    from ledger.adapters.log.signer_place import parse_place
    from ledger.adapters.log.signer_process import SignerServer
    from ledger.adapters.log.signer_process import serve as answer

    if (socket is None) == (address is None):
        raise click.UsageError("--socket PATH, or --listen ADDRESS: where does it listen?")
    if (address is None) != (clients is None):
        raise click.UsageError("--listen and --clients go together: which machines may ask?")
    place = parse_place(socket or address or "")
    if isinstance(place, Path) == (socket is None):
        raise click.UsageError("--socket takes a path, and --listen an address that begins with tls://")
    refusal = _refusal(clients)
    _check_clock(Path(folder))
    with (
        closing(SignerServer(Path(folder), say=output.tell)) as signer,
        _listening(place) as (server, accepted),
        suppress(KeyboardInterrupt),
        _stopping(),
    ):
        output.tell(f"signing for {signer.origin} at {place}")
        answer(signer, server, accepted, refusal)
    output.tell("stopped")


def _refusal(clients: str | None) -> Callable[[sockets.socket], str]:
    """Return what says why a connection gets no signature; `Stop` if the list of machines cannot be read."""
    if clients is None:
        return lambda line: ""  # a Unix socket of mode 0600
    import ssl

    from ledger.adapters.log.signer_clients import SignerClients

    try:
        machines = SignerClients(Path(clients).absolute())
    except (ValueError, RecursionError, OSError) as wrong:  # TOML and msgspec errors are ValueErrors
        says = wrong.strerror if isinstance(wrong, OSError) else str(wrong)
        raise Stop(f"--clients {clients}: {says}") from None
    return lambda line: machines.refusal(line) if isinstance(line, ssl.SSLSocket) else "the connection is without TLS"


@contextmanager
def _listening(place: SignerPlace) -> Iterator[tuple[sockets.socket, Callable[[sockets.socket], sockets.socket]]]:
    """Yield a listening socket, and a function that makes the connection to speak over of an accepted one."""
    from ledger.adapters.log.signer_place import TlsListener
    from ledger.adapters.log.signer_process import listen

    if not isinstance(place, Path):
        try:
            listener = TlsListener(place)
        except OSError as error:
            raise LedgerError("SIGNER-RUNS", f"{place}: {error.strerror or error}") from None
        with closing(listener.socket):
            yield listener.socket, listener.accepted
        return
    try:
        with closing(listen(place)) as server:
            yield server, lambda line: line
    finally:
        place.unlink(missing_ok=True)


class SignerAnswer(CommandAnswer, tag="comity.signer/1"):
    """The signer process of a ledger: its socket or address, and the folder of guard and log key."""

    origin: str
    socket: str
    folder: str


@command(
    "comity signer use /run/comity/signer",
    "comity signer use signer.sock --move /var/lib/comity-signer",
    "comity signer use 'tls://signer.example:7443?ca=/etc/c/ca.pem&cert=/etc/c/me.pem&key=/etc/c/me.key'",
)
@click.argument("place", metavar="PATH|ADDRESS")
@click.option("--move", metavar="DIR", help="First move guard and log key of this ledger to DIR, for the process.")
def use(place: str, move: str | None) -> None:
    """Have the process at a socket or address sign for this ledger; guard and log key are then not read here any more.

    With --move they are taken out of your state folder; start the process over DIR afterwards.
    """
    from ledger.adapters.folders.ledger_folder import read_folder
    from ledger.adapters.folders.user_folders import Home, private_folder, replace_file
    from ledger.adapters.log.remote_signer import POINTER
    from ledger.adapters.log.signer_place import parse_place
    from ledger.adapters.storage.sqlite import sync_folder

    path = Path(ledger_choice.ledger_folder())
    state = Home.of(path).log(read_folder(path).origin)
    target = parse_place(place)
    if move is not None:
        _move(state, Path(move), read_folder(path).origin)
    private_folder(state)  # another machine has none yet
    replace_file(state / POINTER, f"{target}\n".encode())
    sync_folder(state)
    answer = SignerAnswer(read_folder(path).origin, str(target), move or str(state))
    output.emit(answer)
    where = f"--socket {quoted(target)}" if isinstance(target, Path) else "--listen ADDRESS"
    output.tell(f"start it with: comity signer serve {quoted_path(answer.folder)} {where}")


def _check_clock(state: Path) -> None:
    """Check the clock as a command that writes does.

    With --clock-is-right, the guard continues after a head that is dated ahead of the clock.
    """
    from cli.session.clock_check import doubted
    from ledger.adapters import system_clock
    from ledger.adapters.guard.guard_place import place_in
    from ledger.adapters.guard.sign_once_guard import LATENESS, Guard

    now = ledger_choice.now()
    with closing(Guard(place_in(state))) as guard:
        last = guard.last()
        doubted(system_clock.ahead(now, last.at))
        if said().clock_is_right and now < last.at - LATENESS and guard.set_back(last, now):
            output.tell(f"the last head is dated {output.plain(last.at)}; it goes on now, by --clock-is-right")


def _move(state: Path, folder: Path, origin: str) -> None:
    """Move guard, log keys and heads keys to another folder: a copy left behind could sign a second history.

    The guard moves first. If the target folder has it, an interrupted move is continued.
    """
    from ledger.adapters.folders.user_folders import private_folder
    from ledger.adapters.guard.guard_place import is_guarded, place_in
    from ledger.adapters.guard.sign_once_guard import Guard
    from ledger.adapters.guard.sqlite_guard import make_whole
    from ledger.adapters.storage.sqlite import sync_folder

    moved = _moved(folder, origin)
    if not moved:
        if not is_guarded(state):
            raise Stop(f"{state} has no guard to move", code=Exit.UNDECIDABLE)
        place = place_in(state)
        with closing(Guard(place)) as guard:
            guard.last()
        if isinstance(place, Path):
            make_whole(place)
        if (state / "guard.db-wal").exists():
            raise Stop(f"{state / 'guard.db'} could not be made whole", code=Exit.UNDECIDABLE)
    files = sorted(p for p in state.iterdir() if p.name.startswith(("guard", "log.", "heads.")))
    if folder.exists() and any(folder.iterdir()) and (not moved or any((folder / p.name).exists() for p in files)):
        raise Stop(f"{folder} is there already, and is not empty", code=Exit.REFUSED)
    private_folder(folder)
    for file in files:
        try:
            file.rename(folder / file.name)
        except OSError as error:
            raise Stop(f"{file}: {error.strerror}", hint="DIR has to be on the same file system") from None
    for place in (folder, state):
        sync_folder(place)


def _moved(folder: Path, origin: str) -> bool:
    """Return True if the guard of this log is in a folder already."""
    from ledger.adapters.guard.guard_place import is_guarded, place_in
    from ledger.adapters.guard.sign_once_guard import Guard
    from ledger.tlog.note import parse_checkpoint

    if not is_guarded(folder):
        return False
    with closing(Guard(place_in(folder))) as guard:
        note = guard.last().note.decode()
    return parse_checkpoint(note.partition("\n\n")[0] + "\n").origin == origin


@contextmanager
def _stopping() -> Iterator[None]:
    """End the block at SIGTERM as at Ctrl-C, with KeyboardInterrupt."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
