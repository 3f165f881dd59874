"""How rays are traced: Embree from kernels, in packets, and how what they hit is shaded."""
