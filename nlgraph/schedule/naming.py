"""Names of windows' memories: the same whatever else the file has, and in whatever order."""

from __future__ import annotations

from hashlib import sha256

from nlgraph.schedule.value import Value, base_of, parts_first
from nlgraph.schedule.values import Values


def window_name(values: Values, gather: Value) -> str:
    """The name of a gather's memory: what it gathers, for people, and a digest of what it is."""
    kind, *_, known = gather.data
    if known:
        name: str = known
        return name
    return f"@{kind}/{_hint(values, gather.parts[0])}/{_digest(values, gather)}"


def derivative_name(values: Values, gather: Value, target: Value) -> str:
    """The name of the memory of the derivatives of what a gather gathers.

    It is told by that gather, so that a call finds it in which equal gathers are other ones.
    """
    digest = sha256(window_name(values, gather).encode()).hexdigest()[:12]
    return f"@{gather.data[0]}/grad({base_of(target)[0].data})/{digest}"


def _hint(values: Values, value: Value) -> str:
    return values.names.get(value, value.op if value.form == "op" else value.form)


def _digest(values: Values, root: Value) -> str:
    known = values.digests
    for value in parts_first([root], lambda v: () if v in known else v.parts):
        if value not in known:
            parts = ",".join(known[part] for part in value.parts)
            text = f"{value.form}({value.data!r};{parts})"
            known[value] = sha256(text.encode()).hexdigest()[:12]
    return known[root]
