"""Batched generation with a checkpoint that transformers has loaded."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import groupby
from typing import Any, TypeVar

import jinja2
import numpy as np
import torch
from numpy.typing import NDArray

from cladist.core.likelihood import Likelihood
from cladist.core.next_token import Context, Gives, NextToken, Vocabulary
from cladist.core.responses import Response
from cladist.errors import ModelError
from cladist.models._prompting import (
    TEMPLATE_VALUES,
    merged_messages,
    messages,
    raw_text,
    refuse_tokens_behind,
    require_interface,
)
from cladist.models._sampling import SeededSampling
from cladist.models._vocabulary import vocabulary_of
from cladist.models.base import AskedInterface, Identity, Request

T = TypeVar("T")
Floats = NDArray[np.float64]

_OVERLAP = 4  # tokens of the prompt decoded again with the answer, so that its blanks survive
_STEP = 32
"""Tokens by which limits differ where the context is what limits an answer. A batch has one limit,
so one for every length of a prompt would leave hardly two requests to a batch."""
_LONGEST_ENCODED = 4096  # tokens of a prompt where positions are relative: memory grows squared


@dataclass
class Checkpointed:
    """A loaded checkpoint, decoder-only or encoder-decoder (the prompt goes to the encoder)."""

    identity: Identity
    interfaces: frozenset[AskedInterface]
    batch: int
    _tokenizer: Any = field(repr=False)
    _model: Any = field(repr=False)

    @property
    def gives(self) -> Gives:
        """Every token, as the weights are here."""
        return "all"

    def next_tokens(self, contexts: Sequence[Context]) -> Iterator[tuple[int, NextToken]]:
        """The next token after each context; of an encoder-decoder, the decoder's first.

        Nothing is told there of what comes after a first token (`Context.then`).
        """
        encodes = bool(self._model and self._model.config.is_encoder_decoder)
        for index, scores in self._scored(contexts):
            if isinstance(scores, str):
                yield index, NextToken.failed(scores)
                continue
            said = self.vocabulary.distribution(scores, contexts[index].top)
            yield index, replace(said, numbers=()) if encodes else said

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The bytes of every token; `ModelError` where the tokenizer cannot be inverted."""
        self._require_open()
        return vocabulary_of(self._tokenizer, self.identity.name)

    def _scored(self, contexts: Sequence[Context]) -> Iterator[tuple[int, Floats | str]]:
        """Logarithms of the probabilities of all outputs, or why there are none."""
        self._require_open()
        ready: list[_Asked] = []
        for index, context in enumerate(contexts):
            request = Request(context.text, 1, interface=context.interface, system=context.system)
            require_interface(self.identity, self.interfaces, request)
            if context.then and self._model.config.is_encoder_decoder:
                refuse_tokens_behind(self.identity, context)
            asked = self._prepared(index, request, context.then)
            if isinstance(asked, Response):
                yield index, asked.detail
            else:
                ready.append(asked)
        if ready:
            _ = self.vocabulary  # before the work, as it may be refused
        ready.sort(key=lambda a: (-len(a.ids), a.index))
        for part, rows in self._in_batches(ready, self._next_scores):
            for asked, row in zip(part, rows or ["out of memory with this context alone"]):
                yield asked.index, row

    def likelihoods(self, texts: Sequence[str]) -> Iterator[tuple[int, Likelihood]]:
        """The likelihood of each text, in batches of like lengths; of encoder-decoders none."""
        self._require_open()
        if self._model.config.is_encoder_decoder:
            why = "an encoder-decoder model tells how likely an answer is, not a text by itself"
            yield from ((index, Likelihood.failed(why)) for index in range(len(texts)))
            return
        ready: list[_Asked] = []
        for index, text in enumerate(texts):
            asked = self._prepared(index, Request(text, 1))
            if isinstance(asked, Response):
                yield index, Likelihood.failed(asked.detail)
            else:
                ready.append(asked)
        pieces = self.vocabulary.pieces if ready else ()
        ready.sort(key=lambda a: (-len(a.ids), a.index))
        for part, rows in self._in_batches(ready, self._text_scores):
            for asked, row in zip(part, rows or ["out of memory with this text alone"]):
                if isinstance(row, str):
                    yield asked.index, Likelihood.failed(row)
                    continue
                own = [pieces[i] if i < len(pieces) else b"" for i in asked.ids]
                # Special tokens before the text are what it is told after.
                begun = next((k for k, p in enumerate(own) if p is not None), len(own))
                end = next((k for k in range(len(own), begun, -1) if own[k - 1] is not None), begun)
                kept = [p or b"" for p in own[begun:end]]
                yield asked.index, Likelihood.of(texts[asked.index], kept, row[begun:end])

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        """Answers in batches of equal limits and like lengths, longest first."""
        self._require_open()
        ready: list[_Asked] = []
        for index, request in enumerate(requests):
            require_interface(self.identity, self.interfaces, request)
            asked = self._prepared(index, request)
            if isinstance(asked, Response):
                yield index, asked
            else:
                ready.append(asked)
        # The longest come first, so that memory runs out at once if it does.
        ready.sort(key=lambda a: (-a.limit, -len(a.ids), a.index))
        for _, group in groupby(ready, key=lambda a: a.limit):
            yield from self._batches(list(group))

    def _require_open(self) -> None:
        if self._model is None:
            raise ModelError(f"model '{self.identity.name}' is closed; open it again")

    def close(self) -> None:
        """Free weights; a GPU's memory returns to its pool."""
        if self._model is not None:
            self._model = self._tokenizer = None
            if torch.cuda.is_available():
                torch.cuda.empty_cache()

    def _prepared(
        self, index: int, request: Request, then: Sequence[int] = ()
    ) -> _Asked | Response:
        try:
            ids = [*self._ids(request), *then]
        except UnicodeError as error:
            return Response.error(f"the prompt cannot be tokenised: {error}")
        except _TemplateError as error:
            return Response.error(f"the chat template refuses the conversation: {error}")
        if not ids:
            return Response.error("the prompt is empty, and this model needs a first token")
        context = self._context()
        if context is not None and len(ids) >= context:
            return Response.error(
                f"prompt of {len(ids)} tokens is longer than the context of {context}"
            )
        limit = request.max_tokens
        if context is not None and not self._model.config.is_encoder_decoder:
            room = context - len(ids)
            if room < limit:
                limit = room // _STEP * _STEP or room
        return _Asked(index, request, ids, limit)

    def _context(self) -> int | None:
        """Tokens that the positions of the model reach; None where nothing bounds them."""
        config = self._model.config
        if config.is_encoder_decoder:
            return int(getattr(config, "max_position_embeddings", None) or _LONGEST_ENCODED)
        found = getattr(config.get_text_config(), "max_position_embeddings", None)
        return int(found) if found else None

    def _ids(self, request: Request) -> list[int]:
        if request.interface == "raw":
            text = raw_text(request)
            text.encode()  # a lone surrogate is refused here, with its place
            return list(self._tokenizer(text)["input_ids"])
        (request.prompt + request.system).encode()

        def filled(talk: list[dict[str, str]]) -> str:
            text: str = self._tokenizer.apply_chat_template(
                talk, tokenize=False, add_generation_prompt=True, **TEMPLATE_VALUES
            )
            return text

        try:
            try:
                text = filled(messages(request))
            except jinja2.TemplateError:
                if not request.system:
                    raise
                text = filled(merged_messages(request))
        except jinja2.TemplateError as error:
            raise _TemplateError(str(error)) from error
        return list(self._tokenizer(text, add_special_tokens=False)["input_ids"])

    def _batches(self, group: list[_Asked]) -> Iterator[tuple[int, Response]]:
        for part, rows in self._in_batches(group, self._generated):
            if rows is None:
                yield part[0].index, Response.error("out of memory with this request alone")
                continue
            for asked, row in zip(part, rows, strict=True):
                yield asked.index, self._response(asked, row)

    def _in_batches(
        self, group: list[_Asked], work: Callable[[list[_Asked]], list[T]]
    ) -> Iterator[tuple[list[_Asked], list[T] | None]]:
        """What `work` makes of each batch; None for one alone that the memory does not hold."""
        start = 0
        while start < len(group):
            part = group[start : start + self.batch]
            try:
                rows = work(part)
            except RuntimeError as error:
                if not _out_of_memory(error):
                    raise ModelError(
                        f"model '{self.identity.name}' failed while generating: {_brief(error)}"
                    ) from error
                rows = None
            # Outside of the handler nothing holds on to the tensors of the failed attempt.
            if rows is None:
                if torch.cuda.is_available():
                    torch.cuda.empty_cache()
                if len(part) > 1:
                    self.batch = len(part) // 2
                    continue
            yield part, rows
            start += len(part)

    def _generated(self, part: list[_Asked]) -> list[list[int]]:
        """New tokens of each request, padding and all."""
        start, out = self._run(
            part,
            max_new_tokens=part[0].limit,
            logits_processor=[SeededSampling([a.request for a in part])],
        )
        rows: list[list[int]] = out[:, start:].tolist()
        return rows

    def _next_scores(self, part: list[_Asked]) -> list[Floats | str]:
        """Logarithms of all probabilities after each context: one forward pass."""
        # The raw scores: what the checkpoint would do to them before sampling is not its function.
        _, out = self._run(part, max_new_tokens=1, output_logits=True, return_dict_in_generate=True)
        return [_log_softmax(row) for row in out.logits[0].float().cpu().numpy()]

    def _text_scores(self, part: list[_Asked]) -> list[Floats | str]:
        """Logarithm of the probability of each token after those before it: one forward pass."""
        longest = max(len(a.ids) for a in part)
        ids = torch.full((len(part), longest), self._pad())
        mask = torch.zeros_like(ids)
        for row, asked in enumerate(part):  # padding comes last, where no causal model sees it
            ids[row, : len(asked.ids)] = torch.tensor(asked.ids)
            mask[row, : len(asked.ids)] = 1
        device = self._model.device
        with torch.inference_mode():
            out = self._model(
                input_ids=ids.to(device), attention_mask=mask.to(device), use_cache=False
            ).logits
        found: list[Floats | str] = []
        for row, asked in enumerate(part):
            scores = out[row, : len(asked.ids) - 1].double().log_softmax(-1).cpu()
            own = torch.tensor(asked.ids[1:])[:, None]
            told = scores.gather(1, own)[:, 0].numpy()
            if np.isnan(told).any():
                found.append("the model's scores of the text are no numbers (NaN)")
            else:
                found.append(np.concatenate([[np.nan], told]))
        return found

    def _run(self, part: list[_Asked], **options: Any) -> tuple[int, Any]:
        """What `generate` returns, and where new tokens begin in it."""
        seq2seq = self._model.config.is_encoder_decoder
        longest = max(len(a.ids) for a in part)
        pad = self._pad()
        ids = torch.full((len(part), longest), pad)
        mask = torch.zeros_like(ids)
        for row, asked in enumerate(part):
            # A decoder goes on from the right edge; an encoder counts positions from the left.
            place = slice(0, len(asked.ids)) if seq2seq else slice(longest - len(asked.ids), None)
            ids[row, place] = torch.tensor(asked.ids)
            mask[row, place] = 1
        device = self._model.device
        with torch.inference_mode(), warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=r"(torch|transformers)\.")
            out = self._model.generate(
                input_ids=ids.to(device),
                attention_mask=mask.to(device),
                do_sample=False,
                num_beams=1,
                pad_token_id=pad,
                **options,
            )
        return (1 if seq2seq else longest), out

    def _ends(self) -> set[int]:
        eos = self._model.generation_config.eos_token_id
        return set(eos) if isinstance(eos, list) else set() if eos is None else {eos}

    def _pad(self) -> int:
        found = self._model.generation_config.pad_token_id
        found = self._tokenizer.pad_token_id if found is None else found
        return int(found) if found is not None else min(self._ends(), default=0)

    def _response(self, asked: _Asked, row: list[int]) -> Response:
        ends = self._ends()
        stop = next((i for i, t in enumerate(row) if t in ends), None)
        new = row if stop is None else row[:stop]
        tail = [] if self._model.config.is_encoder_decoder else asked.ids[-_OVERLAP:]
        before, whole = self._text(tail), self._text(tail + new)
        text = whole[len(before) :] if whole.startswith(before) else self._text(new)
        if stop is None:  # the limit may cut a character in two
            text = text.rstrip("\ufffd")
        return Response.of(text, truncated=stop is None, tokens=len(new))

    def _text(self, ids: list[int]) -> str:
        text: str = self._tokenizer.decode(
            ids, skip_special_tokens=True, clean_up_tokenization_spaces=False
        )
        return text


@dataclass(frozen=True)
class _Asked:
    """A tokenised request; `limit` is its own limit or what the context leaves."""

    index: int
    request: Request
    ids: list[int]
    limit: int


class _TemplateError(Exception):
    """A chat template that raised."""


def _log_softmax(scores: NDArray[np.float32]) -> Floats | str:
    """Logarithms of probabilities in double precision, or why the scores are none."""
    wide = scores.astype(np.float64)
    top = float(wide.max())
    if not math.isfinite(top):  # NaN is the maximum wherever there is one
        return f"the model's scores of the next token are no numbers ({top})"
    wide -= top
    log_probs: Floats = wide - math.log(float(np.exp(wide).sum()))
    return log_probs


def _out_of_memory(error: RuntimeError) -> bool:
    """Whether a device or the host ran out of memory; the host has no class of its own for it."""
    return isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error)


def _brief(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
