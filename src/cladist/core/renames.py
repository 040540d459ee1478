"""Organisations and models of the Hub that bear another name today.

The Hub sends whoever asks for the old name on to the new one, so both are one repository. A copy
that somebody else keeps is none of these: that is a mirror (`core.names.variant`). An organisation
whose models went to several others is left out: a wrong row here would make two models one.
"""

from __future__ import annotations

__all__ = ["MODELS", "ORGANISATIONS"]

_RECALLED = "the Hub redirects the old name; recalled, not looked up"
_LEGACY = "github.com/huggingface/transformers/pull/28795, 'canonical repos moves'"

_ORGANISATIONS: tuple[tuple[str, str, str], ...] = (
    # old, new, where that is from
    ("CohereForAI", "CohereLabs", "github.com/EleutherAI/lm-evaluation-harness/pull/3631"),
    ("THUDM", "zai-org", "github.com/xorbitsai/inference/pull/3870"),
    ("WizardLM", "WizardLMTeam", _RECALLED),
    ("sberbank-ai", "ai-forever", _RECALLED),
)

_MODELS: tuple[tuple[str, str, str], ...] = (
    ("gpt2", "openai-community/gpt2", _LEGACY),
    ("gpt2-medium", "openai-community/gpt2-medium", _LEGACY),
    ("gpt2-large", "openai-community/gpt2-large", _LEGACY),
    ("gpt2-xl", "openai-community/gpt2-xl", _LEGACY),
    ("openai-gpt", "openai-community/openai-gpt", _LEGACY),
    ("distilgpt2", "distilbert/distilgpt2", _LEGACY),
    ("distilbert-base-uncased", "distilbert/distilbert-base-uncased", _LEGACY),
    ("distilbert-base-cased", "distilbert/distilbert-base-cased", _LEGACY),
    ("bert-base-uncased", "google-bert/bert-base-uncased", _LEGACY),
    ("bert-base-cased", "google-bert/bert-base-cased", _LEGACY),
    ("bert-large-uncased", "google-bert/bert-large-uncased", _LEGACY),
    ("bert-large-cased", "google-bert/bert-large-cased", _LEGACY),
    ("bert-base-chinese", "google-bert/bert-base-chinese", _LEGACY),
    ("bert-base-multilingual-cased", "google-bert/bert-base-multilingual-cased", _LEGACY),
    ("roberta-base", "FacebookAI/roberta-base", _LEGACY),
    ("roberta-large", "FacebookAI/roberta-large", _LEGACY),
    ("xlm-roberta-base", "FacebookAI/xlm-roberta-base", _LEGACY),
    ("xlm-roberta-large", "FacebookAI/xlm-roberta-large", _LEGACY),
    ("t5-small", "google-t5/t5-small", _LEGACY),
    ("t5-base", "google-t5/t5-base", _LEGACY),
    ("t5-large", "google-t5/t5-large", _LEGACY),
    ("t5-3b", "google-t5/t5-3b", _LEGACY),
    ("t5-11b", "google-t5/t5-11b", _LEGACY),
    ("albert-base-v2", "albert/albert-base-v2", _LEGACY),
    ("xlnet-base-cased", "xlnet/xlnet-base-cased", _LEGACY),
    ("transfo-xl-wt103", "transfo-xl/transfo-xl-wt103", _LEGACY),
    ("ctrl", "Salesforce/ctrl", _LEGACY),
    ("meta-llama/Meta-Llama-3.1-8B", "meta-llama/Llama-3.1-8B", _RECALLED),
    ("meta-llama/Meta-Llama-3.1-8B-Instruct", "meta-llama/Llama-3.1-8B-Instruct", _RECALLED),
    ("meta-llama/Meta-Llama-3.1-70B", "meta-llama/Llama-3.1-70B", _RECALLED),
    ("meta-llama/Meta-Llama-3.1-70B-Instruct", "meta-llama/Llama-3.1-70B-Instruct", _RECALLED),
    ("meta-llama/Meta-Llama-3.1-405B", "meta-llama/Llama-3.1-405B", _RECALLED),
    ("meta-llama/Meta-Llama-3.1-405B-Instruct", "meta-llama/Llama-3.1-405B-Instruct", _RECALLED),
)

ORGANISATIONS = {old.casefold(): new.casefold() for old, new, _ in _ORGANISATIONS}
"""Old name of an organisation to its new one, both in lower case."""

MODELS = {old.casefold(): new.casefold() for old, new, _ in _MODELS}
"""Old name of a model to its new one, with its organisation, both in lower case."""
