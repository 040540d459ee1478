"""cladist tree compare: how far two trees of the same models agree."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from cladist.cli.common import JsonOption, note, out, print_json


def compare_trees(
    first: Annotated[Path, typer.Argument(help="A tree: Newick, NEXUS, PhyloXML or auspice JSON.")],
    second: Annotated[Path, typer.Argument(help="The tree to hold against it.")],
    first_tree: Annotated[
        int | None,
        typer.Option("--first-tree", min=1, help="Which tree, where the first file holds several."),
    ] = None,
    second_tree: Annotated[
        int | None,
        typer.Option("--second-tree", min=1, help="Which tree of the second file."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """How far are two trees with the same leaves from each other?

    Robinson-Foulds counts the splits that one tree has and the other lacks; weighted, it adds up
    differences in branch length. Quartets are the share of groups of four models that the trees
    resolve differently, triplets the same of three in rooted trees. 0 is agreement.

    Names that differ in blanks and underscores alone are taken as one, and that is said.

    Examples: `cladist tree compare nj.nwk bme.nwk`, `cladist tree compare a.nex b.nwk --json`,
    `cladist tree compare dated.nex family.xml --first-tree 2`
    """
    import cladist
    from cladist.formats.trees.made import matched_leaves
    from cladist.workflows.tree_files import read_tree

    one = read_tree(first, first_tree, "--first-tree", note)
    two, said = matched_leaves(one, read_tree(second, second_tree, "--second-tree", note))
    if said:
        note(said)
    found = cladist.compare_trees(one, two)
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
