"""cladist compare-trees: how far two trees of the same models agree."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from cladist.cli.common import JsonOption, out, print_json
from cladist.cli.tree_files import read_tree


def compare_trees(
    first: Annotated[Path, typer.Argument(help="A tree: Newick or NEXUS.")],
    second: Annotated[Path, typer.Argument(help="The tree to hold against it.")],
    json: JsonOption = False,
) -> None:
    """Distances between two trees with the same leaves.

    Robinson-Foulds counts the splits that one tree has and the other lacks; weighted, it adds up
    differences in branch length. Quartets are the share of groups of four models that the trees
    resolve differently, triplets the same of three in rooted trees. 0 is agreement.

    Examples: `cladist compare-trees nj.nwk bme.nwk`, `cladist compare-trees a.nex b.nwk --json`
    """
    from cladist.phylogeny.compare import compare_trees as run

    found = run(read_tree(first), read_tree(second))
    if json:
        print_json(asdict(found))
        return
    console = out()
    both = found.first + found.second
    console.print(
        f"Robinson-Foulds           {found.robinson_foulds} of {both} splits "
        f"({found.rf_share:.1%}); {found.shared} in common"
    )
    console.print(f"weighted Robinson-Foulds  {found.weighted_rf:.6g}")
    console.print(f"quartets                  {found.quartet:.2%} differ")
    if found.triplet is None:
        console.print("triplets                  need two rooted trees ([&R] before each)")
    else:
        console.print(f"triplets                  {found.triplet:.2%} differ")
