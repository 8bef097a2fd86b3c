"""Random numbers that depend on a seed, a name and a tick, and on no order."""

from __future__ import annotations

from hashlib import sha256

import torch


def generator(seed: int, name: str, tick: int, device: torch.device) -> torch.Generator:
    """The generator of one draw: the same in every process, whatever was drawn before."""
    digest = sha256(f"{seed}\0{name}\0{tick}".encode()).digest()
    # CPU generators use the low 32 bits of a seed only; more would promise too much.
    return torch.Generator(device).manual_seed(int.from_bytes(digest[:4], "little"))
