"""What is fitted on a reference's answers once, so that a question does not wait for it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cladist.core.progress import Progress, silent
from cladist.errors import InputError
from cladist.formats.labels import DeclaredModel
from cladist.kinship.panel.saved import Panel, build_panel, load_panel, save_panel
from cladist.registry import Registry

__all__ = ["PANEL", "fit_panel", "open_panel", "require_panel"]

PANEL = "panel.parquet"


def fit_panel(
    folder: Path, labels: Mapping[str, DeclaredModel], *, progress: Progress = silent
) -> Path:
    """Freeze the answers of a reference's registry into its panel; returns the file.

    `labels` are families of its models, for what is fitted by family. Models without a usable
    answer are left out of the panel. Raises `InputError` where fewer than three have one.
    """
    with Registry.open(folder, create=False) as registry:
        (protocol,) = registry.protocols()
        found = []
        models = registry.answering(protocol)
        for number, answers in enumerate(registry.responses(protocol)):
            progress("fitting the panel", number, len(models))
            if answers.usable().any():
                found.append(answers)
    progress("fitting the panel", len(models), len(models))
    path = folder / PANEL
    save_panel(build_panel(found, protocol.digest), path)
    return path


def open_panel(folder: Path) -> Panel:
    """The panel of a reference; `InputError` where it is missing or was changed."""
    return load_panel(require_panel(folder))


def require_panel(folder: Path) -> Path:
    """The file of a reference's panel; `InputError` where it is missing."""
    path = folder / PANEL
    if not path.is_file():
        raise InputError(f"reference '{folder.name}' has no panel; remove it and add it again")
    return path
