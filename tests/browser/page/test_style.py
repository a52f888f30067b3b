"""The styles of desk and reports: built from pinned packages, small, and with nothing that claims to be official."""

from __future__ import annotations

import json
import re

import pytest

from browser import style
from browser.packages import HERE

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def styles() -> dict[str, str]:
    return style.styles()


def test_a_style_is_built_the_same_way_every_time(styles: dict[str, str]) -> None:
    assert style.styles() == styles


def test_no_style_names_the_typeface_the_crest_or_a_file_of_gov_uk(styles: dict[str, str]) -> None:
    for css in styles.values():
        assert not re.search(r"GDS|Transport|crest|crown-|govuk-header|govuk-footer|@font-face|url\(|@import", css)


def test_every_style_holds_the_licence_of_what_is_in_it(styles: dict[str, str]) -> None:
    pinned = json.loads((HERE / "package-lock.json").read_text("utf-8"))["packages"]
    for css in styles.values():
        for name, holder in style.HOLDERS.items():
            assert f" * {name} {pinned[f'node_modules/{name}']['version']}: {holder}\n" in css
            assert pinned[f"node_modules/{name}"]["license"] == "MIT"
        assert "The above copyright notice and this permission notice shall be included in all copies" in css


def test_no_style_is_larger_than_its_limit(styles: dict[str, str]) -> None:
    assert {name: len(css) for name, css in styles.items() if len(css) > style.LARGEST} == {}


def test_a_bundle_has_the_components_that_its_texts_name_and_no_other() -> None:
    css = style.bundle(
        ['<strong class="govuk-tag govuk-tag--red">x</strong>'], ["p { color: var(--govuk-error-colour) }"]
    )
    assert ".govuk-tag--red" in css
    assert ".govuk-tag--green" not in css
    assert "vertical-align" not in css
    assert "--govuk-error-colour:" in css
