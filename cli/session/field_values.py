"""Parse the values typed for the fields of a fact into wire JSON: dates, lists, digests of files."""

from __future__ import annotations

import hashlib
import json
import mimetypes
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from cli.exit_codes import Exit, Stop
from cli.session.local_time import typed_day, typed_moment, typed_period
from cli.terminal import prompts
from ledger.command_line import quoted
from ledger.entries.case import wire
from ledger.errors import RecordError
from ledger.facts import Field, kind_of
from ledger.facts.value_forms import Form, FormError, ListForm, check
from ledger.facts.value_types import DIGEST, HEX_DIGITS

Refer = Callable[[str], str]  # the name of an entry or an order -> its leaf hash or id
CHUNK = 1 << 20

# An item of these types contains no comma, so one value may list several; each word or text needs its own value.
ATOMS = frozenset({"int", "bool", "date", "party", "actor", "role", "instrument", "code", "element", "event", "order"})


def stated(
    kind: str, given: Sequence[str], *, event: Refer, order: Refer, elements: Sequence[str] = ()
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the public and the sealed fields of `name=value` pairs; a repeated name adds to a list.

    `event` and `order` find the entry or order that a value names. `elements` are those of a manifest.
    `facts.build` checks the form.
    """
    fields = kind_of(kind).fields()
    texts: dict[str, list[str]] = {}
    for pair in given:
        name, mark, value = pair.partition("=")
        name = name.strip().replace("-", "_")
        if not mark:
            raise Stop(
                f"--field {pair}: this is name=value", hint=f"`comity vocabulary {quoted(kind)}` lists the names"
            )
        if name not in fields:
            raise Stop(f"{kind} has no field {name}", hint=f"`comity vocabulary {quoted(kind)}` lists them")
        texts.setdefault(name, []).append(value)
    public: dict[str, Any] = {}
    sealed: dict[str, Any] = {}
    for name, values in texts.items():
        place = sealed if fields[name].sealed else public
        place[name] = value_of(fields[name], values, event=event, order=order, elements=elements)
    return public, sealed


def value_of(field: Field, said: Sequence[str], *, event: Refer, order: Refer, elements: Sequence[str] = ()) -> Any:
    """Return the JSON value of one field from the typed texts."""
    kind = field.type
    if kind == "manifest":
        files = [file for value in said for file in ([value] if os.path.exists(value) else value.split(","))]
        return manifest(files, elements)
    if kind == "names":
        return dict(_pair(field.name, value) for value in said)
    if kind.startswith("list["):
        item = kind[5:-1]
        parts = [part.strip() for value in said for part in value.split(",")] if item in ATOMS else list(said)
        return [_one(field.name, item, part, event, order) for part in parts if part]
    if len(said) > 1:
        raise Stop(f"{field.name} has one value, and was given {len(said)}")
    if field.form is DIGEST:
        return digest(field, said[0])
    return _one(field.name, kind, said[0], event, order)


def _one(name: str, kind: str, text: str, event: Refer, order: Refer) -> Any:
    match kind:
        case "bool":
            if text.lower() not in ("yes", "no", "true", "false"):
                raise Stop(f"{name} is yes or no, not {text!r}")
            return text.lower() in ("yes", "true")
        case "int":
            if not text.lstrip("-").isdecimal():
                raise Stop(f"{name} is a whole number, not {text!r}")
            return int(text)
        case "instant":
            return wire(typed_moment(text, name, _signer()))
        case "date":
            return typed_day(text, name).isoformat()
        case "duration":
            return typed_period(text, name)
        case "event":
            return event(text)
        case "order":
            return order(text)
        case "document":
            return document(text, name.replace("_", "-"))
        case _:
            return text


def _signer() -> str | None:
    """Return the office of `--as` in the running command."""
    ctx = click.get_current_context(silent=True)
    actor = ctx.params.get("actor") if ctx else None
    return actor if isinstance(actor, str) else None


def digest(field: Field, text: str, folder: str = ".") -> str:
    """Return `text` if it is a SHA-256 in hex, else that of the file `text` in `folder`; otherwise `RecordError` FACT.

    The error does not repeat the typed text of a sealed field.
    """
    if re.fullmatch(HEX_DIGITS, text):
        return text
    path = os.path.join(folder, text)
    if os.path.isfile(path):
        return digests([path])[0][1]
    hint = f"{field.name}=return.zip hashes a file, {field.name}={'9f86d081' * 8} states its digest"
    got = "" if field.sealed else f", got {text!r}"
    raise RecordError(
        "FACT", f"expected {field.form.expected}, or a file that is here{got}", where=field.name, hint=hint
    )


def _pair(name: str, text: str) -> tuple[str, str]:
    key, mark, value = text.partition("=")
    if not mark:
        raise Stop(f"{name} is said by language, as --field {name}=en=...")
    return key, value


# -- files -------------------------------------------------------------------------------------------------------------


def document(path: str, code: str) -> dict[str, Any]:
    """Return a file as a document of an entry: {code, media, size, sha256}; the file is not copied or moved."""
    ((size, sha256, _),) = digests([path])
    media = mimetypes.guess_type(path)[0] or "application/octet-stream"
    return {"code": code, "media": media, "size": size, "sha256": sha256}


def manifest(paths: Sequence[str], elements: Sequence[str]) -> dict[str, Any]:
    """Return files as a manifest: {elements, files: [{name, size, sha256, sha512}]}; names have no folders."""
    names = [os.path.basename(path) for path in paths]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise Stop(f"two files are called {sorted(twice)[0]}; a manifest tells files apart by name")
    return {
        "elements": [part.strip() for text in elements for part in text.split(",") if part.strip()],
        "files": [
            {"name": name, "size": size, "sha256": sha256, "sha512": sha512}
            for name, (size, sha256, sha512) in zip(names, digests(paths), strict=True)
        ],
    }


def digests(paths: Sequence[str]) -> list[tuple[int, str, str]]:
    """Return (size in bytes, SHA-256, SHA-512) of each file, digests in hex; `Stop` for a directory or `-`.

    Each file is read once, a mebibyte at a time.
    """
    total = sum(_size(path) for path in paths)
    done, results = 0, []
    with prompts.progress("hashing") as report:
        for path in paths:
            short, long, size = hashlib.sha256(), hashlib.sha512(), 0
            with open(path, "rb") as stream:
                while chunk := stream.read(CHUNK):
                    short.update(chunk)
                    long.update(chunk)
                    size += len(chunk)
                    done += len(chunk)
                    report(done, total)
            results.append((size, short.hexdigest(), long.hexdigest()))
    return results


def digest_by(path: str, algorithm: str) -> str | None:
    """Return the digest of a file by a named algorithm, as `sha3-512:` and hex; None for one that is not known here."""
    names = (algorithm, algorithm.replace("-", "_"), algorithm.replace("-", ""))
    name = next((n for n in names if n in hashlib.algorithms_available and not n.startswith("shake")), None)
    if name is None:
        return None
    with open(path, "rb") as stream:
        return f"{algorithm}:{hashlib.file_digest(stream, name).hexdigest()}"


def by_digest(folder: Path) -> dict[str, Path]:
    """Return the files of a folder and its subfolders by their SHA-256 (hex)."""
    if not folder.is_dir():
        raise Stop(f"{folder}: no such folder", code=Exit.UNDECIDABLE)
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {sha256: path for path, (_, sha256, _) in zip(paths, digests([str(p) for p in paths]), strict=True)}


def _size(path: str) -> int:
    if not os.path.isfile(path):
        raise Stop(f"{path}: no such file", code=Exit.UNDECIDABLE)
    return os.path.getsize(path)


COMMENT = "#"  # a member of a template that explains another one (projections/reports/order_template.py)
_JSON = 1 << 22  # bytes; an entry has at most 64 KiB

# -- a fact as JSON ----------------------------------------------------------------------------------------------------


def parsed(raw: bytes, name: str) -> Any:
    """Return the value of a JSON text; `Stop` (undecidable) if it is no JSON, or too deep or long for a fact."""
    if len(raw) > _JSON:
        raise Stop(f"{name}: {len(raw)} bytes are too many for one fact", code=Exit.UNDECIDABLE)
    try:
        return json.loads(raw)
    except (ValueError, RecursionError) as error:  # ValueError also for too many digits and for bytes that are no UTF-8
        raise Stop(f"{name}: not JSON: {error}", code=Exit.UNDECIDABLE) from None


def from_json(raw: bytes, name: str, kind: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the public and sealed fields of a fact from JSON.

    The JSON is `{"public": {...}, "sealed": {...}}`, as --dry-run prints it, or one object with all
    fields. Explanations of a template (`comity issue --template`) are left out, and so are fields that are null: a null
    states nothing.
    """
    fact = parsed(raw, name)
    if not isinstance(fact, dict):
        raise Stop(f"{name}: a fact is a JSON object", code=Exit.UNDECIDABLE)
    fact = _stated(fact)
    if fact.get("kind", kind) != kind:
        raise Stop(f"{name} tells {fact['kind']}, and the command records {kind}")
    if (
        isinstance(fact.get("public", {}), dict)
        and isinstance(fact.get("sealed", {}), dict)
        and ("public" in fact or "sealed" in fact)
    ):
        return _stated(fact.get("public", {})), _stated(fact.get("sealed", {}))
    fields = kind_of(kind).fields()
    public: dict[str, Any] = {}
    sealed: dict[str, Any] = {}
    for key, value in fact.items():
        (sealed if key in fields and fields[key].sealed else public)[key] = value
    public.pop("kind", None)
    return public, sealed


def resolved(kind: str, fields: Mapping[str, Any], *, event: Refer, order: Refer) -> dict[str, Any]:
    """Return fields from a file with entries and orders by their hash or id, where the file names them as people do."""
    refer = {"event": event, "list[event]": event, "order": order, "list[order]": order}
    known = kind_of(kind).fields()

    def found(field: Field, form: Form, value: Any) -> Any:
        if isinstance(form, ListForm) and isinstance(value, list):
            return [found(field, form.item, each) for each in value]
        if type(value) not in (str, int):
            return value
        with suppress(FormError):  # a whole hash or id may be of another order
            check(form, value)
            return value
        return refer[field.type](str(value))

    return {
        name: found(field, field.form, value) if (field := known.get(name)) and field.type in refer else value
        for name, value in fields.items()
    }


def _stated(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that have a value, without the explanations of a template."""
    return {key: value for key, value in fields.items() if value is not None and not key.startswith(COMMENT)}


def merged(one: Mapping[str, Any], two: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Return two sets of fields as one; `click.UsageError` if both give one of `names` different values."""
    for name in names:
        if name in one and name in two and one[name] != two[name]:
            raise click.UsageError(f"{name} is said twice, and differently")
    return {**one, **two}
