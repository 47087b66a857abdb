"""Every job that looks into a trained network: one function each, which knows where the engine does it.

The engine is imported inside the functions that the inspecting lane's thread calls.
"""
