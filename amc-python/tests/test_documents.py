"""What the page and the documentation show does what they say."""

import doctest
import os
from pathlib import Path
from typing import Any

import pytest
from amc import _estimators, _minimize

PAGE = Path(__file__).parents[1] / "README.md"


def test_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = PAGE.read_text()
    blocks = [block.split("```")[0] for block in page.split("```python\n")[1:]]
    assert len(blocks) == 4
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for block in blocks:
        exec(block, names)
    score = names["classifier"].score(names["X_test"], names["y_test"])
    assert f"   # {score:.3f}\n" in page
    assert names["end"].loss < 1e-3
    assert sorted(os.listdir()) == ["begun.amc", "digits.amc", "digits.h", "digits.onnx", "digits.rs"]


@pytest.mark.parametrize("module", [_estimators, _minimize])
def test_the_examples(module: Any) -> None:
    failed, tried = doctest.testmod(module)
    assert tried > 0 and failed == 0
