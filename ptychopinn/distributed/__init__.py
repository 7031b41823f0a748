"""Distributed: the shards of a reconstruction on many machines, over engines that exist."""
