"""Published packages that need something installed, by the registry that they come from."""

from tests.foreign.dependent.native import LIBCBOR
from tests.foreign.dependent.npm import BL, SPLIT2
from tests.foreign.dependent.python import FLASK, MARKUPSAFE, PG8000

__all__ = ["BL", "DEPENDENT", "FLASK", "LIBCBOR", "MARKUPSAFE", "PG8000", "SPLIT2"]
DEPENDENT = (FLASK, MARKUPSAFE, PG8000, SPLIT2, BL, LIBCBOR)
