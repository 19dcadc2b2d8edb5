"""The peer of bench_sparse: one product or convolution in ONNX Runtime on the CPU, run whenever told.

Writes "ready NAME VERSION", or why it cannot and ends. Then answers one line to each line on stdin:
  {"op": "gemm", "m": M, "k": K, "n": N, "copies": COUNT, "threads": T}
  {"op": "conv", "src": [N,C,H,W], "weight": [K,C,R,S], "stride": .., "pad": .., "groups": .., "copies": .., "threads": T}
      a session whose every run does the node once with each of COUNT random constant weights; "ok" or "error WHY"
  W R   W runs, then R timed ones, each of one node; mean seconds of one
"""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))


def model_of(request, helper, onnx, numpy):
    random = numpy.random.default_rng(1)

    def constant(name, shape):
        return onnx.numpy_helper.from_array(random.random(shape, numpy.float32) - numpy.float32(0.5), name)

    nodes, weights, outputs = [], [], []
    for copy in range(request["copies"]):
        weight, out = f"w{copy}", f"y{copy}"
        if request["op"] == "gemm":
            weights.append(constant(weight, (request["m"], request["k"])))
            nodes.append(helper.make_node("Gemm", ["x", weight], [out], transB=1))
            rank = 2
        else:
            weights += [constant(weight, request["weight"]), constant("b" + out, request["weight"][:1])]
            attributes = {
                "strides": [request["stride"]] * 2,
                "pads": [request["pad"]] * 4,
                "group": request["groups"],
            }
            nodes.append(helper.make_node("Conv", ["x", weight, "b" + out], ["c" + out], **attributes))
            nodes.append(helper.make_node("Relu", ["c" + out], [out]))
            rank = 4
        outputs.append(helper.make_tensor_value_info(out, onnx.TensorProto.FLOAT, [None] * rank))
    shape = ["n", request["k"]] if request["op"] == "gemm" else request["src"]
    source = helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, shape)
    graph = helper.make_graph(nodes, "node", [source], outputs, weights)
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

    def load(self, request):
        shape = (request.pop("n"), request["k"]) if request["op"] == "gemm" else request["src"]
        key = str(request)
        if key != self.key:  # a product's session serves every N
            self.session = self.binding = self.key = None
            model = model_of(request, self.onnx.helper, self.onnx, self.numpy).SerializeToString()
            options = self.options(self.ort, request["threads"])
            self.session = self.ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
            self.key = key
        self.copies = request["copies"]
        source = self.numpy.random.default_rng(2).random(shape, self.numpy.float32)
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
