"""Checks the slot tables of TensorRT 10 and 11 against NVIDIA's own Python bindings.

check.py FOLDER...: folders where pip installed wheels of tensorrt-cu12-bindings or tensorrt-cu13-bindings to (python3 of the wheel's
version; g++). NVIDIA's compiled binding calls a mock library (mock.cpp) that records which slot of which class was called;
it must be the one that generator/slots.json says. Objects that the binding implements are called at our slots, and enum values
are compared. Ends with 1 on any mismatch.
"""

import ctypes
import glob
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import calls  # noqa: E402
from mock import Mock, InterfaceInfo, Table, compile_mock  # noqa: E402


def version_of(folder):
    names = glob.glob(os.path.join(folder, "tensorrt_cu1?_bindings-*.dist-info"))
    if not names:
        sys.exit(f"{folder}: no tensorrt-cu12-bindings or tensorrt-cu13-bindings here")
    text = re.search(r"_bindings-([0-9.]+)", os.path.basename(names[0]))[1].rstrip(".")
    return tuple(int(n) for n in text.split(".")[:3])


class Report:
    def __init__(self, mock):
        self.mock, self.right, self.wrong, self.absent = mock, 0, [], []

    def call(self, label, expected, function):
        """Runs something of the binding and looks whether it called `expected` (Class.method)."""
        self.mock.take()
        value = error = None
        try:
            value = function()
        except (AttributeError, NotImplementedError):
            self.absent.append(label)  # this binding does not have it
            return None
        except Exception as e:  # the mock's values may not please the binding; the call counts all the same
            error = e
        seen = [(c, m) for c, m, _ in self.mock.take()]
        cls, method = expected.split(".")
        # overloads carry their argument types in the table
        if any(c == cls and m.split("(")[0] == method for c, m in seen):
            self.right += 1
        else:
            self.wrong.append(f"{label}: expected {expected}, called {seen} {error or ''}")
        return value

    def same(self, label, value, expected):
        if value == expected:
            self.right += 1
        else:
            self.wrong.append(f"{label}: {value!r} instead of {expected!r}")


def check_interfaces(report, trt, builder, config, context):
    """Objects that NVIDIA's compiled code implements, called at our slots."""
    mock, table = report.mock, report.mock.table

    def info(address, cls):
        slot = table.slots[cls].get("getInterfaceInfo")
        return slot is None or mock.call(address, slot, result=InterfaceInfo).kind.decode()

    def given(function):
        mock.take()
        function()
        return mock.take()[0][2][1]  # the first argument after the object itself

    class Monitor(trt.IProgressMonitor):
        def __init__(self):
            trt.IProgressMonitor.__init__(self)
            self.events = []

        def phase_start(self, phase, parent, steps):
            self.events.append(("start", phase, parent, steps))

        def step_complete(self, phase, step):
            self.events.append(("step", phase, step))
            return False

        def phase_finish(self, phase):
            self.events.append(("finish", phase))

    monitor, name = Monitor(), mock.text("a phase")
    address = given(lambda: setattr(config, "progress_monitor", monitor))
    slots = table.slots["IProgressMonitor"]
    mock.call(address, slots["phaseStart"], name, 0, 5)
    answer = mock.call(address, slots["stepComplete"], name, 3, result=ctypes.c_bool)
    mock.call(address, slots["phaseFinish"], name)
    events = [("start", "a phase", None, 5), ("step", "a phase", 3), ("finish", "a phase")]
    report.same("progress monitor", (monitor.events, answer), (events, False))
    report.same("progress monitor's kind", info(address, "IProgressMonitor"), "IProgressMonitor")

    class Profiler(trt.IProfiler):
        def __init__(self):
            trt.IProfiler.__init__(self)
            self.times = []

        def report_layer_time(self, layer, milliseconds):
            self.times.append((layer, milliseconds))

    profiler = Profiler()
    address = given(lambda: setattr(context, "profiler", profiler))
    slot = table.slots["IProfiler"]["reportLayerTime"]
    mock.call(address, slot, mock.text("conv"), 1.5, result=None, types=[ctypes.c_uint64, ctypes.c_float])
    report.same("profiler", profiler.times, [("conv", 1.5)])
    report.same("profiler's kind", info(address, "IProfiler") in (True, "IProfiler"), True)

    class Recorder(trt.IErrorRecorder):
        def __init__(self):
            trt.IErrorRecorder.__init__(self)

        def num_errors(self):
            return 5

        get_num_errors = num_errors

        def has_overflowed(self):
            return True

        def get_error_code(self, index):
            return trt.ErrorCodeTRT.SUCCESS

        def get_error_desc(self, index):
            return "text"

        def clear(self):
            pass

        def report_error(self, code, text):
            return True

    recorder = Recorder()
    address = given(lambda: setattr(builder, "error_recorder", recorder))
    slots = table.slots["IErrorRecorder"]
    found = [mock.call(address, slots[m]) & 0xFF for m in ("getNbErrors", "hasOverflowed")]
    report.same("error recorder", (found, info(address, "IErrorRecorder")), ([5, 1], "IErrorRecorder"))

    for kind in ("IInt8EntropyCalibrator2", "IInt8MinMaxCalibrator"):
        if not table.slots.get(kind) or not hasattr(trt, kind):
            continue
        base = getattr(trt, kind)
        calibrator = type("Calibrator", (base,), {"__init__": lambda s, b=base: b.__init__(s), "get_batch_size": lambda s: 7})()
        address = given(lambda: setattr(config, "int8_calibrator", calibrator))
        size = mock.call(address, table.slots[kind]["getBatchSize"]) & 0xFFFFFFFF
        report.same(kind, (size, info(address, kind)), (7, kind))

    class Allocator(trt.IOutputAllocator):
        def __init__(self):
            trt.IOutputAllocator.__init__(self)
            self.seen = []

        def reallocate_output(self, tensor, memory, size, alignment):
            self.seen.append((tensor, size, alignment))
            return 4096

        def reallocate_output_async(self, tensor, memory, size, alignment, stream):
            return self.reallocate_output(tensor, memory, size, alignment)

        def notify_shape(self, tensor, shape):
            self.seen.append((tensor, tuple(shape)))

    allocator = Allocator()
    mock.take()
    context.set_output_allocator("y", allocator)
    address = next(a[2] for c, m, a in mock.take() if m == "setOutputAllocator")
    shape = (ctypes.c_int64 * 9)(2, 3, 4)
    slots = table.slots["IOutputAllocator"]
    got = mock.call(address, slots["reallocateOutputAsync"], mock.text("y"), 0, 64, 256, 0)
    mock.call(address, slots["notifyShape"], mock.text("y"), ctypes.addressof(shape))
    report.same("output allocator", (got, allocator.seen), (4096, [("y", 64, 256), ("y", (3, 4))]))


def check_enums(report, trt):
    pairs = {name: name for name in calls.ENUMS} | {"nvonnxparser::ErrorCode": "ErrorCode", "ErrorCode": "ErrorCodeTRT"}
    plain = lambda name: name.replace("_", "").lower()  # noqa: E731
    for ours, theirs in pairs.items():
        values = {plain(k[1:]): v for k, v in report.mock.table.enums.get(ours, {}).items() if v is not None}
        for name, member in getattr(getattr(trt, theirs, None), "__members__", {}).items():
            if plain(name) != "weightless":  # an alias of STRIP_PLAN
                report.same(f"{theirs}.{name}", values.get(plain(name)), int(member))


def check(folder):
    """In a process of its own, with the mock's folder in LD_LIBRARY_PATH."""
    version = version_of(folder)
    table = Table(version)
    mock = Mock(os.path.join(os.environ["MOCK_FOLDER"], f"libnvinfer.so.{version[0]}"), table)
    sys.path.insert(0, folder)
    import tensorrt_bindings as trt

    report = Report(mock)
    builder, config, context = calls.run(report, trt)
    check_interfaces(report, trt, builder, config, context)
    check_enums(report, trt)
    major_minor = table.core // 100
    report.same("version that the binding passes", mock.library.mock_version(0) // 100 >= major_minor, True)
    for line in report.wrong:
        print(f"  MISMATCH {line}")
    names = ".".join(map(str, version))
    print(f"TensorRT {names} (table {table.name}): {report.right} right, {len(report.wrong)} wrong, {len(report.absent)} not in this binding")
    sys.stdout.flush()
    os._exit(1 if report.wrong or report.right < 200 else 0)  # without destructors: the objects are the mock's


def main(folders):
    failed = 0
    with tempfile.TemporaryDirectory() as work:
        compile_mock(work)
        for folder in folders:
            environment = os.environ | {"LD_LIBRARY_PATH": work, "MOCK_FOLDER": work}
            failed |= subprocess.run([sys.executable, __file__, "--one", folder], env=environment).returncode
    return int(failed != 0)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        check(sys.argv[2])
    if not sys.argv[1:]:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1:]))
