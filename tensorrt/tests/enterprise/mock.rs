//! The mock library from Rust: compiles it, says what its methods return, reads what was called.

use enginesmith_tensorrt::sys::{Method, Table};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// In the order of `mock.py`; the first six are those that `mock.cpp` itself hands out.
const CLASSES: [&str; 19] = [
    "VBuilder",
    "VRuntime",
    "IParser",
    "VRefitter",
    "IParserRefitter",
    "IPluginRegistry",
    "VNetworkDefinition",
    "VBuilderConfig",
    "VOptimizationProfile",
    "VTensor",
    "VLayer",
    "VHostMemory",
    "VTimingCache",
    "VCudaEngine",
    "VExecutionContext",
    "VEngineInspector",
    "IParserError",
    "VRuntimeConfig",
    "VSerializationConfig",
];

/// Puts the mock into a folder as a major version's libraries; false where there is no compiler. It is compiled once.
pub fn install(folder: &Path, major: i32) -> bool {
    static MOCK: OnceLock<Option<PathBuf>> = OnceLock::new();
    let Some(mock) = MOCK.get_or_init(compile) else {
        eprintln!("skipped: no g++");
        return false;
    };
    for name in ["libnvinfer", "libnvonnxparser", "libnvinfer_plugin"] {
        std::os::unix::fs::symlink(mock, folder.join(format!("{name}.so.{major}"))).expect("a link to the mock");
    }
    true
}

fn compile() -> Option<PathBuf> {
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("mock-{}.so", std::process::id()));
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/enterprise/mock.cpp");
    let arguments = ["-shared", "-fPIC", "-O0", "-std=c++17", "-o"];
    let status = Command::new("g++")
        .args(arguments)
        .args([&out, &source])
        .status()
        .ok()?;
    assert!(status.success(), "the mock does not compile");
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mock.so");
    // one file in the end, also when several test programs do this at once
    std::fs::rename(out, &kept).expect("rename");
    Some(kept)
}

#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct Call {
    class: i32,
    slot: i32,
    outer: i32,
    pad: i32,
    arguments: [u64; 6],
}

pub struct Mock {
    library: libloading::Library,
    table: &'static Table,
}

impl Mock {
    /// Any value of an argument.
    pub const ANY: u64 = u64::MAX;

    /// The mock that is loaded from a folder, with return values that suit the types.
    pub fn new(folder: &Path, table: &'static Table) -> Mock {
        let major = table.core / 10000;
        let path = folder
            .join(format!("libnvinfer.so.{major}"))
            .canonicalize()
            .expect("the mock");
        // SAFETY: it is loaded already; this is another handle.
        let library = unsafe { libloading::Library::new(path) }.expect("the mock");
        let mock = Mock { library, table };
        for class in CLASSES {
            for method in methods(class, table) {
                mock.returns(&method, 1);
            }
        }
        for (method, class) in [
            ("VBuilder::createNetworkV2", "VNetworkDefinition"),
            ("VBuilder::createBuilderConfig", "VBuilderConfig"),
            ("VBuilder::createOptimizationProfile", "VOptimizationProfile"),
            ("VBuilder::buildSerializedNetwork", "VHostMemory"),
            ("VBuilderConfig::createTimingCache", "VTimingCache"),
            ("VTimingCache::serialize", "VHostMemory"),
            ("VNetworkDefinition::getInput", "VTensor"),
            ("VNetworkDefinition::getOutput", "VTensor"),
            ("VNetworkDefinition::getLayer", "VLayer"),
            ("VRuntime::getPImpl", "VRuntime"),
            (
                "VRuntime::deserializeCudaEngine(const void *, std::size_t)",
                "VCudaEngine",
            ),
            ("VCudaEngine::getPImpl", "VCudaEngine"),
            ("VCudaEngine::createExecutionContext", "VExecutionContext"),
            ("VCudaEngine::createEngineInspector", "VEngineInspector"),
            ("VExecutionContext::getPImpl", "VExecutionContext"),
        ] {
            mock.returns(method, mock.outer(class));
        }
        for text in ["VTensor::getName", "VLayer::getName"] {
            mock.returns(text, c"a name".as_ptr() as u64);
        }
        for shape in [
            "VTensor::getDimensions",
            "VCudaEngine::getTensorShape",
            "VCudaEngine::getProfileShape",
        ] {
            mock.set(shape, c"mock_returns_shape");
        }
        mock.set("VBuilder::getLogger", c"mock_returns_logger");
        mock.set("VRuntime::getLogger", c"mock_returns_logger");
        let error = mock.object("IParserError", true);
        mock.returns("IParser::getError", error);
        mock
    }

    fn place(&self, method: &str) -> Option<(i32, i32)> {
        let class = CLASSES
            .iter()
            .position(|c| method.split("::").next() == Some(c))
            .expect("a class of the mock");
        let slot = self
            .table
            .slot(Method::find(method).unwrap_or_else(|| panic!("no method {method}")))?;
        Some((class as i32, slot as i32))
    }

    /// Sets what a method returns (nothing where the version lacks it).
    pub fn returns(&self, method: &str, value: u64) {
        let Some((number, slot)) = self.place(method) else {
            return;
        };
        // SAFETY: a function of the mock.
        unsafe {
            let f = self
                .library
                .get::<unsafe extern "C" fn(i32, i32, u64)>(b"mock_returns")
                .expect("the mock");
            f(number, slot, value);
        }
    }

    fn set(&self, method: &str, function: &std::ffi::CStr) {
        let Some((number, slot)) = self.place(method) else {
            return;
        };
        // SAFETY: a function of the mock.
        unsafe {
            let name = function.to_bytes_with_nul();
            self.library
                .get::<unsafe extern "C" fn(i32, i32)>(name)
                .expect("the mock")(number, slot);
        }
    }

    fn object(&self, class: &str, inner: bool) -> u64 {
        let number = CLASSES.iter().position(|c| *c == class).expect("a class of the mock") as i32;
        // SAFETY: a function of the mock.
        unsafe {
            let f = self
                .library
                .get::<unsafe extern "C" fn(i32, i32) -> u64>(b"mock_object")
                .expect("the mock");
            f(number, i32::from(inner))
        }
    }

    /// The address of a class's outer object.
    pub fn outer(&self, class: &str) -> u64 {
        self.object(class, false)
    }

    /// The address of a class's implementation: the first argument of its methods.
    pub fn this(&self, class: &str) -> u64 {
        self.object(class, true)
    }

    /// What was noted: the version that a builder (0) was made with, whether plugins were registered as they should (3).
    pub fn noted(&self, which: i32) -> i32 {
        // SAFETY: a function of the mock.
        unsafe {
            self.library
                .get::<unsafe extern "C" fn(i32) -> i32>(b"mock_version")
                .expect("the mock")(which)
        }
    }

    /// The calls since the last time.
    pub fn take(&self) -> Vec<Call> {
        let mut calls = vec![Call::default(); 4096];
        // SAFETY: a function of the mock; the list is as long as it says.
        let count = unsafe {
            let f = self
                .library
                .get::<unsafe extern "C" fn(*mut Call, i32) -> i32>(b"mock_take")
                .expect("the mock");
            f(calls.as_mut_ptr(), calls.len() as i32)
        };
        calls.truncate(count as usize);
        calls
    }

    /// Asserts that one of the calls is of a method with these arguments (after the object, or after the place for a shape that
    /// is returned; 32 bits of those that fit).
    pub fn find(&self, calls: &[Call], method: &str, arguments: &[u64]) {
        let (class, slot) = self.place(method).expect("a method of this version");
        let same = |call: &&Call| call.class == class && call.slot == slot && call.outer == 0;
        let fits = |call: &&Call| {
            arguments.iter().zip(&call.arguments[1..]).all(|(wanted, is)| {
                *wanted == Self::ANY || wanted == is || (*wanted <= u64::from(u32::MAX) && *wanted == is & 0xffff_ffff)
            })
        };
        let list: Vec<_> = calls.iter().filter(same).map(|c| c.arguments).collect();
        assert!(
            calls.iter().filter(same).any(|c| fits(&c)),
            "{method}({arguments:x?}) was not called: {list:x?}"
        );
    }

    /// As [`find`](Self::find), in the calls since the last time.
    pub fn saw(&self, method: &str, arguments: &[u64]) {
        self.find(&self.take(), method, arguments);
    }

    /// An argument (1 is the first after the object) of the last call of a method since the last time.
    pub fn argument(&self, method: &str, index: usize) -> u64 {
        let (class, slot) = self.place(method).expect("a method of this version");
        let calls = self.take();
        let call = calls
            .iter()
            .rfind(|c| c.class == class && c.slot == slot && c.outer == 0);
        call.expect("the call").arguments[index]
    }

    /// The classes of the objects that were deleted since the last time, in order.
    pub fn deleted(&self) -> Vec<&'static str> {
        let parser = Method::find("IParser::~destroy_D0").and_then(|m| self.table.slot(m));
        let calls = self.take();
        let deleted = calls.iter().filter(|c| {
            let class = CLASSES[c.class as usize];
            if class == "IParser" {
                Some(c.slot as usize) == parser
            } else {
                c.outer == 1 && c.slot == 1
            }
        });
        deleted.map(|c| CLASSES[c.class as usize]).collect()
    }
}

fn methods(class: &str, table: &Table) -> Vec<String> {
    let json = include_str!("../../generator/slots.json");
    let root: serde_json::Value = serde_json::from_str(json).expect("slots.json");
    let list = root["classes"][class].as_object().expect("a class");
    let names = list.keys().map(|m| format!("{class}::{m}"));
    names
        .filter(|m| Method::find(m).is_some_and(|m| table.slot(m).is_some()))
        .collect()
}
