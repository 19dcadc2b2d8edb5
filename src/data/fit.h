// A dataset seen through another image shape, for a network whose input differs from what the files hold.
#pragma once

#include "data/dataset.h"

namespace twofour::data {

/// The dataset with every image fitted to `image_shape` (C of 1 or 3), as fit_image does; the images become
/// 8-bit. The same pointer when it has this shape already and `resize` is 0.
std::unique_ptr<Dataset> fit_dataset(std::unique_ptr<Dataset> dataset, const Shape& image_shape,
                                     int64_t resize = 0);

}  // namespace twofour::data
