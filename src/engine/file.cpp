#include "engine/file.h"

#include <array>
#include <cstring>

#include "base/align.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/parallel.h"

namespace twofour::engine {
namespace {

constexpr std::array<char, 8> kMagic = {'2', '4', 'E', 'N', 'G', 'I', 'N', 'E'};
constexpr size_t kAlign = 64;

struct Prefix {
  std::array<char, 8> magic = kMagic;
  uint32_t version = kFormatVersion;
  uint32_t zero = 0;
  uint64_t header_bytes = 0;
  uint64_t header_hash = 0;
  uint64_t file_bytes = 0;
  std::array<uint64_t, 3> padding{};
};
static_assert(sizeof(Prefix) == kAlign);

size_t padded(size_t bytes) { return round_up(bytes, kAlign); }

// allocate_aligned zero-fills to whole cache lines, so a tensor's padding can be read and hashed with it.
std::span<const std::byte> padded_bytes(const Tensor& tensor) {
  return {tensor.raw(), padded(tensor.size_bytes())};
}

std::string hex(uint64_t value) { return fmt::format("{:016x}", value); }

// A section may be a view whose padding is not ours to read: such tensors are copied.
std::vector<Tensor> with_padding(std::span<const Tensor> sections) {
  std::vector<Tensor> result;
  for (const Tensor& section : sections)
    result.push_back(section.size_bytes() % kAlign == 0 ? section : section.clone());
  return result;
}

size_t sections_bytes(std::span<const Tensor> sections) {
  size_t bytes = 0;
  for (const Tensor& section : sections) bytes += padded(section.size_bytes());
  return bytes;
}

/// `hash` gives the 16 digits of a section.
template <typename Hash>
std::string header_text(const Plan& plan, std::span<const Tensor> sections, const Hash& hash) {
  Json list = Json::array();
  size_t offset = 0;  // relative to the first section, so that the header's own length does not matter
  for (const Tensor& section : sections) {
    list.push_back({{"offset", offset},
                    {"dtype", dtype_name(section.dtype())},
                    {"shape", section.shape().dims()},
                    {"hash", hex(hash(section))}});
    offset += padded(section.size_bytes());
  }
  std::string text = Json{{"plan", plan_to_json(plan)}, {"sections", std::move(list)}}.dump();
  text.resize(padded(text.size()), '\0');
  return text;
}

Prefix read_prefix(std::span<const std::byte> bytes) {
  Prefix prefix;
  TWOFOUR_CHECK(bytes.size() >= sizeof prefix && std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) == 0,
                kDataCorrupt, "it is not a twofour engine");
  std::memcpy(&prefix, bytes.data(), sizeof prefix);
  TWOFOUR_CHECK(prefix.version == kFormatVersion, kDataCorrupt,
                "it has format version {}, this twofour reads version {}; build the engine again",
                prefix.version, kFormatVersion);
  TWOFOUR_CHECK(prefix.file_bytes == bytes.size(), kDataCorrupt,
                "it has {} bytes and should have {}: truncated?", bytes.size(), prefix.file_bytes);
  TWOFOUR_CHECK(prefix.zero == 0 && prefix.padding == decltype(prefix.padding){} &&
                    prefix.header_bytes % kAlign == 0 && prefix.header_bytes <= bytes.size() - sizeof prefix,
                kDataCorrupt, "its first 64 bytes were altered");
  return prefix;
}

struct Section {
  Tensor tensor;
  std::string hash;
};

/// `begin`: where it has to start in `area`.
Section map_section(const Json& json, std::span<const std::byte> area, size_t begin,
                    const std::shared_ptr<const void>& owner) {
  const auto dtype = dtype_from_name(json.at("dtype").get<std::string>());
  const Shape shape(get_integers<int64_t>(json.at("shape")));
  const auto offset = get_integer<size_t>(json.at("offset"));
  TWOFOUR_CHECK(dtype && std::ranges::all_of(shape, [](int64_t d) { return d >= 0; }), kDataCorrupt,
                "a section has an impossible type");
  const auto count = static_cast<size_t>(shape.numel());
  TWOFOUR_CHECK(count <= area.size() && padded(count * dtype_size(*dtype)) <= area.size() - begin,
                kDataCorrupt, "a section lies outside the file");
  TWOFOUR_CHECK(offset == begin, kDataCorrupt, "a section starts at {}, the one before it ends at {}", offset,
                begin);
  // The mapping is read-only; Tensor's pointer is not const because most tensors are written.
  auto* data = const_cast<std::byte*>(area.data() + offset);
  return {Tensor(*dtype, shape, std::shared_ptr<std::byte>(owner, data)), json.at("hash")};
}

void verify_sections(std::span<const Section> sections) {
  std::vector<char> intact(sections.size());
  parallel_ranges(static_cast<int64_t>(sections.size()), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const Section& section = sections[static_cast<size_t>(i)];
      intact[static_cast<size_t>(i)] = hex(hash_bytes(padded_bytes(section.tensor))) == section.hash;
    }
  });
  for (size_t i = 0; i < intact.size(); ++i)
    TWOFOUR_CHECK(intact[i], kDataCorrupt, "section {} was altered (checksum mismatch)", i);
}

}  // namespace

EngineFile parse_engine_file(std::span<const std::byte> bytes, const std::shared_ptr<const void>& owner) {
  const Prefix prefix = read_prefix(bytes);
  const auto header = bytes.subspan(sizeof prefix, prefix.header_bytes);
  TWOFOUR_CHECK(hash_bytes(header) == prefix.header_hash, kDataCorrupt,
                "its header was altered (checksum mismatch)");
  std::string_view text(reinterpret_cast<const char*>(header.data()), header.size());
  text = text.substr(0, text.find('\0'));
  const Json json = parse_json(text, "the engine header");
  const auto area = bytes.subspan(sizeof prefix + prefix.header_bytes);
  std::vector<Section> sections;
  try {
    size_t end = 0;
    for (const Json& item : json.at("sections")) {
      sections.push_back(map_section(item, area, end, owner));
      end += padded(sections.back().tensor.size_bytes());
    }
    TWOFOUR_CHECK(end == area.size(), kDataCorrupt, "its sections end at {} of {} bytes", end, area.size());
    verify_sections(sections);
    EngineFile result{plan_from_json(json.at("plan"), sections.size()), {}};
    for (Section& section : sections) result.sections.push_back(std::move(section.tensor));
    return result;
  } catch (const Json::exception& error) {
    fail(ErrorCode::kDataCorrupt, "its header is malformed: {}", error.what());
  }
}

void write_engine_file(const std::filesystem::path& path, const Plan& plan, std::span<const Tensor> sections,
                       const std::function<void(const std::filesystem::path&)>& check) {
  const std::vector<Tensor> owned = with_padding(sections);
  const std::string header =
      header_text(plan, owned, [](const Tensor& section) { return hash_bytes(padded_bytes(section)); });
  Prefix prefix;
  prefix.header_bytes = header.size();
  prefix.header_hash = hash_text(header);
  prefix.file_bytes = sizeof prefix + header.size() + sections_bytes(owned);
  const auto write = [&](const ByteSink& sink) {
    sink(std::as_bytes(std::span(&prefix, 1)));
    sink(std::as_bytes(std::span(header)));
    for (const Tensor& section : owned) sink(padded_bytes(section));
  };
  write_file_atomic(path, write, check);
}

size_t engine_file_bytes(const Plan& plan, std::span<const Tensor> sections) {
  const auto no_hash = [](const Tensor&) { return uint64_t{0}; };
  return sizeof(Prefix) + header_text(plan, sections, no_hash).size() + sections_bytes(sections);
}

EngineFile read_engine_file(const std::filesystem::path& path) {
  const auto file = MappedFile::open(path);
  return with_context([&] { return "loading engine " + path.string(); },
                      [&] { return parse_engine_file(file->bytes(), file); });
}

}  // namespace twofour::engine
