"""All that moves beside the agents: people, vehicles, doors. `navworld.world.movers` runs it."""
