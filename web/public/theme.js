// Before anything is drawn: the theme that was chosen here, so that no page flashes.
(() => {
  const root = document.documentElement;
  try {
    const chosen = localStorage.getItem("stockyard.theme");
    if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;
  } catch {
    // Storage may be forbidden: then it is the system's theme.
  }
})();
