"""The reference is NumPy: whoever imports it loads nothing heavy beside."""

import subprocess
import sys

import pytest

HEAVY = ("torch", "matplotlib", "nbgrader", "IPython", "scipy")


@pytest.mark.parametrize("name", ["rnncourse", "rnncourse.reference"])
def test_import_loads_numpy_alone(name):
    program = f"import {name}, sys; print(*(m for m in {HEAVY} if m in sys.modules))"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.split() == []


def test_the_probe_sees_what_it_looks_for():
    program = f"import torch, sys; print(*(m for m in {HEAVY} if m in sys.modules))"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "torch" in run.stdout.split()
