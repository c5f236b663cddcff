//! Streams, events and transfers of the measuring loop, around whatever an engine enqueues.

use super::Device;
use crate::bench::gpu_loop::{Event, GpuTimed, Stream};
use bytes::Bytes;
use cudarc::driver::sys::{CUdeviceptr, CUevent_flags};
use cudarc::driver::{CudaEvent, CudaStream, DriverError, PinnedHostSlice, result};
use std::sync::Arc;
use std::time::Instant;

/// What an engine does on its compute stream.
pub trait Enqueue {
    /// Enqueues one inference; launches the captured graph once there is one.
    ///
    /// # Errors
    /// The runtime's message.
    fn enqueue(&mut self) -> Result<(), String>;
    /// Captures one inference as a CUDA graph.
    ///
    /// # Errors
    /// Why it cannot be captured.
    fn capture(&mut self) -> Result<(), String>;
    /// Goes back to plain inferences.
    fn release(&mut self);
}

/// What outputs are filled with before a run that must write them; as a float of any width it is not a number.
const UNWRITTEN: u8 = 0xFF;

/// The measuring loop's side of an engine on a GPU. Device memory belongs to the engine and is shared by the slots, as
/// trtexec shares it; host memory is pinned and each slot has its own.
pub struct GpuLoop<E> {
    device: Device,
    input: Arc<CudaStream>,
    compute: Arc<CudaStream>,
    output: Arc<CudaStream>,
    zero: Option<CudaEvent>,
    clock: Instant,
    slots: Vec<Slot>,
    engine: E,
    inputs: Vec<(CUdeviceptr, Bytes)>,
    outputs: Vec<(CUdeviceptr, usize)>,
    notes: Vec<String>,
}

struct Slot {
    events: Vec<CudaEvent>,
    inputs: Vec<PinnedHostSlice<u8>>,
    outputs: Vec<PinnedHostSlice<u8>>,
}

const EVENTS: [Event; 6] = [
    Event::InputStart,
    Event::InputEnd,
    Event::ComputeStart,
    Event::ComputeEnd,
    Event::OutputStart,
    Event::OutputEnd,
];

fn text(error: DriverError) -> String {
    format!("CUDA: {error}")
}

impl<E: Enqueue> GpuLoop<E> {
    /// A loop around `engine`, which enqueues on `compute`. `inputs` are device addresses with the data that goes there,
    /// `outputs` device addresses with sizes in bytes; both stay valid as long as the engine.
    ///
    /// # Errors
    /// The driver's message.
    pub fn new(
        device: &Device,
        compute: &Arc<CudaStream>,
        engine: E,
        inputs: Vec<(CUdeviceptr, Bytes)>,
        outputs: Vec<(CUdeviceptr, usize)>,
    ) -> Result<Self, String> {
        Ok(Self {
            input: device.stream()?,
            compute: Arc::clone(compute),
            output: device.stream()?,
            device: device.clone(),
            zero: None,
            clock: Instant::now(),
            slots: Vec::new(),
            engine,
            inputs,
            outputs,
            notes: Vec::new(),
        })
    }

    /// Sentences about how the measurement ran.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    fn stream(&self, stream: Stream) -> &Arc<CudaStream> {
        match stream {
            Stream::Input => &self.input,
            Stream::Compute => &self.compute,
            Stream::Output => &self.output,
        }
    }

    fn event(&self, slot: usize, event: Event) -> Result<&CudaEvent, String> {
        let index = EVENTS.iter().position(|e| *e == event).unwrap_or_default();
        let events = self.slots.get(slot).map(|s| &s.events);
        events
            .and_then(|e| e.get(index))
            .ok_or_else(|| format!("the measuring loop has no slot {slot}"))
    }

    /// The outputs of one inference, in memory that held [`UNWRITTEN`] before.
    fn outputs_of_one(&mut self) -> Result<Vec<Vec<u8>>, String> {
        for (device, bytes) in &self.outputs {
            // SAFETY: the engine's device memory has this many bytes.
            unsafe { result::memset_d8_async(*device, UNWRITTEN, *bytes, self.compute.cu_stream()) }.map_err(text)?;
        }
        self.engine.enqueue()?;
        self.compute.synchronize().map_err(text)?;
        let read = |(device, bytes): &(CUdeviceptr, usize)| {
            let mut host = vec![0_u8; *bytes];
            // SAFETY: as above; nothing runs on the stream that writes there.
            unsafe { result::memcpy_dtoh_sync(&mut host, *device) }.map_err(text)?;
            Ok(host)
        };
        self.outputs.iter().map(read).collect()
    }

    /// Captures, and makes sure that the graph writes what a plain inference writes: a runtime may launch a graph that it
    /// captured earlier, for other shapes or other memory, and its time would be that of something else.
    fn capture_checked(&mut self) -> Result<(), String> {
        let plain = self.outputs_of_one()?;
        self.engine.capture()?;
        let captured = self.outputs_of_one()?;
        match unwritten(&plain, &captured) {
            0 => Ok(()),
            words => Err(format!(
                "the captured graph does not write all outputs of an inference ({} bytes are left out)",
                4 * words
            )),
        }
    }

    fn pinned(&self, bytes: usize) -> Result<PinnedHostSlice<u8>, String> {
        // SAFETY: the memory is written in full before anything reads it: inputs just below, outputs by the copies.
        unsafe { self.device.context.alloc_pinned_with_flags(bytes, 0) }.map_err(text)
    }
}

impl<E: Enqueue> GpuTimed for GpuLoop<E> {
    fn prepare(&mut self, slots: usize, spin: bool) -> Result<(), String> {
        let flags = if spin {
            CUevent_flags::CU_EVENT_DEFAULT
        } else {
            CUevent_flags::CU_EVENT_BLOCKING_SYNC
        };
        self.slots.clear();
        self.notes.clear();
        for _ in 0..slots {
            let new = |_: &Event| self.device.context.new_event(Some(flags)).map_err(text);
            let mut inputs = Vec::new();
            for (_, data) in &self.inputs {
                let mut memory = self.pinned(data.len())?;
                memory.as_mut_slice().map_err(text)?.copy_from_slice(data);
                inputs.push(memory);
            }
            let outputs = self.outputs.iter().map(|(_, bytes)| self.pinned(*bytes));
            let slot = Slot {
                events: EVENTS.iter().map(new).collect::<Result<_, _>>()?,
                outputs: outputs.collect::<Result<_, _>>()?,
                inputs,
            };
            self.slots.push(slot);
        }
        self.zero = Some(self.device.context.new_event(Some(flags)).map_err(text)?);
        Ok(())
    }

    fn start_clock(&mut self) -> Result<(), String> {
        let zero = self.zero.as_ref().ok_or("the measuring loop was not prepared")?;
        zero.record(&self.compute).map_err(text)?;
        zero.synchronize().map_err(text)?;
        self.clock = Instant::now();
        Ok(())
    }

    fn host_ms(&self) -> f64 {
        self.clock.elapsed().as_secs_f64() * 1e3
    }

    fn record(&mut self, slot: usize, event: Event) -> Result<(), String> {
        self.event(slot, event)?
            .record(self.stream(event.stream()))
            .map_err(text)
    }

    fn wait(&mut self, stream: Stream, slot: usize, event: Event) -> Result<(), String> {
        self.stream(stream).wait(self.event(slot, event)?).map_err(text)
    }

    fn copy_inputs(&mut self, slot: usize) -> Result<(), String> {
        let slot = self.slots.get(slot).ok_or("the measuring loop has no such slot")?;
        for ((device, _), host) in self.inputs.iter().zip(&slot.inputs) {
            let host = host.as_slice().map_err(text)?;
            // SAFETY: the engine's device memory has room for the input's bytes, the pinned memory lives in the slot, and
            // slots are dropped only after their last event was waited for.
            unsafe { result::memcpy_htod_async(*device, host, self.input.cu_stream()) }.map_err(text)?;
        }
        Ok(())
    }

    fn enqueue(&mut self, _slot: usize) -> Result<(), String> {
        self.engine.enqueue()
    }

    fn copy_outputs(&mut self, slot: usize) -> Result<(), String> {
        let slot = self.slots.get_mut(slot).ok_or("the measuring loop has no such slot")?;
        for ((device, _), host) in self.outputs.iter().zip(&mut slot.outputs) {
            let host = host.as_mut_slice().map_err(text)?;
            // SAFETY: as in `copy_inputs`; nobody reads the pinned memory before the slot's last event.
            unsafe { result::memcpy_dtoh_async(host, *device, self.output.cu_stream()) }.map_err(text)?;
        }
        Ok(())
    }

    fn capture(&mut self) -> Result<(), String> {
        let captured = self.capture_checked();
        if captured.is_err() {
            self.engine.release();
        }
        captured
    }

    fn synchronize(&mut self, slot: usize, event: Event) -> Result<(), String> {
        self.event(slot, event)?.synchronize().map_err(text)
    }

    fn event_ms(&self, slot: usize, event: Event) -> Result<f64, String> {
        let zero = self.zero.as_ref().ok_or("the measuring loop was not prepared")?;
        let end = self.event(slot, event)?;
        zero.elapsed_ms(end).map(f64::from).map_err(text)
    }

    fn note(&mut self, sentence: String) {
        self.notes.push(sentence);
    }
}

impl<E> Drop for GpuLoop<E> {
    fn drop(&mut self) {
        // Copies may still be on their way when a measurement is given up.
        for stream in [&self.input, &self.compute, &self.output] {
            let _ = stream.synchronize();
        }
    }
}

/// Words of four bytes that the plain inference wrote and the captured one did not.
fn unwritten(plain: &[Vec<u8>], captured: &[Vec<u8>]) -> usize {
    let is_left = |word: &[u8]| word.iter().all(|b| *b == UNWRITTEN);
    let words = |(a, b): (&Vec<u8>, &Vec<u8>)| {
        let pairs = a.chunks(4).zip(b.chunks(4));
        pairs.filter(|(a, b)| is_left(b) && !is_left(a)).count()
    };
    plain.iter().zip(captured).map(words).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_graph_of_a_smaller_batch_is_noticed() {
        let plain = vec![vec![1, 2, 3, 4, 5, 6, 7, 8], vec![0xFF; 6]];
        assert_eq!(unwritten(&plain, &plain), 0);
        let half = vec![vec![1, 2, 3, 4, 0xFF, 0xFF, 0xFF, 0xFF], vec![0xFF; 6]];
        assert_eq!(unwritten(&plain, &half), 1);
        // Other values are not its business: kernels may add up in any order.
        let other = vec![vec![1, 2, 3, 5, 5, 6, 7, 8], vec![0xFF; 6]];
        assert_eq!(unwritten(&plain, &other), 0);
    }
}
