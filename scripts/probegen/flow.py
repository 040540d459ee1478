"""Running text of a wanted length that stops in the middle of a sentence."""

from collections.abc import Callable

from . import arabic, chinese, english, german, hindi, japanese, russian, spanish
from .rng import Rng

_SENTENCE: dict[str, Callable[[Rng], str]] = {
    "en": english.sentence,
    "zh": chinese.sentence,
    "de": german.sentence,
    "es": spanish.sentence,
    "ru": russian.sentence,
    "ja": japanese.sentence,
    "ar": arabic.sentence,
    "hi": hindi.sentence,
}
_UNSPACED = ("zh", "ja")
_FULL_STOPS = (".", "。", "？", "！", "।", "；", "：")
_SOFT = ",;:、，「」"


def random_text(language: str, rng: Rng, length: int, characters: bool = False) -> str:
    """Grammatical text without meaning, cut in the middle of its last sentence.

    ``length`` counts words, or characters for unspaced scripts or if ``characters`` is set; the
    result is at most that long, and shorter only by what it takes not to stop at a boundary.
    """
    unspaced = language in _UNSPACED
    text = ""
    while _size(text, unspaced or characters) < length + 4:
        sentence = _SENTENCE[language](rng)
        text = text + sentence if unspaced else f"{text} {sentence}".strip()
    if unspaced:
        return _cut_characters(text, length)
    if characters:
        kept = text[: length + 1].rsplit(" ", 1)[0].split(" ")
    else:
        kept = text.split(" ")[:length]
    while _at_boundary(kept):
        kept = kept[:-1]
    return " ".join(kept).rstrip(_SOFT)


def _size(text: str, characters: bool) -> int:
    return len(text) if characters else len(text.split(" "))


def _at_boundary(kept: list[str]) -> bool:
    """True if the text stops after a sentence or after only the first word of one."""
    if len(kept) < 2:
        return False
    return kept[-1].endswith(_FULL_STOPS) or kept[-2].endswith(_FULL_STOPS)


def _cut_characters(text: str, length: int) -> str:
    """Cut, dropping marks at the end and a sentence of which a single character is left."""
    text = text[:length].rstrip(_SOFT + "".join(_FULL_STOPS))
    while text[-2] in _SOFT or text[-2] in _FULL_STOPS:
        text = text[:-1].rstrip(_SOFT + "".join(_FULL_STOPS))
    return text
