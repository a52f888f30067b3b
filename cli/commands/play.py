"""`comity play`: a story becomes a ledger, and what the story says must come out is compared."""

from __future__ import annotations

import errno
import fcntl
import glob
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.click_extensions import command
from cli.exit_codes import Exit, Stop
from cli.terminal import file_io, output
from ledger.adapters.storage.sqlite import sync_folder

if TYPE_CHECKING:
    from cli.stories.expectations import Outcome
    from cli.stories.model import Story
    from cli.stories.player import Played


@command(
    "comity play S1.toml --check", "comity play S1.toml --into s1/ && comity due --ledger s1/", refused=Exit.REFUSED
)
@click.argument("story", metavar="STORY.toml")
@click.option("--into", metavar="DIR", help="Keep the ledger here; without it, it is thrown away.")
@click.option("--check", "wanted", is_flag=True, help="Compare every expectation; exit 3 if one does not hold.")
def play(story: str, into: str | None, wanted: bool) -> Exit:
    """Make a ledger out of a story: every fact signed by its own actor, at the story's clock.

    Keys are made from the story's own words and lie open in the ledger, named PUBLIC. Nothing in such a ledger is
    evidence of anything, and everything made from it says TEST.
    """
    from cli.stories.model import read_story
    from cli.stories.player import perform

    told = read_story(file_io.read(story), story)
    with place(into) as folder:
        played = perform(told, folder)
        outcomes = list(_checked(played)) if wanted else []
        entries = len(told.facts)
    report(told, into, outcomes, entries, played.orders)
    return Exit.FINDINGS if any(o.differs for o in outcomes) else Exit.DONE


def _checked(played: Played) -> Iterator[Outcome]:
    from cli.stories.expectations import check

    yield from check(played)


def report(story: Story, into: str | None, outcomes: list[Outcome], facts: int, orders: dict[str, str]) -> None:
    """Say what was made, and of every expectation whether it holds."""
    document = {
        "story": story.story,
        "title": story.title,
        "ledger": into,
        "facts": facts,
        "orders": orders,
        "expectations": [{"about": o.about, "holds": not o.differs, "differs": list(o.differs)} for o in outcomes],
    }
    rows: list[tuple[str, str, str]] = []
    for o in outcomes:
        rows += [("differs", o.about, line) for line in o.differs] or [("holds", o.about, "")]

    def text() -> str:
        lines = [f"{story.story}: {story.title}"]
        if into is not None:
            lines.append(f"{output.counted(facts, 'fact')} recorded in {into}")
            lines += [f"  order {name:<12} {order}" for name, order in orders.items()]
        for verdict, about, says in rows:
            mark = output.paint("holds  ", "green") if verdict == "holds" else output.paint("differs", "bold red")
            lines.append(f"{mark}  {about}{': ' + says if says else ''}")
        return "\n".join(lines)

    output.emit("play", document, ("verdict", "about", "says"), rows, text=text)


@contextmanager
def place(into: str | None) -> Iterator[Path]:
    """A folder to make something in: it becomes `into` when all is done, and is gone if that is None or it fails.

    What a process left that was killed while it made the same is removed first.
    """
    if into is None:
        with tempfile.TemporaryDirectory(prefix="comity-") as made:
            yield Path(made) / "ledger"
        return
    folder = check_free(into)
    making, lock = _begun(folder.absolute().parent, f".{folder.name}.making-")
    try:
        yield making
        try:
            os.replace(making, folder)  # an empty folder of that name gives way
        except OSError as error:
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR):
                raise
            raise _taken(into) from None
        sync_folder(folder.absolute().parent)
    except BaseException:
        shutil.rmtree(making, ignore_errors=True)
        raise
    finally:
        os.close(lock)


def _begun(beside: Path, prefix: str) -> tuple[Path, int]:
    """A new folder, held by this process; those of the same name that no process holds any more are removed."""
    for left in beside.glob(f"{glob.escape(prefix)}*"):
        if (lock := _held(left)) is not None:
            shutil.rmtree(left, ignore_errors=True)
            os.close(lock)
    while True:
        making = Path(tempfile.mkdtemp(prefix=prefix, dir=beside))
        lock = _held(making)
        if lock is not None:
            return making, lock


def _held(folder: Path) -> int | None:
    """A descriptor that holds a folder; None if another process holds it, or it is gone."""
    try:
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.stat(folder), os.fstat(lock)):
            return lock
    except OSError:
        pass
    os.close(lock)
    return None


def check_free(into: str) -> Path:
    """A folder that can be made: it is not there, or empty, and something can be written beside it."""
    folder = Path(into)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise _taken(into)
    beside = folder.absolute().parent
    beside.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=beside):
        return folder


def _taken(into: str) -> Stop:
    return Stop(f"{into} is there already, and is not empty", hint="choose another folder", code=Exit.REFUSED)
