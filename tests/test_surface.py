"""The whole Python surface, used cell after cell as in a notebook."""

import copy
import json
import pickle
from fractions import Fraction

import networkx as nx
import pytest
import torch
from torch import nn

import nlgraph
from nlgraph.ops.own import unregister

SPEC = """\
use std.optim (adamw)
dim B = 4, d = 6, classes = 3
const eta = 0.1
clock step
clock slow = 4 step
input x : [B, d] every step
input y : int[B] every step
component encoder = extern([B, d], [B, d])
component W : [d, classes] ~ xavier() { minimize loss by adamw(lr = eta) }
component shift : [d] = 0 every slow { shift' = shift + average(mean(x, B)) }
e = surface_halved(encoder(x) - shift)
logits = e @ W
loss = cross_entropy(logits, y)
output logits
output drift = norm(shift')
metric loss
"""


@pytest.fixture(scope="module", autouse=True)
def halved():
    @nlgraph.op("surface_halved", "[...] -> [...]")
    def halve(u):
        return u / 2

    yield
    unregister("surface_halved")


@pytest.fixture(scope="module")
def system():
    return nlgraph.loads(SPEC)


@pytest.fixture
def module(system):
    torch.manual_seed(0)
    return nlgraph.compile(system, modules={"encoder": nn.Linear(6, 6)}, watch=("e",), seed=3)


@pytest.fixture
def batch():
    draw = torch.Generator().manual_seed(1)
    return {
        "x": torch.randn(4, 6, generator=draw),
        "y": torch.randint(3, (4,), generator=draw),
    }


# ----------------------------------------------------------------------------- systems


def test_the_names_are_those_of_the_surface():
    assert set(dir(nlgraph)) >= {"SpecError", "System", "compile", "load", "loads", "op"}
    with pytest.raises(AttributeError, match="no attribute 'foo'"):
        _ = nlgraph.foo


def test_load_and_loads_read_the_same(system, tmp_path):
    file = tmp_path / "mine.nl"
    file.write_text(SPEC, encoding="utf-8")
    for path in (file, str(file)):
        loaded = nlgraph.load(path)
        assert loaded.levels == system.levels
        assert repr(loaded) == "System('mine', components=5, levels=4)"


def test_set_gives_dims_and_consts_other_values(system, tmp_path):
    file = tmp_path / "mine.nl"
    file.write_text(SPEC, encoding="utf-8")
    for wide in (nlgraph.loads(SPEC, set={"d": 8}), nlgraph.load(file, set={"d": 8})):
        (state,) = wide.components["W"].states.values()
        assert [(dim.name, dim.size) for dim in state.dims] == [("d", 8), ("classes", 3)]
    (state,) = system.components["W"].states.values()
    assert state.dims[0].size == 6


def test_levels_have_an_index_a_frequency_and_components(system):
    assert [(at.index, at.frequency, at.components) for at in system.levels] == [
        (1, Fraction(1), ("W.m", "W.v")),
        (2, Fraction(1), ("W",)),
        (3, Fraction(1, 4), ("shift",)),
        (4, Fraction(0), ("encoder",)),
    ]


def test_a_component_has_every_attribute(system):
    shift = system.components["shift"]
    assert shift.name == "shift"
    assert shift.frequency == Fraction(1, 4)
    assert shift.clock == "slow"
    assert (shift.level, shift.range) == (3, (3, 3))
    assert shift.kind == "parametric"
    assert list(shift.states) == ["shift"]
    assert str(shift.states["shift"]) == "f32[d]"
    assert (shift.span.line, shift.span.column) == (10, 1)
    assert {name: component.kind for name, component in system.components.items()} == {
        "encoder": "frozen",
        "W": "parametric",
        "shift": "parametric",
        "W.m": "parametric",
        "W.v": "parametric",
    }


def test_the_graph_and_the_json_say_the_same(system):
    assert isinstance(system.graph, nx.MultiDiGraph)
    document = json.loads(system.to_json())
    told = {(edge["from"], edge["to"], edge["kind"]) for edge in document["edges"]}
    assert {(a, b, data["kind"]) for a, b, data in system.graph.edges(data=True)} == told
    assert ("W.m", "W", "same-time") in told
    assert {node for node, at in system.graph.nodes(data="level") if at == 1} == {"W.m", "W.v"}


def test_a_system_is_copied_and_pickled(system):
    for twin in (copy.deepcopy(system), pickle.loads(pickle.dumps(system))):
        assert twin.to_json() == system.to_json()
        assert twin.levels == system.levels


def test_a_spec_error_shows_all_its_faults():
    with pytest.raises(nlgraph.SpecError) as caught:
        nlgraph.loads("clock step\noutput y = a + 1\noutput z = b\n")
    assert [fault.code for fault in caught.value.diagnostics] == ["NL0201", "NL0201"]
    assert str(caught.value).count("error[NL0201]: nothing here is called") == 2
    twin = pickle.loads(pickle.dumps(caught.value))
    assert str(twin) == str(caught.value)


# ----------------------------------------------------------------------------- modules


def test_a_step_and_a_call(module, batch):
    assert module.tick == 0
    for tick in range(1, 9):
        out = module.step(**batch)
        expected = {"logits", "loss", "e"} | ({"drift"} if tick % 4 == 0 else set())
        assert out.keys() == expected
        assert module.tick == tick
    before = {name: value.clone() for name, value in module.state.items()}
    assert module(x=batch["x"]).keys() == {"logits"}
    assert module.tick == 8
    assert all(torch.equal(module.state[name], value) for name, value in before.items())
    torch.testing.assert_close(out["drift"], (2 * batch["x"].mean(0)).norm())


def test_the_states_are_live_and_can_be_set(module, batch):
    weights = module.state["W"]
    assert set(module.state) == {"encoder.weight", "encoder.bias", "W", "shift", "W.m", "W.v"}
    module.state["W"] = torch.zeros(6, 3)
    assert not weights.any()
    module.step(**batch)
    assert weights.any()


def test_the_graph_of_a_tick_is_one_of_torch(module):
    often, seldom = module.graph(tick=1), module.graph(tick=4)
    assert isinstance(often, torch.fx.GraphModule)
    assert seldom.code != often.code
    assert module.graph().code == often.code


@pytest.mark.parametrize("backend", ["reference", "eager"])
def test_every_argument_of_compile(system, batch, backend):
    modules = {"encoder": nn.Linear(6, 6, dtype=torch.float64)}
    module = nlgraph.compile(
        system,
        backend=backend,
        device="cpu",
        dtype=torch.float64,
        seed=7,
        watch=("e", "loss"),
        modules=modules,
    )
    out = module.step(x=batch["x"].double(), y=batch["y"])
    assert {name: value.dtype for name, value in out.items()} == dict.fromkeys(
        ("logits", "loss", "e"), torch.float64
    )
    with torch.no_grad():
        torch.testing.assert_close(out["e"], modules["encoder"](batch["x"].double()) / 2)


def test_a_seed_decides_the_start(system):
    def started(seed):
        torch.manual_seed(0)
        return nlgraph.compile(system, modules={"encoder": nn.Linear(6, 6)}, seed=seed).state["W"]

    assert torch.equal(started(1), started(1))
    assert not torch.equal(started(1), started(2))


@pytest.mark.parametrize("way", ["state_dict", "deepcopy", "pickle"])
def test_a_module_goes_on_from_where_it_was(system, module, batch, way):
    for _ in range(3):  # in the middle of a window
        module.step(**batch)
    if way == "state_dict":
        twin = nlgraph.compile(system, modules={"encoder": nn.Linear(6, 6)}, watch=("e",))
        saved = {name: tensor.clone() for name, tensor in module.state_dict().items()}
        result = twin.load_state_dict(saved)
        assert (result.missing_keys, result.unexpected_keys) == ([], [])
    elif way == "deepcopy":
        twin = copy.deepcopy(module)
    else:
        twin = pickle.loads(pickle.dumps(module))
    assert twin.tick == 3
    for _ in range(2):
        ours, theirs = module.step(**batch), twin.step(**batch)
        assert ours.keys() == theirs.keys()
        assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    assert torch.equal(module.state["shift"], twin.state["shift"])


def test_a_module_moves(module):
    assert module.to("cpu") is module
    assert module.to("meta").state["W"].device.type == "meta"


# ----------------------------------------------------------------------------- slips


@pytest.mark.parametrize(
    ("slip", "kind", "said"),
    [
        ("nlgraph.loads(3)", TypeError, "text is int"),
        ('nlgraph.loads(SPEC, set=["d"])', TypeError, "set is list"),
        ('nlgraph.loads(SPEC, set={"q": 1})', nlgraph.SpecError, "no dim or const `q`"),
        ('nlgraph.load("no.nl")', nlgraph.SpecError, "no such file"),
        ('nlgraph.compile("a.nl")', TypeError, "a system that load or loads gave"),
        ("nlgraph.compile(s)", nlgraph.SpecError, "`encoder` is a module of yours"),
        ("nlgraph.compile(s, modules=[m])", TypeError, "modules is list"),
        ('nlgraph.compile(s, modules={"encode": m})', ValueError, "mean 'encoder'"),
        ("nlgraph.compile(s, watch=3)", TypeError, "watch is 3"),
        ('nlgraph.compile(s, watch="lss")', ValueError, "did you mean 'loss'"),
        ('nlgraph.compile(s, backend="induct")', ValueError, "backend is 'induct'"),
        ("nlgraph.compile(s, dtype=torch.int64)", TypeError, "floating torch.dtype"),
        ("nlgraph.compile(s, seed=-1)", ValueError, "seed is -1"),
        ("m.step()", TypeError, "missing inputs 'x', 'y'"),
        ("m(z=1)", TypeError, "unknown input 'z'"),
        ("m.graph(tick=0)", ValueError, "tick is 0"),
        ('m.state["V"]', KeyError, "no state is called 'V'"),
        ("m.load_state_dict({})", RuntimeError, "W is missing"),
        ("m.half()", TypeError, "keeps its dtypes"),
    ],
)
def test_a_slip_is_told_in_a_sentence(system, module, slip, kind, said):
    names = {"nlgraph": nlgraph, "torch": torch, "SPEC": SPEC, "s": system, "m": module}
    with pytest.raises(kind, match=said):
        eval(slip, names)
