import json

import pytest

from cladist.catalog import assay, assay_names, parse_assay, probe_set, probe_set_names
from cladist.core.hashing import digest, key64, mix64
from cladist.encoders import open_encoder
from cladist.errors import AssayError, InputError

GOOD = """
name = "mine"
probes = {probes}
[decoding]
interface = "raw"
max_tokens = 8
[method]
metric = "cosine"
encoders = [{{ name = "alleles", options = {{ length = 3 }}, weight = 2.0 }}]
projection = {{ dimension = 32 }}
"""


@pytest.fixture
def text(tmp_path_factory):
    path = tmp_path_factory.mktemp("set") / "probes.json"
    probes = [{"id": "a", "text": "Once"}, {"id": "b", "text": "Zwei", "language": "de"}]
    path.write_text(json.dumps({"name": "two", "probes": probes}))
    return GOOD.format(probes=json.dumps(str(path)))


@pytest.mark.parametrize("name", assay_names())
def test_built_in_assays_can_be_used(name):
    found = assay(name)
    assert found.name == name
    assert found.description
    assert found.short == f"{name}#{found.digest[:8]}"
    for spec in found.method.encoders:
        open_encoder(spec)


def test_the_three_assays_are_there_and_differ():
    assert {"cladist", "phylolm", "reptrace"} <= set(assay_names())
    assert len({assay(n).digest for n in assay_names()}) == len(assay_names())


def test_probe_sets_by_name_and_count():
    for name in probe_set_names():
        full = probe_set(name)
        assert len(probe_set(f"{name}:5")) == 5
        assert probe_set(f"{name}:5").probes == full.probes[:5]
        with pytest.raises(InputError, match="a number after the colon"):
            probe_set(f"{name}:five")
        with pytest.raises(InputError, match="asked for"):
            probe_set(f"{name}:{len(full) + 1}")


def test_an_assay_of_ones_own(text):
    mine = parse_assay(text, "mine.toml")
    assert [p.id for p in mine.protocol.probes.probes] == ["a", "b"]
    assert mine.protocol.decoding.max_tokens == 8
    assert mine.method.encoders[0].options == {"length": 3}
    assert mine.method.projection.dimension == 32


def test_the_hash_holds_what_matters_and_nothing_else(text):
    mine = parse_assay(text, "mine.toml")
    renamed = parse_assay(text.replace('"mine"', '"yours"\ndescription = "other"'), "x")
    assert renamed.digest == mine.digest
    for old, new in [
        ("max_tokens = 8", "max_tokens = 9"),
        ("dimension = 32", "dimension = 33"),
        ("length = 3", "length = 4"),
        ("weight = 2.0", "weight = 1.0"),
        ('"cosine"', '"euclidean"'),
        ('"raw"', '"chat"'),
    ]:
        changed = parse_assay(text.replace(old, new), "x")
        assert changed.digest != mine.digest
        same_asking = old not in ("max_tokens = 8", '"raw"')
        assert (changed.protocol.digest == mine.protocol.digest) is same_asking


def test_a_path_works_like_a_name(text, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    assert assay(str(path)).digest == parse_assay(text, "x").digest
    path = tmp_path / "latin.toml"
    path.write_bytes(b'name = "\xe9"')
    with pytest.raises(AssayError, match="not readable"):
        assay(str(path))
    with pytest.raises(AssayError, match="neither built in"):
        assay(str(tmp_path / "absent.toml"))


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('name = "mine"', "name = ", "not valid TOML"),
        ('name = "mine"', 'nome = "mine"', "unknown key nome"),
        ("max_tokens", "max_token", "unknown key max_token"),
        ("metric =", "metrics =", "unknown key metrics"),
        ("weight", "wait", "unknown key wait"),
        ("dimension = 32", "dimensions = 32", "unknown key dimensions"),
        ("dimension = 32", "dimension = 0", "at least 1"),
        ("dimension = 32", 'dimension = "32"', "wrong type"),
        ("weight = 2.0", "weight = 0.0", "above 0"),
        ('"cosine"', '"sine"', "metric 'sine'"),
        ('"raw"', '"cooked"', "interface 'cooked'"),
        ("max_tokens = 8", "samples = 4", "samples = 1"),
        ("max_tokens = 8", "temperature = 9.0", "outside 0 to 5"),
        ("max_tokens = 8", "top_p = 0.0", "top_p"),
        ('name = "mine"', "", "'name' is missing"),
        ("encoders = [{ name", "encoders = [{ nome", "unknown key nome"),
    ],
)
def test_mistakes_are_named(text, old, new, reason):
    with pytest.raises(AssayError, match=reason):
        parse_assay(text.replace(old, new, 1), "mine.toml")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("[", "not a readable JSON"),
        ("[]", "a list 'probes'"),
        ('{"probes": []}', "at least one probe"),
        ('{"probes": [{"id": "a"}]}', "needs a string 'text'"),
        ('{"format": 2, "probes": []}', "format 2"),
        ('{"probes": [{"id": "a", "text": "x"}, {"id": "a", "text": "y"}]}', "more than once: a"),
    ],
)
def test_bad_probe_files(tmp_path, content, reason):
    path = tmp_path / "p.json"
    path.write_text(content)
    with pytest.raises(InputError, match=reason):
        probe_set(str(path))


def test_probe_sets_survive_writing(text):
    from cladist.core.probes import ProbeSet

    probes = parse_assay(text, "x").protocol.probes
    again = ProbeSet.from_data(json.loads(json.dumps(probes.as_data())), "again")
    assert again == probes
    assert again.digest == probes.digest


def test_hashes_do_not_move():
    # SplitMix64 seeded with 0: first two outputs of the reference generator (Vigna, 2015).
    assert mix64(0) == 0xE220A8397B1DCDAF
    assert mix64(0x9E3779B97F4A7C15) == 0x6E789E6AA1B965F4
    # SHA-256 of '{"a":1,"b":[]}'.
    assert digest({"b": [], "a": 1}) == digest({"a": 1, "b": []})
    assert key64("a") != key64("b")
    assert key64("\ud800") == key64("\ud800")
