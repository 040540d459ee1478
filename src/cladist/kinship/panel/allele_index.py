"""The alleles of a fixed set of models, prepared so that one more is compared with all at once.

Holds what `alleles.relationship` would compute of the members again and again: who shows each
allele, its information, every member's norm and its products with the panel's mean. A new model
then costs the lists of the alleles that it shows, not the panel. Per probe there are

    whole   the members' openings in order, so that those who begin alike are a range: the
            number of members at a context and at an allele are widths of ranges
    local   for each four characters the members that show them (an inverted index)

The figures are those of `relationship` up to rounding, with every member counting once.
"""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cladist.core.hashing import GOLDEN, file_digest
from cladist.errors import InputError
from cladist.kinship.config import OPENINGS
from cladist.kinship.evidence.corpus import Corpus
from cladist.kinship.evidence.runs import distinct
from cladist.kinship.evidence.standard import in_turn

__all__ = ["FORMAT", "AlleleIndex", "grams", "index_alleles", "load_index", "nats", "save_index"]

FORMAT = 1
"""Version of the files; others are refused."""

_KIND = "cladist-allele-index"
_GOLDEN = np.uint64(GOLDEN)
_Words = NDArray[np.uint64]
_Ints = NDArray[np.int64]
_Doubles = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class AlleleIndex:
    """Prepared alleles of m members on p probes.

    panel      digest of the panel that this was made of
    models     m names
    probe_ids  p names
    arrays     by name, all in plain types:
               answered   int64 (p,) members with an answer
               missing    int32, and missing_at int64 (p + 1,): members without, probe by probe
               order      int32 (p, m) members by their openings, those without an answer first
               openings   bytes (p, m) the openings in that order, characters big-endian
               keys       uint64 sorted keys of four characters on a probe; with each go nats
                          float32, and begin int64 and shown int32: which part of `members`
                          int32 lists those who show it
               contexts, stood
                          uint64 sorted keys of three characters on a probe, and int32 how many
                          members stood there
               own_whole, own_local      float32 (p, m) products with the panel's mean
               total_whole, total_local  float64 (m,) their sums over probes
               norm_whole, norm_local    float64 (p,) squared norm of the mean
               scale_whole, scale_local  float64 (m,) what products are divided by
               usual      float64 (2,) mean squared norms, whole and local
    """

    panel: str
    models: tuple[str, ...]
    probe_ids: tuple[str, ...]
    arrays: Mapping[str, NDArray[Any]]

    def __len__(self) -> int:
        return len(self.models)


def nats(stood: NDArray[Any], shown: NDArray[Any], m: int) -> _Doubles:
    """Information of alleles, as `alleles.information` has it in panels of more than a few."""
    value = np.log((stood + 0.5 + 2.0 / m) / (shown + 0.5))
    return np.asarray(np.where(stood > shown, value, 0.0))


def grams(
    codes: NDArray[np.uint32], live: NDArray[np.bool_], probe: NDArray[Any]
) -> tuple[_Words, _Words]:
    """Keys of three characters and of these with the next one, wherever `live` (n, depth) is.

    `probe` (n,) or (1,) is the number of the probe that each row answers; it is in the keys.
    """
    start = np.ones((len(codes), OPENINGS.order - 1), np.uint64)
    wide = np.concatenate([start, codes.astype(np.uint64)], axis=1) + np.uint64(1)
    h = np.zeros(codes.shape, np.uint64) + (probe.astype(np.uint64)[:, None] << np.uint64(32))
    for d in range(OPENINGS.order - 1):
        h = (h + wide[:, d : d + OPENINGS.depth]) * _GOLDEN
        h ^= h >> np.uint64(29)
    gram = (h + wide[:, OPENINGS.order - 1 :]) * _GOLDEN
    gram ^= gram >> np.uint64(31)
    return h[live], gram[live]


def alive(codes: NDArray[np.uint32], length: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Where choices were made, bool (n, depth): at every character, and at an answer's end."""
    live = codes > 0
    ended = np.flatnonzero((length < OPENINGS.depth) & (length > 0))
    live[ended, length[ended]] = True
    return live


def packed(codes: NDArray[np.uint32], wide: bool) -> NDArray[np.bytes_]:
    """Rows of characters as bytes that sort as the characters do."""
    kind = ">u4" if wide else ">u2"
    raw = np.ascontiguousarray(codes.astype(kind))
    return raw.view(f"S{raw.dtype.itemsize * codes.shape[1]}")[:, 0]


def index_alleles(corpus: Corpus, panel: str = "") -> AlleleIndex:
    """Prepare the models of a corpus as the panel.

    Raises `InputError` for 20 models or fewer, where statistics depend on who is compared. Cost:
    O(m p depth log m) time and, on the disk, about 200 bytes a model and probe.
    """
    m, p = corpus.length.shape
    if m <= OPENINGS.few:
        raise InputError(f"an index of alleles needs more than {OPENINGS.few} models, {m} given")
    wide = bool(corpus.codes.max(initial=0) > 0xFFFE)
    made = list(in_turn(lambda j: _of_probe(corpus, j, wide), p))
    joined = {
        name: np.concatenate([part[name] for part in made])
        for name in ("missing", "keys", "nats", "shown", "members", "contexts", "stood")
    }
    joined["begin"] = np.cumsum([0, *joined["shown"][:-1]])
    for key, values in (("keys", ("nats", "shown", "begin")), ("contexts", ("stood",))):
        order = np.argsort(joined[key], kind="stable")
        for name in (key, *values):
            joined[name] = joined[name][order]
    joined |= {
        name: np.stack([part[name] for part in made])
        for name in ("order", "openings", "own_whole", "own_local")
    }
    joined["missing_at"] = np.cumsum([0, *(len(part["missing"]) for part in made)])
    present = corpus.present
    joined["answered"] = present.sum(axis=0)
    usual = []
    for kind in ("whole", "local"):
        norm = np.array([float(part[f"norm_{kind}"]) for part in made])
        own = sum((part[f"own_{kind}"].astype(np.float64) for part in made), np.zeros(m))
        square = sum((part[f"square_{kind}"] for part in made), np.zeros(m))
        d = np.maximum(square - 2 * own + present @ norm, 0.0)
        usual.append(max(float(d.mean()), 1e-9))
        joined[f"norm_{kind}"], joined[f"total_{kind}"] = norm, own
        joined[f"scale_{kind}"] = np.sqrt(d + usual[-1])
    joined["usual"] = np.array(usual)
    return AlleleIndex(panel, corpus.models, corpus.probe_ids, joined)


def _of_probe(corpus: Corpus, j: int, wide: bool) -> dict[str, NDArray[Any]]:
    codes, length = corpus.codes[:, j], corpus.length[:, j]
    answered = int((length > 0).sum())
    # Of the mean the part that is not a pair itself; see `relationship`.
    share = (len(codes) - 2) / len(codes) / max(answered, 1)
    return {
        "missing": np.flatnonzero(length == 0).astype(np.int32),
        **_whole(codes, length, share, wide),
        **_local(codes, length, share, j),
    }


def _whole(
    codes: NDArray[np.uint32], length: NDArray[np.int32], share: float, wide: bool
) -> dict[str, NDArray[Any]]:
    m = len(codes)
    raw = packed(codes, wide)
    order = np.argsort(raw, kind="stable")
    first = int((length == 0).sum())
    said, many = codes[order[first:]], len(order) - first
    own, square, norm = np.zeros(m), np.zeros(m), 0.0
    if many:
        mine = length[order[first:]]
        begins = np.zeros(many, np.bool_)
        begins[0] = True
        stood = np.full(many, many)
        for d in range(OPENINGS.depth):
            begins[1:] |= said[1:, d] != said[:-1, d]
            run = np.cumsum(begins) - 1
            shown = np.bincount(run)[run]
            live = mine >= d
            value = np.where(live, nats(stood, shown, m), 0.0)
            mean = shown * share
            own[order[first:]] += value * mean
            square[order[first:]] += value
            norm += float((value * mean * mean)[begins & live].sum())
            stood = shown
    return {
        "order": order.astype(np.int32),
        "openings": raw[order],
        "own_whole": own.astype(np.float32),
        "square_whole": square,
        "norm_whole": np.array(norm),
    }


def _local(
    codes: NDArray[np.uint32], length: NDArray[np.int32], share: float, probe: int
) -> dict[str, NDArray[Any]]:
    m = len(codes)
    live = alive(codes, length)
    context, gram = grams(codes, live, np.array([probe]))
    rows = np.broadcast_to(np.arange(m)[:, None], live.shape)[live]
    keys, first, number = np.unique(gram, return_index=True, return_inverse=True)
    contexts, place = np.unique(context, return_inverse=True)
    column, member = np.divmod(distinct(number * m + rows), m)
    shown = np.bincount(column, minlength=len(keys))
    stood = np.bincount(distinct(place * m + rows) // m, minlength=len(contexts))
    value = nats(stood[place[first]], shown, m)
    mean = shown * share
    kept = value[column] > 0
    return {
        "keys": keys,
        "nats": value.astype(np.float32),
        "shown": np.where(value > 0, shown, 0).astype(np.int32),
        "members": member[kept].astype(np.int32),
        "contexts": contexts,
        "stood": stood.astype(np.int32),
        "own_local": np.bincount(member, (value * mean)[column], m).astype(np.float32),
        "square_local": np.bincount(member, value[column], m),
        "norm_local": np.array(float((value * mean * mean).sum())),
    }


def save_index(index: AlleleIndex, folder: Path) -> None:
    """Write the arrays as .npy files with a head that holds their hashes; aside, then moved."""
    aside = folder.parent / f".{folder.name}.{secrets.token_hex(6)}"
    aside.mkdir(parents=True)
    try:
        hashes = {}
        for name, array in index.arrays.items():
            np.save(aside / f"{name}.npy", np.ascontiguousarray(array), allow_pickle=False)
            hashes[name] = file_digest(aside / f"{name}.npy")
        head = {
            "kind": _KIND,
            "format": FORMAT,
            "panel": index.panel,
            "models": index.models,
            "probes": index.probe_ids,
            "arrays": hashes,
        }
        (aside / "head.json").write_text(json.dumps(head), encoding="utf-8")
        if folder.exists():
            shutil.rmtree(folder)
        aside.rename(folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def load_index(folder: Path, panel: str = "", *, check: bool = True) -> AlleleIndex:
    """Open an index, its arrays memory-mapped.

    `panel` is the digest of the panel that it must belong to. With `check` everything is read
    once and held against the hashes. Raises `InputError` when it is none, belongs to another
    panel, or was changed.
    """
    try:
        head = json.loads((folder / "head.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{folder}: there is no such index of a panel") from None
    except (OSError, ValueError) as problem:
        raise InputError(f"{folder} is no index of a panel: {problem}") from None
    if not isinstance(head, dict) or (head.get("kind"), head.get("format")) != (_KIND, FORMAT):
        raise InputError(f"{folder} is no index of a panel, or of another version; build it again")
    if panel and head.get("panel") != panel:
        raise InputError(f"{folder} belongs to another panel; build it again")
    arrays = {}
    for name, known in _entries(head, folder):
        path = folder / f"{name}.npy"
        try:
            if check and file_digest(path) != known:
                raise InputError(f"{folder} was changed since it was built; build it again")
            arrays[name] = np.load(path, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError) as problem:
            raise InputError(f"{path} cannot be read: {problem}; build it again") from None
    return AlleleIndex(head["panel"], tuple(head["models"]), tuple(head["probes"]), arrays)


def _entries(head: Mapping[str, Any], folder: Path) -> Sequence[tuple[str, str]]:
    found = head.get("arrays")
    if not isinstance(found, dict) or set(found) != _NAMES:
        raise InputError(f"{folder}: its list of arrays is not that of an index; build it again")
    return [(str(name), str(known)) for name, known in found.items()]


_NAMES = frozenset(
    {"answered", "missing", "missing_at", "order", "openings", "usual"}
    | {"keys", "nats", "begin", "shown", "members", "contexts", "stood"}
    | {
        f"{what}_{kind}"
        for what in ("own", "total", "norm", "scale")
        for kind in ("whole", "local")
    }
)
