"""A stand-in for the `vllm` module: the part of its interface that the backend calls.

It answers with a text made from what it was asked, so that tests see what reached it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from types import ModuleType, SimpleNamespace
from typing import Any


@dataclass
class SamplingParams:
    n: int = 1
    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = 0
    min_p: float = 0.0
    repetition_penalty: float = 1.0
    seed: int | None = None
    max_tokens: int | None = 16
    logprobs: int | None = None
    prompt_logprobs: int | None = None


@dataclass
class LLM:
    model: str
    options: dict[str, Any] = field(default_factory=dict)
    context: int = 2048
    template: str | None = "{{ messages }}"
    calls: list[tuple[str, Any]] = field(default_factory=list)

    def __init__(self, model: str, **options: Any) -> None:
        self.model, self.options, self.calls = model, options, []

    def get_tokenizer(self) -> Any:
        """A real tokenizer of single bytes, so that token numbers mean something."""
        import transformers
        from tiny_models import END, byte_tokenizer

        tokenizer = transformers.PreTrainedTokenizerFast(
            tokenizer_object=byte_tokenizer(), eos_token=END
        )
        tokenizer.chat_template = self.template
        return tokenizer

    def generate(self, prompts: list[str], sampling_params: list[SamplingParams], **_: Any) -> Any:
        self.calls.append(("generate", prompts))
        return [self._one(p, s) for p, s in zip(prompts, sampling_params, strict=True)]

    def chat(self, messages: list[Any], sampling_params: list[SamplingParams], **_: Any) -> Any:
        self.calls.append(("chat", messages))
        texts = ["".join(f"<{m['role']}>{m['content']}" for m in talk) for talk in messages]
        return [self._one(t, s) for t, s in zip(texts, sampling_params, strict=True)]

    def _one(self, text: str, how: SamplingParams) -> Any:
        text.encode()  # as the real tokenizer does: a lone surrogate is a UnicodeEncodeError
        if len(text.split()) > self.context:
            raise ValueError(f"The prompt is longer than the model length of {self.context}")
        salt = f"{how.temperature}/{how.seed}" if how.temperature else ""
        word = hashlib.sha256((text + salt).encode()).hexdigest()
        limit = how.max_tokens or 16
        length = 12
        kept = list(word[: min(limit, length)])
        reason = "stop" if limit > length else "length"
        cold = hashlib.sha256(text.encode()).hexdigest()
        told = [self._log_probs(cold, how.logprobs)] if how.logprobs else None
        output = SimpleNamespace(
            text="".join(kept), token_ids=kept, finish_reason=reason, logprobs=told
        )
        numbers = [1 + b for b in text.encode()]
        prompt = [None, *({n: SimpleNamespace(logprob=-n / 64)} for n in numbers[1:])]
        return SimpleNamespace(
            outputs=[output],
            prompt_token_ids=numbers,
            prompt_logprobs=prompt[: len(numbers)] if how.prompt_logprobs else None,
        )

    def _log_probs(self, word: str, count: int) -> dict[int, Any]:
        """The first character of the word is likeliest; then the letters in turn, each half."""
        letters = dict.fromkeys([word[0], *"abcdefgh"])
        numbers = [1 + ord(c) for c in letters][:count]
        return {
            n: SimpleNamespace(logprob=-0.7 * (i + 1), rank=i + 1) for i, n in enumerate(numbers)
        }


def fake_module() -> ModuleType:
    """A module object to put into `sys.modules['vllm']`."""
    module = ModuleType("vllm")
    module.LLM, module.SamplingParams = LLM, SamplingParams  # type: ignore[attr-defined]
    return module
