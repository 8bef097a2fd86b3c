"""`checkpoints/TICK/manifest.json`: what the tensors beside it are."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from nlgraph.schema.run import Override


class Versions(BaseModel):
    """What wrote a checkpoint."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    nlgraph: str
    torch: str
    python: str


class Manifest(BaseModel):
    """A checkpoint of one system at one tick."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    tick: int = Field(ge=0)
    """Root ticks that were run."""
    meaning: str
    """The fingerprint of the system that the states belong to."""
    seed: int = Field(ge=0)
    overrides: dict[str, Override]
    backend: str
    versions: Versions
    checksums: dict[str, str]
    """The SHA-256 of each file beside the manifest, in hexadecimal."""
