"""Write every reference page that is made from the code: what `make docs` runs."""

import runpy
from pathlib import Path

GENERATORS = (
    "settings_reference",
    "lifecycle_diagram",
    "order_matrix",
    "api_reference",
    "graphql_reference",
    "equivalents",
    "alpaca_compatibility",
)

if __name__ == "__main__":
    for name in GENERATORS:
        runpy.run_path(str(Path(__file__).parent / f"{name}.py"), run_name="__main__")
        print(f"{name}: written")
