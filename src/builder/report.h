// The build report as JSON, which engine files carry.
#pragma once

#include "base/json.h"
#include "twofour/build_report.h"

namespace twofour::builder {

Json report_to_json(const BuildReport& report);
/// Throws Error{kDataCorrupt} on anything that report_to_json would not write.
BuildReport report_from_json(const Json& json);

}  // namespace twofour::builder
