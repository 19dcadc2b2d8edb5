"""The loss and gradients of one ResNet-18 training step by PyTorch, compared with those in a safetensors file.

usage: pytorch_resnet18.py FILE
FILE holds `images`, `labels`, `loss`, every parameter under its torchvision name, and its gradient as `grad/<name>`.
Both are held against PyTorch in double precision. In f32 a value near zero may fall on the other side of a ReLU, and one
such flip moves a gradient by about 1e-3, so the measure is the largest error that PyTorch itself makes in f32: exits
with 1 when twofour's is above FACTOR times that, or the loss is off by more than LOSS_TOLERANCE.
"""
import json
import struct
import sys

import torch
import torch.nn.functional as F

LOSS_TOLERANCE, FACTOR = 1e-5, 3
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


def step(tensors, dtype):
    names = [n for n in tensors if "grad/" + n in tensors]
    params = {n: tensors[n].detach().to(dtype).requires_grad_() for n in names}
    loss = F.cross_entropy(forward(params, tensors["images"].to(dtype)), tensors["labels"])
    loss.backward()
    return {"loss": loss.detach(), **{n: p.grad for n, p in params.items()}}


def difference(a, b):
    return ((a.double() - b.double()).norm() / b.double().norm()).item()


def main():
    tensors = read(sys.argv[1])
    exact = step(tensors, torch.float64)
    pytorch = step(tensors, torch.float32)
    ours = {"loss": tensors["loss"], **{n: tensors["grad/" + n] for n in exact if n != "loss"}}
    worst = {}
    for who, result in (("twofour", ours), ("pytorch", pytorch)):
        name = max(exact, key=lambda n: difference(result[n], exact[n]))
        worst[who] = difference(result[name], exact[name])
        print(f"{who}: loss {result['loss'].item():.7f}, largest error of a gradient {worst[who]:.2e} ({name})")
    loss_error = difference(ours["loss"], exact["loss"])
    sys.exit(len(exact) < 2 or loss_error > LOSS_TOLERANCE or worst["twofour"] > FACTOR * worst["pytorch"])


main()
