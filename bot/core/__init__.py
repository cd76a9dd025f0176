"""The rules: frozen facts and pure functions over them, which neither read nor write anything nor know the time."""
