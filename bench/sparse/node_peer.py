"""The peer of bench_sparse: one product or convolution in ONNX Runtime on the CPU, run whenever told.

Writes "ready NAME VERSION", or why it cannot and ends. Then answers one line to each line on stdin:
  {"op": "gemm", "m": M, "k": K, "n": N, "precision": P, "copies": COUNT, "threads": T}
  {"op": "conv", "src": [N,C,H,W], "weight": [K,C,R,S], "stride": .., "pad": .., "groups": .., "precision": P, "copies": .., "threads": T}
      a session whose every run does the node once with each of COUNT random constant weights; "ok" or "error WHY".
      P: f32, or int8, which is u8 codes in and out and i8 weights with a scale for each row
  W R   W runs, then R timed ones, each of one node; mean seconds of one
"""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))


class Graph:
    """A node for each copy of the weight, between x and outputs of its own."""

    def __init__(self, request, onnx, numpy):
        self.request, self.onnx, self.numpy = request, onnx, numpy
        self.random = numpy.random.default_rng(1)
        self.is_conv = request["op"] == "conv"
        self.nodes, self.constants, self.outputs = [], [], []
        self.window = {}
        if self.is_conv:
            self.window = {
                "strides": [request["stride"]] * 2,
                "pads": [request["pad"]] * 4,
                "group": request["groups"],
            }
        for copy in range(request["copies"]):
            self.outputs.append(f"y{copy}")
            (self.add_codes if request["precision"] == "int8" else self.add_reals)(self.outputs[-1])

    def node(self, op, inputs, output, **attributes):
        self.nodes.append(self.onnx.helper.make_node(op, inputs, [output], **attributes))

    def constant(self, values):
        name = f"c{len(self.constants)}"
        self.constants.append(self.onnx.numpy_helper.from_array(self.numpy.asarray(values), name))
        return name

    def reals(self, shape):
        return self.constant(self.random.random(shape, self.numpy.float32) - self.numpy.float32(0.5))

    def add_reals(self, output):
        if not self.is_conv:
            self.node("Gemm", ["x", self.reals((self.request["m"], self.request["k"]))], output, transB=1)
            return
        weight = self.request["weight"]
        self.node("Conv", ["x", self.reals(weight), self.reals(weight[:1])], "sum_" + output, **self.window)
        self.node("Relu", ["sum_" + output], output)

    def codes(self, values, scale, zero):
        """The three inputs that a QLinear operator has for a tensor."""
        return [values, self.constant(self.numpy.float32(scale)), self.constant(zero)]

    def add_codes(self, output):
        numpy, request = self.numpy, self.request
        shape = request["weight"] if self.is_conv else (request["k"], request["m"])
        rows = shape[0 if self.is_conv else 1]
        weight = self.constant(self.random.integers(-127, 128, shape, numpy.int8))
        inputs = self.codes("x", 1 / 128, numpy.uint8(128))
        inputs += self.codes(weight, numpy.full(rows, 1 / 128), numpy.zeros(rows, numpy.int8))
        if self.is_conv:  # codes that begin at 0 are a ReLU
            result = [self.constant(numpy.float32(0.1)), self.constant(numpy.uint8(0))]
            bias = self.constant(numpy.zeros(rows, numpy.int32))
            self.node("QLinearConv", inputs + result + [bias], output, **self.window)
        else:
            result = [self.constant(numpy.float32(0.1)), self.constant(numpy.uint8(128))]
            self.node("QLinearMatMul", inputs + result, output)

    def model(self):
        helper = self.onnx.helper
        is_real = self.request["precision"] == "f32"
        dtype = self.onnx.TensorProto.FLOAT if is_real else self.onnx.TensorProto.UINT8
        shape = self.request["src"] if self.is_conv else ["n", self.request["k"]]
        source = helper.make_tensor_value_info("x", dtype, shape)
        results = [helper.make_tensor_value_info(y, dtype, [None] * len(shape)) for y in self.outputs]
        graph = helper.make_graph(self.nodes, "node", [source], results, self.constants)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


class Peer:
    def __init__(self):
        import numpy
        import onnx
        import onnx.numpy_helper
        import onnxruntime

        from ort_session import session_options

        self.numpy, self.onnx, self.ort, self.options = numpy, onnx, onnxruntime, session_options
        onnxruntime.set_default_logger_severity(4)
        self.session, self.key = None, None

    def source(self, shape, precision):
        random = self.numpy.random.default_rng(2)
        if precision == "int8":
            return random.integers(0, 256, shape, self.numpy.uint8)
        return random.random(shape, self.numpy.float32)

    def load(self, request):
        shape = (request.pop("n"), request["k"]) if request["op"] == "gemm" else request["src"]
        key = str(request)
        if key != self.key:  # a product's session serves every N
            self.session = self.binding = self.key = None
            model = Graph(request, self.onnx, self.numpy).model().SerializeToString()
            options = self.options(self.ort, request["threads"])
            self.session = self.ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
            self.key = key
        self.copies = request["copies"]
        source = self.source(shape, request["precision"])
        self.binding = self.session.io_binding()
        self.binding.bind_cpu_input("x", source)
        for output in self.session.get_outputs():
            self.binding.bind_output(output.name, "cpu")
        self.session.run_with_iobinding(self.binding)
        outputs = self.binding.get_outputs()  # written in place from now on
        self.binding = self.session.io_binding()
        self.binding.bind_cpu_input("x", source)
        for output, value in zip(self.session.get_outputs(), outputs):
            self.binding.bind_ortvalue_output(output.name, value)
        return "ok"

    def turn(self, warm, runs):
        sessions = lambda count: -(-count // self.copies)
        for _ in range(sessions(warm)):
            self.session.run_with_iobinding(self.binding)
        count = sessions(runs)
        start = time.perf_counter()
        for _ in range(count):
            self.session.run_with_iobinding(self.binding)
        return (time.perf_counter() - start) / (count * self.copies)


def main():
    import json

    try:
        peer = Peer()
    except ImportError as error:
        print(error, flush=True)
        return
    print("ready ONNX Runtime", peer.ort.__version__, flush=True)
    for line in sys.stdin:
        if not line.startswith("{"):
            print(peer.turn(*map(int, line.split())), flush=True)
            continue
        try:
            print(peer.load(json.loads(line)), flush=True)
        except Exception as error:  # whatever a library throws
            print("error", " ".join(str(error).split())[:300], flush=True)


main()
