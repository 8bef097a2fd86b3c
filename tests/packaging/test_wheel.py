"""What the wheel holds. Built with the tool itself, without an environment of its own."""

import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def names(tmp_path_factory):
    from hatchling.builders.wheel import WheelBuilder

    folder = tmp_path_factory.mktemp("dist")
    (wheel,) = WheelBuilder(str(ROOT)).build(directory=str(folder), versions=["standard"])
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_grammar_is_in_the_package(names):
    assert "nlgraph/grammar/nl.lark" in names


def test_the_library_and_the_examples_are_in_the_package(names):
    for folder in ("std", "examples"):
        written = {
            f"nlgraph/{folder}/{file.name}"
            for file in (ROOT / "nlgraph" / folder).iterdir()
            if file.is_file()
        }
        assert written
        assert written <= names


def test_the_package_says_that_it_has_types(names):
    assert "nlgraph/py.typed" in names


def test_nothing_but_the_package_is_installed(names):
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"nlgraph"}
