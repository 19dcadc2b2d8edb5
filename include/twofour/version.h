// The version, which the build reads from here.
#pragma once

namespace twofour {

inline constexpr const char* kVersion = "0.1.0";

}  // namespace twofour
