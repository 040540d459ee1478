"""Checkpoints through vLLM, for machines with a GPU: vllm:org/name[@revision] or vllm:/folder.

Options

    dtype      float32, bfloat16 or float16 (bfloat16)
    context    tokens of prompt and answer together (what the model was trained for)
    gpus       GPUs that share the model (1)
    memory     percent of each GPU's memory to take (90)

vLLM schedules requests as they fit, and rounding follows the schedule: greedy answers may differ
in rare ties between runs with other neighbours. The engine and its settings are therefore part
of the identity, and DNA from here is compared with DNA from other engines with that in mind.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from cladist.core.likelihood import Likelihood
from cladist.core.next_token import Context, Gives, NextToken, Vocabulary
from cladist.core.responses import Response
from cladist.errors import MissingExtraError, ModelError
from cladist.models._checkpoint import resolve
from cladist.models._log_probs import MOST_TOKENS
from cladist.models._prompting import (
    TEMPLATE_VALUES,
    messages,
    one_of,
    raw_text,
    refuse_tokens_behind,
    require_interface,
    whole_number,
)
from cladist.models._settings import Echoed, Scored
from cladist.models._vocabulary import vocabulary_of
from cladist.models.base import AskedInterface, Identity, ModelURI, Request

DTYPES = ("float32", "bfloat16", "float16")


def open_uri(uri: ModelURI) -> VLLM:
    """Start an engine in this process.

    Raises `ModelError` when the model cannot be found or loaded, `MissingExtraError` without vLLM.
    """
    uri.only("dtype", "context", "gpus", "memory")
    try:
        import vllm
    except ImportError as error:
        raise MissingExtraError("Running models with vLLM", "vllm") from error
    dtype = one_of(uri, "dtype", "bfloat16", DTYPES)
    gpus = whole_number(uri, "gpus", 1, 1, 64)
    memory = whole_number(uri, "memory", 90, 5, 99)
    context = whole_number(uri, "context", 0, 0, 1 << 24)
    checkpoint = resolve(uri, "vllm")
    try:
        engine = vllm.LLM(
            model=checkpoint.source,
            revision=checkpoint.revision,
            tokenizer_revision=checkpoint.revision,
            dtype=dtype,
            max_model_len=context or None,
            tensor_parallel_size=gpus,
            gpu_memory_utilization=memory / 100,
            trust_remote_code=False,
            load_format="safetensors",
            # Defaults of the checkpoint (its temperature and so on) would fill open settings.
            generation_config="vllm",
            enable_prefix_caching=False,
            disable_log_stats=True,
            max_logprobs=MOST_TOKENS[0],
            seed=0,
        )
    except (OSError, ValueError, RuntimeError) as error:
        raise ModelError(
            f"vLLM cannot load '{checkpoint.source}': {' '.join(str(error).split())[:300]}"
        ) from error
    settings = f"{dtype}+context={context}+gpus={gpus}"
    identity = Identity(
        name=checkpoint.name,
        uri=uri.text.partition("#")[0],
        fingerprint=f"{checkpoint.fingerprint}+{settings}+vllm",
        metadata={
            "engine": "vllm",
            "dtype": dtype,
            **({"revision": checkpoint.revision} if checkpoint.revision else {}),
        },
    )
    templated = bool(getattr(engine.get_tokenizer(), "chat_template", None))
    offered: frozenset[AskedInterface] = frozenset(("raw", "chat") if templated else ("raw",))
    return VLLM(identity, offered, engine, vllm.SamplingParams)


@dataclass
class VLLM:
    """A vLLM engine; all requests are handed over at once and scheduled by it."""

    identity: Identity
    interfaces: frozenset[AskedInterface]
    _engine: Any = field(repr=False)
    _params: Any = field(repr=False)

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        """Answers, interface by interface."""
        if self._engine is None:
            raise ModelError(f"model '{self.identity.name}' is closed; open it again")
        by_interface: dict[str, list[int]] = {}
        for index, request in enumerate(requests):
            require_interface(self.identity, self.interfaces, request)
            by_interface.setdefault(request.interface, []).append(index)
        for indices in by_interface.values():
            yield from self._asked(indices, requests)

    @property
    def gives(self) -> Gives:
        """The likeliest thousand."""
        return "top"

    def next_tokens(self, contexts: Sequence[Context]) -> Iterator[tuple[int, NextToken]]:
        """The likeliest tokens after each context, interface by interface."""
        if self._engine is None:
            raise ModelError(f"model '{self.identity.name}' is closed; open it again")
        requests: list[Request] = []
        for c in contexts:
            refuse_tokens_behind(self.identity, c)
            top = min(c.top or MOST_TOKENS[0], MOST_TOKENS[0])
            # At temperature 1 log probabilities are the same before sampling and after.
            asked = Scored(c.text, 1, 1.0, interface=c.interface, system=c.system, top=top)
            require_interface(self.identity, self.interfaces, asked)
            requests.append(asked)
        for interface in ("raw", "chat"):
            indices = [i for i, r in enumerate(requests) if r.interface == interface]
            if indices:
                yield from self._told(indices, requests)

    @cached_property
    def _vocabulary(self) -> Vocabulary:
        return vocabulary_of(self._engine.get_tokenizer(), self.identity.name)

    def _told(
        self, indices: list[int], requests: Sequence[Request]
    ) -> Iterator[tuple[int, NextToken]]:
        """All at once, or each for itself when vLLM refuses the batch for one of them."""
        try:
            outputs = self._generated([requests[i] for i in indices])
        except (ValueError, UnicodeError) as error:
            if len(indices) == 1:
                words = " ".join(str(error).split())[:300]
                yield indices[0], NextToken.failed(f"vLLM: {words}")
                return
            for index in indices:
                yield from self._told([index], requests)
            return
        pieces = self._vocabulary.pieces
        for index, output in zip(indices, outputs, strict=True):
            first = (output.outputs[0].logprobs or [{}])[0]
            if not first:
                yield index, NextToken.failed("vLLM gave no log probabilities")
                continue
            said = [
                (pieces[number], float(found.logprob))
                for number, found in first.items()
                if number < len(pieces) and pieces[number] != b""
            ]
            yield index, NextToken.of([p for p, _ in said], [c for _, c in said], "top")

    def likelihoods(self, texts: Sequence[str]) -> Iterator[tuple[int, Likelihood]]:
        """The likelihood of each text, by `prompt_logprobs`."""
        if self._engine is None:
            raise ModelError(f"model '{self.identity.name}' is closed; open it again")
        yield from self._scored(list(range(len(texts))), texts)

    def _scored(self, indices: list[int], texts: Sequence[str]) -> Iterator[tuple[int, Likelihood]]:
        """All at once, or each for itself when vLLM refuses the batch for one of them."""
        if not indices:
            return
        try:
            outputs = self._generated([Echoed(texts[i], 1, 1.0) for i in indices])
        except (ValueError, UnicodeError) as error:
            if len(indices) == 1:
                words = " ".join(str(error).split())[:300]
                yield indices[0], Likelihood.failed(f"vLLM: {words}")
                return
            for index in indices:
                yield from self._scored([index], texts)
            return
        for index, output in zip(indices, outputs, strict=True):
            yield index, self._likelihood(texts[index], output)

    def _likelihood(self, text: str, output: Any) -> Likelihood:
        told = output.prompt_logprobs
        if not told or len(told) != len(output.prompt_token_ids):
            return Likelihood.failed("vLLM gave no log probabilities of the prompt")
        pieces = self._vocabulary.pieces
        kept: list[tuple[bytes, float]] = []
        for number, found in zip(output.prompt_token_ids, told, strict=True):
            piece = pieces[number] if number < len(pieces) else b""
            if piece is None and not kept:
                continue  # a special token that the tokenizer puts before every text
            own = (found or {}).get(number)
            kept.append((piece or b"", float("nan") if own is None else float(own.logprob)))
        return Likelihood.of(text, [p for p, _ in kept], [c for _, c in kept])

    def close(self) -> None:
        """Let go of the engine; vLLM ends its workers when it is collected."""
        self._engine = None

    def _asked(
        self, indices: list[int], requests: Sequence[Request]
    ) -> Iterator[tuple[int, Response]]:
        """All at once; when vLLM refuses the batch for one of them, each for itself."""
        try:
            outputs = self._generated([requests[i] for i in indices])
        except (ValueError, UnicodeError) as error:
            if len(indices) == 1:
                yield indices[0], Response.error(f"vLLM: {' '.join(str(error).split())[:300]}")
                return
            for index in indices:
                yield from self._asked([index], requests)
            return
        for index, output in zip(indices, outputs, strict=True):
            yield index, _response(output.outputs[0])

    def _generated(self, requests: list[Request]) -> Any:
        params = [self._sampling(r) for r in requests]
        if requests[0].interface == "chat":
            return self._engine.chat(
                [messages(r) for r in requests],
                params,
                use_tqdm=False,
                chat_template_kwargs=TEMPLATE_VALUES,
            )
        return self._engine.generate([raw_text(r) for r in requests], params, use_tqdm=False)

    def _sampling(self, request: Request) -> Any:
        return self._params(
            n=1,
            temperature=request.temperature,
            top_p=request.top_p,
            top_k=0,
            min_p=0.0,
            repetition_penalty=1.0,
            seed=request.seed % 2**63,
            max_tokens=request.max_tokens,
            **({"logprobs": request.top} if isinstance(request, Scored) else {}),
            **({"prompt_logprobs": 1} if isinstance(request, Echoed) else {}),
        )


def _response(output: Any) -> Response:
    if output.finish_reason not in ("stop", "length"):
        return Response.error(f"vLLM ended the answer for another reason: {output.finish_reason}")
    return Response.of(
        output.text,
        truncated=output.finish_reason == "length",
        tokens=len(output.token_ids),
    )
