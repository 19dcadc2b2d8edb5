// What files do against the letter of ONNX and other runtimes let pass.
#pragma once

namespace onnx {
class GraphProto;
}

namespace twofour::onnx_io {

/// Sparse initializers become dense. Of initializers and Constants of one name the last is kept, a Constant
/// before an initializer, as ONNX Runtime does; of an output that is listed twice the first. What is dropped
/// is warned of.
void tidy(onnx::GraphProto& graph);

}  // namespace twofour::onnx_io
