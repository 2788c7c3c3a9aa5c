"""Makes the files of arrays beside it, with numpy: what numpy itself writes, in the ways that tests do not write by hand."""

from pathlib import Path

import numpy as np

here = Path(__file__).parent
i = np.arange(12)

# As `numpy.savez_compressed("iris.npz", **sklearn.datasets.load_iris())` has it.
np.savez_compressed(
    here / "bunch.npz",
    data=np.column_stack([i / 4, -i]),
    target=i % 3,
    frame=None,
    target_names=np.array(["setosa", "versicolor", "virginica"]),
    DESCR="what it is",
    feature_names=["sepal length", "petal width é"],
)

# Named fields of several types, with bytes between them.
records = np.zeros(12, dtype=np.dtype([("a", "?"), ("b", ">f8"), ("kind", "<U4"), ("c", "<i2")], align=True))
records["a"], records["b"], records["kind"], records["c"] = i % 2, i / 8, np.array(["one", "four"])[i // 2 % 2], -i
np.save(here / "records.npy", records)

# Images, in the order of Fortran.
np.save(here / "fortran.npy", np.asfortranarray((100 * i[:, None, None] + [[0, 1, 2], [10, 11, 12]]).astype(">f2")))
