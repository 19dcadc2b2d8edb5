// Tensors of NaN, infinities, signed zeros, denormals and the ends of every type, and the check of one node
// on them: every tactic that takes it, in both formats and through half storage, against the oracle.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tactics/harness.h"
#include "tactics/oracle.h"

namespace twofour::tactic_test {

/// Every kind of number that has a rule of its own, among usual ones; of integers zero, one and the ends.
Tensor special_numbers(DType dtype);
/// The numbers in an order of their own, so that each meets each in `pairs_of(a)` and `repeated(b)`.
Tensor each_with_all(const Tensor& numbers);  // n * n: a a a ... b b b ...
Tensor all_with_each(const Tensor& numbers);  // n * n: a b c ... a b c ...

/// Ways to spoil a tensor of usual values; one for each of the names below.
constexpr std::array<const char*, 11> kSpoils = {"usual",    "nan first", "nan inside", "nan last",
                                                 "+inf",     "-inf",      "both inf",   "-0",
                                                 "denormal", "large",     "all -inf"};
Tensor spoilt(const Tensor& usual, size_t spoil);

/// What went wrong, by tactic and operator: how often, and the first example.
class Findings {
 public:
  void check(const Case& plain, const std::string& what, double eps = 64, bool halves = true);
  /// Every element of the outputs is values[places[...]], to the bit; place 0, or none of them, is a filler.
  void check_moved(const Case& test, const std::vector<Tensor>& places, const std::vector<float>& values);
  void check_cast(const Case& test);
  void add(const std::string& who, const std::string& what);
  /// One line each.
  std::string to_string() const;
  bool empty() const { return faults_.empty(); }
  int64_t checks() const { return checks_; }

 private:
  template <typename Compare>
  void run_all(const Case& test, const std::string& what, bool reference, const Compare& compare);
  void check_formats(const Case& plain, const std::string& what, double eps);
  void check_one(const Case& test, const std::string& what, double eps, bool reference);

  struct Fault {
    int64_t count = 0;
    std::string first;
  };
  std::map<std::string, Fault> faults_;
  int64_t checks_ = 0;
};

}  // namespace twofour::tactic_test
