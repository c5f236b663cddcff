//! The sizes that people of a field use for what a model does, and what the graph adds to them.

use super::Source;
use super::kind::{Described, Kind, Role, has};
use super::metadata::Metadata;
use super::purpose::Purpose;

/// Sides that pictures commonly have, after the first choice.
const SIDES: &[i64] = &[
    224, 256, 640, 512, 320, 384, 416, 448, 480, 518, 128, 112, 96, 64, 48, 32, 299, 192, 160, 336, 736, 768, 800,
    1024, 28, 16, 8,
];
/// Lengths to try for tokens, steps and frames after the first choice.
const LENGTHS: &[i64] = &[128, 77, 64, 256, 512, 32, 100, 1000, 16, 8, 4, 2, 1];
/// Lengths of sounds in samples to try after the first choice.
const SAMPLES: &[i64] = &[
    16_000, 512, 480, 1024, 400, 32_000, 48_000, 80_000, 160_000, 480_000, 4096, 576, 1536,
];

/// A size to try, and why.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Candidate {
    pub value: i64,
    pub source: Source,
    pub reason: String,
}

impl Candidate {
    pub fn new(value: i64, source: Source, reason: impl Into<String>) -> Self {
        Self {
            value,
            source,
            reason: reason.into(),
        }
    }
}

/// What a variable is, for its usual sizes.
pub(super) struct Asked<'a> {
    pub role: Role,
    pub kind: Kind,
    pub purpose: Option<Purpose>,
    /// Product of the strides on the longest path, of the graph or of the metadata.
    pub stride: i64,
    /// The other side of the picture where it is known.
    pub other_side: Option<i64>,
    pub by_name: bool,
    pub metadata: &'a Metadata,
    /// The model keeps keys and values of earlier steps: it makes one token at a time.
    pub has_cache: bool,
    /// The model keeps a state: it takes a stream piece by piece.
    pub has_state: bool,
    pub channels: Option<i64>,
}

/// Sizes to try for a variable, the best first.
pub(super) fn usual(asked: &Asked<'_>) -> Vec<Candidate> {
    let mut out = of_metadata(asked);
    let source = if asked.by_name { Source::Name } else { Source::Kind };
    let (first, reason, more): (i64, String, &[i64]) = match asked.role {
        Role::Batch => (1, "one sample at a time".into(), &[2, 4, 8, 16]),
        Role::Height | Role::Width if asked.kind != Kind::Volume => {
            out.extend(sides(asked, source));
            return out;
        }
        Role::Height | Role::Width if asked.channels == Some(3) => (112, "a film".into(), SIDES),
        Role::Depth if asked.channels == Some(3) => (16, "the frames of a film".into(), &[8, 32, 64, 4, 1]),
        Role::Height | Role::Width | Role::Depth => (96, "a volume".into(), &[64, 128, 32, 160, 16, 8]),
        Role::Samples if asked.has_state => (512, "32 ms of a stream at 16 kHz".into(), SAMPLES),
        Role::Samples => (16_000, "a second of sound at 16 kHz".into(), SAMPLES),
        Role::Frames => (
            100,
            "frames of a second at 10 ms each".into(),
            &[3000, 200, 300, 128, 64, 1000, 98, 32, 16, 1],
        ),
        Role::Tokens if asked.has_cache => (1, "one token a step".into(), LENGTHS),
        Role::Tokens => (128, "tokens of a paragraph".into(), LENGTHS),
        Role::Past => (128, "steps that are cached".into(), &[0, 127, 64, 1, 16]),
        Role::Steps => (128, "steps of a sequence".into(), LENGTHS),
        Role::Channels => (3, "channels".into(), &[1, 4, 2, 8, 16, 32, 64]),
        Role::Features => (
            16,
            "features: nothing in the model says how many".into(),
            &[4, 8, 10, 32, 64, 1, 128],
        ),
        Role::Count => (1, "one of them".into(), &[2, 4, 16]),
        Role::Value => (64, "a size by value".into(), &[32, 128, 224, 16, 8, 4, 2, 1, 0]),
    };
    out.push(Candidate::new(first, source, reason.clone()));
    out.extend(more.iter().map(|n| Candidate::new(*n, source, reason.clone())));
    unique(out)
}

fn of_metadata(asked: &Asked<'_>) -> Vec<Candidate> {
    let m = asked.metadata;
    let said = match asked.role {
        Role::Batch => &m.batch,
        Role::Height => &m.height,
        Role::Width => &m.width,
        Role::Tokens if !asked.has_cache => &m.length,
        _ => &None,
    };
    let candidate = said
        .as_ref()
        .map(|s| Candidate::new(s.value, Source::Metadata, format!("metadata {}", s.key)));
    candidate.into_iter().collect()
}

fn sides(asked: &Asked<'_>, source: Source) -> Vec<Candidate> {
    let purpose = asked.purpose.unwrap_or(Purpose::Classify);
    let is_width = asked.role == Role::Width;
    let (height, width) = purpose.usual();
    let first = match asked.other_side {
        // The other side is fixed: pictures are square, lines are not.
        Some(side) if !purpose.is_line() => side,
        _ if is_width => width,
        _ => height,
    };
    // A line's height is what its network was made for, whatever its strides.
    let stride = if purpose.is_line() { 1 } else { asked.stride.max(1) };
    let rounded = |n: i64| (n + stride - 1) / stride * stride;
    let reason = match stride {
        1 => purpose.words().to_owned(),
        _ => format!("{}, in steps of {stride}", purpose.words()),
    };
    let mut values = vec![rounded(first)];
    if purpose.is_line() {
        let of_lines: &[i64] = if is_width {
            &[320, 192, 256, 128, 100, 160]
        } else {
            &[48, 32, 64, 40, 80]
        };
        values.extend(of_lines);
    }
    values.extend(SIDES.iter().copied().filter(|n| n % stride == 0));
    values.extend((1..=40).map(|k| k * stride));
    values.extend(SIDES.iter().map(|n| n + 1).chain(SIDES.iter().copied()));
    unique(
        values
            .into_iter()
            .map(|n| Candidate::new(n, source, reason.clone()))
            .collect(),
    )
}

fn unique(list: Vec<Candidate>) -> Vec<Candidate> {
    let mut seen = std::collections::HashSet::new();
    list.into_iter().filter(|c| seen.insert(c.value)).collect()
}

/// The value of an input that is no size itself but belongs to them: a sample rate, a length, the size of a picture.
pub(super) fn belonging(
    name: &str,
    shape: &[u64],
    is_bool: bool,
    described: &Described,
    around: &Around,
    metadata: &Metadata,
) -> Option<(Vec<i64>, Source, String)> {
    let name = name.to_lowercase();
    let count = shape.iter().try_fold(1u64, |n, d| n.checked_mul(*d))?;
    let count = usize::try_from(count).ok().filter(|n| *n <= 64)?;
    let all = |n: i64| vec![n; count];
    let is_number = described.kind == Kind::Number || count <= 2 || shape.len() <= 1;
    if !is_number && !has(&name, &["size", "shape"]) {
        return None;
    }
    if ["sr", "sample_rate", "sampling_rate", "samplerate"].contains(&name.as_str()) {
        let (rate, source, reason) = match &metadata.rate {
            Some(said) => (said.value, Source::Metadata, format!("metadata {}", said.key)),
            None => (16_000, Source::Name, "the sample rate of speech in Hz".to_owned()),
        };
        return Some((all(rate), source, reason));
    }
    if is_bool && has(&name, &["use_cache"]) {
        let uses = i64::from(around.past.is_some_and(|p| p > 0));
        return Some((all(uses), Source::Name, "whether there are cached steps".into()));
    }
    if is_bool {
        return None;
    }
    if has(&name, &["scale_factor"]) {
        return Some((all(1), Source::Name, "a picture that is not scaled".into()));
    }
    if let Some((height, width)) = around.picture
        && count % 2 == 0
        && has(&name, &["size", "shape", "_hw"])
    {
        return Some((
            [height, width].repeat(count / 2),
            Source::Name,
            "the size of the picture".into(),
        ));
    }
    if let Some(length) = around.length
        && has(&name, &["length", "_len", "lens", "seqlen"])
    {
        return Some((all(length), Source::Name, "the whole length".into()));
    }
    None
}

/// Sizes of the other inputs that an input's value may be about.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Around {
    pub picture: Option<(i64, i64)>,
    pub length: Option<i64>,
    pub past: Option<i64>,
}
