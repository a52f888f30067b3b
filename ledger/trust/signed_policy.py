"""Sign and verify a trust policy by several people, in versions of which each one is verified by its predecessor.

    1.trust.json   2.trust.json   3.trust.json   tsa/*.pem

A version is a DSSE envelope with one signature for each root that signed. The rules are those of TUF's root
role (theupdateframework.github.io/specification, 5.3). They use neither disk nor network nor clock:

1. The first version is trusted because its fingerprint came by another way and a threshold of its roots signed it.
2. Version n+1 is signed by a threshold of the roots of n, and by a threshold of the roots of n+1.
3. Version numbers go up by one, without gaps and never down.
4. An invalid signature in the name of a root makes the version invalid; signatures of other keys are ignored.
5. An old version may have expired. Expiry of the newest version is reported, and the caller decides: a record must
   still be verifiable offline, years later.

A version expands to the same `Trust` as a folder with `policy` and `registrar`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

import msgspec
from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from ledger.entries.case import instant
from ledger.errors import RecordError
from ledger.formats.canonical_json import canonical, parse_json
from ledger.formats.dsse import POLICY_TYPE, keyid, pae
from ledger.formats.ed25519 import enrolable, verify_signature
from ledger.tlog.note import MLDSA44
from ledger.tlog.policy import Policy, parse_policy
from ledger.trust.trust_folder import Sizes, Trust, format_registrar, parse_registrar

FORMAT = "comity.trust/1"
NAME = re.compile(r"([1-9][0-9]{0,5})\.trust\.json")
ED25519, ML_DSA_44, RFC3161 = "ed25519", "ml-dsa-44", "rfc3161"
ALGORITHMS = (ED25519, ML_DSA_44, RFC3161)
MAX_STATEMENT = 262_144  # bytes: enough for the policies of a dozen other logs with post-quantum witnesses


class Root(Struct, frozen=True, forbid_unknown_fields=True):
    """A person whose signature counts for the policy: a name for readers, and a raw Ed25519 key in hex."""

    name: str
    key: str


class Span(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The sizes that a log's key signs: from `first` on, and below `end` if it is set."""

    key: str
    first: int
    end: int | UnsetType = UNSET


class Record(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The trust in one record: c2sp.org/tlog-policy text, and the line that names its registrar."""

    policy: str
    registrar: str | UnsetType = UNSET


class PolicyStatement(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The statement that the roots sign.

    `sizes` are those of the log's own keys, `authorities` the SHA-256 of certificate files.
    """

    format: str
    version: int
    issued: str
    expires: str
    roots: tuple[Root, ...]
    threshold: int
    algorithms: tuple[str, ...]
    own: Record
    sizes: tuple[Span, ...] = ()
    others: tuple[Record, ...] = ()
    authorities: tuple[str, ...] = ()


class Signature(Struct, frozen=True, forbid_unknown_fields=True):
    """One signature: the SHA-256 of the raw key, and the 64 bytes."""

    keyid: str
    sig: bytes


class _Envelope(Struct, frozen=True, forbid_unknown_fields=True):
    payload: bytes
    payloadType: str  # noqa: N815 -- the spelling of DSSE
    signatures: tuple[Signature, ...]


class PolicyVersion(Struct, frozen=True):
    """One parsed version: its statement, the signed bytes, and the signatures. Nothing is verified yet."""

    said: PolicyStatement
    payload: bytes
    signatures: tuple[Signature, ...] = ()

    @property
    def fingerprint(self) -> str:
        """Hex SHA-256 of the signed bytes; it does not depend on the number of signatures."""
        return hashlib.sha256(self.payload).hexdigest()

    def signers(self, roots: Iterable[Root]) -> list[str]:
        """Return the names of the `roots` that signed; POL-SIG for an invalid signature in the name of one."""
        by_id = {keyid(bytes.fromhex(root.key)): root for root in roots}
        signed, names = pae(POLICY_TYPE, self.payload), []
        for each in self.signatures:
            root = by_id.get(each.keyid)
            if root is None:
                continue
            if not verify_signature(bytes.fromhex(root.key), signed, each.sig):
                says = f"the signature of {root.name} under version {self.said.version} does not hold"
                raise RecordError("POL-SIG", says, where=f"{self.said.version}.trust.json")
            names.append(root.name)
        return names


# -- writing -----------------------------------------------------------------------------------------------------------


def draft(said: PolicyStatement) -> PolicyVersion:
    """Return an unsigned version; it is refused for the same reasons as by `parse_version`."""
    payload = _written(said)
    return PolicyVersion(_statement(payload), payload)


def signed(version: PolicyVersion, public: bytes, sign: Callable[[bytes], bytes]) -> PolicyVersion:
    """Return the version with one more signature, which replaces an earlier one of the same key."""
    mine = Signature(keyid(public), sign(pae(POLICY_TYPE, version.payload)))
    others = [each for each in version.signatures if each.keyid != mine.keyid]
    return PolicyVersion(version.said, version.payload, tuple(sorted([*others, mine], key=lambda s: s.keyid)))


def format_version(version: PolicyVersion) -> bytes:
    """Return the file of a version: one line of DSSE, its signatures sorted by key id."""
    return msgspec.json.encode(_Envelope(version.payload, POLICY_TYPE, version.signatures))


# -- reading -----------------------------------------------------------------------------------------------------------


def parse_version(raw: bytes) -> PolicyVersion:
    """Read one version and check its form, but not its signatures.

    Raises TRUST-FORMAT and JSON-* for malformed bytes, POL-* for a malformed policy inside, POL-ROOT for
    impossible roots, POL-ALGORITHM for an algorithm that is unknown or not allowed.
    """
    if len(raw) > 2 * MAX_STATEMENT:
        raise RecordError("TRUST-FORMAT", f"{len(raw)} bytes are no trust policy")
    try:
        line = msgspec.json.decode(raw, type=_Envelope)
    except ValueError as error:
        raise RecordError("TRUST-FORMAT", f"not a signed trust policy: {error}") from None
    if line.payloadType != POLICY_TYPE or msgspec.json.encode(line) != raw:
        raise RecordError("TRUST-FORMAT", "not a trust policy in its one form: type, members, white space or base64")
    ids = [each.keyid for each in line.signatures]
    if ids != sorted(set(ids)):
        raise RecordError("TRUST-FORMAT", "signatures are sorted by key id, and each key signs once")
    return PolicyVersion(_statement(line.payload), line.payload, line.signatures)


def _statement(payload: bytes) -> PolicyStatement:
    try:
        statement = msgspec.convert(parse_json(payload, max_bytes=MAX_STATEMENT), PolicyStatement)
        issued, expires = instant(statement.issued), instant(statement.expires)
    except ValueError as error:  # of msgspec, or of an instant
        raise RecordError("TRUST-FORMAT", f"not what a trust policy says: {error}") from None
    if _written(statement) != payload or statement.format != FORMAT or statement.version < 1:
        raise RecordError("TRUST-FORMAT", f"not {FORMAT}, its version, or a default that was spelt out")
    if issued >= expires:
        raise RecordError("TRUST-FORMAT", f"issued {statement.issued}, and expired by then")
    _check_roots(statement)
    _check_algorithms(statement)
    _check_sizes(statement)
    for record in (statement.own, *statement.others):
        _trust(record)  # raises for a malformed policy or registrar
    return statement


def _written(said: PolicyStatement) -> bytes:
    return canonical(msgspec.json.decode(msgspec.json.encode(said)))


def _check_roots(said: PolicyStatement) -> None:
    names, keys = [root.name for root in said.roots], [root.key for root in said.roots]
    if not 1 <= said.threshold <= len(said.roots):
        raise RecordError("POL-ROOT", f"{said.threshold} of {len(said.roots)} roots cannot be")
    if len(set(names)) < len(names) or not all(re.fullmatch("[a-z0-9][a-z0-9_.-]{0,63}", name) for name in names):
        raise RecordError("POL-ROOT", "each root has one name, of a-z, 0-9, dot, hyphen and underscore")
    if len(set(keys)) < len(keys):
        raise RecordError("POL-ROOT", "one key stands under two names, and would be counted twice")
    for root in said.roots:
        if not re.fullmatch("[0-9a-f]{64}", root.key) or not enrolable(bytes.fromhex(root.key)):
            raise RecordError(
                "POL-ROOT", f"the key of {root.name} is no point of prime order: others could sign for it"
            )


def _check_algorithms(said: PolicyStatement) -> None:
    """Check that every algorithm is known, and that everything in the policy uses an allowed one."""
    if unknown := sorted(set(said.algorithms) - set(ALGORITHMS)):
        raise RecordError("POL-ALGORITHM", f"unknown: {', '.join(unknown)}; there are {', '.join(ALGORITHMS)}")
    if list(said.algorithms) != sorted(set(said.algorithms)):
        raise RecordError("POL-ALGORITHM", "algorithms are sorted, each once")
    if forbidden := sorted(used_by(said) - set(said.algorithms)):
        raise RecordError("POL-ALGORITHM", f"{', '.join(forbidden)} is used and not allowed")


def used_by(said: PolicyStatement) -> set[str]:
    """Return the algorithms of everything that a statement names: roots and people sign with Ed25519."""
    policies = [_policy(record) for record in (said.own, *said.others)]
    keys = [key for policy in policies for key in (*policy.logs, *policy.witnesses.values(), *policy.auditors.values())]
    post_quantum = {ML_DSA_44} if any(key.type == MLDSA44 for key in keys) else set()
    return {ED25519, *post_quantum, *([RFC3161] if said.authorities else [])}


def _check_sizes(said: PolicyStatement) -> None:
    """Check that sizes belong to keys of the policy's logs; two keys of one log and one algorithm share no size."""
    logs = {key.text: key for key in _policy(said.own).logs}
    ranges: dict[tuple[str, int], list[range]] = {}
    for span in said.sizes:
        sizes = range(span.first, 1 << 63 if span.end is UNSET else span.end)
        if span.key not in logs:
            raise RecordError("POL-SIZES", f"{span.key[:60]} is no key of a log of this policy")
        if span.first < 0 or not sizes:
            raise RecordError("POL-SIZES", f"{logs[span.key].id} would sign no size at all")
        others = ranges.setdefault((logs[span.key].name, logs[span.key].type), [])
        if any(sizes.start < other.stop and other.start < sizes.stop for other in others):
            raise RecordError(
                "POL-SIZES", f"two keys of {logs[span.key].name} sign one size; a key has one line of sizes"
            )
        others.append(sizes)


def _policy(record: Record) -> Policy:
    return parse_policy(record.policy.encode())


# -- believing ---------------------------------------------------------------------------------------------------------


def check_first(version: PolicyVersion, fingerprint: str) -> PolicyVersion:
    """Check a first version by its fingerprint, which came by another way. POL-PIN, POL-SIG, POL-THRESHOLD."""
    if version.fingerprint != fingerprint:
        hint = "do not use it; ask the office that gave you the fingerprint, by telephone or on paper"
        says = f"its fingerprint is {spoken(version.fingerprint)}, which is not the one you hold"
        raise RecordError("POL-PIN", says, where=f"{version.said.version}.trust.json", hint=hint)
    return _check_threshold(version, version.said)


def check_next(trusted: PolicyVersion, version: PolicyVersion) -> PolicyVersion:
    """Check a version by its trusted predecessor: POL-VERSION, POL-SIG, POL-THRESHOLD."""
    if version.said.version != trusted.said.version + 1:
        says = f"version {version.said.version} cannot follow version {trusted.said.version}"
        raise RecordError(
            "POL-VERSION", says, hint="every version from the one you hold on is needed, and none goes back"
        )
    _check_threshold(version, trusted.said)
    return _check_threshold(version, version.said)


def _check_threshold(version: PolicyVersion, by: PolicyStatement) -> PolicyVersion:
    names = version.signers(by.roots)
    if len(names) < by.threshold:
        who = ", ".join(names) or "none"
        says = f"{len(names)} of the roots of version {by.version} signed ({who}), it takes {by.threshold}"
        raise RecordError("POL-THRESHOLD", says, where=f"{version.said.version}.trust.json", hint="comity trust sign")
    return version


def check_versions(versions: Sequence[PolicyVersion], fingerprint: str) -> PolicyVersion:
    """Return the newest of consecutive versions, each checked by its predecessor, the first by its fingerprint."""
    if not versions:
        raise RecordError("TRUST-FORMAT", "there is no version at all")
    if versions[0].said.version != 1:
        says = f"the line begins with version {versions[0].said.version}"
        raise RecordError("POL-VERSION", says, hint="it begins with the version whose fingerprint you hold: 1")
    newest = check_first(versions[0], fingerprint)
    for version in versions[1:]:
        newest = check_next(newest, version)
    return newest


def check_unexpired(version: PolicyVersion, now: datetime) -> None:
    """Raise POL-EXPIRED if a version has expired."""
    if instant(version.said.expires) <= now:
        says = f"version {version.said.version} expired {version.said.expires}"
        raise RecordError("POL-EXPIRED", says, hint="ask the office that keeps it for a newer one")


def versions_in(files: Mapping[str, bytes]) -> list[PolicyVersion]:
    """Return the versions in a folder, lowest first; TRUST-FORMAT if a file's number differs from its name."""
    numbered = sorted((int(match[1]), name) for name in files if (match := NAME.fullmatch(name)))
    versions = []
    for number, name in numbered:
        try:
            version = parse_version(files[name])
        except RecordError as wrong:
            raise RecordError(wrong.code, wrong.says, where=f"{name} {wrong.where}".strip(), hint=wrong.hint) from wrong
        if version.said.version != number:
            raise RecordError("TRUST-FORMAT", f"it says version {version.said.version}", where=name)
        versions.append(version)
    return versions


def expand(version: PolicyVersion, files: Iterable[bytes]) -> Trust:
    """Return the trust of a verified version; `files` must include the certificates that it names.

    Other certificates are ignored. Raises POL-CERTIFICATE for a named certificate that is missing.
    """
    here = {hashlib.sha256(file).hexdigest(): file for file in files}
    if missing := [digest for digest in version.said.authorities if digest not in here]:
        says = f"the certificate {missing[0][:16]}.. of a time-stamp authority is not there, or another one"
        raise RecordError("POL-CERTIFICATE", says, where="tsa/")
    authorities = tuple(here[digest] for digest in version.said.authorities)
    others = tuple(_trust(record) for record in version.said.others)
    sizes = {s.key: Sizes(s.first, None if s.end is UNSET else s.end) for s in version.said.sizes}
    until = instant(version.said.expires)
    return replace(_trust(version.said.own), authorities=authorities, others=others, sizes=sizes, until=until)


def _trust(record: Record) -> Trust:
    raw = record.policy.encode()
    registrar = None if record.registrar is UNSET else parse_registrar(record.registrar.encode())
    return Trust(parse_policy(raw), raw, registrar)


def record_of(trust: Trust) -> Record:
    """Return a trust folder's statement on one record, for a version; POL-FORMAT for names that are not UTF-8."""
    registrar = UNSET if trust.registrar is None else format_registrar(trust.registrar).decode().rstrip("\n")
    try:
        return Record(trust.raw.decode("utf-8"), registrar)
    except UnicodeDecodeError:
        raise RecordError("POL-FORMAT", "names that are no UTF-8 cannot be signed as JSON", where="policy") from None


# -- saying a fingerprint aloud ----------------------------------------------------------------------------------------

_CONSONANTS, _VOWELS = "bdfghjklmnprstvz", "aiou"


def spoken(fingerprint: str) -> str:
    """Return a digest in words of five letters, to read over a telephone: `lusab-babad`.

    Source: proquints, arXiv 0901.4016.
    """
    raw = bytes.fromhex(fingerprint)
    return "-".join(_word(int.from_bytes(raw[i : i + 2])) for i in range(0, len(raw), 2))


def _word(n: int) -> str:
    return (
        _CONSONANTS[n >> 12]
        + _VOWELS[n >> 10 & 3]
        + _CONSONANTS[n >> 6 & 15]
        + _VOWELS[n >> 4 & 3]
        + _CONSONANTS[n & 15]
    )


def parse_fingerprint(text: str) -> str:
    """Return a fingerprint as hex, from typed hex or words; TRUST-FORMAT if it is neither."""
    typed = re.sub(r"[\s-]+", "", text).lower()
    if re.fullmatch("[0-9a-f]{64}", typed):
        return typed
    if re.fullmatch(f"(?:[{_CONSONANTS}][{_VOWELS}][{_CONSONANTS}][{_VOWELS}][{_CONSONANTS}]){{16}}", typed):
        return "".join(f"{_number(typed[i : i + 5]):04x}" for i in range(0, len(typed), 5))
    raise RecordError(
        "TRUST-FORMAT", "a fingerprint is sixteen words of five letters, or 64 hex digits", where="fingerprint"
    )


def _number(word: str) -> int:
    c, v = _CONSONANTS.index, _VOWELS.index
    return c(word[0]) << 12 | v(word[1]) << 10 | c(word[2]) << 6 | v(word[3]) << 4 | c(word[4])


def plain_files(trust: Trust) -> dict[str, bytes]:
    """Return the same trust as `policy` and `registrar`, for older verifier pages that read no signed versions."""
    files = {"policy": trust.raw}
    if trust.registrar is not None:
        files["registrar"] = format_registrar(trust.registrar)
    return files
