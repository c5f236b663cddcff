//! IPluginRegistry: the plugins that a library knows, and loading more.

use super::{c_string, failed};
use crate::error::{Error, LoadError, Result};
use crate::interfaces::{LogMark, text};
use crate::load::Library;
use crate::sys::{Class, IPluginCreator, IPluginCreatorInterface, IPluginCreatorV3One, IPluginRegistry, Unsupported};
use crate::version::Flavour;
use std::marker::PhantomData;
use std::path::Path;
use std::ptr::NonNull;

/// A registry of plugins: of a builder, of a runtime, or of the whole library.
pub struct PluginRegistry<'a> {
    library: Library,
    registry: IPluginRegistry,
    owner: PhantomData<&'a ()>,
}

/// A plugin that can be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginCreator {
    /// The plugin's name, which is the ONNX operator that it takes; empty for kinds of creators that are not known.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its namespace, often empty.
    pub namespace: String,
    /// The creator's kind, as in `PLUGIN CREATOR_V3ONE`.
    pub kind: String,
}

impl Library {
    /// The library's plugin registry.
    ///
    /// # Errors
    /// [`Error::Load`] if it is not laid out as expected.
    pub fn plugins(&self) -> Result<PluginRegistry<'static>> {
        // SAFETY: an exported function without arguments; its address was checked on loading.
        let registry = unsafe { (self.inner.get_plugin_registry)() };
        PluginRegistry::new(*self, NonNull::new(registry).map(IPluginRegistry))
    }

    /// Registers the plugins that come with TensorRT (`libnvinfer_plugin` beside the core library).
    ///
    /// # Errors
    /// [`Error::Unsupported`] on TensorRT-RTX, which has none; not there; TensorRT's refusal.
    pub fn load_standard_plugins(&self) -> Result<()> {
        if self.version().flavour == Flavour::Rtx {
            let available = "TensorRT 10.0 to 11.4".into();
            let version = self.inner.table.in_words();
            return Err(Unsupported {
                option: "standard plugins".into(),
                version,
                available,
            }
            .into());
        }
        let mark = LogMark::now();
        // SAFETY: the function gets our logger, which lives forever, and an empty namespace.
        let done = unsafe { self.plugin_initializer()?(self.inner.logger.handle().as_ptr(), c"".as_ptr()) };
        if done {
            Ok(())
        } else {
            Err(failed(*self, "register its plugins", mark, None))
        }
    }
}

impl PluginRegistry<'_> {
    pub(super) fn new<'a>(library: Library, registry: Option<IPluginRegistry>) -> Result<PluginRegistry<'a>> {
        let none = || library.layout(Class::I_PLUGIN_REGISTRY, "there is none".into());
        let registry: IPluginRegistry = registry.ok_or_else(none)?;
        library.check_object(Class::I_PLUGIN_REGISTRY, registry.as_ptr())?;
        Ok(PluginRegistry {
            library,
            registry,
            owner: PhantomData,
        })
    }

    /// Loads a plugin library; it stays loaded.
    ///
    /// # Errors
    /// Not a library for this machine; TensorRT's refusal.
    ///
    /// # Safety
    /// Loading runs the library's code: it must be one that you trust, made for this version of TensorRT.
    pub unsafe fn load_library(&mut self, path: &Path) -> Result<()> {
        crate::load::check_file(path, &[]).map_err(Error::Load)?;
        let c_path = c_string("plugin library", &path.to_string_lossy())?;
        let mark = LogMark::now();
        // SAFETY: the registry is alive; the path lives for the call; the rest is the caller's promise.
        let handle = unsafe { self.registry.load_library(self.library.inner.table, c_path.as_ptr()) }?;
        if handle.is_null() {
            return Err(failed(
                self.library,
                &format!("load the plugin library {}", path.display()),
                mark,
                None,
            ));
        }
        Ok(())
    }

    /// All plugins that can be made.
    ///
    /// # Errors
    /// [`Error::Load`] if a creator is not laid out as expected.
    pub fn creators(&self) -> Result<Vec<PluginCreator>> {
        let table = self.library.inner.table;
        let mut count = 0;
        // SAFETY: the registry is alive; the list has as many entries as it says and lives until the next change.
        unsafe {
            let list = match self.registry.get_all_creators_recursive(table, &mut count) {
                Ok(list) => list,
                Err(_) => self.registry.get_all_creators(table, &mut count)?,
            };
            let count = if list.is_null() {
                0
            } else {
                usize::try_from(count).unwrap_or(0)
            };
            (0..count)
                .filter_map(|i| *list.add(i))
                .map(|c| self.creator(c))
                .collect()
        }
    }

    fn creator(&self, creator: IPluginCreatorInterface) -> Result<PluginCreator> {
        let table = self.library.inner.table;
        self.library
            .check_code(Class::I_PLUGIN_CREATOR_INTERFACE, creator.as_ptr())?;
        // SAFETY: the registry owns the creator; the class is what the creator says it is. Texts are copied at once.
        unsafe {
            let kind = text(creator.get_interface_info(table)?.kind);
            let (name, version, namespace) = match kind.as_str() {
                "PLUGIN CREATOR_V1" => {
                    let c = IPluginCreator(creator.0);
                    (
                        c.get_plugin_name(table)?,
                        c.get_plugin_version(table)?,
                        c.get_plugin_namespace(table)?,
                    )
                }
                "PLUGIN CREATOR_V3ONE" => {
                    let c = IPluginCreatorV3One(creator.0);
                    (
                        c.get_plugin_name(table)?,
                        c.get_plugin_version(table)?,
                        c.get_plugin_namespace(table)?,
                    )
                }
                _ => (std::ptr::null(), std::ptr::null(), std::ptr::null()),
            };
            Ok(PluginCreator {
                name: text(name),
                version: text(version),
                namespace: text(namespace),
                kind,
            })
        }
    }
}

impl Library {
    /// As `check_object`, for objects of classes that other libraries bring: their types are named as they like.
    fn check_code(&self, class: Class, object: *mut std::ffi::c_void) -> Result<(), LoadError> {
        let memory = crate::probe::Memory::now().map_err(|r| self.layout(class, r))?;
        let shape = memory.shape(object as usize).map_err(|r| self.layout(class, r))?;
        let reason = || format!("its table has {} functions", shape.functions);
        if shape.functions < self.inner.table.length(class) {
            Err(self.layout(class, reason()))
        } else {
            Ok(())
        }
    }
}
