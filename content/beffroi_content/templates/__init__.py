"""Templates: one module for each, which lays out an announcement, a widget or an alert as pages.

``announcements`` and ``widgets`` hold the templates, found by their place (:mod:`.registry`); ``alerts`` the pages of
alerts, ``hazards`` what alerts warn of; ``layout`` and ``widget_layout`` the parts that templates share.
"""
