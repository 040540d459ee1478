"""Names of models, however they are written.

One model is written as `org/name`, with a revision, as an address of a hub and whatever follows
it, as a folder of a cache, as a path of some machine, as a file called `org_name`. `parse_name`
reads all of these. Two names are one model where their `key` is the same; a mirror or a
quantisation is never the same model, and `variant` is what asks for it. Which measured model a
name means is for `core.name_index`.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qs, unquote, urlsplit

from cladist.core.renames import MODELS, ORGANISATIONS

__all__ = ["ModelName", "Variant", "may_be_same", "namesakes", "parse_name", "variant"]

HUBS = ("huggingface.co", "hf.co", "hf-mirror.com", "modelscope.cn", "modelscope.ai", "ollama.com",
        "ollama.ai")  # fmt: skip
"""Hosts whose addresses go on with an organisation and a model; their sub-domains count too."""

LONGEST = 1_024
"""Characters of a name; what is longer is none that anything is known of, and stays as it is."""

_HOST = re.compile(rf"(?:[\w-]+\.)*(?:{'|'.join(map(re.escape, HUBS))})(?=/|$)", re.IGNORECASE)
_URL = re.compile(r"(?:git\+)?(?:https?|ssh|git)://", re.IGNORECASE)
_STORE = re.compile(r"[a-z][a-z0-9+.-]{1,15}:/+", re.IGNORECASE)
_LINK = re.compile(r"\[[^\[\]]{1,200}\]\((\S{1,500})\)")
_SSH = re.compile(r"git@([\w.-]+):(?!//)")
_SCHEME = re.compile(
    r"(?:hf|hub|huggingface|gguf|vllm|transformers|ollama|openai|mlx|builtin|model|file|ms|"
    r"modelscope)"
    r"(?:://|:)(?=[^:])",
    re.IGNORECASE,
)
_VIEWS = {"tree", "resolve", "blob", "raw", "commit", "commits", "discussions", "edit", "files",
          "file", "summary", "manifests"}  # fmt: skip
_NO_MODELS = {"datasets", "spaces", "papers", "docs", "blog", "collections", "posts"}
_WEIGHTS = re.compile(
    r"\.(?:gguf|ggml|safetensors|bin|pt|pth|ckpt|onnx|json|md|ya?ml)$", re.IGNORECASE
)
_SHARD = re.compile(r"[-.]\d{5}-of-\d{5}$")
_PLACE = re.compile(
    r"(?:checkpoints?|ckpts?|global_?steps?|steps?|epochs?|iter|iteration)[-_]?\d*|[0-9a-f]{40}|"
    r"(?:final|best|last|merged|output|model|adapter)(?:[-_](?:model|checkpoint|adapter|output))?|"
    r"outputs|models|weights|snapshots?|main|hf|hub|huggingface|safetensors|gguf|"
    r"(?:pytorch|diffusion_pytorch|adapter|consolidated)_(?:model|weights)|adapter_config|config",
    re.IGNORECASE,
)
_FOLDERS = {
    "models", "model", "checkpoints", "checkpoint", "ckpt", "ckpts", "output", "outputs", "weights",
    "results", "runs", "experiments", "merges", "merged", "llms", "data", "workspace", "content",
    "mnt", "home", "root", "tmp", "loras", "adapters", "saves", "work", "opt", "srv", "kaggle",
}  # fmt: skip
_QUANT = (
    r"(?:i?q\d(?:_\w{1,8})?|tq\d_\d|gguf|ggml|awq|gptq|exl[23]?|mlx|hqq|aqlm|quip#?|eetq|marlin|onnx|"
    r"openvino|bnb|nf4|fp4|mxfp4|nvfp4|fp8|fp16|bf16|f16|f32|int[248]|uint4|i1|imat(?:rix)?|"
    r"[2-8](?:[.-]\d+)?-?bits?|w\d{1,2}a\d{1,2}\w{0,6}|dynamic|quantized|quantised|quant|\d{1,2}(?:\.\d{1,3})?bpw|"
    r"gs?\d{2,3}|\d{2,3}gb?|ud|hf)"
)
_MARK = re.compile(rf"[-_.]({_QUANT})$", re.IGNORECASE)
_TAG = re.compile(rf"{_QUANT}|latest|main", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ModelName:
    """A name, taken apart.

    org       organisation or user, '' where the name does not tell it
    name      the model, as written
    revision  branch, tag, commit, or checkpoint of a run; '' for none
    file      file or quantisation within the repository; '' for none
    local     whether it was written as a path, which tells no organisation
    """

    org: str
    name: str
    revision: str = ""
    file: str = ""
    local: bool = False

    @property
    def text(self) -> str:
        """For people: org/name, or the name alone, in the case in which it was written."""
        return f"{self.org}/{self.name}" if self.org else self.name

    @property
    def key(self) -> str:
        """Equal for two names of one repository: case, revision and old names set aside."""
        org, name = _folded(self.org), _folded(self.name)
        for _ in range(5):  # a name that was changed twice; bounded, should the table ever circle
            whole = f"{org}/{name}" if org else name
            known = "" if self.local and not org else MODELS.get(whole, "")
            if known:
                org, _, name = known.rpartition("/")
            elif org in ORGANISATIONS:
                org = ORGANISATIONS[org]
            else:
                break
        return f"{org}/{name}" if org else name

    @property
    def flat(self) -> str:
        """The key as a file may be called: org/name, org_name, org__name and org--name are one."""
        made = _flattened(self.key)
        org, _, rest = made.partition("_")
        return f"{_flattened(ORGANISATIONS[org])}_{rest}" if org in ORGANISATIONS and rest else made

    @property
    def tail(self) -> str:
        """The key without its organisation."""
        key = self.key
        return key if self.local and not self.org else key.rpartition("/")[2] or key


@dataclass(frozen=True, slots=True)
class Variant:
    """What is left of a name without the marks of a format, and the marks, outermost first."""

    name: str
    marks: tuple[str, ...]


def parse_name(text: str) -> ModelName:
    """Take a name apart. Anything can be read; what is no known form is a name as it stands.

    Parameters
    ----------
    text
        `org/name`, `org/name@revision`, an address of a hub or a file in it, `hf.co/org/name:Q4_0`,
        a folder `models--org--name/snapshots/...`, a path of any system, `hf:` and `gguf:` URIs.

    Returns
    -------
    ModelName
        With an organisation only where the text tells it without doubt.

    Examples
    --------
    >>> parse_name("https://huggingface.co/org/Some-7B/tree/main").text
    'org/Some-7B'
    >>> parse_name(r"C:\\models\\Some-7B").text
    'Some-7B'
    """
    return ModelName("", text) if len(text) > LONGEST else _parsed(text)


@lru_cache(maxsize=65_536)
def _parsed(text: str) -> ModelName:
    bare = unicodedata.normalize("NFC", text).strip().strip("'\"`<>").strip()
    if not bare:
        return ModelName("", text.strip())
    if found := _LINK.fullmatch(bare):
        bare = found.group(1)
    if found := _SSH.match(bare):
        bare = f"ssh://{found.group(1)}/{bare[found.end() :]}"
    if scheme := _SCHEME.match(bare):
        kind, rest = scheme.group().casefold().rstrip(":/"), bare[scheme.end() :]
        if not rest.strip("/\\ "):
            return ModelName("", bare)
        if kind in ("gguf", "file") and not _URL.match(rest):
            return _of_path(rest)
        if kind == "openai":
            rest = rest.partition("@http")[0]
        bare = rest.removeprefix("models/") if rest.count("/") > 1 else rest
    if _URL.match(bare) or _HOST.match(bare):
        return _of_address(bare)
    if found := _STORE.match(bare):
        return _of_path(bare[found.end() :])
    if _is_path(bare):
        return _of_path(bare)
    return _of_repository(bare)


def may_be_same(a: ModelName, b: ModelName) -> bool:
    """Whether two names can mean one model: the same, or the same but for an unknown organisation.

    >>> may_be_same(parse_name("org/some-7b"), parse_name("/data/Some-7B"))
    True
    """
    if a.key == b.key or a.flat == b.flat:
        return True
    return a.tail == b.tail and not (a.org and b.org)


def namesakes(a: ModelName, b: ModelName) -> bool:
    """Whether two names of different makers are called alike: mirrors perhaps, perhaps strangers.

    >>> namesakes(parse_name("org/some-7b"), parse_name("copier/some-7b"))
    True
    """
    return a.tail == b.tail and a.key != b.key and bool(a.org and b.org)


def variant(name: ModelName) -> Variant:
    """A name without marks such as -GGUF, -AWQ or .Q4_K_M.

    That two names agree in this says that one may be a quantisation or conversion of the other,
    and no more: they are not one model.

    >>> variant(parse_name("someone/Some-7B-GPTQ-4bit"))
    Variant(name='some-7b', marks=('4bit', 'gptq'))
    """
    rest, marks = name.tail, list[str]()
    while len(rest) <= LONGEST and len(marks) < 9 and (found := _MARK.search(rest)):
        marks.append(found.group(1))
        rest = rest[: found.start()]
    return Variant(rest, tuple(marks)) if rest else Variant(name.tail, ())


def _folded(text: str) -> str:
    return re.sub(r"\s+", "-", text.strip().casefold())


def _flattened(key: str) -> str:
    return re.sub(r"[/\s_]+|--+", "_", key)


def _is_path(text: str) -> bool:
    if re.match(r"[A-Za-z]:[\\/]|[\\/~.$%]", text) and not re.match(r"\.[\w-]+$", text):
        return True
    parts = text.replace("\\", "/").rstrip("/").split("/")
    if "\\" in text or any(p.startswith("models--") for p in parts):
        return True
    if len(parts) < 3 and re.search(r"\.(?:gguf|safetensors|bin|pth?|ckpt)$", text, re.IGNORECASE):
        return True
    if len(parts) == 1:
        return False
    if parts[0].casefold() in _FOLDERS:
        return True
    if len(parts) == 2:
        return bool(re.fullmatch(r"(?:checkpoint|step|epoch)[-_]?\d+", parts[1], re.IGNORECASE))
    known = parts[2] in _VIEWS or bool(_WEIGHTS.search(parts[-1])) or "@" in parts[1]
    return not (known and len(parts[0]) and ":" not in parts[0])


def _of_address(text: str) -> ModelName:
    """An address: of a hub org/name with what follows, of any other host the host before it."""
    text = text.replace("\\", "/")
    try:
        split = urlsplit(text if "://" in text else f"https://{text}")
        host = (split.hostname or "").removeprefix("www.")
        asked = parse_qs(split.query)
    except ValueError:
        return ModelName("", text)
    parts = [unquote(p) for p in split.path.split("/") if p]
    if not _HOST.fullmatch(host):
        if parts and re.search(r"\.(?:gguf|safetensors|bin)$", parts[-1], re.IGNORECASE):
            return _of_path(parts[-1])
        rest = [p.removesuffix(".git") for p in parts[:2]]
        if len(rest) < 2:
            return ModelName("", "/".join([host, *rest]))
        return ModelName(f"{host}/{rest[0]}", rest[1])
    while parts and parts[0] in ("api", "models", "library", "v2"):
        parts = parts[1:]
    if not parts:
        return ModelName("", host)
    if parts[0] in _NO_MODELS:
        return ModelName(f"{host}/{parts[0]}", "/".join(parts[1:3]) or parts[0])
    alone = len(parts) == 1 or parts[1] in _VIEWS
    rest = parts[1:] if alone else parts[2:]
    view = rest[0] if rest else ""
    tail = rest[1:] if view in _VIEWS else rest
    named = "" if alone else parts[0]
    asked_for = next(iter(asked.get("revision", asked.get("ref", []))), "")
    if view in ("tree", "resolve", "blob", "raw", "commit", "commits") and tail:
        asked_for, tail = tail[0], tail[1:]
    made = _named(named, parts[0 if alone else 1].removesuffix(".git"))
    return _with(made, asked_for, "/".join(tail))


def _of_repository(text: str) -> ModelName:
    """`org/name` or a name, with @revision, :tag, ?revision=, #fragment or a file behind it."""
    bare, _, query = text.partition("#")[0].partition("?")
    asked = next(iter(parse_qs(query).get("revision", [])), "")
    parts = [p.strip() for p in bare.split("/") if p.strip()]
    if not parts:
        return ModelName("", text)
    if len(parts) == 1:
        return _with(_named("", parts[0]), asked, "")
    made = _named(parts[0], parts[1])
    rest = parts[2:]
    if rest and rest[0] in _VIEWS:
        asked, rest = (rest[1] if len(rest) > 1 else asked), rest[2:]
    return _with(made, asked, "/".join(rest))


def _of_path(text: str) -> ModelName:
    """A path: a cache tells org/name, any other path the name of its last telling part."""
    whole = text.replace("\\", "/").split("?")[0].split("#")[0]
    parts = [p for p in whole.split("/") if p not in ("", ".", "..", "~")]
    for k, part in enumerate(parts):
        if part.startswith("models--") and len(part) > 8:
            org, dashes, name = part[8:].partition("--")
            rest = parts[k + 1 :]
            revision = rest[1] if len(rest) > 1 and rest[0] in ("snapshots", "refs") else ""
            file = "/".join(rest[2:])
            if not dashes:
                org, name = "", org
            return ModelName(org, name, "" if revision == "main" else revision, file)
    lowered = [p.casefold() for p in parts]
    if "modelscope" in lowered or ".lmstudio" in lowered or "lm-studio" in lowered:
        marks = [k for k, p in enumerate(lowered) if p in ("hub", "models")]
        rest = parts[marks[-1] + 1 :] if marks else []
        if len(rest) >= 2:
            return ModelName(rest[0], rest[1].replace("___", "."), "", "/".join(rest[2:]))
    below: list[str] = []
    for part in reversed(parts):
        stem = _SHARD.sub("", _WEIGHTS.sub("", part))
        if below and stem.casefold() in _FOLDERS:
            break
        if stem and not _PLACE.fullmatch(stem):
            made = _named("", stem)
            revision = made.revision or "/".join(b for b in reversed(below) if b)
            return ModelName(made.org, made.name, revision, made.file, not made.org)
        below.append(stem)
    return ModelName("", whole.rstrip("/") or text, "", "", True)


def _named(org: str, name: str) -> ModelName:
    """Take @revision, a :tag of a quantisation and `org--name` apart."""
    name, _, revision = name.partition("@")
    head, colon, tag = name.rpartition(":")
    file = ""
    if colon and head and _TAG.fullmatch(tag):
        name, file = head, "" if tag.casefold() in ("latest", "main") else tag
    before, dashes, after = name.partition("--")
    if not org and dashes and before and after and "--" not in after:
        org, name = before, after  # no name of the Hub holds two dashes
    return ModelName(org.strip(), name.strip() or org, "" if revision == "main" else revision, file)


def _with(made: ModelName, revision: str, file: str) -> ModelName:
    found = made.revision or ("" if revision == "main" else revision)
    return ModelName(made.org, made.name, found, made.file or file, made.local)
