"""What paper needs of this machine: the extra `pdf`, the fonts its packages brought, and the bundle to attach."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import entry_points, version
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from cli.exit_codes import Exit, Stop
from cli.terminal import file_io, prompts

if TYPE_CHECKING:
    from typst import Fonts

    from projections.render.html import Report

PRINT = "`pip install 'comity[pdf]'`; or print the page: --format html, then the browser's print to PDF"

# Packages that hold font files and say so nowhere; those of the fontpkg family name themselves.
SILENT = tuple(f"pylopdf_fonts_{lang}" for lang in ("ar", "cjk", "he", "hi", "jp", "ko", "th", "zh_cn", "zh_tw"))
# Where the fonts for a writing come from, by the name Unicode gives it; those of the extra are not listed.
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
    """An evidence bundle as it was read; `head` is the note of its checkpoint."""

    name: str
    data: bytes
    head: bytes


def as_paper(
    report: Report, bundle: Bundle | None, fonts: str | None, *, lang: str = "en", theirs: Collection[str] = ()
) -> bytes:
    """A report as PDF with a bundle attached, set in the fonts of installed packages and of the folder `fonts`."""
    at_hand = fonts_at_hand(fonts)
    from projections.render.pdf import Attachment, NoGlyph, paper

    paper = prompts.working("setting the paper")(paper)
    try:
        if bundle is None:
            return paper(report, at_hand, lang=lang, theirs=theirs)
        with TemporaryDirectory(prefix="comity-paper-") as folder:
            (Path(folder) / "attached").write_bytes(bundle.data)
            digest = sha256(bundle.data).hexdigest()
            carried = Attachment(bundle.name, len(bundle.data), digest, folder)
            return paper(report, at_hand, carried, lang=lang, theirs=theirs)
    except NoGlyph as absent:
        package = PACKAGES.get(absent.script or "")
        get = f"`pip install {package}`" if package else "get a Noto Sans font for it"
        hint = f"{get}, or name a folder with a font that has it: --fonts DIR; --format html needs none"
        raise Stop(str(absent), hint=hint, code=Exit.UNDECIDABLE) from None


def fonts_at_hand(fonts: str | None) -> Fonts:
    """The fonts to set a PDF in, those of the folder `fonts` among them; `Stop` without the extra, or Noto Sans."""
    try:
        import typst

        import projections.render.pdf  # noqa: F401 - asked for now
    except ModuleNotFoundError as absent:
        raise lacking(absent) from None
    places = [*folders(), *([] if fonts is None else [fonts])]
    at_hand = typst.Fonts(include_system_fonts=False, font_paths=places)
    if "Noto Sans" not in at_hand.families():
        raise Stop("a PDF needs the font Noto Sans", hint=PRINT, code=Exit.UNDECIDABLE)
    return at_hand


def folders() -> Iterator[str]:
    """The folders of installed packages that hold fonts."""
    modules = {e.value for e in entry_points(group="fontpkg.family")}
    for module in sorted(modules | set(SILENT)):
        spec = find_spec(module)
        if spec is not None and spec.submodule_search_locations:
            yield from spec.submodule_search_locations


def renderer(medium: str) -> str:
    """Name and version of what sets a report, as its code carries it: `.typst-0.15.2`; empty for JSON."""
    program = {"pdf": "typst", "html": "jinja2"}.get(medium)
    return "" if program is None else f".{program}-{version(program)}"


def read_bundle(file: str, order: str) -> Bundle:
    """An evidence bundle to attach: read as one, and about this order; what it proves is for `comity verify`."""
    from ledger.bundle import unpack
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
    return Bundle(os.path.basename(file), data, files[f"{folder(manifest.log)}/checkpoint"])


def lacking(absent: ModuleNotFoundError) -> Exception:
    """What to say where a part of the extra is not installed; the error itself if it is something else."""
    if absent.name != "typst":
        return absent
    return Stop(f"a PDF needs the extra pdf: {absent.name} is not here", hint=PRINT, code=Exit.UNDECIDABLE)
