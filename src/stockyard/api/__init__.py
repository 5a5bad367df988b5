"""THE DOOR. ASGI: text in, commands out; rows and events out."""
