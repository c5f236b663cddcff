// Generated from generator/slots.json by generator/mod.rs: do not edit.

use super::super::table::{Class, Family, Table, VersionKey};

pub(crate) const CLASS_COUNT: usize = 33;
pub(crate) const METHOD_COUNT: usize = 617;

/// Every class: its C++ name and the number of its first method in [`METHODS`].
pub(crate) static CLASSES: [(&str, u16); CLASS_COUNT] = [
    ("IErrorRecorder", 0),
    ("IInt8EntropyCalibrator2", 12),
    ("IInt8MinMaxCalibrator", 21),
    ("ILogger", 30),
    ("IOutputAllocator", 35),
    ("IParser", 42),
    ("IParserError", 68),
    ("IParserRefitter", 80),
    ("IPluginCreator", 91),
    ("IPluginCreatorInterface", 96),
    ("IPluginCreatorV3One", 98),
    ("IPluginRegistry", 102),
    ("IProfiler", 114),
    ("IProgressMonitor", 119),
    ("IStreamReader", 126),
    ("IStreamReaderV2", 131),
    ("IStreamWriter", 137),
    ("VBuilder", 142),
    ("VBuilderConfig", 165),
    ("VCudaEngine", 240),
    ("VEngineInspector", 304),
    ("VExecutionContext", 313),
    ("VHostMemory", 368),
    ("VLayer", 373),
    ("VNetworkDefinition", 395),
    ("VOptimizationProfile", 488),
    ("VRefitter", 502),
    ("VRuntime", 530),
    ("VRuntimeCache", 560),
    ("VRuntimeConfig", 565),
    ("VSerializationConfig", 577),
    ("VTensor", 584),
    ("VTimingCache", 609),
];

/// Every method's C++ name, class after class.
pub(crate) static METHODS: [&str; METHOD_COUNT] = [
    "clear", "decRefCount", "getAPILanguage", "getErrorCode", "getErrorDesc", "getInterfaceInfo", "getNbErrors", "hasOverflowed", "incRefCount", "reportError", "~destroy_D0", "~destroy_D1",
    "getAPILanguage", "getAlgorithm", "getBatch", "getBatchSize", "getInterfaceInfo", "readCalibrationCache", "writeCalibrationCache", "~destroy_D0", "~destroy_D1",
    "getAPILanguage", "getAlgorithm", "getBatch", "getBatchSize", "getInterfaceInfo", "readCalibrationCache", "writeCalibrationCache", "~destroy_D0", "~destroy_D1",
    "getAPILanguage", "getInterfaceInfo", "log", "~destroy_D0", "~destroy_D1",
    "getAPILanguage", "getInterfaceInfo", "notifyShape", "reallocateOutput", "reallocateOutputAsync", "~destroy_D0", "~destroy_D1",
    "clearErrors", "clearFlag", "getError", "getFlag", "getFlags", "getLayerOutputTensor", "getNbErrors", "getNbSubgraphs", "getSubgraphNodes", "getUsedVCPluginLibraries", "isSubgraphSupported", "loadInitializer", "loadModelProto", "parse", "parseFromFile", "parseModelProto", "parseWithWeightDescriptors", "setBuilderConfig", "setFlag", "setFlags", "setRefitObserver", "supportsModel", "supportsModelV2", "supportsOperator", "~destroy_D0", "~destroy_D1",
    "code", "desc", "file", "func", "line", "localFunctionStack", "localFunctionStackSize", "node", "nodeName", "nodeOperator", "~destroy_D0", "~destroy_D1",
    "clearErrors", "getError", "getNbErrors", "loadInitializer", "loadModelProto", "refitFromBytes", "refitFromFile", "refitModelProto", "setRefitObserver", "~destroy_D0", "~destroy_D1",
    "getAPILanguage", "getInterfaceInfo", "getPluginName", "getPluginNamespace", "getPluginVersion",
    "getAPILanguage", "getInterfaceInfo",
    "getInterfaceInfo", "getPluginName", "getPluginNamespace", "getPluginVersion",
    "acquirePluginResource", "deregisterLibrary", "getAllCreators", "getAllCreatorsRecursive", "getCreator", "getErrorRecorder", "getPluginCreatorList", "isParentSearchEnabled", "loadLibrary", "releasePluginResource", "setErrorRecorder", "setParentSearchEnabled",
    "getAPILanguage", "getInterfaceInfo", "reportLayerTime", "~destroy_D0", "~destroy_D1",
    "getAPILanguage", "getInterfaceInfo", "phaseFinish", "phaseStart", "stepComplete", "~destroy_D0", "~destroy_D1",
    "getAPILanguage", "getInterfaceInfo", "read", "~destroy_D0", "~destroy_D1",
    "getAPILanguage", "getInterfaceInfo", "read", "seek", "~destroy_D0", "~destroy_D1",
    "getAPILanguage", "getInterfaceInfo", "write", "~destroy_D0", "~destroy_D1",
    "buildEngineWithConfig", "buildSerializedNetwork", "buildSerializedNetworkToStream", "buildSerializedNetworkWithKernelText", "createBuilderConfig", "createNetworkV2", "createOptimizationProfile", "getErrorRecorder", "getLogger", "getMaxDLABatchSize", "getMaxThreads", "getNbDLACores", "getPluginRegistry", "isNetworkSupported", "platformHasFastFp16", "platformHasFastInt8", "platformHasTf32", "reset", "setErrorRecorder", "setGpuAllocator", "setMaxThreads", "~destroy_D0", "~destroy_D1",
    "addOptimizationProfile", "canRunOnDLA", "clearFlag", "clearQuantizationFlag", "createTimingCache", "getAlgorithmSelector", "getAllBuildRoutes", "getAvgTimingIterations", "getBuildRoute", "getBuilderOptimizationLevel", "getCalibrationProfile", "getComputeCapability", "getDLACore", "getDefaultDeviceType", "getDeviceType", "getEngineCapability", "getFlag", "getFlags", "getHardwareCompatibilityLevel", "getInt8Calibrator", "getL2LimitForTiling", "getMaxAuxStreams", "getMaxNbTactics", "getMemoryPoolLimit", "getNbComputeCapabilities", "getNbOptimizationProfiles", "getNbPluginsToSerialize", "getPluginToSerialize", "getPreviewFeature", "getProfileStream", "getProfilingVerbosity", "getProgressMonitor", "getQuantizationFlag", "getQuantizationFlags", "getRemoteAutoTuningConfig", "getRuntimePlatform", "getTacticSources", "getTilingOptimizationLevel", "getTimingCache", "isDeviceTypeSet", "reset", "resetDeviceType", "setAlgorithmSelector", "setAvgTimingIterations", "setBuildRoute", "setBuilderOptimizationLevel", "setCalibrationProfile", "setComputeCapability", "setDLACore", "setDefaultDeviceType", "setDeviceType", "setEngineCapability", "setFlag", "setFlags", "setHardwareCompatibilityLevel", "setInt8Calibrator", "setL2LimitForTiling", "setMaxAuxStreams", "setMaxNbTactics", "setMemoryPoolLimit", "setNbComputeCapabilities", "setPluginsToSerialize", "setPreviewFeature", "setProfileStream", "setProfilingVerbosity", "setProgressMonitor", "setQuantizationFlag", "setQuantizationFlags", "setRemoteAutoTuningConfig", "setRuntimePlatform", "setTacticSources", "setTilingOptimizationLevel", "setTimingCache", "~destroy_D0", "~destroy_D1",
    "areWeightsLoaded", "createEngineInspector", "createExecutionContext", "createExecutionContextWithRuntimeConfig", "createExecutionContextWithoutDeviceMemory", "createRefitter", "createRuntimeConfig", "createSerializationConfig", "createWeightsManager", "getAliasedInputTensor", "getDeviceMemorySize", "getDeviceMemorySizeForProfile", "getDeviceMemorySizeForProfileV2", "getDeviceMemorySizeV2", "getEngineCapability", "getEngineStat", "getErrorRecorder", "getHardwareCompatibilityLevel", "getIOTensorName", "getMinimumWeightStreamingBudget", "getName", "getNbAuxStreams", "getNbIOTensors", "getNbLayers", "getNbOptimizationProfiles", "getPImpl", "getProfileShape", "getProfileTensorValues", "getProfileTensorValuesV2", "getProfilingVerbosity", "getStreamableWeightsSize", "getTacticSources", "getTensorBytesPerComponent", "getTensorBytesPerComponentV2", "getTensorComponentsPerElement", "getTensorComponentsPerElementV2", "getTensorDataType", "getTensorFormat", "getTensorFormatDesc", "getTensorFormatDescV2", "getTensorFormatV2", "getTensorIOMode", "getTensorLocation", "getTensorShape", "getTensorVectorizedDim", "getTensorVectorizedDimV2", "getWeightStreamingAutomaticBudget", "getWeightStreamingBudget", "getWeightStreamingBudgetV2", "getWeightStreamingScratchMemorySize", "hasImplicitBatchDimension", "isDebugTensor", "isRefittable", "isShapeInferenceIO", "loadWeights", "loadWeightsAsync", "serialize", "serializeWithConfig", "setErrorRecorder", "setWeightStreamingBudget", "setWeightStreamingBudgetV2", "unloadWeights", "~destroy_D0", "~destroy_D1",
    "getEngineInformation", "getErrorRecorder", "getExecutionContext", "getLayerInformation", "getPImpl", "setErrorRecorder", "setExecutionContext", "~destroy_D0", "~destroy_D1",
    "allInputDimensionsSpecified", "allInputShapesSpecified", "enqueueV3", "executeV2", "getDebugListener", "getDebugState", "getDebugSync", "getEngine", "getEnqueueEmitsProfile", "getErrorRecorder", "getInputConsumedEvent", "getMaxOutputSize", "getName", "getNvtxVerbosity", "getOptimizationProfile", "getOutputAllocator", "getOutputTensorAddress", "getPImpl", "getPersistentCacheLimit", "getProfiler", "getRuntimeConfig", "getTemporaryStorageAllocator", "getTensorAddress", "getTensorShape", "getTensorStrides", "getUnfusedTensorsDebugState", "inferShapes", "isStreamCapturable", "reportToProfiler", "setAllTensorsDebugState", "setAuxStreams", "setCommunicator", "setDebugListener", "setDebugSync", "setDeviceMemory", "setDeviceMemoryV2", "setEnqueueEmitsProfile", "setErrorRecorder", "setInputConsumedEvent", "setInputShape", "setInputTensorAddress", "setName", "setNvtxVerbosity", "setOptimizationProfileAsync", "setOutputAllocator", "setOutputTensorAddress", "setPersistentCacheLimit", "setProfiler", "setTemporaryStorageAllocator", "setTensorAddress", "setTensorDebugState", "setUnfusedTensorsDebugState", "updateDeviceMemorySizeForShapes", "~destroy_D0", "~destroy_D1",
    "data", "size", "type", "~destroy_D0", "~destroy_D1",
    "getInput", "getMetadata", "getName", "getNbInputs", "getNbOutputs", "getNbRanks", "getOutput", "getOutputType", "getPrecision", "getType", "outputTypeIsSet", "precisionIsSet", "resetOutputType", "resetPrecision", "setInput", "setMetadata", "setName", "setNbRanks", "setOutputType", "setPrecision", "~destroy_D0", "~destroy_D1",
    "addActivation", "addAssertion", "addAttention", "addAttentionV2", "addCast", "addConcatenation", "addConstant", "addConvolutionNd", "addCumulative", "addDeconvolutionNd", "addDequantize", "addDequantizeV2", "addDistCollective", "addDynamicQuantize", "addDynamicQuantizeV2", "addEinsum", "addElementWise", "addFill", "addFillV2", "addGather", "addGatherV2", "addGridSample", "addIdentity", "addIfConditional", "addInput", "addKVCacheUpdate", "addLRN", "addLoop", "addMatrixMultiply", "addMoE", "addNMS", "addNMSV2", "addNonZero", "addNonZeroV2", "addNormalization", "addNormalizationV2", "addOneHot", "addPaddingNd", "addParametricReLU", "addPluginV2", "addPluginV3", "addPoolingNd", "addQuantize", "addQuantizeV2", "addRaggedSoftMax", "addReduce", "addResize", "addReverseSequence", "addRotaryEmbedding", "addScale", "addScaleNd", "addScatter", "addSelect", "addShape", "addShuffle", "addSlice", "addSoftMax", "addSqueeze", "addSqueezeV2", "addTopK", "addTopKV2", "addUnary", "addUnsqueeze", "areWeightsMarkedRefittable", "getBuilder", "getErrorRecorder", "getFlag", "getFlags", "getInput", "getLayer", "getName", "getNbInputs", "getNbLayers", "getNbOutputs", "getOutput", "hasImplicitBatchDimension", "isDebugTensor", "markDebug", "markOutput", "markOutputForShapes", "markUnfusedTensorsAsDebugTensors", "markWeightsRefittable", "removeTensor", "setErrorRecorder", "setName", "setWeightsName", "unmarkDebug", "unmarkOutput", "unmarkOutputForShapes", "unmarkUnfusedTensorsAsDebugTensors", "unmarkWeightsRefittable", "~destroy_D0", "~destroy_D1",
    "getDimensions", "getExtraMemoryTarget", "getNbShapeValues", "getProfileStream", "getShapeValues", "getShapeValuesV2", "isValid", "setDimensions", "setExtraMemoryTarget", "setProfileStream", "setShapeValues", "setShapeValuesV2", "~destroy_D0", "~destroy_D1",
    "getAll", "getAllWeights", "getDynamicRangeMax", "getDynamicRangeMin", "getErrorRecorder", "getLogger", "getMaxThreads", "getMissing", "getMissingWeights", "getNamedWeights", "getPImpl", "getTensorsWithDynamicRange", "getWeightsLocation", "getWeightsPrototype", "getWeightsValidation", "refitCudaEngine", "refitCudaEngineAsync", "releaseRefitResources", "setDynamicRange", "setErrorRecorder", "setMaxThreads", "setNamedWeights", "setNamedWeightsWithLocation", "setWeights", "setWeightsValidation", "unsetNamedWeights", "~destroy_D0", "~destroy_D1",
    "deserializeCudaEngine(IStreamReader &)", "deserializeCudaEngine(const void *, std::size_t)", "deserializeCudaEngineV2", "getDLACore", "getDLAWorkspaceAllocationStrategy", "getDeferredWeightsLoading", "getEngineHeaderSize", "getEngineHostCodeAllowed", "getEngineValidity", "getErrorRecorder", "getLogger", "getMaxThreads", "getNbDLACores", "getPImpl", "getPluginRegistry", "getTempfileControlFlags", "getTemporaryDirectory", "loadRuntime", "setDLACore", "setDLAWorkspaceAllocationStrategy", "setDeferredWeightsLoading", "setEngineHostCodeAllowed", "setErrorRecorder", "setGpuAllocator", "setMaxThreads", "setPluginRegistryParent", "setTempfileControlFlags", "setTemporaryDirectory", "~destroy_D0", "~destroy_D1",
    "deserialize", "reset", "serialize", "~destroy_D0", "~destroy_D1",
    "createRuntimeCache", "getCudaGraphStrategy", "getDynamicShapesKernelSpecializationStrategy", "getExecutionContextAllocationStrategy", "getPImpl", "getRuntimeCache", "setCudaGraphStrategy", "setDynamicShapesKernelSpecializationStrategy", "setExecutionContextAllocationStrategy", "setRuntimeCache", "~destroy_D0", "~destroy_D1",
    "clearFlag", "getFlag", "getFlags", "setFlag", "setFlags", "~destroy_D0", "~destroy_D1",
    "dynamicRangeIsSet", "getAllowedFormats", "getBroadcastAcrossBatch", "getDimensionName", "getDimensions", "getDynamicRangeMax", "getDynamicRangeMin", "getLocation", "getName", "getType", "isExecutionTensor", "isNetworkInput", "isNetworkOutput", "isShapeTensor", "resetDynamicRange", "setAllowedFormats", "setBroadcastAcrossBatch", "setDimensionName", "setDimensions", "setDynamicRange", "setLocation", "setName", "setType", "~destroy_D0", "~destroy_D1",
    "combine", "query", "queryKeys", "reset", "serialize", "update", "~destroy_D0", "~destroy_D1",
];

impl Class {
    /// `IErrorRecorder`.
    pub const I_ERROR_RECORDER: Class = Class(0);
    /// `IInt8EntropyCalibrator2`.
    pub const I_INT8_ENTROPY_CALIBRATOR2: Class = Class(1);
    /// `IInt8MinMaxCalibrator`.
    pub const I_INT8_MIN_MAX_CALIBRATOR: Class = Class(2);
    /// `ILogger`.
    pub const I_LOGGER: Class = Class(3);
    /// `IOutputAllocator`.
    pub const I_OUTPUT_ALLOCATOR: Class = Class(4);
    /// `IParser`.
    pub const I_PARSER: Class = Class(5);
    /// `IParserError`.
    pub const I_PARSER_ERROR: Class = Class(6);
    /// `IParserRefitter`.
    pub const I_PARSER_REFITTER: Class = Class(7);
    /// `IPluginCreator`.
    pub const I_PLUGIN_CREATOR: Class = Class(8);
    /// `IPluginCreatorInterface`.
    pub const I_PLUGIN_CREATOR_INTERFACE: Class = Class(9);
    /// `IPluginCreatorV3One`.
    pub const I_PLUGIN_CREATOR_V3_ONE: Class = Class(10);
    /// `IPluginRegistry`.
    pub const I_PLUGIN_REGISTRY: Class = Class(11);
    /// `IProfiler`.
    pub const I_PROFILER: Class = Class(12);
    /// `IProgressMonitor`.
    pub const I_PROGRESS_MONITOR: Class = Class(13);
    /// `IStreamReader`.
    pub const I_STREAM_READER: Class = Class(14);
    /// `IStreamReaderV2`.
    pub const I_STREAM_READER_V2: Class = Class(15);
    /// `IStreamWriter`.
    pub const I_STREAM_WRITER: Class = Class(16);
    /// `VBuilder`.
    pub const V_BUILDER: Class = Class(17);
    /// `VBuilderConfig`.
    pub const V_BUILDER_CONFIG: Class = Class(18);
    /// `VCudaEngine`.
    pub const V_CUDA_ENGINE: Class = Class(19);
    /// `VEngineInspector`.
    pub const V_ENGINE_INSPECTOR: Class = Class(20);
    /// `VExecutionContext`.
    pub const V_EXECUTION_CONTEXT: Class = Class(21);
    /// `VHostMemory`.
    pub const V_HOST_MEMORY: Class = Class(22);
    /// `VLayer`.
    pub const V_LAYER: Class = Class(23);
    /// `VNetworkDefinition`.
    pub const V_NETWORK_DEFINITION: Class = Class(24);
    /// `VOptimizationProfile`.
    pub const V_OPTIMIZATION_PROFILE: Class = Class(25);
    /// `VRefitter`.
    pub const V_REFITTER: Class = Class(26);
    /// `VRuntime`.
    pub const V_RUNTIME: Class = Class(27);
    /// `VRuntimeCache`.
    pub const V_RUNTIME_CACHE: Class = Class(28);
    /// `VRuntimeConfig`.
    pub const V_RUNTIME_CONFIG: Class = Class(29);
    /// `VSerializationConfig`.
    pub const V_SERIALIZATION_CONFIG: Class = Class(30);
    /// `VTensor`.
    pub const V_TENSOR: Class = Class(31);
    /// `VTimingCache`.
    pub const V_TIMING_CACHE: Class = Class(32);
}

static SLOTS_0: [u8; METHOD_COUNT] = [
    8, 11, 0, 5, 6, 1, 4, 7, 10, 9, 3, 2, 0, 8, 5, 4, 1, 6, 7, 3, 2, 0, 8, 5, 4, 1, 6, 7, 3, 2,
    255, 255, 0, 2, 1, 0, 1, 6, 4, 5, 3, 2, 7, 13, 6, 15, 12, 16, 5, 255, 255, 10, 255, 255, 255, 0, 1, 255, 3, 255,
    14, 11, 255, 2, 255, 4, 9, 8, 0, 1, 2, 4, 3, 8, 9, 5, 6, 7, 11, 10, 4, 3, 2, 255, 255, 0, 1, 255, 255, 6,
    5, 0, 1, 4, 10, 5, 0, 1, 1, 6, 8, 7, 16, 11, 13, 255, 14, 6, 1, 8, 10, 17, 5, 9, 255, 255, 0, 2, 1, 0,
    1, 6, 4, 5, 3, 2, 0, 1, 4, 3, 2, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 14, 255, 255, 7, 8, 9, 11,
    16, 4, 18, 5, 19, 15, 2, 3, 13, 12, 10, 6, 17, 1, 0, 25, 17, 10, 35, 40, 30, 255, 3, 255, 48, 32, 255, 19, 21, 14,
    5, 12, 9, 50, 7, 255, 55, 255, 44, 255, 26, 53, 52, 46, 24, 28, 57, 37, 34, 255, 255, 39, 255, 42, 15, 22, 16, 29, 2, 255,
    47, 31, 255, 18, 20, 13, 4, 11, 8, 49, 6, 255, 54, 255, 43, 255, 51, 45, 23, 27, 56, 36, 33, 255, 255, 38, 255, 41, 1, 0,
    255, 18, 5, 255, 6, 42, 255, 39, 255, 255, 7, 41, 255, 255, 12, 255, 14, 32, 31, 45, 9, 33, 30, 3, 10, 2, 29, 11, 255, 17,
    46, 16, 24, 34, 25, 35, 20, 26, 27, 37, 36, 23, 21, 19, 28, 38, 255, 44, 255, 255, 15, 47, 8, 22, 255, 255, 4, 40, 13, 43,
    255, 255, 1, 0, 6, 8, 4, 5, 2, 7, 3, 1, 0, 12, 13, 37, 16, 44, 46, 4, 7, 19, 15, 30, 34, 9, 41, 11, 33, 31,
    2, 39, 6, 255, 36, 25, 22, 23, 255, 28, 255, 20, 47, 42, 255, 43, 3, 10, 255, 18, 14, 29, 21, 26, 8, 40, 17, 32, 27, 38,
    5, 35, 24, 45, 255, 48, 1, 0, 2, 3, 4, 1, 0, 6, 19, 4, 5, 7, 255, 8, 15, 11, 2, 16, 12, 17, 13, 9, 18, 3,
    255, 14, 10, 1, 0, 4, 55, 255, 255, 62, 8, 23, 37, 255, 39, 49, 67, 255, 255, 255, 54, 9, 44, 68, 20, 51, 58, 24, 52, 2,
    255, 5, 42, 22, 255, 59, 255, 57, 255, 61, 255, 56, 45, 36, 27, 28, 38, 50, 66, 21, 18, 41, 60, 255, 6, 40, 53, 43, 32, 11,
    29, 7, 255, 255, 19, 255, 10, 255, 255, 63, 48, 65, 64, 15, 13, 31, 14, 12, 16, 17, 33, 71, 69, 3, 34, 255, 255, 25, 47, 30,
    46, 70, 26, 35, 255, 255, 1, 0, 3, 8, 5, 255, 6, 255, 9, 2, 7, 255, 4, 255, 1, 0, 6, 15, 9, 8, 12, 16, 18, 5,
    14, 20, 2, 10, 21, 26, 24, 4, 25, 255, 7, 11, 17, 13, 19, 3, 23, 22, 1, 0, 4, 3, 255, 6, 255, 255, 255, 22, 255, 10,
    11, 13, 7, 2, 18, 17, 15, 20, 5, 255, 255, 21, 9, 8, 12, 19, 16, 14, 1, 0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 4, 6, 3, 5, 2, 1, 0, 15, 20, 12, 24, 5, 18, 17, 13, 3, 7, 22, 9, 10, 21, 16, 19,
    11, 23, 4, 8, 14, 2, 6, 1, 0, 3, 255, 255, 4, 2, 255, 1, 0,
];
static LENGTHS_0: [u8; CLASS_COUNT] = [
    12, 9, 9, 3, 7, 17, 12, 7, 11, 2, 9, 18, 3, 7, 5, 0, 0, 20, 58, 48, 9, 49, 5, 20, 72, 10, 27, 23, 0, 0,
    7, 25, 5,
];

static SLOTS_1: [u8; METHOD_COUNT] = [
    8, 11, 0, 5, 6, 1, 4, 7, 10, 9, 3, 2, 0, 8, 5, 4, 1, 6, 7, 3, 2, 0, 8, 5, 4, 1, 6, 7, 3, 2,
    255, 255, 0, 2, 1, 0, 1, 6, 4, 5, 3, 2, 7, 13, 6, 15, 12, 16, 5, 18, 20, 10, 19, 255, 255, 0, 1, 255, 3, 255,
    14, 11, 255, 2, 17, 4, 9, 8, 0, 1, 2, 4, 3, 8, 9, 5, 6, 7, 11, 10, 4, 3, 2, 255, 255, 0, 1, 255, 255, 6,
    5, 0, 1, 4, 10, 5, 0, 1, 1, 6, 8, 7, 16, 11, 13, 255, 14, 6, 1, 8, 10, 17, 5, 9, 255, 255, 0, 2, 1, 0,
    1, 6, 4, 5, 3, 2, 0, 1, 4, 3, 2, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 14, 255, 255, 7, 8, 9, 11,
    16, 4, 18, 5, 19, 15, 2, 3, 13, 12, 10, 6, 17, 1, 0, 25, 17, 10, 35, 40, 30, 255, 3, 255, 48, 32, 255, 19, 21, 14,
    5, 12, 9, 50, 7, 255, 55, 255, 44, 255, 26, 53, 52, 46, 24, 28, 57, 37, 34, 255, 255, 39, 255, 42, 15, 22, 16, 29, 2, 255,
    47, 31, 255, 18, 20, 13, 4, 11, 8, 49, 6, 255, 54, 255, 43, 255, 51, 45, 23, 27, 56, 36, 33, 255, 255, 38, 255, 41, 1, 0,
    255, 18, 5, 255, 6, 42, 255, 39, 255, 255, 7, 41, 53, 52, 12, 255, 14, 32, 31, 45, 9, 33, 30, 3, 10, 2, 29, 11, 255, 17,
    46, 16, 24, 34, 25, 35, 20, 26, 27, 37, 36, 23, 21, 19, 28, 38, 50, 44, 49, 51, 15, 47, 8, 22, 255, 255, 4, 40, 13, 43,
    48, 255, 1, 0, 6, 8, 4, 5, 2, 7, 3, 1, 0, 12, 13, 37, 16, 44, 46, 4, 7, 19, 15, 30, 34, 9, 41, 11, 33, 31,
    2, 39, 6, 255, 36, 25, 22, 23, 255, 28, 255, 20, 47, 42, 255, 43, 3, 10, 49, 18, 14, 29, 21, 26, 8, 40, 17, 32, 27, 38,
    5, 35, 24, 45, 255, 48, 1, 0, 2, 3, 4, 1, 0, 6, 19, 4, 5, 7, 255, 8, 15, 11, 2, 16, 12, 17, 13, 9, 18, 3,
    255, 14, 10, 1, 0, 4, 55, 255, 255, 62, 8, 23, 37, 255, 39, 49, 67, 255, 255, 255, 54, 9, 44, 68, 20, 51, 58, 24, 52, 2,
    255, 5, 42, 22, 255, 59, 255, 57, 255, 61, 255, 56, 45, 36, 27, 28, 38, 50, 66, 21, 18, 41, 60, 255, 6, 40, 53, 43, 32, 11,
    29, 7, 255, 255, 19, 255, 10, 255, 255, 63, 48, 65, 64, 15, 13, 31, 14, 12, 16, 17, 33, 71, 69, 3, 34, 255, 255, 25, 47, 30,
    46, 70, 26, 35, 255, 255, 1, 0, 3, 8, 5, 255, 6, 255, 9, 2, 7, 255, 4, 255, 1, 0, 6, 15, 9, 8, 12, 16, 18, 5,
    14, 20, 2, 10, 21, 26, 24, 4, 25, 255, 7, 11, 17, 13, 19, 3, 23, 22, 1, 0, 4, 3, 255, 6, 255, 255, 255, 22, 255, 10,
    11, 13, 7, 2, 18, 17, 15, 20, 5, 255, 255, 21, 9, 8, 12, 19, 16, 14, 1, 0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 4, 6, 3, 5, 2, 1, 0, 15, 20, 12, 24, 5, 18, 17, 13, 3, 7, 22, 9, 10, 21, 16, 19,
    11, 23, 4, 8, 14, 2, 6, 1, 0, 3, 255, 255, 4, 2, 255, 1, 0,
];
static LENGTHS_1: [u8; CLASS_COUNT] = [
    12, 9, 9, 3, 7, 21, 12, 7, 11, 2, 9, 18, 3, 7, 5, 0, 0, 20, 58, 54, 9, 50, 5, 20, 72, 10, 27, 23, 0, 0,
    7, 25, 5,
];

static SLOTS_2: [u8; METHOD_COUNT] = [
    8, 11, 0, 5, 6, 1, 4, 7, 10, 9, 3, 2, 0, 8, 5, 4, 1, 6, 7, 3, 2, 0, 8, 5, 4, 1, 6, 7, 3, 2,
    255, 255, 0, 2, 1, 0, 1, 6, 4, 5, 3, 2, 7, 13, 6, 15, 12, 16, 5, 18, 20, 10, 19, 255, 255, 0, 1, 255, 3, 255,
    14, 11, 255, 2, 17, 4, 9, 8, 0, 1, 2, 4, 3, 8, 9, 5, 6, 7, 11, 10, 4, 3, 2, 255, 255, 0, 1, 255, 255, 6,
    5, 0, 1, 4, 10, 5, 0, 1, 1, 6, 8, 7, 16, 11, 13, 255, 14, 6, 1, 8, 10, 17, 5, 9, 255, 255, 0, 2, 1, 0,
    1, 6, 4, 5, 3, 2, 0, 1, 4, 3, 2, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 14, 255, 255, 7, 8, 9, 11,
    16, 4, 18, 5, 19, 15, 2, 3, 13, 12, 10, 6, 17, 1, 0, 25, 17, 10, 35, 40, 30, 255, 3, 255, 48, 32, 255, 19, 21, 14,
    5, 12, 9, 50, 7, 255, 55, 255, 44, 255, 26, 53, 52, 46, 24, 28, 57, 37, 34, 255, 59, 39, 255, 42, 15, 22, 16, 29, 2, 255,
    47, 31, 255, 18, 20, 13, 4, 11, 8, 49, 6, 255, 54, 255, 43, 255, 51, 45, 23, 27, 56, 36, 33, 255, 58, 38, 255, 41, 1, 0,
    255, 18, 5, 255, 6, 42, 255, 39, 255, 255, 7, 41, 53, 52, 12, 255, 14, 32, 31, 45, 9, 33, 30, 3, 10, 2, 29, 11, 255, 17,
    46, 16, 24, 34, 25, 35, 20, 26, 27, 37, 36, 23, 21, 19, 28, 38, 50, 44, 49, 51, 15, 47, 8, 22, 255, 255, 4, 40, 13, 43,
    48, 255, 1, 0, 6, 8, 4, 5, 2, 7, 3, 1, 0, 12, 13, 37, 16, 44, 46, 4, 7, 19, 15, 30, 34, 9, 41, 11, 33, 31,
    2, 39, 6, 255, 36, 25, 22, 23, 255, 28, 255, 20, 47, 42, 255, 43, 3, 10, 49, 18, 14, 29, 21, 26, 8, 40, 17, 32, 27, 38,
    5, 35, 24, 45, 255, 48, 1, 0, 2, 3, 4, 1, 0, 6, 19, 4, 5, 7, 255, 8, 15, 11, 2, 16, 12, 17, 13, 9, 18, 3,
    255, 14, 10, 1, 0, 4, 55, 255, 255, 62, 8, 23, 37, 255, 39, 49, 67, 255, 255, 255, 54, 9, 44, 68, 20, 51, 58, 24, 52, 2,
    255, 5, 42, 22, 255, 59, 255, 57, 255, 61, 255, 56, 45, 36, 27, 28, 38, 50, 66, 21, 18, 41, 60, 255, 6, 40, 53, 43, 32, 11,
    29, 7, 255, 255, 19, 255, 10, 255, 74, 63, 48, 65, 64, 15, 13, 31, 14, 12, 16, 17, 33, 71, 69, 3, 34, 255, 72, 25, 47, 30,
    46, 70, 26, 35, 255, 73, 1, 0, 3, 8, 5, 255, 6, 255, 9, 2, 7, 255, 4, 255, 1, 0, 6, 15, 9, 8, 12, 16, 18, 5,
    14, 20, 2, 10, 21, 26, 24, 4, 25, 255, 7, 11, 17, 13, 19, 3, 23, 22, 1, 0, 4, 3, 255, 6, 255, 255, 255, 22, 255, 10,
    11, 13, 7, 2, 18, 17, 15, 20, 5, 255, 255, 21, 9, 8, 12, 19, 16, 14, 1, 0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 4, 6, 3, 5, 2, 1, 0, 15, 20, 12, 24, 5, 18, 17, 13, 3, 7, 22, 9, 10, 21, 16, 19,
    11, 23, 4, 8, 14, 2, 6, 1, 0, 3, 255, 255, 4, 2, 255, 1, 0,
];
static LENGTHS_2: [u8; CLASS_COUNT] = [
    12, 9, 9, 3, 7, 21, 12, 7, 11, 2, 9, 18, 3, 7, 5, 0, 0, 20, 60, 54, 9, 50, 5, 20, 75, 10, 27, 23, 0, 0,
    7, 25, 5,
];

static SLOTS_3: [u8; METHOD_COUNT] = [
    8, 11, 0, 5, 6, 1, 4, 7, 10, 9, 3, 2, 0, 8, 5, 4, 1, 6, 7, 3, 2, 0, 8, 5, 4, 1, 6, 7, 3, 2,
    255, 255, 0, 2, 1, 0, 1, 6, 4, 5, 3, 2, 7, 13, 6, 15, 12, 16, 5, 18, 20, 10, 19, 255, 255, 0, 1, 255, 3, 255,
    14, 11, 255, 2, 17, 4, 9, 8, 0, 1, 2, 4, 3, 8, 9, 5, 6, 7, 11, 10, 4, 3, 2, 255, 255, 0, 1, 255, 255, 6,
    5, 0, 1, 4, 10, 5, 0, 1, 1, 6, 8, 7, 16, 11, 13, 255, 14, 6, 1, 8, 10, 17, 5, 9, 255, 255, 0, 2, 1, 0,
    1, 6, 4, 5, 3, 2, 0, 1, 4, 3, 2, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 14, 255, 255, 7, 8, 9, 11,
    16, 4, 18, 5, 19, 15, 2, 3, 13, 12, 10, 6, 17, 1, 0, 25, 17, 10, 35, 40, 30, 255, 3, 255, 48, 32, 255, 19, 21, 14,
    5, 12, 9, 50, 7, 255, 55, 61, 44, 255, 26, 53, 52, 46, 24, 28, 57, 37, 34, 255, 59, 39, 255, 42, 15, 22, 16, 29, 2, 255,
    47, 31, 255, 18, 20, 13, 4, 11, 8, 49, 6, 255, 54, 60, 43, 255, 51, 45, 23, 27, 56, 36, 33, 255, 58, 38, 255, 41, 1, 0,
    255, 18, 5, 255, 6, 42, 255, 39, 255, 255, 7, 41, 53, 52, 12, 255, 14, 32, 31, 45, 9, 33, 30, 3, 10, 2, 29, 11, 255, 17,
    46, 16, 24, 34, 25, 35, 20, 26, 27, 37, 36, 23, 21, 19, 28, 38, 50, 44, 49, 51, 15, 47, 8, 22, 255, 255, 4, 40, 13, 43,
    48, 255, 1, 0, 6, 8, 4, 5, 2, 7, 3, 1, 0, 12, 13, 37, 16, 44, 46, 4, 7, 19, 15, 30, 34, 9, 41, 11, 33, 31,
    2, 39, 6, 255, 36, 25, 22, 23, 255, 28, 255, 20, 47, 42, 255, 43, 3, 10, 49, 18, 14, 29, 21, 26, 8, 40, 17, 32, 27, 38,
    5, 35, 24, 45, 255, 48, 1, 0, 2, 3, 4, 1, 0, 6, 19, 4, 5, 7, 255, 8, 15, 11, 2, 16, 12, 17, 13, 9, 18, 3,
    255, 14, 10, 1, 0, 4, 55, 255, 255, 62, 8, 23, 37, 255, 39, 49, 67, 255, 255, 255, 54, 9, 44, 68, 20, 51, 58, 24, 52, 2,
    255, 5, 42, 22, 255, 59, 255, 57, 255, 61, 255, 56, 45, 36, 27, 28, 38, 50, 66, 21, 18, 41, 60, 255, 6, 40, 53, 43, 32, 11,
    29, 7, 255, 255, 19, 255, 10, 255, 74, 63, 48, 65, 64, 15, 13, 31, 14, 12, 16, 17, 33, 71, 69, 3, 34, 255, 72, 25, 47, 30,
    46, 70, 26, 35, 255, 73, 1, 0, 3, 8, 5, 255, 6, 255, 9, 2, 7, 255, 4, 255, 1, 0, 6, 15, 9, 8, 12, 16, 18, 5,
    14, 20, 2, 10, 21, 26, 24, 4, 25, 255, 7, 11, 17, 13, 19, 3, 23, 22, 1, 0, 4, 3, 255, 6, 255, 255, 255, 22, 255, 10,
    11, 13, 7, 2, 18, 17, 15, 20, 5, 255, 255, 21, 9, 8, 12, 19, 16, 14, 1, 0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 4, 6, 3, 5, 2, 1, 0, 15, 20, 12, 24, 5, 18, 17, 13, 3, 7, 22, 9, 10, 21, 16, 19,
    11, 23, 4, 8, 14, 2, 6, 1, 0, 3, 255, 255, 4, 2, 255, 1, 0,
];
static LENGTHS_3: [u8; CLASS_COUNT] = [
    12, 9, 9, 3, 7, 21, 12, 7, 11, 2, 9, 18, 3, 7, 5, 0, 0, 20, 62, 54, 9, 50, 5, 20, 75, 10, 27, 23, 0, 0,
    7, 25, 5,
];

static SLOTS_4: [u8; METHOD_COUNT] = [
    8, 11, 0, 5, 6, 1, 4, 7, 10, 9, 3, 2, 0, 8, 5, 4, 1, 6, 7, 3, 2, 0, 8, 5, 4, 1, 6, 7, 3, 2,
    255, 255, 0, 2, 1, 0, 1, 6, 4, 5, 3, 2, 7, 13, 6, 15, 12, 16, 5, 18, 20, 10, 19, 255, 255, 0, 1, 255, 3, 255,
    14, 11, 255, 2, 17, 4, 9, 8, 0, 1, 2, 4, 3, 8, 9, 5, 6, 7, 11, 10, 4, 3, 2, 255, 255, 0, 1, 255, 255, 6,
    5, 0, 1, 4, 10, 5, 0, 1, 1, 6, 8, 7, 16, 11, 13, 255, 14, 6, 1, 8, 10, 17, 5, 9, 255, 255, 0, 2, 1, 0,
    1, 6, 4, 5, 3, 2, 0, 1, 4, 3, 2, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 20, 14, 255, 255, 7, 8, 9, 11,
    16, 4, 18, 5, 19, 15, 2, 3, 13, 12, 10, 6, 17, 1, 0, 25, 17, 10, 35, 40, 30, 255, 3, 255, 48, 32, 255, 19, 21, 14,
    5, 12, 9, 50, 7, 255, 55, 61, 44, 255, 26, 53, 52, 46, 24, 28, 57, 37, 34, 255, 59, 39, 255, 42, 15, 22, 16, 29, 2, 255,
    47, 31, 255, 18, 20, 13, 4, 11, 8, 49, 6, 255, 54, 60, 43, 255, 51, 45, 23, 27, 56, 36, 33, 255, 58, 38, 255, 41, 1, 0,
    255, 18, 5, 255, 6, 42, 255, 39, 255, 255, 7, 41, 53, 52, 12, 255, 14, 32, 31, 45, 9, 33, 30, 3, 10, 2, 29, 11, 255, 17,
    46, 16, 24, 34, 25, 35, 20, 26, 27, 37, 36, 23, 21, 19, 28, 38, 50, 44, 49, 51, 15, 47, 8, 22, 255, 255, 4, 40, 13, 43,
    48, 255, 1, 0, 6, 8, 4, 5, 2, 7, 3, 1, 0, 12, 13, 37, 16, 44, 46, 4, 7, 19, 15, 30, 34, 9, 41, 11, 33, 31,
    2, 39, 6, 255, 36, 25, 22, 23, 255, 28, 255, 20, 47, 42, 255, 43, 3, 10, 49, 18, 14, 29, 21, 26, 8, 40, 17, 32, 27, 38,
    5, 35, 24, 45, 255, 48, 1, 0, 2, 3, 4, 1, 0, 6, 19, 4, 5, 7, 255, 8, 15, 11, 2, 16, 12, 17, 13, 9, 18, 3,
    255, 14, 10, 1, 0, 4, 55, 255, 255, 62, 8, 23, 37, 255, 39, 49, 67, 255, 255, 255, 54, 9, 44, 68, 20, 51, 58, 24, 52, 2,
    255, 5, 42, 22, 255, 59, 255, 57, 255, 61, 255, 56, 45, 36, 27, 28, 38, 50, 66, 21, 18, 41, 60, 255, 6, 40, 53, 43, 32, 11,
    29, 7, 255, 255, 19, 255, 10, 255, 74, 63, 48, 65, 64, 15, 13, 31, 14, 12, 16, 17, 33, 71, 69, 3, 34, 255, 72, 25, 47, 30,
    46, 70, 26, 35, 255, 73, 1, 0, 3, 8, 5, 255, 6, 255, 9, 2, 7, 255, 4, 255, 1, 0, 6, 15, 9, 8, 12, 16, 18, 5,
    14, 20, 2, 10, 21, 26, 24, 4, 25, 255, 7, 11, 17, 13, 19, 3, 23, 22, 1, 0, 4, 3, 255, 6, 255, 255, 255, 22, 255, 10,
    11, 13, 7, 2, 18, 17, 15, 20, 5, 255, 255, 21, 9, 8, 12, 19, 16, 14, 1, 0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 4, 6, 3, 5, 2, 1, 0, 15, 20, 12, 24, 5, 18, 17, 13, 3, 7, 22, 9, 10, 21, 16, 19,
    11, 23, 4, 8, 14, 2, 6, 1, 0, 3, 255, 255, 4, 2, 255, 1, 0,
];
static LENGTHS_4: [u8; CLASS_COUNT] = [
    12, 9, 9, 3, 7, 21, 12, 7, 11, 2, 9, 18, 3, 7, 5, 0, 0, 21, 62, 54, 9, 50, 5, 20, 75, 10, 27, 23, 0, 0,
    7, 25, 5,
];

static SLOTS_5: [u8; METHOD_COUNT] = [
    8, 11, 0, 5, 6, 1, 4, 7, 10, 9, 3, 2, 0, 8, 5, 4, 1, 6, 7, 3, 2, 0, 8, 5, 4, 1, 6, 7, 3, 2,
    255, 255, 0, 2, 1, 0, 1, 6, 4, 5, 3, 2, 7, 13, 6, 15, 12, 16, 5, 18, 20, 10, 19, 255, 255, 0, 1, 255, 3, 255,
    14, 11, 255, 2, 17, 4, 9, 8, 0, 1, 2, 4, 3, 8, 9, 5, 6, 7, 11, 10, 4, 3, 2, 255, 255, 0, 1, 255, 255, 6,
    5, 0, 1, 4, 10, 5, 0, 1, 1, 6, 8, 7, 16, 11, 13, 255, 14, 6, 1, 8, 10, 17, 5, 9, 255, 255, 0, 2, 1, 0,
    1, 6, 4, 5, 3, 2, 0, 1, 4, 3, 2, 0, 1, 4, 5, 3, 2, 255, 255, 255, 255, 255, 20, 14, 255, 255, 7, 8, 9, 11,
    16, 4, 18, 5, 19, 15, 2, 3, 13, 12, 10, 6, 17, 1, 0, 25, 17, 10, 35, 40, 30, 255, 3, 255, 48, 32, 255, 19, 21, 14,
    5, 12, 9, 50, 7, 255, 55, 61, 44, 255, 26, 53, 52, 46, 24, 28, 57, 37, 34, 255, 59, 39, 255, 42, 15, 22, 16, 29, 2, 255,
    47, 31, 255, 18, 20, 13, 4, 11, 8, 49, 6, 255, 54, 60, 43, 255, 51, 45, 23, 27, 56, 36, 33, 255, 58, 38, 255, 41, 1, 0,
    255, 18, 5, 255, 6, 42, 255, 39, 255, 255, 7, 41, 53, 52, 12, 255, 14, 32, 31, 45, 9, 33, 30, 3, 10, 2, 29, 11, 255, 17,
    46, 16, 24, 34, 25, 35, 20, 26, 27, 37, 36, 23, 21, 19, 28, 38, 50, 44, 49, 51, 15, 47, 8, 22, 255, 255, 4, 40, 13, 43,
    48, 255, 1, 0, 6, 8, 4, 5, 2, 7, 3, 1, 0, 12, 13, 37, 16, 44, 46, 4, 7, 19, 15, 30, 34, 9, 41, 11, 33, 31,
    2, 39, 6, 255, 36, 25, 22, 23, 255, 28, 255, 20, 47, 42, 255, 43, 3, 10, 49, 18, 14, 29, 21, 26, 8, 40, 17, 32, 27, 38,
    5, 35, 24, 45, 255, 48, 1, 0, 2, 3, 4, 1, 0, 6, 19, 4, 5, 7, 255, 8, 15, 11, 2, 16, 12, 17, 13, 9, 18, 3,
    255, 14, 10, 1, 0, 4, 55, 255, 255, 62, 8, 23, 37, 255, 39, 49, 67, 255, 255, 255, 54, 9, 44, 68, 20, 51, 58, 24, 52, 2,
    255, 5, 42, 22, 255, 59, 255, 57, 255, 61, 255, 56, 45, 36, 27, 28, 38, 50, 66, 21, 18, 41, 60, 255, 6, 40, 53, 43, 32, 11,
    29, 7, 75, 255, 19, 255, 10, 76, 74, 63, 48, 65, 64, 15, 13, 31, 14, 12, 16, 17, 33, 71, 69, 3, 34, 255, 72, 25, 47, 30,
    46, 70, 26, 35, 255, 73, 1, 0, 3, 8, 5, 255, 6, 255, 9, 2, 7, 255, 4, 255, 1, 0, 6, 15, 9, 8, 12, 16, 18, 5,
    14, 20, 2, 10, 21, 26, 24, 4, 25, 255, 7, 11, 17, 13, 19, 3, 23, 22, 1, 0, 4, 3, 23, 6, 255, 255, 255, 22, 255, 10,
    11, 13, 7, 2, 18, 17, 15, 20, 5, 255, 255, 21, 9, 8, 12, 19, 16, 14, 1, 0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 4, 6, 3, 5, 2, 1, 0, 15, 20, 12, 24, 5, 18, 17, 13, 3, 7, 22, 9, 10, 21, 16, 19,
    11, 23, 4, 8, 14, 2, 6, 1, 0, 3, 255, 255, 4, 2, 255, 1, 0,
];
static LENGTHS_5: [u8; CLASS_COUNT] = [
    12, 9, 9, 3, 7, 21, 12, 7, 11, 2, 9, 18, 3, 7, 5, 6, 0, 21, 62, 54, 9, 50, 5, 20, 77, 10, 27, 24, 0, 0,
    7, 25, 5,
];

static SLOTS_6: [u8; METHOD_COUNT] = [
    8, 11, 0, 5, 6, 1, 4, 7, 10, 9, 3, 2, 0, 8, 5, 4, 1, 6, 7, 3, 2, 0, 8, 5, 4, 1, 6, 7, 3, 2,
    255, 255, 0, 2, 1, 0, 1, 6, 4, 5, 3, 2, 7, 13, 6, 15, 12, 16, 5, 18, 20, 10, 19, 255, 255, 0, 1, 255, 3, 255,
    14, 11, 255, 2, 17, 4, 9, 8, 0, 1, 2, 4, 3, 8, 9, 5, 6, 7, 11, 10, 4, 3, 2, 255, 255, 0, 1, 255, 255, 6,
    5, 0, 1, 4, 10, 5, 0, 1, 1, 6, 8, 7, 16, 11, 13, 255, 14, 6, 1, 8, 10, 17, 5, 9, 255, 255, 0, 2, 1, 0,
    1, 6, 4, 5, 3, 2, 0, 1, 4, 3, 2, 0, 1, 4, 5, 3, 2, 255, 255, 255, 255, 255, 20, 14, 255, 255, 7, 8, 9, 11,
    16, 4, 18, 5, 19, 15, 2, 3, 13, 12, 10, 6, 17, 1, 0, 25, 17, 10, 35, 40, 30, 255, 3, 255, 48, 32, 255, 19, 21, 14,
    5, 12, 9, 50, 7, 65, 55, 61, 44, 255, 26, 53, 52, 46, 24, 28, 57, 37, 34, 255, 59, 39, 63, 42, 15, 22, 16, 29, 2, 255,
    47, 31, 255, 18, 20, 13, 4, 11, 8, 49, 6, 64, 54, 60, 43, 255, 51, 45, 23, 27, 56, 36, 33, 255, 58, 38, 62, 41, 1, 0,
    255, 18, 5, 255, 6, 42, 255, 39, 255, 255, 7, 41, 53, 52, 12, 255, 14, 32, 31, 45, 9, 33, 30, 3, 10, 2, 29, 11, 255, 17,
    46, 16, 24, 34, 25, 35, 20, 26, 27, 37, 36, 23, 21, 19, 28, 38, 50, 44, 49, 51, 15, 47, 8, 22, 255, 255, 4, 40, 13, 43,
    48, 255, 1, 0, 6, 8, 4, 5, 2, 7, 3, 1, 0, 12, 13, 37, 16, 44, 46, 4, 7, 19, 15, 30, 34, 9, 41, 11, 33, 31,
    2, 39, 6, 255, 36, 25, 22, 23, 255, 28, 255, 20, 47, 42, 255, 43, 3, 10, 49, 18, 14, 29, 21, 26, 8, 40, 17, 32, 27, 38,
    5, 35, 24, 45, 255, 48, 1, 0, 2, 3, 4, 1, 0, 6, 19, 4, 5, 7, 255, 8, 15, 11, 2, 16, 12, 17, 13, 9, 18, 3,
    255, 14, 10, 1, 0, 4, 55, 255, 255, 62, 8, 23, 37, 63, 39, 49, 68, 255, 78, 255, 54, 9, 44, 69, 20, 51, 58, 24, 52, 2,
    255, 5, 42, 22, 255, 59, 255, 57, 255, 61, 255, 56, 45, 36, 27, 28, 38, 50, 67, 21, 18, 41, 60, 255, 6, 40, 53, 43, 32, 11,
    29, 7, 76, 255, 19, 255, 10, 77, 75, 64, 48, 66, 65, 15, 13, 31, 14, 12, 16, 17, 33, 72, 70, 3, 34, 255, 73, 25, 47, 30,
    46, 71, 26, 35, 255, 74, 1, 0, 3, 8, 5, 255, 6, 255, 9, 2, 7, 255, 4, 255, 1, 0, 6, 15, 9, 8, 12, 16, 18, 5,
    14, 20, 2, 10, 21, 26, 24, 4, 25, 255, 7, 11, 17, 13, 19, 3, 23, 22, 1, 0, 4, 3, 23, 6, 255, 255, 255, 22, 255, 10,
    11, 13, 7, 2, 18, 17, 15, 20, 5, 255, 255, 21, 9, 8, 12, 19, 16, 14, 1, 0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 4, 6, 3, 5, 2, 1, 0, 15, 20, 12, 24, 5, 18, 17, 13, 3, 7, 22, 9, 10, 21, 16, 19,
    11, 23, 4, 8, 14, 2, 6, 1, 0, 3, 6, 5, 4, 2, 7, 1, 0,
];
static LENGTHS_6: [u8; CLASS_COUNT] = [
    12, 9, 9, 3, 7, 21, 12, 7, 11, 2, 9, 18, 3, 7, 5, 6, 0, 21, 66, 54, 9, 50, 5, 20, 79, 10, 27, 24, 0, 0,
    7, 25, 8,
];

static SLOTS_7: [u8; METHOD_COUNT] = [
    8, 11, 0, 5, 6, 1, 4, 7, 10, 9, 3, 2, 0, 8, 5, 4, 1, 6, 7, 3, 2, 0, 8, 5, 4, 1, 6, 7, 3, 2,
    255, 255, 0, 2, 1, 0, 1, 6, 4, 5, 3, 2, 7, 13, 6, 15, 12, 16, 5, 18, 20, 10, 19, 255, 255, 0, 1, 255, 3, 255,
    14, 11, 255, 2, 17, 4, 9, 8, 0, 1, 2, 4, 3, 8, 9, 5, 6, 7, 11, 10, 4, 3, 2, 255, 255, 0, 1, 255, 255, 6,
    5, 0, 1, 4, 10, 5, 0, 1, 1, 6, 8, 7, 16, 11, 13, 255, 14, 6, 1, 8, 10, 17, 5, 9, 255, 255, 0, 2, 1, 0,
    1, 6, 4, 5, 3, 2, 0, 1, 4, 3, 2, 0, 1, 4, 5, 3, 2, 255, 255, 255, 255, 255, 20, 14, 255, 255, 7, 8, 9, 11,
    16, 4, 18, 5, 19, 15, 2, 3, 13, 12, 10, 6, 17, 1, 0, 25, 17, 10, 35, 40, 30, 255, 3, 255, 48, 32, 255, 19, 21, 14,
    5, 12, 9, 50, 7, 65, 55, 61, 44, 255, 26, 53, 52, 46, 24, 28, 57, 37, 34, 255, 59, 39, 63, 42, 15, 22, 16, 29, 2, 255,
    47, 31, 255, 18, 20, 13, 4, 11, 8, 49, 6, 64, 54, 60, 43, 255, 51, 45, 23, 27, 56, 36, 33, 255, 58, 38, 62, 41, 1, 0,
    255, 18, 5, 255, 6, 42, 255, 39, 255, 255, 7, 41, 53, 52, 12, 255, 14, 32, 31, 45, 9, 33, 30, 3, 10, 2, 29, 11, 255, 17,
    46, 16, 24, 34, 25, 35, 20, 26, 27, 37, 36, 23, 21, 19, 28, 38, 50, 44, 49, 51, 15, 47, 8, 22, 255, 255, 4, 40, 13, 43,
    48, 255, 1, 0, 6, 8, 4, 5, 2, 7, 3, 1, 0, 12, 13, 37, 16, 44, 46, 4, 7, 19, 15, 30, 34, 9, 41, 11, 33, 31,
    2, 39, 6, 255, 36, 25, 22, 23, 255, 28, 255, 20, 47, 42, 255, 43, 3, 10, 49, 18, 14, 29, 21, 26, 8, 40, 17, 32, 27, 38,
    5, 35, 24, 45, 255, 48, 1, 0, 2, 3, 4, 1, 0, 6, 19, 4, 5, 7, 255, 8, 15, 11, 2, 16, 12, 17, 13, 9, 18, 3,
    255, 14, 10, 1, 0, 4, 55, 255, 255, 62, 8, 23, 37, 78, 39, 49, 67, 255, 77, 255, 54, 9, 44, 68, 20, 51, 58, 24, 52, 2,
    255, 5, 42, 22, 255, 59, 255, 57, 255, 61, 255, 56, 45, 36, 27, 28, 38, 50, 66, 21, 18, 41, 60, 255, 6, 40, 53, 43, 32, 11,
    29, 7, 75, 255, 19, 255, 10, 76, 74, 63, 48, 65, 64, 15, 13, 31, 14, 12, 16, 17, 33, 71, 69, 3, 34, 255, 72, 25, 47, 30,
    46, 70, 26, 35, 255, 73, 1, 0, 3, 8, 5, 255, 6, 255, 9, 2, 7, 255, 4, 255, 1, 0, 6, 15, 9, 8, 12, 16, 18, 5,
    14, 20, 2, 10, 21, 26, 24, 4, 25, 255, 7, 11, 17, 13, 19, 3, 23, 22, 1, 0, 4, 3, 23, 6, 255, 255, 255, 22, 255, 10,
    11, 13, 7, 2, 18, 17, 15, 20, 5, 255, 255, 21, 9, 8, 12, 19, 16, 14, 1, 0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 4, 6, 3, 5, 2, 1, 0, 15, 20, 12, 24, 5, 18, 17, 13, 3, 7, 22, 9, 10, 21, 16, 19,
    11, 23, 4, 8, 14, 2, 6, 1, 0, 3, 6, 5, 4, 2, 7, 1, 0,
];
static LENGTHS_7: [u8; CLASS_COUNT] = [
    12, 9, 9, 3, 7, 21, 12, 7, 11, 2, 9, 18, 3, 7, 5, 6, 0, 21, 66, 54, 9, 50, 5, 20, 79, 10, 27, 24, 0, 0,
    7, 25, 8,
];

static SLOTS_8: [u8; METHOD_COUNT] = [
    8, 11, 0, 5, 6, 1, 4, 7, 10, 9, 3, 2, 0, 8, 5, 4, 1, 6, 7, 3, 2, 0, 8, 5, 4, 1, 6, 7, 3, 2,
    255, 255, 0, 2, 1, 0, 1, 6, 4, 5, 3, 2, 7, 13, 6, 15, 12, 16, 5, 18, 20, 10, 19, 255, 255, 0, 1, 255, 3, 255,
    14, 11, 255, 2, 17, 4, 9, 8, 0, 1, 2, 4, 3, 8, 9, 5, 6, 7, 11, 10, 4, 3, 2, 255, 255, 0, 1, 255, 255, 6,
    5, 0, 1, 4, 10, 5, 0, 1, 1, 6, 8, 7, 16, 11, 13, 18, 14, 6, 1, 8, 10, 17, 5, 9, 255, 255, 0, 2, 1, 0,
    1, 6, 4, 5, 3, 2, 0, 1, 4, 3, 2, 0, 1, 4, 5, 3, 2, 255, 255, 255, 255, 255, 20, 14, 255, 255, 7, 8, 9, 11,
    16, 4, 18, 5, 19, 15, 2, 3, 13, 12, 10, 6, 17, 1, 0, 25, 17, 10, 35, 40, 30, 255, 3, 255, 48, 32, 255, 19, 21, 14,
    5, 12, 9, 50, 7, 65, 55, 61, 44, 255, 26, 53, 52, 46, 24, 28, 57, 37, 34, 255, 59, 39, 63, 42, 15, 22, 16, 29, 2, 255,
    47, 31, 255, 18, 20, 13, 4, 11, 8, 49, 6, 64, 54, 60, 43, 255, 51, 45, 23, 27, 56, 36, 33, 255, 58, 38, 62, 41, 1, 0,
    255, 18, 5, 255, 6, 42, 255, 39, 255, 255, 7, 41, 53, 52, 12, 255, 14, 32, 31, 45, 9, 33, 30, 3, 10, 2, 29, 11, 255, 17,
    46, 16, 24, 34, 25, 35, 20, 26, 27, 37, 36, 23, 21, 19, 28, 38, 50, 44, 49, 51, 15, 47, 8, 22, 255, 255, 4, 40, 13, 43,
    48, 255, 1, 0, 6, 8, 4, 5, 2, 7, 3, 1, 0, 12, 13, 37, 16, 44, 46, 4, 7, 19, 15, 30, 34, 9, 41, 11, 33, 31,
    2, 39, 6, 255, 36, 25, 22, 23, 255, 28, 255, 20, 47, 42, 255, 43, 3, 10, 49, 18, 14, 29, 21, 26, 8, 40, 17, 32, 27, 38,
    5, 35, 24, 45, 255, 48, 1, 0, 2, 3, 4, 1, 0, 6, 19, 4, 5, 7, 255, 8, 15, 11, 2, 16, 12, 17, 13, 9, 18, 3,
    255, 14, 10, 1, 0, 4, 55, 255, 255, 62, 8, 23, 37, 78, 39, 49, 67, 255, 77, 255, 54, 9, 44, 68, 20, 51, 58, 24, 52, 2,
    255, 5, 42, 22, 255, 59, 255, 57, 255, 61, 255, 56, 45, 36, 27, 28, 38, 50, 66, 21, 18, 41, 60, 255, 6, 40, 53, 43, 32, 11,
    29, 7, 75, 255, 19, 255, 10, 76, 74, 63, 48, 65, 64, 15, 13, 31, 14, 12, 16, 17, 33, 71, 69, 3, 34, 255, 72, 25, 47, 30,
    46, 70, 26, 35, 255, 73, 1, 0, 3, 8, 5, 255, 6, 255, 9, 2, 7, 255, 4, 255, 1, 0, 6, 15, 9, 8, 12, 16, 18, 5,
    14, 20, 2, 10, 21, 26, 24, 4, 25, 255, 7, 11, 17, 13, 19, 3, 23, 22, 1, 0, 4, 3, 23, 6, 255, 255, 255, 22, 255, 10,
    11, 13, 7, 2, 18, 17, 15, 20, 5, 255, 255, 21, 9, 8, 12, 19, 16, 14, 1, 0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 4, 6, 3, 5, 2, 1, 0, 15, 20, 12, 24, 5, 18, 17, 13, 3, 7, 22, 9, 10, 21, 16, 19,
    11, 23, 4, 8, 14, 2, 6, 1, 0, 3, 6, 5, 4, 2, 7, 1, 0,
];
static LENGTHS_8: [u8; CLASS_COUNT] = [
    12, 9, 9, 3, 7, 21, 12, 7, 11, 2, 9, 19, 3, 7, 5, 6, 0, 21, 66, 54, 9, 50, 5, 20, 79, 10, 27, 24, 0, 0,
    7, 25, 8,
];

static SLOTS_9: [u8; METHOD_COUNT] = [
    8, 11, 0, 5, 6, 1, 4, 7, 10, 9, 3, 2, 0, 8, 5, 4, 1, 6, 7, 3, 2, 0, 8, 5, 4, 1, 6, 7, 3, 2,
    255, 255, 0, 2, 1, 0, 1, 6, 4, 5, 3, 2, 7, 13, 6, 15, 12, 16, 5, 18, 20, 10, 19, 255, 255, 0, 1, 255, 3, 255,
    14, 11, 255, 2, 17, 4, 9, 8, 0, 1, 2, 4, 3, 8, 9, 5, 6, 7, 11, 10, 4, 3, 2, 255, 255, 0, 1, 255, 255, 6,
    5, 0, 1, 4, 10, 5, 0, 1, 1, 6, 8, 7, 16, 11, 13, 18, 14, 6, 1, 8, 10, 17, 5, 9, 255, 255, 0, 2, 1, 0,
    1, 6, 4, 5, 3, 2, 0, 1, 4, 3, 2, 0, 1, 4, 5, 3, 2, 255, 255, 255, 255, 255, 20, 14, 255, 255, 7, 8, 9, 11,
    16, 4, 18, 5, 19, 15, 2, 3, 13, 12, 10, 6, 17, 1, 0, 25, 17, 10, 35, 40, 30, 255, 3, 255, 48, 32, 255, 19, 21, 14,
    5, 12, 9, 50, 7, 65, 55, 61, 44, 255, 26, 53, 52, 46, 24, 28, 57, 37, 34, 255, 59, 39, 63, 42, 15, 22, 16, 29, 2, 255,
    47, 31, 255, 18, 20, 13, 4, 11, 8, 49, 6, 64, 54, 60, 43, 255, 51, 45, 23, 27, 56, 36, 33, 255, 58, 38, 62, 41, 1, 0,
    255, 18, 5, 55, 6, 42, 56, 39, 255, 255, 7, 41, 53, 52, 12, 255, 14, 32, 31, 45, 9, 33, 30, 3, 10, 2, 29, 11, 54, 17,
    46, 16, 24, 34, 25, 35, 20, 26, 27, 37, 36, 23, 21, 19, 28, 38, 50, 44, 49, 51, 15, 47, 8, 22, 255, 255, 4, 40, 13, 43,
    48, 255, 1, 0, 6, 8, 4, 5, 2, 7, 3, 1, 0, 12, 13, 37, 16, 44, 46, 4, 7, 19, 15, 30, 34, 9, 41, 11, 33, 31,
    2, 39, 6, 50, 36, 25, 22, 23, 255, 28, 255, 20, 47, 42, 255, 43, 3, 10, 49, 18, 14, 29, 21, 26, 8, 40, 17, 32, 27, 38,
    5, 35, 24, 45, 255, 48, 1, 0, 2, 3, 4, 1, 0, 6, 19, 4, 5, 7, 255, 8, 15, 11, 2, 16, 12, 17, 13, 9, 18, 3,
    255, 14, 10, 1, 0, 4, 55, 255, 255, 62, 8, 23, 37, 78, 39, 49, 67, 255, 77, 255, 54, 9, 44, 68, 20, 51, 58, 24, 52, 2,
    255, 5, 42, 22, 255, 59, 255, 57, 255, 61, 255, 56, 45, 36, 27, 28, 38, 50, 66, 21, 18, 41, 60, 255, 6, 40, 53, 43, 32, 11,
    29, 7, 75, 255, 19, 255, 10, 76, 74, 63, 48, 65, 64, 15, 13, 31, 14, 12, 16, 17, 33, 71, 69, 3, 34, 255, 72, 25, 47, 30,
    46, 70, 26, 35, 255, 73, 1, 0, 3, 8, 5, 255, 6, 11, 9, 2, 7, 255, 4, 10, 1, 0, 6, 15, 9, 8, 12, 16, 18, 5,
    14, 20, 2, 10, 21, 26, 24, 4, 25, 255, 7, 11, 17, 13, 19, 3, 23, 22, 1, 0, 4, 3, 23, 6, 255, 255, 255, 22, 255, 10,
    11, 13, 7, 2, 18, 17, 15, 20, 5, 255, 255, 21, 9, 8, 12, 19, 16, 14, 1, 0, 255, 255, 255, 255, 255, 255, 255, 255, 4, 2,
    255, 255, 255, 3, 255, 1, 0, 4, 6, 3, 5, 2, 1, 0, 15, 20, 12, 24, 5, 18, 17, 13, 3, 7, 22, 9, 10, 21, 16, 19,
    11, 23, 4, 8, 14, 2, 6, 1, 0, 3, 6, 5, 4, 2, 7, 1, 0,
];
static LENGTHS_9: [u8; CLASS_COUNT] = [
    12, 9, 9, 3, 7, 21, 12, 7, 11, 2, 9, 19, 3, 7, 5, 6, 0, 21, 66, 57, 9, 51, 5, 20, 79, 12, 27, 24, 0, 5,
    7, 25, 8,
];

static SLOTS_10: [u8; METHOD_COUNT] = [
    8, 11, 0, 5, 6, 1, 4, 7, 10, 9, 3, 2, 0, 8, 5, 4, 1, 6, 7, 3, 2, 0, 8, 5, 4, 1, 6, 7, 3, 2,
    255, 255, 0, 2, 1, 0, 1, 6, 4, 5, 3, 2, 7, 13, 6, 15, 12, 16, 5, 18, 20, 10, 19, 255, 255, 0, 1, 255, 3, 255,
    14, 11, 255, 2, 17, 4, 9, 8, 0, 1, 2, 4, 3, 8, 9, 5, 6, 7, 11, 10, 4, 3, 2, 255, 255, 0, 1, 255, 255, 6,
    5, 0, 1, 4, 10, 5, 0, 1, 1, 6, 8, 7, 16, 11, 13, 18, 14, 6, 1, 8, 10, 17, 5, 9, 255, 255, 0, 2, 1, 0,
    1, 6, 4, 5, 3, 2, 0, 1, 4, 3, 2, 0, 1, 4, 5, 3, 2, 255, 255, 255, 255, 255, 20, 14, 255, 255, 7, 8, 9, 11,
    16, 4, 18, 5, 19, 15, 2, 3, 13, 12, 10, 6, 17, 1, 0, 25, 17, 10, 35, 40, 30, 255, 3, 255, 48, 32, 255, 19, 21, 14,
    5, 12, 9, 50, 7, 65, 55, 61, 44, 255, 26, 53, 52, 46, 24, 28, 57, 37, 34, 255, 59, 39, 63, 42, 15, 22, 16, 29, 2, 255,
    47, 31, 255, 18, 20, 13, 4, 11, 8, 49, 6, 64, 54, 60, 43, 255, 51, 45, 23, 27, 56, 36, 33, 255, 58, 38, 62, 41, 1, 0,
    255, 18, 5, 55, 6, 42, 56, 39, 255, 255, 7, 41, 53, 52, 12, 255, 14, 32, 31, 45, 9, 33, 30, 3, 10, 2, 29, 11, 54, 17,
    46, 16, 24, 34, 25, 35, 20, 26, 27, 37, 36, 23, 21, 19, 28, 38, 50, 44, 49, 51, 15, 47, 8, 22, 255, 255, 4, 40, 13, 43,
    48, 255, 1, 0, 6, 8, 4, 5, 2, 7, 3, 1, 0, 12, 13, 37, 16, 44, 46, 4, 7, 19, 15, 30, 34, 9, 41, 11, 33, 31,
    2, 39, 6, 50, 36, 25, 22, 23, 52, 28, 255, 20, 47, 42, 255, 43, 3, 10, 49, 18, 14, 29, 21, 26, 8, 40, 17, 32, 27, 38,
    5, 35, 24, 45, 51, 48, 1, 0, 2, 3, 4, 1, 0, 6, 19, 4, 5, 7, 255, 8, 15, 11, 2, 16, 12, 17, 13, 9, 18, 3,
    255, 14, 10, 1, 0, 4, 55, 255, 255, 62, 8, 23, 37, 78, 39, 49, 67, 255, 77, 255, 54, 9, 44, 68, 20, 51, 58, 24, 52, 2,
    255, 5, 42, 22, 255, 59, 255, 57, 255, 61, 255, 56, 45, 36, 27, 28, 38, 50, 66, 21, 18, 41, 60, 255, 6, 40, 53, 43, 32, 11,
    29, 7, 75, 255, 19, 255, 10, 76, 74, 63, 48, 65, 64, 15, 13, 31, 14, 12, 16, 17, 33, 71, 69, 3, 34, 79, 72, 25, 47, 30,
    46, 70, 26, 35, 80, 73, 1, 0, 3, 8, 5, 255, 6, 11, 9, 2, 7, 255, 4, 10, 1, 0, 6, 15, 9, 8, 12, 16, 18, 5,
    14, 20, 2, 10, 21, 26, 24, 4, 25, 255, 7, 11, 17, 13, 19, 3, 23, 22, 1, 0, 4, 3, 23, 6, 255, 255, 255, 22, 255, 10,
    11, 13, 7, 2, 18, 17, 15, 20, 5, 255, 255, 21, 9, 8, 12, 19, 16, 14, 1, 0, 255, 255, 255, 255, 255, 255, 255, 255, 4, 2,
    255, 255, 255, 3, 255, 1, 0, 4, 6, 3, 5, 2, 1, 0, 15, 20, 12, 24, 5, 18, 17, 13, 3, 7, 22, 9, 10, 21, 16, 19,
    11, 23, 4, 8, 14, 2, 6, 1, 0, 3, 6, 5, 4, 2, 7, 1, 0,
];
static LENGTHS_10: [u8; CLASS_COUNT] = [
    12, 9, 9, 3, 7, 21, 12, 7, 11, 2, 9, 19, 3, 7, 5, 6, 0, 21, 66, 57, 9, 53, 5, 20, 81, 12, 27, 24, 0, 5,
    7, 25, 8,
];

static SLOTS_11: [u8; METHOD_COUNT] = [
    8, 11, 0, 5, 6, 1, 4, 7, 10, 9, 3, 2, 0, 8, 5, 4, 1, 6, 7, 3, 2, 0, 8, 5, 4, 1, 6, 7, 3, 2,
    255, 255, 0, 2, 1, 0, 1, 6, 4, 5, 3, 2, 7, 13, 6, 15, 12, 16, 5, 18, 20, 10, 19, 22, 21, 0, 1, 23, 3, 255,
    14, 11, 255, 2, 17, 4, 9, 8, 0, 1, 2, 4, 3, 8, 9, 5, 6, 7, 11, 10, 4, 3, 2, 8, 7, 0, 1, 9, 255, 6,
    5, 0, 1, 4, 10, 5, 0, 1, 1, 6, 8, 7, 16, 11, 13, 18, 14, 6, 1, 8, 10, 17, 5, 9, 255, 255, 0, 2, 1, 0,
    1, 6, 4, 5, 3, 2, 0, 1, 4, 3, 2, 0, 1, 4, 5, 3, 2, 0, 1, 4, 3, 2, 20, 14, 21, 22, 7, 8, 9, 11,
    16, 4, 18, 5, 19, 15, 2, 3, 13, 12, 10, 6, 17, 1, 0, 25, 17, 10, 35, 40, 30, 255, 3, 255, 48, 32, 255, 19, 21, 14,
    5, 12, 9, 50, 7, 65, 55, 61, 44, 255, 26, 53, 52, 46, 24, 28, 57, 37, 34, 67, 59, 39, 63, 42, 15, 22, 16, 29, 2, 255,
    47, 31, 255, 18, 20, 13, 4, 11, 8, 49, 6, 64, 54, 60, 43, 255, 51, 45, 23, 27, 56, 36, 33, 66, 58, 38, 62, 41, 1, 0,
    255, 18, 5, 55, 6, 42, 56, 39, 255, 255, 7, 41, 53, 52, 12, 255, 14, 32, 31, 45, 9, 33, 30, 3, 10, 2, 29, 11, 54, 17,
    46, 16, 24, 34, 25, 35, 20, 26, 27, 37, 36, 23, 21, 19, 28, 38, 50, 44, 49, 51, 15, 47, 8, 22, 255, 255, 4, 40, 13, 43,
    48, 255, 1, 0, 6, 8, 4, 5, 2, 7, 3, 1, 0, 12, 13, 37, 16, 44, 46, 4, 7, 19, 15, 30, 34, 9, 41, 11, 33, 31,
    2, 39, 6, 50, 36, 25, 22, 23, 52, 28, 255, 20, 47, 42, 255, 43, 3, 10, 49, 18, 14, 29, 21, 26, 8, 40, 17, 32, 27, 38,
    5, 35, 24, 45, 51, 48, 1, 0, 2, 3, 4, 1, 0, 6, 19, 4, 5, 7, 255, 8, 15, 11, 2, 16, 12, 17, 13, 9, 18, 3,
    255, 14, 10, 1, 0, 4, 55, 255, 255, 62, 8, 23, 37, 78, 39, 49, 67, 255, 77, 255, 54, 9, 44, 68, 20, 51, 58, 24, 52, 2,
    255, 5, 42, 22, 255, 59, 255, 57, 255, 61, 255, 56, 45, 36, 27, 28, 38, 50, 66, 21, 18, 41, 60, 255, 6, 40, 53, 43, 32, 11,
    29, 7, 75, 255, 19, 255, 10, 76, 74, 63, 48, 65, 64, 15, 13, 31, 14, 12, 16, 17, 33, 71, 69, 3, 34, 79, 72, 25, 47, 30,
    46, 70, 26, 35, 80, 73, 1, 0, 3, 8, 5, 255, 6, 11, 9, 2, 7, 255, 4, 10, 1, 0, 6, 15, 9, 8, 12, 16, 18, 5,
    14, 20, 2, 10, 21, 26, 24, 4, 25, 255, 7, 11, 17, 13, 19, 3, 23, 22, 1, 0, 4, 3, 23, 6, 255, 255, 255, 22, 255, 10,
    11, 13, 7, 2, 18, 17, 15, 20, 5, 255, 255, 21, 9, 8, 12, 19, 16, 14, 1, 0, 255, 255, 255, 255, 255, 255, 255, 255, 4, 2,
    255, 255, 255, 3, 255, 1, 0, 4, 6, 3, 5, 2, 1, 0, 15, 20, 12, 24, 5, 18, 17, 13, 3, 7, 22, 9, 10, 21, 16, 19,
    11, 23, 4, 8, 14, 2, 6, 1, 0, 3, 6, 5, 4, 2, 7, 1, 0,
];
static LENGTHS_11: [u8; CLASS_COUNT] = [
    12, 9, 9, 3, 7, 24, 12, 10, 11, 2, 9, 19, 3, 7, 5, 6, 5, 23, 68, 57, 9, 53, 5, 20, 81, 12, 27, 24, 0, 5,
    7, 25, 8,
];

static SLOTS_12: [u8; METHOD_COUNT] = [
    8, 11, 0, 5, 6, 1, 4, 7, 10, 9, 3, 2, 0, 8, 5, 4, 1, 6, 7, 3, 2, 0, 8, 5, 4, 1, 6, 7, 3, 2,
    255, 255, 0, 2, 1, 0, 1, 6, 4, 5, 3, 2, 7, 13, 6, 15, 12, 16, 5, 18, 20, 10, 19, 22, 21, 0, 1, 23, 3, 255,
    14, 11, 255, 2, 17, 4, 9, 8, 0, 1, 2, 4, 3, 8, 9, 5, 6, 7, 11, 10, 4, 3, 2, 8, 7, 0, 1, 9, 255, 6,
    5, 0, 1, 4, 10, 5, 0, 1, 1, 6, 8, 7, 16, 11, 13, 18, 14, 6, 1, 8, 10, 17, 5, 9, 255, 255, 0, 2, 1, 0,
    1, 6, 4, 5, 3, 2, 0, 1, 4, 3, 2, 0, 1, 4, 5, 3, 2, 0, 1, 4, 3, 2, 20, 14, 21, 22, 7, 8, 9, 11,
    16, 4, 18, 5, 19, 15, 2, 3, 13, 12, 10, 6, 17, 1, 0, 25, 17, 10, 35, 40, 30, 255, 3, 255, 48, 32, 255, 19, 21, 14,
    5, 12, 9, 50, 7, 65, 55, 61, 44, 255, 26, 53, 52, 46, 24, 28, 57, 37, 34, 67, 59, 39, 63, 42, 15, 22, 16, 29, 2, 255,
    47, 31, 255, 18, 20, 13, 4, 11, 8, 49, 6, 64, 54, 60, 43, 255, 51, 45, 23, 27, 56, 36, 33, 66, 58, 38, 62, 41, 1, 0,
    255, 18, 5, 55, 6, 42, 56, 39, 255, 255, 7, 41, 53, 52, 12, 57, 14, 32, 31, 45, 9, 33, 30, 3, 10, 2, 29, 11, 54, 17,
    46, 16, 24, 34, 25, 35, 20, 26, 27, 37, 36, 23, 21, 19, 28, 38, 50, 44, 49, 51, 15, 47, 8, 22, 255, 255, 4, 40, 13, 43,
    48, 255, 1, 0, 6, 8, 4, 5, 2, 7, 3, 1, 0, 12, 13, 37, 16, 44, 46, 4, 7, 19, 15, 30, 34, 9, 41, 11, 33, 31,
    2, 39, 6, 50, 36, 25, 22, 23, 52, 28, 255, 20, 47, 42, 255, 43, 3, 10, 49, 18, 14, 29, 21, 26, 8, 40, 17, 32, 27, 38,
    5, 35, 24, 45, 51, 48, 1, 0, 2, 3, 4, 1, 0, 6, 19, 4, 5, 7, 255, 8, 15, 11, 2, 16, 12, 17, 13, 9, 18, 3,
    255, 14, 10, 1, 0, 4, 55, 84, 255, 62, 8, 23, 37, 78, 39, 49, 67, 255, 77, 255, 54, 9, 44, 68, 20, 51, 58, 24, 52, 2,
    255, 5, 42, 22, 255, 59, 83, 57, 82, 61, 255, 56, 45, 36, 27, 28, 38, 50, 66, 21, 18, 41, 60, 255, 6, 40, 53, 43, 32, 11,
    29, 7, 75, 255, 19, 81, 10, 76, 74, 63, 48, 65, 64, 15, 13, 31, 14, 12, 16, 17, 33, 71, 69, 3, 34, 79, 72, 25, 47, 30,
    46, 70, 26, 35, 80, 73, 1, 0, 3, 8, 5, 255, 6, 11, 9, 2, 7, 255, 4, 10, 1, 0, 6, 15, 9, 8, 12, 16, 18, 5,
    14, 20, 2, 10, 21, 26, 24, 4, 25, 255, 7, 11, 17, 13, 19, 3, 23, 22, 1, 0, 4, 3, 23, 6, 255, 255, 255, 22, 255, 10,
    11, 13, 7, 2, 18, 17, 15, 20, 5, 255, 255, 21, 9, 8, 12, 19, 16, 14, 1, 0, 255, 255, 255, 255, 255, 255, 255, 255, 4, 2,
    255, 255, 255, 3, 255, 1, 0, 4, 6, 3, 5, 2, 1, 0, 15, 20, 12, 24, 5, 18, 17, 13, 3, 7, 22, 9, 10, 21, 16, 19,
    11, 23, 4, 8, 14, 2, 6, 1, 0, 3, 6, 5, 4, 2, 7, 1, 0,
];
static LENGTHS_12: [u8; CLASS_COUNT] = [
    12, 9, 9, 3, 7, 24, 12, 10, 11, 2, 9, 19, 3, 7, 5, 6, 5, 23, 68, 58, 9, 53, 5, 20, 85, 12, 27, 24, 0, 5,
    7, 25, 8,
];

static SLOTS_13: [u8; METHOD_COUNT] = [
    8, 11, 0, 5, 6, 1, 4, 7, 10, 9, 3, 2, 0, 8, 5, 4, 1, 6, 7, 3, 2, 0, 8, 5, 4, 1, 6, 7, 3, 2,
    255, 255, 0, 2, 1, 0, 1, 6, 4, 5, 3, 2, 7, 13, 6, 15, 12, 16, 5, 18, 20, 10, 19, 22, 21, 0, 1, 23, 3, 24,
    14, 11, 255, 2, 17, 4, 9, 8, 0, 1, 2, 4, 3, 8, 9, 5, 6, 7, 11, 10, 4, 3, 2, 8, 7, 0, 1, 9, 255, 6,
    5, 0, 1, 4, 10, 5, 0, 1, 1, 6, 8, 7, 16, 11, 13, 18, 14, 6, 1, 8, 10, 17, 5, 9, 255, 255, 0, 2, 1, 0,
    1, 6, 4, 5, 3, 2, 0, 1, 4, 3, 2, 0, 1, 4, 5, 3, 2, 0, 1, 4, 3, 2, 20, 14, 21, 22, 7, 8, 9, 11,
    16, 4, 18, 5, 19, 15, 2, 3, 13, 12, 10, 6, 17, 1, 0, 25, 17, 10, 35, 40, 30, 255, 3, 255, 48, 32, 255, 19, 21, 14,
    5, 12, 9, 50, 7, 65, 55, 61, 44, 255, 26, 53, 52, 46, 24, 28, 57, 37, 34, 67, 59, 39, 63, 42, 15, 22, 16, 29, 2, 255,
    47, 31, 255, 18, 20, 13, 4, 11, 8, 49, 6, 64, 54, 60, 43, 255, 51, 45, 23, 27, 56, 36, 33, 66, 58, 38, 62, 41, 1, 0,
    255, 18, 5, 55, 6, 42, 56, 39, 255, 58, 7, 41, 53, 52, 12, 57, 14, 32, 31, 45, 9, 33, 30, 3, 10, 2, 29, 11, 54, 17,
    46, 16, 24, 34, 25, 35, 20, 26, 27, 37, 36, 23, 21, 19, 28, 38, 50, 44, 49, 51, 15, 47, 8, 22, 255, 255, 4, 40, 13, 43,
    48, 255, 1, 0, 6, 8, 4, 5, 2, 7, 3, 1, 0, 12, 13, 37, 16, 44, 46, 4, 7, 19, 15, 30, 34, 9, 41, 11, 33, 31,
    2, 39, 6, 50, 36, 25, 22, 23, 52, 28, 255, 20, 47, 42, 255, 43, 3, 10, 49, 18, 14, 29, 21, 26, 8, 40, 17, 32, 27, 38,
    5, 35, 24, 45, 51, 48, 1, 0, 2, 3, 4, 1, 0, 6, 19, 4, 5, 7, 255, 8, 15, 11, 2, 16, 12, 17, 13, 9, 18, 3,
    255, 14, 10, 1, 0, 4, 55, 84, 255, 62, 8, 23, 37, 78, 39, 49, 67, 255, 77, 86, 54, 9, 44, 68, 20, 51, 58, 24, 52, 2,
    87, 5, 42, 22, 255, 59, 83, 57, 82, 61, 88, 56, 45, 36, 27, 28, 38, 50, 66, 21, 18, 41, 60, 85, 6, 40, 53, 43, 32, 11,
    29, 7, 75, 255, 19, 81, 10, 76, 74, 63, 48, 65, 64, 15, 13, 31, 14, 12, 16, 17, 33, 71, 69, 3, 34, 79, 72, 25, 47, 30,
    46, 70, 26, 35, 80, 73, 1, 0, 3, 8, 5, 255, 6, 11, 9, 2, 7, 255, 4, 10, 1, 0, 6, 15, 9, 8, 12, 16, 18, 5,
    14, 20, 2, 10, 21, 26, 24, 4, 25, 255, 7, 11, 17, 13, 19, 3, 23, 22, 1, 0, 4, 3, 23, 6, 255, 255, 255, 22, 255, 10,
    11, 13, 7, 2, 18, 17, 15, 20, 5, 255, 255, 21, 9, 8, 12, 19, 16, 14, 1, 0, 255, 255, 255, 255, 255, 255, 255, 255, 4, 2,
    255, 255, 255, 3, 255, 1, 0, 4, 6, 3, 5, 2, 1, 0, 15, 20, 12, 24, 5, 18, 17, 13, 3, 7, 22, 9, 10, 21, 16, 19,
    11, 23, 4, 8, 14, 2, 6, 1, 0, 3, 6, 5, 4, 2, 7, 1, 0,
];
static LENGTHS_13: [u8; CLASS_COUNT] = [
    12, 9, 9, 3, 7, 25, 12, 10, 11, 2, 9, 19, 3, 7, 5, 6, 5, 23, 68, 59, 9, 53, 5, 20, 89, 12, 27, 24, 0, 5,
    7, 25, 8,
];

static SLOTS_14: [u8; METHOD_COUNT] = [
    8, 11, 0, 5, 6, 1, 4, 7, 10, 9, 3, 2, 0, 8, 5, 4, 1, 6, 7, 3, 2, 0, 8, 5, 4, 1, 6, 7, 3, 2,
    255, 255, 0, 2, 1, 0, 1, 6, 4, 5, 3, 2, 7, 13, 6, 15, 12, 16, 5, 18, 20, 10, 19, 22, 21, 0, 1, 23, 3, 24,
    14, 11, 255, 2, 17, 4, 9, 8, 0, 1, 2, 4, 3, 8, 9, 5, 6, 7, 11, 10, 4, 3, 2, 8, 7, 0, 1, 9, 255, 6,
    5, 0, 1, 4, 10, 5, 0, 1, 1, 6, 8, 7, 16, 11, 13, 18, 14, 6, 1, 8, 10, 17, 5, 9, 255, 255, 0, 2, 1, 0,
    1, 6, 4, 5, 3, 2, 0, 1, 4, 3, 2, 0, 1, 4, 5, 3, 2, 0, 1, 4, 3, 2, 20, 14, 21, 22, 7, 8, 9, 11,
    16, 4, 18, 5, 19, 15, 2, 3, 13, 12, 10, 6, 17, 1, 0, 25, 17, 10, 35, 40, 30, 255, 3, 255, 48, 32, 255, 19, 21, 14,
    5, 12, 9, 50, 7, 65, 55, 61, 44, 255, 26, 53, 52, 46, 24, 28, 57, 37, 34, 67, 59, 39, 63, 42, 15, 22, 16, 29, 2, 255,
    47, 31, 255, 18, 20, 13, 4, 11, 8, 49, 6, 64, 54, 60, 43, 255, 51, 45, 23, 27, 56, 36, 33, 66, 58, 38, 62, 41, 1, 0,
    255, 18, 5, 55, 6, 42, 56, 39, 255, 58, 7, 41, 53, 52, 12, 57, 14, 32, 31, 45, 9, 33, 30, 3, 10, 2, 29, 11, 54, 17,
    46, 16, 24, 34, 25, 35, 20, 26, 27, 37, 36, 23, 21, 19, 28, 38, 50, 44, 49, 51, 15, 47, 8, 22, 255, 255, 4, 40, 13, 43,
    48, 255, 1, 0, 6, 8, 4, 5, 2, 7, 3, 1, 0, 12, 13, 37, 16, 44, 46, 4, 7, 19, 15, 30, 34, 9, 41, 11, 33, 31,
    2, 39, 6, 50, 36, 25, 22, 23, 52, 28, 255, 20, 47, 42, 53, 43, 3, 10, 49, 18, 14, 29, 21, 26, 8, 40, 17, 32, 27, 38,
    5, 35, 24, 45, 51, 48, 1, 0, 2, 3, 4, 1, 0, 6, 19, 4, 5, 7, 21, 8, 15, 11, 2, 16, 12, 17, 13, 9, 18, 3,
    20, 14, 10, 1, 0, 4, 55, 84, 255, 62, 8, 23, 37, 78, 39, 49, 67, 90, 77, 86, 54, 9, 44, 68, 20, 51, 58, 24, 52, 2,
    87, 5, 42, 22, 89, 59, 83, 57, 82, 61, 88, 56, 45, 36, 27, 28, 38, 50, 66, 21, 18, 41, 60, 85, 6, 40, 53, 43, 32, 11,
    29, 7, 75, 255, 19, 81, 10, 76, 74, 63, 48, 65, 64, 15, 13, 31, 14, 12, 16, 17, 33, 71, 69, 3, 34, 79, 72, 25, 47, 30,
    46, 70, 26, 35, 80, 73, 1, 0, 3, 8, 5, 255, 6, 11, 9, 2, 7, 255, 4, 10, 1, 0, 6, 15, 9, 8, 12, 16, 18, 5,
    14, 20, 2, 10, 21, 26, 24, 4, 25, 255, 7, 11, 17, 13, 19, 3, 23, 22, 1, 0, 4, 3, 23, 6, 255, 255, 255, 22, 255, 10,
    11, 13, 7, 2, 18, 17, 15, 20, 5, 255, 255, 21, 9, 8, 12, 19, 16, 14, 1, 0, 255, 255, 255, 255, 255, 255, 255, 255, 4, 2,
    255, 255, 255, 3, 255, 1, 0, 4, 6, 3, 5, 2, 1, 0, 15, 20, 12, 24, 5, 18, 17, 13, 3, 7, 22, 9, 10, 21, 16, 19,
    11, 23, 4, 8, 14, 2, 6, 1, 0, 3, 6, 5, 4, 2, 7, 1, 0,
];
static LENGTHS_14: [u8; CLASS_COUNT] = [
    12, 9, 9, 3, 7, 25, 12, 10, 11, 2, 9, 19, 3, 7, 5, 6, 5, 23, 68, 59, 9, 54, 5, 22, 91, 12, 27, 24, 0, 5,
    7, 25, 8,
];

static SLOTS_15: [u8; METHOD_COUNT] = [
    8, 11, 0, 5, 6, 1, 4, 7, 10, 9, 3, 2, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    0, 1, 4, 3, 2, 0, 1, 6, 4, 5, 3, 2, 5, 11, 4, 13, 10, 14, 3, 16, 18, 8, 17, 20, 19, 0, 1, 21, 255, 22,
    12, 9, 255, 255, 15, 2, 7, 6, 0, 1, 2, 4, 3, 8, 9, 5, 6, 7, 11, 10, 4, 3, 2, 8, 7, 0, 1, 9, 255, 6,
    5, 0, 1, 4, 10, 5, 0, 1, 1, 6, 8, 7, 12, 7, 9, 14, 10, 3, 255, 4, 6, 13, 2, 5, 0, 1, 4, 3, 2, 0,
    1, 6, 4, 5, 3, 2, 0, 1, 4, 3, 2, 0, 1, 4, 5, 3, 2, 0, 1, 4, 3, 2, 17, 11, 18, 19, 5, 6, 7, 9,
    13, 2, 15, 3, 16, 12, 255, 255, 255, 10, 8, 4, 14, 1, 0, 23, 15, 8, 255, 29, 255, 255, 3, 255, 37, 255, 255, 17, 19, 12,
    5, 10, 7, 39, 255, 54, 44, 50, 33, 255, 24, 42, 41, 35, 22, 26, 46, 255, 255, 56, 48, 28, 52, 31, 13, 20, 14, 255, 2, 255,
    36, 255, 255, 16, 18, 11, 4, 9, 6, 38, 255, 53, 43, 49, 32, 255, 40, 34, 21, 25, 45, 255, 255, 55, 47, 27, 51, 30, 1, 0,
    255, 14, 5, 47, 255, 37, 48, 35, 255, 50, 255, 255, 45, 44, 9, 49, 11, 28, 27, 255, 7, 29, 26, 3, 8, 2, 25, 255, 46, 13,
    38, 12, 20, 30, 21, 31, 16, 22, 23, 33, 32, 19, 17, 15, 24, 34, 42, 255, 41, 43, 255, 39, 6, 18, 255, 255, 4, 36, 10, 255,
    40, 255, 1, 0, 6, 8, 4, 5, 2, 7, 3, 1, 0, 12, 255, 36, 15, 43, 45, 4, 7, 18, 14, 29, 33, 9, 40, 11, 32, 30,
    2, 38, 6, 49, 35, 24, 21, 22, 51, 27, 255, 19, 46, 41, 52, 42, 3, 10, 48, 17, 13, 28, 20, 25, 8, 39, 16, 31, 26, 37,
    5, 34, 23, 44, 50, 47, 1, 0, 2, 3, 4, 1, 0, 6, 12, 4, 5, 7, 14, 8, 10, 255, 2, 255, 255, 255, 255, 9, 11, 3,
    13, 255, 255, 1, 0, 4, 52, 81, 88, 59, 8, 23, 37, 75, 39, 255, 64, 87, 74, 83, 51, 9, 255, 65, 20, 48, 55, 24, 49, 2,
    84, 5, 42, 22, 86, 56, 80, 54, 79, 58, 85, 53, 44, 36, 27, 28, 38, 255, 63, 21, 18, 41, 57, 82, 6, 40, 50, 43, 32, 11,
    29, 7, 72, 255, 19, 78, 10, 73, 71, 60, 47, 62, 61, 15, 13, 31, 14, 12, 16, 17, 33, 68, 66, 3, 34, 76, 69, 25, 46, 30,
    45, 67, 26, 35, 77, 70, 1, 0, 3, 6, 4, 255, 255, 9, 7, 2, 5, 255, 255, 8, 1, 0, 6, 11, 255, 255, 8, 12, 14, 5,
    10, 16, 2, 255, 17, 22, 20, 4, 21, 255, 255, 7, 13, 9, 15, 3, 19, 18, 1, 0, 255, 3, 22, 5, 255, 255, 255, 21, 255, 9,
    10, 12, 6, 2, 17, 16, 14, 19, 4, 255, 255, 20, 8, 7, 11, 18, 15, 13, 1, 0, 255, 255, 255, 255, 255, 255, 255, 255, 4, 2,
    255, 255, 255, 3, 255, 1, 0, 4, 6, 3, 5, 2, 1, 0, 255, 14, 10, 18, 5, 255, 255, 11, 3, 6, 16, 7, 8, 15, 255, 13,
    9, 17, 4, 255, 12, 2, 255, 1, 0, 3, 6, 5, 4, 2, 7, 1, 0,
];
static LENGTHS_15: [u8; CLASS_COUNT] = [
    12, 0, 0, 5, 7, 23, 12, 10, 11, 2, 9, 15, 5, 7, 5, 6, 5, 20, 57, 51, 9, 53, 5, 15, 89, 10, 23, 23, 0, 5,
    7, 19, 8,
];

static SLOTS_16: [u8; METHOD_COUNT] = [
    8, 11, 0, 5, 6, 1, 4, 7, 10, 9, 3, 2, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    0, 1, 4, 3, 2, 0, 1, 6, 4, 5, 3, 2, 5, 11, 4, 13, 10, 14, 3, 16, 18, 8, 17, 20, 19, 0, 1, 21, 255, 22,
    12, 9, 255, 255, 15, 2, 7, 6, 0, 1, 2, 4, 3, 8, 9, 5, 6, 7, 11, 10, 4, 3, 2, 8, 7, 0, 1, 9, 255, 6,
    5, 0, 1, 4, 10, 5, 0, 1, 1, 6, 8, 7, 12, 7, 9, 14, 10, 3, 255, 4, 6, 13, 2, 5, 0, 1, 4, 3, 2, 0,
    1, 6, 4, 5, 3, 2, 0, 1, 4, 3, 2, 0, 1, 4, 5, 3, 2, 0, 1, 4, 3, 2, 17, 11, 18, 19, 5, 6, 7, 9,
    13, 2, 15, 3, 16, 12, 255, 255, 255, 10, 8, 4, 14, 1, 0, 23, 15, 8, 255, 29, 255, 59, 3, 58, 37, 255, 255, 17, 19, 12,
    5, 10, 7, 39, 255, 54, 44, 50, 33, 255, 24, 42, 41, 35, 22, 26, 46, 255, 255, 56, 48, 28, 52, 31, 13, 20, 14, 255, 2, 57,
    36, 255, 255, 16, 18, 11, 4, 9, 6, 38, 255, 53, 43, 49, 32, 255, 40, 34, 21, 25, 45, 255, 255, 55, 47, 27, 51, 30, 1, 0,
    255, 14, 5, 47, 255, 37, 48, 35, 255, 50, 255, 255, 45, 44, 9, 49, 11, 28, 27, 255, 7, 29, 26, 3, 8, 2, 25, 255, 46, 13,
    38, 12, 20, 30, 21, 31, 16, 22, 23, 33, 32, 19, 17, 15, 24, 34, 42, 255, 41, 43, 255, 39, 6, 18, 255, 255, 4, 36, 10, 255,
    40, 255, 1, 0, 6, 8, 4, 5, 2, 7, 3, 1, 0, 12, 255, 36, 15, 43, 45, 4, 7, 18, 14, 29, 33, 9, 40, 11, 32, 30,
    2, 38, 6, 49, 35, 24, 21, 22, 51, 27, 255, 19, 46, 41, 52, 42, 3, 10, 48, 17, 13, 28, 20, 25, 8, 39, 16, 31, 26, 37,
    5, 34, 23, 44, 50, 47, 1, 0, 2, 3, 4, 1, 0, 6, 12, 4, 5, 7, 14, 8, 10, 255, 2, 255, 255, 255, 255, 9, 11, 3,
    13, 255, 255, 1, 0, 4, 52, 81, 88, 59, 8, 23, 37, 75, 39, 255, 64, 87, 74, 83, 51, 9, 255, 65, 20, 48, 55, 24, 49, 2,
    84, 5, 42, 22, 86, 56, 80, 54, 79, 58, 85, 53, 44, 36, 27, 28, 38, 255, 63, 21, 18, 41, 57, 82, 6, 40, 50, 43, 32, 11,
    29, 7, 72, 255, 19, 78, 10, 73, 71, 60, 47, 62, 61, 15, 13, 31, 14, 12, 16, 17, 33, 68, 66, 3, 34, 76, 69, 25, 46, 30,
    45, 67, 26, 35, 77, 70, 1, 0, 3, 6, 4, 255, 255, 9, 7, 2, 5, 255, 255, 8, 1, 0, 6, 11, 255, 255, 8, 12, 14, 5,
    10, 16, 2, 255, 17, 22, 20, 4, 21, 255, 255, 7, 13, 9, 15, 3, 19, 18, 1, 0, 255, 3, 22, 5, 255, 255, 255, 21, 255, 9,
    10, 12, 6, 2, 17, 16, 14, 19, 4, 255, 255, 20, 8, 7, 11, 18, 15, 13, 1, 0, 255, 255, 255, 255, 255, 255, 255, 255, 4, 2,
    255, 255, 255, 3, 255, 1, 0, 4, 6, 3, 5, 2, 1, 0, 255, 14, 10, 18, 5, 255, 255, 11, 3, 6, 16, 7, 8, 15, 255, 13,
    9, 17, 4, 255, 12, 2, 255, 1, 0, 3, 6, 5, 4, 2, 7, 1, 0,
];
static LENGTHS_16: [u8; CLASS_COUNT] = [
    12, 0, 0, 5, 7, 23, 12, 10, 11, 2, 9, 15, 5, 7, 5, 6, 5, 20, 60, 51, 9, 53, 5, 15, 89, 10, 23, 23, 0, 5,
    7, 19, 8,
];

static SLOTS_17: [u8; METHOD_COUNT] = [
    8, 11, 0, 5, 6, 1, 4, 7, 10, 9, 3, 2, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    0, 1, 4, 3, 2, 0, 1, 6, 4, 5, 3, 2, 5, 11, 4, 13, 10, 14, 3, 16, 18, 8, 17, 20, 19, 0, 1, 21, 255, 22,
    12, 9, 23, 255, 15, 2, 7, 6, 0, 1, 2, 4, 3, 8, 9, 5, 6, 7, 11, 10, 4, 3, 2, 8, 7, 0, 1, 9, 10, 6,
    5, 0, 1, 4, 10, 5, 0, 1, 1, 6, 8, 7, 12, 7, 9, 14, 10, 3, 255, 4, 6, 13, 2, 5, 0, 1, 4, 3, 2, 0,
    1, 6, 4, 5, 3, 2, 0, 1, 4, 3, 2, 0, 1, 4, 5, 3, 2, 0, 1, 4, 3, 2, 17, 11, 18, 19, 5, 6, 7, 9,
    13, 2, 15, 3, 16, 12, 255, 255, 255, 10, 8, 4, 14, 1, 0, 23, 15, 8, 255, 29, 255, 59, 3, 58, 37, 255, 255, 17, 19, 12,
    5, 10, 7, 39, 255, 54, 44, 50, 33, 255, 24, 42, 41, 35, 22, 26, 46, 255, 255, 56, 48, 28, 52, 31, 13, 20, 14, 255, 2, 57,
    36, 255, 255, 16, 18, 11, 4, 9, 6, 38, 255, 53, 43, 49, 32, 255, 40, 34, 21, 25, 45, 255, 255, 55, 47, 27, 51, 30, 1, 0,
    255, 14, 5, 47, 255, 37, 48, 35, 255, 50, 255, 255, 45, 44, 9, 49, 11, 28, 27, 255, 7, 29, 26, 3, 8, 2, 25, 255, 46, 13,
    38, 12, 20, 30, 21, 31, 16, 22, 23, 33, 32, 19, 17, 15, 24, 34, 42, 255, 41, 43, 255, 39, 6, 18, 255, 255, 4, 36, 10, 255,
    40, 255, 1, 0, 6, 8, 4, 5, 2, 7, 3, 1, 0, 12, 255, 36, 15, 43, 45, 4, 7, 18, 14, 29, 33, 9, 40, 11, 32, 30,
    2, 38, 6, 49, 35, 24, 21, 22, 51, 27, 255, 19, 46, 41, 52, 42, 3, 10, 48, 17, 13, 28, 20, 25, 8, 39, 16, 31, 26, 37,
    5, 34, 23, 44, 50, 47, 1, 0, 2, 3, 4, 1, 0, 6, 12, 4, 5, 7, 14, 8, 10, 255, 2, 255, 255, 255, 255, 9, 11, 3,
    13, 255, 255, 1, 0, 4, 52, 81, 88, 59, 8, 23, 37, 75, 39, 255, 64, 87, 74, 83, 51, 9, 255, 65, 20, 48, 55, 24, 49, 2,
    84, 5, 42, 22, 86, 56, 80, 54, 79, 58, 85, 53, 44, 36, 27, 28, 38, 255, 63, 21, 18, 41, 57, 82, 6, 40, 50, 43, 32, 11,
    29, 7, 72, 89, 19, 78, 10, 73, 71, 60, 47, 62, 61, 15, 13, 31, 14, 12, 16, 17, 33, 68, 66, 3, 34, 76, 69, 25, 46, 30,
    45, 67, 26, 35, 77, 70, 1, 0, 3, 6, 4, 11, 255, 9, 7, 2, 5, 10, 255, 8, 1, 0, 6, 11, 255, 255, 8, 12, 14, 5,
    10, 16, 2, 255, 17, 22, 20, 4, 21, 23, 255, 7, 13, 9, 15, 3, 19, 18, 1, 0, 255, 3, 22, 5, 24, 255, 255, 21, 255, 9,
    10, 12, 6, 2, 17, 16, 14, 19, 4, 23, 255, 20, 8, 7, 11, 18, 15, 13, 1, 0, 255, 255, 255, 255, 255, 255, 255, 255, 4, 2,
    255, 255, 255, 3, 255, 1, 0, 4, 6, 3, 5, 2, 1, 0, 255, 14, 10, 18, 5, 255, 255, 11, 3, 6, 16, 7, 8, 15, 255, 13,
    9, 17, 4, 255, 12, 2, 255, 1, 0, 3, 6, 5, 4, 2, 7, 1, 0,
];
static LENGTHS_17: [u8; CLASS_COUNT] = [
    12, 0, 0, 5, 7, 24, 12, 11, 11, 2, 9, 15, 5, 7, 5, 6, 5, 20, 60, 51, 9, 53, 5, 15, 90, 12, 24, 25, 0, 5,
    7, 19, 8,
];

static SLOTS_18: [u8; METHOD_COUNT] = [
    8, 11, 0, 5, 6, 1, 4, 7, 10, 9, 3, 2, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 0, 2, 1, 0, 1, 5, 255, 4, 3, 2, 7, 13, 6, 15, 12, 16, 5, 18, 20, 10, 19, 22, 21, 0, 1, 23, 3, 24,
    14, 11, 255, 2, 17, 4, 9, 8, 0, 1, 2, 4, 3, 8, 9, 5, 6, 7, 11, 10, 4, 3, 2, 8, 7, 0, 1, 9, 255, 6,
    5, 0, 1, 4, 10, 5, 0, 1, 1, 6, 8, 7, 16, 11, 13, 18, 14, 6, 1, 8, 10, 17, 5, 9, 255, 255, 0, 2, 1, 0,
    1, 6, 4, 5, 3, 2, 0, 1, 4, 3, 2, 0, 1, 4, 5, 3, 2, 0, 1, 4, 3, 2, 255, 14, 20, 255, 7, 8, 9, 11,
    16, 4, 18, 5, 19, 15, 2, 3, 13, 12, 10, 6, 17, 1, 0, 23, 15, 8, 255, 29, 255, 255, 3, 255, 37, 255, 58, 17, 19, 12,
    5, 10, 7, 39, 255, 54, 44, 50, 33, 56, 24, 42, 41, 35, 22, 26, 46, 255, 255, 255, 48, 28, 52, 31, 13, 20, 14, 255, 2, 255,
    36, 255, 57, 16, 18, 11, 4, 9, 6, 38, 255, 53, 43, 49, 32, 55, 40, 34, 21, 25, 45, 255, 255, 255, 47, 27, 51, 30, 1, 0,
    255, 16, 5, 53, 255, 40, 54, 37, 255, 56, 255, 39, 51, 50, 10, 55, 12, 30, 29, 43, 7, 31, 28, 3, 8, 2, 27, 9, 52, 15,
    44, 14, 22, 32, 23, 33, 18, 24, 25, 35, 34, 21, 19, 17, 26, 36, 48, 42, 47, 49, 13, 45, 6, 20, 255, 255, 4, 38, 11, 41,
    46, 255, 1, 0, 6, 8, 4, 5, 2, 7, 3, 1, 0, 12, 13, 37, 16, 44, 46, 4, 7, 19, 15, 30, 34, 9, 41, 11, 33, 31,
    2, 39, 6, 50, 36, 25, 22, 23, 52, 28, 53, 20, 47, 42, 255, 43, 3, 10, 49, 18, 14, 29, 21, 26, 8, 40, 17, 32, 27, 38,
    5, 35, 24, 45, 51, 48, 1, 0, 2, 3, 4, 1, 0, 6, 19, 4, 5, 7, 255, 8, 15, 11, 2, 16, 12, 17, 13, 9, 18, 3,
    255, 14, 10, 1, 0, 4, 51, 80, 255, 58, 8, 23, 35, 74, 37, 255, 63, 255, 73, 82, 50, 9, 42, 64, 20, 47, 54, 24, 48, 2,
    83, 5, 40, 22, 255, 55, 79, 53, 78, 57, 84, 52, 43, 34, 255, 255, 36, 255, 62, 21, 18, 39, 56, 81, 6, 38, 49, 41, 30, 11,
    27, 7, 71, 255, 19, 77, 10, 72, 70, 59, 46, 61, 60, 15, 13, 29, 14, 12, 16, 17, 31, 67, 65, 3, 32, 75, 68, 25, 45, 28,
    44, 66, 26, 33, 76, 69, 1, 0, 3, 8, 5, 255, 6, 11, 9, 2, 7, 255, 4, 10, 1, 0, 6, 15, 9, 8, 12, 16, 18, 5,
    14, 20, 2, 10, 21, 26, 24, 4, 25, 255, 7, 11, 17, 13, 19, 3, 23, 22, 1, 0, 4, 3, 23, 6, 255, 255, 24, 22, 25, 10,
    11, 13, 7, 2, 18, 17, 15, 20, 5, 255, 255, 21, 9, 8, 12, 19, 16, 14, 1, 0, 3, 4, 2, 1, 0, 5, 11, 9, 4, 2,
    7, 10, 8, 3, 6, 1, 0, 4, 6, 3, 5, 2, 1, 0, 255, 11, 255, 15, 5, 255, 255, 255, 3, 7, 13, 8, 9, 12, 255, 10,
    255, 14, 4, 255, 255, 2, 6, 1, 0, 3, 6, 5, 4, 2, 7, 1, 0,
];
static LENGTHS_18: [u8; CLASS_COUNT] = [
    12, 0, 0, 3, 6, 25, 12, 10, 11, 2, 9, 19, 3, 7, 5, 6, 5, 21, 59, 57, 9, 54, 5, 20, 85, 12, 27, 26, 5, 12,
    7, 16, 8,
];

static SLOTS_19: [u8; METHOD_COUNT] = [
    8, 11, 0, 5, 6, 1, 4, 7, 10, 9, 3, 2, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 0, 2, 1, 0, 1, 5, 255, 4, 3, 2, 7, 13, 6, 15, 12, 16, 5, 18, 20, 10, 19, 22, 21, 0, 1, 23, 3, 24,
    14, 11, 255, 2, 17, 4, 9, 8, 0, 1, 2, 4, 3, 8, 9, 5, 6, 7, 11, 10, 4, 3, 2, 8, 7, 0, 1, 9, 255, 6,
    5, 0, 1, 4, 10, 5, 0, 1, 1, 6, 8, 7, 16, 11, 13, 18, 14, 6, 1, 8, 10, 17, 5, 9, 255, 255, 0, 2, 1, 0,
    1, 6, 4, 5, 3, 2, 0, 1, 4, 3, 2, 0, 1, 4, 5, 3, 2, 0, 1, 4, 3, 2, 255, 14, 20, 255, 7, 8, 9, 11,
    16, 4, 18, 5, 19, 15, 2, 3, 13, 12, 10, 6, 17, 1, 0, 23, 15, 8, 255, 29, 255, 255, 3, 255, 37, 255, 58, 17, 19, 12,
    5, 10, 7, 39, 255, 54, 44, 50, 33, 56, 24, 42, 41, 35, 22, 26, 46, 255, 255, 255, 48, 28, 52, 31, 13, 20, 14, 255, 2, 255,
    36, 255, 57, 16, 18, 11, 4, 9, 6, 38, 255, 53, 43, 49, 32, 55, 40, 34, 21, 25, 45, 255, 255, 255, 47, 27, 51, 30, 1, 0,
    255, 16, 5, 53, 255, 40, 54, 37, 255, 56, 255, 39, 51, 50, 10, 55, 12, 30, 29, 43, 7, 31, 28, 3, 8, 2, 27, 9, 52, 15,
    44, 14, 22, 32, 23, 33, 18, 24, 25, 35, 34, 21, 19, 17, 26, 36, 48, 42, 47, 49, 13, 45, 6, 20, 255, 255, 4, 38, 11, 41,
    46, 255, 1, 0, 6, 8, 4, 5, 2, 7, 3, 1, 0, 12, 13, 37, 16, 44, 46, 4, 7, 19, 15, 30, 34, 9, 41, 11, 33, 31,
    2, 39, 6, 50, 36, 25, 22, 23, 52, 28, 53, 20, 47, 42, 54, 43, 3, 10, 49, 18, 14, 29, 21, 26, 8, 40, 17, 32, 27, 38,
    5, 35, 24, 45, 51, 48, 1, 0, 2, 3, 4, 1, 0, 6, 19, 4, 5, 7, 21, 8, 15, 11, 2, 16, 12, 17, 13, 9, 18, 3,
    20, 14, 10, 1, 0, 4, 51, 80, 255, 58, 8, 23, 35, 74, 37, 255, 63, 86, 73, 82, 50, 9, 42, 64, 20, 47, 54, 24, 48, 2,
    83, 5, 40, 22, 85, 55, 79, 53, 78, 57, 84, 52, 43, 34, 255, 255, 36, 255, 62, 21, 18, 39, 56, 81, 6, 38, 49, 41, 30, 11,
    27, 7, 71, 255, 19, 77, 10, 72, 70, 59, 46, 61, 60, 15, 13, 29, 14, 12, 16, 17, 31, 67, 65, 3, 32, 75, 68, 25, 45, 28,
    44, 66, 26, 33, 76, 69, 1, 0, 3, 8, 5, 255, 6, 11, 9, 2, 7, 255, 4, 10, 1, 0, 6, 15, 9, 8, 12, 16, 18, 5,
    14, 20, 2, 10, 21, 26, 24, 4, 25, 255, 7, 11, 17, 13, 19, 3, 23, 22, 1, 0, 4, 3, 23, 6, 255, 255, 24, 22, 25, 10,
    11, 13, 7, 2, 18, 17, 15, 20, 5, 255, 255, 21, 9, 8, 12, 19, 16, 14, 1, 0, 3, 4, 2, 1, 0, 5, 11, 9, 4, 2,
    7, 10, 8, 3, 6, 1, 0, 4, 6, 3, 5, 2, 1, 0, 255, 11, 255, 15, 5, 255, 255, 255, 3, 7, 13, 8, 9, 12, 255, 10,
    255, 14, 4, 255, 255, 2, 6, 1, 0, 3, 6, 5, 4, 2, 7, 1, 0,
];
static LENGTHS_19: [u8; CLASS_COUNT] = [
    12, 0, 0, 3, 6, 25, 12, 10, 11, 2, 9, 19, 3, 7, 5, 6, 5, 21, 59, 57, 9, 55, 5, 22, 87, 12, 27, 26, 5, 12,
    7, 16, 8,
];

static SLOTS_20: [u8; METHOD_COUNT] = [
    8, 11, 0, 5, 6, 1, 4, 7, 10, 9, 3, 2, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    0, 1, 4, 3, 2, 0, 1, 5, 255, 4, 3, 2, 5, 11, 4, 13, 10, 14, 3, 16, 18, 8, 17, 20, 19, 0, 1, 21, 255, 22,
    12, 9, 255, 255, 15, 2, 7, 6, 0, 1, 2, 4, 3, 8, 9, 5, 6, 7, 11, 10, 4, 3, 2, 8, 7, 0, 1, 9, 255, 6,
    5, 0, 1, 4, 10, 5, 0, 1, 1, 6, 8, 7, 12, 7, 9, 14, 10, 3, 255, 4, 6, 13, 2, 5, 0, 1, 4, 3, 2, 0,
    1, 6, 4, 5, 3, 2, 0, 1, 4, 3, 2, 0, 1, 4, 5, 3, 2, 0, 1, 4, 3, 2, 255, 11, 17, 255, 5, 6, 7, 9,
    13, 2, 15, 3, 16, 12, 255, 255, 255, 10, 8, 4, 14, 1, 0, 23, 15, 8, 255, 29, 255, 255, 3, 255, 37, 255, 58, 17, 19, 12,
    5, 10, 7, 39, 255, 54, 44, 50, 33, 56, 24, 42, 41, 35, 22, 26, 46, 255, 255, 255, 48, 28, 52, 31, 13, 20, 14, 255, 2, 255,
    36, 255, 57, 16, 18, 11, 4, 9, 6, 38, 255, 53, 43, 49, 32, 55, 40, 34, 21, 25, 45, 255, 255, 255, 47, 27, 51, 30, 1, 0,
    255, 14, 5, 47, 255, 37, 48, 35, 255, 50, 255, 255, 45, 44, 9, 49, 11, 28, 27, 255, 7, 29, 26, 3, 8, 2, 25, 255, 46, 13,
    38, 12, 20, 30, 21, 31, 16, 22, 23, 33, 32, 19, 17, 15, 24, 34, 42, 255, 41, 43, 255, 39, 6, 18, 255, 255, 4, 36, 10, 255,
    40, 255, 1, 0, 6, 8, 4, 5, 2, 7, 3, 1, 0, 12, 255, 36, 15, 43, 45, 4, 7, 18, 14, 29, 33, 9, 40, 11, 32, 30,
    2, 38, 6, 49, 35, 24, 21, 22, 51, 27, 52, 19, 46, 41, 53, 42, 3, 10, 48, 17, 13, 28, 20, 25, 8, 39, 16, 31, 26, 37,
    5, 34, 23, 44, 50, 47, 1, 0, 2, 3, 4, 1, 0, 6, 12, 4, 5, 7, 14, 8, 10, 255, 2, 255, 255, 255, 255, 9, 11, 3,
    13, 255, 255, 1, 0, 4, 50, 79, 86, 57, 8, 23, 35, 73, 37, 255, 62, 85, 72, 81, 49, 9, 255, 63, 20, 46, 53, 24, 47, 2,
    82, 5, 40, 22, 84, 54, 78, 52, 77, 56, 83, 51, 42, 34, 255, 255, 36, 255, 61, 21, 18, 39, 55, 80, 6, 38, 48, 41, 30, 11,
    27, 7, 70, 255, 19, 76, 10, 71, 69, 58, 45, 60, 59, 15, 13, 29, 14, 12, 16, 17, 31, 66, 64, 3, 32, 74, 67, 25, 44, 28,
    43, 65, 26, 33, 75, 68, 1, 0, 3, 6, 4, 255, 255, 9, 7, 2, 5, 255, 255, 8, 1, 0, 6, 11, 255, 255, 8, 12, 14, 5,
    10, 16, 2, 255, 17, 22, 20, 4, 21, 255, 255, 7, 13, 9, 15, 3, 19, 18, 1, 0, 255, 3, 22, 5, 255, 255, 23, 21, 24, 9,
    10, 12, 6, 2, 17, 16, 14, 19, 4, 255, 255, 20, 8, 7, 11, 18, 15, 13, 1, 0, 3, 4, 2, 1, 0, 5, 11, 9, 4, 2,
    7, 10, 8, 3, 6, 1, 0, 4, 6, 3, 5, 2, 1, 0, 255, 10, 255, 14, 5, 255, 255, 255, 3, 6, 12, 7, 8, 11, 255, 9,
    255, 13, 4, 255, 255, 2, 255, 1, 0, 3, 6, 5, 4, 2, 7, 1, 0,
];
static LENGTHS_20: [u8; CLASS_COUNT] = [
    12, 0, 0, 5, 6, 23, 12, 10, 11, 2, 9, 15, 5, 7, 5, 6, 5, 18, 59, 51, 9, 54, 5, 15, 87, 10, 23, 25, 5, 12,
    7, 15, 8,
];

static SLOTS_21: [u8; METHOD_COUNT] = [
    8, 11, 0, 5, 6, 1, 4, 7, 10, 9, 3, 2, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    0, 1, 4, 3, 2, 0, 1, 5, 255, 4, 3, 2, 5, 11, 4, 13, 10, 14, 3, 16, 18, 8, 17, 20, 19, 0, 1, 21, 255, 22,
    12, 9, 255, 255, 15, 2, 7, 6, 0, 1, 2, 4, 3, 8, 9, 5, 6, 7, 11, 10, 4, 3, 2, 8, 7, 0, 1, 9, 10, 6,
    5, 0, 1, 4, 10, 5, 0, 1, 1, 6, 8, 7, 12, 7, 9, 14, 10, 3, 255, 4, 6, 13, 2, 5, 0, 1, 4, 3, 2, 0,
    1, 6, 4, 5, 3, 2, 0, 1, 4, 3, 2, 0, 1, 4, 5, 3, 2, 0, 1, 4, 3, 2, 255, 11, 17, 255, 5, 6, 7, 9,
    13, 2, 15, 3, 16, 12, 255, 255, 255, 10, 8, 4, 14, 1, 0, 23, 15, 8, 255, 29, 255, 61, 3, 60, 37, 255, 58, 17, 19, 12,
    5, 10, 7, 39, 255, 54, 44, 50, 33, 56, 24, 42, 41, 35, 22, 26, 46, 255, 255, 255, 48, 28, 52, 31, 13, 20, 14, 255, 2, 59,
    36, 255, 57, 16, 18, 11, 4, 9, 6, 38, 255, 53, 43, 49, 32, 55, 40, 34, 21, 25, 45, 255, 255, 255, 47, 27, 51, 30, 1, 0,
    51, 14, 5, 47, 255, 37, 48, 35, 255, 50, 255, 255, 45, 44, 9, 49, 11, 28, 27, 255, 7, 29, 26, 3, 8, 2, 25, 255, 46, 13,
    38, 12, 20, 30, 21, 31, 16, 22, 23, 33, 32, 19, 17, 15, 24, 34, 42, 255, 41, 43, 255, 39, 6, 18, 52, 53, 4, 36, 10, 255,
    40, 255, 1, 0, 6, 8, 4, 5, 2, 7, 3, 1, 0, 12, 255, 36, 15, 43, 45, 4, 7, 18, 14, 29, 33, 9, 40, 11, 32, 30,
    2, 38, 6, 49, 35, 24, 21, 22, 51, 27, 52, 19, 46, 41, 53, 42, 3, 10, 48, 17, 13, 28, 20, 25, 8, 39, 16, 31, 26, 37,
    5, 34, 23, 44, 50, 47, 1, 0, 2, 3, 4, 1, 0, 6, 12, 4, 5, 7, 14, 8, 10, 255, 2, 255, 255, 255, 255, 9, 11, 3,
    13, 255, 255, 1, 0, 4, 50, 79, 86, 57, 8, 23, 35, 73, 37, 255, 62, 85, 72, 81, 49, 9, 255, 63, 20, 46, 53, 24, 47, 2,
    82, 5, 40, 22, 84, 54, 78, 52, 77, 56, 83, 51, 42, 34, 255, 255, 36, 255, 61, 21, 18, 39, 55, 80, 6, 38, 48, 41, 30, 11,
    27, 7, 70, 255, 19, 76, 10, 71, 69, 58, 45, 60, 59, 15, 13, 29, 14, 12, 16, 17, 31, 66, 64, 3, 32, 74, 67, 25, 44, 28,
    43, 65, 26, 33, 75, 68, 1, 0, 3, 6, 4, 255, 255, 9, 7, 2, 5, 255, 255, 8, 1, 0, 6, 11, 255, 255, 8, 12, 14, 5,
    10, 16, 2, 255, 17, 22, 20, 4, 21, 255, 255, 7, 13, 9, 15, 3, 19, 18, 1, 0, 255, 3, 22, 5, 255, 26, 23, 21, 24, 9,
    10, 12, 6, 2, 17, 16, 14, 19, 4, 255, 25, 20, 8, 7, 11, 18, 15, 13, 1, 0, 3, 4, 2, 1, 0, 5, 11, 9, 4, 2,
    7, 10, 8, 3, 6, 1, 0, 4, 6, 3, 5, 2, 1, 0, 255, 10, 255, 14, 5, 255, 255, 255, 3, 6, 12, 7, 8, 11, 255, 9,
    255, 13, 4, 255, 255, 2, 255, 1, 0, 3, 6, 5, 4, 2, 7, 1, 0,
];
static LENGTHS_21: [u8; CLASS_COUNT] = [
    12, 0, 0, 5, 6, 23, 12, 11, 11, 2, 9, 15, 5, 7, 5, 6, 5, 18, 62, 54, 9, 54, 5, 15, 87, 10, 23, 27, 5, 12,
    7, 15, 8,
];

static SLOTS_22: [u8; METHOD_COUNT] = [
    8, 11, 0, 5, 6, 1, 4, 7, 10, 9, 3, 2, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    0, 1, 4, 3, 2, 0, 1, 5, 255, 4, 3, 2, 5, 11, 4, 13, 10, 14, 3, 16, 18, 8, 17, 20, 19, 0, 1, 21, 255, 22,
    12, 9, 23, 255, 15, 2, 7, 6, 0, 1, 2, 4, 3, 8, 9, 5, 6, 7, 11, 10, 4, 3, 2, 8, 7, 0, 1, 9, 10, 6,
    5, 0, 1, 4, 10, 5, 0, 1, 1, 6, 8, 7, 12, 7, 9, 14, 10, 3, 255, 4, 6, 13, 2, 5, 0, 1, 4, 3, 2, 0,
    1, 6, 4, 5, 3, 2, 0, 1, 4, 3, 2, 0, 1, 4, 5, 3, 2, 0, 1, 4, 3, 2, 255, 11, 17, 255, 5, 6, 7, 9,
    13, 2, 15, 3, 16, 12, 255, 255, 255, 10, 8, 4, 14, 1, 0, 23, 15, 8, 255, 29, 255, 61, 3, 60, 37, 255, 58, 17, 19, 12,
    5, 10, 7, 39, 255, 54, 44, 50, 33, 56, 24, 42, 41, 35, 22, 26, 46, 255, 255, 255, 48, 28, 52, 31, 13, 20, 14, 255, 2, 59,
    36, 255, 57, 16, 18, 11, 4, 9, 6, 38, 255, 53, 43, 49, 32, 55, 40, 34, 21, 25, 45, 255, 255, 255, 47, 27, 51, 30, 1, 0,
    51, 14, 5, 47, 255, 37, 48, 35, 55, 50, 255, 255, 45, 44, 9, 49, 11, 28, 27, 255, 7, 29, 26, 3, 8, 2, 25, 255, 46, 13,
    38, 12, 20, 30, 21, 31, 16, 22, 23, 33, 32, 19, 17, 15, 24, 34, 42, 255, 41, 43, 255, 39, 6, 18, 52, 53, 4, 36, 10, 255,
    40, 54, 1, 0, 6, 8, 4, 5, 2, 7, 3, 1, 0, 12, 255, 36, 15, 43, 45, 4, 7, 18, 14, 29, 33, 9, 40, 11, 32, 30,
    2, 38, 6, 49, 35, 24, 21, 22, 51, 27, 52, 19, 46, 41, 53, 42, 3, 10, 48, 17, 13, 28, 20, 25, 8, 39, 16, 31, 26, 37,
    5, 34, 23, 44, 50, 47, 1, 0, 2, 3, 4, 1, 0, 6, 12, 4, 5, 7, 14, 8, 10, 255, 2, 255, 255, 255, 255, 9, 11, 3,
    13, 255, 255, 1, 0, 4, 50, 79, 86, 57, 8, 23, 35, 73, 37, 255, 62, 85, 72, 81, 49, 9, 255, 63, 20, 46, 53, 24, 47, 2,
    82, 5, 40, 22, 84, 54, 78, 52, 77, 56, 83, 51, 42, 34, 255, 255, 36, 255, 61, 21, 18, 39, 55, 80, 6, 38, 48, 41, 30, 11,
    27, 7, 70, 87, 19, 76, 10, 71, 69, 58, 45, 60, 59, 15, 13, 29, 14, 12, 16, 17, 31, 66, 64, 3, 32, 74, 67, 25, 44, 28,
    43, 65, 26, 33, 75, 68, 1, 0, 3, 6, 4, 11, 255, 9, 7, 2, 5, 10, 255, 8, 1, 0, 6, 11, 255, 255, 8, 12, 14, 5,
    10, 16, 2, 255, 17, 22, 20, 4, 21, 23, 255, 7, 13, 9, 15, 3, 19, 18, 1, 0, 255, 3, 22, 5, 28, 26, 23, 21, 24, 9,
    10, 12, 6, 2, 17, 16, 14, 19, 4, 27, 25, 20, 8, 7, 11, 18, 15, 13, 1, 0, 3, 4, 2, 1, 0, 5, 11, 9, 4, 2,
    7, 10, 8, 3, 6, 1, 0, 4, 6, 3, 5, 2, 1, 0, 255, 10, 255, 14, 5, 255, 255, 255, 3, 6, 12, 7, 8, 11, 255, 9,
    255, 13, 4, 255, 255, 2, 255, 1, 0, 3, 6, 5, 4, 2, 7, 1, 0,
];
static LENGTHS_22: [u8; CLASS_COUNT] = [
    12, 0, 0, 5, 6, 24, 12, 11, 11, 2, 9, 15, 5, 7, 5, 6, 5, 18, 62, 56, 9, 54, 5, 15, 88, 12, 24, 29, 5, 12,
    7, 15, 8,
];

/// One table per known version, family after family, oldest first.
pub(crate) static TABLES: [Table; 28] = [
    Table { key: VersionKey(0), name: "ent-10.0", family: Family::Enterprise10, core: 100000, slots: &SLOTS_0, lengths: &LENGTHS_0 },
    Table { key: VersionKey(1), name: "ent-10.0.1", family: Family::Enterprise10, core: 100001, slots: &SLOTS_0, lengths: &LENGTHS_0 },
    Table { key: VersionKey(2), name: "ent-10.1", family: Family::Enterprise10, core: 100100, slots: &SLOTS_1, lengths: &LENGTHS_1 },
    Table { key: VersionKey(3), name: "ent-10.2", family: Family::Enterprise10, core: 100200, slots: &SLOTS_2, lengths: &LENGTHS_2 },
    Table { key: VersionKey(4), name: "ent-10.3", family: Family::Enterprise10, core: 100300, slots: &SLOTS_2, lengths: &LENGTHS_2 },
    Table { key: VersionKey(5), name: "ent-10.4", family: Family::Enterprise10, core: 100400, slots: &SLOTS_3, lengths: &LENGTHS_3 },
    Table { key: VersionKey(6), name: "ent-10.5", family: Family::Enterprise10, core: 100500, slots: &SLOTS_3, lengths: &LENGTHS_3 },
    Table { key: VersionKey(7), name: "ent-10.6", family: Family::Enterprise10, core: 100600, slots: &SLOTS_4, lengths: &LENGTHS_4 },
    Table { key: VersionKey(8), name: "ent-10.7", family: Family::Enterprise10, core: 100700, slots: &SLOTS_5, lengths: &LENGTHS_5 },
    Table { key: VersionKey(9), name: "ent-10.8", family: Family::Enterprise10, core: 100800, slots: &SLOTS_6, lengths: &LENGTHS_6 },
    Table { key: VersionKey(10), name: "ent-10.9", family: Family::Enterprise10, core: 100900, slots: &SLOTS_7, lengths: &LENGTHS_7 },
    Table { key: VersionKey(11), name: "ent-10.10", family: Family::Enterprise10, core: 101000, slots: &SLOTS_8, lengths: &LENGTHS_8 },
    Table { key: VersionKey(12), name: "ent-10.11", family: Family::Enterprise10, core: 101100, slots: &SLOTS_9, lengths: &LENGTHS_9 },
    Table { key: VersionKey(13), name: "ent-10.12", family: Family::Enterprise10, core: 101200, slots: &SLOTS_10, lengths: &LENGTHS_10 },
    Table { key: VersionKey(14), name: "ent-10.13", family: Family::Enterprise10, core: 101300, slots: &SLOTS_11, lengths: &LENGTHS_11 },
    Table { key: VersionKey(15), name: "ent-10.13.2", family: Family::Enterprise10, core: 101302, slots: &SLOTS_11, lengths: &LENGTHS_11 },
    Table { key: VersionKey(16), name: "ent-10.13.3", family: Family::Enterprise10, core: 101303, slots: &SLOTS_11, lengths: &LENGTHS_11 },
    Table { key: VersionKey(17), name: "ent-10.14", family: Family::Enterprise10, core: 101401, slots: &SLOTS_12, lengths: &LENGTHS_12 },
    Table { key: VersionKey(18), name: "ent-10.15", family: Family::Enterprise10, core: 101501, slots: &SLOTS_13, lengths: &LENGTHS_13 },
    Table { key: VersionKey(19), name: "ent-10.16", family: Family::Enterprise10, core: 101600, slots: &SLOTS_14, lengths: &LENGTHS_14 },
    Table { key: VersionKey(20), name: "ent-11.0", family: Family::Enterprise11, core: 110000, slots: &SLOTS_15, lengths: &LENGTHS_15 },
    Table { key: VersionKey(21), name: "ent-11.1", family: Family::Enterprise11, core: 110100, slots: &SLOTS_16, lengths: &LENGTHS_16 },
    Table { key: VersionKey(22), name: "ent-11.4", family: Family::Enterprise11, core: 110400, slots: &SLOTS_17, lengths: &LENGTHS_17 },
    Table { key: VersionKey(23), name: "rtx-1.3", family: Family::Rtx13, core: 10300, slots: &SLOTS_18, lengths: &LENGTHS_18 },
    Table { key: VersionKey(24), name: "rtx-1.4", family: Family::Rtx13, core: 10400, slots: &SLOTS_19, lengths: &LENGTHS_19 },
    Table { key: VersionKey(25), name: "rtx-1.5", family: Family::Rtx15, core: 10500, slots: &SLOTS_20, lengths: &LENGTHS_20 },
    Table { key: VersionKey(26), name: "rtx-1.6", family: Family::Rtx15, core: 10601, slots: &SLOTS_21, lengths: &LENGTHS_21 },
    Table { key: VersionKey(27), name: "rtx-1.7", family: Family::Rtx15, core: 10701, slots: &SLOTS_22, lengths: &LENGTHS_22 },
];
