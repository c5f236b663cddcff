// Generated from generator/slots.json by generator/mod.rs: do not edit.

use super::super::calls::{class, handle, outer};
use super::super::{Dims, InterfaceInfo};
use super::super::table::Method;
use std::ffi::{c_char, c_void};

outer! { IBuilder => VBuilder }
outer! { IBuilderConfig => VBuilderConfig }
outer! { INetworkDefinition => VNetworkDefinition }
outer! { IOptimizationProfile => VOptimizationProfile }
outer! { IHostMemory => VHostMemory }
outer! { ITimingCache => VTimingCache }
outer! { ITensor => VTensor }
outer! { ILayer => VLayer }
outer! { IRuntime => VRuntime }
outer! { ICudaEngine => VCudaEngine }
outer! { IExecutionContext => VExecutionContext }
outer! { IEngineInspector => VEngineInspector }
outer! { IRuntimeConfig => VRuntimeConfig }
outer! { IRuntimeCache => VRuntimeCache }
outer! { ISerializationConfig => VSerializationConfig }
handle! { IErrorRecorder }
handle! { IInt8EntropyCalibrator2 }
handle! { IInt8MinMaxCalibrator }
handle! { ILogger }
handle! { IOutputAllocator }
handle! { IProfiler }
handle! { IProgressMonitor }
handle! { IStreamReader }
handle! { IStreamReaderV2 }
handle! { IStreamWriter }
handle! { IInt8Calibrator }
handle! { IGpuAllocator }

impl Method {
    /// `IErrorRecorder::clear`.
    pub const I_ERROR_RECORDER_CLEAR: Method = Method(0);
    /// `IErrorRecorder::decRefCount`.
    pub const I_ERROR_RECORDER_DEC_REF_COUNT: Method = Method(1);
    /// `IErrorRecorder::getAPILanguage`.
    pub const I_ERROR_RECORDER_GET_API_LANGUAGE: Method = Method(2);
    /// `IErrorRecorder::getErrorCode`.
    pub const I_ERROR_RECORDER_GET_ERROR_CODE: Method = Method(3);
    /// `IErrorRecorder::getErrorDesc`.
    pub const I_ERROR_RECORDER_GET_ERROR_DESC: Method = Method(4);
    /// `IErrorRecorder::getInterfaceInfo`.
    pub const I_ERROR_RECORDER_GET_INTERFACE_INFO: Method = Method(5);
    /// `IErrorRecorder::getNbErrors`.
    pub const I_ERROR_RECORDER_GET_NB_ERRORS: Method = Method(6);
    /// `IErrorRecorder::hasOverflowed`.
    pub const I_ERROR_RECORDER_HAS_OVERFLOWED: Method = Method(7);
    /// `IErrorRecorder::incRefCount`.
    pub const I_ERROR_RECORDER_INC_REF_COUNT: Method = Method(8);
    /// `IErrorRecorder::reportError`.
    pub const I_ERROR_RECORDER_REPORT_ERROR: Method = Method(9);
    /// `IInt8EntropyCalibrator2::getAPILanguage`.
    pub const I_INT8_ENTROPY_CALIBRATOR2_GET_API_LANGUAGE: Method = Method(12);
    /// `IInt8EntropyCalibrator2::getAlgorithm`.
    pub const I_INT8_ENTROPY_CALIBRATOR2_GET_ALGORITHM: Method = Method(13);
    /// `IInt8EntropyCalibrator2::getBatch`.
    pub const I_INT8_ENTROPY_CALIBRATOR2_GET_BATCH: Method = Method(14);
    /// `IInt8EntropyCalibrator2::getBatchSize`.
    pub const I_INT8_ENTROPY_CALIBRATOR2_GET_BATCH_SIZE: Method = Method(15);
    /// `IInt8EntropyCalibrator2::getInterfaceInfo`.
    pub const I_INT8_ENTROPY_CALIBRATOR2_GET_INTERFACE_INFO: Method = Method(16);
    /// `IInt8EntropyCalibrator2::readCalibrationCache`.
    pub const I_INT8_ENTROPY_CALIBRATOR2_READ_CALIBRATION_CACHE: Method = Method(17);
    /// `IInt8EntropyCalibrator2::writeCalibrationCache`.
    pub const I_INT8_ENTROPY_CALIBRATOR2_WRITE_CALIBRATION_CACHE: Method = Method(18);
    /// `IInt8MinMaxCalibrator::getAPILanguage`.
    pub const I_INT8_MIN_MAX_CALIBRATOR_GET_API_LANGUAGE: Method = Method(21);
    /// `IInt8MinMaxCalibrator::getAlgorithm`.
    pub const I_INT8_MIN_MAX_CALIBRATOR_GET_ALGORITHM: Method = Method(22);
    /// `IInt8MinMaxCalibrator::getBatch`.
    pub const I_INT8_MIN_MAX_CALIBRATOR_GET_BATCH: Method = Method(23);
    /// `IInt8MinMaxCalibrator::getBatchSize`.
    pub const I_INT8_MIN_MAX_CALIBRATOR_GET_BATCH_SIZE: Method = Method(24);
    /// `IInt8MinMaxCalibrator::getInterfaceInfo`.
    pub const I_INT8_MIN_MAX_CALIBRATOR_GET_INTERFACE_INFO: Method = Method(25);
    /// `IInt8MinMaxCalibrator::readCalibrationCache`.
    pub const I_INT8_MIN_MAX_CALIBRATOR_READ_CALIBRATION_CACHE: Method = Method(26);
    /// `IInt8MinMaxCalibrator::writeCalibrationCache`.
    pub const I_INT8_MIN_MAX_CALIBRATOR_WRITE_CALIBRATION_CACHE: Method = Method(27);
    /// `ILogger::getAPILanguage`.
    pub const I_LOGGER_GET_API_LANGUAGE: Method = Method(30);
    /// `ILogger::getInterfaceInfo`.
    pub const I_LOGGER_GET_INTERFACE_INFO: Method = Method(31);
    /// `ILogger::log`.
    pub const I_LOGGER_LOG: Method = Method(32);
    /// `IOutputAllocator::getAPILanguage`.
    pub const I_OUTPUT_ALLOCATOR_GET_API_LANGUAGE: Method = Method(35);
    /// `IOutputAllocator::getInterfaceInfo`.
    pub const I_OUTPUT_ALLOCATOR_GET_INTERFACE_INFO: Method = Method(36);
    /// `IOutputAllocator::notifyShape`.
    pub const I_OUTPUT_ALLOCATOR_NOTIFY_SHAPE: Method = Method(37);
    /// `IOutputAllocator::reallocateOutput`.
    pub const I_OUTPUT_ALLOCATOR_REALLOCATE_OUTPUT: Method = Method(38);
    /// `IOutputAllocator::reallocateOutputAsync`.
    pub const I_OUTPUT_ALLOCATOR_REALLOCATE_OUTPUT_ASYNC: Method = Method(39);
    /// `IProfiler::getAPILanguage`.
    pub const I_PROFILER_GET_API_LANGUAGE: Method = Method(114);
    /// `IProfiler::getInterfaceInfo`.
    pub const I_PROFILER_GET_INTERFACE_INFO: Method = Method(115);
    /// `IProfiler::reportLayerTime`.
    pub const I_PROFILER_REPORT_LAYER_TIME: Method = Method(116);
    /// `IProgressMonitor::getAPILanguage`.
    pub const I_PROGRESS_MONITOR_GET_API_LANGUAGE: Method = Method(119);
    /// `IProgressMonitor::getInterfaceInfo`.
    pub const I_PROGRESS_MONITOR_GET_INTERFACE_INFO: Method = Method(120);
    /// `IProgressMonitor::phaseFinish`.
    pub const I_PROGRESS_MONITOR_PHASE_FINISH: Method = Method(121);
    /// `IProgressMonitor::phaseStart`.
    pub const I_PROGRESS_MONITOR_PHASE_START: Method = Method(122);
    /// `IProgressMonitor::stepComplete`.
    pub const I_PROGRESS_MONITOR_STEP_COMPLETE: Method = Method(123);
    /// `IStreamReader::getAPILanguage`.
    pub const I_STREAM_READER_GET_API_LANGUAGE: Method = Method(126);
    /// `IStreamReader::getInterfaceInfo`.
    pub const I_STREAM_READER_GET_INTERFACE_INFO: Method = Method(127);
    /// `IStreamReader::read`.
    pub const I_STREAM_READER_READ: Method = Method(128);
    /// `IStreamReaderV2::getAPILanguage`.
    pub const I_STREAM_READER_V2_GET_API_LANGUAGE: Method = Method(131);
    /// `IStreamReaderV2::getInterfaceInfo`.
    pub const I_STREAM_READER_V2_GET_INTERFACE_INFO: Method = Method(132);
    /// `IStreamReaderV2::read`.
    pub const I_STREAM_READER_V2_READ: Method = Method(133);
    /// `IStreamReaderV2::seek`.
    pub const I_STREAM_READER_V2_SEEK: Method = Method(134);
    /// `IStreamWriter::getAPILanguage`.
    pub const I_STREAM_WRITER_GET_API_LANGUAGE: Method = Method(137);
    /// `IStreamWriter::getInterfaceInfo`.
    pub const I_STREAM_WRITER_GET_INTERFACE_INFO: Method = Method(138);
    /// `IStreamWriter::write`.
    pub const I_STREAM_WRITER_WRITE: Method = Method(139);
}

class! { IParser {
    /// C++ `clearErrors`, `void ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn clear_errors = 42() -> ();
    /// C++ `clearFlag`, `void (OnnxParserFlag)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn clear_flag = 43(a0: i32) -> ();
    /// C++ `getError`, `const IParserError * (int)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_error = 44(a0: i32) -> Option<IParserError>;
    /// C++ `getFlag`, `bool (OnnxParserFlag)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_flag = 45(a0: i32) -> bool;
    /// C++ `getFlags`, `OnnxParserFlags ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_flags = 46() -> u32;
    /// C++ `getLayerOutputTensor`, `const ITensor * (const char *, int64_t)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_layer_output_tensor = 47(a0: *const c_char, a1: i64) -> Option<ITensor>;
    /// C++ `getNbErrors`, `int ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_nb_errors = 48() -> i32;
    /// C++ `getNbSubgraphs`, `int64_t ()`: TensorRT 10.1-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_nb_subgraphs = 49() -> i64;
    /// C++ `getSubgraphNodes`, `int64_t * (const int64_t, int64_t &)`: TensorRT 10.1-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_subgraph_nodes = 50(a0: i64, a1: &mut i64) -> *mut i64;
    /// C++ `getUsedVCPluginLibraries`, `const char *const * (int64_t &)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_used_vc_plugin_libraries = 51(a0: &mut i64) -> *const *const c_char;
    /// C++ `isSubgraphSupported`, `bool (const int64_t)`: TensorRT 10.1-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn is_subgraph_supported = 52(a0: i64) -> bool;
    /// C++ `loadInitializer`, `bool (const char *, const void *, size_t)`: TensorRT 10.13-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn load_initializer = 53(a0: *const c_char, a1: *const c_void, a2: usize) -> bool;
    /// C++ `loadModelProto`, `bool (const void *, size_t, const char *)`: TensorRT 10.13-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn load_model_proto = 54(a0: *const c_void, a1: usize, a2: *const c_char) -> bool;
    /// C++ `parse`, `bool (const void *, size_t, const char *)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn parse = 55(a0: *const c_void, a1: usize, a2: *const c_char) -> bool;
    /// C++ `parseFromFile`, `bool (const char *, int)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn parse_from_file = 56(a0: *const c_char, a1: i32) -> bool;
    /// C++ `parseModelProto`, `bool ()`: TensorRT 10.13-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn parse_model_proto = 57() -> bool;
    /// C++ `parseWithWeightDescriptors`, `bool (const void *, size_t)`: TensorRT 10.0-10.16, TensorRT-RTX 1.3-1.4.
    fn parse_with_weight_descriptors = 58(a0: *const c_void, a1: usize) -> bool;
    /// C++ `setBuilderConfig`, `bool (const IBuilderConfig *const)`: TensorRT 10.15-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_builder_config = 59(a0: Option<IBuilderConfig>) -> bool;
    /// C++ `setFlag`, `void (OnnxParserFlag)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_flag = 60(a0: i32) -> ();
    /// C++ `setFlags`, `void (OnnxParserFlags)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_flags = 61(a0: u32) -> ();
    /// C++ `supportsModelV2`, `bool (const void *, size_t, const char *)`: TensorRT 10.1-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn supports_model_v2 = 64(a0: *const c_void, a1: usize, a2: *const c_char) -> bool;
    /// C++ `supportsOperator`, `bool (const char *)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn supports_operator = 65(a0: *const c_char) -> bool;
    /// C++ `delete`.
    fn delete = 66() -> ();
} }

class! { IParserError {
    /// C++ `code`, `ErrorCode ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn code = 68() -> i32;
    /// C++ `desc`, `const char * ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn desc = 69() -> *const c_char;
    /// C++ `file`, `const char * ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn file = 70() -> *const c_char;
    /// C++ `func`, `const char * ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn func = 71() -> *const c_char;
    /// C++ `line`, `int ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn line = 72() -> i32;
    /// C++ `localFunctionStack`, `const char *const * ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn local_function_stack = 73() -> *const *const c_char;
    /// C++ `localFunctionStackSize`, `int32_t ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn local_function_stack_size = 74() -> i32;
    /// C++ `node`, `int ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn node = 75() -> i32;
    /// C++ `nodeName`, `const char * ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn node_name = 76() -> *const c_char;
    /// C++ `nodeOperator`, `const char * ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn node_operator = 77() -> *const c_char;
} }

class! { IParserRefitter {
    /// C++ `clearErrors`, `void ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn clear_errors = 80() -> ();
    /// C++ `getError`, `const IParserError * (int32_t)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_error = 81(a0: i32) -> Option<IParserError>;
    /// C++ `getNbErrors`, `int32_t ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_nb_errors = 82() -> i32;
    /// C++ `loadInitializer`, `bool (const char *, const void *, size_t)`: TensorRT 10.13-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn load_initializer = 83(a0: *const c_char, a1: *const c_void, a2: usize) -> bool;
    /// C++ `loadModelProto`, `bool (const void *, size_t, const char *)`: TensorRT 10.13-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn load_model_proto = 84(a0: *const c_void, a1: usize, a2: *const c_char) -> bool;
    /// C++ `refitFromBytes`, `bool (const void *, size_t, const char *)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn refit_from_bytes = 85(a0: *const c_void, a1: usize, a2: *const c_char) -> bool;
    /// C++ `refitFromFile`, `bool (const char *)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn refit_from_file = 86(a0: *const c_char) -> bool;
    /// C++ `refitModelProto`, `bool ()`: TensorRT 10.13-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn refit_model_proto = 87() -> bool;
} }

class! { IPluginCreator {
    /// C++ `getAPILanguage`, `APILanguage ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_api_language = 91() -> i32;
    /// C++ `getInterfaceInfo`, `InterfaceInfo ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_interface_info = 92() -> InterfaceInfo;
    /// C++ `getPluginName`, `const AsciiChar * ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_plugin_name = 93() -> *const c_char;
    /// C++ `getPluginNamespace`, `const AsciiChar * ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_plugin_namespace = 94() -> *const c_char;
    /// C++ `getPluginVersion`, `const AsciiChar * ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_plugin_version = 95() -> *const c_char;
} }

class! { IPluginCreatorInterface {
    /// C++ `getAPILanguage`, `APILanguage ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_api_language = 96() -> i32;
    /// C++ `getInterfaceInfo`, `InterfaceInfo ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_interface_info = 97() -> InterfaceInfo;
} }

class! { IPluginCreatorV3One {
    /// C++ `getInterfaceInfo`, `InterfaceInfo ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_interface_info = 98() -> InterfaceInfo;
    /// C++ `getPluginName`, `const AsciiChar * ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_plugin_name = 99() -> *const c_char;
    /// C++ `getPluginNamespace`, `const AsciiChar * ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_plugin_namespace = 100() -> *const c_char;
    /// C++ `getPluginVersion`, `const AsciiChar * ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_plugin_version = 101() -> *const c_char;
} }

class! { IPluginRegistry {
    /// C++ `deregisterLibrary`, `void (void *)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn deregister_library = 103(a0: *mut c_void) -> ();
    /// C++ `getAllCreators`, `IPluginCreatorInterface *const * (int32_t *)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_all_creators = 104(a0: *mut i32) -> *const Option<IPluginCreatorInterface>;
    /// C++ `getAllCreatorsRecursive`, `IPluginCreatorInterface *const * (int32_t *)`: TensorRT 10.10-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_all_creators_recursive = 105(a0: *mut i32) -> *const Option<IPluginCreatorInterface>;
    /// C++ `getErrorRecorder`, `IErrorRecorder * ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_error_recorder = 107() -> Option<IErrorRecorder>;
    /// C++ `isParentSearchEnabled`, `bool ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn is_parent_search_enabled = 109() -> bool;
    /// C++ `loadLibrary`, `void * (const AsciiChar *)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn load_library = 110(a0: *const c_char) -> *mut c_void;
    /// C++ `setErrorRecorder`, `void (IErrorRecorder *)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_error_recorder = 112(a0: Option<IErrorRecorder>) -> ();
    /// C++ `setParentSearchEnabled`, `void (bool)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_parent_search_enabled = 113(a0: bool) -> ();
} }

class! { VBuilder {
    /// C++ `buildEngineWithConfig`, `ICudaEngine * (INetworkDefinition &, IBuilderConfig &)`: TensorRT 10.6-10.16, 11.0-11.4.
    fn build_engine_with_config = 142(a0: INetworkDefinition, a1: IBuilderConfig) -> Option<ICudaEngine>;
    /// C++ `buildSerializedNetwork`, `IHostMemory * (INetworkDefinition &, IBuilderConfig &)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn build_serialized_network = 143(a0: INetworkDefinition, a1: IBuilderConfig) -> Option<IHostMemory>;
    /// C++ `buildSerializedNetworkToStream`, `bool (INetworkDefinition &, IBuilderConfig &, IStreamWriter &)`: TensorRT 10.13-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn build_serialized_network_to_stream = 144(a0: INetworkDefinition, a1: IBuilderConfig, a2: IStreamWriter) -> bool;
    /// C++ `createBuilderConfig`, `IBuilderConfig * ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn create_builder_config = 146() -> Option<IBuilderConfig>;
    /// C++ `createNetworkV2`, `INetworkDefinition * (NetworkDefinitionCreationFlags)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn create_network_v2 = 147(a0: u32) -> Option<INetworkDefinition>;
    /// C++ `createOptimizationProfile`, `IOptimizationProfile * ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn create_optimization_profile = 148() -> Option<IOptimizationProfile>;
    /// C++ `getErrorRecorder`, `IErrorRecorder * ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_error_recorder = 149() -> Option<IErrorRecorder>;
    /// C++ `getLogger`, `ILogger * ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_logger = 150() -> Option<ILogger>;
    /// C++ `getMaxDLABatchSize`, `int32_t ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_max_dla_batch_size = 151() -> i32;
    /// C++ `getMaxThreads`, `int32_t ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_max_threads = 152() -> i32;
    /// C++ `getNbDLACores`, `int32_t ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_nb_dla_cores = 153() -> i32;
    /// C++ `getPluginRegistry`, `IPluginRegistry & ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_plugin_registry = 154() -> Option<IPluginRegistry>;
    /// C++ `isNetworkSupported`, `bool (const INetworkDefinition &, const IBuilderConfig &)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn is_network_supported = 155(a0: INetworkDefinition, a1: IBuilderConfig) -> bool;
    /// C++ `platformHasFastFp16`, `bool ()`: TensorRT 10.0-10.16, TensorRT-RTX 1.3-1.4.
    fn platform_has_fast_fp16 = 156() -> bool;
    /// C++ `platformHasFastInt8`, `bool ()`: TensorRT 10.0-10.16, TensorRT-RTX 1.3-1.4.
    fn platform_has_fast_int8 = 157() -> bool;
    /// C++ `platformHasTf32`, `bool ()`: TensorRT 10.0-10.16, TensorRT-RTX 1.3-1.4.
    fn platform_has_tf32 = 158() -> bool;
    /// C++ `reset`, `void ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn reset = 159() -> ();
    /// C++ `setErrorRecorder`, `void (IErrorRecorder *)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_error_recorder = 160(a0: Option<IErrorRecorder>) -> ();
    /// C++ `setGpuAllocator`, `void (IGpuAllocator *)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_gpu_allocator = 161(a0: Option<IGpuAllocator>) -> ();
    /// C++ `setMaxThreads`, `bool (int32_t)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_max_threads = 162(a0: i32) -> bool;
} }

class! { VBuilderConfig {
    /// C++ `addOptimizationProfile`, `int32_t (const IOptimizationProfile *)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn add_optimization_profile = 165(a0: Option<IOptimizationProfile>) -> i32;
    /// C++ `canRunOnDLA`, `bool (const ILayer *)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn can_run_on_dla = 166(a0: Option<ILayer>) -> bool;
    /// C++ `clearFlag`, `void (BuilderFlag)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn clear_flag = 167(a0: i32) -> ();
    /// C++ `clearQuantizationFlag`, `void (QuantizationFlag)`: TensorRT 10.0-10.16.
    fn clear_quantization_flag = 168(a0: i32) -> ();
    /// C++ `createTimingCache`, `ITimingCache * (const void *, std::size_t)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn create_timing_cache = 169(a0: *const c_void, a1: usize) -> Option<ITimingCache>;
    /// C++ `getAllBuildRoutes`, `const char * ()`: TensorRT 11.1-11.4, TensorRT-RTX 1.6-1.7.
    fn get_all_build_routes = 171() -> *const c_char;
    /// C++ `getAvgTimingIterations`, `int32_t ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_avg_timing_iterations = 172() -> i32;
    /// C++ `getBuildRoute`, `const char * ()`: TensorRT 11.1-11.4, TensorRT-RTX 1.6-1.7.
    fn get_build_route = 173() -> *const c_char;
    /// C++ `getBuilderOptimizationLevel`, `int32_t ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_builder_optimization_level = 174() -> i32;
    /// C++ `getCalibrationProfile`, `const IOptimizationProfile * ()`: TensorRT 10.0-10.16.
    fn get_calibration_profile = 175() -> Option<IOptimizationProfile>;
    /// C++ `getComputeCapability`, `ComputeCapability (int32_t)`: TensorRT-RTX 1.3-1.7.
    fn get_compute_capability = 176(a0: i32) -> i32;
    /// C++ `getDLACore`, `int32_t ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_dla_core = 177() -> i32;
    /// C++ `getDefaultDeviceType`, `DeviceType ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_default_device_type = 178() -> i32;
    /// C++ `getDeviceType`, `DeviceType (const ILayer *)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_device_type = 179(a0: Option<ILayer>) -> i32;
    /// C++ `getEngineCapability`, `EngineCapability ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_engine_capability = 180() -> i32;
    /// C++ `getFlag`, `bool (BuilderFlag)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_flag = 181(a0: i32) -> bool;
    /// C++ `getFlags`, `BuilderFlags ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_flags = 182() -> u32;
    /// C++ `getHardwareCompatibilityLevel`, `HardwareCompatibilityLevel ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_hardware_compatibility_level = 183() -> i32;
    /// C++ `getInt8Calibrator`, `IInt8Calibrator * ()`: TensorRT 10.0-10.16.
    fn get_int8_calibrator = 184() -> Option<IInt8Calibrator>;
    /// C++ `getL2LimitForTiling`, `int64_t ()`: TensorRT 10.8-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_l2_limit_for_tiling = 185() -> i64;
    /// C++ `getMaxAuxStreams`, `int32_t ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_max_aux_streams = 186() -> i32;
    /// C++ `getMaxNbTactics`, `int32_t ()`: TensorRT 10.4-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_max_nb_tactics = 187() -> i32;
    /// C++ `getMemoryPoolLimit`, `std::size_t (MemoryPoolType)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_memory_pool_limit = 188(a0: i32) -> usize;
    /// C++ `getNbComputeCapabilities`, `int32_t ()`: TensorRT-RTX 1.3-1.7.
    fn get_nb_compute_capabilities = 189() -> i32;
    /// C++ `getNbOptimizationProfiles`, `int32_t ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_nb_optimization_profiles = 190() -> i32;
    /// C++ `getNbPluginsToSerialize`, `int32_t ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_nb_plugins_to_serialize = 191() -> i32;
    /// C++ `getPluginToSerialize`, `const char * (int32_t)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_plugin_to_serialize = 192(a0: i32) -> *const c_char;
    /// C++ `getPreviewFeature`, `bool (PreviewFeature)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_preview_feature = 193(a0: i32) -> bool;
    /// C++ `getProfileStream`, `cudaStream_t ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_profile_stream = 194() -> *mut c_void;
    /// C++ `getProfilingVerbosity`, `ProfilingVerbosity ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_profiling_verbosity = 195() -> i32;
    /// C++ `getProgressMonitor`, `IProgressMonitor * ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_progress_monitor = 196() -> Option<IProgressMonitor>;
    /// C++ `getQuantizationFlag`, `bool (QuantizationFlag)`: TensorRT 10.0-10.16.
    fn get_quantization_flag = 197(a0: i32) -> bool;
    /// C++ `getQuantizationFlags`, `QuantizationFlags ()`: TensorRT 10.0-10.16.
    fn get_quantization_flags = 198() -> u32;
    /// C++ `getRemoteAutoTuningConfig`, `const char * ()`: TensorRT 10.13-10.16, 11.0-11.4.
    fn get_remote_auto_tuning_config = 199() -> *const c_char;
    /// C++ `getRuntimePlatform`, `RuntimePlatform ()`: TensorRT 10.2-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_runtime_platform = 200() -> i32;
    /// C++ `getTacticSources`, `TacticSources ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_tactic_sources = 201() -> u32;
    /// C++ `getTilingOptimizationLevel`, `TilingOptimizationLevel ()`: TensorRT 10.8-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_tiling_optimization_level = 202() -> i32;
    /// C++ `getTimingCache`, `const ITimingCache * ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_timing_cache = 203() -> Option<ITimingCache>;
    /// C++ `isDeviceTypeSet`, `bool (const ILayer *)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn is_device_type_set = 204(a0: Option<ILayer>) -> bool;
    /// C++ `reset`, `void ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn reset = 205() -> ();
    /// C++ `resetDeviceType`, `void (const ILayer *)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn reset_device_type = 206(a0: Option<ILayer>) -> ();
    /// C++ `setAvgTimingIterations`, `void (int32_t)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_avg_timing_iterations = 208(a0: i32) -> ();
    /// C++ `setBuildRoute`, `bool (const char *)`: TensorRT 11.1-11.4, TensorRT-RTX 1.6-1.7.
    fn set_build_route = 209(a0: *const c_char) -> bool;
    /// C++ `setBuilderOptimizationLevel`, `void (int32_t)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_builder_optimization_level = 210(a0: i32) -> ();
    /// C++ `setCalibrationProfile`, `bool (const IOptimizationProfile *)`: TensorRT 10.0-10.16.
    fn set_calibration_profile = 211(a0: Option<IOptimizationProfile>) -> bool;
    /// C++ `setComputeCapability`, `bool (ComputeCapability, int32_t)`: TensorRT-RTX 1.3-1.7.
    fn set_compute_capability = 212(a0: i32, a1: i32) -> bool;
    /// C++ `setDLACore`, `void (int32_t)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_dla_core = 213(a0: i32) -> ();
    /// C++ `setDefaultDeviceType`, `void (DeviceType)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_default_device_type = 214(a0: i32) -> ();
    /// C++ `setDeviceType`, `void (const ILayer *, DeviceType)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_device_type = 215(a0: Option<ILayer>, a1: i32) -> ();
    /// C++ `setEngineCapability`, `void (EngineCapability)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_engine_capability = 216(a0: i32) -> ();
    /// C++ `setFlag`, `void (BuilderFlag)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_flag = 217(a0: i32) -> ();
    /// C++ `setFlags`, `void (BuilderFlags)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_flags = 218(a0: u32) -> ();
    /// C++ `setHardwareCompatibilityLevel`, `void (HardwareCompatibilityLevel)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_hardware_compatibility_level = 219(a0: i32) -> ();
    /// C++ `setInt8Calibrator`, `void (IInt8Calibrator *)`: TensorRT 10.0-10.16.
    fn set_int8_calibrator = 220(a0: Option<IInt8Calibrator>) -> ();
    /// C++ `setL2LimitForTiling`, `bool (int64_t)`: TensorRT 10.8-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_l2_limit_for_tiling = 221(a0: i64) -> bool;
    /// C++ `setMaxAuxStreams`, `void (int32_t)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_max_aux_streams = 222(a0: i32) -> ();
    /// C++ `setMaxNbTactics`, `void (int32_t)`: TensorRT 10.4-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_max_nb_tactics = 223(a0: i32) -> ();
    /// C++ `setMemoryPoolLimit`, `void (MemoryPoolType, std::size_t)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_memory_pool_limit = 224(a0: i32, a1: usize) -> ();
    /// C++ `setNbComputeCapabilities`, `bool (int32_t)`: TensorRT-RTX 1.3-1.7.
    fn set_nb_compute_capabilities = 225(a0: i32) -> bool;
    /// C++ `setPluginsToSerialize`, `void (const char *const *, int32_t)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_plugins_to_serialize = 226(a0: *const *const c_char, a1: i32) -> ();
    /// C++ `setPreviewFeature`, `void (PreviewFeature, bool)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_preview_feature = 227(a0: i32, a1: bool) -> ();
    /// C++ `setProfileStream`, `void (const cudaStream_t)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_profile_stream = 228(a0: *mut c_void) -> ();
    /// C++ `setProfilingVerbosity`, `void (ProfilingVerbosity)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_profiling_verbosity = 229(a0: i32) -> ();
    /// C++ `setProgressMonitor`, `void (IProgressMonitor *)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_progress_monitor = 230(a0: Option<IProgressMonitor>) -> ();
    /// C++ `setQuantizationFlag`, `void (QuantizationFlag)`: TensorRT 10.0-10.16.
    fn set_quantization_flag = 231(a0: i32) -> ();
    /// C++ `setQuantizationFlags`, `void (QuantizationFlags)`: TensorRT 10.0-10.16.
    fn set_quantization_flags = 232(a0: u32) -> ();
    /// C++ `setRemoteAutoTuningConfig`, `bool (const char *)`: TensorRT 10.13-10.16, 11.0-11.4.
    fn set_remote_auto_tuning_config = 233(a0: *const c_char) -> bool;
    /// C++ `setRuntimePlatform`, `void (RuntimePlatform)`: TensorRT 10.2-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_runtime_platform = 234(a0: i32) -> ();
    /// C++ `setTacticSources`, `bool (TacticSources)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_tactic_sources = 235(a0: u32) -> bool;
    /// C++ `setTilingOptimizationLevel`, `bool (TilingOptimizationLevel)`: TensorRT 10.8-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_tiling_optimization_level = 236(a0: i32) -> bool;
    /// C++ `setTimingCache`, `bool (const ITimingCache &, bool)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_timing_cache = 237(a0: ITimingCache, a1: bool) -> bool;
} }

class! { VCudaEngine {
    /// C++ `areWeightsLoaded`, `bool ()`: TensorRT-RTX 1.6-1.7.
    fn are_weights_loaded = 240() -> bool;
    /// C++ `createEngineInspector`, `IEngineInspector * ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn create_engine_inspector = 241() -> Option<IEngineInspector>;
    /// C++ `createExecutionContext`, `IExecutionContext * (ExecutionContextAllocationStrategy)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn create_execution_context = 242(a0: i32) -> Option<IExecutionContext>;
    /// C++ `createExecutionContextWithRuntimeConfig`, `IExecutionContext * (IRuntimeConfig *)`: TensorRT 10.11-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn create_execution_context_with_runtime_config = 243(a0: Option<IRuntimeConfig>) -> Option<IExecutionContext>;
    /// C++ `createExecutionContextWithoutDeviceMemory`, `IExecutionContext * ()`: TensorRT 10.0-10.16.
    fn create_execution_context_without_device_memory = 244() -> Option<IExecutionContext>;
    /// C++ `createRuntimeConfig`, `IRuntimeConfig * ()`: TensorRT 10.11-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn create_runtime_config = 246() -> Option<IRuntimeConfig>;
    /// C++ `createSerializationConfig`, `ISerializationConfig * ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn create_serialization_config = 247() -> Option<ISerializationConfig>;
    /// C++ `getAliasedInputTensor`, `const char * (const char *)`: TensorRT 10.15-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_aliased_input_tensor = 249(a0: *const c_char) -> *const c_char;
    /// C++ `getDeviceMemorySize`, `size_t ()`: TensorRT 10.0-10.16.
    fn get_device_memory_size = 250() -> usize;
    /// C++ `getDeviceMemorySizeForProfile`, `size_t (int32_t)`: TensorRT 10.0-10.16, TensorRT-RTX 1.3-1.4.
    fn get_device_memory_size_for_profile = 251(a0: i32) -> usize;
    /// C++ `getDeviceMemorySizeForProfileV2`, `int64_t (int32_t)`: TensorRT 10.1-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_device_memory_size_for_profile_v2 = 252(a0: i32) -> i64;
    /// C++ `getDeviceMemorySizeV2`, `int64_t ()`: TensorRT 10.1-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_device_memory_size_v2 = 253() -> i64;
    /// C++ `getEngineCapability`, `EngineCapability ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_engine_capability = 254() -> i32;
    /// C++ `getEngineStat`, `int64_t (EngineStat)`: TensorRT 10.14-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_engine_stat = 255(a0: i32) -> i64;
    /// C++ `getErrorRecorder`, `IErrorRecorder * ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_error_recorder = 256() -> Option<IErrorRecorder>;
    /// C++ `getHardwareCompatibilityLevel`, `HardwareCompatibilityLevel ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_hardware_compatibility_level = 257() -> i32;
    /// C++ `getIOTensorName`, `const char * (int32_t)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_io_tensor_name = 258(a0: i32) -> *const c_char;
    /// C++ `getMinimumWeightStreamingBudget`, `int64_t ()`: TensorRT 10.0-10.16, TensorRT-RTX 1.3-1.4.
    fn get_minimum_weight_streaming_budget = 259() -> i64;
    /// C++ `getName`, `const char * ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_name = 260() -> *const c_char;
    /// C++ `getNbAuxStreams`, `int32_t ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_nb_aux_streams = 261() -> i32;
    /// C++ `getNbIOTensors`, `int32_t ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_nb_io_tensors = 262() -> i32;
    /// C++ `getNbLayers`, `int32_t ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_nb_layers = 263() -> i32;
    /// C++ `getNbOptimizationProfiles`, `int32_t ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_nb_optimization_profiles = 264() -> i32;
    /// C++ `getPImpl`, `ICudaEngine * ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_p_impl = 265() -> Option<ICudaEngine>;
    /// C++ `getProfileShape`, `Dims (const char *, int32_t, OptProfileSelector)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_profile_shape = 266(a0: *const c_char, a1: i32, a2: i32) -> Dims;
    /// C++ `getProfileTensorValues`, `const int32_t * (const char *, int32_t, OptProfileSelector)`: TensorRT 10.0-10.16, TensorRT-RTX 1.3-1.4.
    fn get_profile_tensor_values = 267(a0: *const c_char, a1: i32, a2: i32) -> *const i32;
    /// C++ `getProfileTensorValuesV2`, `const int64_t * (const char *, int32_t, OptProfileSelector)`: TensorRT 10.11-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_profile_tensor_values_v2 = 268(a0: *const c_char, a1: i32, a2: i32) -> *const i64;
    /// C++ `getProfilingVerbosity`, `ProfilingVerbosity ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_profiling_verbosity = 269() -> i32;
    /// C++ `getStreamableWeightsSize`, `int64_t ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_streamable_weights_size = 270() -> i64;
    /// C++ `getTacticSources`, `TacticSources ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_tactic_sources = 271() -> u32;
    /// C++ `getTensorBytesPerComponent`, `int32_t (const char *)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_tensor_bytes_per_component = 272(a0: *const c_char) -> i32;
    /// C++ `getTensorBytesPerComponentV2`, `int32_t (const char *, int32_t)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_tensor_bytes_per_component_v2 = 273(a0: *const c_char, a1: i32) -> i32;
    /// C++ `getTensorComponentsPerElement`, `int32_t (const char *)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_tensor_components_per_element = 274(a0: *const c_char) -> i32;
    /// C++ `getTensorComponentsPerElementV2`, `int32_t (const char *, int32_t)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_tensor_components_per_element_v2 = 275(a0: *const c_char, a1: i32) -> i32;
    /// C++ `getTensorDataType`, `DataType (const char *)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_tensor_data_type = 276(a0: *const c_char) -> i32;
    /// C++ `getTensorFormat`, `TensorFormat (const char *)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_tensor_format = 277(a0: *const c_char) -> i32;
    /// C++ `getTensorFormatDesc`, `const char * (const char *)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_tensor_format_desc = 278(a0: *const c_char) -> *const c_char;
    /// C++ `getTensorFormatDescV2`, `const char * (const char *, int32_t)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_tensor_format_desc_v2 = 279(a0: *const c_char, a1: i32) -> *const c_char;
    /// C++ `getTensorFormatV2`, `TensorFormat (const char *, int32_t)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_tensor_format_v2 = 280(a0: *const c_char, a1: i32) -> i32;
    /// C++ `getTensorIOMode`, `TensorIOMode (const char *)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_tensor_io_mode = 281(a0: *const c_char) -> i32;
    /// C++ `getTensorLocation`, `TensorLocation (const char *)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_tensor_location = 282(a0: *const c_char) -> i32;
    /// C++ `getTensorShape`, `Dims (const char *)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_tensor_shape = 283(a0: *const c_char) -> Dims;
    /// C++ `getTensorVectorizedDim`, `int32_t (const char *)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_tensor_vectorized_dim = 284(a0: *const c_char) -> i32;
    /// C++ `getTensorVectorizedDimV2`, `int32_t (const char *, int32_t)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_tensor_vectorized_dim_v2 = 285(a0: *const c_char, a1: i32) -> i32;
    /// C++ `getWeightStreamingAutomaticBudget`, `int64_t ()`: TensorRT 10.1-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_weight_streaming_automatic_budget = 286() -> i64;
    /// C++ `getWeightStreamingBudget`, `int64_t ()`: TensorRT 10.0-10.16, TensorRT-RTX 1.3-1.4.
    fn get_weight_streaming_budget = 287() -> i64;
    /// C++ `getWeightStreamingBudgetV2`, `int64_t ()`: TensorRT 10.1-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_weight_streaming_budget_v2 = 288() -> i64;
    /// C++ `getWeightStreamingScratchMemorySize`, `int64_t ()`: TensorRT 10.1-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_weight_streaming_scratch_memory_size = 289() -> i64;
    /// C++ `hasImplicitBatchDimension`, `bool ()`: TensorRT 10.0-10.16, TensorRT-RTX 1.3-1.4.
    fn has_implicit_batch_dimension = 290() -> bool;
    /// C++ `isDebugTensor`, `bool (const char *)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn is_debug_tensor = 291(a0: *const c_char) -> bool;
    /// C++ `isRefittable`, `bool ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn is_refittable = 292() -> bool;
    /// C++ `isShapeInferenceIO`, `bool (const char *)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn is_shape_inference_io = 293(a0: *const c_char) -> bool;
    /// C++ `loadWeights`, `bool (const void *, int64_t)`: TensorRT-RTX 1.6-1.7.
    fn load_weights = 294(a0: *const c_void, a1: i64) -> bool;
    /// C++ `loadWeightsAsync`, `bool (IStreamReaderV2 &, cudaStream_t)`: TensorRT-RTX 1.6-1.7.
    fn load_weights_async = 295(a0: IStreamReaderV2, a1: *mut c_void) -> bool;
    /// C++ `serialize`, `IHostMemory * ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn serialize = 296() -> Option<IHostMemory>;
    /// C++ `serializeWithConfig`, `IHostMemory * (ISerializationConfig &)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn serialize_with_config = 297(a0: ISerializationConfig) -> Option<IHostMemory>;
    /// C++ `setErrorRecorder`, `void (IErrorRecorder *)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_error_recorder = 298(a0: Option<IErrorRecorder>) -> ();
    /// C++ `setWeightStreamingBudget`, `bool (int64_t)`: TensorRT 10.0-10.16, TensorRT-RTX 1.3-1.4.
    fn set_weight_streaming_budget = 299(a0: i64) -> bool;
    /// C++ `setWeightStreamingBudgetV2`, `bool (int64_t)`: TensorRT 10.1-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_weight_streaming_budget_v2 = 300(a0: i64) -> bool;
    /// C++ `unloadWeights`, `bool ()`: TensorRT-RTX 1.7.
    fn unload_weights = 301() -> bool;
} }

class! { VEngineInspector {
    /// C++ `getEngineInformation`, `const char * (LayerInformationFormat)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_engine_information = 304(a0: i32) -> *const c_char;
    /// C++ `getErrorRecorder`, `IErrorRecorder * ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_error_recorder = 305() -> Option<IErrorRecorder>;
    /// C++ `getExecutionContext`, `const IExecutionContext * ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_execution_context = 306() -> Option<IExecutionContext>;
    /// C++ `getLayerInformation`, `const char * (int32_t, LayerInformationFormat)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_layer_information = 307(a0: i32, a1: i32) -> *const c_char;
    /// C++ `getPImpl`, `IEngineInspector * ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_p_impl = 308() -> Option<IEngineInspector>;
    /// C++ `setErrorRecorder`, `void (IErrorRecorder *)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_error_recorder = 309(a0: Option<IErrorRecorder>) -> ();
    /// C++ `setExecutionContext`, `bool (const IExecutionContext *)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_execution_context = 310(a0: Option<IExecutionContext>) -> bool;
} }

class! { VExecutionContext {
    /// C++ `allInputDimensionsSpecified`, `bool ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn all_input_dimensions_specified = 313() -> bool;
    /// C++ `allInputShapesSpecified`, `bool ()`: TensorRT 10.0-10.16, TensorRT-RTX 1.3-1.4.
    fn all_input_shapes_specified = 314() -> bool;
    /// C++ `enqueueV3`, `bool (cudaStream_t)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn enqueue_v3 = 315(a0: *mut c_void) -> bool;
    /// C++ `executeV2`, `bool (void *const *)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn execute_v2 = 316(a0: *const *mut c_void) -> bool;
    /// C++ `getDebugState`, `bool (const char *)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_debug_state = 318(a0: *const c_char) -> bool;
    /// C++ `getDebugSync`, `bool ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_debug_sync = 319() -> bool;
    /// C++ `getEngine`, `const ICudaEngine & ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_engine = 320() -> Option<ICudaEngine>;
    /// C++ `getEnqueueEmitsProfile`, `bool ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_enqueue_emits_profile = 321() -> bool;
    /// C++ `getErrorRecorder`, `IErrorRecorder * ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_error_recorder = 322() -> Option<IErrorRecorder>;
    /// C++ `getInputConsumedEvent`, `cudaEvent_t ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_input_consumed_event = 323() -> *mut c_void;
    /// C++ `getMaxOutputSize`, `int64_t (const char *)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_max_output_size = 324(a0: *const c_char) -> i64;
    /// C++ `getName`, `const char * ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_name = 325() -> *const c_char;
    /// C++ `getNvtxVerbosity`, `ProfilingVerbosity ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_nvtx_verbosity = 326() -> i32;
    /// C++ `getOptimizationProfile`, `int32_t ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_optimization_profile = 327() -> i32;
    /// C++ `getOutputAllocator`, `IOutputAllocator * (const char *)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_output_allocator = 328(a0: *const c_char) -> Option<IOutputAllocator>;
    /// C++ `getOutputTensorAddress`, `void * (const char *)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_output_tensor_address = 329(a0: *const c_char) -> *mut c_void;
    /// C++ `getPImpl`, `IExecutionContext * ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_p_impl = 330() -> Option<IExecutionContext>;
    /// C++ `getPersistentCacheLimit`, `size_t ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_persistent_cache_limit = 331() -> usize;
    /// C++ `getProfiler`, `IProfiler * ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_profiler = 332() -> Option<IProfiler>;
    /// C++ `getRuntimeConfig`, `IRuntimeConfig * ()`: TensorRT 10.11-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_runtime_config = 333() -> Option<IRuntimeConfig>;
    /// C++ `getTemporaryStorageAllocator`, `IGpuAllocator * ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_temporary_storage_allocator = 334() -> Option<IGpuAllocator>;
    /// C++ `getTensorAddress`, `const void * (const char *)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_tensor_address = 335(a0: *const c_char) -> *const c_void;
    /// C++ `getTensorShape`, `Dims (const char *)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_tensor_shape = 336(a0: *const c_char) -> Dims;
    /// C++ `getTensorStrides`, `Dims (const char *)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_tensor_strides = 337(a0: *const c_char) -> Dims;
    /// C++ `getUnfusedTensorsDebugState`, `bool ()`: TensorRT 10.12-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_unfused_tensors_debug_state = 338() -> bool;
    /// C++ `inferShapes`, `int32_t (int32_t, const char **)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn infer_shapes = 339(a0: i32, a1: *mut *const c_char) -> i32;
    /// C++ `isStreamCapturable`, `bool (cudaStream_t)`: TensorRT-RTX 1.3-1.7.
    fn is_stream_capturable = 340(a0: *mut c_void) -> bool;
    /// C++ `reportToProfiler`, `bool ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn report_to_profiler = 341() -> bool;
    /// C++ `setAllTensorsDebugState`, `bool (bool)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_all_tensors_debug_state = 342(a0: bool) -> bool;
    /// C++ `setAuxStreams`, `void (cudaStream_t *, int32_t)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_aux_streams = 343(a0: *mut *mut c_void, a1: i32) -> ();
    /// C++ `setCommunicator`, `bool (void *)`: TensorRT 10.16, 11.0-11.4, TensorRT-RTX 1.4-1.7.
    fn set_communicator = 344(a0: *mut c_void) -> bool;
    /// C++ `setDebugSync`, `void (bool)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_debug_sync = 346(a0: bool) -> ();
    /// C++ `setDeviceMemory`, `void (void *)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_device_memory = 347(a0: *mut c_void) -> ();
    /// C++ `setDeviceMemoryV2`, `void (void *, int64_t)`: TensorRT 10.1-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_device_memory_v2 = 348(a0: *mut c_void, a1: i64) -> ();
    /// C++ `setEnqueueEmitsProfile`, `void (bool)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_enqueue_emits_profile = 349(a0: bool) -> ();
    /// C++ `setErrorRecorder`, `void (IErrorRecorder *)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_error_recorder = 350(a0: Option<IErrorRecorder>) -> ();
    /// C++ `setInputConsumedEvent`, `bool (cudaEvent_t)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_input_consumed_event = 351(a0: *mut c_void) -> bool;
    /// C++ `setInputShape`, `bool (const char *, const Dims &)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_input_shape = 352(a0: *const c_char, a1: &Dims) -> bool;
    /// C++ `setInputTensorAddress`, `bool (const char *, const void *)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_input_tensor_address = 353(a0: *const c_char, a1: *const c_void) -> bool;
    /// C++ `setName`, `void (const char *)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_name = 354(a0: *const c_char) -> ();
    /// C++ `setNvtxVerbosity`, `bool (ProfilingVerbosity)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_nvtx_verbosity = 355(a0: i32) -> bool;
    /// C++ `setOptimizationProfileAsync`, `bool (int32_t, cudaStream_t)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_optimization_profile_async = 356(a0: i32, a1: *mut c_void) -> bool;
    /// C++ `setOutputAllocator`, `bool (const char *, IOutputAllocator *)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_output_allocator = 357(a0: *const c_char, a1: Option<IOutputAllocator>) -> bool;
    /// C++ `setOutputTensorAddress`, `bool (const char *, void *)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_output_tensor_address = 358(a0: *const c_char, a1: *mut c_void) -> bool;
    /// C++ `setPersistentCacheLimit`, `void (size_t)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_persistent_cache_limit = 359(a0: usize) -> ();
    /// C++ `setProfiler`, `void (IProfiler *)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_profiler = 360(a0: Option<IProfiler>) -> ();
    /// C++ `setTemporaryStorageAllocator`, `bool (IGpuAllocator *)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_temporary_storage_allocator = 361(a0: Option<IGpuAllocator>) -> bool;
    /// C++ `setTensorAddress`, `bool (const char *, void *)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_tensor_address = 362(a0: *const c_char, a1: *mut c_void) -> bool;
    /// C++ `setTensorDebugState`, `bool (const char *, bool)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_tensor_debug_state = 363(a0: *const c_char, a1: bool) -> bool;
    /// C++ `setUnfusedTensorsDebugState`, `bool (bool)`: TensorRT 10.12-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_unfused_tensors_debug_state = 364(a0: bool) -> bool;
    /// C++ `updateDeviceMemorySizeForShapes`, `size_t ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn update_device_memory_size_for_shapes = 365() -> usize;
} }

class! { VHostMemory {
    /// C++ `data`, `void * ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn data = 368() -> *mut c_void;
    /// C++ `size`, `std::size_t ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn size = 369() -> usize;
    /// C++ `type`, `DataType ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn type_of = 370() -> i32;
} }

class! { VLayer {
    /// C++ `getInput`, `ITensor * (int32_t)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_input = 373(a0: i32) -> Option<ITensor>;
    /// C++ `getMetadata`, `const char * ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_metadata = 374() -> *const c_char;
    /// C++ `getName`, `const char * ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_name = 375() -> *const c_char;
    /// C++ `getNbInputs`, `int32_t ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_nb_inputs = 376() -> i32;
    /// C++ `getNbOutputs`, `int32_t ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_nb_outputs = 377() -> i32;
    /// C++ `getNbRanks`, `int32_t ()`: TensorRT 10.16, 11.0-11.4, TensorRT-RTX 1.4-1.7.
    fn get_nb_ranks = 378() -> i32;
    /// C++ `getOutput`, `ITensor * (int32_t)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_output = 379(a0: i32) -> Option<ITensor>;
    /// C++ `getOutputType`, `DataType (int32_t)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_output_type = 380(a0: i32) -> i32;
    /// C++ `getPrecision`, `DataType ()`: TensorRT 10.0-10.16, TensorRT-RTX 1.3-1.4.
    fn get_precision = 381() -> i32;
    /// C++ `getType`, `LayerType ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_type = 382() -> i32;
    /// C++ `outputTypeIsSet`, `bool (int32_t)`: TensorRT 10.0-10.16, TensorRT-RTX 1.3-1.4.
    fn output_type_is_set = 383(a0: i32) -> bool;
    /// C++ `precisionIsSet`, `bool ()`: TensorRT 10.0-10.16, TensorRT-RTX 1.3-1.4.
    fn precision_is_set = 384() -> bool;
    /// C++ `resetOutputType`, `void (int32_t)`: TensorRT 10.0-10.16, TensorRT-RTX 1.3-1.4.
    fn reset_output_type = 385(a0: i32) -> ();
    /// C++ `resetPrecision`, `void ()`: TensorRT 10.0-10.16, TensorRT-RTX 1.3-1.4.
    fn reset_precision = 386() -> ();
    /// C++ `setInput`, `void (int32_t, ITensor &)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_input = 387(a0: i32, a1: ITensor) -> ();
    /// C++ `setMetadata`, `void (const char *)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_metadata = 388(a0: *const c_char) -> ();
    /// C++ `setName`, `void (const char *)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_name = 389(a0: *const c_char) -> ();
    /// C++ `setNbRanks`, `bool (int32_t)`: TensorRT 10.16, 11.0-11.4, TensorRT-RTX 1.4-1.7.
    fn set_nb_ranks = 390(a0: i32) -> bool;
    /// C++ `setOutputType`, `void (int32_t, DataType)`: TensorRT 10.0-10.16, TensorRT-RTX 1.3-1.4.
    fn set_output_type = 391(a0: i32, a1: i32) -> ();
    /// C++ `setPrecision`, `void (DataType)`: TensorRT 10.0-10.16, TensorRT-RTX 1.3-1.4.
    fn set_precision = 392(a0: i32) -> ();
} }

class! { VNetworkDefinition {
    /// C++ `addInput`, `ITensor * (const char *, DataType, const Dims &)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn add_input = 419(a0: *const c_char, a1: i32, a2: &Dims) -> Option<ITensor>;
    /// C++ `areWeightsMarkedRefittable`, `bool (const char *)`: TensorRT 10.2-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn are_weights_marked_refittable = 458(a0: *const c_char) -> bool;
    /// C++ `getBuilder`, `IBuilder & ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_builder = 459() -> Option<IBuilder>;
    /// C++ `getErrorRecorder`, `IErrorRecorder * ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_error_recorder = 460() -> Option<IErrorRecorder>;
    /// C++ `getFlag`, `bool (NetworkDefinitionCreationFlag)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_flag = 461(a0: i32) -> bool;
    /// C++ `getFlags`, `NetworkDefinitionCreationFlags ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_flags = 462() -> u32;
    /// C++ `getInput`, `ITensor * (int32_t)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_input = 463(a0: i32) -> Option<ITensor>;
    /// C++ `getLayer`, `ILayer * (int32_t)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_layer = 464(a0: i32) -> Option<ILayer>;
    /// C++ `getName`, `const char * ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_name = 465() -> *const c_char;
    /// C++ `getNbInputs`, `int32_t ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_nb_inputs = 466() -> i32;
    /// C++ `getNbLayers`, `int32_t ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_nb_layers = 467() -> i32;
    /// C++ `getNbOutputs`, `int32_t ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_nb_outputs = 468() -> i32;
    /// C++ `getOutput`, `ITensor * (int32_t)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_output = 469(a0: i32) -> Option<ITensor>;
    /// C++ `hasImplicitBatchDimension`, `bool ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn has_implicit_batch_dimension = 470() -> bool;
    /// C++ `isDebugTensor`, `bool (const ITensor &)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn is_debug_tensor = 471(a0: ITensor) -> bool;
    /// C++ `markDebug`, `bool (ITensor &)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn mark_debug = 472(a0: ITensor) -> bool;
    /// C++ `markOutput`, `void (ITensor &)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn mark_output = 473(a0: ITensor) -> ();
    /// C++ `markOutputForShapes`, `bool (ITensor &)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn mark_output_for_shapes = 474(a0: ITensor) -> bool;
    /// C++ `markUnfusedTensorsAsDebugTensors`, `bool ()`: TensorRT 10.12-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn mark_unfused_tensors_as_debug_tensors = 475() -> bool;
    /// C++ `markWeightsRefittable`, `bool (const char *)`: TensorRT 10.2-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn mark_weights_refittable = 476(a0: *const c_char) -> bool;
    /// C++ `removeTensor`, `void (ITensor &)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn remove_tensor = 477(a0: ITensor) -> ();
    /// C++ `setErrorRecorder`, `void (IErrorRecorder *)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_error_recorder = 478(a0: Option<IErrorRecorder>) -> ();
    /// C++ `setName`, `void (const char *)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_name = 479(a0: *const c_char) -> ();
    /// C++ `unmarkDebug`, `bool (ITensor &)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn unmark_debug = 481(a0: ITensor) -> bool;
    /// C++ `unmarkOutput`, `void (ITensor &)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn unmark_output = 482(a0: ITensor) -> ();
    /// C++ `unmarkOutputForShapes`, `bool (ITensor &)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn unmark_output_for_shapes = 483(a0: ITensor) -> bool;
    /// C++ `unmarkUnfusedTensorsAsDebugTensors`, `bool ()`: TensorRT 10.12-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn unmark_unfused_tensors_as_debug_tensors = 484() -> bool;
    /// C++ `unmarkWeightsRefittable`, `bool (const char *)`: TensorRT 10.2-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn unmark_weights_refittable = 485(a0: *const c_char) -> bool;
} }

class! { VOptimizationProfile {
    /// C++ `getDimensions`, `Dims (const char *, OptProfileSelector)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_dimensions = 488(a0: *const c_char, a1: i32) -> Dims;
    /// C++ `getExtraMemoryTarget`, `float ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_extra_memory_target = 489() -> f32;
    /// C++ `getNbShapeValues`, `int32_t (const char *)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_nb_shape_values = 490(a0: *const c_char) -> i32;
    /// C++ `getProfileStream`, `cudaStream_t ()`: TensorRT 11.4, TensorRT-RTX 1.7.
    fn get_profile_stream = 491() -> *mut c_void;
    /// C++ `getShapeValues`, `const int32_t * (const char *, OptProfileSelector)`: TensorRT 10.0-10.16, TensorRT-RTX 1.3-1.4.
    fn get_shape_values = 492(a0: *const c_char, a1: i32) -> *const i32;
    /// C++ `getShapeValuesV2`, `const int64_t * (const char *, OptProfileSelector)`: TensorRT 10.11-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_shape_values_v2 = 493(a0: *const c_char, a1: i32) -> *const i64;
    /// C++ `isValid`, `bool ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn is_valid = 494() -> bool;
    /// C++ `setDimensions`, `bool (const char *, OptProfileSelector, const Dims &)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_dimensions = 495(a0: *const c_char, a1: i32, a2: &Dims) -> bool;
    /// C++ `setExtraMemoryTarget`, `bool (float)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_extra_memory_target = 496(a0: f32) -> bool;
    /// C++ `setProfileStream`, `void (cudaStream_t)`: TensorRT 11.4, TensorRT-RTX 1.7.
    fn set_profile_stream = 497(a0: *mut c_void) -> ();
    /// C++ `setShapeValues`, `bool (const char *, OptProfileSelector, const int32_t *, int32_t)`: TensorRT 10.0-10.16, TensorRT-RTX 1.3-1.4.
    fn set_shape_values = 498(a0: *const c_char, a1: i32, a2: *const i32, a3: i32) -> bool;
    /// C++ `setShapeValuesV2`, `bool (const char *, OptProfileSelector, const int64_t *, int32_t)`: TensorRT 10.11-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_shape_values_v2 = 499(a0: *const c_char, a1: i32, a2: *const i64, a3: i32) -> bool;
} }

class! { VRefitter {
    /// C++ `getAllWeights`, `int32_t (int32_t, const char **)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_all_weights = 503(a0: i32, a1: *mut *const c_char) -> i32;
    /// C++ `getDynamicRangeMax`, `float (const char *)`: TensorRT 10.0-10.16, TensorRT-RTX 1.3-1.4.
    fn get_dynamic_range_max = 504(a0: *const c_char) -> f32;
    /// C++ `getDynamicRangeMin`, `float (const char *)`: TensorRT 10.0-10.16, TensorRT-RTX 1.3-1.4.
    fn get_dynamic_range_min = 505(a0: *const c_char) -> f32;
    /// C++ `getErrorRecorder`, `IErrorRecorder * ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_error_recorder = 506() -> Option<IErrorRecorder>;
    /// C++ `getLogger`, `ILogger * ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_logger = 507() -> Option<ILogger>;
    /// C++ `getMaxThreads`, `int32_t ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_max_threads = 508() -> i32;
    /// C++ `getMissingWeights`, `int32_t (int32_t, const char **)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_missing_weights = 510(a0: i32, a1: *mut *const c_char) -> i32;
    /// C++ `getTensorsWithDynamicRange`, `int32_t (int32_t, const char **)`: TensorRT 10.0-10.16, TensorRT-RTX 1.3-1.4.
    fn get_tensors_with_dynamic_range = 513(a0: i32, a1: *mut *const c_char) -> i32;
    /// C++ `getWeightsLocation`, `TensorLocation (const char *)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_weights_location = 514(a0: *const c_char) -> i32;
    /// C++ `getWeightsValidation`, `bool ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_weights_validation = 516() -> bool;
    /// C++ `refitCudaEngine`, `bool ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn refit_cuda_engine = 517() -> bool;
    /// C++ `refitCudaEngineAsync`, `bool (cudaStream_t)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn refit_cuda_engine_async = 518(a0: *mut c_void) -> bool;
    /// C++ `releaseRefitResources`, `bool ()`: TensorRT 11.4, TensorRT-RTX 1.7.
    fn release_refit_resources = 519() -> bool;
    /// C++ `setDynamicRange`, `bool (const char *, float, float)`: TensorRT 10.0-10.16, TensorRT-RTX 1.3-1.4.
    fn set_dynamic_range = 520(a0: *const c_char, a1: f32, a2: f32) -> bool;
    /// C++ `setErrorRecorder`, `void (IErrorRecorder *)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_error_recorder = 521(a0: Option<IErrorRecorder>) -> ();
    /// C++ `setMaxThreads`, `bool (int32_t)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_max_threads = 522(a0: i32) -> bool;
    /// C++ `setWeightsValidation`, `void (bool)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_weights_validation = 526(a0: bool) -> ();
    /// C++ `unsetNamedWeights`, `bool (const char *)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn unset_named_weights = 527(a0: *const c_char) -> bool;
} }

class! { VRuntime {
    /// C++ `deserializeCudaEngine(const void *, std::size_t)`, `ICudaEngine * (const void *, std::size_t)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn deserialize_cuda_engine = 531(a0: *const c_void, a1: usize) -> Option<ICudaEngine>;
    /// C++ `deserializeCudaEngineV2`, `ICudaEngine * (IStreamReaderV2 &)`: TensorRT 10.7-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn deserialize_cuda_engine_v2 = 532(a0: IStreamReaderV2) -> Option<ICudaEngine>;
    /// C++ `getDLACore`, `int32_t ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_dla_core = 533() -> i32;
    /// C++ `getDeferredWeightsLoading`, `bool ()`: TensorRT-RTX 1.6-1.7.
    fn get_deferred_weights_loading = 535() -> bool;
    /// C++ `getEngineHeaderSize`, `int64_t ()`: TensorRT-RTX 1.3-1.7.
    fn get_engine_header_size = 536() -> i64;
    /// C++ `getEngineHostCodeAllowed`, `bool ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_engine_host_code_allowed = 537() -> bool;
    /// C++ `getEngineValidity`, `EngineValidity (const void *, int64_t, uint64_t *)`: TensorRT-RTX 1.3-1.7.
    fn get_engine_validity = 538(a0: *const c_void, a1: i64, a2: *mut u64) -> i32;
    /// C++ `getErrorRecorder`, `IErrorRecorder * ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_error_recorder = 539() -> Option<IErrorRecorder>;
    /// C++ `getLogger`, `ILogger * ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_logger = 540() -> Option<ILogger>;
    /// C++ `getMaxThreads`, `int32_t ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_max_threads = 541() -> i32;
    /// C++ `getNbDLACores`, `int32_t ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_nb_dla_cores = 542() -> i32;
    /// C++ `getPImpl`, `IRuntime * ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_p_impl = 543() -> Option<IRuntime>;
    /// C++ `getPluginRegistry`, `IPluginRegistry & ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_plugin_registry = 544() -> Option<IPluginRegistry>;
    /// C++ `getTempfileControlFlags`, `TempfileControlFlags ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_tempfile_control_flags = 545() -> u32;
    /// C++ `getTemporaryDirectory`, `const char * ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_temporary_directory = 546() -> *const c_char;
    /// C++ `loadRuntime`, `IRuntime * (const char *)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn load_runtime = 547(a0: *const c_char) -> Option<IRuntime>;
    /// C++ `setDLACore`, `void (int32_t)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_dla_core = 548(a0: i32) -> ();
    /// C++ `setDeferredWeightsLoading`, `void (bool)`: TensorRT-RTX 1.6-1.7.
    fn set_deferred_weights_loading = 550(a0: bool) -> ();
    /// C++ `setEngineHostCodeAllowed`, `void (bool)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_engine_host_code_allowed = 551(a0: bool) -> ();
    /// C++ `setErrorRecorder`, `void (IErrorRecorder *)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_error_recorder = 552(a0: Option<IErrorRecorder>) -> ();
    /// C++ `setGpuAllocator`, `void (IGpuAllocator *)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_gpu_allocator = 553(a0: Option<IGpuAllocator>) -> ();
    /// C++ `setMaxThreads`, `bool (int32_t)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_max_threads = 554(a0: i32) -> bool;
    /// C++ `setPluginRegistryParent`, `void (IPluginRegistry *)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_plugin_registry_parent = 555(a0: Option<IPluginRegistry>) -> ();
    /// C++ `setTempfileControlFlags`, `void (TempfileControlFlags)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_tempfile_control_flags = 556(a0: u32) -> ();
    /// C++ `setTemporaryDirectory`, `void (const char *)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_temporary_directory = 557(a0: *const c_char) -> ();
} }

class! { VRuntimeCache {
    /// C++ `deserialize`, `bool (const void *, size_t)`: TensorRT-RTX 1.3-1.7.
    fn deserialize = 560(a0: *const c_void, a1: usize) -> bool;
    /// C++ `reset`, `bool ()`: TensorRT-RTX 1.3-1.7.
    fn reset = 561() -> bool;
    /// C++ `serialize`, `IHostMemory * ()`: TensorRT-RTX 1.3-1.7.
    fn serialize = 562() -> Option<IHostMemory>;
} }

class! { VRuntimeConfig {
    /// C++ `createRuntimeCache`, `IRuntimeCache * ()`: TensorRT-RTX 1.3-1.7.
    fn create_runtime_cache = 565() -> Option<IRuntimeCache>;
    /// C++ `getCudaGraphStrategy`, `CudaGraphStrategy ()`: TensorRT-RTX 1.3-1.7.
    fn get_cuda_graph_strategy = 566() -> i32;
    /// C++ `getDynamicShapesKernelSpecializationStrategy`, `DynamicShapesKernelSpecializationStrategy ()`: TensorRT-RTX 1.3-1.7.
    fn get_dynamic_shapes_kernel_specialization_strategy = 567() -> i32;
    /// C++ `getExecutionContextAllocationStrategy`, `ExecutionContextAllocationStrategy ()`: TensorRT 10.11-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_execution_context_allocation_strategy = 568() -> i32;
    /// C++ `getPImpl`, `IRuntimeConfig * ()`: TensorRT 10.11-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_p_impl = 569() -> Option<IRuntimeConfig>;
    /// C++ `getRuntimeCache`, `IRuntimeCache * ()`: TensorRT-RTX 1.3-1.7.
    fn get_runtime_cache = 570() -> Option<IRuntimeCache>;
    /// C++ `setCudaGraphStrategy`, `bool (CudaGraphStrategy)`: TensorRT-RTX 1.3-1.7.
    fn set_cuda_graph_strategy = 571(a0: i32) -> bool;
    /// C++ `setDynamicShapesKernelSpecializationStrategy`, `void (DynamicShapesKernelSpecializationStrategy)`: TensorRT-RTX 1.3-1.7.
    fn set_dynamic_shapes_kernel_specialization_strategy = 572(a0: i32) -> ();
    /// C++ `setExecutionContextAllocationStrategy`, `void (ExecutionContextAllocationStrategy)`: TensorRT 10.11-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_execution_context_allocation_strategy = 573(a0: i32) -> ();
    /// C++ `setRuntimeCache`, `bool (const IRuntimeCache &)`: TensorRT-RTX 1.3-1.7.
    fn set_runtime_cache = 574(a0: IRuntimeCache) -> bool;
} }

class! { VSerializationConfig {
    /// C++ `clearFlag`, `bool (SerializationFlag)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn clear_flag = 577(a0: i32) -> bool;
    /// C++ `getFlag`, `bool (SerializationFlag)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_flag = 578(a0: i32) -> bool;
    /// C++ `getFlags`, `SerializationFlags ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_flags = 579() -> u32;
    /// C++ `setFlag`, `bool (SerializationFlag)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_flag = 580(a0: i32) -> bool;
    /// C++ `setFlags`, `bool (SerializationFlags)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_flags = 581(a0: u32) -> bool;
} }

class! { VTensor {
    /// C++ `dynamicRangeIsSet`, `bool ()`: TensorRT 10.0-10.16.
    fn dynamic_range_is_set = 584() -> bool;
    /// C++ `getAllowedFormats`, `TensorFormats ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_allowed_formats = 585() -> u32;
    /// C++ `getBroadcastAcrossBatch`, `bool ()`: TensorRT 10.0-10.16, 11.0-11.4.
    fn get_broadcast_across_batch = 586() -> bool;
    /// C++ `getDimensionName`, `const char * (int32_t)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_dimension_name = 587(a0: i32) -> *const c_char;
    /// C++ `getDimensions`, `Dims ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_dimensions = 588() -> Dims;
    /// C++ `getDynamicRangeMax`, `float ()`: TensorRT 10.0-10.16.
    fn get_dynamic_range_max = 589() -> f32;
    /// C++ `getDynamicRangeMin`, `float ()`: TensorRT 10.0-10.16.
    fn get_dynamic_range_min = 590() -> f32;
    /// C++ `getLocation`, `TensorLocation ()`: TensorRT 10.0-10.16, 11.0-11.4.
    fn get_location = 591() -> i32;
    /// C++ `getName`, `const char * ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_name = 592() -> *const c_char;
    /// C++ `getType`, `DataType ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn get_type = 593() -> i32;
    /// C++ `isExecutionTensor`, `bool ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn is_execution_tensor = 594() -> bool;
    /// C++ `isNetworkInput`, `bool ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn is_network_input = 595() -> bool;
    /// C++ `isNetworkOutput`, `bool ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn is_network_output = 596() -> bool;
    /// C++ `isShapeTensor`, `bool ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn is_shape_tensor = 597() -> bool;
    /// C++ `resetDynamicRange`, `void ()`: TensorRT 10.0-10.16.
    fn reset_dynamic_range = 598() -> ();
    /// C++ `setAllowedFormats`, `void (TensorFormats)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_allowed_formats = 599(a0: u32) -> ();
    /// C++ `setBroadcastAcrossBatch`, `void (bool)`: TensorRT 10.0-10.16, 11.0-11.4.
    fn set_broadcast_across_batch = 600(a0: bool) -> ();
    /// C++ `setDimensionName`, `void (int32_t, const char *)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_dimension_name = 601(a0: i32, a1: *const c_char) -> ();
    /// C++ `setDimensions`, `void (const Dims &)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_dimensions = 602(a0: &Dims) -> ();
    /// C++ `setDynamicRange`, `bool (float, float)`: TensorRT 10.0-10.16.
    fn set_dynamic_range = 603(a0: f32, a1: f32) -> bool;
    /// C++ `setLocation`, `void (TensorLocation)`: TensorRT 10.0-10.16, 11.0-11.4.
    fn set_location = 604(a0: i32) -> ();
    /// C++ `setName`, `void (const char *)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn set_name = 605(a0: *const c_char) -> ();
    /// C++ `setType`, `void (DataType)`: TensorRT 10.0-10.16, TensorRT-RTX 1.3-1.4.
    fn set_type = 606(a0: i32) -> ();
} }

class! { VTimingCache {
    /// C++ `combine`, `bool (const ITimingCache &, bool)`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn combine = 609(a0: ITimingCache, a1: bool) -> bool;
    /// C++ `reset`, `bool ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn reset = 612() -> bool;
    /// C++ `serialize`, `IHostMemory * ()`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
    fn serialize = 613() -> Option<IHostMemory>;
} }
