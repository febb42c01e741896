"""What the messages of Python, TensorFlow and Keras mean for somebody who learns them."""

import builtins
import re

from grading.cases import Case
from grading.exercises import EXERCISES, Exercise

_NOISE = re.compile(r"\{\{function_node .*?\}\} |\[Op:.*")  # TensorFlow's own bookkeeping in its messages
_KINDS = {name for name in dir(builtins) if name.endswith("Error")} | {
    *("InvalidArgumentError", "ResourceExhaustedError", "OperatorNotAllowedInGraphError", "InaccessibleTensorError"),
}


def _by_old_name(table):
    return {old: new for new, names in table.items() for old in names.split()}


_IN_TENSORFLOW = _by_old_name(  # what it is called here: what TensorFlow 1, NumPy and PyTorch call it
    {
        "tf.reduce_sum": "sum",
        "tf.reduce_mean": "mean average",
        "tf.reduce_max": "max amax",
        "tf.reduce_min": "min amin",
        "tf.reduce_prod": "prod",
        "tf.matmul": "dot mm bmm batch_matmul batch_dot inner",
        "tf.multiply, or *": "mul",
        "tf.subtract, or -": "sub",
        "tf.divide, or /": "div floordiv",
        "tf.negative, or -": "neg",
        "tf.pow, or **": "power",
        "tf.abs": "absolute fabs",
        "tf.stack": "pack",
        "tf.unstack": "unpack",
        "tf.concat": "cat concatenate",
        "tf.clip_by_value": "clip clamp",
        "tf.transpose": "permute permute_dimensions swapaxes moveaxis t T",
        "tf.transpose, or tf.linalg.matrix_transpose": "matrix_transpose",
        "tf.reshape": "flatten ravel batch_flatten view",
        "tf.expand_dims": "unsqueeze",
        "tf.range": "arange",
        "tf.constant": "array asarray tensor FloatTensor",
        "tf.cast(x, tf.float32)": "to_float float astype",
        "tf.cast(x, tf.float64)": "to_double",
        "tf.cast(x, tf.int32)": "to_int32 int",
        "tf.math.squared_difference, or tf.square(a - b)": "squared_difference mse_loss",
        "keras.losses.mean_squared_error": "mse MSE",
        "the same in tf.math": "log rsqrt reciprocal count_nonzero ceil",
        "the same in tf.linalg": "diag_part matrix_diag_part trace diag",
        "the same in tf.random": "random_uniform random_normal truncated_normal",
        "a method of the variable, variable.assign(...)": "assign assign_add assign_sub",
        "tf.Variable": "get_variable",
    }
)
_OF_TENSORS = _by_old_name(  # how TensorFlow writes it: what NumPy and PyTorch have as methods
    {
        "tf.transpose(a, ...)": "T t transpose permute swapaxes H mT",
        "tf.reshape(a, ...)": "reshape view flatten ravel resize",
        "a.shape for the sizes, tf.size(a) for their product": "size numel nelement",
        "tf.matmul(a, b)": "dot mm matmul bmm",
        "tf.cast(a, tf.float32)": "astype float double type to",
        "tf.reduce_sum(a)": "sum",
        "tf.reduce_mean(a)": "mean",
        "tf.reduce_max(a)": "max",
        "tf.reduce_min(a)": "min",
        "tf.square(a), or a**2": "pow square",
        "tf.sqrt(a)": "sqrt",
        "tf.abs(a)": "abs",
        "tf.clip_by_value(a, 0.0, 1.0)": "clip clip_ clamp clamp_",
        "tf.squeeze(a)": "squeeze",
        "tf.expand_dims(a, 0)": "unsqueeze",
        "a * b": "mul mul_",
        "a + b": "add add_",
        "a - b": "sub sub_",
        "a / b": "div div_",
        "tf.norm(a)": "norm",
        "tf.broadcast_to(a, ...)": "expand",
        "tf.GradientTape, and tape.gradient(J, variable)": "backward grad",
        "the tensor as it is": "detach clone contiguous cpu cuda requires_grad_ copy item data",
    }
)
_PARAMETERS = _by_old_name({"keepdims": "keep_dims keepdim", "axis": "reduction_indices dim dims"})
_SESSIONS = r"Session|InteractiveSession|placeholder|\w*variables_initializer|get_default_\w+|reset_default_graph"
NO_SESSIONS = "TensorFlow 2 computes at once, without sessions and placeholders: leave them out, return the tensor"
FOUR_SIZES = "an activation has four sizes, (1, n_H, n_W, n_C): _, n_H, n_W, n_C = a.shape"

LEFT_BEHIND = (
    "a name is used that is made by a line of the notebook which is not taken along to where the function is used: "
    "make it inside the function, or by a plain assignment"
)
_ELSEWHERE = r"\b(torch|torchvision|jax|jnp|cupy|mxnet)\b|'F'"
OTHER_LIBRARY = (
    "this course computes with TensorFlow, as tf, and no other such library is there: look for the same name in tf, "
    "such as tf.reduce_sum for torch.sum"
)
_MEANINGS = {  # what it means: the pattern of the message, or of the message and of the learner's line
    "there is no function of this name in the notebook": r"defines no function",
    NO_SESSIONS: (
        rf"has no attribute '({_SESSIONS})'|Session graph|not compatible with eager|Fetch argument|"
        r"Attempting to capture an EagerTensor|^eval is not supported|No default session"
    ),
    "TensorFlow 2 has no tf.gradients: compute inside `with tf.GradientTape() as tape:`, then ask tape.gradient": (
        r"tf\.gradients is not supported"
    ),
    "TensorFlow 1 had its optimizers in tf.train: take `optimizer`, a Keras one, from above": (
        r"tensorflow.*has no attribute '(\w+Optimizer|contrib)'"
    ),
    "in Python ** is a power; ^ is something else": r"for \^|BitwiseXor",
    "a whole tensor cannot decide an `if`, `assert` or `while`: none is needed here": (
        r"truth value of an array|Python `?bool|Tensor.* as a Python"
    ),
    "a value is None: is a blank left in, or does a function that is called here return nothing?": (
        r"'NoneType'|\(None\)|received None|None values not supported"
    ),
    "a list has no shape and cannot be computed with: take one of its entries first": (
        r"'list' object has no attribute '(shape|get_shape|dtype|numpy|T)'|operand type.*'list'"
    ),
    FOUR_SIZES: (r"values to unpack|index out of range", r"shape"),
    "the shape as a whole is no number: take one of its entries, such as a.shape[-1]": r"'TensorShape'",
    "a matrix (n_C, n_H * n_W) is wanted: reshape the volume first": r"batch dimensions|to have rank 2 but got: [34]",
    "the sizes do not fit for a matrix product: must one of the two be transposed?": (
        r"[Mm]atrix size-incompatible|must be equal.*(MatMul|Einsum)|not aligned|mismatch in its core dimension"
    ),
    "a matrix product takes matrices: print the shapes": r"In\[\d\].*ndims must be|Shape must be rank 2.*MatMul",
    "tf.reshape takes the new sizes as one list of whole numbers: tf.reshape(a, [n, -1])": (
        r"'Tshape'|Too many arguments|the requested shape has|sizes input must be 1-D",
        r"reshape\(\w[\w.\[\]]*, *\w[^,(]*,|reshape.*/ ?\w",
    ),
    "tf.transpose takes the order of the axes as one list: tf.transpose(a, [0, 2, 1])": r"perm must be rank 1",
    "tf.transpose needs as many axes as the tensor has: print its shape": r"transpose expects a vector",
    "the tensor has fewer axes than this line expects: print its shape": (
        r"slice index|out of range using input dim|to have rank|Invalid reduction dimension|Can not squeeze|"
        r"Too many indices|must be rank|must be at least rank"
    ),
    "the sizes given to tf.reshape do not multiply to the number of values: take them from the tensor's shape": (
        r"to reshape a tensor|Input to reshape"
    ),
    "two tensors of different sizes are combined: print their shapes": (
        r"[Ii]ncompatible shapes|required broadcastable shapes|must be equal, but are|Shapes of all inputs must match|"
        r"could not be broadcast"
    ),
    "numbers of different types are mixed: tf.divide of two Python numbers gives float64, and NumPy too; write 1 / n": (
        r"be a double tensor but is a float|be a float tensor but is a double|float64.*float32|float32.*float64"
    ),
    "numbers of different types are mixed: take the sizes from a.shape, or tf.cast them to float32": (
        r"be an? int\d* tensor but is a float|be an? float tensor but is an? int|"
        r"int(32|64).*float32|float32.*int(32|64)|to EagerTensor of dtype int"
    ),
    "numbers of different types are mixed: tf.cast them to float32": r"must (be of|have) the same d?type",
    "tensors cannot be changed in place: make a new one": (
        r"(Tensor|Variable).*does(n't| not) support (item )?assignment|immutable|has no attribute 'assign"
    ),
    "a tensor of many numbers stands where one number should": r"only (0-dim|integer scalar|size-1|length-1)",
    "a tensor is called like a function: is there a bracket where * or an index [..] should be?": (
        r"Tensor' object is not callable"
    ),
}
_NOT_COMPILED = {
    "While it is compiled a tensor has no number yet: leave out .numpy(), float() and NumPy; tf.print shows a tensor": (
        r"numpy|NumPy|has no attribute 'item'|float\(\) argument|__float__|to a Python|int\(\) argument"
    ),
    "Make an optimizer or tf.Variable once, outside": r"tf\.Variables? |tried to create|trackable object",
    "While it is compiled no tensor can decide an `if` or `assert`": r"Python `?bool",
    "Whole numbers meet float32: write alpha * J_content, number * tensor": (
        r"int32.*(does not|not) match|type float32 that does not match|int32.*float32|float32.*int32"
    ),
}
_COMPILED_DIFFERS = (
    "compiled by tf.function, as in notebook 04, it gives another result: Python's own numbers, lists and NumPy are "
    "looked at only once, when it is compiled"
)


def first_line(message: str) -> str:
    """The first line of an error message, without TensorFlow's bookkeeping."""
    line = _NOISE.sub("", (message.strip().splitlines() or [""])[0]).strip().rstrip(".")
    return line if len(line) <= 160 else line[:160].rpartition(" ")[0] + " ..."


def of_error(exercise: Exercise, error: dict, case: Case, hidden: bool) -> str:
    """What an exception means; with secret inputs, nothing that it says itself."""
    kind = _kind(error)
    if kind == "NotImplementedError" and ("raise" in error["line"] or not error["line"]):
        return (
            "the exercise is not written yet: write your code, remove the line with `raise`, and run that cell, "
            "without an error, before the check"
        )
    if kind in ("NameError", "ModuleNotFoundError") and re.search(_ELSEWHERE, error["message"]):
        return f"{OTHER_LIBRARY} ({_said(error, hidden)})"
    if kind == "NameError" and not hidden:
        where = _place(error, hidden)
        said = first_line(error["message"])
        return f"{said}{where}: is it spelt right, or does it come from a cell that did not run?"
    if unread := re.search(r"\(cell (\d+) has a syntax error: .*, line (\d+)\)", error["message"]):
        which = "a cell" if hidden else f"cell {unread[1]}"
        where = "" if hidden else f" in its line {unread[2]}"
        return f"{which} has a syntax error{where}, so Python cannot read it"
    if kind == "ModuleNotFoundError" and hidden:
        return (
            f"a module is imported that grading does not have ({_said(error, hidden)}): of your own files only the "
            "notebooks are read, so write into them what you take from others"
        )
    means = _meaning(exercise, error, case, hidden)
    if kind in ("NameError", "UnboundLocalError"):
        means = LEFT_BEHIND if "not taken along" in error["message"] else "a name is used that is not defined"
    said = _said(error, hidden)
    if hidden and not means:
        means = "run the check in your notebook to see the whole message"
    return f"{means} ({said})" if means else said


def why_not_compiled(error: dict) -> str:
    """Why tf.function cannot compile a right answer, as a sentence or two without the last full stop."""
    if error["kinds"] == ["Difference"]:
        return _COMPILED_DIFFERS
    means = next((words for words, pattern in _NOT_COMPILED.items() if re.search(pattern, error["message"])), "")
    return f"tf.function, which makes painting faster, cannot compile it ({_said(error, hidden=False)})" + (
        f". {means}" if means else ""
    )


def _kind(error):
    return next((kind for kind in error["kinds"] if kind in _KINDS), "an error")


def _said(error, hidden):
    said = f"{_kind(error)}{_place(error, hidden)}"
    return said if hidden or not error["message"] else f"{said}: {first_line(error['message'])}"


def _place(error, hidden):
    if not error["number"]:
        return ""
    quoted = f", `{error['line'].strip()}`" if error["line"] and not hidden else ""
    return f" in line {error['number']} of the cell{quoted}"


def _meaning(exercise, error, case, hidden):
    for words, pattern in exercise.errors.items():
        if _fits(pattern, error, case):
            return words
    if renamed := _renamed(error["message"], hidden) or _called(exercise, error["message"], hidden):
        return renamed
    return next((words for words, pattern in _MEANINGS.items() if _fits(pattern, error, case)), "")


def _fits(pattern, error, case):
    if callable(pattern):
        return pattern(error, case)
    of_message, of_line = pattern if isinstance(pattern, tuple) else (pattern, "")
    return bool(re.search(of_message, error["message"]) and re.search(of_line, error["line"]))


def _renamed(message, hidden):
    """The name here of what TensorFlow 1, NumPy or PyTorch call otherwise; with secret inputs no name but of those."""
    if found := re.search(r"module '(tensorflow|keras)[^']*' has no attribute '(\w+)'", message):
        name = found[2]
        if re.fullmatch(rf"{_SESSIONS}|\w+Optimizer|contrib", name):
            return ""
        if name in _IN_TENSORFLOW:
            return f"TensorFlow 2 has another name for {name}: {_IN_TENSORFLOW[name]}"
        nothing = "a name is used that is not there" if hidden else f"there is nothing called {name}"
        return f"{nothing}: is it spelt right, and in small letters?"
    found = re.search(r"(?:Tensor|Variable)'? object has no attribute '(\w+)'", message)
    if found and found[1] in _OF_TENSORS:
        return f"a TensorFlow tensor has no .{found[1]}: use {_OF_TENSORS[found[1]]}"
    return ""


def _called(exercise, message, hidden):
    """Which function was called with parameters that it does not have; with secret inputs only one of the course's."""
    found = re.search(r"unexpected keyword argument '(\w+)'", message)
    if found and found[1] in _PARAMETERS:
        return f"{found[1]} is called {_PARAMETERS[found[1]]} in TensorFlow 2"
    if not re.search(r"required positional argument|unexpected keyword|positional arguments? but|Binding", message):
        return ""
    callee = re.match(r"(?:<lambda>|[\w.<>]*?(\w+))\(\)", message)
    if callee and callee[1] == exercise.name:
        return "the function is defined with other parameters: leave the line with `def` as it was"
    if callee and callee[1] and (not hidden or callee[1] in EXERCISES):
        return f"{callee[1]} is called with other parameters than it has: look at its first line"
    return "a function is called with other parameters than it has"
