"""A changed byte, a missing file, another key, another version: each is noticed and named."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from cladist.attestation.case import Case
from cladist.attestation.cases import files_case
from cladist.attestation.checking import Checked, Trust, check_statement
from cladist.attestation.envelope import seal
from cladist.attestation.keys import key_id, load_private
from cladist.attestation.pack import ENVELOPE, SIGNER, Pack, write_pack
from cladist.attestation.stated import payload_of
from cladist.attestation.writing import write_statement
from cladist.errors import InputError, UsageError
from tests.attestation.conftest import CREATED, Keys


@pytest.fixture(scope="module")
def pack(keys: Keys, kin_case: Case, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return keys.sign(tmp_path_factory.mktemp("pack") / "v.zip", kin_case)


def contents(path: Path) -> dict[str, bytes]:
    with Pack(path) as opened:
        return {n: opened.content(n) for n in sorted(opened.names)}


def changed(pack: Path, folder: Path, change: Callable[[dict[str, bytes]], object]) -> Path:
    files = contents(pack)
    change(files)
    made = folder / "changed"
    write_pack(made, files)
    return made


def failures(found: Checked) -> str:
    assert found.failed and not found.holds
    return "; ".join(f"{c.what}: {c.words}" for c in found.checks if c.outcome == "failed")


def flipped(raw: bytes, at: int) -> bytes:
    return raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]


def test_it_holds_as_zip_and_as_folder(
    pack: Path, keys: Keys, kin_case: Case, tmp_path: Path
) -> None:
    found = check_statement(pack, Trust(keys.trusted))
    assert found.holds and [c.what for c in found.checks] == ["signature", "files", "verdict"]
    assert found.stated is not None and found.stated.result[0][0]["verdict"] == "related"
    assert check_statement(pack, Trust(ids=(key_id(keys.trusted[0]),))).holds
    folder = keys.sign(tmp_path / "folder", kin_case)
    assert check_statement(folder, Trust(keys.trusted)).holds
    again = keys.sign(tmp_path / "again.zip", kin_case)
    assert again.read_bytes() == pack.read_bytes()  # nothing of time or chance in it


def test_whose_key_it_is_stays_open(pack: Path) -> None:
    found = check_statement(pack)
    assert not found.holds and not found.failed
    assert [c.outcome for c in found.checks] == ["open", "passed", "passed"]
    assert "whose key that is, is not known here" in found.checks[0].words


def test_another_key(pack: Path, other_keys: Keys) -> None:
    told = failures(check_statement(pack, Trust(other_keys.trusted)))
    assert "not by one that you trust" in told
    told = failures(check_statement(pack, Trust(ids=(f"sha256:{'0' * 64}",))))
    assert "not by one that you trust" in told


def test_every_file_and_every_kind_of_byte(pack: Path, keys: Keys, tmp_path: Path) -> None:
    names = [n for n in contents(pack) if n not in (ENVELOPE, SIGNER)]
    assert names == ["answers.jsonl", "labels.json", "protocol.json"]
    for n, name in enumerate(names):
        size = len(contents(pack)[name])
        for k, at in enumerate((0, size // 3, size // 2, size - 1)):
            folder = tmp_path / f"{n}-{k}"
            folder.mkdir()
            made = changed(pack, folder, lambda f, name=name, at=at: f.update(
                {name: flipped(f[name], at)}))  # fmt: skip
            told = failures(check_statement(made, Trust(keys.trusted)))
            assert f"{name} was changed" in told
            (verdict,) = [c for c in check_statement(made).checks if c.what == "verdict"]
            assert verdict.outcome == "open" and "not computed again" in verdict.words


def test_missing_more_and_longer_files(pack: Path, keys: Keys, tmp_path: Path) -> None:
    cases: list[tuple[Callable[[dict[str, bytes]], object], str]] = [
        (lambda f: f.pop("labels.json"), "there is no labels.json in it"),
        (lambda f: f.update({"more.txt": b"x"}), "'more.txt' is in the pack and was not signed"),
        (
            lambda f: f.update({"labels.json": f["labels.json"] + b"\n"}),
            "labels.json has more than",
        ),
        (lambda f: f.update({"labels.json": f["labels.json"][:-9]}), "bytes were signed"),
        (lambda f: f.update({"labels.json": f["protocol.json"]}), "labels.json has more than"),
    ]
    for k, (change, words) in enumerate(cases):
        (tmp_path / str(k)).mkdir()
        made = changed(pack, tmp_path / str(k), change)
        told = failures(check_statement(made, Trust(keys.trusted)))
        assert words.replace("bytes were signed", "were signed") in told
    (tmp_path / "bare").mkdir()
    made = changed(pack, tmp_path / "bare", lambda f: f.pop(SIGNER))
    assert check_statement(made, Trust(keys.trusted)).holds  # the key beside it is no part of it
    assert "say with --key" in check_statement(made).checks[0].words
    (tmp_path / "none").mkdir()
    with pytest.raises(InputError, match=f"there is no {ENVELOPE}"):
        check_statement(changed(pack, tmp_path / "none", lambda f: f.pop(ENVELOPE)))


def test_the_signed_text_and_its_signature(
    pack: Path, keys: Keys, other_keys: Keys, tmp_path: Path
) -> None:
    import base64

    whole = json.loads(contents(pack)[ENVELOPE])
    text = base64.b64decode(whole["payload"]).decode()

    def with_text(new: str) -> Callable[[dict[str, bytes]], object]:
        sealed = json.dumps(whole | {"payload": base64.b64encode(new.encode()).decode()})
        return lambda f: f.update({ENVELOPE: sealed.encode()})

    for k, (old, new) in enumerate((
        ('"verdict": "related"', '"verdict": "unrelated"'), ('"alpha": 0.1', '"alpha": 0.2'),
        ("2026-01-31", "2025-01-31"), ('"seed": 0', '"seed": 1'), ("f0-m1", "f0-mX"),
    )):  # fmt: skip
        assert old in text
        (tmp_path / f"t{k}").mkdir()
        made = changed(pack, tmp_path / f"t{k}", with_text(text.replace(old, new, 1)))
        assert "signature" in failures(check_statement(made, Trust(keys.trusted)))
        assert "the statement, the signature or the key was changed" in failures(
            check_statement(made)
        )
    raw = base64.b64decode(whole["signatures"][0]["sig"])
    for k, at in enumerate((0, 31, 32, 63)):
        broken = base64.b64encode(flipped(raw, at)).decode()
        envelope = json.dumps(whole | {"signatures": [{"keyid": "", "sig": broken}]}).encode()
        (tmp_path / f"s{k}").mkdir()
        made = changed(pack, tmp_path / f"s{k}", lambda f, e=envelope: f.update({ENVELOPE: e}))
        assert "signature" in failures(check_statement(made, Trust(keys.trusted)))
    # A key beside it that another one signed with: found out as soon as a key is trusted.
    (tmp_path / "swap").mkdir()
    made = changed(
        pack, tmp_path / "swap", lambda f: f.update({SIGNER: other_keys.public.read_bytes()})
    )
    assert "was changed" in failures(check_statement(made))
    assert check_statement(made, Trust(keys.trusted)).holds


def signed(keys: Keys, path: Path, payload: bytes, files: dict[str, bytes]) -> Path:
    envelope = seal(payload, [load_private(keys.private)])
    write_pack(path, {ENVELOPE: envelope.as_text().encode(), **files})
    return path


def test_a_signer_who_states_what_does_not_follow(
    keys: Keys, kin_case: Case, tmp_path: Path
) -> None:
    lies = {"verdict": ("unrelated", "verdict: stated 'unrelated', computed 'related'"),
            "p": (0.2, "p: stated 0.2"), "reason": ("they are twins", "reason: stated"),
            "a": ("somebody", "a: stated 'somebody'")}  # fmt: skip
    for field, (value, words) in lies.items():
        first = {**kin_case.result[0][0], field: value}
        case = Case("kinship", kin_case.question, kin_case.files,
                    [[first, *kin_case.result[0][1:]]])  # fmt: skip
        made = signed(keys, tmp_path / f"{field}.zip", payload_of(case, CREATED), dict(case.files))
        told = failures(check_statement(made, Trust(keys.trusted)))
        assert told.startswith("verdict: computed again it is another one") and words in told
        with pytest.raises(InputError, match="another verdict follows"):
            write_statement(tmp_path / "no.zip", case, [load_private(keys.private)], CREATED)
        assert not (tmp_path / "no.zip").exists()


def test_another_version(keys: Keys, kin_case: Case, tmp_path: Path) -> None:
    payload = json.loads(payload_of(kin_case, CREATED))

    def written(name: str) -> Path:
        raw = json.dumps(payload).encode()
        return signed(keys, tmp_path / name, raw, dict(kin_case.files))

    payload["predicate"]["versions"]["cladist"] = "0.0.9"
    found = check_statement(written("old.zip"), Trust(keys.trusted))
    assert found.holds and "it was computed with cladist 0.0.9, here" in found.checks[-1].words
    payload["predicate"]["kind"] = "divination"
    told = failures(check_statement(written("kind.zip"), Trust(keys.trusted)))
    assert "'divination' are not known here" in told and "update cladist" in told
    payload["predicate"]["format"] = 2
    told = failures(check_statement(written("new.zip"), Trust(keys.trusted)))
    assert "written by cladist 0.0.9 in format 2" in told
    payload["predicateType"] = "https://slsa.dev/provenance/v1"
    told = failures(check_statement(written("slsa.zip"), Trust(keys.trusted)))
    assert "no verdict of cladist" in told


def test_hostile_statements_of_a_trusted_key(keys: Keys, kin_case: Case, tmp_path: Path) -> None:
    good = json.loads(payload_of(kin_case, CREATED))

    def check(change: Callable[[dict], object], name: str) -> str:  # type: ignore[type-arg]
        payload = json.loads(json.dumps(good))
        change(payload)
        made = signed(keys, tmp_path / name, json.dumps(payload).encode(), dict(kin_case.files))
        return failures(check_statement(made, Trust(keys.trusted)))

    sha = {"sha256": "0" * 64}
    assert "no name of a file" in check(
        lambda p: (p["subject"].append({"name": "../up", "digest": sha}),
                   p["predicate"]["files"].update({"../up": 1})), "a")  # fmt: skip
    assert "names files twice" in check(lambda p: p["subject"].append(p["subject"][0]), "b")
    assert "no statement" in check(lambda p: p["predicate"].pop("secret"), "c")
    assert "no verdict follows" in check(
        lambda p: p["predicate"]["question"].update(tests=7), "d")  # fmt: skip
    assert "'nobody' is not among" in check(
        lambda p: p["predicate"]["question"]["tests"][0].update(model="nobody"), "e")  # fmt: skip
    assert "is not known" in check(
        lambda p: p["predicate"]["question"]["tests"][0].update(how="by eye"), "f")  # fmt: skip


def test_files_signed_as_they_are(keys: Keys, tmp_path: Path) -> None:
    made = keys.sign(tmp_path / "f.zip", files_case({"log.jsonl": b"\xff\0 anything"}))
    found = check_statement(made, Trust(keys.trusted))
    assert found.holds and "signed as they are" in found.checks[-1].words
    with pytest.raises(UsageError, match="exists already"):
        keys.sign(made, files_case({"log.jsonl": b""}))
    with pytest.raises(InputError, match="no name of a file"):
        keys.sign(tmp_path / "g.zip", files_case({"a b": b""}))


def zip_of(path: Path, members: list[tuple[str, bytes]], kind: int = zipfile.ZIP_DEFLATED) -> Path:
    import warnings

    with warnings.catch_warnings(), zipfile.ZipFile(path, "w", kind) as made:
        warnings.simplefilter("ignore")
        for name, raw in members:
            made.writestr(name, raw)
    return path


def test_bombs_and_paths(pack: Path, keys: Keys, tmp_path: Path) -> None:
    files = contents(pack)
    bomb = {**files, "answers.jsonl": b"0" * (90 << 20)}  # 90 MB in 90 KB
    made = zip_of(tmp_path / "bomb.zip", list(bomb.items()))
    assert made.stat().st_size < 1 << 20
    assert "answers.jsonl has more than" in failures(check_statement(made, Trust(keys.trusted)))
    with pytest.raises(InputError, match="not read on"):
        check_statement(zip_of(tmp_path / "e.zip", [(ENVELOPE, b" " * (65 << 20))]))
    for k, name in enumerate(
        ("../evil", "/etc/evil", "a/b", "c:evil", "..", "a\nb", "é", "x" * 99)
    ):
        with pytest.raises(InputError, match="no name of a file"):
            check_statement(zip_of(tmp_path / f"{k}.zip", [*files.items(), (name, b"")]))
    assert not (tmp_path.parent / "evil").exists()
    with pytest.raises(InputError, match="stands in it twice"):
        check_statement(zip_of(tmp_path / "t.zip", [*files.items(), (ENVELOPE, b"{}")]))
    with pytest.raises(InputError, match="packed in a way"):
        check_statement(zip_of(tmp_path / "l.zip", list(files.items()), zipfile.ZIP_LZMA))
    many = [(f"f{i}", b"") for i in range(10_001)]
    with pytest.raises(InputError, match="more than 10000 files"):
        check_statement(zip_of(tmp_path / "m.zip", many))
    (tmp_path / "cut.zip").write_bytes(pack.read_bytes()[:-40])
    with pytest.raises(InputError, match="not a readable zip"):
        check_statement(tmp_path / "cut.zip")
    with pytest.raises(InputError, match="no such pack"):
        check_statement(tmp_path / "nowhere.zip")


def test_links_in_a_folder_are_not_followed(pack: Path, keys: Keys, tmp_path: Path) -> None:
    made = changed(pack, tmp_path, lambda f: None)
    (tmp_path / "elsewhere").write_bytes((made / "labels.json").read_bytes())
    (made / "labels.json").unlink()
    (made / "labels.json").symlink_to(tmp_path / "elsewhere")
    assert "is a link" in failures(check_statement(made, Trust(keys.trusted)))


def test_bytes_of_the_zip_file_itself(pack: Path, keys: Keys, tmp_path: Path) -> None:
    """Any byte changed anywhere: it is refused, or what holds is what was signed."""
    raw = pack.read_bytes()
    noticed = 0
    for at in range(0, len(raw), max(1, len(raw) // 150)):
        made = tmp_path / f"{at}.zip"
        made.write_bytes(flipped(raw, at))
        try:
            found = check_statement(made, Trust(keys.trusted))
        except InputError:
            noticed += 1
            continue
        if found.holds:  # a date or the like, which nothing rests on
            assert contents(made) == contents(pack)
        else:
            noticed += 1
    assert noticed > 100


def test_a_folder_that_may_not_be_listed_is_not_taken_for_an_empty_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(self: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refused)
    with pytest.raises(InputError, match="cannot be listed: Permission denied"):
        Pack(tmp_path)
