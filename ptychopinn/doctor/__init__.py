"""The doctor: what a scan is, what is wrong with it, and the options that mend it."""
