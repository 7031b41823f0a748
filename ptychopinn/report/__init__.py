"""The report of a run: pictures, arrays and numbers in files, and one self-contained page that shows them all."""
