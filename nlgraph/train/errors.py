"""The faults of data, of runs and of checkpoints, in words (NL08xx)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from nlgraph.diagnostics.diagnostic import Diagnostic, Label
from nlgraph.ops.types import Dim
from nlgraph.system.model import Input
from nlgraph.text.span import Origin


def _of_input(code: str, message: str, at: Input, text: str, advice: str | None) -> Diagnostic:
    return Diagnostic(code, message, (Label(at.origin.user, text),), advice)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "no arrays at all"


_MOST_FAULTS = 20

# ----------------------------------------------------------------------------- data


def unreadable_data(data: str, reason: str, advice: str | None = None) -> Diagnostic:
    """NL0801: the data is not there, or is not what it should be."""
    return Diagnostic("NL0801", f"the data {data!r} cannot be read: {reason}", (), advice)


def missing_array(at: Input, data: str, found: Iterable[str], guess: str | None) -> Diagnostic:
    """NL0802: the data, or a batch of it, has nothing for an input."""
    advice = (
        f"did you mean `{guess}`? An array is found by the input's name"
        if guess is not None
        else "name the array as the input, or the input as the array"
    )
    return _of_input(
        "NL0802",
        f"{data} has nothing called `{at.id}`; it has {_listed(found)}",
        at,
        "an array of this name is needed",
        advice,
    )


def misshapen(at: Input, wanted: str, found: str, advice: str | None = None) -> Diagnostic:
    """NL0803: an item of the data has another shape than the input."""
    return _of_input(
        "NL0803",
        f"`{at.id}` needs items of shape {wanted}, and the data's are {found}",
        at,
        f"items of {wanted}",
        advice,
    )


def batch_misshapen(at: Input, found: list[int], where: str) -> Diagnostic:
    """NL0803: an input in a batch has another shape than it takes."""
    sizes = (f"{d} = {d.size}" if d.name and d.size is not None else str(d) for d in at.type.dims)
    wanted = f"[{', '.join(sizes)}]"
    return _of_input(
        "NL0803",
        f"`{at.id}` needs a shape of {wanted}, and in {where} it has {found}",
        at,
        wanted,
        None,
    )


def wrong_dtype(at: Input, found: str, advice: str | None, where: str = "the data") -> Diagnostic:
    """NL0804: the data is of another kind than the input (floats for integers, say)."""
    return _of_input(
        "NL0804",
        f"`{at.id}` is {at.type.dtype}, and {where} holds {found}",
        at,
        at.type.dtype,
        advice,
    )


def not_finite(at: Input, item: int, count: int) -> Diagnostic:
    """NL0805: the data holds a NaN or an infinity."""
    more = f", and {count - 1} more" if count > 1 else ""
    return _of_input(
        "NL0805",
        f"the data of `{at.id}` is not finite: item {item} holds a NaN or an infinity{more}",
        at,
        "finite numbers are needed",
        "clean the data first: such a number would spread to every state",
    )


def batch_not_finite(at: Input, where: str) -> Diagnostic:
    """NL0805: a batch holds a NaN or an infinity."""
    return _of_input(
        "NL0805",
        f"`{at.id}` is not finite: in {where} it holds a NaN or an infinity",
        at,
        "finite numbers are needed",
        "clean the data first: such a number would spread to every state",
    )


def too_short(at: Input, items: int, held: int | None, batch: int) -> Diagnostic:
    """NL0806: there are fewer items than one batch takes; `held` is None outside of training."""
    if held is None:
        return _of_input(
            "NL0806",
            f"one batch takes {batch} items of `{at.id}`, and there are {items}",
            at,
            f"{batch} items at a time",
            "bring more data",
        )
    apart = f" ({held} more are held apart)" if held else ""
    return _of_input(
        "NL0806",
        f"one batch takes {batch} items of `{at.id}`, and there are {items} to train on{apart}",
        at,
        f"{batch} items at a time",
        "set a smaller batch dim (`--set`), hold fewer apart (`--holdout`), or bring more data",
    )


def unequal_counts(counts: Iterable[tuple[Input, int]]) -> Diagnostic:
    """NL0807: the inputs have different numbers of items."""
    told = list(counts)
    return Diagnostic(
        "NL0807",
        "the inputs have different numbers of items: "
        + ", ".join(f"`{at.id}` has {count}" for at, count in told),
        tuple(Label(at.origin.user, f"{count} items") for at, count in told),
        "item i of one input belongs to item i of every other",
    )


def unequal_batches(batches: Iterable[tuple[Input, int]]) -> Diagnostic:
    """NL0808: the inputs take different numbers of items in one tick."""
    told = list(batches)
    return Diagnostic(
        "NL0808",
        "the inputs take different numbers of items in one tick: "
        + ", ".join(f"`{at.id}` takes {count}" for at, count in told),
        tuple(Label(at.origin.user, f"{count} at a time") for at, count in told),
        "give them one batch dim in front",
    )


def two_sizes(
    dim: str, first: tuple[Input, int], second: tuple[Input, int], where: str = "the data"
) -> Diagnostic:
    """NL0809: the data gives one unbound dim two sizes."""
    return Diagnostic(
        "NL0809",
        f"{where} gives `{dim}` two sizes: {first[1]} in `{first[0].id}`, "
        f"{second[1]} in `{second[0].id}`",
        (
            Label(second[0].origin.user, f"`{dim}` is {second[1]} here"),
            Label(first[0].origin.user, f"and {first[1]} here"),
        ),
        "one name is one size: use two names, or mend the data",
    )


def no_inputs() -> Diagnostic:
    """NL0810: a system without inputs has no use for data."""
    return Diagnostic("NL0810", "the spec has no input, so there is nothing to train on", ())


def no_length(at: Input, data: str, dim: str) -> Diagnostic:
    """NL0811: a text cannot be cut, since nothing says how long its sequences are."""
    return _of_input(
        "NL0811",
        f"nothing says how long the sequences of `{at.id}` are that `{data}` is cut into",
        at,
        f"`{dim}` has no number",
        f"--set {dim}=256 gives it one, and so does `dim {dim} = 256` in the spec",
    )


@dataclass(frozen=True, slots=True)
class Found:
    """A number in an item that cannot be there, and how many items have such."""

    item: int
    number: int
    items: int
    where: str


def out_of_range(at: Input, dim: Dim, found: Found, highest: int, looked_up: Origin) -> Diagnostic:
    """NL0812: a class, a token or an id that there is not."""
    assert dim.size is not None, "a range has an end"
    others = found.items - 1
    more = f", as {others} more do" if others > 1 else ", as one more does" if others else ""
    size = f"{dim.name} = {dim.size}" if dim.name else f"a dimension of {dim.size}"
    fits = dim.name is not None and highest >= dim.size
    return Diagnostic(
        "NL0812",
        f"`{at.id}` needs numbers from 0 to {dim.size - 1}, and item {found.item} of "
        f"{found.where} holds {found.number}{more}",
        (
            Label(at.origin.user, f"0 to {dim.size - 1}"),
            Label(looked_up.user, f"looked up here, in {size}"),
        ),
        f"--set {dim.name}={highest + 1} takes all of the data's numbers" if fits else None,
    )


def failing_source(data: str, number: int, why: str) -> Diagnostic:
    """NL0813: a function of the user's fails, or gives something that is no batch."""
    what = f"batch {number} of `{data}`" if number else f"`{data}`"
    return Diagnostic(
        "NL0813",
        f"{what} cannot be used: {why}",
        (),
        "it takes no arguments and yields one dict a tick, with a tensor for each input",
    )


def ran_dry(data: str, batches: int, tick: int) -> Diagnostic:
    """NL0814: a function of the user's has no batch for a tick."""
    return Diagnostic(
        "NL0814",
        f"`{data}` ended after {batches} batches, and tick {tick} needs one more",
        (),
        f"the states of tick {tick - 1} are saved: --steps {tick - 1} ends the run with them, and "
        "--resume goes on where the function yields more",
    )


# ----------------------------------------------------------------------------- runs


_REFUSED = (
    "often a computed index that is out of range, as a class that the spec's dims do not have"
)


def tick_failed(tick: int, reason: str) -> Diagnostic:
    """NL0820: torch refused an operation with this batch."""
    return Diagnostic("NL0820", f"tick {tick} could not run: {reason}", (), _REFUSED)


def call_failed(reason: str) -> Diagnostic:
    """NL0820: torch refused an operation with a batch on which nothing is learned."""
    return Diagnostic("NL0820", f"the outputs could not be computed: {reason}", (), _REFUSED)


def became_infinite(tick: int, what: str, labels: tuple[Label, ...]) -> Diagnostic:
    """NL0821: a state or the loss is no longer finite."""
    return Diagnostic(
        "NL0821",
        f"{what} is no longer finite after tick {tick}",
        labels,
        "a smaller learning rate or `clip_norm(1.0) then …` often helps; the last checkpoint is "
        "from before, and `--on-nan keep` goes on regardless",
    )


def diverged(tick: int, state: str) -> Diagnostic:
    """NL0821: a state is no longer finite where a trained module learns on."""
    return Diagnostic(
        "NL0821",
        f"`{state}` is no longer finite after tick {tick}",
        (),
        "let fewer levels learn on; the run itself is as it was",
    )


# ----------------------------------------------------------------------------- checkpoints


Use = Literal["resumed", "evaluated"]
"""What a run's folder is wanted for."""

_ANEW: Mapping[Use, str | None] = {
    "resumed": "leave --resume out to start anew",
    "evaluated": None,
}


def no_checkpoint(folder: str, use: Use, damaged: int) -> Diagnostic:
    """NL0830: there are no states to go on with."""
    why = f"none of its {damaged} checkpoints can be read" if damaged else "it has no checkpoint"
    return Diagnostic("NL0830", f"{folder} cannot be {use}: {why}", (), _ANEW[use])


def no_run(folder: str, use: Use, why: str) -> Diagnostic:
    """NL0833: a folder is not that of a run."""
    return Diagnostic("NL0833", f"{folder} cannot be {use}: {why}", (), _ANEW[use])


def other_spec(folder: str, tick: int) -> Diagnostic:
    """NL0831: a checkpoint was written by a system that means something else."""
    return Diagnostic(
        "NL0831",
        f"the checkpoint of tick {tick} in {folder} belongs to another system: the spec, or what "
        "--set gives it, has changed in meaning since",
        (),
        f"{folder}/spec.nl is the spec that it belongs to",
    )


def other_run(folder: str, what: str, then: object, now: object) -> Diagnostic:
    """NL0832: a run is to be resumed with another seed, data or share held apart."""
    return Diagnostic(
        "NL0832",
        f"the run in {folder} has {what} {then}, not {now}: it would not be the same run",
        (),
        f"leave {what} out to go on as it began, or start anew with another --out",
    )


def import_unsaid(folder: str, data: str) -> Diagnostic:
    """NL0834: a run on a function is resumed, and its data is not named again."""
    return Diagnostic(
        "NL0834",
        f"{folder} cannot be resumed: its data is the function {data!r}, and no file decides what "
        "is imported",
        (),
        f"--data {data} names it again, if you trust it",
    )


def unreadable_start(file: str, why: str) -> Diagnostic:
    """NL0835: the file of states to start from cannot be read."""
    return Diagnostic("NL0835", f"the states to start from, {file!r}, cannot be read: {why}", ())


def unfit_start(file: str, faults: list[str]) -> Diagnostic:
    """NL0836: the states to start from are not those of the system."""
    shown = faults[:_MOST_FAULTS]
    more = len(faults) - len(shown)
    told = "; ".join(shown) + (f"; and {more} more" if more else "")
    return Diagnostic(
        "NL0836",
        f"the states to start from, {file!r}, do not fit: {told}",
        (),
        "a name is that of `module.state`; only what rules and bodies add may be left out",
    )
