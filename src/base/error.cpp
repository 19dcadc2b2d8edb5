#include "base/error.h"

namespace twofour {

std::string_view error_code_name(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument: return "invalid argument";
    case ErrorCode::kNotFound: return "not found";
    case ErrorCode::kDataCorrupt: return "data corrupt";
    case ErrorCode::kUnsupported: return "unsupported";
    case ErrorCode::kFailedPrecondition: return "failed precondition";
    case ErrorCode::kResourceExhausted: return "resource exhausted";
    case ErrorCode::kIo: return "input/output";
    case ErrorCode::kCancelled: return "cancelled";
    case ErrorCode::kInternal: return "internal";
  }
  return "unknown";
}

void fail_formatted(ErrorCode code, fmt::string_view format, fmt::format_args args) {
  throw Error(code, fmt::vformat(format, args));
}

void assertion_failed(const char* condition, const std::string& message, std::source_location where) {
  throw Error(ErrorCode::kInternal, fmt::format("internal error at {}:{}: {} ({})", where.file_name(),
                                                where.line(), message, condition));
}

}  // namespace twofour
