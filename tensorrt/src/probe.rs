//! Looks at an object before its first virtual call: does its memory look as the tables say?
//!
//! A wrong slot crashes the process, so each class is looked at once, on its first object: the pointers must lead to mapped
//! memory, the table of functions must hold at least as many pointers to code as the class has known methods, and the type
//! information must name a class of TensorRT.

use crate::sys::Class;
use std::ffi::c_void;
use std::ops::Range;

/// What the memory behind an object shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    /// The mangled C++ name from the type information, if there is any.
    pub type_name: Option<String>,
    /// Consecutive pointers to code in the table of functions (at most [`MOST`]).
    pub functions: usize,
}

/// No class has more methods than this.
const MOST: usize = 400;

/// The process's memory map at one moment.
pub(crate) struct Memory {
    readable: Vec<Range<usize>>,
    code: Vec<Range<usize>>,
}

impl Memory {
    /// Reads it from the system.
    pub fn now() -> Result<Memory, String> {
        let maps = std::fs::read_to_string("/proc/self/maps").map_err(|e| format!("/proc/self/maps: {e}"))?;
        let mut memory = Memory {
            readable: vec![],
            code: vec![],
        };
        for line in maps.lines() {
            let mut fields = line.split_whitespace();
            let (Some(range), Some(rights)) = (fields.next(), fields.next()) else {
                continue;
            };
            let Some((from, to)) = range.split_once('-') else {
                continue;
            };
            let (Ok(from), Ok(to)) = (usize::from_str_radix(from, 16), usize::from_str_radix(to, 16)) else {
                continue;
            };
            if rights.starts_with('r') {
                memory.readable.push(from..to);
            }
            if rights.contains('x') {
                memory.code.push(from..to);
            }
        }
        Ok(memory)
    }

    /// True for an address that can be called.
    pub fn is_code(&self, address: usize) -> bool {
        self.code.iter().any(|r| r.contains(&address))
    }

    fn is_readable(&self, address: usize, bytes: usize) -> bool {
        let end = address.saturating_add(bytes);
        self.readable.iter().any(|r| r.contains(&address) && end <= r.end)
    }

    /// The word at an address, `None` if it cannot be read.
    pub fn word(&self, address: usize) -> Option<usize> {
        let aligned = address.is_multiple_of(align_of::<usize>());
        // SAFETY: aligned and inside a mapped, readable range; TensorRT's objects are not unmapped while we hold them.
        (aligned && self.is_readable(address, 8)).then(|| unsafe { (address as *const usize).read() })
    }

    fn text(&self, address: usize) -> Option<String> {
        let mut bytes = vec![];
        while bytes.len() < 512 && self.is_readable(address + bytes.len(), 1) {
            // SAFETY: inside a mapped, readable range.
            match unsafe { ((address + bytes.len()) as *const u8).read() } {
                0 => return String::from_utf8(bytes).ok().filter(|t| !t.is_empty() && t.is_ascii()),
                byte => bytes.push(byte),
            }
        }
        None
    }

    /// The shape of the object at an address.
    pub fn shape(&self, object: usize) -> Result<Shape, String> {
        let table = self
            .word(object)
            .ok_or_else(|| format!("{object:#x} is not the address of an object"))?;
        if self.word(table).is_none() {
            return Err(format!(
                "its first word, {table:#x}, does not lead to a table of functions"
            ));
        }
        let functions = (0..MOST)
            .take_while(|i| self.word(table + 8 * i).is_some_and(|f| self.is_code(f)))
            .count();
        // type information: the word before the first slot; its second word is the name
        let info = self.word(table.wrapping_sub(8)).filter(|i| *i != 0);
        let type_name = info.and_then(|i| self.word(i + 8)).and_then(|name| self.text(name));
        Ok(Shape { type_name, functions })
    }
}

/// Checks an object against what its class needs: `length` slots.
pub(crate) fn check(memory: &Memory, class: Class, length: usize, object: *mut c_void) -> Result<Shape, String> {
    let shape = memory.shape(object as usize)?;
    if shape.functions < length {
        let found = shape.functions;
        return Err(format!(
            "its table has {found} functions, the class has at least {length}"
        ));
    }
    match &shape.type_name {
        Some(name) if is_tensorrt(name) && interface(name).is_none_or(|i| belongs(i, class)) => Ok(shape),
        Some(name) => Err(format!(
            "its type is named {name}, which is no class of TensorRT's {}",
            class.name()
        )),
        None => Err("it has no type information".into()),
    }
}

/// The interface in names such as `N8nvinfer17WrapperINS_8IBuilderENS_7builder7BuilderEEE` (what TensorRT-RTX calls its
/// implementations): `IBuilder`. `None` for other names.
fn interface(name: &str) -> Option<&str> {
    let rest = name.split_once("7WrapperINS_")?.1;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    rest.get(digits..)?.get(..rest.get(..digits)?.parse().ok()?)
}

/// True if an interface (`IBuilder`) goes with a class of the tables (`VBuilder`); a layer's interface is that of its kind.
fn belongs(interface: &str, class: Class) -> bool {
    class == Class::V_LAYER && interface.ends_with("Layer") || interface.get(1..) == class.name().get(1..)
}

/// TensorRT's classes live in these namespaces (mangled: length, then name).
fn is_tensorrt(name: &str) -> bool {
    ["8nvinfer1", "12nvonnxparser", "9onnx2trt", "8onnx2trt"]
        .iter()
        .any(|n| name.contains(n))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interface_in_a_type_name() {
        assert_eq!(
            interface("N8nvinfer17WrapperINS_8IBuilderENS_7builder7BuilderEEE"),
            Some("IBuilder")
        );
        assert_eq!(interface("N9onnx2trt13ModelImporterE"), None);
        assert_eq!(interface("N8nvinfer17WrapperINS_99IBuilderE"), None);
        assert_eq!(interface("N8nvinfer17WrapperINS_E"), None);
        assert!(belongs("IBuilder", Class::V_BUILDER) && !belongs("IBuilder", Class::V_BUILDER_CONFIG));
        assert!(belongs("IConvolutionLayer", Class::V_LAYER) && !belongs("ITensor", Class::V_LAYER));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn addresses_that_are_no_objects() {
        let memory = Memory::now().expect("the memory map");
        for address in [0, 8, 0x1234, usize::MAX - 7, usize::MAX] {
            assert!(memory.shape(address).is_err(), "{address:#x}");
        }
        let null_table = [0usize, 0];
        assert!(memory.shape(null_table.as_ptr() as usize).is_err());
        let no_code = [null_table.as_ptr() as usize, 0];
        let memory = Memory::now().expect("the memory map");
        assert!(memory.shape(no_code.as_ptr() as usize).is_ok_and(|s| s.functions == 0));
    }
}
