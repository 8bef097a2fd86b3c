"""Extern components train as the same network does that is written by hand in torch, to 1e-12."""

import copy

import pytest
import torch
from torch.func import functional_call
from torch.nn.functional import cross_entropy

TRAINED = """
component encoder = extern([B, c], [B, h])
component head : [h, h] ~ xavier()
logits = encoder(x) @ head
loss = cross_entropy(logits, y)
output logits
metric loss
"""


def by_hand(encoder):
    return copy.deepcopy(encoder).double()


def assert_close(one, two):
    torch.testing.assert_close(one.detach(), two.detach(), rtol=1e-12, atol=1e-12)


def assert_same_parameters(module, name, by_hand):
    for key, value in by_hand.named_parameters():
        assert_close(module.state[f"{name}.{key}"], value)


def test_adamw_with_clipping_over_a_module_and_a_component_of_the_file(build, encoder, batches):
    module = build(
        TRAINED + "train encoder, head minimize loss by clip_norm(0.5) then adamw(lr = 0.01)",
        encoder=encoder,
    )
    net, head = by_hand(encoder), module.state["head"].clone().requires_grad_()
    net.unused.requires_grad_(requires_grad=False)  # torch.optim skips what has no gradient
    parameters = [p for p in (*net.parameters(), head) if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=0.01, weight_decay=0.01)
    for batch in batches(5):
        loss = cross_entropy(net(batch["x"]) @ head, batch["y"])
        optimizer.zero_grad()
        loss.backward()
        # torch adds 1e-6 to the norm, and the language does not
        norm = torch.linalg.vector_norm(torch.stack([p.grad.norm() for p in parameters]))
        for parameter in parameters:
            parameter.grad.mul_(min(1.0, 0.5 / norm.item()))
        optimizer.step()
        assert_close(module.step(**batch)["loss"], loss)
    for key, value in net.body.named_parameters():
        assert_close(module.state[f"encoder.body.{key}"], value)
    assert_close(module.state["head"], head)
    decayed = torch.full((2,), (1 - 0.01 * 0.01) ** 5, dtype=torch.float64)
    assert_close(module.state["encoder.unused"], decayed)


def test_a_module_on_a_slower_clock_sees_the_average_of_its_window(build, encoder, batches):
    module = build(
        """
        component encoder = extern([B, c], [B, h]) every 4 step
        component head : [h, h] ~ xavier() { minimize loss by gd(lr = 0.1) }
        loss = cross_entropy(encoder(x) @ head, y)
        train encoder minimize average(loss) by sgd(lr = 0.2, momentum = 0.9)
        metric loss
        """,
        encoder=encoder,
    )
    net, head = by_hand(encoder), module.state["head"].clone().requires_grad_()
    slow = torch.optim.SGD(net.body.parameters(), lr=0.2, momentum=0.9)
    fast = torch.optim.SGD([head], lr=0.1)
    for tick, batch in enumerate(batches(9), 1):
        loss = cross_entropy(net(batch["x"]) @ head, batch["y"])
        fast.zero_grad()
        loss.backward()
        fast.step()
        if tick % 4 == 0:
            for parameter in net.body.parameters():
                parameter.grad /= 4
            slow.step()
            slow.zero_grad()
        assert_close(module.step(**batch)["loss"], loss)
    assert_same_parameters(module, "encoder", net)


def test_gradients_flow_through_a_frozen_module_which_stays_as_it_is(build, encoder, batches):
    module = build(
        """
        component front : [c, c] = eye()
        component teacher = extern([B, c], [B, h])
        loss = cross_entropy(teacher(x @ front), y)
        train front minimize loss by gd(lr = 0.3)
        metric loss
        """,
        teacher=encoder,
    )
    net, front = by_hand(encoder), torch.eye(4, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([front], lr=0.3)
    for batch in batches(4):
        loss = cross_entropy(net(batch["x"] @ front), batch["y"])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        assert_close(module.step(**batch)["loss"], loss)
    assert_close(module.state["front"], front)
    assert_same_parameters(module, "teacher", by_hand(encoder))


def test_a_rule_for_each_tensor(build, encoder, batches):
    module = build(
        """
        rule scaled(lr) for each W, g {
          component n : like W = 0 { n' = 0.5 * n + average(g) }
          W' = W - lr * n' / (norm(n') + 1)
        }
        component encoder = extern([B, c], [B, h]) {
          minimize cross_entropy(encoder(x), y) by scaled(0.1)
        }
        """,
        encoder=encoder,
    )
    net = by_hand(encoder)
    memory = {key: torch.zeros_like(value) for key, value in net.named_parameters()}
    for batch in batches(3):
        module.step(**batch)
        loss = cross_entropy(net(batch["x"]), batch["y"])
        found = torch.autograd.grad(loss, tuple(net.parameters()), materialize_grads=True)
        with torch.no_grad():
            for (key, value), gradient in zip(net.named_parameters(), found, strict=True):
                memory[key] = 0.5 * memory[key] + gradient
                value -= 0.1 * memory[key] / (memory[key].norm() + 1)
    assert_same_parameters(module, "encoder", net)
    for key, value in memory.items():
        assert_close(module.state[f"encoder.n.{key}"], value)


def test_a_component_like_a_module_runs_it_with_its_own_states(build, encoder, batches):
    module = build(
        """
        component encoder = extern([B, c], [B, h])
        component slow : like encoder = encoder { slow' = 0.9 * slow + 0.1 * encoder' }
        loss = cross_entropy(encoder(x), y) + mse(encoder(x), stop(slow(x)))
        train encoder minimize loss by gd(lr = 0.2)
        metric loss
        """,
        encoder=encoder,
    )
    net, slow = by_hand(encoder), by_hand(encoder)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.2)
    for batch in batches(4):
        target = slow(batch["x"]).detach()
        answer = net(batch["x"])
        loss = cross_entropy(answer, batch["y"]) + (answer - target).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            for old, new in zip(slow.parameters(), net.parameters(), strict=True):
                old.lerp_(new, 0.1)
        assert_close(module.step(**batch)["loss"], loss)
    assert_same_parameters(module, "slow", slow)


def test_a_rule_that_looks_ahead_replaces_the_parameters(build, encoder, batches):
    module = build(
        """
        rule sam(rho, lr) for W, g, L {
          W' = W - average(lr * grad(L with (W = W + rho * g / norm(g)), W))
        }
        component encoder = extern([B, c], [B, h])
        train encoder minimize cross_entropy(encoder(x), y) by sam(rho = 0.1, lr = 0.2)
        """,
        encoder=encoder,
    )
    net = dict(by_hand(encoder).named_parameters())

    def gradient(at, batch):
        at = {key: value.detach().requires_grad_() for key, value in at.items()}
        answer = functional_call(encoder.double(), at, (batch["x"],))
        loss = cross_entropy(answer, batch["y"])
        found = torch.autograd.grad(loss, tuple(at.values()), materialize_grads=True)
        return dict(zip(at, found, strict=True))

    for batch in batches(3):
        module.step(**batch)
        g = gradient(net, batch)
        norm = torch.linalg.vector_norm(torch.stack([part.norm() for part in g.values()]))
        ahead = gradient({key: net[key] + 0.1 * g[key] / norm for key in net}, batch)
        net = {key: net[key] - 0.2 * ahead[key] for key in net}
    for key, value in net.items():
        assert_close(module.state[f"encoder.{key}"], value)


def test_gradients_with_respect_to_a_modules_output(build, encoder, batches):
    module = build(
        """
        component encoder = extern([B, c], [B, h])
        z = encoder(x)
        surprise = grad(cross_entropy(z, y), z)
        output surprise
        """,
        encoder=encoder,
    )
    (batch,) = batches(1)
    z = by_hand(encoder)(batch["x"]).detach().requires_grad_()
    (wanted,) = torch.autograd.grad(cross_entropy(z, batch["y"]), z)
    assert_close(module.step(**batch)["surprise"], wanted)


def test_the_updated_module_is_called_with_a_prime(build, encoder, batches):
    module = build(
        """
        component encoder = extern([B, c], [B, h])
        train encoder minimize cross_entropy(encoder(x), y) by gd(lr = 0.5)
        output after = encoder'(x)
        """,
        encoder=encoder,
    )
    net = by_hand(encoder)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.5)
    for batch in batches(2):
        optimizer.zero_grad()
        cross_entropy(net(batch["x"]), batch["y"]).backward()
        optimizer.step()
        assert_close(module.step(**batch)["after"], net(batch["x"]))


def test_several_inputs_of_several_dtypes(build, batches):
    class Lookup(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.table = torch.nn.Embedding(3, 4)

        def forward(self, x, y):
            return (x * self.table(y)).sum(-1)

    lookup = Lookup()
    module = build(
        """
        component score = extern([B, c], int[B], [B])
        component level : scalar = 0
        train score, level minimize mean((score(x, y) - level)^2) by gd(lr = 0.1)
        output scores = score(x, y)
        """,
        score=lookup,
    )
    net, level = by_hand(lookup), torch.zeros((), dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([*net.parameters(), level], lr=0.1)
    for batch in batches(3):
        scores = net(batch["x"], batch["y"])
        optimizer.zero_grad()
        (scores - level).square().mean().backward()
        optimizer.step()
        assert_close(module.step(**batch)["scores"], scores)


def test_a_family_of_modules(build, batches):
    torch.manual_seed(0)
    layers = [torch.nn.Linear(4, 4) for _ in range(3)]
    module = build(
        """
        for i in 1 .. 3 { component layer[i] = extern([B, c], [B, c]) every (2^(i - 1)) step }
        loss = cross_entropy(chain(layer, x), y)
        train layer minimize average(loss) by gd(lr = 0.1)
        metric loss
        """,
        **{f"layer[{i}]": layer for i, layer in enumerate(layers, 1)},
    )
    nets = [by_hand(layer) for layer in layers]
    for tick, batch in enumerate(batches(5), 1):
        value = batch["x"]
        for net in nets:
            value = net(value)
        loss = cross_entropy(value, batch["y"])
        loss.backward()
        assert_close(module.step(**batch)["loss"], loss)
        for i, net in enumerate(nets):
            if tick % 2**i == 0:
                for parameter in net.parameters():
                    parameter.data -= 0.1 * parameter.grad / 2**i
                    parameter.grad = None
    for i, net in enumerate(nets, 1):
        assert_same_parameters(module, f"layer[{i}]", net)


def test_parameters_that_require_no_gradient_stay(build, encoder, batches):
    encoder.body[0].requires_grad_(requires_grad=False)
    module = build(TRAINED + "train rest minimize loss by adamw(lr = 0.1)", encoder=encoder)
    module.step(**batches(1)[0])
    net = by_hand(encoder)
    assert_close(module.state["encoder.body.0.weight"], net.body[0].weight)
    assert not torch.equal(module.state["encoder.body.2.weight"], net.body[2].weight)
    assert "encoder.m.body.0.weight" not in module.state
    assert "encoder.m.body.2.weight" in module.state


def test_a_parameter_that_bears_the_name_of_a_rules_component(build, batches):
    class Clash(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.m = torch.nn.Linear(4, 3)
            self.weight = torch.nn.Parameter(torch.ones(3))

        def forward(self, x):
            return self.m(x) * self.weight

    clash = Clash()
    module = build(TRAINED + "train encoder minimize loss by adamw(lr = 0.1)", encoder=clash)
    assert_close(module.state["encoder.m.weight"], clash.m.weight.double())
    assert module.state["encoder.adamw.m.weight"].shape == (3,)
    module.step(**batches(1)[0])


@pytest.mark.parametrize("name", ["encoder", "head"])
def test_a_call_that_updates_nothing_leaves_the_module_as_it_is(build, encoder, batches, name):
    module = build(TRAINED + "train encoder, head minimize loss by gd(lr = 0.1)", encoder=encoder)
    before = {key: value.clone() for key, value in module.state.items()}
    answer = module(x=batches(1)[0]["x"])["logits"]
    assert_close(answer, by_hand(encoder)(batches(1)[0]["x"]) @ before["head"])
    assert all(torch.equal(module.state[key], value) for key, value in before.items())
    assert any(key.startswith(name) for key in before)
