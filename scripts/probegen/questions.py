"""600 questions of six styles, 100 each, in one fixed shuffled order.

The styles follow RepTrace (arXiv 2509.24496), whose probes were drawn from six benchmarks; the
questions here are this project's own and share no text with those.
"""

from collections.abc import Callable, Sequence

from .lexicon import lines
from .probe import Probe, ProbeSet
from .rng import Rng
from .slots import fill

SEED = 20260101
_LETTERS = "ABCDE"


def _options(rng: Rng, right: str, wrong: Sequence[str]) -> str:
    """Lettered options in a random order, one a line."""
    shuffled = rng.shuffled([right, *wrong])
    return "\n".join(f"{letter}. {text}" for letter, text in zip(_LETTERS, shuffled, strict=False))


def _others(rng: Rng, key: str, right: str, n: int) -> list[str]:
    """``n`` other answers of a list."""
    answers = (line.split("|")[1] for line in lines("questions", key))
    return rng.sample([answer for answer in answers if answer != right], n)


def reading(index: int, rng: Rng) -> str:
    """A short invented passage and a question that it answers."""
    passages = lines("questions", "reading")
    passage, *asked = passages[index % len(passages)].split("|")
    question = asked[index // len(passages) % len(asked)]
    return fill(f"{passage}\n\nQuestion: {question}\nAnswer:", rng)


def commonsense(index: int, rng: Rng) -> str:
    """Where something is, who does it or with what, with five options."""
    rows = [
        (key, line) for key in ("places", "people", "tools") for line in lines("questions", key)
    ]
    key, line = rows[index % len(rows)]
    subject, right = line.split("|")
    first, second = {
        "places": ("Where would you most likely find {}?", "Where would you expect to see {}?"),
        "people": ("Whose job is it to {}?", "Who would you ask to {}?"),
        "tools": ("What would you use to {}?", "You want to {}. What do you need most?"),
    }[key]
    question = (first, second)[index // len(rows) % 2].format(subject)
    return f"{question}\n{_options(rng, right, _others(rng, key, right, 4))}\nAnswer:"


def completion(index: int, rng: Rng) -> str:
    """The beginning of an everyday scene and four endings."""
    rows = lines("questions", "completion")
    start, right = rows[index % len(rows)].split("|")
    options = _options(rng, right, _others(rng, "completion", right, 3))
    return fill(f"Choose the best ending.\n\n{start} ...\n{options}\nBest ending:", rng)


def pronoun(index: int, rng: Rng) -> str:
    """A sentence whose pronoun turns on one phrase, which has two versions."""
    rows = lines("questions", "pronouns")
    sentence, first, second = rows[index % len(rows)].split("|")
    version = index // len(rows) % 2
    while "{" in sentence:
        before, rest = sentence.split("{", 1)
        choice, after = rest.split("}", 1)
        sentence = before + choice.split("/")[version] + after
    word = next(w.strip(",;.") for w in sentence.split() if w in ("it", "he", "she", "they"))
    options = rng.shuffled([first, second])
    return fill(
        f'{sentence}\nWhat does "{word}" refer to: {options[0]} or {options[1]}?\nAnswer:', rng
    )


def science(index: int, rng: Rng) -> str:
    """School science with four options."""
    facts = lines("questions", "science")
    if index < len(facts):
        question, right, *wrong = facts[index].split("|")
    else:
        elements = lines("questions", "elements")
        name, symbol = elements[(index - len(facts)) % len(elements)].split("|")
        version = (index - len(facts)) // len(elements)
        if version == 0:
            question, right = f"What is the chemical symbol of {name}?", symbol
            wrong = _others(rng, "elements", right, 3)
        elif version == 1:
            question, right = f"Which element has the chemical symbol {symbol}?", name
            names = [line.split("|")[0] for line in elements]
            wrong = rng.sample([other for other in names if other != right], 3)
        else:
            return _physics(index, rng)
    return f"{question}\n{_options(rng, right, wrong)}\nAnswer:"


def _physics(index: int, rng: Rng) -> str:
    """A small calculation in one of three laws; the wrong options come from likely slips."""
    a, b = rng.between(3, 12), rng.between(13, 40)
    question, unit, right, wrong = (
        (
            f"A cart rolls {a * b} metres in {a} seconds at constant speed. How fast is it?",
            "m/s",
            b,
            (a, b + a, b * 2),
        ),
        (
            f"A current of {a} amperes flows through {b} ohms. What is the voltage?",
            "volts",
            a * b,
            (a + b, b - a, a * b * 2),
        ),
        (
            f"What force gives a mass of {b} kg an acceleration of {a} metres per second squared?",
            "newtons",
            a * b,
            (a + b, b - a, a * b * 10),
        ),
    )[index % 3]
    options = _options(rng, f"{right} {unit}", [f"{value} {unit}" for value in wrong])
    return f"{question}\n{options}\nAnswer:"


def general(index: int, rng: Rng) -> str:
    """General knowledge across subjects with four options."""
    facts = lines("questions", "general")
    if index < len(facts):
        question, right, *wrong = facts[index].split("|")
    else:
        rows = lines("questions", "capitals")
        country, capital = rows[(index - len(facts)) % len(rows)].split("|")
        if (index - len(facts)) < len(rows):
            question, right = f"What is the capital of {country}?", capital
            wrong = _others(rng, "capitals", right, 3)
        else:
            question, right = f"{capital} is the capital of which country?", country
            countries = [line.split("|")[0] for line in rows]
            wrong = rng.sample([other for other in countries if other != right], 3)
    return f"The following is a multiple choice question.\n\n{question}\n" + (
        f"{_options(rng, right, wrong)}\nAnswer:"
    )


STYLES: dict[str, Callable[[int, Rng], str]] = {
    "reading": reading,
    "commonsense": commonsense,
    "completion": completion,
    "pronoun": pronoun,
    "science": science,
    "general": general,
}


def questions_600() -> ProbeSet:
    """All questions; the id tells the style and its number."""
    probes = [
        Probe(
            f"{style}-{index:03}",
            make(index, Rng(SEED, "questions-600", style, index)),
            "en",
            style,
        )
        for style, make in STYLES.items()
        for index in range(100)
    ]
    return ProbeSet(
        "questions-600",
        "100 questions of each of six styles in one fixed shuffled order, in the manner of"
        " RepTrace (arXiv 2509.24496): reading, common sense, completion, pronouns, science,"
        " general knowledge.",
        SEED,
        tuple(Rng(SEED, "questions-600").shuffled(probes)),
    )
