"""How often an endpoint that tells audits from users is found out, by public and secret probes.

    python benchmarks/secret_probes.py --trials 40

The claimed model and the cheap one are the two tiny models of the package, so that 700 prompts are
asked in a minute. Three audits of 40 probes each ask every endpoint: the first 40 probes of the
assay, a secret draw of 40 from a pool of 700, and 40 secret passages of a text that nobody else
has. Each is held against the claimed model's own answers by the identity test at a rate of .01.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

from two_faced import Rule, TwoFaced, always, first, knows, never, resembles, share, short

from cladist import catalog
from cladist.core.assay import Assay, Protocol
from cladist.core.probes import Probe, ProbeSet
from cladist.core.responses import Response, ResponseSet
from cladist.core.secret import Secret
from cladist.extraction.asking import requests_for
from cladist.extraction.opening import open_any
from cladist.models.base import AskedInterface, Identity, Model, Request
from cladist.provenance.deployments import Side, hold_against

COUNT = 40


class Kept:
    """A model whose greedy answers are kept, so that many trials ask each prompt once."""

    def __init__(self, uri: str) -> None:
        self.model: Model = open_any(uri)
        self.kept: dict[str, Response] = {}

    @property
    def identity(self) -> Identity:
        return self.model.identity

    @property
    def interfaces(self) -> frozenset[AskedInterface]:
        return self.model.interfaces

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        for index, request in enumerate(requests):
            if request.prompt not in self.kept:
                ((_, self.kept[request.prompt]),) = self.model.answer([request])
            yield index, self.kept[request.prompt]

    def close(self) -> None:
        self.model.close()


def asked(model: Model, assay: Assay, places: Sequence[int]) -> ResponseSet:
    slots: list[tuple[Response, ...]] = [() for _ in assay.protocol.probes.ids]
    requests = requests_for(assay, "raw", [(p, 0) for p in places])
    for index, response in model.answer(requests):
        slots[places[index]] = (response,)
    return ResponseSet(model.identity.name, assay.protocol.probes.ids, tuple(slots))


def verdict(claimed: Model, served: Model, assay: Assay, places: Sequence[int]) -> str:
    """What the audit says; the claimed model is asked the same probes."""
    sides = [Side(asked(m, assay, places)) for m in (claimed, served)]
    return hold_against(sides[0], sides[1], assay.protocol.decoding, rate=0.01).verdict


def rules(public: Sequence[str], pool: Sequence[str], seed: int) -> dict[str, Rule]:
    return {
        "honest": always,
        "always the cheap model": never,
        "knows the assay's probes": knows(public),
        "knows the whole pool": knows(pool),
        "knows any four words of the pool": resembles(pool),
        "claimed model for the first 20 calls": first(20),
        "claimed model for 70% of calls": share(0.7, seed),
        "claimed model for 95% of calls": share(0.95, seed),
        "claimed model for short greedy calls": short(64),
    }


def private_text(count: int) -> str:
    """Texts that the pool has not: those of the probe sets in other languages."""
    names = ("random-de-100", "random-es-100", "random-ru-100")
    return " ".join(p.text for n in names for p in catalog.probe_set(n).probes)


def main() -> None:
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--trials", type=int, default=40)
    reader.add_argument("--seed", type=int, default=0)
    given = reader.parse_args()
    claimed, cheap = Kept("builtin:tiny-stage"), Kept("builtin:tiny-scripture")
    assay = catalog.assay()
    public = assay.protocol.probes.probes[:COUNT]
    texts = [p.text for p in (*assay.protocol.probes.probes,
                              *catalog.probe_set("questions-600").probes)]  # fmt: skip
    pool = ProbeSet("pool", tuple(Probe(f"{i:04d}", t) for i, t in enumerate(texts)))
    from_pool = assay.on(Protocol("pool", pool, assay.protocol.decoding))
    text = private_text(COUNT)
    from hashlib import sha256

    source = sha256(text.encode()).hexdigest()
    found: dict[str, dict[str, Counter[str]]] = {}
    for trial in range(given.trials):
        seed = sha256(f"{given.seed} {trial}".encode()).hexdigest()
        drawn = Secret(seed, "pool", pool.digest, COUNT).places(pool)
        passages = Secret(seed, "passages", source, COUNT).passages(text)
        own = assay.on(Protocol("passages", passages, assay.protocol.decoding))
        audits = {
            "public": (assay, range(COUNT)), "pool": (from_pool, drawn),
            "passages": (own, range(COUNT)),
        }  # fmt: skip
        for audit, (by, places) in audits.items():
            for name, rule in rules([p.text for p in public], texts, trial).items():
                said = verdict(claimed, TwoFaced(claimed, cheap, rule), by, places)
                found.setdefault(name, {}).setdefault(audit, Counter())[said] += 1
    print(f"| endpoint | {COUNT} public probes | {COUNT} of a pool of {len(pool)} | "
          f"{COUNT} passages |\n|---|---|---|---|")  # fmt: skip
    for name, by_audit in found.items():
        cells = [f"{by_audit[a]['changed'] / given.trials:.0%}" for a in by_audit]
        print(f"| {name} | {' | '.join(cells)} |")
    told = ", ".join(f"{a} {counts['same']}" for a, counts in found["honest"].items())
    print(f"\nhonest, called same: {told} of {given.trials}")


if __name__ == "__main__":
    main()
