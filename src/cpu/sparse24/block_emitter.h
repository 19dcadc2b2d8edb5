// What the code of every block is made of, whatever it multiplies: data in front of the code, the loop over
// panels, the weight pointer and its steps, the prefetch of the blocks that follow, the end of a panel.
// Xbyak; System V.
#pragma once

#include <span>
#include <vector>

#include "cpu/sparse24/block_generator.h"
#include "cpu/sparse24/fast_emitter.h"

namespace twofour::cpu {

class BlockEmitter {
 public:
  virtual ~BlockEmitter() = default;
  BlockFn emit();

 protected:
  /// `fetched_bytes`: code and data of a block for each weight broadcast.
  BlockEmitter(Xbyak::CodeGenerator& out, const Epilogue& epilogue, const BlockSpec& spec,
               int64_t weight_count, int64_t fetched_bytes)
      : out_(out),
        epilogue_(epilogue),
        spec_(spec),
        rows_(static_cast<int>(spec.rows.size())),
        weight_count_(weight_count),
        fetched_bytes_(fetched_bytes) {}

  /// weight_count broadcasts of four bytes, in the order of their use.
  virtual void emit_weights() = 0;
  /// Four bytes for each row of the block to start its sums with, the bias; none when they start at zero.
  virtual std::vector<uint32_t> starts() const;
  /// What finish_sums() reads, of any meaning.
  virtual std::vector<float> finish_constants() const { return {}; }
  /// Once, before the loop over panels.
  virtual void prepare() {}
  /// The products of all X rows of the block.
  virtual void multiply_all(FastEmitter& fast) = 0;
  /// Makes the sums real values; `constants` points at finish_constants().
  virtual void finish_sums(const Xbyak::Reg64& /*constants*/) {}
  /// Writes the results of one panel where `target_` says, and goes on to the next.
  virtual void finish_panel();
  /// dst_ and residual_ of the panel; the result is the register of the stride of its rows.
  const Xbyak::Reg64& load_target();
  /// The register that points at finish_constants() until load_target().
  const Xbyak::Reg64& load_constants();
  void next_target();
  void activate();

  void load_x(FastEmitter& fast, int source, int64_t x_row);
  /// The products in order, each with the next weight, in runs between the weight pointer's steps and
  /// prefetches.
  void multiply(FastEmitter& fast, std::span<const Product> products);
  uint8_t* data_at() const { return const_cast<uint8_t*>(out_.getCurr()); }

  Xbyak::CodeGenerator& out_;
  const Epilogue& epilogue_;
  const BlockSpec& spec_;
  const int rows_;
  const Xbyak::Reg64 scratch_{Xbyak::Operand::R11};
  const Xbyak::Reg64 residual_{Xbyak::Operand::R9}, dst_{Xbyak::Operand::R11};

 private:
  bool has_limits() const { return spec_.last && epilogue_.activation == Activation::kClip; }
  void put(const void* data, size_t bytes);
  void emit_data();
  void emit_code();
  void start_sums();
  void multiply_panel();
  int64_t x_displacement(int64_t row) const;
  int64_t weights_in_reach() const;
  void advance_weights(FastEmitter& fast);
  void prefetch_next(FastEmitter& fast);
  int64_t prefetch_lines() const;
  void store_sums();

  const int64_t weight_count_;
  const int64_t fetched_bytes_;
  bool has_starts_ = false;
  Xbyak::Label weights_, starts_, constants_, limits_, end_;
  int64_t weight_base_ = 0;  // what weight_ points at, in bytes from weights_
  int64_t next_weight_ = 0;
  int64_t prefetched_ = 0;
  int64_t next_prefetch_ = 0;  // the number of weights at which the next prefetch is due
  const Xbyak::Reg64 args_{Xbyak::Operand::RDI}, weight_{Xbyak::Operand::RAX}, panels_{Xbyak::Operand::RCX},
      x_{Xbyak::Operand::RDX}, sum_{Xbyak::Operand::RSI}, target_{Xbyak::Operand::R8},
      prefetch_{Xbyak::Operand::R10};
};

}  // namespace twofour::cpu
