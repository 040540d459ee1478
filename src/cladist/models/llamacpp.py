"""GGUF models through llama.cpp, by the `xllamacpp` package: gguf:PATH[?threads=1&context=4096].

Options

    threads      threads of one model (1; the cores where one model is asked alone, as by
                 `identify`). They do not change answers, and beside other work two are slower
                 than one
    context      tokens of prompt and answer together (4096, or what the model was trained for);
                 llama.cpp rounds it up to a multiple of 256
    gpu_layers   layers to put on a GPU (0); other arithmetic, hence part of the identity
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cladist.core.next_token import Context, Gives, NextToken
from cladist.core.responses import Response
from cladist.errors import MissingExtraError, ModelError
from cladist.models._gguf_header import file_hash, read_header
from cladist.models._log_probs import asking_for, plain_token, read_choice
from cladist.models._prompting import (
    TEMPLATE_VALUES,
    messages,
    raw_text,
    refuse_tokens_behind,
    require_interface,
    whole_number,
)
from cladist.models.base import AskedInterface, Identity, ModelURI, Request

if TYPE_CHECKING:
    import xllamacpp

DEFAULT_CONTEXT = 4096
_BATCH = 512
_PLAIN_PROMPTS = ("The", "a", "1 2 3", "def f(x):")
_EVERY = 1 << 20
"""Tokens that are asked for where all are wanted; the engine tells as many as there are."""


def open_uri(uri: ModelURI) -> LlamaCpp:
    """Open the GGUF file that `uri` names.

    Raises `ModelError` for a missing or damaged file, `MissingExtraError` without xllamacpp.
    """
    uri.only("threads", "context", "gpu_layers")
    return open_file(Path(uri.target).expanduser(), uri)


def open_file(path: Path, uri: ModelURI) -> LlamaCpp:
    """Open the GGUF file `path` with the options of `uri`, under its name."""
    threads = whole_number(uri, "threads", 1, 1, 512)
    gpu_layers = whole_number(uri, "gpu_layers", 0, 0, 100_000)
    header = read_header(path)
    trained = header.context or DEFAULT_CONTEXT
    wanted = whole_number(uri, "context", min(DEFAULT_CONTEXT, trained), 1, 1 << 24)
    context = min(wanted, trained)
    server = _serve(path, threads, context, gpu_layers)
    identity = Identity(
        name=path.stem,
        uri=uri.text.partition("#")[0],
        fingerprint=file_hash(path) + (f"+gpu_layers={gpu_layers}" if gpu_layers else ""),
        metadata={"engine": "llama.cpp", **header.metadata},
    )
    templated = bool(header.text("tokenizer.chat_template"))
    offered: frozenset[AskedInterface] = frozenset(("raw", "chat") if templated else ("raw",))
    return LlamaCpp(identity, offered, context < trained, server)


def _serve(path: Path, threads: int, context: int, gpu_layers: int) -> xllamacpp.Server:
    try:
        import xllamacpp
    except ImportError as error:
        raise MissingExtraError("Running GGUF models", "gguf") from error
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.verbosity = -1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    params.n_ctx = context
    params.n_batch = params.n_ubatch = _BATCH
    params.n_gpu_layers = gpu_layers
    params.fit_params = params.warmup = False
    # One slot and no prompt cache: answers then have the same bits alone, in any order, and with
    # one thread or two. With four slots (SmolLM2-135M, 24 prompts) 4 answers changed with their
    # neighbours, for 12% less CPU; with a unified cache 10 did.
    params.n_parallel = 1
    params.cache_prompt, params.cache_ram_mib = False, 0
    # Flash attention on two threads adds up otherwise than on one: 12 of 30 answers to long prompts
    # changed, none without it. It would save an eighth of the time (docs/speed.md).
    params.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
    # Reasoning stays in the text: it is what the model answered.
    params.reasoning_format = xllamacpp.common_reasoning_format.COMMON_REASONING_FORMAT_NONE
    # The engine listens on a loopback port whether asked over it or not: nobody else may use it.
    params.hostnames, params.port = ["127.0.0.1"], 0
    params.api_keys = [secrets.token_hex(32)]
    params.ui = params.endpoint_slots = False
    try:
        server = xllamacpp.Server(params)
        # A server that is dropped before its loop has begun to turn waits for ever in its
        # destructor; one request without content sees that it turns.
        server.handle_completions({"prompt": "", "max_tokens": 1})
        return server
    except RuntimeError as error:
        raise ModelError(
            f"'{path}' cannot be loaded by llama.cpp: the file is damaged, of an unknown "
            f"architecture, or too large for the memory left (context {context}). "
            "Download it again, update xllamacpp, or lower ?context="
        ) from error


@dataclass
class LlamaCpp:
    """A GGUF model in this process; requests are answered one after the other."""

    identity: Identity
    interfaces: frozenset[AskedInterface]
    shortened: bool
    _server: Any = field(repr=False)
    _plain: int | None = None

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        """Answers in the order of the requests."""
        for index, request in enumerate(requests):
            require_interface(self.identity, self.interfaces, request)
            yield index, self._one(request)

    @property
    def gives(self) -> Gives:
        """Every token; the fewer are wanted, the less is spent on telling them."""
        return "all"

    def next_tokens(self, contexts: Sequence[Context]) -> Iterator[tuple[int, NextToken]]:
        """The next token after each context, in order; one forward pass each.

        Tokens are put behind raw contexts alone (`Context.then`).
        """
        for index, context in enumerate(contexts):
            request = Request(context.text, 1, interface=context.interface, system=context.system)
            require_interface(self.identity, self.interfaces, request)
            more = asking_for(request.interface, context.top or _EVERY) | self._saying_something()
            if request.interface == "chat":
                refuse_tokens_behind(self.identity, context)
            elif context.then:
                more["prompt"] = [raw_text(request), *context.then]
            reply = self._replied(request, more)
            answer = reply if isinstance(reply, Response) else self._response(request, reply)
            if answer.final:
                yield index, read_choice(
                    reply["choices"][0], whole=True, top=context.top,
                    numbered=request.interface == "raw",
                )  # fmt: skip
            else:
                yield index, NextToken.failed(answer.detail)

    def _saying_something(self) -> dict[str, Any]:
        """Settings under which the token that is sampled is one of plain text.

        The engine tells no probabilities beside a token that is a part of a character. They are
        those before any bias, so which token is taken in the end changes none of them.
        """
        for prompt in _PLAIN_PROMPTS if self._plain is None else ():
            reply = self._replied(Request(prompt, 1), asking_for("raw", 200))
            found = None if isinstance(reply, Response) else plain_token(reply)
            if found is not None:
                self._plain = found
                break
        return {} if self._plain is None else {"logit_bias": [[self._plain, 1e4]]}

    def close(self) -> None:
        """Free the model; its memory goes at once."""
        self._server = None

    def _one(self, request: Request) -> Response:
        reply = self._replied(request, {})
        return reply if isinstance(reply, Response) else self._response(request, reply)

    def _replied(self, request: Request, more: dict[str, Any]) -> Any:
        """The engine's reply to a request with `more` settings, or an error."""
        if self._server is None:
            raise ModelError(f"model '{self.identity.name}' is closed; open it again")
        try:
            if request.interface == "chat":
                body = {"messages": messages(request), "chat_template_kwargs": TEMPLATE_VALUES}
                return self._server.handle_chat_completions(body | _sampling(request) | more)
            body = {"prompt": raw_text(request)}
            return self._server.handle_completions(body | _sampling(request) | more)
        except (RuntimeError, UnicodeError) as error:
            return Response.error(f"llama.cpp could not answer: {_brief(error)}")

    def _response(self, request: Request, reply: Any) -> Response:
        if "choices" not in reply:
            problem = reply.get("error", {})
            said = problem.get("message", "no reason given")
            if problem.get("type") == "exceed_context_size_error":
                said = f"prompt of {problem.get('n_prompt_tokens')} tokens is longer than the "
                said += f"context of {problem.get('n_ctx')}"
                said += "; open the model with a larger ?context=" if self.shortened else ""
            return Response.error(f"llama.cpp: {said}")
        choice, tokens = reply["choices"][0], int(reply["usage"]["completion_tokens"])
        cut = choice["finish_reason"] == "length"
        if cut and tokens == 0:
            return Response.error("the prompt is empty, and this model needs a first token")
        if cut and tokens < request.max_tokens and self.shortened:
            return Response.error(
                f"the context was full after {tokens} of {request.max_tokens} tokens; "
                "open the model with a larger ?context="
            )
        text = choice["message"]["content"] if request.interface == "chat" else choice["text"]
        return Response.of(text or "", truncated=cut, tokens=tokens)


def _sampling(request: Request) -> dict[str, Any]:
    """Decoding, named in full: defaults of the engine or of the file would change answers.

    Temperature comes before top-p, as in transformers and vLLM (llama.cpp's default is the other
    way round). The seed 2^32 - 1 means 'random' to llama.cpp and is never sent.
    """
    return {
        "max_tokens": request.max_tokens,
        "temperature": request.temperature,
        "top_p": request.top_p,
        "top_k": 0,
        "min_p": 0.0,
        "typical_p": 1.0,
        "repeat_penalty": 1.0,
        "presence_penalty": 0.0,
        "frequency_penalty": 0.0,
        "samplers": ["temperature", "top_p"],
        "seed": request.seed % 0xFFFFFFFF,
        "cache_prompt": False,
    }


def _brief(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
