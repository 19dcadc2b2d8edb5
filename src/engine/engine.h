// Engine: an immutable, executable plan with its weights; ExecutionContext: the memory of one stream of runs.
//
//   auto engine = Engine::load("net.engine", backend);
//   auto context = engine->create_context();
//   context->bind("input", image);
//   context->run();
//   Tensor logits = context->tensor("output");
//
// An engine may be shared by any number of threads and contexts; a context belongs to one thread at a time.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "engine/buffer_pool.h"
#include "engine/open_step.h"
#include "engine/plan.h"

namespace twofour::engine {

class ExecutionContext;

/// A place in a step's arguments.
struct TensorUse {
  size_t step;
  size_t slot;
  bool output;
};

class Engine : public std::enable_shared_from_this<Engine> {
 public:
  /// `sections`: constants and packed weights that the plan's numbers refer to. Creates every step's kernel.
  /// `backend` must outlive the engine.
  static std::shared_ptr<const Engine> create(Plan plan, std::vector<Tensor> sections,
                                              const backend::Backend& backend);
  /// Maps the file (engine/file.h describes it); weights are not copied. Throws Error{kDataCorrupt} when it
  /// is truncated, altered or of another format version, Error{kFailedPrecondition} when it was built for
  /// another device.
  static std::shared_ptr<const Engine> load(const std::filesystem::path& path,
                                            const backend::Backend& backend);
  /// Atomic: either the whole file, which was loaded again before, or the old state. Throws Error{kIo}.
  void save(const std::filesystem::path& path) const;
  /// Bytes of the file that save() writes.
  size_t file_bytes() const;

  const Plan& plan() const { return plan_; }
  std::span<const Tensor> sections() const { return sections_; }
  /// How a step runs: one of the three.
  struct Step {
    std::unique_ptr<backend::Kernel> kernel;
    std::unique_ptr<OpenStep> open;
    std::map<std::string, std::shared_ptr<const Engine>, std::less<>>
        bodies;  // of control flow, by attribute
  };
  std::span<const Step> steps() const { return steps_; }
  /// Where a tensor's pointer goes; an input's list includes the output that lives in its buffer.
  std::span<const TensorUse> uses(int tensor) const { return uses_[static_cast<size_t>(tensor)]; }
  /// Dynamic tensors that no step after this one reads.
  std::span<const int> ends_at(size_t step) const { return ends_[step]; }
  /// The most scratch that any step needs whose sizes are known.
  size_t scratch_bytes() const { return scratch_bytes_; }
  std::unique_ptr<ExecutionContext> create_context() const;

 private:
  Engine() = default;

  const backend::Backend* backend_ = nullptr;
  Plan plan_;
  std::vector<Tensor> sections_;
  std::vector<Step> steps_;
  std::vector<std::vector<TensorUse>> uses_;  // by tensor number
  std::vector<std::vector<int>> ends_;        // by step
  size_t scratch_bytes_ = 0;
};

class ExecutionContext {
 public:
  explicit ExecutionContext(std::shared_ptr<const Engine> engine);

  /// Lets an input or output live in `tensor`'s memory from now on. An input with open dimensions takes every
  /// size in their ranges; an output with open ones is not bound. A donated output is bound through its
  /// input. Throws Error{kInvalidArgument} naming the tensor, what came and what is allowed.
  void bind(std::string_view name, Tensor tensor);
  /// The tensor behind an input or output (allocated by the context unless bound). Of an output with open
  /// dimensions that of the last run. Throws Error{kFailedPrecondition} while there is none.
  const Tensor& tensor(std::string_view name) const;

  /// Throws Error{kFailedPrecondition} when an input with open dimensions is not bound, and what steps throw
  /// that learn only now which sizes they have.
  void run();
  /// As run(), adding each step's time to `step_time_us` (one entry per step of the plan).
  void run_profiled(std::span<double> step_time_us);
  /// As run(); after each step `observe` gets its number and outputs, which hold until it returns. They lie
  /// in the formats that the plan says. An output that nobody reads may be undefined.
  using Observer = std::function<void(size_t step, std::span<const Tensor> outputs)>;
  void run_observed(const Observer& observe);

  const Engine& engine() const { return *engine_; }

 private:
  template <typename After>
  void run_steps(const After& after);
  /// All inputs are bound, and sizes of one name are equal.
  void check_inputs() const;
  void run_open(size_t step);
  std::vector<Tensor> run_kernel(size_t step, std::span<const Tensor> inputs);
  std::vector<Tensor> run_control(size_t step, std::span<const Tensor> inputs);
  std::vector<Tensor> run_body(size_t step, std::string_view attribute, std::span<const Tensor> inputs);
  void bind_number(int tensor, Tensor data);
  Tensor take_output(int tensor);
  Tensor view(int tensor) const;
  void store(int tensor, Tensor data);
  std::byte* scratch(size_t bytes);
  void set_pointer(int tensor, std::byte* pointer);
  int find_io(std::string_view name) const;

  std::shared_ptr<const Engine> engine_;
  std::shared_ptr<std::byte> arena_;
  std::shared_ptr<std::byte> scratch_;
  size_t scratch_bytes_ = 0;
  BufferPool pool_;
  std::vector<Tensor> bound_;                           // by tensor number; inputs, outputs, dynamic ones
  std::vector<std::vector<const std::byte*>> sources_;  // by step
  std::vector<std::vector<std::byte*>> destinations_;
  std::vector<std::map<std::string, std::unique_ptr<ExecutionContext>, std::less<>>> bodies_;  // by step
};

}  // namespace twofour::engine
