"""Fixtures: the signing page, built once."""

from __future__ import annotations

from tests.browser.sign.conftest import signing_page

__all__ = ["signing_page"]
