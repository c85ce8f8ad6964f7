"""How the automatic mistakes are written down: the changed line, before and after."""


def label(line: str, old: str, new: str) -> str:
    """Write the label of the change of a line in which ``old`` stands once."""
    assert line.count(old) == 1
    return f"{line}  ->  {line.replace(old, new)}"
