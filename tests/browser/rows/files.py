"""Hostile containers, lists and exhibits: Z1, Z2, Zb, Xh."""

from __future__ import annotations

import io
import random
import struct
import zipfile
from collections.abc import Callable
from typing import Any

from ledger.bundle import zip_profile
from ledger.bundle.archive import pack, unpack
from ledger.bundle.layout import sums
from ledger.bundle.repacked import reread
from ledger.trust.trust_folder import Trust
from tests.browser.rows.case import Case, CaseReader, Make, case
from tests.ledger.bundle.test_zip_profile import HEADER, NAMES, foreign, header, info, replaced
from tests.ledger.verify.test_bit_flips import three_entries, trust_of
from tests.ledger.verify.test_exhibits import KEY, NOTHING, ORDER_NOTHING, SPLIT, SPLIT_ORDER, TRUE, omitted, trust
from tests.ledger.verify.test_hostile import UNSIGNED
from tests.support.hash_log import HashLog
from tests.support.memory_ledger import Hand, Ledger, changed, hand, rezipped, small

DIRECTORY = b"PK\1\2"
BOMB = 64 << 20  # bytes of zeros, 65 kB deflated


# -- containers --------------------------------------------------------------------------------------------------------


def zipped(change: Callable[[bytes], bytes], code: str = "BND-ZIP") -> Make:
    """Change the archive of an honest bundle so that a lax reader would still find the bundle in it."""

    def make() -> Case:
        ledger, ilves = small()
        return case(change(ledger.bundle(ilves)), ledger, code)

    return make


def rewritten(
    *more: tuple[zipfile.ZipInfo, bytes], comment: bytes = b"", code: str = "BND-ZIP", **attributes: Any
) -> Make:
    """Put the files of an honest bundle into an archive of `zipfile`, with attributes and further files."""

    def change(data: bytes) -> bytes:
        files = [(info(path), content) for path, content in unpack(data).items()]
        last, content = files.pop()
        return foreign(*files, (info(last.filename, **attributes), content), *more, comment=comment)

    return zipped(change, code)


def named(name: str) -> Make:
    """Add a file of this name after those of a bundle, in header and directory."""
    stand_in = "x" * len(name.encode())

    def change(data: bytes) -> bytes:
        files = [(info(path), content) for path, content in unpack(data).items()]
        made = foreign(*files, (info(stand_in), b"x"))
        return made.replace(stand_in.encode(), name.encode()) if name else made

    return zipped(change)


def ended(change: Callable[[bytes], bytes]) -> Make:
    """Change the end record: 22 bytes."""
    return zipped(lambda data: data[:-22] + change(data[-22:]))


def gap(data: bytes) -> bytes:
    at = data.index(DIRECTORY)
    return data[:at] + b"gap" + data[at:-6] + struct.pack("<LH", at + 3, 0)


def overlapping(data: bytes) -> bytes:
    """Make the quoted-overlap bomb: a second record of the directory points into the file of another one."""
    at = data.index(DIRECTORY)
    records, end = data[at:-22], data[-22:]
    size = 46 + struct.unpack("<H", records[28:30])[0]
    again = bytearray(records[:size])
    again[46:size] = b"x" * (size - 46)
    count = struct.unpack("<H", end[10:12])[0] + 1
    made = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, len(records) + size, at, 0)
    return data[:at] + records + bytes(again) + made


def many(data: bytes) -> bytes:
    files = {**unpack(data), **{f"views/{n}.csv": b"" for n in range(10_001)}}
    return foreign(*((info(path), content) for path, content in files.items()))


def deflated(content: bytes) -> Make:
    return rewritten((info("views/zeros.csv", compress_type=zipfile.ZIP_DEFLATED), content), code="BND-MANIFEST")


def zipped_again(levels: int) -> bytes:
    """Make a bomb like 42.zip: archives in archives."""
    content = bytes(BOMB >> 4)
    for _ in range(levels):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for n in range(16):
                archive.writestr(f"{n}.zip", content)
        content = out.getvalue()
    return content


CONTAINERS: CaseReader = {
    "traversal": named("../up"),
    "traversal inside": named("a/../../up"),
    "absolute": named("/etc/passwd"),
    "a drive": named("C:/a"),
    "a backslash": named("a\\b"),
    "NUL": named("a\0b"),
    "a directory": named("a/"),
    "no ASCII": named("\u00e9"),
    **{f"a name, {what}": named(name) for what, name in NAMES.items() if what in ("empty", "hidden", "81 letters")},
    "twins in case": rewritten((info("Policy"), b"x")),
    "a file and a folder": rewritten((info("policy/a"), b"x")),
    "a name twice": rewritten((info("policy"), b"x")),
    "a symbolic link": rewritten(external_attr=0o120777 << 16),
    "deflated": rewritten(compress_type=zipfile.ZIP_DEFLATED, code="BND-REPACKED"),
    "a bomb": deflated(bytes(BOMB)),
    "a bomb of archives": zipped(lambda data: zipped_again(3)),
    "encrypted": zipped(replaced(HEADER, header(flags=1))),
    "a data descriptor": zipped(replaced(HEADER, header(flags=8))),
    "the flag of UTF-8": zipped(replaced(HEADER, header(flags=0x800))),
    "a time": zipped(replaced(HEADER, header(time=1)), "BND-REPACKED"),
    "made under Unix": rewritten(create_system=3, code="BND-REPACKED"),
    "an extra field": rewritten(extra=b"\1\0\2\0ab", code="BND-REPACKED"),
    "zip64": ended(lambda end: end[:8] + b"\xff" * 4 + b"\xff" * 8 + end[20:]),
    "overlapping": zipped(overlapping),
    "prepended": zipped(lambda data: b"MZ" + data),
    "another archive before it": zipped(lambda data: foreign((info("mimetype"), b"x")) + data),
    "appended": zipped(lambda data: data + b"\0"),
    "a comment": rewritten(comment=b"hello", code="BND-REPACKED"),
    "packed again with a file more": rewritten((info("views/more.csv"), b"x"), comment=b"x", code="BND-MANIFEST"),
    "a second volume": ended(lambda end: end[:4] + b"\1\0" + end[6:]),
    "header and record differ": zipped(lambda data: data[::-1].replace(b"ycilop", b"yciloP", 1)[::-1]),
    "sizes in the record differ": zipped(
        lambda data: data[: (at := data.index(DIRECTORY)) + 20] + b"\1\0\0\0" + data[at + 24 :]
    ),
    "a gap": zipped(gap),
    "10,001 files": zipped(many),
    "a wrong CRC": zipped(lambda data: data.replace(b"quorum none", b"quorum nine", 1)),
    "cut short": zipped(lambda data: data[:-1]),
    "nothing": zipped(lambda data: b""),
    "no archive": zipped(lambda data: b"x" * 1_000),
}  # fmt: skip


# -- lists -------------------------------------------------------------------------------------------------------------


def unsigned(what: str) -> Make:
    """Change files of a bundle without signing again, as anyone can."""

    def make() -> Case:
        ledger, ilves = small()
        return case(
            rezipped(ledger.bundle(ilves), lambda f: UNSIGNED[what][0](f, ledger.folder)), ledger, "BND-MANIFEST"
        )

    return make


def of_another_bundle() -> Case:
    ledger, ilves = small()
    other = unpack(ledger.bundle(ilves, "SP"))["manifest.dsse.json"]
    data = rezipped(ledger.bundle(ilves), lambda f: f.update({"manifest.dsse.json": other}))
    return case(data, ledger, "BND-MANIFEST")


def made_by(code: str, who: Callable[[Ledger, Hand], Hand], before: bool = False) -> Make:
    """Make a bundle by a person who may not make one at its head."""

    def make() -> Case:
        ledger, ilves = small()
        contents = ledger.contents() if before else None
        maker = who(ledger, ilves)
        return case(pack(contents or ledger.contents(), maker.signer("ISS")), ledger, code)

    return make


def enrolled(ledger: Ledger, _: Hand) -> Hand:
    return ledger.enrol("aspen", "XO", "ISS")


def revoked(ledger: Ledger, ilves: Hand) -> Hand:
    ledger.record(ledger.keeper, "key-revoked", {"actor": "ilves", "cause": "lost"})
    return ilves


def in_place_of_a_folder(path: str) -> Make:
    """Let the maker sign a bundle with a file whose name is that of a folder of the layout."""

    def make() -> Case:
        ledger, ilves = small()
        data = changed(ledger.bundle(ilves), lambda files: files.update({path: b"x"}), ilves.signer("ISS"))
        return case(data, ledger, "BND-MANIFEST")

    return make


LISTS: CaseReader = {
    **{
        f"a file named {path}": in_place_of_a_folder(path)
        for path in ("foreign", "documents", "views", "others", "map")
    },
    "a file nobody listed": unsigned("a file nobody listed"),
    "listed and missing": unsigned("a listed file is missing"),
    "the size right, the digest wrong": unsigned("other content of the same size"),
    "no manifest": unsigned("no manifest"),
    "an entry for a manifest": unsigned("an entry as manifest"),
    "sums of something else": unsigned("sums of something else"),
    "of another bundle": of_another_bundle,
    "a key that is valid later": made_by("KEY-UNKNOWN", enrolled, before=True),
    "a key of nobody": made_by("KEY-UNKNOWN", lambda ledger, _: hand("stranger")),
    "a key that had ended": made_by("KEY-ENDED", revoked),
}


# -- bits and cuts -----------------------------------------------------------------------------------------------------


def flipped(number: int) -> Make:
    """Flip one bit of the smallest bundle with an order, or cut the bundle; `number` decides which and where."""

    def make() -> Case:
        ledger, maker = three_entries()
        data = bytearray(ledger.bundle(maker))
        chance = random.Random(number)
        if number % 4:
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        else:
            del data[chance.randrange(len(data)) :]
        again = reread(bytes(data))
        return Case(bytes(data), "BND-REPACKED" if again else "BND-ZIP", trust_of(ledger))

    return make


def aside() -> Case:
    """Flip a bit that only the archive has: in the attributes of its first file."""
    ledger, maker = three_entries()
    data = bytearray(ledger.bundle(maker))
    data[data.index(b"PK\1\2") + 38] ^= 1
    return Case(bytes(data), "BND-REPACKED", trust_of(ledger))


def mended(number: int) -> Make:
    """Flip one bit of one file, and adapt the checksums and sums, as anyone without a key can."""

    def make() -> Case:
        ledger, maker = three_entries()
        files = dict(unpack(ledger.bundle(maker)))
        chance = random.Random(number)
        path = chance.choice(sorted(path for path in files if path not in ("mimetype", "SHA256SUMS")))
        content = bytearray(files[path])
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        files[path] = bytes(content)
        return Case(zip_profile.write({**files, "SHA256SUMS": sums(files)}), "BND-MANIFEST", trust_of(ledger))

    return make


BITS: CaseReader = {
    "a bit that only the archive has": aside,
    **{f"bit or cut {number}": flipped(number) for number in range(40)},
    **{f"bit and sums {number}": mended(number) for number in range(20)},
}


# -- exhibits ----------------------------------------------------------------------------------------------------------


def exhibit(code: str, data: bytes, held: Trust | None) -> Make:
    return lambda: Case(data, code, {"policy": held.raw} if held else {})


OTHER = trust(HashLog("ledger.example/other").key)
DEEP = b'{"format":"comity.split-view/1","one":' + b"[" * 100_000 + b"]" * 100_000 + b"}"

EXHIBITS: CaseReader = {
    **{f"nothing, {n}": exhibit(code, data, trust(TRUE.key)) for n, (data, code) in enumerate(NOTHING)},
    **{f"entries, {n}": exhibit(code, data, trust(KEY)) for n, (data, code) in enumerate(ORDER_NOTHING)},
    "its own key": exhibit("NO_TRUST_ANCHOR", SPLIT, None),
    "its own key, of an omission": exhibit("NO_TRUST_ANCHOR", omitted(), None),
    "its own key, of two entries": exhibit("NO_TRUST_ANCHOR", SPLIT_ORDER, None),
    "of a log nobody knows": exhibit("CP-ORIGIN", SPLIT, OTHER),
    "100,000 deep": exhibit("SPLIT-FORMAT", DEEP, trust(TRUE.key)),
    "too large": exhibit("SPLIT-FORMAT", SPLIT + b" " * (1 << 18), trust(TRUE.key)),
}

ROWS: dict[str, CaseReader] = {
    "Z1": CONTAINERS,
    "Z2": LISTS,
    "Zb": BITS,
    "Xh": EXHIBITS,
}
