"""Write commands for a shell: the one place that quotes the words of a printed command."""

from __future__ import annotations

import shlex


def quoted(word: object) -> str:
    """Return one word of a command as a POSIX shell reads it back."""
    return shlex.quote(str(word))


def quoted_path(path: object) -> str:
    """Return a path as one word that no command reads as an option."""
    text = str(path)
    return quoted(f"./{text}" if text.startswith("-") else text)


def quoted_order(order: str, *names: str | None) -> str:
    """Return the first name of an order that a command line can have, else the beginning of its id."""
    return quoted(next((name for name in names if name and not name.startswith("-")), order[:8]))


def command_line(*words: object) -> str:
    """Return a command of `comity` with these words, to be pasted into a shell."""
    return " ".join(("comity", *map(quoted, words)))
