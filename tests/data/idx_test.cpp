#include "data/idx.h"

#include <zlib.h>

#include "base/errors.h"
#include "data/files.h"

namespace twofour::data {
namespace {

std::string idx_header(std::initializer_list<uint32_t> sizes, char type = 0x08) {
  std::string header = {0, 0, type, static_cast<char>(sizes.size())};
  for (const uint32_t size : sizes) header += big_endian(size);
  return header;
}

std::string gzip(const std::string& content) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY), Z_OK);
  std::string packed(deflateBound(&stream, content.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
  stream.avail_in = static_cast<uInt>(content.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

IdxArray parse(const std::string& content) { return parse_idx(as_bytes(content), "file.idx"); }

const std::string kTwoByThree = idx_header({2, 3}) + "abcdef";

TEST(Idx, PlainAndGzippedAreTheSame) {
  for (const std::string& content : {kTwoByThree, gzip(kTwoByThree)}) {
    const IdxArray array = parse(content);
    EXPECT_EQ(array.shape, (Shape{2, 3}));
    EXPECT_EQ(array.values, (std::vector<uint8_t>{'a', 'b', 'c', 'd', 'e', 'f'}));
  }
}

TEST(Idx, EveryTruncationIsAnError) {
  for (const std::string& whole : {kTwoByThree, gzip(kTwoByThree)}) {
    for (size_t length = 0; length < whole.size(); ++length) {
      const Error error = error_of([&] { parse(whole.substr(0, length)); });
      EXPECT_EQ(error.code(), ErrorCode::kDataCorrupt) << length << ": " << error.what();
      EXPECT_THAT(error.what(), ::testing::HasSubstr("file.idx"));
    }
  }
}

TEST(Idx, TrailingBytesAreAnError) {
  EXPECT_ERROR(parse(kTwoByThree + "g"), kDataCorrupt, "more data than the 6 bytes");
  EXPECT_ERROR(parse(gzip(kTwoByThree + "g")), kDataCorrupt, "more data than the 6 bytes");
}

TEST(Idx, HostileHeadersAreRefusedBeforeAllocation) {
  const auto most = idx_header({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff});
  EXPECT_ERROR(parse(most), kDataCorrupt, "cannot hold more than 20 bytes");
  EXPECT_ERROR(parse(gzip(most)), kDataCorrupt, "cannot hold more than");
  EXPECT_ERROR(parse(idx_header({0x80000000, 0x80000000, 2}) + "x"), kDataCorrupt, "cannot hold more than");
  EXPECT_ERROR(parse(idx_header({0, 5})), kDataCorrupt, "is empty");
}

TEST(Idx, WrongMagicTypeAndRank) {
  EXPECT_ERROR(parse("PK\x03\x04rest"), kDataCorrupt, "begins with 50 4b");
  EXPECT_ERROR(parse(idx_header({1}, 0x0d) + "abcd"), kUnsupported, "type 0x0d");
  EXPECT_ERROR(parse(std::string("\0\0\x08\0", 4)), kDataCorrupt, "rank 0");
  EXPECT_ERROR(parse(idx_header({1, 1, 1, 1, 1}) + "a"), kDataCorrupt, "rank 5");
}

TEST(Idx, DamagedGzipIsAnError) {
  std::string packed = gzip(idx_header({64}) + std::string(64, 'q'));
  packed[packed.size() - 6] ^= 1;  // the checksum
  EXPECT_ERROR(parse(packed), kDataCorrupt, "damaged");
}

TEST(Idx, OpensImagesAndLabels) {
  const TemporaryFolder folder;
  const auto images = folder.write("images", idx_header({2, 1, 2}) + std::string("\x00\xff\x33\x66", 4));
  const auto labels = folder.write("labels.gz", gzip(idx_header({2}) + "\x03\x01"));
  const auto dataset = open_idx(images, labels);
  EXPECT_EQ(dataset->size(), 2);
  EXPECT_EQ(dataset->num_classes(), 4);
  EXPECT_EQ(dataset->image_shape(), (Shape{1, 1, 2}));
  std::vector<float> image(2);
  EXPECT_EQ(dataset->load(0, image), 3);
  EXPECT_EQ(image, (std::vector<float>{0, 1}));
  EXPECT_EQ(dataset->load(1, image), 1);
  EXPECT_EQ(image, (std::vector<float>{0.2F, 0.4F}));
  EXPECT_ERROR(dataset->load(2, image), kInvalidArgument, "image 2 of a dataset with 2");
  EXPECT_ERROR(dataset->load(0, std::span(image).first(1)), kInvalidArgument,
               "needs 2 floats, got room for 1");
}

TEST(Idx, FilesThatDoNotBelongTogether) {
  const TemporaryFolder folder;
  const auto images = folder.write("images", idx_header({2, 1, 1}) + "ab");
  const auto labels = folder.write("labels", idx_header({3}) + "abc");
  EXPECT_ERROR(open_idx(images, labels), kDataCorrupt, "holds 3 labels");
  EXPECT_ERROR(open_idx(labels, labels), kDataCorrupt, "images have shape N,H,W");
  EXPECT_ERROR(open_idx(images, images), kDataCorrupt, "labels have shape N,");
  EXPECT_ERROR(open_idx(folder.path() / "none", labels), kNotFound, "none");
}

}  // namespace
}  // namespace twofour::data
