#include "models/model_list.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "base/error.h"

namespace twofour::bench {

const std::vector<BenchModel>& bench_models() {
  static const std::vector<BenchModel> models = {
      {"resnet50", "", {{"input", {kBatch, 3, 224, 224}}}},
      {"resnext101_32x8d", "", {{"input", {kBatch, 3, 224, 224}}}},
      {"bert_base",
       "",
       {{"input_ids", {kBatch, 128}}, {"token_type_ids", {kBatch, 128}}, {"attention_mask", {kBatch, 128}}}},
      {"squeezenet", "squeezenet-v1.0-deepcompression.onnx", {{"data", {kBatch, 3, 227, 227}}}},
      {"yolox-nano", "yolox-nano.onnx", {}},
      {"super-resolution", "super-resolution-10.onnx", {{"input", {kBatch, 1, 224, 224}}}},
      {"road-segmentation", "road-segmentation-adas-0001.onnx", {}},
      {"ppocr-v3-det", "ppocr-v3-det-en.onnx", {{"x", {kBatch, 3, 640, 640}}}},
      {"resnet20", "resnet20-cifar10.onnx", {{"input", {kBatch, 3, 32, 32}}}},
      {"resnet56", "resnet56-cifar10.onnx", {{"input", {kBatch, 3, 32, 32}}}},
      {"ultraface", "ultraface-RFB-320.onnx", {}},
      {"yunet", "yunet-120x160.onnx", {}},
      {"ppocr-v2-cls", "ppocr-v2-cls.onnx", {{"x", {kBatch, 3, 48, 192}}}},
      {"mnist-8", "mnist-8.onnx", {}},
      {"mnist-cnn", "mnist-cnn-pytorch.onnx", {}},
      {"bert-shrunk", "bert-base-squad-pt-shrunk.onnx", {}},
      {"bert-toy",
       "bert-toy-optimized.onnx",
       {{"input_ids", {kBatch, 16}}, {"token_type_ids", {kBatch, 16}}, {"input_mask", {kBatch, 16}}}},
      {"llama2c", "llama2c-dreams-dyn.onnx", {{"tokens", {kBatch, 32}}}},
      {"dtln", "dtln-model1.onnx", {}},
      {"starry-night-fp16", "starry-night-fp16.onnx", {}},
      {"fastestdet", "fastestdet.onnx", {}},
      {"ssd-mobilenet", "ssd-mobilenet-v1-025.onnx", {{"input_1", {kBatch, 3, 256, 256}}}},
      {"asr-frontend",
       "asr-frontend-kaldi.onnx",
       {{"waveforms", {kBatch, 48000}}, {"waveforms_lens", {kBatch}}},
       {{"waveforms_lens", 48000}}},
      {"deepfilter-enc",
       "deepfilter-enc.onnx",
       {{"feat_erb", {1, 1, 100, 32}}, {"feat_spec", {1, 2, 100, 64}}}},
      {"gtcrn", "gtcrn-simple.onnx", {}},
      {"gtcrn-fp16", "gtcrn-simple-fp16.onnx", {}},
      {"melspectrogram", "melspectrogram.onnx", {{"input", {kBatch, 16000}}}},
      {"romanizer-gru", "romanizer-encoder-gru.onnx", {{"src", {kBatch, 24}}, {"src_mask", {kBatch, 24}}}},
      {"silero-vad",
       "silero-vad-16k-op15.onnx",
       {{"input", {kBatch, 512}}, {"state", {2, kBatch, 128}}},
       {{"sr", 16000}}},
      {"silero-vad-half", "silero-vad-half.onnx", {{"input", {kBatch, 512}}, {"state", {2, kBatch, 128}}}},
      {"streaming-conv1d", "streaming-conv1d.onnx", {}},
      {"swift-f0", "swift-f0-pitch.onnx", {{"audio", {1, 16000}}}},
      {"wakeword", "wakeword-hey-mycroft.onnx", {}},
      {"xfeat-interpolator",
       "xfeat-interpolator-bilinear.onnx",
       {{"x", {kBatch, 64, 60, 80}}, {"pos", {kBatch, 1024, 2}}}},
      {"slovorez", "../cases/models/slovorez.onnx", {{"input_layer", {kBatch, 32}}}},
      {"aecmos", "../cases/models/speechmos-aecmos.onnx", {{"input", {1, 3, 500, 160}}}},
      {"fastestdet-int8", "../cases/models/fastestdet-int8-qdq.onnx", {}},
      {"lemma-int8", "frspell-lemma-int8.onnx", {{"src", {kBatch, 24}}, {"tgt_in", {kBatch, 24}}}},
      {"tashkeel-int8", "../cases/models/tashkeel-lstm-int8-dynamic.onnx", {{"input", {kBatch, 64}}}},
  };
  return models;
}

const BenchModel& bench_model(const std::string& name) {
  const auto it = std::ranges::find(bench_models(), name, &BenchModel::name);
  if (it != bench_models().end()) return *it;
  std::vector<std::string> names;
  for (const BenchModel& model : bench_models()) names.push_back(model.name);
  fail(ErrorCode::kNotFound, "there is no model \"{}\"; there are: {}", name, fmt::join(names, ", "));
}

bool shapes_at(const BenchModel& entry, const Model& model, int64_t batch,
               std::map<std::string, Shape>* shapes) {
  *shapes = model.default_shapes();
  for (const auto& [input, dims] : entry.inputs) {
    std::vector<int64_t> sizes = dims;
    std::ranges::replace(sizes, kBatch, batch);
    (*shapes)[input] = Shape(sizes);
  }
  return batch == 1 || std::ranges::any_of(entry.inputs, [](const auto& input) {
           return std::ranges::find(input.second, kBatch) != input.second.end();
         });
}

}  // namespace twofour::bench
