"""Distillation from answers: a pupil learns texts that its teacher sampled.

Only text passes from one to the other (sequence-level distillation, Kim & Rush 2016,
arXiv 1606.07947), so tokenizers and architectures may differ.
"""

from __future__ import annotations

from cladist.lab.corpora import documents, split
from cladist.lab.operations._job import Job, Made
from cladist.lab.store import Loaded
from cladist.lab.tokens import encode
from cladist.lab.training import fit, sample_texts, windows

PROMPT, LENGTH, AT_ONCE = 8, 120, 96


def taught_texts(teacher: Loaded, corpus: str, count: int, seed: int) -> list[str]:
    """`count` texts that the teacher sampled, each begun by a few tokens of a corpus."""
    documents(corpus)  # an unknown corpus is told before anything is sampled
    ids = encode(teacher.tokenizer, split(corpus)[0])
    out: list[str] = []
    for start in range(0, count, AT_ONCE):
        prompts = windows(ids, PROMPT - 1, min(AT_ONCE, count - start), seed)(start)[0]
        rows = sample_texts(teacher.model, prompts, LENGTH, seed + start, temperature=0.8)
        out.extend(
            teacher.tokenizer.decode([*p, *r], skip_special_tokens=True)
            for p, r in zip(prompts.tolist(), rows.tolist(), strict=True)
        )
    return out


def apply(job: Job) -> Made:
    """The parent trained on the teacher's texts; the corpus only begins them."""
    (parent,) = job.parents
    if job.teacher is None:
        raise AssertionError("a plan without a teacher does not pass its checks")
    texts = taught_texts(
        job.teacher, job.text("corpus") or "reference", job.count("texts"), job.seed
    )
    run = fit(
        parent.model,
        windows(encode(parent.tokenizer, texts), job.window, job.batch, job.seed),
        job.count("steps"),
        job.number("rate"),
        name=job.node.name,
        flat=job.flag("flat"),
        progress=job.progress,
    )
    return Made(parent.model, parent.tokenizer, run, facts={"taught_texts": len(texts)})
