// Runs one node through one tactic as the engine would, and compares with the op's reference.
#pragma once

#include <string>
#include <vector>

#include "backend/tactic.h"
#include "ops/op_def.h"

namespace twofour::tactic_test {

/// A node with row-major data for every input (undefined: absent).
struct Case {
  backend::NodeDesc node;
  std::vector<Tensor> inputs;
};

struct CaseInput {
  DType dtype = DType::kF32;
  Shape shape;
  float low = -1;
  float high = 1;
  bool constant = false;
  bool absent = false;
  std::vector<float> values = {};
  bool distinct = false;
};

/// Infers the outputs; inputs get uniform values from `seed`.
Case make_case(const std::string& op, const std::vector<CaseInput>& inputs, Attrs attrs = {},
               size_t outputs = 1, uint64_t seed = 1);
Case case_of_example(const ops::OpDef& op, const ops::Example& example);
/// The same with these tensors (undefined: absent); those that `constant` names are constants.
Case case_of_tensors(const std::string& op, const std::vector<Tensor>& inputs,
                     const std::vector<bool>& constant = {}, Attrs attrs = {}, size_t outputs = 1);
/// f32 tensors become `dtype`, except on ports that stay f32. Empty node.op when the op does not allow it.
Case with_half(Case original, DType dtype);
/// Zeroes the first two of every four weights (input 1) whose positions differ by `step`.
Case pruned(Case test, int64_t step);
/// Of every four weights (input 1) along `axis` two, one or none, at random places, are kept.
Case with_random_24(Case test, size_t axis);
/// Activations with four dimensions become `format`; constants and weights stay plain.
Case with_format(Case original, backend::Format format);

/// Attributes of every activation that fused nodes have.
std::vector<Attrs> activations();

struct RunOptions {
  bool in_place = false;        // outputs share the input that the tactic offers first
  size_t misalign = 0;          // bytes beyond 64-byte alignment for inputs and outputs
  bool read_only_pack = false;  // packed constants lie in pages that cannot be written
  int pack_threads = 0;         // so many pack; 0: as many as run
};

/// Outputs in row-major order.
std::vector<Tensor> run_tactic(const backend::Tactic& tactic, const Case& test,
                               const RunOptions& options = {});
std::vector<Tensor> run_reference(const Case& test);

/// Differences stay below `eps` machine epsilons of the output's type, relative to the largest magnitude near
/// by.
void expect_close(const std::vector<Tensor>& actual, const std::vector<Tensor>& expected, double eps,
                  const std::string& what);

/// Codes of a Quantized operator lie within 0.5 of what the reference gives before it rounds to codes. Every
/// f32 operation of a kernel may move them by one machine epsilon of the largest value, before or after the
/// activation, in units of the output scale; `eps` of them are granted.
void expect_codes(const Tensor& actual, const Case& test, double eps, const std::string& what);

/// Runs when the tactic supports the case and compares, by expect_codes() where the result is codes of a
/// Quantized operator, else by expect_close(); says whether it ran.
bool check_tactic(const backend::Tactic& tactic, const Case& test, const RunOptions& options = {},
                  double eps = 64);
/// check_tactic, failing when the tactic declines.
void expect_runs(const backend::Tactic& tactic, const Case& test, const RunOptions& options = {},
                 double eps = 64);

/// The channels-last memory image of a row-major tensor, and back.
Tensor to_channels_last(const Tensor& plain);
Tensor from_channels_last(const Tensor& tensor);

}  // namespace twofour::tactic_test
