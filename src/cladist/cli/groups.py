"""Commands that are imported when they are asked for: starting up is half of a small command."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from cladist.cli.commands import NOW_A_FLAG, RENAMED, Group

LOOKS: dict[str, Any] = {
    "context_settings": {"help_option_names": ["-h", "--help"]},
    "pretty_exceptions_enable": False,
    "rich_markup_mode": "markdown",
}
HELP = {"-h", "--help"}


def load(name: str, place: str) -> Any:
    """The command or group that a place such as ``tree:tree`` names, under a name of its own."""
    module, _, held = place.partition(":")
    found = getattr(import_module(f"cladist.cli.{module}"), held)
    if isinstance(found, typer.Typer):
        made: Any = typer.main.get_group(found)
    else:
        alone = typer.Typer(**LOOKS, add_completion=False)
        alone.command(name, cls=RenamingCommand)(found)
        made = typer.main.get_command(alone)
    made.name = name
    return made


class RenamingCommand(TyperCommand):
    """A command whose options may be given by their names of before, which is told."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put new names in the place of old ones."""
        name = self.callback.__name__ if self.callback else ""
        named, told = renamed(name, args)
        if not ctx.resilient_parsing:
            for old, new in told:
                typer.echo(f"remark: {old} is now called {new}", err=True)
        return super().parse_args(ctx, named)


def renamed(command: str, args: Sequence[str]) -> tuple[list[str], list[tuple[str, str]]]:
    """Arguments with the options of now, and which (old, new) ones were put in their place.

    Examples
    --------
    >>> renamed("tree", ["--groups", "families.csv"])
    (['--labels', 'families.csv'], [('--groups', '--labels')])
    """
    options = RENAMED.get(command, {})
    named, told = list[str](), list[tuple[str, str]]()
    for i, word in enumerate(args):
        if word == "--":
            return [*named, *args[i:]], told
        old, sign, value = word.partition("=")
        new = options.get(old, old)
        taken = value or (args[i + 1] if i + 1 < len(args) else "")
        if (command, old) in NOW_A_FLAG and taken.endswith(".json"):
            new = NOW_A_FLAG[command, old]
        if new != old:
            told.append((old, new))
        named.append(new + sign + value)
    return named, told


class LazyGroup(TyperGroup):
    """A group whose members are made when they are needed.

    Where a group has a default member, what does not begin with the name of a member is meant for
    the default one. Retired and short names are found, and not listed.
    """

    def __init__(
        self,
        *,
        members: dict[str, str | Group],
        app: str = "",
        default: str = "",
        retired: dict[str, str] | None = None,
        short: dict[str, str] | None = None,
        **settings: Any,
    ) -> None:
        super().__init__(**settings)
        self.members, self.app, self.default = members, app, default
        self.retired = retired or {}
        self.elsewhere = {**self.retired, **(short or {})}
        # Names alone, for what is suggested to somebody who mistypes one.
        self.commands = {name: TyperCommand(name) for name in members}

    def _held(self) -> dict[str, Any]:
        """Members that an app brings along, under the names it gives them."""
        if not self.app:
            return {}
        made: Any = load(self.name or "", self.app)
        return dict(made.commands)

    def list_commands(self, ctx: Any) -> list[str]:
        """Names in the order of the table."""
        return [*self._held(), *self.members]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command with a name or a retired one, None when there is none."""
        if cmd_name in self.members:
            return _made(cmd_name, self.members[cmd_name])
        if cmd_name in self.elsewhere:
            found: Any = self
            for word in self.elsewhere[cmd_name].split():
                found = found.get_command(ctx, word)
            return found
        return self._held().get(cmd_name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that is meant; a retired name is answered for, and told."""
        if args and args[0] in self.retired and not ctx.resilient_parsing:
            typer.echo(
                f"remark: 'cladist {args[0]}' is now 'cladist {self.retired[args[0]]}'; "
                "the old name works until version 0.4",
                err=True,
            )
        return super().resolve_command(ctx, args)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the default member in front of what names no member."""
        if self.default and not self._names_member(ctx, args):
            args = [self.default, *args]
        return super().parse_args(ctx, args)

    def _names_member(self, ctx: Any, args: list[str]) -> bool:
        if not args:
            return bool(ctx.resilient_parsing or self.no_args_is_help)
        return args[0] in HELP or args[0] in self.members

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        """What may come next: members, and what the default member takes."""
        found = super().shell_complete(ctx, incomplete)
        if self.default:
            meant = self.get_command(ctx, self.default)
            inner = meant.make_context(self.default, [], parent=ctx, resilient_parsing=True)
            found += meant.shell_complete(inner, incomplete)
        return found


def _made(name: str, entry: str | Group) -> Any:
    if isinstance(entry, str):
        made = load(name, entry)
        made.rich_help_panel = "Commands"
        return made
    words = entry.help
    if entry.default:
        words += (
            f"\n\nWhere no command of the group is named, '{entry.default}' is meant, and its "
            f"options are those of 'cladist {name} {entry.default} --help'."
        )
    group: Any = LazyGroup(
        name=name,
        help=words,
        members=dict(entry.members),
        app=entry.app,
        default=entry.default,
        no_args_is_help=entry.default in ("", "kinship"),
        rich_markup_mode="markdown",
        context_settings=LOOKS["context_settings"],
    )
    group.rich_help_panel = "Groups of commands"
    return group
