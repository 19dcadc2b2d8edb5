// LineProcess: another program that answers one line to each line that it is given.
#pragma once

#include <sys/types.h>

#include <cstdio>
#include <string>
#include <vector>

namespace twofour {

class LineProcess {
 public:
  /// Starts `arguments[0]`, looked up in PATH; its stderr is ours. Throws Error{kIo} when that is impossible;
  /// a program that does not exist is a first answer that does not come.
  explicit LineProcess(const std::vector<std::string>& arguments);
  /// Closes its stdin and waits for its end.
  ~LineProcess();
  LineProcess(const LineProcess&) = delete;
  LineProcess& operator=(const LineProcess&) = delete;

  void write_line(const std::string& line);
  /// Waits for a line. Throws Error{kIo} when the program has ended.
  std::string read_line();
  /// Processor time of all its threads so far, in seconds.
  double cpu_s() const;

 private:
  std::string name_;
  pid_t pid_ = -1;
  FILE* in_ = nullptr;   // its stdout
  FILE* out_ = nullptr;  // its stdin
};

}  // namespace twofour
