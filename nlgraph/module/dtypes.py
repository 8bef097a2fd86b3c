"""The language's dtypes as torch's."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from nlgraph.ops.types import NUMBER, TRUTH, WHOLE

_NAMES = {
    torch.float32: "f32",
    torch.bfloat16: "bf16",
    torch.float16: "f16",
    torch.float64: "f64",
    torch.int64: "int",
    torch.bool: "bool",
}


def torch_dtypes(single: torch.dtype | None) -> Mapping[str, torch.dtype]:
    """For each dtype of the language, that of its tensors; `single` stands for f32.

    A plain number becomes a tensor of such a dtype where one is asked for.
    """
    found = {name: dtype for dtype, name in _NAMES.items()}
    found["f32"] = single or torch.float32
    return {**found, NUMBER: found["f32"], WHOLE: torch.int64, TRUTH: torch.bool}


def name_of(dtype: torch.dtype) -> str:
    """A torch dtype in the language's words, or in torch's where the language has none."""
    return _NAMES.get(dtype, str(dtype).removeprefix("torch."))
