"""cladist statement: keys, commitments and signed files; and cladist verify-statement."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cladist.cli.common import (
    AssayOption,
    JsonOption,
    note,
    one_line,
    out,
    print_json,
)
from cladist.errors import UNDECIDED, InputError

if TYPE_CHECKING:
    from cladist.attestation.checking import Checked, Trust

app = typer.Typer(
    name="statement",
    help="How are statements signed, that others can check? Keys that sign them, secret draws of "
    "probes, files signed as they are. Verdicts are signed by the commands that make them "
    "(--statement).",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)


@app.command()
def key(
    path: Annotated[Path, typer.Argument(help="The private key to make, as auditor.pem.")],
    bare: Annotated[
        bool, typer.Option("--no-passphrase", help="Leave the private key unencrypted.")
    ] = False,
) -> None:
    """How do I get a key pair that signs statements?

    Makes one: Ed25519, in PEM.

    The private key is encrypted with a passphrase, asked for or read from CLADIST_KEY_PASSPHRASE,
    and only its owner may read it. The public one, FILE.pub.pem, is for everybody. No other
    command makes a key, and none overwrites one.

    Example: `cladist statement key auditor.pem`
    """
    from cladist.attestation.keys import make_key, public_file
    from cladist.cli.signing import passphrase
    from cladist.errors import UsageError

    secret = b"" if bare else passphrase("Passphrase for the new key", twice=True)
    if not bare and not secret:
        raise UsageError("an empty passphrase protects nothing; give one, or --no-passphrase")
    made = make_key(path, secret)
    out().print(f"{one_line(str(path))}: private key, {'not ' if bare else ''}encrypted")
    out().print(f"{one_line(str(public_file(path)))}: public key, for everybody")
    out().print(made)


@app.command()
def commit(
    secret: Annotated[Path, typer.Argument(help="File for the secret, to be kept by you alone.")],
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="Probes to draw.")] = 40,
    assay: AssayOption = "",
    registry: Annotated[
        Path | None,
        typer.Option("--registry", "-r", help="Draw from the probes of an assay of a registry."),
    ] = None,
    reference: Annotated[
        str, typer.Option(help="Draw from the probes of an installed reference, for 'identify'.")
    ] = "",
    text: Annotated[
        Path | None, typer.Option("--text", help="Draw passages of this text, kept by you alone.")
    ] = None,
) -> None:
    """How do I draw probes that nobody can prepare for?

    Draws them in secret, and prints the hash to tell before anybody is asked.

    The hash (a commitment) says nothing of the probes. Publish it before anybody is asked, or give
    it to the other side, then ask with 'extract --secret', and reveal the secret with the verdict:
    'same --secret', 'kinship --secret' and 'audit --secret' put it into their statement.
    'identify URI --secret' asks and states at once. A pool of public probes can
    be known to an endpoint as a whole; passages of a text that nobody has cannot.

    Examples:

    `cladist statement commit draw.json --assay cladist --count 40`

    `cladist statement commit draw.json --reference dna-web-rand --count 60`

    `cladist statement commit draw.json --text my-unpublished-notes.txt --count 60`
    """
    import json

    from cladist.core.secret import new_secret
    from cladist.errors import UsageError
    from cladist.formats.files import write_new
    from cladist.workflows.secrets import pool_of, read_text

    if (text is not None) + bool(registry is not None or assay) + bool(reference) > 1:
        raise UsageError("draw from a text, an assay's probes or a reference's, not from several")
    source = read_text(text) if text is not None else pool_of(registry, assay, reference)
    made = new_secret(source, count)
    write_new(secret, (json.dumps(made.as_data(), indent=1) + "\n").encode(), 0o600)
    out().print(made.commitment)
    note(
        f"{secret} holds the secret: keep it until the verdict is made, and tell nobody. The line "
        "printed is its hash: tell it before you ask"
    )


@app.command()
def files(
    paths: Annotated[list[Path], typer.Argument(help="Files to sign: reports, logs, tables.")],
    pack: Annotated[Path, typer.Option("--statement", help="The pack to write.")],
    private: Annotated[Path, typer.Option("--key", help="Private key that signs.")],
) -> None:
    """How are files signed as they are?

    Signs them, with nothing to compute again.

    For a log of 'watch', a bill of materials, a page: that they are what you had, and when you
    say you signed them.

    Example: `cladist statement files watch.jsonl --statement log.zip --key auditor.pem`
    """
    from cladist.attestation.cases import files_case
    from cladist.cli.signing import signer
    from cladist.errors import UsageError

    signs = signer(pack, private)
    assert signs is not None
    found: dict[str, bytes] = {}
    for path in paths:
        if path.name in found:
            raise UsageError(f"two files are called {path.name}; sign them in two statements")
        try:
            found[path.name] = path.read_bytes()
        except OSError as problem:
            raise InputError(f"cannot read {path}: {problem.strerror or problem}") from problem
    signs.write(files_case(found))


def verify_statement(
    pack: Annotated[Path, typer.Argument(help="A pack: a .zip file or a folder.")],
    keys: Annotated[
        list[Path] | None,
        typer.Option("--key", help="Public key that you trust. May be given several times."),
    ] = None,
    ids: Annotated[
        list[str] | None,
        typer.Option("--key-id", help="Id of a key that you trust: sha256:..., as told to you."),
    ] = None,
    commitment: Annotated[
        str, typer.Option(help="The hash that you were told before the model was asked.")
    ] = "",
    text: Annotated[
        Path | None, typer.Option("--text", help="The text that secret passages were cut from.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Is a signed statement sound, and is its verdict right?

    Checks it, and computes its verdict again from its pack.

    Looks at the signature, at every file, at the secret draw where there was one, and computes
    the verdict once more. No model and no network is needed, and nothing is unpacked or written.

    Exit codes: 0 everything holds, 3 something does not, 12 nothing is wrong but something is
    open, such as whose key it is.

    Examples:

    `cladist verify-statement verdict.zip --key auditor.pub.pem`

    `cladist verify-statement verdict.zip --key-id sha256:... --commitment 5f0c... --json`
    """
    from cladist.attestation.checking import check_statement

    found = check_statement(pack, _trust(keys or [], ids or [], commitment, text))
    if json:
        print_json(_as_data(found))
    else:
        _show(found)
    if found.failed:
        raise typer.Exit(InputError.exit_code)
    if not found.holds:
        raise typer.Exit(UNDECIDED)


def _trust(keys: list[Path], ids: list[str], commitment: str, text: Path | None) -> Trust:
    import re

    from cladist.attestation.checking import Trust
    from cladist.attestation.keys import load_public
    from cladist.errors import UsageError
    from cladist.workflows.secrets import read_text

    for one in ids:
        if not re.fullmatch(r"sha256:[0-9a-f]{64}", one):
            raise UsageError(f"--key-id {one[:80]}: an id is sha256: and 64 hexadecimal digits")
    if commitment and not re.fullmatch(r"[0-9a-f]{64}", commitment):
        raise UsageError("--commitment takes the 64 hexadecimal digits that you were told")
    words = None if text is None else read_text(text)
    return Trust(tuple(load_public(k) for k in keys), tuple(ids), commitment, words)


def _as_data(found: Checked) -> dict[str, object]:
    s = found.stated
    return {
        "holds": found.holds,
        "failed": found.failed,
        "checks": [{"what": c.what, "outcome": c.outcome, "words": c.words} for c in found.checks],
        "kind": None if s is None else s.kind,
        "created": None if s is None else s.created,
        "versions": None if s is None else dict(s.versions),
        "question": None if s is None else dict(s.question),
        "result": None if s is None else s.result,
    }


def _show(found: Checked) -> None:
    console = out()
    for check in found.checks:
        console.print(f"{check.what:<10} {check.outcome:<7} {one_line(check.words, 500)}")
    s = found.stated
    if s is None:
        return
    if found.failed:
        console.print("Nothing that it says can be relied on.")
        return
    by = s.versions.get("cladist", "?")
    console.print(
        f"{'made':<10} {one_line(s.created)} by its own clock, with cladist {one_line(by)}"
    )
    for line in _verdicts(s.kind, s.result):
        console.print(f"{'says':<10} {one_line(line, 400)}")


def _verdicts(kind: str, result: object) -> list[str]:
    """What a statement says, in lines; text in it is somebody else's."""
    from cladist.attestation.cases import told

    try:
        return told(kind, result)
    except (KeyError, TypeError, IndexError, AttributeError, ValueError):
        return ["a result that cannot be told in words; --json shows it"]
