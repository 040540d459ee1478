"""The atlas of a registry, or of a reference with the models held against it, as one call."""

from __future__ import annotations

from pathlib import Path

from cladist.atlas.build import Atlas, Wishes, build
from cladist.atlas.bundle import Bundle, require_ours, write_bundle
from cladist.atlas.wanted import of_reference
from cladist.compare import resolve_assay
from cladist.core.progress import NOBODY, Listener
from cladist.registry import Registry
from cladist.registry.kept import Kept, default_folder

__all__ = ["make_atlas", "write_atlas"]


def make_atlas(
    registry: Path,
    wishes: Wishes,
    *,
    assay: str = "",
    reference: str = "",
    listener: Listener = NOBODY,
) -> tuple[Atlas, Path]:
    """Read, measure and draw; the atlas, and the folder of the registry that it shows.

    With `reference` it is that of an installed reference and of models held against it. Maps,
    trees and neighbours of before are used again. Raises what reading the registry and the tables
    raises.
    """
    folder, wanted = _place(registry, wishes, reference, listener)
    with Registry.open(folder, create=False) as store:
        return _made(store, wanted, assay, listener), folder


def write_atlas(
    out: Path,
    registry: Path,
    wishes: Wishes,
    *,
    assay: str = "",
    reference: str = "",
    answers: bool | None = None,
    listener: Listener = NOBODY,
) -> tuple[Atlas, Bundle]:
    """The same, written to a folder that opens in any browser without a server.

    A folder that cannot be taken is refused (`InputError`) before anything is measured.
    """
    require_ours(out)
    folder, wanted = _place(registry, wishes, reference, listener)
    with Registry.open(folder, create=False) as store:
        made = _made(store, wanted, assay, listener)
        return made, write_bundle(made, store, out, answers=answers, progress=listener.progress)


def _place(
    registry: Path, wishes: Wishes, reference: str, listener: Listener
) -> tuple[Path, Wishes]:
    """The registry itself, or that of a reference, with families and title of it."""
    if not reference:
        return registry, wishes
    return of_reference(reference, wishes, listener.progress, listener.hear)


def _made(store: Registry, wishes: Wishes, assay: str, listener: Listener) -> Atlas:
    chosen = resolve_assay(store, assay)
    return build(store, chosen, wishes, listener.progress, Kept(default_folder()))
