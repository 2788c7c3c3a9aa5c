"""Writes watch.npz: windows of a smartwatch's accelerometer and gyroscope, and the exercise that each is of.

    pip install numpy
    pip download --no-deps seglearn==1.2.5
    python3 watch.py seglearn-1.2.5-py3-none-any.whl watch.npz

The recordings are those of D. Burns et al., "Shoulder physiotherapy exercise recognition", arXiv:1802.01489, as the
package seglearn (BSD) ships them: seven exercises by ten persons, three axes of acceleration and three of
angular velocity, 50 times a second. A window is 64 rows of every second measurement, 2.56 s, and begins where the one
before ended. Eight persons are trained on; the last two, whom no window of training is of, are tested with.
"""

import io
import sys
import zipfile

import numpy as np

ROWS = 64
TEST_PERSONS = (9, 10)

wheel, out = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    content = archive.read("seglearn/data/watch_dataset.npy")
# The package pickles a dictionary: load only a file that you trust.
recordings = np.load(io.BytesIO(content), allow_pickle=True).item()

parts = {False: ([], []), True: ([], [])}
for series, label, person in zip(recordings["X"], recordings["y"], recordings["subject"]):
    windows, labels = parts[person in TEST_PERSONS]
    rows = np.asarray(series, dtype=np.float32)[::2]
    for start in range(0, len(rows) - ROWS + 1, ROWS):
        windows.append(rows[start : start + ROWS])
        labels.append(recordings["y_labels"][label])

named = {}
for is_test, name in ((False, "train"), (True, "test")):
    windows, labels = parts[is_test]
    named[f"X_{name}"] = np.stack(windows)
    named[f"y_{name}"] = np.array(labels)
np.savez_compressed(out, **named)
print({name: array.shape for name, array in named.items()})
