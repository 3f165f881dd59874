"""How a place looks under conditions: the hour, the season, wet and snow, fog and rain."""
