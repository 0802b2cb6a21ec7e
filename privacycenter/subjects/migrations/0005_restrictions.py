import django.db.models.deletion
from django.db import migrations, models


def note_present_ones(apps, schema_editor):
    """People whose data was restricted before reasons were kept: one row without a reason for each."""
    Subject, Restriction = apps.get_model("subjects", "Subject"), apps.get_model("subjects", "Restriction")
    people = Subject.objects.using(schema_editor.connection.alias).filter(restricted_at__isnull=False)
    rows = (Restriction(subject_id=pk, since=since) for pk, since in people.values_list("pk", "restricted_at").iterator())
    Restriction.objects.using(schema_editor.connection.alias).bulk_create(rows, batch_size=500)


class Migration(migrations.Migration):
    dependencies = [
        ("subjects", "0004_erased_at"),
    ]

    operations = [
        migrations.CreateModel(
            name="Restriction",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("source", models.CharField(blank=True, max_length=100, verbose_name="source")),
                ("since", models.DateTimeField(verbose_name="since")),
                ("reason", models.CharField(blank=True, max_length=32, verbose_name="reason")),
                ("ref", models.CharField(blank=True, max_length=16, verbose_name="request")),
                (
                    "subject",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="restrictions", to="subjects.subject"),
                ),
            ],
            options={
                "verbose_name": "restriction",
                "verbose_name_plural": "restrictions",
                "constraints": [models.UniqueConstraint(fields=("subject", "source", "ref"), name="subjects_restriction_once")],
            },
        ),
        # Backwards nothing is lost that the older code knows: that everything is restricted stands with the person.
        migrations.RunPython(note_present_ones, migrations.RunPython.noop),
    ]
