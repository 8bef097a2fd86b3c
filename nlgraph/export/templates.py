"""The parts of the file that are the same for every system."""

CHECK = '''\
def check(name: str, value: Tensor | None, dtype: torch.dtype, shape: tuple[int, ...]) -> Tensor:
    """An input in its dtype, or an error that says what is wrong with it."""
    if not isinstance(value, Tensor):
        raise TypeError(f"input {name!r} is a tensor, not {type(value).__name__}")
    if tuple(value.shape) != shape or torch.promote_types(value.dtype, dtype) != dtype:
        given = f"{value.dtype} {tuple(value.shape)}"
        raise ValueError(f"input {name!r} is {dtype} {shape}; it was given {given}")
    return value.detach().to(dtype)'''

STATE = '''\
class Module(nn.Module):
    """The system: a call of `step` is one tick of its root clock.

    `state` has the live tensors, by the names that the spec and state_dict have for them. They
    are buffers and no parameters, since the system trains itself. `tick` counts the ticks so far.
    """

    def __init__(self, seed: int = 0, dtype: torch.dtype = torch.float32) -> None:
        """Draw the initial states; `dtype` stands for every f32 of the spec."""
        super().__init__()
        self.seed = seed
        self.dtype = dtype
        self.tick = 0
        MADE

    @property
    def state(self) -> dict[str, Tensor]:
        """The live tensors. (Buffers, put in directly: `register_buffer` takes no dotted names.)"""
        return self._buffers'''

HELD = '''\
    def _held(self, name: str, given: Tensor | None, period: int, *, anytime: bool) -> Tensor:
        """A slower input: what came with the first of every `period` ticks is held to the last."""
        begins = self.tick % period == 0
        if given is None and not begins:
            return self.state[f"@input/{name}"]
        if given is None:
            raise TypeError(f"missing input {name!r}: it comes with the first of {period} ticks")
        if not (begins or anytime):
            raise ValueError(f"input {name!r} comes with the first of every {period} ticks only")
        return given'''

COMMIT = '''\
    def _commit(self, new: dict[str, Tensor]) -> None:
        """Write new values into the live tensors, now that nothing reads the old ones."""
        for name, value in new.items():
            self.state[name].copy_(value)
        self.tick += 1'''

COMMIT_ANY = '''\
    def _commit(self, new: dict[str, Tensor]) -> None:
        """Write new values into the live tensors, now that nothing reads the old ones."""
        for name, value in new.items():
            live = self.state.get(name)
            if live is None or live.shape != value.shape:
                self.state[name] = value.clone()
            else:
                live.copy_(value)
        self.tick += 1'''
"""The same where some of them have another size at each call."""

SAVING = """\
    def _save_to_state_dict(self, destination: dict, prefix: str, keep_vars: bool) -> None:
        super()._save_to_state_dict(destination, prefix, keep_vars)
        destination[prefix + "@tick"] = torch.tensor(self.tick)
        destination[prefix + "@seed"] = torch.tensor(self.seed)"""

INITIAL = '''\
    def _initial(self, name: str, shape: tuple[int, ...], **dims: int) -> Tensor:
        """The initial value of a state, for as many copies as this call has."""
        value = self.state["@initial/" + name]
        if value.shape == shape:
            return value
        return first_values(self.seed, self.dtype, **dims)["@initial/" + name].to(value.device)'''

LOADING = '''\
    def _load_from_state_dict(
        self,
        state_dict: dict[str, Tensor],
        prefix: str,
        local_metadata: dict[str, Any],
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        """Take a state_dict of this module, or of the one that nlgraph compiles: all or nothing."""
        given = {k.removeprefix(prefix): v for k, v in state_dict.items() if k.startswith(prefix)}
        # How long the last call's dimensions were is nothing that the next one needs.
        given = {name: value for name, value in given.items() if not name.startswith("@size/")}
        ADOPT
        known = [*self.state, "@tick", "@seed"]
        missing = [name for name in known if name not in given and name not in SOMETIMES]
        unexpected = [name for name in given if name not in known and name not in SOMETIMES]
        for name in self.state.keys() & given.keys() - set(SIZED):
            if given[name].shape != self.state[name].shape:
                shapes = f"{list(self.state[name].shape)}, not {list(given[name].shape)}"
                error_msgs.append(f"{prefix}{name} has shape {shapes}")
        missing_keys += [prefix + name for name in missing]
        unexpected_keys += [prefix + name for name in unexpected]
        if error_msgs or (strict and (missing or unexpected)):
            return
        REPLACE
        with torch.no_grad():
            for name in self.state.keys() & given.keys():
                self.state[name].copy_(given[name])
        self.tick = int(given.get("@tick", self.tick))
        self.seed = int(given.get("@seed", self.seed))'''
"""`ADOPT`, `REPLACE`, `SOMETIMES` and `SIZED` are for systems that have a use for them."""

REPLACE = """\
        device = next(self.buffers()).device
        for name in SIZED:
            self.state.pop(name, None)
            if name in given:
                self.state[name] = given[name].to(device, copy=True)
"""

ADOPT = """\
        if not self.state:  # no call has said yet how long its dimensions are
            made = {k: v.clone() for k, v in given.items() if k not in ("@tick", "@seed")}
            self.state.update(made)"""
