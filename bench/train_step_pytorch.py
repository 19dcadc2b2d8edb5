"""PyTorch's side of bench/train_step.cpp: ResNet-18 training steps on the CPU, one whenever told.

usage: train_step_pytorch.py BATCH_SIZE THREADS
Writes "ready VERSION PARAMETERS", or why it cannot and ends. Then for each line "channels_last" or "default" on stdin
runs one step of a network in that memory format and writes "SECONDS LOSS".
"""
import sys
import time

try:
    import torch
    from torch import nn
except ImportError as error:
    print(error, flush=True)
    sys.exit()

BATCH_SIZE, THREADS = int(sys.argv[1]), int(sys.argv[2])
FORMATS = {"channels_last": torch.channels_last, "default": torch.contiguous_format}


def conv_bn(c, k, size, stride):
    return [nn.Conv2d(c, k, size, stride, size // 2, bias=False), nn.BatchNorm2d(k)]


class Block(nn.Module):
    def __init__(self, c, k, stride):
        super().__init__()
        self.body = nn.Sequential(*conv_bn(c, k, 3, stride), nn.ReLU(inplace=True), *conv_bn(k, k, 3, 1))
        self.shortcut = nn.Sequential(*(conv_bn(c, k, 1, stride) if stride > 1 else []))
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x):
        return self.relu(self.body(x) + self.shortcut(x))


def resnet18():
    layers = [*conv_bn(3, 64, 7, 2), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)]
    c = 64
    for k in (64, 128, 256, 512):
        layers += [Block(c, k, k // c), Block(k, k, 1)]
        c = k
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(c, 1000))


class Training:
    def __init__(self, memory_format):
        torch.manual_seed(1)
        self.model = resnet18().to(memory_format=memory_format).train()
        self.optimizer = torch.optim.SGD(
            self.model.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-4, fused=True
        )
        self.images = torch.rand(BATCH_SIZE, 3, 224, 224).to(memory_format=memory_format)
        self.labels = torch.randint(1000, (BATCH_SIZE,))

    def step(self):
        start = time.perf_counter()
        self.optimizer.zero_grad()
        loss = nn.functional.cross_entropy(self.model(self.images), self.labels)
        loss.backward()
        self.optimizer.step()
        value = loss.item()
        return time.perf_counter() - start, value


def main():
    torch.set_num_threads(THREADS)
    trainings = {name: Training(memory_format) for name, memory_format in FORMATS.items()}
    parameters = sum(p.numel() for p in trainings["default"].model.parameters())
    print("ready", torch.__version__, parameters, flush=True)
    for line in sys.stdin:
        print(*trainings[line.strip()].step(), flush=True)


main()
