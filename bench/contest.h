// Programs that do the same work in turn, so that whatever else runs on the machine meets all of them: ours,
// and other people's as Python programs that answer one line to each line.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "line_process.h"

namespace twofour {

/// A script of bench/, run by $TWOFOUR_PYTHON or python3. Its first line is "ready ..." or why it cannot run.
class PythonProgram {
 public:
  /// `script`: its name in bench/. Throws Error{kFailedPrecondition} with its first line when it is not
  /// ready.
  PythonProgram(const std::string& script, const std::vector<std::string>& arguments);
  /// The words after "ready".
  const std::vector<std::string>& greeting() const { return greeting_; }
  /// Its answer to `line`. Throws Error{kIo} when it has ended.
  std::string ask(const std::string& line);
  double cpu_s() const { return process_.cpu_s(); }

 private:
  LineProcess process_;
  std::vector<std::string> greeting_;
};

std::vector<std::string> words(const std::string& line);
/// Processor time of this process.
double own_cpu_s();

struct Contestant {
  std::string name;
  std::function<double()> run_s;         // one turn: seconds of the work
  std::function<double()> others_cpu_s;  // processor time so far of the processes that wait meanwhile
  std::chrono::milliseconds rest{0};     // after its turn, until its threads have stopped spinning
  std::vector<double> times_s;           // of every round
};
/// Its time over `ours` of the same round.
std::vector<double> ratios_of(const Contestant& contestant, const Contestant& ours);

/// One turn each, in an order that turns from round to round. Returns the largest share of a turn in which
/// who waited was busy.
double run_round(std::vector<Contestant>& contestants, size_t round);

/// OpenMP's threads spin for some milliseconds before they sleep; Intel's for 200 unless told.
inline constexpr std::chrono::milliseconds kSettle{100};
/// Sets KMP_BLOCKTIME for programs started later, unless it is set.
void limit_spinning();

}  // namespace twofour
