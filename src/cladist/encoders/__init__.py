"""Encoders by name, each in a file of its own, imported only when used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module

import numpy as np

from cladist.core.assay import EncoderSpec, Method
from cladist.core.features import Features
from cladist.core.representation import Channel, Representation
from cladist.core.responses import Response, ResponseSet
from cladist.encoders.base import Encoder, ReadsDistributions
from cladist.errors import AssayError

__all__ = ["ENCODERS", "Encoder", "open_encoder", "register_encoder", "represent"]

ENCODERS: dict[str, str] = {
    "alleles": "cladist.encoders.alleles",
    "prefixes": "cladist.encoders.prefixes",
    "lexical": "cladist.encoders.lexical",
    "embedded": "cladist.encoders.embedded",
    "sentence": "cladist.encoders.sentence",
    "remote": "cladist.encoders.remote",
    "hellinger": "cladist.encoders.hellinger",
}
"""Encoder name -> module with a function `make(**options) -> Encoder`."""


_OWN: dict[str, Callable[..., Encoder]] = {}


def register_encoder(name: str, make: Callable[..., Encoder]) -> None:
    """Make an encoder of one's own known by a name, for this process.

    Parameters
    ----------
    name : str
        What assays call it by; a name may be registered again, but not one that cladist has.
    make : callable
        Given the options of a spec as keywords, it returns an `Encoder`: its `version`, and
        `encode`, which gives texts a row each, no row depending on another text.

    Raises
    ------
    AssayError
        For a name that cladist has itself.

    Examples
    --------
    >>> import numpy as np
    >>> from cladist.core.features import DenseFeatures
    >>> class Lengths:
    ...     version = "1"
    ...     def encode(self, texts):
    ...         return DenseFeatures(np.array([[len(t)] for t in texts], np.float32))
    >>> register_encoder("lengths", Lengths)
    >>> open_encoder(EncoderSpec("lengths")).encode(["a", "bcd"]).values.tolist()
    [[1.0], [3.0]]
    """
    if name in ENCODERS:
        raise AssayError(f"encoder '{name}' is one of cladist; choose another name")
    _OWN[name] = make


def open_encoder(spec: EncoderSpec) -> Encoder | ReadsDistributions:
    """The encoder that a spec names.

    Raises `AssayError` for an unknown name or option, `MissingExtraError` when its package is
    not installed.
    """
    if spec.name not in ENCODERS and spec.name not in _OWN:
        known = ", ".join([*ENCODERS, *_OWN])
        raise AssayError(f"encoder '{spec.name}' is unknown; known are {known}")
    make = _OWN.get(spec.name) or import_module(ENCODERS[spec.name]).make
    try:
        encoder: Encoder | ReadsDistributions = make(**spec.options)
    except TypeError as problem:
        raise AssayError(f"encoder '{spec.name}': {problem}") from problem
    return encoder


def _encoded(spec: EncoderSpec, usable: Sequence[Response]) -> Features:
    """Features of answers; `AssayError` where they are not what the encoder reads."""
    encoder = open_encoder(spec)
    reads = isinstance(encoder, ReadsDistributions)
    if any(bool(r.distribution) != reads for r in usable):
        wanted = "distributions, these are texts" if reads else "texts, these are distributions"
        raise AssayError(f"encoder '{spec.name}' reads {wanted}; use another encoder or protocol")
    if isinstance(encoder, ReadsDistributions):
        return encoder.encode_distributions([r.distribution for r in usable])
    return encoder.encode([r.text for r in usable])


def represent(responses: ResponseSet, method: Method) -> Representation:
    """Encode all usable answers of one model and average them over the samples of a probe.

    Answers that are empty, refused or failed take no part; a probe without a usable answer is
    absent, not a vector of zeros that looks like agreement.
    """
    usable, owner = [], []
    for number, slot in enumerate(responses.slots):
        for response in slot:
            if response.usable:
                usable.append(response)
                owner.append(number)
    group = np.asarray(owner, dtype=np.int64)
    count = len(responses.probe_ids)
    channels = tuple(
        Channel(s.name, s.weight, _encoded(s, usable).mean_by(group, count))
        for s in method.encoders
    )
    samples = np.bincount(group, minlength=count).astype(np.int64)
    return Representation(responses.model, responses.probe_ids, channels, samples)
