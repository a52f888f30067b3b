"""Make a PDF report on this machine: check the extra `pdf`, find its fonts, and attach a bundle."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import entry_points, version
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from cli.exit_codes import Exit, Stop
from cli.terminal import file_io, prompts
from cli.terminal.output import file_name

if TYPE_CHECKING:
    from typst import Fonts

    from projections.render.html import Report

PRINT = "`pip install 'comity[pdf]'`; or print the page: --format html, then the browser's print to PDF"

# Packages with font files and without an entry point; those of the fontpkg family have one.
SILENT = tuple(f"pylopdf_fonts_{lang}" for lang in ("ar", "cjk", "he", "hi", "jp", "ko", "th", "zh_cn", "zh_tw"))
# The package with a font for a script, by the Unicode name of the script.
PACKAGES = {
    "Hangul": "pylopdf-fonts-ko",
    "Khmer": "fontpkg-noto-sans-khmer",
    "Tamil": "fontpkg-noto-sans-tamil",
    "Telugu": "fontpkg-noto-sans-telugu",
    "Thai": "fontpkg-noto-sans-thai",
    "Bopomofo": "pylopdf-fonts-zh-tw",
    "Cjk": "pylopdf-fonts-zh-tw",
    "Arabic": "fontpkg-noto-sans-arabic",
    "Hebrew": "pylopdf-fonts-he",
    "Devanagari": "fontpkg-noto-sans-devanagari",
    "Hiragana": "pylopdf-fonts-cjk",
    "Katakana": "pylopdf-fonts-cjk",
    "Latin": "fontpkg-noto-sans",
    "Greek": "fontpkg-noto-sans",
    "Cyrillic": "fontpkg-noto-sans",
}


@dataclass(frozen=True, slots=True)
class Bundle:
    """An evidence bundle as read from a file; `head` is the note of its checkpoint."""

    name: str
    data: bytes
    head: bytes


def as_paper(report: Report, bundle: Bundle | None, fonts: str | None, *, lang: str = "en") -> bytes:
    """Return a report as PDF; `fonts` is a folder with fonts in addition to those of installed packages.

    A bundle is attached to it. `Stop` if no font has a
    character.
    """
    at_hand = fonts_at_hand(fonts)
    from projections.render.pdf import Attachment, NoGlyph, paper

    paper = prompts.working("setting the paper")(paper)
    try:
        if bundle is None:
            return paper(report, at_hand, lang=lang)
        with TemporaryDirectory(prefix="comity-paper-") as folder:
            (Path(folder) / "attached").write_bytes(bundle.data)
            digest = sha256(bundle.data).hexdigest()
            carried = Attachment(bundle.name, len(bundle.data), digest, folder)
            return paper(report, at_hand, carried, lang=lang)
    except NoGlyph as absent:
        package = PACKAGES.get(absent.script or "")
        get = f"`pip install {package}`" if package else "get a Noto Sans font for it"
        hint = f"{get}, or name a folder with a font that has it: --fonts DIR; --format html needs none"
        raise Stop(str(absent), hint=hint, code=Exit.UNDECIDABLE) from None


def fonts_at_hand(fonts: str | None) -> Fonts:
    """Return the fonts for a PDF, those of the folder `fonts` included; `Stop` without the extra or Noto Sans."""
    try:
        import typst

        import projections.render.pdf  # noqa: F401 - fail here if the extra is missing
    except ModuleNotFoundError as absent:
        raise lacking(absent) from None
    places = [*folders(), *([] if fonts is None else [fonts])]
    at_hand = typst.Fonts(include_system_fonts=False, font_paths=places)
    if "Noto Sans" not in at_hand.families():
        raise Stop("a PDF needs the font Noto Sans", hint=PRINT, code=Exit.UNDECIDABLE)
    return at_hand


def folders() -> Iterator[str]:
    """Yield the folders of installed packages that contain fonts."""
    modules = {e.value for e in entry_points(group="fontpkg.family")}
    for module in sorted(modules | set(SILENT)):
        spec = find_spec(module)
        if spec is not None and spec.submodule_search_locations:
            yield from spec.submodule_search_locations


def renderer(medium: str) -> str:
    """Return the renderer in a report's code, with its version: `.typst-0.15.2`; empty for JSON."""
    program = {"pdf": "typst", "html": "jinja2"}.get(medium)
    return "" if program is None else f".{program}-{version(program)}"


def read_bundle(file: str, order: str) -> Bundle:
    """Return the evidence bundle of an order from a file; `Stop` if it is about another order.

    It is not verified here: `comity verify` does that.
    """
    from ledger.bundle.archive import unpack
    from ledger.bundle.layout import MANIFEST, folder
    from ledger.bundle.manifest import open_manifest

    data = file_io.read(file)
    files = unpack(data)
    manifest = open_manifest(files[MANIFEST])
    about = manifest.order
    if about != order:
        raise Stop(
            f"{file} is the bundle of another order, {about}", hint="`comity export` makes the one of this order"
        )
    name = file_name(file).replace("\\", "_")  # the name of an attached file is a path to typst
    return Bundle(name, data, files[f"{folder(manifest.log)}/checkpoint"])


def lacking(absent: ModuleNotFoundError) -> Exception:
    """Return the error for a missing extra `pdf`; the error itself if another module is missing."""
    if absent.name != "typst":
        return absent
    return Stop(f"a PDF needs the extra pdf: {absent.name} is not here", hint=PRINT, code=Exit.UNDECIDABLE)
