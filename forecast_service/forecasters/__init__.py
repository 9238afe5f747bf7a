"""Forecasters of hourly energy: pure functions on arrays and timestamps, without Django.

One forecaster a file, each with the interface of `base.Forecaster`; `choose.answer` picks one and declares its fallback.
"""
