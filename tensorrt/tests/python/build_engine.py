"""Builds an engine with NVIDIA's own Python binding of TensorRT-RTX, to compare with ours.

build_engine.py FOLDER MODEL.onnx OUT.engine: FOLDER is where pip installed tensorrt-rtx-cu13-libs and -bindings to.
Every input with an open first dimension gets a profile of 1, 4 and 16; the workspace is 256 MiB; TF32 is off; SM 8.6.
"""

import sys

folder, model, out = sys.argv[1:]
sys.path.insert(0, folder)
import tensorrt_rtx_libs  # noqa: E402,F401  (loads the libraries)
import tensorrt_rtx_bindings as trt  # noqa: E402

logger = trt.Logger(trt.Logger.ERROR)
builder = trt.Builder(logger)
strongly_typed = 1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED)
network = builder.create_network(strongly_typed)
parser = trt.OnnxParser(network, logger)
with open(model, "rb") as file:
    if not parser.parse(file.read()):
        sys.exit("\n".join(parser.get_error(i).desc() for i in range(parser.num_errors)))
config = builder.create_builder_config()
config.num_compute_capabilities = 1
config.set_compute_capability(trt.ComputeCapability.SM86, 0)
config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, 256 << 20)
config.clear_flag(trt.BuilderFlag.TF32)
profile = builder.create_optimization_profile()
dynamic = False
for i in range(network.num_inputs):
    tensor = network.get_input(i)
    shape = tuple(tensor.shape)
    if -1 in shape:
        dynamic = True
        profile.set_shape(tensor.name, *[tuple(n if d == -1 else d for d in shape) for n in (1, 4, 16)])
if dynamic:
    config.add_optimization_profile(profile)
engine = builder.build_serialized_network(network, config)
if engine is None:
    sys.exit("NVIDIA's binding builds no engine")
with open(out, "wb") as file:
    file.write(bytes(engine))
