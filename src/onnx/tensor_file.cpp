#include "onnx/tensor_file.h"

#include "base/file.h"
#include "onnx/proto.h"
#include "onnx/tensor_proto.h"

namespace twofour::onnx_io {
namespace {

template <typename Proto>
Proto parse(const std::string& bytes) {
  Proto proto;
  TWOFOUR_CHECK(proto.ParseFromString(bytes), kDataCorrupt, "it holds something else");
  return proto;
}

std::vector<Tensor> take_all(onnx::SequenceProto sequence, ExternalData& external) {
  std::vector<Tensor> tensors;
  for (auto& tensor : *sequence.mutable_tensor_values()) tensors.push_back(take_tensor(tensor, external));
  return tensors;
}

std::vector<Tensor> take(const std::string& bytes, Outline::Kind kind, ExternalData& external) {
  using Kind = Outline::Kind;
  if (kind == Kind::kTensor) {
    auto tensor = parse<onnx::TensorProto>(bytes);
    return {take_tensor(tensor, external)};
  }
  if (kind == Kind::kSequence) return take_all(parse<onnx::SequenceProto>(bytes), external);
  TWOFOUR_CHECK(kind != Kind::kOther, kUnsupported, "maps are not supported");
  auto optional = parse<onnx::OptionalProto>(bytes);
  if (optional.has_sequence_value()) return take_all(optional.sequence_value(), external);
  if (!optional.has_tensor_value()) return {};
  return {take_tensor(*optional.mutable_tensor_value(), external)};
}

}  // namespace

std::vector<Tensor> load_tensors(const std::filesystem::path& path, Outline::Kind kind) {
  const std::string bytes = read_file(path);
  return with_context([&] { return "reading tensor " + path.string(); },
                      [&] {
                        ExternalData beside(path.parent_path());
                        return take(bytes, kind, beside);
                      });
}

}  // namespace twofour::onnx_io
