"""GLB and glTF files as parts.

The header is checked and reduced to what is used here (one flat mesh per primitive) before
trimesh decodes the arrays; the node tree, materials and images are read by this module, so that
nothing that is wrong with them goes unnoticed.
"""

from __future__ import annotations

import io
import json
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from navworld.scenes.importing.container import container
from navworld.scenes.importing.folder import Folder, damage
from navworld.scenes.importing.parts import Look, Part
from navworld.world.scene import SceneError

COMPONENT_BYTES = {5120: 1, 5121: 1, 5122: 2, 5123: 2, 5125: 4, 5126: 4}
COMPONENT_SCALE = {5120: 127.0, 5121: 255.0, 5122: 32767.0, 5123: 65535.0}
TYPE_SIZE = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT2": 4, "MAT3": 9, "MAT4": 16}
TRIANGLES, TRIANGLE_STRIP, TRIANGLE_FAN = 4, 5, 6
MAX_TRIANGLES = 20_000_000


def read_gltf(folder: Folder) -> tuple[list[Part], str]:
    """Parts of a GLB or glTF file in its own axes (y up), and its copyright line."""
    content = folder.read_main()
    with damage(folder.path, "glTF data is damaged"):
        header, binary = container(content, folder)
        document = _Document(header, binary, folder)
        return document.parts(), str(header["asset"].get("copyright", ""))


class _Document:
    """A checked header with its buffers; `parts` does the work."""

    def __init__(self, header: dict[str, Any], binary: bytes | None, folder: Folder) -> None:
        self.header = header
        self.folder = folder
        self.buffers = [
            self._buffer(k, item, binary) for k, item in enumerate(self._list("buffers"))
        ]
        self._check_arrays()
        self._images: dict[int, NDArray[np.uint8]] = {}
        self._looks: dict[int | None, Look] = {}

    def parts(self) -> list[Part]:
        """Every primitive of every node of the scene, in the frame of the scene."""
        placed = list(self._placed_meshes())
        primitives = self._decode(sorted({mesh for mesh, _, _ in placed}))
        total = sum(len(primitives[m][p][1]) for m, _, _ in placed for p in primitives[m])
        if total > MAX_TRIANGLES:
            raise SceneError(
                f"{self.folder.path}: has {total:,} triangles, more than {MAX_TRIANGLES:,}; "
                "decimate it"
            )
        parts = []
        for mesh, T, names in placed:
            mesh_name = str(self._list("meshes")[mesh].get("name", ""))
            for vertices, triangles, uv, colors, material in primitives[mesh].values():
                turned = triangles[:, ::-1] if np.linalg.det(T[:3, :3]) < 0 else triangles
                order = slice(None, None, -1) if turned is not triangles else slice(None)
                parts.append(
                    Part(
                        name=names[0],
                        aliases=(mesh_name, *names[1:]),
                        vertices=vertices @ T[:3, :3].T + T[:3, 3],
                        triangles=turned,
                        uv=None if uv is None else uv[turned],
                        colors=None if colors is None else colors[triangles][:, order],
                        look=self._look(material),
                    )
                )
        return parts

    def _list(self, key: str) -> list[Any]:
        items = self.header.get(key, [])
        if not isinstance(items, list):
            raise SceneError(
                f"{self.folder.path}: its glTF entry {key!r} is damaged; export it again"
            )
        return items

    def _item(self, key: str, index: Any) -> Any:
        items = self._list(key)
        if not isinstance(index, int) or not 0 <= index < len(items):
            raise SceneError(
                f"{self.folder.path}: refers to entry {str(index)[:40]} of {key!r}, which has "
                f"{len(items)}; export the file again"
            )
        return items[index]

    def _buffer(self, k: int, item: dict[str, Any], binary: bytes | None) -> bytes:
        if "uri" in item:
            content = self.folder.get(str(item["uri"]))
        elif k == 0 and binary is not None:
            content = binary
        else:
            raise SceneError(
                f"{self.folder.path}: its buffer {k} has no data; export the file again"
            )
        if len(content) < int(item["byteLength"]):
            raise SceneError(
                f"{self.folder.path}: its buffer {k} has {len(content)} bytes instead of "
                f"{item['byteLength']}; copy or export the file again"
            )
        return content

    def _check_arrays(self) -> None:
        """Refuses views and accessors that reach beyond their data, before they are decoded."""
        for k, view in enumerate(self._list("bufferViews")):
            size = len(self.buffers[self._index("buffers", view["buffer"])])
            start, length = int(view.get("byteOffset", 0)), int(view["byteLength"])
            if (
                start < 0
                or length < 0
                or start + length > size
                or int(view.get("byteStride", 1)) < 1
            ):
                self._beyond(f"buffer view {k}")
        for k, accessor in enumerate(self._list("accessors")):
            item = COMPONENT_BYTES[accessor["componentType"]] * TYPE_SIZE[accessor["type"]]
            count = int(accessor["count"])
            if "sparse" in accessor:
                count = max(count, 1)
                if count * item > 16 * (sum(map(len, self.buffers)) + 1):
                    self._beyond(f"accessor {k}")
            if "bufferView" not in accessor:
                if "sparse" not in accessor:
                    self._beyond(f"accessor {k}")
                continue
            view = self._item("bufferViews", accessor["bufferView"])
            stride = int(view.get("byteStride", item))
            offset = int(accessor.get("byteOffset", 0))
            end = offset + (count - 1) * stride + item
            if count < 1 or offset < 0 or end > int(view["byteLength"]):
                self._beyond(f"accessor {k}")

    def _index(self, key: str, index: Any) -> int:
        self._item(key, index)
        return int(index)

    def _beyond(self, what: str) -> None:
        raise SceneError(
            f"{self.folder.path}: {what} of the glTF data reaches beyond the data of the file; "
            "copy or export the file again"
        )

    def _placed_meshes(self) -> Iterator[tuple[int, NDArray[np.float64], tuple[str, ...]]]:
        """(mesh, T_scene_node, names from the node upwards) for each node with a mesh."""
        nodes = self._list("nodes")
        if self._list("scenes"):
            roots = self._item("scenes", self.header.get("scene", 0)).get("nodes", [])
        else:
            children = {child for node in nodes for child in node.get("children", ())}
            roots = [k for k in range(len(nodes)) if k not in children]
        seen: set[int] = set()
        stack: list[tuple[int, NDArray[np.float64], tuple[str, ...]]]
        stack = [(self._index("nodes", k), np.eye(4), ()) for k in reversed(roots)]
        while stack:
            k, T_scene_parent, above = stack.pop()
            if k in seen:
                raise SceneError(
                    f"{self.folder.path}: its node {k} stands in the scene twice or in a circle; "
                    "export the file again"
                )
            seen.add(k)
            node = nodes[k]
            T = T_scene_parent @ _node_transform(node)
            if not np.isfinite(T).all():
                raise SceneError(
                    f"{self.folder.path}: the pose of its node {k} is not finite; export it again"
                )
            names = (str(node.get("name", f"node {k}")), *above)[:8]
            if "mesh" in node:
                yield self._index("meshes", node["mesh"]), T, names
            for child in reversed(node.get("children", [])):
                stack.append((self._index("nodes", child), T, names))

    def _decode(self, meshes: list[int]) -> dict[int, dict[int, tuple[Any, ...]]]:
        """Arrays of the primitives of some meshes: mesh → primitive → (vertices, triangles, …)."""
        import trimesh

        header, wanted = self._reduced(meshes)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            loaded = trimesh.load_scene(
                io.BytesIO(json.dumps(header).encode()),
                file_type="gltf",
                resolver={f"buffer:{k}": content for k, content in enumerate(self.buffers)},
                process=False,
            )
        result: dict[int, dict[int, tuple[Any, ...]]] = {mesh: {} for mesh in meshes}
        for name, (mesh, number, primitive) in wanted.items():
            result[mesh][number] = self._arrays(loaded.geometry[name], primitive)
        return result

    def _reduced(self, meshes: list[int]) -> tuple[dict[str, Any], dict[str, tuple[int, int, Any]]]:
        """A header of flat meshes for trimesh, and which primitive each of them is."""
        flat, wanted = [], {}
        for mesh in meshes:
            for number, primitive in enumerate(self._list("meshes")[mesh]["primitives"]):
                mode = primitive.get("mode", TRIANGLES)
                if mode == TRIANGLE_FAN:
                    raise SceneError(
                        f"{self.folder.path}: has triangle fans, which are not supported; "
                        "triangulate the mesh when exporting"
                    )
                if mode not in (TRIANGLES, TRIANGLE_STRIP):
                    continue  # points and lines have no surface
                if "KHR_draco_mesh_compression" in primitive.get("extensions", {}):
                    raise SceneError(
                        f"{self.folder.path}: is compressed with Draco; export it uncompressed"
                    )
                attributes = {"POSITION": primitive["attributes"]["POSITION"]}
                channel = f"TEXCOORD_{self._uv_channel(primitive)}"
                for source, target in ((channel, "TEXCOORD_0"), ("COLOR_0", "COLOR_0")):
                    if source in primitive["attributes"]:
                        attributes[target] = primitive["attributes"][source]
                entry = {"attributes": attributes, "mode": mode, "material": 0}
                if "indices" in primitive:
                    entry["indices"] = primitive["indices"]
                for accessor in (
                    *attributes.values(),
                    *([entry["indices"]] if "indices" in entry else ()),
                ):
                    self._item("accessors", accessor)
                name = f"{mesh}-{number}"
                flat.append({"name": name, "primitives": [entry]})
                wanted[name] = (mesh, number, primitive)
        header = {
            "asset": {"version": "2.0"},
            "buffers": [
                {"uri": f"buffer:{k}", "byteLength": len(b)} for k, b in enumerate(self.buffers)
            ],
            "bufferViews": self._list("bufferViews"),
            "accessors": self._list("accessors"),
            "materials": [{"name": "plain"}],
            "meshes": flat,
            "nodes": [{"mesh": k, "name": f"n{k}"} for k in range(len(flat))],
            "scenes": [{"nodes": list(range(len(flat)))}],
        }
        return header, wanted

    def _arrays(self, mesh: Any, primitive: dict[str, Any]) -> tuple[Any, ...]:
        """(vertices, triangles, uv, colors, material) of a decoded primitive."""
        vertices = np.asarray(mesh.vertices, np.float64)
        triangles = np.asarray(mesh.faces, np.int64)
        material = primitive.get("material")
        if len(triangles) and (triangles.min() < 0 or triangles.max() >= len(vertices)):
            raise SceneError(
                f"{self.folder.path}: a triangle uses vertex {triangles.max()} of "
                f"{len(vertices)}; export the file again"
            )
        uv, colors = getattr(mesh.visual, "uv", None), None
        if uv is not None:
            flipped = np.asarray(uv, np.float64).reshape(len(vertices), 2)
            channel = f"TEXCOORD_{self._uv_channel(primitive)}"
            v_down = np.stack([flipped[:, 0], 1.0 - flipped[:, 1]], 1)
            uv = self._transformed(v_down / self._integer_scale(primitive, channel), material)
        if "COLOR_0" in primitive["attributes"]:
            raw = np.asarray(mesh.visual.vertex_attributes["color"], np.float64)
            linear = raw.reshape(len(vertices), -1)[:, :3] / self._integer_scale(
                primitive, "COLOR_0"
            )
            colors = srgb_from_linear(linear)
        return vertices, triangles, uv, colors, material

    def _integer_scale(self, primitive: dict[str, Any], attribute: str) -> float:
        accessor = self._item("accessors", primitive["attributes"][attribute])
        return COMPONENT_SCALE.get(accessor["componentType"], 1.0)

    def _base_texture(self, material: int | None) -> dict[str, Any] | None:
        if material is None:
            return None
        pbr = self._item("materials", material).get("pbrMetallicRoughness", {})
        return pbr.get("baseColorTexture")

    def _uv_channel(self, primitive: dict[str, Any]) -> int:
        info = self._base_texture(primitive.get("material")) or {}
        transform = info.get("extensions", {}).get("KHR_texture_transform", {})
        return int(transform.get("texCoord", info.get("texCoord", 0)))

    def _transformed(self, uv: NDArray[np.float64], material: int | None) -> NDArray[np.float64]:
        """Applies KHR_texture_transform: scale, rotation, then offset."""
        info = self._base_texture(material) or {}
        transform = info.get("extensions", {}).get("KHR_texture_transform", {})
        u, v = (uv * np.asarray(transform.get("scale", (1.0, 1.0)), np.float64)).T
        angle = float(transform.get("rotation", 0.0))
        turned = np.stack(
            [np.cos(angle) * u + np.sin(angle) * v, np.cos(angle) * v - np.sin(angle) * u], 1
        )
        return turned + np.asarray(transform.get("offset", (0.0, 0.0)), np.float64)

    def _look(self, material: int | None) -> Look:
        if material not in self._looks:
            self._looks[material] = Look() if material is None else self._new_look(material)
        return self._looks[material]

    def _new_look(self, material: int) -> Look:
        entry = self._item("materials", material)
        pbr = entry.get("pbrMetallicRoughness", {})
        factor = np.asarray(pbr.get("baseColorFactor", (1, 1, 1, 1)), np.float64).reshape(4)
        emissive = np.asarray(entry.get("emissiveFactor", (0, 0, 0)), np.float64).reshape(3)
        info = self._base_texture(material)
        glows = emissive.max() > 0.05 and "emissiveTexture" not in entry
        color = srgb_from_linear(emissive / emissive.max() if glows else factor[:3])
        return Look(
            name="" if entry.get("name") in (None, "None") else str(entry["name"]),
            color=(float(color[0]), float(color[1]), float(color[2])),
            image=None if info is None else self._image(info),
            emission=float(np.clip(emissive.max(), 0, 1)) if glows else 0.0,
            transparent=(entry.get("alphaMode") == "BLEND" and factor[3] < 0.6)
            or "KHR_materials_transmission" in entry.get("extensions", {}),
        )

    def _image(self, info: dict[str, Any]) -> NDArray[np.uint8]:
        texture = self._item("textures", info["index"])
        webp = texture.get("extensions", {}).get("EXT_texture_webp", {})
        source = webp.get("source", texture.get("source"))
        if source not in self._images:
            image = self._item("images", source)
            if "bufferView" in image:
                view = self._item("bufferViews", image["bufferView"])
                start = int(view.get("byteOffset", 0))
                content = self.buffers[view["buffer"]][start : start + int(view["byteLength"])]
            else:
                content = self.folder.get(str(image["uri"]))
            label = (
                f"texture {source} ({image.get('name') or str(image.get('uri', 'embedded'))[:60]})"
            )
            self._images[source] = self.folder.image(content, label)
        return self._images[source]


def _node_transform(node: dict[str, Any]) -> NDArray[np.float64]:
    """T_parent_node from a matrix (column by column) or translation, rotation (xyzw), scale."""
    if "matrix" in node:
        return np.asarray(node["matrix"], np.float64).reshape(4, 4).T
    T = np.eye(4)
    x, y, z, w = np.asarray(node.get("rotation", (0, 0, 0, 1)), np.float64).reshape(4)
    n = x * x + y * y + z * z + w * w
    s = 2.0 / n if n > 0 else 0.0
    T[:3, :3] = np.eye(3) - s * np.array(
        [
            [y * y + z * z, w * z - x * y, -x * z - w * y],
            [-x * y - w * z, x * x + z * z, w * x - y * z],
            [w * y - x * z, -y * z - w * x, x * x + y * y],
        ]
    )
    T[:3, :3] *= np.asarray(node.get("scale", (1, 1, 1)), np.float64).reshape(1, 3)
    T[:3, 3] = np.asarray(node.get("translation", (0, 0, 0)), np.float64).reshape(3)
    return T


def srgb_from_linear(linear: NDArray[np.float64]) -> NDArray[np.float64]:
    """Encodes linear colours in 0…1 for display (IEC 61966-2-1)."""
    c = np.clip(linear, 0.0, 1.0)
    return np.where(c <= 0.0031308, 12.92 * c, 1.055 * c ** (1 / 2.4) - 0.055)
