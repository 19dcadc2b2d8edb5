#include "cpu/onednn/primitive.h"

#include <mutex>

#include "base/cpu.h"
#include "base/parallel.h"

namespace twofour::cpu::onednn {
namespace {

const dnnl::stream& thread_stream() {
  thread_local const dnnl::stream stream(cpu_engine());
  return stream;
}

bool is_padded(const memory::desc& desc) {
  return !std::equal(desc.data.dims, desc.data.dims + desc.data.ndims, desc.data.padded_dims);
}

memory::desc strided(const memory::dims& dims, memory::data_type type, Format format) {
  const size_t rank = dims.size();
  memory::dims strides(rank, 1);
  for (size_t i = rank - 1; i-- > 0;) strides[i] = strides[i + 1] * dims[i + 1];
  if (format == Format::kChannelsLast && rank == 4)
    strides = {dims[1] * dims[2] * dims[3], 1, dims[1] * dims[3], dims[1]};
  return {dims, type, strides};
}

}  // namespace

ThreadCap::ThreadCap(int most) : before_(max_threads()) {
  if (before_ > most) set_max_threads(most);
}

ThreadCap::~ThreadCap() { set_max_threads(before_); }

const dnnl::engine& cpu_engine() {
  static const dnnl::engine engine = [] {
    // Refused once a primitive exists; the limit is then the environment's alone.
    if (max_isa() == Isa::kScalar) dnnl::set_max_cpu_isa(dnnl::cpu_isa::sse41);
    if (max_isa() == Isa::kAvx2) dnnl::set_max_cpu_isa(dnnl::cpu_isa::avx2);
    if (max_isa() == Isa::kAvx512) dnnl::set_max_cpu_isa(dnnl::cpu_isa::avx512_core_bf16);
    return dnnl::engine(dnnl::engine::kind::cpu, 0);
  }();
  return engine;
}

bool has_bf16() { return max_isa() >= Isa::kAvx512 && cpu_has(CpuFeature::kAvx512Bf16); }

bool has_vnni() {
  cpu_engine();  // sets the library's limit, which is looked at only once
  constexpr auto kVnni = static_cast<unsigned>(dnnl::cpu_isa::avx512_core_vnni);
  return (static_cast<unsigned>(dnnl::get_effective_cpu_isa()) & kVnni) == kVnni;
}

bool has_type(DType dtype) { return dtype == DType::kF32 || (dtype == DType::kBF16 && has_bf16()); }

memory::data_type type_of(DType dtype) {
  switch (dtype) {
    case DType::kBF16: return memory::data_type::bf16;
    case DType::kI8: return memory::data_type::s8;
    case DType::kU8: return memory::data_type::u8;
    default: return memory::data_type::f32;
  }
}

Support types_ok(const NodeDesc& node) {
  for (const auto& input : node.inputs)
    if (input.present && !has_type(input.desc.dtype)) return declined(Reason::kDtype, input.desc.to_string());
  for (const TensorDesc& output : node.outputs)
    if (!has_type(output.dtype)) return declined(Reason::kDtype, output.to_string());
  return supported();
}

memory::desc desc_of(const TensorDesc& desc) {
  memory::dims dims = desc.shape.dims();
  if (dims.empty()) dims = {1};
  return strided(dims, type_of(desc.dtype), desc.format);
}

memory::desc any_of(memory::dims dims, DType dtype) {
  return {dims, type_of(dtype), memory::format_tag::any};
}

memory::desc with_type(memory::desc desc, DType dtype) {
  desc.data.data_type = memory::convert_to_c(type_of(dtype));
  return desc;
}

dnnl::primitive_attr user_scratchpad() {
  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attr;
}

Arguments& Arguments::add(int argument, const memory::desc& desc, void* data, bool only_read) {
  TWOFOUR_ASSERT(size_ < kMost, "too many arguments for one primitive");
  items_[size_++] = {argument, &desc, data, only_read};
  return *this;
}

/// The memory objects of a primitive's arguments, kept from run to run: making them costs more than a small
/// layer does. As many sets as there were runs at once.
class MemoryPool {
 public:
  using Set = std::vector<memory>;

  /// Memory objects with the pointers of `arguments`.
  Set take(const Arguments& arguments) {
    Set set;
    {
      const std::lock_guard lock(mutex_);
      if (!free_.empty()) {
        set = std::move(free_.back());
        free_.pop_back();
      }
    }
    for (size_t i = 0; i < arguments.size_; ++i) {
      const Arguments::Item& item = arguments.items_[i];
      if (i < set.size()) set[i].set_data_handle(item.data);
      else set.push_back(make(item));
    }
    return set;
  }
  void give_back(Set set) {
    const std::lock_guard lock(mutex_);
    free_.push_back(std::move(set));
  }

 private:
  // Giving a memory object its pointer writes zeros to its padding, and constants may be mapped read-only: a
  // padded input is handed over as a flat array. Primitives take the order from their own descriptor.
  static memory make(const Arguments::Item& item) {
    const memory::desc& desc = *item.desc;
    const bool flat = item.only_read && is_padded(desc);
    return {flat ? memory::desc({static_cast<memory::dim>(desc.get_size())}, memory::data_type::u8,
                                memory::format_tag::a)
                 : desc,
            cpu_engine(), item.data};
  }

  std::mutex mutex_;
  std::vector<Set> free_;
};

std::shared_ptr<MemoryPool> Primitive::make_pool() { return std::make_shared<MemoryPool>(); }

int Primitive::max_threads_now() { return max_threads(); }

void Primitive::run(Arguments arguments, std::byte* scratch) const {
  if (bytes_of(scratchpad_) > 0) arguments.write(DNNL_ARG_SCRATCHPAD, scratchpad_, scratch + offset_);
  std::array<dnnl_exec_arg_t, Arguments::kMost> list;
  MemoryPool::Set memories = pool_->take(arguments);
  for (size_t i = 0; i < arguments.size_; ++i) list[i] = {arguments.items_[i].argument, memories[i].get()};
  // It must not see more threads than it was made for: some size their scratchpad by them.
  const ThreadCap cap(threads_);
  const dnnl_status_t status = dnnl_primitive_execute(primitive_.get(), thread_stream().get(),
                                                      static_cast<int>(arguments.size_), list.data());
  pool_->give_back(std::move(memories));
  TWOFOUR_ASSERT(status == dnnl_success, "oneDNN execution failed with status {}", static_cast<int>(status));
}

Conversion::Conversion(const memory::desc& from, const memory::desc& to, ScratchLayout& layout)
    : needed_(from != to), from_(from), to_(to) {
  primitive_ = {dnnl::reorder::primitive_desc(cpu_engine(), from, cpu_engine(), to, user_scratchpad()),
                layout};
}

void Conversion::run(const void* src, void* dst, std::byte* scratch) const {
  if (src == dst) return;
  primitive_.run(Arguments().read(DNNL_ARG_FROM, from_, src).write(DNNL_ARG_TO, to_, dst), scratch);
}

Source::Source(const memory::desc& outer, const memory::desc& inner, ScratchLayout& layout) : inner_(inner) {
  if (outer == inner) return;
  conversion_ = {outer, inner, layout};
  offset_ = layout.add(bytes_of(inner));
}

const void* Source::load(const void* outer, std::byte* scratch) const {
  if (!conversion_.needed()) return outer;
  conversion_.run(outer, scratch + offset_, scratch);
  return scratch + offset_;
}

std::vector<std::span<const std::byte>> Weight::own_constants() const {
  if (!own_.defined()) return {};
  return {{own_.raw(), own_.size_bytes()}};
}

Target::Target(const memory::desc& inner, const memory::desc& outer, ScratchLayout& layout) : inner_(inner) {
  if (outer == inner) return;
  conversion_ = {inner, outer, layout};
  offset_ = layout.add(bytes_of(inner));
}

void Target::store(void* outer, std::byte* scratch) const {
  if (conversion_.needed()) conversion_.run(scratch + offset_, outer, scratch);
}

std::string order_text(const memory::desc& desc) {
  return {reinterpret_cast<const char*>(&desc.data), sizeof desc.data};
}

Tensor packed_bytes(const memory::desc& from, const memory::desc& to, const std::byte* data) {
  Tensor result(DType::kU8, {static_cast<int64_t>(bytes_of(to))});
  if (from == to) {
    std::copy_n(data, result.size_bytes(), result.raw());
    return result;
  }
  ScratchLayout layout;
  const Conversion conversion(from, to, layout);
  const auto scratch = allocate_aligned(std::max<size_t>(layout.size(), 64));
  conversion.run(data, result.raw(), scratch.get());
  return result;
}

}  // namespace twofour::cpu::onednn
