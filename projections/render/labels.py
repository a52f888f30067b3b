"""The labels of a paper: the places to which its numbers and titles lead, for HTML and PDF from one function."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from projections.reports.hearing.hearing_bundle import Hearing
from projections.reports.history import History
from projections.reports.replay import Replay

# The sections that a template may give a label, whichever of them the paper has.
SECTIONS: Final = (
    *("title", "custody", "files", "disputes", "story", "entries", "findings", "check"),
    *("criteria", "periods", "rules", "row", "duties", "questions", "held", "reads", "replay", "moments"),
)


def labels(report: object) -> tuple[str, ...]:
    """Return every label of a paper; no other may be used. Raises ValueError if two places would have the same one."""
    story = getattr(report, "story", None)
    documents = report.documents if isinstance(report, Hearing) else ()
    listed = "entries" in {d.id for d in documents} or not documents  # with what each entry states
    whole = report.making.reveal if isinstance(report, Replay) else listed
    events = story.events if isinstance(story, History) else ()
    return _each_once(
        (
            *SECTIONS,
            *(f"document-{d.id}" for d in documents),
            *(f"entry-{e.number}" for e in events if whole or not e.arrival),
        )
    )


def _each_once(names: Iterable[str]) -> tuple[str, ...]:
    given: dict[str, None] = {}
    for name in names:
        if name in given:
            raise ValueError(f"two places of a paper would have the label {name}")
        given[name] = None
    return tuple(given)


class Places:
    """Give out the labels of one paper to the places of its template, each label once."""

    def __init__(self, report: object) -> None:
        self._free = dict.fromkeys(labels(report))
        self._all = frozenset(self._free)

    def __contains__(self, label: object) -> bool:
        return label in self._all

    def __call__(self, label: str) -> str:
        """Return a label for the place where the template is. Raises ValueError if it is not given out again."""
        if label not in self._free:
            raise ValueError(f"the label {label} is no label of this paper, or was given to another place")
        del self._free[label]
        return label
