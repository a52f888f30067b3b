"""`comity desk`: show one ledger as a local page to the browser that opens the printed link on this machine."""

from __future__ import annotations

import gc
import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from ipaddress import ip_address
from multiprocessing import get_context
from pathlib import Path

import click

from cli.access.persons import PERSON, person_of
from cli.click_extensions import command
from cli.exit_codes import Exit, Stop
from cli.lists.docket import board, bring_up
from cli.session import ledger_choice
from cli.session.ledger_reader import reading
from cli.session.options import AS, KEY, ROLE
from cli.terminal import output, prompts
from cli.terminal.log_output import VERBOSE
from ledger.entries.envelope import Signer

EVERY = 1.0  # seconds between two updates of the view
GRACE = 3  # seconds to finish open requests when the desk is closed
_MOST_AT_ONCE = 32  # connections
_LARGEST_HEAD = 16_384  # bytes of request line and headers


@command(
    "comity desk",
    "comity desk --as ilves",
    "comity desk --listen 127.0.0.1:7000",
    refused=Exit.UNDECIDABLE,
)
@AS
@ROLE
@KEY
@PERSON
@click.option("--listen", default="127.0.0.1:7370", show_default=True, metavar="HOST:PORT", help="Loopback only.")
@VERBOSE
@click.pass_context
def desk(
    context: click.Context, actor: str | None, role: str | None, key_file: str | None, person: str | None, listen: str
) -> None:
    """Show the ledger as a page in your browser: what is due, every order, its story, its papers, the law.

    The printed link lets one browser in, once. Nothing is recorded but who opened sealed values, what for and why, and
    that only where the desk was started --as ACTOR. It listens on this machine alone.
    """
    host, port = _loopback(listen)
    try:
        from cli.desk.routes import app
        from cli.desk.session import Desk
        from ledger.adapters.http_server import server
    except ModuleNotFoundError as absent:
        if absent.name not in ("starlette", "uvicorn"):
            raise
        raise Stop("a desk needs starlette and uvicorn", hint="pip install 'comity[server]'") from None
    path = Path(ledger_choice.ledger_folder()).absolute()
    if not os.access(path, os.W_OK):
        raise Stop(f"{path} cannot be written: a desk keeps a view there", hint="copy it, or use comity due and show")
    signer, person = _signer(actor, role, key_file, person)
    with reading(path) as reader, ExitStack() as opened, _listening(host, port) as bound:
        with prompts.progress("judging") as report:
            view = opened.enter_context(closing(board(reader, report)))
            bring_up(reader, view, reader.now(), report)
        name = f"[{host}]" if ":" in host else host
        url = f"http://{name}:{bound.getsockname()[1]}"
        hosts = [url.removeprefix("http://"), *([f"localhost:{bound.getsockname()[1]}"] if host == "127.0.0.1" else ())]
        sitting = Desk(reader, view, signer, context, person)
        sitting.sessions.say = lambda link: output.tell(f"let in; for another browser: {url}/?token={link}")
        seen = server(app(sitting, hosts), most_at_once=_MOST_AT_ONCE, largest_head=_LARGEST_HEAD, grace=GRACE)
        with closing(sitting.background), _followed(path):
            click.echo(f"{url}/?token={sitting.sessions.link}")
            output.tell("open this link once, in one browser; Ctrl-C closes the desk")
            gc.freeze()  # what is loaded by now stays, and no collection during an answer looks at it again
            with suppress(KeyboardInterrupt):  # Ctrl-C closes the desk
                seen.run(sockets=[bound])


def _loopback(listen: str) -> tuple[str, int]:
    """Return host and port to listen on; `Stop` for an address that another machine could reach."""
    host, _, port = listen.rpartition(":")
    host = "127.0.0.1" if host == "localhost" else host.strip("[]")
    if not port.isdecimal() or int(port) > 65_535:
        raise Stop(f"{listen!r} is no address to listen on", hint="--listen 127.0.0.1:7370")
    try:
        inside = ip_address(host).is_loopback
    except ValueError:
        inside = False
    if not inside:
        raise Stop(f"{host} is not this machine alone", hint="a desk listens on 127.0.0.1 or [::1] and nowhere else")
    return host, int(port)


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        bound = socket.create_server((host, port), family=family)
    except OSError as error:
        raise Stop(f"{host}:{port}: {error.strerror}", hint="--listen 127.0.0.1:0 takes a free port") from None
    with bound:
        yield bound


def _signer(
    actor: str | None, role: str | None, key_file: str | None, person: str | None
) -> tuple[Signer | None, str | None]:
    """Return the signer and the person who open sealed values at this desk; None for both without --as.

    The key is opened once, at the start.
    """
    if actor is None:
        if role or key_file:
            raise click.UsageError("--role and --key say how --as ACTOR signs")
        return None, None
    from cli.access.recorded_access import opener
    from cli.session.open_ledger import writing

    with writing() as journal:
        signer = opener(journal, actor, role, key_file, view="timeline")
        return signer, person_of(journal, signer, person)


# -- the view follows the log ------------------------------------------------------------------------------------------


@contextmanager
def _followed(path: Path) -> Iterator[None]:
    """Run a second process that judges orders after new entries and ended deadlines, so that no page has to wait."""
    follower = get_context("spawn").Process(target=follow, args=(str(path), os.getpid()), daemon=True)
    follower.start()
    try:
        yield
    finally:
        follower.terminate()
        follower.join()


def follow(ledger: str, desk: int) -> None:
    """Keep the view of orders up to date as long as the desk runs; `desk` is its process id."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the desk too, which ends this process
    os.nice(5)
    with reading(Path(ledger)) as reader, closing(board(reader)) as view:
        while os.getppid() == desk:
            reader.cases.forget()
            bring_up(reader, view, reader.now())
            time.sleep(EVERY)
