// Engine files from outside give an Error or an engine that runs within its memory. The input is a file, or
// the JSON of one: {"plan": ..., "sections": [{"dtype", "shape", "data": [...]}]}, whose last value is
// repeated as often as the shape needs; it is made a file with right checksums, which is where the
// interesting plans are.
#include <cstring>
#include <random>

#include "base/align.h"
#include "base/hash.h"
#include "builder/report.h"
#include "cpu/backend.h"
#include "engine/engine.h"
#include "engine/file.h"
#include "engine/validate.h"

using namespace twofour;

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

namespace {

constexpr size_t kAlign = 64;
constexpr int64_t kMostElements = 1 << 12;  // of a tensor of an engine that is run
constexpr int64_t kMostSectionElements = 1 << 16;

const cpu::CpuBackend& device() {
  static const cpu::CpuBackend backend;
  return backend;
}

Tensor section_from(const Json& json) {
  const auto dtype = dtype_from_name(json.at("dtype").get<std::string>());
  const Shape shape(get_integers<int64_t>(json.at("shape")));
  TWOFOUR_CHECK(dtype && std::ranges::all_of(shape, [](int64_t d) { return d >= 0; }) &&
                    shape.numel() <= kMostSectionElements,
                kDataCorrupt, "not a section");
  Tensor values(DType::kF64, shape);
  const auto given = json.at("data").get<std::vector<double>>();
  for (size_t i = 0; i < values.span<double>().size() && !given.empty(); ++i)
    values.span<double>()[i] = given[std::min(i, given.size() - 1)];
  return values.to(*dtype);
}

std::string hex(uint64_t value) { return fmt::format("{:016x}", value); }

template <typename T>
void put(std::string& bytes, size_t at, T value) {
  std::memcpy(bytes.data() + at, &value, sizeof value);
}

/// The file that engine/file.h describes, for this machine.
std::string file_of(Json json) {
  std::string sections;
  for (Json& item : json.at("sections")) {
    const Tensor tensor = section_from(item);
    const size_t bytes = round_up(tensor.size_bytes(), kAlign);
    item = {{"offset", sections.size()},
            {"dtype", dtype_name(tensor.dtype())},
            {"shape", tensor.shape().dims()},
            {"hash", hex(hash_bytes({tensor.raw(), bytes}))}};
    sections.append(reinterpret_cast<const char*>(tensor.raw()), bytes);
  }
  json.at("plan")["backend"] = device().name();
  json.at("plan")["device"] = device().device();
  std::string header = json.dump();
  header.resize(round_up(header.size(), kAlign), '\0');
  std::string file(kAlign, '\0');
  std::memcpy(file.data(), "24ENGINE", 8);
  put<uint32_t>(file, 8, engine::kFormatVersion);
  put<uint64_t>(file, 16, header.size());
  put<uint64_t>(file, 24, hash_text(header));
  put<uint64_t>(file, 32, kAlign + header.size() + sections.size());
  return file + header + sections;
}

/// Small enough to run within the fuzzer's limits.
bool is_small(const engine::Plan& plan) {
  return plan.steps.size() < 64 && std::ranges::all_of(plan.tensors, [](const engine::PlanTensor& t) {
           return t.desc.shape.numel() <= kMostElements;
         });
}

void load_and_run(std::string_view bytes) {
  const auto memory = allocate_aligned(bytes.size());
  std::memcpy(memory.get(), bytes.data(), bytes.size());
  engine::EngineFile file = engine::parse_engine_file({memory.get(), bytes.size()}, memory);
  engine::validate(file.plan, file.sections, device());
  if (!is_small(file.plan)) return;
  const auto engine = engine::Engine::create(std::move(file.plan), std::move(file.sections), device());
  engine->create_context()->run();
  builder::report_from_info(engine->plan().info);
}

void collect(Json& json, std::vector<Json*>& nodes) {
  nodes.push_back(&json);
  if (json.is_structured())
    for (Json& child : json) collect(child, nodes);
}

int64_t changed(int64_t value, std::minstd_rand& random) {
  constexpr std::array<int64_t, 10> kValues = {-1, 0, 1, 2, 3, 4, 64, 4096, INT64_MAX, INT64_MIN};
  if (random() % 2) return kValues[random() % kValues.size()];
  return static_cast<int64_t>(static_cast<uint64_t>(value) + (random() % 2 ? 1 : -1));
}

/// One change to one value somewhere, or to all that are equal to it: a plan whose sizes still agree goes
/// far.
void mutate(Json& root, std::minstd_rand& random) {
  std::vector<Json*> nodes;
  collect(root, nodes);
  const auto pick = [&](size_t count) { return static_cast<size_t>(random()) % count; };
  Json& node = *nodes[pick(nodes.size())];
  const Json old = node;
  const Json other = *nodes[pick(nodes.size())];
  if (node.is_number_integer() && pick(4) > 0) {
    node = changed(node.get<int64_t>(), random);
  } else if (node.is_array() && !node.empty() && pick(4) > 0) {
    const size_t i = pick(node.size());
    switch (pick(3)) {
      case 0: node.erase(i); break;
      case 1: node.push_back(Json(node[i])); break;
      default: std::swap(node[i], node[pick(node.size())]);
    }
  } else if (node.is_string() && pick(2)) {
    node = device().tactics()[pick(device().tactics().size())]->name();
  } else if (other.type() == node.type() || pick(8) == 0) {
    node = other;
  }
  if (old.is_primitive() && pick(2)) {
    const Json now = node;
    for (Json* each : nodes)
      if (*each == old) *each = now;
  }
}

}  // namespace

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  std::minstd_rand random(seed);
  Json json = Json::parse(data, data + size, nullptr, false);
  if (json.is_discarded() || random() % 50 == 0) return LLVMFuzzerMutate(data, size, max_size);
  for (size_t changes = 1 + random() % 3; changes-- > 0;) mutate(json, random);
  const std::string text = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() > max_size) return LLVMFuzzerMutate(data, size, max_size);
  std::memcpy(data, text.data(), text.size());
  return text.size();
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    const Json json = Json::parse(bytes, nullptr, false);
    if (json.is_discarded()) load_and_run(bytes);
    else load_and_run(file_of(json));
  } catch (const Json::exception&) {
    // file_of() above; the library gives Errors.
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kInternal) throw;
  }
  return 0;
}
