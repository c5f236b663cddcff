//! Quantized variants that are slower than FP16, and why that happens.

use super::{Comparison, VariantResult};

/// Precisions with 8-bit arithmetic, as recipes write them.
const QUANTIZED: [&str; 2] = ["int8", "fp8"];

impl Comparison {
    /// A sentence for each quantized variant that is slower, beyond noise, than the FP16 one that is otherwise alike.
    pub fn slow_quantized(&self) -> Vec<String> {
        let ran = |v: &&VariantResult| v.error.is_none() && v.statistics.samples > 0;
        let quantized = self
            .variants
            .iter()
            .filter(ran)
            .filter(|v| QUANTIZED.contains(&v.precision.as_str()));
        quantized
            .filter_map(|v| {
                let like = |w: &&VariantResult| w.precision == "fp16" && w.target == v.target && w.shapes == v.shapes;
                let half = self.variants.iter().filter(ran).find(like)?;
                // Both against the first row, with the ends of their intervals: the best of one below the worst of the other.
                let speedup = |v: &VariantResult| v.ratio.map_or((1.0, 1.0), |r| (r.low, r.high));
                (speedup(v).1 < speedup(half).0).then(|| words(&v.name, &half.name))
            })
            .collect()
    }
}

fn words(quantized: &str, half: &str) -> String {
    format!(
        "{quantized} is slower than {half}. Quantizing pays where most of the products are 8-bit: each border between 8 bits \
         and float costs a conversion, pairs in the wrong place keep layers from fusing, and what is not quantized stays as \
         wide as the model has it. The Precision tab shows the share of multiply-accumulates in 8 bits and why the other nodes \
         are not; small batches and models that wait for memory gain least."
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Ratio;

    fn row(name: &str, precision: &str, speedup: Option<f64>) -> VariantResult {
        let mut row = VariantResult {
            name: name.into(),
            precision: precision.into(),
            target: "tensorrt 10".into(),
            ratio: speedup.map(|s| Ratio {
                speedup: s,
                low: s - 0.05,
                high: s + 0.05,
                within_noise: false,
            }),
            ..VariantResult::default()
        };
        row.statistics.samples = 10;
        row
    }

    fn of(variants: Vec<VariantResult>) -> Vec<String> {
        Comparison {
            sizes: Default::default(),
            variants,
            ..Comparison::default()
        }
        .slow_quantized()
    }

    #[test]
    fn only_what_is_slower_beyond_noise_is_explained() {
        let base = || row("fp32", "fp32", None);
        let said = of(vec![
            base(),
            row("half", "fp16", Some(2.0)),
            row("eight", "int8", Some(1.5)),
        ]);
        assert_eq!(said.len(), 1);
        assert!(said[0].starts_with("eight is slower than half. "), "{said:?}");
        assert!(
            of(vec![
                base(),
                row("half", "fp16", Some(2.0)),
                row("eight", "int8", Some(1.92))
            ])
            .is_empty()
        );
        assert!(
            of(vec![
                base(),
                row("half", "fp16", Some(2.0)),
                row("eight", "int8", Some(3.0))
            ])
            .is_empty()
        );
        // FP16 as the baseline.
        assert_eq!(
            of(vec![row("half", "fp16", None), row("eight", "int8", Some(0.8))]).len(),
            1
        );
        // Another target is no counterpart.
        let mut other = row("half", "fp16", Some(2.0));
        other.target = "onnxruntime-cpu 1.22".into();
        assert!(of(vec![base(), other, row("eight", "int8", Some(1.5))]).is_empty());
    }
}
