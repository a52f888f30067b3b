"""Ask questions on the terminal, and show the progress of long steps on standard error."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from cli.exit_codes import Stop
from cli.terminal import output


def attended() -> bool:
    """Return True if a person can be asked."""
    return sys.stdin is not None and sys.stdin.isatty()


def confirm(says: str, *, yes: bool) -> None:
    """Ask before an irreversible step; --yes answers for scripts, and without a terminal it is a `Stop`."""
    if yes:
        return
    if not attended():
        raise Stop(f"{says}: a person has to confirm it, and there is no terminal", hint="--yes if it is meant")
    click.confirm(f"{output.in_one_line(says)}. Go on?", abort=True, err=True)


@contextmanager
def progress(label: str) -> Iterator[Callable[[int, int], None]]:
    """Yield report(done, total), which draws one line on stderr, at a terminal and after one second."""
    started = drawn = time.monotonic()
    shown = False

    def report(done: int, total: int) -> None:
        nonlocal drawn, shown
        tick = time.monotonic()
        if tick - started < 1 or tick - drawn < 0.1 or not output.terminal(sys.stderr):
            return
        drawn, shown = tick, True
        share = f"{100 * done // total} %" if total else str(done)
        click.echo(f"\r{label} {share}\x1b[K", nl=False, err=True)

    try:
        yield report
    finally:
        if shown:
            click.echo("\r\x1b[K", nl=False, err=True)


@contextmanager
def working(label: str) -> Iterator[None]:
    """Show on stderr a step without measurable progress, at a terminal and after one second."""
    if not output.terminal(sys.stderr):
        yield
        return
    from threading import Timer

    shown: list[bool] = []

    def show() -> None:
        shown.append(True)
        click.echo(f"\r{label}\x1b[K", nl=False, err=True)

    timer = Timer(1, show)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        if shown:
            click.echo("\r\x1b[K", nl=False, err=True)
