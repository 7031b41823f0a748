"""Complex images in CXI: the object alone, or ptychodus's probe and object with their geometry beside them."""

from typing import Any

import numpy as np

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.formats.assumptions import alone
from ptychopinn.formats.opened import Opened
from ptychopinn.formats.ptychodus_product import product_of
from ptychopinn.formats.quantities import DISTANCE, OBJECT_PIXEL
from ptychopinn.formats.sources.cxi import DETECTOR, ENTRY, PTYCHODUS, SOURCE, TRANSLATIONS, energy_of
from ptychopinn.formats.stores import Store
from ptychopinn.formats.stores.points import points

NAME = "CXI (entry_1/image_1 or image_2)"
IMAGES = tuple(f"{ENTRY}image_{number}/data" for number in range(1, 10))
PROBE, OBJECT = IMAGES[:2]
"""Where ptychodus writes the two."""

SIZES, CENTRE = ("object_pixel_width_m", "object_pixel_height_m"), ("object_center_x_m", "object_center_y_m")


def recognises(opened: Opened) -> bool:
    """Tell whether the file is HDF5 with complex images where CXI has them."""
    return opened.hdf5 is not None and bool(_images(opened.known_store))


def read(opened: Opened) -> Reconstruction:
    """Read the file; see `read_reconstruction`."""
    store = opened.known_store
    if store.names(PTYCHODUS) and OBJECT in store:
        return product_of(_fields(store), opened.name)
    images = _images(store)
    if len(images) != 1:
        raise ValueError(
            f"{opened.name} must hold one complex image. Received: {len(images)}: {', '.join(images)}. "
            "Save the object alone."
        )
    obj = store.complex_array(images[0])
    assert obj is not None
    obj = alone(obj)
    return Reconstruction(object=obj, weight=np.ones(obj.shape, np.float32), origin=(0.0, 0.0), name=opened.name)


def _images(store: Store) -> list[str]:
    return [path for path in IMAGES if path in store and store.known(path).dtype.kind == "c"]


def _fields(store: Store) -> dict[str, Any]:
    """Return what ptychodus writes, under the keys of its `product.npz`."""
    fields: dict[str, Any] = {"object": store.complex_array(OBJECT)}
    if PROBE in store:
        fields["probe"] = store.complex_array(PROBE)
    sizes = {key: store.number(PTYCHODUS + key, OBJECT_PIXEL) for key in SIZES}
    centre = {key: store.one(PTYCHODUS + key) for key in CENTRE}
    beam = {
        "photon_energy_eV": energy_of(store, SOURCE + "energy")[0],
        "detector_object_distance_m": store.measured(DETECTOR + "distance", DISTANCE),
    }
    fields |= {key: value for key, value in (sizes | centre | beam).items() if value is not None}
    path = store.first(*TRANSLATIONS)
    if path is not None:
        places = points(store, path)
        fields["probe_position_x_m"], fields["probe_position_y_m"] = places[:, 0], places[:, 1]
    return fields
