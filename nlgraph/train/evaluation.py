"""A trained module over data: as it is, or with some of its components learning on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import islice
from pathlib import Path

import torch
from torch import Tensor

from nlgraph.backend import compile as compile_system
from nlgraph.diagnostics.diagnostic import Report, SpecError
from nlgraph.frontend import System
from nlgraph.module.module import Module
from nlgraph.reference.plan import Plan
from nlgraph.schema.run import Override
from nlgraph.system.fingerprint import fingerprint
from nlgraph.system.ids import ComponentId, InputId, StateId
from nlgraph.train import errors
from nlgraph.train.batches import Sized
from nlgraph.train.checkpoint import load_checkpoint
from nlgraph.train.evaluate import Inputs, Results, evaluate
from nlgraph.train.feed import Load, open_feed, periods_of
from nlgraph.train.finite import non_finite
from nlgraph.train.learners import find_learners, only_learning, put_back
from nlgraph.train.scalars import as_outputs, with_scalars
from nlgraph.train.settings import config_of

Note = Callable[[str], None]
Take = Callable[[int, Results], None]


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be evaluated; None is not said.

    `learn` names levels and components, `steps` bounds the batches.
    """

    folder: Path
    overrides: Mapping[str, Override]
    data: str
    learn: str | None
    steps: int | None


@dataclass(frozen=True, slots=True, eq=False)
class Evaluated:
    """What came of it.

    `values` are the means over all data; with learners those before it, `during` those of each
    batch before it was learned from, and `after` those of what was learned. `moved` says how far
    each learner's state has moved, relative to its norm.
    """

    system: System
    tick: int
    items: int
    batches: int
    learners: frozenset[ComponentId]
    values: Mapping[str, float]
    during: Mapping[str, float] = field(default_factory=dict)
    after: Mapping[str, float] = field(default_factory=dict)
    moved: Mapping[str, float] = field(default_factory=dict)


def evaluate_run(load: Load, question: Question, note: Note, take: Take) -> Evaluated:
    """Take a run's newest checkpoint over data, in order. The run's folder is only read.

    Args:
        load: gives the system with dims and consts overridden.
        question: what the user asked for.
        note: takes what the user should know.
        take: takes each batch's size and outputs, as they are before anything is learned.

    Raises:
        SpecError: the spec, the data or the folder is faulty, or torch refuses a batch.
        NotLearnable: the learners are none.
    """
    config = config_of(question.folder, "evaluated")
    overrides = _with_batch(load, dict(question.overrides or config.overrides), config.batch)
    system, feed = open_feed(load, overrides, question.data, share=None, seed=0, note=note)
    learners = find_learners(system, question.learn) if question.learn else frozenset()
    report = Report()
    meaning = fingerprint(system.shaped.clocked.equations)
    checkpoint = load_checkpoint(question.folder, meaning, report, note, use="evaluated")
    if checkpoint is None:
        raise SpecError(report.errors)
    _, scalars = with_scalars(system.shaped)
    chosen = system.edited(as_outputs)
    if learners:
        chosen = chosen.edited(lambda shaped: only_learning(shaped, learners))
    module = compile_system(chosen, backend=config.backend, seed=config.seed)
    _load(module, checkpoint.state)
    outputs = {r.name for r in system.shaped.clocked.equations.results if r.kind == "output"}
    counts = [0, 0]

    def batches() -> Iterator[Sized]:
        return islice(feed.in_order(), question.steps)

    def count(size: int, _: Inputs, results: Results) -> None:
        counts[0], counts[1] = counts[0] + size, counts[1] + 1
        take(size, {name: value for name, value in results.items() if name in outputs})

    values = evaluate(module, batches(), scalars, count)
    found = Evaluated(system, checkpoint.tick, counts[0], counts[1], learners, values)
    if not learners:
        return found
    before = {str(name): module.state[name].clone() for name in _states_of(system, learners)}
    learn = _learning(system, module, learners)
    during = evaluate(module, batches(), scalars, learn)
    after = evaluate(module, batches(), scalars)
    moved = {name: _distance(old, module.state[name]) for name, old in before.items()}
    return replace(found, during=during, after=after, moved=moved)


def _with_batch(load: Load, overrides: dict[str, Override], batch: int) -> dict[str, Override]:
    """Overrides with the run's batch where the spec's batch dim has no number."""
    inputs = load(overrides).shaped.clocked.equations.inputs
    front = [at.type.dims[0] for at in inputs.values() if at.type.dims][:1]
    return overrides | {dim.name: batch for dim in front if dim.name and dim.size is None}


def _load(module: Module, state: Results) -> None:
    """Load a checkpoint: a window in which nothing learns any more is left out."""
    fresh = module.state_dict()
    module.load_state_dict({**fresh, **state}, strict=False)


def _states_of(system: System, learners: frozenset[ComponentId]) -> Iterator[StateId]:
    """The learners' states that outlive a root tick."""
    within = Plan(system.shaped).living(Fraction(1))
    for name, state in system.shaped.clocked.equations.states.items():
        if state.component in learners and name not in within:
            yield name


def _learning(
    system: System, module: Module, learners: frozenset[ComponentId]
) -> Callable[[int, Inputs, Results], None]:
    """What learns from one batch after another, as the next root ticks would."""
    periods = periods_of(system)
    back = put_back(system.shaped, learners)

    def learn(_: int, inputs: Inputs, __: Results) -> None:
        tick = module.tick
        held = {name: module.state[name].clone() for name in back}
        due = {name: value for name, value in inputs.items() if tick % periods[InputId(name)] == 0}
        try:
            module.step(**due)
        except (RuntimeError, IndexError, TypeError, ValueError) as fault:
            reason = str(fault).partition("\n")[0]
            raise SpecError([errors.tick_failed(tick + 1, reason)]) from fault
        for name, value in held.items():
            module.state[name] = value
        bad = non_finite(module.state)
        if bad:
            raise SpecError([errors.diverged(tick + 1, bad[0])])

    return learn


def _distance(old: Tensor, new: Tensor) -> float:
    """How far a state has moved, as a share of its norm; in numbers where it was zero."""
    was = torch.linalg.vector_norm(old.double())
    way = torch.linalg.vector_norm(new.double() - old.double())
    return float(way / was if was else way)
