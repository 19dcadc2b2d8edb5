#include "contest.h"

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <iterator>
#include <sstream>
#include <thread>

#include "base/error.h"
#include "source_dir.h"

namespace twofour {
namespace {

std::vector<std::string> command(const std::string& script, const std::vector<std::string>& arguments) {
  const char* python = std::getenv("TWOFOUR_PYTHON");
  std::vector<std::string> result = {python ? python : "python3", TWOFOUR_SOURCE_DIR "/bench/" + script};
  result.insert(result.end(), arguments.begin(), arguments.end());
  return result;
}

}  // namespace

std::vector<std::string> words(const std::string& line) {
  std::istringstream stream(line);
  return {std::istream_iterator<std::string>(stream), {}};
}

double own_cpu_s() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

PythonProgram::PythonProgram(const std::string& script, const std::vector<std::string>& arguments)
    : process_(command(script, arguments)) {
  std::string answer;
  try {
    answer = process_.read_line();
  } catch (const Error& error) {
    answer = error.what();
  }
  greeting_ = words(answer);
  TWOFOUR_CHECK(!greeting_.empty() && greeting_[0] == "ready", kFailedPrecondition,
                "{} cannot run ({}); TWOFOUR_PYTHON may name a Python that can", script, answer);
  greeting_.erase(greeting_.begin());
}

std::string PythonProgram::ask(const std::string& line) {
  process_.write_line(line);
  return process_.read_line();
}

double run_round(std::vector<Contestant>& contestants, size_t round) {
  double busy = 0;
  for (size_t i = 0; i < contestants.size(); ++i) {
    Contestant& c = contestants[(round + i) % contestants.size()];
    const double before = c.others_cpu_s();
    const auto start = std::chrono::steady_clock::now();
    c.times_s.push_back(c.run_s());
    const std::chrono::duration<double> turn = std::chrono::steady_clock::now() - start;
    busy = std::max(busy, (c.others_cpu_s() - before) / turn.count());
    std::this_thread::sleep_for(c.rest);
  }
  return busy;
}

std::vector<double> ratios_of(const Contestant& contestant, const Contestant& ours) {
  std::vector<double> ratios;
  for (size_t round = 0; round < ours.times_s.size(); ++round)
    ratios.push_back(contestant.times_s[round] / ours.times_s[round]);
  return ratios;
}

void limit_spinning() { setenv("KMP_BLOCKTIME", "20", 0); }

}  // namespace twofour
