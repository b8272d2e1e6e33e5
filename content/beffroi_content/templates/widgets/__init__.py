"""Templates of widgets: each module declares one, see :mod:`beffroi_content.templates.declarations`."""
