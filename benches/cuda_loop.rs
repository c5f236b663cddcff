//! The measuring loop on a GPU with a plain CUDA workload (cuda_loop.ptx): prints one JSON object with the medians per
//! protocol. cuda_loop.py does the same in Python and compares the two.
//!
//!     cargo bench --bench cuda_loop -- [--seconds 2] [--device 0]

use bytes::Bytes;
use cudarc::driver::sys::{CUdeviceptr, CUfunction, CUgraphInstantiate_flags, CUstreamCaptureMode};
use cudarc::driver::{CudaGraph, CudaSlice, CudaStream, DevicePtr, DriverError, result};
use enginesmith::bench::measure::Plan;
use enginesmith::bench::stats::median;
use enginesmith::bench::{Protocol, Sample, gpu_loop};
use enginesmith::engine::cuda::{Device, Enqueue, GpuLoop};
use serde_json::json;
use std::ffi::{CString, c_void};
use std::process::ExitCode;
use std::sync::Arc;

/// Elements of the array: 64 MiB.
const ELEMENTS: u32 = 16 << 20;
/// Steps per element, for about two milliseconds on a large GPU.
const ROUNDS: u32 = 2048;
const THREADS: u32 = 256;

/// One launch of the kernel.
struct Work {
    stream: Arc<CudaStream>,
    kernel: CUfunction,
    x: CUdeviceptr,
    y: CUdeviceptr,
    graph: Option<CudaGraph>,
}

fn text(error: DriverError) -> String {
    error.to_string()
}

impl Work {
    fn launch(&self) -> Result<(), DriverError> {
        let grid = (ELEMENTS.div_ceil(THREADS), 1, 1);
        let (mut n, mut rounds, mut x, mut y) = (ELEMENTS, ROUNDS, self.x, self.y);
        let mut arguments = [
            (&raw mut x).cast::<c_void>(),
            (&raw mut y).cast(),
            (&raw mut n).cast(),
            (&raw mut rounds).cast(),
        ];
        // SAFETY: the arguments are those of the kernel, in its order, and copied by the call; both arrays have `ELEMENTS`
        // elements and live in `run`, as the module does.
        unsafe {
            result::launch_kernel(
                self.kernel,
                grid,
                (THREADS, 1, 1),
                0,
                self.stream.cu_stream(),
                &mut arguments,
            )
        }
    }
}

impl Enqueue for Work {
    fn enqueue(&mut self) -> Result<(), String> {
        match &self.graph {
            Some(graph) => graph.launch(),
            None => self.launch(),
        }
        .map_err(text)
    }

    fn capture(&mut self) -> Result<(), String> {
        self.stream
            .begin_capture(CUstreamCaptureMode::CU_STREAM_CAPTURE_MODE_THREAD_LOCAL)
            .map_err(text)?;
        let launched = self.launch();
        let graph = self.stream.end_capture(CUgraphInstantiate_flags(0)).map_err(text)?;
        launched.map_err(text)?;
        self.graph = Some(graph.ok_or("nothing was captured")?);
        Ok(())
    }

    fn release(&mut self) {
        self.graph = None;
    }
}

fn input(index: u32) -> f32 {
    (index % 1000) as f32 / 1000.0
}

fn expected(index: u32) -> f32 {
    let (factor, summand) = (f32::from_bits(0x3F7F_FFFE), f32::from_bits(0x3586_37BD));
    (0..ROUNDS).fold(input(index), |x, _| x.mul_add(factor, summand))
}

fn run(index: u32, seconds: f64) -> Result<serde_json::Value, String> {
    let device = Device::open(index)?;
    let stream = device.stream()?;
    let ptx = CString::new(include_str!("cuda_loop.ptx")).map_err(|e| e.to_string())?;
    // SAFETY: the text is PTX and ends with a zero byte; the module stays loaded until the process ends.
    let module = unsafe { result::module::load_data(ptx.as_ptr().cast()) }.map_err(text)?;
    // SAFETY: the module was just loaded.
    let kernel = unsafe { result::module::get_function(module, c"work".into()) }.map_err(text)?;
    let x = stream.alloc_zeros::<f32>(ELEMENTS as usize).map_err(text)?;
    let y = stream.alloc_zeros::<f32>(ELEMENTS as usize).map_err(text)?;
    stream.synchronize().map_err(text)?;
    let address = |slice: &CudaSlice<f32>| slice.device_ptr(&stream).0;
    let (at_x, at_y) = (address(&x), address(&y));
    let data: Vec<u8> = (0..ELEMENTS).flat_map(|i| input(i).to_le_bytes()).collect();
    let data = Bytes::from(data);
    let mut protocols = serde_json::Map::new();
    for protocol in [Protocol::Trtexec10, Protocol::Trtexec11, Protocol::Serial] {
        let work = Work {
            stream: Arc::clone(&stream),
            kernel,
            x: at_x,
            y: at_y,
            graph: None,
        };
        let bytes = data.len();
        let mut timed = GpuLoop::new(&device, &stream, work, vec![(at_x, data.clone())], vec![(at_y, bytes)])?;
        let plan = Plan {
            duration_s: seconds,
            ..Plan::of(protocol)
        };
        let samples = gpu_loop::measure(&mut timed, &plan, &mut |_| true)?;
        let notes = timed.notes().to_vec();
        drop(timed);
        let of = |series: fn(&Sample) -> f64| {
            let mut values: Vec<f64> = samples.iter().map(series).collect();
            values.sort_by(f64::total_cmp);
            median(&values)
        };
        let medians = json!({
            "samples": samples.len(),
            "latency_ms": of(Sample::latency_ms),
            "compute_ms": of(Sample::compute_ms),
            "h2d_ms": of(Sample::h2d_ms),
            "d2h_ms": of(Sample::d2h_ms),
            "enqueue_ms": of(Sample::enqueue_ms),
            "notes": notes,
        });
        protocols.insert(protocol.name().into(), medians);
    }
    let result = stream.clone_dtoh(&y).map_err(text)?;
    stream.synchronize().map_err(text)?;
    for index in [0, 1, 999, ELEMENTS - 1] {
        let (is, should) = (result[index as usize], expected(index));
        if is.to_bits() != should.to_bits() {
            return Err(format!("element {index} is {is} where {should} is expected"));
        }
    }
    Ok(json!({"device": device.state(), "protocols": protocols}))
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let value = |name: &str| {
        let at = arguments.iter().position(|a| a == name)?;
        arguments.get(at + 1)?.parse::<f64>().ok()
    };
    let device = value("--device").unwrap_or(0.0) as u32;
    match run(device, value("--seconds").unwrap_or(2.0)) {
        Ok(report) => {
            println!("{report}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("cuda_loop: {why}");
            ExitCode::from(3)
        }
    }
}
