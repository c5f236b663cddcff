//! Saving: streamed to a temporary name in the same folder, then renamed; never over a mapped file's bytes.

use super::onnx::tensor_proto::DataLocation;
use super::onnx::{ModelProto, StringStringEntryProto, TensorProto};
use super::{Model, ModelError, TensorError, walk};
use crate::files::{self, Part, folder};
use buffa::{Message, Rope};
use bytes::Bytes;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Offsets in an external data file are multiples of a page, so that runtimes can map it (onnx.proto, external_data).
const ALIGN: u64 = 4096;
/// Initializers with less data stay in the model file (the threshold of onnx's own `convert_model_to_external_data`).
const SMALL: u64 = 1024;

/// Up to this size a model whose data lies in other files is written as one file, which is easier to pass on.
const ONE_FILE: u64 = 16 << 20;

/// What was written.
#[derive(Clone, PartialEq, Debug)]
pub struct Saved {
    /// Bytes of all files.
    pub bytes: u64,
    /// The file beside the model that holds data; none where everything is in one file.
    pub data: Option<PathBuf>,
}

impl Model {
    /// Writes the model to `path` and says what was written. An existing file is replaced only when `overwrite`. Data that
    /// lies in other files goes to `<file name>.data` beside it where the whole is larger than [`ONE_FILE`], as does all
    /// data where a single file would exceed protobuf's 2 GiB; else everything goes into one file. What was written is on the
    /// disk when this returns.
    ///
    /// # Errors
    /// [`ModelError::Output`], [`ModelError::Io`] (a full disk, no permission), tensor errors, [`ModelError::Changed`] when a
    /// file that the model was read from was shortened meanwhile; nothing is left behind.
    pub fn save(&self, path: &Path, overwrite: bool) -> Result<Saved, ModelError> {
        let limit = match self.external_files().is_empty() {
            true => u64::from(buffa::MAX_MESSAGE_BYTES),
            false => ONE_FILE,
        };
        self.save_within(path, overwrite, limit, Part::persist)
    }

    /// As [`Self::save`], in one file wherever protobuf allows that: for readers that take no external data.
    ///
    /// # Errors
    /// As [`Self::save`].
    pub fn save_embedded(&self, path: &Path, overwrite: bool) -> Result<Saved, ModelError> {
        self.save_within(path, overwrite, u64::from(buffa::MAX_MESSAGE_BYTES), Part::persist)
    }

    /// As [`Self::save`] with the data of large initializers always in `<file name>.data`: what models derived from it share
    /// ([`Self::save_scratch`]).
    ///
    /// # Errors
    /// As [`Self::save`].
    pub fn save_split(&self, path: &Path) -> Result<Saved, ModelError> {
        self.save_within(path, false, 0, Part::persist_known)
    }

    /// Writes the model to `path`, a new file in a folder of its own, for a runtime that reads it once:
    /// data in external files stays there, the files being linked beside `path`. Where a file cannot be linked
    /// (another file system, a location in a folder below) the data is written as [`Self::save`] does.
    ///
    /// # Errors
    /// As [`Self::save`].
    pub fn save_scratch(&self, path: &Path) -> Result<Saved, ModelError> {
        let linked = self.external_files().iter().all(|file| {
            // The location is the file's name only where it lies beside the model.
            let beside = file.parent() == self.path().parent();
            let name = file.file_name().filter(|name| beside && path.file_name() != Some(name));
            name.is_some_and(|name| std::fs::hard_link(file, folder(path).join(name)).is_ok())
        });
        let own = self.proto().compute_size(&mut buffa::SizeCache::new());
        if !linked || own > buffa::MAX_MESSAGE_BYTES {
            return self.save_within(path, true, u64::from(buffa::MAX_MESSAGE_BYTES), Part::persist_known);
        }
        let rope = encoded(self.proto(), path)?;
        self.finish(path, true, rope, None, Part::persist_known)
    }

    fn save_within(&self, path: &Path, overwrite: bool, limit: u64, persist: Persist) -> Result<Saved, ModelError> {
        let data_path = data_path(path);
        may_write(path, overwrite)?;
        let (embedded, bytes) = self.embedded()?;
        let proto = embedded.as_ref().unwrap_or(self.proto());
        let data = if bytes <= limit {
            let rope = encoded(proto, path)?;
            return self.finish(path, overwrite, rope, None, persist);
        } else {
            may_write(&data_path, overwrite)?;
            if self.external_files().iter().any(|own| files::is_same(own, &data_path)) {
                let why = "the model reads its weights from that file; give the output another name".into();
                return Err(ModelError::Output { path: data_path, why });
            }
            let mut split = proto.clone();
            let data = self.split(&mut split, &data_path)?;
            let rope = encoded(&split, path)?;
            (rope, data)
        };
        self.finish(path, overwrite, data.0, Some((data.1, &data_path)), persist)
    }

    /// The messages with all external data put in (as views into its files; `None` when there is none), and the size of
    /// the file they make.
    fn embedded(&self) -> Result<(Option<ModelProto>, u64), ModelError> {
        // The encoded size saturates just above the limit; the sum of the data does not matter then.
        let own = u64::from(self.proto().compute_size(&mut buffa::SizeCache::new()));
        let mut outside = 0u64;
        let mut is_external = false;
        walk::tensors(self.proto(), &mut |_, tensor| {
            if tensor.data_location == Some(DataLocation::EXTERNAL) {
                is_external = true;
                // Field tag and length before the data.
                outside = outside.saturating_add(self.tensor_bytes(tensor)?).saturating_add(11);
            }
            Ok(())
        })
        .map_err(|source| self.tensor_trouble(source))?;
        if !is_external {
            return Ok((None, own));
        }
        let mut proto = self.proto().clone();
        walk::tensors_mut(&mut proto, &mut |_, tensor| {
            if tensor.data_location == Some(DataLocation::EXTERNAL) {
                put_in(tensor, self.tensor(tensor)?.bytes);
            }
            Ok(())
        })
        .map_err(|source| self.tensor_trouble(source))?;
        Ok((Some(proto), own.saturating_add(outside)))
    }

    /// Moves the data of large initializers to a file to be called `data_path`.
    fn split(&self, proto: &mut ModelProto, data_path: &Path) -> Result<Part, ModelError> {
        let failed = |source| io_error(data_path, source);
        let mut out = BufWriter::with_capacity(1 << 20, Part::beside(data_path).map_err(failed)?);
        let name = data_path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut at = 0u64;
        walk::tensors_mut(proto, &mut |is_initializer, tensor| {
            if !is_initializer
                || self.tensor_bytes(tensor).map_err(Trouble::Tensor)? < SMALL
                || !tensor.string_data.is_empty()
            {
                return Ok(());
            }
            let data = self.tensor(tensor).map_err(Trouble::Tensor)?.bytes;
            let offset = at.next_multiple_of(ALIGN);
            out.write_all(&vec![0; (offset - at) as usize])
                .and_then(|()| out.write_all(&data))
                .map_err(Trouble::Io)?;
            at = offset + data.len() as u64;
            put_in(tensor, Bytes::new());
            tensor.raw_data = None;
            tensor.data_location = Some(DataLocation::EXTERNAL);
            tensor.external_data = [
                ("location", name.clone()),
                ("offset", offset.to_string()),
                ("length", data.len().to_string()),
            ]
            .map(|(key, value)| entry(key, value))
            .into();
            Ok(())
        })
        .map_err(|trouble| match trouble {
            Trouble::Tensor(source) => self.tensor_trouble(source),
            Trouble::Io(source) => failed(source),
        })?;
        out.into_inner().map_err(|e| failed(e.into_error()))
    }

    /// Writes the model's bytes and gives both files their names.
    fn finish(
        &self,
        path: &Path,
        overwrite: bool,
        rope: Rope,
        data: Option<(Part, &Path)>,
        persist: Persist,
    ) -> Result<Saved, ModelError> {
        let failed = |source| io_error(path, source);
        let mut out = BufWriter::with_capacity(1 << 20, Part::beside(path).map_err(failed)?);
        let mut bytes = 0;
        for segment in rope.into_segments() {
            bytes += segment.len() as u64;
            out.write_all(&segment).map_err(failed)?;
        }
        let file = out.into_inner().map_err(|e| failed(e.into_error()))?;
        // Whatever was read from a file that shrank meanwhile is zeros.
        self.check_intact()?;
        let mut new_data = None;
        let written = data.as_ref().map(|(_, path)| path.to_path_buf());
        if let Some((data, data_path)) = data {
            bytes += data.bytes();
            new_data = (!data_path.exists()).then_some(data_path);
            persist(data, data_path, overwrite).map_err(|e| io_error(data_path, e))?;
        }
        persist(file, path, overwrite).map_err(failed).inspect_err(|_| {
            if let Some(data_path) = new_data {
                let _ = std::fs::remove_file(data_path);
            }
        })?;
        Ok(Saved { bytes, data: written })
    }

    fn tensor_trouble(&self, source: TensorError) -> ModelError {
        ModelError::Tensor {
            path: self.path().into(),
            source,
        }
    }
}

/// How a file gets its name: [`Part::persist`], or [`Part::persist_known`] for what a runtime reads once.
type Persist = fn(Part, &Path, bool) -> io::Result<()>;

enum Trouble {
    Tensor(TensorError),
    Io(io::Error),
}

fn io_error(path: &Path, source: io::Error) -> ModelError {
    ModelError::Io {
        path: path.into(),
        source,
    }
}

/// Gives a tensor raw data, in place of whatever it has.
fn put_in(tensor: &mut TensorProto, data: Bytes) {
    tensor.data_location = None;
    tensor.external_data.clear();
    tensor.float_data.clear();
    tensor.int32_data.clear();
    tensor.int64_data.clear();
    tensor.double_data.clear();
    tensor.uint64_data.clear();
    tensor.raw_data = Some(data);
}

fn entry(key: &str, value: String) -> StringStringEntryProto {
    StringStringEntryProto {
        key: Some(key.into()),
        value: Some(value),
        ..Default::default()
    }
}

fn encoded(proto: &ModelProto, path: &Path) -> Result<Rope, ModelError> {
    let mut rope = Rope::new();
    proto.try_encode(&mut rope).map_err(|_| {
        let reason = "the model without its initializers is still larger than protobuf's 2 GiB";
        io_error(path, io::Error::new(io::ErrorKind::FileTooLarge, reason))
    })?;
    Ok(rope)
}

fn data_path(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(".data");
    path.with_file_name(name)
}

fn may_write(path: &Path, overwrite: bool) -> Result<(), ModelError> {
    files::may_write(path, overwrite, &[]).map_err(|why| ModelError::Output { path: path.into(), why })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::sample::{body, graph, node, proto, with};
    use crate::model::Tensor;
    use buffa::{UnknownField, UnknownFieldData, UnknownFields};

    fn sample() -> ModelProto {
        let values: Vec<f32> = (0..600).map(|v| v as f32).collect();
        let w = |name: &str| Tensor::from_f32(&[600], &values).unwrap().to_proto(name);
        let mut typed = w("typed");
        typed.float_data = values.clone();
        typed.raw_data = None;
        let inner = graph(
            &[],
            &["i"],
            vec![w("inner")],
            vec![node("Add", &["x", "inner"], &["i"])],
        );
        let outer = graph(
            &["x", "c"],
            &["y"],
            vec![w("w"), typed, Tensor::from_i64(&[1], &[3]).unwrap().to_proto("small")],
            vec![with(
                with(node("If", &["c"], &["y"]), body("then_branch", inner.clone())),
                body("else_branch", inner),
            )],
        );
        proto(outer, vec![])
    }

    fn in_folder(model: &ModelProto) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.onnx");
        std::fs::write(&path, model.encode_to_vec()).unwrap();
        (folder, path)
    }

    fn files(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn add_unknown(fields: &mut UnknownFields) {
        let big = UnknownFieldData::LengthDelimited(b"kept".to_vec());
        for (number, data) in [
            (5000, UnknownFieldData::Varint(77)),
            (5001, big),
            (5002, UnknownFieldData::Fixed32(9)),
        ] {
            fields.push(UnknownField { number, data });
        }
    }

    #[test]
    fn an_unmodified_model_is_written_byte_for_byte() {
        let mut proto = sample();
        add_unknown(&mut proto.__buffa_unknown_fields);
        let g = proto.graph.get_or_insert_default();
        add_unknown(&mut g.__buffa_unknown_fields);
        add_unknown(&mut g.node[0].__buffa_unknown_fields);
        add_unknown(&mut g.node[0].attribute[0].g.get_or_insert_default().node[0].__buffa_unknown_fields);
        add_unknown(&mut g.initializer[0].__buffa_unknown_fields);
        let (folder, path) = in_folder(&proto);
        let out = folder.path().join("out.onnx");
        Model::open(&path).unwrap().save(&out, false).unwrap();
        assert_eq!(std::fs::read(&out).unwrap(), std::fs::read(&path).unwrap());
        assert_eq!(files(folder.path()), ["m.onnx", "out.onnx"]);
    }

    #[test]
    fn existing_files_are_kept_unless_told_otherwise() {
        let (folder, path) = in_folder(&sample());
        let model = Model::open(&path).unwrap();
        let error = model.save(&path, false).unwrap_err().to_string();
        assert!(error.contains("exists"), "{error}");
        let mut changed = model.proto().clone();
        changed.producer_name = Some("someone".into());
        model.with_proto(changed).save(&path, true).unwrap();
        assert_eq!(
            Model::open(&path).unwrap().proto().producer_name.as_deref(),
            Some("someone")
        );
        // The model opened before is still readable: its file was replaced, not written to.
        model.check_intact().unwrap();
        assert_eq!(model.tensor(&model.graph().initializer[0]).unwrap().elements(), 600);
        assert!(model.save(folder.path(), true).is_err());
        assert!(model.save(&folder.path().join("no/such/folder.onnx"), false).is_err());
        assert_eq!(files(folder.path()), ["m.onnx"]);
    }

    #[test]
    fn large_results_get_a_data_file_and_small_ones_embed_it_again() {
        let (folder, path) = in_folder(&sample());
        let model = Model::open(&path).unwrap();
        let out = folder.path().join("big.onnx");
        model.save_within(&out, false, 4000, Part::persist).unwrap();
        assert_eq!(files(folder.path()), ["big.onnx", "big.onnx.data", "m.onnx"]);
        let big = Model::open(&out).unwrap();
        assert_eq!(big.external_files(), [folder.path().join("big.onnx.data")]);
        assert!(big.file_bytes() < 2000);
        for (a, b) in model.graph().initializer.iter().zip(&big.graph().initializer) {
            assert_eq!(model.tensor(a).unwrap(), big.tensor(b).unwrap());
        }
        let again = folder.path().join("again.onnx");
        big.save(&again, false).unwrap();
        let again = Model::open(&again).unwrap();
        assert!(again.external_files().is_empty());
        for (a, b) in model.graph().initializer.iter().zip(&again.graph().initializer) {
            assert_eq!(model.tensor(a).unwrap(), again.tensor(b).unwrap());
        }
        // A data file in the way is not replaced either, and nothing half-done stays.
        std::fs::remove_file(&out).unwrap();
        assert!(model.save_within(&out, false, 4000, Part::persist).is_err());
        assert_eq!(files(folder.path()), ["again.onnx", "big.onnx.data", "m.onnx"]);
    }

    #[test]
    fn a_model_for_one_reading_shares_the_data_of_the_one_it_is_made_from() {
        let (folder, path) = in_folder(&sample());
        let base = folder.path().join("base.onnx");
        Model::open(&path).unwrap().save_split(&base).unwrap();
        let base = Model::open(&base).unwrap();
        assert!(!base.external_files().is_empty());
        let mut changed = base.proto().clone();
        changed.producer_name = Some("someone".into());
        let changed = base.with_proto(changed);
        let scratch = tempfile::tempdir().unwrap();
        let out = scratch.path().join("patched.onnx");
        changed.save_scratch(&out).unwrap();
        assert_eq!(files(scratch.path()), ["base.onnx.data", "patched.onnx"]);
        let read = Model::open(&out).unwrap();
        assert_eq!(read.proto().producer_name.as_deref(), Some("someone"));
        for (a, b) in base.graph().initializer.iter().zip(&read.graph().initializer) {
            assert_eq!(base.tensor(a).unwrap(), read.tensor(b).unwrap());
        }
        // A name in the way is no link to follow: the data is written.
        let taken = tempfile::tempdir().unwrap();
        std::fs::write(taken.path().join("base.onnx.data"), "mine").unwrap();
        let out = taken.path().join("patched.onnx");
        changed.save_scratch(&out).unwrap();
        assert_eq!(std::fs::read(taken.path().join("base.onnx.data")).unwrap(), b"mine");
        let read = Model::open(&out).unwrap();
        assert!(read.external_files().is_empty());
        let same = scratch.path().join("base.onnx.data");
        assert!(changed.save_scratch(&same).is_ok(), "a model called as its data");
        assert!(Model::open(&same).unwrap().external_files().is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn a_file_shortened_while_open_is_an_error_and_nothing_is_written() {
        let (folder, path) = in_folder(&sample());
        let model = Model::open(&path).unwrap();
        std::fs::File::options()
            .write(true)
            .open(&path)
            .unwrap()
            .set_len(64)
            .unwrap();
        assert!(matches!(model.check_intact(), Err(ModelError::Changed { .. })));
        assert!(model.tensor(&model.graph().initializer[0]).is_err());
        assert!(matches!(model.sha256(), Err(ModelError::Changed { .. })));
        let error = model.save(&folder.path().join("out.onnx"), false).unwrap_err();
        assert!(matches!(error, ModelError::Changed { .. }), "{error}");
        assert_eq!(files(folder.path()), ["m.onnx"]);
    }
}
