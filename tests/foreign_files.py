"""Small files of random numbers as other programs write them, and what each of them holds.

`FILES` maps a name to a function of a folder that writes the files there and returns `(path to give, what is in it)`;
the second is a dict of the fields of a `Recording` that must come back. Layouts are those that the programs' own code
and documentation show, not those that our readers expect.
"""

import h5py
import numpy as np
from scipy.io import savemat

COUNT, HEIGHT, WIDTH = 12, 24, 20
ROWS, COLUMNS = 3, 4
DISTANCE, PIXEL, OBJECT_PIXEL, ENERGY = 1.75, 55e-6, 3.2e-8, 8800.0
JOULE, HC = 1.602176634e-19, 1.239841984e-6

draw = np.random.default_rng(12)
COUNTS = draw.poisson(30, (COUNT, HEIGHT, WIDTH)).astype(np.uint16)
METRES = draw.uniform(-4e-6, 4e-6, (COUNT, 2))
PIXELS = METRES / OBJECT_PIXEL
PROBE = (draw.standard_normal((2, HEIGHT, WIDTH)) + 1j * draw.standard_normal((2, HEIGHT, WIDTH))).astype(np.complex64)
OBJECT = np.exp(1j * draw.standard_normal((50, 44))).astype(np.complex64)
GOOD = draw.random((HEIGHT, WIDTH)) > 0.1
Y, X = METRES.T
GEOMETRY = {"energy_eV": ENERGY, "distance_m": DISTANCE, "detector_pixel_m": (PIXEL, PIXEL)}
BASIC = {"patterns": COUNTS, "positions": METRES, "unit": "m", "measurement": "counts"}


def hdf5(path, arrays, attributes=()):
    """Write arrays by path, and attributes by (path, key)."""
    with h5py.File(path, "w") as file:
        for where, values in arrays.items():
            file[where] = values
        for (where, key), value in dict(attributes).items():
            file[where].attrs[key] = value
    return path


def cxi_arrays(**more):
    detector = "entry_1/instrument_1/detector_1/"
    return {
        "cxi_version": 160, detector + "data": COUNTS, detector + "distance": DISTANCE,
        detector + "x_pixel_size": PIXEL, detector + "y_pixel_size": PIXEL,
        detector + "mask": np.where(GOOD, 0, 1).astype(np.uint32),
        "entry_1/instrument_1/source_1/energy": ENERGY * JOULE,
        "entry_1/instrument_1/source_1/wavelength": HC / ENERGY,
        "entry_1/sample_1/geometry_1/translation": np.stack([X, Y, 0 * X], axis=1), **more,
    }  # fmt: skip


def cxi(folder):
    return hdf5(folder / "a.cxi", cxi_arrays()), BASIC | GEOMETRY | {"mask": GOOD}


def cxi_with_basis(folder):
    """Rows of the detector run to the left and columns up, where CXI has x and y: a detector that lies on its side."""
    basis = np.array([[PIXEL, 0], [0, PIXEL], [0, 0]])
    arrays = cxi_arrays(**{"entry_1/instrument_1/detector_1/basis_vectors": basis})
    arrays["entry_1/sample_1/geometry_1/translation"] = np.stack([-Y, -X, 0 * X], axis=1)
    return hdf5(folder / "a.cxi", arrays), BASIC | GEOMETRY | {"mask": GOOD}


def cxi_of_ptychodus(folder):
    own = "entry_1/ptychodus/"
    arrays = cxi_arrays(**{
        "entry_1/image_1/data": PROBE[None], "entry_1/image_2/data": OBJECT[None], own + "probe_photon_count": 1e5,
        own + "object_pixel_width_m": OBJECT_PIXEL, own + "object_pixel_height_m": OBJECT_PIXEL,
        own + "object_center_x_m": 3 * OBJECT_PIXEL, own + "object_center_y_m": 0.0,
        own + "probe_pixel_width_m": OBJECT_PIXEL,
    })  # fmt: skip
    known = {"probe": PROBE, "object": OBJECT, "pixel_size_m": OBJECT_PIXEL, "probe_pixel_m": OBJECT_PIXEL,
             "object_first_px": (-24.5, 3 - 21.5)}  # fmt: skip
    return hdf5(folder / "a.cxi", arrays), BASIC | GEOMETRY | known | {"mask": GOOD}


def cxi_pair_of_ptychodus(folder):
    """Patterns alone, and beside them a product whose positions stand in another order."""
    arrays, own, order = cxi_arrays(), "entry_1/ptychodus/", np.random.default_rng(1).permutation(COUNT)
    translation = "entry_1/sample_1/geometry_1/translation"
    product = {key: arrays.pop(key) for key in (translation, "entry_1/instrument_1/source_1/energy")}
    stored = np.empty_like(COUNTS)
    stored[order] = COUNTS
    arrays |= {"entry_1/instrument_1/detector_1/data": stored, own + "exposure_time_s": 0.1}
    del arrays["entry_1/instrument_1/source_1/wavelength"]
    product |= {
        "entry_1/instrument_1/detector_1/distance": DISTANCE, own + "probe_position_indexes": order,
        "entry_1/image_1/data": PROBE[None], "entry_1/image_2/data": OBJECT[None], own + "object_center_x_m": 0.0,
        own + "object_center_y_m": 0.0, own + "probe_pixel_width_m": OBJECT_PIXEL,
        own + "object_pixel_width_m": OBJECT_PIXEL, own + "object_pixel_height_m": OBJECT_PIXEL,
    }  # fmt: skip
    hdf5(folder / "product.cxi", product)
    known = {"probe": PROBE, "object": OBJECT, "pixel_size_m": OBJECT_PIXEL, "probe_pixel_m": OBJECT_PIXEL,
             "mask": GOOD, "object_first_px": (-24.5, -21.5), "frame_indexes": np.arange(COUNT),
             "position_indexes": order, "patterns": stored}  # fmt: skip
    return hdf5(folder / "diffraction.cxi", arrays), BASIC | GEOMETRY | known


def nxcxi(folder):
    """A raster, as Diamond writes it: motors in micrometres, the beam's energy in electronvolts."""
    detector, motors = "entry_1/instrument_1/detector_1/", "entry_1/sample_1/transformations/"
    arrays = {
        "entry_1/definition": "NXcxi_ptycho", detector + "data": COUNTS.reshape(ROWS, COLUMNS, HEIGHT, WIDTH),
        detector + "distance": DISTANCE * 1e3, detector + "x_pixel_size": PIXEL * 1e6,
        detector + "y_pixel_size": PIXEL * 1e6, detector + "pixel_mask": (~GOOD).astype(np.int32),
        "entry_1/instrument_1/beam_1/energy": ENERGY / 1e3, "entry_1/instrument_1/source_1/energy": 3e9,
        motors + "x": X.reshape(ROWS, COLUMNS) * 1e6, motors + "y": Y.reshape(ROWS, COLUMNS) * 1e6,
    }  # fmt: skip
    units = {detector + "distance": "mm", detector + "x_pixel_size": "um", detector + "y_pixel_size": "um",
             "entry_1/instrument_1/beam_1/energy": "keV", motors + "x": "um", motors + "y": "micron"}  # fmt: skip
    attributes = {(where, "units"): unit for where, unit in units.items()}
    return hdf5(folder / "a.nxs", arrays, attributes), BASIC | GEOMETRY | {"mask": GOOD}


PRODUCT = {"detector_object_distance_m": DISTANCE, "photon_energy_eV": ENERGY, "far_field": True, "name": "x"}
IN_ORDER = {"frame_indexes": np.arange(COUNT), "position_indexes": np.arange(COUNT)}
SIZES = {"pixel_width_m": OBJECT_PIXEL, "pixel_height_m": OBJECT_PIXEL}
OF_PRODUCT = {"probe": PROBE, "object": OBJECT, "probe_pixel_m": OBJECT_PIXEL, "pixel_size_m": OBJECT_PIXEL,
              "object_first_px": (-24.5, -21.5), "far_field": True}  # fmt: skip


def product_hdf5(path, order):
    arrays = {"probe": PROBE[None], "object": OBJECT[None], "probe_position_indexes": order,
              "probe_position_x_m": X, "probe_position_y_m": Y}  # fmt: skip
    centre = {"center_x_m": 0.0, "center_y_m": 0.0}
    attributes = {("/", key): value for key, value in PRODUCT.items()}
    attributes |= {("object", key): value for key, value in {**SIZES, **centre}.items()}
    attributes |= {("probe", key): value for key, value in SIZES.items()}
    return hdf5(path, arrays, attributes)


def ptychodus_pair(folder):
    """Patterns lie in another order than positions, and belong together by their indexes."""
    order = np.random.default_rng(1).permutation(COUNT)
    stored = np.empty_like(COUNTS)
    stored[order] = COUNTS
    sizes = {("patterns", f"detector_pixel_{side}_m"): PIXEL for side in ("width", "height")}
    arrays = {"patterns": stored, "indexes": np.arange(COUNT) + 100, "bad_pixels": ~GOOD}
    path = hdf5(folder / "diffraction.h5", arrays, sizes)
    product_hdf5(folder / "product.h5", order + 100)
    indexes = {"frame_indexes": np.arange(COUNT) + 100, "position_indexes": order + 100}
    return path, BASIC | GEOMETRY | OF_PRODUCT | indexes | {"mask": GOOD, "patterns": stored}


def ptychodus_product(folder):
    _, known = ptychodus_pair(folder)
    return folder / "product.h5", known


def ptychodus_folder(folder):
    _, known = ptychodus_pair(folder)
    return folder, known


def ptychodus_npz(folder):
    path = folder / "diffraction.npz"
    np.savez(path, patterns=COUNTS, indexes=np.arange(COUNT), bad_pixels=~GOOD)
    sizes = {f"{kind}_{key}": value for kind in ("object", "probe") for key, value in SIZES.items()}
    positions = {"probe_position_x_m": X, "probe_position_y_m": Y, "probe_position_indexes": np.arange(COUNT)}
    centre = {"object_center_x_m": 0.0, "object_center_y_m": 0.0}
    np.savez(folder / "product.npz", probe=PROBE, object=OBJECT, **PRODUCT, **sizes, **centre, **positions)
    known = {"energy_eV": ENERGY, "distance_m": DISTANCE, "mask": GOOD}
    return path, BASIC | OF_PRODUCT | IN_ORDER | known


TRAINING = {
    "patterns": COUNTS, "bad_pixels": ~GOOD, "probe": PROBE, "object": OBJECT, "probe_position_x_px": PIXELS[:, 1],
    "probe_position_y_px": PIXELS[:, 0], "object_pixel_width_m": OBJECT_PIXEL, "object_pixel_height_m": OBJECT_PIXEL,
    "detector_object_distance_m": DISTANCE, "photon_energy_eV": ENERGY,
}  # fmt: skip
OF_TRAINING = BASIC | {
    "positions": PIXELS, "unit": "px", "probe": PROBE, "object": OBJECT, "object_first_px": (0.0, 0.0), "mask": GOOD,
    "pixel_size_m": OBJECT_PIXEL, "energy_eV": ENERGY, "distance_m": DISTANCE,
}  # fmt: skip


def training_hdf5(folder):
    return hdf5(folder / "training.h5", TRAINING), OF_TRAINING


def training_npz(folder):
    np.savez(folder / "training.npz", **TRAINING)
    return folder / "training.npz", OF_TRAINING


def fold_slice(folder):
    path = hdf5(folder / "data_roi0_Ndp24_dp.hdf5", {"dp": COUNTS})
    words = {"ppX": X, "ppY": Y, "lambda": HC / ENERGY, "dx": OBJECT_PIXEL, "angle": 0.0}
    hdf5(folder / "data_roi0_Ndp24_para.hdf5", words)
    return path, BASIC | {"energy_eV": ENERGY, "pixel_size_m": OBJECT_PIXEL}


def fold_slice_of_electrons(folder):
    path, known = fold_slice(folder)
    with h5py.File(folder / "data_roi0_Ndp24_para.hdf5", "a") as file:
        file["lambda"][()] = 1.96875e-12
    return path, known | {"energy_eV": 3e5, "electrons": True}


def fold_slice_in_words_of_ptychodus(folder):
    hdf5(folder / "scan7_dp.hdf5", {"dp": COUNTS})
    path = product_hdf5(folder / "scan7_para.hdf5", np.arange(COUNT))
    return path, BASIC | OF_PRODUCT | IN_ORDER | {"energy_eV": ENERGY, "distance_m": DISTANCE}


def ptypy(folder):
    """Chunks as they came in, with PtyPy's None for a centre that nobody gave."""
    arrays = {"meta/energy": ENERGY / 1e3, "meta/distance": DISTANCE, "meta/psize": np.array([PIXEL, PIXEL]),
              "meta/propagation": "nearfield", "meta/center": np.zeros(1), "info/save": "append"}  # fmt: skip
    for chunk, part in enumerate((slice(0, 5), slice(5, 10), slice(10, 12))):
        where = f"chunks/{chunk}/"
        arrays[where + "data"], arrays[where + "positions"] = COUNTS[part], METRES[part]
        arrays[where + "indices"] = np.arange(COUNT)[part]
        arrays[where + "weights"] = np.broadcast_to(GOOD, COUNTS[part].shape).astype(np.float64)
    attributes = {("meta/center", "type"): "None", ("meta/psize", "type"): "array"}
    known = BASIC | GEOMETRY | {"mask": GOOD, "far_field": False}
    return hdf5(folder / "a.ptyd", arrays, attributes), known


def nsls2(folder):
    amplitudes = np.fft.fftshift(np.sqrt(COUNTS), axes=(1, 2)).astype(np.float32)
    arrays = {"diffamp": amplitudes, "points": np.stack([X, Y]) * 1e6, "lambda_nm": HC / ENERGY * 1e9, "z_m": DISTANCE,
              "ccd_pixel_um": PIXEL * 1e6, "angle": 0.0}  # fmt: skip
    known = {"patterns": amplitudes, "measurement": "amplitude", "unit": "um", "positions": METRES * 1e6}
    return hdf5(folder / "a.h5", arrays), BASIC | GEOMETRY | known


def nsls2_matlab(folder):
    arrays = {
        "det_data": COUNTS, "det_pixel_size": [[PIXEL * 1e6]], "det_dist": [[DISTANCE * 1e6]],
        "energy": [[ENERGY / 1e3]], "img_pixel_size_x": [[OBJECT_PIXEL]], "img_pixel_size_y": [[OBJECT_PIXEL]],
        "pos_xy": np.stack([0 * X, X, Y]) * 1e6, "prb": PROBE, "obj": OBJECT,
    }  # fmt: skip
    known = {"unit": "um", "positions": METRES * 1e6, "probe": PROBE, "object": OBJECT, "pixel_size_m": OBJECT_PIXEL}
    return hdf5(folder / "a.mat", arrays), BASIC | GEOMETRY | known


def ptylab(folder):
    arrays = {"ptychogram": COUNTS.astype(np.float32), "encoder": METRES, "wavelength": HC / ENERGY, "dxd": PIXEL,
              "zo": DISTANCE, "entrancePupilDiameter": 2e-6}  # fmt: skip
    return hdf5(folder / "a.hdf5", arrays), BASIC | GEOMETRY


def nanomax(folder):
    """Frames in a file of the detector's, to which the scan's file links."""
    hdf5(folder / "000012_eiger.hdf5", {"entry/instrument/Eiger/data": COUNTS})
    arrays = {"entry/measurement/pseudo/x": X * 1e6, "entry/measurement/pseudo/y": Y * 1e6,
              "entry/snapshots/pre_scan/energy": np.array([ENERGY])}  # fmt: skip
    path = hdf5(folder / "000012.h5", arrays)
    with h5py.File(path, "a") as file:
        link = h5py.ExternalLink("000012_eiger.hdf5", "/entry/instrument/Eiger/data")
        file["entry/measurement/eiger1m/frames"] = link
    known = {"unit": "um", "positions": METRES * 1e6, "energy_eV": ENERGY, "detector_pixel_m": (75e-6, 75e-6)}
    return path, BASIC | known


def csaxs(folder):
    where = "entry/instrument/"
    arrays = {"entry/data/data": COUNTS, where + "monochromator/distance": DISTANCE * 1e3,
              where + "monochromator/energy": ENERGY / 1e3, where + "eiger_4/x_pixel_size": PIXEL * 1e6}  # fmt: skip
    return hdf5(folder / "a.h5", arrays), BASIC | GEOMETRY | {"positions": None, "unit": None}


def eiger(folder):
    """A master whose last link leads to a file that was never written, as there were no frames for it."""
    detector = "entry/instrument/detector/"
    arrays = {
        detector + "detector_distance": DISTANCE, detector + "x_pixel_size": PIXEL, detector + "y_pixel_size": PIXEL,
        detector + "beam_center_x": 9.5, detector + "beam_center_y": 12.0,
        detector + "detectorSpecific/photon_energy": ENERGY, detector + "detectorSpecific/nimages": COUNT,
        detector + "detectorSpecific/ntrigger": 1, detector + "detectorSpecific/pixel_mask": (~GOOD).astype(np.uint32),
    }  # fmt: skip
    path = hdf5(folder / "scan_master.h5", arrays, {(detector + "detector_distance", "units"): "m"})
    with h5py.File(path, "a") as master:
        for number in (1, 2, 3):
            name = f"scan_data_{number:06d}.h5"
            master[f"entry/data/data_{number:06d}"] = h5py.ExternalLink(name, "/entry/data/data")
    for number, part in ((1, slice(0, 7)), (2, slice(7, 12))):
        hdf5(folder / f"scan_data_{number:06d}.h5", {"entry/data/data": COUNTS[part]})
    known = {"positions": None, "unit": None, "mask": GOOD, "centre_px": (12.0, 9.5)}
    return path, BASIC | GEOMETRY | known


def pinn_hdf5(folder):
    arrays = {"diff3d": COUNTS, "xcoords": PIXELS[:, 1], "ycoords": PIXELS[:, 0], "probeGuess": PROBE,
              "objectGuess": OBJECT, "bad_pixels": ~GOOD}  # fmt: skip
    known = {key: OF_TRAINING[key] for key in ("patterns", "positions", "unit", "probe", "object", "object_first_px")}
    return hdf5(folder / "a.h5", arrays), known | {"mask": GOOD}


def slac_npz(folder):
    np.savez(folder / "a.npz", diffraction=np.moveaxis(COUNTS, 0, -1), xcoords_start=PIXELS[:, 1],
             ycoords_start=PIXELS[:, 0], probeGuess=PROBE[0], objectGuess=OBJECT, detector_distance_m=DISTANCE,
             photon_energy_eV=ENERGY, detector_pixel_size_m=PIXEL)  # fmt: skip
    known = {"patterns": COUNTS, "positions": PIXELS, "unit": "px", "probe": PROBE[:1], "object": OBJECT}
    return folder / "a.npz", GEOMETRY | known | {"object_first_px": (0.0, 0.0)}


def cube():
    return COUNTS.reshape(ROWS, COLUMNS, HEIGHT, WIDTH)


def steps(size=1.0):
    y, x = np.indices((ROWS, COLUMNS)) * size
    return np.stack([y.ravel(), x.ravel()], axis=1)


def py4dstem(folder):
    """EMD 1.0 of py4DSTEM: a calibration of its own, beside vectors of the axes."""
    group, calibration = "datacube_root/datacube/", "datacube_root/metadatabundle/calibration/"
    arrays = {group + "data": cube(), calibration + "R_pixel_size": 2.5, calibration + "R_pixel_units": "A",
              calibration + "Q_pixel_size": 0.0125, calibration + "Q_pixel_units": "A^-1"}  # fmt: skip
    arrays |= {f"{group}dim{axis}": np.array([0.0, 1.0]) for axis in range(4)}
    known = {"positions": steps(2.5e-10), "unit": "m", "electrons": True, "pixel_size_m": 1e-10 / (0.0125 * WIDTH)}
    return hdf5(folder / "a.h5", arrays), {"patterns": COUNTS} | known


def berkeley_emd(folder):
    """EMD 0.2: vectors of the axes from 1, the detector in milliradians."""
    group = "data/datacube_0/"
    arrays = {group + "data": cube()}
    attributes = {}
    for axis, (size, unit) in enumerate(((0.5, "[nm]"), (0.5, "[nm]"), (0.2, "[mrad]"), (0.2, "[mrad]")), start=1):
        arrays[f"{group}dim{axis}"] = size * np.arange((ROWS, COLUMNS, HEIGHT, WIDTH)[axis - 1])
        attributes[f"{group}dim{axis}", "units"] = unit
    known = {"positions": steps(0.5e-9), "unit": "m", "electrons": True, "detector_pixel_m": (2e-4, 2e-4),
             "distance_m": 1.0}  # fmt: skip
    return hdf5(folder / "a.emd", arrays, attributes), {"patterns": COUNTS} | known


def npy_cube(folder):
    np.save(folder / "a.npy", cube())
    return folder / "a.npy", {"patterns": COUNTS, "positions": steps(), "unit": "step"}


def npy_stack(folder):
    np.save(folder / "a.npy", COUNTS)
    return folder / "a.npy", {"patterns": COUNTS}


def unnamed_npz(folder):
    np.savez(folder / "a.npz", COUNTS, PIXELS, PROBE[0])
    return folder / "a.npz", {"patterns": COUNTS, "positions": PIXELS, "probe": PROBE[:1]}


def virtual(folder):
    """A virtual dataset over a file a line, as Diamond writes them."""
    layout = h5py.VirtualLayout((COUNT, HEIGHT, WIDTH), COUNTS.dtype)
    for line in range(ROWS):
        part = slice(line * COLUMNS, (line + 1) * COLUMNS)
        hdf5(folder / f"line{line}.h5", {"entry/data/data": COUNTS[part]})
        layout[part] = h5py.VirtualSource(f"line{line}.h5", "entry/data/data", (COLUMNS, HEIGHT, WIDTH))
    with h5py.File(folder / "scan.nxs", "w") as file:
        file.create_virtual_dataset("entry/data/data", layout)
    return folder / "scan.nxs", BASIC | {"positions": None, "unit": None}


def ptychoshelves_mat(folder):
    dp = np.moveaxis(COUNTS[:, :20], 0, -1)
    savemat(folder / "a.mat", {"dp": dp, "probe": np.moveaxis(PROBE[:1, :20], 0, -1)[..., 0]})
    return folder / "a.mat", {"patterns": COUNTS[:, :20], "probe": PROBE[:1, :20]}


def description(folder):
    """The general door, kept: frames of a series, positions with a header, a number as YAML 1.1 has it."""
    for line in range(ROWS):
        part = slice(line * COLUMNS, (line + 1) * COLUMNS)
        hdf5(folder / f"line_{8 + line}.h5", {"entry/data/data": COUNTS[part]})
    rows = "".join(f"{x!r}, {y!r}\n" for y, x in (METRES * 1e6).tolist())
    (folder / "positions.csv").write_text("# x_um, y_um\n" + rows)
    np.savez(folder / "known.npz", probe=PROBE, good=GOOD)
    (folder / "scan.yaml").write_text(
        "patterns: line_*.h5:/entry/data/data\npositions: positions.csv\nprobe: known.npz:/probe\n"
        f"mask: known.npz:/good\ndistance_m: {DISTANCE}\nenergy_eV: {ENERGY}\ndetector_pixel_m: 55e-6\n"
        "measurement: counts\nzero_frequency: centre\n"
    )
    known = {"positions": METRES * 1e6, "unit": "um", "probe": PROBE, "mask": GOOD, "corner": False}
    return folder / "scan.yaml", BASIC | GEOMETRY | known


def received(folder):
    """What `ptycho watch` keeps of a socket: rows as they came, and one of each that was cut short."""
    turned = np.arange(COUNT)[::-1]
    arrays = {
        "received/patterns": np.concatenate([COUNTS[turned], COUNTS[:1]]), "received/frames": np.append(turned, -1),
        "received/positions": np.concatenate([METRES, METRES[:1]]),
        "received/position_frames": np.append(np.arange(COUNT), -1), "received/figures": np.array([COUNT, 1, 0, 0]),
        "received/mask": GOOD.astype(np.uint8), "received/energy_eV": ENERGY, "received/distance_m": DISTANCE,
        "received/detector_pixel_m": PIXEL, "received/probe": PROBE,
    }  # fmt: skip
    written = hdf5(folder / "a.h5", arrays, {("received", "series"): "7", ("received", "unit"): "m",
                                             ("received", "measurement"): "counts"})  # fmt: skip
    known = {"patterns": COUNTS[turned], "frame_indexes": turned, "position_indexes": np.arange(COUNT)}
    return written, BASIC | GEOMETRY | {"mask": GOOD, "probe": PROBE} | known


FILES = {
    function.__name__: function
    for function in (
        cxi, cxi_with_basis, cxi_of_ptychodus, cxi_pair_of_ptychodus, nxcxi, ptychodus_pair, ptychodus_product,
        ptychodus_folder, ptychodus_npz, training_hdf5, training_npz, fold_slice, fold_slice_of_electrons,
        fold_slice_in_words_of_ptychodus, ptypy, nsls2, nsls2_matlab, ptylab, nanomax, csaxs, eiger, pinn_hdf5,
        slac_npz, py4dstem, berkeley_emd, npy_cube, npy_stack, unnamed_npz, virtual, ptychoshelves_mat, description,
        received,
    )
}  # fmt: skip


def ptyr(folder):
    where = "content/obj/S00G00/"
    arrays = {where + "data": OBJECT[None], where + "_psize": np.full(2, OBJECT_PIXEL), where + "_origin": np.zeros(2),
              "content/probe/S00G00/data": PROBE, "content/positions/S00G00": METRES}  # fmt: skip
    return hdf5(folder / "a.ptyr", arrays), {"object": OBJECT}


def cxi_image(folder):
    return hdf5(folder / "a.cxi", {"entry_1/image_1/data": OBJECT}), {"object": OBJECT}


def fold_slice_mat(folder):
    arrays = {"object": OBJECT.T, "probe": PROBE.T, "p/dx_spec": np.full((2, 1), OBJECT_PIXEL),
              "outputs/probe_positions": PIXELS.T}  # fmt: skip
    return hdf5(folder / "a.mat", arrays, {("object", "MATLAB_class"): "single"}), {"object": OBJECT}


RESULTS = {function.__name__: function for function in (ptyr, cxi_image, cxi_of_ptychodus, fold_slice_mat)}
"""Reconstructions."""
