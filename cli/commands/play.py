"""`comity play`: make a ledger from a story, and compare it with the story's expectations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click
from msgspec import Struct

from cli.click_extensions import command
from cli.exit_codes import Exit
from cli.stories.model import Story, read_story
from cli.stories.player import PlayedStory, play_story
from cli.terminal import file_io, output
from cli.terminal.answer import CommandAnswer
from ledger.adapters.folders.new_folder import new_folder

if TYPE_CHECKING:
    from cli.stories.expectations import Outcome


class ExpectationItem(Struct, frozen=True):
    """One expectation of a story, and what differs from it."""

    about: str
    holds: bool
    differs: list[str]


class PlayAnswer(CommandAnswer, tag="comity.play/1"):
    """The ledger made of a story: the number of its facts, the id of each order by label, and the expectations."""

    story: str
    title: str
    ledger: str | None
    facts: int
    orders: dict[str, str]
    expectations: list[ExpectationItem]


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
    parsed_story = read_story(file_io.read(story), story)
    with new_folder(into) as folder:
        played = play_story(parsed_story, folder)
        outcomes = list(_checked(played)) if wanted else []
        entries = len(parsed_story.facts)
    report(parsed_story, into, outcomes, entries, played.orders)
    return Exit.FINDINGS if any(o.differs for o in outcomes) else Exit.DONE


def _checked(played: PlayedStory) -> Iterator[Outcome]:
    from cli.stories.expectations import check

    yield from check(played)


def report(story: Story, into: str | None, outcomes: list[Outcome], facts: int, orders: dict[str, str]) -> None:
    """Print what was made, and for every expectation whether it holds."""
    answer = PlayAnswer(
        story=story.story,
        title=story.title,
        ledger=into,
        facts=facts,
        orders=orders,
        expectations=[ExpectationItem(o.about, not o.differs, list(o.differs)) for o in outcomes],
    )
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

    output.emit(answer, ("verdict", "about", "says"), rows, text=text)
