"""What a run is asked for, together with what it was started with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from nlgraph.diagnostics.diagnostic import SpecError
from nlgraph.schema.run import Backend, OnNan, Override, RunConfig
from nlgraph.train import errors
from nlgraph.train.source import names_function

STEPS, EVERY, HOLDOUT, SEED = 1000, 100, 0.2, 0
BACKEND: Backend = "eager"


@dataclass(frozen=True, slots=True)
class Asked:
    """What the user asked for; None is not said."""

    overrides: Mapping[str, Override]
    data: str | None
    init: str | None
    steps: int | None
    every: int | None
    holdout: float | None
    seed: int | None
    backend: Backend | None
    on_nan: OnNan | None
    resume: bool


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run does."""

    overrides: Mapping[str, Override]
    data: str
    init: str | None
    steps: int
    every: int
    holdout: float
    seed: int
    backend: Backend
    on_nan: OnNan
    resume: bool


def settle(asked: Asked, folder: Path) -> Settings:
    """Fill what is not said: from the run that is resumed, else with the defaults.

    Raises:
        SpecError: the run cannot be resumed so.
    """
    if not asked.resume:
        assert asked.data is not None, "the command line asks for it"
        return Settings(
            overrides=asked.overrides,
            data=asked.data,
            init=asked.init,
            steps=asked.steps or STEPS,
            every=asked.every or EVERY,
            holdout=HOLDOUT if asked.holdout is None else asked.holdout,
            seed=asked.seed or SEED,
            backend=asked.backend or BACKEND,
            on_nan=asked.on_nan or "stop",
            resume=False,
        )
    then = config_of(folder, "resumed")
    for what in ("data", "init", "holdout", "seed", "backend"):
        said, was = getattr(asked, what), getattr(then, what)
        if said not in (None, was):
            raise SpecError([errors.other_run(str(folder), f"--{what}", was, said)])
    if asked.data is None and names_function(then.data):
        raise SpecError([errors.import_unsaid(str(folder), then.data)])
    return Settings(
        overrides=asked.overrides or then.overrides,
        data=then.data,
        init=then.init,
        steps=asked.steps or then.steps,
        every=asked.every or then.every,
        holdout=then.holdout,
        seed=then.seed,
        backend=then.backend,
        on_nan=asked.on_nan or then.on_nan,
        resume=True,
    )


def config_of(folder: Path, use: errors.Use) -> RunConfig:
    """What the run in a folder was started with.

    Raises:
        SpecError: the folder holds no run.
    """
    file = folder / "run.json"
    try:
        return RunConfig.model_validate_json(file.read_text(encoding="utf-8"))
    except FileNotFoundError as fault:
        why = "there is no run.json in it" if folder.exists() else "there is no such folder"
        raise SpecError([errors.no_run(str(folder), use, why)]) from fault
    except (OSError, ValueError, ValidationError) as fault:
        raise SpecError([errors.no_run(str(folder), use, "its run.json is damaged")]) from fault
