// A report page: one HTML file with its style and drawings inside.
#pragma once

#include <string>
#include <string_view>

#include "cli/table.h"

namespace twofour::cli {

class HtmlPage {
 public:
  explicit HtmlPage(std::string title) : title_(std::move(title)) {}
  void heading(std::string_view text);
  void paragraph(std::string_view text);
  void table(const Table& table);
  /// SVG from cli/chart.h, with a caption.
  void figure(std::string_view svg, std::string_view caption);
  std::string str() const;

 private:
  std::string title_;
  std::string body_;
};

}  // namespace twofour::cli
