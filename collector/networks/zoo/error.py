"""What goes wrong in the zoo."""


class ZooError(Exception):
    """A network could not be converted, or what came out of it is not what is registered. The message says which."""
