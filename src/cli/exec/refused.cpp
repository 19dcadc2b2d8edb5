#include "cli/exec/refused.h"

namespace twofour::cli {
namespace {

constexpr const char* kNoArithmetic = "no CPU computes in it; weights of such types are read";
constexpr const char* kNoGpu = "the device is the CPU";
constexpr const char* kNoDla = "there is no DLA";
constexpr const char* kNoQueue = "a CPU has no queue between the call and the kernels";
constexpr const char* kOnlyOnnx = "models are read from ONNX only; use --onnx";
constexpr const char* kNoPlugins = "there are no plugins";
constexpr const char* kBatch = "every model has explicit batch; give the batch size in --shapes";
constexpr const char* kOneDevice = "an engine runs on the CPU level that it was built on";
constexpr const char* kNoRefit = "weights are packed for their kernels; build again";
constexpr const char* kOneProfile = "an engine has one optimization profile";
constexpr const char* kDebug = "`twofour compare` shows every layer's tensors against the reference";

constexpr KnownFlag kWithoutEffect[] = {
    {"--allocationStrategy", true, "a context's memory is planned when the engine is built"},
    {"--allowGPUFallback", false, kNoDla},
    {"--allowWeightStreaming", false, "weights are mapped from the engine file and paged by the system"},
    {"--asyncFileReader", false, "the engine file is mapped"},
    {"--cacheMode", true, "there is no code to cache"},
    {"--device", true, kNoGpu},
    {"--directIO", false, "tensors are row-major at the engine's borders"},
    {"--excludeLeanRuntime", false, "an engine file holds data only"},
    {"--explicitBatch", false, "every model has explicit batch"},
    {"--explicitPrecision", false, "a model with Q/DQ nodes is taken so"},
    {"--exposeDMA", false, kNoGpu},
    {"--fp8", false, kNoArithmetic},
    {"--includeDataTransfers", false, "it is the default"},
    {"--int4", false, kNoArithmetic},
    {"--l2LimitForTiling", true, "kernels choose their tiles by the cache sizes of the CPU"},
    {"--layerDeviceTypes", true, kNoDla},
    {"--maxAuxStreams", true, "layers run one after another, each on all threads"},
    {"--memPoolSize", true, "scratch memory is what the largest layer needs"},
    {"--noBuilderCache", false, "layers that are alike are timed once; --timingCacheFile keeps the times"},
    {"--noCompilationCache", false, "kernels are generated when an engine is loaded, in microseconds"},
    {"--noCudaGraph", false, kNoQueue},
    {"--noSpinWait", false, kNoQueue},
    {"--noTF32", false, "f32 is computed as f32"},
    {"--persistentCacheRatio", true, kNoGpu},
    {"--previewFeatures", true, "there are none"},
    {"--separateProfileRun", false, "the profile is always taken in a run of its own"},
    {"--tempdir", true, "no temporary files are made"},
    {"--tempfileControls", true, "no temporary files are made"},
    {"--tilingOptimizationLevel", true, "kernels choose their tiles by the cache sizes of the CPU"},
    {"--useCudaGraph", false, kNoQueue},
    {"--useDLACore", true, kNoDla},
    {"--useManagedMemory", false, kNoGpu},
    {"--useSpinWait", false, kNoQueue},
    {"--weightStreamingBudget", true, "weights are mapped from the engine file and paged by the system"},
    {"--workspace", true, "scratch memory is what the largest layer needs"},
};

constexpr KnownFlag kRefused[] = {
    {"--batch", true, kBatch},
    {"--buildDLAStandalone", false, kNoDla},
    {"--deploy", true, kOnlyOnnx},
    {"--dumpOptimizationProfile", false, kOneProfile},
    {"--dumpRefit", false, kNoRefit},
    {"--dynamicPlugins", true, kNoPlugins},
    {"--getPlanVersionOnly", false, "--loadEngine names both versions when they differ"},
    {"--hardwareCompatibilityLevel", true, kOneDevice},
    {"--leanDLLPath", true, "there is one runtime"},
    {"--markDebug", true, kDebug},
    {"--markUnfusedTensorsAsDebugTensors", false, kDebug},
    {"--maxBatch", true, kBatch},
    {"--model", true, kOnlyOnnx},
    {"--plugins", true, kNoPlugins},
    {"--profile", true, kOneProfile},
    {"--refit", false, kNoRefit},
    {"--refitFromOnnx", true, kNoRefit},
    {"--runtimePlatform", true, kOneDevice},
    {"--safe", false, "there is no runtime of restricted scope"},
    {"--saveAllDebugTensors", true, kDebug},
    {"--saveDebugTensors", true, kDebug},
    {"--setPluginsToSerialize", true, kNoPlugins},
    {"--staticPlugins", true, kNoPlugins},
    {"--stripAllWeights", false, kNoRefit},
    {"--stripWeights", false, kNoRefit},
    {"--timeRefit", false, kNoRefit},
    {"--uff", true, kOnlyOnnx},
    {"--useProfile", true, kOneProfile},
    {"--useRuntime", true, "there is one runtime"},
    {"--vc,--versionCompatible", false, "an engine file is read by the version that wrote it"},
};

}  // namespace

std::span<const KnownFlag> flags_without_effect() { return kWithoutEffect; }
std::span<const KnownFlag> refused_flags() { return kRefused; }

}  // namespace twofour::cli
