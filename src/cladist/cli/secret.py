"""Options of secret draws."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

SecretOption = Annotated[
    Path | None,
    typer.Option(
        "--secret", help="Ask only what this secret draws ('cladist statement commit' makes one)."
    ),
]
SecretTextOption = Annotated[
    Path | None,
    typer.Option("--text", help="With --secret: the text that its passages are cut from."),
]
RevealOption = Annotated[
    Path | None,
    typer.Option(
        "--secret", help="The secret by which the model was asked; the statement reveals it."
    ),
]
