"""A view is said to answer, to be made, or to be of another version."""

from __future__ import annotations

import pytest

from cli.commands.views import ViewItem, ViewsAnswer, _text


def item(*, current: bool = True, answers: bool = True) -> ViewItem:
    return ViewItem("views.db", 9, "abcd", current, answers, 5, 1)


SAYS = "views.db: 5 of 7 entries, 1 order, rules abcd"


@pytest.mark.parametrize(
    ("views", "lines"),
    [
        ([], ["There is no view yet: the next list makes it."]),
        ([item()], [SAYS]),
        ([item(current=False)], [f"{SAYS}; of another version of comity: the next list makes it again"]),
        (
            [item(), item(answers=False), item(current=False, answers=False)],
            [SAYS, *[f"{SAYS}; being made, or interrupted: --rebuild continues it"] * 2],
        ),
    ],
)
def test_each_view_is_a_line(views: list[ViewItem], lines: list[str]) -> None:
    assert _text(ViewsAnswer(7, views)).split("\n") == lines
