//! Finds, checks and loads the two library files.

use crate::elf::{self, ElfError};
use crate::error::{LoadError, Result};
use crate::interfaces::LoggerObject;
use crate::probe::{self, Memory};
use crate::sys::{Class, Table};
use crate::version::{Flavour, Version};
use std::collections::HashSet;
use std::ffi::{c_char, c_int, c_void};
use std::path::{Path, PathBuf};
use std::ptr::NonNull;
use std::sync::{Mutex, PoisonError};

/// The core library's file names and its parser's, best first. The lean runtimes have no parser.
pub(crate) const FILES: [(&str, Option<&str>, Flavour); 5] = [
    (
        "libtensorrt_rtx.so.1",
        Some("libtensorrt_onnxparser_rtx.so.1"),
        Flavour::Rtx,
    ),
    ("libnvinfer.so.11", Some("libnvonnxparser.so.11"), Flavour::Enterprise),
    ("libnvinfer.so.10", Some("libnvonnxparser.so.10"), Flavour::Enterprise),
    ("libnvinfer_lean.so.11", None, Flavour::Enterprise),
    ("libnvinfer_lean.so.10", None, Flavour::Enterprise),
];
/// How the lean runtimes' file names begin: they run version-compatible engines and build none.
const LEAN: &str = "libnvinfer_lean.so";
const CREATE_BUILDER: &str = "createInferBuilder_INTERNAL";

/// The function names that every version of the core library exports, the lean runtimes too.
const RUNTIME_EXPORTS: [&str; 4] = [
    "getInferLibVersion",
    "createInferRuntime_INTERNAL",
    "getPluginRegistry",
    "getLogger",
];
/// The function names that every version of the core library with a builder exports.
const CORE_EXPORTS: [&str; 5] = [
    "getInferLibVersion",
    CREATE_BUILDER,
    "createInferRuntime_INTERNAL",
    "getPluginRegistry",
    "getLogger",
];

/// No object lies below. The lean runtimes (10.16 to 11.4) return 0x228 instead of null where CUDA does not start: the place of
/// a base class in an object that was not made.
const FIRST_PAGE: usize = 4096;

/// True for the file of a lean runtime.
pub(crate) fn is_lean(core: &Path) -> bool {
    core.file_name()
        .is_some_and(|name| name.to_string_lossy().starts_with(LEAN))
}

/// Everything that can be said about a core library without loading it.
pub(crate) fn check_core(core: &Path) -> Result<(), LoadError> {
    if is_lean(core) {
        check_file(core, &RUNTIME_EXPORTS)
    } else {
        check_file(core, &CORE_EXPORTS)
    }
}
const PARSER_EXPORTS: [&str; 2] = ["getNvOnnxParserVersion", "createNvOnnxParser_INTERNAL"];

type CreateWithLogger = unsafe extern "C" fn(*mut c_void, c_int) -> *mut c_void;
type CreateParser = unsafe extern "C" fn(*mut c_void, *mut c_void, c_int) -> *mut c_void;
type InitializePlugins = unsafe extern "C" fn(*mut c_void, *const c_char) -> bool;
type GetNumber = unsafe extern "C" fn() -> c_int;
type GetPointer = unsafe extern "C" fn() -> *mut c_void;

/// A loaded TensorRT or TensorRT-RTX library with its ONNX parser. It stays loaded until the process ends: unloading such a
/// library is not safe. One process holds one version.
#[derive(Clone, Copy)]
pub struct Library {
    pub(crate) inner: &'static Inner,
}

pub(crate) struct Inner {
    pub table: &'static Table,
    pub version: Version,
    pub logger: LoggerObject,
    /// What `getInferLibVersion` returned, to hand back to the functions that create objects.
    number: c_int,
    core: PathBuf,
    /// None in a lean runtime.
    create_builder: Option<CreateWithLogger>,
    create_runtime: CreateWithLogger,
    pub get_plugin_registry: GetPointer,
    parser: Option<Parser>,
    seen: Mutex<HashSet<Class>>,
}

struct Parser {
    path: PathBuf,
    number: c_int,
    create: CreateParser,
}

static LOADED: Mutex<Option<Library>> = Mutex::new(None);

impl std::fmt::Debug for Library {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Library({} from {})", self.inner.version, self.inner.core.display())
    }
}

impl Library {
    /// Loads a library with its ONNX parser: `path` is the folder of both or the core library's file.
    ///
    /// # Errors
    /// [`LoadError`]: not there, not for this machine, not TensorRT, a version whose layout is not known, another one loaded
    /// in this process. Nothing of that crashes.
    pub fn load(path: impl AsRef<Path>) -> Result<Library, LoadError> {
        Self::load_files(path.as_ref(), true)
    }

    /// As [`load`](Self::load), and content without the parser: enough to run engines.
    ///
    /// # Errors
    /// As `load`.
    pub fn load_for_running(path: impl AsRef<Path>) -> Result<Library, LoadError> {
        Self::load_files(path.as_ref(), false)
    }

    fn load_files(path: &Path, with_parser: bool) -> Result<Library, LoadError> {
        if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
            let system = format!("{} on {}", std::env::consts::OS, std::env::consts::ARCH);
            return Err(LoadError::UnsupportedSystem { system });
        }
        let (core, parser) = files(path)?;
        let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(library) = *loaded {
            if library.inner.core != core {
                return Err(LoadError::AnotherLoaded {
                    loaded: library.inner.core.clone(),
                    wanted: core,
                });
            }
            if library.inner.parser.is_some() || !with_parser {
                return Ok(library);
            }
            let looked_for = parser_names(&core).join(", ");
            return Err(LoadError::MissingParser { core, looked_for });
        }
        if with_parser && is_lean(&core) {
            return Err(LoadError::LeanRuntime { path: core });
        }
        if parser.is_none() && with_parser {
            let looked_for = parser_names(&core).join(", ");
            return Err(LoadError::MissingParser { core, looked_for });
        }
        let inner = Box::leak(Box::new(open(core, parser)?));
        let library = Library { inner };
        *loaded = Some(library);
        Ok(library)
    }

    /// True for a lean runtime, which has no builder.
    pub fn is_lean(&self) -> bool {
        self.inner.create_builder.is_none()
    }

    /// The library's version.
    pub fn version(&self) -> Version {
        self.inner.version
    }

    /// The core library's file.
    pub fn path(&self) -> &'static Path {
        &self.inner.core
    }

    /// The parser's file and the version number that it reports, if it was found.
    pub fn parser(&self) -> Option<(&'static Path, i32)> {
        self.inner.parser.as_ref().map(|p| (p.path.as_path(), p.number))
    }

    /// The slot table in use.
    pub fn table(&self) -> &'static Table {
        self.inner.table
    }

    /// True when the library is newer than any version that the tables were made from: known calls work, what it added
    /// is not offered.
    pub fn is_newer_than_known(&self) -> bool {
        self.inner.table.is_older_than(self.inner.version)
    }

    pub(crate) fn create_builder(&self) -> Result<Option<NonNull<c_void>>, LoadError> {
        let Some(create) = self.inner.create_builder else {
            let path = self.inner.core.clone();
            return Err(LoadError::LeanRuntime { path });
        };
        // SAFETY: the function's address and signature were checked on loading; the logger lives forever; the version is the
        // library's own, so the objects are of the table's family.
        let object = unsafe { create(self.inner.logger.handle().as_ptr(), self.inner.number) };
        self.checked(Class::V_BUILDER, object)
    }

    pub(crate) fn create_runtime(&self) -> Result<Option<NonNull<c_void>>, LoadError> {
        // SAFETY: as above.
        let object = unsafe { (self.inner.create_runtime)(self.inner.logger.handle().as_ptr(), self.inner.number) };
        let object = if (object as usize) < FIRST_PAGE {
            std::ptr::null_mut()
        } else {
            object
        };
        self.checked(Class::V_RUNTIME, object)
    }

    /// A parser that adds to a network.
    ///
    /// # Safety
    /// `network` is an `INetworkDefinition` of this library that is alive.
    pub(crate) unsafe fn create_parser(&self, network: *mut c_void) -> Result<Option<NonNull<c_void>>, LoadError> {
        let Some(parser) = &self.inner.parser else {
            let core = self.inner.core.clone();
            return Err(LoadError::MissingParser {
                looked_for: parser_names(&core).join(", "),
                core,
            });
        };
        // SAFETY: the caller's promise; the rest as above.
        let object = unsafe { (parser.create)(network, self.inner.logger.handle().as_ptr(), parser.number) };
        let Some(object) = NonNull::new(object) else {
            return Ok(None);
        };
        self.check_object(Class::I_PARSER, object.as_ptr())?;
        Ok(Some(object))
    }

    /// The function of the plugin library beside the core one that registers its plugins; loads that library.
    pub(crate) fn plugin_initializer(&self) -> Result<InitializePlugins, LoadError> {
        const NAME: &str = "initLibNvInferPlugins";
        let core = &self.inner.core;
        let name = format!("libnvinfer_plugin.so.{}", self.inner.version.major);
        // beside the file, or beside the link that the caller gave
        let folders = [core.parent(), self.inner.parser.as_ref().and_then(|p| p.path.parent())];
        let mut candidates = folders.iter().flatten().map(|f| f.join(&name));
        let path = candidates.find(|p| p.exists()).ok_or_else(|| LoadError::NotFound {
            path: core.parent().unwrap_or(core).to_owned(),
            looked_for: name.clone(),
        })?;
        check_file(&path, &[NAME])?;
        let library = Opened::open(path)?;
        // SAFETY: NvInferPlugin.h declares it so; the address was checked to be code.
        Ok(unsafe { std::mem::transmute::<*const c_void, InitializePlugins>(library.function(NAME)?) })
    }

    /// Checks the first object of a class (an `I*` object of which `inner` is the `V*` class), then lets all pass.
    pub(crate) fn checked(&self, inner: Class, object: *mut c_void) -> Result<Option<NonNull<c_void>>, LoadError> {
        let Some(object) = NonNull::new(object) else {
            return Ok(None);
        };
        if !self.seen(inner) {
            let memory = self.memory(inner)?;
            let implementation = memory.word(object.as_ptr() as usize + 8).unwrap_or(0);
            // the outer object: at least its two destructors
            let outer = memory
                .shape(object.as_ptr() as usize)
                .map_err(|e| self.layout(inner, e))?;
            if outer.functions < 2 {
                return Err(self.layout(inner, "its outer object has no destructors".into()));
            }
            self.check_object(inner, implementation as *mut c_void)?;
        }
        Ok(Some(object))
    }

    /// Checks the first object of a class by its own table of functions.
    pub(crate) fn check_object(&self, class: Class, object: *mut c_void) -> Result<(), LoadError> {
        if self.seen(class) {
            return Ok(());
        }
        let memory = self.memory(class)?;
        let length = self.inner.table.length(class);
        probe::check(&memory, class, length, object).map_err(|reason| self.layout(class, reason))?;
        self.inner
            .seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(class);
        Ok(())
    }

    fn seen(&self, class: Class) -> bool {
        self.inner
            .seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .contains(&class)
    }

    fn memory(&self, class: Class) -> Result<Memory, LoadError> {
        Memory::now().map_err(|reason| self.layout(class, reason))
    }

    pub(crate) fn layout(&self, class: Class, reason: String) -> LoadError {
        LoadError::Layout {
            version: self.inner.version,
            class: class.name(),
            reason,
        }
    }
}

/// The core library's file and, if it is there, its parser's.
fn files(path: &Path) -> Result<(PathBuf, Option<PathBuf>), LoadError> {
    let core = if path.is_dir() {
        let found = FILES.iter().map(|f| path.join(f.0)).find(|p| p.exists());
        found.ok_or_else(|| LoadError::NotFound {
            path: path.to_owned(),
            looked_for: FILES.map(|f| f.0).join(", "),
        })?
    } else {
        path.to_owned()
    };
    let core = core.canonicalize().unwrap_or(core);
    let folder = core.parent().unwrap_or(Path::new("."));
    // beside the file, or beside the link that led to it
    let folders = [folder, path.parent().filter(|_| !path.is_dir()).unwrap_or(path)];
    let names = parser_names(&core);
    let mut candidates = folders.iter().flat_map(|f| names.iter().map(move |n| f.join(n)));
    let parser = candidates.find(|p| p.exists());
    Ok((core, parser))
}

fn parser_names(core: &Path) -> Vec<String> {
    let name = core
        .file_name()
        .map(|n| n.to_string_lossy().into_owned())
        .unwrap_or_default();
    match FILES.iter().find(|f| name.starts_with(f.0)) {
        Some(f) => f.1.into_iter().map(str::to_owned).collect(),
        None => FILES.iter().filter_map(|f| f.1).map(str::to_owned).collect(),
    }
}

fn open(core: PathBuf, parser: Option<PathBuf>) -> Result<Inner, LoadError> {
    check_core(&core)?;
    if let Some(parser) = &parser {
        check_file(parser, &PARSER_EXPORTS)?;
    }
    // The core first: the parser's dependency on it is then satisfied by the one that is loaded.
    let library = Opened::open(core)?;
    // SAFETY: TensorRT's headers declare these so (exports in slots.json); the addresses were checked to be code.
    let (number, build) = unsafe {
        let number: GetNumber = std::mem::transmute(library.function("getInferLibVersion")?);
        let build = library.function("getInferLibBuildVersion").ok();
        (
            number(),
            build.map_or(0, |f| std::mem::transmute::<*const c_void, GetNumber>(f)()),
        )
    };
    let unknown = |version: String| LoadError::UnknownVersion {
        path: library.path.clone(),
        version,
        known: known_versions(),
    };
    let version = Version::from_number(number, build).ok_or_else(|| unknown(format!("of version number {number}")))?;
    let table = Table::for_version(version).ok_or_else(|| unknown(version.to_string()))?;
    let parser = match parser {
        Some(path) => {
            let parser = Opened::open(path)?;
            // SAFETY: as above.
            let (number, create) = unsafe {
                let number: GetNumber = std::mem::transmute(parser.function("getNvOnnxParserVersion")?);
                (
                    number(),
                    std::mem::transmute::<*const c_void, CreateParser>(parser.function(PARSER_EXPORTS[1])?),
                )
            };
            Some(Parser {
                path: parser.path,
                number,
                create,
            })
        }
        None => None,
    };
    // SAFETY: as above.
    let (create_builder, create_runtime, get_plugin_registry) = unsafe {
        (
            match is_lean(&library.path) {
                true => None,
                false => Some(std::mem::transmute::<*const c_void, CreateWithLogger>(
                    library.function(CREATE_BUILDER)?,
                )),
            },
            std::mem::transmute::<*const c_void, CreateWithLogger>(library.function("createInferRuntime_INTERNAL")?),
            std::mem::transmute::<*const c_void, GetPointer>(library.function("getPluginRegistry")?),
        )
    };
    Ok(Inner {
        table,
        version,
        logger: LoggerObject::new(table),
        number,
        core: library.path,
        create_builder,
        create_runtime,
        get_plugin_registry,
        parser,
        seen: Mutex::default(),
    })
}

/// The versions that tables exist for, in words.
pub(crate) fn known_versions() -> String {
    "TensorRT 10 and 11, TensorRT-RTX 1 from 1.3 on".into()
}

/// Everything that can be said without loading the file.
pub(crate) fn check_file(path: &Path, exports: &[&str]) -> Result<(), LoadError> {
    let path_buf = path.to_owned();
    let elf = match elf::read(path, |name| exports.contains(&name)) {
        Ok(elf) => elf,
        Err(ElfError::Io(_)) if !path.exists() => {
            return Err(LoadError::NotFound {
                path: path_buf,
                looked_for: path.display().to_string(),
            });
        }
        Err(reason) => return Err(LoadError::File { path: path_buf, reason }),
    };
    match exports.iter().find(|e| !elf.exports.iter().any(|x| x == *e)) {
        Some(symbol) => Err(LoadError::NotTensorRt {
            path: path_buf,
            symbol: (*symbol).to_owned(),
        }),
        None => Ok(()),
    }
}

struct Opened {
    path: PathBuf,
    library: &'static libloading::Library,
    memory: Memory,
}

impl Opened {
    fn open(path: PathBuf) -> Result<Opened, LoadError> {
        let refused = |message: String| LoadError::Loader {
            path: path.clone(),
            message,
        };
        // SAFETY: the file is a whole x86-64 library that exports TensorRT's names; loading it runs NVIDIA's constructors,
        // which is what the caller asks for.
        let library = unsafe { open_local(&path) }.map_err(|e| refused(e.to_string()))?;
        let memory = Memory::now().map_err(refused)?;
        // never unloaded: TensorRT keeps threads and globals
        Ok(Opened {
            library: Box::leak(Box::new(library)),
            memory,
            path,
        })
    }

    fn function(&self, name: &str) -> Result<*const c_void, LoadError> {
        let missing = || LoadError::NotTensorRt {
            path: self.path.clone(),
            symbol: name.to_owned(),
        };
        // SAFETY: only the address is taken.
        let symbol = unsafe { self.library.get::<*const c_void>(name.as_bytes()) }.map_err(|_| missing())?;
        let address = *symbol;
        if self.memory.is_code(address as usize) {
            Ok(address)
        } else {
            Err(missing())
        }
    }
}

/// Loads with all symbols resolved at once and kept to itself.
///
/// # Safety
/// The library's constructors run.
#[cfg(unix)]
unsafe fn open_local(path: &Path) -> std::result::Result<libloading::Library, libloading::Error> {
    use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
    // SAFETY: the caller's promise.
    unsafe { Library::open(Some(path), RTLD_NOW | RTLD_LOCAL) }.map(Into::into)
}

/// Never reached: loading is refused on other systems.
///
/// # Safety
/// The library's constructors run.
#[cfg(not(unix))]
unsafe fn open_local(path: &Path) -> std::result::Result<libloading::Library, libloading::Error> {
    // SAFETY: the caller's promise.
    unsafe { libloading::Library::new(path) }
}
