from __future__ import annotations

from pathlib import Path

import pytest

from cladist.errors import InputError
from cladist.formats.labels import DeclaredModel
from cladist.references.labels import match, read_lineage, unnamed


def test_lineage_by_either_name_without_doubtful_rows(tmp_path: Path) -> None:
    path = tmp_path / "l.csv"
    path.write_text(
        "model,hf_id,foundation,superfamily,release_date,confidence,usable\n"
        "org_a,Org/A-1,org/base,org,2024-01,high,True\n"
        "org_b,,org/base,org,,low,True\n"
        "org_c,,org/base,org,,high,False\n"
    )
    found = match(["ORG/a", "org/A-1", "org_b", "org_c", "z"], read_lineage(path))
    known = DeclaredModel("org/base", "org", "2024-01")
    assert found == {"ORG/a": known, "org/A-1": known}


def test_plain_labels(tmp_path: Path) -> None:
    path = tmp_path / "l.csv"
    path.write_text("model,family\nx/y,f\n")
    assert match(["x_y"], read_lineage(path)) == {"x_y": DeclaredModel("f")}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name,family\nx,f\n", "needs the columns"),
        ("model,family\nx,f\nX,g\n", "line 3.*declared twice"),
        ("model,family\nx,\n", "no family"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "l.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=said):
        read_lineage(path)


def test_a_name_with_a_nul_has_no_label_and_this_is_said() -> None:
    declared = {"a": DeclaredModel("f"), "b\0": DeclaredModel("f")}
    assert match(["a", "b\0"], declared) == {"a": DeclaredModel("f")}
    assert unnamed(["a", "b\0"])[0].startswith("1 model has a NUL") and unnamed(["a"]) == ()


def test_a_table_with_a_nul_is_refused(tmp_path: Path) -> None:
    (tmp_path / "l.csv").write_bytes(b"model,family\na,f\0\n")
    with pytest.raises(InputError, match="NUL"):
        read_lineage(tmp_path / "l.csv")
