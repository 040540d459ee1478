from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from made_collections import collection, dna_web, families

from cladist.core.responses import Response, ResponseSet, State
from cladist.errors import InputError
from cladist.formats.labels import DeclaredModel
from cladist.references.installed import Reference
from cladist.references.labels import plain_name
from cladist.references.obtaining import obtain
from cladist.workflows.identify_model import labels_of
from cladist.workflows.kept_fit import FITS, kept_fit
from cladist.workflows.placing import place
from cladist.workflows.reference_fit import fit_panel_for

FAMILIES, PROBES = 24, 16


@pytest.fixture
def made(tmp_path: Path) -> tuple[Reference, dict[str, DeclaredModel], list[str]]:
    """A reference of 48 models, and two more that repeat their prompts and have a family each."""
    said, prompts, known = families(FAMILIES, 2, PROBES)
    for k in range(2):
        said[f"org/echo{k}"] = [p + f" and on {k}" for p in prompts]
        known[f"org/echo{k}"] = f"echo{k}"
    dna_web(tmp_path / "clone", said, prompts)
    lineage = {plain_name(m): DeclaredModel(f) for m, f in known.items()}
    found = obtain(
        collection("made", folder=tmp_path / "clone"), clone=tmp_path / "clone", lineage=lineage
    )
    return found, dict(labels_of(found)), [p.text for p in found.assay().protocol.probes.probes]


def child(reference: Reference, of: str) -> ResponseSet:
    from cladist.references.panel import open_panel

    parent = next(r for r in open_panel(reference.folder).responses if r.model == of)
    slots = [
        (Response((r.text if r.usable else "")[:30], State.TRUNCATED),)
        for (r,) in (slot or (Response("", State.EMPTY),) for slot in parent.slots)
    ]
    slots[3] = (Response.of("words of its own"),)
    return ResponseSet("new", parent.probe_ids, tuple(slots))


def test_what_is_kept_says_what_was_fitted(
    made: tuple[Reference, dict[str, DeclaredModel], list[str]],
) -> None:
    reference, labels, prompts = made
    asked = child(reference, "org/f3-m0")
    first = kept_fit(reference.folder, labels, prompts, PROBES, 32)
    (folder,) = (reference.folder / FITS).iterdir()
    written = (folder / "arrays.npz").stat().st_mtime_ns
    second = kept_fit(reference.folder, labels, prompts, PROBES, 32)
    assert (folder / "arrays.npz").stat().st_mtime_ns == written
    one, two = place(first, asked), place(second, asked)
    assert one.nearest == two.nearest and (one.p, one.verdict) == (two.p, two.verdict)
    assert one.nearest[0].model == "org/f3-m0" and one.families == two.families
    from cladist.references.panel import open_panel

    fresh = fit_panel_for(open_panel(reference.folder), labels, prompts, PROBES, 32)
    assert np.allclose(fresh.members.pairs.combined, second.members.pairs.combined, atol=1e-4)
    other = place(fresh, asked)
    assert other.p == two.p and [n.model for n in other.nearest] == [n.model for n in two.nearest]


def test_members_that_repeat_the_prompts_take_no_part(
    made: tuple[Reference, dict[str, DeclaredModel], list[str]],
) -> None:
    reference, labels, prompts = made
    fit = kept_fit(reference.folder, labels, prompts, PROBES, 0)
    assert fit.mute == 2 and not any("echo" in m for m in fit.members.pairs.models)


@pytest.mark.parametrize("harm", ["cut", "other", "gone"])
def test_a_damaged_fit_is_made_anew(
    made: tuple[Reference, dict[str, DeclaredModel], list[str]], harm: str
) -> None:
    reference, labels, prompts = made
    before = kept_fit(reference.folder, labels, prompts, PROBES, 32)
    (folder,) = (reference.folder / FITS).iterdir()
    arrays = folder / "arrays.npz"
    if harm == "cut":
        arrays.write_bytes(arrays.read_bytes()[:-100])
    elif harm == "other":
        with np.load(arrays) as file:
            kept = {n: file[n] for n in file.files}
        np.savez(arrays, **{**kept, "ends": kept["ends"][:-1]})
    else:
        arrays.unlink()
    after = kept_fit(reference.folder, labels, prompts, PROBES, 32)
    assert np.array_equal(before.members.pairs.combined, after.members.pairs.combined)


def test_other_families_are_another_fit_and_a_lost_panel_is_said(
    made: tuple[Reference, dict[str, DeclaredModel], list[str]],
) -> None:
    reference, labels, prompts = made
    kept_fit(reference.folder, labels, prompts, PROBES, 32)
    some = dict(list(labels.items())[:20])
    fit = kept_fit(reference.folder, some, prompts, PROBES, 32)
    assert fit.labels is not None and sum(bool(f) for f in fit.labels.families) < 25
    assert len(list((reference.folder / FITS).iterdir())) == 2
    (reference.folder / "panel.parquet").unlink()
    with pytest.raises(InputError, match="has no panel"):
        kept_fit(reference.folder, labels, prompts, PROBES, 32)


def test_a_member_of_unknown_family_is_named_and_not_judged(
    made: tuple[Reference, dict[str, DeclaredModel], list[str]],
) -> None:
    reference, labels, prompts = made
    known = {m: d for m, d in labels.items() if m != "org/f3-m0"}
    fit = kept_fit(reference.folder, known, prompts, PROBES, 32)
    found = place(fit, child(reference, "org/f3-m0"), alpha=0.1)
    assert found.nearest[0].model == "org/f3-m0" and found.tested == "org/f3-m1"
    assert found.outsiders == 2 * FAMILIES - 1
