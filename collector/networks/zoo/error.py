"""Defines the error of the zoo."""


class ZooError(Exception):
    """A network could not be converted, or its conversion differs from what is registered. The message names it."""
