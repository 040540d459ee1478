"""Servers and changed models for `watching.py`."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np

from cladist.core.next_token import Context, NextToken
from cladist.core.responses import Response
from cladist.models import open_model
from cladist.models.base import Identity, Request
from cladist.models.requantize import requantize

SYSTEM = "You are a helpful assistant named Bob."


@contextmanager
def llama(path: Path, slots: int = 1) -> Iterator[str]:
    """llama.cpp's server on a GGUF file; the address of its API."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path, params.model_alias = str(path), {"m"}
    params.verbosity, params.n_ctx, params.n_parallel = -1, 512 * slots, slots
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    params.hostnames, params.port = ["127.0.0.1"], 0
    params.warmup = params.fit_params = False
    server = xllamacpp.Server(params)
    yield f"{server.listening_address}/v1"
    del server


@contextmanager
def transformers_server(folder: Path) -> Iterator[str]:
    """A server of one-token completions on transformers, the second engine."""
    model, lock = open_model(f"hf:{folder}?dtype=float32&device=cpu"), threading.Lock()

    class Api(BaseHTTPRequestHandler):
        def log_message(self, *args: Any) -> None:
            pass

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            top = int(body.get("logprobs") or 1)
            with lock:
                ((_, told),) = model.next_tokens([Context(body["prompt"], "raw", "", top)])
            tops = [
                {"token": (t or b"").decode("utf-8", "replace"), "bytes": list(t or b""),
                 "logprob": float(p)}
                for t, p in zip(told.tokens, told.log_probs, strict=True)
            ]  # fmt: skip
            choice = {"index": 0, "text": tops[0]["token"], "finish_reason": "length",
                      "logprobs": {"content": [{**tops[0], "top_logprobs": tops}]}}  # fmt: skip
            raw = json.dumps({"model": "m", "choices": [choice]}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Served:
    """An endpoint that adds a system prompt or samples as it likes; `bare` tells tokens alone."""

    def __init__(self, url: str, interface: str, *, system: str = "", temperature: float = -1):
        self.inner: Any = open_model(f"openai:m@{url}?interface={interface}&concurrency=1")
        self.identity, self.interfaces = self.inner.identity, self.inner.interfaces
        self.system, self.temperature, self.gives = system, temperature, self.inner.gives

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        yield from self.inner.answer([self._as_served(r) for r in requests])

    def _as_served(self, request: Request) -> Request:
        hot = self.temperature if self.temperature >= 0 else request.temperature
        seed = random.getrandbits(30) if self.temperature > 0 else request.seed
        return replace(request, system=self.system, temperature=hot, seed=seed)

    def next_tokens(self, contexts: Sequence[Context]) -> Iterator[tuple[int, NextToken]]:
        yield from self.inner.next_tokens([replace(c, system=self.system) for c in contexts])

    def close(self) -> None:
        self.inner.close()


class Bare:
    """The same without log-probabilities."""

    def __init__(self, inner: Served) -> None:
        self.inner, self.identity, self.interfaces = inner, inner.identity, inner.interfaces

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        yield from self.inner.answer(requests)

    def close(self) -> None:
        self.inner.close()


@dataclass
class Played:
    """Answers that a server gave, drawn anew."""

    identity: Identity
    interfaces: frozenset[Any]
    said: dict[str, list[Response]]
    told: dict[str, list[NextToken]]
    dice: random.Random
    gives: str = "top"

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        for i, r in enumerate(requests):
            yield i, self.dice.choice(self.said[r.prompt])

    def next_tokens(self, contexts: Sequence[Context]) -> Iterator[tuple[int, NextToken]]:
        for i, c in enumerate(contexts):
            yield i, self.dice.choice(self.told[c.text])

    def close(self) -> None:
        pass


def tuned(source: Path, folder: Path, steps: int) -> Path:
    """The model after so many steps on verse, as 8-bit GGUF; with none, written again (and as a
    folder of transformers)."""
    from cladist.lab.corpora import split
    from cladist.lab.store import load_gguf
    from cladist.lab.tokens import encode
    from cladist.lab.training import fit, windows

    made = folder / f"{source.stem}-tuned-{steps}.gguf"
    if made.exists():
        return made
    model, tokenizer = load_gguf(source)
    if steps:
        texts = split("poems")[0]
        fit(model, windows(encode(tokenizer, texts), 32, 1, 1), steps, 2e-5, name="tuned")
    else:
        model.save_pretrained(folder / f"hf-{source.stem}")
        tokenizer.save_pretrained(folder / f"hf-{source.stem}")
    wide = folder / f"{source.stem}-wide-{steps}.gguf"
    rewritten(source, model, wide)
    requantize(wide, made, "Q8_0")
    return made


def rewritten(source: Path, model: Any, target: Path) -> None:
    """The GGUF file with the weights of `model`, as F32, and everything else as it was."""
    import gguf

    from cladist.lab.gguf_file import _NAMES
    from cladist.models.requantize import _copy_metadata

    reader = gguf.GGUFReader(source)
    theirs = {f"{ours}.weight": f"{name}.weight" for name, ours in _NAMES.items()}
    whole = {"token_embd.weight": "model.embed_tokens.weight", "output.weight": "lm_head.weight",
             "output_norm.weight": "model.norm.weight"}  # fmt: skip
    heads = {"attn_q.weight": model.config.num_attention_heads,
             "attn_k.weight": model.config.num_key_value_heads}  # fmt: skip
    state, writer = model.state_dict(), gguf.GGUFWriter(target, "llama")
    _copy_metadata(reader, writer, "F16")
    for tensor in reader.tensors:
        block, _, name = tensor.name.removeprefix("blk.").partition(".")
        key = whole.get(tensor.name) or f"model.layers.{block}.{theirs[name]}"
        weight = state[key].detach().numpy()
        if name in heads:
            rows, columns = weight.shape
            split_up = weight.reshape(heads[name], 2, rows // heads[name] // 2, columns)
            weight = split_up.swapaxes(1, 2).reshape(rows, columns)
        writer.add_tensor(tensor.name, np.ascontiguousarray(weight.astype(np.float32)))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
