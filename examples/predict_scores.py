"""Predict the scores of models that were never tested, from recorded answers alone.

    python examples/predict_scores.py

Makes up 12 families of models that do sums, some better than others, and records what they
answer. The scores of all but the last family are known; those of the last are predicted.
"""

from __future__ import annotations

import csv
import tempfile
from pathlib import Path

import numpy as np

import cladist
from cladist.apply.scores import ScorePredictor
from cladist.compare import resolve_assay
from cladist.traits import model_features

FAMILIES, MEMBERS, PROBES = 12, 4, 40


def record(path: Path) -> dict[str, float]:
    """Write answers of made-up models; their skills by name."""
    rng = np.random.default_rng(0)
    sums = rng.integers(10, 99, size=(PROBES, 2))
    skills: dict[str, float] = {}
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["model", "prompt_id", "response"])
        for family in range(FAMILIES):
            manner = rng.choice(["So", "Well", "Sure", "Let us see"])
            for member in range(MEMBERS):
                name = f"family{family}-{member}"
                skills[name] = skill = float(rng.uniform(0.2, 0.95))
                for number, (a, b) in enumerate(sums):
                    total = a + b if rng.random() < skill else rng.integers(20, 200)
                    rows.writerow([name, number, f"{manner}, {a} and {b} make {total}."])
    return skills


def main() -> None:
    """Predict, and print beside the truth."""
    with tempfile.TemporaryDirectory() as folder:
        skills = record(Path(folder) / "answers.csv")
        with cladist.open_registry(Path(folder) / "lab") as lab:
            cladist.import_responses(Path(folder) / "answers.csv", lab)
            features = model_features(lab, resolve_assay(lab))
    family = {name: name.split("-")[0] for name in skills}
    known = [n for n in features.models if family[n] != f"family{FAMILIES - 1}"]
    new = [n for n in features.models if n not in known]
    predictor = ScorePredictor(features.blocks, bounds=(0, 1)).fit(
        features.select(known).values, [skills[n] for n in known], [family[n] for n in known]
    )
    rows = features.select(new).values
    intervals = predictor.predict_interval(rows, level=0.9)
    for name, guess, interval in zip(new, predictor.predict(rows), intervals, strict=True):
        print(
            f"{name}: {guess:.2f}, 90% interval {interval.lower:.2f} to {interval.upper:.2f} "
            f"({interval.basis}); true {skills[name]:.2f}"
        )


if __name__ == "__main__":
    main()
