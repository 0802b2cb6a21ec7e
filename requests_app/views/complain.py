"""Where to complain: the supervisory authority of a country, and us."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_countries import countries

from requests_app.forms import CountryForm
from requests_app.queries import authorities_in


@never_cache
@require_safe
def complain(http: HttpRequest) -> HttpResponse:
    """The authorities of the chosen country; of the account's country for somebody who is signed in and has chosen none."""
    chosen = http.GET.get("country", "").upper()
    if not chosen and http.user.is_authenticated:
        chosen = http.user.country.code or ""
    country = chosen if chosen in dict(countries) else ""
    context = {
        "form": CountryForm(initial={"country": country}),
        "country": country,
        "country_name": countries.name(country),
        "is_unknown": bool(chosen) and not country,
        "authorities": authorities_in(country),
        "is_home": country == settings.OPERATOR_COUNTRY,
        "home_name": countries.name(settings.OPERATOR_COUNTRY),
        "home_authorities": authorities_in(settings.OPERATOR_COUNTRY),
    }
    return render(http, "requests_app/complain.html", context)
