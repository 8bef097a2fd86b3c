"""Modules of the user's as the maps of extern components: `nlgraph.compile(…, modules=…)`.

The module that is passed in is copied and never changed. What the copy has learned lives in the
states of the compiled system; a call puts them in its place for as long as it lasts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.parameter import UninitializedParameter

from nlgraph.diagnostics.suggest import nearest
from nlgraph.frontend import System
from nlgraph.module.dtypes import name_of, torch_dtypes
from nlgraph.ops.types import DTYPES, TensorType
from nlgraph.ops.types import Dim as Dimension
from nlgraph.system.model import Component, Extern

_UNBOUND = 2
"""The length that a dimension without a number has when a module is tried."""


def bind_modules(
    system: System, modules: Mapping[str, nn.Module], dtype: torch.dtype | None
) -> System:
    """The system with the parameters and buffers of modules as states of extern components.

    Each module is run once on the CPU, on inputs of the sizes that the file states.

    Raises:
        TypeError: something given is no module, or has parameters of a dtype without a name here.
        ValueError: a name is that of no extern component, a module cannot take what the file
            states or gives something else, or it has nothing to train where the file trains it.
    """
    components = system.shaped.clocked.equations.components
    known = {str(name): c for name, c in components.items() if c.extern is not None}
    bound: dict[str, ModuleCall] = {}
    for name, module in modules.items():
        component = known.get(name)
        if component is None:
            raise ValueError(_unknown(name, name in components, known))
        if not isinstance(module, nn.Module):
            message = f"modules[{name!r}] is {type(module).__name__}; it must be a torch.nn.Module"
            raise TypeError(message)
        assert component.extern is not None, "only such are known"
        bound[name] = ModuleCall(name, module, component.extern, dtype)
        _check_trained(component, bound[name])
    for called in bound.values():
        called.try_out()
    return system.with_modules(bound) if bound else system


def _unknown(name: str, is_component: bool, known: Mapping[str, Component]) -> str:  # noqa: FBT001
    guess = nearest(name, known)
    hint = f"; did you mean {guess!r}?" if guess else ""
    listed = ", ".join(map(repr, known)) or "none"
    what = "is a component of the file's own, no extern one" if is_component else "is no component"
    return f"modules names {name!r}, which {what}{hint or f'; extern components: {listed}'}"


def _check_trained(component: Component, called: ModuleCall) -> None:
    if component.rules and not called.parameters.keys() - called.fixed:
        message = (
            f"the module of {called.name!r} ({called.kind}) has no parameters that require a "
            "gradient, and the file trains it"
        )
        raise ValueError(message)


class ModuleCall:
    """A module of the user's, called with states in place of its parameters and buffers.

    `parameters` and `buffers` have their types by name; `fixed` are the parameters that do not
    require a gradient, and `draws` says whether a step of it draws random numbers.
    """

    def __init__(
        self, name: str, module: nn.Module, extern: Extern, dtype: torch.dtype | None
    ) -> None:
        """Copy a module, with its tensors on the CPU and of the dtypes that the system has."""
        self.name = name
        self.kind = type(module).__name__
        self.__name__ = f"call_{name}"
        self.draws = False
        self._extern = extern
        self._dtypes = torch_dtypes(dtype)
        for parameter in module.parameters():
            if isinstance(parameter, UninitializedParameter):
                message = f"the module of {name!r} ({self.kind}) has parameters without a shape yet"
                raise ValueError(f"{message}; run it once before it is compiled")
        try:
            self._module = deepcopy(module).cpu().train()
        except Exception as error:
            message = f"the module of {name!r} ({self.kind}) cannot be copied: {error}"
            raise TypeError(message) from error
        self._learning = True
        self._device = torch.device("cpu")
        self.parameters = {
            key: self._adopt(key, value) for key, value in self._module.named_parameters()
        }
        self.fixed = frozenset(
            key for key, value in self._module.named_parameters() if not value.requires_grad
        )
        self.buffers = {
            key: self._adopt(key, value)
            for key, value in self._module.named_buffers()
            if self._word(value) in DTYPES
        }

    def __repr__(self) -> str:
        """The component and the kind of module, without any address."""
        return f"<{self.kind} of {self.name}>"

    def initial(self, name: str) -> Tensor:
        """The value of a parameter or a buffer in the module that was passed in."""
        found = dict(self._module.named_parameters()) | dict(self._module.named_buffers())
        return found[name].detach()

    def try_out(self) -> None:
        """Run the module once: what it gives must be what the file states.

        Raises:
            ValueError: it takes or gives something else.
        """
        states = [self.initial(name) for name in (*self.parameters, *self.buffers)]
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            inputs = [self._example(type_) for type_ in self._extern.inputs]
            before = torch.get_rng_state()
            self(True, *inputs, *states)  # noqa: FBT003 - as graphs call it
            self.draws = not torch.equal(before, torch.get_rng_state())

    def __call__(self, learning: bool, *args: Tensor) -> Tensor:  # noqa: FBT001
        """The module's output.

        Args:
            learning: whether it runs in train mode.
            args: a random number where it draws, then inputs, parameters and buffers.

        Raises:
            ValueError: it takes or gives something else than the file states.
        """
        seed, rest = (args[0], args[1:]) if self.draws else (None, args)
        count = len(self._extern.inputs)
        inputs, states = rest[:count], rest[count:]
        parameters = dict(zip(self.parameters, states, strict=False))
        # A module may write into its buffers, as batch normalization does; they are frozen here.
        buffers = {
            name: state.clone()
            for name, state in zip(self.buffers, states[len(parameters) :], strict=True)
        }
        self._settle(learning, inputs)
        with _seeded(seed if learning else None):
            try:
                output = functional_call(self._module, parameters | buffers, inputs)
            except (RuntimeError, TypeError, ValueError, IndexError) as error:
                given = ", ".join(map(_shown, inputs))
                message = (
                    f"the module of {self.name!r} ({self.kind}) does not take {given}: {error}"
                )
                raise ValueError(message) from error
        return self._checked(inputs, output)

    def _adopt(self, name: str, tensor: Tensor) -> TensorType:
        """The type of a tensor of the module, which is brought to the dtype that stands for it."""
        word = self._word(tensor)
        if word not in DTYPES:
            message = f"{name!r} of the module of {self.name!r} is of {word}; there are "
            raise TypeError(message + ", ".join(DTYPES))
        tensor.data = tensor.data.to(self._dtypes[word])
        return TensorType(word, tuple(Dimension(None, size) for size in tensor.shape))

    def _word(self, tensor: Tensor) -> str:
        return "f32" if tensor.dtype == self._dtypes["f32"] else name_of(tensor.dtype)

    def _settle(self, learning: bool, inputs: tuple[Tensor, ...]) -> None:  # noqa: FBT001
        """Put the module into its mode, and what is no state of it on the device of its inputs."""
        if learning != self._learning:
            self._module.train(learning)
            self._learning = learning
        device = inputs[0].device if inputs else self._device
        if device != self._device:
            for name, buffer in self._module.named_buffers():
                if name not in self.buffers:
                    buffer.data = buffer.data.to(device)
            self._device = device

    def _example(self, type_: TensorType) -> Tensor:
        shape = [_UNBOUND if dim.size is None else dim.size for dim in type_.dims]
        return torch.ones(shape).to(self._dtypes[type_.dtype]) * (type_.dtype != "int")

    def _checked(self, inputs: tuple[Tensor, ...], output: object) -> Tensor:
        wanted = self._extern.output
        sizes: dict[str, int] = {}
        for type_, tensor in zip(self._extern.inputs, inputs, strict=True):
            for dim, length in zip(type_.dims, tensor.shape, strict=True):
                if dim.name is not None:
                    sizes[dim.name] = length
        shape = [
            dim.size if dim.name is None else sizes.get(dim.name, dim.size) for dim in wanted.dims
        ]
        if (
            isinstance(output, Tensor)
            and output.dtype == self._dtypes[wanted.dtype]
            and len(shape) == output.dim()
            and all(want in (None, have) for want, have in zip(shape, output.shape, strict=True))
        ):
            return output
        given = ", ".join(map(_shown, inputs))
        lengths = ", ".join("any" if size is None else str(size) for size in shape)
        message = (
            f"the module of {self.name!r} ({self.kind}) gives {_shown(output)} for {given}; the "
            f"file states {wanted}: {name_of(self._dtypes[wanted.dtype])}[{lengths}]"
        )
        raise ValueError(message)


@contextmanager
def _seeded(seed: Tensor | None) -> Iterator[None]:
    """Let torch draw from a seed, and go on afterwards as if nothing had been drawn."""
    if seed is None:
        yield
        return
    devices = [seed.device] if seed.device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(int(seed))
        yield


def _shown(value: object) -> str:
    if isinstance(value, Tensor):
        return f"{name_of(value.dtype)}{list(value.shape)}"
    return f"a {type(value).__name__}"
