// The build report as JSON, which engine files carry in Plan::info.
#pragma once

#include "base/json_fwd.h"
#include "twofour/build_report.h"

namespace twofour::builder {

Json report_to_json(const BuildReport& report);
/// `info` has the report as its member "report". Throws Error{kDataCorrupt} when it has not, or anything that
/// report_to_json would not write.
BuildReport report_from_info(const Json& info);

}  // namespace twofour::builder
