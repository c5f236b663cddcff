//! IOptimizationProfile: the shapes that an engine is built for.

use super::{Builder, c_string, dims};
use crate::error::{Error, Result};
use crate::sys::{IOptimizationProfile, ProfileSelector, VOptimizationProfile, VersionedEnum};

/// Smallest, best and largest shape of each dynamic input. The builder owns it.
pub struct OptimizationProfile<'b> {
    pub(super) builder: &'b Builder,
    pub(super) outer: IOptimizationProfile,
    v: VOptimizationProfile,
}

const SELECTORS: [ProfileSelector; 3] = [ProfileSelector::Min, ProfileSelector::Opt, ProfileSelector::Max];

impl<'b> OptimizationProfile<'b> {
    pub(super) fn new(
        builder: &'b Builder,
        outer: IOptimizationProfile,
        v: VOptimizationProfile,
    ) -> OptimizationProfile<'b> {
        OptimizationProfile { builder, outer, v }
    }

    /// The shapes of an input: smallest, the one to be fastest at, largest; elements per dimension.
    ///
    /// # Errors
    /// Shapes that TensorRT refuses: of different rank, negative, or not in order.
    pub fn set_shape(&mut self, input: &str, min: &[i64], opt: &[i64], max: &[i64]) -> Result<()> {
        let table = self.builder.library.inner.table;
        let name = c_string("input", input)?;
        for (selector, shape) in SELECTORS.iter().zip([min, opt, max]) {
            let shape_dims = dims(input, shape)?;
            let value = selector.value(table)?;
            // SAFETY: the profile is alive (the builder owns it); name and shape live for the call, which copies them.
            if !unsafe { self.v.set_dimensions(table, name.as_ptr(), value, &shape_dims) }? {
                return Err(refused(input, *selector, shape));
            }
        }
        Ok(())
    }

    /// The values of a shape tensor: smallest, the ones to be fastest at, largest; one value per element.
    ///
    /// # Errors
    /// Values that TensorRT refuses; before TensorRT 10.11, values that do not fit 32 bits.
    pub fn set_shape_values(&mut self, input: &str, min: &[i64], opt: &[i64], max: &[i64]) -> Result<()> {
        let table = self.builder.library.inner.table;
        let name = c_string("shape tensor", input)?;
        for (selector, values) in SELECTORS.iter().zip([min, opt, max]) {
            let value = selector.value(table)?;
            let Ok(count) = i32::try_from(values.len()) else {
                return Err(refused(input, *selector, values));
            };
            // SAFETY: the profile is alive; name and values live for the call, which copies them.
            let wide = unsafe {
                self.v
                    .set_shape_values_v2(table, name.as_ptr(), value, values.as_ptr(), count)
            };
            let taken = match wide {
                Ok(taken) => taken,
                Err(_) => {
                    let narrow: Result<Vec<i32>, _> = values.iter().map(|v| i32::try_from(*v)).collect();
                    let Ok(narrow) = narrow else {
                        return Err(refused(input, *selector, values));
                    };
                    // SAFETY: as above.
                    unsafe {
                        self.v
                            .set_shape_values(table, name.as_ptr(), value, narrow.as_ptr(), count)
                    }?
                }
            };
            if !taken {
                return Err(refused(input, *selector, values));
            }
        }
        Ok(())
    }

    /// How much more memory than for the best shape the other shapes may use, 0.0 to 1.0.
    ///
    /// # Errors
    /// A number outside of that.
    pub fn set_extra_memory_target(&mut self, target: f32) -> Result<()> {
        // SAFETY: the profile is alive.
        match unsafe { self.v.set_extra_memory_target(self.builder.library.inner.table, target) }? {
            true => Ok(()),
            false => Err(Error::Invalid {
                what: "extra memory target".into(),
                reason: format!("{target}"),
            }),
        }
    }

    /// True if every input that was set has all three shapes, in order.
    ///
    /// # Errors
    /// None today.
    pub fn is_valid(&self) -> Result<bool> {
        // SAFETY: the profile is alive.
        Ok(unsafe { self.v.is_valid(self.builder.library.inner.table) }?)
    }
}

fn refused(input: &str, selector: ProfileSelector, shape: &[i64]) -> Error {
    let reason = format!(
        "TensorRT does not take {shape:?} as its {} shape",
        selector.short_name()
    );
    Error::Invalid {
        what: format!("optimization profile, input {input}"),
        reason,
    }
}
