"""`run.json`: what a run was started with."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Backend = Literal["reference", "eager", "inductor"]
OnNan = Literal["stop", "skip", "keep"]
Override = bool | int | float


class RunConfig(BaseModel):
    """Everything that decides a run's numbers, and how it is kept."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    nlgraph: str
    """The version that started the run."""
    spec: str
    """The spec's file as it was named; the text itself is `spec.nl`."""
    meaning: str
    """The fingerprint of the system: what it means with these overrides."""
    overrides: dict[str, Override]
    data: str
    init: str | None = None
    """The file of states that the run began with."""
    holdout: float = Field(ge=0, lt=1)
    """The share of the items that is held apart."""
    batch: int = Field(ge=1)
    """Items that one tick takes."""
    seed: int = Field(ge=0)
    steps: int = Field(ge=1)
    """Root ticks of the whole run, resumed or not."""
    every: int = Field(ge=1)
    """Root ticks between checkpoints."""
    backend: Backend
    on_nan: OnNan
