//! What the generated calls expand to.
//!
//! A C++ object with virtual methods starts with a pointer to its table of functions; a method is the function at its slot,
//! called with the object as the first argument (Itanium C++ ABI on x86-64 Linux, where `extern "C"` passes and returns
//! the types used here the same way). TensorRT's `I*` classes hold, after that pointer, one to the `V*` object that
//! implements them.

/// A pointer to a C++ object, not null, without a lifetime.
macro_rules! handle {
    ($name:ident) => {
        #[doc = concat!("A pointer to a C++ `", stringify!($name), "`: not null, without a lifetime.")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(transparent)]
        pub struct $name(pub(crate) std::ptr::NonNull<c_void>);

        impl $name {
            /// The address.
            pub fn as_ptr(self) -> *mut c_void {
                self.0.as_ptr()
            }
        }
    };
}

/// An `I*` object and the `V*` object that implements it.
macro_rules! outer {
    ($outer:ident => $inner:ident) => {
        $crate::sys::calls::handle! { $outer }

        impl $outer {
            /// The object that implements it (`mImpl`, the word after the table pointer); `None` if that is null.
            ///
            /// # Safety
            /// The object must be alive and of this class.
            pub unsafe fn inner(self) -> Option<$inner> {
                // SAFETY: the object is alive (the caller's promise) and two words long (pimpl_offsets of the headers).
                let inner = unsafe { *self.as_ptr().cast::<*mut c_void>().add(1) };
                std::ptr::NonNull::new(inner).map($inner)
            }

            /// Deletes the object (C++ `delete`: its deleting destructor is slot 1 of every `I*` class).
            ///
            /// # Safety
            /// The object must be alive, ours to delete, and not used afterwards.
            pub unsafe fn delete(self) {
                // SAFETY: the caller's promise; slot 1 is `void (this)` in every version (slots.json).
                unsafe {
                    let table = *self.as_ptr().cast::<*const *const c_void>();
                    let f: unsafe extern "C" fn(*mut c_void) = std::mem::transmute(*table.add(1));
                    f(self.as_ptr());
                }
            }
        }
    };
}

/// A class with its methods, each with its number in the tables.
macro_rules! class {
    ($class:ident { $($(#[$doc:meta])* fn $name:ident = $number:literal($($a:ident: $t:ty),*) -> $r:ty;)* }) => {
        $crate::sys::calls::handle! { $class }

        impl $class {
            $(
                $(#[$doc])*
                ///
                /// # Safety
                /// The object must be alive, of this class and of the table's version; pointers must be what C++ expects.
                ///
                /// # Errors
                /// [`Missing`](crate::sys::Missing) when the version lacks the method.
                #[allow(clippy::too_many_arguments)]
                pub unsafe fn $name(
                    self, table: &$crate::sys::Table $(, $a: $t)*
                ) -> Result<$r, $crate::sys::Missing> {
                    let method = Method($number);
                    let slot = table.slot(method).ok_or_else(|| table.missing(method))?;
                    // SAFETY: the caller's promise; slot and signature are the version's (slots.json).
                    Ok(unsafe {
                        let functions = *self.as_ptr().cast::<*const *const c_void>();
                        let f: unsafe extern "C" fn(*mut c_void $(, $t)*) -> $r =
                            std::mem::transmute(*functions.add(slot));
                        f(self.as_ptr() $(, $a)*)
                    })
                }
            )*
        }
    };
}
pub(super) use {class, handle, outer};
