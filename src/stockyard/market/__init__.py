"""THE MARKET. Default instruments, calendars, the simulated market. Pure, clock passed in."""
