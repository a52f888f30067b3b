"""Published figures are read as they are: a range stays a range, a missing figure missing, a share an estimate."""

from __future__ import annotations

import pytest

from projections.statistics.published_figures import Figure, Total, by_period, read

GOOGLE = (
    'a,b,c,d,e,f,g\n30/6/13,Norway,NO,All,"1,200",50,30\n31/12/13,Norway,NO,All,,,\n'
    "1/7/13,Norway,NO,Preservation Requests,9,9,9\n"
)
FACEBOOK = (
    "\ufeffCountry,Requests,Accounts,Share\nNorway,16,20,31.00%\n"
    'United States,"11,000 - 12,000","20,000 - 21,000",79.00%\n'
    "None,,,\n"
)
TWITTER = "x,Country,Code,Requests,Share,Accounts\n,Norway,NO,7,42%*,9*\n,Chad,TD,-,-,-\n,Total,,7,42%,9\n"


@pytest.mark.parametrize(
    ("series", "content", "figures"),
    [
        (
            "google",
            GOOGLE.encode(),
            [
                Figure("2013-H1", "NO", "Norway", 1200, 1200, 50, 30),
                Figure("2013-H2", "NO", "Norway", 0, 0, None, None),
            ],
        ),
        (
            "facebook",
            FACEBOOK.encode(),
            [
                Figure("2013-H1", "", "Norway", 16, 16, 31, 20),
                Figure("2013-H1", "", "United States", 11_000, 12_000, 79, 20_000),
                Figure("2013-H1", "", "None", 0, 0, None, None),
            ],
        ),
        (
            "twitter",
            TWITTER.encode(),
            [
                Figure("2017-H1", "NO", "Norway", 7, 7, 42, 9),
                Figure("2017-H1", "TD", "Chad", 0, 0, None, None),
            ],
        ),
    ],
)
def test_each_company_is_read_in_its_format(series: str, content: bytes, figures: list[Figure]) -> None:
    assert read(series, content) == figures


def test_figures_are_added_up_by_half_year_the_oldest_first_and_shares_weighted_by_requests() -> None:
    rows = [
        Figure("2014-H1", "", "A", 10, 10, 50, None),
        Figure("2013-H2", "", "A", 0, 0, 90, None),
        Figure("2014-H1", "", "B", 30, 35, 90, None),
        Figure("2014-H1", "", "C", 100, 100, None, None),
    ]
    assert by_period(rows) == [
        Total("2013-H2", 0, 0, 0, None),
        Total("2014-H1", 140, 145, 40, pytest.approx(0.8)),  # type: ignore[arg-type]
    ]
    assert by_period([]) == []
