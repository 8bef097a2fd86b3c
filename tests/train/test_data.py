import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from nlgraph.diagnostics.diagnostic import Report
from nlgraph.train.data import read_data


def test_digits_are_1797_images_in_0_to_1_with_their_labels():
    arrays = read_data("digits", (), Report())
    assert arrays is not None
    assert arrays["x"].shape == (1797, 64)
    assert arrays["x"].dtype == np.float32
    assert (arrays["x"].min(), arrays["x"].max()) == (0, 1)
    assert sorted(set(arrays["y"].tolist())) == list(range(10))
    # The first image is a 0, whose top row is 0 0 5 13 9 1 0 0 of 16.
    assert arrays["y"][0] == 0
    assert (arrays["x"][0, :8] * 16).tolist() == [0, 0, 5, 13, 9, 1, 0, 0]


def test_an_npz_gives_its_arrays_by_name(tmp_path):
    file = tmp_path / "data.npz"
    np.savez(file, x=np.ones((3, 2)), y=np.arange(3))
    arrays = read_data(str(file), (), Report())
    assert arrays is not None
    assert set(arrays) == {"x", "y"}
    assert arrays["y"].tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (torch.float32, np.float32),
        (torch.float64, np.float64),
        (torch.float16, np.float32),
        (torch.bfloat16, np.float32),
        (torch.int32, np.int32),
        (torch.uint8, np.uint8),
        (torch.bool, np.bool_),
    ],
)
def test_safetensors_give_their_tensors_by_name_and_short_floats_become_f32(tmp_path, given, found):
    file = tmp_path / "data.safetensors"
    values = torch.tensor([[0.0, 1.0], [2.0, 0.5]]).to(given)
    save_file({"x": values}, file)
    arrays = read_data(str(file), (), Report())
    assert arrays is not None
    assert arrays["x"].dtype == found
    assert arrays["x"].tolist() == values.tolist()


def _broken(tmp_path, what):
    file = tmp_path / what if "." in what else tmp_path / "data.npz"
    match what:
        case "absent":
            pass
        case "text":
            file.write_text("not an archive")
        case "objects":
            np.savez(file, x=np.array([{"a": 1}], dtype=object))
        case "cut":
            np.savez(file, x=np.ones((100, 100)))
            file.write_bytes(file.read_bytes()[:-5000])
        case "flipped":
            np.savez_compressed(file, x=np.random.default_rng(0).random((100, 100)))
            content = bytearray(file.read_bytes())
            content[1000] ^= 255
            file.write_bytes(bytes(content))
        case "folder" | "folder.txt" | "folder.safetensors":
            file.mkdir()
        case "cut.safetensors":
            save_file({"x": torch.ones(100, 100)}, file)
            file.write_bytes(file.read_bytes()[:-5000])
        case "text.safetensors":
            file.write_text("no tensors at all")
    return str(file)


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("absent", "no such file"),
        ("text", "no .npz file"),
        ("objects", "Python objects, which are never loaded"),
        ("cut", "no .npz file"),
        ("flipped", "damaged"),
        ("folder", "no .npz file"),
        ("absent.txt", "no such file"),
        ("folder.txt", "it is no file"),
        ("absent.safetensors", "no such file"),
        ("folder.safetensors", "it is no file"),
        ("cut.safetensors", "no whole .safetensors file"),
        ("text.safetensors", "no whole .safetensors file"),
    ],
)
def test_what_cannot_be_read_is_one_diagnostic_that_names_the_file(tmp_path, what, said):
    report = Report()
    data = _broken(tmp_path, what)
    assert read_data(data, (), report) is None
    (fault,) = report.errors
    assert fault.code == "NL0801"
    assert said in fault.message
    assert data in fault.message


def test_an_unknown_kind_of_data_says_which_there_are():
    report = Report()
    assert read_data("mnist", (), report) is None
    assert "`digits`" in report.errors[0].message


def test_the_path_of_a_python_file_is_told_as_a_module():
    report = Report()
    assert read_data("pack/feeds.py:batches", (), report) is None
    assert report.errors[0].help == "a module is named as Python imports it: pack.feeds:batches"
    assert ".npz, .safetensors or .txt" in report.errors[0].message
