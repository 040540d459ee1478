"""The words of docs/kinship.md around the tables of `kinship.py`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from small_panels import DRAWN

HEAD = """# Kinship, measured

Written by `{command}` in {took} minutes of processor, with
`OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1`. The answers are recorded ones of real models, and not
part of the project.

## Method

A pair is kin when both models have one foundation and other weights. A pair is unrelated when the
two are of different makers. All other pairs are left out. Models count whose label is usable and
of high or medium confidence. All pairs count as often as they occur.

- AUC: how often a pair of kin lies above a pair of unrelated models.
- AP: average precision of the list of all pairs, likest first.
- TPR at 1%: share of kin above the likest 1% of unrelated pairs.
- Nearest is kin: share of models whose likest other model has the same foundation.

Intervals are 95%. They come from {draws} draws of makers with replacement. A pair of two makers
weighs by both draws, a pair within one maker by its one draw. The interval of a mean over sets
draws the makers of each set apart. A wide interval says that few makers carry the figure.

Where a method has no answer for a model, the model counts as unlike everybody.

The evidence is the sum of two parts. Wording is a log-likelihood ratio of common descent: whether
two models go on with the same word where models of the panel part. Tokenizer tells by the length of
unfinished answers whether two models cut text alike. Nothing is trained on labels.
"""

CHOICE = """## Constants chosen on other sets

This is the figure to expect of a set that nobody has seen. Five constants of
`kinship/config/evidence.py` are tried ([all others](sensitivity.md) stay as they ship):

{grid}

`copied` is the probability that kin copy a word. `words` is how many words of an answer are read,
and ten times as many characters. `single` is the weight of words without context. The longest
sequence is two, three or four words. `tokenizer` is the weight of that part.

All combinations are tried. For each set the combination is taken that has the highest mean of
AUC and AP on the other sets. It is scored on the set that was left out. `can_ai_code` and
`can_ai_code_senior` are of one project, so neither chooses for the other. Prompts, answers and
panel are unseen in this way. Makers are not: most makers occur in several sets. The design of the
method itself was made with all six sets in view, and no table here can undo that.

{headline}

{said}

What depends on each constant, as mean AUC / AP over the six sets, the others as they ship:

{shipped}
"""

METHODS = """## Beside other methods

The constants are those that ship. They were set with these sets in view, so the table above is the
one to quote. Published DNA exists for two sets and stands in their tables. TF-IDF reads 400
characters of an answer. The prefix baseline weighs a common opening by how rare it is among the
models, and standardises each model's row.

{means}

{each}"""

COMPOSITION = """## When one foundation is much of the panel

Command for this part alone: `python benchmarks/composition.py`. Panels of 12, 50, 200 and 700
models are drawn so that the largest foundation is 5, 15, 30 or 50% of them. No other foundation
has more models than that. The same foundations and seeds serve all shares of a row: up to three
foundations that are large enough. Every statistic comes from the drawn panel alone. The figure is
the AUC of kin pairs of that foundation against all unrelated pairs of the panel, as a mean over
panels. Of bench6 every fourth probe is used. A change is followed by its standard error over
pairs of panels, which does not count that few foundations stand behind it.

{drawn}

A dash says that the data do not allow it. 5% of 12 is less than two models. The largest labelled
foundation has {largest}.
{models}.
So 30 and 50% of 200 cannot be drawn, nor anything above 5% of 700. At 5% of 50 there is one pair
of kin a panel, so that column is rough.

Kinship loses when kin fill the panel: kin raise their own mean and spread, and what they share is
no longer rare. Against it every mean of a model's pairs leaves out what lies three spreads above
it (`SPREADS.beyond`). Of eleven models or fewer none can lie that far.
{plainly}

Tried against it too: position-based weights (Henikoff and Henikoff 1994), weights by 1 / number of
like models, row statistics without a model's own cluster, medians, spreads without what lies far
above, levels over guessed families. Each changed the mean AUC over the six sets by less than .01
either way, and none was kept. Those trials are not rerun here.
"""

SMALL = """## Small panels

Command for this part alone: `python benchmarks/small_panels.py`. So many labelled models and probes
of a set are drawn at random, {panels} times; draws without kin are left out. Every statistic comes
from what was drawn. The figures are mean AUC, and average precision where it says so.

{small}

The last column counts the panels in which unfinished answers tell of tokenizers. That takes some
five hundred of them, and a common token limit that the panel itself must show.
"""

REST = """## How much is needed

Means over {repeats} draws of probes, all models.

{curve}

## What limits it

The constants are those that ship. Halves are even and odd probes, wording alone. A wrong neighbour
is one that is not kin although kin are there.

{limits}

Where halves agree well, more probes of the kind can add little: kin that are missed there have
changed what they say. Where halves agree badly, more probes can help. Strangers above the line
are often of few pairs of makers, and some of these share a tokenizer, data or a teacher.

The tokenizer tells makers and not foundations. It can tell nothing where answers end by
themselves, and little where two models write texts of another make-up: kin tuned on another text
pack it otherwise, under the same tokenizer. On bred models that share vocabularies and differ in
text it still takes a little from wording ([the lab](lab.md)). In `can_ai_code` models were asked
through templates of their own, which shape answers much, and no method here gets far.
"""


def page(
    *,
    headline: str,
    said: str,
    shipped: str,
    grid: Mapping[str, str],
    means: str,
    each: str,
    drawn: str,
    plainly: str,
    largest: str,
    models: str,
    small: str,
    curve: str,
    limits: str,
    cost: Sequence[str],
    sizes: Sequence[int],
    took: str,
    draws: int,
    repeats: int,
) -> str:
    """The whole page."""
    asked = f" --sizes {' '.join(map(str, sizes))}" if sizes else ""
    values = "\n".join(f"- {name}: {tried}" for name, tried in grid.items())
    parts = [
        HEAD.format(command=f"python benchmarks/kinship.py{asked}", took=took, draws=draws),
        CHOICE.format(grid=values, headline=headline, said=said, shipped=shipped),
        METHODS.format(means=means, each=each),
        COMPOSITION.format(drawn=drawn, largest=largest, models=models, plainly=plainly),
        SMALL.format(small=small, panels=DRAWN),
        REST.format(curve=curve, limits=limits, repeats=repeats),
    ]
    if cost:
        lines = "\n".join(f"- {line}" for line in cost)
        parts.append(
            "## Cost\n\n`python benchmarks/all_pairs.py --models N`: all evidence of all pairs, "
            "which is what fitting\na panel takes. Reading answers from files is left out. More "
            "models than were recorded are the\nrecorded ones with their answers moved on to "
            f"other probes.\n\n{lines}\n"
        )
    return "\n".join(parts)
