from __future__ import annotations

from typing import Any

from django.db import migrations, models

# What the map's defaults say today; an entry that staff added stays as it is.
_DIRECT_MARKETING = ("news_and_offers", "surveys_and_feedback", "records_and_new_customers", "marketing_improvement")
_HONOUR_GPC = ("marketing_improvement",)
_PARTNERS = ("resale_partners",)


def set_on_defaults(apps: Any, schema_editor: Any) -> None:
    using = schema_editor.connection.alias
    purposes = apps.get_model("datamap", "Purpose")._base_manager.using(using)
    purposes.filter(key__in=_DIRECT_MARKETING).update(is_direct_marketing=True)
    purposes.filter(key__in=_HONOUR_GPC).update(honours_gpc=True)
    apps.get_model("datamap", "Recipient")._base_manager.using(using).filter(key__in=_PARTNERS).update(is_partner=True)


class Migration(migrations.Migration):
    dependencies = [
        ("datamap", "0002_alter_connectorsource_category"),
    ]

    operations = [
        migrations.AddField(
            model_name="purpose",
            name="honours_gpc",
            field=models.BooleanField(
                default=False,
                help_text="The browser's signal Sec-GPC counts as an objection to this purpose: sale, sharing, targeting.",
                verbose_name="stops at Global Privacy Control",
            ),
        ),
        migrations.AddField(
            model_name="purpose",
            name="is_direct_marketing",
            field=models.BooleanField(
                default=False,
                help_text="An objection ends it at once, without a decision (GDPR Art. 21(3)); unsubscribing and suppression apply.",
                verbose_name="direct marketing",
            ),
        ),
        migrations.AddField(
            model_name="recipient",
            name="is_partner",
            field=models.BooleanField(
                default=False,
                help_text="Each person may choose not to deal with this recipient; every disclosure to it asks first.",
                verbose_name="a person may decline it",
            ),
        ),
        migrations.RunPython(set_on_defaults, migrations.RunPython.noop),
    ]
