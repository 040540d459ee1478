"""What hostile inputs are made of: words of formats, odd values, and small valid examples."""

from __future__ import annotations

INTERESTING = (
    *(0, 1, 2, 3, 7, 8, 9, 15, 16, 31, 32, 63, 64, 127, 128, 255, 256, 4096, 65535, 65536),
    *(2**26, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1, 2**63, 2**64 - 1),
)
ODD = (
    *(None, True, False, 0, -1, 1, 2**63, 10**400, 0.5, float("nan"), float("inf")),
    *("", "x", "0", "-1", "\x00", "\ud800", "日本", "a" * 5000),
    *([], {}, [[]], [None], ["x"], {"a": 1}, [{}], {"": None}, [1, "a", None]),
)
ODD_TOML = (
    *("5", "-1", "0", "true", "[]", "{}", "nan", "inf", "-inf", "1e308", "0.5", "1979-05-27"),
    *("[1, 2]", '["a"]', "{a = 1}", "[{}]", '[{name = "alleles"}]', '"\\u0000"', "'..'"),
    *("1" * 4000, '[[["a"]]]', '{name = "lexical", weight = "x"}', "{a.b.c = 1}"),
    *('""', '"x"', '"mini-12"', '"mini-12:0"', "9223372036854775807", "07:32:00"),
)
JSON_WORDS = (
    *b'{ } [ ] " , : null true NaN 1e999 -0 \\ud800 \\u0000 "" {} [] "model": "prompt_id":'.split(),
    *b'"response": "sample": "state": "items": "resps":'.split(),
    *(b"[" * 3000, b'{"a":' * 3000, b"9" * 5000, b"\xff", b"\xef\xbb\xbf", b"\n"),
)
CSV_WORDS = (
    *b'; " "" , model response prompt_id sample state ok error =cmd() family'.split(),
    *(b"\t", b"\n", b"\r", b"\r\n", b"\0", b"\xef\xbb\xbf", b"\xff\xfe", b'"' * 999, b"," * 999),
)
TREE_WORDS = (
    *b"( ) , : ; ' \" [ ] [&R] [&support= #NEXUS BEGIN TREES; TREE TRANSLATE END; =".split(),
    *b"1e999 nan -1 ((((a)))) 0.9 100".split(),
    *(b"(" * 3000, b"[" * 3000, b"\x00", b"\xe2\x80\xae"),
)
TOML_WORDS = (
    *b'[method] [[method.encoders]] [decoding] = "mini-12" """ \\u [ ] { }'.split(),
    *(b"name = ", b"options = {}", b"weight = ", b"metric = ", b"projection = ", b"probes = "),
    *(b"dimension = ", b"buckets = ", b"temperature = ", b"samples = ", b"encoders = "),
    *(b"= 5\n", b"= []\n", b"= nan\n", b"= 1e400\n", b"\n", b"[" * 3000, b"a." * 3000),
)
URI_WORDS = tuple(b"@http :// : ? # [::1] %00 @ [ :99999 & = \xff".split())
URIS = (
    b"openai:m@http://127.0.0.1:8080/v1?interface=chat&rpm=6#name",
    b"gguf:a.gguf?threads=2",
    b"hf:org/name@main?dtype=float16",
    b"builtin:smollm2?system=x&temperature=0.5#pirate",
    b"recorded:file.parquet?model=a",
)
_SAYS = {"content": "hi", "refusal": None}
CHAT = {
    "id": "c1",
    "model": "m",
    "system_fingerprint": "fp",
    "choices": [{"index": 0, "finish_reason": "stop", "message": _SAYS}],
    "usage": {"prompt_tokens": 3, "completion_tokens": 2},
}
RAW = {**CHAT, "choices": [{"index": 0, "finish_reason": "length", "text": "hi"}]}
TOML = b"""name = "small"
probes = "mini-12:4"
description = "d"
[decoding]
interface = "raw"
temperature = 0.5
top_p = 0.9
max_tokens = 4
samples = 2
seed = 7
[method]
metric = "euclidean"
metric_options = {}
projection = {dimension = 16, seed = 1, scaling = "paper", buckets = 64}
[[method.encoders]]
name = "alleles"
options = {length = 4}
weight = 1.0
"""
NEXUS = b"""#NEXUS
BEGIN TAXA; DIMENSIONS NTAX=3; TAXLABELS a 'b c' d; END;
BEGIN TREES; TRANSLATE 1 a, 2 'b c', 3 d;
TREE one = [&R] ((1:0.1,2:0.2)0.9:0.3,3:1e-2); TREE two = (1,2,3); END;
"""
NEWICK = (
    b"((a:1,b:2)0.97:0.5,c:3);\n",
    b"[&R](a,'b ''c',\"d\"[note [nested]])root:0;",
    b"((a:1,b:2)[&support=0.9]:1,c,(d,e,f)87:2)x;(a,b);",
)
CARD = b"""---
license: apache-2.0
base_model:
- org/parent
- org/other
base_model_relation: merge
language: [en, de]
tags: [a, 'b']
date: 2024-01-02
model-index:
- name: x
  results: []
---
# A card
"""
RECIPE = b"""merge_method: ties
base_model: org/base
slices:
- sources:
  - {model: org/a, layer_range: [0, 8], parameters: {weight: 0.5}}
  - model: org/b+org/lora
experts:
- source_model: org/c
dtype: float16
"""
ADAPTER = b'{"base_model_name_or_path": "org/parent", "r": null, "peft_type": "LORA"}'
YAML_WORDS = (
    *b"--- ... : - ? & * ! !!python/object/apply:os.system << { } [ ] | > # % @ ~ null".split(),
    *b"base_model: license: model: sources: slices: 1e999 0x1f .nan \"\" '' \xff".split(),
    *(b"&a [*a]", b"*a", b"<<: *a", b"\n", b"\n- ", b"\n  ", b"\t", b"[" * 3000, b"- " * 3000),
)
STAGES = b"""name: one
merge_method: linear
models: [org/a, {model: {path: org/b, revision: v1}, lora: {path: org/l}}]
---
genome: {models: [one, ./one, org/c], base_model: org/d}
---
merges:
- {name: two, merge_method: ties, models: {org/e: {weight: 1}, x: {model: one}}}
tokenizer: {source: org/t}
other: [org/u, {inner: org/v}]
"""
NAMES = (
    b"https://huggingface.co/org/name/tree/main?x=1#y",
    b"models--org--name/snapshots/0a1b/model.Q4_K_M.gguf",
    b"C:\\\\models\\name-7b\\checkpoint-500",
    b"hf.co/org/name-GGUF:Q4_K_M",
    b"git@hf.co:org/name.git",
)
FACTS = (
    b"model,hub_id,foundation,parent,relation,released,confidence\n"
    b"org/a,org/a,org/b,org/b,finetune,2024-05,high\norg/b,,,,pretrain,2023,low\n"
)
DECLARED = b"model,parent,relation,license,date,source\na,b,merge,mit,2024-01-02,x\nc,,,,,\n"
