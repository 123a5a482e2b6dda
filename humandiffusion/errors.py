"""The one exception for anything wrong with what a user gave us."""


class InputError(ValueError):
    """A bad input. The message names the input, what was got, what is wanted and what to do; one line."""
