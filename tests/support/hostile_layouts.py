"""Small valid examples of layouts of answers, trees and tables that other programs write."""

from __future__ import annotations

from typing import Any

_SAID = {"role": "assistant", "content": "x"}
_BODY = {"model": "m", "choices": [{"index": 0, "finish_reason": "stop", "message": _SAID}]}
LAYOUTS: dict[str, Any] = {
    "turns": {"question_id": 1, "model_id": "m", "choices": [{"index": 0, "turns": ["x", "y"]}]},
    "text": {"question_id": 1, "text": "x", "model_id": "m", "answer_id": "a"},
    "messages": {"uid": "u", "model": "m",
                 "messages": [{"role": "user", "content": "q"}, _SAID]},
    "batch": {"custom_id": "q", "error": None, "response": {"status_code": 200, "body": _BODY}},
    "batch result": {"custom_id": "q", "result": {"type": "succeeded", "message": {
        "model": "m", "stop_reason": "end_turn", "content": [{"type": "text", "text": "x"}]}}},
    "helm": {"adapter_spec": {"model": "m"}, "request_states": [
        {"instance": {"id": "i"}, "request": {"model": "m", "prompt": "q", "temperature": 0.5},
         "result": {"success": True, "completions": [{"text": "x"}]}}]},
    "helm predictions": [{"instance_id": "i", "predicted_text": "x", "train_trial_index": 0}],
    "opencompass": {"0": {"origin_prompt": [{"role": "HUMAN", "prompt": "q"}],
                          "prediction": "x", "gold": "y"}},
    "code": {"task_id": "HumanEval/0", "solution": "x"},
    "code results": {"hash": "h", "eval": {"HumanEval/0": [{"task_id": "a", "solution": "x"}]}},
    "key": [{"question": "q", "answer": "A", "answer_index": 0, "model_outputs": "x",
             "temperature": 0.5}],
}  # fmt: skip
"""By name; all but 'turns', 'text', 'messages' and the batches need a model named beside them."""

LAYOUT_WORDS = (
    *b'"choices": "turns": "messages": "custom_id": "task_id": "request_states":'.split(),
    *b'"prediction": "answer": "text": "content": "role": "assistant"'.split(),
)
PLACEHOLDERS = (
    b"$ERROR$",
    b"Error code: 429 - {'error': {'message': 'x', 'type': 'y'}}",
    b'{"error": {"message": "x", "type": "y"}}',
    b"HTTPSConnectionPool(host='x', port=443): Read timed out.",
    b"Traceback (most recent call last):\n  x\nopenai.RateLimitError: slow",
)
PLACEHOLDER_WORDS = (
    *b"Error: [ ] { } <html> <title> 429 timed out rate limit openai. $ # | __".split(),
    *(b"error: " * 500, b"{" * 3000, b"a." * 1500, b"-" * 3000, b" " * 3000, b"[" * 3000),
)
PHYLOXML = b"""<phyloxml><phylogeny rooted="true"><name>t</name><clade><clade branch_length="1">
<confidence type="bootstrap">90</confidence><clade><name>a</name></clade><clade><taxonomy><code>b
</code></taxonomy></clade></clade><clade><name>c</name></clade></clade></phylogeny></phyloxml>"""
XML_WORDS = (
    *b"<clade> </clade> <name> </name> <phylogeny> </phylogeny> <confidence> &amp; &x; ".split(),
    *(b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"<![CDATA[", b"]]>", b"<?xml version='1.0'?>"),
    *(b"<clade>" * 2000, b"\0", b' branch_length="nan"', b'<confidence type="x">1e999'),
)
AUSPICE = {
    "version": "v2",
    "tree": {
        "name": "NODE_0000000",
        "node_attrs": {"div": 0, "support": {"value": 0.5}},
        "children": [
            {"name": "a", "node_attrs": {"div": 0.5, "num_date": {"value": 2020.5}}},
            {"name": "b", "node_attrs": {"div": 1}},
        ],
    },
}
SCORES = b'"","Model",x\n0,a,"71,3"\n1,b,-\n2,c,12%\n'
