"""Find the data files that ship with the program: stories, published figures, the verifier page."""

from pathlib import Path

TREE = Path(__file__).parents[1]


def shipped(path: str) -> Path:
    """Return where a shipped file is: in the package `comity` of an installed wheel, else in the source tree.

    `path` is relative to the source tree. The file need not exist: the verifier page is built (`make browser`).
    """
    installed = TREE / "comity" / "shipped"
    return (installed if installed.is_dir() else TREE) / path
