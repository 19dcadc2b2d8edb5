#include "cli/table.h"

#include <fmt/format.h>

#include <algorithm>

namespace twofour::cli {

Table::Table(std::vector<std::string> headers) : headers_(std::move(headers)) {
  for (std::string& header : headers_) {
    right_.push_back(header.starts_with('>'));
    if (right_.back()) header.erase(0, 1);
  }
}

std::string Table::text() const {
  std::vector<size_t> widths;
  for (size_t c = 0; c < headers_.size(); ++c) {
    widths.push_back(headers_[c].size());
    for (const auto& row : rows_) widths[c] = std::max(widths[c], row[c].size());
  }
  const auto line = [&](const std::vector<std::string>& cells) {
    std::string text;
    for (size_t c = 0; c < cells.size(); ++c)
      text += right_[c] ? fmt::format("{:>{}}  ", cells[c], widths[c])
                        : fmt::format("{:<{}}  ", cells[c], widths[c]);
    return text.substr(0, text.find_last_not_of(' ') + 1);
  };
  std::string text = line(headers_);
  for (const auto& row : rows_) text += "\n" + line(row);
  return text;
}

}  // namespace twofour::cli
