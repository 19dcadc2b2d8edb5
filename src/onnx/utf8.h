// Text of files that is not UTF-8, which names must be to go into JSON.
#pragma once

#include <string>

namespace google::protobuf {
class Message;
}

namespace twofour::onnx_io {

/// UTF-8 as it is; any other text as if it were Latin-1, so that different names stay different.
std::string to_utf8(const std::string& text);
/// All names and other text in the message, strings in attributes included; not the paths of
/// external data.
void make_utf8(google::protobuf::Message& message);

}  // namespace twofour::onnx_io
