// Engines whose inputs have open sizes, made ready for the sizes that come.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "builder/builder.h"

namespace twofour::builder {

/// Keeps the engines of the last shapes and what was packed for any. May be shared between threads.
class Specialiser {
 public:
  /// `open`: an engine of build() with ranges, or such a one loaded. `backend` outlives the specialiser.
  Specialiser(std::shared_ptr<const engine::Engine> open, const backend::Backend& backend)
      : open_(std::move(open)), backend_(backend) {}

  using Shapes = std::map<std::string, Shape>;
  /// The engine for inputs of these shapes: formats and tactics as they were timed at the optimal shapes,
  /// memory planned; what depends on data stays open. Throws Error{kInvalidArgument} naming an input whose
  /// shape is missing or not in its range.
  std::shared_ptr<const engine::Engine> at(const Shapes& shapes);

 private:
  std::shared_ptr<const engine::Engine> make(const Shapes& shapes) const;
  void check(const Shapes& shapes) const;

  std::shared_ptr<const engine::Engine> open_;
  const backend::Backend& backend_;
  std::shared_ptr<backend::PackedStore> packed_ = std::make_shared<backend::PackedStore>(open_->sections());
  std::mutex mutex_;
  std::list<std::pair<Shapes, std::shared_ptr<const engine::Engine>>> engines_;  // the last used first
};

}  // namespace twofour::builder
