"""The peers of bench_models: a network in ONNX Runtime or OpenVINO on the CPU, run whenever told.

usage: peer.py onnxruntime|openvino f32|bf16|int8
int8 networks hold their codes. bf16: OpenVINO alone.
Writes "ready NAME VERSION", or why it cannot and ends. Then answers one line to each line on stdin:
  {"model": PATH, "threads": N, "inputs": {NAME: {"file": PATH, "dtype": NUMPY_NAME, "shape": [...]}}, "outputs": FOLDER}
      loads, runs once and writes each output as FOLDER/INDEX.bin; "ok NAME..." (the outputs') or "error WHY"
  N   one run, then N timed runs; their mean in seconds
"""
import json
import os
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from ort_session import session_options


class OnnxRuntime:
    name = "ONNX_Runtime"

    def __init__(self):
        import onnxruntime

        self.ort = onnxruntime
        self.version = onnxruntime.__version__
        onnxruntime.set_default_logger_severity(4)

    def load(self, path, threads, inputs):
        options = session_options(self.ort, threads)
        session = self.ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        binding = session.io_binding()
        for name, array in inputs.items():
            binding.bind_cpu_input(name, array)
        names = [output.name for output in session.get_outputs()]
        for name in names:
            binding.bind_output(name, "cpu")
        self.run = lambda: session.run_with_iobinding(binding)
        self.run()
        return names, binding.copy_outputs_to_cpu()


class OpenVino:
    name = "OpenVINO"

    def __init__(self, precision):
        import openvino

        self.ov = openvino
        self.version = openvino.__version__.split("-")[0]
        self.core = openvino.Core()
        self.real = "bf16" if precision == "bf16" else "f32"  # of what is not in codes

    def load(self, path, threads, inputs):
        model = self.core.read_model(path)
        model.reshape({name: list(array.shape) for name, array in inputs.items()})
        settings = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": threads,
            "INFERENCE_PRECISION_HINT": self.real,
        }
        compiled = self.core.compile_model(model, "CPU", settings)
        request = compiled.create_infer_request()
        for name, array in inputs.items():
            request.set_tensor(name, self.ov.Tensor(array, shared_memory=True))
        self.run = request.infer
        self.run()
        names = [port.get_any_name() for port in compiled.outputs]
        return names, [request.get_output_tensor(i).data.copy() for i in range(len(names))]


def without_initializer_inputs(path, folder):
    """Weights that are also graph inputs could be overridden, which keeps ONNX Runtime from folding them."""
    try:
        import onnx
    except ImportError:
        return path
    model = onnx.load(path, load_external_data=False)
    initializers = {tensor.name for tensor in model.graph.initializer}
    kept = [value for value in model.graph.input if value.name not in initializers]
    if len(kept) == len(model.graph.input):
        return path
    del model.graph.input[:]
    model.graph.input.extend(kept)
    return write(model, os.path.join(folder, "model.onnx"))


def write(model, path):
    with open(path, "wb") as file:
        file.write(model.SerializeToString())
    return path


def load(peer, request, numpy):
    inputs = {
        name: numpy.fromfile(given["file"], given["dtype"]).reshape(given["shape"])
        for name, given in request["inputs"].items()
    }
    with tempfile.TemporaryDirectory() as folder:
        peer.inputs = inputs  # OpenVINO reads them in place
        names, arrays = peer.load(without_initializer_inputs(request["model"], folder), request["threads"], inputs)
    for index, array in enumerate(arrays):
        numpy.ascontiguousarray(array).tofile(os.path.join(request["outputs"], f"{index}.bin"))
    return "ok " + " ".join(names)


def timed(run, count):
    run()
    start = time.perf_counter()
    for _ in range(count):
        run()
    return (time.perf_counter() - start) / count


def main():
    try:
        import numpy

        peer = OpenVino(sys.argv[2]) if sys.argv[1] == "openvino" else OnnxRuntime()
    except ImportError as error:
        print(error, flush=True)
        return
    print("ready", peer.name, peer.version, flush=True)
    for line in sys.stdin:
        if line.startswith("{"):
            try:
                print(load(peer, json.loads(line), numpy), flush=True)
            except Exception as error:  # whatever a library throws
                print("error", " ".join(str(error).split())[:300], flush=True)
        else:
            print(timed(peer.run, int(line)), flush=True)


main()
