"""Models asked, many at once: on this machine or a cluster, within one budget."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypedDict, Unpack

from cladist import catalog
from cladist.core.assay import Assay
from cladist.core.progress import NOBODY, Listener
from cladist.core.results import Results
from cladist.errors import UsageError
from cladist.extraction.many import Failure, extract_many, listed
from cladist.extraction.missing import listed_reasons
from cladist.extraction.run import Extraction
from cladist.models.budget import Budget, Limits
from cladist.references.source import open_source
from cladist.workflows.secrets import drawn_from

__all__ = ["ExtractOptions", "Extracted", "extract_models"]

NO_LIMITS = Limits()


class ExtractOptions(TypedDict, total=False):
    """How models are asked.

    like          a registry or an installed reference: ask what its recorded answers were asked
    interface     with `like`, where that is not recorded: 'raw' or 'chat'; else it is tried
    allow_sparse  make a DNA of too few usable answers as well, marked as such
    limits        calls, tokens and cost at most, for all models together
    secret        file of a secret draw: ask only what it draws
    text          the text that passages of the draw are cut from
    ray           address of a Ray cluster to ask on: HOST:PORT, 'auto', or 'local' to start one
    store         with `ray`: folder or URL that all nodes can write to
    """

    like: str
    interface: Literal["auto", "raw", "chat"]
    allow_sparse: bool
    limits: Limits
    secret: str | Path | None
    text: str | Path | None
    ray: str
    store: str


class Extracted(Results[Extraction]):
    """What asking models came to, model by model.

    Attributes
    ----------
    failures : tuple of Failure
        Models that could not be opened or asked; the others were not held up by them.
    limits : Limits
        What asking was kept within, and prices.

    Examples
    --------
    >>> Extracted([])
    <Extracted: 0 models asked, 0 failed>
    """

    def __init__(
        self,
        items: Iterable[Extraction],
        *,
        failures: Sequence[Failure] = (),
        limits: Limits = NO_LIMITS,
    ) -> None:
        super().__init__(items, what="models")
        self.failures = tuple(failures)
        self.limits = limits

    def cost(self, of: Extraction) -> float:
        """What asking one model cost, in the currency of the prices."""
        if of.usage is None:
            return 0.0
        return self.limits.price(of.usage.prompt_tokens, of.usage.completion_tokens)

    def missing(self, of: Extraction) -> str:
        """Why answers of one model are missing, the commonest reasons first."""
        return listed_reasons(of.reasons)

    def rows(self) -> list[dict[str, Any]]:
        """A row a model that was asked."""
        return [self._row(e) for e in self]

    def to_dict(self) -> dict[str, Any]:
        """Models asked, and those that failed with the reason."""
        failed = [{"uri": f.uri, "problem": str(f.problem)} for f in self.failures]
        return {"models": self.rows(), "failures": failed}

    def headline(self) -> str:
        """How many were asked, and how many failed."""
        return f"{len(self)} models asked, {len(self.failures)} failed"

    def _row(self, e: Extraction) -> dict[str, Any]:
        usage = None
        if e.usage is not None:
            usage = {
                "calls": e.usage.calls,
                "failures": e.usage.failures,
                "prompt_tokens": e.usage.prompt_tokens,
                "completion_tokens": e.usage.completion_tokens,
                "cost": self.cost(e),
            }
        return {
            "model": e.model.name,
            "uri": e.model.uri,
            "fingerprint": e.model.fingerprint,
            "interface": e.interface,
            "asked": e.asked,
            "known": e.known,
            "failed": e.failed,
            "left": e.left,
            "usage": usage,
            "remarks": list(e.remarks),
            "reasons": [{"answers": count, "words": words} for words, count in e.reasons],
            "tokens": e.tokens,
            "seconds": round(e.seconds, 3),
            "dna": e.dna.digest if e.dna else None,
            "usable": e.dna.usable if e.dna else None,
            "notes": list(e.dna.notes) if e.dna else [],
            "refusal": e.refusal,
        }


def extract_models(
    models: Sequence[str],
    folder: str | Path,
    assay: str | Assay = catalog.DEFAULT_ASSAY,
    *,
    jobs: int = 1,
    listener: Listener = NOBODY,
    **options: Unpack[ExtractOptions],
) -> Extracted:
    """Ask models what is still open, store their answers, and make DNA of them.

    A model is opened when its turn comes and closed after it. Answers are stored as they come: a
    run that was stopped goes on where it was when it is made again. A limit is never passed: what
    has no room is left for another run.

    Parameters
    ----------
    models : sequence of str
        URIs, and files NAME.txt with one URI a line.
    folder : path
        Of the registry.
    assay : str or Assay
        What to ask, unless `like` says it.
    jobs : int
        Models asked at once.
    listener : Listener
        Told of progress, and why nothing comes.
    **options
        See `ExtractOptions`.

    Raises
    ------
    UsageError
        For options that contradict each other, and where no model is named.

    Examples
    --------
    >>> import cladist, tempfile
    >>> uris = [f"simulated:7/m{k}?models=12&founders=2&shape=balanced" for k in (3, 4)]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     done = cladist.extract_models(uris, folder)
    >>> done, done.to_frame()["usable"].tolist()
    (<Extracted: 2 models asked, 0 failed>, [100, 100])
    """
    _check(jobs, options)
    named, limits = listed(models), options.get("limits", NO_LIMITS)
    budget = None if limits == NO_LIMITS else Budget(limits)
    like, interface = options.get("like", ""), options.get("interface", "auto")
    source = open_source(like) if like else None
    wanted = catalog.assay(assay) if isinstance(assay, str) else assay
    wanted, only = source.assay if source else wanted, None
    sparse, text = options.get("allow_sparse", False), options.get("text")
    if (secret := options.get("secret")) is not None:
        wanted, only = drawn_from(Path(secret), Path(text) if text else None, wanted)
    if address := options.get("ray", ""):
        from cladist.extraction.ray import extract_on_ray

        results = extract_on_ray(
            named,
            wanted,
            Path(folder),
            address=address,
            store=options.get("store", ""),
            allow_sparse=sparse,
            progress=listener.progress,
        )
    else:
        results = extract_many(
            named,
            wanted,
            Path(folder),
            jobs=jobs,
            listener=listener,
            allow_sparse=sparse,
            budget=budget,
            like=partial(source.how, interface=interface) if source else None,
            only=only,
        )
    failures = [r for r in results if isinstance(r, Failure)]
    return Extracted(
        [r for r in results if not isinstance(r, Failure)], failures=failures, limits=limits
    )


def _check(jobs: int, options: ExtractOptions) -> None:
    """`UsageError` for options that contradict each other."""
    ray, interface = options.get("ray", ""), options.get("interface", "auto")
    if ray and (options.get("limits", NO_LIMITS) != NO_LIMITS or jobs > 1):
        raise UsageError("limits and --jobs are for this machine; on a cluster leave them out")
    if options.get("store") and not ray:
        raise UsageError("--store is for --ray; a registry on this machine needs none")
    if interface not in ("auto", "raw", "chat"):
        raise UsageError(f"--interface {interface}: use raw or chat")
    if not options.get("like") and interface != "auto":
        raise UsageError("--interface is for --like; an assay says itself how it asks")
    for name in ("like", "secret"):
        if ray and options.get(name):
            raise UsageError(f"--{name} is for this machine; on a cluster leave it out")
