"""Reports and statements: what they claim, what they escape, and that standards accept them."""

from __future__ import annotations

import io
import json
import re
import warnings
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from made_families import population, taught
from typer.testing import CliRunner

from cladist.cli.main import app
from cladist.errors import CladistError, InputError
from cladist.formats.modelcard import BEGIN, END, insert_block
from cladist.formats.statement import StatedKin, Statement
from cladist.provenance.markup import escaped

EVIL = "<script>alert(1)</script>\u202eevil\x1b[31m"


def run(*arguments: str | Path) -> Any:
    return CliRunner().invoke(app, [str(a) for a in arguments])


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lab")
    models, names = population(families=24, members=3, kept=0.75)
    rows = [
        {
            "model": m.model,
            "prompt_id": p,
            "response": f"{t} {EVIL}" if m.model == "f0-m1" and p < 9 else t,
        }
        for m in models
        for p, t in enumerate(m.texts())
    ]
    (folder / "r.jsonl").write_text("".join(json.dumps(x) + "\n" for x in rows))
    labels = [f"{m.model},{n}" for m, n in zip(models, names)]
    (folder / "labels.csv").write_text("model,family\n" + "\n".join(labels) + "\n")
    (folder / "declared.csv").write_text(
        "model,parent,relation,license,date,source\n"
        f"f0-m0,f0-m1,finetune,llama2,2024-05,{EVIL}\nf0-m1,,,apache-2.0,2023-01\n"
        "f0-m2,f0-m0,adapter,mit,\nf3-m0,f3-m0,,,\n"
    )
    assert run("registry", "import", folder / "r.jsonl", "-r", folder / "r").exit_code == 0
    small = [r for r in rows if r["model"] in ("f0-m0", "f0-m1", "f1-m0")]
    (folder / "s.jsonl").write_text("".join(json.dumps(x) + "\n" for x in small))
    assert run("registry", "import", folder / "s.jsonl", "-r", folder / "small").exit_code == 0
    made = run(
        "report", "f0-m0", "-r", folder / "r", "--labels", folder / "labels.csv",
        "--declared", folder / "declared.csv", "--rate", "0.05", "-o", folder / "r.html",
        "--data", folder / "r.json",
    )  # fmt: skip
    assert made.exit_code == 0, made.output
    return folder


def test_what_it_claims(lab: Path) -> None:
    data = json.loads((lab / "r.json").read_text())
    assert data["format"] == "cladist-report/1" and data["calibrated"]
    claims = {c["topic"]: c for c in data["claims"]}
    assert claims["Kinship"]["strength"] == "shown" and "f0-m" in claims["Kinship"]["statement"]
    assert claims["Declarations"]["statement"].startswith("The declared parent f0-m1 (finetune)")
    assert all(c["certainty"] for c in data["claims"])
    assert data["foundation"]["families"][0][0] == "family0"
    assert {k["finding"] for k in data["links"]} <= {"confirmed", "cannot tell"}
    assert {e["side"] for e in data["exhibits"]} == {"for", "against"}
    assert any("cladist report f0-m0" in c for c in data["conditions"]["commands"])
    assert len(data["conditions"]["answers"]) == 64 and data["tree"].endswith(";")


def test_a_pair_that_is_not_called_related_all_the_same_says_why(tmp_path: Path) -> None:
    models, names = taught(2)
    rows = [
        {"model": m.model, "prompt_id": p, "response": t}
        for m in models
        for p, t in enumerate(m.texts())
    ]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(x) + "\n" for x in rows))
    labels = [f"{m.model},{n}" for m, n in zip(models, names, strict=True)]
    (tmp_path / "labels.csv").write_text("model,family\n" + "\n".join(labels) + "\n")
    assert run("registry", "import", tmp_path / "a.jsonl", "-r", tmp_path / "r").exit_code == 0
    made = run(
        "report", "pupil0", "-r", tmp_path / "r", "--labels", tmp_path / "labels.csv",
        "--rate", "0.05", "-o", tmp_path / "p.html", "--data", tmp_path / "p.json",
    )  # fmt: skip
    assert made.exit_code == 0, made.output
    data = json.loads((tmp_path / "p.json").read_text())
    claims = {c["topic"]: c for c in data["claims"]}
    assert claims["Kinship"]["strength"] == "not shown"
    pupil = next(r["test"] for r in data["relatives"] if r["model"] == "pupil1")
    assert (pupil["verdict"], pupil["code"]) == ("inconclusive", "uncovered")
    assert "both write reasoning traces" in pupil["reason"]
    assert "1 of the models write reasoning traces" in claims["Foundation"]["certainty"]


@pytest.mark.parametrize(("families", "shown"), [(9, False), (24, True)])
def test_a_foundation_is_named_only_where_all_others_are_excluded(
    lab: Path, tmp_path: Path, families: int, shown: bool
) -> None:
    """Nine makers exclude nobody, however probable one of them is."""
    rows = [f"f{f}-m{m},family{f}\n" for f in range(families) for m in range(3)]
    (tmp_path / "labels.csv").write_text("model,family\n" + "".join(rows))
    call = ["f0-m0", "-r", lab / "r", "--labels", tmp_path / "labels.csv"]
    made = run("report", *call, "--data", tmp_path / "r.json")
    assert made.exit_code == 0, made.output
    data = json.loads((tmp_path / "r.json").read_text())
    (told,) = (c for c in data["claims"] if c["topic"] == "Foundation")
    assert data["foundation"]["families"][0][0] == "family0"
    assert data["foundation"]["families"][0][1] >= 0.95
    assert told["strength"] == ("shown" if shown else "not shown")
    assert ("but no family is excluded" in told["certainty"]) != shown
    bill = run("provenance", "bom", *call, "--as", "cyclonedx")
    assert bill.exit_code == 0, bill.output
    assert ('"cladist:foundation"' in bill.stdout) == shown


class Page(HTMLParser):
    """Collects tags and attributes, and refuses what a page without scripts cannot hold."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        for name, value in attrs:
            assert name != "style" and not name.startswith("on"), (tag, name)
            assert name not in ("src", "srcset", "action"), (tag, name)
            assert name != "href" or (value or "").startswith("#"), value
        if tag not in ("meta", "circle", "path", "rect"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("circle", "path", "rect"):
            assert self.open.pop() == tag


def test_the_page_holds_nothing_that_acts(lab: Path) -> None:
    text = (lab / "r.html").read_text(encoding="utf-8")
    page = Page()
    page.feed(text)
    assert page.open == [] and "script" not in page.seen and "svg" in page.seen
    assert "default-src 'none'" in text and "'unsafe-inline'" not in text
    assert "\u202e" not in text and "\x1b" not in text and "&lt;script&gt;" in text
    (policy,) = re.findall(r"style-src 'sha256-([^']+)'", text)
    import base64
    import hashlib

    style = text.split("<style>")[1].split("</style>")[0]
    assert base64.b64encode(hashlib.sha256(style.encode()).digest()).decode() == policy
    assert escaped("\u2066a\u0000<") == "\\u2066a\\x00&lt;"


def test_a_small_registry_claims_nothing(lab: Path) -> None:
    out = lab / "small.html"
    assert run("report", "f0-m0", "-r", lab / "small", "-o", out).exit_code == 0
    text = out.read_text(encoding="utf-8")
    assert "too small for calibrated claims" in text
    assert '<span class="badge shown">related' not in text
    said = run("report", "f0-m0", "-r", lab / "small").output
    assert "[cannot tell]" in said and "[shown]" not in said.split("Declarations")[0]


def bom(lab: Path, form: str, *more: str | Path) -> str:
    done = run(
        "provenance", "bom", "f0-m0", "--as", form, "-r", lab / "r", "--labels", lab / "labels.csv",
        "--declared", lab / "declared.csv", "--rate", "0.05", "--created",
        "2026-01-31T12:00:00Z", *more,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    return str(done.stdout)


def test_cyclonedx_fits_the_official_schema(lab: Path) -> None:
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    text = bom(lab, "cyclonedx")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    found = json.loads(text)["metadata"]["component"]
    (above,) = found["pedigree"]["ancestors"]
    assert above["name"] == "f0-m1"
    about = {p["name"]: p["value"] for p in above["properties"]}
    assert about["cladist:basis"] in ("declared", "declared and measured")
    assert about["cladist:alpha"] == "0.05" and found["licenses"]
    assert [d["name"] for d in found["pedigree"]["descendants"]] == ["f0-m2"]
    assert bom(lab, "cyclonedx") == text


def test_spdx_fits_the_official_model(lab: Path) -> None:
    from spdx_python_model import v3_0_1 as spdx

    text = bom(lab, "spdx")
    objects = spdx.SHACLObjectSet()
    spdx.JSONLDDeserializer().read(io.BytesIO(text.encode()), objects)
    assert objects.link() in (None, set())
    out = io.BytesIO()
    spdx.JSONLDSerializer().write(objects, out)  # checks that every required property is there
    kinds = {type(o).__name__ for o in objects.foreach()}
    assert {"ai_AIPackage", "SpdxDocument", "Annotation", "Relationship"} <= kinds
    relations = [o for o in objects.foreach() if type(o).__name__ == "Relationship"]
    assert spdx.RelationshipType.descendantOf in [r.relationshipType for r in relations]


def test_block_of_a_card_is_renewed(lab: Path) -> None:
    card = lab / "README.md"
    card.write_text("---\nlicense: mit\n---\n# Model\n", encoding="utf-8")
    for _ in range(2):
        bom(lab, "card", "--into", card)
    text = card.read_text(encoding="utf-8")
    assert text.startswith("---\nlicense: mit\n---\n# Model\n\n" + BEGIN)
    assert text.count(BEGIN) == text.count(END) == 1 and "f0-m1" in text
    assert insert_block("", "x") == "x"


def test_croissant_fits_its_own_library(lab: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import mlcroissant as mlc

        folder = lab / "export"
        assert run("registry", "export", folder, "-r", lab / "r").exit_code == 0
        done = run(
            "provenance", "croissant", folder, "--licence", "CC-BY-4.0", "--published", "2026-01-31"
        )
        assert done.exit_code == 0, done.output
        dataset = mlc.Dataset(jsonld=folder / "croissant.json")
        assert not dataset.metadata.ctx.issues.errors
        names = [r.id for r in dataset.metadata.record_sets]
        (answers,) = [n for n in names if n.startswith("response")]
        first = next(iter(dataset.records(answers)))
    assert any(k.endswith("/text") for k in first)
    (folder / "manifest.json").write_text('{"files": [{"name": "../x"}]}')
    assert isinstance(run("provenance", "croissant", folder).exception, InputError)


def test_what_cannot_be_stated(lab: Path) -> None:
    common = ("-r", lab / "r", "--declared", lab / "declared.csv")
    assert isinstance(run("provenance", "bom", "f3-m0", *common).exception, InputError)
    for words in (
        ("bom", "nobody"),
        ("report", "nobody"),
        ("report", "f0-m0", "-d", "nowhere.csv"),
    ):
        assert isinstance(run(*words, "-r", lab / "r").exception, CladistError)
    bad = run("provenance", "bom", "f0-m0", "--created", "soon", "-r", lab / "r").exception
    assert isinstance(bad, CladistError)


def test_a_statement_has_one_identity() -> None:
    kin = (StatedKin("p", "ancestor", "declared"),)
    a = Statement("m", "u", "", "mit", "", "", kin, (), {}, "2026-01-31T12:00:00Z", "1")
    b = Statement("m", "u", "", "mit", "", "", (), (), {}, "2026-01-31T12:00:00Z", "1")
    assert a.uuid == a.uuid != b.uuid
