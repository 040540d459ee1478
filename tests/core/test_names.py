"""Names: every way of writing one is read as one, and no two models are made one."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cladist.core.names import may_be_same, namesakes, parse_name, variant
from cladist.core.renames import MODELS, ORGANISATIONS

COMMIT = "0123456789abcdef0123456789abcdef01234567"

ONE = [
    "acme/Bird-7B",
    "ACME/bird-7b",
    " acme/Bird-7B/ ",
    "acme/Bird-7B@main",
    f"acme/Bird-7B@{COMMIT}",
    "acme/Bird-7B:latest",
    "acme/Bird-7B:Q4_K_M",
    "acme/Bird-7B?revision=v1",
    "acme/Bird-7B/tree/main",
    f"acme/Bird-7B/resolve/{COMMIT}/model.safetensors",
    "acme/Bird-7B/bird.Q4_K_M.gguf",
    "acme/Bird 7B",
    "https://huggingface.co/acme/Bird-7B",
    "http://www.huggingface.co/acme/Bird-7B/",
    "https://huggingface.co/acme/Bird-7B/tree/refs%2Fpr%2F2",
    "https://huggingface.co/acme/Bird-7B/blob/main/README.md",
    "https://huggingface.co/acme/Bird-7B/resolve/main/a.gguf?download=true",
    "https://huggingface.co/acme/Bird-7B#usage",
    "https://huggingface.co/api/models/acme/Bird-7B",
    "https://someone@huggingface.co/acme/Bird-7B.git",
    "git@hf.co:acme/Bird-7B.git",
    "huggingface.co/acme/Bird-7B",
    "hf.co/acme/Bird-7B",
    "hf.co/acme/Bird-7B:Q4_K_M",
    "https://hf-mirror.com/acme/Bird-7B/tree/main",
    "https://modelscope.cn/models/acme/Bird-7B/summary",
    "https://www.modelscope.cn/models/acme/Bird-7B",
    "hf:acme/Bird-7B",
    "hf:acme/Bird-7B@v2?dtype=float16#mine",
    "hf://acme/Bird-7B@v2/config.json",
    "hf://models/acme/Bird-7B",
    "hub:acme/Bird-7B",
    "vllm:acme/Bird-7B",
    "models--acme--Bird-7B",
    f"/root/.cache/huggingface/hub/models--acme--Bird-7B/snapshots/{COMMIT}/",
    f"gguf:~/.cache/huggingface/hub/models--acme--Bird-7B/snapshots/{COMMIT}/b.gguf",
    f"C:\\Users\\me\\hub\\models--acme--Bird-7B\\snapshots\\{COMMIT}",
    "~/.cache/modelscope/hub/models/acme/Bird-7B",
    "/home/me/.lmstudio/models/acme/Bird-7B/bird-q4.gguf",
    "acme--Bird-7B",
    "[Bird](https://huggingface.co/acme/Bird-7B)",
    "ms://acme/Bird-7B",
    "'acme/Bird-7B'",
]
LOCAL = [
    "./Bird-7B",
    "../runs/Bird-7B/",
    "/data/models/Bird-7B",
    "/data/models/Bird-7B/checkpoint-500",
    "/data/Bird-7B/merged",
    "~/models/Bird-7B/pytorch_model.bin",
    "D:\\models\\Bird-7B\\",
    "..\\Bird-7B",
    "\\\\server\\share\\Bird-7B",
    "models/Bird-7B",
    "output/Bird-7B",
    "Bird-7B/checkpoint-500",
    "/data/Bird-7B/model-00001-of-00003.safetensors",
    "gguf:/data/Bird-7B.gguf",
    "gguf:models/Bird-7B-00001-of-00002.gguf",
    "file:///data/Bird-7B",
    "s3://bucket/models/Bird-7B/",
    "dbfs:/models/Bird-7B",
    "https://example.org/files/Bird-7B.gguf",
]


@pytest.mark.parametrize("text", ONE)
def test_ways_of_writing_one_repository(text: str) -> None:
    made = parse_name(text)
    assert (made.key, made.flat, made.tail) == ("acme/bird-7b", "acme_bird-7b", "bird-7b")
    assert made.text.casefold().replace(" ", "-") == "acme/bird-7b"


@pytest.mark.parametrize("text", LOCAL)
def test_paths_tell_the_name_and_no_maker(text: str) -> None:
    made = parse_name(text)
    assert (made.text, made.org) == ("Bird-7B", "") and made.local
    assert may_be_same(made, parse_name("acme/Bird-7B"))
    assert made.key != parse_name("acme/Bird-7B").key


def test_revisions_and_files_are_kept_apart() -> None:
    for text, revision, file in (
        (f"acme/Bird@{COMMIT}", COMMIT, ""),
        ("acme/Bird/tree/v2", "v2", ""),
        ("https://hf.co/acme/Bird/blob/refs%2Fpr%2F2/x/README.md", "refs/pr/2", "x/README.md"),
        ("https://hf.co/acme/Bird:Q8_0", "", "Q8_0"),
        (f"models--acme--Bird/snapshots/{COMMIT}/b.gguf", COMMIT, "b.gguf"),
        ("acme/Bird@main", "", ""),
        ("/x/Bird/checkpoint-7", "checkpoint-7", ""),
    ):
        made = parse_name(text)
        assert (made.revision, made.file) == (revision, file), text


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("acme/bird-7b", "acme/bird-7b-GGUF"),
        ("acme/bird-7b", "copier/bird-7b"),
        ("acme/bird-7b", "acme/bird-7b-hf"),
        ("acme/bird-7b", "acme/bird-70b"),
        ("acme/bird-7b", "hf.co/copier/bird-7b-GGUF:Q4_K_M"),
        ("llama3:8b", "llama3:70b"),
        ("acme/bird", "https://huggingface.co/datasets/acme/bird"),
        ("acme/bird", "https://github.com/acme/bird"),
        ("/a/bird.Q4_K_M.gguf", "/a/bird.gguf"),
        ("/data/merged", "/other/merged"),
        ("/data/merged", "/work/merged"),
    ],
)
def test_two_models_stay_two(a: str, b: str) -> None:
    assert parse_name(a).key != parse_name(b).key
    assert not may_be_same(parse_name(a), parse_name(b))


def test_mirrors_and_quantisations_are_a_question_of_their_own() -> None:
    base = parse_name("acme/Bird-7B-Instruct")
    for text, marks in (
        ("copier/Bird-7B-Instruct-GGUF", ("gguf",)),
        ("copier/bird-7b-instruct-AWQ", ("awq",)),
        ("copier/Bird-7B-Instruct-GPTQ-4bit-32g", ("32g", "4bit", "gptq")),
        ("copier/bird-7b-instruct-bnb-4bit", ("4bit", "bnb")),
        ("mlx/Bird-7B-Instruct-4bit-mlx", ("mlx", "4bit")),
        ("Bird-7B-Instruct.Q4_K_M.gguf", ("q4_k_m",)),
        ("copier/Bird-7B-Instruct-i1-GGUF:IQ3_XXS", ("gguf", "i1")),
        ("copier/Bird-7B-Instruct-exl2-4.0bpw", ("4.0bpw", "exl2")),
        ("acme/Bird-7B-Instruct-FP8-dynamic", ("dynamic", "fp8")),
    ):
        found = variant(parse_name(text))
        assert (found.name, found.marks) == (variant(base).name, marks), text
        assert not may_be_same(parse_name(text), base)
    assert variant(base).marks == ()
    assert variant(parse_name("acme/gguf")).name == "gguf"
    assert namesakes(base, parse_name("copier/bird-7b-instruct"))
    assert not namesakes(base, parse_name("./bird-7b-instruct"))


def test_renamed_organisations_and_models() -> None:
    for old, new in (
        ("THUDM/glm-x", "zai-org/glm-x"),
        ("cohereforai/aya-x", "CohereLabs/aya-x"),
        ("gpt2", "openai-community/gpt2"),
        ("https://huggingface.co/gpt2/tree/main", "openai-community/gpt2"),
        ("models--gpt2", "openai-community/gpt2"),
        ("meta-llama/Meta-Llama-3.1-8B", "meta-llama/Llama-3.1-8B"),
    ):
        assert parse_name(old).key == parse_name(new).key
        assert parse_name(old).flat == parse_name(new.replace("/", "_")).flat
    assert parse_name("THUDM_glm-x").flat == parse_name("zai-org/glm-x").flat
    assert (
        parse_name("cognitivecomputations/x").key != parse_name("dphn/x").key
    )  # went several ways
    assert parse_name("/data/gpt2").key == "gpt2"  # a folder somebody called so
    for table in (MODELS, ORGANISATIONS):
        assert all(k == k.casefold() and v == v.casefold() for k, v in table.items())


ODD = st.one_of(
    st.text(max_size=60),
    st.text("acme/-_.@:\\~?#% 0Q4", max_size=40),
    st.sampled_from(ONE + LOCAL).flatmap(lambda t: st.text(max_size=4).map(lambda x: t + x)),
)


@given(ODD)
def test_anything_is_read_and_read_again_alike(text: str) -> None:
    made = parse_name(text)
    if re.fullmatch(r"[a-z-]+/[a-zA-Z][a-zA-Z0-9-]*", made.text) and not made.local:
        assert may_be_same(parse_name(made.text), made) or parse_name(made.text).local
    assert may_be_same(made, made)
    assert variant(made).name or not made.name


@pytest.mark.parametrize("text", ["q4_" * 20_000, "-" * 90_000, "a/" * 9_000, "[" * 9_000, ""])
def test_endless_names_stay_as_they_are(text: str) -> None:
    made = parse_name(text)
    assert made.name == text and variant(made).marks == ()
