"""`nlgraph levels FILE --why A B` as a user meets it."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

from nlgraph.cli.main import main

MOMENTUM = str(Path(str(files("nlgraph"))) / "examples" / "momentum.nl")


def test_a_need_is_shown_with_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["levels", MOMENTUM, "--why", "W", "m"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("m is above W: they update equally often, and W needs m")
    assert "W  level 2, frequency 1: every step" in shown
    assert f"{MOMENTUM}:15  W' reads m'" in shown


def test_a_name_that_is_no_component_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["levels", MOMENTUM, "--why", "W", "w"]) == 2
    assert "no component w; did you mean W?" in capsys.readouterr().err
