"""Strongly connected components, without recursion."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import TypeVar

N = TypeVar("N", bound=Hashable)


def knots(nodes: Iterable[N], onward: Callable[[N], Iterable[N]]) -> Iterator[tuple[N, ...]]:
    """The strongly connected components of what can be reached, each after those it leads to.

    Tarjan's algorithm (1972). Nodes that are in no cycle come one by one.
    """
    index: dict[N, int] = {}
    low: dict[N, int] = {}
    open_: list[N] = []
    closed: set[N] = set()
    for start in nodes:
        if start in index:
            continue
        index[start] = low[start] = len(index)
        open_.append(start)
        work: list[tuple[N, Iterator[N]]] = [(start, iter(onward(start)))]
        while work:
            node, rest = work[-1]
            for other in rest:
                if other not in index:
                    index[other] = low[other] = len(index)
                    open_.append(other)
                    work.append((other, iter(onward(other))))
                    break
                if other not in closed and index[other] < low[node]:
                    low[node] = index[other]
            else:
                work.pop()
                if work and low[node] < low[work[-1][0]]:
                    low[work[-1][0]] = low[node]
                if low[node] == index[node]:
                    members: list[N] = []
                    while True:
                        member = open_.pop()
                        members.append(member)
                        closed.add(member)
                        if member == node:
                            break
                    yield tuple(members)


def way(start: N, goal: N, onward: Callable[[N], Iterable[N]]) -> tuple[N, ...]:
    """A shortest way from a node to another, both included; empty where there is none."""
    before: dict[N, N] = {}
    front = [start]
    while front:
        following: list[N] = []
        for node in front:
            for other in onward(node):
                if other not in before:
                    before[other] = node
                    following.append(other)
                if other == goal:
                    steps = [goal]
                    while len(steps) == 1 or steps[-1] != start:
                        steps.append(before[steps[-1]])
                    return tuple(reversed(steps))
        front = following
    return ()
