#include "engine/symbols.h"

namespace twofour::engine {

void SymbolSizes::add(const std::string& symbol, int64_t size, const std::string& input) {
  if (symbol.empty()) return;
  const auto& [first, owner] = sizes_.try_emplace(symbol, size, input).first->second;
  TWOFOUR_CHECK(first == size, kInvalidArgument, "{} is {} in input \"{}\" and {} in input \"{}\"", symbol,
                first, owner, size, input);
}

void add_symbols(SymbolSizes& sizes, const PlanTensor& t, const Shape& shape) {
  for (size_t i = 0; i < t.open.size(); ++i) sizes.add(t.open[i].symbol, shape[i], t.name);
}

}  // namespace twofour::engine
