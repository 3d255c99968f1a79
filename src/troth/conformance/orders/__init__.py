"""Orders: requests that leave together, held to what the reference model answers one after the other.

A batch is right when some order of its requests, played on the engine in the state before the batch, explains every
answer and the rows as they read afterwards (linearizability). No order may
turn round what happened one after the other.
"""
