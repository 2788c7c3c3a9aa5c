"""What tests have in common."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

@pytest.fixture
def command(tmp_path: Path) -> Callable[..., Path]:
    """Runs the command `amc` in a folder of its own; gives the model file that it writes."""

    def run(*arguments: str) -> Path:
        command = [os.environ["AMC"], *arguments, "--out", "run", "--force"]
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
        return tmp_path / "run" / "model.amc"

    return run


@pytest.fixture
def blobs() -> tuple[np.ndarray, np.ndarray]:
    """150 rows of four numbers, and which of three classes each is of."""
    rng = np.random.default_rng(1)
    classes = np.arange(150) % 3
    return rng.normal(size=(150, 4)) * [1, 10, 0.1, 1] + classes[:, None] * [5, 0, 0.3, 0], classes
