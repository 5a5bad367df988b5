"""THE CLOCKWORK. The only loops, tasks and clocks: everything that waits lives here."""
