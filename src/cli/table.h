// Text tables: columns as wide as their widest cell, numbers to the right.
#pragma once

#include <string>
#include <vector>

namespace twofour::cli {

class Table {
 public:
  /// A header that starts with '>' is right-aligned (the sign is not printed).
  explicit Table(std::vector<std::string> headers);
  void add_row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  bool empty() const { return rows_.empty(); }
  /// Lines without a trailing newline.
  std::string text() const;

  const std::vector<std::string>& headers() const { return headers_; }
  const std::vector<std::vector<std::string>>& rows() const { return rows_; }
  bool right_aligned(size_t column) const { return right_[column]; }

 private:
  std::vector<std::string> headers_;
  std::vector<bool> right_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace twofour::cli
