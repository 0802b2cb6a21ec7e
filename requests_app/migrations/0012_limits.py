import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import privacycenter.kernel.encryption


class Migration(migrations.Migration):
    dependencies = [
        ("requests_app", "0011_webhooks"),
        ("subjects", "0005_restrictions"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="look",
            name="allowed_use",
            field=models.CharField(
                blank=True,
                choices=[
                    ("consent", "The person agreed to this use, for example by asking for it"),
                    ("claims", "To make or defend a legal claim"),
                    ("protection", "To protect the rights of another person"),
                    ("public_interest", "An important public interest"),
                ],
                max_length=24,
                verbose_name="allowed use",
            ),
        ),
        migrations.CreateModel(
            name="ChildReport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("received_at", models.DateTimeField(verbose_name="received")),
                (
                    "account",
                    privacycenter.kernel.encryption.EncryptedTextField(blank=True, editable=True, null=True, verbose_name="account"),
                ),
                (
                    "words",
                    privacycenter.kernel.encryption.EncryptedTextField(blank=True, editable=True, null=True, verbose_name="in their words"),
                ),
                (
                    "contact",
                    privacycenter.kernel.encryption.EncryptedTextField(
                        blank=True, editable=True, null=True, verbose_name="address of who reported"
                    ),
                ),
                ("language", models.CharField(default="en", max_length=16, verbose_name="language")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("new", "Just came in"),
                            ("unknown", "No account found by what was typed"),
                            ("opened", "A request was opened"),
                            ("closed", "Closed"),
                        ],
                        default="new",
                        max_length=16,
                        verbose_name="state",
                    ),
                ),
                ("closed_at", models.DateTimeField(blank=True, null=True, verbose_name="closed")),
                (
                    "request",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="child_reports",
                        to="requests_app.request",
                    ),
                ),
            ],
            options={
                "verbose_name": "report of a child's account",
                "verbose_name_plural": "reports of children's accounts",
                "permissions": [("decide_childreport", "Can decide whether a reported person is a child")],
            },
        ),
        migrations.CreateModel(
            name="Lift",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "limit",
                    models.CharField(
                        choices=[("restriction", "Restriction of use"), ("objection", "Stop after an objection")],
                        max_length=16,
                        verbose_name="what ends",
                    ),
                ),
                ("purpose", models.CharField(blank=True, max_length=64, verbose_name="purpose")),
                ("sources", models.JSONField(blank=True, default=list, verbose_name="sources")),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("verified", "The data was checked, and is right"),
                            ("corrected", "The data was corrected"),
                            ("lawful", "The use is lawful"),
                            ("claim_ended", "The person no longer needs the data for a claim"),
                            ("asked", "The person asked for it"),
                            ("compelling_grounds", "Our grounds outweigh the objection"),
                            ("not_granted", "The request was not granted"),
                            ("no_child", "The account is not that of a child"),
                        ],
                        max_length=32,
                        verbose_name="reason",
                    ),
                ),
                ("ordered_at", models.DateTimeField(verbose_name="decided")),
                ("message", models.BigIntegerField(blank=True, null=True, verbose_name="message")),
                ("told_at", models.DateTimeField(blank=True, null=True, verbose_name="person told")),
                ("ends_at", models.DateTimeField(verbose_name="ends")),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended")),
                (
                    "ordered_by",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "request",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name="lifts", to="requests_app.request"
                    ),
                ),
                ("subject", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="lifts", to="subjects.subject")),
            ],
            options={
                "verbose_name": "end of a limit",
                "verbose_name_plural": "ends of limits",
                "indexes": [
                    models.Index(condition=models.Q(("ended_at__isnull", True)), fields=["ends_at"], name="limits_lift_due"),
                    models.Index(fields=["message"], name="limits_lift_message"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at__isnull", True)),
                        fields=("subject", "request", "limit", "purpose"),
                        name="limits_one_open_lift",
                    )
                ],
            },
        ),
    ]
