"""Drawing of compositions by the processor or by a GPU."""
