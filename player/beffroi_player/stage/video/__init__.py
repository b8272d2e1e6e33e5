"""Video playback: decoders, audio, and the trial of hardware decoders."""
