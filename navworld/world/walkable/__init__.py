"""Where bodies can be and how far it is: grids of clearances, uneven ground, fields of distance."""
