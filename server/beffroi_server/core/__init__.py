"""Foundations without a model: database connections and transactions, time, text, events, jobs, sandboxing."""
