import pytest
from pydantic import ValidationError

from nlgraph.schema.checkpoint import Manifest
from nlgraph.schema.run import RunConfig

CONFIG = {
    "nlgraph": "0.1.0",
    "spec": "spec.nl",
    "meaning": "a" * 64,
    "overrides": {"d": 8, "lr": 0.5, "flag": True},
    "data": "digits",
    "holdout": 0.2,
    "batch": 32,
    "seed": 3,
    "steps": 100,
    "every": 10,
    "backend": "eager",
    "on_nan": "stop",
}


def test_a_runs_configuration_is_read_back_as_it_was_written():
    config = RunConfig(**CONFIG)
    again = RunConfig.model_validate_json(config.model_dump_json())
    assert again == config
    # An override keeps its kind: 8 is no 8.0, and true no 1.
    assert [type(value) for value in again.overrides.values()] == [int, float, bool]


@pytest.mark.parametrize(
    "change",
    [
        {"steps": 0},
        {"holdout": 1.0},
        {"holdout": -0.1},
        {"seed": -1},
        {"backend": "magic"},
        {"on_nan": "ignore"},
        {"format": 2},
        {"more": 1},
    ],
)
def test_what_no_run_can_have_is_refused(change):
    with pytest.raises(ValidationError):
        RunConfig(**{**CONFIG, **change})


def test_a_manifest_of_another_format_is_refused():
    with pytest.raises(ValidationError):
        Manifest.model_validate_json('{"format": 2, "tick": 1}')
