"""A diagnostic as the terminal shows it: its sentence, the places in their lines, the help."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from nlgraph.diagnostics.diagnostic import Diagnostic, Label
from nlgraph.diagnostics.escape import escape, shown, width
from nlgraph.text.source import Source

_WIDTH = 100  # columns of a source line; a longer one is trimmed around the place
_CONTEXT = 24  # columns before the place that a trimmed line still shows
_TAB = 4

_COLORS = {"error": "1;31", "warning": "1;33", "strong": "1", "frame": "34", "help": "1;32"}


def render(diagnostic: Diagnostic, color: bool = False) -> str:  # noqa: FBT001, FBT002
    """The form of a diagnostic, several lines without a final line end.

    ```
    error[NL0301]: the loss ticks every token, but `low` updates every 16 tokens
       ┌─ cms.nl:14:20
       │
     9 │ component low = mlp(d, 4*d) every 16 token {
       │                             -------------- `low` updates here
    14 │   W1' = W1 - 0.1 * grad(loss, W1)
       │                    ^^^^^^^^^^^^^^ one gradient for every token
       │
       = help: say how the 16 gradients of a window are gathered
    ```
    """
    paint = _Paint(on=color)
    severity = diagnostic.severity
    head = paint(f"{severity}[{diagnostic.code}]", severity)
    lines = [head + paint(f": {escape(diagnostic.message)}", "strong")]
    rows = [row for place, label in enumerate(diagnostic.labels) for row in _rows(label, not place)]
    gutter = max((len(str(row.number)) for row in rows), default=0) + 1
    bar = " " * gutter + paint("│", "frame")
    for source in dict.fromkeys(label.span.source for label in diagnostic.labels):
        first = next(label for label in diagnostic.labels if label.span.source is source)
        line, column = source.position(first.span.start)
        if len(lines) > 1:
            lines.append(bar)
        place = f"{escape(source.name)}:{line}:{column}"
        lines += [" " * gutter + paint("┌─", "frame") + f" {place}", bar]
        lines += _block([row for row in rows if row.source is source], gutter, severity, paint)
    if diagnostic.help is not None:
        if diagnostic.labels:
            lines.append(bar)
        start, *others = diagnostic.help.splitlines() or [""]
        indent = " " * gutter
        lines.append(f"{indent}{paint('=', 'frame')} {paint('help', 'help')}: {escape(start)}")
        lines += [f"{indent}        {escape(other)}".rstrip() for other in others]
    return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class _Paint:
    """Puts colour around a text, where colour is wanted."""

    on: bool

    def __call__(self, text: str, color: str) -> str:
        return f"\x1b[{_COLORS[color]}m{text}\x1b[0m" if self.on else text


@dataclass(frozen=True, slots=True)
class _Row:
    """A line of a source with one place in it: columns of the shown text, and the words beside."""

    source: Source
    number: int
    shown: str
    indent: int
    length: int
    text: str
    primary: bool
    gap: bool  # lines of the same place were left out before this one


def _rows(label: Label, primary: bool) -> Iterator[_Row]:  # noqa: FBT001
    """One row for a place in one line; for a longer place its first line and its last."""
    source, start, end = label.span.source, label.span.start, label.span.end
    line, column = source.position(start)
    # A place that ends with a line's end goes no further.
    last, last_column = source.position(max(start, end - 1))
    if line == last:
        yield _row(source, line, column - 1, end - start, label.text, primary=primary)
        return
    yield _row(source, line, column - 1, len(source.line(line)), "", primary=primary)
    text = source.line(last)
    blank = len(text) - len(text.lstrip())
    length = max(1, last_column - blank)
    gap = last > line + 1
    yield _row(source, last, blank, length, label.text, primary=primary, gap=gap)


def _row(
    source: Source,
    number: int,
    start: int,
    length: int,
    text: str,
    *,
    primary: bool,
    gap: bool = False,
) -> _Row:
    """A row for the characters `start` and so on of a line."""
    line = source.line(number)
    end = min(start + length, len(line))
    # A line of a whole file's length is never measured: only the piece around the place is.
    cells, offset = _cells(line, 0, _WIDTH), 0
    if len(line) > _WIDTH or width("".join(cells)) > _WIDTH:
        cells, offset = _trimmed(line, start)
    before = width("".join(cells[: start - offset]))
    inside = width("".join(cells[start - offset : max(end - offset, 0)]))
    shown_line = "".join(cells).rstrip()
    return _Row(source, number, shown_line, before, max(1, inside), text, primary, gap)


def _cells(line: str, start: int, end: int) -> list[str]:
    """What each character of a piece of a line is shown as."""
    cells, column = [], 0
    for char in line[start:end]:
        cell = " " * (_TAB - column % _TAB) if char == "\t" else shown(char)
        column += width(cell)
        cells.append(cell)
    return cells


def _trimmed(line: str, start: int) -> tuple[list[str], int]:
    """The cells of the piece of a long line around a place, and the character they begin at.

    A cell before the piece, or after it, that was cut is an ellipsis.
    """
    cells = _cells(line, max(0, start - _CONTEXT), start + _WIDTH)
    offset = max(0, start - _CONTEXT)
    while width("".join(cells[: start - offset])) > _CONTEXT:
        cells, offset = cells[1:], offset + 1
    if offset:
        cells[0] = "…"
    total, kept = 0, 0
    while kept < len(cells) and total + width(cells[kept]) <= _WIDTH - 1:
        total += width(cells[kept])
        kept += 1
    if offset + kept < len(line):
        return [*cells[:kept], "…"], offset
    return cells[:kept], offset


def _block(rows: list[_Row], gutter: int, severity: str, paint: _Paint) -> Iterator[str]:
    """The lines of one source: each once, with its places under it, in the order of the text."""
    rows = sorted(rows, key=lambda row: (row.number, row.shown, row.indent, not row.primary))
    empty = " " * gutter + paint("│", "frame") + " "
    above: _Row | None = None
    for row in rows:
        if above is None or (above.number, above.shown) != (row.number, row.shown):
            if row.gap and above is not None and above.number < row.number - 1:
                yield " " * gutter + paint("┆", "frame")
            number = paint(f"{row.number:>{gutter - 1}} │", "frame")
            yield f"{number} {row.shown}".rstrip()
        mark = ("^" if row.primary else "-") * row.length
        text = f" {escape(row.text)}" if row.text else ""
        under = paint(mark + text, severity if row.primary else "frame")
        yield f"{empty}{' ' * row.indent}{under}"
        above = row
