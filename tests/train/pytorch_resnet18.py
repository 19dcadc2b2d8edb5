"""The loss and gradients of one ResNet-18 training step by PyTorch, compared with those in a safetensors file.

usage: pytorch_resnet18.py FILE TOLERANCE
FILE holds `images`, `labels`, `loss`, every parameter under its torchvision name, and its gradient as `grad/<name>`.
Prints the largest relative difference; exits with 1 when it is above TOLERANCE.
"""
import json
import struct
import sys

import torch
import torch.nn.functional as F

TYPES = {"F32": torch.float32, "I64": torch.int64}


def read(path):
    data = open(path, "rb").read()
    size = struct.unpack("<Q", data[:8])[0]
    tensors = {}
    for name, t in json.loads(data[8 : 8 + size]).items():
        if name == "__metadata__":
            continue
        begin, end = (8 + size + x for x in t["data_offsets"])
        flat = torch.frombuffer(bytearray(data[begin:end]), dtype=TYPES[t["dtype"]])
        tensors[name] = flat.reshape(t["shape"])
    return tensors


def forward(p, x):
    def conv_bn(x, conv, bn, stride):
        w = p[conv + ".weight"]
        x = F.conv2d(x, w, stride=stride, padding=w.shape[2] // 2)
        return F.batch_norm(x, None, None, p[bn + ".weight"], p[bn + ".bias"], training=True, eps=1e-5)

    x = F.max_pool2d(F.relu(conv_bn(x, "conv1", "bn1", 2)), 3, 2, 1)
    for stage in range(1, 5):
        for i in range(2):
            name = f"layer{stage}.{i}"
            stride = 2 if stage > 1 and i == 0 else 1
            y = F.relu(conv_bn(x, name + ".conv1", name + ".bn1", stride))
            y = conv_bn(y, name + ".conv2", name + ".bn2", 1)
            if name + ".downsample.0.weight" in p:
                x = conv_bn(x, name + ".downsample.0", name + ".downsample.1", stride)
            x = F.relu(x + y)
    return F.linear(x.mean((2, 3)), p["fc.weight"], p["fc.bias"])


def main():
    tensors = read(sys.argv[1])
    params = {n: t.requires_grad_() for n, t in tensors.items() if "grad/" + n in tensors}
    loss = F.cross_entropy(forward(params, tensors["images"]), tensors["labels"])
    loss.backward()
    worst = abs(loss.item() - tensors["loss"].item()) / abs(loss.item())
    print(f"loss {loss.item():.6f}, {len(params)} parameters")
    for name, p in params.items():
        difference = ((p.grad - tensors["grad/" + name]).norm() / p.grad.norm()).item()
        if difference > worst:
            worst = difference
            print(f"{name}: {difference:.2e}")
    print(f"largest relative difference {worst:.2e}")
    sys.exit(len(params) == 0 or not worst <= float(sys.argv[2]))


main()
