"""The spec that a command line names, with what it overrides."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

from nlgraph.cli.main import UsageError
from nlgraph.frontend import System
from nlgraph.schema.run import Override


def add_spec(parser: argparse.ArgumentParser) -> None:
    """Declare the spec's file."""
    parser.add_argument("spec", metavar="FILE", help="a .nl file, or - for standard input")


def add_set(parser: argparse.ArgumentParser) -> None:
    """Declare `--set`."""
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        type=_override,
        metavar="NAME=VALUE",
        help="give a dim or a const another value; may be repeated",
    )


def overrides_of(arguments: argparse.Namespace) -> dict[str, Override]:
    """What `--set` overrides; of two values for one name the last."""
    return dict(arguments.set)
