"""What sittings of before are to the rules of today.

Their sounds were not held against what was stored: every trial that a person began on this site is marked «sound not
proved» (`proved=False`). Imported and simulated trials were not played here and stay unmarked. Ratings that are frozen
already are counted likewise.
"""

from django.db import migrations
from django.db.models import F, Max
from django.db.models.functions import Coalesce


def mark(apps, schema_editor):
    Session, Trial = apps.get_model("listening", "Session"), apps.get_model("listening", "Trial")
    RatingSet = apps.get_model("listening", "RatingSet")
    Session.objects.update(cell=F("number"), seen_at=F("created_at"))
    begun = Session.objects.annotate(last=Coalesce(Max("trials__slots__rating__changed_at"), F("finished_at")))
    for session in begun.exclude(last=None).only("pk").iterator():
        Session.objects.filter(pk=session.pk).update(seen_at=session.last)
    played = Trial.objects.filter(session__assessor__simulated=False, session__study__source="")
    played.exclude(started_at=None).update(proved=False)
    RatingSet.objects.filter(study__source="").update(unproved=F("rows") - F("simulated"))


class Migration(migrations.Migration):

    dependencies = [
        ("listening", "0002_assessor_promises"),
    ]

    operations = [
        migrations.RunPython(mark, migrations.RunPython.noop),
    ]
