"""What PyTorch and others call what the language calls otherwise, for `did you mean`."""

from __future__ import annotations

FUNCTIONS = {
    "binary_cross_entropy": "bce",
    "cat": "concat",
    "clamp": "clip",
    "cross_entropy_loss": "cross_entropy",
    "expand": "reshape",
    "kl_div": "kl",
    "l1_loss": "l1",
    "mse_loss": "mse",
    "ones": "full",
    "permute": "transpose",
    "rand": "uniform",
    "randn": "normal",
    "scaled_dot_product_attention": "attention",
    "smooth_l1_loss": "huber",
    "swish": "silu",
    "view": "reshape",
    "zeros": "full",
}

DTYPES = {
    "bfloat16": "bf16",
    "boolean": "bool",
    "double": "f64",
    "float": "f32",
    "float16": "f16",
    "float32": "f32",
    "float64": "f64",
    "half": "f16",
    "int32": "int",
    "int64": "int",
    "long": "int",
}
