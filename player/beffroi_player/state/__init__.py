"""Files that agent and stage share: the state and the runtime directory."""
