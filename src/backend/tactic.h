// The contract between the builder, the engine and a device. A Tactic is one way to run one operator; a
// Backend is a device with its ordered list of tactics, best first, ending in the reference, so that every
// graph runs.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backend/support.h"
#include "base/tensor.h"
#include "ir/attrs.h"

namespace twofour::backend {

/// Memory order of a 4-D activation [N,C,H,W]. kPlain: row-major as the shape says (NCHW).
/// kChannelsLast: N,H,W,C in memory while the shape still reads N,C,H,W. Other ranks are always kPlain.
enum class Format : uint8_t { kPlain, kChannelsLast };
std::string_view format_name(Format format);

struct TensorDesc {
  DType dtype = DType::kF32;
  Shape shape;
  Format format = Format::kPlain;

  size_t size_bytes() const { return static_cast<size_t>(shape.numel()) * dtype_size(dtype); }
  /// "f32[8,64,56,56] nhwc".
  std::string to_string() const;
  bool operator==(const TensorDesc&) const = default;
};

/// One node, cut loose from its graph: everything a tactic may look at.
struct NodeDesc {
  std::string name;
  std::string op;
  Attrs attrs;
  struct Input {
    bool present = false;
    bool constant = false;
    TensorDesc desc;
    Tensor data;  // of a constant, always kPlain; undefined after the tactic has packed it
  };
  std::vector<Input> inputs;
  std::vector<TensorDesc> outputs;

  bool has_input(size_t i) const { return i < inputs.size() && inputs[i].present; }
  bool is_constant(size_t i) const { return has_input(i) && inputs[i].constant; }
  /// `node "conv1" (Conv)`.
  std::string label() const;
  /// Op, attributes, descs and which inputs are constant, as text: the key under which timings are kept.
  std::string signature() const;
};

/// Pointers for one run, in the node's order; absent optional inputs are null. scratch has scratch_bytes()
/// bytes, 64-byte aligned, contents undefined. Constant inputs are null when the tactic packed them.
struct KernelArgs {
  std::span<const std::byte* const> src;
  std::span<std::byte* const> dst;
  std::byte* scratch = nullptr;

  template <typename T>
  const T* in(size_t i) const {
    return i < src.size() ? reinterpret_cast<const T*>(src[i]) : nullptr;
  }
  template <typename T>
  T* out(size_t i = 0) const {
    return reinterpret_cast<T*>(dst[i]);
  }
};

/// A node made ready to run: primitives created, code generated. Immutable; run() may be called from several
/// threads with different args. Inputs are valid (checked when the plan was built), so run() does not check
/// again.
class Kernel {
 public:
  virtual ~Kernel() = default;
  Kernel(const Kernel&) = delete;
  Kernel& operator=(const Kernel&) = delete;

  virtual size_t scratch_bytes() const { return 0; }
  /// What run() reads beside its arguments and the packed constants: generated code, weights that the kernel
  /// transformed. Timing evicts it from the caches.
  virtual std::vector<std::span<const std::byte>> own_constants() const { return {}; }
  virtual void run(const KernelArgs& args) const = 0;

 protected:
  Kernel() = default;
};

class Tactic {
 public:
  explicit Tactic(std::string name) : name_(std::move(name)) {}
  virtual ~Tactic() = default;
  Tactic(const Tactic&) = delete;
  Tactic& operator=(const Tactic&) = delete;

  /// "onednn.conv", "sparse24.conv", "reference": unique within a backend, stable across versions (engine
  /// files and tactics files name it). Of a variant: its base's, a colon and its parameters.
  const std::string& name() const { return name_; }
  /// What this is a variant of: the same kernel, packing and refusals, other parameters; itself when it is
  /// none.
  const Tactic& base() const { return base_ ? *base_ : *this; }
  /// How many parameters of the kernel a build may search.
  virtual size_t num_parameters() const { return 0; }
  /// Those that differ from this one in one parameter and would run the node in another way. They belong to
  /// base().
  virtual std::vector<const Tactic*> neighbours(const NodeDesc&, size_t /*parameter*/) const { return {}; }
  /// The variant of this with the full name, or null.
  virtual const Tactic* find_variant(std::string_view /*name*/) const { return nullptr; }
  /// Runs only the kept weights of a 2:4 sparse node.
  virtual bool is_sparse() const { return false; }
  /// Whether this tactic runs the node as described, formats included; otherwise the reason. kNotThisOp is
  /// silent. Constants without data were packed before: what depends on them is make()'s to check.
  virtual Support supports(const NodeDesc& node) const = 0;
  /// Whether the output at `output` may share the buffer of input `input` (elementwise in place).
  virtual bool in_place(const NodeDesc&, size_t /*input*/, size_t /*output*/) const { return false; }
  /// True: pack() turns the node's constants into what create() wants, and they are not kept in plain form.
  virtual bool packs() const { return false; }
  std::vector<Tensor> pack(const NodeDesc& node) const {
    return packs() ? make_packed(node) : std::vector<Tensor>();
  }
  /// What decides the result of pack() beside operator, attributes and constants, as text: plans for several
  /// sizes share what is packed alike.
  virtual std::string packed_form(const NodeDesc& node) const { return node.signature(); }
  /// The one way to a kernel: checks what a file may have made up, then makes it. `packed` is what pack()
  /// returned, possibly mapped from a file. Throws Error{kDataCorrupt} when a constant that is not packed has
  /// no data or `packed` is not what the node needs, Error{kFailedPrecondition} when supports() declines.
  std::unique_ptr<Kernel> create(NodeDesc node, std::span<const Tensor> packed) const;

 protected:
  /// A variant of `base`, which outlives it.
  Tactic(const Tactic& base, std::string_view parameters);

  /// For a node that is supported and whose constants have data; called only where packs().
  virtual std::vector<Tensor> make_packed(const NodeDesc&) const { return {}; }
  /// For a node that is supported. Its constants have data unless packs().
  virtual std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor> packed) const = 0;

 private:
  std::string name_;
  const Tactic* base_ = nullptr;  // of a variant
};

/// A device. Owned by the application (api/); outlives engines built for it.
class Backend {
 public:
  virtual ~Backend() = default;
  /// "cpu".
  virtual std::string_view name() const = 0;
  /// What engine files are bound to, for example "AMD EPYC, avx512".
  virtual std::string device() const = 0;
  virtual std::span<const Tactic* const> tactics() const = 0;
  /// Variants, too. Null when there is none of that name.
  const Tactic* find_tactic(std::string_view tactic_name) const;
  /// Whether the device computes faster in f16/bf16 than in f32; otherwise the reason, for AMP's one line.
  virtual Support native_half(DType dtype) const = 0;
};

}  // namespace twofour::backend
