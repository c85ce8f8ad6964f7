"""The one exception that a person, not a programmer, is meant to read."""


class CourseError(Exception):
    """Something a user can put right; the message is one clear sentence that says what to do.

    The command line prints the message without a traceback and exits with status 2.
    """
