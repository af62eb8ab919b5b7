"""FHIRPath (N1, version 2.0) over resources, with FHIR's functions. An expression is compiled once.

    lexer, parser   text → a tree
    compiler        the tree → closures
    functions       exists, where, descendants, resolve …: one table
    operators       = ~ < + and …: one table
    temporal        dates and times of any precision
    values          what collections hold, and how nodes become numbers and text

`evaluate(expression, node)` gives a list of nodes and of values: bool, int, Decimal, str, Temporal, Quantity.

Errors:

    PathError
    ├── BadExpression   not FHIRPath; `position` counts characters from 0
    ├── BadOperand      the expression cannot be applied to what it found
    └── TooCostly       it would take more steps than it may
"""

from penstock_healthcare.fhir.path.compiler import Context, compiled, evaluate
from penstock_healthcare.fhir.path.errors import BadExpression, BadOperand, PathError, TooCostly
from penstock_healthcare.fhir.path.values import truth

__all__ = ["BadExpression", "BadOperand", "Context", "PathError", "TooCostly", "compiled", "evaluate", "truth"]
