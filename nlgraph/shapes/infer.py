"""Dimensions by name, and dtypes, for every value: language.md, section "Dimensions".

What needs clocks is why this comes after them: a slice takes a clock's dimension away, a `collect`
gives it back.
"""

from __future__ import annotations

from collections.abc import Callable

from nlgraph.clocks.model import Clocked
from nlgraph.diagnostics.diagnostic import Diagnostic, Report
from nlgraph.ops.types import TensorType
from nlgraph.shapes import errors
from nlgraph.shapes.fit import fits
from nlgraph.shapes.judge import check_distribution
from nlgraph.shapes.model import Hidden, Shaped
from nlgraph.shapes.table import Table
from nlgraph.shapes.traverse import infer
from nlgraph.system.ids import StateId
from nlgraph.system.model import Draw, Expr, State, StateRead
from nlgraph.system.walk import postorder
from nlgraph.text.span import Origin


def infer_shapes(clocked: Clocked, report: Report) -> Shaped:
    """Find the type of every value, in each context that it is read in.

    Reports operators whose arguments do not fit, updates, initial values, resets and replacements
    that do not fit their state, gradients of what is no scalar, and metrics that are none. What is
    unknown because of a fault that was reported stays silent.
    """
    table = Table(clocked)
    for _ in range(_ROUNDS):
        _infer_all(table)
        if _settled(table):
            break
        table = Table(clocked, open=table.open, assumed=table.assumed)
    else:
        for _, prev in zip(range(1), table.open.values(), strict=False):
            table.fault(errors.growing_prev(prev.origin))
    unheld = {d.labels[0].span.start for d in report.errors if d.code == "NL0311"}
    for diagnostic in table.faults.values():
        # A slice that the clocks refuse has no dimension either: one fault, not two.
        if diagnostic.code != "NL0417" or diagnostic.labels[0].span.start not in unheld:
            report.add(diagnostic)
    equations = clocked.equations
    return Shaped(
        clocked,
        {name: table.state_type(name) for name in equations.states},
        {name: table.types.get(table.signal_key(name)) for name in equations.signals},
        table.types,
        table.constants,
    )


_ROUNDS = 8
"""Times that values which read themselves are typed: each round adds dimensions that the start of
a `prev` does not have, of which a sensible value has few."""


def _infer_all(table: Table) -> None:
    equations = table.clocked.equations
    for signal in equations.signals:
        infer(table, table.signal_key(signal))
    for state in equations.states.values():
        _infer_state(table, state)
    for result in equations.results:
        infer(table, (result.value, ()))
        of = table.type_of(result.value, ())
        if result.kind == "metric" and of is not None and of.dims:
            table.fault(errors.metric(result.name, of, result.origin))


def _infer_state(table: Table, state: State) -> None:
    hidden = table.per(state.component)
    like = table.like_key(state)
    if like is not None:
        infer(table, like)
        found = table.types[like]
        if found is not None and found.is_number:
            table.fault(errors.like_number(state.id, like[0].origin))
    of = table.state_type(state.id)
    _check_copies(table, state, of)
    _infer_initial(table, state.init, of, hidden)
    _check(table, state, of, state.init, hidden, errors.initial)
    if state.update is not None:
        infer(table, (state.update, hidden))
        _check(table, state, of, state.update, hidden, errors.update)
    if state.reset is not None and state.reset.to is not None:
        infer(table, (state.reset.to, hidden))
        _check(table, state, of, state.reset.to, hidden, errors.reset)


def _infer_initial(table: Table, init: Expr, of: TensorType | None, hidden: Hidden) -> None:
    """A draw without a shape has that of the state which starts from it."""
    for expr in postorder((init,)):
        if isinstance(expr, Draw) and expr.dims is None and expr.like is None:
            table.types[expr, hidden] = of
            check_distribution(table, expr)
    infer(table, (init, hidden))


def _check_copies(table: Table, state: State, of: TensorType | None) -> None:
    component = table.clocked.equations.components[state.component]
    if of is None or state.like is not None:
        return
    for dim in of.dims:
        if dim.name is not None and dim.name in component.per:
            table.fault(errors.copied_dim(state.id, dim.name, state.origin, component.origin))


def _check(
    table: Table,
    state: State,
    of: TensorType | None,
    expr: Expr,
    hidden: Hidden,
    word: Callable[[str, TensorType, TensorType, Origin, Origin], Diagnostic],
) -> None:
    found = table.type_of(expr, hidden)
    if of is None or found is None or fits(found, of):
        return
    if isinstance(expr, StateRead) and expr.state == state.id:
        return
    table.fault(word(StateId(state.id), found, of, expr.origin, state.origin))


def _settled(table: Table) -> bool:
    """Whether every `prev` through which a value reads itself has the type that was assumed."""
    settled = True
    for (prev, hidden), expr in list(table.open.items()):
        infer(table, (expr.value, hidden))
        found = table.type_of(expr.value, hidden)
        if found is not None and found != table.types.get((prev, hidden)):
            table.assumed[prev, hidden] = found
            settled = False
            continue
        init = table.type_of(expr.init, hidden)
        if found is not None and init is not None and not fits(init, found):
            table.fault(errors.start_of_prev(init, found, expr.init.origin))
    return settled
