// The tactics file: the decisions of a build as readable JSON that can be edited and replayed.
#pragma once

#include <filesystem>

#include "builder/select.h"

namespace twofour::builder {

/// Atomic. One entry per distinct signature: layer name (for the reader), tactic, format, time.
void write_tactics_file(const std::filesystem::path& path, const BuildReport& report,
                        const backend::Backend& backend);
/// Throws Error{kNotFound, kDataCorrupt}, Error{kFailedPrecondition} when it was written for another device.
Decisions read_tactics_file(const std::filesystem::path& path, const backend::Backend& backend);

}  // namespace twofour::builder
