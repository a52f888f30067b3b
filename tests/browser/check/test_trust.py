"""The page and the program agree on a trust policy that several people signed: the versions that each accepts."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace as altered

from ledger.errors import RecordError
from ledger.formats.canonical_json import canonical
from ledger.formats.ed25519 import public_key, sign
from ledger.trust.signed_policy import (
    PolicyStatement,
    PolicyVersion,
    Record,
    Span,
    check_versions,
    expand,
    format_version,
    parse_fingerprint,
    signed,
    spoken,
    versions_in,
)
from ledger.trust.trust_folder import fingerprint_of
from tests.browser.rows.case import held
from tests.browser.support.form import choose_folder, opened_at, press
from tests.browser.support.node import Asked, Refusal
from tests.browser.support.token_cases import PLAIN
from tests.browser.support.webdriver import Browser
from tests.ledger.trust import test_signed_policy as published
from tests.ledger.trust.test_signed_policy import BASE, FIRST, LOGS, POLICY, REGISTRAR, SECOND, SEEDS, by
from tests.ledger.verify.other_records.test_counterparties import FILES, REGISTER, THERE, received
from tests.support.memory_ledger import NOW, Ledger, hand, small

pytestmark = pytest.mark.browser

Files = dict[str, bytes]
PIN = spoken(FIRST.fingerprint)
LATER = by(SECOND, "ada", "cy", "dee")
THIRD = by(altered(SECOND, version=3), "cy", "dee", "ada", "bo")
CERTIFIED = altered(BASE, authorities=(sha256(PLAIN.root.pem).hexdigest(),), algorithms=("ed25519", "rfc3161"))
FULL = altered(
    BASE,
    sizes=(Span(LOGS[0], 0, 40), Span(LOGS[1], 40)),
    others=(Record("quorum none\n"), Record(POLICY, REGISTRAR)),
)


def files(*versions: PolicyVersion) -> Files:
    return {f"{version.said.version}.trust.json": format_version(version) for version in versions}


def alone(version: PolicyVersion) -> Files:
    return {"1.trust.json": format_version(version)}


def whatever(said: PolicyStatement) -> PolicyVersion:
    """Make a version signed by its roots, also with statements that no version may make."""
    version = PolicyVersion(said, canonical(msgspec.json.decode(msgspec.json.encode(said))))
    for name in ("ada", "bo"):
        version = signed(version, public_key(SEEDS[name]), partial(sign, SEEDS[name]))
    return version


def flipped(at: int) -> Files:
    raw = bytearray(format_version(FIRST))
    raw[at % len(raw)] ^= 1
    return {"1.trust.json": bytes(raw)}


ALTERED = [
    changes
    for mark in published.test_what_a_policy_may_not_say_is_refused_under_its_code.pytestmark  # type: ignore[attr-defined]
    for _, changes in mark.args[1]
]
RAW = format_version(FIRST)
FORGED = altered(FIRST, signatures=(altered(FIRST.signatures[0], sig=bytes(64)), *FIRST.signatures[1:]))

# folder and fingerprint; None stands for that of version 1
CASES: dict[str, tuple[Files, str | None]] = {
    "a first version": (files(FIRST), PIN),
    "its fingerprint in digits": (files(FIRST), FIRST.fingerprint),
    "another fingerprint": (files(FIRST), "ab" * 32),
    "no fingerprint": (files(FIRST), ""),
    "what is no fingerprint": (files(FIRST), PIN[:-1] + "q"),
    "three versions": (files(FIRST, LATER, THIRD), PIN),
    "a version skipped": (files(FIRST, THIRD), PIN),
    "no first version": (files(LATER, THIRD), PIN),
    "too few of the old roots": (files(FIRST, by(SECOND, "ada", "dee", "eve")), PIN),
    "too few of its own": (files(FIRST, by(SECOND, "ada", "bo", "dee")), PIN),
    "too few of the first": (files(by(BASE, "ada")), PIN),
    "signatures of strangers": (files(by(BASE, "ada", "dee", "eve")), PIN),
    "a signature that does not hold": (files(FORGED), PIN),
    "under another name": ({"2.trust.json": RAW}, PIN),
    "sizes and others": (files(by(FULL, "ada", "bo")), None),
    "a certificate": ({**files(by(CERTIFIED, "ada", "bo")), "tsa/a.pem": PLAIN.root.pem}, None),
    "another certificate": ({**files(by(CERTIFIED, "ada", "bo")), "tsa/a.pem": b"planted"}, None),
    **{f"altered, {n}": (alone(whatever(altered(BASE, **changes))), None) for n, changes in enumerate(ALTERED)},
    **{f"a flipped bit, {at}": (flipped(at), PIN) for at in range(0, 2_000, 61)},
    "a newline behind": ({"1.trust.json": RAW + b"\n"}, PIN),
    "white space": ({"1.trust.json": RAW.replace(b":[", b": [", 1)}, PIN),
    "another type": ({"1.trust.json": RAW.replace(b"policy.v1", b"event.v1", 1)}, PIN),
    "no version": ({"01.trust.json": RAW}, PIN),
    "nothing": ({"1.trust.json": b""}, PIN),
    "a list": ({"1.trust.json": b"[]"}, PIN),
    "a number for a payload": ({"1.trust.json": b'{"payload":1}'}, PIN),
    "too large": ({"1.trust.json": b"x" * 600_000}, PIN),
}  # fmt: skip


def believed(folder: Mapping[str, bytes], pin: str) -> list[Any]:
    """Return the answer of the program to a folder and a fingerprint."""
    versions = versions_in(folder)
    if not pin:
        raise RecordError("NO_TRUST_ANCHOR", "no fingerprint")
    newest = check_versions(versions, parse_fingerprint(pin))
    trust = expand(newest, [file for path, file in folder.items() if path.startswith("tsa/")])
    until = trust.until.timestamp() if trust.until else None
    registrar = trust.registrar and trust.registrar.key
    return [b64encode(trust.raw).decode(), registrar, len(trust.others), len(trust.authorities), until]


def test_page_and_program_say_the_same_words_of_a_folder_without_versions(reader: Asked) -> None:
    ledger, _ = small(witnesses=1)
    plain = ledger.trust_files()
    beside = {
        **plain,
        "others/xv/policy": b"quorum none\n",
        "mirrors": b"# none\n",
        "tsa/b.pem": b"b",
        "tsa/a.pem": b"a",
        "others/a/policy": b"x",
    }
    for folder in (plain, beside, {"policy": b""}):
        assert reader.ask("folder", files=folder) == spoken(fingerprint_of(folder))


def test_the_page_takes_a_stick_of_an_ordinary_trust_folder(reader: Asked, tmp_path: Path) -> None:
    from tests.cli.commands.test_export_and_verify import made
    from tests.cli.commands.test_trust import plain_stick

    ledger, stick = plain_stick(tmp_path)
    taken = {name: (stick / name).read_bytes() for name in ("policy", "registrar")}
    report = reader.ask("verify", data=made(ledger).read_bytes(), now=int(NOW.timestamp()), **taken)
    assert report["verdict"] == "TOTAL-PASSED"


def test_versions_are_believed_or_refused_under_the_same_code(reader: Asked) -> None:
    codes = set()
    for name, (folder, pin) in CASES.items():
        if pin is None:
            (version,) = (msgspec.json.decode(raw) for path, raw in folder.items() if path.endswith(".trust.json"))
            pin = sha256(msgspec.json.decode(f'"{version["payload"]}"', type=bytes)).hexdigest()
        try:
            theirs: Any = believed(folder, pin)
        except RecordError as refused:
            theirs = refused.code
            codes.add(theirs)
        try:
            ours: Any = reader.ask("versions", files=folder, fingerprint=pin)
        except Refusal as refused:
            ours = refused.code
        assert ours == theirs, name
    assert len(codes) > 8, codes


# -- at the form -------------------------------------------------------------------------------------------------------


def laid_out(folder: Path, content: Mapping[str, bytes]) -> Path:
    for path, data in content.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return folder


def asked(browser: Browser, page: Path, bundle: Path, field: str, *chosen: Path, pin: str = "") -> None:
    """Choose a bundle and, at `field`, these files or this folder; type a fingerprint; press the button."""
    opened_at(browser, page, NOW)
    browser.type("#bundle", str(bundle))
    if field == "folder-whole":
        choose_folder(browser, *chosen)
    else:
        browser.type(f"#{field}", "\n".join(map(str, chosen)))
    browser.wait("return document.getElementById('folder-taken').textContent")
    if pin:
        browser.type("#fingerprint", pin)
    press(browser)


def wrapped(tmp_path: Path) -> tuple[Path, dict[str, bytes]]:
    """Make a bundle with a wrapped entry of another log, and a trust folder with both logs."""
    ledger, ilves = received()
    bundle = tmp_path / "order.evidence.zip"
    bundle.write_bytes(ledger.bundle(ilves, foreign=FILES, others=REGISTER))
    others = {f"others/xv/{name}": text for name, text in THERE.trust_files().items()}
    return bundle, {**held(ledger), **others, "READ-ME.txt": b"nothing that is read"}


def text(browser: Browser, selector: str) -> str:
    said: str = browser.run("return document.querySelector(arguments[0])?.textContent ?? ''", selector)
    return said


UNPINNED = "no key of it is trusted"


def test_a_whole_folder_is_chosen_and_what_it_has_about_others_is_used(
    browser: Browser, page: Path, tmp_path: Path
) -> None:
    bundle, content = wrapped(tmp_path)
    folder = laid_out(tmp_path / "trust", content)
    asked(browser, page, bundle, "folder-whole", folder)
    assert text(browser, "#folder-taken").startswith(
        "Taken from it: others/xv/policy, others/xv/registrar, policy, registrar."
    )
    assert text(browser, "#integrity") == "TOTAL-PASSED"
    assert UNPINNED not in text(browser, "#result")
    assert "proven to be its signer's own act" in text(browser, "#result")
    stranger = Ledger(origin=THERE.origin, log=hand("somebody else"))
    laid_out(folder, {"others/xv/policy": stranger.policy()})
    asked(browser, page, bundle, "folder-whole", folder)
    assert text(browser, "#integrity") == "TOTAL-PASSED"
    assert "ENT-MISMATCH" in text(browser, "#result"), "one signer's falsehood is a finding on its entry"
    assert "Not proven to be its signer's own act" in text(browser, "#result")


def test_files_of_a_folder_are_chosen_at_once_and_fill_their_fields(
    browser: Browser, page: Path, tmp_path: Path
) -> None:
    bundle, content = wrapped(tmp_path)
    folder = laid_out(tmp_path / "trust", content)
    asked(browser, page, bundle, "folder", folder / "policy", folder / "registrar", folder / "READ-ME.txt")
    assert text(browser, "#folder-taken").startswith("Taken from it: policy, registrar.")
    assert browser.run("return document.getElementById('policy').value") == content["policy"].decode()
    assert text(browser, "#integrity") == "TOTAL-PASSED"
    assert UNPINNED in text(browser, "#result"), "what is below others comes with the whole folder alone"
    asked(browser, page, bundle, "folder", folder / "READ-ME.txt")
    assert "Nothing in it" in text(browser, "#folder-taken")
    assert text(browser, "#integrity") == "INDETERMINATE NO_TRUST_ANCHOR"


def test_signed_versions_are_believed_by_the_fingerprint_that_is_typed(
    browser: Browser, page: Path, tmp_path: Path, axe: str
) -> None:
    ledger, ilves = small()
    (bundle := tmp_path / "order.evidence.zip").write_bytes(ledger.bundle(ilves))
    trust = {name: file.decode().rstrip("\n") for name, file in held(ledger).items()}
    own = Record(f"{trust['policy']}\n", trust["registrar"])
    first = by(altered(BASE, own=own), "ada", "bo")
    second = by(altered(SECOND, own=own, expires="2027-05-01T00:00:00Z"), "ada", "cy", "dee")
    folder = laid_out(tmp_path / "trust", files(first, second))
    chosen = (folder / "1.trust.json", folder / "2.trust.json")
    asked(browser, page, bundle, "folder", *chosen, pin=spoken(first.fingerprint))
    assert text(browser, "#integrity") == "TOTAL-PASSED"
    assert "POL-EXPIRED" in text(browser, "#result")
    assert browser.run(f"{axe}; return axe.run()")["violations"] == []
    for pin, code in (("", "NO_TRUST_ANCHOR"), ("ab" * 32, "POL-PIN"), ("words", "TRUST-FORMAT")):
        asked(browser, page, bundle, "folder", *chosen, pin=pin)
        assert f"({code} " in text(browser, "#status .problem")
        assert text(browser, "#integrity") == ""
