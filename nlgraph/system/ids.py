"""Typed names of the things in a system. Each is the full name that users see."""

from __future__ import annotations

from typing import NewType

ComponentId = NewType("ComponentId", str)
"""`W`, `ffn`, `layer[2]`, `layer[2].m`."""

StateId = NewType("StateId", str)
"""`W` (a component's state of its own name), `ffn.W1`, `ffn.m.W1`."""

SignalId = NewType("SignalId", str)
"""`loss`, `proj.key`, `x[0]`."""

InputId = NewType("InputId", str)

ClockId = NewType("ClockId", str)
"""A declared clock's name; an undeclared one's text: `16 step`, `5 critic`."""
