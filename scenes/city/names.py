"""Names of streets, shops, houses and parks, drawn without repetition."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from numpy.random import Generator

_STEMS = (
    "Linden", "Maple", "Chestnut", "Harbour", "Station", "Market", "Mill", "Church", "Garden",
    "Bridge", "Castle", "Orchard", "River", "School", "Forge", "Cooper", "Weaver", "Baker",
    "Miller", "Potter", "Fisher", "Tanner", "Willow", "Cedar", "Juniper", "Hazel", "Birch",
    "Poplar", "Acacia", "Elm", "Rowan", "Alder", "Lark", "Heron", "Swan", "Falcon", "Robin",
    "Finch", "Meadow", "Hill", "Valley", "Spring", "Fountain", "Tower", "Abbey", "Temple",
    "Museum", "Theatre", "Gallery", "Copper", "Silver", "Amber", "Ivory", "Granite", "Marble",
    "Kepler", "Newton", "Euler", "Gauss", "Noether", "Curie", "Lovelace", "Turing", "Darwin",
    "Humboldt", "Goethe", "Mozart", "Vivaldi", "Rembrandt", "Vermeer", "Homer", "Virgil",
)  # fmt: skip
_MAIN, _MINOR = ("Avenue", "Boulevard", "Road"), ("Street", "Lane", "Row", "Way", "Place")
_OWNERS = (
    "Anna", "Bruno", "Clara", "Dario", "Elsa", "Felix", "Greta", "Hugo", "Ida", "Jonas", "Kira",
    "Leo", "Mina", "Nils", "Olga", "Paul", "Rosa", "Stefan", "Tilda", "Viktor", "Wanda", "Yara",
)  # fmt: skip
_TRADES = {
    "bakery": ("Bakery", "Bread", "Pastry"), "cafe": ("Cafe", "Coffee", "Espresso"),
    "restaurant": ("Kitchen", "Bistro", "Pizza", "Noodles", "Grill"),
    "bookshop": ("Books", "Papers"), "pharmacy": ("Pharmacy",), "florist": ("Flowers", "Blooms"),
    "grocer": ("Grocer", "Market", "Foods"), "hairdresser": ("Hair", "Barber"),
    "clothes shop": ("Fashion", "Tailor", "Shoes"), "bicycle shop": ("Bikes", "Cycles"),
    "bank": ("Bank",), "optician": ("Optics",), "hardware shop": ("Tools", "Hardware"),
    "music shop": ("Music", "Records"), "toy shop": ("Toys",), "hotel": ("Hotel",),
    "bar": ("Bar", "Wine"), "laundry": ("Laundry",), "post office": ("Post",),
    "clinic": ("Dentist", "Clinic"),
}  # fmt: skip


@dataclass
class Names:
    """Draws names; never the same one twice."""

    rng: Generator
    _used: set[str] = field(default_factory=set)

    def street(self, main: bool) -> str:
        """A street; main ones are avenues and boulevards."""
        return self._new(lambda: f"{self._of(_STEMS)} {self._of(_MAIN if main else _MINOR)}")

    def shop(self) -> tuple[str, str]:
        """A shop's name and trade."""
        kind = str(self.rng.choice(list(_TRADES)))
        word = self._of(_TRADES[kind])
        forms = (
            lambda: f"{self._of(_OWNERS)}'s {word}",
            lambda: f"{self._of(_STEMS)} {word}",
            lambda: f"{word} {self._of(_OWNERS)}",
        )
        return self._new(forms[int(self.rng.integers(3))]), kind

    def park(self, square: bool) -> str:
        """A park or a square."""
        words = ("Square", "Plaza", "Court") if square else ("Park", "Green", "Gardens")
        return self._new(lambda: f"{self._of(_STEMS)} {self._of(words)}")

    def house(self) -> str:
        """A large building."""
        words = ("House", "Court", "Tower", "Hall", "Centre", "Works")
        return self._new(lambda: f"{self._of(_STEMS)} {self._of(words)}")

    def _of(self, words: tuple[str, ...]) -> str:
        return words[int(self.rng.integers(len(words)))]

    def _new(self, draw: Callable[[], str]) -> str:
        for _ in range(200):
            name = draw()
            if name not in self._used:
                self._used.add(name)
                return name
        number = 2
        while f"{name} {number}" in self._used:
            number += 1
        self._used.add(f"{name} {number}")
        return f"{name} {number}"
