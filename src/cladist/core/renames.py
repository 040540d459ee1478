"""Organisations and models of the Hub that bear another name today.

The Hub sends whoever asks for the old name on to the new one, so both are one repository. A copy
that somebody else keeps is none of these: that is a mirror (`core.names.variant`).
"""

from __future__ import annotations

__all__ = ["MODELS", "ORGANISATIONS"]

_HUB = "the Hub redirects the old name"
_LEGACY = "huggingface.co/blog, names without an organisation moved to their makers' in 2024"

_ORGANISATIONS: tuple[tuple[str, str, str], ...] = (
    # old, new, where that is from
    ("CohereForAI", "CohereLabs", _HUB),
    ("THUDM", "zai-org", _HUB),
    ("WizardLM", "WizardLMTeam", _HUB),
    ("sberbank-ai", "ai-forever", _HUB),
    ("cognitivecomputations", "dphn", _HUB),
    ("ehartford", "cognitivecomputations", _HUB),
    ("PY007", "TinyLlama", _HUB),
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
    ("meta-llama/Meta-Llama-3.1-8B", "meta-llama/Llama-3.1-8B", _HUB),
    ("meta-llama/Meta-Llama-3.1-8B-Instruct", "meta-llama/Llama-3.1-8B-Instruct", _HUB),
    ("meta-llama/Meta-Llama-3.1-70B", "meta-llama/Llama-3.1-70B", _HUB),
    ("meta-llama/Meta-Llama-3.1-70B-Instruct", "meta-llama/Llama-3.1-70B-Instruct", _HUB),
    ("meta-llama/Meta-Llama-3.1-405B", "meta-llama/Llama-3.1-405B", _HUB),
    ("meta-llama/Meta-Llama-3.1-405B-Instruct", "meta-llama/Llama-3.1-405B-Instruct", _HUB),
)

ORGANISATIONS = {old.casefold(): new.casefold() for old, new, _ in _ORGANISATIONS}
"""Old name of an organisation to its new one, both in lower case."""

MODELS = {old.casefold(): new.casefold() for old, new, _ in _MODELS}
"""Old name of a model to its new one, with its organisation, both in lower case."""
