"""Where on Earth a model lies: the reference systems that maps of cities come in.

Dutch RD New by the polynomials of Schreutelkamp and Strang van Hees ("Benaderingsformules voor
de transformatie tussen RD- en WGS84-kaartcoördinaten", NGT Geodesia 2001), good to about a
metre; UTM by Krüger's series to the third order, good to a millimetre.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from navworld.scenes.plans.reading import Notes
from navworld.world.vector_map import GeoOrigin

RD = (28992, 7415)
_LATITUDE = (
    (0, 1, 3235.65389), (2, 0, -32.58297), (0, 2, -0.24750), (2, 1, -0.84978), (0, 3, -0.06550),
    (2, 2, -0.01709), (1, 0, -0.00738), (4, 0, 0.00530), (2, 3, -0.00039), (4, 1, 0.00033),
    (1, 1, -0.00012),
)  # fmt: skip
_LONGITUDE = (
    (1, 0, 5260.52916), (1, 1, 105.94684), (1, 2, 2.45656), (3, 0, -0.81885), (1, 3, 0.05594),
    (3, 1, -0.05607), (0, 1, 0.01199), (3, 2, -0.00256), (1, 4, 0.00128), (0, 2, 0.00022),
    (2, 0, -0.00022), (5, 0, 0.00026),
)  # fmt: skip


def origin_of(content: dict[str, Any], at: NDArray, notes: Notes) -> GeoOrigin | None:
    """The geodetic place of a point (x, y, z) of a CityJSON file; None where it is not known."""
    metadata = content.get("metadata")
    system = metadata.get("referenceSystem") if isinstance(metadata, dict) else None
    code = re.findall(r"\d+", system)[-1:] if isinstance(system, str) else []
    found = (
        geodetic(int(code[0]), float(at[0]), float(at[1])) if code and len(code[0]) < 7 else None
    )
    if found is None:
        notes.add("reference system not known: the scene has no place on Earth", system or "")
        return None
    return GeoOrigin(*found)


def geodetic(epsg: int, x: float, y: float) -> tuple[float, float] | None:
    """Latitude and longitude [deg] of a point in a reference system; None for unknown ones."""
    if epsg in RD:
        found = _rd(x, y)
    elif 32601 <= epsg <= 32660:
        found = _utm(x, y, epsg - 32600)
    elif 32701 <= epsg <= 32760:
        found = _utm(x, y - 10_000_000.0, epsg - 32700)
    elif 25828 <= epsg <= 25838:
        found = _utm(x, y, epsg - 25800)
    else:
        return None
    sound = np.isfinite(found).all() and abs(found[0]) <= 90 and abs(found[1]) <= 180
    return found if sound else None


def _rd(x: float, y: float) -> tuple[float, float]:
    """RD New [m] to latitude and longitude [deg]."""
    p, q = (x - 155_000.0) * 1e-5, (y - 463_000.0) * 1e-5
    latitude = 52.15517440 + sum(k * p**i * q**j for i, j, k in _LATITUDE) / 3600
    longitude = 5.38720621 + sum(k * p**i * q**j for i, j, k in _LONGITUDE) / 3600
    return float(latitude), float(longitude)


def _utm(x: float, y: float, zone: int) -> tuple[float, float]:
    """UTM [m] to latitude and longitude [deg]."""
    f = 1 / 298.257223563
    n = f / (2 - f)
    radius = 6_378_137.0 / (1 + n) * (1 + n**2 / 4 + n**4 / 64)
    xi, eta = y / (0.9996 * radius), (x - 500_000.0) / (0.9996 * radius)
    beta = (n / 2 - 2 * n**2 / 3 + 37 * n**3 / 96, n**2 / 48 + n**3 / 15, 17 * n**3 / 480)
    k = np.arange(1, 4)
    xi0 = xi - (beta * np.sin(2 * k * xi) * np.cosh(2 * k * eta)).sum()
    eta0 = eta - (beta * np.cos(2 * k * xi) * np.sinh(2 * k * eta)).sum()
    chi = np.arcsin(np.sin(xi0) / np.cosh(eta0))
    delta = (2 * n - 2 * n**2 / 3 - 2 * n**3, 7 * n**2 / 3 - 8 * n**3 / 5, 56 * n**3 / 15)
    latitude = chi + (delta * np.sin(2 * k * chi)).sum()
    longitude = np.radians(6 * zone - 183) + np.arctan2(np.sinh(eta0), np.cos(xi0))
    return float(np.degrees(latitude)), float(np.degrees(longitude))
