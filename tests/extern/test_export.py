"""What runs without nlgraph holds no code of the user's."""

import pytest
import torch

import nlgraph
from nlgraph.export.python import python_text
from nlgraph.ops.own import op, unregister
from tests.extern.conftest import HEAD


def test_a_module_is_refused_in_a_sentence():
    system = nlgraph.loads(HEAD + "component f = extern([B, c], [B, h])\noutput z = f(x)")
    with pytest.raises(
        nlgraph.SpecError, match="`f` is a module of yours, which what runs without"
    ):
        python_text(system)


def test_a_function_is_refused_in_a_sentence():
    op("swish", "[...] -> [...]", torch.nn.functional.silu)
    try:
        system = nlgraph.loads(HEAD + "output z = swish(x)")
        with pytest.raises(nlgraph.SpecError, match="`swish` is a function of yours"):
            python_text(system)
    finally:
        unregister("swish")
