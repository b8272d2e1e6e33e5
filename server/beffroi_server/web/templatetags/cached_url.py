"""The tag ``url`` with a memory, in every template: see ``web.addresses``."""

from __future__ import annotations

from django import template
from django.template.base import Parser, Token
from django.template.defaulttags import URLNode, url
from django.urls import NoReverseMatch
from django.utils.html import conditional_escape

from beffroi_server.web.addresses import row_address

register = template.Library()


class CachedURLNode(URLNode):
    """The node of Django, which finds each address once. Our addresses have no namespaces and no named parts."""

    def render(self, context: template.Context) -> str:
        """Return the address; empty where it goes into a variable."""
        if self.kwargs:
            return super().render(context)
        address = ""
        try:
            address = row_address(self.view_name.resolve(context), *(arg.resolve(context) for arg in self.args))
        except NoReverseMatch:
            if self.asvar is None:
                raise
        if self.asvar is not None:
            context[self.asvar] = address
            return ""
        return conditional_escape(address) if context.autoescape else address


@register.tag("url")
def cached_url(parser: Parser, token: Token) -> CachedURLNode:
    """Parse ``{% url %}`` as Django does."""
    found = url(parser, token)
    return CachedURLNode(found.view_name, found.args, found.kwargs, found.asvar)
