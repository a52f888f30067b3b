"""Lines of a chart can be distinguished without colour, and the words below say which is which and what is missing."""

from __future__ import annotations

from projections.drawings.charts import describe_plot, legend, plot


def test_two_lines_differ_by_dash_and_by_mark_and_the_legend_names_both() -> None:
    drawn = plot({"this record": {"2026-H1": 0.25, "2026-H2": 0.5}, "published": {"2026-H1": 0.75, "2026-H2": 0.8}})
    assert drawn is not None
    assert [(line.dash, line.filled) for line in drawn.lines] == [("", True), ("6 4", False)]
    assert legend(drawn) == (
        "Filled marks, whole line: this record. Open marks, dashed line: published. "
        "A half year whose share is withheld has no mark."
    )
    assert describe_plot(drawn).startswith("2 half years of this record; 2 half years of published.")
    assert [point.says for line in drawn.lines for point in line.points] == [
        "this record, 2026-H1: 25.0%",
        "this record, 2026-H2: 50.0%",
        "published, 2026-H1: 75.0%",
        "published, 2026-H2: 80.0%",
    ]


def test_half_years_without_any_value_are_named_below_the_chart() -> None:
    drawn = plot({"one": {"2026-H1": 0.0, "2027-H2": 1.0}, "two": {"2026-H2": 0.5}})
    assert drawn is not None
    assert drawn.missing == ("between 2026-H2 and 2027-H2",)
    assert "No figures between 2026-H2 and 2027-H2: those half years are left out." in legend(drawn)
