"""Numbers that look random and are the same on every Python."""


class Chance:
    def __init__(self, seed):
        self.state = seed

    def number(self):
        """The next of splitmix64."""
        self.state = (self.state + 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF
        mixed = self.state
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & 0xFFFFFFFFFFFFFFFF
        return mixed ^ (mixed >> 31)

    def below(self, limit):
        return self.number() % limit

    def pick(self, choices):
        return choices[self.below(len(choices))]

    def once_in(self, many):
        return self.below(many) == 0

    def bytes(self, count):
        return bytes(self.below(256) for _ in range(count))

    def cuts(self, data):
        """The data in one to three pieces."""
        places = sorted({self.below(len(data) + 1) for _ in range(self.below(3))})
        pieces = [data[start:end] for start, end in zip([0, *places], [*places, len(data)])]
        return [piece for piece in pieces if piece]
