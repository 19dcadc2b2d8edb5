// The one place that includes ONNX's protobuf classes. Only .cpp files of this module and its tests include
// it.
#pragma once

#define ONNX_ML 1
#define ONNX_NAMESPACE onnx
#include <onnx/onnx-data_pb.h>
#include <onnx/onnx_pb.h>
