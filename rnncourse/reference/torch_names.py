"""One layer's weights under ``torch.nn``'s names: what ``Params.from_torch`` and ``to_torch`` share.

Torch names the weights ``weight_ih``, ``weight_hh``, ``bias_ih``, ``bias_hh``, then the layer: ``_l0``,
``_l1``, ``_l0_reverse`` ... .  It has two biases per layer, because cuDNN wants both.  Torch itself need
not be imported: a tensor knows the way to NumPy.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from rnncourse.reference.arguments import check_shape


def read_layer(source: Any, layer: str, gates: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Copy ``weight_ih (GH, D)``, ``weight_hh (GH, H)``, ``bias_ih (GH,)`` and ``bias_hh (GH,)``, G gates.

    Parameters
    ----------
    source : module or mapping
        A recurrent module, or its ``state_dict()``; the values may be tensors or NumPy arrays.
    layer : str
        The ending of the parameters' names: ``"l0"``, ``"l1"``, ``"l0_reverse"`` ...
    gates : int
        G: 4 for an LSTM.

    Returns
    -------
    weight_ih (GH, D), weight_hh (GH, H), bias_ih (GH,), bias_hh (GH,) : arrays
        The biases are zeros where the module has none.

    Raises
    ------
    ValueError
        ``"no weight_ih_l0 among ..."`` when the layer is not there; ``"weight_hh_l0 should have shape
        (20, 5), got (15, 5)"`` when it is another cell's; ``"weight_hr_l0 ..."`` when its state is projected
        (``proj_size``), which no cell here does.
    """
    state = state_of(source)
    weight_ih, weight_hh = (read_array(source, name, layer) for name in ("weight_ih", "weight_hh"))
    if f"weight_hr_{layer}" in state:
        raise ValueError(f"weight_hr_{layer} should not be there: projected states are not supported")
    check_shape(f"weight_hh_{layer}", weight_hh, "GH", "H")
    H = weight_hh.shape[1]
    check_shape(f"weight_hh_{layer}", weight_hh, gates * H, H)
    check_shape(f"weight_ih_{layer}", weight_ih, gates * H, "D")
    no_bias = np.zeros(len(weight_hh), weight_hh.dtype)  # for a module made with bias=False
    bias_ih, bias_hh = (read_array(source, name, layer, no_bias) for name in ("bias_ih", "bias_hh"))
    check_shape(f"bias_ih_{layer}", bias_ih, gates * H)
    check_shape(f"bias_hh_{layer}", bias_hh, gates * H)
    return weight_ih, weight_hh, bias_ih, bias_hh


def read_array(source: Any, name: str, layer: str, default: np.ndarray | None = None) -> np.ndarray:
    """Copy one parameter of one layer, of any shape.

    Parameters
    ----------
    source, layer
        As `read_layer` takes them.
    name : str
        The beginning of the parameter's name: ``"weight_ih"`` ...
    default : array, any shape, optional
        What to copy when it is not there.

    Returns
    -------
    array, any shape

    Raises
    ------
    ValueError
        ``"no weight_ih_l0 among ..."`` when it is not there and there is no ``default``.
    """
    state = state_of(source)
    value = state.get(f"{name}_{layer}", default)
    if value is None:
        raise ValueError(f"no {name}_{layer} among {sorted(state)}")
    return np.array(value.detach().cpu().numpy() if hasattr(value, "detach") else value)


def state_of(source: Any) -> Mapping[str, Any]:
    """Return a module's ``state_dict``, or the mapping that came; what is neither is a ``TypeError``."""
    state = source.state_dict() if hasattr(source, "state_dict") else source
    if not isinstance(state, Mapping):
        raise TypeError(f"source should be a module or its state_dict, got {type(source).__name__}")
    return state


def layer_arrays(
    layer: str, weight_ih: np.ndarray, weight_hh: np.ndarray, bias_ih: np.ndarray, bias_hh: np.ndarray
) -> dict[str, np.ndarray]:
    """Return copies of what `read_layer` returns, ``weight_ih (GH, D)`` ..., under the names it reads."""
    arrays = {"weight_ih": weight_ih, "weight_hh": weight_hh, "bias_ih": bias_ih, "bias_hh": bias_hh}
    return {f"{name}_{layer}": array.copy() for name, array in arrays.items()}
