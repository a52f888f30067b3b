"""The generated reference pages are up to date."""

from __future__ import annotations

from tests.generate.reference import FOLDERS, PLACE, pages


def test_generated_pages_are_what_the_generator_makes() -> None:
    made = pages()
    kept = {str(path.relative_to(PLACE)) for folder in FOLDERS for path in (PLACE / folder).iterdir()}
    old = [
        name for name, text in made.items() if not (PLACE / name).exists() or (PLACE / name).read_text("utf-8") != text
    ]
    assert (old, sorted(kept - made.keys())) == ([], []), "python -m tests.generate.reference; then read the change"
