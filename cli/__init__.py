"""The command `ptycho`."""
