"""What runs inside a tick is not written out, and a sentence says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from nlgraph.cli.main import main

SPECS = Path(__file__).parents[1] / "specs"


@pytest.mark.parametrize("name", ["delta_rule", "maml"])
def test_a_system_with_clocks_inside_a_tick_is_refused_and_nothing_is_written(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main(["compile", str(SPECS / f"{name}.nl"), "-o", str(out)]) != 0
    assert "runs inside a tick of" in capsys.readouterr().err
    assert not out.exists()
