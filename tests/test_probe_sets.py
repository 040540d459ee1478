"""The probe sets that are shipped: what is in them, and that they can be made anew."""

import hashlib
import json
import subprocess
import sys
import unicodedata
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "src" / "cladist" / "data" / "probes"
SCRIPT = ROOT / "scripts" / "make_probes.py"

# A changed probe is another assay: these hashes change only with a new version of a set.
GOLDEN = {
    "cladist-100": "1d839b870d70fee3692433cfb5e49763a127178830d697496ce4df2e37367982",
    "random-en-100": "2746a524c422afab4ded2653a70f10f22cbb9d481df4a537dc1c5cf5885a3a55",
    "random-zh-100": "9c4de0ff70923d3698fade7a2a7b03a0cffd96eb5da69de754c3c6e22668b90c",
    "random-de-100": "53d680caf96b428534d990da77c2f161ec385ed0367d2c0b78a1ec7139d11803",
    "random-es-100": "5f83b52f00f7116f433a4d1588499586ed7dd893979a5110594df3814badc443",
    "random-ru-100": "bb2fa0e4acf14c37f4372d362113a12e1c2ac54e809ee0be987cd4676a5b560a",
    "random-ja-100": "a400bda6fbe0812c7e58a64ce2063e8e32254d83ffe763369865f94794e7c7c8",
    "random-ar-100": "73383e97aa90edaed20874b025e00e45ab8420f3d8353164a80989227bee2058",
    "random-hi-100": "e99feeee7973053581e31b39ec7ab321205fc1bf8a35ca7ae61dfbd676e33525",
    "genes-128": "0cc062ab76d6ccdd428c3be2395836792c8047e8a31e9181e12ca725c247b731",
    "questions-600": "098dd9154cbac23b6b79a58941bdaead4016ec0057a93e9952071e91d337d34d",
    "mini-12": "402e7dfdf7900d32a3e24ebf1054c3f943471827e7c17615baaf715684c44bff",
    "contexts-100": "13372bd31d18ebc2d2f8683fdcee97fbb7b1fddbd4f9439929e03ba8c3a85518",
    "contexts-256": "83f0d2de4725becc5a7f77d6dce9501bd0ea6c1e5f4726f555a7e0c6489b608d",
}
SIZES = {
    "cladist-100": 100,
    "random-en-100": 100,
    "random-zh-100": 100,
    "random-de-100": 100,
    "random-es-100": 100,
    "random-ru-100": 100,
    "random-ja-100": 100,
    "random-ar-100": 100,
    "random-hi-100": 100,
    "genes-128": 128,
    "questions-600": 600,
    "mini-12": 12,
    "contexts-100": 100,
    "contexts-256": 256,
}
# Shortest and longest text of a set in characters.
BOUNDS = {
    "cladist-100": (24, 250),
    "random-zh-100": (95, 150),
    "random-ja-100": (95, 150),
    "genes-128": (20, 99),
    "questions-600": (60, 600),
    "mini-12": (8, 80),
    "contexts-100": (8, 45),
    "contexts-256": (8, 90),
}
SCRIPTS: dict[str, str | tuple[str, ...]] = {
    "en": "LATIN",
    "de": "LATIN",
    "es": "LATIN",
    "ru": "CYRILLIC",
    "zh": "CJK",
    "ja": ("CJK", "HIRAGANA", "KATAKANA", "IDEOGRAPHIC ITERATION MARK"),
    "ar": "ARABIC",
    "hi": "DEVANAGARI",
}
PROGRAMMING = {
    "python",
    "c",
    "javascript",
    "sql",
    "html",
    "shell",
    "latex",
    "rust",
    "java",
    "go",
}


@cache
def load(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return document


def texts(name: str) -> list[str]:
    return [probe["text"] for probe in load(name)["probes"]]


def test_generator_writes_the_same_bytes_again(tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(SCRIPT), "--out", str(tmp_path)], check=True, timeout=120)
    made = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    shipped = {path.name: path.read_bytes() for path in FOLDER.glob("*.json")}
    assert made.keys() == shipped.keys() == {f"{name}.json" for name in SIZES}
    assert [name for name in made if made[name] != shipped[name]] == []


def test_check_option_finds_a_changed_a_missing_and_a_foreign_file(tmp_path: Path) -> None:
    for path in FOLDER.glob("*.json"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "mini-12.json").write_bytes(b"{}")
    (tmp_path / "genes-128.json").unlink()
    (tmp_path / "foreign.json").write_bytes(b"{}")
    command = [sys.executable, str(SCRIPT), "--check", "--out", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "missing: genes-128.json",
        "left over: foreign.json",
        "differs: mini-12.json",
    ]


@pytest.mark.parametrize("name", SIZES)
def test_content_hash_is_the_recorded_one(name: str) -> None:
    pairs = [[probe["id"], probe["text"]] for probe in load(name)["probes"]]
    compact = json.dumps(pairs, ensure_ascii=False, separators=(",", ":"))
    assert hashlib.sha256(compact.encode()).hexdigest() == GOLDEN[name]


@pytest.mark.parametrize("name", SIZES)
def test_header_and_fields(name: str) -> None:
    document = load(name)
    assert list(document) == [
        "format",
        "name",
        "version",
        "license",
        "description",
        "generator",
        "seed",
        "probes",
    ]
    assert document["format"] == 1
    assert document["name"] == name
    assert document["license"] == "Apache-2.0"
    assert all(list(p) == ["id", "text", "language", "kind"] for p in document["probes"])


@pytest.mark.parametrize("name", SIZES)
def test_ids_and_texts_are_unique(name: str) -> None:
    probes = load(name)["probes"]
    assert len(probes) == SIZES[name]
    assert len({probe["id"] for probe in probes}) == SIZES[name]
    assert len({probe["text"] for probe in probes}) == SIZES[name]


@pytest.mark.parametrize("name", SIZES)
def test_texts_are_clean(name: str) -> None:
    for text in texts(name):
        assert text == text.strip()
        assert unicodedata.is_normalized("NFC", text)
        assert "«" not in text, "a template slot was left unfilled"
        odd = {c for c in text if unicodedata.category(c) in ("Cc", "Cf", "Cn", "Co", "Cs")}
        assert odd <= {"\n", "\t"}


@pytest.mark.parametrize("name", BOUNDS)
def test_lengths_in_characters(name: str) -> None:
    low, high = BOUNDS[name]
    assert [text for text in texts(name) if not low <= len(text) <= high] == []


@pytest.mark.parametrize("language", ["en", "de", "es", "ru", "ar", "hi"])
def test_random_texts_have_about_a_hundred_words(language: str) -> None:
    counts = [len(text.split()) for text in texts(f"random-{language}-100")]
    assert min(counts) >= 90
    assert max(counts) <= 110


@pytest.mark.parametrize("name", SIZES)
def test_random_text_stops_in_the_middle_of_a_sentence(name: str) -> None:
    for probe in load(name)["probes"]:
        if probe["kind"] == "random-text":
            assert unicodedata.category(probe["text"][-1])[0] in "LM"


@pytest.mark.parametrize("name", SIZES)
def test_scripts_fit_the_languages(name: str) -> None:
    for probe in load(name)["probes"]:
        language = probe["language"]
        if language in PROGRAMMING or language == "zxx":
            assert probe["text"].isascii()
            continue
        letters = [c for c in probe["text"] if unicodedata.category(c)[0] in "LM"]
        assert all(unicodedata.name(c).startswith(SCRIPTS[language]) for c in letters), probe["id"]


def test_japanese_is_not_chinese() -> None:
    assert all(any("ぁ" <= c <= "ん" for c in text) for text in texts("random-ja-100"))
    assert not any("ぁ" <= c <= "ん" for text in texts("random-zh-100") for c in text)


def test_every_beginning_of_the_default_set_is_balanced() -> None:
    probes = load("cladist-100")["probes"]
    whole = Counter(probe["kind"] for probe in probes)
    for length in range(10, 101):
        part = Counter(probe["kind"] for probe in probes[:length])
        for kind, count in whole.items():
            assert abs(part[kind] - count * length / 100) <= 2
    for start in range(0, 100, 20):
        block = probes[start : start + 20]
        assert len({p["language"] for p in block if p["kind"] == "random-text"}) >= 6
        assert len({p["language"] for p in block if p["kind"] == "code"}) == 4


def test_default_set_covers_the_languages() -> None:
    languages = Counter(probe["language"] for probe in load("cladist-100")["probes"])
    assert languages.keys() >= SCRIPTS.keys()
    assert languages.keys() >= PROGRAMMING


def test_genes_are_half_mathematics_and_half_code() -> None:
    kinds = Counter(probe["kind"] for probe in load("genes-128")["probes"])
    assert kinds == {"math": 64, "code": 64}


def test_questions_have_a_hundred_of_each_style_well_mixed() -> None:
    kinds = [probe["kind"] for probe in load("questions-600")["probes"]]
    assert set(Counter(kinds).values()) == {100}
    assert len(set(kinds)) == 6
    assert all(len(set(kinds[start : start + 60])) == 6 for start in range(0, 600, 60))


def test_options_of_a_question_differ() -> None:
    for text in texts("questions-600"):
        options = [line[3:] for line in text.split("\n") if line[1:3] == ". "]
        assert len(set(options)) == len(options)
        assert len(options) in (0, 4, 5)
