"""A PDF needs its extra, a font with every letter, and the bundle of the same order."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cli.exit_codes import Exit, Stop
from cli.reports import pdf
from cli.reports.pdf import PACKAGES, PRINT, SILENT, Bundle, as_paper, folders, lacking, read_bundle, renderer


def test_the_renderer_of_a_medium_has_its_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "version", lambda name: f"1.{len(name)}")
    assert [renderer(each) for each in ("pdf", "html", "json", "case")] == [".typst-1.5", ".jinja2-1.6", "", ""]


def test_only_the_missing_extra_is_said_to_be_missing() -> None:
    ours = ModuleNotFoundError("no", name="projections.gone")
    assert lacking(ours) is ours
    stop = lacking(ModuleNotFoundError("no", name="typst"))
    assert isinstance(stop, Stop)
    assert (stop.message, stop.hint, stop.code) == (
        "a PDF needs the extra pdf: typst is not here", PRINT, Exit.UNDECIDABLE,
    )  # fmt: skip


def test_fonts_are_those_of_installed_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    known: dict[str, Any] = {
        "font_a": SimpleNamespace(submodule_search_locations=["/a"]),
        SILENT[0]: SimpleNamespace(submodule_search_locations=["/silent", "/more"]),
        "single_file": SimpleNamespace(submodule_search_locations=None),
    }
    monkeypatch.setattr(pdf, "find_spec", known.get)
    values = [SimpleNamespace(value=name) for name in ("font_a", "single_file", "gone", "font_a")]
    monkeypatch.setattr(pdf, "entry_points", lambda group: values if group == "fontpkg.family" else [])
    assert list(folders()) == ["/a", "/silent", "/more"]


@pytest.mark.parametrize("given", [None, "mine"])
def test_fonts_at_hand_are_the_installed_and_the_given_ones_and_have_noto_sans(
    given: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    typst = pytest.importorskip("typst", reason="needs the extra `pdf`")
    families = ["Noto Serif", "Noto Sans"]
    monkeypatch.setattr(typst, "Fonts", lambda **said: SimpleNamespace(families=lambda: families, said=said))
    monkeypatch.setattr(pdf, "folders", lambda: iter(["a", "b"]))
    found: Any = pdf.fonts_at_hand(given)
    assert found.said == {"include_system_fonts": False, "font_paths": ["a", "b", *([given] if given else [])]}
    families.pop()
    with pytest.raises(Stop) as stopped:
        pdf.fonts_at_hand(given)
    assert (stopped.value.message, stopped.value.code) == ("a PDF needs the font Noto Sans", Exit.UNDECIDABLE)
    assert stopped.value.hint == pdf.PRINT


@pytest.mark.parametrize("manifest", ["order-1", "order-2"])
def test_a_bundle_of_another_order_is_not_attached(
    manifest: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a\\b.zip"
    file.write_bytes(b"zip")
    monkeypatch.setattr(
        "ledger.bundle.archive.unpack", lambda data: {"manifest.dsse.json": data, "log/checkpoint": b"n"}
    )
    about = SimpleNamespace(order=manifest, log="log.example")
    monkeypatch.setattr("ledger.bundle.manifest.open_manifest", lambda raw: about)
    monkeypatch.setattr("ledger.bundle.layout.folder", lambda log: "log")
    if manifest == "order-1":
        assert read_bundle(str(file), "order-1") == Bundle("a_b.zip", b"zip", b"n")
        return
    with pytest.raises(Stop, match="is the bundle of another order, order-2"):
        read_bundle(str(file), "order-1")


# -- setting -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def paper(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Return what the typesetter is asked; it finds no glyph for the letters of another report."""
    module = pytest.importorskip("projections.render.pdf", reason="needs the extra `pdf`")
    asked: list[Any] = []

    def sets(report: Any, fonts: Any, carried: Any = None, *, lang: str) -> bytes:
        inside = None
        if carried is not None:
            inside = (carried.name, carried.size, carried.sha256, (Path(carried.folder) / "attached").read_bytes())
        asked.append((report, fonts, inside, lang))
        if report != "report":
            raise module.NoGlyph(report)
        return b"%PDF"

    monkeypatch.setattr(module, "paper", sets)
    monkeypatch.setattr(pdf, "fonts_at_hand", lambda fonts: f"fonts of {fonts}")
    return asked


def set_(report: str, bundle: Bundle | None = None) -> bytes:
    given: Any = report
    return as_paper(given, bundle, "fonts/", lang="de")


def test_a_paper_is_set_with_its_bundle_inside(paper: list[Any]) -> None:
    assert set_("report") == b"%PDF"
    assert set_("report", Bundle("a.zip", b"bundle", b"note")) == b"%PDF"
    inside = ("a.zip", 6, sha256(b"bundle").hexdigest(), b"bundle")
    assert paper == [
        ("report", "fonts of fonts/", None, "de"),
        ("report", "fonts of fonts/", inside, "de"),
    ]


@pytest.mark.parametrize(
    ("letters", "get"),
    [
        ("\u0e01", f"`pip install {PACKAGES['Thai']}`"),
        ("\u16a0", "get a Noto Sans font for it"),  # a rune, for which no package is named
        ("\u2603", "get a Noto Sans font for it"),  # a symbol
    ],
)
def test_a_letter_without_a_font_names_the_package_that_has_one(letters: str, get: str, paper: list[Any]) -> None:
    with pytest.raises(Stop, match="no font here has") as stopped:
        set_(letters)
    assert stopped.value.hint.startswith(get)
    assert stopped.value.code is Exit.UNDECIDABLE
