"""The models that the contract of `cladist.models.base.Model` is tested on.

To put a backend under the contract add a line to `CASES`: a context manager that prepares what
the backend needs (files, a server, a fake module) in a folder and yields the URI to open.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from fake_vllm import fake_module
from tiny_models import write_checkpoint, write_gguf

from cladist.models import Model, open_model


@dataclass(frozen=True)
class Case:
    """How one backend is brought up.

    prepare      context manager: folder -> URI of a model that can be opened many times
    needs        modules that must be installed
    samples      whether temperature and seed reach the model
    """

    prepare: Callable[[Path], AbstractContextManager[str]]
    needs: tuple[str, ...] = ()
    samples: bool = True


@contextmanager
def _llamacpp(folder: Path) -> Iterator[str]:
    yield f"gguf:{write_gguf(folder / 'random.gguf')}"


@contextmanager
def _llama(folder: Path) -> Iterator[str]:
    yield f"hf:{write_checkpoint(folder / 'llama')}?dtype=float32&device=cpu"


@contextmanager
def _t5(folder: Path) -> Iterator[str]:
    yield f"hf:{write_checkpoint(folder / 't5', 't5')}?dtype=float32&device=cpu"


@contextmanager
def _vllm(folder: Path) -> Iterator[str]:
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(b"weights")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "vllm", fake_module())
        yield f"vllm:{folder}"


@contextmanager
def _openai(folder: Path) -> Iterator[str]:
    """A real server of the OpenAI API on a random GGUF file."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(write_gguf(folder / "served.gguf"))
    params.model_alias = {"served"}
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.n_ctx = 512
    params.n_parallel = 4
    params.cpuparams.n_threads = 1
    params.cpuparams_batch.n_threads = 1
    server = xllamacpp.Server(params)
    yield f"openai:served@{server.listening_address}/v1"
    del server


@contextmanager
def _simulated(folder: Path) -> Iterator[str]:
    yield "simulated:7/m3?models=12&founders=2&shape=balanced"


CASES: dict[str, Case] = {
    "llamacpp": Case(_llamacpp, needs=("xllamacpp", "gguf")),
    "openai": Case(_openai, needs=("openai", "xllamacpp", "gguf")),
    "simulated": Case(_simulated),
    "transformers-causal": Case(_llama, needs=("torch", "transformers")),
    "transformers-encoder-decoder": Case(_t5, needs=("torch", "transformers")),
    "vllm": Case(_vllm),
}


@pytest.fixture(scope="module", params=sorted(CASES))
def case(request: pytest.FixtureRequest) -> Case:
    found = CASES[request.param]
    missing = [m for m in found.needs if importlib.util.find_spec(m) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} not installed")
    return found


@pytest.fixture(scope="module")
def uri(case: Case, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with case.prepare(tmp_path_factory.mktemp("model")) as found:
        yield found


@pytest.fixture(scope="module")
def model(uri: str) -> Iterator[Model]:
    opened = open_model(uri)
    yield opened
    opened.close()
