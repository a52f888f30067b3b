"""Moments on the page: one form, in the language of the page and the time zone of the reader."""

from __future__ import annotations

import json
import re
import subprocess

import pytest

from browser import build

MODULE = build.HERE / "page" / "moments.mjs"
ASK = "import {{ written }} from {module}; console.log(JSON.stringify({cases}.map((c) => written(...c))));"


def written(*cases: tuple[str, ...]) -> list[str]:
    code = ASK.format(module=json.dumps(MODULE.as_uri()), cases=json.dumps(cases))
    done = subprocess.run(
        ["node", "--input-type=module", "-e", code],
        capture_output=True,
        check=True,
        text=True,
    )
    found: list[str] = json.loads(done.stdout)
    return found


@pytest.mark.browser
def test_a_moment_is_in_the_language_of_the_page_and_in_the_zone_of_the_reader_which_it_names() -> None:
    morning, summer = "2027-03-01T09:40:00Z", "2027-07-14T23:40:05Z"
    assert written((morning, "en", "UTC"), (morning, "de", "Europe/Berlin"), (morning, "fr", "Europe/Paris")) == [
        "1 March 2027 at 09:40 UTC",
        "1. März 2027 um 10:40 MEZ",
        "1er mars 2027 à 10:40 UTC+1",
    ]
    assert written((summer, "de", "Europe/Berlin")) == ["15. Juli 2027 um 01:40:05 MESZ"]


@pytest.mark.browser
def test_a_day_has_no_zone_and_other_text_stays_as_it_is() -> None:
    assert written(("2027-03-01", "fr", "America/New_York"), ("2027-03-11", "fr")) == ["1er mars 2027", "11 mars 2027"]
    assert written(("no day", "de")) == ["no day"]


def test_each_text_that_says_a_moment_of_the_wire_marks_its_place() -> None:
    """The texts of the checks get moments from `wire`; those of the page from entries and the manifest."""
    named = re.compile(r"\['([a-z0-9-]+)',[^\]]*\b(?:wire\(|entry\.on\b|signed_at\b|made_at\b)")
    texts = build.languages()["en"]
    for source in (*build.HERE.glob("check/**/*.mjs"), *build.HERE.glob("page/*.mjs")):
        for key in named.findall(source.read_text("utf-8")):
            if key in LISTS:
                continue
            assert ":moment}" in (texts["checks"].get(key) or texts["page"][key]), f"{source}: {key}"


LISTS = {"token-disagree", "unproven-absence"}  # values that hold moments among other words
