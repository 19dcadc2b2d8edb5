// A thin layer over oneDNN 2.6: tensors as memory descriptors, and primitives that run on plain pointers with
// their scratchpad in the kernel's scratch memory. oneDNN's own errors leave supports() as Reason::kLibrary.
#pragma once

#include <array>

#include <dnnl.hpp>

#include "cpu/generated_code.h"
#include "cpu/op_tactic.h"

namespace twofour::cpu::onednn {

using dnnl::memory;

const dnnl::engine& cpu_engine();
/// Whether oneDNN computes bf16 with instructions made for it.
bool has_bf16();
/// Whether oneDNN sums up products of codes with VNNI. Without it, pairs of products saturate at 16 bits.
bool has_vnni();

/// f32, bf16 (where has_bf16()); of the others, oneDNN is handed codes alone.
bool has_type(DType dtype);
/// Of those types, and of i8 and u8.
memory::data_type type_of(DType dtype);
/// Every tensor has one of has_type()'s types.
Support types_ok(const NodeDesc& node);
/// The tensor as it lies in memory; any rank from 1 to 6, scalars as one element.
memory::desc desc_of(const TensorDesc& desc);
/// The tensor in whatever order oneDNN prefers.
memory::desc any_of(memory::dims dims, DType dtype);
/// The same order, of elements of another type.
memory::desc with_type(memory::desc desc, DType dtype);
inline size_t bytes_of(const memory::desc& desc) { return desc.get_size(); }
/// Attributes of every primitive here: the scratchpad is ours.
dnnl::primitive_attr user_scratchpad();

/// Holds the calling thread's parallel loops to so many threads at most.
class ThreadCap {
 public:
  explicit ThreadCap(int most);
  ~ThreadCap();
  ThreadCap(const ThreadCap&) = delete;
  ThreadCap& operator=(const ThreadCap&) = delete;

 private:
  int before_;
};

/// The order of weights in the primitive descriptor that `make` returns to one thread. What the library
/// prefers depends on the number of threads; what is packed must not, for it is loaded for any.
template <typename Make>
memory::desc packed_order(const Make& make) {
  const ThreadCap one(1);
  return make().weights_desc();
}

/// Runs `make`, which creates primitive descriptors: yes, or what the library said. Nearly all of its kernels
/// are generated code.
template <typename Make>
Support library_accepts(const Make& make) {
  if (const Support& no = generated_code_ok(); !no) return no;
  try {
    make();
    return supported();
  } catch (const dnnl::error& error) {
    return declined(Reason::kLibrary, error.message);
  }
}

/// Likewise for a `make` that returns a primitive descriptor. Reference code of the library, which is a
/// hundred times slower than its kernels, is declined too.
template <typename Make>
Support library_has_kernel(const Make& make) {
  std::string name;
  if (Support no = library_accepts([&] { name = make().impl_info_str(); }); !no) return no;
  return name.starts_with("ref") ? declined(Reason::kSlower, "reference code of the library") : supported();
}

/// Pointers for one execution. The descriptors must outlive it.
class Arguments {
 public:
  Arguments& read(int argument, const memory::desc& desc, const void* data) {
    return add(argument, desc, const_cast<void*>(data), true);
  }
  Arguments& write(int argument, const memory::desc& desc, void* data) {
    return add(argument, desc, data, false);
  }
  Arguments& read(int argument, memory::desc&& desc, const void* data) = delete;
  Arguments& write(int argument, memory::desc&& desc, void* data) = delete;

 private:
  friend class Primitive;
  friend class MemoryPool;
  static constexpr size_t kMost = 10;
  struct Item {
    int argument;
    const memory::desc* desc;
    void* data;
    bool only_read;
  };

  Arguments& add(int argument, const memory::desc& desc, void* data, bool only_read);

  std::array<Item, kMost> items_;
  size_t size_ = 0;
};

class MemoryPool;

/// A primitive and its place for a scratchpad. Immutable; threads may run it with scratch of their own. Every
/// run takes the same arguments in the same order.
class Primitive {
 public:
  Primitive() = default;
  /// Books the scratchpad in `layout`.
  template <typename PrimitiveDesc>
  Primitive(const PrimitiveDesc& desc, ScratchLayout& layout)
      : primitive_(desc.get()),
        scratchpad_(desc.scratchpad_desc()),
        offset_(layout.add(bytes_of(scratchpad_))),
        pool_(make_pool()) {}

  void run(Arguments arguments, std::byte* scratch) const;

 private:
  dnnl::primitive primitive_;
  memory::desc scratchpad_;
  size_t offset_ = 0;
  std::shared_ptr<MemoryPool> pool_;
  int threads_ = max_threads_now();

  static std::shared_ptr<MemoryPool> make_pool();
  static int max_threads_now();
};

/// Copies a tensor from one order to another.
class Conversion {
 public:
  Conversion() = default;
  Conversion(const memory::desc& from, const memory::desc& to, ScratchLayout& layout);

  /// False when the orders are equal.
  bool needed() const { return needed_; }
  /// Nothing happens when src is dst.
  void run(const void* src, void* dst, std::byte* scratch) const;

 private:
  bool needed_ = false;
  memory::desc from_, to_;
  Primitive primitive_;
};

/// An input that the primitive wants in order `inner` and the caller has in order `outer`: read in place, or
/// from a copy in scratch memory.
class Source {
 public:
  Source() = default;
  Source(const memory::desc& outer, const memory::desc& inner, ScratchLayout& layout);

  const memory::desc& desc() const { return inner_; }
  /// Where the primitive finds the caller's data, converted when needed.
  const void* load(const void* outer, std::byte* scratch) const;

 private:
  memory::desc inner_;
  Conversion conversion_;
  size_t offset_ = 0;
};

/// `data` in order `from`, rewritten to order `to` as a tensor of bytes: a packed constant.
Tensor packed_bytes(const memory::desc& from, const memory::desc& to, const std::byte* data);

/// A weight that the primitive wants in order `inner` and that lies in order `outer`.
class Weight {
 public:
  Weight() = default;
  /// Of each run, as a Source.
  Weight(const memory::desc& outer, const memory::desc& inner, ScratchLayout& layout)
      : inner_(inner), source_(outer, inner, layout) {}
  /// A constant: where the orders differ it is brought to `inner` once, here.
  Weight(const memory::desc& outer, const memory::desc& inner, const std::byte* data)
      : inner_(inner), own_(outer == inner ? Tensor() : packed_bytes(outer, inner, data)) {}

  const memory::desc& desc() const { return inner_; }
  /// Where the primitive finds what lies at `outer`.
  const void* load(const void* outer, std::byte* scratch) const {
    return own_.defined() ? own_.raw() : source_.load(outer, scratch);
  }
  /// For Kernel::own_constants().
  std::vector<std::span<const std::byte>> own_constants() const;

 private:
  memory::desc inner_;
  Source source_;
  Tensor own_;
};

/// An output that the primitive gives in order `inner` and the caller wants in order `outer`, as a Source.
class Target {
 public:
  Target() = default;
  Target(const memory::desc& inner, const memory::desc& outer, ScratchLayout& layout);

  const memory::desc& desc() const { return inner_; }
  /// Where the primitive shall write.
  void* place(void* outer, std::byte* scratch) const {
    return conversion_.needed() ? scratch + offset_ : outer;
  }
  /// Afterwards: brings it to the caller.
  void store(void* outer, std::byte* scratch) const;

 private:
  memory::desc inner_;
  Conversion conversion_;
  size_t offset_ = 0;
};

/// The order as text, for Tactic::packed_form().
std::string order_text(const memory::desc& desc);

}  // namespace twofour::cpu::onednn
