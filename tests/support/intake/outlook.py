"""Write an .msg as Outlook does: a compound file (MS-CFB) with the streams of MS-OXMSG, small ones alone."""

from __future__ import annotations

import struct
from collections.abc import Sequence

_FREE, _END, _FAT, _NONE = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD, 0xFFFFFFFF
Tree = dict[str, "bytes | Tree"]


def msg(headers: str, subject: str, files: Sequence[tuple[str, bytes]] = ()) -> bytes:
    """Return an .msg with these transport headers and attached files."""
    head = bytes(8) + struct.pack("<4I8x", 0, len(files), 0, len(files))
    tree: Tree = _texts({0x007D: headers, 0x0037: subject, 0x001A: "IPM.Note"}, head)
    for number, (name, content) in enumerate(files):
        inner = _texts({0x3707: name, 0x370E: "application/pdf"}, bytes(8), {0x3701: content})
        tree[f"__attach_version1.0_#{number:08X}"] = inner
    return compound(tree)


def _texts(texts: dict[int, str], head: bytes, binaries: dict[int, bytes] | None = None) -> Tree:
    tree: Tree = {}
    rows = b""
    for tag, text in texts.items():
        raw = text.encode("utf-16-le")
        tree[f"__substg1.0_{tag:04X}001F"] = raw
        rows += struct.pack("<IIII", tag << 16 | 0x1F, 6, len(raw) + 2, 0)
    for tag, raw in (binaries or {}).items():
        tree[f"__substg1.0_{tag:04X}0102"] = raw
        rows += struct.pack("<IIII", tag << 16 | 0x102, 6, len(raw), 0)
    tree["__properties_version1.0"] = head + rows
    return tree


def compound(tree: Tree) -> bytes:
    """Return a compound file of version 3; every stream has less than 4,096 bytes."""
    entries: list[list[object]] = [["Root Entry", 5, _NONE, _NONE, _NONE, _END, 0]]  # name, type, left, right, child
    mini, minifat = b"", b""

    def add(folder: int, content: Tree) -> None:
        nonlocal mini, minifat
        before = -1
        for name in sorted(content, key=lambda name: (len(name), name.upper())):
            value, number = content[name], len(entries)
            kind = 1 if isinstance(value, dict) else 2
            entries.append([name, kind, _NONE, _NONE, _NONE, 0, 0])
            if before < 0:
                entries[folder][4] = number
            else:
                entries[before][3] = number
            before = number
            if isinstance(value, dict):
                add(number, value)
                continue
            first, count = len(mini) // 64, -(-len(value) // 64)
            mini += value + bytes(-len(value) % 64)
            minifat += b"".join(struct.pack("<I", first + n + 1 if n + 1 < count else _END) for n in range(count))
            entries[number][5:] = [first if count else _END, len(value)]

    add(0, tree)
    mini_sectors, fat_of_mini = -(-len(mini) // 512), -(-len(minifat) // 512)
    folders = -(-len(entries) // 4)
    total = 1 + folders + fat_of_mini + mini_sectors
    entries[0][5:] = [1 + folders + fat_of_mini, len(mini)]
    fat = [_FAT]
    for count in (folders, fat_of_mini, mini_sectors):
        fat += [len(fat) + n + 1 for n in range(count - 1)] + ([_END] if count else [])
    assert total <= 128
    fat += [_FREE] * (128 - len(fat))
    head = struct.pack(
        "<8s16xHHHHH6xIIIIIIIIII", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, 1, 0, 4096,
        1 + folders if fat_of_mini else _END, fat_of_mini, _END, 0, 0,
    )  # fmt: skip
    head += struct.pack("<108I", *[_FREE] * 108)
    made = b""
    for name, kind, left, right, child, start, size in entries:
        text = str(name).encode("utf-16-le") + b"\0\0"
        made += struct.pack("<64sHBBIII36xIQ", text, len(text), kind, 1, left, right, child, start, size)
    empty = struct.pack("<64xHBBIII36xIQ", 0, 0, 1, _NONE, _NONE, _NONE, 0, 0)
    made += empty * (-len(entries) % 4)
    return head + struct.pack("<128I", *fat) + made + _padded(minifat, b"\xff") + _padded(mini, b"\0")


def _padded(data: bytes, fill: bytes) -> bytes:
    return data + fill * (-len(data) % 512)
