// Writing what commands produce.
#pragma once

#include <filesystem>
#include <string_view>

namespace twofour::cli {

/// Atomic: the old file or the whole new one. Folders on the way are made.
void write_text_file(const std::filesystem::path& path, std::string_view text);

}  // namespace twofour::cli
