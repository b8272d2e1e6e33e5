"""Pages of the sources of warnings: list, form, rehearsal, webhook."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from beffroi_server.cap.messages import ReadNote
from beffroi_server.cap.reason_texts import note_sentence
from beffroi_server.outside_warnings import services, webhooks
from beffroi_server.outside_warnings.models import SourceKind, WarningSource
from beffroi_server.web.access import UserRequest, for_administrators
from beffroi_server.web.outside_warnings.source_forms import WarningSourceForm
from beffroi_server.web.outside_warnings.warning_views import decision_words, language, reason_words

REHEARSED_SHOWN = 50


@for_administrators("GET")
def source_list(request: UserRequest) -> HttpResponse:
    """List the sources."""
    return render(request, "outside_warnings/sources.html", {"sources": WarningSource.objects.all()})


@never_cache
@for_administrators("GET", "POST")
def source_add(request: UserRequest) -> HttpResponse:
    """Add a source: first of which kind, then what that kind needs."""
    kind = request.GET.get("kind", "")
    if kind not in SourceKind.values:
        return render(request, "outside_warnings/source_kinds.html", {"kinds": kind_choices()})
    return _serve_form(request, None, kind)


@never_cache
@for_administrators("GET", "POST")
def source_edit(request: UserRequest, pk: int) -> HttpResponse:
    """Show and change a source; POST with ``rehearse`` says what its policy would have done, and saves nothing."""
    return _serve_form(request, get_object_or_404(WarningSource, pk=pk))


@for_administrators("POST")
def source_read(request: UserRequest, pk: int) -> HttpResponse:
    """Have a source read in the next seconds."""
    WarningSource.objects.filter(pk=get_object_or_404(WarningSource, pk=pk).pk).update(due_at=None)
    return redirect("warning-sources")


@never_cache
@for_administrators("POST")
def source_secret(request: UserRequest, pk: int) -> HttpResponse:
    """Give the webhook of a source another secret, and show it, once."""
    found = get_object_or_404(WarningSource, pk=pk)
    secret = webhooks.new_secret(found, user=request.user)
    return _render_form(request, WarningSourceForm(instance=found), found, secret=secret)


@for_administrators("POST")
def source_delete(request: UserRequest, pk: int) -> HttpResponse:
    """Delete a source with its messages."""
    found = get_object_or_404(WarningSource, pk=pk)
    name = found.name
    services.delete_source(found, user=request.user)
    messages.success(request, _("“%(name)s” has been deleted.") % {"name": name})
    return redirect("warning-sources")


def kind_choices() -> list[tuple[str, str, str]]:
    """Return the kinds of sources, each with its name and what it is."""
    said = {
        SourceKind.VIGILANCE: _("Weather warnings for the departments of the town, mainland and overseas."),
        SourceKind.RIVERS: _("Flood warnings for the reaches of rivers that pass by."),
        SourceKind.ADDRESS: _("For weather services and civil protection abroad, and networks of warnings."),
        SourceKind.WEBHOOK: _("For an authority whose program sends each message to an address of yours."),
        SourceKind.MQTT: _("For an authority that publishes its messages under a topic."),
    }
    return [(kind.value, str(kind.label), said[kind]) for kind in SourceKind]


def _serve_form(request: UserRequest, found: WarningSource | None, kind: str = "") -> HttpResponse:
    data = request.POST if request.method == "POST" else None
    form = WarningSourceForm(data, instance=found, kind=kind or SourceKind.ADDRESS)
    saved = WarningSource.objects.get(pk=found.pk) if found is not None else None
    if request.method != "POST":
        return _render_form(request, form, saved)
    if form.is_valid():
        if "rehearse" in request.POST and found is not None:
            return _render_form(request, form, saved, rehearsal=_rehearsal(form.instance))
        try:
            services.save_source(form.instance, user=request.user)
        except ValidationError as refused:
            _add_errors(form, refused)
        else:
            return _saved(request, form.instance)
    return _render_form(request, form, saved, status=422)


def _add_errors(form: WarningSourceForm, refused: ValidationError) -> None:
    for name, errors in (refused.message_dict if hasattr(refused, "error_dict") else {"": refused.messages}).items():
        form.add_error(name if name in form.fields else None, errors)


def _saved(request: UserRequest, source: WarningSource) -> HttpResponse:
    if source.kind == SourceKind.WEBHOOK and not source.secret_sha256:
        secret = webhooks.new_secret(source, user=request.user)
        return _render_form(request, WarningSourceForm(instance=source), source, secret=secret)
    messages.success(request, _("“%(name)s” has been saved.") % {"name": source})
    return redirect("warning-sources")


def _render_form(
    request: UserRequest, form: WarningSourceForm, source: WarningSource | None, *, secret: str = "",
    rehearsal: dict[str, Any] | None = None, status: int = 200,
) -> HttpResponse:  # fmt: skip
    context = {
        "form": form, "source": source, "secret": secret, "rehearsal": rehearsal,
        "action": reverse("warning-source", args=[source.pk]) if source is not None else f"?kind={form.kind}",
        "kind_label": form.kind.label,
        "skipped": skipped_sentences(source) if source is not None else [],
        "address": _webhook_address(source) if source is not None and source.kind == SourceKind.WEBHOOK else "",
    }  # fmt: skip
    return render(request, "outside_warnings/source.html", context, status=status)


def skipped_sentences(source: WarningSource) -> list[str]:
    """Return what of the last document of a source was left out or mended, in words."""
    return [note_sentence(ReadNote(code, where, value), language()) for code, where, value in source.skipped]


def _webhook_address(source: WarningSource) -> str:
    return f"{settings.PUBLIC_URL}{reverse('cap-webhook', args=[source.token])}"


def _rehearsal(source: WarningSource) -> dict[str, Any]:
    found = services.rehearse_policy(source)
    counts = Counter(each.verdict.decision.value for each in found)
    rows = sorted(found, key=lambda each: each.verdict.decision.value == "ignore")
    return {
        "total": len(found),
        "counts": [(decision_words(name, counts[name]), counts[name]) for name in ("broadcast", "propose", "ignore")],
        "rows": [
            (services.title_of(each.alert), each.at, decision_words(each.verdict.decision.value),
             reason_words(each.verdict.reasons, source))
            for each in rows[:REHEARSED_SHOWN]
        ],
    }  # fmt: skip
