"""The mock library from Python: compiles it, loads it, says what was called."""

import ctypes
import json
import os
import re
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
# the first six are those that mock.cpp itself hands out
CLASSES = """VBuilder VRuntime IParser VRefitter IParserRefitter IPluginRegistry VNetworkDefinition VBuilderConfig
VOptimizationProfile VTensor VLayer VHostMemory VTimingCache VCudaEngine VExecutionContext VEngineInspector IParserError
VRuntimeConfig VSerializationConfig""".split()


class Call(ctypes.Structure):
    _fields_ = [(n, ctypes.c_int32) for n in ("cls", "slot", "outer", "pad")] + [("arguments", ctypes.c_uint64 * 6)]


class InterfaceInfo(ctypes.Structure):
    _fields_ = [("kind", ctypes.c_char_p), ("major", ctypes.c_int32), ("minor", ctypes.c_int32)]


class Table:
    """The slots and enum values of one version, from generator/slots.json."""

    def __init__(self, version):
        slots = os.environ.get("ENGINESMITH_SLOTS") or os.path.join(HERE, "../../generator/slots.json")
        with open(slots) as file:
            data = json.load(file)
        names = [v["name"] for v in data["versions"]]
        major, minor, patch = (version + (0, 0))[:3]
        known = []
        for name in names:
            numbers = tuple(int(n) for n in name.split("-")[1].split("."))
            if name.startswith("ent-") and numbers[0] == major:
                known.append((((numbers + (0, 0))[1:3]), name))
        # the nearest older version, as the Rust tables choose it
        self.name = max(k for k in known if k[0] <= (minor, patch))[1]
        at = names.index(self.name)

        def pick(ranges):
            return next((value for first, last, value in ranges if names.index(first) <= at <= names.index(last)), None)

        self.core = data["versions"][at]["core"]
        self.slots, self.signatures = {}, {}
        for cls, methods in data["classes"].items():
            found = {m: pick(d["slots"]) for m, d in methods.items()}
            self.slots[cls] = {m: s for m, s in found.items() if s is not None}
            self.signatures[cls] = {m: methods[m]["signature"] for m in self.slots[cls]}
        self.enums = {e: {k: pick(r) for k, r in values.items()} for e, values in data["enums"].items()}


def compile_mock(folder):
    """Puts the mock into a folder under the names of both majors' libraries."""
    core = os.path.join(folder, "mock.so")
    subprocess.run(["g++", "-shared", "-fPIC", "-O0", "-std=c++17", os.path.join(HERE, "mock.cpp"), "-o", core], check=True)
    for name in ("libnvinfer", "libnvonnxparser", "libnvinfer_plugin"):
        for major in (10, 11):
            os.symlink(core, os.path.join(folder, f"{name}.so.{major}"))


class Mock:
    def __init__(self, core, table):
        self.table, self.keep = table, []
        self.library = ctypes.CDLL(core, mode=ctypes.RTLD_GLOBAL)
        self.library.mock_object.restype = self.library.mock_logger.restype = ctypes.c_uint64
        self.library.mock_returns.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_uint64]
        for cls in CLASSES:
            for method, slot in table.slots.get(cls, {}).items():
                self._behave(cls, method, slot, table.signatures[cls][method].split(" (")[0])

    def object(self, cls, inner=False):
        return self.library.mock_object(CLASSES.index(cls), int(inner))

    def text(self, text):
        buffer = ctypes.create_string_buffer(text.encode())
        self.keep.append(buffer)
        return ctypes.addressof(buffer)

    def returns(self, cls, method, value):
        self.library.mock_returns(CLASSES.index(cls), self.table.slots[cls][method], value)

    def _behave(self, cls, method, slot, result):
        """What a method returns follows from its type: an object, a text, a shape, or one."""
        number = CLASSES.index(cls)
        objects = re.fullmatch(r"(?:const )?I(\w+) [*&]", result)
        if result == "Dims":
            self.library.mock_returns_shape(number, slot)
        elif result in ("const char *", "const AsciiChar *"):
            self.library.mock_returns(number, slot, self.text(f"{cls}.{method}"))
        elif result == "const IParserError *":
            self.library.mock_returns(number, slot, self.object("IParserError", inner=True))
        elif objects and "V" + objects[1] in CLASSES:
            self.library.mock_returns(number, slot, self.object("V" + objects[1]))
        elif result in ("int", "int32_t", "int64_t", "size_t", "std::size_t", "bool"):
            self.library.mock_returns(number, slot, 1)

    def take(self):
        """The calls since the last time: (class, method or slot, arguments); OUTER for virtual methods of `I*` objects."""
        calls = (Call * 4096)()
        out = []
        for call in calls[: self.library.mock_take(calls, 4096)]:
            cls = CLASSES[call.cls]
            names = [m for m, s in self.table.slots.get(cls, {}).items() if s == call.slot]
            name = names[0] if names and not call.outer else f"slot {call.slot}"
            out.append((("OUTER " if call.outer else "") + cls, name, list(call.arguments)))
        return out

    def call(self, address, slot, *arguments, result=ctypes.c_uint64, types=None):
        """Calls a method of an object that NVIDIA's binding made, by its slot."""
        types = types or [ctypes.c_uint64] * len(arguments)
        table = ctypes.c_uint64.from_address(address).value
        function = ctypes.c_uint64.from_address(table + 8 * slot).value
        return ctypes.CFUNCTYPE(result, ctypes.c_uint64, *types)(function)(address, *arguments)
