"""How `navworld.scenes.imported` reads foreign mesh files, step by step."""
