#include "sparse/peer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/json.h"

namespace twofour::bench {
namespace {

Json request_of(const Problem& p, int64_t copies, int threads) {
  Json request = {{"threads", threads},
                  {"copies", copies},
                  {"precision", std::string(name_of(kPrecisionNames, p.precision))}};
  if (!p.is_conv()) {
    request.update({{"op", "gemm"}, {"m", p.m}, {"k", p.k}, {"n", p.n}});
    return request;
  }
  const ConvLayer& v = p.conv;
  request.update({{"op", "conv"},
                  {"src", {p.batch, v.c, v.h, v.w}},
                  {"weight", {v.k, v.c / v.groups, v.r, v.s}},
                  {"stride", v.stride},
                  {"pad", v.pad},
                  {"groups", v.groups}});
  return request;
}

}  // namespace

NodePeer::NodePeer() : program_("sparse/node_peer.py", {}) {}

std::string NodePeer::title() const { return fmt::format("{}", fmt::join(program_.greeting(), " ")); }

Candidate NodePeer::candidate(const Problem& problem, const ProblemData& data, int threads) {
  const std::string answer = program_.ask(request_of(problem, data.copies, threads).dump());
  TWOFOUR_CHECK(answer == "ok", kFailedPrecondition, "ONNX Runtime: {}", answer);
  auto turn = [this](int64_t warm, int64_t runs) {
    return std::stod(program_.ask(fmt::format("{} {}", warm, runs)));
  };
  return {.name = "ONNX Runtime",
          .role = Role::kDense,
          .turn_s = turn,
          .rest = std::chrono::milliseconds(threads > 1 ? kSettle : std::chrono::milliseconds(0))};
}

}  // namespace twofour::bench
