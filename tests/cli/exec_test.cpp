// `twofour exec` as a user runs it: what is printed and written, and what is refused.
#include "commands.h"
#include "source_dir.h"

namespace twofour {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::ProgramResult;

TEST_F(Commands, ExecReadsInputs) {
  make_lenet();
  const std::string exec =
      "exec --onnx=" + file("lenet.onnx") + " --shapes=input:1x1x28x28 --duration=0.05 --loadInputs=";
  std::ofstream(file("input.bin"), std::ios::binary) << std::string(size_t{28} * 28 * 4, '\0');
  const ProgramResult good = twofour(exec + "input:" + file("input.bin"));
  EXPECT_EQ(good.status, 0) << good.output;
  EXPECT_THAT(good.output, HasSubstr("Using values loaded from " + file("input.bin") + " for input input"));
  std::ofstream(file("short.bin"), std::ios::binary) << "1234";
  std::ofstream(file("other.npy"), std::ios::binary)
      << "\x93NUMPY\x01" << '\0' << "\x3C" << '\0'
      << "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }  \n12345678";
  const auto refused = [&](const std::string& inputs, const std::string& text, int status = 1) {
    const ProgramResult result = twofour(exec + inputs + " --saveEngine=" + file("never.engine"));
    EXPECT_EQ(result.status, status);
    EXPECT_THAT(result.output, AllOf(HasSubstr(text), Not(HasSubstr("Engine built"))));
  };
  refused("input:" + file("short.bin"), "short.bin has 4 bytes; f32 1x1x28x28, 3136 bytes, is expected");
  refused("input:" + file("other.npy"), "other.npy is f32 2; f32 1x1x28x28 is expected");
  refused("input:" + file("none.bin"), "--loadInputs: " + file("none.bin") + ": No such file");
  refused("inptu:" + file("input.bin"), "the model has no input \"inptu\"; it has: input");
  refused("input.bin", "--loadInputs: \"input.bin\" is not a file for an input; write name:file", 2);
}

/// y = x * w, where w, [3, 4], is an initializer and an input.
std::string model_with_a_default() {
  constexpr std::string_view kHex =
      "080812003a590a0e0a01780a017712017922034d756c1201672a1108021001220800004040000080404201775a0f0a01"
      "78120a0a08080112040a0208025a0f0a0177120a0a08080112040a020802620f0a0179120a0a08080112040a02080242"
      "040a00100d";
  std::string bytes;
  for (size_t i = 0; i < kHex.size(); i += 2)
    bytes.push_back(static_cast<char>(std::stoi(std::string(kHex.substr(i, 2)), nullptr, 16)));
  return bytes;
}

TEST_F(Commands, ExecTakesDataForAnInitializerThatIsAnInput) {
  std::ofstream(file("default.onnx"), std::ios::binary) << model_with_a_default();
  const auto write = [&](const std::string& name, std::array<float, 2> values) {
    std::ofstream(file(name), std::ios::binary).write(reinterpret_cast<const char*>(values.data()), 8);
  };
  write("x.bin", {1, 2});
  write("w.bin", {10, 20});
  const std::string exec = "exec --onnx=" + file("default.onnx") + " --duration=0 --warmUp=0 --dumpOutput " +
                           "--loadInputs=x:" + file("x.bin");
  EXPECT_THAT(twofour(exec).output, HasSubstr("3 8"));
  const ProgramResult given = twofour(exec + ",w:" + file("w.bin"));
  EXPECT_EQ(given.status, 0) << given.output;
  EXPECT_THAT(given.output, HasSubstr("10 40"));
}

TEST_F(Commands, ExecBuildsSavesLoadsAndTimes) {
  make_lenet();
  twofour("prune " + file("lenet.onnx") + " -o " + file("sparse.onnx"));
  const ProgramResult built =
      twofour("exec --onnx=" + file("sparse.onnx") + " --sparsity=enable --shapes=input:4x1x28x28 " +
              "--duration=0.05 --saveEngine=" + file("a.engine") + " --saveTactics=" + file("tactics.json") +
              " --json=" + file("build.json"));
  EXPECT_EQ(built.status, 0) << built.output;
  EXPECT_THAT(built.output,
              AllOf(HasSubstr("&&&& RUNNING twofour.exec"), HasSubstr("&&&& PASSED twofour.exec"),
                    HasSubstr("(Sparsity) Layers eligible for sparse math: "),
                    HasSubstr("(Sparsity) TRT inference plan picked sparse implementation for layers: "),
                    HasSubstr("=== Performance summary ==="), HasSubstr("Throughput: "),
                    HasSubstr("Latency: min = "), HasSubstr("percentile(99%) = "),
                    HasSubstr("GPU Compute Time: min = "), HasSubstr("Total Host Walltime: ")));
  EXPECT_FALSE(read_json(file("build.json"))["layers"].empty());
  const ProgramResult loaded =
      twofour("exec --loadEngine=" + file("a.engine") + " --duration=0.05 --dumpProfile --sparsity=disable");
  EXPECT_EQ(loaded.status, 0) << loaded.output;
  EXPECT_THAT(loaded.output,
              AllOf(HasSubstr("Engine loaded in "), HasSubstr("=== Profile ("),
                    HasSubstr("[W] --sparsity is ignored: the engine is built already"),
                    HasSubstr("Using random values for input input"), HasSubstr(" MiB scratch")));
  const ProgramResult replayed =
      twofour("exec --onnx=" + file("sparse.onnx") +
              " --sparsity=enable --shapes=input:4x1x28x28 --skipInference --strictTactics " +
              "--loadTactics=" + file("tactics.json"));
  EXPECT_EQ(replayed.status, 0) << replayed.output;
  const ProgramResult missed =
      twofour("exec --onnx=" + file("sparse.onnx") +
              " --sparsity=enable --shapes=input:5x1x28x28 --skipInference --strictTactics " +
              "--loadTactics=" + file("tactics.json"));
  EXPECT_EQ(missed.status, 1);
  EXPECT_THAT(missed.output, HasSubstr("has no decision in"));
}

TEST_F(Commands, ExecExportsWhatTrtexecDoes) {
  make_lenet();
  const ProgramResult run =
      twofour("exec --onnx=" + file("lenet.onnx") + " --optShapes=*:2x1x28x28 --duration=0.02 --warmUp=1 " +
              "--iterations=12 --infStreams=2 --threads --fp16 --memPoolSize=workspace:512M --dumpProfile " +
              "--dumpLayerInfo --profilingVerbosity=detailed --dumpOutput --inputIOFormats=fp32:chw " +
              "--exportTimes=" + file("times.json") + " --exportOutput=" + file("output.json") +
              " --exportProfile=" + file("profile.json") + " --exportLayerInfo=" + file("layers.json") +
              " --exportTrace=" + file("trace.json") + " --exportReport=" + file("report.html"));
  EXPECT_EQ(run.status, 0) << run.output;
  EXPECT_THAT(run.output,
              AllOf(HasSubstr("[I] Precision: fp16 is not used: "), HasSubstr("--memPoolSize has no effect"),
                    HasSubstr("=== Trace details ==="), HasSubstr("[I] logits: (2x10)\n"),
                    HasSubstr("[W] * Streams compete"), HasSubstr("[I] Bindings:\n"),
                    HasSubstr("   Time(ms)     Avg.(ms)   Median(ms)   Time(%)   Layer\n")));
  const nlohmann::json times = read_json(file("times.json"));
  EXPECT_GE(times.size(), 24u);  // 12 of each stream
  for (const auto& query : times)
    EXPECT_NEAR(query["latencyMs"], double(query["endD2hMs"]) - double(query["startH2dMs"]), 1e-9);
  const nlohmann::json output = read_json(file("output.json"));
  EXPECT_EQ(output[0]["name"], "logits");
  EXPECT_EQ(output[0]["dimensions"], "2x10");
  EXPECT_EQ(output[0]["values"].size(), 20u);
  const nlohmann::json profile = read_json(file("profile.json"));
  const nlohmann::json layers = read_json(file("layers.json"));
  EXPECT_GE(profile[0]["count"], 24);
  ASSERT_EQ(profile.size(), layers["Layers"].size() + 1);
  EXPECT_EQ(profile[1]["name"], layers["Layers"][0]["Name"]);
  EXPECT_GT(read_json(file("trace.json"))["traceEvents"].size(), 24u);
  EXPECT_THAT(read_text(file("report.html")), HasSubstr("Median time of each layer"));
  EXPECT_EQ(layers["Bindings"], nlohmann::json({"input", "logits"}));
}

TEST_F(Commands, ExecOutputsDependOnTheInputsAlone) {
  make_lenet();
  const std::string exec = "exec --onnx=" + file("lenet.onnx") + " --duration=0 --warmUp=0 --exportOutput=";
  ASSERT_EQ(twofour(exec + file("a.json") + " --saveTactics=" + file("tactics.json")).status, 0);
  ASSERT_EQ(twofour(exec + file("b.json") + " --infStreams=3 --loadTactics=" + file("tactics.json")).status,
            0);
  EXPECT_EQ(read_text(file("a.json")), read_text(file("b.json")));
}

TEST_F(Commands, ExecRunsOneEngineAtSeveralShapes) {
  make_lenet();
  const ProgramResult built = twofour("exec --onnx=" + file("lenet.onnx") + " --duration=0 --warmUp=0 " +
                                      "--minShapes=input:1x1x28x28 --optShapes=input:2x1x28x28 " +
                                      "--maxShapes=input:4x1x28x28 --exportOutput=" + file("two.json") +
                                      " --saveEngine=" + file("a.engine"));
  EXPECT_EQ(built.status, 0) << built.output;
  EXPECT_THAT(built.output, HasSubstr("Input \"input\" takes 1x1x28x28 to 4x1x28x28: using 2x1x28x28"));
  EXPECT_EQ(read_json(file("two.json"))[0]["dimensions"], "2x10");
  const std::string load =
      "exec --duration=0 --warmUp=0 --infStreams=2 --dumpProfile --loadEngine=" + file("a.engine") +
      " --exportOutput=";
  EXPECT_EQ(twofour(load + file("three.json") + " --shapes=*:3x1x28x28").status, 0);
  EXPECT_EQ(twofour(load + file("least.json")).status, 0);
  // The first images are the same; so are their results.
  const nlohmann::json two = read_json(file("two.json"))[0], three = read_json(file("three.json"))[0];
  EXPECT_EQ(three["dimensions"], "3x10");
  EXPECT_EQ(read_json(file("least.json"))[0]["dimensions"], "1x10");
  for (size_t i = 0; i < 20; ++i) EXPECT_NEAR(two["values"][i], double(three["values"][i]), 1e-5);
}

TEST_F(Commands, ExecKeepsTimes) {
  make_lenet();
  const std::string exec =
      "exec --onnx=" + file("lenet.onnx") + " --buildOnly --timingCacheFile=" + file("times.json");
  const ProgramResult missed = twofour(exec + " --errorOnTimingCacheMiss");
  EXPECT_EQ(missed.status, 1);
  EXPECT_THAT(missed.output, HasSubstr("is not in timing cache " + file("times.json")));
  EXPECT_EQ(twofour(exec + " --builderOptimizationLevel=1").status, 0);
  EXPECT_EQ(twofour(exec + " --errorOnTimingCacheMiss").status, 0);
  EXPECT_EQ(twofour(exec + " --tacticSources=-ONEDNN.conv_blocked,+native --errorOnTimingCacheMiss").status,
            0);
  const ProgramResult untimed = twofour(exec + " --builderOptimizationLevel=0 --json=" + file("build.json"));
  EXPECT_EQ(untimed.status, 0) << untimed.output;
  const auto built = read_json(file("build.json"));
  for (const auto& layer : built["layers"])
    for (const auto& candidate : layer["candidates"]) EXPECT_LT(candidate["time_us"], 0);
  const std::string train =
      "train --zoo=lenet --batch_size=4 --num_iter=1 --timing_cache=" + file("train.json");
  EXPECT_EQ(twofour(train).status, 0);
  EXPECT_EQ(read_json(file("train.json"))["kind"], "twofour timing cache 1");
}

TEST_F(Commands, TrtexecIsExec) {
  make_lenet();
  const std::string program = std::filesystem::path(TWOFOUR_PROGRAM).replace_filename("trtexec");
  const ProgramResult run = testing::run_program(program + " --onnx=" + file("lenet.onnx") + " --buildOnly");
  EXPECT_EQ(run.status, 0) << run.output;
  EXPECT_THAT(run.output, AllOf(HasSubstr("&&&& RUNNING TensorRT.trtexec [twofour v"),
                                HasSubstr("&&&& PASSED TensorRT.trtexec [twofour v"),
                                Not(HasSubstr("Performance summary"))));
}

TEST_F(Commands, ExecWritesRawBindings) {
  make_lenet();
  const ProgramResult run =
      testing::run_program("cd " + folder_.string() + " && " + TWOFOUR_PROGRAM +
                           " exec --onnx=lenet.onnx --duration=0 --dumpRawBindingsToFile");
  EXPECT_EQ(run.status, 0) << run.output;
  EXPECT_EQ(std::filesystem::file_size(file("input.1.1.28.28.Float.raw")), 28u * 28 * 4);
  EXPECT_EQ(std::filesystem::file_size(file("logits.1.10.Float.raw")), 40u);
  // What was dumped can be fed again.
  const std::string again = "exec --onnx=" + file("lenet.onnx") + " --duration=0 --loadInputs=input:";
  EXPECT_EQ(twofour(again + file("input.1.1.28.28.Float.raw")).status, 0);
}

TEST_F(Commands, ExecHelpFitsOneScreenPerTopic) {
  const ProgramResult overview = twofour("exec --help");
  EXPECT_EQ(overview.status, 0);
  EXPECT_THAT(overview.output, AllOf(HasSubstr("--help build\n"), HasSubstr("--exportTimes")));
  for (const char* topic : {"", " model", " build", " inference", " report", " accepted", " refused"}) {
    const ProgramResult page = twofour(std::string("exec --help") + topic);
    EXPECT_EQ(page.status, 0) << page.output;
    EXPECT_LE(std::ranges::count(page.output, '\n'), 50) << topic;
  }
}

TEST_F(Commands, ExecIsDocumented) {
  const std::string page = read_text(TWOFOUR_SOURCE_DIR "/docs/exec.md");
  for (const char* topic : {"model", "build", "inference", "report"}) {
    const std::string help = twofour(std::string("exec --help ") + topic).output;
    for (size_t at = 0; (at = help.find("  --", at)) != std::string::npos; ++at) {
      const std::string flag = help.substr(at + 2, help.find_first_of(" ,", at + 2) - at - 2);
      EXPECT_THAT(page, HasSubstr("`" + flag)) << topic;
    }
  }
}

TEST_F(Commands, ExecSuggestsNoFlagThatItDoesNotHeed) {
  int flags = 0;
  for (const char* topic : {"accepted", "refused"}) {
    std::istringstream lines(twofour(std::string("exec --help ") + topic).output);
    for (std::string line; std::getline(lines, line);) {
      const size_t start = line.find("--");
      if (start == std::string::npos) continue;
      const std::string flag = line.substr(start, line.find_first_of(", ", start) - start);
      const ProgramResult result = twofour("exec " + flag + "x");
      EXPECT_THAT(result.output,
                  AllOf(HasSubstr("unknown flag " + flag + "x"), Not(HasSubstr("mean " + flag + "?"))));
      ++flags;
    }
  }
  EXPECT_GT(flags, 50);
}

TEST_F(Commands, ExecLoadsWithMatchingShapesOnly) {
  make_lenet();
  ASSERT_EQ(twofour("exec --onnx=" + file("lenet.onnx") + " --shapes=input:2x1x28x28 --skipInference " +
                    "--saveEngine=" + file("a.engine"))
                .status,
            0);
  const std::string load = "exec --duration=0 --warmUp=0 --loadEngine=" + file("a.engine");
  EXPECT_EQ(twofour(load + " --shapes=input:2x1x28x28").status, 0);
  const ProgramResult other = twofour(load + " --shapes=input:3x1x28x28");
  EXPECT_EQ(other.status, 1);
  EXPECT_THAT(other.output, HasSubstr("input \"input\": its shape is 2x1x28x28, got 3x1x28x28"));
  const ProgramResult timed = twofour("exec --timeDeserialize --loadEngine=" + file("a.engine"));
  EXPECT_EQ(timed.status, 0);
  EXPECT_THAT(timed.output, HasSubstr("Deserialization time over 20 runs: min = "));
  const ProgramResult skipped = twofour(load + " --skipInference --dumpProfile");
  EXPECT_THAT(skipped.output, HasSubstr("[W] --dumpProfile is ignored: --skipInference runs nothing"));
}

INSTANTIATE_TEST_SUITE_P(
    Exec, BadCalls,
    ::testing::Values(
        BadCall{"UnknownFlag", "exec --onnx=@/lenet.onnx --nonsense", "exec: unknown flag --nonsense\n", 2},
        BadCall{"MistypedFlag", "exec --dumpProfil", "unknown flag --dumpProfil; did you mean --dumpProfile?",
                2},
        BadCall{"StrayWord", "exec model.onnx", "exec: unexpected argument \"model.onnx\"", 2},
        BadCall{"NotAnEngine", "exec --loadEngine=@/text.engine", "not a twofour engine", 1},
        BadCall{"NothingToExecute", "exec", "give --onnx=FILE or --loadEngine=FILE", 1},
        BadCall{"ModelAndEngine", "exec --onnx=@/lenet.onnx --loadEngine=@/text.engine",
                "--onnx and --loadEngine exclude each other", 1},
        BadCall{"OverwritesTheTactics",
                "exec --onnx=@/lenet.onnx --loadTactics=@/text.onnx --json=@/text.onnx",
                "--json: @/text.onnx: --loadTactics names the same file", 1},
        BadCall{"BadShape", "exec --onnx=@/lenet.onnx --shapes=input:1xx28",
                "--shapes: \"\" is not a whole number", 2},
        BadCall{"ShapeWithoutName", "exec --onnx=@/lenet.onnx --shapes=1x1x28x28",
                "--shapes: \"1x1x28x28\" is not a shape", 2},
        BadCall{"WrongInput", "exec --onnx=@/lenet.onnx --shapes=image:1x1x28x28", "no input \"image\"", 1},
        BadCall{"WrongRank", "exec --onnx=@/lenet.onnx --shapes=input:1x28x28",
                "input \"input\": its shape is ?x1x28x28, got 1x28x28", 1},
        BadCall{"BadPercentile", "exec --onnx=@/lenet.onnx --percentile=200",
                "--percentile: 200 is not between 0 and 100", 2},
        BadCall{"NegativeThreads", "exec --onnx=@/lenet.onnx --threads=-3", "--threads", 2},
        BadCall{"NoFolder", "exec --onnx=@/lenet.onnx --exportTimes=@/none/times.json",
                "--exportTimes: @/none/times.json: there is no folder @/none", 1},
        BadCall{"FolderIsAFile", "exec --onnx=@/lenet.onnx --saveEngine=@/text.onnx/a.engine",
                "there is no folder @/text.onnx", 1},
        BadCall{"OutputIsAFolder", "exec --onnx=@/lenet.onnx --json=@/", "it is not a regular file", 1},
        BadCall{"OneFileTwice", "exec --onnx=@/lenet.onnx --exportTimes=@/a.json --exportOutput=@/./a.json",
                "names the same file", 1},
        BadCall{"OverwritesTheModel", "exec --onnx=@/lenet.onnx --saveEngine=@/lenet.onnx",
                "--saveEngine: @/lenet.onnx: --onnx names the same file", 1},
        BadCall{"NoTacticsFile", "exec --onnx=@/lenet.onnx --loadTactics=@/none.json",
                "--loadTactics: @/none.json: No such file", 1},
        BadCall{"LoadAndSave", "exec --loadEngine=@/text.engine --saveEngine=@/other.engine",
                "exclude each other", 1},
        BadCall{"BadSparsity", "exec --onnx=@/lenet.onnx --sparsity=maybe", "maybe", 2},
        BadCall{"NoTimingCache", "exec --onnx=@/lenet.onnx --timingCacheFile=@/text.onnx",
                "it is not valid JSON", 1},
        BadCall{"TacticSourceWithoutSign", "exec --onnx=@/lenet.onnx --tacticSources=onednn",
                "--tacticSources: \"onednn\" is not -NAME or +NAME", 2},
        BadCall{"UnknownTacticSource", "exec --onnx=@/lenet.onnx --tacticSources=-CUBLAS",
                "no tactic of backend cpu is called \"cublas\" or begins so", 1},
        BadCall{"BadLevel", "exec --onnx=@/lenet.onnx --builderOptimizationLevel=6",
                "--builderOptimizationLevel: \"6\" is not a whole number from 0 to 5", 2},
        BadCall{"RefusedFlag", "exec --onnx=@/lenet.onnx --refit", "--refit is not supported: ", 1},
        BadCall{"RefusedAlias", "exec --onnx=@/lenet.onnx --versionCompatible", "is not supported: ", 1},
        BadCall{"UnknownTopic", "exec --help speed", "--help has no topic \"speed\"; it has: model, build",
                1},
        BadCall{"ShapeOutOfRange",
                "exec --onnx=@/lenet.onnx --skipInference --minShapes=input:1x1x28x28 "
                "--optShapes=input:2x1x28x28 "
                "--maxShapes=input:4x1x28x28 --shapes=input:5x1x28x28",
                "input \"input\": its shape is 1x1x28x28 to 4x1x28x28, got 5x1x28x28", 1},
        BadCall{"ShapesContradict",
                "exec --onnx=@/lenet.onnx --shapes=input:1x1x28x28 --optShapes=input:2x1x28x28",
                "input \"input\": its shape is 2x1x28x28, got 1x1x28x28", 1},
        BadCall{"MinAboveMax",
                "exec --onnx=@/lenet.onnx --minShapes=input:3x1x28x28 --optShapes=input:2x1x28x28 "
                "--maxShapes=input:4x1x28x28",
                "are not min <= opt <= max: 3x1x28x28, 2x1x28x28, 4x1x28x28", 1},
        BadCall{"WildcardMatchesNothing", "exec --onnx=@/lenet.onnx --shapes=image*:1x1x28x28",
                "no input matches \"image*\"", 1},
        BadCall{"WrongFormat", "exec --onnx=@/lenet.onnx --inputIOFormats=fp16:chw",
                "\"input\" is fp32:chw, not fp16:chw", 1},
        BadCall{"BadFormat", "exec --onnx=@/lenet.onnx --outputIOFormats=half",
                "--outputIOFormats: \"half\" is not a type and format; write fp32:chw", 2},
        BadCall{"FormatCount", "exec --onnx=@/lenet.onnx --outputIOFormats=fp32:chw,fp32:chw",
                "has 2 formats for 1 tensors", 1},
        BadCall{"BadVerbosity", "exec --onnx=@/lenet.onnx --profilingVerbosity=all", "all", 2},
        BadCall{"NothingToDeserialize", "exec --timeDeserialize", "--timeDeserialize needs --loadEngine", 1}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace twofour
