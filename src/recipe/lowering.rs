//! The precision of a recipe as a choice: which patches it stands for, and back.
//!
//! Choosing FP16 puts a cast into the list of patches; choosing INT8 puts a quantization there, behind what makes the model
//! ready for it; choosing FP32 takes them out again. Nothing else in the recipe knows of the choice.

use super::{DataSource, Precision, ProfileSpec, Recipe};
use crate::rewrite::{Calibration, CastSpec, LowType, Method, PatchSpec, QuantMode, QuantizeSpec, Ranges};
use std::collections::BTreeMap;

/// A precision with its settings.
#[derive(Clone, PartialEq, Debug)]
pub struct Lowering {
    /// What the graph is lowered to.
    pub to: Precision,
    /// Inputs and outputs of the model keep their types (casts only; quantizing never changes them).
    pub keep_io_types: bool,
    /// How the thresholds of quantized tensors are chosen.
    pub method: Method,
    /// What is not quantized is cast to FP16 (quantizing only).
    pub rest_in_fp16: bool,
    /// The model has local functions, which are inlined first.
    pub functions: bool,
    /// Operators without weights that stand alone are quantized too (INT8 only).
    pub pointwise: bool,
    /// The products inside attention are quantized too (quantizing only).
    pub attention: bool,
    /// Nodes lowered whatever the rules say: names, `*` stands for anything.
    pub include: Vec<String>,
    /// Nodes that stay float32: names, `*` stands for anything.
    pub exclude: Vec<String>,
    /// Operators that stay float32.
    pub exclude_ops: Vec<String>,
    /// Magnitude of an activation from which a node stays float32 (casts only); the rule's own when none.
    pub max_activation: Option<f32>,
}

impl Default for Lowering {
    fn default() -> Self {
        Self {
            to: Precision::Fp32,
            // Data and measurements stay what they are for the other variants.
            keep_io_types: true,
            method: Method::default(),
            rest_in_fp16: false,
            functions: false,
            pointwise: false,
            attention: false,
            include: Vec::new(),
            exclude: Vec::new(),
            exclude_ops: Vec::new(),
            max_activation: None,
        }
    }
}

/// Quantizing needs to know what values tensors take: a calibration of [`Lowering::calibrated`] comes first.
#[derive(thiserror::Error, Clone, Copy, PartialEq, Eq, Debug)]
#[error("quantizing needs a calibration first")]
pub struct NeedsCalibration;

/// True when a recipe casts to FP16 what it does not quantize.
fn casts_rest(recipe: &Recipe) -> bool {
    let is_quantize = |p: &PatchSpec| matches!(p, PatchSpec::Quantize(_));
    let mut after = recipe.patches.iter().skip_while(|p| !is_quantize(p));
    after.any(|p| matches!(p, PatchSpec::Cast(_)))
}

/// What makes a model ready for a type: no local functions, its opset, and for quantizing weights that are constants.
fn preparing(kind: &Kind, rest_in_fp16: bool, functions: bool) -> Vec<PatchSpec> {
    let ready = match kind {
        Kind::None => return Vec::new(),
        Kind::Quantize(mode) => {
            let least = if rest_in_fp16 { FP16_SCALES } else { 0 };
            PatchSpec::before_quantizing(mode.least_opset().max(least))
        }
        // Older operators do not take it, convolutions among them.
        Kind::Cast(LowType::Bf16) => vec![PatchSpec::RaiseOpset { to: BF16_OPSET }],
        Kind::Cast(LowType::Fp16) => Vec::new(),
    };
    let inline = functions.then_some(PatchSpec::InlineFunctions {});
    inline.into_iter().chain(ready).collect()
}

/// Where in the recipe's patches stand those that make ready for the lowering at `at`, and whether functions are inlined
/// among them.
fn prepared(recipe: &Recipe, at: usize) -> (usize, bool) {
    for functions in [true, false] {
        let ready = match recipe.patches.get(at) {
            Some(PatchSpec::Quantize(spec)) => preparing(&Kind::Quantize(spec.mode), casts_rest(recipe), functions),
            Some(PatchSpec::Cast(spec)) => preparing(&Kind::Cast(spec.to), false, functions),
            _ => Vec::new(),
        };
        if let Some(start) = at.checked_sub(ready.len())
            && recipe.patches.get(start..at) == Some(&ready[..])
        {
            return (start, functions && !ready.is_empty());
        }
    }
    (at, false)
}

/// The first opset whose scales may be FP16 (operator QuantizeLinear-19).
const FP16_SCALES: i64 = 19;

/// The first opset whose convolutions take BF16 (operator Conv-22).
const BF16_OPSET: i64 = 22;

/// What a precision is as a patch.
enum Kind {
    Cast(LowType),
    Quantize(QuantMode),
    None,
}

impl Kind {
    fn of(to: Precision) -> Self {
        match to {
            Precision::Fp16 => Self::Cast(LowType::Fp16),
            Precision::Bf16 => Self::Cast(LowType::Bf16),
            Precision::Int8 => Self::Quantize(QuantMode::Int8),
            Precision::Fp8 => Self::Quantize(QuantMode::Fp8),
            Precision::Int4 => Self::Quantize(QuantMode::Int4),
            Precision::Fp32 | Precision::Tf32 => Self::None,
        }
    }
}

impl Lowering {
    /// The same lists for another type, with the method that it takes by default.
    #[must_use]
    pub fn switched(&self, to: Precision) -> Self {
        let (method, rest_in_fp16) = match Kind::of(to) {
            Kind::Quantize(mode) => (Method::default_for(mode), self.rest_in_fp16),
            Kind::Cast(_) | Kind::None => (Method::default(), false),
        };
        Self {
            to,
            method,
            rest_in_fp16,
            pointwise: self.pointwise && to == Precision::Int8,
            attention: self.attention && matches!(to, Precision::Int8 | Precision::Fp8),
            ..self.clone()
        }
    }

    /// The calibration methods that the type takes; none where it has no thresholds.
    pub fn methods(&self) -> &'static [Method] {
        match Kind::of(self.to) {
            Kind::Quantize(QuantMode::Int8) => &[Method::Entropy, Method::Max, Method::Percentile, Method::Mse],
            Kind::Quantize(QuantMode::Fp8) => &[Method::Max, Method::Percentile],
            Kind::Quantize(QuantMode::Int4) | Kind::Cast(_) | Kind::None => &[],
        }
    }

    /// What the recipe's patches stand for; `build.precision` where none of them lowers anything.
    pub fn of(recipe: &Recipe) -> Self {
        let at = recipe.patches.iter().position(PatchSpec::is_precision);
        let functions = at.is_some_and(|at| prepared(recipe, at).1);
        match at.and_then(|at| recipe.patches.get(at)) {
            Some(PatchSpec::Cast(spec)) => Self {
                to: match spec.to {
                    LowType::Fp16 => Precision::Fp16,
                    LowType::Bf16 => Precision::Bf16,
                },
                keep_io_types: spec.keep_io_types,
                include: spec.include.clone(),
                exclude: spec.exclude.clone(),
                exclude_ops: spec.exclude_ops.clone(),
                max_activation: spec.max_activation,
                functions,
                ..Self::default()
            },
            Some(PatchSpec::Quantize(spec)) => Self {
                to: match spec.mode {
                    QuantMode::Int8 => Precision::Int8,
                    QuantMode::Fp8 => Precision::Fp8,
                    QuantMode::Int4 => Precision::Int4,
                },
                method: spec.method,
                rest_in_fp16: casts_rest(recipe),
                functions,
                pointwise: spec.pointwise,
                attention: spec.attention,
                include: spec.include.clone(),
                exclude: spec.exclude.clone(),
                exclude_ops: spec.exclude_ops.clone(),
                ..Self::default()
            },
            _ => Self {
                to: recipe.build.precision,
                ..Self::default()
            },
        }
    }

    /// True when the precision stands in the list of patches, not only as a wish in `[build]`.
    pub fn is_patched(recipe: &Recipe) -> bool {
        recipe.patches.iter().any(PatchSpec::is_precision)
    }

    /// The patches of `recipe` without those that lower precision and what was put in front of a quantization for it, and
    /// where in that list a lowering belongs.
    fn others(recipe: &Recipe) -> (Vec<PatchSpec>, usize) {
        let mut rest = recipe.patches.clone();
        let Some(at) = rest.iter().position(PatchSpec::is_precision) else {
            let end = rest.len();
            return (rest, end);
        };
        rest.retain(|p| !p.is_precision());
        let (start, _) = prepared(recipe, at);
        rest.drain(start..at);
        (rest, start)
    }

    /// The same for a model that `has_functions`: they are inlined first where no other patch of the recipe does it.
    #[must_use]
    pub fn for_model(mut self, recipe: &Recipe, has_functions: bool) -> Self {
        let (others, at) = Self::others(recipe);
        let does = |p: &PatchSpec| matches!(p, PatchSpec::InlineFunctions {} | PatchSpec::RaiseOpset { .. });
        self.functions = has_functions && self.to.is_lower() && !others.iter().take(at).any(does);
        self
    }

    /// The recipe whose calibration this lowering needs: the model in float32, made ready for quantizing where that is chosen.
    pub fn calibrated(&self, recipe: &Recipe) -> Recipe {
        let (mut patches, at) = Self::others(recipe);
        patches.splice(at..at, preparing(&Kind::of(self.to), self.rest_in_fp16, self.functions));
        let mut recipe = recipe.clone();
        recipe.patches = patches;
        recipe.build.precision = Precision::Fp32;
        recipe.variants.clear();
        recipe
    }

    /// Puts the choice into the recipe. Without a new calibration the ranges and thresholds that its patches have stay.
    ///
    /// # Errors
    /// [`NeedsCalibration`] where neither has what is needed.
    pub fn write(&self, recipe: &mut Recipe, calibration: Option<&Calibration>) -> Result<(), NeedsCalibration> {
        let old = recipe.patches.iter().find(|p| p.is_precision());
        let patch = match Kind::of(self.to) {
            Kind::None => Vec::new(),
            Kind::Cast(to) => {
                let old = match old {
                    Some(PatchSpec::Cast(spec)) => Some(&**spec),
                    _ => None,
                };
                let known = || old.and_then(|o| o.ranges.clone());
                let ranges = calibration.map(Calibration::ranges).or_else(known);
                vec![PatchSpec::Cast(Box::new(self.cast(to, old, ranges)))]
            }
            Kind::Quantize(mode) => {
                let spec = match (calibration, old) {
                    _ if !mode.has_activations() => QuantizeSpec::new(mode, self.method, &Calibration::default()),
                    (Some(found), _) => QuantizeSpec::new(mode, self.method, found),
                    (None, Some(PatchSpec::Quantize(spec))) if spec.method == self.method && spec.mode == mode => {
                        (**spec).clone()
                    }
                    _ => return Err(NeedsCalibration),
                };
                let (include_ops, block, weight_only) = match old {
                    Some(PatchSpec::Quantize(old)) => (old.include_ops.clone(), old.block, old.weight_only),
                    _ => (Vec::new(), None, false),
                };
                let spec = QuantizeSpec {
                    include_ops,
                    weight_only: weight_only && mode == QuantMode::Int8,
                    block: block.filter(|_| mode == QuantMode::Int4),
                    include: self.include.clone(),
                    exclude: self.exclude.clone(),
                    exclude_ops: self.exclude_ops.clone(),
                    pointwise: self.pointwise && mode == QuantMode::Int8,
                    attention: self.attention && mode.has_activations(),
                    ..spec
                };
                let mut patches = vec![PatchSpec::Quantize(Box::new(spec))];
                if self.rest_in_fp16 {
                    let known = || {
                        recipe.patches.iter().find_map(|p| match p {
                            PatchSpec::Cast(spec) => spec.ranges.clone(),
                            _ => None,
                        })
                    };
                    let rest = CastSpec {
                        keep_io_types: self.keep_io_types,
                        ranges: calibration.map(Calibration::ranges).or_else(known),
                        ..CastSpec::new(LowType::Fp16)
                    };
                    patches.push(PatchSpec::Cast(Box::new(rest)));
                }
                patches
            }
        };
        let (mut patches, at) = Self::others(recipe);
        patches.splice(
            at..at,
            preparing(&Kind::of(self.to), self.rest_in_fp16, self.functions)
                .into_iter()
                .chain(patch),
        );
        recipe.patches = patches;
        recipe.build.precision = self.to;
        Ok(())
    }

    fn cast(&self, to: LowType, old: Option<&CastSpec>, ranges: Option<Ranges>) -> CastSpec {
        CastSpec {
            include_ops: old.map_or_else(Vec::new, |o| o.include_ops.clone()),
            max_initializer: old.and_then(|o| o.max_initializer),
            keep_io_types: self.keep_io_types,
            include: self.include.clone(),
            exclude: self.exclude.clone(),
            exclude_ops: self.exclude_ops.clone(),
            max_activation: self.max_activation,
            ranges,
            ..CastSpec::new(to)
        }
    }

    /// Where the ranges or thresholds in the recipe's patches come from, in words.
    pub fn source(recipe: &Recipe) -> Option<&str> {
        recipe.patches.iter().find_map(|p| match p {
            PatchSpec::Cast(spec) => spec.ranges.as_ref().map(|r| r.source.as_str()),
            PatchSpec::Quantize(spec) => Some(spec.source.as_str()).filter(|s| !s.is_empty()),
            _ => None,
        })
    }

    /// The threshold that the recipe quantizes a tensor with.
    pub fn threshold(recipe: &Recipe, tensor: &str) -> Option<f32> {
        recipe.patches.iter().find_map(|p| match p {
            PatchSpec::Quantize(spec) => spec.thresholds.get(tensor).copied(),
            _ => None,
        })
    }
}

impl Recipe {
    /// Takes out patches that lower the graph to something else than `build.precision`.
    pub(super) fn drop_other_lowering(&mut self) {
        let wanted = self.build.precision;
        if Lowering::is_patched(self) && Lowering::of(self).to != wanted {
            self.patches = Lowering::others(self).0;
        }
    }

    /// The patches before the first that lowers precision: what is calibrated is the model in float32.
    pub fn before_lowering(&self) -> &[PatchSpec] {
        let end = self.patches.iter().position(PatchSpec::is_precision);
        self.patches
            .get(..end.unwrap_or(self.patches.len()))
            .unwrap_or_default()
    }

    /// What a calibration depends on, besides model and data files: data settings, shapes, patches before the lowering.
    pub fn calibration_settings(&self) -> CalibrationSettings<'_> {
        CalibrationSettings(
            &self.data.calibration,
            &self.profiles,
            &self.bench.shapes,
            &self.bench.values,
            self.before_lowering(),
        )
    }
}

/// See [`Recipe::calibration_settings`].
#[derive(Clone, Copy, PartialEq, Debug, serde::Serialize)]
pub struct CalibrationSettings<'a>(
    &'a Option<DataSource>,
    &'a Vec<ProfileSpec>,
    &'a BTreeMap<String, Vec<u64>>,
    &'a BTreeMap<String, Vec<i64>>,
    &'a [PatchSpec],
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rewrite::{Observed, Range};

    fn recipe() -> Recipe {
        toml::from_str("version = 1\nmodel.path = 'm.onnx'\n[[patch]]\nkind = 'remove-dead'\n").unwrap()
    }

    fn found() -> Calibration {
        let seen = Observed {
            range: Range { min: -4.0, max: 3.0 },
            entropy: 2.0,
            percentile: 3.5,
            mse: 3.0,
            histogram: vec![1],
            histogram_end: 4.0,
            ..Observed::default()
        };
        Calibration {
            source: "a test".into(),
            samples: 1,
            tensors: [("t".to_owned(), seen)].into(),
            ..Calibration::default()
        }
    }

    #[test]
    fn the_toggle_is_a_patch_and_comes_back() {
        let start = recipe();
        let mut r = start.clone();
        let mut choice = Lowering::of(&r);
        assert_eq!(choice, Lowering::default());
        choice.to = Precision::Fp16;
        choice.exclude = vec!["head*".into()];
        choice.write(&mut r, None).unwrap();
        assert_eq!(r.patches.len(), 2);
        assert_eq!(r.build.precision, Precision::Fp16);
        assert_eq!(Lowering::of(&r), choice);
        assert!(Lowering::is_patched(&r) && Lowering::source(&r).is_none());

        // Quantizing needs thresholds; the lists are taken along.
        choice.to = Precision::Int8;
        let before = r.clone();
        assert_eq!(choice.write(&mut r, None), Err(NeedsCalibration));
        assert_eq!(r, before);
        choice.write(&mut r, Some(&found())).unwrap();
        assert_eq!(Lowering::of(&r), choice);
        assert_eq!(r.patches.len(), 2 + PatchSpec::before_quantizing(13).len());
        assert_eq!(Lowering::threshold(&r, "t"), Some(3.0));
        assert_eq!(Lowering::source(&r), Some("a test"));

        // A list changes without a new calibration, a method does not.
        choice.exclude_ops = vec!["Gemm".into()];
        choice.write(&mut r, None).unwrap();
        assert_eq!(Lowering::of(&r), choice);
        choice.method = Method::Max;
        assert_eq!(choice.write(&mut r, None), Err(NeedsCalibration));
        choice.write(&mut r, Some(&found())).unwrap();
        assert_eq!(Lowering::threshold(&r, "t"), Some(4.0));
        assert_eq!(r.patches.len(), 2 + PatchSpec::before_quantizing(13).len());

        // Back to FP32 nothing is left of it.
        choice.to = Precision::Fp32;
        choice.write(&mut r, None).unwrap();
        assert_eq!(r, start);
    }

    #[test]
    fn functions_are_inlined_first_and_no_longer_when_nothing_is_lowered() {
        let start = recipe();
        for to in [Precision::Fp16, Precision::Bf16, Precision::Int8] {
            let mut r = start.clone();
            let choice = Lowering::default().switched(to).for_model(&r, true);
            choice.write(&mut r, Some(&found())).unwrap();
            assert!(r.patches.contains(&PatchSpec::InlineFunctions {}), "{to}");
            assert_eq!(Lowering::of(&r), choice);
            assert_eq!(choice.calibrated(&start).patches, r.before_lowering());
            let next = Lowering::of(&r).switched(Precision::Fp32).for_model(&r, true);
            next.write(&mut r, None).unwrap();
            assert_eq!(r.patches, start.patches, "{to}");
        }
        // Where another patch does it already, nothing is added.
        let mut r = start;
        r.patches.insert(0, PatchSpec::InlineFunctions {});
        assert!(
            !Lowering::default()
                .switched(Precision::Int8)
                .for_model(&r, true)
                .functions
        );
    }

    #[test]
    fn what_is_calibrated_is_the_model_in_float32() {
        let mut r = recipe();
        let int8 = Lowering {
            to: Precision::Int8,
            ..Lowering::default()
        };
        let prepared = int8.calibrated(&r);
        assert_eq!(prepared.patches.len(), 1 + PatchSpec::before_quantizing(13).len());
        int8.write(&mut r, Some(&found())).unwrap();
        // What the recipe would be calibrated with afterwards is the same, or the cache would never be hit.
        assert_eq!(r.calibration_settings(), prepared.calibration_settings());
        assert_eq!(Lowering::of(&r).calibrated(&r).patches, prepared.patches);
        assert_eq!(Lowering::default().calibrated(&r).patches, recipe().patches);
    }

    #[test]
    fn a_variant_of_another_precision_is_not_lowered_to_the_bases() {
        let mut r = recipe();
        let fp16 = Lowering {
            to: Precision::Fp16,
            ..Lowering::default()
        };
        fp16.write(&mut r, None).unwrap();
        for name in ["fp32", "fp16", "int8"] {
            let overrides = toml::from_str(&format!("build.precision = '{name}'")).unwrap();
            let name = name.to_owned();
            r.variants.push(crate::recipe::VariantSpec { name, overrides });
        }
        let patched: Vec<bool> = r
            .resolve_variants()
            .unwrap()
            .iter()
            .map(|(_, recipe)| Lowering::is_patched(recipe))
            .collect();
        assert_eq!(patched, [false, true, false]);
    }

    #[test]
    fn every_lower_precision_is_a_patch() {
        for p in Precision::ALL {
            let mut r = recipe();
            let choice = Lowering::default().switched(p);
            let without = choice.write(&mut r.clone(), None);
            assert_eq!(without.is_err(), !choice.methods().is_empty(), "{p}");
            choice.write(&mut r, Some(&found())).unwrap();
            assert_eq!(Lowering::is_patched(&r), p.is_lower(), "{p}");
            assert_eq!(Lowering::of(&r), choice, "{p}");
        }
    }

    #[test]
    fn what_else_is_quantized_stands_in_the_recipe() {
        let mut r = recipe();
        let choice = Lowering {
            pointwise: true,
            attention: true,
            ..Lowering::default().switched(Precision::Int8)
        };
        choice.write(&mut r, Some(&found())).unwrap();
        let text = toml::to_string(&r).unwrap();
        assert!(
            text.contains("pointwise = true") && text.contains("attention = true"),
            "{text}"
        );
        assert_eq!(Lowering::of(&toml::from_str(&text).unwrap()), choice);
        let fp8 = choice.switched(Precision::Fp8);
        assert!(!fp8.pointwise && fp8.attention);
        assert!(!choice.switched(Precision::Fp16).attention);
    }

    #[test]
    fn what_is_not_quantized_can_be_fp16() {
        let mut r = recipe();
        let mut choice = Lowering {
            rest_in_fp16: true,
            ..Lowering::default().switched(Precision::Int8)
        };
        choice.write(&mut r, Some(&found())).unwrap();
        assert!(
            matches!(&r.patches[..], [.., PatchSpec::Quantize(_), PatchSpec::Cast(_)]),
            "{:?}",
            r.patches
        );
        assert!(r.patches.contains(&PatchSpec::RaiseOpset { to: FP16_SCALES }));
        assert_eq!(Lowering::of(&r), choice);
        // Turning it off, and a list, need no new calibration.
        choice.exclude = vec!["x".into()];
        choice.write(&mut r, None).unwrap();
        assert_eq!(Lowering::of(&r), choice);
        let mut back = choice.switched(Precision::Fp16);
        assert!(!back.rest_in_fp16);
        back.to = Precision::Fp32;
        back.write(&mut r, None).unwrap();
        assert_eq!(r.patches, recipe().patches);
    }
}
