"""How good a reconstruction is: against the truth, against another one, and against the measured patterns."""
