"""Keys are made once, for their owner alone, and read strictly."""

from __future__ import annotations

import logging
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cladist.attestation.keys import key_id, load_private, load_public, make_key
from cladist.cli.main import app
from cladist.errors import InputError, UsageError


def test_a_pair_that_its_owner_alone_reads(tmp_path: Path) -> None:
    told = make_key(tmp_path / "a.pem", b"long words")
    assert stat.S_IMODE((tmp_path / "a.pem").stat().st_mode) == 0o600
    assert b"ENCRYPTED PRIVATE KEY" in (tmp_path / "a.pem").read_bytes()
    key = load_private(tmp_path / "a.pem", b"long words")
    assert key_id(key.public_key()) == told == key_id(load_public(tmp_path / "a.pub.pem"))
    with pytest.raises(InputError, match="encrypted; give its passphrase"):
        load_private(tmp_path / "a.pem")
    with pytest.raises(InputError, match="does not open it"):
        load_private(tmp_path / "a.pem", b"other words")


def test_no_key_is_ever_overwritten(tmp_path: Path) -> None:
    make_key(tmp_path / "a.pem")
    before = (tmp_path / "a.pem").read_bytes()
    with pytest.raises(UsageError, match="never overwritten"):
        make_key(tmp_path / "a.pem")
    (tmp_path / "b.pub.pem").write_text("somebody's")
    with pytest.raises(UsageError, match="never overwritten"):
        make_key(tmp_path / "b.pem")
    assert (tmp_path / "a.pem").read_bytes() == before
    assert (
        not (tmp_path / "b.pem").exists() and (tmp_path / "b.pub.pem").read_text() == "somebody's"
    )
    with pytest.raises(InputError, match="cannot write"):
        make_key(tmp_path / "nowhere" / "c.pem")


def test_a_key_that_others_may_read_signs_nothing(tmp_path: Path) -> None:
    make_key(tmp_path / "a.pem")
    (tmp_path / "a.pem").chmod(0o640)
    with pytest.raises(InputError, match="chmod 600"):
        load_private(tmp_path / "a.pem")


def test_what_is_no_key_of_the_kind(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives import serialization as s
    from cryptography.hazmat.primitives.asymmetric import ec

    make_key(tmp_path / "a.pem")
    with pytest.raises(InputError, match="holds a private key"):
        load_public(tmp_path / "a.pem")
    other = ec.generate_private_key(ec.SECP256R1())
    raw = other.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption())
    (tmp_path / "ec.pem").write_bytes(raw)
    (tmp_path / "ec.pem").chmod(0o600)
    with pytest.raises(InputError, match="not of Ed25519"):
        load_private(tmp_path / "ec.pem")
    public = other.public_key().public_bytes(s.Encoding.PEM, s.PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "ec.pub.pem").write_bytes(public)
    with pytest.raises(InputError, match="not of Ed25519"):
        load_public(tmp_path / "ec.pub.pem")
    (tmp_path / "none.pem").write_bytes(b"\0" * 70_000)
    with pytest.raises(InputError, match="too large"):
        load_public(tmp_path / "none.pem")
    with pytest.raises(InputError, match="no public key"):
        (tmp_path / "none.pem").write_bytes(b"hello")
        load_public(tmp_path / "none.pem")


def test_the_command_makes_one_only_when_told_how(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.delenv("CLADIST_KEY_PASSPHRASE", raising=False)
    runner = CliRunner()
    path = str(tmp_path / "a.pem")
    assert isinstance(runner.invoke(app, ["statement", "key", path]).exception, UsageError)
    monkeypatch.setenv("CLADIST_KEY_PASSPHRASE", "")
    assert isinstance(runner.invoke(app, ["statement", "key", path]).exception, UsageError)
    assert not list(tmp_path.iterdir())
    monkeypatch.setenv("CLADIST_KEY_PASSPHRASE", "the long words")
    made = runner.invoke(app, ["statement", "key", path])
    assert made.exit_code == 0 and "sha256:" in made.stdout
    load_private(tmp_path / "a.pem", b"the long words")
    everything = made.output + caplog.text
    assert "the long words" not in everything and "PRIVATE KEY" not in everything
