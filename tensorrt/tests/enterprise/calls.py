"""What NVIDIA's Python binding is asked to do, and the C++ method that this must call."""

ENUMS = """BuilderFlag DataType LayerType TensorIOMode MemoryPoolType ProfilingVerbosity HardwareCompatibilityLevel TacticSource
PreviewFeature EngineCapability TensorFormat TensorLocation RuntimePlatform TilingOptimizationLevel LayerInformationFormat
QuantizationFlag SerializationFlag DeviceType EngineStat ExecutionContextAllocationStrategy""".split()


def run(report, trt):
    """Returns the binding's builder, configuration and context for further checks."""
    mock = report.mock

    def read(thing, cls, **attributes):
        for name, method in attributes.items():
            report.call(f"{cls}: {name}", f"{cls}.{method}", lambda: getattr(thing, name))

    def write(thing, cls, *rows):
        for name, value, method in rows:
            report.call(f"{cls}: {name} =", f"{cls}.{method}", lambda: setattr(thing, name, value))

    def call(thing, cls, *rows):
        """Rows of method of the binding, arguments, C++ method; returns the last value."""
        value = None
        for name, arguments, method in rows:
            value = report.call(f"{cls}: {name}()", f"{cls}.{method}", lambda: getattr(thing, name)(*arguments))
        return value

    class Logger(trt.ILogger):
        def __init__(self):
            trt.ILogger.__init__(self)
            self.lines = []

        def log(self, severity, text):
            self.lines.append((int(severity), text))

    logger = Logger()
    builder = trt.Builder(logger)
    mock.call(mock.library.mock_logger(), mock.table.slots["ILogger"]["log"], 2, mock.text("a line"))
    report.same("logger", logger.lines, [(2, "a line")])

    read(builder, "VBuilder", num_DLA_cores="getNbDLACores", max_threads="getMaxThreads", logger="getLogger")
    if "platformHasFastFp16" in mock.table.slots["VBuilder"]:
        read(builder, "VBuilder", platform_has_fast_fp16="platformHasFastFp16", platform_has_tf32="platformHasTf32")
    write(builder, "VBuilder", ("max_threads", 2, "setMaxThreads"))
    network = call(builder, "VBuilder", ("create_network", (0,), "createNetworkV2"))
    config = call(builder, "VBuilder", ("create_builder_config", (), "createBuilderConfig"))
    profile = call(builder, "VBuilder", ("create_optimization_profile", (), "createOptimizationProfile"))
    call(
        builder,
        "VBuilder",
        ("is_network_supported", (network, config), "isNetworkSupported"),
        ("get_plugin_registry", (), "getPluginRegistry"),
        ("reset", (), "reset"),
    )
    run_network(report, trt, network, read, call)
    run_config(report, trt, builder, config, profile, network, read, write, call)
    memory = call(builder, "VBuilder", ("build_serialized_network", (network, config), "buildSerializedNetwork"))
    read(memory, "VHostMemory", nbytes="size", dtype="type")
    mock.take()
    del memory  # `delete` of an `I*` object; parsers are never deleted by this binding
    report.same("delete", [(cls, name) for cls, name, _ in mock.take()], [("OUTER VHostMemory", "slot 1")])
    run_parser(report, trt, network, config, logger, read, call)
    context = run_runtime(report, trt, logger, read, write, call)
    return builder, config, context


def run_network(report, trt, network, read, call):
    n = "VNetworkDefinition"
    read(network, n, num_inputs="getNbInputs", num_outputs="getNbOutputs", num_layers="getNbLayers", name="getName", flags="getFlags")
    read(network, n, error_recorder="getErrorRecorder")
    tensor = call(network, n, ("get_output", (0,), "getOutput"), ("get_input", (0,), "getInput"))
    layer = call(network, n, ("get_layer", (0,), "getLayer"))
    call(
        network,
        n,
        ("get_flag", (list(trt.NetworkDefinitionCreationFlag.__members__.values())[0],), "getFlag"),
        ("mark_output", (tensor,), "markOutput"),
        ("unmark_output", (tensor,), "unmarkOutput"),
        ("mark_debug", (tensor,), "markDebug"),
        ("is_debug_tensor", (tensor,), "isDebugTensor"),
        ("mark_output_for_shapes", (tensor,), "markOutputForShapes"),
    )
    read(tensor, "VTensor", name="getName", dtype="getType", shape="getDimensions", is_network_input="isNetworkInput")
    read(tensor, "VTensor", is_network_output="isNetworkOutput", is_shape_tensor="isShapeTensor")
    read(tensor, "VTensor", is_execution_tensor="isExecutionTensor", allowed_formats="getAllowedFormats")
    call(tensor, "VTensor", ("get_dimension_name", (0,), "getDimensionName"))
    report.same("a shape that is returned", tuple(tensor.shape), (11, 22))
    read(layer, "VLayer", name="getName", type="getType", num_inputs="getNbInputs", num_outputs="getNbOutputs", metadata="getMetadata")
    call(layer, "VLayer", ("get_output_type", (0,), "getOutputType"), ("get_output", (0,), "getOutput"), ("get_input", (0,), "getInput"))


def run_config(report, trt, builder, config, profile, network, read, write, call):
    c = "VBuilderConfig"
    workspace = trt.MemoryPoolType.WORKSPACE
    call(
        config,
        c,
        ("set_memory_pool_limit", (workspace, 1 << 20), "setMemoryPoolLimit"),
        ("get_memory_pool_limit", (workspace,), "getMemoryPoolLimit"),
        ("set_flag", (trt.BuilderFlag.REFIT,), "setFlag"),
        ("clear_flag", (trt.BuilderFlag.REFIT,), "clearFlag"),
        ("get_flag", (trt.BuilderFlag.REFIT,), "getFlag"),
        ("add_optimization_profile", (profile,), "addOptimizationProfile"),
        ("set_tactic_sources", (1,), "setTacticSources"),
        ("get_tactic_sources", (), "getTacticSources"),
        ("set_preview_feature", (list(trt.PreviewFeature.__members__.values())[0], True), "setPreviewFeature"),
        ("get_preview_feature", (list(trt.PreviewFeature.__members__.values())[0],), "getPreviewFeature"),
        ("get_timing_cache", (), "getTimingCache"),
    )
    if "setQuantizationFlag" in report.mock.table.slots[c]:
        flag = (trt.QuantizationFlag.CALIBRATE_BEFORE_FUSION,)
        call(config, c, ("set_quantization_flag", flag, "setQuantizationFlag"), ("get_quantization_flag", flag, "getQuantizationFlag"))
        call(config, c, ("clear_quantization_flag", flag, "clearQuantizationFlag"))
    rows = [
        ("flags", 3, "setFlags"),
        ("builder_optimization_level", 3, "setBuilderOptimizationLevel"),
        ("profiling_verbosity", trt.ProfilingVerbosity.DETAILED, "setProfilingVerbosity"),
        ("hardware_compatibility_level", trt.HardwareCompatibilityLevel.AMPERE_PLUS, "setHardwareCompatibilityLevel"),
        ("max_aux_streams", 2, "setMaxAuxStreams"),
        ("engine_capability", trt.EngineCapability.STANDARD, "setEngineCapability"),
        ("plugins_to_serialize", ["a"], "setPluginsToSerialize"),
        ("profile_stream", 0, "setProfileStream"),
        ("default_device_type", trt.DeviceType.GPU, "setDefaultDeviceType"),
        ("DLA_core", 0, "setDLACore"),
        ("max_num_tactics", 3, "setMaxNbTactics"),
        ("l2_limit_for_tiling", 3, "setL2LimitForTiling"),
    ]
    for name, value, enum in (("runtime_platform", "SAME_AS_BUILD", "RuntimePlatform"), ("tiling_optimization_level", "NONE", "TilingOptimizationLevel")):
        if hasattr(trt, enum):
            rows.append((name, getattr(getattr(trt, enum), value), "set" + enum))
    slots = report.mock.table.slots[c]
    write(config, c, *[row for row in rows if row[2] in slots])
    read(config, c, flags="getFlags", builder_optimization_level="getBuilderOptimizationLevel", max_aux_streams="getMaxAuxStreams")
    read(config, c, num_optimization_profiles="getNbOptimizationProfiles", avg_timing_iterations="getAvgTimingIterations")
    # this setter is virtual in IBuilderConfig itself; the method of the implementation does the same
    report.mock.take()
    config.avg_timing_iterations = 2
    outer = [(cls, name, arguments[1]) for cls, name, arguments in report.mock.take()]
    report.same("avg_timing_iterations =", outer, [("OUTER VBuilderConfig", "slot 2", 2)])
    cache = call(config, c, ("create_timing_cache", (b"",), "createTimingCache"))
    call(config, c, ("set_timing_cache", (cache, False), "setTimingCache"))
    call(cache, "VTimingCache", ("serialize", (), "serialize"), ("combine", (cache, False), "combine"), ("reset", (), "reset"))
    call(config, c, ("reset", (), "reset"))
    p = "VOptimizationProfile"
    values = "setShapeValuesV2" if "setShapeValuesV2" in report.mock.table.slots[p] else "setShapeValues"
    call(
        profile,
        p,
        ("set_shape", ("x", (1, 2), (1, 2), (1, 2)), "setDimensions"),
        ("get_shape", ("x",), "getDimensions"),
        ("set_shape_input", ("x", [1], [1], [1]), values),
        ("__bool__", (), "isValid"),
    )
    read(profile, p, extra_memory_target="getExtraMemoryTarget")
    write(profile, p, ("extra_memory_target", 0.5, "setExtraMemoryTarget"))


def run_parser(report, trt, network, config, logger, read, call):
    p = "IParser"
    parser = trt.OnnxParser(network, logger)
    flag = trt.OnnxParserFlag.NATIVE_INSTANCENORM
    read(parser, p, num_errors="getNbErrors", flags="getFlags")
    error = call(
        parser,
        p,
        ("parse", (b"abc",), "parse"),
        ("parse_from_file", ("/x",), "parseFromFile"),
        ("supports_operator", ("Relu",), "supportsOperator"),
        ("set_flag", (flag,), "setFlag"),
        ("get_flag", (flag,), "getFlag"),
        ("clear_flag", (flag,), "clearFlag"),
        ("get_layer_output_tensor", ("a", 0), "getLayerOutputTensor"),
        ("get_error", (0,), "getError"),
    )
    if "supportsModelV2" in report.mock.table.slots[p]:
        report.mock.returns(p, "getSubgraphNodes", 0)
        rows = [("supports_model_v2", (b"abc",), "supportsModelV2"), ("is_subgraph_supported", (0,), "isSubgraphSupported")]
        call(parser, p, *rows, ("get_subgraph_nodes", (0,), "getSubgraphNodes"))
        read(parser, p, num_subgraphs="getNbSubgraphs")
    if "loadModelProto" in report.mock.table.slots[p]:
        call(parser, p, ("load_model_proto", (b"abc",), "loadModelProto"), ("parse_model_proto", (), "parseModelProto"))
    if "setBuilderConfig" in report.mock.table.slots[p]:
        call(parser, p, ("set_builder_config", (config,), "setBuilderConfig"))
    names = "code desc file line func node node_name:nodeName node_operator:nodeOperator local_function_stack_size:localFunctionStackSize"
    for name in names.split():
        python, _, method = name.partition(":")
        call(error, "IParserError", (python, (), method or python))
    call(parser, p, ("clear_errors", (), "clearErrors"))



def run_runtime(report, trt, logger, read, write, call):
    r, e, x = "VRuntime", "VCudaEngine", "VExecutionContext"
    runtime = trt.Runtime(logger)
    read(runtime, r, max_threads="getMaxThreads", engine_host_code_allowed="getEngineHostCodeAllowed", logger="getLogger")
    read(runtime, r, temporary_directory="getTemporaryDirectory", DLA_core="getDLACore", num_DLA_cores="getNbDLACores")
    write(runtime, r, ("engine_host_code_allowed", True, "setEngineHostCodeAllowed"), ("max_threads", 2, "setMaxThreads"))
    call(runtime, r, ("get_plugin_registry", (), "getPluginRegistry"))
    engine = call(runtime, r, ("deserialize_cuda_engine", (b"abcd",), "deserializeCudaEngine"))
    read(engine, e, num_io_tensors="getNbIOTensors", num_layers="getNbLayers", name="getName", num_aux_streams="getNbAuxStreams")
    read(engine, e, num_optimization_profiles="getNbOptimizationProfiles", profiling_verbosity="getProfilingVerbosity")
    read(engine, e, hardware_compatibility_level="getHardwareCompatibilityLevel", refittable="isRefittable")
    read(engine, e, tactic_sources="getTacticSources", engine_capability="getEngineCapability")
    if "getDeviceMemorySizeV2" in report.mock.table.slots[e]:
        read(engine, e, device_memory_size_v2="getDeviceMemorySizeV2")
    for name, method in {
        "get_tensor_shape": "getTensorShape",
        "get_tensor_dtype": "getTensorDataType",
        "get_tensor_location": "getTensorLocation",
        "is_shape_inference_io": "isShapeInferenceIO",
        "get_tensor_mode": "getTensorIOMode",
        "get_tensor_format": "getTensorFormat",
        "get_tensor_format_desc": "getTensorFormatDesc",
        "get_tensor_bytes_per_component": "getTensorBytesPerComponent",
        "get_tensor_components_per_element": "getTensorComponentsPerElement",
        "get_tensor_vectorized_dim": "getTensorVectorizedDim",
        "is_debug_tensor": "isDebugTensor",
    }.items():
        call(engine, e, (name, ("x",), method))
    call(engine, e, ("get_tensor_name", (0,), "getIOTensorName"), ("get_tensor_profile_shape", ("x", 0), "getProfileShape"))
    call(engine, e, ("serialize", (), "serialize"))
    inspector = call(engine, e, ("create_engine_inspector", (), "createEngineInspector"))
    context = call(engine, e, ("create_execution_context", (), "createExecutionContext"))
    json = trt.LayerInformationFormat.JSON
    call(
        inspector,
        "VEngineInspector",
        ("get_engine_information", (json,), "getEngineInformation"),
        ("get_layer_information", (0, json), "getLayerInformation"),
    )
    write(inspector, "VEngineInspector", ("execution_context", context, "setExecutionContext"))
    if "createRuntimeConfig" in report.mock.table.slots[e]:
        options = call(engine, e, ("create_runtime_config", (), "createRuntimeConfig"))
        run = lambda: engine.create_execution_context(runtime_config=options)  # noqa: E731
        report.call("context with a configuration", f"{e}.createExecutionContextWithRuntimeConfig", run)
    call(
        context,
        x,
        ("set_input_shape", ("x", (1, 2)), "setInputShape"),
        ("get_tensor_shape", ("x",), "getTensorShape"),
        ("set_tensor_address", ("x", 64), "setTensorAddress"),
        ("get_tensor_address", ("x",), "getTensorAddress"),
        ("execute_async_v3", (0,), "enqueueV3"),
        ("set_optimization_profile_async", (0, 0), "setOptimizationProfileAsync"),
        ("infer_shapes", (), "inferShapes"),
        ("report_to_profiler", (), "reportToProfiler"),
        ("get_max_output_size", ("x",), "getMaxOutputSize"),
        ("update_device_memory_size_for_shapes", (), "updateDeviceMemorySizeForShapes"),
        ("set_aux_streams", ([0],), "setAuxStreams"),
        ("set_device_memory", (64, 64), "setDeviceMemoryV2"),
    )
    read(context, x, name="getName", active_optimization_profile="getOptimizationProfile", nvtx_verbosity="getNvtxVerbosity")
    read(context, x, enqueue_emits_profile="getEnqueueEmitsProfile", persistent_cache_limit="getPersistentCacheLimit")
    write(context, x, ("enqueue_emits_profile", True, "setEnqueueEmitsProfile"), ("nvtx_verbosity", trt.ProfilingVerbosity.NONE, "setNvtxVerbosity"))
    return context
