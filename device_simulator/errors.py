"""What a person gets to read instead of a traceback."""


class SimulatorError(Exception):
    """One line that names the offending key and value and the way out."""
