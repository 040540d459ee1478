"""Is a statement what it claims to be? Signature, files, secret draw, and the verdict once more.

Each check is passed, failed or open. Open is what cannot be told from what is at hand: whose key
it is, whether a hash was told before anybody was asked. A statement holds when nothing failed and
nothing is open.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from cladist.attestation.answers import answers_from, protocol_from
from cladist.attestation.case import PROTOCOL
from cladist.attestation.cases import recompute
from cladist.attestation.comparing import differences
from cladist.attestation.envelope import Envelope, read_envelope
from cladist.attestation.keys import key_id, read_public
from cladist.attestation.pack import ENVELOPE, SIGNER, Pack
from cladist.attestation.stated import Stated, read_payload, versions
from cladist.core.hashing import bytes_digest
from cladist.core.responses import ResponseSet
from cladist.errors import CladistError, InputError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

__all__ = ["Check", "Checked", "Trust", "check_statement"]

Outcome = Literal["passed", "failed", "open"]
LARGEST_ENVELOPE = 64 << 20


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: signature, files, secret or verdict."""

    what: str
    outcome: Outcome
    words: str


@dataclass(frozen=True)
class Checked:
    """All checks, in order; `stated` is None where not even the signed text could be read."""

    stated: Stated | None
    checks: tuple[Check, ...]

    @property
    def holds(self) -> bool:
        """Whether everything was looked at and is in order."""
        return all(c.outcome == "passed" for c in self.checks)

    @property
    def failed(self) -> bool:
        """Whether anything is wrong."""
        return any(c.outcome == "failed" for c in self.checks)


@dataclass(frozen=True)
class Trust:
    """What the reader of a statement knows from elsewhere.

    keys        public keys that are trusted
    ids         ids of keys that are trusted, as 'sha256:...'
    commitment  the hash that was told before the model was asked, '' for none
    text        the text that secret passages were cut from, None where it is not known
    """

    keys: tuple[Ed25519PublicKey, ...] = ()
    ids: tuple[str, ...] = ()
    commitment: str = ""
    text: str | None = None


def check_statement(path: Path, trust: Trust | None = None) -> Checked:
    """Check a pack; what is wrong with it is in the checks, and raises nothing.

    No model is asked, nothing is unpacked or written. Nothing is computed from files that are not
    as they were signed. Cost: that of the verdict; for kinship the evidence of all pairs of the
    panel, quadratic in models. Raises `InputError` where there is no pack or it cannot be read as
    one, and `MissingExtraError` without the package that checks signatures.

    Examples
    --------
    >>> check_statement(Path("verdict.zip"), Trust((load_public(key),))).holds  # doctest: +SKIP
    True
    """
    known = trust or Trust()
    with Pack(path) as pack:
        raw = pack.content(ENVELOPE, LARGEST_ENVELOPE)
        if len(raw) > LARGEST_ENVELOPE:
            raise InputError(f"{path}, {ENVELOPE}: too large for a statement; it is not read on")
        envelope = read_envelope(raw, f"{path}, {ENVELOPE}")
        checks = [_signature(envelope, pack, known)]
        try:
            stated = read_payload(envelope.payload, f"{path}, {ENVELOPE}")
        except InputError as problem:
            return Checked(None, (*checks, Check("statement", "failed", str(problem))))
        files, found = _files(pack, stated)
        checks += found
    if any(c.outcome == "failed" for c in checks):
        why = "not computed again, since it would rest on files that are not as they were signed"
        return Checked(stated, (*checks, Check("verdict", "open", why)))
    checks += _secret(stated, files, known)
    checks.append(_verdict(stated, files))
    return Checked(stated, tuple(checks))


def _signature(envelope: Envelope, pack: Pack, trust: Trust) -> Check:
    named = ", ".join(s.key[:80] for s in envelope.signatures)
    packed: Ed25519PublicKey | None = None
    if SIGNER in pack.names:
        try:
            packed = read_public(pack.content(SIGNER, 64 << 10), SIGNER)
        except InputError as problem:
            return Check("signature", "failed", str(problem))
    trusted = [*trust.keys, *([packed] if packed and key_id(packed) in trust.ids else [])]
    for key in trusted:
        if envelope.signed_by(key):
            return Check("signature", "passed", f"by the key that you trust, {key_id(key)}")
    if trust.keys or trust.ids:
        other = packed is not None and envelope.signed_by(packed)
        why = (
            f"it is signed, but by the key {key_id(packed)}, and not by one that you trust"
            if packed is not None and other
            else f"no signature is that of a key that you trust; they name {named}"
        )
        return Check("signature", "failed", why)
    if packed is None:
        return Check(
            "signature", "open", f"it names the key {named}; say with --key which one you trust"
        )
    if not envelope.signed_by(packed):
        return Check(
            "signature", "failed",
            "it is not that of the key beside it: the statement, the signature or the key was "
            "changed",
        )  # fmt: skip
    return Check(
        "signature", "open",
        f"it is that of the key beside it, {key_id(packed)}; whose key that is, is not known here. "
        "Say with --key or --key-id which one you trust",
    )  # fmt: skip


def _files(pack: Pack, stated: Stated) -> tuple[dict[str, bytes], list[Check]]:
    """Contents of all files that the statement names, and what is wrong with them."""
    files: dict[str, bytes] = {}
    wrong = []
    for name, told in stated.files.items():
        try:
            raw = pack.content(name, told.bytes)
        except InputError as problem:
            wrong.append(str(problem))
            continue
        if len(raw) != told.bytes:
            has = f"more than {told.bytes}" if len(raw) > told.bytes else f"{len(raw)}"
            wrong.append(f"{name} has {has} bytes, and {told.bytes} were signed")
        elif not hmac.compare_digest(bytes_digest(raw), told.sha256):
            wrong.append(f"{name} was changed: it has not the SHA-256 that was signed")
        else:
            files[name] = raw
    more = sorted(pack.names - set(stated.files) - {ENVELOPE, SIGNER})
    wrong += [f"{name!r:.100} is in the pack and was not signed" for name in more[:20]]
    if wrong:
        return files, [Check("files", "failed", w) for w in wrong]
    size = sum(f.bytes for f in stated.files.values())
    return files, [Check("files", "passed", f"{len(files)} files, {size:,} bytes, as signed")]


def _secret(stated: Stated, files: Mapping[str, bytes], trust: Trust) -> list[Check]:
    """Whether the probes follow from the seed, and the seed from the hash that was told before."""
    if stated.secret is None:
        if trust.commitment:
            why = "you were told a hash before, and the statement reveals no seed for it"
            return [Check("secret", "failed", why)]
        if stated.question.get("drawn"):
            why = "its probes are said to be drawn in secret, and it reveals no seed"
            return [Check("secret", "failed", why)]
        return []
    secret = stated.secret
    if secret.commitment != stated.commitment:
        why = "the seed that is revealed is not that of the hash in the statement"
        return [Check("secret", "failed", why)]
    if trust.commitment and trust.commitment != secret.commitment:
        why = f"the seed is that of {secret.commitment}, and you were told {trust.commitment:.80}"
        return [Check("secret", "failed", why)]
    try:
        drawn = _drawn(stated, files, trust)
    except CladistError as problem:
        return [Check("secret", "failed", str(problem))]
    if not trust.commitment:
        drawn.append(
            Check(
                "secret", "open",
                f"that the hash {secret.commitment} was told before the model was asked is not in "
                "the pack; give the one that you were told with --commitment",
            )
        )  # fmt: skip
    return drawn


def _drawn(stated: Stated, files: Mapping[str, bytes], trust: Trust) -> list[Check]:
    secret = stated.secret
    assert secret is not None
    if PROTOCOL not in files:
        raise InputError("a secret draw is stated, and the pack has no probes")
    pool = protocol_from(files[PROTOCOL], PROTOCOL).probes
    asked = _answers_of(stated.asked, files)
    if secret.way == "pool":
        places = secret.places(pool)
        if stated.kind == "placement":  # which may end early, by a plan that is checked with it
            places = places[: len(stated.question["order"])]
            if list(places) != stated.question["order"]:
                raise InputError("the probes were asked in another order than the seed draws them")
        wanted = {pool.ids[k] for k in places}
        got = {p for p, slot in zip(asked.probe_ids, asked.slots, strict=True) if slot}
        if got != wanted:
            raise InputError(
                f"the seed draws {len(wanted)} probes, and '{stated.asked:.80}' was asked "
                f"{len(got - wanted)} others and lacks {len(wanted - got)} of them"
            )
        said = f"the {len(wanted)} probes asked are those that the seed draws from {len(pool)}"
        return [Check("secret", "passed", said)]
    if trust.text is None:
        why = "the text that the probes were cut from is not in the pack; give it with --text"
        return [Check("secret", "open", why)]
    if secret.passages(trust.text).digest != pool.digest:
        raise InputError("the probes are not the passages that the seed draws from the text")
    return [Check("secret", "passed", f"the {len(pool)} probes are the passages of the seed")]


def _answers_of(model: str, files: Mapping[str, bytes]) -> ResponseSet:
    """The answers of the model that was asked; the last of its name, as it stands behind."""
    for name in ("second.jsonl", "answers.jsonl"):
        if name in files:
            found = [r for r in answers_from(files[name], name) if r.model == model]
            if found:
                return found[-1]
    raise InputError(f"'{model:.80}' is said to be asked in secret, and has no answers in the pack")


def _verdict(stated: Stated, files: Mapping[str, bytes]) -> Check:
    if stated.kind == "files":
        return Check("verdict", "passed", "none: these files were signed as they are")
    try:
        again = recompute(stated.kind, stated.question, files, stated.result)
    except InputError as problem:
        return Check("verdict", "failed", str(problem))
    found = differences(stated.result, again)
    by, here = stated.versions, versions()
    other = [f"{k} {by.get(k, '?')}, here {v}" for k, v in here.items() if by.get(k) != v]
    beside = f"; it was computed with {'; '.join(other)}" if other else ""
    if found.real:
        return Check("verdict", "failed", _listed(found.real) + beside)
    close = f", {found.rounding} numbers but for rounding" if found.rounding else ""
    return Check("verdict", "passed", f"computed again from the pack, the same{close}{beside}")


def _listed(real: Sequence[str]) -> str:
    more = f" and {len(real) - 3} more" if len(real) > 3 else ""
    return f"computed again it is another one: {'; '.join(real[:3])}{more}"
