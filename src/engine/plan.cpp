#include "engine/plan.h"

#include <algorithm>
#include <array>

#include "base/align.h"
#include "base/json_exact.h"

namespace twofour::engine {
namespace {

using Kind = PlanTensor::Kind;
constexpr size_t kAlign = 64;
constexpr std::array<std::string_view, 6> kKindNames = {"input", "output",  "constant",
                                                        "arena", "donated", "dynamic"};

Json tensor_to_json(const PlanTensor& t) {
  Json json = {{"name", text_to_json(t.name)},
               {"dtype", dtype_name(t.desc.dtype)},
               {"shape", t.desc.shape.dims()},
               {"format", backend::format_name(t.desc.format)},
               {"kind", kKindNames[static_cast<size_t>(t.kind)]},
               {"offset", t.offset},
               {"index", t.index}};
  if (t.any_rank) json["any_rank"] = true;
  for (const DimRange& dim : t.open) {
    json["open"].push_back({dim.min, dim.max});
    if (!dim.symbol.empty()) json["open"].back().push_back(text_to_json(dim.symbol));
  }
  return json;
}

std::vector<DimRange> open_from_json(const Json& json) {
  std::vector<DimRange> ranges;
  for (const Json& item : json) {
    const bool named = item.is_array() && item.size() == 3;
    const auto range = get_integers<int64_t>(named ? Json{item[0], item[1]} : item);
    TWOFOUR_CHECK(range.size() == 2 && range[0] >= 0 && range[0] <= range[1], kDataCorrupt,
                  "a range of sizes is two numbers, the least and the most, and perhaps a name");
    ranges.push_back({range[0], range[1], named ? text_from_json(item[2]) : ""});
  }
  return ranges;
}

TensorDesc desc_from_json(const Json& json) {
  const auto dtype = dtype_from_name(json.at("dtype").get<std::string>());
  TWOFOUR_CHECK(dtype, kDataCorrupt, "unknown dtype");
  TensorDesc desc{*dtype, Shape(get_integers<int64_t>(json.at("shape")))};
  for (const int64_t dim : desc.shape) TWOFOUR_CHECK(dim >= 0, kDataCorrupt, "negative size {}", dim);
  constexpr int64_t kMostElements = int64_t{1} << 48;
  TWOFOUR_CHECK(desc.shape.numel() < kMostElements, kDataCorrupt, "absurd shape {}", desc.shape.to_string());
  const std::string format = json.at("format");
  if (format == backend::format_name(backend::Format::kChannelsLast))
    desc.format = backend::Format::kChannelsLast;
  TWOFOUR_CHECK(format == backend::format_name(desc.format), kDataCorrupt, "unknown format {}", format);
  TWOFOUR_CHECK(desc.format == backend::Format::kPlain || desc.shape.rank() == 4, kDataCorrupt,
                "format {} needs four dimensions", format);
  return desc;
}

PlanTensor tensor_from_json(const Json& json) {
  PlanTensor t;
  t.name = text_from_json(json.at("name"));
  t.desc = desc_from_json(json);
  const std::string kind = json.at("kind");
  const auto it = std::ranges::find(kKindNames, kind);
  TWOFOUR_CHECK(it != kKindNames.end(), kDataCorrupt, "unknown tensor kind {}", kind);
  t.kind = static_cast<Kind>(it - kKindNames.begin());
  t.offset = get_integer<size_t>(json.at("offset"));
  t.index = get_integer<int>(json.at("index"));
  if (json.contains("open")) t.open = open_from_json(json.at("open"));
  t.any_rank = json.value("any_rank", false);
  return t;
}

Json step_to_json(const PlanStep& s) {
  Json json = {{"name", text_to_json(s.name)}, {"op", s.op},           {"attrs", attrs_to_json(s.attrs)},
               {"inputs", s.inputs},           {"outputs", s.outputs}, {"tactic", s.tactic},
               {"packed", s.packed},           {"sparse", s.sparse}};
  for (const auto& [attribute, body] : s.bodies) json["bodies"][attribute] = plan_to_json(*body);
  return json;
}

PlanStep step_from_json(const Json& json, size_t num_sections) {
  PlanStep s;
  s.name = text_from_json(json.at("name"));
  s.op = json.at("op");
  s.attrs = attrs_from_json(json.at("attrs"));
  s.inputs = get_integers<int>(json.at("inputs"));
  s.outputs = get_integers<int>(json.at("outputs"));
  s.tactic = json.at("tactic");
  s.packed = get_integers<int>(json.at("packed"));
  s.sparse = json.at("sparse");
  if (!json.contains("bodies")) return s;
  for (const auto& [attribute, body] : json.at("bodies").items())
    s.bodies[attribute] = std::make_shared<const Plan>(plan_from_json(body, num_sections));
  return s;
}

void check_index(int index, size_t count, std::string_view what) {
  TWOFOUR_CHECK(index >= 0 && static_cast<size_t>(index) < count, kDataCorrupt, "{} {} of {}", what, index,
                count);
}

void check_tensor(const Plan& plan, const PlanTensor& t, size_t num_sections) {
  TWOFOUR_CHECK(t.kind == Kind::kArena || t.desc.format == backend::Format::kPlain, kDataCorrupt,
                "{} \"{}\" has format {}, only activations in the arena may",
                kKindNames[static_cast<size_t>(t.kind)], t.name, backend::format_name(t.desc.format));
  if (t.kind == Kind::kArena)
    TWOFOUR_CHECK(t.offset % kAlign == 0 && t.offset <= plan.arena_bytes &&
                      t.desc.size_bytes() <= plan.arena_bytes - t.offset,
                  kDataCorrupt, "tensor \"{}\" does not lie in the arena", t.name);
  if (t.kind == Kind::kConstant && t.index != -1) check_index(t.index, num_sections, "section");
  const bool may_be_open = t.kind == Kind::kInput || t.kind == Kind::kOutput || t.kind == Kind::kDonated ||
                           t.kind == Kind::kDynamic;
  const bool sized_once = t.desc.shape.rank() == 0 && (!t.any_rank || t.open.empty());
  TWOFOUR_CHECK(!t.is_open() || (may_be_open && sized_once), kDataCorrupt,
                "{} \"{}\" cannot have sizes that are open", kKindNames[static_cast<size_t>(t.kind)], t.name);
  if (t.kind == Kind::kDonated) {
    check_index(t.index, plan.tensors.size(), "tensor");
    const PlanTensor& donor = plan.tensors[static_cast<size_t>(t.index)];
    TWOFOUR_CHECK(donor.kind == Kind::kInput && donor.open == t.open && donor.any_rank == t.any_rank &&
                      donor.desc == t.desc,
                  kDataCorrupt, "\"{}\" cannot live in the buffer of \"{}\"", t.name, donor.name);
  }
}

void check_step(const Plan& plan, const PlanStep& s, size_t num_sections) {
  for (const int i : s.inputs)
    if (i != -1) check_index(i, plan.tensors.size(), "tensor");
  for (const int i : s.packed) check_index(i, num_sections, "section");
  for (const int i : s.outputs) {
    check_index(i, plan.tensors.size(), "tensor");
    const Kind kind = plan.tensors[static_cast<size_t>(i)].kind;
    const bool fixed = kind == Kind::kInput || kind == Kind::kConstant ||
                       (kind == Kind::kDonated && plan.tensors[static_cast<size_t>(i)].is_open());
    TWOFOUR_CHECK(!fixed, kDataCorrupt, "step \"{}\" overwrites \"{}\"", s.name,
                  plan.tensors[static_cast<size_t>(i)].name);
  }
}

// Only an open step reads or makes tensors whose sizes it learns when it runs, and it knows no formats.
void check_open(const Plan& plan, const PlanStep& s) {
  const auto tensor = [&](int i) -> const PlanTensor& { return plan.tensors[static_cast<size_t>(i)]; };
  TWOFOUR_CHECK(s.bodies.empty() || s.is_open(), kDataCorrupt, "step \"{}\" has subgraphs and a tactic",
                s.name);
  for (const int i : s.inputs)
    if (i != -1 && s.is_open())
      TWOFOUR_CHECK(tensor(i).kind != Kind::kConstant || tensor(i).index != -1, kDataCorrupt,
                    "step \"{}\" reads constant \"{}\", which has no data", s.name, tensor(i).name);
  for (const int i : s.inputs)
    if (i != -1)
      TWOFOUR_CHECK(s.is_open() ? tensor(i).desc.format == backend::Format::kPlain : !tensor(i).is_open(),
                    kDataCorrupt, "step \"{}\" cannot read \"{}\"", s.name, tensor(i).name);
  for (const int i : s.outputs) {
    const bool made_in_run = tensor(i).kind == Kind::kDynamic || tensor(i).is_open();
    TWOFOUR_CHECK(s.is_open() ? made_in_run || tensor(i).kind == Kind::kOutput : !made_in_run, kDataCorrupt,
                  "step \"{}\" cannot write \"{}\"", s.name, tensor(i).name);
  }
}

void check_arena(const Plan& plan) {
  size_t needed = 0;
  for (const PlanTensor& t : plan.tensors)
    if (t.kind == Kind::kArena) needed = std::max(needed, t.offset + round_up(t.desc.size_bytes(), kAlign));
  TWOFOUR_CHECK(plan.arena_bytes <= needed, kDataCorrupt, "the arena has {} bytes, its tensors need {}",
                plan.arena_bytes, needed);
}

}  // namespace

void index_io(Plan& plan) {
  for (size_t i = 0; i < plan.tensors.size(); ++i) {
    const Kind kind = plan.tensors[i].kind;
    if (kind == Kind::kInput) plan.inputs.push_back(static_cast<int>(i));
    if (kind == Kind::kOutput || kind == Kind::kDonated) plan.outputs.push_back(static_cast<int>(i));
  }
}

ValueType PlanTensor::type() const {
  if (any_rank) return ValueType::unknown(desc.dtype);
  if (!is_open()) return {desc.dtype, to_dims(desc.shape)};
  ValueType type{desc.dtype, {}};
  for (const DimRange& dim : open) type.dims.push_back(dim.min == dim.max ? Dim(dim.min) : Dim());
  return type;
}

bool PlanTensor::takes(const Shape& shape) const {
  if (any_rank) return true;
  if (!is_open()) return shape == desc.shape;
  return std::ranges::equal(shape, open, [](int64_t size, const DimRange& range) {
    return range.min <= size && size <= range.max;
  });
}

std::string PlanTensor::to_string() const {
  if (any_rank) return type().to_string();
  if (!is_open()) return desc.to_string();
  std::vector<std::string> dims;
  for (const DimRange& dim : open) {
    if (dim == DimRange{0, DimRange{}.max, dim.symbol}) dims.push_back(dim.symbol.empty() ? "?" : dim.symbol);
    else
      dims.push_back(dim.min == dim.max ? std::to_string(dim.min) : fmt::format("{}..{}", dim.min, dim.max));
  }
  return fmt::format("{}[{}]", dtype_name(desc.dtype), fmt::join(dims, ","));
}

backend::NodeDesc describe(const Plan& plan, const PlanStep& step, std::span<const Tensor> sections) {
  backend::NodeDesc node{step.name, step.op, step.attrs, {}, {}};
  for (const int i : step.inputs) {
    auto& input = node.inputs.emplace_back();
    if (i == -1) continue;
    const PlanTensor& t = plan.tensors[static_cast<size_t>(i)];
    input = {true, t.kind == Kind::kConstant, t.desc, {}};
    if (input.constant && t.index != -1) input.data = sections[static_cast<size_t>(t.index)];
  }
  for (const int i : step.outputs) node.outputs.push_back(plan.tensors[static_cast<size_t>(i)].desc);
  return node;
}

Json plan_to_json(const Plan& plan) {
  Json tensors = Json::array();
  for (const PlanTensor& t : plan.tensors) tensors.push_back(tensor_to_json(t));
  Json steps = Json::array();
  for (const PlanStep& s : plan.steps) steps.push_back(step_to_json(s));
  return {{"name", text_to_json(plan.name)},
          {"backend", plan.backend},
          {"device", plan.device},
          {"arena_bytes", plan.arena_bytes},
          {"arena_lower_bound_bytes", plan.arena_lower_bound_bytes},
          {"info", plan.info},
          {"tensors", std::move(tensors)},
          {"steps", std::move(steps)}};
}

Plan plan_from_json(const Json& json, size_t num_sections) {
  try {
    Plan plan;
    plan.name = text_from_json(json.at("name"));
    plan.backend = json.at("backend");
    plan.device = json.at("device");
    plan.arena_bytes = get_integer<size_t>(json.at("arena_bytes"));
    plan.arena_lower_bound_bytes = get_integer<size_t>(json.at("arena_lower_bound_bytes"));
    plan.info = json.at("info");
    for (const Json& t : json.at("tensors")) plan.tensors.push_back(tensor_from_json(t));
    for (const Json& s : json.at("steps")) plan.steps.push_back(step_from_json(s, num_sections));
    for (const PlanTensor& t : plan.tensors) check_tensor(plan, t, num_sections);
    for (const PlanStep& s : plan.steps) {
      check_step(plan, s, num_sections);
      check_open(plan, s);
    }
    check_arena(plan);
    index_io(plan);
    return plan;
  } catch (const Json::exception& error) {
    fail(ErrorCode::kDataCorrupt, "the plan is malformed: {}", error.what());
  } catch (const Error& error) {
    throw Error(ErrorCode::kDataCorrupt, error.what());
  }
}

}  // namespace twofour::engine
