"""Custody as a chain of hands: each exhibit from office to office, each step with its digest and what came of it.

The picture is made of the steps of custody and states nothing that they do not state. A digest that differs breaks the
chain. A replaced step is struck through and moves nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Final

from ledger.messages import Message, Moment
from projections.drawings.picture import LINE, Canvas, Picture, Spoken, breadth, joined, said, wrapped

MOST: Final = 60  # steps; of more, runs of steps at one hand are drawn as one
RUN: Final = 3  # steps at one hand that are drawn one by one even then
RAIL: Final = 14.0  # the place of the chain
TEXT: Final = 34.0  # where the words of a step begin
SHAPES: Final = {
    "equal": ("circle", "full"),
    "differs": ("cross", "line"),
    "first stated": ("diamond", "full"),
    "not comparable": ("circle", "paper"),
    "no digest": ("circle", "paper"),
    "[sealed]": ("square", "paper"),
    "[erased]": ("square", "paper"),
}


@dataclass(frozen=True, slots=True)
class ChainStep:
    """Hold one step: entry, moment (UTC), kind in few words, who gave and received, or who held throughout.

    `compared` is the result of the comparison, `check` what the entry states. `digest` is the beginning of the digest
    of the first file, as far as it is opened, and `more` the number of others. `gave` and `took` say whether each side
    has signed for a hand-over; `confirms`: the step states the transfer before it once more, from the other side.
    """

    number: str
    on: datetime
    what: str
    released_by: str | None
    received_by: str | None
    held_by: str | None
    compared: str
    check: str | None
    digest: str
    more: int
    replaced_by: str | None = None
    replaced_who: str = ""
    gave: bool = True
    took: bool = True
    confirms: bool = False


@dataclass(frozen=True, slots=True)
class CustodyChain:
    """Hold the steps of one exhibit; `copy_of` is the exhibit that it is a copy of, None: it is none."""

    exhibit: str | None
    copy_of: str | None
    steps: tuple[ChainStep, ...]


@dataclass(frozen=True, slots=True)
class ChainDrawing:
    """Hold one chain for each exhibit."""

    chains: tuple[CustodyChain, ...]


def steps_of(drawn: ChainDrawing) -> Iterator[ChainStep]:
    """Yield every step of every chain."""
    for chain in drawn.chains:
        yield from chain.steps


def describe_chains(drawn: ChainDrawing) -> list[str]:
    """Describe the picture, in sentences, for readers who do not see it."""
    steps, chains = sum(len(c.steps) for c in drawn.chains), len(drawn.chains)
    sentences = [
        Message(
            f"{{0}} {'step' if steps == 1 else 'steps'} of custody in {{1}} {'chain' if chains == 1 else 'chains'}.",
            steps,
            chains,
        )
    ]
    standing = [s for s in steps_of(drawn) if s.replaced_by is None]
    if differs := list(dict.fromkeys(s.number for s in standing if s.compared == "differs")):
        sentences.append(Message("A digest DIFFERS at entry {0}.", ", ".join(differs)))
    if gone := list(dict.fromkeys(s.number for s in steps_of(drawn) if s.replaced_by is not None)):
        sentences.append(Message("Replaced and not counted: entry {0}.", ", ".join(gone)))
    return [*sentences, Message("The custody record says the same in words.")]


def chain_caption(drawn: ChainDrawing) -> list[str]:
    """Return the sentences below the picture: how to read its marks."""
    results = {s.compared for s in steps_of(drawn)}
    sentences: list[str] = [Message("From hand to hand, from above to below; times are UTC.")]
    if "equal" in results:
        sentences.append(Message("A filled circle: the digest equals the one first stated."))
    if "first stated" in results:
        sentences.append(Message("A filled diamond: a digest is stated for the first time."))
    if "differs" in results:
        sentences.append(Message("A cross in a gap: the digest differs, and the chain is broken there."))
    if results & {"no digest", "not comparable"}:
        sentences.append(Message("An open circle: nothing was compared."))
    if results & {"[sealed]", "[erased]"}:
        sentences.append(Message("An open square: a digest is stated and cannot be read here."))
    if any(not s.took and s.replaced_by is None for s in steps_of(drawn)):
        sentences.append(Message("A dashed frame: the office has not signed that it received."))
    if any(s.replaced_by is not None for s in steps_of(drawn)):
        sentences.append(Message("Struck through: replaced by its own signer, and not counted."))
    return sentences


def chain_lines(drawn: ChainDrawing, spoken: Spoken) -> list[str]:
    """Return every step in words."""
    return [" ".join(_sentence(s, spoken)) for s in steps_of(drawn)]


def _sentence(s: ChainStep, spoken: Spoken) -> Iterator[str]:
    yield f"{spoken.say('Entry')} {s.number}, {spoken.words(_iso(s.on))}: {spoken.words(s.what)};"
    if s.held_by is not None:
        yield f"{spoken.say('held by')} {s.held_by};"
    else:
        unknown = spoken.say("not stated")
        yield f"{spoken.say('released by')} {s.released_by or unknown}, {spoken.say('received by')}"
        yield f"{s.received_by or unknown};"
    yield _result(s, spoken) + ("." if s.replaced_by is None else ";")
    if s.replaced_by is not None:
        yield f"{spoken.say('REPLACED by entry {0}', s.replaced_by)}, {s.replaced_who}."


def _result(s: ChainStep, spoken: Spoken) -> str:
    """Return the digest and the result of its comparison in words."""
    words = {
        "differs": "DIFFERS",
        "no digest": Message("no digest is stated, nothing was compared"),
        "not comparable": Message("not comparable with what was first stated"),
        "[sealed]": Message("the digest is sealed and not readable here"),
        "[erased]": Message("the digest is erased and not readable"),
    }
    readable = s.compared not in ("no digest", "[sealed]", "[erased]")
    digest = (s.digest or f"{spoken.say('digest')} [sealed]") if readable else ""
    more = spoken.words(Message("and {0} more", s.more)) if digest and s.more else ""
    claim = "" if s.check is None else f"{spoken.say('the entry says')}: {spoken.say(s.check)}"
    compared = spoken.say(words.get(s.compared, s.compared))
    taken = "" if s.took else spoken.words(Message("the receiver has not confirmed"))
    given = "" if s.gave else spoken.words(Message("the giver has not signed"))
    return joined((" ".join(filter(None, (digest, more))), compared, claim, taken, given))


def _iso(moment: datetime) -> Moment:
    return Moment(f"{moment:%Y-%m-%d %H:%M:%S}".removesuffix(":00"))


# -- the parts of a chain, from above to below -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Part:
    """Hold one part of the picture: `head`, `hand`, `jump`, `step` or `run`; its words are (text, of another)."""

    sort: str
    words: tuple[tuple[str, bool], ...] = ()
    step: ChainStep | None = None
    enters: bool = False  # an arrow leads to this hand
    signed: bool = True  # the office of this hand has signed that it got there


def _parts(chain: CustodyChain, spoken: Spoken, brief: bool) -> Iterator[Part]:
    yield Part("head", tuple(_title(chain, spoken)))
    at: str | None = None
    legs: list[ChainStep] = []  # the steps of the hand-over that is being drawn
    begun = False

    def hand(name: str | None, *, enters: bool, signed: bool = True) -> Part:
        words = ((name, True) if name else (spoken.words(Message("not stated")), False),)
        return Part("hand", words, enters=enters, signed=signed)

    def arrival() -> Iterator[Part]:
        nonlocal at, begun
        if legs:
            at = next((s.received_by for s in reversed(legs) if s.received_by), None)
            signed = any(s.took for s in legs)
            legs.clear()
            yield hand(at, enters=True, signed=signed)

    for s in _brief(chain.steps) if brief else chain.steps:
        if isinstance(s, tuple):
            text = spoken.words(
                Message("Entries {0} to {1}: {2} steps at this hand", s[0].number, s[-1].number, len(s))
            )
            yield Part("run", ((text, False),))
            continue
        if s.replaced_by is not None:
            yield Part("step", step=s)
            continue
        if s.held_by is not None:
            yield from arrival()
            if not begun or s.held_by != at:
                if begun:
                    yield Part("jump", ((spoken.words(Message("no hand-over in between is shown here")), False),))
                yield hand(s.held_by, enters=False)
            at, begun = s.held_by, True
            yield Part("step", step=s)
            continue
        if not (legs and _one_hand_over(legs, s)):
            yield from arrival()
            if not begun or (s.released_by is not None and s.released_by != at):
                if begun:
                    yield Part("jump", ((spoken.words(Message("no hand-over in between is shown here")), False),))
                yield hand(s.released_by, enters=False)
        begun = True
        legs.append(s)
        yield Part("step", step=s)
    yield from arrival()


def _one_hand_over(legs: Sequence[ChainStep], s: ChainStep) -> bool:
    """Return True if a step states once more, from its own side, the hand-over that the steps before it state."""
    takers = {x.received_by for x in legs} - {None}
    same = legs[0].released_by == s.released_by and takers <= {s.received_by}
    return same and (s.confirms or legs[-1].what != s.what)


def _brief(steps: Sequence[ChainStep]) -> Iterator[ChainStep | tuple[ChainStep, ...]]:
    """Yield the steps, long runs of steps at one hand in which no digest differs as one."""
    for hand, group in groupby(steps, key=_hand_of_run):
        run = list(group)
        yield from run if hand is None or len(run) <= RUN else (run[0], tuple(run[1:]))


def _hand_of_run(s: ChainStep) -> str | None:
    """Return who holds at a step that may be drawn with its neighbours; None for every other step."""
    return s.held_by if s.replaced_by is None and s.compared != "differs" else None


def _title(chain: CustodyChain, spoken: Spoken) -> Iterable[tuple[str, bool]]:
    if chain.exhibit is None:
        yield spoken.words(Message("The exhibit is not named here")), False
        return
    yield spoken.say("Exhibit" if chain.copy_of is None else "Copy"), False
    yield chain.exhibit, True
    if chain.copy_of is not None:
        yield spoken.say("of"), False
        yield chain.copy_of, True


# -- places ------------------------------------------------------------------------------------------------------------


def chain_picture(drawn: ChainDrawing, spoken: Spoken, width: float) -> Picture | None:
    """Return the chains as a picture that can be cut between its parts; None where they are too long for one."""
    brief = sum(len(c.steps) for c in drawn.chains) > MOST
    parts = [p for c in drawn.chains for p in _parts(c, spoken, brief)]
    if len(parts) > 4 * MOST:
        return None
    canvas, y = Canvas(), 0.0
    for n, part in enumerate(parts):
        tall = _height(part, spoken, width)
        if n and parts[n - 1].sort != "head" and not part.enters:
            canvas.seams.append(y)
        follows = n + 1 < len(parts) and parts[n + 1].sort != "head"
        _draw(canvas, part, spoken, width, y, tall, follows=follows)
        y += tall
    return canvas.picture(
        width, y + 2, spoken.words(Message("The chain of custody")), said(spoken, describe_chains(drawn))
    )


def _text(s: ChainStep, spoken: Spoken) -> tuple[str, str]:
    silent = spoken.words(Message("released by: not stated")) if s.held_by is None and s.released_by is None else ""
    return joined((s.number, spoken.words(_iso(s.on)), spoken.words(s.what))), joined((_result(s, spoken), silent))


def _height(part: Part, spoken: Spoken, width: float) -> float:
    room = width - TEXT - 8
    match part.sort:
        case "head":
            return LINE * (1 + max(line for _, line, _, _ in _flowed(part.words, width))) + 10
        case "hand":
            return LINE * len(wrapped(part.words[0][0], width - 26)) + 10
        case "jump" | "run":
            return LINE * len(wrapped(part.words[0][0], room)) + 12
    assert part.step is not None  # noqa: S101 - the other parts are steps
    first, second = _text(part.step, spoken)
    lines = len(wrapped(first, room, bold=True)) + len(wrapped(second, room, bold=_breaks(part.step)))
    if part.step.replaced_by is not None:
        lines += 1 + len(wrapped(part.step.replaced_who, room))
    return LINE * lines + (28 if _breaks(part.step) else 18)


def _breaks(s: ChainStep) -> bool:
    """Return True if a step breaks the chain."""
    return s.compared == "differs" and s.replaced_by is None


def _flowed(words: Sequence[tuple[str, bool]], width: float) -> list[tuple[float, int, str, bool]]:
    """Place texts one after the other; a text that does not fit begins a new line.

    Each is returned as (x, line from 0, text, whether another party stated it).
    """
    placed: list[tuple[float, int, str, bool]] = []
    x, line = 0.0, 0
    for text, theirs in words:
        if x and x + breadth(text, bold=True) > width:
            x, line = 0.0, line + 1
        for n, piece in enumerate(wrapped(text, width, bold=True)):
            line += n > 0
            placed.append((x if n == 0 else 0.0, line, piece, theirs))
            x = (x if n == 0 else 0.0) + breadth(piece, bold=True) + 6
    return [(x, line, text, theirs) for x, line, text, theirs in placed]


def _draw(canvas: Canvas, part: Part, spoken: Spoken, width: float, y: float, tall: float, *, follows: bool) -> None:
    match part.sort:
        case "head":
            flowed = _flowed(part.words, width)
            for x, line, text, theirs in flowed:
                canvas.write(x, y + 13 + LINE * line, text, width, bold=True, theirs=theirs)
        case "hand":
            _hand(canvas, part, width, y, tall)
        case "jump":
            canvas.line((RAIL, y), (RAIL, y + tall), dash="2 4")
            canvas.write(TEXT, y + 16, part.words[0][0], width - TEXT - 8, soft=True)
        case "run":
            canvas.line((RAIL, y), (RAIL, y + tall if follows else y + 11), width=2)
            canvas.mark("square", RAIL, y + 11, 5, "pale")
            canvas.write(TEXT, y + 16, part.words[0][0], width - TEXT - 8)
        case _:
            assert part.step is not None  # noqa: S101 - the other parts are steps
            _step(canvas, part.step, spoken, width, y, tall, follows=follows)


def _hand(canvas: Canvas, part: Part, width: float, y: float, tall: float) -> None:
    name, theirs = part.words[0]
    lines = wrapped(name, width - 26)
    right = min(width - 1, 26 + max(breadth(line) for line in lines))
    if part.enters:
        canvas.mark("arrow", RAIL, y, 4)
    canvas.frame((1, y + 4, right, y + tall - 2), "paper", 1.5, "" if theirs and part.signed else "4 3")
    canvas.write(10, y + 18, name, width - 26, theirs=theirs, soft=not theirs)


def _step(canvas: Canvas, s: ChainStep, spoken: Spoken, width: float, y: float, tall: float, *, follows: bool) -> None:
    gone, differs = s.replaced_by is not None, _breaks(s)
    top, y = y - 2, y + 6 if differs else y
    bottom = top + tall + 2 if follows else y + 13
    room, middle = width - TEXT - 8, y + 13
    if differs:
        canvas.line((RAIL, top), (RAIL, middle - 11), width=2)
        canvas.line((RAIL, middle + 11), (RAIL, max(bottom, middle + 11)), width=2)
        for place in (middle - 10, middle + 10):
            canvas.line((RAIL - 8, place + 3), (RAIL + 8, place - 3), width=2)
        canvas.frame((TEXT - 6, y + 1, width - 1, top + tall - 4), "paper", 2)
    else:
        canvas.line((RAIL, top), (RAIL, bottom), width=2)
    shape, ink = SHAPES.get(s.compared, ("circle", "paper"))
    if gone:
        canvas.mark("circle", RAIL, middle, 5, "paper", "2 2")
    else:
        canvas.mark(shape, RAIL, middle, 6, ink)
    first, second = _text(s, spoken)
    base = canvas.write(TEXT, y + 17, first, room, bold=True, struck=gone)
    base = canvas.write(TEXT, base, second, room, struck=gone, bold=differs)
    if gone:
        base = canvas.write(TEXT, base, spoken.words(Message("REPLACED by entry {0}", s.replaced_by)), room)
        canvas.write(TEXT, base, s.replaced_who, room, theirs=True, soft=True)
