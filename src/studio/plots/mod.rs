//! The plots: what is drawn from a comparison's samples, live and at the end. Axes grow while samples stream and do not shrink;
//! bars start at zero; a variant has one colour everywhere.

mod bars;
mod latency;
mod pareto;
mod ranges;
mod sweep;
mod trend;
mod weights;

pub use bars::{speedup, throughput};
pub use latency::{axes, histogram, latency};
pub use pareto::{axis as metric_axis, by_latency, by_lowered_macs, pareto};
pub use ranges::{Limit, limits, ranges};
pub use sweep::sweep;
pub use trend::trend;
pub use weights::weights;

use crate::studio::lab::run::Run;

/// What the latency plot shows as CSV: per variant the columns of the plot over time, one sample each while there are few.
pub fn csv(run: &Run) -> String {
    let mut out = String::from("variant,protocol,start_s,end_s,latency_min_ms,latency_max_ms,rolling_median_ms\n");
    for v in &run.variants {
        let name = v.name.replace('"', "\"\"");
        for c in v.series.columns() {
            let (start, end) = (c.start_ms / 1e3, c.end_ms / 1e3);
            out.push_str(&format!(
                "\"{name}\",{},{start},{end},{},{},{}\n",
                run.protocol, c.min_ms, c.max_ms, c.median_ms
            ));
        }
    }
    out
}
