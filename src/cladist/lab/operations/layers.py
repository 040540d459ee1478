"""Layer dropping, and depth up-scaling (Kim et al. 2023, arXiv 2312.15166)."""

from __future__ import annotations

from cladist.lab.architectures import layer_count, with_layers
from cladist.lab.operations._job import Job, Made, train


def apply(job: Job) -> Made:
    """The parent with `count` layers of its middle taken out, or passed twice."""
    (parent,) = job.parents
    layers = list(range(layer_count(parent.model)))
    count = job.count("count")
    start = (len(layers) - count + 1) // 2
    middle = layers[start : start + count]
    if job.node.operation == "drop-layers":
        chosen = [k for k in layers if k not in middle]
    else:
        chosen = [*layers[: start + count], *middle, *layers[start + count :]]
    model = with_layers(parent.model, parent.architecture, chosen)
    run = train(job, model, parent.tokenizer)
    return Made(model, parent.tokenizer, run, facts={"layers": chosen})
