//! Pictures as tensors: resize, layout, scale, mean and standard deviation as the recipe says.

use super::generate::encode;
use crate::files;
use crate::model::{DataType, Tensor};
use crate::recipe::DataSource;
use image::imageops::FilterType;
use std::path::Path;

/// A picture larger than this on a side, or taking more memory than this decoded, is refused.
const MAX_SIDE: u32 = 32_768;
const MAX_BYTES: u64 = 1 << 30;
/// File name endings that are read as pictures.
pub(super) const ENDINGS: [&str; 5] = ["png", "jpg", "jpeg", "bmp", "webp"];

/// Reads a picture as a tensor of batch 1. `dims` is the model's shape, `None` where it is
/// dynamic: the number of channels decides between grey (1) and RGB (3), and a fixed size must be met.
///
/// # Errors
/// What is wrong with the picture or its preprocessing.
pub(super) fn read(path: &Path, source: &DataSource, dtype: DataType, dims: &[Option<u64>]) -> Result<Tensor, String> {
    let channels_last = source.layout.as_deref() == Some("nhwc");
    let [_, a, b, c] = dims else {
        return Err(format!(
            "pictures need an input of 4 dimensions, the model's has {}",
            dims.len()
        ));
    };
    let (channels, height, width) = if channels_last { (c, a, b) } else { (a, b, c) };
    let channels = match channels {
        Some(n @ (1 | 3)) => *n,
        None => 3,
        Some(n) => {
            let other = if channels_last { "nchw" } else { "nhwc" };
            return Err(format!(
                "the model's input has {n} channels, pictures have 1 or 3; is its layout {other}?"
            ));
        }
    };
    let mut reader = image::ImageReader::open(path).map_err(|e| files::words(&e))?;
    let mut limits = image::Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_BYTES);
    reader.limits(limits);
    let reader = reader.with_guessed_format().map_err(|e| files::words(&e))?;
    let picture = reader
        .decode()
        .map_err(|e| format!("not a picture that can be read: {e}"))?;
    // Without a resize in the recipe nothing is resized: a size that does not fit is an error below.
    let picture = match source.resize {
        Some([h, w]) if (picture.height(), picture.width()) != (h, w) => {
            picture.resize_exact(w, h, FilterType::Triangle)
        }
        _ => picture,
    };
    let (h, w) = (u64::from(picture.height()), u64::from(picture.width()));
    if height.is_some_and(|x| x != h) || width.is_some_and(|x| x != w) {
        let size = |x: &Option<u64>| x.map_or("any".to_owned(), |x| x.to_string());
        return Err(format!(
            "the picture is {h}x{w} (height x width), the model takes {}x{}; give resize = [height, width]",
            size(height),
            size(width)
        ));
    }
    let pixels = if channels == 1 {
        picture.into_luma8().into_raw()
    } else {
        picture.into_rgb8().into_raw()
    };
    let count = channels as usize;
    // Integer inputs take pixels as they are unless the recipe says otherwise.
    let scale = source.scale.unwrap_or(if dtype.is_float() { 1.0 / 255.0 } else { 1.0 });
    let per_channel = |list: &Option<Vec<f32>>, otherwise: f32, what: &str| match list {
        None => Ok(vec![otherwise; count]),
        Some(values) if values.len() == count => Ok(values.clone()),
        Some(values) if values.len() == 1 => Ok(vec![values[0]; count]),
        Some(values) => Err(format!("{what} has {} values for {count} channels", values.len())),
    };
    let mean = per_channel(&source.mean, 0.0, "mean")?;
    let std = per_channel(&source.std, 1.0, "std")?;
    let value = |pixel: usize, channel: usize| {
        let raw = f32::from(pixels.get(pixel * count + channel).copied().unwrap_or(0));
        f64::from((raw * scale - mean[channel]) / std[channel])
    };
    let plane = (h * w) as usize;
    let (dims, tensor) = if channels_last {
        let dims = [1, h, w, channels];
        (
            dims,
            encode(dtype, &dims, (0..plane * count).map(|i| value(i / count, i % count))),
        )
    } else {
        let dims = [1, channels, h, w];
        (
            dims,
            encode(dtype, &dims, (0..plane * count).map(|i| value(i % plane, i / plane))),
        )
    };
    tensor.ok_or_else(|| format!("pictures of {dims:?} cannot become {dtype}"))
}
