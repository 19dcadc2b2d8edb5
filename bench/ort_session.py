"""Sessions of ONNX Runtime as the benchmarks want them."""
import os

CORES = sorted(os.sched_getaffinity(0))


def session_options(onnxruntime, threads):
    """One operator at a time on `threads` threads, every optimisation. Binds this process to the cores."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    if threads == len(CORES) > 1:  # bound to cores as the others are: this thread, then the library's
        options.add_session_config_entry(
            "session.intra_op_thread_affinities", ";".join(str(core + 1) for core in CORES[1:])
        )
    os.sched_setaffinity(0, {CORES[0]} if threads == len(CORES) else CORES)
    return options
