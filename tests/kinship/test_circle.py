"""Manner is taken out, kin of kin are put in, and strangers are left alone."""

from __future__ import annotations

import numpy as np

from cladist.kinship.evidence.circle import (
    KIN,
    background,
    circle_size,
    controls,
    sounding_alike,
    support,
)
from cladist.kinship.evidence.standard import panel_view


def blocks(*sizes: int) -> np.ndarray:
    label = np.repeat(np.arange(len(sizes)), sizes)
    return (label[:, None] == label[None, :]).astype(float)


def test_controls_are_near_in_manner_and_no_kin() -> None:
    n = 16
    manner = blocks(8, 8)
    evidence = np.zeros((n, n))
    evidence[0, 1] = evidence[1, 0] = KIN + 3
    seen = panel_view(np.ones(n, bool))
    near = controls(manner, evidence, seen).toarray()
    assert (near.sum(1) == 4).all()
    assert near[0, 1] == 0
    assert near[0, 2:8].sum() == 4
    assert near[9, 8:].sum() == 4


def test_in_a_small_panel_weaker_evidence_makes_apparent_kin() -> None:
    # No number stands out from a dozen by more than their square root.
    evidence = np.zeros((12, 12))
    evidence[0, 1] = evidence[1, 0] = 2.0
    manner = np.zeros((12, 12))
    manner[0, 1] = manner[1, 0] = 1.0
    seen = panel_view(np.ones(12, bool))
    assert controls(manner, evidence, seen).toarray()[0, 1] == 0
    assert controls(manner, evidence / 2, seen).toarray()[0, 1] == 1


def test_those_who_sound_alike_are_members_never_oneself_and_not_all_of_a_small_panel() -> None:
    rng = np.random.default_rng(2)
    manner = rng.random((20, 20))
    manner = manner + manner.T
    members = np.arange(20) < 17
    near = sounding_alike(manner, panel_view(members), 2)
    assert (near.sum(1) == 8).all()
    assert (np.diagonal(near) == 0).all()
    assert (near[:, 17:] == 0).all()
    inner = sounding_alike(manner[:17, :17], panel_view(members[:17]), 2)
    np.testing.assert_array_equal(near[:17, :17], inner)
    top = int(np.argmax(np.where(panel_view(members)[3], manner[3], -1)))
    assert near[3, top] == 1
    assert (sounding_alike(np.ones((2, 2)), panel_view(np.ones(2, bool)), 2) == 0).all()


def test_outsiders_do_not_change_the_size_of_a_circle() -> None:
    # Twelve others are just below 3.5 squared, thirteen just above.
    members = np.ones(13, bool)
    assert circle_size(panel_view(members)) == 3
    assert circle_size(panel_view(np.append(members, False))) == 3


def test_what_all_of_a_manner_share_is_taken_out() -> None:
    rng = np.random.default_rng(0)
    manner = blocks(20, 20)
    noise = rng.normal(size=(40, 40))
    similarity = 3 * manner + 0.1 * (noise + noise.T)
    similarity[0, 1] = similarity[1, 0] = 8.0
    np.fill_diagonal(similarity, 0.0)
    seen = panel_view(np.ones(40, bool))
    near = controls(manner, np.zeros((40, 40)), seen)
    share = background(similarity, near, seen)
    np.testing.assert_array_equal(share, share.T)
    left = similarity - share
    assert abs(left[2:20, 2:20][np.triu_indices(18, 1)].mean()) < 1
    assert left[0, 1] > 4
    assert np.abs(left[:20, 20:]).max() < 1


def test_nothing_is_known_of_manner_in_a_panel_of_two() -> None:
    both = np.array([[0.0, 5.0], [5.0, 0.0]])
    seen = panel_view(np.ones(2, bool))
    assert (background(both, controls(np.ones((2, 2)), both, seen), seen) == 0).all()
    assert np.abs(support(both, seen, np.full(2, -1))).max() < 1e-9


def test_kin_of_kin_support_a_pair_and_isolated_models_stay() -> None:
    n = 30
    evidence = np.zeros((n, n))
    evidence[:5, :5] = KIN + 5
    evidence[0, 1] = evidence[1, 0] = 2.0
    np.fill_diagonal(evidence, 0.0)
    added = support(evidence, panel_view(np.ones(n, bool)), np.full(n, -1))
    assert added[0, 1] > 2
    assert added[0, 2] > -2
    assert np.abs(added[5:]).max() < 1e-6
    assert (np.diagonal(added) == 0).all()


def test_a_member_asked_again_has_its_own_circle() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(25, 6))
    evidence = 4 * x @ x.T
    evidence = np.block([[evidence, evidence[:, [3]]], [evidence[[3]], evidence[3:4, 3:4]]])
    np.fill_diagonal(evidence, 0.0)
    manner = rng.random((26, 26))
    manner[25], manner[:, 25] = manner[3], manner[:, 3]
    own = np.r_[np.full(25, -1), 3]
    members = np.arange(26) < 25
    seen = panel_view(members, own)
    others = np.delete(np.arange(25), 3)
    added = support(evidence, seen, own)
    np.testing.assert_allclose(added[25, others], added[3, others], atol=1e-9)
    share = background(evidence, controls(manner, evidence, seen), seen)
    np.testing.assert_allclose(share[25, others], share[3, others], atol=1e-9)
