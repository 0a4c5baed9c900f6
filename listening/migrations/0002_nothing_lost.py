"""A personal code and a ticket for each session; answers ordered by a clock."""

from django.db import migrations, models

from listening.models.session import new_code


def give_codes(apps, _editor):
    """Give every session that stands a code of its own."""
    for session in apps.get_model("listening", "Session").objects.filter(code=None).iterator():
        session.code = new_code()
        session.save(update_fields=["code"])


class Migration(migrations.Migration):
    dependencies = [("listening", "0001_initial")]

    operations = [
        migrations.AddField("session", "code", models.CharField(max_length=8, null=True)),
        migrations.RunPython(give_codes, migrations.RunPython.noop),
        migrations.AlterField(
            "session",
            "code",
            models.CharField(
                default=new_code,
                editable=False,
                help_text="brings its assessor back on any device; not the pseudonym, which exports show",
                max_length=8,
                unique=True,
                verbose_name="personal code",
            ),
        ),
        migrations.AddField(
            "session",
            "ticket",
            models.CharField(
                editable=False,
                help_text="the form it began from, so that a form sent twice begins once",
                max_length=40,
                null=True,
            ),
        ),
        migrations.AddConstraint(
            "session", models.UniqueConstraint(fields=["study", "ticket"], name="session_begun_once")
        ),
        migrations.AlterField(
            "rating",
            "order",
            models.PositiveBigIntegerField(
                default=0,
                help_text="when it was given, on a clock that never goes back: ms since 1970",
                verbose_name="order",
            ),
        ),
    ]
