"""Ways to spoil a file, all drawn from one random generator.

Each mutator takes the generator and what is to be spoilt, and returns it spoilt. Those of `DAMAGES` change bytes behind
the back of whoever wrote the file: what is read after that must be equal, or refused. The others write a whole file
that says something else: what is read must be what it says, or refused.
"""

import io
import json
import warnings
import zipfile

import numpy as np

ODD_NUMBERS = (0, -1, 1e-300, 1e30, 1e300, np.nan, np.inf, -np.inf, 2**53 + 1, 0.5)
ODD_DTYPES = (
    "?", "i1", "<u2", ">u2", "<i4", ">i8", "<u8", "<f2", "<f4", ">f8", "<g", "<c8", ">c16", "<G", "<U3", "S4", "O",
    "<M8[s]", "m8[D]", "V4", "i4,f4",
)  # fmt: skip
ODD_JSON = (None, True, -1, 0, 1.5, 10**9, 10**30, 1e308, "text", "", [], {}, [[1]], {"a": {}}, "\ud800", "x" * 5000)


def flip(draw, content, low=0.0, high=1.0):
    """Change up to 8 bytes between two places, which are parts of the length."""
    changed = bytearray(content)
    first, last = int(low * len(content)), max(int(high * len(content)), 1)
    for place in draw.integers(first, last, draw.integers(1, 9)):
        changed[place] ^= 1 << draw.integers(8)
    return bytes(changed)


def flip_a_header(draw, content):
    """Change bytes near the beginning of a member, where zip and NumPy keep their headers."""
    starts = [place for place in range(len(content) - 4) if content[place : place + 4] == b"PK\3\4"] or [0]
    start = starts[draw.integers(len(starts))]
    return content[:start] + flip(draw, content[start : start + 190]) + content[start + 190 :]


def cut(draw, content):
    """Keep the beginning, or the end."""
    place = draw.integers(len(content))
    return content[:place] if draw.random() < 0.8 else content[place:]


def blank(draw, content):
    """Overwrite a run of bytes by zeros."""
    start, length = draw.integers(len(content)), draw.integers(1, 5000)
    return (content[:start] + bytes(int(length)) + content[start + length :])[: len(content)]


def set_in_directory(draw, content):
    """Change one field of a member's entry in the zip's directory: flags, method, checksum, sizes, offset."""
    starts = [place for place in range(len(content) - 46) if content[place : place + 4] == b"PK\1\2"]
    if not starts:
        return content
    start = starts[draw.integers(len(starts))]
    offset, width = ((8, 2), (10, 2), (16, 4), (20, 4), (24, 4), (42, 4))[draw.integers(6)]
    value = int(draw.choice([1, 8, 9, 12, 14, 64, 99, 2**32 - 1, draw.integers(2**32)])) % 256**width
    place = start + offset
    return content[:place] + value.to_bytes(width, "little") + content[place + width :]


def flip_at_the_end(draw, content):
    """Change bytes where zip keeps its directory."""
    return flip(draw, content, 0.97)


DAMAGES = (flip, flip_a_header, cut, blank, set_in_directory, flip_at_the_end)


def without(draw, arrays, key):
    """Leave a key out."""
    return {name: array for name, array in arrays.items() if name != key}


def renamed(draw, arrays, key):
    """Rename a key."""
    name = draw.choice(["mask", "data", "object", f"{key}2", key.upper(), "a\nb\x1b[31m", "x" * 300, "diffraction"])
    return {name if old == key else old: array for old, array in arrays.items()}


def cast(draw, arrays, key):
    """Save an array in another dtype."""
    dtype = np.dtype(ODD_DTYPES[draw.integers(len(ODD_DTYPES))])
    with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
        try:
            return {**arrays, key: arrays[key].astype(dtype)}
        except (TypeError, ValueError):
            return {**arrays, key: np.zeros(arrays[key].shape, dtype)}


def reshaped(draw, arrays, key):
    """Give an array another shape."""
    array = arrays[key]
    ways = (
        lambda: array[None], lambda: array[..., None], lambda: array.reshape(-1), lambda: array[:-1], lambda: array[:0],
        lambda: np.concatenate([array, array[:1]]), lambda: array.T, lambda: array.reshape(-1)[0],
        lambda: np.stack([array, array]), lambda: array[::-1], lambda: array.reshape((1,) * 6 + array.shape),
        lambda: np.asfortranarray(array), lambda: array[..., :-8],
    )  # fmt: skip
    return {**arrays, key: ways[draw.integers(len(ways))]() if array.ndim else array[None]}


def revalued(draw, arrays, key):
    """Put an odd number at one place, or everywhere."""
    kind = np.result_type(arrays[key].dtype, np.float64)
    array, value = arrays[key].astype(kind), ODD_NUMBERS[draw.integers(len(ODD_NUMBERS))]
    flat = array.reshape(-1)
    everywhere = draw.random() < 0.3 or not flat.size
    flat[slice(None) if everywhere else draw.integers(flat.size)] = value
    return {**arrays, key: array}


def scaled(draw, arrays, key):
    """Multiply an array by a power of ten, or shift it."""
    kind = np.result_type(arrays[key].dtype, np.float64)
    factor, shift = 10.0 ** draw.integers(-40, 40), draw.choice([0, 1e5, 1e12, 1e300])
    with np.errstate(all="ignore"):
        return {**arrays, key: arrays[key].astype(kind) * factor + shift}


def with_more(draw, arrays, key):
    """Add a key that a reader knows, with something odd in it."""
    name = str(draw.choice(["bad_pixels", "pixel_size_m", "energy_eV", "distance_m", "objectGuess", "_metadata"]))
    size = arrays[key].shape[-1] if arrays[key].ndim else 1
    odd = (np.ones((size, size)), np.zeros((32, 32)), np.eye(32), np.full((32, 32), np.nan), np.array("13 nm"),
           *map(np.array, ODD_NUMBERS))  # fmt: skip
    return {**arrays, name: odd[draw.integers(len(odd))]}


def repeated(draw, arrays, key):
    """Repeat a value along the first axis."""
    array = arrays[key].copy()
    if array.ndim and len(array):
        array[:] = array[draw.integers(len(array))]
    return {**arrays, key: array}


REWRITES = (without, renamed, cast, cast, reshaped, reshaped, revalued, revalued, scaled, with_more, repeated)


def odd_header(draw, arrays, key):
    """Return an archive whose member has an odd NumPy header, all checksums right."""
    array = arrays[key]
    descr = repr(np.lib.format.dtype_to_descr(array.dtype))
    shapes = (
        "()", "(-1,)", "(2**70,)", f"({2**62}, {2**62})", f"(0, {2**62})", "(1,) * 9", "(True, 4)", "[3]", "(3.0,)",
        "(" * 500 + ")" * 500, f"({10**12},)", repr(array.shape + (1,)), "('3',)", "(3L, 4L)", "(", "'", "None",
    )  # fmt: skip
    shape = draw.choice([*shapes, repr(array.shape)])
    descr = draw.choice(
        [descr, descr, "'|O'", "'<Z9'", "[('a', '<f4')]", "'<f4, <f4'", "('<f4', (2**40,))", "None", "-" * 4000 + "1"]
    )
    text = str(draw.choice([
        f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}",
        f"{{'descr': {descr}, 'fortran_order': 7, 'shape': {shape}, }}",
        f"{{'descr': {descr}, 'shape': {shape}, }}", "\0" * 60, "[" * 4000, "'''", "0x" * 30, "\t\n  x", "é" * 40,
    ]))  # fmt: skip
    version = (int(draw.choice([1, 1, 1, 2, 3, 9])), 0)
    encoded = text.encode("utf8") + b"\n"
    length = len(encoded).to_bytes(2 if version[0] == 1 else 4, "little", signed=False)
    body = array.tobytes()[: draw.choice([None, 10**9, 100])]
    return packed({**arrays, key: b"\x93NUMPY" + bytes(version) + length + encoded + body})


def odd_packing(draw, arrays, key):
    """Return an archive with a member that is packed by another method, or twice there, or much larger than packed."""
    way = draw.integers(5)
    if way < 2:
        return packed(arrays, methods={key: (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)[way]})
    if way == 2:
        return packed(arrays, twice=key)
    deflated = dict.fromkeys(arrays, zipfile.ZIP_DEFLATED)
    if way == 3:
        return packed({**arrays, key: np.zeros(20_000_000, np.uint8)}, deflated)
    many = {name: np.zeros((100_000, *array.shape[1:]), np.uint8) for name, array in arrays.items() if array.ndim == 3}
    return packed({**arrays, **many}, deflated)


def packed(arrays, methods=None, twice=None):
    """Return arrays, or the bytes of members, as the bytes of an archive; `methods` has those that are compressed."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive, warnings.catch_warnings(action="ignore"):
        for name, array in arrays.items():
            body = array
            if not isinstance(array, bytes):
                stream = io.BytesIO()
                np.lib.format.write_array(stream, np.asanyarray(array), allow_pickle=True)
                body = stream.getvalue()
            for _ in range(1 + (name == twice)):
                archive.writestr(f"{name}.npy", body, (methods or {}).get(name))
    return content.getvalue()


PACKINGS = (odd_header, odd_header, odd_packing)


def change_json(draw, value):
    """Return a JSON value with one of its leaves or branches replaced, left out or added."""
    if isinstance(value, (dict, list)) and value and draw.random() < 0.8:
        keys = list(value) if isinstance(value, dict) else range(len(value))
        key = keys[draw.integers(len(keys))]
        changed = value.copy()
        if draw.random() < 0.15:
            del changed[key]
        else:
            changed[key] = change_json(draw, value[key])
        return changed
    return ODD_JSON[draw.integers(len(ODD_JSON))]


def odd_json(draw, text):
    """Return JSON text that is changed, or that is odd as text."""
    ways = (b"[" * 100_000, b'{"a":' * 100_000, b"\xff\xfe", b"NaN", b'{"format_version": 3, "format_version": 3}', b"",
            b"9" * 10_000)  # fmt: skip
    if draw.random() < 0.1:
        return ways[draw.integers(len(ways))]
    return json.dumps(change_json(draw, json.loads(text))).encode()


ODD_YAML = (
    "2001-99-99", "2001-01-01", "!!int abc", "!!float x", "!!python/object:os.system [ls]", "!!binary a", "!!set {a}",
    "!x 3", "&a [*a]", "1e999", ".nan", "-.inf", "0x10", "0o17", "1_000", "9" * 5000, "190:20:30", "~", "[]", "{}", "'",
    '"\\ud800"', '"\\x00"', "|\n  text\n  more", "yes", "No", "''", "? a", "- 1", "*b", "@", "%", "[" * 3000,
    "{a: " * 900, "!!timestamp x", "!!bool maybe", "!!null x", "!!omap [1]", "<<: 3", "0b2", "1:99:99", "12e", "=",
    "-0.0", "1.5",
)  # fmt: skip


def odd_yaml(draw, options):
    """Return a file of options as bytes, with odd keys or values."""
    names = list(options)
    lines = [f"{name}: {options[name]}" for name in draw.permutation(names)[: draw.integers(1, 5)]]
    name = names[draw.integers(len(names))]
    lines.append(f"{name}: {ODD_YAML[draw.integers(len(ODD_YAML))]}")
    way = draw.integers(8)
    if way == 0:
        lines.append(f"{lines[0].partition(':')[0]}: 2")
    elif way == 1:
        lines = [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}' if i else 'x'] * 9)}]" for i in range(12)] + lines
    elif way == 2:
        lines.append(
            str(draw.choice(["<<: 3", "? [1, 2]\n: 3", "null: 3", "1: 2", "[a]: 1", "--- 3", "\t: 1", "é: 1"]))
        )
    text = "\n".join(lines).encode("utf8", "surrogatepass")
    return DAMAGES[0](draw, text) if way == 3 else text
