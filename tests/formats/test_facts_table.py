"""Tables of facts: what is read, what is wrong and where."""

from __future__ import annotations

from pathlib import Path

import pytest

from cladist.core.facts import Fact
from cladist.errors import InputError
from cladist.formats.facts_table import check_facts, read_facts, write_facts


def table(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "t.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_they_come_back_as_written(tmp_path: Path) -> None:
    facts = [
        Fact("acme/b", "acme/b", "acme/b", "acme/b", "", "pretrain", "acme", "g", "2024-05", "mit"),
        Fact('x, "y"', parent="acme/b", relation="merge", source="s", confidence="low"),
    ]
    assert read_facts(table(tmp_path, write_facts(facts))) == facts
    (own,) = read_facts(table(tmp_path, write_facts(facts[:1])), own=True)
    assert own.own


def test_other_spellings_of_columns_and_words(tmp_path: Path) -> None:
    path = table(
        tmp_path,
        "\ufeffModel,HF_id,superfamily,Release_Date,License,org,relation,Extra\n"
        "b,acme/b,g,2024,mit,acme,continued-pretrain,!\n,,,,,,,\n",
    )
    assert read_facts(path) == [
        Fact("b", "acme/b", relation="continued", maker="acme", group="g", released="2024",
             licence="mit")
    ]  # fmt: skip


WRONG = {
    "relation 'begat'": "m,,begat,,,",
    "confidence 'certain'": "m,,,,certain,",
    "released 'May 2024'": "m,,,May 2024,,",
    "released '2024-13'": "m,,,2024-13,,",
    "hub_id 'bird' is no org/name": "m,,,,,bird",
    "named as its own parent": "acme/m,https://hf.co/Acme/M,finetune,,,",
    "pretrained from nothing": "m,n,pretrain,,,",
    "names no model": ",n,,,,",
    "characters": "x" * 900 + ",,,,,",
}


@pytest.mark.parametrize("told", sorted(WRONG))
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, told: str) -> None:
    head = "model,parent,relation,released,confidence,hub_id\nfine,,,,,\n"
    path = table(tmp_path, f"{head}{WRONG[told]}\n")
    facts, problems = check_facts(path)
    assert [f.model for f in facts] == ["fine"]
    assert len(problems) == 1 and told in problems[0] and "line 3" in problems[0]
    with pytest.raises(InputError, match="lineage check"):
        read_facts(path)


def test_what_rows_say_against_each_other(tmp_path: Path) -> None:
    path = table(
        tmp_path,
        "model,parent,released\nacme/b,,2024-05\nAcme_B,,\nacme/c,acme/b,2024-03\n"
        "d,e,\ne,d,\nf,d,\n",
    )
    _, problems = check_facts(path)
    assert len(problems) == 3
    text = "\n".join(problems)
    assert "'Acme_B' and 'acme/b' are one model" in text
    assert "earlier than its parent 'acme/b'" in text
    assert text.count("descend from each other") == 1


@pytest.mark.parametrize(
    "text",
    ["", "name,parent\na,b\n", "model\n", 'model\n"x', "model,hf_id,hub_id\na,b/c,b/c\n"],
)
def test_files_that_are_no_table(tmp_path: Path, text: str) -> None:
    path = table(tmp_path, text)
    for read in (read_facts, check_facts):
        with pytest.raises(InputError, match=r"t\.csv"):
            read(path)
