"""Pictures (first stub)."""
import hashlib
import numpy as np
from navworld.world.scene import Texture

def _flat(rng, shape=(128, 128)):
    p = np.empty((*shape, 3), np.uint8); p[:] = rng.integers(60, 220, 3)
    return Texture("picture-" + hashlib.sha1(p.tobytes()).hexdigest()[:12], p)
def picture(rng: np.random.Generator) -> Texture: return _flat(rng)
def window_view(rng: np.random.Generator) -> Texture: return _flat(rng)
def rug(rng: np.random.Generator) -> Texture: return _flat(rng)
def book_spines(rng: np.random.Generator) -> Texture: return _flat(rng)
