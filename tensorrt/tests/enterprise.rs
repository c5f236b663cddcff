//! TensorRT 10 and 11, whose libraries are in no registry: the slot tables against NVIDIA's own Python bindings, and our
//! calls against the same mock library (`tests/enterprise/mock.cpp`).

#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

#[path = "enterprise/mock.rs"]
mod mock;

use enginesmith_tensorrt::api::{ContextOptions, ExecutionContext};
use enginesmith_tensorrt::interfaces::*;
use enginesmith_tensorrt::sys::*;
use enginesmith_tensorrt::{Error, Library};
use mock::{Mock, install};
use std::ffi::c_void;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

fn check(folders: &[PathBuf], slots: Option<&Path>) -> (bool, String) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/enterprise/check.py");
    let mut command = Command::new("python3");
    command.args(["-W", "ignore"]).arg(script).args(folders);
    if let Some(slots) = slots {
        command.env("ENGINESMITH_SLOTS", slots);
    }
    let output = command.output().expect("python3");
    (
        output.status.success(),
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned(),
    )
}

/// `ENGINESMITH_TEST_BINDINGS`: folders where pip installed wheels of tensorrt-cu12-bindings or tensorrt-cu13-bindings to, at least
/// one of TensorRT 10 and one of 11; give more to check more versions.
fn bindings() -> Option<Vec<PathBuf>> {
    if std::env::var("ENGINESMITH_SKIP_RUNTIMES").is_ok_and(|v| v == "1") {
        eprintln!("skipped: ENGINESMITH_SKIP_RUNTIMES=1");
        return None;
    }
    let list = std::env::var_os("ENGINESMITH_TEST_BINDINGS").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&list)
        .filter(|p| !p.as_os_str().is_empty())
        .collect();
    assert!(
        !folders.is_empty(),
        "this test needs NVIDIA's bindings: set ENGINESMITH_TEST_BINDINGS to folders with the wheels tensorrt-cu12-bindings (10.x) \
         and tensorrt-cu13-bindings (11.x), or ENGINESMITH_SKIP_RUNTIMES=1 to leave such tests out"
    );
    Some(folders)
}

#[test]
fn the_tables_are_those_of_nvidias_bindings() {
    let Some(folders) = bindings() else { return };
    let (right, text) = check(&folders, None);
    println!("{text}");
    assert!(right, "{text}");
    assert!(
        text.contains("TensorRT 10.") && text.contains("TensorRT 11."),
        "one version of each is needed:\n{text}"
    );
}

#[test]
fn a_wrong_table_is_noticed() {
    let Some(folders) = bindings() else { return };
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("generator/slots.json");
    let mut slots: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(path).expect("slots.json")).expect("JSON");
    for range in slots["classes"]["VBuilderConfig"]["setFlag"]["slots"]
        .as_array_mut()
        .expect("ranges")
    {
        range[2] = 90.into();
    }
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(&file, slots.to_string()).expect("write");
    let (right, text) = check(&folders[..1], Some(file.path()));
    assert!(
        !right && text.contains("MISMATCH") && text.contains("VBuilderConfig.setFlag"),
        "{text}"
    );
}

/// Runs the calling test once per version, each in its own process with the mock as that version.
fn each_version(body: impl FnOnce(Library, Mock, i32)) {
    const FOLDER: &str = "ENGINESMITH_TEST_MOCK";
    if let Some(folder) = std::env::var_os(FOLDER) {
        let folder = PathBuf::from(folder);
        let library = Library::load(&folder).expect("load the mock");
        let number = std::env::var("MOCK_TENSORRT_VERSION")
            .expect("a version")
            .parse()
            .expect("a number");
        body(library, Mock::new(&folder, library.table()), number);
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let test = std::thread::current().name().expect("the test's name").to_owned();
    for number in [100001, 100800, 101600, 110000, 110400] {
        let version = folder.path().join(number.to_string());
        std::fs::create_dir(&version).expect("a folder");
        if !install(&version, number / 10000) {
            return;
        }
        let output = Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", &test, "--nocapture", "--test-threads=1"])
            .env(FOLDER, &version)
            .env("MOCK_TENSORRT_VERSION", number.to_string())
            .output()
            .expect("start this program again");
        let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(
            output.status.success() && text.contains("1 passed"),
            "{number}: {}\n{text}",
            output.status
        );
    }
}

struct Silent;

impl ProgressMonitor for Silent {
    fn phase_start(&self, _: &str, _: Option<&str>, _: i32) {}
    fn step_complete(&self, _: &str, _: i32) -> bool {
        true
    }
    fn phase_finish(&self, _: &str) {}
}

#[test]
fn building_calls_the_right_methods_with_the_right_arguments() {
    each_version(|library, mock, number| {
        let ten = number < 110000;
        let builder = library.builder().expect("a builder");
        assert_eq!(mock.noted(0), number);
        assert_eq!(mock.noted(3), 0);
        library.load_standard_plugins().expect("the plugins beside it");
        assert_eq!(mock.noted(3), 1);
        mock.take();
        let mut network = builder.strongly_typed().expect("a network");
        mock.saw("VBuilder::createNetworkV2", &[if ten { 2 } else { 1 }]);

        let mut config = builder.config().expect("a configuration");
        config.set_flag(BuilderFlag::Tf32, true).expect("TF32");
        mock.saw("VBuilderConfig::setFlag", &[6]);
        config.set_flag(BuilderFlag::VersionCompatible, true).expect("a flag");
        mock.saw("VBuilderConfig::setFlag", &[if ten { 13 } else { 12 }]);
        mock.returns("VBuilderConfig::getMemoryPoolLimit", 5 << 30);
        config
            .set_memory_pool_limit(MemoryPoolType::Workspace, 5 << 30)
            .expect("a limit");
        mock.saw("VBuilderConfig::setMemoryPoolLimit", &[0, 5 << 30]);
        config
            .set_memory_pool_limit(MemoryPoolType::TacticDram, 1)
            .expect_err("the mock keeps another value");
        config
            .set_profiling_verbosity(ProfilingVerbosity::Detailed)
            .expect("detailed");
        mock.saw("VBuilderConfig::setProfilingVerbosity", &[2]);
        config
            .set_hardware_compatibility(HardwareCompatibilityLevel::AmperePlus)
            .expect("a level");
        mock.saw("VBuilderConfig::setHardwareCompatibilityLevel", &[1]);
        config.set_optimization_level(1).expect("a level");
        mock.saw("VBuilderConfig::setBuilderOptimizationLevel", &[1]);
        config.set_max_aux_streams(1).expect("a number");
        mock.saw("VBuilderConfig::setMaxAuxStreams", &[1]);
        config.set_avg_timing_iterations(1).expect("a number");
        mock.saw("VBuilderConfig::setAvgTimingIterations", &[1]);
        config
            .set_tactic_sources(&[TacticSource::JitConvolutions])
            .expect("a source");
        mock.saw("VBuilderConfig::setTacticSources", &[if ten { 1 << 4 } else { 1 << 1 }]);
        let fp16 = config.set_flag(BuilderFlag::Fp16, true);
        let cublas = config.set_tactic_sources(&[TacticSource::Cublas]);
        assert_eq!(
            (fp16.is_ok(), cublas.is_ok()),
            (ten, ten),
            "weak typing and cuBLAS ended with 10"
        );
        let capability = config
            .set_compute_capabilities(&[ComputeCapability::Sm86])
            .expect_err("not in TensorRT");
        assert!(
            capability.to_string().contains("it exists in TensorRT-RTX 1.3-1.7"),
            "{capability}"
        );
        mock.take();

        config.set_timing_cache(b"abc", true).expect("a cache");
        let calls = mock.take();
        mock.find(&calls, "VBuilderConfig::createTimingCache", &[Mock::ANY, 3]);
        mock.find(
            &calls,
            "VBuilderConfig::setTimingCache",
            &[mock.outer("VTimingCache"), 1],
        );
        let bytes = b"from the mock";
        mock.returns("VHostMemory::data", bytes.as_ptr() as u64);
        mock.returns("VHostMemory::size", bytes.len() as u64);
        assert_eq!(&*config.timing_cache().expect("an answer").expect("a cache"), bytes);

        let mut profile = builder.profile().expect("a profile");
        profile.set_shape("x", &[1, 2], &[2, 2], &[4, 2]).expect("shapes");
        let calls = mock.take();
        for selector in 0..3 {
            mock.find(
                &calls,
                "VOptimizationProfile::setDimensions",
                &[Mock::ANY, selector, Mock::ANY],
            );
        }
        profile.set_shape_values("x", &[1], &[2], &[3]).expect("values");
        let wide = number >= 101100;
        let method = if wide { "setShapeValuesV2" } else { "setShapeValues" };
        mock.saw(
            &format!("VOptimizationProfile::{method}"),
            &[Mock::ANY, 2, Mock::ANY, 1],
        );
        let huge = profile.set_shape_values("x", &[1 << 40], &[1 << 40], &[1 << 40]);
        assert_eq!(huge.is_ok(), wide, "64-bit values came with 10.11");
        config.add_profile(&profile).expect("an index");
        mock.saw(
            "VBuilderConfig::addOptimizationProfile",
            &[mock.outer("VOptimizationProfile")],
        );

        let refused = config.set_progress_monitor(Arc::new(Silent));
        assert!(
            matches!(refused, Err(Error::Load(_))),
            "the mock does not return the monitor"
        );
        mock.saw("VBuilderConfig::setProgressMonitor", &[Mock::ANY]);

        network
            .parser()
            .expect("a parser")
            .parse(b"12345", Some(Path::new("/model.onnx")))
            .expect("it parses");
        mock.saw("IParser::parse", &[Mock::ANY, 5, Mock::ANY]);
        let inputs = network.inputs().expect("inputs");
        assert_eq!(inputs[0].shape, Some(vec![11, 22]));
        let engine = builder.build(&network, &config).expect("an engine");
        let objects = [mock.outer("VNetworkDefinition"), mock.outer("VBuilderConfig")];
        mock.saw("VBuilder::buildSerializedNetwork", &objects);
        assert_eq!(&*engine, bytes);

        mock.take();
        drop((config, network, engine));
        drop(builder);
        let deleted = mock.deleted();
        let order = [
            "VBuilderConfig",
            "VTimingCache",
            "IParser",
            "VNetworkDefinition",
            "VHostMemory",
            "VBuilder",
        ];
        assert_eq!(deleted, order);
    });
}

#[test]
fn the_parser_is_asked_what_its_version_knows() {
    each_version(|library, mock, number| {
        for (field, text) in [
            ("desc", c"the text"),
            ("nodeName", c"conv1"),
            ("nodeOperator", c"Conv"),
            ("file", c"a.cpp"),
        ] {
            mock.returns(&format!("IParserError::{field}"), text.as_ptr() as u64);
        }
        mock.returns("IParserError::func", c"f".as_ptr() as u64);
        let stack = [c"outer".as_ptr(), c"inner".as_ptr()];
        mock.returns("IParserError::localFunctionStack", stack.as_ptr() as u64);
        mock.returns("IParserError::localFunctionStackSize", 2);
        mock.returns("IParserError::node", 41);
        mock.returns("IParserError::code", 8);
        let builder = library.builder().expect("a builder");
        let mut network = builder.strongly_typed().expect("a network");
        let mut parser = network.parser().expect("a parser");
        let errors = parser.errors().expect("errors");
        assert_eq!(errors.len(), 1);
        assert_eq!(errors[0].to_string(), "node 41 \"conv1\" (Conv): the text");
        assert_eq!(errors[0].code, Some(ParserErrorCode::UnsupportedNode));
        assert_eq!(errors[0].local_functions, ["outer", "inner"]);
        if number < 100100 {
            let error = parser.supports(b"model", None).expect_err("10.0 cannot be asked");
            let text = error.to_string();
            assert!(
                text.contains("no IParser::supportsModelV2") && text.contains("10.1-10.16"),
                "{text}"
            );
            return;
        }
        let nodes = [3i64, 4];
        mock.returns("IParser::getSubgraphNodes", nodes.as_ptr() as u64);
        let support = parser.supports(b"model", None).expect("an answer");
        mock.saw("IParser::supportsModelV2", &[Mock::ANY, 5, 0]);
        assert!(support.supported);
        // the mock does not write the length, so the group is empty
        assert_eq!((support.subgraphs.len(), support.subgraphs[0].certain), (1, true));
    });
}

fn context_with_engine(library: Library) -> ExecutionContext {
    let runtime = library.runtime().expect("a runtime");
    let engine = runtime.engine(b"bytes").expect("an engine");
    engine.context(&ContextOptions::default()).expect("a context")
}

#[test]
fn running_calls_the_right_methods_with_the_right_arguments() {
    each_version(|library, mock, _| {
        mock.returns("VCudaEngine::getIOTensorName", c"x".as_ptr() as u64);
        mock.returns("VCudaEngine::getTensorFormatDesc", c"Row major".as_ptr() as u64);
        mock.returns("VEngineInspector::getEngineInformation", c"{}".as_ptr() as u64);
        let mut context = context_with_engine(library);
        let calls = mock.take();
        mock.find(
            &calls,
            "VRuntime::deserializeCudaEngine(const void *, std::size_t)",
            &[Mock::ANY, 5],
        );
        mock.find(&calls, "VCudaEngine::createExecutionContext", &[0]);
        let engine = context.engine().clone();
        let tensors = engine.tensors().expect("tensors");
        assert_eq!((tensors.len(), tensors[0].name.as_str()), (1, "x"));
        assert_eq!(
            (tensors[0].shape.as_deref(), tensors[0].mode),
            (Some(&[11, 22][..]), Some(TensorIoMode::Input))
        );
        assert_eq!(
            engine.profile_shape("x", 0, ProfileSelector::Max).expect("a shape"),
            Some(vec![11, 22])
        );
        mock.saw(
            "VCudaEngine::getProfileShape",
            &[mock.this("VCudaEngine"), Mock::ANY, 0, 2],
        );
        assert_eq!(engine.inspect_json(Some(&context)).expect("JSON"), "{}");
        let calls = mock.take();
        mock.find(
            &calls,
            "VEngineInspector::setExecutionContext",
            &[mock.outer("VExecutionContext")],
        );
        mock.find(&calls, "VEngineInspector::getEngineInformation", &[1]);

        context.set_input_shape("x", &[3, 4]).expect("a shape");
        mock.saw("VExecutionContext::setInputShape", &[Mock::ANY, Mock::ANY]);
        // SAFETY: the mock does not touch the memory or the stream.
        unsafe {
            context.set_address("x", 0x100 as *mut c_void).expect("an address");
            mock.saw("VExecutionContext::setTensorAddress", &[Mock::ANY, 0x100]);
            context.enqueue(0x77 as *mut c_void).expect("a run");
            mock.saw("VExecutionContext::enqueueV3", &[0x77]);
            context.set_profile(1, 0x77 as *mut c_void).expect("a profile");
            mock.saw("VExecutionContext::setOptimizationProfileAsync", &[1, 0x77]);
        }
        mock.take();
        drop((context, engine));
        assert_eq!(mock.deleted(), ["VExecutionContext", "VCudaEngine", "VRuntime"]);
    });
}

#[derive(Default)]
struct Seen(Mutex<Vec<String>>);

impl Seen {
    fn push(&self, text: String) {
        self.0.lock().expect("not poisoned").push(text);
    }
}

impl Profiler for Seen {
    fn layer_time(&self, layer: &str, milliseconds: f32) {
        self.push(format!("{layer} {milliseconds}"));
    }
}

// SAFETY: nobody uses the addresses.
unsafe impl OutputAllocator for Seen {
    fn reallocate(
        &self,
        tensor: &str,
        now: *mut c_void,
        bytes: u64,
        alignment: u64,
        stream: *mut c_void,
    ) -> *mut c_void {
        self.push(format!("{tensor} {now:?} {bytes} {alignment} {stream:?}"));
        0x4000 as *mut c_void
    }
    fn shape(&self, tensor: &str, shape: &[i64]) {
        self.push(format!("{tensor} {shape:?}"));
    }
}

// SAFETY: nobody uses the addresses.
unsafe impl Int8Calibrator for Seen {
    fn algorithm(&self) -> CalibrationAlgorithm {
        CalibrationAlgorithm::Entropy2
    }
    fn batch_size(&self) -> i32 {
        7
    }
    fn batch(&self, inputs: &[String]) -> Option<Vec<*mut c_void>> {
        self.push(format!("{inputs:?}"));
        Some(vec![0x5000 as *mut c_void; inputs.len()])
    }
    fn read_cache(&self) -> Option<Vec<u8>> {
        Some(b"cache".to_vec())
    }
    fn write_cache(&self, cache: &[u8]) {
        self.push(format!("{cache:?}"));
    }
}

/// What TensorRT does with an object that it was given: the function at a method's slot.
macro_rules! called {
    ($table:expr, $object:expr, $method:ident, ($($a:expr => $t:ty),*) -> $r:ty) => {{
        let slot = $table.slot(Method::$method).expect("the method");
        // SAFETY: the object is alive and of the class whose method this is.
        unsafe {
            let functions = *($object as *const *const *const c_void);
            let f: unsafe extern "C" fn(u64 $(, $t)*) -> $r = std::mem::transmute(*functions.add(slot));
            f($object $(, $a)*)
        }
    }};
}

#[test]
fn objects_of_ours_answer_at_the_slots_of_the_version() {
    each_version(|library, mock, number| {
        let table = library.table();
        let seen = Arc::new(Seen::default());
        let mut context = context_with_engine(library);
        mock.take();
        context.set_profiler(seen.clone(), true).expect("a profiler");
        let profiler = mock.argument("VExecutionContext::setProfiler", 1);
        called!(table, profiler, I_PROFILER_REPORT_LAYER_TIME, (c"conv".as_ptr() => *const i8, 1.5 => f32) -> ());
        context.set_output_allocator("y", seen.clone()).expect("an allocator");
        let allocator = mock.argument("VExecutionContext::setOutputAllocator", 2);
        let memory = called!(table, allocator, I_OUTPUT_ALLOCATOR_REALLOCATE_OUTPUT_ASYNC,
            (c"y".as_ptr() => *const i8, 0x10 => u64, 64 => u64, 256 => u64, 0x20 => u64) -> u64);
        let shape = Dims::new(&[3, 4]).expect("a shape");
        called!(table, allocator, I_OUTPUT_ALLOCATOR_NOTIFY_SHAPE, (c"y".as_ptr() => *const i8, &shape => &Dims) -> ());
        assert_eq!(memory, 0x4000);
        let expected = ["conv 1.5", "y 0x10 64 256 0x20", "y [3, 4]"];
        assert_eq!(std::mem::take(&mut *seen.0.lock().expect("not poisoned")), expected);

        let builder = library.builder().expect("a builder");
        let mut config = builder.config().expect("a configuration");
        mock.take();
        let answer = config.set_int8_calibrator(seen.clone());
        if number >= 110000 {
            let text = answer.expect_err("11 has no calibration").to_string();
            assert!(
                text.contains("has no INT8 calibration; it exists in TensorRT 10.0-10.16"),
                "{text}"
            );
            return;
        }
        answer.expect("a calibrator");
        let object = mock.argument("VBuilderConfig::setInt8Calibrator", 1);
        assert_eq!(
            called!(table, object, I_INT8_ENTROPY_CALIBRATOR2_GET_BATCH_SIZE, () -> i32),
            7
        );
        assert_eq!(
            called!(table, object, I_INT8_ENTROPY_CALIBRATOR2_GET_ALGORITHM, () -> i32),
            2
        );
        let (mut out, names) = ([0u64; 2], [c"a".as_ptr(), c"b".as_ptr()]);
        let more = called!(table, object, I_INT8_ENTROPY_CALIBRATOR2_GET_BATCH,
            (out.as_mut_ptr() => *mut u64, names.as_ptr() => *const *const i8, 2 => i32) -> bool);
        assert_eq!((more, out), (true, [0x5000, 0x5000]));
        let mut length = 0usize;
        let cache = called!(table, object, I_INT8_ENTROPY_CALIBRATOR2_READ_CALIBRATION_CACHE, (&mut length => &mut usize) -> *const u8);
        // SAFETY: the calibrator's cache of that length.
        assert_eq!(unsafe { std::slice::from_raw_parts(cache, length) }, b"cache");
        called!(table, object, I_INT8_ENTROPY_CALIBRATOR2_WRITE_CALIBRATION_CACHE, (b"new".as_ptr() => *const u8, 3 => usize) -> ());
        assert_eq!(
            *seen.0.lock().expect("not poisoned"),
            ["[\"a\", \"b\"]", "[110, 101, 119]"]
        );
    });
}
