"""Outlets: what the town gives to other systems and to the public: webhooks, and the settings of the public page."""
