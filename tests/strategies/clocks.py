"""Clocks inside a root tick, with the streams that tick on them."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class Clocks:
    """Clocks by name, fastest first, with what streams on them look like at the root's level."""

    head: str
    periods: dict[str, Fraction]
    streams: tuple[tuple[str, Fraction], ...]

    def faster(self, period: Fraction) -> list[Fraction]:
        """The periods of which one is made of whole ticks."""
        return [own for own in self.periods.values() if own < period and inside(own, period)]

    def slower(self, period: Fraction) -> list[Fraction]:
        """The periods that are made of whole ticks of one."""
        return [own for own in self.periods.values() if own > period and inside(period, own)]

    def name(self, period: Fraction) -> str:
        """The clock of a period."""
        return next(name for name, own in self.periods.items() if own == period)


def _clocks(head: str, periods: dict[str, Fraction], *streams: tuple[str, str]) -> Clocks:
    return Clocks(head, periods, tuple((text, periods[clock]) for text, clock in streams))


_ONE = Fraction(1)
_FLAT = "dim B = 2, T = 4, d = 2\nclock seq\nclock token = seq along T\n"
_INPUTS = "input x, y : [B, T, d] every seq\nk = tanh(x @ P)\n"
_ALONG = (
    ("x[token]", "token"), ("k[token]", "token"), ("k[token]", "token"), ("y[token]", "token"),
    ("mean(k, T)", "seq"), ("mean(y, T)", "seq"),
)  # fmt: skip

CLOCKS = {
    "tokens": _clocks(_FLAT + _INPUTS, {"token": _ONE / 4, "seq": _ONE}, *_ALONG),
    "chunks": _clocks(
        _FLAT + "clock two = 2 token\nclock slow = 2 seq\n" + _INPUTS,
        {"token": _ONE / 4, "two": _ONE / 2, "seq": _ONE, "slow": _ONE * 2},
        *_ALONG,
    ),
    "inside a token": _clocks(
        _FLAT + "clock sub = token / 2\nclock slow = 3 seq\n" + _INPUTS,
        {"sub": _ONE / 8, "token": _ONE / 4, "seq": _ONE, "slow": _ONE * 3},
        *_ALONG,
    ),
    "two dims": _clocks(
        "dim B = 2, C = 2, T = 2, d = 2\nclock seq\nclock chunk = seq along C\n"
        "clock token = chunk along T\ninput x, y : [B, C, T, d] every seq\nk = tanh(x @ P)\n",
        {"token": _ONE / 4, "chunk": _ONE / 2, "seq": _ONE},
        ("x[chunk][token]", "token"), ("k[chunk][token]", "token"), ("y[chunk][token]", "token"),
        ("mean(k[chunk], T)", "chunk"), ("mean(mean(k, T), C)", "seq"),
        ("mean(mean(y, T), C)", "seq"),
    ),
    "divided": _clocks(
        "dim B = 2, d = 2\nclock seq\nclock inner = seq / 3\nclock sub = inner / 2\n"
        "clock slow = 2 seq\ninput x, y : [B, d] every seq\nk = tanh(x @ P)\n",
        {"sub": _ONE / 6, "inner": _ONE / 3, "seq": _ONE, "slow": _ONE * 2},
        ("x", "seq"), ("k", "seq"), ("k", "seq"), ("y", "seq"),
    ),
    "two along": _clocks(
        "dim B = 2, T = 4, U = 2, d = 2\nclock seq\nclock token = seq along T\n"
        "clock other = seq along U\ninput x, y : [B, T, d] every seq\n"
        "input z : [B, U, d] every seq\nk = tanh(x @ P)\n",
        {"token": _ONE / 4, "other": _ONE / 2, "seq": _ONE},
        *_ALONG, ("mean(tanh(z @ P), U)", "seq"), ("z[other]", "other"),
    ),
}  # fmt: skip


def inside(period: Fraction, other: Fraction) -> bool:
    """Whether each tick of the other is made of whole ticks."""
    return (other / period).denominator == 1
