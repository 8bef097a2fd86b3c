"""Every gradient is by something that its objective depends on and that stands still."""

from __future__ import annotations

from nlgraph.clocks import errors_of_gradients as errors
from nlgraph.clocks.model import Clocked
from nlgraph.clocks.reads import Reads, find_reads, node_of
from nlgraph.clocks.scopes import Scope, Target, target_of
from nlgraph.diagnostics.diagnostic import Report
from nlgraph.system.ids import ClockId, StateId
from nlgraph.system.model import Equations, Expr, Grad, SignalRead, StateRead
from nlgraph.system.walk import postorder


def check_gradients(clocked: Clocked, report: Report, reads: Reads | None = None) -> None:
    """Report gradients by what the objective does not depend on, or what changes in its tick."""
    gradients = [expr for expr in clocked.timings if isinstance(expr, Grad)]
    if not gradients:
        return
    reads = reads or find_reads(clocked)
    targets: dict[Target, int] = {}
    for grad in gradients:
        for target in grad.targets:
            targets.setdefault(target_of(target), 1 << len(targets))
    scopes: dict[int, Scope] = {}
    for grad in gradients:
        clock = clocked.timings[grad.value].clock
        tick = reads.root if clock is None else reads.length[clock]
        scope = scopes.setdefault(tick, Scope(reads, tick, targets))
        _check(grad, clock or clocked.equations.root, scope, report)


def _check(grad: Grad, clock: ClockId, scope: Scope, report: Report) -> None:
    equations = scope.reads.clocked.equations
    for target in grad.targets:
        changing = _changing(target, scope)
        if changing is not None:
            report.add(errors.changes(grad, target, changing, clock, equations))
            return
    reached = scope.reached(grad.value)
    missing = [t for t in grad.targets if not reached & scope.targets[target_of(t)]]
    if len(missing) == len(grad.targets):
        primed = _primed(grad, scope.reads)
        is_read = _is_read(grad, equations)
        report.add(errors.independent(grad, clock, primed, equations, is_read=is_read))
    elif missing:
        report.add(errors.unreached(grad, missing, clock, equations))


def _changing(target: StateRead | SignalRead, scope: Scope) -> ClockId | None:
    """The clock on which a target changes inside the tick, if it does."""
    reads, clocked = scope.reads, scope.reads.clocked
    if isinstance(target, SignalRead):
        clock = clocked.signals[target.signal].clock
        return clock if clock is not None and reads.length[clock] % scope.tick else None
    state = clocked.equations.states[target.state]
    period, reset = reads.period(state.id), reads.reset(state.id)
    if period is not None and period % scope.tick:
        return clocked.components[state.component]
    if reset is not None and reset % scope.tick and state.reset is not None:
        return state.reset.clock
    return None


def _primed(grad: Grad, reads: Reads) -> StateId | None:
    """A target that the objective itself reads primed: a constant, and most often meant."""
    named = {target.state for target in grad.targets if isinstance(target, StateRead)}
    node = node_of(grad.value)
    for read in reads.of.get(node, ()):
        if isinstance(read.expr, StateRead) and read.expr.primed and read.expr.state in named:
            return read.expr.state
    return None


def _is_read(grad: Grad, equations: Equations) -> bool:
    """Whether a target is read at all by what the objective is computed from."""
    targets = {target_of(target) for target in grad.targets}
    queue: list[Expr] = [grad.value]
    seen: set[int] = set()
    followed: set[object] = set()
    while queue:
        for expr in postorder([queue.pop()], seen):
            if not isinstance(expr, StateRead | SignalRead):
                continue
            target = target_of(expr)
            if target in targets:
                return True
            if target in followed:
                continue
            followed.add(target)
            if isinstance(expr, SignalRead):
                queue.append(equations.signals[expr.signal].value)
            else:
                update = equations.states[expr.state].update
                queue += [] if update is None else [update]
    return False
