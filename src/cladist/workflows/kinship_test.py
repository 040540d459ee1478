"""Is a model kin of others, at a stated false-positive rate? Fitted once, asked often."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

from cladist.compare import resolved
from cladist.core.assay import Assay
from cladist.core.progress import NOBODY, Listener
from cladist.core.results import Results
from cladist.core.secret import Secret
from cladist.errors import InputError, UsageError
from cladist.fitting import require_answers
from cladist.kinship.inference.decision import Adjustment, Policy
from cladist.kinship.inference.pair_test import KinshipResult, judge_candidates
from cladist.kinship.inference.parentage import Direction, Mixture
from cladist.kinship.inference.sequential import EarlyAnswer
from cladist.registry import Registry
from cladist.workflows import kinship as work
from cladist.workflows.named import LabelsLike, families_here
from cladist.workflows.two_assays import Alone, alone, question_of_two

__all__ = ["KinshipTest"]


class KinshipTest:
    """A test of kinship between models of a registry.

    Parameters
    ----------
    alpha : float
        False-positive rate: how many unrelated pairs may be called related.
    adjust : {'holm', 'bh', 'by', 'none'}
        How p is adjusted where a model is held against several.

    Attributes
    ----------
    assay_ : Assay
        What the answers were asked by.
    remarks_ : tuple of str
        What was left out or assumed.

    Raises
    ------
    UsageError
        For another adjustment.
    InputError
        For a rate outside 0 to 1.

    Notes
    -----
    It follows scikit-learn: parameters go by keyword and can be read and set, `fit` gives the
    test itself, what was learnt ends in an underscore, and `sklearn.base.clone` copies it. It takes
    a registry where an estimator takes a matrix, so it is none, and scikit-learn's checks, which
    hand every estimator a matrix, do not apply.

    Examples
    --------
    >>> import cladist
    >>> with cladist.toy_registry() as lab:
    ...     test = cladist.KinshipTest(alpha=0.01).fit(lab, labels=cladist.toy_families())
    ...     found = test.test("m00-chat", ["m00-base", "m07-base"])
    >>> [r.verdict for r in found]
    ['related', 'unrelated']
    """

    def __init__(self, *, alpha: float = 0.01, adjust: Adjustment = "holm") -> None:
        if adjust not in get_args(Adjustment):
            raise UsageError(f"adjust '{adjust}': use holm, bh, by or none")
        self.policy = Policy(alpha)
        self.adjust: Adjustment = adjust

    @property
    def alpha(self) -> float:
        """The false-positive rate."""
        return self.policy.alpha

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters by name; `deep` is there for scikit-learn."""
        return {"alpha": self.alpha, "adjust": self.adjust}

    def set_params(self, **params: Any) -> KinshipTest:
        """Set parameters; raises what making a test with them raises, and changes nothing then."""
        unknown = params.keys() - self.get_params().keys()
        if unknown:
            raise UsageError(f"a test of kinship has no parameter '{min(unknown)}'")
        made = KinshipTest(**{**self.get_params(), **params})
        self.policy, self.adjust = made.policy, made.adjust
        return self

    def __repr__(self) -> str:
        return f"KinshipTest(alpha={self.alpha:g}, adjust={self.adjust!r})"

    def fit(
        self,
        registry: Registry,
        *,
        labels: LabelsLike = None,
        assay: str | Assay = "",
        panel: str | Path | None = None,
        models: Sequence[str] = (),
        secret: Secret | None = None,
        beside: str | Assay = "",
        listener: Listener = NOBODY,
    ) -> KinshipTest:
        """Measure what the models of a registry share; it must stay open while tests are made.

        Parameters
        ----------
        registry : Registry
            Whose models are compared.
        labels : path, mapping or None
            Families of its models; without them nobody can be called unrelated.
        assay : str or Assay
            What answers to take, where the registry has several.
        panel : path or None
            Reference panel to measure against, instead of the registry.
        models : sequence of str
            Models that must be there. With a panel or a secret, those that will be tested, the
            one in question first.
        secret : Secret or None
            The draw of probes that the first of `models` was asked by.
        beside : str or Assay
            A second assay of the same models: one of the two tells distributions, which decide,
            the other texts, of which `alone` tells. Not with a panel or a secret.
        listener : Listener
            Told of remarks.

        Raises
        ------
        UsageError
            For a model that is not in the registry.
        InputError
            For fewer than two models, or a file that cannot be read.
        NotComparableError
            For a panel of other probes.
        CoverageError
            For one of `models` without a usable answer.
        """
        if beside and (panel is not None or secret is not None):
            raise UsageError("two assays are read from one registry; leave the panel or secret")
        self.assay_ = resolved(registry, assay)
        for name in models:
            registry.model(name)
        declared = families_here(labels, registry.models(), listener.hear)
        if beside:
            self.question_ = question_of_two(
                registry, (self.assay_, resolved(registry, beside)), declared,
                progress=listener.progress,
            )  # fmt: skip
        elif panel is None and secret is None:
            self.question_ = work.question(
                registry, self.assay_, declared, progress=listener.progress
            )
        elif not models:
            raise UsageError("a panel or a secret draw needs models=, the one in question first")
        else:
            wanted = None if panel is None else dict.fromkeys(models)
            responses = work.answered(registry, self.assay_, wanted)
            if secret is not None:
                responses = work.only_drawn(responses, models[0], secret, self.assay_)
            self.question_ = (
                work.question_of(self.assay_, responses, declared)
                if panel is None
                else work.question_beside(
                    Path(panel),
                    self.assay_,
                    responses,
                    models,
                    declared,
                    progress=listener.progress,
                )
            )
        require_answers(registry, self.assay_, self.question_.pairs.models, models)
        self.remarks_ = self.question_.remarks
        for remark in self.remarks_:
            listener.hear(remark)
        return self

    def test(self, model: str, candidates: str | Sequence[str]) -> Results[KinshipResult]:
        """One verdict a candidate, p adjusted for all of them.

        Raises `InputError` for names that are not there, or a model held against itself.
        """
        asked = self._fitted()
        names = [candidates] if isinstance(candidates, str) else list(candidates)
        found = judge_candidates(asked.made, model, names, self.policy, self.adjust)
        return Results(found, what="tests", remarks=self.remarks_)

    def alone(self, model: str, candidates: Sequence[str]) -> list[tuple[Alone, ...]]:
        """Of two assays that are asked together, what each says by itself, a tuple a candidate."""
        return alone(self._fitted(), model, candidates, self.policy, self.adjust)

    def sequential(
        self, model: str, candidates: Sequence[str], *, listener: Listener = NOBODY
    ) -> Results[EarlyAnswer]:
        """After how many probes each candidate was decided; `listener` is told of each look.

        Raises `UsageError` where two assays are asked together.
        """
        if self._fitted().parts:
            raise UsageError("--sequential takes the probes of one assay in their order")
        found = work.sequential(
            self._fitted(), model, candidates, self.policy, progress=listener.progress
        )
        return Results(found, what="early answers")

    def directions(self, results: Sequence[KinshipResult]) -> Results[Direction]:
        """Of every related pair, which is the ancestor, if it can be told."""
        return Results(work.directions(self._fitted(), results), what="directions")

    def mixture(self, model: str, candidates: Sequence[str]) -> tuple[Mixture | None, str]:
        """The model as a mixture of the candidates; None, and why, where there is none.

        Candidates with the same answers throughout count as one, which is said.

        Raises `InputError` for fewer than two candidates.
        """
        return work.split(self._fitted(), model, candidates)

    def _fitted(self) -> work.Question:
        if not hasattr(self, "question_"):
            raise InputError("the test has no models yet; call fit(registry) first")
        return self.question_
