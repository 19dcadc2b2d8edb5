// Files whose checksums are right and whose plans are not: an Error that names step or tensor.
#include <gmock/gmock.h>

#include "engine/small_engine.h"

namespace twofour::engine {
namespace {

using ::testing::HasSubstr;

class HostileEngine : public EngineTest {
 protected:
  template <typename Change>
  void refused(const Change& change, const char* text, ErrorCode code = ErrorCode::kDataCorrupt) const {
    Plan plan = small_plan();
    change(plan);
    EXPECT_THAT(load_error(saved(plan), code), HasSubstr(text));
  }
  template <typename Change>
  void accepted(const Change& change) const {
    Plan plan = small_plan();
    change(plan);
    EXPECT_NO_THROW(Engine::load(saved(plan), backend_));
  }
};

TEST_F(HostileEngine, Structure) {
  refused([](Plan& p) { p.tensors[3].offset = 4096; }, "does not lie in the arena");
  refused([](Plan& p) { p.tensors[3].offset = 8; }, "does not lie in the arena");
  refused([](Plan& p) { p.tensors[2].index = 7; }, "section 7");
  refused([](Plan& p) { p.tensors[2].desc.shape = {200, 3}; }, "does not match its section");
  refused([](Plan& p) { p.tensors[5].index = 0; }, "cannot live in the buffer");
  refused([](Plan& p) { p.steps[0].inputs[0] = 99; }, "tensor 99");
  refused([](Plan& p) { p.steps[0].outputs[0] = 0; }, "overwrites \"x\"");
  refused([](Plan& p) { p.steps[1].op = "Nonsense"; }, "Nonsense is not supported");
  refused([](Plan& p) { p.tensors[1].desc.shape = {2, 4}; }, "step \"relu\" is not valid");
  refused([](Plan& p) { p.tensors[3].any_rank = true; }, "arena \"sum\" cannot have sizes that are open");
  const auto of_any_rank = [](Plan& p) {
    p.tensors[0].desc.shape = {};
    p.tensors[0].any_rank = true;
  };
  refused(of_any_rank, "step \"add\" cannot read \"x\"");
  refused(
      [&](Plan& p) {
        of_any_rank(p);
        p.tensors[0].open = {DimRange{}};
      },
      "input \"x\" cannot have sizes that are open");
  refused([](Plan& p) { p.tensors[0].desc.shape = {int64_t{1} << 40, int64_t{1} << 40}; }, "63 bits");
}

TEST_F(HostileEngine, Tactics) {
  refused([](Plan& p) { p.steps[0].tactic = "cuda.add"; }, "backend reference has no tactic \"cuda.add\"",
          ErrorCode::kFailedPrecondition);
  // Channels-last is nothing that the reference runs.
  const auto channels_last = [](Plan& p) {
    p.tensors[3].desc = p.tensors[0].desc = p.tensors[1].desc =
        p.tensors[2].desc = {DType::kF32, {1, 2, 3, 1}};
    p.tensors[3].desc.format = backend::Format::kChannelsLast;
    p.tensors[2].kind = Kind::kInput;
    p.inputs = {0, 2, 4};
  };
  refused(channels_last, "reference does not run node \"add\" (Add): memory format is not supported",
          ErrorCode::kFailedPrecondition);
}

TEST_F(HostileEngine, Formats) {
  const auto refused_format = [&](size_t tensor, const char* text) {
    refused(
        [&](Plan& p) {
          for (PlanTensor& t : p.tensors)
            if (t.desc.shape.rank() == 2) t.desc.shape = {1, 2, 3, 1};
          p.tensors[tensor].desc.format = backend::Format::kChannelsLast;
        },
        text);
  };
  refused_format(0, "input \"x\" has format nhwc");
  refused_format(1, "output \"y\" has format nhwc");
  refused_format(2, "constant \"c\" has format nhwc");
}

TEST_F(HostileEngine, ConstantsWithoutData) {
  refused([](Plan& p) { p.tensors[2].index = -1; },
          "constant input 1 of node \"add\" (Add) has no data, which reference needs");
}

TEST_F(HostileEngine, OrderOfSteps) {
  refused([](Plan& p) { std::swap(p.steps[0], p.steps[1]); },
          "step \"relu\" reads \"sum\", which no step has");
  refused([](Plan& p) { p.steps[0].inputs[0] = 3; }, "step \"add\" reads \"sum\", which no step has");
  refused([](Plan& p) { p.steps.erase(p.steps.begin() + 1); }, "no step writes output \"y\"");
  refused([](Plan& p) { p.steps.push_back(p.steps[0]); }, "\"sum\" is written by two steps");
}

TEST_F(HostileEngine, OverlappingActivations) {
  // "next" is alive from count to keep; move it into the time of "sum".
  const auto meet = [](Plan& p) { std::swap(p.steps[1], p.steps[2]); };
  accepted(meet);
  refused(
      [&](Plan& p) {
        meet(p);
        p.tensors[7].offset = p.tensors[3].offset;
      },
      "step \"count\" writes \"next\" across \"sum\", which is still needed");
  accepted([](Plan& p) { p.tensors[7].offset = p.tensors[3].offset; });
  refused([](Plan& p) { p.arena_bytes = 1 << 20; }, "the arena has 1048576 bytes, its tensors need 128");
}

// add -> relu -> copy, all in one place.
void chain_in_place(Plan& p) {
  p.tensors.push_back({"relu", p.tensors[3].desc, Kind::kArena, 64, -1});
  p.steps[1] = {"relu", "Relu", {}, {3}, {8}, "in_place", {}, false};
  p.steps.push_back({"copy", "Identity", {}, {8}, {1}, "reference", {}, false});
}

TEST_F(HostileEngine, WorkInPlace) {
  accepted(chain_in_place);
  refused(
      [](Plan& p) {
        chain_in_place(p);
        p.steps[1].tactic = "reference";
      },
      "step \"relu\" writes \"relu\" over \"sum\", which is still needed");
  refused(
      [](Plan& p) {
        chain_in_place(p);
        p.tensors.push_back({"late", p.tensors[3].desc, Kind::kOutput, 0, -1});
        p.steps.push_back({"late", "Neg", {}, {3}, {9}, "reference", {}, false});
      },
      "step \"relu\" writes \"relu\" over \"sum\", which is still needed");
}

TEST_F(HostileEngine, Donations) {
  const auto count_in_place = [](Plan& p) {
    p.steps[2] = {"count", "Add", {}, {4, 6}, {5}, "in_place", {}, false};
    p.steps.pop_back();
  };
  accepted(count_in_place);
  refused(
      [&](Plan& p) {
        count_in_place(p);
        p.steps[2].tactic = "reference";
      },
      "step \"count\" writes \"n.new\" over \"n\", which is still needed");
  refused(
      [&](Plan& p) {
        count_in_place(p);
        p.steps.push_back({"again", "Add", {}, {4, 6}, {7}, "reference", {}, false});
      },
      "step \"count\" writes \"n.new\" over \"n\", which is still needed");
  refused(
      [](Plan& p) {
        p.tensors.push_back({"twin", p.tensors[5].desc, Kind::kDonated, 0, 4});
        p.steps.push_back({"twin", "Identity", {}, {7}, {8}, "reference", {}, false});
      },
      "\"twin\" and \"n.new\" both live in the buffer of \"n\"");
}

}  // namespace
}  // namespace twofour::engine
