//! RNN, GRU and LSTM.

use super::super::call::Call;
use super::super::fact::Fact;
use super::super::size::Size;

pub(super) fn rnn(call: &Call<'_>) -> Option<Vec<Fact>> {
    let dtype = call.dtype(0);
    let directions = Size::Known(if call.text("direction") == Some("bidirectional") {
        2
    } else {
        1
    });
    // R is [directions, gates * hidden, hidden].
    let hidden = call.int("hidden_size").map(Size::Known);
    let hidden = hidden
        .or_else(|| call.shape(2)?.get(2).cloned())
        .unwrap_or(Size::Unknown);
    let batch_first = call.int("layout") == Some(1);
    let (steps, batch) = match call.shape(0) {
        Some([a, b, _]) if batch_first => (b.clone(), a.clone()),
        Some([a, b, _]) => (a.clone(), b.clone()),
        _ => (Size::Unknown, Size::Unknown),
    };
    let (all, last) = if batch_first {
        (
            vec![batch.clone(), steps, directions.clone(), hidden.clone()],
            vec![batch, directions, hidden],
        )
    } else {
        (
            vec![steps, directions.clone(), batch.clone(), hidden.clone()],
            vec![directions, batch, hidden],
        )
    };
    let last = Fact::new(dtype, Some(last));
    Some(vec![Fact::new(dtype, Some(all)), last.clone(), last])
}
