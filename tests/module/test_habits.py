"""What users of PyTorch do with any module, done with a compiled one that holds one of theirs."""

import copy
import io
import pickle

import pytest
import torch
from safetensors.torch import load, save
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import nlgraph

SYSTEM = nlgraph.loads("""
use std.optim (adamw)
dim B, d = 4, h = 8
clock step
input x : [B, d] every step
input y : int[B] every step
component encoder = extern([B, d], [B, h])
component head : [h, 3] ~ xavier()
logits = dropout(encoder(x), 0.1) @ head
loss = cross_entropy(logits, y)
train encoder, head minimize loss by adamw(lr = 0.02)
output logits
metric loss
metric accuracy = mean(argmax(logits, -1) == y)
""")


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(4, 8), nn.LayerNorm(8), nn.Dropout(0.1), nn.Tanh())
        self.register_buffer("scale", torch.tensor(2.0))

    def forward(self, x):
        return self.layers(x) * self.scale


@pytest.fixture
def module():
    torch.manual_seed(0)
    return nlgraph.compile(SYSTEM, modules={"encoder": Net()}, seed=3)


@pytest.fixture(scope="module")
def data():
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(230, 4, generator=generator)
    return TensorDataset(x, (x @ torch.randn(4, 3, generator=generator)).argmax(-1))


def twin_of():
    return nlgraph.compile(SYSTEM, modules={"encoder": Net()}, seed=8)


def assert_goes_on_like(twin, module, data):
    x, y = data[:32]
    for _ in range(3):
        assert torch.equal(twin.step(x=x, y=y)["loss"], module.step(x=x, y=y)["loss"])
    assert twin.tick == module.tick
    for name, tensor in module.state_dict().items():
        assert torch.equal(twin.state_dict()[name], tensor), name


def test_a_data_loader_in_a_plain_loop(module, data):
    loader = DataLoader(data, batch_size=32, shuffle=True, generator=torch.Generator())
    losses = []
    for _ in range(15):
        for x, y in loader:
            losses.append(module.step(x=x, y=y)["loss"])
    assert len(losses) == module.tick == 15 * 8
    assert torch.stack(losses[-8:]).mean() < 0.5 * torch.stack(losses[:8]).mean()
    x, y = data[:]
    assert (module(x=x)["logits"].argmax(-1) == y).float().mean() > 0.8


def test_there_is_nothing_for_an_optimizer(module):
    assert list(module.parameters()) == []
    assert list(module.children()) == []
    with pytest.raises(ValueError, match="empty parameter list"):
        torch.optim.SGD(module.parameters(), lr=0.1)


def test_every_state_is_a_buffer(module):
    buffers = dict(module.named_buffers())
    for name in module.state:
        assert buffers[name] is module.state[name]
        assert not buffers[name].requires_grad
    assert "encoder.scale" in module.state


def test_train_and_eval_do_not_decide_what_learns(module, data):
    x, y = data[:32]
    module.eval()
    before = module.state["head"].clone()
    module.step(x=x, y=y)
    assert not torch.equal(module.state["head"], before)
    module.train()
    answers = [module(x=x)["logits"] for _ in range(2)]
    assert torch.equal(*answers)


def test_results_and_states_can_be_kept(module, data):
    x, y = data[:32]
    kept = module.step(x=x, y=y)["logits"]
    assert kept.grad_fn is None
    values = kept.clone()
    module.step(x=x, y=y)
    assert torch.equal(kept, values)


@pytest.mark.parametrize("way", ["torch.save", "safetensors", "dict"])
def test_a_state_dict_goes_there_and_back(module, data, way):
    x, y = data[:32]
    module.step(x=x, y=y)
    state = module.state_dict()
    if way == "torch.save":
        file = io.BytesIO()
        torch.save(state, file)
        file.seek(0)
        state = torch.load(file, weights_only=True)
    elif way == "safetensors":
        state = load(save({name: tensor.contiguous() for name, tensor in state.items()}))
    else:
        state = {name: tensor.clone() for name, tensor in state.items()}
    twin = twin_of()
    result = twin.load_state_dict(state)
    assert (result.missing_keys, result.unexpected_keys) == ([], [])
    assert_goes_on_like(twin, module, data)


@pytest.mark.parametrize("way", ["deepcopy", "pickle", "torch.save"])
def test_a_whole_module_is_copied(module, data, way):
    x, y = data[:32]
    module.step(x=x, y=y)
    if way == "deepcopy":
        twin = copy.deepcopy(module)
    elif way == "pickle":
        twin = pickle.loads(pickle.dumps(module))
    else:
        file = io.BytesIO()
        torch.save(module, file)
        file.seek(0)
        twin = torch.load(file, weights_only=False)
    assert_goes_on_like(twin, module, data)
    shared = {t.data_ptr() for t in module.state.values()} & {
        t.data_ptr() for t in twin.state.values()
    }
    assert not shared


def test_it_moves_to_a_device_with_all_that_it_holds(module, data):
    assert module.to("cpu") is module
    moved = copy.deepcopy(module).to("meta")
    assert {tensor.device.type for tensor in moved.buffers()} == {"meta"}
    assert_goes_on_like(copy.deepcopy(module).cpu(), module, data)
    with pytest.raises(TypeError, match="keeps its dtypes"):
        module.half()


def test_it_is_a_part_of_another_module(module, data):
    class Robot(nn.Module):
        def __init__(self, world):
            super().__init__()
            self.world = world
            self.gain = nn.Parameter(torch.ones(()))

    robot, other = Robot(module), Robot(twin_of())
    x, y = data[:32]
    robot.world.step(x=x, y=y)
    assert [name for name, _ in robot.named_parameters()] == ["gain"]
    assert "world.encoder.m.layers.0.weight" in robot.state_dict()
    other.load_state_dict(robot.state_dict())
    assert_goes_on_like(other.world, robot.world, data)


def test_names_that_do_not_fit_are_told(module):
    state = module.state_dict()
    del state["encoder.layers.0.weight"]
    with pytest.raises(RuntimeError, match=r"encoder\.layers\.0\.weight is missing"):
        module.load_state_dict(state)
