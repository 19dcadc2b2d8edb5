// The name of the JSON type, for headers that only pass it on.
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace twofour {

using Json = nlohmann::ordered_json;

}  // namespace twofour
