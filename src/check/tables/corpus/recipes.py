"""What an operator needs beside tensors of one shape: one entry per operator that the general rule of generate.py is not
enough for.

A recipe is a function of the schema's version that gives a dict:

    inputs   list, positional: D(shape) is an input of the model, C(value) a stored constant, None is left out;
             `dtype` fixes the type where the schema leaves a choice
    attrs    attributes of the node
    main     index of the input whose element type is varied; -1: the type is that of the attribute `value` or `dtype`
    outputs  how many outputs the node has
    variants name -> change of the recipe; each is asked with the default type (see README.md for what the names mean)
"""
from dataclasses import dataclass

import numpy as np
from onnx import TensorProto as T
from onnx import helper


# A dtype: the one that the main input has.
MAIN = -1
FLOATS = (T.FLOAT, T.DOUBLE, T.FLOAT16, T.BFLOAT16)


@dataclass(frozen=True)
class D:
    shape: tuple
    dtype: int = 0
    kind: str = "tensor"


@dataclass(frozen=True)
class C:
    value: object
    dtype: int = 0


IMAGE = D((1, 4, 8, 8))


def weights(*shape):
    return C(np.full(shape, 0.5))


def attr(base, **changes):
    return {**base, "attrs": {**base["attrs"], **changes}}


def attr_variants(base, choices):
    """`attr:NAME=VALUE` for each choice."""
    words = lambda v: ",".join(map(str, v)) if isinstance(v, list) else str(v)
    return {f"attr:{n}={words(v)}": attr(base, **{n: v}) for n, values in choices.items() for v in values}


def make(inputs, attrs=None, choices=None, variants=None, **more):
    base = {"inputs": inputs, "attrs": attrs or {}, "outputs": 1, **more}
    base["variants"] = {**attr_variants(base, choices or {}), **(variants or {})}
    return base


def same(*inputs, **more):
    return lambda v: make(list(inputs), **more)


def ranks(build, shapes):
    return {f"rank:{len(s)}": build(s) for s in shapes}


SHAPES = [(1, 4, 8), (1, 4, 8, 8), (1, 4, 4, 4, 4), (1, 4, 3, 3, 3, 3)]


def pool(**choices):
    def recipe(v):
        build = lambda s: {"inputs": [D(s)], "attrs": {"kernel_shape": [2] * (len(s) - 2)}, "outputs": 1}
        known = {n: c for n, (since, c) in choices.items() if v >= since}
        return make([IMAGE], {"kernel_shape": [2, 2]}, known, ranks(build, SHAPES))
    return recipe


def conv(transposed):
    def recipe(v):
        def build(s):
            kernel = (4, 4) if transposed else (2, 4)
            return {"inputs": [D(s), weights(*kernel, *[3] * (len(s) - 2))], "attrs": {}, "outputs": 1}
        choices = {"dilations": [[2, 2]], "auto_pad": ["SAME_UPPER", "SAME_LOWER", "VALID"]}
        return make(**{k: x for k, x in build((1, 4, 8, 8)).items() if k != "outputs"}, choices=choices,
                    variants=ranks(build, SHAPES))
    return recipe


def reduce(since):
    def recipe(v):
        choices = {"keepdims": [0], **({"noop_with_empty_axes": [1]} if v >= since else {})}
        if v >= since:
            return make([IMAGE, C([1], T.INT64)], choices=choices)
        return make([IMAGE], {"axes": [1]}, choices)
    return recipe


def axes(attribute):
    def recipe(v):
        data = D((1, 4, 1, 8)) if attribute == "squeeze" else IMAGE
        return make([data, C([2], T.INT64)]) if v >= 13 else make([data], {"axes": [2]})
    return recipe


def slice_(v):
    if v < 10:
        return make([IMAGE], {"starts": [1], "ends": [3], "axes": [1]})
    return make([IMAGE, *(C([n], T.INT64) for n in (1, 3, 1, 1))])


def split(v):
    if v >= 13:
        return make([IMAGE, C([2, 2], T.INT64)], {"axis": 1}, outputs=2)
    return make([IMAGE], {"axis": 1, "split": [2, 2]}, outputs=2)


def pad(v):
    modes = {"mode": ["reflect", "edge", *(["wrap"] if v >= 19 else [])]}
    pads = [0, 0, 1, 1, 0, 0, 1, 1]
    if v >= 11:
        return make([IMAGE, C(pads, T.INT64)], choices=modes)
    return make([IMAGE], {"paddings" if v < 2 else "pads": pads}, modes)


def resize(v):
    scales = C([1.0, 1.0, 2.0, 2.0], T.FLOAT)
    inputs = [IMAGE, scales] if v < 11 else [IMAGE, None if v >= 13 else C([], T.FLOAT), scales]
    choices = {"mode": ["nearest", "linear"]}
    if v >= 11:
        choices["mode"].append("cubic")
        choices["coordinate_transformation_mode"] = ["half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric"]
        choices["nearest_mode"] = ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"]
        choices["exclude_outside"] = [1]
    if v >= 19:
        choices["coordinate_transformation_mode"].append("half_pixel_symmetric")
    if v >= 18:
        choices["antialias"] = [1]
    variants = {}
    base = make(inputs)
    if v >= 11:
        sizes = [IMAGE, inputs[1], None if v >= 13 else C([], T.FLOAT), C([1, 4, 12, 12], T.INT64)]
        box = [IMAGE, C([0, 0, .1, .1, 1, 1, .9, .9], T.FLOAT), *sizes[2:]]
        variants["attr:coordinate_transformation_mode=tf_crop_and_resize"] = {
            **base, "inputs": box, "attrs": {"coordinate_transformation_mode": "tf_crop_and_resize"}}
        if v >= 18:
            for policy in ("not_larger", "not_smaller"):
                variants[f"attr:keep_aspect_ratio_policy={policy}"] = {
                    **base, "inputs": [IMAGE, None, None, C([12, 12], T.INT64)],
                    "attrs": {"keep_aspect_ratio_policy": policy, "axes": [2, 3]}}
    return make(inputs, choices=choices, variants=variants)


def upsample(v):
    scales = [1.0, 1.0, 2.0, 2.0]
    if v >= 9:
        return make([IMAGE, C(scales, T.FLOAT)], choices={"mode": ["linear"]})
    return make([IMAGE], {"scales": scales} if v >= 7 else {"width_scale": 2.0, "height_scale": 2.0})


def topk(v):
    if v < 10:
        return make([IMAGE], {"k": 2}, outputs=2)
    choices = {"largest": [0], "sorted": [0]} if v >= 11 else {}
    return make([IMAGE, C([2], T.INT64)], choices=choices, outputs=2)


def clip(v):
    return make([IMAGE, C(0), C(1)]) if v >= 11 else make([IMAGE], {"min": 0.0, "max": 1.0})


def recurrent(gates):
    def recipe(v):
        inputs = [D((5, 2, 4)), weights(1, 3 * gates, 4), weights(1, 3 * gates, 3)]
        choices = {"direction": ["reverse"], "clip": [1.0]}
        if v >= 14:
            choices["layout"] = [1]
        if gates == 3 and v >= 3:
            choices["linear_before_reset"] = [1]
        if gates == 4:
            choices["input_forget"] = [1]
        base = make(inputs, {"hidden_size": 3}, choices)
        both = [D((5, 2, 4)), weights(2, 3 * gates, 4), weights(2, 3 * gates, 3)]
        base["variants"]["attr:direction=bidirectional"] = attr({**base, "inputs": both}, direction="bidirectional")
        if "attr:layout=1" in base["variants"]:
            base["variants"]["attr:layout=1"]["inputs"] = [D((2, 5, 4)), *inputs[1:]]
        base["variants"]["given:sequence_lens"] = {**base, "inputs": [*inputs, None, C([5, 5], T.INT32)]}
        return base
    return recipe


def batch_normalization(v):
    inputs = [IMAGE, *[weights(4)] * 4]
    if v < 6:
        return make(inputs, {"consumed_inputs": [0, 0, 0, 1, 1], "is_test": 1})
    base = make(inputs, {"is_test": 1} if v < 7 else {})
    if v >= 14:
        base["variants"]["attr:training_mode=1"] = {**base, "attrs": {"training_mode": 1}, "outputs": 3}
    return base


def gather(kind):
    indices = {"Gather": C([0, 2], T.INT64), "GatherElements": C(np.zeros((1, 4, 8, 8)), T.INT64),
               "GatherND": C([[0, 1]], T.INT64)}[kind]
    return same(IMAGE, indices, **({"choices": {"axis": [1, -1]}} if kind != "GatherND" else {}))


def scatter(kind):
    def recipe(v):
        reductions = [r for s, r in ((16, "add"), (16, "mul"), (18, "max"), (18, "min")) if v >= s]
        if kind == "nd":
            inputs = [D((4, 4)), C([[0], [2]], T.INT64), D((2, 4))]
        else:
            inputs = [D((4, 4)), C([[0, 1, 2, 3]], T.INT64), D((1, 4))]
        return make(inputs, choices={"reduction": reductions} if reductions else {})
    return recipe


def quantize(decode):
    def recipe(v):
        base = make([IMAGE, C(0.5)])
        if decode:
            base["inputs"] = [IMAGE, C(0.5)]
        else:
            base["inputs"] = [IMAGE, C(0.5), C(0)]
        return base
    return recipe


def attention(v):
    four = (1, 2, 4, 8)
    choices = {"is_causal": [1], "scale": [0.5], "softcap": [2.0], "softmax_precision": [1]}
    base = make([D(four), D(four), D(four, MAIN)], choices=choices)
    three = {"inputs": [D((1, 4, 16))] * 3, "attrs": {"q_num_heads": 2, "kv_num_heads": 2}, "outputs": 1}
    base["variants"]["rank:3"] = three
    base["variants"]["rank:4"] = {**base, "inputs": [D(four)] * 3}
    base["variants"]["given:attn_mask"] = {**base, "inputs": [*[D(four)] * 3, D((4, 4))]}
    base["variants"]["given:past_key"] = {
        **base, "inputs": [*[D(four)] * 3, None, D((1, 2, 3, 8)), D((1, 2, 3, 8))], "outputs": 3}
    return base


def grid_sample(v):
    modes = ["bilinear", "nearest", "bicubic"] if v < 20 else ["linear", "nearest", "cubic"]
    choices = {"mode": modes, "padding_mode": ["zeros", "border", "reflection"], "align_corners": [1]}
    base = make([IMAGE, D((1, 4, 4, 2), MAIN)], choices=choices)
    if v >= 20:
        base["variants"]["rank:5"] = {**base, "inputs": [D((1, 2, 3, 4, 4)), D((1, 3, 4, 4, 3), MAIN)]}
    return base


def dft(v):
    data = D((1, 8, 1))
    if v >= 20:
        return make([data, None, C(1, T.INT64)], choices={"inverse": [1], "onesided": [1]})
    return make([data], {"axis": 1}, {"inverse": [1], "onesided": [1]})


def dropout(v):
    base = make([IMAGE], {"is_test": 1} if v < 7 else {})
    if v >= 12:
        base["variants"]["given:ratio"] = {**base, "inputs": [IMAGE, C(0.5, T.FLOAT)]}
        asked = [IMAGE, C(0.5, T.FLOAT), D((), T.BOOL)]
        base["variants"]["computed:2:training_mode"] = {**base, "inputs": asked}
        base["variants"]["true:training_mode"] = {**base, "inputs": [IMAGE, C(0.5, T.FLOAT), C(True, T.BOOL)]}
    return base


def tile(v):
    if v < 6:
        return make([IMAGE, C(2), C(1)])
    return make([IMAGE, C([1, 2, 1, 1], T.INT64)])


def cast(v):
    return make([IMAGE], {"to": "FLOAT" if v < 6 else T.FLOAT})


def depth(v):
    return make([D((1, 8, 2, 2))], {"blocksize": 2}, {"mode": ["CRD"]} if v >= 11 else {})


def quantized_matrix(v):
    one, zero = C(0.5, T.FLOAT), C(0)
    return make([D((4, 4)), one, zero, D((4, 4)), one, zero, one, zero])


def body(v, carried, scan):
    """The body of a Loop: passes its value on."""
    value = lambda n, t, s: helper.make_tensor_value_info(n, t, s)
    nodes = [helper.make_node("Identity", ["b_go"], ["b_on"]), helper.make_node("Add", ["b_x", "b_x"], ["b_y"])]
    inputs = [value("b_i", T.INT64, []), value("b_go", T.BOOL, []), value("b_x", carried, [2])]
    outputs = [value("b_on", T.BOOL, []), value("b_y", carried, [2])]
    if scan:
        nodes.append(helper.make_node("Identity", ["b_y"], ["b_s"]))
        outputs.append(value("b_s", carried, [2]))
    return helper.make_graph(nodes, "body", inputs, outputs)


def loop(v):
    trips, go, x = C(3, T.INT64), C(True, T.BOOL), D((2,))
    base = make([trips, go, x], {"body": lambda t: body(v, t, False)}, main=2)
    scan = {**base, "attrs": {"body": lambda t: body(v, t, True)}, "outputs": 2}
    base["variants"] = {"body:scan-output": scan, "body:scan-output of open length": {
        **scan, "inputs": [D((), T.INT64), go, x]}, "given:cond": {**base, "inputs": [trips, D((), T.BOOL), x]}}
    return base


def scan(v):
    def inner(t):
        value = lambda n: helper.make_tensor_value_info(n, t, [2])
        nodes = [helper.make_node("Add", ["b_a", "b_x"], ["b_b"]), helper.make_node("Identity", ["b_b"], ["b_y"])]
        return helper.make_graph(nodes, "body", [value("b_a"), value("b_x")], [value("b_b"), value("b_y")])
    attrs = {"num_scan_inputs": 1, "body": inner}
    if v < 9:
        return make([None, D((1, 2)), D((1, 3, 2))], attrs, outputs=2, main=1)
    return make([D((2,)), D((3, 2))], attrs, outputs=2)


def branches(v):
    def branch(name, op):
        def inner(t):
            out = helper.make_tensor_value_info(name, T.FLOAT, [2])
            return helper.make_graph([helper.make_node(op, ["outer"], [name])], name, [], [out])
        return inner
    base = make([D((), T.BOOL)], {"then_branch": branch("t", "Abs"), "else_branch": branch("e", "Neg")},
                outer=D((2,), T.FLOAT), main=-2)
    base["variants"]["constant:cond"] = {**base, "inputs": [C(True, T.BOOL)]}
    return base


def sequence_map(v):
    def inner(t):
        value = lambda n: helper.make_tensor_value_info(n, T.FLOAT, [2])
        return helper.make_graph([helper.make_node("Abs", ["b_x"], ["b_y"])], "body", [value("b_x")], [value("b_y")])
    return make([D((2,), T.FLOAT, "sequence")], {"body": inner}, main=-2)


SEQUENCE, OPTIONAL, TEXT = D((2,), T.FLOAT, "sequence"), D((2,), T.FLOAT, "optional"), D((2,), T.STRING)
SCALAR = C(0, T.INT64)

RECIPES = {
    "AffineGrid": same(D((1, 2, 3)), C([1, 3, 4, 4], T.INT64), choices={"align_corners": [1]}),
    "ArgMax": lambda v: make([IMAGE], {"axis": 1}, {"keepdims": [0], **({"select_last_index": [1]} if v >= 12 else {})}),
    "Attention": attention,
    "AveragePool": pool(auto_pad=(1, ["SAME_UPPER", "VALID"]), count_include_pad=(7, [1]), ceil_mode=(10, [1]),
                        dilations=(19, [[2, 2]])),
    "BatchNormalization": batch_normalization,
    "BitCast": same(IMAGE, attrs={"to": lambda t: t}),
    "BitShift": same(IMAGE, IMAGE, attrs={"direction": "LEFT"}),
    "BlackmanWindow": same(C(8)),
    "Cast": cast,
    "CastLike": same(IMAGE, D((1,), T.FLOAT)),
    "CausalConvWithState": same(D((1, 4, 8)), weights(4, 1, 3), outputs=2),
    "CenterCropPad": same(IMAGE, C([1, 4, 4, 4], T.INT64)),
    "Clip": clip,
    "Col2Im": same(D((1, 4, 4)), C([3, 3], T.INT64), C([2, 2], T.INT64)),
    "Compress": same(D((4,)), C([True, False, True, False], T.BOOL)),
    "Concat": lambda v: make([IMAGE, IMAGE], {"axis": 1}),
    "ConcatFromSequence": same(SEQUENCE, attrs={"axis": 0}, main=-2),
    "Constant": same(main=-1),
    "ConstantOfShape": same(C([2, 3], T.INT64), main=-1),
    "Conv": conv(False),
    "ConvInteger": same(IMAGE, C(np.ones((2, 4, 3, 3)))),
    "ConvTranspose": conv(True),
    "CumProd": same(IMAGE, C(1, T.INT32), choices={"exclusive": [1], "reverse": [1]}),
    "CumSum": same(IMAGE, C(1, T.INT32), choices={"exclusive": [1], "reverse": [1]}),
    "DFT": dft,
    "DeformConv": same(IMAGE, weights(2, 4, 3, 3), D((1, 18, 6, 6))),
    "DepthToSpace": depth,
    "DequantizeLinear": quantize(True),
    "Det": same(D((2, 3, 3))),
    "Dropout": dropout,
    "Einsum": same(D((2, 3)), D((3, 4)), attrs={"equation": "ij,jk->ik"},
                   variants={"attr:equation=...ij,...jk->...ik": {"inputs": [IMAGE, IMAGE], "outputs": 1,
                                                                  "attrs": {"equation": "...ij,...jk->...ik"}},
                             "attr:equation=ii->i": {"inputs": [D((3, 3))], "attrs": {"equation": "ii->i"}, "outputs": 1}}),
    "Expand": same(D((1, 4, 1)), C([2, 4, 3], T.INT64)),
    "EyeLike": same(D((3, 3)), choices={"k": [1]}),
    "GRU": recurrent(3),
    "Gather": gather("Gather"),
    "GatherElements": gather("GatherElements"),
    "GatherND": gather("GatherND"),
    "Gelu": same(IMAGE, choices={"approximate": ["tanh"]}),
    "Gemm": same(D((4, 4)), C(np.ones((4, 4))), C(np.ones((4, 4))), choices={"transA": [1], "transB": [1]}),
    "GridSample": grid_sample,
    "GroupNormalization": lambda v: make([IMAGE, weights(4 if v >= 21 else 2), weights(4 if v >= 21 else 2)],
                                         {"num_groups": 2}),
    "HammingWindow": same(C(8)),
    "HannWindow": same(C(8)),
    "If": branches,
    "ImageDecoder": same(D((16,), T.UINT8)),
    "InstanceNormalization": lambda v: make([IMAGE, weights(4), weights(4)]),
    "LRN": same(IMAGE, attrs={"size": 3}),
    "LSTM": recurrent(4),
    "LayerNormalization": same(IMAGE, weights(8), weights(8)),
    "LinearAttention": same(*[D((1, 4, 16))] * 3, attrs={"q_num_heads": 2, "kv_num_heads": 2, "update_rule": "linear"}, outputs=2),
    "Loop": loop,
    "LpNormalization": same(IMAGE, choices={"p": [1], "axis": [1]}),
    "LpPool": pool(p=(2, [1, 3]), ceil_mode=(18, [1]), dilations=(18, [[2, 2]])),
    "MatMul": lambda v: make([D((4, 4)), D((4, 4))], variants=ranks(
        lambda s: {"inputs": [D(s), D(s)], "attrs": {}, "outputs": 1}, [(4,), (4, 4), (2, 4, 4), (2, 3, 4, 4)])),
    "MatMulInteger": same(D((4, 4)), D((4, 4))),
    "MaxPool": pool(auto_pad=(1, ["SAME_UPPER", "VALID"]), ceil_mode=(10, [1]), dilations=(10, [[2, 2]]),
                    storage_order=(8, [1])),
    "MaxRoiPool": same(IMAGE, C([[0, 0, 0, 4, 4]]), attrs={"pooled_shape": [2, 2]}),
    "MaxUnpool": same(D((1, 1, 2, 2)), C([[[[0, 2], [8, 10]]]], T.INT64), attrs={"kernel_shape": [2, 2], "strides": [2, 2]}),
    "MelWeightMatrix": same(C(8), C(16), C(8000), C(0.0, T.FLOAT), C(4000.0, T.FLOAT)),
    # Only fmod is defined for floating point.
    "Mod": same(IMAGE, IMAGE, attrs={"fmod": lambda t: 1 if t in FLOATS else 0}),
    "Multinomial": same(D((1, 4)), choices={"sample_size": [3]}),
    "NegativeLogLikelihoodLoss": same(D((3, 5)), C([0, 1, 4], T.INT64)),
    "NonMaxSuppression": same(D((1, 6, 4)), D((1, 2, 6)), C([3], T.INT64), C([0.5], T.FLOAT), C([0.1], T.FLOAT),
                              choices={"center_point_box": [1]}),
    "OneHot": same(D((4,), T.INT64), C(5, T.INT64), C([0, 1]), main=2),
    "Optional": same(IMAGE, main=-2),
    "OptionalGetElement": same(OPTIONAL, main=-2),
    "OptionalHasElement": same(OPTIONAL, main=-2),
    "PRelu": lambda v: make([IMAGE, C(np.full((4, 1, 1) if v >= 7 else (4,), 0.5))]),
    "Pad": pad,
    "Pow": lambda v: make([IMAGE, IMAGE]),
    "QLinearConv": same(IMAGE, C(0.5, T.FLOAT), C(0), C(np.ones((2, 4, 3, 3))), C(0.5, T.FLOAT), C(0), C(0.5, T.FLOAT), C(0)),
    "QLinearMatMul": quantized_matrix,
    "QuantizeLinear": quantize(False),
    "RMSNormalization": same(IMAGE, C(np.full(8, 0.5), MAIN)),
    "RNN": recurrent(1),
    "RandomNormal": same(attrs={"shape": [2, 3]}, main=-1),
    "RandomUniform": same(attrs={"shape": [2, 3]}, main=-1),
    "Range": same(C(0), C(4), C(1)),
    "Reshape": lambda v: make([IMAGE, C([4, -1], T.INT64)]) if v >= 5 else make([IMAGE], {"shape": [4, -1]}),
    "Resize": resize,
    "ReverseSequence": same(D((4, 2)), C([2, 4], T.INT64)),
    "RoiAlign": lambda v: make([IMAGE, C([[0, 0, 4, 4]]), C([0], T.INT64)], {"output_height": 2, "output_width": 2},
                               {"mode": ["max"]}),
    "RotaryEmbedding": same(D((1, 2, 4, 8)), D((1, 4, 4)), D((1, 4, 4)), choices={"interleaved": [1]}, variants={
        "given:position_ids": {"inputs": [D((1, 2, 4, 8)), D((8, 4)), D((8, 4)), D((1, 4), T.INT64)], "attrs": {}, "outputs": 1},
        "rank:3": {"inputs": [D((1, 4, 16)), D((1, 4, 4)), D((1, 4, 4))], "attrs": {"num_heads": 2}, "outputs": 1}}),
    # onnx 1.23.2 infers another shape where the attribute is left to its default.
    "STFT": same(D((1, 32, 1)), C(8, T.INT64), weights(16), attrs={"onesided": 1}, choices={"onesided": [0]}),
    "Scan": scan,
    "Scatter": scatter("elements"),
    "ScatterElements": scatter("elements"),
    "ScatterND": scatter("nd"),
    "SequenceAt": same(SEQUENCE, SCALAR, main=-2),
    "SequenceEmpty": same(main=-2),
    "SequenceErase": same(SEQUENCE, SCALAR, main=-2),
    "SequenceInsert": same(SEQUENCE, D((2,), T.FLOAT), main=-2),
    "SequenceLength": same(SEQUENCE, main=-2),
    "SequenceMap": sequence_map,
    "Slice": slice_,
    "SoftmaxCrossEntropyLoss": same(D((3, 5)), C([0, 1, 4], T.INT64)),
    "SpaceToDepth": same(D((1, 4, 4, 4)), attrs={"blocksize": 2}),
    "Split": split,
    "SplitToSequence": same(IMAGE, C(2, T.INT64)),
    "Squeeze": axes("squeeze"),
    "StringSplit": same(TEXT, outputs=2),
    "StringNormalizer": same(TEXT),
    "TensorScatter": same(D((1, 2, 8, 4)), D((1, 2, 2, 4)), C([0], T.INT64), choices={"axis": [-1], "mode": ["circular"]}),
    "TfIdfVectorizer": same(D((6,)), attrs={"mode": "TF", "ngram_counts": [0], "ngram_indexes": [0, 1], "max_gram_length": 1,
                                            "min_gram_length": 1, "max_skip_count": 0, "pool_int64s": [2, 3]}),
    "Tile": tile,
    "TopK": topk,
    "Transpose": same(IMAGE, attrs={"perm": [0, 2, 3, 1]}),
    "Trilu": same(D((4, 4)), C(1, T.INT64), choices={"upper": [0]}),
    "Unique": same(D((4,)), outputs=1),
    "Unsqueeze": axes("unsqueeze"),
    "Upsample": upsample,
    "Where": same(D((1, 4, 8, 8), T.BOOL), IMAGE, IMAGE, main=1),
}
RECIPES["ArgMin"] = RECIPES["ArgMax"]
RECIPES["DynamicQuantizeLinear"] = same(IMAGE, outputs=3)
for name in ("L1", "L2", "LogSum", "LogSumExp", "Max", "Mean", "Min", "Prod", "SumSquare"):
    RECIPES[f"Reduce{name}"] = reduce(18)
RECIPES["ReduceSum"] = reduce(13)
for name in ("Softmax", "LogSoftmax", "Hardmax"):
    RECIPES[name] = same(IMAGE, attrs={"axis": 1})
for name in ("GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool"):
    RECIPES[name] = same(IMAGE, variants=ranks(lambda s: {"inputs": [D(s)], "attrs": {}, "outputs": 1}, SHAPES))
