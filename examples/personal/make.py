"""Trains a classifier of eight digits with PyTorch, and writes it as digits.onnx: python make.py (torch and onnx).

64-256-128-16-8 on the 1,153 digits 0 to 7 of the first 1,437 of ../../data/digits.u8; the others test.
"""

import numpy as np
import torch
from torch import nn

torch.manual_seed(1)
bytes_ = np.fromfile("../../data/digits.u8", np.uint8)
images = torch.tensor(bytes_[: 1797 * 64].reshape(-1, 64) / 16, dtype=torch.float32)
labels = torch.tensor(bytes_[1797 * 64 :].astype(np.int64))
known = labels < 8
train, test = known.clone(), known.clone()
train[1437:] = False
test[:1437] = False

net = nn.Sequential(
    nn.Linear(64, 256), nn.Tanh(), nn.Linear(256, 128), nn.Tanh(), nn.Linear(128, 16), nn.Tanh(), nn.Linear(16, 8)
)
optimizer = torch.optim.Adam(net.parameters(), 1e-3, weight_decay=1e-4)
for _ in range(300):
    for batch in torch.nonzero(train)[:, 0][torch.randperm(int(train.sum()))].split(64):
        noisy = images[batch] + 0.1 * torch.randn(len(batch), 64)
        loss = nn.functional.cross_entropy(net(noisy), labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
with torch.no_grad():
    right = (net(images[test]).argmax(1) == labels[test]).float().mean()
print(f"{right:.3f} of {int(test.sum())} digits 0 to 7")
classifier = nn.Sequential(*net, nn.Softmax(1))
torch.onnx.export(classifier, (images[:1],), "digits.onnx", input_names=["image"], output_names=["p"], dynamo=False)
