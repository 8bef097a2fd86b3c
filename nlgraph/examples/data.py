"""What each example learns from: `example_data("maml")` gives arrays, `text()` bytes.

All of it is made from a seed, or read from what torch ships: nothing is downloaded. An example
that is not named here learns from the digits (`--data digits`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Arrays = Mapping[str, NDArray[np.generic]]
Floats = NDArray[np.float64]

TEXT = frozenset({"delta", "hope", "hope_attention", "linear_attention", "titans", "transformer"})
"""The examples that learn a text, byte by byte."""


def example_data(example: str, seed: int = 0) -> Arrays:
    """The arrays that an example of `ARRAYS` learns from, named as its inputs.

    The first axis of each counts items.

    Raises:
        KeyError: the example learns from a text, or from the digits.
    """
    return ARRAYS[example](np.random.default_rng(seed))


def text() -> bytes:
    """Some 1.8 MB of English, formulas and code: the files of torch that hold its manual.

    They are part of every torch, under its BSD licence (Copyright Facebook, Inc. and others):
    the documentation of its functions and tensors, then `torch.nn`. The same bytes on every
    Python, for one version of torch.

    Raises:
        FileNotFoundError: torch is not installed, or lacks the files.
    """
    package = find_spec("torch")
    if package is None or not package.submodule_search_locations:
        message = "torch, which ships the text, is not installed"
        raise FileNotFoundError(message)
    root = Path(package.submodule_search_locations[0])
    named = [root / name for name in ("_torch_docs.py", "_tensor_docs.py", "nn/functional.py")]
    files = [*named, *sorted((root / "nn" / "modules").glob("*.py"))]
    return b"".join(file.read_bytes() for file in files)


def _sinusoids(draw: np.random.Generator) -> Arrays:
    """10,000 sine waves, each with ten points to learn from and ten to be judged by.

    Amplitudes from 0.1 to 5, phases from 0 to pi, x from -5 to 5 (Finn et al. 2017, section 5.1).
    """
    tasks, points = 10_000, 10
    amplitude = draw.uniform(0.1, 5.0, (tasks, 1, 1))
    phase = draw.uniform(0.0, np.pi, (tasks, 1, 1))
    xs, xq = draw.uniform(-5.0, 5.0, (2, tasks, points, 1))
    wave = {"xs": xs, "ys": amplitude * np.sin(xs + phase)}
    asked = {"xq": xq, "yq": amplitude * np.sin(xq + phase)}
    return {name: array.astype(np.float32) for name, array in {**wave, **asked}.items()}


def _pairs(draw: np.random.Generator) -> Arrays:
    """10,000 lists of 48 pairs of a key and a value, and what the keys stand with at the end.

    There are 16 keys and 64 values. A list has every key at least once, and most of them again
    with another value; `asked` are the keys in any order, `answer` the last value of each.
    """
    lists, pairs, keys, values = 10_000, 48, 16, 64
    drawn = draw.integers(0, keys, (lists, pairs))
    drawn[:, :keys] = np.arange(keys)
    key = np.take_along_axis(drawn, np.argsort(draw.random((lists, pairs)), axis=1), axis=1)
    value = draw.integers(0, values, (lists, pairs))
    asked = np.argsort(draw.random((lists, keys)), axis=1)
    last = pairs - 1 - np.argmax(asked[:, :, None] == key[:, None, ::-1], axis=2)
    return {
        "key": key,
        "value": value,
        "asked": asked,
        "answer": np.take_along_axis(value, last, axis=1),
    }


def _ring(draw: np.random.Generator) -> Arrays:
    """20,000 points around eight places on a circle of radius 2, and noise to make points of."""
    points = 20_000
    angle = draw.integers(0, 8, points) * (np.pi / 4)
    place = 2 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    real = place + 0.1 * draw.standard_normal((points, 2))
    noise = draw.standard_normal((points, 8))
    return {"real": real.astype(np.float32), "noise": noise.astype(np.float32)}


def _walk(draw: np.random.Generator) -> Arrays:
    """20,000 steps of a random walk in a room of five by five places, as a player records them.

    An action (up, down, left, right) goes astray one time in ten. The far corner ends the walk
    with reward 1; a hole ends it with -1, and two rows of holes leave a winding path. `obs` and
    `obs2` have a one for the row and one for the column. `best` says which actions are best where
    a step began, by value iteration with the room's own rules: it is there to judge by.
    """
    side, steps, astray, discount = 5, 20_000, 0.1, 0.95
    ends = np.zeros((side, side))
    ends[4, 4] = 1
    ends[1, 1:] = ends[3, :4] = -1
    row, column = np.divmod(np.arange(side * side), side)
    moves = np.array([(-1, 0), (1, 0), (0, -1), (0, 1)])
    goes = np.clip(np.stack([row, column], axis=1)[:, None] + moves, 0, side - 1) @ (side, 1)
    end = ends.reshape(-1)
    value = np.zeros(side * side)
    for _ in range(200):
        reached = (end + discount * (end == 0) * value)[goes]
        action_value = (1 - astray) * reached + astray * reached.mean(axis=1, keepdims=True)
        value = action_value.max(axis=1)
    place = draw.choice(np.flatnonzero(end == 0), steps)
    act = draw.integers(0, 4, steps)
    moved = np.where(draw.random(steps) < astray, draw.integers(0, 4, steps), act)
    after = goes[place, moved]
    seen = np.concatenate([np.eye(side)[row], np.eye(side)[column]], axis=1).astype(np.float32)
    return {
        "obs": seen[place],
        "act": act,
        "reward": end[after].astype(np.float32),
        "done": (end[after] != 0).astype(np.float32),
        "obs2": seen[after],
        "best": np.isclose(action_value, value[:, None], atol=1e-6)[place].astype(np.float32),
    }


def _pendulum(draw: np.random.Generator) -> Arrays:
    """20,000 steps of a pendulum, recorded from everywhere, each with a torque from -1 to 1.

    The angle counts from where it stands, and weight pulls with twice what the torque can hold.
    `best` is the best torque where a step began, by value iteration on a grid with the
    pendulum's own law: it is there to judge by.
    """
    steps, discount = 20_000, 0.95
    angles, speeds = np.linspace(-np.pi, np.pi, 61), np.linspace(-6.0, 6.0, 61)
    torques = np.linspace(-1.0, 1.0, 5)

    def after(angle: Floats, speed: Floats, torque: Floats) -> tuple[Floats, Floats]:
        speed = np.clip(speed + 0.1 * (10 * np.sin(angle) + 5 * torque), -6, 6)
        turned = (angle + 0.1 * speed + np.pi) % (2 * np.pi) - np.pi
        return turned, speed

    def reward(angle: Floats, speed: Floats, torque: Floats) -> Floats:
        return -0.1 * (angle**2 + 0.1 * speed**2 + 0.01 * torque**2)

    def looked_up(table: Floats, angle: Floats, speed: Floats) -> Floats:
        a, s = (angle + np.pi) * 60 / (2 * np.pi), (speed + 6) * 60 / 12
        i, j = np.minimum(a.astype(int), 59), np.minimum(s.astype(int), 59)
        p, q = a - i, s - j
        low = (1 - q) * table[i, j] + q * table[i, j + 1]
        high = (1 - q) * table[i + 1, j] + q * table[i + 1, j + 1]
        found: Floats = (1 - p) * low + p * high
        return found

    def worth(value: Floats, angle: Floats, speed: Floats) -> Floats:
        grid = angle[..., None], speed[..., None], torques
        return reward(*grid) + discount * looked_up(value, *after(*grid))

    value = np.zeros((61, 61))
    for _ in range(150):
        value = worth(value, *np.meshgrid(angles, speeds, indexing="ij")).max(-1)
    angle, speed = draw.uniform(-np.pi, np.pi, steps), draw.uniform(-6, 6, steps)
    act = draw.uniform(-1, 1, steps)
    angle2, speed2 = after(angle, speed, act)
    best = torques[worth(value, angle, speed).argmax(-1)]
    found = {
        "obs": np.stack([np.cos(angle), np.sin(angle), speed], axis=1),
        "obs2": np.stack([np.cos(angle2), np.sin(angle2), speed2], axis=1),
        "act": act[:, None],
        "reward": reward(angle, speed, act),
        "best": best[:, None],
    }
    return {name: array.astype(np.float32) for name, array in found.items()}


ARRAYS: Mapping[str, Callable[[np.random.Generator], Arrays]] = {
    "dqn_target": _walk,
    "maml": _sinusoids,
    "recall": _pairs,
    "td3": _pendulum,
    "wgan": _ring,
}
"""The examples that learn from arrays, and what makes them."""
