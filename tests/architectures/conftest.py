"""Every test of this folder that asks for a ``cell`` runs for all of them."""

import pytest

from tests.architectures.cells import CELLS


@pytest.fixture(params=CELLS, ids=lambda cell: cell.name)
def cell(request):
    return request.param
