"""`use "file.nl"`: definitions of the project's files, and of nothing outside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from nlgraph.diagnostics.diagnostic import Report
from nlgraph.syntax.parse import parse
from nlgraph.system.resolve import resolve
from nlgraph.system.text import equations_text
from nlgraph.text.source import Source

MAIN = """use "{path}" ({names})
clock step
input x : [3] every step
component W : [3] = 0 {{ minimize mean(x * W) by mine(lr = 1) }}
"""


def resolved(main: Path, text: str) -> tuple[str, list[str]]:
    report = Report()
    main.write_text(text)
    source = Source(str(main), text)
    project = main.parent.resolve()
    equations, _ = resolve(parse(source, report), {}, report, project=project)
    return equations_text(equations), [d.message for d in report.errors]


def test_a_rule_of_another_file_sees_the_constants_of_its_own_file(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "rules.nl").write_text(
        "const half = 1 / 2\nrule mine(lr) for W, g { W' = W - half * lr * g }\n"
    )
    text, errors = resolved(tmp_path / "main.nl", MAIN.format(path="lib/rules.nl", names="mine"))
    assert errors == []
    assert "W' = W - (0.5 * grad(" in text


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("missing.nl", "no such file"),
        ("../outside.nl", "leads out of the project folder"),
        ("/etc/passwd", "leads out of the project folder"),
        ("link.nl", "leads out of the project folder"),
        ("main.nl", "use each other"),
        ("round.nl", "use each other"),
        ("rules.nl", "has no `mine`"),
    ],
)
def test_what_cannot_be_used_is_refused(tmp_path: Path, path: str, words: str) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (tmp_path / "outside.nl").write_text("rule mine(lr) for W, g { W' = W - g }\n")
    (project / "link.nl").symlink_to(tmp_path / "outside.nl")
    (project / "round.nl").write_text('use "main.nl" (other)\n')
    (project / "rules.nl").write_text("rule other(lr) for W, g { W' = W - g }\n")
    _, errors = resolved(project / "main.nl", MAIN.format(path=path, names="mine"))
    assert any(words in message for message in errors), errors
