from pathlib import Path

import pytest


def pytest_addoption(parser):
    parser.addoption(
        "--rewrite", action="store_true", help="rewrite snapshots with what the code gives now"
    )


@pytest.fixture
def snapshot(request):
    """Compare a text with a recording beside the test; `--rewrite` makes the recording anew."""

    def compare(name, text):
        path = Path(request.fspath).parent / "snapshots" / name
        if request.config.getoption("--rewrite"):
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8")

    return compare
