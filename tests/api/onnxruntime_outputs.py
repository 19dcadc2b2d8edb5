"""Runs an ONNX file in ONNX Runtime on the CPU and writes its one output.

usage: onnxruntime_outputs.py MODEL INPUT SHAPE OUTPUT
INPUT holds little-endian f32 values of SHAPE ("8,3,32,32"); OUTPUT becomes an .npy file.
"""
import sys

import numpy as np
import onnxruntime as ort

model, source, shape, destination = sys.argv[1:]
images = np.fromfile(source, "<f4").reshape([int(size) for size in shape.split(",")])
session = ort.InferenceSession(model, providers=["CPUExecutionProvider"])
(outputs,) = session.run(None, {session.get_inputs()[0].name: images})
np.save(destination, outputs)
