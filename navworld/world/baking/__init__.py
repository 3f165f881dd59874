"""How light is baked: charts in an atlas, what reaches every texel, smoothing."""
