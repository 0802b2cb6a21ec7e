import datetime

from django.conf import settings
from django.db import migrations, models

from privacycenter.kernel.indexes import AddIndexConcurrently, RemoveIndexConcurrently


class Migration(migrations.Migration):
    atomic = False  # the index is built beside the work, not under a lock

    dependencies = [
        ("requests_app", "0020_told"),
        ("subjects", "0005_restrictions"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        RemoveIndexConcurrently(
            model_name="request",
            name="request_order",
        ),
        AddIndexConcurrently(
            model_name="request",
            index=models.Index(
                models.Case(
                    models.When(
                        is_priority=True,
                        status__in=(
                            "collecting",
                            "attention",
                            "assembling",
                            "review",
                            "reopened",
                            "triage",
                            "waiting",
                            "correcting",
                            "planning",
                            "approval",
                            "cooling",
                            "erasing",
                        ),
                        then=models.Value(datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.UTC)),
                    ),
                    models.When(
                        status__in=(
                            "collecting",
                            "attention",
                            "assembling",
                            "review",
                            "reopened",
                            "triage",
                            "waiting",
                            "correcting",
                            "planning",
                            "approval",
                            "cooling",
                            "erasing",
                        ),
                        then=models.F("due_at"),
                    ),
                    default=None,
                    output_field=models.DateTimeField(),
                ),
                models.OrderBy(models.F("received_at"), descending=True),
                condition=models.Q(("verified_at__isnull", False)),
                name="request_order",
            ),
        ),
    ]
