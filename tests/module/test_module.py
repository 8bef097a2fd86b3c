import copy
import pickle

import pytest
import torch


def run(module, batch, ticks):
    return [module.step(**batch(tick)) for tick in ticks]


def states(module):
    return {name: tensor.clone() for name, tensor in module.state_dict().items()}


def assert_equal(one, two):
    assert one.keys() == two.keys()
    for name in one:
        assert torch.equal(one[name], two[name]), name


def test_states_are_buffers_and_there_are_no_parameters(build, text):
    module = build(text)
    assert list(module.parameters()) == []
    assert {"W", "W.m", "W.v", "net.u", "away"} <= dict(module.named_buffers()).keys()
    assert set(module.state) == {"W", "W.m", "W.v", "net.u", "away"}
    assert len(module.state) == 5


def test_live_tensors_stay_the_same_objects(build, text, batch):
    module = build(text)
    live = module.state["W"]
    before = live.clone()
    module.step(**batch(1))
    assert module.state["W"] is live
    assert not torch.equal(live, before)


def test_a_component_of_one_state_has_its_name_too(build, text):
    module = build(text)
    assert module.state["net"] is module.state["net.u"]
    with pytest.raises(KeyError, match=r"did you mean 'net\.u'"):
        module.state["net.w"]


def test_assigning_a_state_copies_into_it(build, text):
    module = build(text)
    live, value = module.state["W"], torch.ones(3, 4)
    module.state["W"] = value
    assert module.state["W"] is live
    assert torch.equal(live, value)
    value.zero_()
    assert live.sum() == 12
    with pytest.raises(ValueError, match=r"'W' has shape \[3, 4\]; the tensor has \[4, 3\]"):
        module.state["W"] = torch.ones(4, 3)
    with pytest.raises(TypeError, match="takes a tensor, not float"):
        module.state["W"] = 1.0
    with pytest.raises(TypeError, match="cannot be taken away"):
        del module.state["W"]


def test_results_do_not_change_with_later_ticks(build):
    module = build(
        "clock step\ninput x : f32[] every step\n"
        "component a : scalar = 1 { a' = a + x }\ncomponent b : scalar = 5 { b' = a }\noutput a"
    )
    first = module.step(x=1.0)["a"]
    module.step(x=1.0)
    assert first.item() == 1.0
    assert module.state["b"].item() == 2.0


def test_forward_gives_outputs_and_changes_nothing(build, text, batch):
    module = build(text)
    run(module, batch, range(1, 3))
    before = states(module)
    results = module(x=batch(3)["x"])
    assert results.keys() == {"logits"}
    expected = (batch(3)["x"] + module.state["net.u"]) @ module.state["W"]
    assert torch.equal(results["logits"], expected)
    assert_equal(states(module), before)
    assert module.tick == 2


def test_forward_sees_states_as_if_no_update_came(build):
    module = build(
        "clock step\ninput x : f32[] every step\n"
        "component a : scalar = 1 { a' = a + x }\noutput y = x * a'"
    )
    assert module(x=3.0)["y"].item() == 3.0
    assert module.step(x=3.0)["y"].item() == 12.0


def test_forward_takes_slow_inputs_at_any_tick(build):
    module = build(
        "clock step\nclock slow = 2 step\ninput x : f32[] every step\n"
        "input z : f32[] every slow\noutput y = x + z"
    )
    assert module(x=1.0, z=5.0)["y"].item() == 6.0
    module.step(x=1.0, z=1.0)
    assert module(x=1.0)["y"].item() == 2.0
    assert module(x=1.0, z=7.0)["y"].item() == 8.0
    assert module.step(x=1.0)["y"].item() == 2.0
    with pytest.raises(TypeError, match="missing input 'z'"):
        module(x=1.0)


def test_watched_signals_come_with_a_step(build, text, batch):
    module = build(text, watch=("loss", "logits"))
    assert module.step(**batch(1)).keys() == {"logits", "loss"}


def test_a_resumed_run_gives_what_the_unbroken_one_gives(build, text, batch):
    whole = build(text, seed=3)
    run(whole, batch, range(1, 9))
    for stop in range(1, 8):
        first, second = build(text, seed=3), build(text, seed=7)
        run(first, batch, range(1, stop + 1))
        saved = {name: tensor.clone() for name, tensor in first.state_dict().items()}
        second.load_state_dict(saved)
        assert second.tick == stop
        results = run(second, batch, range(stop + 1, 9))
        assert_equal(states(second), states(whole))
        assert results[-1].keys() == {"logits", "loss"}


def test_a_state_dict_holds_plain_tensors(build, text, batch, tmp_path):
    from safetensors.torch import load_file, save_file

    module = build(text)
    run(module, batch, range(1, 3))
    save_file(module.state_dict(), tmp_path / "state.safetensors")
    twin = build(text)
    twin.load_state_dict(load_file(tmp_path / "state.safetensors"))
    assert_equal(states(twin), states(module))


def test_a_state_dict_that_does_not_fit_changes_nothing(build, text, batch):
    module, other = build(text), build(text)
    run(other, batch, range(1, 3))
    before = states(module)
    for change, match in (
        ({"W": torch.zeros(2, 2)}, r"W is f32\[d, 4\], of shape \[3, 4\].*has \[2, 2\]"),
        ({"V": torch.zeros(2)}, "V is unknown"),
        ({"@sum/W": torch.zeros(2)}, "@sum/W is unknown"),
    ):
        with pytest.raises(RuntimeError, match=match):
            module.load_state_dict({**other.state_dict(), **change})
        assert_equal(states(module), before)
    missing = other.state_dict()
    del missing["W.m"], missing["@tick"]
    with pytest.raises(RuntimeError, match=r"W\.m is missing; @tick is missing"):
        module.load_state_dict(missing)
    assert_equal(states(module), before)
    assert module.tick == 0


def test_loading_into_a_module_whose_dimensions_no_call_has_bound(build):
    text = (
        "dim d\nclock step\ninput x : [d] every step\ncomponent W : [d] ~ normal() { W' = W + x }\n"
    )
    one, two = build(text), build(text)
    one.step(x=torch.ones(3))
    two.load_state_dict(one.state_dict())
    one.step(x=torch.ones(3))
    two.step(x=torch.ones(3))
    assert_equal(states(one), states(two))


def test_a_module_is_saved_and_loaded_as_part_of_another(build, text, batch):
    class Outer(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = build(text)
            self.head = torch.nn.Linear(2, 2)

    one, two = Outer(), Outer()
    run(one.inner, batch, range(1, 3))
    two.load_state_dict(one.state_dict())
    run(one.inner, batch, range(3, 5))
    run(two.inner, batch, range(3, 5))
    assert_equal(states(one.inner), states(two.inner))


def test_a_copy_goes_its_own_way(build, text, batch):
    module = build(text)
    module.step(**batch(1))
    twin = copy.deepcopy(module)
    before = states(twin)
    run(module, batch, range(2, 4))
    assert_equal(states(twin), before)
    run(twin, batch, range(2, 4))
    assert_equal(states(twin), states(module))


def test_a_module_is_pickled_with_its_time(build, text, batch):
    module = build(text)
    run(module, batch, range(1, 3))
    twin = pickle.loads(pickle.dumps(module))
    assert_equal(states(twin), states(module))
    run(module, batch, range(3, 5))
    run(twin, batch, range(3, 5))
    assert_equal(states(twin), states(module))


def test_a_tick_that_fails_leaves_every_state_as_it_was(build, text, batch, monkeypatch):
    module = build(text)
    run(module, batch, range(1, 3))
    before = states(module)

    def fail(*_, **__):
        raise RuntimeError("out of memory")

    monkeypatch.setattr(torch.Tensor, "mean", fail)
    monkeypatch.setattr(torch, "mean", fail)
    monkeypatch.setattr(torch.nn.functional, "cross_entropy", fail)
    with pytest.raises(RuntimeError, match="out of memory"):
        module.step(**batch(3))
    monkeypatch.undo()
    assert_equal(states(module), before)
    module.step(**batch(3))


def test_the_dtype_stands_for_every_f32(build, text, batch):
    module = build(text, dtype=torch.float64)
    results = module.step(**batch(1))
    assert {t.dtype for t in results.values()} == {torch.float64}
    assert {t.dtype for t in module.state.values()} == {torch.float64}
    single = build(text)
    torch.testing.assert_close(module.state["net.u"].float(), single.state["net.u"])
    with pytest.raises(TypeError, match="keeps its dtypes"):
        module.half()


def test_the_seed_decides_states_and_draws(build, text, batch):
    one, two, three = build(text, seed=1), build(text, seed=1), build(text, seed=2)
    for module in (one, two, three):
        module.step(**batch(1))
    assert_equal(states(one), states(two))
    assert not torch.equal(one.state["W"], three.state["W"])


def test_only_backends_with_graphs_show_one(build, text):
    with pytest.raises(ValueError, match="runs no graph"):
        build(text).graph(tick=3)
    with pytest.raises(ValueError, match="ticks count from 1"):
        build(text).graph(tick=0)


def test_a_step_inside_no_grad_or_inference_mode_learns(build, text, batch):
    one, two, three = build(text), build(text), build(text)
    run(one, batch, range(1, 5))
    with torch.no_grad():
        run(two, batch, range(1, 5))
    with torch.inference_mode():
        run(three, batch, range(1, 5))
    assert_equal(states(one), states(two))
    assert_equal(states(one), states(three))


def test_it_prints_its_name_and_time(build, text, batch):
    module = build(text)
    module.step(**batch(1))
    assert "tick=1" in repr(module)
    assert "W: f32[3, 4]" in repr(module.state)
