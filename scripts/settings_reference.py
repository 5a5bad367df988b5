"""Write docs/reference/settings.md from the config tree."""

from pathlib import Path

from stockyard.config import ALSO, PREFIX, Config, settings

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "settings.md"


def page() -> str:
    """The page as it should be."""
    lines = [
        "# Settings",
        "",
        "Made by `make docs` from `src/stockyard/config.py`. Each can be set in the environment;",
        "`stockyard serve --help` shows those that are also options.",
        "",
        "| Variable | Default | Meaning |",
        "|---|---|---|",
    ]
    defaults = Config()
    for name, (_, setting) in settings().items():
        default = getattr(defaults, name)
        shown = {True: "1", False: "0"}[default] if isinstance(default, bool) else str(default)
        bounds = ""
        if setting.least is not None:
            bounds = f" {setting.least:g} to {setting.most:g}."
        also = f" or `{ALSO[name]}`" if name in ALSO else ""
        lines.append(
            f"| `{PREFIX}{name.upper()}`{also} | `{shown or ' '}` | {setting.about}{bounds} |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page())
