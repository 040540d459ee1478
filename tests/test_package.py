from __future__ import annotations

import subprocess
import sys

import cladist


def test_public_names_are_sorted_complete_and_real() -> None:
    assert sorted(set(cladist.__all__)) == sorted(cladist.__all__)
    assert set(cladist._PLACES) | {"__version__"} == set(cladist.__all__)
    for name in cladist.__all__:
        assert getattr(cladist, name) is not None


def test_import_is_light() -> None:
    code = (
        "import cladist, sys; "
        "heavy = {'torch', 'transformers', 'numpy', 'scipy', 'sklearn', 'pyarrow', 'matplotlib', "
        "'skbio', 'openai', 'onnxruntime', 'xllamacpp', 'rich', 'typer'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_functions_are_not_hidden_by_modules() -> None:
    import cladist.cli.main

    assert cladist.cli.main
    for name in ("extract", "distances", "tree", "assay", "import_responses"):
        assert callable(getattr(cladist, name)), name


def test_every_error_has_its_own_way_out() -> None:
    from cladist import errors

    named = {name: getattr(errors, name) for name in errors.__all__}
    kinds = [kind for kind in named.values() if isinstance(kind, type)]
    codes = [code for code in named.values() if isinstance(code, int)]
    assert len(kinds) + len(codes) == len(named) and len(set(codes)) == len(codes) == 4
    assert not {kind.exit_code for kind in kinds} & {0, *codes}
    for kind in kinds:
        assert issubclass(kind, errors.CladistError)
        assert kind.exit_code > 0
        assert kind.__doc__
    assert sorted(errors.__all__, key=lambda n: (not n.isupper(), n)) == errors.__all__
