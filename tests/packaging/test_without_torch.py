"""What is said to run without torch does: seen in a fresh process, after the command has run."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "nlgraph" / "examples" / "cms.nl"

PROBE = """
import sys
from nlgraph.cli.main import main
status = main(sys.argv[1:])
loaded = sorted(name for name in ("torch", "numpy", "scipy", "sklearn") if name in sys.modules)
sys.stderr.write(f"status {status}, loaded {loaded}")
"""


def _loaded(*arguments):
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
        check=True,
    )
    return done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", EXAMPLE),
        ("check", "--format", "json", EXAMPLE),
        ("levels", EXAMPLE),
        ("levels", "--json", EXAMPLE),
    ],
)
def test_a_command_of_the_front_end_loads_no_torch(arguments):
    assert _loaded(*arguments) == "status 0, loaded []"


def test_importing_nlgraph_and_loading_a_spec_loads_no_torch():
    code = (
        "import sys, nlgraph; nlgraph.load(sys.argv[1]).to_json();"
        "sys.stderr.write(str('torch' in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(EXAMPLE)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
        check=True,
    )
    assert done.stderr == "False"


def test_a_spec_with_errors_never_loads_networkx(tmp_path):
    """It takes longer to import than the whole check: the level pass is not reached."""
    spec = tmp_path / "bad.nl"
    spec.write_text("clock step\noutput y = nothing\n")
    code = (
        "import sys; from nlgraph.cli.main import main; status = main(['check', sys.argv[1]]);"
        "print(status, 'networkx' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(spec)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
        check=True,
    )
    assert done.stdout == "1 False\n"
