"""Every figure that Beffroi publishes is a command here. docs/benchmarks.md says how to run them and what they mean."""
